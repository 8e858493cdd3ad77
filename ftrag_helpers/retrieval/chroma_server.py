"""Connecting to a Chroma server, the one that `FTRAG_CHROMA_URL` names.

Not here: a store on this machine (`chroma_store`), reading the variable (`variables`).
"""

import os
import re
import socket
import urllib.request
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ftrag_helpers.errors import CourseError

_ANSWER_SECONDS = 10


def connect(server: tuple[str, int, bool], settings):
    """Chroma's client for a server.

    Args:
        server: host, port, and whether it is https.
        settings: Chroma's settings for the client.

    Raises:
        CourseError: no Chroma server answers there.
    """
    import chromadb

    url = server_url(server)
    with _no_proxy_here(server[0]):
        problem = _no_answer(url)
        if not problem:
            try:  # Chroma takes a name that begins with "http" for a whole URL
                return chromadb.HttpClient(
                    host=url, port=server[1], ssl=server[2], settings=settings
                )
            except Exception as error:
                problem = first_line(error)
    through_proxy = (
        not _is_here(server[0]) and {"http", "https", "all"} & urllib.request.getproxies().keys()
    )
    hint = " This machine uses a proxy: name a server nearby in NO_PROXY." if through_proxy else ""
    raise CourseError(
        f"No Chroma server answers at {url} (FTRAG_CHROMA_URL): {problem}.{hint} Start one with"
        " `chroma run`, correct the address, or unset the variable to keep the index on this"
        " machine."
    )


def _no_answer(url: str) -> str:
    """Why no Chroma server answers there; empty where one does.

    Chroma's own client waits without an end.
    """
    import httpx

    try:
        reply = httpx.get(f"{url}/api/v2/heartbeat", timeout=_ANSWER_SECONDS)
        is_chroma = "nanosecond heartbeat" in reply.text
        code = reply.status_code
        return "" if is_chroma else f"what answers is no Chroma server of today (HTTP {code})"
    except Exception as error:  # of every sort, for addresses, certificates and proxies
        return first_line(error)


def server_url(server: tuple[str, int, bool]) -> str:
    """The URL of host, port, and whether it is https."""
    host, port, secure = server
    return f"http{'s' * secure}://{f'[{host}]' if ':' in host else host}:{port}"


def unique_part(folder: Path) -> str:
    """The part of a collection's name that no other user of a server has, 32 hexadecimal digits.

    Read from a file in the folder, or written to it.

    Raises:
        CourseError: the file could not be written.
    """
    file = folder / "on_server"
    try:
        name = file.read_text("ascii", "replace").strip() if file.is_file() else None
        if not re.fullmatch("[0-9a-f]{32}", name or ""):
            if name is not None:
                warnings.warn(
                    f"{file} was damaged: the index has a new name on the Chroma server, and is"
                    " made anew.",
                    stacklevel=5,
                )
            name = uuid.uuid4().hex
            folder.mkdir(parents=True, exist_ok=True)
            file.write_text(name, "ascii")
        return name
    except OSError as error:
        raise CourseError(
            f"{file} could not be written ({error.strerror}): it keeps the name of this index on"
            " the Chroma server. Make room, or set FTRAG_CACHE to a folder that you can write to."
        ) from error


@contextmanager
def _no_proxy_here(host: str) -> Iterator[None]:
    """No proxy of the environment's stands between this program and a server on this machine. httpx
    reads them once.
    """
    before = {name: os.environ.get(name) for name in ("no_proxy", "NO_PROXY")}
    try:
        if _is_here(host):
            os.environ.update(dict.fromkeys(before, "*"))
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _is_here(host: str) -> bool:
    """Whether a host is this machine: only its own addresses can be bound."""
    try:
        addresses = {entry[4][0] for entry in socket.getaddrinfo(host, None)}
        for address in addresses:
            with socket.socket(
                socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM
            ) as probe:
                probe.bind((address, 0))
    except (OSError, UnicodeError):
        return False
    return bool(addresses)


def first_line(error: Exception) -> str:
    """The first line of an error's text, or its type where it has none, without a full stop."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
