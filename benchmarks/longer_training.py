"""What classifiers of reviews reach if training may take longer: writes
datasets/reference/longer_reviews.jsonl.

    python benchmarks/longer_training.py            unless the file is there (some half an hour on
                                                    two cores)
    python benchmarks/longer_training.py --choose   the settings tried, on the validation reviews

A run that was stopped goes on where it was: trainings of the language model are cached by content.
The test reviews are measured here, once; what is chosen, `--choose` chose on validation.
"""

import copy
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ftrag_helpers.data import data_files, tuning_data
from ftrag_helpers.data.records import Review
from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation import metrics
from ftrag_helpers.finetuning import frozen_layers, sft
from ftrag_helpers.finetuning.frozen_layers import FrozenLayers
from ftrag_helpers.finetuning.training_data import shared_prefix
from ftrag_helpers.lm import models
from ftrag_helpers.rag import prompts

OUT = runtime.data_dir() / "reference"
#: No early stop: the best epoch is kept. Chosen with `--choose`, as all below.
REVIEWS = sft.TrainingConfig(epochs=2, learning_rate=1e-3, batch_size=16, patience=99)
ENCODER = {"epochs": 4, "rate": 2e-4}
SEEDS = (0, 1, 2)


def main(arguments: Sequence[str]) -> None:
    """Measure what has no file yet, or print how the settings do on validation data."""
    runtime.prepare_notebook()
    if "--choose" in arguments:
        return choose()
    path = OUT / "longer_reviews.jsonl"
    if not path.exists():
        rows = longer_reviews()
        path.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
            "utf-8",
            newline="\n",
        )
        data_files.write_manifest(OUT)
        print(pd.DataFrame(rows).to_string(), flush=True)
    return None


class Judge:
    """Systems that say of reviews how much rather they are praise, as log-odds (nats)."""

    def __init__(self, asked: dict[str, list[Review]]):
        self.train, self.validation = (
            tuning_data.load_reviews("train"),
            tuning_data.load_reviews("validation"),
        )
        self.asked = asked

    def language_models(
        self, config: sft.TrainingConfig, seeds: Sequence[int]
    ) -> list[tuple[dict[str, np.ndarray], float]]:
        """The language model tuned on all training reviews, once a seed: log-odds by set, and
        seconds of training.

        The frozen layers read each text once for all of them: the first training's seconds hold
        that.
        """
        lm = models.load_language_model()
        examples, held_out = (
            [sft.Example(prompts.sentiment(r.text), r.label) for r in rows]
            for rows in (self.train, self.validation)
        )
        frozen = FrozenLayers(
            lm, config.lora.layers, shared_prefix([sft.encode(lm, e) for e in examples])
        )
        return [
            self._odds(
                sft.train(lm, examples, held_out, config=replace(config, seed=seed), frozen=frozen),
                frozen,
            )
            for seed in seeds
        ]

    def _odds(
        self, tuned: sft.FineTuneResult, frozen: FrozenLayers
    ) -> tuple[dict[str, np.ndarray], float]:
        return {
            name: np.array(
                frozen_layers.log_odds(
                    tuned.lm,
                    frozen,
                    [prompts.sentiment(r.text) for r in rows],
                    "positive",
                    "negative",
                )
            )
            for name, rows in self.asked.items()
        }, tuned.seconds

    def encoder(self, epochs: int, rate: float, seed: int) -> tuple[dict[str, np.ndarray], float]:
        """MiniLM with all its weights trained on all training reviews, and a linear layer on its
        sentence vector.

        The sentence vectors have length 1: times 10, the linear layer can be sure of itself without
        large weights.
        """
        import torch

        started = time.perf_counter()
        torch.manual_seed(seed)
        encoder, head = copy.deepcopy(models.load_embedder()).train(), torch.nn.Linear(384, 1)
        optimizer = torch.optim.AdamW(
            [
                {"params": encoder.parameters(), "lr": rate},
                {"params": head.parameters(), "lr": 1e-3},
            ],
            fused=True,
        )
        by_length = sorted(self.train, key=lambda r: len(r.text))  # little padding
        chunks = [by_length[i : i + 16] for i in range(0, len(by_length), 16)]
        steps = epochs * len(chunks)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min(10 * (step + 1) / steps, 1 - step / steps)
        )
        for batch in shuffled(chunks, epochs):
            vectors = encoder(encoder.preprocess([r.text for r in batch]))["sentence_embedding"]
            targets = torch.tensor([float(r.label == "positive") for r in batch])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                head(10 * vectors)[:, 0], targets
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        seconds = time.perf_counter() - started
        with torch.no_grad():
            return {
                name: (
                    head(10 * torch.tensor(encoder.eval().encode([r.text for r in rows])))[
                        :, 0
                    ].numpy()
                )
                for name, rows in self.asked.items()
            }, seconds


