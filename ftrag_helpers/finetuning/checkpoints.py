"""Trainings on disk: the name that their content gives them, and whether they are whole.

What it leaves out: what is kept of a training, and going on with it (`sft`).
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
    """Write down the checksums of these files of a folder: safetensors has none, and a changed bit
    is another number.
    """
    (folder / _CHECKSUMS).write_text(
        json.dumps({name: sha256_of(folder / name) for name in names}, indent=1), "utf-8"
    )


def is_whole(folder: Path) -> bool:
    """Whether the files in a folder are those that were sealed."""
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
    """24 hexadecimal digits over examples, config, base weights, and the versions of algorithms and
    libraries.
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
    """Save tensors; a full disk, which safetensors reports by an error of its own, becomes an
    OSError.
    """
    try:
        save()
    except Exception as error:
        if "No space left" in str(error):
            raise OSError(28, "no space left on the disk") from error
        raise
