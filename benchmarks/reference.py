"""The reference results of lesson 05: three seeds for the tuned systems, and what refusals among
the training examples do to the reader.

    python benchmarks/reference.py            all of it, into datasets/reference (some half an hour
                                              on two cores)
    python benchmarks/reference.py --choose   the choices of `ftrag_helpers.evaluation.comparison`,
                                              on the validation questions

A run that was stopped goes on where it was: trainings are cached by content, and each finished part
is written at once. Delete a file to measure it anew. The test questions here measure; what is
chosen, `--choose` chose on validation.
"""

import hashlib
import json
import sys
from dataclasses import replace

import numpy as np
import pandas as pd

from ftrag_helpers.data import course_data, data_files
from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation import comparison, harness, metrics
from ftrag_helpers.evaluation.systems import System
from ftrag_helpers.finetuning import sft
from ftrag_helpers.journal import scorecard
from ftrag_helpers.lm import models
from ftrag_helpers.rag import prompts, retrievers
from ftrag_helpers.retrieval import passage_index, reranking

OUT = runtime.data_dir() / "reference"
SEEDS = (0, 1, 2)
PER_KIND = 8


class Setting:
    """The model, the documents, their index, and the questions asked."""

    def __init__(self, split: str = "test", per_kind: int = PER_KIND):
        self.lm, self.documents = models.load_language_model(), course_data.load_documents()
        self.index = passage_index.Index(
            models.embed,
            runtime.cache_dir() / "indexes" / passage_index.fingerprint(self.documents),
        )
        self.index.synchronise(self.documents)
        self.reranker = reranking.MaxSimReranker(self.index, models.embed_tokens)
        self.retriever = retrievers.Retriever(
            self.index, self.reranker, sentences=comparison.SENTENCES
        )
        everything = course_data.load_questions(split)
        self.asked = harness.stratified_sample([q for q in everything if q.answerable], per_kind)
        self.unanswerable = [q for q in everything if not q.answerable]
        self.training = comparison.training_questions()
        self.found = [
            hit.passage.id for trace in self.retriever.search(self.asked) for hit in trace.hits
        ]

    def systems(self, tuned: dict) -> dict:
        """The answerers that the given tuned models make possible."""
        blank = {"closed book": self.lm, "reader": self.lm, "house style": self.lm}
        return comparison.systems(self.lm, blank | tuned, self.documents, self.index, self.reranker)


def main(arguments) -> None:
    """Measure what has no file yet, or print the choices."""
    runtime.prepare_notebook()
    if "--choose" in arguments:
        return choose()
    OUT.mkdir(exist_ok=True)
    setting = Setting()
    for measure in (systems, refusals):
        path = OUT / f"{measure.__name__}.jsonl"
        if not path.exists():
            rows = measure(setting)
            path.write_text(
                "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
                "utf-8",
                newline="\n",
            )
            data_files.write_manifest(OUT)
            print(pd.DataFrame(rows).to_string(), flush=True)
    return None


def systems(setting: Setting) -> list[dict]:
    """A row a system: shares over the same questions; for tuned ones the mean over seeds, and the
    lowest and highest seed.
    """
    untuned = [System.CLOSED_BOOK, System.RETRIEVAL, System.ONE_SENTENCE, System.NO_MODEL]
    parts = [_run(setting, {}, untuned)]
    for seed in SEEDS:
        config = replace(comparison.CONFIG, seed=seed)
        student = comparison.train_closed_book(
            setting.lm, setting.training, config=config, progress=False
        )
        parts.append(_run(setting, {"closed book": student}, [System.TUNED_CLOSED_BOOK], seed))
        reader = comparison.train_reader(
            setting.lm, setting.training, setting.retriever, config=config, progress=False
        )
        parts.append(
            _run(
                setting,
                {"reader": reader},
                [System.TUNED_READER] + [System.ORACLE, System.DISTRACTORS] * (seed == 0),
                seed,
            )
        )
        house = comparison.train_house_style(setting.lm, seed=seed, progress=False)
        parts.append(_run(setting, {"house style": house}, [System.HOUSE_STYLE], seed))
    return _table(pd.concat(parts))


