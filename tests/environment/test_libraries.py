"""Loading the libraries: what is said where one cannot be loaded, and that no fault ends in advice
for another.
"""

import subprocess
import sys

import pytest

from ftrag_helpers.environment import libraries, runtime
from ftrag_helpers.errors import CourseError


def fail(monkeypatch, error):
    def importing(name):
        raise error

    monkeypatch.setattr(libraries.importlib, "import_module", importing)


@pytest.mark.parametrize(
    "error, words",
    [
        (
            ImportError(
                "DLL load failed while importing _C: The specified module could not be found."
            ),
            "Visual C\\+\\+ Redistributable",
        ),
        (
            OSError(
                "[WinError 1114] A dynamic link library (DLL) initialization routine failed. Error"
                " loading c10.dll"
            ),
            "Redistributable",
        ),
        (OSError("[WinError 1455] The paging file is too small"), "Close other programs"),
        (ImportError("/lib/libm.so.6: version `GLIBC_2.29' not found"), "Linux is too old"),
        (
            ImportError("libgomp.so.1: cannot open shared object file: No such file or directory"),
            "apt install libgomp1",
        ),
        (ImportError("libXrender.so.1: cannot open shared object file"), "holds this file"),
        (ImportError("x.so: failed to map segment from shared object"), "noexec"),
        (ImportError("dlopen(x): library load disallowed by system policy"), "macOS refuses"),
        (
            ImportError(
                "mach-o file, but is an incompatible architecture (have 'x86_64', need 'arm64')"
            ),
            "another processor",
        ),
        (
            RuntimeError(
                "NumPy was built with baseline optimizations: (X86_V2) but your machine doesn't"
                " support it"
            ),
            "processor is too old",
        ),
        (ModuleNotFoundError("No module named '_ctypes'"), "built without that part"),
        (ModuleNotFoundError("No module named 'numpy'"), "\\.venv|environment anew"),
        (KeyError("odd"), "\\.venv|environment anew"),
    ],
)
def test_each_reason_has_its_cure(monkeypatch, error, words):
    fail(monkeypatch, error)
    with pytest.raises(CourseError, match=words) as caught:
        libraries.load()
    assert str(caught.value).startswith("numpy cannot be loaded") and type(error).__name__ in str(
        caught.value
    )


def test_the_first_cause_counts(monkeypatch):
    outer = RuntimeError("could not import torch")
    outer.__cause__ = OSError("[WinError 126] The specified module could not be found")
    assert "Redistributable" in libraries.cure(outer)


@pytest.mark.parametrize(
    "error, code",
    [
        (ModuleNotFoundError("No module named 'torch'"), libraries.NOT_INSTALLED),
        (ModuleNotFoundError("No module named '_ctypes'"), 1),
        (OSError("broken"), 1),
    ],
)
def test_what_is_not_installed_is_told_apart(monkeypatch, capsys, error, code):
    fail(monkeypatch, error)
    assert libraries.main() == code and "cannot be loaded" in capsys.readouterr().out


@pytest.mark.parametrize("version", [(3, 34, 1), (3, 7, 17)])
def test_an_old_sqlite_is_told_with_its_cure(monkeypatch, version):
    import sqlite3

    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    with pytest.raises(CourseError, match="needs 3.35 or newer(.|\n)*Install a newer Python"):
        libraries.load()


def test_a_missing_sqlite_is_told_with_its_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    with pytest.raises(CourseError, match="without SQLite(.|\n)*Install a Python that has it"):
        libraries.load()


@pytest.mark.slow
def test_every_library_is_installed_here():
    code = (
        "from importlib.util import find_spec as f\nfrom ftrag_helpers.environment.libraries import"
        " LIBRARIES as L\nassert all(map(f, L))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=runtime.course_root()).returncode == 0
