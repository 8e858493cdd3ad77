"""Supervised fine-tuning: LoRA on the top layers, best weights kept, results cached by content.

The loop is plain PyTorch on `transformers` and `peft`. It saves time in `frozen_layers` (frozen
layers computed once) and in `answer_loss` (hidden states are projected to the vocabulary at answer
tokens only). Not here: data and prompts (`course_data`, `prompts`), scoring answers
(`evaluation`), adapters as such (`adapters`).
"""

import json
import math
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.finetuning import adapters, checkpoints
from ftrag_helpers.finetuning.adapters import Lora
from ftrag_helpers.finetuning.frozen_layers import FrozenLayers
from ftrag_helpers.finetuning.training_data import (
    Example,
    TokenizedExample,
    batches,
    shared_prefix,
    tokenize,
)
from ftrag_helpers.finetuning.training_data import (
    encode as encode,  # lessons look at single rows: sft.encode
)
from ftrag_helpers.lm.models import LanguageModel

#: Tokens, with padding and without the prefix, in one pass through the trained layers (a single
#: longer row is not split): it bounds the memory of the activations. Training on passages needs
#: 2.2 GB with 1,500 and 1.7 GB with 600, which takes 5 % more seconds.
PASS_TOKENS = 600


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


def answer_loss(model, frozen: FrozenLayers, rows: Sequence[TokenizedExample]):
    """The cross-entropy of the answer tokens; prompt tokens are masked.

    Args:
        model: the causal model without the wrapper of peft (`LanguageModel.base_model`).
        frozen: frozen layers of the same base model.
        rows: encoded examples that begin with the frozen layers' prefix, with at least one further
            prompt token.

    Returns:
        The sum over all answer tokens of all rows in nats, a scalar tensor with gradients.
    """
    import torch
    from torch.nn.functional import cross_entropy

    # (rows, longest, hidden)
    hidden, skip = frozen.forward_top(model, rows), len(frozen.prefix)
    # Row and position of the token before each answer token, whose output predicts it
    places = [
        (row, token - skip)
        for row, found in enumerate(rows)
        for token in range(found.prompt - 1, len(found.ids) - 1)
    ]
    # (answer tokens,)
    targets = torch.tensor(
        [token for row in rows for token in row.ids[row.prompt :]], device=hidden.device
    )
    # (rows, longest, hidden) to (answer tokens, hidden)
    at_answers = hidden[[row for row, _ in places], [token for _, token in places]]
    # Logits (answer tokens, vocabulary) to a scalar
    return cross_entropy(
        model.lm_head(model.model.norm(at_answers)).float(), targets, reduction="sum"
    )


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


def train(
    lm: LanguageModel,
    examples: Sequence[Example],
    validation: Sequence[Example] = (),
    *,
    config: TrainingConfig = TrainingConfig(),
    frozen: FrozenLayers | None = None,
    progress: bool = True,
) -> FineTuneResult:
    """Train LoRA matrices on the examples and return the model with the best weights.

    The result is kept in the cache folder under a name derived from everything it depends on; a
    second training with the same content is read from there. After an interruption
    (KeyboardInterrupt) the best weights so far are returned, and the next call resumes from the
    last evaluation.

    Args:
        lm: the base model, without an adapter; it is left unchanged.
        examples: the training examples, at least one.
        validation: examples by whose loss the best weights are chosen; without any, the weights of
            the last evaluation are taken.
        config: the hyperparameters.
        frozen: frozen layers to use again, with the outputs that they keep. Ignored unless made
            for the same base weights, the same number of layers and a prefix of all examples.
        progress: whether to show a progress bar.

    Returns:
        The trained model with its evaluations.

    Raises:
        CourseError: no examples, an example that is empty or too long, a loss that is not finite,
            or a result that cannot be stored (a full disk, say).
        ValueError: the LoRA configuration does not fit the model, or it carries an adapter already.
    """
    if not examples:
        raise CourseError("There is nothing to train on: the list of examples is empty.")
    rows, held_out = (tokenize(lm, part) for part in (examples, validation))
    folder = runtime.cache_dir() / "adapters" / checkpoints.content_key(lm, rows, held_out, config)
    if checkpoints.is_whole(folder):
        return _from_cache(lm, folder, progress)
    prefix = shared_prefix(rows + held_out)
    if (
        frozen is None
        or not frozen.fits(lm.base_model)
        or not _serves(frozen, rows + held_out, config)
    ):
        frozen = FrozenLayers(lm, config.lora.layers, prefix)
    try:
        if os.path.lexists(folder):
            warnings.warn(
                f"The training kept in {folder} was damaged: it is done again.", stacklevel=2
            )
            runtime.delete(folder)
        return _Training(lm, frozen, rows, held_out, config, folder).run(progress)
    except OSError as error:
        raise CourseError(
            f"The training could not be stored in {folder.parent}: {error.strerror or error}. Make"
            " room, or set FTRAG_CACHE to a folder on another disk, then run this again."
        ) from error


