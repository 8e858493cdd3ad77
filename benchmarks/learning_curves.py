"""What more reviews, and what larger LoRA matrices, bring in lesson 02: writes
datasets/reference/learning_curve.jsonl and lora_ranks.jsonl.

    python benchmarks/learning_curves.py            what has no file yet (some twenty minutes on two
    cores)

Every encoder takes the same number of steps, whatever the number of its reviews, so that a point of
the curve differs from the next in its data alone. The reviews of each size are drawn three times.
Settings are those of the lesson, but for the number of steps, or chosen on the validation reviews.
A run that was stopped goes on where it was, as trainings are cached by content.
"""

import json
import sys
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from ftrag_helpers.data import data_files, tuning_data
from ftrag_helpers.data.records import Review
from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation import metrics
from ftrag_helpers.finetuning import adapters, frozen_layers, sft
from ftrag_helpers.finetuning.frozen_layers import FrozenLayers
from ftrag_helpers.finetuning.training_data import shared_prefix
from ftrag_helpers.lm import model_files, models, result_cache
from ftrag_helpers.rag import prompts

OUT = runtime.data_dir() / "reference"
SIZES, SEEDS, RANKS = (100, 300, 1000), (0, 1, 2), (1, 4, 16, 64)
#: One epoch of all 1,000 reviews in batches of 16.
STEPS, RATE = 63, 1e-4
RANDOM = "encoder, random start"
#: As in the lesson: the language model reads the first reviews of at most so many words.
LAYERS, WORDS, LM_REVIEWS, LM_EPOCHS = 10, 40, 300, 2


def main(arguments: Sequence[str]) -> None:
    """Measure what has no file yet, or the results named alone."""
    runtime.prepare_notebook()
    for measure in (learning_curve, lora_ranks):
        path = OUT / f"{measure.__name__}.jsonl"
        if path.exists() or (arguments and measure.__name__ not in arguments):
            continue
        rows = measure()
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path.write_text("".join(lines), "utf-8", newline="\n")
        data_files.write_manifest(OUT)
        print(pd.DataFrame(rows).to_string(), flush=True)


def labels(rows: Sequence[Review]) -> np.ndarray:
    """Whether each review is positive."""
    return np.array([row.label == "positive" for row in rows])


def texts(rows: Sequence[Review]) -> list[str]:
    """The reviews' texts."""
    return [row.text for row in rows]


def learning_curve() -> list[dict]:
    """A row a system and number of training reviews: shares right on the test reviews and on those
    from elsewhere, means over the draws, with intervals over the reviews.
    """
    asked = {
        "test": tuning_data.load_reviews("test"),
        "elsewhere": tuning_data.load_reviews_from_elsewhere(),
    }
    judges: dict[str, Callable] = {
        "encoder": encoder,
        RANDOM: random_start,
        "linear probe": probe(asked),
        "word counts": word_counts,
    }
    rows = []
    for system, judge in judges.items():
        sizes = SIZES[-1:] if judge is random_start else SIZES
        for size in sizes:
            seeds = SEEDS[:1] if judge is random_start else SEEDS
            runs = [judge(draw(size, seed), asked, seed) for seed in seeds]
            rows.append(row(system, size, asked, runs))
            print(rows[-1], flush=True)
    by = {(r["system"], r["reviews"]): r for r in rows}
    full = by["encoder", SIZES[-1]]
    for part in ("test", "elsewhere"):
        of = {key: r["_" + part] for key, r in by.items()}
        gain = {name: of[name, SIZES[-1]] - of[name, SIZES[0]] for name in judges if name != RANDOM}
        for name, first, second in (
            ("over random start", of[RANDOM, SIZES[-1]], of["encoder", SIZES[-1]]),
            ("extra gain", gain["linear probe"], gain["encoder"]),
        ):
            gap = metrics.paired_difference(first, second)
            names = (f"{part} {name}", f"{part} {name} from", f"{part} {name} to")
            full |= dict(zip(names, (round(value, 3) for value in gap), strict=True))
    return [{k: v for k, v in r.items() if not k.startswith("_")} for r in rows]


def draw(size: int, seed: int) -> list[Review]:
    """So many of the training reviews, drawn without replacement."""
    train = tuning_data.load_reviews("train")
    picks = np.random.default_rng(seed).permutation(len(train))[:size]
    return [train[i] for i in picks]


