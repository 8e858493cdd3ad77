"""How the course calls pip: with which options, which of pip's own settings count, and what helps
where pip fails.

Uses the standard library alone: `course.py` imports it before anything is installed. It
leaves out running pip.
"""

import ast
import os
import re
import shlex
import subprocess
from functools import lru_cache

#: pip's settings that say where packages come from and how they are reached. They are a site's, and
#: they stay.
KEPT = frozenset(
    "index-url pypi-url extra-index-url no-index find-links trusted-host proxy cert "
    "client-cert keyring-provider timeout default-timeout retries cache-dir no-cache-dir "
    "constraint use-feature use-deprecated".split()
)
#: Options that would put the packages anywhere but into the course's environment, or take them for
#: another machine.
ELSEWHERE = frozenset(
    "-t --target --prefix --root --user --dry-run --python --platform --python-version "
    "--implementation --abi".split()
)
#: What pip's words show, and the line that helps; the first that fits is told. First: the index
#: cannot be reached.
_UNREACHABLE = (
    (
        r"SOCKS",
        "pip cannot use a SOCKS proxy. Name an HTTP proxy in HTTPS_PROXY and unset ALL_PROXY.",
    ),
    (
        (
            r"check proxy URL|InvalidProxyURL|Proxy URL had no scheme|No host specified|Failed to"
            r" parse: "
        ),
        (
            "The address of a proxy is misspelled. It is like http://HOST:PORT. Look at"
            " HTTPS_PROXY, HTTP_PROXY, ALL_PROXY."
        ),
    ),
    (
        r"407\b|ProxyError.*40[137]|Proxy Authentication",
        "The proxy wants a name and a password: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|CA certificate bundle",
        (
            "The connection is not trusted: something between here and the index signs with a"
            " certificate of its own.\nAsk whoever runs the network for it, and name its file in"
            " PIP_CERT."
        ),
    ),
    (
        r"40[13] Client Error|HTTP error 40[13]|Unauthorized|Forbidden",
        "The index refuses this. Look at its address and at the name and password in it.",
    ),
    (
        r"NewConnectionError|ConnectTimeout|ReadTimeout|NameResolutionError|Max retries"
        r" exceeded|getaddrinfo|ProxyError"
        r"|Network is unreachable|Connection (refused|reset|aborted|broken)|Temporary failure in"
        r" name resolution"
        r"|Name or service not known",
        (
            "There is no connection to the package index. The first start, and one after new"
            " packages, needs the network.\nCheck the connection. Behind a proxy, set HTTPS_PROXY;"
            ' for an index of your own, set\nFTRAG_PIP_ARGS="--index-url ADDRESS".'
        ),
    ),
)
_CURES = _UNREACHABLE + (
    (
        (
            r"DO NOT MATCH THE HASHES|[Hh]ash mismatch|BadZipFile|Wheel .* is"
            r" invalid|incomplete-download|IncompleteRead"
        ),
        (
            "A file arrived damaged, or changed on the way. Run: {python} -m pip cache purge\n"
            "If it stays so, tell whoever runs the package index."
        ),
    ),
    (
        r"WinError 206\b|Long Path|path too long|File name too long",
        "The path of this folder is too long. Move the course to a short one, such as C:\\course.",
    ),
    (
        r"WinError (5|32)\b|Permission denied|Access is denied",
        "A file is in use or not yours. Close JupyterLab and other programs that use the course.",
    ),
    (
        (
            r"ResolutionImpossible|conflicting dependencies|\(constraint\)|Could not open"
            r" requirements file"
        ),
        (
            "A constraints file of pip's (setting `constraint`, or --constraint in FTRAG_PIP_ARGS)"
            " is not there, or forbids a\nversion that the course needs. This says where it is set:"
            " {python} -m pip config debug"
        ),
    ),
    (
        (
            r"no such option|requires \d argument|invalid (choice|\w+ value)|during"
            r" configuration|is not a valid value"
        ),
        (
            "pip does not understand one of its options. Look at FTRAG_PIP_ARGS, and at pip's own"
            " settings:\n{python} -m pip config debug"
        ),
    ),
    (
        (
            r"Failed (building|to"
            r" build)|metadata-generation-failed|subprocess-exited-with-error|error: command .*"
            r" failed"
        ),
        (
            "A package would have to be built, which takes a compiler. Take --no-binary and"
            " --no-build-isolation out of\nFTRAG_PIP_ARGS; if your package index lacks the built"
            " package (wheel), name another index."
        ),
    ),
    (
        r"from versions: (?!none)",
        (
            "The package index lacks this version. Name one that has it:"
            ' FTRAG_PIP_ARGS="--index-url ADDRESS".'
        ),
    ),
    (
        r"No matching distribution|Could not find a version|from versions: none",
        (
            "The package index does not answer, or has no built package (wheel) of that name that"
            " fits here. Check the network\nand the address of the index: pip's own setting, or"
            ' FTRAG_PIP_ARGS="--index-url ADDRESS".'
        ),
    ),
    (
        r"MemoryError|Cannot allocate memory|WinError 1455\b",
        "Memory ran out. Close other programs.",
    ),
)
_SETTING = re.compile(r"(global|install|download)\.([\w-]+)=(['\"].*)")