def _serves(frozen: FrozenLayers, rows: Sequence[TokenizedExample], config: TrainingConfig) -> bool:
    """Whether the frozen layers have the right number, and their prefix is a proper prefix of all
    prompts.
    """
    skip, depth = len(frozen.prefix), frozen.lm.model.config.num_hidden_layers
    return frozen.first == depth - config.lora.layers and all(
        row.ids[:skip] == frozen.prefix and row.prompt > skip for row in rows
    )


def _bar(steps: int, done: int, progress: bool):
    """The progress bar of a training; for a cached result it is shown full."""
    from tqdm.auto import tqdm

    return tqdm(
        total=steps, initial=done, desc="training", unit="step", leave=False, disable=not progress
    )


def _from_cache(lm: LanguageModel, folder: Path, progress: bool) -> FineTuneResult:
    """The stored result of a training, its adapter loaded and merged."""
    stored = json.loads((folder / "training.json").read_text("utf-8"))
    with _bar(stored["history"][-1]["step"], stored["history"][-1]["step"], progress):
        pass
    history = tuple(EvalPoint(**check) for check in stored["history"])
    return FineTuneResult(
        lm=adapters.merge(adapters.load(lm, folder)),
        folder=folder,
        history=history,
        best=EvalPoint(**stored["best"]),
        seconds=stored["seconds"],
        tokens=stored["tokens"],
        stopped=stored["stopped"],
        from_cache=True,
    )


