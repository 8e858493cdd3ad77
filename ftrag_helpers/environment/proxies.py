"""Proxies among the environment's variables: none may stop a start, none may stand before a server
of this machine.

Nothing in the course needs the network, but httpx, which JupyterLab and Chroma use,
refuses to be started beside a SOCKS proxy (that takes one more package), a misspelled proxy, or
some entries of NO_PROXY. `course.py` calls pip with the variables as they were.
"""

import os
from urllib.parse import urlsplit

NAMES = ("http_proxy", "https_proxy", "all_proxy")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def settle() -> None:
    """Take out of this process's variables what no library here can use; may be repeated."""
    proxies = [name for name in os.environ if name.lower() in NAMES and os.environ[name]]
    for name in proxies:
        if not is_http(os.environ[name]):
            del os.environ[name]
    direct = ",".join(os.environ.get(name, "") for name in ("no_proxy", "NO_PROXY"))
    direct = [entry.strip().strip("[]") for entry in direct.split(",")]
    # Without a proxy among the variables Windows and macOS use the system's, as long as NO_PROXY is
    # not set either.
    if any(direct) or any(name in os.environ for name in proxies):
        kept = (
            ["*"]
            if "*" in direct
            else [entry for entry in direct if entry and is_understood(entry)] + [*LOOPBACK]
        )
        os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(dict.fromkeys(kept))


def is_http(proxy: str) -> bool:
    """Whether the address of a proxy is one that httpx and urllib can use.

    >>> some = "http://user:word@school:3128", "school:3128", "socks5://school", "http://[x"
    >>> [is_http(address) for address in some]
    [True, True, False, False]
    """
    import httpx

    whole = proxy if "://" in proxy else f"http://{proxy}"
    try:
        host, port = httpx.Proxy(whole).url.host, urlsplit(whole).port
    except (ValueError, httpx.InvalidURL):
        return False
    return urlsplit(whole).scheme in ("http", "https") and bool(host) and port != 0


def is_understood(entry: str) -> bool:
    """Whether httpx can read an entry of NO_PROXY. One that it cannot would stop every start."""
    import httpx

    before = {name: os.environ.get(name) for name in ("no_proxy", "NO_PROXY")}
    try:
        os.environ.update(dict.fromkeys(before, entry))
        httpx.Client(verify=False).close()
        return True
    except (ValueError, httpx.InvalidURL):
        return False
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
