"""One collection in Chroma, opened, asked, and mended: what the index keeps there can always be
made anew.

A store whose files are damaged is begun anew, one that cannot be written (read-only, full,
held by another program) gives way to memory, and a warning says which; a server that does not
answer is a CourseError. What it leaves out: what is stored, and computing it again (`retrieval`
hands in a function that does).
"""

import os
import re
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from ftrag_helpers.environment import libraries, runtime, variables
from ftrag_helpers.errors import CourseError
from ftrag_helpers.retrieval.chroma_server import connect, first_line, server_url, unique_part

Result = TypeVar("Result")

#: HNSW search is approximate. Looking at this many neighbours makes it exact for a library of this
#: size, so that an answer never depends on the order in which passages came and went.
EXACT_NEIGHBOURS = 2000
_HNSW = {
    "space": "cosine",
    "ef_construction": 400,
    "ef_search": EXACT_NEIGHBOURS,
    "max_neighbors": 32,
}
#: After so many changes Chroma writes its graph of vectors into files of its own. Never, here: with
#: damaged ones it crashes the whole process, and from the database alone it makes the graph anew in
#: a second for 2,000 passages.
_NEVER = 1_000_000_000
_DATABASE = "chroma.sqlite3"
_SEGMENT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: What errors say of a database that may be sound, but cannot be used now.
_UNUSABLE = re.compile(
    "locked|busy|read-?only|is full|no space|permission|denied|timed out|quota|too many open",
    re.IGNORECASE,
)
_LEAST_BYTES = 10_000_000
_LOCK_SECONDS = 5


class Store:
    """A collection in a folder, in memory (no folder), or on the server that `FTRAG_CHROMA_URL`
    names in place of a folder.

    `refill` is given a collection, which may be a new one, and puts into it what it lacks of what
    is known.
    """

    def __init__(self, folder: Path | None, name: str, refill: Callable[[object], None]):
        self._folder, self._name, self._refill = folder and Path(folder), name, refill
        self._server = variables.chroma_address() if folder else None
        self._client = self._collection = None

    def ask(self, work: Callable[[object], Result]) -> Result:
        """What `work` makes of the collection. It may run more than once, on another collection.

        Raises:
            CourseError: the server does not answer, or cannot do it.
            ValueError, TypeError: `work` asked for what Chroma does not know.
        """
        try:
            return work(self._opened())
        except Exception as error:
            failed = self._mendable(error)
        for mend in self._mends():
            try:
                mend(failed)
                self._refill(self._opened())
                return work(self._collection)
            except Exception as error:
                failed = self._mendable(error)
        raise self._final_error(failed)

    def clear(self) -> None:
        """Begin the collection anew, empty."""

        def anew(_collection) -> None:
            self._client.delete_collection(self._name)
            self._collection = None

        self.ask(anew)

    def _opened(self):
        """The collection, opened where it is not yet."""
        if self._collection is None:
            try:
                if self._is_in_folder():
                    _check_database(self._folder)
                self._client = _client(self._folder, self._server)
                self._collection = self._get_or_create()
                if self._is_older():
                    self._client.delete_collection(self._name)
                    self._collection = self._get_or_create()
            except CourseError:
                raise
            except Exception as error:
                self._collection = None
                raise _Unopened(str(error) or type(error).__name__) from error
        return self._collection

    def _get_or_create(self):
        return self._client.get_or_create_collection(
            self._name, embedding_function=None, configuration={"hnsw": self._settings()}
        )

    def _settings(self) -> dict:
        return _HNSW | {"sync_threshold": _NEVER} if self._is_in_folder() else _HNSW

    def _is_in_folder(self) -> bool:
        return bool(self._folder) and not self._server

    def _is_older(self) -> bool:
        """Whether an older course made the collection, one that has files beside the database."""
        with warnings.catch_warnings():
            # Chroma's, over a collection without an embedder of its own
            warnings.simplefilter("ignore")
            return (
                self._is_in_folder()
                and self._collection.configuration["hnsw"]["sync_threshold"] != _NEVER
            )

    def _mendable(self, error: Exception) -> Exception:
        """The error, where it tells of the store; what the caller asked wrongly, or the server's
        refusal, is raised.
        """
        from chromadb.errors import InvalidArgumentError

        # Chroma has this type for what it cannot read in its own files too.
        asked_wrongly = isinstance(error, InvalidArgumentError) and re.search(
            "where|dimension", str(error)
        )
        if asked_wrongly or isinstance(error, (CourseError, ValueError, TypeError, OverflowError)):
            raise error
        return error

    def _mends(self) -> list[Callable[[Exception], None]]:
        if self._server:
            return [self._reopen]
        return [self._reopen, self._remake, self._go_to_memory] if self._folder else []

    def _reopen(self, _error: Exception) -> None:
        """Another program, or another index of this one, may have begun the store anew."""
        _release(self._folder)
        self._client = self._collection = None

    def _remake(self, error: Exception) -> None:
        if reason := _unusable(self._folder, error):
            raise _Unopened(reason)
        self._reopen(error)
        _delete_store(self._folder)
        _warn(f"The index in {self._folder} was damaged ({first_line(error)}): it is made anew.")

    def _go_to_memory(self, error: Exception) -> None:
        self._reopen(error)
        _warn(
            f"The index in {self._folder} cannot be used now ({first_line(error)}): it is kept in"
            " memory, until this program ends."
        )
        self._folder, self._name = None, in_memory(self._name)

    def _final_error(self, error: Exception) -> Exception:
        if not self._server:
            return error
        url, problem = server_url(self._server), first_line(error)
        return CourseError(
            f"The Chroma server at {url} (FTRAG_CHROMA_URL) failed: {problem}."
            " Look at what it prints, start it again, or unset the variable to keep the index on"
            " this machine."
        )


