"""What the models have computed before, kept on disk: the same tokens given to the same model are
computed once.

Greedy decoding says the same thing each time, so a lesson that is run again, or one that asks what
an earlier one asked, need not wait for it. Kept are a few numbers a prompt, the word vectors of
passages, and what a function of a lesson made of a model (`cached_call`), in SQLite files in the
cache folder, safe where two notebooks write at once. `FTRAG_COMPUTE_CACHE=off` computes everything
anew. What it leaves out: computing (`models`), trained adapters (`finetuning` keeps them), passage
vectors (the index does).
"""

import builtins
import dis
import hashlib
import inspect
import io
import json
import sqlite3
import time
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

import numpy as np

from ftrag_helpers.data.records import TokenEmbeddings
from ftrag_helpers.environment import runtime, variables
from ftrag_helpers.errors import CourseError

#: Part of every key, with the libraries' versions. Raise one where the course's own code gives
#: other numbers than before, so that they are computed anew; `tests/lm/test_algorithm_versions.py`
#: fails where that was forgotten.
ALGORITHMS = {"language model": 1, "frozen layers": 1, "token embeddings": 1, "training": 1}
_ASKED_AT_ONCE = 500
#: SQLite's codes for a database that may be sound, but cannot be read or written now; all others
#: mean a damaged one.
_UNUSABLE = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_ABORT,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_AUTH,
}


class AnswerCache:
    """The kept results, numbers and text, of one kind of computation by one model.

    `parameters` is whatever else, besides the prompt, a result depends on. The name under which a
    result is kept also holds every weight of the model, device and threads, the versions of the
    libraries and of the algorithms.
    """

    #: The file in the cache folder, and the latest results that are kept there: about 60 MB.
    file, most = "answers.sqlite", 200_000
    #: What a result depends on, of `ALGORITHMS`.
    algorithms = ("language model",)

    def __init__(self, model, *parameters):
        self._path = _folder() and _folder() / self.file
        self._scope = _scope(model, parameters, self.algorithms) if self._path else ""

    def complete(
        self,
        prompts: Sequence,
        compute: Callable[[list[int]], Sequence],
        *,
        batch_size: int,
        length: Callable[..., int] = len,
    ) -> list:
        """A result for every prompt: the kept one, or what `compute` makes of it, which is kept.

        `compute` is given the numbers of some prompts, of like length and at most `batch_size`, and
        returns their results.
        """
        found = self.find(prompts)
        waiting = sorted(
            (i for i, each in enumerate(found) if each is None), key=lambda i: length(prompts[i])
        )
        for start in range(0, len(waiting), batch_size):
            batch = waiting[start : start + batch_size]
            for i, result in zip(batch, compute(batch), strict=True):
                found[i] = result
            self.keep([prompts[i] for i in batch], [found[i] for i in batch])
        return found

    def find(self, prompts: Sequence) -> list:
        """The result for each prompt (anything that JSON can write), None where there is none."""
        names = self._names(prompts) if self._path else []

        def read(base: sqlite3.Connection) -> dict:
            known = {}
            for start in range(0, len(names), _ASKED_AT_ONCE):
                some = names[start : start + _ASKED_AT_ONCE]
                rows = base.execute(
                    f"SELECT name, result FROM results WHERE name IN ({','.join('?' * len(some))})",
                    some,
                )
                known |= {name: self._unpacked(name, stored) for name, stored in rows}
            return known

        known = self._use(read) if names else None
        return [known.get(name) for name in names] if known else [None] * len(prompts)

    def keep(self, prompts: Sequence, results: Sequence) -> None:
        """Keep a result for each prompt. A disk that takes no more is no error."""
        if not self._path or not prompts:
            return
        rows = [
            (name, self._packed(name, result))
            for name, result in zip(self._names(prompts), results, strict=True)
        ]

        def write(base: sqlite3.Connection) -> None:
            base.executemany("INSERT OR REPLACE INTO results (name, result) VALUES (?, ?)", rows)
            base.execute(
                "DELETE FROM results WHERE rowid <= (SELECT max(rowid) FROM results) - ?",
                (self.most,),
            )

        self._use(write)

    _written, _read = staticmethod(json.dumps), staticmethod(json.loads)

    def _names(self, prompts: Sequence) -> list[str]:
        return [
            hashlib.sha256(f"{self._scope}{json.dumps(prompt)}".encode()).hexdigest()
            for prompt in prompts
        ]

    def _packed(self, name: str, result) -> bytes:
        """The result as it is stored: behind a checksum, as SQLite has none and a changed digit is
        another number.
        """
        written = self._written(result)
        written = written.encode() if isinstance(written, str) else written
        return zlib.crc32(name.encode() + written).to_bytes(4) + written

    def _unpacked(self, name: str, stored: bytes):
        if (
            not isinstance(stored, bytes)
            or zlib.crc32(name.encode() + stored[4:]).to_bytes(4) != stored[:4]
        ):
            raise sqlite3.DatabaseError("a result has the wrong checksum")
        return self._read(stored[4:])

    def _use(self, work: Callable[[sqlite3.Connection], object]):
        """What `work` makes of the database.

        A damaged one is begun anew, as all that was in it can be computed again; one that cannot be
        used costs time, nothing else: then the result is None.
        """
        for _ in range(2):
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
                        stacklevel=3,
                    )
                    break
                warnings.warn(
                    f"The cache {self._path} was damaged ({error}): it is begun anew.", stacklevel=3
                )
        self._path = None
        return None

    def _is_damaged(self, error: sqlite3.Error) -> bool:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        in_the_way = any(path.is_dir() for path in self._files())
        return in_the_way or code == sqlite3.SQLITE_IOERR_SHORT_READ or code & 255 not in _UNUSABLE

    def _files(self) -> list[Path]:
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