def row(system: str, size: int, asked: dict[str, list[Review]], runs: Sequence) -> dict:
    """The figures of a system: means over the runs, intervals over the reviews, and the lowest and
    highest run.
    """
    found = {"system": system, "reviews": size, "seeds": len(runs)}
    for name, rows in asked.items():
        each = np.array([(odds[name] > 0) == labels(rows) for odds, _ in runs], float)
        right = each.mean(axis=0)
        low, high = metrics.bootstrap_interval(right)
        values = (right.mean(), low, high, each.mean(axis=1).min(), each.mean(axis=1).max())
        names = (name, f"{name} low", f"{name} high", f"{name} lowest", f"{name} highest")
        found |= dict(zip(names, (round(float(value), 3) for value in values), strict=True))
        found["_" + name] = right
    return found | {"seconds": round(float(np.mean([seconds for _, seconds in runs])))}


def train_and_ask(network, train_on, asked, steps, rate, seed):
    """The encoder's log-odds for the texts asked, after so many steps with `Trainer`."""
    from transformers import (
        AutoTokenizer,
        DataCollatorWithPadding,
        PrinterCallback,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    from datasets import Dataset

    tokenizer = AutoTokenizer.from_pretrained(model_files.location(model_files.EMBEDDER))

    def tokenised(columns):
        table = Dataset.from_dict(columns)
        return table.map(lambda part: tokenizer(part["text"]), batched=True, keep_in_memory=True)

    set_seed(seed)
    settings = TrainingArguments(
        output_dir=str(runtime.cache_dir() / "trainer"),
        max_steps=steps,
        learning_rate=rate,
        per_device_train_batch_size=16,
        per_device_eval_batch_size=64,
        warmup_steps=0.1,
        seed=seed,
        train_sampling_strategy="group_by_length",
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=runtime.device().type == "cpu",
    )
    trainer = Trainer(
        model=network,
        args=settings,
        train_dataset=tokenised({"text": train_on[0], "labels": train_on[1]}),
        data_collator=DataCollatorWithPadding(tokenizer),
    )
    trainer.remove_callback(PrinterCallback)
    seconds = trainer.train().metrics["train_runtime"]
    trainer.args.train_sampling_strategy = "random"  # or predict would sort, too
    logits = trainer.predict(tokenised({"text": asked})).predictions
    return np.array([*(logits[:, 1] - logits[:, 0]), seconds])


def classifier(seed: int, fresh: bool):
    """MiniLM's mean over the tokens with a linear layer on top, as in the lesson; with `fresh`,
    all weights are random.
    """
    import torch
    from transformers import AutoConfig, AutoModel, set_seed

    class Classifier(torch.nn.Module):
        device = torch.device("cpu")

        def __init__(self):
            super().__init__()
            folder = model_files.location(model_files.EMBEDDER)
            self.encoder = (
                AutoModel.from_config(AutoConfig.from_pretrained(folder))
                if fresh
                else AutoModel.from_pretrained(folder)
            )
            self.top = torch.nn.Linear(self.encoder.config.hidden_size, 2)

        def forward(self, input_ids, attention_mask, labels=None, **_):
            states = self.encoder(input_ids, attention_mask).last_hidden_state
            mask = attention_mask[..., None]
            logits = self.top((states * mask).sum(1) / mask.sum(1))
            if labels is None:
                return {"logits": logits}
            return {
                "loss": torch.nn.functional.cross_entropy(logits, labels),
                "logits": logits,
            }

    set_seed(seed)
    return Classifier()


def encoder(rows: Sequence[Review], asked: dict, seed: int, fresh: bool = False):
    """MiniLM with all its weights trained on the reviews: log-odds by set, and seconds."""
    all_texts = [text for part in asked.values() for text in texts(part)]
    data = (texts(rows), labels(rows).astype(int).tolist())
    found = result_cache.cached_call(
        train_and_ask, classifier(seed, fresh), data, all_texts, STEPS, RATE, seed, version=1
    ).value
    ends = np.cumsum([len(part) for part in asked.values()])
    return dict(zip(asked, np.split(found[:-1], ends[:-1]), strict=True)), found[-1]


def random_start(rows: Sequence[Review], asked: dict, seed: int):
    """The same network and training, its weights random at the start."""
    return encoder(rows, asked, seed, fresh=True)


def word_counts(rows: Sequence[Review], asked: dict, seed: int):
    """TF-IDF with logistic regression, as in the lesson."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 1), sublinear_tf=True),
        LogisticRegression(C=1, max_iter=2000),
    ).fit(texts(rows), labels(rows))
    return {name: model.decision_function(texts(part)) for name, part in asked.items()}, 0.0


def probe(asked: dict) -> Callable:
    """A logistic regression on the frozen layers' outputs of the language model, averaged over a
    review's tokens or at its last one, whichever does better on validation reviews, as in the
    lesson.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    lm, train = models.load_language_model(), tuning_data.load_reviews("train")
    frozen = FrozenLayers(lm, LAYERS, prefix_of(lm, train))

    def features(rows):
        return result_cache.cached_call(
            mean_hidden, _Reader(lm, frozen), [prompts.sentiment(t) for t in texts(rows)], version=1
        ).value

    known = dict(zip(texts(train), features(train), strict=True))
    others = {name: features(rows) for name, rows in asked.items()}
    validation = tuning_data.load_reviews("validation")
    checked, truth = features(validation), labels(validation)

    def judge(rows, asked, seed):
        def fitted(pool, C):
            model = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=2000))
            return model.fit([known[text][pool] for text in texts(rows)], labels(rows))

        settings = [(pool, C) for pool in (0, 1) for C in (0.0001, 0.001, 0.01, 0.1)]
        pool, C = max(settings, key=lambda s: fitted(*s).score(checked[:, s[0]], truth))
        model = fitted(pool, C)
        return {name: model.decision_function(others[name][:, pool]) for name in asked}, 0.0

    return judge


