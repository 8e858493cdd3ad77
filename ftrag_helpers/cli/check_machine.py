"""What `ftrag check` looks at on the machine: variables, packages, folders, memory, the data sets.

Not here: what is tried with libraries and models (`check_computing`).
"""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ftrag_helpers.environment import libraries, pip_calls, runtime, variables
from ftrag_helpers.errors import CourseError

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


def check_variables() -> Iterator[Finding]:
    """Each of the course's variables that is wrong, by its name."""
    wrong = []
    switches = [lambda name=name: variables.is_on(name) for name in variables.SWITCHES]
    for read in (
        runtime.settle,
        *switches,
        variables.threads,
        variables.chroma_address,
        variables.endpoint,
        variables.endpoint_model,
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
    advice, problem = "", systems.unsupported(facts)
    if problem:
        advice = f"{problem}\n{systems.SUPPORTED}"
    elif tuple(facts["version"][:2]) < (3, 11):
        advice = f"Install Python 3.11 or newer. {libraries.anew()}, then start again."
    yield Finding("Python", shown, advice)


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
            installed = metadata.version(pin.name)
        except metadata.PackageNotFoundError:
            installed = "none"
        if installed == "none" or not pin.specifier.contains(installed, prereleases=True):
            differing.append(f"{pin.name} {installed} (wanted {pin.specifier})")
    more = f" and {len(differing) - 5} more" if len(differing) > 5 else ""
    if differing:
        advice = f"{libraries.anew()}, then: python course.py check"
        yield Finding("packages", ", ".join(differing[:5]) + more, advice)
    else:
        yield Finding("packages", f"{len(pins)} as in {lock.name}")


def check_folder() -> Iterator[Finding]:
    """Where the course lies, and whether it can be written to."""
    root, advice = runtime.course_root(), ""
    if not _can_be_written(root):
        advice = (
            "You cannot write here, so your work could not be saved. Copy the course to a folder"
            " of your own."
        )
    yield Finding("course folder", str(root), advice)


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
    free, advice = shutil.disk_usage(runtime.cache_dir()).free / 1e9, ""
    if free < DISK_GB:
        advice = (
            f"The lessons keep up to {DISK_GB} GB there. Make room, or set FTRAG_CACHE to a folder"
            " on another disk."
        )
    yield Finding("disk", f"{free:.1f} GB free at {runtime.cache_dir()}", advice)


def check_memory() -> Iterator[Finding]:
    """The memory that is free, against what the heaviest cell needs."""
    import psutil

    memory = psutil.virtual_memory()
    free, advice = memory.available / 1e9, ""
    if free < MEMORY_GB:
        advice = (
            f"Some lessons need up to {MEMORY_GB} GB. Close other programs and other notebooks'"
            " kernels."
        )
    yield Finding("memory", f"{free:.1f} GB free of {memory.total / 1e9:.1f} GB", advice)


def check_threads() -> Iterator[Finding]:
    """How many cores and threads the computing may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = os.environ.get("OMP_NUM_THREADS")
    yield Finding("CPU", f"{cores} cores" + (f", OMP_NUM_THREADS={threads}" if threads else ""))


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


def port_is_free(port: int) -> bool:
    """True where a server of ours could listen on this port of this machine.

    Raises:
        CourseError: there is no such port.
    """
    if not 1 <= port <= 65535:
        raise CourseError(f"There is no port {port}. Name one from 1024 to 65535.")
    with socket.socket() as probe:
        # As the server does; on Windows it would let two servers share a port.
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
