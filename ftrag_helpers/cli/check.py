"""`ftrag check`: tries what the lessons need, and says line by line what is right here and what to
do where it is not.

A line says OK for what was done just now: files read and compared, an index written and
asked, both models computed with, on the device and with the threads that are set.
"""

import argparse
import contextlib
import os
import shutil
import socket
import sys
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ftrag_helpers.environment import libraries, pip_calls, runtime, variables
from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm import model_files

DISK_GB = 1
MEMORY_GB = 4


@dataclass(frozen=True)
class Finding:
    """One line of the report; `advice` says what to do, and is empty where all is well."""

    name: str
    detail: str
    advice: str = ""

    def __str__(self) -> str:
        mark = "!!" if self.advice else "OK"
        advice = self.advice.replace("\n", "\n      ")
        return f"{mark} {self.name}: {self.detail}" + (f"\n   -> {advice}" if advice else "")


def run_check(options: argparse.Namespace, rest: list[str]) -> int:
    """Print the report as it is found out; 1 where a line is wrong, else 0."""
    wrong = 0
    for finding in findings():
        print(finding, flush=True)
        wrong += bool(finding.advice)
    print(f"\n{wrong} of these lines need attention." if wrong else "\nEverything is in place.")
    return int(wrong > 0)


def findings() -> Iterator[Finding]:
    """Every line of the report, the quick ones first.

    A look that fails is a line too, and ends none of the others.
    """
    told = set()
    for name, look in {
        "variables": check_variables,
        "Python": check_python,
        "packages": check_packages,
        "course folder": check_folder,
        "cache": check_cache,
        "memory": check_memory,
        "CPU": check_threads,
        "JupyterLab": check_jupyter,
        "data sets": check_data,
        "libraries": check_libraries,
        "accelerator": check_accelerator,
        "models": check_models,
        "index": check_index,
    }.items():
        try:
            for finding in look():
                told.add(finding.advice)
                yield finding
        except CourseError as error:
            known = str(error) in told
            yield Finding(
                name,
                *("not looked at", "See above.") if known else ("something is wrong", str(error)),
            )
            told.add(str(error))
        except Exception as error:  # whatever a library raises, a report must go on
            cure = f"{libraries.cure(error)}, then start again."
            yield Finding(name, f"cannot be tried: {libraries.first_line(error)}", cure)


def check_variables() -> Iterator[Finding]:
    """Each of the course's variables that is wrong, by its name."""
    wrong = []
    switches = [lambda name=name: variables.is_on(name) for name in variables.SWITCHES]
    for read in (
        runtime.settle,
        *switches,
        variables.threads,
        variables.chroma_address,
        pip_calls.given,
    ):
        try:
            read()
        except (CourseError, ValueError) as error:
            wrong.append(str(error))
    for message in dict.fromkeys(wrong):
        yield Finding("variables", "one is wrong", message)
    for message in variables.unknown():
        yield Finding("variables", message, "Correct its name, or unset it.")
    given = [name for name in variables.ALL if os.environ.get(name)]
    if not wrong:
        yield Finding(
            "variables",
            ", ".join(f"{name}={os.environ[name]}" for name in given)
            or "none of the course's is set",
        )


def check_python() -> Iterator[Finding]:
    """Whether the packages are made for this Python and this system."""
    from ftrag_helpers.environment import systems

    facts = systems.facts()
    shown = f"{'.'.join(map(str, facts['version']))} on {facts['platform']}, {sys.executable}"
    problem = systems.unsupported(facts)
    old = tuple(facts["version"][:2]) < (3, 11)
    yield Finding(
        "Python",
        shown,
        (
            f"{problem}\n{systems.SUPPORTED}"
            if problem
            else (
                f"Install Python 3.11 or newer. {libraries.anew()}, then start again."
                if old
                else ""
            )
        ),
    )


def check_packages() -> Iterator[Finding]:
    """The installed versions against requirements.lock, as far as its lines apply to this
    machine.
    """
    from packaging.requirements import Requirement

    lock = runtime.course_root() / "requirements.lock"
    lines = [
        line for line in lock.read_text("utf-8").splitlines() if line and not line.startswith("#")
    ]
    pins = [pin for pin in map(Requirement, lines) if pin.marker is None or pin.marker.evaluate()]
    differing = []
    for pin in pins:
        try:
            found = metadata.version(pin.name)
        except metadata.PackageNotFoundError:
            found = "none"
        if found == "none" or not pin.specifier.contains(found, prereleases=True):
            differing.append(f"{pin.name} {found} (wanted {pin.specifier})")
    if differing:
        more = f" and {len(differing) - 5} more" if len(differing) > 5 else ""
        yield Finding(
            "packages",
            ", ".join(differing[:5]) + more,
            f"{libraries.anew()}, then: python course.py check",
        )
    else:
        yield Finding("packages", f"{len(pins)} as in {lock.name}")


