"""Which systems and Pythons the course's packages are made for, and what helps on another.

Uses the standard library alone: `course.py` imports it before anything is fetched, and
runs it as a script with another Python, which then says what it is.
"""

import json
import os
import platform
import re
import sys
import sysconfig

NEWEST = (3, 14)
OLDEST_GLIBC, OLDEST_MACOS = (2, 28), 14
SUPPORTED = (
    "The course runs on CPython 3.11 to 3.14, 64-bit, on Linux with glibc 2.28 or newer (x86-64,"
    " ARM64),\nmacOS 14 or newer on an Apple processor, and Windows 10 or newer on an Intel or AMD"
    " processor."
)
_ELSEWHERE = "Use another computer, or a server of your school (JupyterHub)."


def facts() -> dict:
    """What this Python says of itself and its system, as far as it decides which packages fit."""
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):  # Windows, macOS, musl
        libc = ""
    return {
        "version": list(sys.version_info[:3]),
        "name": platform.python_implementation(),
        "libc": libc,
        "bits": 64 if sys.maxsize > 2**32 else 32,
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "platform": sysconfig.get_platform(),
        "machine": platform.machine(),
        "macos": platform.mac_ver()[0],
    }


def unsupported(facts: dict) -> str:
    """Why there are no packages for a Python that says this of itself, and what helps; empty where
    there are.
    """
    return _unsupported_python(facts) or _unsupported_system(facts)


def _unsupported_python(facts: dict) -> str:
    shown = ".".join(map(str, facts["version"]))
    if tuple(facts["version"][:2]) > NEWEST:
        return (
            f"This is Python {shown}: PyTorch and other packages are not made for it yet. Install"
            " Python 3.14, then\nname it in the command: python3.14 course.py lab (on Windows: py"
            " -3.14 course.py lab)."
        )
    if facts["name"] != "CPython":
        return (
            f"This is {facts['name']}: the packages are not made for it. Start the course with"
            " CPython, the ordinary one."
        )
    if facts["free_threaded"]:
        return (
            f"This is the free-threaded Python {shown}t: not all packages are made for it. Take the"
            " one without t."
        )
    if facts["bits"] != 64:
        return (
            "This is a 32-bit Python: PyTorch is not made for it. Install the 64-bit one, then"
            " start the course with it."
        )
    return ""


def _unsupported_system(facts: dict) -> str:
    system, machine = re.split(r"[-\d]", facts["platform"])[0], facts["machine"].lower()
    if system == "macosx":
        return _unsupported_mac(facts["macos"], machine)
    if system == "win":
        return (
            ""
            if facts["platform"] == "win-amd64"
            else (
                "This is Python for Windows on ARM: Chroma and other packages are not made for it."
                f" {_ELSEWHERE}"
            )
        )
    if system != "linux":
        return f"The packages are not made for {facts['platform']}. {_ELSEWHERE}"
    if machine not in ("x86_64", "amd64", "aarch64", "arm64"):
        return f"PyTorch is not made for the processor {facts['machine']}. {_ELSEWHERE}"
    if not facts["libc"].startswith("glibc"):
        return (
            "This Linux has musl in glibc's place (as Alpine has): PyTorch is not made for it.\n"
            "Use a Debian or Ubuntu image, such as python:3.12."
        )
    if tuple(map(int, re.findall(r"\d+", facts["libc"])[:2])) < OLDEST_GLIBC:
        return (
            f"This Linux is too old: it has {facts['libc']}, the packages need 2.28. Use Debian 11"
            " or Ubuntu 20.04."
        )
    return ""


def _unsupported_mac(version: str, machine: str) -> str:
    if machine != "arm64":
        return (
            "This Python is made for Intel Macs: PyTorch no longer is. If the Mac has an Apple"
            " processor, install\nPython from python.org and start the course with it. Else:"
            f" {_ELSEWHERE[0].lower()}{_ELSEWHERE[1:]}"
        )
    if int(version.split(".")[0] or 0) < OLDEST_MACOS:
        return (
            f"This is macOS {version}, and the packages need macOS {OLDEST_MACOS}. Bring macOS up"
            " to date."
        )
    return ""


if __name__ == "__main__":
    print(json.dumps(facts()))
