"""Stands between Python and the network: whoever reaches beyond this machine is refused, and noted.

Used by `conftest.py` for the tests themselves and by `sitecustomize.py` for the processes that they
start.
"""

import socket
from collections.abc import Callable
from ipaddress import ip_address


def guards(note: Callable[[object], None]) -> list[tuple[object, str, Callable]]:
    """What to put in place of `socket`'s own:

    (owner, name, function). `note` is told each host that was refused.
    """
    connect, connect_ex, getaddrinfo = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.getaddrinfo,
    )

    def refuse(host):
        note(host)
        raise OSError(f"the tests are offline: {host!r} is not this machine")

    def guarded(call):
        def guard(self, address):
            if isinstance(address, tuple) and not is_loopback(address[0]):
                refuse(address[0])
            return call(self, address)

        return guard

    def guarded_lookup(host, *args, **kwargs):
        if not is_loopback(host):
            refuse(host)
        return getaddrinfo(host, *args, **kwargs)

    return [
        (socket.socket, "connect", guarded(connect)),
        (socket.socket, "connect_ex", guarded(connect_ex)),
        (socket, "getaddrinfo", guarded_lookup),
    ]


def is_loopback(host: object) -> bool:
    """True for this machine's own names and addresses."""
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
    except ValueError:
        return False
