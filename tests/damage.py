"""Ways in which a file that the course keeps can go wrong: for the tests of everything that is
kept.
"""

import random
from collections.abc import Callable
from pathlib import Path


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def scrambled(path: Path, seed: int = 1) -> None:
    """Random bytes in the middle third, as a bad sector or a broken copy leaves them."""
    content = path.read_bytes()
    third = max(1, len(content) // 3)
    path.write_bytes(content[:third] + random.Random(seed).randbytes(third) + content[2 * third :])


def another_kind(path: Path) -> None:
    path.write_text("Not at all what it should be.\n" * 100)


def gone(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("x")


DAMAGES: dict[str, Callable[[Path], None]] = {
    "cut short": cut,
    "empty": emptied,
    "scrambled": scrambled,
    "of another kind": another_kind,
    "gone": gone,
    "a folder": a_folder,
}