class TokenEmbeddingsCache(AnswerCache):
    """The kept word vectors of texts, as 16-bit numbers: 80 KB for a passage of a hundred
    pieces.
    """

    #: Up to about 300 MB; the library of the course needs 60.
    file, most = "pieces.sqlite", 4000
    algorithms = ("token embeddings",)

    @staticmethod
    def _written(pieces: TokenEmbeddings) -> bytes:
        return pieces.spans.astype("<i4").tobytes() + pieces.vectors.astype("<f2").tobytes()

    def __init__(self, model, dimensions: int, *parameters):
        super().__init__(model, dimensions, *parameters)
        self._dimensions = dimensions

    def _read(self, stored: bytes) -> TokenEmbeddings:
        count = len(stored) // (8 + 2 * self._dimensions)
        spans, vectors = (
            np.frombuffer(stored[: 8 * count], "<i4"),
            np.frombuffer(stored[8 * count :], "<f2"),
        )
        return TokenEmbeddings(
            spans.reshape(count, 2).astype(int),
            vectors.reshape(count, self._dimensions).astype(np.float32),
        )


@dataclass(frozen=True)
class CachedCall:
    """What a function returned, and the seconds that it took when it was computed, also where
    `from_cache` is true.
    """

    value: np.ndarray
    seconds: float
    from_cache: bool


def cached_call(function: Callable[..., np.ndarray], model, *data) -> CachedCall:
    """`function(model, *data)`, an array of numbers or truth values; with the same content it is
    computed once.

    The content is the function's source, every weight of the model as it is handed in, and the data
    (anything that JSON can write, and arrays). So the function may use nothing else: no variable of
    the notebook, and it seeds chance by itself.

    Raises:
        ValueError: the function uses a variable from outside, a change of which would go unseen.
    """
    outside = sorted(_outside(function))
    if outside:
        raise ValueError(
            f"{function.__name__} uses {', '.join(outside)} from outside, so a change there would"
            " go unseen: hand it in as an argument"
        )
    content = json.dumps(data, default=lambda array: array.tolist())
    cache = _OnceCache(model, inspect.getsource(function), model.training)
    [kept] = cache.find([content])
    if kept is None:
        started = time.perf_counter()
        value = np.asarray(function(model, *data))
        kept = value, time.perf_counter() - started
        cache.keep([content], [kept])
        return CachedCall(*kept, from_cache=False)
    return CachedCall(*kept, from_cache=True)


class _OnceCache(AnswerCache):
    #: At 2.5 MB, the features of 1,600 texts, 150 MB at most.
    file, most = "once.sqlite", 60

    @staticmethod
    def _written(kept: tuple[np.ndarray, float]) -> bytes:
        stored = io.BytesIO()
        np.savez(stored, value=kept[0], seconds=kept[1])
        return stored.getvalue()

    @staticmethod
    def _read(stored: bytes) -> tuple[np.ndarray, float]:
        with np.load(io.BytesIO(stored), allow_pickle=False) as kept:
            return kept["value"], float(kept["seconds"])


def _outside(function: Callable) -> Iterator[str]:
    """The names that the function reads from around it, but for modules and what was imported from
    elsewhere.
    """
    yield from function.__code__.co_freevars
    for name in set(_globals(function.__code__)) - set(vars(builtins)):
        value = function.__globals__.get(name)
        imported = (
            inspect.isroutine(value) or inspect.isclass(value)
        ) and value.__module__ != function.__module__
        if not inspect.ismodule(value) and not imported:
            yield name


def _globals(code: CodeType) -> Iterator[str]:
    yield from (step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL")
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _globals(inner)


def _folder() -> Path | None:
    if not variables.is_on("FTRAG_COMPUTE_CACHE"):
        return None
    try:
        return runtime.cache_dir()
    except CourseError:
        return None


def _scope(model, parameters: Sequence, algorithms: Sequence[str]) -> str:
    import sentence_transformers
    import torch
    import transformers

    adapters = {
        name: config.to_dict() for name, config in getattr(model, "peft_config", {}).items()
    }
    digest = hashlib.sha256(
        json.dumps(
            [
                weights_digest(model),
                getattr(model, "config", ""),
                adapters,
                parameters,
                model.device,
                torch.get_num_threads(),
                versions(*algorithms),
                torch.backends.cpu.get_cpu_capability(),
                torch.__version__,
                transformers.__version__,
                sentence_transformers.__version__,
            ],
            default=lambda value: (
                sorted(map(str, value)) if isinstance(value, (set, frozenset)) else str(value)
            ),
        ).encode()
    )
    return digest.hexdigest()


def versions(*algorithms: str) -> list[str]:
    """The named algorithms with their versions, for the key of what they compute."""
    return [f"{name} {ALGORITHMS[name]}" for name in algorithms]


def weights_digest(model) -> str:
    """32 hexadecimal digits over the names, shapes and values of all weights (0.1 s for 135 million
    in fp32).
    """
    import torch
    import xxhash

    digest = xxhash.xxh3_128()
    for name, weight in model.named_parameters():
        digest.update(f"{name}{tuple(weight.shape)}{weight.dtype}".encode())
        digest.update(weight.detach().cpu().contiguous().view(torch.uint8).numpy())
    return digest.hexdigest()
