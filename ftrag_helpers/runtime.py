"""Where the course runs: folders, device, threads, seeds, and what the machine has to spare.

Level 0: imports nothing of the course, and no heavy library until a function needs it.
"""

import os
import platform
import random
import sys
import time
from contextlib import contextmanager
from pathlib import Path

#: Set for every child process and notebook: no telemetry, no hub, no update checks, and threads that sleep while they wait.
OFFLINE = {
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    # By default waiting threads spin and keep the processor from every other program, which slows the course itself most.
    # The first is PyTorch's and scikit-learn's OpenMP (libgomp, libomp and libiomp5 all read it), the second NumPy's
    # OpenBLAS: the logarithm of the cycles to spin, 4 the least. Both are read once, when the library is loaded.
    "OMP_WAIT_POLICY": "passive",
    "OPENBLAS_THREAD_TIMEOUT": "4",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}


class CourseError(Exception):
    """Something a person can put right. Its text says what was wrong and what to do next."""


def offline_environment() -> dict[str, str]:
    """Environment variables that keep every library on this machine. Learners' own values win."""
    return {name: os.environ.get(name, value) for name, value in OFFLINE.items()}


def course_root() -> Path:
    """The folder that holds `notebooks/`, `datasets/` and this package."""
    return Path(__file__).resolve().parent.parent


def data_dir() -> Path:
    """The folder of the course's data sets."""
    return course_root() / "datasets"


def cache_dir() -> Path:
    """The folder for models, indexes and results: `FTRAG_CACHE`, or the user's cache folder.

    Raises:
        CourseError: the folder cannot be made or written to.
    """
    from platformdirs import user_cache_path

    named = os.environ.get("FTRAG_CACHE")
    folder = Path(named).expanduser() if named else user_cache_path("ftrag", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(
            f"The course keeps its models in {folder}, and that folder cannot be made "
            f"({error.strerror}). Name another one: set FTRAG_CACHE to a folder you can write to."
        ) from error
    return folder


def device():
    """The torch device to compute on: `FTRAG_DEVICE`, else CUDA, else Apple's MPS, else the CPU.

    The printed outputs of the lessons were made on a CPU. A GPU rounds differently, so that now
    and then an answer comes out in other words there.
    """
    import torch

    named = os.environ.get("FTRAG_DEVICE")
    if named:
        return torch.device(named)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


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
        "CPU cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "memory": f"{memory.available / 1e9:.1f} GB free of {memory.total / 1e9:.1f} GB",
        "disk": f"{disk.free / 1e9:.1f} GB free",
        "cache": str(cache_dir()).replace(str(Path.home()), "~"),
    }


def prepare_notebook() -> str:
    """Make a notebook's process quiet and offline; returns what it set, in one line.

    Call it in the first cell, before PyTorch, `transformers` or `chromadb` are imported. `FTRAG_THREADS` sets how many
    threads PyTorch uses; by default it decides by itself.
    """
    import logging
    import warnings

    os.environ.update(offline_environment())
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", message=".*IProgress not found.*")
    for name in ("transformers", "sentence_transformers", "chromadb", "httpx"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if os.environ.get("FTRAG_THREADS"):
        import torch

        torch.set_num_threads(int(os.environ["FTRAG_THREADS"]))
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
    return (f"Measured on {cores}: {facts['seconds']:.0f} s of computing, "
            f"{facts['peak_gb']:.1f} GB of memory at most.")
