"""A table of results by name in an SQLite file, which may be lost, damaged or locked at any time.

What is read is what was written: each result has a checksum, and a damaged file is begun anew.
Several processes may use one file at once. Not here: what a result holds and what its name is made
of (`result_cache`).
"""

import sqlite3
import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from ftrag_helpers.environment import runtime, variables
from ftrag_helpers.errors import CourseError

#: Names in one SQL query.
_ASKED_AT_ONCE = 500
#: SQLite's primary error codes for a database that may be intact, but cannot be read or written
#: now; all others are taken for a damaged one.
_UNUSABLE = {
    getattr(sqlite3, f"SQLITE_{name}")
    for name in "PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR FULL CANTOPEN PROTOCOL NOLFS"
    " AUTH".split()
}


def folder() -> Path | None:
    """The cache folder; None where the cache is off or there is no such folder."""
    if not variables.is_on("FTRAG_COMPUTE_CACHE"):
        return None
    try:
        return runtime.cache_dir()
    except CourseError:
        return None


class ResultStore:
    """The results in one file; where it cannot be used, a warning is given, and nothing is read or
    kept from then on.

    Args:
        path: the file.
        most: how many results it holds; the oldest are deleted.
    """

    def __init__(self, path: Path, most: int):
        self._path, self._most, self._is_usable = path, most, True

    def get(self, names: Sequence[str]) -> dict[str, bytes]:
        """The results of those names that are there."""

        def read(base: sqlite3.Connection) -> dict[str, bytes]:
            known = {}
            for start in range(0, len(names), _ASKED_AT_ONCE):
                some = names[start : start + _ASKED_AT_ONCE]
                rows = base.execute(
                    f"SELECT name, result FROM results WHERE name IN ({','.join('?' * len(some))})",
                    some,
                )
                known |= {name: _content(name, stored) for name, stored in rows}
            return known

        return (self._use(read) if names else None) or {}

    def put(self, results: Mapping[str, bytes]) -> None:
        """Keep results under their names, in place of older ones."""
        rows = [(name, _checksum(name, content) + content) for name, content in results.items()]

        def write(base: sqlite3.Connection) -> None:
            base.executemany("INSERT OR REPLACE INTO results (name, result) VALUES (?, ?)", rows)
            # Row ids grow with each insertion: the oldest results beyond `most` are deleted.
            base.execute(
                "DELETE FROM results WHERE rowid <= (SELECT max(rowid) FROM results) - ?",
                (self._most,),
            )

        if rows:
            self._use(write)

    def _use(self, work: Callable[[sqlite3.Connection], object]):
        """Run `work` on the open database in one transaction; its result, or None.

        A damaged database is deleted and created anew, once.
        """
        for _ in range(2 * self._is_usable):
            try:
                with closing(sqlite3.connect(self._path, timeout=10)) as base, base:
                    base.execute(
                        "CREATE TABLE IF NOT EXISTS results (name TEXT PRIMARY KEY, result NOT"
                        " NULL)"
                    )
                    return work(base)
            except sqlite3.Error as error:
                if not (self._is_damaged(error) and self._discard()):
                    warnings.warn(
                        f"The cache {self._path} cannot be used now ({error}): its results are"
                        " computed anew.",
                        stacklevel=4,
                    )
                    break
                warnings.warn(
                    f"The cache {self._path} was damaged ({error}): it is begun anew.", stacklevel=4
                )
        self._is_usable = False
        return None

    def _is_damaged(self, error: sqlite3.Error) -> bool:
        """Whether the error means a damaged file (or a folder in its place) and not a temporary
        obstacle.
        """
        # The low byte of an extended error code is the primary code.
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        in_the_way = any(path.is_dir() for path in self._files())
        return in_the_way or code == sqlite3.SQLITE_IOERR_SHORT_READ or code & 255 not in _UNUSABLE

    def _files(self) -> list[Path]:
        """The database's file and the files that SQLite may put next to it."""
        return [
            self._path.with_name(self._path.name + end) for end in ("", "-journal", "-wal", "-shm")
        ]

    def _discard(self) -> bool:
        """Delete the database, or a folder that lies in its place; whether that was possible."""
        try:
            for path in self._files():
                runtime.delete(path)
        except OSError:
            return False
        return True


def _checksum(name: str, content: bytes) -> bytes:
    """CRC-32 of name and content, 4 bytes: SQLite has none, and would read a changed digit as
    another number.
    """
    return zlib.crc32(name.encode() + content).to_bytes(4)


def _content(name: str, stored: bytes) -> bytes:
    """The stored bytes without their checksum.

    Raises:
        sqlite3.DatabaseError: the checksum does not match.
    """
    if not isinstance(stored, bytes) or _checksum(name, stored[4:]) != stored[:4]:
        raise sqlite3.DatabaseError("a result has the wrong checksum")
    return stored[4:]
