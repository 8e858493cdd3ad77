"""Whether the libraries that the course stands on can be loaded on this machine, and what helps
where one cannot.

`python -m ftrag_helpers.environment.libraries` ends the set-up: no environment counts as complete
before every library was loaded in it. What it leaves out: computing with them (`ftrag check`).
"""

import importlib
import os
import re
import sys

from ftrag_helpers.environment import proxies, runtime
from ftrag_helpers.errors import CourseError

#: Each stands for the packages that it imports in turn.
LIBRARIES = (
    "numpy",
    "pandas",
    "sklearn",
    "matplotlib",
    "torch",
    "transformers",
    "peft",
    "sentence_transformers",
    "datasets",
    "chromadb",
    "ipykernel",
    "ipywidgets",
    "anywidget",
    "jupyterlab.labapp",
    "nbgrader",
    "nbval",
    "pytest",
)
OLDEST_SQLITE = (3, 35)
NOT_INSTALLED = 3  # this module's exit code where a library is not there at all

_WHOLE_PYTHON = (
    "Install a complete Python (python.org's, or your system's python3 with all its parts)"
)
#: What an error's text shows, and the line that helps.
_CURES = (
    (
        r"DLL load failed|WinError (126|127|1114)\b",
        (
            'Install the Microsoft Visual C++ Redistributable ("latest supported Visual C++'
            ' Redistributable", X64)'
        ),
    ),
    (
        r"WinError (4551|1260)\b|Application Control|group policy",
        (
            "A rule of this computer forbids programs in this folder. Ask whoever looks after it"
            " where programs may run"
        ),
    ),
    (
        r"WinError 1455\b|paging file|MemoryError|[Cc]annot allocate memory|not enough memory",
        "Memory ran out. Close other programs",
    ),
    (
        r"GLIBC(XX)?_[\w.]+['’]? not found",
        "This Linux is too old for the packages. Use Debian 12, Ubuntu 22.04 or newer",
    ),
    (r"libgomp\.so", "On Debian and Ubuntu: sudo apt install libgomp1"),
    (
        r"failed to map segment",
        (
            "The disk that holds the course forbids programs (mounted noexec). Copy the course to"
            " another one"
        ),
    ),
    (
        r"code signature|library load (disallowed|denied)|not valid for use in process",
        "macOS refuses this library. Install Python from python.org, delete the folder .venv",
    ),
    (
        r"incompatible architecture|wrong ELF class|WinError 193\b|not a valid Win32",
        "The packages are for another processor than this Python. Delete the folder .venv",
    ),
    (
        r"baseline optimizations|X86_V\d|Illegal instruction",
        "This processor is too old for the packages. Use another computer",
    ),
    (
        r"No module named '_?(ssl|ctypes|lzma|bz2|zlib|hashlib|uuid|socket|sqlite3)'",
        f"This Python was built without that part. {_WHOLE_PYTHON}, delete the folder .venv",
    ),
    (
        r"(lib[\w+.-]+\.so[.\d]*): cannot open shared object",
        "Install the system's package that holds this file",
    ),
)


def load() -> None:
    """Import every library.

    Raises:
        CourseError: one cannot be loaded; the text names it, the reason and the cure.
    """
    check_sqlite()
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except Exception as error:  # libraries raise errors of every kind as they load
            raise CourseError(
                f"{name.split('.')[0]} cannot be loaded: {first_line(error)}\n"
                f"{cure(error)}, then start again."
            ) from error


def first_line(error: BaseException) -> str:
    """The error's kind and the first line of its text, without colours."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
    return f"{type(error).__name__}: {text.splitlines()[0]}" if text else type(error).__name__


def cure(error: BaseException) -> str:
    """What helps where importing a library raised this; the general cure where nothing better is
    known.
    """
    chain, texts = error, []
    while chain is not None:  # what a library says last often hides what the system said first
        texts.append(f"{type(chain).__name__}: {chain}")
        chain = chain.__cause__ or chain.__context__
    return next((line for pattern, line in _CURES if re.search(pattern, "\n".join(texts))), anew())


def anew() -> str:
    """How the environment in which this runs is made anew."""
    own = runtime.course_root() / ".venv"
    if own.exists() and own.samefile(sys.prefix):
        return "Delete the folder .venv"
    return "Make the environment anew (environment.yml or requirements.lock)"


def check_sqlite() -> None:
    """Raise CourseError where this Python's SQLite is missing, or too old for Chroma, which keeps
    the index in it.
    """
    again = (
        "python.org's, or conda's) and start the course with it; delete the folder .venv before, "
        "as it belongs to the old one."
    )
    try:
        import sqlite3
    except ImportError as error:
        raise CourseError(
            f"This Python was built without SQLite ({error}), and the index is kept in it.\n"
            f"Install a Python that has it ({again}"
        ) from error
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise CourseError(
            f"This Python has SQLite {sqlite3.sqlite_version}, and the index (Chroma) needs 3.35 or"
            f" newer.\nInstall a newer Python ({again}"
        )


def main() -> int:
    """Load every library; 0 where all can be, 3 where one is not installed, else 1, with the reason
    on stdout.
    """
    try:
        os.environ.update(runtime.offline_environment())
        proxies.settle()
        load()
    except CourseError as error:
        print(error, flush=True)
        return (
            NOT_INSTALLED
            if isinstance(error.__cause__, ModuleNotFoundError) and "'_" not in str(error.__cause__)
            else 1
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
