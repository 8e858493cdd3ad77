"""The embedder: load it, embed texts, embed their sub-word tokens.

Not here: fetching its files (`model_files`), and search by embeddings (`retrieval`).
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import numpy as np

from ftrag_helpers.data.records import TokenEmbeddings
from ftrag_helpers.environment import runtime
from ftrag_helpers.lm import model_files
from ftrag_helpers.lm.result_cache import TokenEmbeddingsCache


@lru_cache(maxsize=2)
def _load_embedder(location: str, device: str):
    return _read_embedder(location, device)


def _read_embedder(location: str, device: str):
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        model = SentenceTransformer(location, device=device, local_files_only=True)
        model.tokenizer.split_special_tokens = (
            True  # "[SEP]" in a document is encoded as text, not as the separator
        )
        return model
    except Exception as error:
        raise model_files.unloadable(model_files.EMBEDDER, error) from error


def load_embedder():
    """all-MiniLM-L6-v2 as a `SentenceTransformer` (or what `FTRAG_EMBEDDER` names), loaded once a
    process.

    Returns:
        The embedder on the device of `runtime.device`. Its tokenizer encodes a special token that
        is spelled out in a text ("[SEP]") as text.

    Raises:
        CourseError: the files are not there or cannot be read.
    """
    return _load_embedder(model_files.location(model_files.EMBEDDER), str(runtime.device()))


def fresh_embedder():
    """The embedder of `load_embedder`, read anew from its files, to be fine-tuned.

    Returns:
        A `SentenceTransformer` that nothing else uses.

    Raises:
        CourseError: the files are not there or cannot be read.
    """
    return _read_embedder(model_files.location(model_files.EMBEDDER), str(runtime.device()))


def embed(
    texts: Sequence[str], *, batch_size: int = 64, progress: bool = False, model=None
) -> np.ndarray:
    """Embed texts as unit-length vectors, so that a dot product is a cosine similarity.

    A text longer than the embedder's window (256 tokens for MiniLM) is truncated; `embed.fits` says
    whether one fits.

    Args:
        texts: the texts; there may be none.
        batch_size: how many texts are embedded at once.
        progress: whether to show a progress bar.
        model: another `SentenceTransformer`; None for that of `load_embedder`.

    Returns:
        Embeddings, float32, shape (texts, dimensions), each of length 1; MiniLM has 384 dimensions.

    Raises:
        CourseError: the embedder's files are not there or cannot be read.
    """
    model = model or load_embedder()
    if not len(texts):
        return np.zeros((0, model.get_embedding_dimension()), np.float32)
    return model.encode(
        list(texts),
        batch_size=batch_size,
        normalize_embeddings=True,
        show_progress_bar=progress,
        convert_to_numpy=True,
    )


def fits_embedder(text: str, *, model=None) -> bool:
    """Whether the embedder reads the whole text, without truncation.

    Args:
        text: the text as it would be embedded.
        model: another `SentenceTransformer`; None for that of `load_embedder`.

    Returns:
        True where its sub-word tokens, the special tokens around them included, are not more than
        the embedder's window; always for an embedder without a limit.

    Raises:
        CourseError: the embedder's files are not there or cannot be read.
    """
    model = model or load_embedder()
    return len(model.tokenizer(text, verbose=False).input_ids) <= (model.max_seq_length or math.inf)


embed.fits = fits_embedder  # read by `Index`, which splits passages that do not fit


def embed_tokens(
    texts: Sequence[str], *, batch_size: int = 32, progress: bool = False, model=None
) -> list[TokenEmbeddings]:
    """The embedder's output for every sub-word token of every text, before pooling.

    Special tokens ("[CLS]", "[SEP]") and tokens beyond the embedder's window are left out. Results
    are kept in the `result_cache`.

    Args:
        texts: the texts.
        batch_size: how many texts are embedded at once.
        progress: whether to show a progress bar.
        model: another `SentenceTransformer`; None for that of `load_embedder`.

    Returns:
        For each text its spans in characters, shape (tokens, 2), and its vectors, float32 rounded
        to the precision of float16, shape (tokens, dimensions), of length 1 before the rounding.

    Raises:
        CourseError: the embedder's files are not there or cannot be read.
    """
    model, texts = model or load_embedder(), list(texts)

    def compute(batch: list[int]) -> list[TokenEmbeddings]:
        new = [texts[i] for i in batch]
        # One tensor a text: (tokens, dimensions), special tokens included
        vectors = model.encode(
            new, batch_size=batch_size, output_value="token_embeddings", show_progress_bar=progress
        )
        # One array a text: (tokens, 2), start and end in characters
        spans = [
            np.array(encoding.offsets)
            for encoding in model.tokenizer(
                new, truncation=True, max_length=model.max_seq_length
            ).encodings
        ]
        return [
            _token_embeddings(own.float().cpu().numpy(), where)
            for own, where in zip(vectors, spans, strict=True)
        ]

    return TokenEmbeddingsCache(model, model.get_embedding_dimension()).get_or_compute(
        texts, compute, batch_size=max(1, len(texts))
    )


def functions_of(model) -> tuple[Callable, Callable]:
    """`embed` and `embed_tokens` of another embedder, one that was fine-tuned, say.

    Args:
        model: a `SentenceTransformer`.

    Returns:
        Two functions with the arguments and results of `embed` and `embed_tokens`; the first has
        `fits`, as `embed` has.
    """

    def embed_with(texts: Sequence[str], **options) -> np.ndarray:
        return embed(texts, model=model, **options)

    embed_with.fits = partial(fits_embedder, model=model)
    return embed_with, partial(embed_tokens, model=model)


def _token_embeddings(vectors: np.ndarray, spans: np.ndarray) -> TokenEmbeddings:
    """Unit-length vectors, shape (tokens, dimensions), with their spans, without special tokens."""
    inside = spans[:, 1] > spans[:, 0]  # (all tokens,); a special token has an empty span
    # (all tokens, dimensions) to (tokens, dimensions)
    vectors = vectors[inside]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    # Rounded as in the cache, so that cached and newly computed vectors give the same ranking.
    return TokenEmbeddings(spans[inside], vectors.astype(np.float16).astype(np.float32))