class _Reader:
    """A language model with its frozen layers, as one argument of `cached_call`."""

    def __init__(self, lm, frozen):
        self.lm, self.frozen = lm, frozen

    def __getattr__(self, name):
        return getattr(self.lm.model, name)


def mean_hidden(reader, asked):
    """The frozen layers' output, averaged over the tokens after the shared prefix, and at the
    last one.
    """
    found = []
    for start in range(0, len(asked), 16):
        ids = [tuple(reader.lm.encode(prompt)) for prompt in asked[start : start + 16]]
        rows = [sft.TokenizedExample(one, len(one)) for one in ids]
        hidden, skip = reader.frozen.hidden(rows), len(reader.frozen.prefix)
        own = [h[: len(one) - skip] for h, one in zip(hidden, ids, strict=True)]
        found += [[h.mean(0).numpy(), h[-1].numpy()] for h in own]
    return np.array(found)


def prefix_of(lm: models.LanguageModel, rows: Sequence[Review]) -> tuple[int, ...]:
    """The tokens with which the prompts of all reviews begin."""
    return tuple(shared_prefix([sft.encode(lm, example) for example in examples_of(rows)]))


def examples_of(rows: Sequence[Review]) -> list[sft.Example]:
    """The reviews as prompts with their labels as responses."""
    return [sft.Example(prompts.sentiment(r.text), r.label) for r in rows]


def lora_ranks() -> list[dict]:
    """A row a rank of the LoRA matrices: numbers trained, and shares right on validation and test
    reviews.
    """
    asked = {name: tuning_data.load_reviews(name) for name in ("validation", "test")}
    lm, rows = models.load_language_model(), []
    for rank in RANKS:
        lora = adapters.Lora(rank=rank, alpha=2 * rank, layers=LAYERS)
        weights = adapters.trained_weights(adapters.add_lora(lm, lora)).values()
        config = sft.TrainingConfig(epochs=LM_EPOCHS, learning_rate=1e-3, batch_size=16, lora=lora)
        run = tuned(config, WORDS, LM_REVIEWS, asked)
        found = row("LoRA", LM_REVIEWS, asked, [run])
        rows.append({"rank": rank, "numbers": sum(w.numel() for w in weights)} | plain(found))
        print(rows[-1], flush=True)
    return rows


def plain(found: dict) -> dict:
    """The row without what only the computation needs, and without the range of a single run."""
    return {k: v for k, v in found.items() if k[0] != "_" and not k.endswith(("lowest", "highest"))}


def tuned(config: sft.TrainingConfig, words: int, reviews: int, asked: dict):
    """The language model trained on the first so many reviews of at most so many words: log-odds
    by set, and seconds.
    """
    lm = models.load_language_model()
    train, validation = (
        [r for r in tuning_data.load_reviews(split) if len(r.text.split()) <= words]
        for split in ("train", "validation")
    )
    frozen = FrozenLayers(lm, LAYERS, prefix_of(lm, train))
    checked = validation[:: 5 if words == WORDS else 3]
    made = sft.train(
        lm, examples_of(train[:reviews]), examples_of(checked), config=config, frozen=frozen
    )
    odds = {
        name: frozen_layers.log_odds(
            made.lm, frozen, [e.prompt for e in examples_of(part)], "positive", "negative"
        )
        for name, part in asked.items()
    }
    return {name: np.array(found) for name, found in odds.items()}, made.seconds


if __name__ == "__main__":
    main(sys.argv[1:])
