"""Where the course runs: folders, device, threads, seeds, and what the machine has to spare.

No heavy library until a function needs it. What variables say is read by `variables` and
`proxies`.
"""

import os
import platform
import random
import shutil
import sys
import time
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from ftrag_helpers.environment import execution_order, proxies, variables
from ftrag_helpers.errors import CourseError

#: Set for every child process and notebook: no telemetry, no hub, no update checks, no bars of
#: `datasets` in outputs, and threads that sleep while they wait.
OFFLINE = {
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    # By default waiting threads spin and keep the processor from every other program, which slows
    # the course itself most. The first is PyTorch's and scikit-learn's OpenMP (libgomp, libomp and
    # libiomp5 all read it), the second NumPy's OpenBLAS: the logarithm of the cycles to spin, 4 the
    # least. Both are read once, when the library is loaded.
    "OMP_WAIT_POLICY": "passive",
    "OPENBLAS_THREAD_TIMEOUT": "4",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}


def offline_environment() -> dict[str, str]:
    """Environment variables that keep every library on this machine. Learners' own values win."""
    return {name: os.environ.get(name, value) for name, value in OFFLINE.items()}


def course_root() -> Path:
    """The folder that holds `notebooks/`, `datasets/` and this package."""
    return Path(__file__).resolve().parent.parent.parent


def data_dir() -> Path:
    """The folder of the course's data sets."""
    return course_root() / "datasets"


def settle(typed_in: str | None = None) -> None:
    """Make this process and all that it starts offline, and its variables right for every folder;
    may be repeated.

    A relative folder counts from `typed_in` (default: where this process is), and so means the same
    in a notebook's folder.

    Raises:
        CourseError: a variable cannot be right, or there is no folder for models and settings.
    """
    os.environ.update(offline_environment())
    proxies.settle()
    for name in variables.FOLDERS + variables.MODELS:
        if os.environ.get(name):
            os.environ[name] = variables.absolute(name, typed_in)
    _settle_home()
    for name in variables.SWITCHES:
        variables.is_on(name)
    variables.threads()
    variables.chroma_address()
    variables.endpoint()
    variables.endpoint_model()


def _settle_home() -> None:
    """Where the user has no home folder to write to, give JupyterLab and the libraries one in the
    course's cache.
    """
    if _home_is_usable():
        return
    home = cache_dir() / "home"
    try:
        home.mkdir(exist_ok=True)
    except OSError as error:
        raise CourseError(
            f"{_no_home()}, and {home.parent} cannot be written to either ({error.strerror}). "
            "Set FTRAG_CACHE to a folder of your own, in full."
        ) from error
    os.environ["FTRAG_CACHE"] = str(home.parent)
    os.environ["USERPROFILE" if os.name == "nt" else "HOME"] = str(home)
    for name in (
        "USER",
        "LOGNAME",
    ):  # who has no home often has no name either, and PyTorch asks for it
        os.environ.setdefault(name, "learner")


def _home_is_usable() -> bool:
    home = os.path.expanduser("~")
    return os.path.isdir(home) and os.access(home, os.W_OK | os.X_OK)


def _no_home() -> str:
    home = os.path.expanduser("~")
    return (
        "This user has no home folder (HOME is not set)"
        if home == "~"
        else (
            f"The home folder {home} (HOME)"
            f" {'cannot be written to' if os.path.isdir(home) else 'is not there'}"
        )
    )


def cache_dir() -> Path:
    """The folder for models, indexes and results: `FTRAG_CACHE`, or the user's cache folder.

    Raises:
        CourseError: the folder cannot be made or written to.
    """
    from platformdirs import user_cache_path

    named = variables.absolute("FTRAG_CACHE")
    try:
        folder = Path(named) if named else user_cache_path("ftrag", appauthor=False)
    except RuntimeError as error:
        raise CourseError(
            f"{_no_home()}, and the course keeps its models there. Set FTRAG_CACHE to a folder of"
            " your own, in full."
        ) from error
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(
            f"The course keeps its models in {folder}, and that folder cannot be made "
            f"({error.strerror}). Name another one: set FTRAG_CACHE to a folder you can write to."
        ) from error
    return folder


