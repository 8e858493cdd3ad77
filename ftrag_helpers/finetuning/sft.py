"""Supervised fine-tuning: LoRA on the top layers, best weights kept, results cached by content.

The one import of a lesson that trains: `answer_loss`, `encode` and the classes of
`training_config` are reached from here too. Not here: the loop (`training_loop`), data and prompts
(`course_data`, `prompts`), scoring answers (`evaluation`), adapters as such (`adapters`).
"""

import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path

from ftrag_helpers.environment import runtime
from ftrag_helpers.environment.memory import release_memory
from ftrag_helpers.errors import CourseError
from ftrag_helpers.finetuning import adapters, checkpoints
from ftrag_helpers.finetuning.frozen_layers import FrozenLayers
from ftrag_helpers.finetuning.frozen_layers import answer_loss as answer_loss
from ftrag_helpers.finetuning.training_config import EvalPoint, FineTuneResult, TrainingConfig
from ftrag_helpers.finetuning.training_data import (
    Example,
    TokenizedExample,
    shared_prefix,
    tokenize,
)
from ftrag_helpers.finetuning.training_data import encode as encode
from ftrag_helpers.finetuning.training_loop import TrainingRun, progress_bar
from ftrag_helpers.lm.language_model import LanguageModel

_DEFAULT = TrainingConfig()


def train(
    lm: LanguageModel,
    examples: Sequence[Example],
    validation: Sequence[Example] = (),
    *,
    config: TrainingConfig = _DEFAULT,
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
        result = TrainingRun(lm, frozen, rows, held_out, config, folder).run(progress)
        del frozen  # and with it the outputs that it kept, unless the caller has it too
        release_memory()
        return result
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


def _from_cache(lm: LanguageModel, folder: Path, progress: bool) -> FineTuneResult:
    """The stored result of a training, its adapter loaded and merged."""
    stored = json.loads((folder / "training.json").read_text("utf-8"))
    with progress_bar(stored["history"][-1]["step"], stored["history"][-1]["step"], progress):
        pass
    history = tuple(EvalPoint(**point) for point in stored["history"])
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
