"""Results of the models kept on disk, so that the same input to the same model is computed once.

Greedy decoding is deterministic, so a lesson that is run again, or that shares prompts with an
earlier one, reads the kept results. Three kinds are kept: answers and scores of prompts
(`AnswerCache`), token embeddings of texts (`TokenEmbeddingsCache`), and results of a lesson's own
functions (`cached_call`). They lie in SQLite files in the cache folder, which several processes may
write at once. `FTRAG_COMPUTE_CACHE=off` turns the cache off.

Not here: computing (`models`), trained adapters (kept by `finetuning`), passage embeddings (kept by
the index).
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

#: Versions of the course's own algorithms, part of every key. Increase one when its code gives
#: other numbers than before, so that they are computed anew; `tests/lm/test_algorithm_versions.py`
#: fails where that was forgotten.
ALGORITHMS = {"language model": 1, "frozen layers": 1, "token embeddings": 1, "training": 1}
#: Keys in one SQL query.
_ASKED_AT_ONCE = 500
#: SQLite's primary error codes for a database that may be intact, but cannot be read or written
#: now; all others are taken for a damaged one.
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

    The key of a result is a hash of the prompt, the parameters, all weights of the model, its
    configuration, the device, the number of threads, and the versions of the libraries and of the
    algorithms.

    Args:
        model: the model, with `named_parameters` and `device`.
        *parameters: whatever else a result depends on besides the prompt, the kind of computation
            included.
    """

    #: The file in the cache folder, and how many results it holds at most, about 60 MB; the oldest
    #: are deleted.
    file, most = "answers.sqlite", 200_000
    #: The names in `ALGORITHMS` that a result depends on.
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
        """A result for every prompt: the kept one, or a computed one, which is then kept.

        Prompts without a kept result are computed in batches, in order of their length.

        Args:
            prompts: the prompts, anything that JSON can write.
            compute: takes the indices of a batch's prompts in `prompts` and returns their results
                in the same order.
            batch_size: the most prompts in a batch.
            length: the length of a prompt, by which prompts are sorted.

        Returns:
            One result for each prompt, in the order of the prompts.

        Raises:
            ValueError: `compute` returned more or fewer results than it was given indices.
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
        """Look up the kept results.

        Args:
            prompts: the prompts, anything that JSON can write.

        Returns:
            One result for each prompt, in order; None where none is kept or the file cannot be
            used.
        """
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
        """Keep a result for each prompt; where the file cannot be written, only a warning is given.

        Args:
            prompts: the prompts, anything that JSON can write.
            results: one result for each prompt, in the same order.

        Raises:
            ValueError: there are not as many results as prompts.
        """
        if not self._path or not prompts:
            return
        rows = [
            (name, self._packed(name, result))
            for name, result in zip(self._names(prompts), results, strict=True)
        ]

        def write(base: sqlite3.Connection) -> None:
            base.executemany("INSERT OR REPLACE INTO results (name, result) VALUES (?, ?)", rows)
            # Row ids grow with each insertion: the oldest results beyond `most` are deleted.
            base.execute(
                "DELETE FROM results WHERE rowid <= (SELECT max(rowid) FROM results) - ?",
                (self.most,),
            )

        self._use(write)

    _written, _read = staticmethod(json.dumps), staticmethod(json.loads)

    def _names(self, prompts: Sequence) -> list[str]:
        """The key of each prompt: SHA-256 of scope and prompt, 64 hexadecimal digits."""
        return [
            hashlib.sha256(f"{self._scope}{json.dumps(prompt)}".encode()).hexdigest()
            for prompt in prompts
        ]

    def _packed(self, name: str, result) -> bytes:
        """The bytes stored for a result: a CRC-32 of key and content (4 bytes), then the content.

        SQLite itself has no checksum, and a changed digit would be read as another number.
        """
        written = self._written(result)
        written = written.encode() if isinstance(written, str) else written
        return zlib.crc32(name.encode() + written).to_bytes(4) + written

    def _unpacked(self, name: str, stored: bytes):
        """The result in the stored bytes.

        Raises:
            sqlite3.DatabaseError: the checksum does not match.
        """
        if (
            not isinstance(stored, bytes)
            or zlib.crc32(name.encode() + stored[4:]).to_bytes(4) != stored[:4]
        ):
            raise sqlite3.DatabaseError("a result has the wrong checksum")
        return self._read(stored[4:])

    def _use(self, work: Callable[[sqlite3.Connection], object]):
        """Run `work` on the open database in one transaction.

        A damaged database is deleted and created anew, once. If it cannot be used, a warning is
        given and this object reads and keeps nothing from then on.

        Args:
            work: takes the connection.

        Returns:
            The result of `work`, or None where the database cannot be used.
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