def check_folder() -> Iterator[Finding]:
    """Where the course lies, and whether it can be written to."""
    root = runtime.course_root()
    yield Finding(
        "course folder",
        str(root),
        (
            ""
            if _can_be_written(root)
            else (
                "You cannot write here, so your work could not be saved. Copy the course to a"
                " folder of your own."
            )
        ),
    )


def _can_be_written(folder: Path) -> bool:
    """Whether a file can be made in the folder now: permissions alone do not tell on every disk."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x" * 4096)
    except OSError:
        return False
    return True


def check_cache() -> Iterator[Finding]:
    """The folder for models, indexes and figures: whether it can be written to, and its disk."""
    from ftrag_helpers.journal import measurements

    for name, folder in {
        "FTRAG_CACHE": runtime.cache_dir(),
        "FTRAG_RESULTS": measurements.path().parent,
    }.items():
        if not _can_be_written(folder):
            yield Finding(
                "cache",
                f"{folder} cannot be written to",
                f"Set {name} to a folder that you can write to.",
            )
    free = shutil.disk_usage(runtime.cache_dir()).free / 1e9
    yield Finding(
        "disk",
        f"{free:.1f} GB free at {runtime.cache_dir()}",
        (
            ""
            if free >= DISK_GB
            else (
                f"The lessons keep up to {DISK_GB} GB there. Make room, or set FTRAG_CACHE to a"
                " folder on another disk."
            )
        ),
    )


def check_memory() -> Iterator[Finding]:
    """The memory that is free, against what the heaviest cell needs."""
    import psutil

    memory = psutil.virtual_memory()
    free = memory.available / 1e9
    yield Finding(
        "memory",
        f"{free:.1f} GB free of {memory.total / 1e9:.1f} GB",
        (
            ""
            if free >= MEMORY_GB
            else (
                f"Some lessons need up to {MEMORY_GB} GB. Close other programs and other notebooks'"
                " kernels."
            )
        ),
    )


def check_threads() -> Iterator[Finding]:
    """How many cores and threads the computing may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    asked = os.environ.get("OMP_NUM_THREADS")
    yield Finding("CPU", f"{cores} cores" + (f", OMP_NUM_THREADS={asked}" if asked else ""))


def check_jupyter() -> Iterator[Finding]:
    """JupyterLab's version and port."""
    port = "8888 is free" if port_is_free(8888) else "8888 is taken, the next free one will be used"
    try:
        yield Finding("JupyterLab", f"{metadata.version('jupyterlab')}; port {port}")
    except metadata.PackageNotFoundError:
        yield Finding(
            "JupyterLab", "not installed", f"{libraries.anew()}, then: python course.py lab"
        )


def check_data() -> Iterator[Finding]:
    """Every data set's files against the SHA-256 in its manifest."""
    from ftrag_helpers.data.data_files import check_manifest

    for manifest in sorted(runtime.data_dir().glob("*/manifest.json")):
        try:
            check_manifest(manifest.parent)
            yield Finding(f"data set {manifest.parent.name}", "checksums right")
        except CourseError as error:
            yield Finding(f"data set {manifest.parent.name}", "not as it was published", str(error))


def check_libraries() -> Iterator[Finding]:
    """Whether every library can be imported."""
    libraries.load()
    yield Finding("libraries", f"{len(libraries.LIBRARIES)} loaded")


def check_accelerator() -> Iterator[Finding]:
    """The device that the lessons compute on, after one sum on it, and the threads that they
    use.
    """
    import torch

    device, threads = runtime.device(), variables.threads()
    if threads:
        torch.set_num_threads(threads)
    kind = (
        "none; the course is made for the CPU"
        if device.type == "cpu"
        else f"{device.type}, used by the lessons"
    )
    yield Finding(
        "accelerator", f"{kind} (PyTorch {torch.__version__}, {torch.get_num_threads()} threads)"
    )


