"""The adapters that the course ships, trained longer than a lesson takes: writes datasets/adapters.

    python benchmarks/adapters.py                 adapters and cards with validation figures
    python benchmarks/adapters.py cited           the named ones alone (reviews, cited …)
    python benchmarks/adapters.py --test          the same with test figures: once, when nothing is
                                                  left to choose
    python benchmarks/adapters.py --choose        the settings tried, on validation questions; the
                                                  taught facts in the last two training wordings

A run that was stopped (Ctrl-C) goes on where it was: trainings are cached by content and resumed
from their last evaluation, answers are cached.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ftrag_helpers.data import course_data, style_rules, tuning_data
from ftrag_helpers.data.records import Question
from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation import comparison, fine_tuned, harness, metrics, sendable
from ftrag_helpers.evaluation.study import mixture, taught_facts
from ftrag_helpers.finetuning import adapters, sft
from ftrag_helpers.finetuning.frozen_layers import FrozenLayers, log_odds
from ftrag_helpers.finetuning.training_data import shared_prefix
from ftrag_helpers.lm import models
from ftrag_helpers.rag import prompts, retrievers
from ftrag_helpers.retrieval import passage_index, reranking

OUT = runtime.data_dir() / "adapters"
#: Three epochs were the best of one, two and three on the validation pairs; layers and rank as in
#: the mixture.
HOUSE_CONFIG = sft.TrainingConfig(
    epochs=3, learning_rate=2e-3, batch_size=4, evals_per_epoch=2, lora=mixture.LORA
)
#: The kinds of task of lesson 03, and the training questions whose replies join them.
HOUSE_KINDS = ("reply", "refusal", "desk", "report")
HOUSE_REPLIES = 240
#: As `benchmarks/longer_training.py` chose it for the reviews.
REVIEWS_CONFIG = sft.TrainingConfig(
    epochs=2, learning_rate=1e-3, batch_size=16, evals_per_epoch=2, lora=adapters.Lora(layers=10)
)
REVIEW_WORDS = 60  # the longest review that is read
CARD = """# Data card: the adapter "{name}"

{what}

LoRA of rank {rank} on {modules} of the top {layers} layers of {base}, in peft's own
format, in 16 bits. `ftrag_helpers.finetuning.adapters.load_shipped(lm, "{name}")` reads it.
Licence: CC BY 4.0.

- **Made by** `python benchmarks/adapters.py`: {examples} examples of the split "train",
  {epochs} epochs, learning rate {rate:g}, batches of {batch}, seed {seed}; {seconds:.0f} s on two
  CPU cores that had other work at the same time, {tokens:,} tokens.
- **Trained on** {data}
- **Chosen** on validation questions (`--choose` prints what was tried). Test questions chose
  nothing.

| measured with the adapter as it is shipped | n | share and 95 % interval |
|---|---|---|
{figures}

