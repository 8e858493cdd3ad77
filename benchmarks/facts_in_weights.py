"""How many wordings a fact needs before a model knows it closed book: writes
datasets/reference/facts_in_weights.jsonl.

    python benchmarks/facts_in_weights.py             the curve over 1, 2, 4 and 8 wordings, in test
                                                      wordings: once, when nothing is left to choose
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
from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation import metrics, taught_facts
from ftrag_helpers.finetuning import sft
from ftrag_helpers.journal import scorecard
from ftrag_helpers.lm import models

OUT = runtime.data_dir() / "reference" / "facts_in_weights.jsonl"
#: Epochs over six wordings.
TRIED = (2, 4)


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
    """A row for each number of wordings, 0 for the base model: taught facts right in the test
    wordings, and common knowledge, with intervals over the questions.
    """
    lm, facts = models.load_language_model(), course_data.load_taught_facts()
    asked = [q for fact in facts for q in fact.questions("test")]
    rows = []
    for wordings in (0, *taught_facts.WORDINGS):
        tuned, seconds = lm, 0.0
        if wordings:
            result = taught_facts.train(lm, facts, wordings)
            tuned, seconds = result.lm, result.seconds
        row = {"wordings": wordings, "seconds": round(seconds)}
        for name, right in (
            ("facts", taught_facts.recalled(tuned, asked)),
            (
                "common knowledge",
                scorecard.common_knowledge(tuned, course_data.load_common_knowledge()),
            ),
        ):
            low, high = metrics.bootstrap_interval(right)
            row |= {
                name: round(float(np.mean(right)), 3),
                f"{name} low": round(low, 3),
                f"{name} high": round(high, 3),
                f"{name} n": len(right),
            }
        rows.append(row)
        print(row, flush=True)
    return rows


if __name__ == "__main__":
    main(sys.argv[1:])