def in_memory(name: str) -> str:
    """A name that no other index has: Chroma's memory is one store for the whole process."""
    return f"{name}-{uuid.uuid4().hex}"


def collection_name(folder: Path | None, name: str) -> str:
    """The collection's name in its store.

    Unique in memory, which is one store for the whole process, and on a server, which many
    processes share.

    Raises:
        CourseError: the unique part of the name could not be written to the folder.
    """
    if folder is None:
        return in_memory(name)
    return f"{name}-{unique_part(Path(folder))}" if variables.chroma_address() else name


class _Unopened(Exception):
    """A store could not be opened; never the caller's fault, whatever type Chroma gives the
    error.
    """


def _check_database(folder: Path) -> None:
    """Raise an error where the database of a folder is damaged, or held by another program for
    longer than is usual.

    Chroma would wait for minutes, or crash within. Not where this process has the file open:
    closing it ends SQLite's locks.
    """
    import sqlite3

    from chromadb.api.shared_system_client import SharedSystemClient

    database = folder / _DATABASE
    if str(folder) in SharedSystemClient._identifier_to_system or not database.is_file():
        return
    with closing(sqlite3.connect(database, timeout=_LOCK_SECONDS, isolation_level=None)) as base:
        base.execute("BEGIN IMMEDIATE")
        [problem] = base.execute("PRAGMA quick_check(1)").fetchone()
        base.execute("ROLLBACK")
    if problem != "ok":
        raise _Unopened("not all pages of its database are whole")


def _client(folder: Path | None, server: tuple[str, int, bool] | None):
    libraries.check_sqlite()
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if server:
        return connect(server, settings)
    if folder is None:
        return chromadb.EphemeralClient(settings=settings)
    return chromadb.PersistentClient(str(folder), settings=settings)


def _release(folder: Path | None) -> None:
    """Let go of the files. Chroma keeps one system for each folder, which all indexes of this
    process share.
    """
    from chromadb.api.shared_system_client import SharedSystemClient

    system = SharedSystemClient._identifier_to_system.pop(str(folder), None)
    SharedSystemClient._identifier_to_refcount.pop(str(folder), None)
    if system is not None:
        try:
            system.stop()
        except Exception:  # it may never have started
            pass


def _unusable(folder: Path, error: Exception) -> str:
    """Why a store that may be sound cannot be used; empty where it is damaged and may be
    deleted.
    """
    if _UNUSABLE.search(str(error)):
        return first_line(error)
    database = folder / _DATABASE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x")
        if shutil.disk_usage(folder).free < _LEAST_BYTES:
            return "no space left on its disk"
    except OSError as refused:
        return refused.strerror or str(refused)
    return (
        "Permission denied"
        if database.is_file() and not os.access(database, os.R_OK | os.W_OK)
        else ""
    )


def _delete_store(folder: Path) -> None:
    """Delete what is Chroma's in a folder, and nothing else."""
    for path in folder.iterdir():
        if path.name.startswith(_DATABASE) or _SEGMENT.fullmatch(path.name):
            runtime.delete(path)


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=2)