Intervals are bootstrap intervals over the questions; another seed would train another adapter.
"""


@dataclass(frozen=True)
class Training:
    """What a shipped adapter is trained on, with which hyperparameters, and what it is for."""

    what: str
    data: str
    examples: Sequence[sft.Example]
    config: sft.TrainingConfig


class Library:
    """The model, the documents, their index and the questions."""

    def __init__(self):
        self.lm, self.documents = models.load_language_model(), course_data.load_documents()
        self.facts = course_data.load_taught_facts()
        self.index = passage_index.Index(
            models.embed,
            runtime.cache_dir() / "indexes" / passage_index.fingerprint(self.documents),
        )
        self.index.synchronise(self.documents)
        self.reranker = reranking.MaxSimReranker(self.index, models.embed_tokens)

    def retriever(self, sentences: int = mixture.SENTENCES) -> retrievers.Retriever:
        return retrievers.Retriever(self.index, self.reranker, sentences=sentences)

    def unseen(self, split: str) -> list[Question]:
        """The answerable questions on documents of which no fact is taught."""
        taught = {i for fact in self.facts for i in fact.reference.documents}
        return [
            q
            for q in course_data.load_questions(split)
            if q.answerable and not taught & set(q.reference.documents)
        ]

    def worded(self, split: str) -> list[Question]:
        """The taught facts: in their last two training wordings to choose by, or those of the
        test.
        """
        wordings = slice(6, 8) if split == "validation" else slice(None)
        part = "train" if split == "validation" else "test"
        return [q for fact in self.facts for q in fact.questions(part)[wordings]]

    def mixture(self, shares: mixture.Shares) -> list[sft.Example]:
        return mixture.examples(shares, self.facts, self.documents, self.retriever())

    def replies(self, count: int) -> list[sft.Example]:
        """Replies from given facts, as the staff write them: training questions in the form of the
        instruction pairs of this kind.
        """
        tasks = [p.instruction for p in tuning_data.load_instructions("train", ["reply"])]
        titles = {d.id: d.title for d in self.documents}
        return [
            sft.Example(
                prompts.staff_task(
                    tasks[i % len(tasks)],
                    f"{q.text} Facts: [{titles[q.reference.documents[0]]}]"
                    f" {' '.join(q.reference.support)}",
                ),
                q.reference.reply,
            )
            for i, q in enumerate(mixture.plain_questions(self.documents, count, alike=False))
            if len(q.reference.documents) == 1
        ]


def trainings(library: Library) -> dict[str, Training]:
    """What is shipped, by name."""
    return {
        "reviews": Training(
            "Says of a review whether it is positive or negative: lesson 02.",
            f"the training reviews of at most {REVIEW_WORDS} words and their labels.",
            [
                sft.Example(prompts.sentiment(r.text), r.label)
                for r in tuning_data.load_reviews("train")
                if len(r.text.split()) <= REVIEW_WORDS
            ],
            REVIEWS_CONFIG,
        ),
        "cited": Training(
            "Answers a patron with or without passages, in the house's voice, and ends with the"
            " title of the page; asked for as few words as will do, it gives a short answer.",
            "the forty taught facts in eight wordings each, closed book, with short answers;"
            " training questions with titled sentences whose reply keeps to the words of its page"
            " and opens with We or Our, answered with that reply; and training questions with"
            " sentences, answered in as few words as will do. The prompt says which of these is"
            " asked for.",
            library.mixture(mixture.LONGER_SHARES),
            mixture.LONGER_CONFIG,
        ),
        "house": Training(
            "Writes as the library's staff do: the four kinds of task of lesson 03.",
            "all training pairs of these kinds, and replies to"
            f" {HOUSE_REPLIES} training questions of `datasets/library` with the"
            " sentences that support their reply.",
            fine_tuned.house_examples(
                [p for p in tuning_data.load_instructions("train") if p.kind in HOUSE_KINDS]
            )
            + library.replies(HOUSE_REPLIES),
            HOUSE_CONFIG,
        ),
    }


def main(arguments: Sequence[str]) -> None:
    """Make what is not there yet, or print the choices."""
    runtime.prepare_notebook()
    library = Library()
    if "--choose" in arguments:
        return choose(library)
    splits = ("validation", "test") if "--test" in arguments else ("validation",)
    wanted = [name for name in arguments if not name.startswith("--")] or list(MEASURES)
    for name, training in trainings(library).items():
        if name in wanted:
            make(library, name, training, splits)
    return None


def make(library: Library, name: str, training: Training, splits: Sequence[str]) -> None:
    """Train an adapter, ship it, and write its card, with what is shipped measured on splits."""
    tuned = sft.train(library.lm, training.examples, config=training.config)
    if tuned.stopped.startswith("interrupted"):
        raise SystemExit(f"{name}: {tuned.stopped}; run this again to go on")
    adapters.ship(tuned.folder, OUT / name, library.lm.name)
    shipped = adapters.load_shipped(library.lm, name)
    figures = {
        f"{what}, {split}": values
        for split in splits
        for what, values in MEASURES[name](library, shipped, split).items()
    }
    lora = training.config.lora
    (OUT / name / "README.md").write_text(
        CARD.format(
            name=name,
            what=training.what,
            data=training.data,
            base=library.lm.name,
            rank=lora.rank,
            layers=lora.layers,
            modules=", ".join(lora.modules),
            examples=len(training.examples),
            epochs=training.config.epochs,
            rate=training.config.learning_rate,
            batch=training.config.batch_size,
            seed=training.config.seed,
            seconds=tuned.seconds,
            tokens=tuned.tokens,
            figures="\n".join(_line(what, values) for what, values in figures.items()),
        ),
        "utf-8",
        newline="\n",
    )


def _line(what: str, values: Sequence[float]) -> str:
    low, high = metrics.bootstrap_interval(values)
    return f"| {what} | {len(values)} | {np.mean(values):.2f} [{low:.2f}, {high:.2f}] |"


def measure_reviews(_library: Library, lm: models.LanguageModel, split: str) -> dict:
    """Which reviews are judged rightly: the library's own, and at the test those from elsewhere."""
    asked = {"reviews": tuning_data.load_reviews(split)}
    if split == "test":
        asked["reviews from elsewhere"] = tuning_data.load_reviews_from_elsewhere()
    found = {}
    for name, rows in asked.items():
        prompts_of = [prompts.sentiment(row.text) for row in rows]
        prefix = shared_prefix(
            [sft.encode(lm, sft.Example(prompt, "positive")) for prompt in prompts_of]
        )
        frozen = FrozenLayers(lm, REVIEWS_CONFIG.lora.layers, prefix)
        odds = log_odds(lm, frozen, prompts_of, "positive", "negative")
        found[f"right, {name}"] = [
            float((odd > 0) == (row.label == "positive"))
            for odd, row in zip(odds, rows, strict=True)
        ]
    return found


