"""Supervised fine-tuning on a laptop: LoRA on the top layers, the best kept, cached by content.

The loop is plain PyTorch on `transformers` and `peft`; what makes it quick is in `frozen_layers`
(frozen layers computed once) and in `answer_loss` (the vocabulary is projected at answer tokens
only). What it leaves out: data and prompts (`course_data`, `prompts`), scoring answers
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
    encode,
    shared_prefix,
)
from ftrag_helpers.lm.models import LanguageModel

#: Tokens that go through the trained layers at once: it bounds the memory that their gradients
#: need. Of 1,500 a training of passages needs 2.2 GB and of 600 1.7 GB, for 5 % more seconds.
PASS_TOKENS = 600


@dataclass(frozen=True)
class TrainingConfig:
    """How to train.

    Attributes:
        epochs: passes over the examples, at least 1.
        learning_rate: AdamW's peak rate, reached at the end of the warm-up.
        batch_size: examples in one optimizer step.
        warmup: share of all steps (0 to 1) in which the rate rises; after it, it falls as a cosine.
        evals_per_epoch: how often in an epoch the validation loss is computed.
        patience: evaluations without a lower validation loss before training stops early.
        seed: draws the first LoRA weights and the order of the examples.
        lora: which matrices are trained, and their rank.
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
    """One look at the training: steps and epochs done, mean loss per answer token (nats);
    validation NaN if none.
    """

    step: int
    epoch: float
    loss: float
    validation: float


@dataclass(frozen=True)
class FineTuneResult:
    """A trained model. `lm` is ready to be asked (adapter merged), `folder` holds the adapter in
    peft's format.

    `seconds` and `tokens` are those of the training itself, also where `from_cache` is true;
    `stopped` says why it ended before its last step ("" if it did not).
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
    """The sum of the cross-entropies (nats) of the rows' answer tokens; prompt tokens count for
    nothing.
    """
    import torch
    from torch.nn.functional import cross_entropy

    hidden, skip = frozen.forward_top(model, rows), len(frozen.prefix)
    places = [
        (row, token - skip)
        for row, found in enumerate(rows)
        for token in range(found.prompt - 1, len(found.ids) - 1)
    ]
    targets = torch.tensor(
        [token for row in rows for token in row.ids[row.prompt :]], device=hidden.device
    )
    at_answers = hidden[[row for row, _ in places], [token for _, token in places]]
    return cross_entropy(
        model.lm_head(model.model.norm(at_answers)).float(), targets, reduction="sum"
    )


def learning_rate_at(step: int, steps: int, config: TrainingConfig) -> float:
    """Rising in a line over the warm-up, then falling along half a cosine to zero; `step` counts
    from 0.
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
    """Train LoRA on the examples; returns the model at its best validation check (the last one
    without validation).

    The result is kept in the cache folder under a name made from everything it depends on: a second
    training with the same content is read from there. Interrupting keeps the best so far; calling
    again goes on from the last check. A `frozen` made for the same base, layers and beginning saves
    reading the texts again.

    Raises:
        CourseError: no examples, an example that does not fit, a loss that is no number, a full
        disk.
    """
    if not examples:
        raise CourseError("There is nothing to train on: the list of examples is empty.")
    rows, held_out = ([encode(lm, example) for example in part] for part in (examples, validation))
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
    skip, depth = len(frozen.prefix), frozen.lm.model.config.num_hidden_layers
    return frozen.first == depth - config.lora.layers and all(
        row.ids[:skip] == frozen.prefix and row.prompt > skip for row in rows
    )


def _bar(steps: int, done: int, progress: bool):
    """The progress bar of a training, which a training found in the cache shows too: as already
    full.
    """
    from tqdm.auto import tqdm

    return tqdm(
        total=steps, initial=done, desc="training", unit="step", leave=False, disable=not progress
    )


def _from_cache(lm: LanguageModel, folder: Path, progress: bool) -> FineTuneResult:
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
    """One training run: its weights, optimizer and checks, and where it keeps them meanwhile."""

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
        stopped, started = "", time.perf_counter()
        if os.path.lexists(self.partial):
            self._resume()
        self.partial.mkdir(
            parents=True, exist_ok=True
        )  # what cannot be written shall be told before the training, not after
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
        """Steps not done yet with their rows: batches of like length, in an order drawn anew each
        epoch.
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
        """One update of the weights; returns the batch's mean loss per answer token (nats)."""
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
        longest = max(len(row.ids) for row in rows) - len(self.frozen.prefix)
        size = max(1, PASS_TOKENS // longest)
        yield from (rows[start : start + size] for start in range(0, len(rows), size))

    def _check(self, loss: float) -> None:
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
        return (
            min(self.history, key=lambda check: check.validation)
            if self.validation
            else self.history[-1]
        )

    def _store(self) -> None:
        """Keep what is needed to go on: numbers only, in safetensors and JSON."""
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
        """Put the best weights in, save the adapter, and hand out the merged model."""
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