def given() -> list[str]:
    """The options in `FTRAG_PIP_ARGS`: blanks separate, quotes group, a backslash is an ordinary
    character.

    >>> os.environ["FTRAG_PIP_ARGS"] = r"--find-links 'C:\\My wheels' --no-index"
    >>> given()
    ['--find-links', 'C:\\\\My wheels', '--no-index']
    >>> del os.environ["FTRAG_PIP_ARGS"]

    Raises:
        ValueError: a quotation mark is not closed, or an option would put the packages elsewhere.
    """
    text = os.environ.get("FTRAG_PIP_ARGS", "")
    reader = shlex.shlex(text, posix=True, punctuation_chars=False)
    reader.whitespace_split, reader.escape, reader.commenters = True, "", ""
    try:
        options = list(reader)
    except ValueError:
        raise ValueError(
            f"FTRAG_PIP_ARGS has a quotation mark that is not closed: {text}\n"
            "Close it, or put what holds an apostrophe into double quotes."
        ) from None
    wrong = [name for name in (option.split("=")[0] for option in options) if name in ELSEWHERE]
    if wrong:
        raise ValueError(
            f"FTRAG_PIP_ARGS holds {wrong[0]}, and with it the packages would not come into the"
            " course's environment.\nTake it out. FTRAG_PIP_ARGS is for the index, such as"
            " --index-url ADDRESS."
        )
    return options


def environment(python: str, command: str) -> dict[str, str]:
    """This process's variables for `pip COMMAND`, with pip's settings in KEPT and without all its
    others.

    A setting such as `target` or `dry-run`, in a file or a variable of pip's, would send the
    packages elsewhere.

    Raises:
        ValueError: pip cannot read its own settings.
    """
    kept = {
        f"PIP_{name.upper().replace('-', '_')}": value
        for name, value in _site_settings(python, command).items()
    }
    return plain() | kept


def plain() -> dict[str, str]:
    """This process's variables without any setting of pip's, and with its files switched off."""
    return _without_pip() | {"PIP_CONFIG_FILE": os.devnull}


def _without_pip() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.upper().startswith("PIP_")
    }


def _variables() -> dict[str, str]:
    """The variables of pip's that are kept, and hold something: pip passes empty ones by."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.upper().startswith("PIP_") and name[4:].lower().replace("_", "-") in KEPT and value
    }


@lru_cache
def _site_settings(python: str, command: str) -> dict[str, str]:
    """What pip's files and variables say, as far as it is kept: a variable before `command`'s
    section before the rest.
    """
    # Else a setting `python` would start another Python.
    surroundings = _without_pip() | {"_PIP_RUNNING_IN_SUBPROCESS": "1"}
    if os.environ.get("PIP_CONFIG_FILE"):
        surroundings["PIP_CONFIG_FILE"] = os.environ["PIP_CONFIG_FILE"]
    done = subprocess.run(
        [python, "-I", "-m", "pip", "--disable-pip-version-check", "config", "list"],
        env=surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode and "No module named pip" not in done.stdout:
        words = next(
            (line.strip() for line in reversed(done.stdout.splitlines()) if line.strip()), "nothing"
        )
        raise ValueError(
            f"pip cannot read its own settings.\n  pip said: {words}\nCorrect the file; `pip config"
            " debug` lists those that pip reads (PIP_CONFIG_FILE names one more)."
        )
    settings = {"global": {}, command: {}}
    for section, name, value in _SETTING.findall(done.stdout):
        if name in KEPT and section in settings:
            settings[section][name] = ast.literal_eval(value)
    variables = {name[4:].lower().replace("_", "-"): value for name, value in _variables().items()}
    return settings["global"] | settings[command] | variables


def last_line(output: str) -> str:
    """The line of pip's words that says most: the last one marked ERROR or error, else the last one
    that is no hint.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(("hint:", "note:", "[notice]"))]
    for mark in ("ERROR", "error:", ""):
        marked = [line for line in lines if mark in line]
        if marked:
            return marked[-1]
    return "(nothing)"


def cure(output: str, python: str) -> str:
    """The lines that help where pip ended with these words, for the pip of that Python; "" where
    nothing is known.
    """
    lines = next((lines for pattern, lines in _CURES if re.search(pattern, output)), "")
    return lines.replace("{python}", python)


def is_unreachable(output: str) -> bool:
    """Whether pip's words show that it did not get through to the package index at all."""
    return any(re.search(pattern, output) for pattern, _ in _UNREACHABLE)
