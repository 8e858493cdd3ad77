"""The course's variables (`FTRAG_…`): each is read in one place, and a wrong value is told with the
variable's name.

No heavy library. What it leaves out: `FTRAG_PIP_ARGS` (`pip_calls`), and trying what a
variable names: the folder and the device are `runtime`'s, the models `model_files`', the servers
`chroma_store`'s and `lm.servers`'.
"""

import difflib
import os
import re
from urllib.parse import SplitResult, urlsplit

from ftrag_helpers.errors import CourseError

#: The variables that name a folder, a model (a folder or a hub id), and something to switch off.
FOLDERS = ("FTRAG_CACHE", "FTRAG_RESULTS")
MODELS = ("FTRAG_LLM", "FTRAG_EMBEDDER")
SWITCHES = ("FTRAG_COMPUTE_CACHE", "FTRAG_PROGRESS")
ALL = (
    FOLDERS
    + MODELS
    + SWITCHES
    + ("FTRAG_CHROMA_URL", "FTRAG_DEVICE", "FTRAG_PIP_ARGS", "FTRAG_THREADS")
    + ("FTRAG_ENDPOINT", "FTRAG_ENDPOINT_MODEL")
)
_OFF, _ON = ("off", "0", "no", "false"), ("", "on", "1", "yes", "true")


def absolute(name: str, typed_in: str | None = None) -> str:
    """The path that a variable holds, in full: a relative one counts from `typed_in` (default:
    where this process is).

    A model's hub id stays as it is, where no folder of that name is there. Empty where the variable
    is not set.

    Raises:
        CourseError: "~" stands for no folder here.
    """
    value = os.environ.get(name, "")
    path = os.path.expanduser(value)
    if path.startswith("~"):
        user = value.replace(os.sep, "/").split("/")[0]
        raise CourseError(
            f"{name}={value}: no home folder is known for {user}. Set {name} to the full path."
        )
    whole = os.path.normpath(os.path.join(typed_in or os.getcwd(), path))
    hub_id = name in MODELS and re.fullmatch(r"[\w-][\w.-]*(/[\w.-]+)?", value)
    return value if not value or (hub_id and not os.path.exists(whole)) else whole


def is_on(name: str) -> bool:
    """What a switch such as `FTRAG_PROGRESS` says; without a word everything is on.

    Raises:
        CourseError: it says neither on nor off.
    """
    value = os.environ.get(name, "").strip().lower()
    if value not in _OFF + _ON:
        raise CourseError(
            f"{name}={os.environ[name]} is neither on nor off. Set {name}=off, or unset it."
        )
    return value in _ON


def threads() -> int | None:
    """How many threads PyTorch is to use: `FTRAG_THREADS`, or None where PyTorch decides by itself.

    Raises:
        CourseError: that is no number from 1 to the number of this machine's cores.
    """
    named, cores = os.environ.get("FTRAG_THREADS", "").strip(), os.cpu_count() or 1
    if not named:
        return None
    if not re.fullmatch("[0-9]{1,9}", named) or not 1 <= int(named) <= cores:
        raise CourseError(
            f"FTRAG_THREADS={named} cannot be: it is a whole number from 1 to {cores}, the cores of"
            " this machine. Correct FTRAG_THREADS, or unset it."
        )
    return int(named)


def chroma_address() -> tuple[str, int, bool] | None:
    """Host, port and whether it is https, of the Chroma server in `FTRAG_CHROMA_URL`; None where
    none is named.

    Raises:
        CourseError: it is no address of a server.
    """
    url = os.environ.get("FTRAG_CHROMA_URL", "").strip()
    if not url:
        return None
    where = _server(url if "//" in url else f"//{url}")
    if not where or where.scheme not in ("", "http", "https") or where.path not in ("", "/"):
        raise CourseError(
            f"FTRAG_CHROMA_URL={url} is no address of a Chroma server. It is like"
            " http://127.0.0.1:8000. Correct FTRAG_CHROMA_URL, or unset it to keep the index on"
            " this machine."
        )
    return where.hostname, where.port or 8000, where.scheme == "https"


def endpoint() -> str | None:
    """The address of an OpenAI-style server in `FTRAG_ENDPOINT`, without the "/v1" or
    "/v1/chat/completions" at its end; None where none is named.

    Raises:
        CourseError: it is no http or https address.
    """
    url = os.environ.get("FTRAG_ENDPOINT", "").strip()
    if not url:
        return None
    where = _server(url)
    if not where or where.scheme not in ("http", "https") or not re.fullmatch(r"\S+", url):
        raise CourseError(
            f"FTRAG_ENDPOINT={url} is no address of a server. It is like http://127.0.0.1:8080."
            " Correct FTRAG_ENDPOINT, or unset it to leave your own model out."
        )
    path = re.sub(r"(/v1(/chat/completions)?)?/*$", "", where.path)
    return f"{where.scheme}://{where.netloc}{path}"


def endpoint_model() -> str | None:
    """The name of a model on that server, in `FTRAG_ENDPOINT_MODEL`; None where none is named.

    Raises:
        CourseError: a name without a server.
    """
    name = os.environ.get("FTRAG_ENDPOINT_MODEL", "").strip()
    if name and endpoint() is None:
        raise CourseError(
            f"FTRAG_ENDPOINT_MODEL={name} names a model, and FTRAG_ENDPOINT no server. Set"
            " FTRAG_ENDPOINT to the server's address, or unset FTRAG_ENDPOINT_MODEL."
        )
    return name or None


def _server(url: str) -> SplitResult | None:
    """The parts of a server's address; None where it cannot be one.

    A password, a query and a fragment have no place in it.
    """
    try:
        where = urlsplit(url)
        host, port = where.hostname or "", where.port
    except ValueError:
        return None
    right = (
        re.fullmatch(r"[\w.-]+|[0-9a-f:.]+(%\w+)?", host)
        and port != 0
        and not where.query
        and not where.fragment
        and "@" not in where.netloc
    )
    return where if right else None


def unknown() -> list[str]:
    """A sentence for each variable that begins with FTRAG_ and is none of the course's: most often
    a slip of the pen.
    """
    names = [
        name for name in sorted(os.environ) if name.upper().startswith("FTRAG_") and name not in ALL
    ]
    near = {name: difflib.get_close_matches(name.upper(), ALL, 1, 0.7) for name in names}
    return [
        f"{name} is no variable of the course's."
        + "".join(f" Is {one} meant?" for one in near[name])
        for name in names
    ]