class TokenEmbeddingsCache(AnswerCache):
    """The kept token embeddings of texts, as float16: about 80 KB for a passage of 100 sub-word
    tokens with 384 dimensions.

    Args:
        model: the embedder.
        dimensions: the number of dimensions of a vector.
        *parameters: whatever else a result depends on besides the text.
    """

    #: At most 4,000 texts, about 300 MB; the library of the course needs 60 MB.
    file, most = "pieces.sqlite", 4000
    algorithms = ("token embeddings",)

    @staticmethod
    def _written(pieces: TokenEmbeddings) -> bytes:
        # spans (tokens, 2) as int32, then vectors (tokens, dimensions) as float16, little-endian
        return pieces.spans.astype("<i4").tobytes() + pieces.vectors.astype("<f2").tobytes()

    def __init__(self, model, dimensions: int, *parameters):
        super().__init__(model, dimensions, *parameters)
        self._dimensions = dimensions

    def _read(self, stored: bytes) -> TokenEmbeddings:
        # A token takes 2 × 4 bytes for its span and 2 bytes for each dimension.
        count = len(stored) // (8 + 2 * self._dimensions)
        spans, vectors = (
            np.frombuffer(stored[: 8 * count], "<i4"),
            np.frombuffer(stored[8 * count :], "<f2"),
        )
        # spans: (tokens, 2); vectors: (tokens, dimensions)
        return TokenEmbeddings(
            spans.reshape(count, 2).astype(int),
            vectors.reshape(count, self._dimensions).astype(np.float32),
        )


@dataclass(frozen=True)
class CachedCall:
    """The result of `cached_call`.

    Attributes:
        value: what the function returned, as an array.
        seconds: the time that the computation took, also where the value was read from the cache.
        from_cache: whether the value was read from the cache.
    """

    value: np.ndarray
    seconds: float
    from_cache: bool


def cached_call(function: Callable[..., np.ndarray], model, *data) -> CachedCall:
    """Call `function(model, *data)`, or read its result from the cache if it was called before.

    The key holds the function's source, the model's weights before the call and its training mode,
    and the data. The function must depend on nothing else: it may use no variable of the notebook,
    and must seed its random numbers itself.

    Args:
        function: takes the model and the data; returns an array of numbers or truth values.
        model: the model that is handed to the function.
        *data: the further arguments: anything that JSON can write, and arrays.

    Returns:
        The value, the seconds of its computation, and whether it was read from the cache.

    Raises:
        ValueError: the function uses a variable from outside, a change of which would not change
            the key.
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
    """The kept results of `cached_call`: pairs of an array and the seconds of its computation."""

    #: At most 60 results; 150 MB at 2.5 MB each, the size of the features of 1,600 texts.
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
    """The names of the variables from outside that the function reads.

    Modules, built-in names, and functions and classes of other modules are left out.
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
    """The global names that the code loads, inner functions included; names may repeat."""
    yield from (step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL")
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _globals(inner)


def _folder() -> Path | None:
    """The cache folder; None where the cache is off or there is no such folder."""
    if not variables.is_on("FTRAG_COMPUTE_CACHE"):
        return None
    try:
        return runtime.cache_dir()
    except CourseError:
        return None


def _scope(model, parameters: Sequence, algorithms: Sequence[str]) -> str:
    """SHA-256, 64 hexadecimal digits, over all that a result depends on except the prompt."""
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
    """The named algorithms with their versions, for the keys of their results.

    Args:
        *algorithms: names in `ALGORITHMS`.

    Returns:
        For each name a text "name version", in order.

    Raises:
        KeyError: there is no algorithm of that name.
    """
    return [f"{name} {ALGORITHMS[name]}" for name in algorithms]


def weights_digest(model) -> str:
    """A hash of the names, shapes, types and values of all parameters of a model.

    Takes about 0.1 s for 135 million parameters in fp32.

    Args:
        model: a PyTorch module; buffers are not included.

    Returns:
        The 128-bit XXH3 hash, 32 hexadecimal digits.
    """
    import torch
    import xxhash

    digest = xxhash.xxh3_128()
    for name, weight in model.named_parameters():
        digest.update(f"{name}{tuple(weight.shape)}{weight.dtype}".encode())
        # The parameter's memory as bytes: (..., last) to (..., last × bytes a value)
        digest.update(weight.detach().cpu().contiguous().view(torch.uint8).numpy())
    return digest.hexdigest()
