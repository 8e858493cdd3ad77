"""How far one training on a mixture goes: lesson 05 with more questions and one, two or three
sentences, with no passages in training, and with examples that decline. Writes
datasets/reference/mixture*.jsonl.

    python benchmarks/mixtures.py            what has no file yet (an hour and a half on two cores),
                                             or the named one: mixture, mixture_refusals
    python benchmarks/mixtures.py --choose   how many examples a base model is shown, on validation
                                             questions

A run that was stopped goes on where it was: trainings and answers are cached by content. Delete a
file to measure it anew. The test questions here measure; what is chosen, `--choose` here and in
`benchmarks/adapters.py` chose on validation.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from adapters import Library

from ftrag_helpers.data import course_data, data_files
from ftrag_helpers.data.records import Answerer
from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation import harness, metrics, sendable
from ftrag_helpers.evaluation.study import desk, mixture, taught_facts
from ftrag_helpers.evaluation.systems import System
from ftrag_helpers.finetuning import sft
from ftrag_helpers.lm import models
from ftrag_helpers.rag import prompts

OUT = runtime.data_dir() / "reference"
#: Of the lesson's training; each needs some eight minutes.
SEEDS = (0, 1, 2)
#: What is trained and asked once a seed.
REPEATED = (System.BOTH,)
#: What the lesson asks and this table leaves out.
LEFT_OUT = (
    System.CLOSED_BOOK,
    System.TUNED_CLOSED_BOOK,
    System.ONE_SENTENCE,
    System.RULES,
    System.ORACLE_BASE,
    System.ORACLE_TUNED,
)
#: Unseen test questions of each of the six kinds.
PER_KIND = 25
#: Titled sentences in the prompt, besides those of the lesson.
SENTENCES = (1, 3)
#: Sentences that a system reads, where it is not the number of the table.
READ = {
    System.NO_MODEL: 1,
    System.FRAMED: 1,
    System.FRAMED_BASE: 1,
    System.ORACLE_NO_MODEL: 1,
}
REFUSALS = (0.01, 0.05, 0.1)
#: Examples in the prompt, of which validation chooses `desk.SHOWN`.
SHOWN = (2, 4, 8)
MEASURED = (*sendable.PROPERTIES, "sendable")


class Desk:
    """The library with its test questions, and the trainings."""

    def __init__(self):
        self.library = Library()
        self.asked = harness.stratified_sample(self.library.unseen("test"), per_kind=PER_KIND)

    def train(self, shares: mixture.Shares, seed: int = 0) -> models.LanguageModel:
        """The model of the lesson's training with these shares and this seed."""
        examples = self.library.mixture(shares)
        config = replace(mixture.CONFIG, seed=seed)
        return sft.train(self.library.lm, examples, config=config).lm

    def train_unread(self) -> models.LanguageModel:
        """The model of a training on the lesson's examples without their sentences."""
        examples = unread_examples(self.library)
        return sft.train(self.library.lm, examples, config=mixture.CONFIG).lm

    def systems(self, tuned: models.LanguageModel) -> dict[System, Answerer]:
        """All systems of the lesson."""
        library = self.library
        return desk.systems(library.lm, tuned, library.documents, library.index, library.reranker)

    def answered(self, answerers: Mapping[str, Answerer]) -> pd.DataFrame:
        """The answers to the unseen questions, with their properties."""
        return sendable.evaluate(answerers, self.asked, self.library.documents)


def main(arguments: Sequence[str]) -> None:
    """Measure what has no file yet, or print the choice."""
    runtime.prepare_notebook()
    if "--choose" in arguments:
        return choose_shown(Library())
    at_desk = Desk()
    for name, measure in (("mixture", on_unseen_documents), ("mixture_refusals", refusals)):
        path = OUT / f"{name}.jsonl"
        if not path.exists() and name in (arguments or (name,)):
            rows = measure(at_desk)
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8", newline="\n")
            data_files.write_manifest(OUT)
            print(pd.DataFrame(rows).to_string(), flush=True)
    return None


def choose_shown(library: Library) -> None:
    """Print what the base model gets right and sendable with so many examples in its prompt, on
    validation questions.
    """
    found, asked = library.retriever(), library.unseen("validation")
    for count in SHOWN:
        shown = desk.shown(library.documents, found, count)
        reader = desk.reader(library.lm, found, desk.instructed(shown))
        rows = sendable.evaluate({"": reader}, asked, library.documents)
        means = rows[[*sendable.PROPERTIES, "sendable"]].mean().round(3).to_dict()
        print({"examples in the prompt": count, "n": len(rows), **means}, flush=True)


