"""One training run: optimizer steps, evaluations, the best weights, and a state to resume from.

Plain PyTorch on `transformers` and `peft`. It saves time in `frozen_layers` (frozen layers computed
once). Not here: the state on disk (`training_state`) and finished trainings (`sft`).
"""

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.finetuning import adapters, checkpoints
from ftrag_helpers.finetuning.frozen_layers import FrozenLayers, answer_loss
from ftrag_helpers.finetuning.training_config import (
    EvalPoint,
    FineTuneResult,
    TrainingConfig,
    learning_rate_at,
)
from ftrag_helpers.finetuning.training_data import TokenizedExample, batches
from ftrag_helpers.finetuning.training_state import TrainingState
from ftrag_helpers.lm.language_model import LanguageModel

#: Tokens, with padding and without the prefix, in one pass through the trained layers (a single
#: longer row is not split): it bounds the memory of the activations. Training on passages needs
#: 2.2 GB with 1,500 and 1.7 GB with 600, which takes 5 % more seconds.
PASS_TOKENS = 600


def progress_bar(steps: int, done: int, progress: bool):
    """The progress bar of a training; for a cached result it is shown full."""
    from tqdm.auto import tqdm

    return tqdm(
        total=steps, initial=done, desc="training", unit="step", leave=False, disable=not progress
    )