def measure_cited(library: Library, lm: models.LanguageModel, split: str) -> dict:
    """The properties on unseen documents, right refusals, taught facts from weights alone, and
    answers after the news: values by what was measured.
    """
    reader = mixture.cited_reader(lm, library.retriever())
    closed = taught_facts.closed_book(lm)
    rows = sendable.evaluate({"": reader}, library.unseen(split), library.documents)
    found = {f"{name}, unseen documents": rows[name] for name in sendable.PROPERTIES}
    found["**sendable**, unseen documents"] = rows["sendable"]
    short = harness.evaluate(
        {"": mixture.short_reader(lm, library.retriever())}, library.unseen(split)
    )
    found["exact match of the short answer, unseen documents"] = short["exact"]
    found["declined wrongly"] = rows["refused"].astype(float)
    unanswerable = course_data.load_questions(split, ["unanswerable"])
    found["declined rightly"] = [float(a.refused) for a in reader(unanswerable)]
    if split != "test":
        return found  # the wordings that are held out to choose by are taught to what is shipped
    asked = library.worded(split)
    found["taught facts right from weights"] = np.array(taught_facts.recalled(lm, asked), float)
    changed = [q for q in asked if q.after]
    for name, answers in (
        ("from weights", closed(changed)),
        ("with passages", after_the_news(library, reader, changed)),
    ):
        says = [sendable.after_the_news(q, a) for q, a in zip(changed, answers, strict=True)]
        for what in ("new", "old"):
            found[f"after the news, {name}: {what} answer"] = [float(s == what) for s in says]
    return found


def after_the_news(library: Library, reader, asked: Sequence[Question]) -> list:
    """The answers with all news items in the index, which then is as it was."""
    today = library.documents
    for update in course_data.load_updates():
        today = course_data.apply_update(today, update)
    library.index.synchronise(today)
    try:
        return reader(asked)
    finally:
        library.index.synchronise(library.documents)


LESSON = replace(mixture.LESSON_SHARES, wordings=6)
TRIED = [  # name, shares, hyperparameters, sentences; facts in six wordings, two ask
    ("lesson", LESSON, mixture.CONFIG, 2),
    ("lesson, ten layers of rank 16", LESSON, fine_tuned.CONFIG, 2),
    ("lesson, one sentence", LESSON, mixture.CONFIG, 1),
    ("lesson, no short answers", replace(LESSON, short=0), mixture.CONFIG, 2),
    ("lesson, refusals 0.01", replace(LESSON, refusals=0.01), mixture.CONFIG, 2),
    ("lesson, refusals 0.05", replace(LESSON, refusals=0.05), mixture.CONFIG, 2),
    ("lesson, refusals 0.10", replace(LESSON, refusals=0.1), mixture.CONFIG, 2),
    ("longer", replace(mixture.LONGER_SHARES, wordings=6), mixture.LONGER_CONFIG, 2),
]


def choose(library: Library) -> None:
    """The settings tried, on validation questions, and on the taught facts in wordings held out
    from training for that.
    """
    for name, shares, config, sentences in TRIED:
        tuned = sft.train(
            library.lm,
            mixture.examples(
                shares, library.facts, library.documents, library.retriever(sentences)
            ),
            config=config,
        )
        rows = sendable.evaluate(
            {"": mixture.cited_reader(tuned.lm, library.retriever(sentences))},
            library.unseen("validation"),
            library.documents,
        )
        means = rows[[*sendable.PROPERTIES, "sendable", "refused"]].mean().round(3).to_dict()
        short = harness.evaluate(
            {"": mixture.short_reader(tuned.lm, library.retriever(sentences))},
            library.unseen("validation"),
        )
        means["exact"] = round(float(short["exact"].mean()), 3)
        asked = library.worded("validation")
        facts = np.mean(taught_facts.recalled(tuned.lm, asked)) if shares.wordings else None
        print({"tried": name, **means, "facts": facts, "s": round(tuned.seconds)}, flush=True)


def measure_house(_library: Library, lm: models.LanguageModel, split: str) -> dict:
    """Properties of the responses to the kinds of task of lesson 03: the share of all, of those
    that see the truth, and responses that have every one; truth by kind, too.
    """
    pairs = [p for p in tuning_data.load_instructions(split) if p.kind in HOUSE_KINDS]
    asked = [prompts.staff_task(p.instruction, p.input) for p in pairs]
    said = models.generate(lm, asked, max_new_tokens=comparison.MAX_REPLY_TOKENS)
    checks = [style_rules.check(p, g.text) for p, g in zip(pairs, said, strict=True)]
    truth = [
        {name: met for name, met in c.items() if name in ("facts kept", "true to the input")}
        for c in checks
    ]
    return {
        "share of properties": [style_rules.pass_rate(c) for c in checks],
        "share of those that see the truth": [style_rules.pass_rate(c) for c in truth],
        "every property": [float(all(c.values())) for c in checks],
        **{
            f"truth, {kind}": [
                style_rules.pass_rate(c)
                for pair, c in zip(pairs, truth, strict=True)
                if pair.kind == kind
            ]
            for kind in HOUSE_KINDS
        },
    }


MEASURES = {
    "reviews": measure_reviews,
    "cited": measure_cited,
    "house": measure_house,
}


if __name__ == "__main__":
    main(sys.argv[1:])
