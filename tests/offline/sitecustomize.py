"""Python imports this by itself where its folder is on PYTHONPATH: so a notebook's kernel is
guarded, too.

Hosts that were reached for are written to the file FTRAG_REACHED, because a library may swallow the
refusal.
"""

import os
from pathlib import Path

import network_guard

_REACHED = os.environ.get("FTRAG_REACHED")


def _note(host: object) -> None:
    with Path(_REACHED).open("a", encoding="utf-8") as file:
        file.write(f"{host!r}\n")


if _REACHED:
    for _owner, _name, _function in network_guard.guards(_note):
        setattr(_owner, _name, _function)
