"""Results of the models kept on disk, so that the same input to the same model is computed once.

Greedy decoding is deterministic, so a lesson that is run again, or that shares prompts with an
earlier one, reads the kept results. Three kinds are kept: answers and scores of prompts
(`AnswerCache`), token embeddings of texts (`TokenEmbeddingsCache`), and results of a lesson's own
functions (`cached_call`). They lie in the cache folder. `FTRAG_COMPUTE_CACHE=off` turns the cache
off.

Not here: the files (`result_store`), computing (`models`), trained adapters (kept by `finetuning`),
passage embeddings (kept by the index).
"""

import hashlib
import inspect
import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ftrag_helpers.data.records import TokenEmbeddings
from ftrag_helpers.lm import result_store

#: Versions of the course's own algorithms, part of every key. Increase one when its code gives
#: other numbers than before, so that they are computed anew; `tests/lm/test_algorithm_versions.py`
#: fails where that was forgotten.
ALGORITHMS = {"language model": 1, "frozen layers": 1, "token embeddings": 1, "training": 1}


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
        folder = result_store.folder()
        self._store = folder and result_store.ResultStore(folder / self.file, self.most)
        self._scope = _scope(model, parameters, self.algorithms) if folder else ""

    def get_or_compute(
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
        results = self.get(prompts)
        missing = sorted(
            (i for i, result in enumerate(results) if result is None),
            key=lambda i: length(prompts[i]),
        )
        for start in range(0, len(missing), batch_size):
            batch = missing[start : start + batch_size]
            for i, result in zip(batch, compute(batch), strict=True):
                results[i] = result
            self.put([prompts[i] for i in batch], [results[i] for i in batch])
        return results

    def get(self, prompts: Sequence) -> list:
        """Look up the kept results.

        Args:
            prompts: the prompts, anything that JSON can write.

        Returns:
            One result for each prompt, in order; None where none is kept or the file cannot be
            used.
        """
        if not self._store:
            return [None] * len(prompts)
        names = self._names(prompts)
        stored = self._store.get(names)
        return [self._read(stored[name]) if name in stored else None for name in names]

    def put(self, prompts: Sequence, results: Sequence) -> None:
        """Keep a result for each prompt; where the file cannot be written, only a warning is given.

        Args:
            prompts: the prompts, anything that JSON can write.
            results: one result for each prompt, in the same order.

        Raises:
            ValueError: there are not as many results as prompts.
        """
        if self._store:
            named = zip(self._names(prompts), results, strict=True)
            self._store.put({name: self._written(result) for name, result in named})

    _read = staticmethod(json.loads)

    @staticmethod
    def _written(result) -> bytes:
        return json.dumps(result).encode()

    def _names(self, prompts: Sequence) -> list[str]:
        """The key of each prompt: SHA-256 of scope and prompt, 64 hexadecimal digits."""
        return [
            hashlib.sha256(f"{self._scope}{json.dumps(prompt)}".encode()).hexdigest()
            for prompt in prompts
        ]


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
        spans = np.frombuffer(stored[: 8 * count], "<i4")
        vectors = np.frombuffer(stored[8 * count :], "<f2")
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


def cached_call(
    function: Callable[..., np.ndarray], model, *data, version: int | str
) -> CachedCall:
    """Call `function(model, *data)`, or read its result from the cache if it was called before.

    The key holds the function's source and the version, the model's weights before the call and its
    training mode, and the data. The function must seed its random numbers itself.

    Args:
        function: takes the model and the data; returns an array of numbers or truth values.
        model: the model that is handed to the function.
        *data: the further arguments: anything that JSON can write, and arrays.
        version: to be raised when something changes that the function uses, but neither its source
            nor its arguments show: another function, say, or a library.

    Returns:
        The value, the seconds of its computation, and whether it was read from the cache.
    """
    content = json.dumps(data, default=lambda array: array.tolist())
    cache = _CallCache(model, inspect.getsource(function), version, model.training)
    [cached] = cache.get([content])
    if cached is not None:
        return CachedCall(*cached, from_cache=True)
    started = time.perf_counter()
    value = np.asarray(function(model, *data))
    result = value, time.perf_counter() - started
    cache.put([content], [result])
    return CachedCall(*result, from_cache=False)


class _CallCache(AnswerCache):
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
    """For each of the named `ALGORITHMS` a text "name version", for the keys of their results.

    Raises:
        KeyError: there is no algorithm of that name.
    """
    return [f"{name} {ALGORITHMS[name]}" for name in algorithms]


def weights_digest(model) -> str:
    """A hash of the names, shapes, types and values of a model's parameters and stored buffers.

    A buffer is stored if it belongs to the model's `state_dict`, as the statistics of a batch
    normalisation do. Takes about 0.1 s for 135 million parameters in fp32.

    Args:
        model: a PyTorch module. Buffers that it computes from its configuration, such as those of
            a rotary embedding, are not included.

    Returns:
        The 128-bit XXH3 hash, 32 hexadecimal digits.
    """
    import torch
    import xxhash

    digest, stored = xxhash.xxh3_128(), model.state_dict().keys()
    buffers = ((name, buffer) for name, buffer in model.named_buffers() if name in stored)
    for name, tensor in (*model.named_parameters(), *buffers):
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        # The tensor's memory as bytes: any shape to (values,) to (values × bytes a value,)
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy())
    return digest.hexdigest()
