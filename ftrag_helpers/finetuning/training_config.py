"""What a training is set to and what comes of it: hyperparameters, evaluations, result.

Not here: the training itself (`sft`, `training_loop`).
"""

import math
from dataclasses import dataclass
from pathlib import Path

from ftrag_helpers.finetuning.adapters import Lora
from ftrag_helpers.lm.language_model import LanguageModel


@dataclass(frozen=True)
class TrainingConfig:
    """The hyperparameters of a training.

    Attributes:
        epochs: passes over the examples, at least 1.
        learning_rate: AdamW's peak learning rate, reached at the end of the warm-up.
        batch_size: examples in one optimizer step, at least 1.
        warmup: share of all steps (0 to 1) in which the learning rate rises; after it, it falls
            along a cosine.
        evals_per_epoch: evaluations in an epoch, at least 1.
        patience: evaluations without a lower validation loss after which training stops early, at
            least 1; without effect where there are no validation examples.
        seed: seed of the initial LoRA weights and of the order of the batches.
        lora: rank, scale, layers and modules of the trained matrices.

    Raises:
        ValueError: epochs, batch_size, evals_per_epoch or patience is below 1.
    """

    epochs: int = 2
    learning_rate: float = 5e-4
    batch_size: int = 16
    warmup: float = 0.1
    evals_per_epoch: int = 1
    patience: int = 3
    seed: int = 0
    lora: Lora = Lora()

    def __post_init__(self):
        for name in ("epochs", "batch_size", "evals_per_epoch", "patience"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")


@dataclass(frozen=True)
class EvalPoint:
    """The losses at one evaluation of a training.

    Attributes:
        step: optimizer steps done; 0 for the evaluation before training.
        epoch: passes over the examples done, with fractions.
        loss: training loss in nats per answer token, averaged over the batches since the last
            evaluation; NaN at step 0.
        validation: mean validation loss in nats per answer token; NaN without validation examples.
    """

    step: int
    epoch: float
    loss: float
    validation: float


def learning_rate_at(step: int, steps: int, config: TrainingConfig) -> float:
    """The learning rate of a step: a linear warm-up, then half a cosine towards zero.

    Args:
        step: the step, counted from 0.
        steps: the number of all steps.
        config: the peak learning rate and the share of warm-up steps, of which there is at least
            one.

    Returns:
        The learning rate, from 0 (at `steps`) to the peak (in the last warm-up step).
    """
    warm = max(1, round(config.warmup * steps))
    if step < warm:
        return config.learning_rate * (step + 1) / warm
    return config.learning_rate * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))) / 2


@dataclass(frozen=True)
class FineTuneResult:
    """A trained model and how it was trained.

    Attributes:
        lm: the model with the best weights, the adapter merged, in evaluation mode.
        folder: the folder of the adapter in peft's format, for `adapters.load`.
        history: all evaluations in order, the first before training (step 0).
        best: the evaluation whose weights `lm` has: the lowest validation loss, or the last one
            without validation examples.
        seconds: duration of the training, also where the result was read from the cache.
        tokens: tokens of the examples trained on, prompts included, each as often as it was used;
            also where the result was read from the cache.
        stopped: why training ended before its last step; "" if it did not.
        from_cache: whether the result was read from the cache.
    """

    lm: LanguageModel
    folder: Path
    history: tuple[EvalPoint, ...]
    best: EvalPoint
    seconds: float
    tokens: int
    stopped: str = ""
    from_cache: bool = False
