"""Which Pythons and systems the packages are made for: the words for each that they are not made
for.
"""

import json
import re
import subprocess
import sys
import tomllib

import pytest

from ftrag_helpers.environment import runtime, systems

LINUX = {
    "version": [3, 12, 4],
    "name": "CPython",
    "libc": "glibc 2.28",
    "bits": 64,
    "free_threaded": False,
    "platform": "linux-x86_64",
    "machine": "x86_64",
    "macos": "",
}
MAC = LINUX | {"platform": "macosx-11.0-arm64", "machine": "arm64", "macos": "14.0", "libc": ""}
WINDOWS = LINUX | {"platform": "win-amd64", "machine": "AMD64", "libc": ""}


@pytest.mark.parametrize("python", [[3, 11, 0], [3, 12, 4], [3, 13, 9], [3, 14, 0]])
@pytest.mark.parametrize(
    "system",
    [
        LINUX,
        LINUX | {"machine": "aarch64", "platform": "linux-aarch64", "libc": "glibc 2.41"},
        MAC,
        MAC | {"platform": "macosx-10.13-universal2", "macos": "26.1"},
        WINDOWS,
        WINDOWS | {"machine": "ARM64"},
    ],
)  # an Intel Python on an ARM Windows
def test_supported(system, python):
    assert systems.unsupported(system | {"version": python}) == ""


@pytest.mark.parametrize(
    "facts, words",
    [
        (LINUX | {"version": [3, 15, 0]}, "Python 3.15.0.*python3.14 course.py"),
        (LINUX | {"name": "PyPy"}, "PyPy.*CPython"),
        (LINUX | {"name": "GraalVM"}, "GraalVM.*CPython"),
        (LINUX | {"version": [3, 14, 1], "free_threaded": True}, "free-threaded Python 3.14.1t"),
        (LINUX | {"bits": 32}, "32-bit"),
        (WINDOWS | {"bits": 32, "platform": "win32"}, "32-bit"),
        (LINUX | {"libc": ""}, "musl.*Alpine.*python:3.12"),
        (LINUX | {"libc": "glibc 2.17"}, "too old.*2.17"),
        (LINUX | {"machine": "riscv64"}, "riscv64"),
        (LINUX | {"machine": "ppc64le"}, "ppc64le"),
        (LINUX | {"machine": "armv7l"}, "armv7l"),
        (LINUX | {"platform": "freebsd-14.1-release-amd64"}, "freebsd"),
        (LINUX | {"platform": "cygwin-3.5-x86_64"}, "cygwin"),
        (WINDOWS | {"platform": "win-arm64", "machine": "ARM64"}, "Windows on ARM"),
        (
            MAC | {"machine": "x86_64", "platform": "macosx-10.9-x86_64"},
            "Intel Mac.*Apple processor",
        ),
        (MAC | {"macos": "13.7"}, "macOS 13.7.*macOS 14"),
        (MAC | {"macos": ""}, "macOS 14"),
    ],
)
def test_unsupported(facts, words):
    assert re.search(words, systems.unsupported(facts), re.DOTALL)


def test_another_python_is_asked_by_running_the_file():
    done = subprocess.run(
        [sys.executable, "-I", systems.__file__], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == systems.facts()


def test_this_machine_is_supported():
    assert systems.unsupported(systems.facts()) == ""


def test_every_place_names_the_same_pythons_and_systems():
    project = tomllib.loads((runtime.course_root() / "pyproject.toml").read_text("utf-8"))[
        "project"
    ]
    readme = (runtime.course_root() / "README.md").read_text("utf-8")
    newest = ".".join(map(str, systems.NEWEST))
    assert (
        project["requires-python"] == ">=3.11"
        and f"3.11 to {newest}" in systems.SUPPORTED
        and f"3.11 to {newest}" in readme
    )
    for words in ("glibc 2.28", "macOS 14", "Windows 10"):
        assert words in systems.SUPPORTED and words in readme
