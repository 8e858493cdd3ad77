"""How many wordings a fact needs before a model knows it closed book: writes
datasets/reference/facts_in_weights.jsonl.

    python benchmarks/facts_in_weights.py             the curve over 1, 2, 4 and 8 wordings, two
                                                      seeds, in test wordings: once, when nothing is
                                                      left to choose
    python benchmarks/facts_in_weights.py --choose    the settings tried: six wordings are taught,
                                                      the last two of the training ones asked

A run that was stopped goes on where it was: trainings and answers are cached by content.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ftrag_helpers.data import course_data, data_files
from ftrag_helpers.data.records import Question, TaughtFact
from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation import metrics
from ftrag_helpers.evaluation.study import taught_facts
from ftrag_helpers.finetuning import sft
from ftrag_helpers.journal import scorecard
from ftrag_helpers.lm import models
from ftrag_helpers.rag import pipeline, prompts, retrievers
from ftrag_helpers.retrieval import passage_index, reranking

OUT = runtime.data_dir() / "reference" / "facts_in_weights.jsonl"
#: Epochs over six wordings.
TRIED = (2, 4)
SEEDS = (0, 1)


def main(arguments: Sequence[str]) -> None:
    """Measure the curve, or print the choices."""
    runtime.prepare_notebook()
    if "--choose" in arguments:
        return choose()
    rows = curve()
    OUT.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8", newline="\n")
    data_files.write_manifest(OUT.parent)
    return None


def choose() -> None:
    """Epochs, on wordings held out from the training ones."""
    lm, facts = models.load_language_model(), course_data.load_taught_facts()
    asked = [q for fact in facts for q in fact.questions("train")[6:]]
    for epochs in TRIED:
        config = replace(taught_facts.CONFIG, epochs=epochs)
        tuned = sft.train(lm, taught_facts.examples(facts, 6), config=config)
        right = metrics.with_interval(taught_facts.recalled(tuned.lm, asked))
        print(f"six wordings, {epochs} epochs: {right}, {tuned.seconds:.0f} s", flush=True)


def curve() -> list[dict]:
    """A row for each number of wordings, 0 for the base model, and for what searches instead:
    taught facts right in the test wordings, and common knowledge, each a mean over the seeds with
    an interval over the facts or questions, and the lowest and highest seed.
    """
    lm, facts = models.load_language_model(), course_data.load_taught_facts()
    common = course_data.load_common_knowledge()
    asked = [q for fact in facts for q in fact.questions("test")]
    rows = []
    for wordings in (0, *taught_facts.WORDINGS):
        known, common_known, seconds = [], [], []
        for seed in SEEDS if wordings else SEEDS[:1]:
            tuned = lm
            if wordings:
                config = replace(taught_facts.CONFIG, seed=seed)
                result = taught_facts.train(lm, facts, wordings, config=config)
                tuned = result.lm
                seconds.append(result.seconds)
            known.append(taught_facts.recalled(tuned, asked))
            common_known.append(scorecard.common_knowledge(tuned, common))
        rows.append(
            {
                "system": f"{wordings} wordings" if wordings else "base model",
                "wordings": wordings,
                "seconds": round(float(np.mean(seconds))) if seconds else 0,
                **measured("facts", by_fact(known, len(facts))),
                **measured("common knowledge", np.array(common_known, float)),
            }
        )
        print(rows[-1], flush=True)
    for name, right in searching(lm, facts, asked).items():
        rows.append({"system": name, **measured("facts", by_fact([right], len(facts)))})
        print(rows[-1], flush=True)
    return rows


def by_fact(right: Sequence[Sequence[bool]], facts: int) -> np.ndarray:
    """The share of a fact's wordings that are right, for each seed (row) and fact (column): the
    wordings of one fact are not independent of each other.
    """
    return np.array(right, float).reshape(len(right), facts, -1).mean(axis=2)


def measured(name: str, values: np.ndarray) -> dict:
    """Mean, interval over the columns of the seeds' mean, and the lowest and highest seed."""
    low, high = metrics.bootstrap_interval(values.mean(axis=0))
    seeds = values.mean(axis=1)
    return {
        name: round(float(values.mean()), 3),
        f"{name} low": round(low, 3),
        f"{name} high": round(high, 3),
        f"{name} worst seed": round(float(seeds.min()), 3),
        f"{name} best seed": round(float(seeds.max()), 3),
        f"{name} n": values.shape[1],
        "seeds": len(values),
    }


def searching(
    lm: models.LanguageModel, facts: Sequence[TaughtFact], asked: Sequence[Question]
) -> dict[str, list[bool]]:
    """Which questions are right with the pages, or the taught questions, to search instead of a
    training.
    """
    documents = course_data.load_documents()
    index = passage_index.Index(
        models.embed, runtime.cache_dir() / "indexes" / passage_index.fingerprint(documents)
    )
    index.synchronise(documents)
    search = retrievers.Retriever(
        index, reranking.MaxSimReranker(index, models.embed_tokens), sentences=2
    )
    return {
        name: [
            metrics.answer_match(a.text, q.reference.accepted, q.text)
            for a, q in zip(answer(asked), asked, strict=True)
        ]
        for name, answer in (
            ("best sentence found", pipeline.extractive_baseline(search)),
            (
                "base model, reads two sentences",
                pipeline.rag_pipeline(lm, search, prompt=prompts.shortest_answer),
            ),
            ("nearest taught question", taught_facts.nearest(facts, models.embed)),
        )
    }


if __name__ == "__main__":
    main(sys.argv[1:])