class TrainingRun:
    """One training run.

    Args:
        lm: the base model.
        frozen: frozen layers of the same model.
        rows: the encoded training examples.
        validation: the encoded validation examples; may be empty.
        config: the hyperparameters.
        folder: where the finished adapter is stored.

    Attributes:
        partial: the folder of the state to resume from.
        tuned: the model with its adapter.
        state: the trained weights and how far the training has come.
        steps: the number of all optimizer steps.
    """

    def __init__(
        self,
        lm: LanguageModel,
        frozen: FrozenLayers,
        rows: Sequence[TokenizedExample],
        validation: Sequence[TokenizedExample],
        config: TrainingConfig,
        folder: Path,
    ):
        self.frozen, self.rows, self.validation = frozen, rows, validation
        self.config, self.folder = config, folder
        self.partial = folder.with_name(folder.name + ".partial")
        self.tuned = adapters.add_lora(lm, config.lora, config.seed)
        self.tuned.model.train()
        weights = adapters.trained_weights(self.tuned).values()
        self.state = TrainingState(weights, config.learning_rate)
        self._per_epoch = math.ceil(len(rows) / config.batch_size)
        self.steps = config.epochs * self._per_epoch

    def run(self, progress: bool) -> FineTuneResult:
        """Train, resuming from a stored state if there is one, and store the result.

        Args:
            progress: whether to show a progress bar.

        Returns:
            The trained model, also after an interruption.

        Raises:
            CourseError: the loss is not finite.
            OSError: the state or the result cannot be written.
        """
        stopped, started = "", time.perf_counter()
        if os.path.lexists(self.partial):
            self.state.resume(self.partial)
        # A folder that cannot be written is reported before the training.
        self.partial.mkdir(parents=True, exist_ok=True)
        before = self.state.seconds
        with progress_bar(self.steps, self.state.done, progress) as bar:
            try:
                self.frozen.precompute(
                    self.rows + self.validation,
                    lambda share: bar.set_description(f"frozen layers {share:.0%}"),
                )
                bar.set_description("training")
                if not self.state.history:
                    self._evaluate(float("nan"))
                stopped = self._train(bar, lambda: before + time.perf_counter() - started)
            except KeyboardInterrupt:
                stopped = f"interrupted after step {self.state.done} of {self.steps}"
                bar.write(
                    f"Training {stopped}: the best so far is kept. Run this again to go on from the"
                    " last check."
                )
        self.state.seconds = before + time.perf_counter() - started
        return self._finish(stopped)

    def _train(self, bar, clock: Callable[[], float]) -> str:
        """Run the remaining steps with their evaluations.

        Args:
            bar: the progress bar.
            clock: returns the seconds of training so far, earlier runs included.

        Returns:
            Why training stopped early; "" if all steps were done.
        """
        evals = self.config.evals_per_epoch
        marks = {round(self._per_epoch * (i + 1) / evals) for i in range(evals)}
        losses = []
        for step, batch in self._schedule():
            losses.append(self._step(step, batch))
            self.state.done = step + 1
            bar.update()
            bar.set_postfix(loss=f"{losses[-1]:.3f}")
            if (self.state.done - 1) % self._per_epoch + 1 in marks:
                self._evaluate(sum(losses) / len(losses))
                losses, self.state.seconds = [], clock()
                self.state.save(self.partial)
                if (
                    self.validation
                    and len(self.state.history) - 1 - self.state.history.index(self._best())
                    >= self.config.patience
                ):
                    return (
                        f"stopped early after step {self.state.done} of {self.steps}: no gain in"
                        f" {self.config.patience} checks"
                    )
        return ""

    def _schedule(self) -> Iterator[tuple[int, list[int]]]:
        """The steps that are not done yet, each with the indices of its batch's examples.

        The batches (rows of similar length) are the same in every epoch; their order is shuffled
        with a seed of its own for each epoch.
        """
        import torch

        fixed, step = batches(self.rows, self.config.batch_size), 0
        for epoch in range(self.config.epochs):
            draw = torch.Generator().manual_seed(self.config.seed * 1000 + epoch)
            for number in torch.randperm(len(fixed), generator=draw).tolist():
                if step >= self.state.done:
                    yield step, fixed[number]
                step += 1

    def _step(self, step: int, batch: Sequence[int]) -> float:
        """Update the weights once.

        Args:
            step: the step, counted from 0.
            batch: indices of the training examples.

        Returns:
            The batch's mean loss in nats per answer token, before the update.

        Raises:
            CourseError: the loss is not finite.
        """
        import torch

        rows = [self.rows[i] for i in batch]
        answers = sum(len(row.ids) - row.prompt for row in rows)
        self.state.optimizer.param_groups[0]["lr"] = learning_rate_at(step, self.steps, self.config)
        self.state.optimizer.zero_grad()
        total = 0.0
        for part in self._passes(rows):
            loss = answer_loss(self.tuned.base_model, self.frozen, part) / answers
            loss.backward()
            total += loss.item()
        if not math.isfinite(total):
            raise CourseError(
                f"The loss became {total} at step {step + 1}: the weights have run away. Choose a"
                f" learning rate lower than {self.config.learning_rate:g} and train again."
            )
        torch.nn.utils.clip_grad_norm_(self.state.weights, 1.0)
        self.state.optimizer.step()
        self.state.tokens += sum(len(row.ids) for row in rows)
        return total

    def _passes(self, rows: Sequence[TokenizedExample]) -> Iterator[Sequence[TokenizedExample]]:
        """Split a batch into parts of at most `PASS_TOKENS` padded tokens, or of one row."""
        longest = max(len(row.ids) for row in rows) - len(self.frozen.prefix)
        size = max(1, PASS_TOKENS // longest)
        yield from (rows[start : start + size] for start in range(0, len(rows), size))

    def _evaluate(self, loss: float) -> None:
        """Compute the validation loss, and keep the weights if it is the lowest so far.

        Without validation examples the weights are always kept.

        Args:
            loss: training loss since the last evaluation, in nats per answer token.
        """
        import torch

        validation = float("nan")
        if self.validation:
            answers = sum(len(row.ids) - row.prompt for row in self.validation)
            self.tuned.model.eval()
            with torch.no_grad():
                validation = (
                    sum(
                        answer_loss(self.tuned.base_model, self.frozen, part).item()
                        for batch in batches(self.validation, self.config.batch_size)
                        for part in self._passes([self.validation[i] for i in batch])
                    )
                    / answers
                )
            self.tuned.model.train()
        done = self.state.done
        self.state.history.append(EvalPoint(done, done / self._per_epoch, loss, validation))
        if self._best() is self.state.history[-1]:
            self.state.keep_best()

    def _best(self) -> EvalPoint:
        """The evaluation with the lowest validation loss; the last one without validation."""
        return (
            min(self.state.history, key=lambda point: point.validation)
            if self.validation
            else self.state.history[-1]
        )

    def _finish(self, stopped: str) -> FineTuneResult:
        """Set the best weights, save the adapter, and return the merged model.

        Args:
            stopped: why training ended before its last step, or "". After an interruption the
                adapter is saved in the folder of the stored state, which is kept.
        """
        self.state.restore_best()
        complete = not stopped.startswith("interrupted")
        folder = self.folder if complete else self.partial / "best"
        scratch = self.folder.with_name(self.folder.name + ".new")
        runtime.delete(scratch)
        scratch.mkdir(parents=True)
        checkpoints.write(lambda: adapters.save(self.tuned, scratch))
        best = self._best() if self.state.history else EvalPoint(0, 0.0, float("nan"), float("nan"))
        (scratch / "training.json").write_text(
            json.dumps(
                {
                    "best": asdict(best),
                    "history": [asdict(point) for point in self.state.history],
                    "seconds": self.state.seconds,
                    "tokens": self.state.tokens,
                    "stopped": stopped,
                    "recipe": asdict(self.config),
                },
                indent=1,
            ),
            "utf-8",
        )
        checkpoints.seal(
            scratch, "adapter_config.json", "adapter_model.safetensors", "training.json"
        )
        folder.parent.mkdir(parents=True, exist_ok=True)
        runtime.delete(folder)
        scratch.replace(folder)
        if complete:
            shutil.rmtree(self.partial, ignore_errors=True)
        lm = replace(self.tuned, model=self.tuned.model.eval())
        return FineTuneResult(
            lm=adapters.merge(lm),
            folder=folder,
            history=tuple(self.state.history),
            best=best,
            seconds=self.state.seconds,
            tokens=self.state.tokens,
            stopped=stopped,
        )