def _run(setting: Setting, tuned: dict, names: list[str], seed: int = 0) -> pd.DataFrame:
    """The rows of these systems; kept in the cache folder under all that they depend on."""
    read = [] if all(name.endswith("closed book") for name in names) else [setting.found]
    content = [
        names,
        seed,
        [q.id for q in setting.asked],
        *read,
        {name: model.folder.name for name, model in tuned.items()},
    ]
    kept = (
        runtime.cache_dir()
        / "reference"
        / f"{hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]}.json"
    )
    if kept.exists():
        rows = pd.read_json(kept, orient="records")
    else:
        made = setting.systems({name: model.lm for name, model in tuned.items()})
        rows = harness.evaluate({name: made[name] for name in names}, setting.asked).assign(
            seed=seed
        )
        kept.parent.mkdir(parents=True, exist_ok=True)
        rows.to_json(kept, orient="records")
    print(seed, rows.groupby("system", sort=False).correct.mean().round(3).to_dict(), flush=True)
    return rows


def _table(rows: pd.DataFrame) -> list[dict]:
    out = []
    for name in System:
        part = rows[rows.system == name]
        by_question = part.groupby("id", sort=False).correct.mean()
        low, high = metrics.bootstrap_interval(by_question)
        by_seed = part.groupby("seed").correct.mean()
        quality = scorecard.quality(part).iloc[0]
        out.append(
            {
                "system": name,
                "seeds": len(by_seed),
                "n": len(by_question),
                "right": round(by_question.mean(), 3),
                "low": round(low, 3),
                "high": round(high, 3),
                "worst seed": round(by_seed.min(), 3),
                "best seed": round(by_seed.max(), 3),
                "house style": round(quality["house style"], 3),
                "faithful": _rounded(quality["faithful"]),
                "cites right": _rounded(quality["cites right"]),
                "f1": round(quality["f1"], 3),
            }
        )
    return out


def _rounded(value: float):
    return None if np.isnan(value) else round(value, 3)


def refusals(setting: Setting) -> list[dict]:
    """What it does to the reader if a share of its examples lacks the right passage and asks for a
    refusal.
    """
    out = []
    for share in (0.0, 0.5):
        tuned = sft.train(
            setting.lm, _with_refusals(setting, share), config=comparison.CONFIG, progress=False
        )
        answer = comparison.reader(tuned.lm, setting.retriever, progress=False)
        questions = setting.asked[::2] + setting.unanswerable
        said = answer(questions)
        rates = scorecard.refusals(
            questions, [a.text for a in said], [False] * len(questions)
        ).iloc[0]
        right = np.mean(
            [
                harness.score(q, a)["correct"]
                for q, a in zip(questions, said, strict=True)
                if q.answerable
            ]
        )
        out.append(
            {
                "examples without the passage": share,
                "right answers": round(float(right), 3),
                "right refusals": round(rates.right, 3),
                "false refusals": round(rates.false, 3),
                "n": len(questions),
            }
        )
        print(out[-1], flush=True)
    return out


def _with_refusals(setting: Setting, share: float) -> list[sft.Example]:
    """The reader's examples, in every so manieth of which distractors stand alone and the response
    declines.
    """
    examples = comparison.reading_examples(setting.training, setting.retriever)
    wrong = retrievers.Distractors(setting.index, setting.reranker, sentences=comparison.SENTENCES)
    misled = wrong.search(setting.training)
    every = round(1 / share) if share else len(examples) + 1
    return [
        (
            sft.Example(
                prompts.from_text(q.text, [h.passage.text for h in trace.hits]), prompts.REFUSAL
            )
            if i % every == every - 1
            else example
        )
        for i, (q, example, trace) in enumerate(
            zip(setting.training, examples, misled, strict=True)
        )
    ]


def choose() -> None:
    """Sentences to read, layers and epochs of the reader, on the validation questions."""
    setting = Setting("validation", per_kind=20)
    for sentences in (1, 2, 3):
        retriever = retrievers.Retriever(setting.index, setting.reranker, sentences=sentences)
        for layers, epochs in (
            ((10, 1), (6, 1), (10, 2)) if sentences == comparison.SENTENCES else ((10, 1),)
        ):
            config = replace(
                comparison.CONFIG,
                epochs=epochs,
                lora=replace(comparison.CONFIG.lora, layers=layers),
            )
            tuned = comparison.train_reader(
                setting.lm, setting.training, retriever, config=config, progress=False
            )
            rows = harness.evaluate(
                {"reader": comparison.reader(tuned.lm, retriever, progress=False)}, setting.asked
            )
            print(
                f"{sentences} sentences, top {layers} layers, {epochs} epochs:"
                f" {metrics.with_interval(rows.correct)}, {tuned.seconds:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
