"""Checkpoints on disk: their name, derived from the training's content, and their checksums.

Not here: what a checkpoint holds, and resuming from it (`sft`).
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from ftrag_helpers.finetuning.training_data import TokenizedExample
from ftrag_helpers.lm.model_files import sha256_of
from ftrag_helpers.lm.models import LanguageModel
from ftrag_helpers.lm.result_cache import versions, weights_digest

_CHECKSUMS = "checksums.json"


def seal(folder: Path, *names: str) -> None:
    """Write the SHA-256 checksums of files of a folder to `checksums.json` in it.

    The safetensors format has no checksum, so a changed bit would be read as another number.

    Args:
        folder: the folder of the files.
        *names: the names of the files.
    """
    (folder / _CHECKSUMS).write_text(
        json.dumps({name: sha256_of(folder / name) for name in names}, indent=1), "utf-8"
    )


def is_whole(folder: Path) -> bool:
    """Whether the files of a folder match the checksums that `seal` wrote.

    Args:
        folder: the folder of the files.

    Returns:
        False where a file or `checksums.json` is missing, unreadable or different.
    """
    try:
        digests = json.loads((folder / _CHECKSUMS).read_text("utf-8"))
        return bool(digests) and all(
            sha256_of(folder / name) == digest for name, digest in digests.items()
        )
    except (OSError, ValueError, TypeError, AttributeError):
        return False


def content_key(
    lm: LanguageModel,
    rows: Sequence[TokenizedExample],
    validation: Sequence[TokenizedExample],
    config,
) -> str:
    """The name of a training: a hash of everything that its result depends on.

    Hashed are the config, the examples, the base weights, and the versions of PyTorch, peft and
    the course's own algorithms.

    Args:
        lm: the base model.
        rows: the training examples.
        validation: the validation examples; may be empty.
        config: a `TrainingConfig`.

    Returns:
        The first 24 hexadecimal digits of a SHA-256 hash.
    """
    import peft
    import torch

    digest = hashlib.sha256(
        json.dumps(
            [
                asdict(config),
                [[r.ids, r.prompt] for r in rows],
                [[r.ids, r.prompt] for r in validation],
                torch.__version__.split("+")[0],
                peft.__version__,
                versions("frozen layers", "training"),
            ]
        ).encode()
    )
    digest.update(weights_digest(lm.model).encode())
    return digest.hexdigest()[:24]


def write(save: Callable[[], None]) -> None:
    """Call a function that saves tensors, and report a full disk as an `OSError`.

    safetensors raises an error of its own there.

    Args:
        save: writes the tensors.

    Raises:
        OSError: the disk is full (ENOSPC).
    """
    try:
        save()
    except Exception as error:
        if "No space left" in str(error):
            raise OSError(28, "no space left on the disk") from error
        raise