def unread_examples(library: Library, shares: mixture.Shares = mixture.LESSON_SHARES) -> list:
    """The examples of a mixture with no sentences in any prompt: what passages bring in training.

    Args:
        library: the documents and the facts.
        shares: as for `mixture.examples`.

    Returns:
        The examples with the same questions and responses in the same order.
    """
    asked = mixture.plain_questions(library.documents, shares.questions)
    nowhere = mixture.spread(
        course_data.load_questions("train", ["unanswerable"]), round(shares.refusals * len(asked))
    )
    further = mixture.further_questions(asked, shares.short)
    return [
        *taught_facts.examples(library.facts, shares.wordings) * shares.repeats,
        *(sft.Example(prompts.cited_reply(q.text), q.reference.reply) for q in asked),
        *(sft.Example(prompts.shortest_answer(q.text), q.reference.answer) for q in further),
        *(sft.Example(prompts.cited_reply(q.text), prompts.REFUSAL) for q in nowhere),
    ]


def on_unseen_documents(at_desk: Desk) -> list[dict]:
    """A row for each system and number of sentences: shares with intervals over the questions; for
    those of `REPEATED` the mean over the seeds, and the lowest and highest seed.
    """
    library, values = at_desk.library, {}
    for seed in SEEDS:
        tuned = at_desk.train(mixture.LESSON_SHARES, seed)
        systems = at_desk.systems(tuned)
        parts = {
            (name, mixture.SENTENCES): answer
            for name, answer in systems.items()
            if name in REPEATED or (seed == SEEDS[0] and name not in LEFT_OUT)
        }
        if seed == SEEDS[0]:
            parts[System.TUNED_UNREAD, mixture.SENTENCES] = mixture.cited_reader(
                at_desk.train_unread(), library.retriever()
            )
            for count in SENTENCES:
                found = library.retriever(count)
                parts[System.BOTH, count] = mixture.cited_reader(tuned, found)
                parts[System.RETRIEVAL, count] = desk.reader(library.lm, found)
        for (name, count), answer in parts.items():
            rows = at_desk.answered({name: answer})
            values.setdefault((name, count), []).append(rows[list(MEASURED)].to_numpy(float))
            print(seed, name, count, rows[list(MEASURED)].mean().round(3).to_dict(), flush=True)
    best = np.mean(values[System.BOTH, mixture.SENTENCES], axis=0)
    return [
        {
            "system": str(name),
            "sentences": READ.get(name, count),
            **summary(np.array(seeds), best),
        }
        for (name, count), seeds in values.items()
    ]


def summary(seeds: np.ndarray, best: np.ndarray) -> dict:
    """Shares of one system, from values of shape (seeds, questions, `MEASURED`).

    Args:
        seeds: 0 or 1 for each seed, question and measure.
        best: the mean over seeds of the system that the others are compared with, of shape
            (questions, `MEASURED`).
    """
    row: dict = {"seeds": len(seeds), "n": seeds.shape[1]}
    for place, what in enumerate(MEASURED):
        of_questions = seeds[:, :, place].mean(axis=0)
        row[what] = share(of_questions)
    for what in ("right", "sendable"):
        place = MEASURED.index(what)
        each = seeds[:, :, place].mean(axis=1)
        low, high = metrics.bootstrap_interval(seeds[:, :, place].mean(axis=0))
        gap = best[:, place] - seeds[:, :, place].mean(axis=0)
        gap_low, gap_high = metrics.bootstrap_interval(gap)
        row |= {
            f"{what} low": round(low, 3),
            f"{what} high": round(high, 3),
            f"{what} worst seed": round(float(each.min()), 3),
            f"{what} best seed": round(float(each.max()), 3),
            f"{what} behind": share(gap),
            f"{what} behind low": round(gap_low, 3),
            f"{what} behind high": round(gap_high, 3),
        }
    return row


def share(values: Sequence[float]) -> float:
    """The mean, as it is stored."""
    return round(float(np.mean(values)), 3)


def refusals(at_desk: Desk) -> list[dict]:
    """A row for each share of refusals among the examples with sentences: what the model declines
    by itself, rightly and wrongly, and what is sendable.
    """
    unanswerable = course_data.load_questions("test", ["unanswerable"])
    rows = []
    for refused in REFUSALS:
        tuned = at_desk.train(replace(mixture.LESSON_SHARES, refusals=refused))
        reader = mixture.cited_reader(tuned, at_desk.library.retriever())
        answered = at_desk.answered({System.BOTH: reader})
        declined = [float(a.refused) for a in reader(unanswerable)]
        rows.append({"refusals": refused, "sendable": share(answered.sendable)})
        for name, values in (
            ("declined rightly", declined),
            ("declined wrongly", answered.refused.astype(float)),
        ):
            low, high = metrics.bootstrap_interval(values)
            rows[-1] |= {
                name: share(values),
                f"{name} low": round(low, 3),
                f"{name} high": round(high, 3),
                f"{name} n": len(values),
            }
        print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    main(sys.argv[1:])