class _Training:
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
        weights: the LoRA matrices, which are trained.
        optimizer: AdamW over `weights`.
        steps: the number of all optimizer steps.
        history: the evaluations so far.
        best_weights: copies of `weights` at the best evaluation; None before the first.
        done: optimizer steps done.
        seconds: duration up to the last evaluation, earlier runs included.
        tokens: tokens trained on so far, prompts included.
    """

    def __init__(self, lm, frozen, rows, validation, config, folder):
        import torch

        self.base, self.frozen, self.rows, self.validation, self.config, self.folder = (
            lm,
            frozen,
            rows,
            validation,
            config,
            folder,
        )
        self.partial = folder.with_name(folder.name + ".partial")
        self.tuned = adapters.add_lora(lm, config.lora, config.seed)
        self.tuned.model.train()
        self.weights = list(adapters.trained_weights(self.tuned).values())
        self.optimizer = torch.optim.AdamW(self.weights, lr=config.learning_rate, weight_decay=0.0)
        self.steps = config.epochs * math.ceil(len(rows) / config.batch_size)
        self.history: list[EvalPoint] = []
        self.best_weights, self.done, self.seconds, self.tokens = None, 0, 0.0, 0

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
            self._resume()
        self.partial.mkdir(
            parents=True, exist_ok=True
        )  # so that a folder that cannot be written is reported before the training
        before = self.seconds
        with _bar(self.steps, self.done, progress) as bar:
            try:
                self.frozen.precompute(
                    self.rows + self.validation,
                    lambda share: bar.set_description(f"frozen layers {share:.0%}"),
                )
                bar.set_description("training")
                if not self.history:
                    self._check(float("nan"))
                stopped = self._train(bar, lambda: before + time.perf_counter() - started)
            except KeyboardInterrupt:
                stopped = f"interrupted after step {self.done} of {self.steps}"
                bar.write(
                    f"Training {stopped}: the best so far is kept. Run this again to go on from the"
                    " last check."
                )
        self.seconds = before + time.perf_counter() - started
        return self._finish(stopped)

    def _train(self, bar, clock: Callable[[], float]) -> str:
        """Run the remaining steps with their evaluations.

        Args:
            bar: the progress bar.
            clock: returns the seconds of training so far, earlier runs included.

        Returns:
            Why training stopped early; "" if all steps were done.
        """
        per_epoch = math.ceil(len(self.rows) / self.config.batch_size)
        evals = self.config.evals_per_epoch
        marks = {round(per_epoch * (i + 1) / evals) for i in range(evals)}
        losses = []
        for step, batch in self._schedule():
            losses.append(self._step(step, batch))
            self.done = step + 1
            bar.update()
            bar.set_postfix(loss=f"{losses[-1]:.3f}")
            if self.done % per_epoch in marks or (
                self.done % per_epoch == 0 and per_epoch in marks
            ):
                self._check(sum(losses) / len(losses))
                losses, self.seconds = [], clock()
                self._store()
                if (
                    self.validation
                    and len(self.history) - 1 - self.history.index(self._best())
                    >= self.config.patience
                ):
                    return (
                        f"stopped early after step {self.done} of {self.steps}: no gain in"
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
                if step >= self.done:
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
        self.optimizer.param_groups[0]["lr"] = learning_rate_at(step, self.steps, self.config)
        self.optimizer.zero_grad()
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
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.optimizer.step()
        self.tokens += sum(len(row.ids) for row in rows)
        return total

    def _passes(self, rows: Sequence[TokenizedExample]) -> Iterator[Sequence[TokenizedExample]]:
        """Split a batch into parts of at most `PASS_TOKENS` padded tokens, or of one row."""
        longest = max(len(row.ids) for row in rows) - len(self.frozen.prefix)
        size = max(1, PASS_TOKENS // longest)
        yield from (rows[start : start + size] for start in range(0, len(rows), size))

    def _check(self, loss: float) -> None:
        """Compute the validation loss, and keep the weights if it is the lowest so far.

        Without validation examples the weights are always kept.

        Args:
            loss: training loss since the last evaluation, in nats per answer token.
        """
        import torch

        validation, answers = (
            float("nan"),
            sum(len(row.ids) - row.prompt for row in self.validation),
        )
        if self.validation:
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
        per_epoch = math.ceil(len(self.rows) / self.config.batch_size)
        self.history.append(EvalPoint(self.done, self.done / per_epoch, loss, validation))
        if self._best() is self.history[-1]:
            self.best_weights = [weight.detach().clone() for weight in self.weights]

    def _best(self) -> EvalPoint:
        """The evaluation with the lowest validation loss; the last one without validation."""
        return (
            min(self.history, key=lambda check: check.validation)
            if self.validation
            else self.history[-1]
        )

    def _store(self) -> None:
        """Write the state to resume from: weights, best weights, AdamW's moments, and progress."""
        from safetensors.torch import save_file

        self.partial.mkdir(parents=True, exist_ok=True)
        tensors = {}
        for i, (weight, best) in enumerate(zip(self.weights, self.best_weights, strict=True)):
            state = self.optimizer.state[weight]
            tensors |= {
                f"weight{i}": weight.detach(),
                f"best{i}": best,
                f"mean{i}": state["exp_avg"],
                f"square{i}": state["exp_avg_sq"],
            }
        checkpoints.write(lambda: save_file(tensors, self.partial / "new"))
        (self.partial / "new").replace(self.partial / f"state-{self.done}.safetensors")
        (self.partial / "progress.json").write_text(
            json.dumps(
                {
                    "done": self.done,
                    "seconds": self.seconds,
                    "tokens": self.tokens,
                    "history": [asdict(c) for c in self.history],
                }
            ),
            "utf-8",
        )
        checkpoints.seal(self.partial, "progress.json", f"state-{self.done}.safetensors")
        for old in self.partial.glob("state-*.safetensors"):
            if old.name != f"state-{self.done}.safetensors":
                old.unlink()

    def _resume(self) -> None:
        """Read the stored state; a damaged one is deleted with a warning, and training starts anew.

        Without a stored state (interrupted before its first evaluation) it starts anew silently.
        """
        import torch
        from safetensors.torch import load_file

        if not checkpoints.is_whole(self.partial):
            if self.partial.is_file() or any(
                self.partial.glob("*.*")
            ):  # else it was interrupted before its first check
                warnings.warn(
                    f"What was kept of a training in {self.partial} was damaged, or not written to"
                    " its end: it starts afresh.",
                    stacklevel=4,
                )
            runtime.delete(self.partial)
            return
        stored = json.loads((self.partial / "progress.json").read_text("utf-8"))
        tensors = load_file(self.partial / f"state-{stored['done']}.safetensors")
        self.done, self.seconds, self.tokens = stored["done"], stored["seconds"], stored["tokens"]
        self.history = [EvalPoint(**check) for check in stored["history"]]
        self.best_weights = [tensors[f"best{i}"].to(w.device) for i, w in enumerate(self.weights)]
        for i, weight in enumerate(self.weights):
            with torch.no_grad():
                weight.copy_(tensors[f"weight{i}"])
            self.optimizer.state[weight] = {
                "step": torch.tensor(float(self.done)),
                "exp_avg": tensors[f"mean{i}"].to(weight.device),
                "exp_avg_sq": tensors[f"square{i}"].to(weight.device),
            }

    def _finish(self, stopped: str) -> FineTuneResult:
        """Set the best weights, save the adapter, and return the merged model.

        Args:
            stopped: why training ended before its last step, or "". After an interruption the
                adapter is saved in the folder of the stored state, which is kept.
        """
        import torch

        for weight, best in zip(self.weights, self.best_weights or self.weights, strict=True):
            with torch.no_grad():
                weight.copy_(best)
        complete = not stopped.startswith("interrupted")
        folder = self.folder if complete else self.partial / "best"
        scratch = self.folder.with_name(self.folder.name + ".new")
        runtime.delete(scratch)
        scratch.mkdir(parents=True)
        checkpoints.write(lambda: adapters.save(self.tuned, scratch))
        best = self._best() if self.history else EvalPoint(0, 0.0, float("nan"), float("nan"))
        (scratch / "training.json").write_text(
            json.dumps(
                {
                    "best": asdict(best),
                    "history": [asdict(c) for c in self.history],
                    "seconds": self.seconds,
                    "tokens": self.tokens,
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
            history=tuple(self.history),
            best=best,
            seconds=self.seconds,
            tokens=self.tokens,
            stopped=stopped,
        )
