"""The state of a training: weights, optimizer and evaluations, on disk after each evaluation.

Not here: the steps that change it (`training_loop`).
"""

import json
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from ftrag_helpers.environment import runtime
from ftrag_helpers.finetuning import checkpoints
from ftrag_helpers.finetuning.training_config import EvalPoint

_PROGRESS = "progress.json"


class TrainingState:
    """What a training changes, with all that is needed to resume it.

    Args:
        weights: the LoRA matrices, which are trained.
        learning_rate: AdamW's learning rate before the first step.

    Attributes:
        weights: as given.
        optimizer: AdamW over `weights`.
        history: the evaluations so far.
        best_weights: copies of `weights` at the best evaluation; None before the first.
        done: optimizer steps done.
        seconds: duration up to the last evaluation, earlier runs included.
        tokens: tokens trained on so far, prompts included.
    """

    def __init__(self, weights: Sequence, learning_rate: float):
        import torch

        self.weights = list(weights)
        self.optimizer = torch.optim.AdamW(self.weights, lr=learning_rate, weight_decay=0.0)
        self.history: list[EvalPoint] = []
        self.best_weights, self.done, self.seconds, self.tokens = None, 0, 0.0, 0

    def keep_best(self) -> None:
        """Keep copies of the weights as the best ones."""
        self.best_weights = [weight.detach().clone() for weight in self.weights]

    def restore_best(self) -> None:
        """Set the best weights; without an evaluation they stay as they are."""
        _copy(self.best_weights or self.weights, self.weights)

    def save(self, folder: Path) -> None:
        """Write the state: weights, best weights, AdamW's moments, and progress.

        Args:
            folder: the folder; an older state in it is replaced.

        Raises:
            OSError: the state cannot be written.
        """
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        tensors = {}
        for i, (weight, best) in enumerate(zip(self.weights, self.best_weights, strict=True)):
            moments = self.optimizer.state[weight]
            tensors |= {
                f"weight{i}": weight.detach(),
                f"best{i}": best,
                f"mean{i}": moments["exp_avg"],
                f"square{i}": moments["exp_avg_sq"],
            }
        name = _tensors(self.done)
        checkpoints.write(lambda: save_file(tensors, folder / "new"))
        (folder / "new").replace(folder / name)
        progress = {
            "done": self.done,
            "seconds": self.seconds,
            "tokens": self.tokens,
            "history": [asdict(point) for point in self.history],
        }
        (folder / _PROGRESS).write_text(json.dumps(progress), "utf-8")
        checkpoints.seal(folder, _PROGRESS, name)
        for old in folder.glob("state-*.safetensors"):
            if old.name != name:
                old.unlink()

    def resume(self, folder: Path) -> None:
        """Read a stored state; a damaged one is deleted with a warning, and training starts anew.

        Without a stored state (interrupted before its first evaluation) it starts anew silently.

        Args:
            folder: the folder of `save`.
        """
        import torch
        from safetensors.torch import load_file

        if not checkpoints.is_whole(folder):
            # Without any file in it, it was interrupted before its first evaluation.
            if folder.is_file() or any(folder.glob("*.*")):
                warnings.warn(
                    f"What was kept of a training in {folder} was damaged, or not written to"
                    " its end: it starts afresh.",
                    stacklevel=4,
                )
            runtime.delete(folder)
            return
        progress = json.loads((folder / _PROGRESS).read_text("utf-8"))
        self.done, self.seconds, self.tokens = (
            progress[name] for name in ("done", "seconds", "tokens")
        )
        self.history = [EvalPoint(**point) for point in progress["history"]]
        tensors = load_file(folder / _tensors(self.done))
        _copy([tensors[f"weight{i}"] for i in range(len(self.weights))], self.weights)
        self.best_weights = [tensors[f"best{i}"].to(w.device) for i, w in enumerate(self.weights)]
        for i, weight in enumerate(self.weights):
            self.optimizer.state[weight] = {
                "step": torch.tensor(float(self.done)),
                "exp_avg": tensors[f"mean{i}"].to(weight.device),
                "exp_avg_sq": tensors[f"square{i}"].to(weight.device),
            }


def _tensors(done: int) -> str:
    """The name of the file with the tensors after so many steps."""
    return f"state-{done}.safetensors"


def _copy(values: Sequence, weights: Sequence) -> None:
    """Copy tensors into weights."""
    import torch

    with torch.no_grad():
        for weight, value in zip(weights, values, strict=True):
            weight.copy_(value)