def delete(path: Path) -> None:
    """Delete a file, or a folder with all that is in it; nothing where there is nothing.

    Raises:
        OSError: it cannot be deleted.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def device():
    """The torch device to compute on: `FTRAG_DEVICE`, else CUDA, else Apple's MPS, else the CPU.

    The printed outputs of the lessons were made on a CPU. A GPU rounds differently, so that now
    and then an answer comes out in other words there.

    Raises:
        CourseError: `FTRAG_DEVICE` names none, or one that cannot be used here.
    """
    import torch

    named = os.environ.get("FTRAG_DEVICE", "").strip()
    if named:
        return _tried_device(named)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


@lru_cache
def _tried_device(named: str):
    """The device of that name, after one addition on it."""
    import torch

    try:
        found = torch.device(named.lower())
        torch.ones(1, device=found).add_(1)
    except Exception as error:  # each backend refuses with an error of its own
        usable = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
        usable += ["mps"] if torch.backends.mps.is_available() else []
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise CourseError(
            f"FTRAG_DEVICE={named} cannot be used here ({reason}). "
            f"PyTorch can use: {', '.join(usable)}. Correct FTRAG_DEVICE, or unset it."
        ) from error
    return found


def set_seed(seed: int) -> None:
    """Set the seeds of Python, NumPy and PyTorch, so that the next random act can be repeated."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def peak_memory_gb() -> float:
    """The most memory this process has held so far, in GB (10^9 bytes)."""
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset / 1e9
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e9


@contextmanager
def stopwatch():
    """Time a block: `with stopwatch() as clock: …`, then read `clock.seconds`."""

    class Clock:
        seconds = 0.0

    clock, start = Clock(), time.perf_counter()
    try:
        yield clock
    finally:
        clock.seconds = time.perf_counter() - start


def describe() -> dict[str, str]:
    """What this machine is, in a few words a line: for reports, never for a checked output."""
    import psutil

    memory, disk = psutil.virtual_memory(), psutil.disk_usage(str(cache_dir()))
    return {
        "Python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "CPU cores": str(
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        ),
        "memory": f"{memory.available / 1e9:.1f} GB free of {memory.total / 1e9:.1f} GB",
        "disk": f"{disk.free / 1e9:.1f} GB free",
        "cache": str(cache_dir()).replace(str(Path.home()), "~"),
    }


def prepare_notebook() -> str:
    """Make a notebook's process quiet and offline; returns what it set, in one line.

    Call it in the first cell, before PyTorch, `transformers` or `chromadb` are imported.
    `FTRAG_THREADS` sets how many threads PyTorch uses; by default it decides by itself.

    Raises:
        CourseError: a variable of the course's is wrong; the text names it.
    """
    import logging
    import warnings

    # The shell's own word for where Jupyter was started: this process runs in the notebook's
    # folder.
    typed_in = os.environ.get("PWD", "")
    settle(typed_in if os.path.isabs(typed_in) and os.path.isdir(typed_in) else None)
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", message=".*IProgress not found.*")
    for name in ("transformers", "sentence_transformers", "chromadb", "httpx"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if variables.threads():
        import torch

        torch.set_num_threads(variables.threads())
    execution_order.watch()
    own = variables.endpoint()
    if own:
        return f"No telemetry: all runs on this machine, save your own model at {own}."
    return "Offline, no telemetry: everything from here on runs on this machine."


def lesson_facts(lesson: str) -> str:
    """What a lesson needs, as measured by `benchmarks/lessons.py`, in one line.

    Raises:
        CourseError: that lesson was never measured.
    """
    import json

    measured = json.loads((course_root() / "notebooks" / "timings.json").read_text("utf-8"))
    if lesson not in measured:
        raise CourseError(f"{lesson} has not been measured yet: run python benchmarks/lessons.py")
    facts = measured[lesson]
    cores = f"{facts['cores']} CPU core{'s' if facts['cores'] != 1 else ''}"
    return (
        f"Measured on {cores}: {facts['seconds']:.0f} s of computing, "
        f"{facts['peak_gb']:.1f} GB of memory at most."
    )