def shuffled(chunks: Sequence, epochs: int) -> Iterator:
    """The chunks, once an epoch, each time in another order."""
    import torch

    for _ in range(epochs):
        for number in torch.randperm(len(chunks)).tolist():
            yield chunks[number]


def longer_reviews() -> list[dict]:
    """A row a system: right answers on test reviews (plain, marked, all), posts and sly reviews,
    and seconds of training.
    """
    judge = Judge(
        {
            "test": tuning_data.load_reviews("test"),
            "posts": tuning_data.load_posts(),
            "sly": tuning_data.load_challenge_set(),
        }
    )
    tuned = judge.language_models(REVIEWS, SEEDS)
    encoders = [judge.encoder(**ENCODER, seed=seed) for seed in SEEDS]
    return [
        row("language model", judge.asked, tuned),
        row("three of them together", judge.asked, [together(tuned)]),
        row("encoder, all weights", judge.asked, encoders),
        row("all six together", judge.asked, [together([*tuned, *encoders])]),
    ]


def together(
    runs: Sequence[tuple[dict[str, np.ndarray], float]],
) -> tuple[dict[str, np.ndarray], float]:
    """The systems as one: their log-odds added."""
    return {name: sum(odds[name] for odds, _ in runs) for name in runs[0][0]}, sum(
        seconds for _, seconds in runs
    )


def row(
    system: str, asked: dict[str, list[Review]], runs: Sequence[tuple[dict[str, np.ndarray], float]]
) -> dict:
    """The system's figures: means over the runs (one a seed), intervals over the reviews."""
    found = {
        "system": system,
        "seeds": len(runs),
        "seconds": round(float(np.mean([seconds for _, seconds in runs]))),
    }
    for name, rows in asked.items():
        right = np.mean(
            [(odds[name] > 0) == [r.label == "positive" for r in rows] for odds, _ in runs], axis=0
        )
        low, high = metrics.bootstrap_interval(right)
        found |= {
            name: round(float(right.mean()), 3),
            f"{name} low": round(low, 3),
            f"{name} high": round(high, 3),
        }
        marked = np.array([r.difficulty is not None for r in rows])
        if 0 < marked.sum() < len(rows):
            found |= {
                f"{name} plain": round(float(right[~marked].mean()), 3),
                f"{name} marked": round(float(right[marked].mean()), 3),
            }
    return found


def choose() -> None:
    """The settings tried, on the validation reviews."""
    judge = Judge({"validation": tuning_data.load_reviews("validation")})
    for epochs, rate in ((4, 1e-4), (4, 2e-4), (6, 1e-4)):
        print(
            row(
                f"encoder, {epochs} epochs, rate {rate}",
                judge.asked,
                [judge.encoder(epochs, rate, seed) for seed in SEEDS[:2]],
            ),
            flush=True,
        )
    for epochs in (1, 2):
        print(
            row(
                f"language model, {epochs} epochs",
                judge.asked,
                judge.language_models(replace(REVIEWS, epochs=epochs), SEEDS[:1]),
            ),
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