def check_models() -> Iterator[Finding]:
    """Each model's files, and where they are whole, one computation with it."""
    asked = (_ask_language_model, _ask_embedder)
    for model, source, compute in zip(
        model_files.status(), model_files.SOURCES, asked, strict=True
    ):
        shown = f"{model.detail} ({model.path})"
        if not model.ok:
            advice = (
                f"Correct {source.environment}, or unset it."
                if model.named
                else "Run: python course.py fetch"
            )
            yield Finding(model.name, shown, advice)
            continue
        try:
            yield Finding(model.name, f"{shown}; {compute()}")
        except CourseError as error:
            yield Finding(model.name, f"{shown}; does not compute", str(error))
        except Exception as error:
            yield Finding(
                model.name, f"{shown}; does not compute", str(model_files.unloadable(source, error))
            )


def _ask_language_model() -> str:
    """What one forward pass over a chat message gave, in words."""
    import numpy as np

    from ftrag_helpers.lm import models

    lm = models.load_language_model()
    prompt = lm.render([{"role": "user", "content": "Good morning"}])
    chances = np.exp(models.next_token_logprobs(lm, prompt))
    if not np.isclose(chances.sum(), 1, atol=1e-2):
        raise CourseError(
            f"The chances of the next token add up to {chances.sum():.2f}, not 1: the weights are"
            " damaged, or the device computes wrongly. Try FTRAG_DEVICE=cpu, then: python"
            " course.py fetch"
        )
    return f"computes ({len(chances)} tokens)"


def _ask_embedder() -> str:
    """What embedding one word gave, in words."""
    import numpy as np

    from ftrag_helpers.lm import models

    [vector] = models.embed(["morning"])
    if not np.isclose(np.linalg.norm(vector), 1, atol=1e-2):
        raise CourseError(
            f"A vector of length {np.linalg.norm(vector):.2f} came out where 1 is right: the"
            " weights are damaged, or the device computes wrongly. Try FTRAG_DEVICE=cpu, then:"
            " python course.py fetch"
        )
    return f"computes ({len(vector)} dimensions)"


def check_index() -> Iterator[Finding]:
    """Two documents put into an index of their own and one found again; on the Chroma server where
    one is named.
    """
    import numpy as np

    from ftrag_helpers.data.records import Document
    from ftrag_helpers.retrieval import passage_index

    def embed(texts) -> np.ndarray:
        return np.array([[1, 0] if "north" in text else [0, 1] for text in texts], np.float32)

    name, url = f"check-{uuid.uuid4().hex[:12]}", os.environ.get("FTRAG_CHROMA_URL")
    with tempfile.TemporaryDirectory(prefix="ftrag-check-", ignore_cleanup_errors=True) as folder:
        try:
            index = passage_index.Index(embed, Path(folder), name=name)
            index.add(
                [
                    Document(word, word, "", "", "", f"The {word} door.")
                    for word in ("north", "south")
                ]
            )
            found = [hit.passage.document_id for hit in index.dense(["north"], 1)[0]]
        finally:
            _leave_nothing_on_the_server(name)
    if found != ["north"]:
        raise CourseError(
            f"Chroma found {found} where ['north'] is right. {libraries.anew()}, then start again."
        )
    where = f"on the server {url}" if url else f"in SQLite {_sqlite_version()}"
    yield Finding(
        "index", f"Chroma {metadata.version('chromadb')} keeps a passage and finds it, {where}"
    )


def _leave_nothing_on_the_server(name: str) -> None:
    import chromadb

    address = variables.chroma_address()
    if address:
        with contextlib.suppress(Exception):  # where it does not answer there is nothing to remove
            client = chromadb.HttpClient(host=address[0], port=address[1], ssl=address[2])
            for collection in client.list_collections():
                if collection.name.startswith(name):
                    client.delete_collection(collection.name)


def _sqlite_version() -> str:
    import sqlite3

    return sqlite3.sqlite_version


def port_is_free(port: int) -> bool:
    """True where a server of ours could listen on this port of this machine.

    Raises:
        CourseError: there is no such port.
    """
    if not 1 <= port <= 65535:
        raise CourseError(f"There is no port {port}. Name one from 1024 to 65535.")
    with socket.socket() as probe:
        if (
            os.name == "posix"
        ):  # as the server does; on Windows it would let two servers share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
