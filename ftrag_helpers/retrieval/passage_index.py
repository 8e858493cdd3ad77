"""The passage index: dense, lexical (BM25) and hybrid search with metadata filters.

Loads no model: the caller passes `embed`, a function from texts to unit-length vectors. Chroma does
dense search and filters, `bm25` does lexical search; both search the same passages.

Not here: storing the collection (`chroma_store`), splitting documents (`chunking`), fusing rankings
(`fusion`), choosing sentences (`reranking`), prompts and answers (`rag`).
"""

import hashlib
import json
import os
import re
import uuid
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ftrag_helpers.data.records import Document, Hit, Passage
from ftrag_helpers.errors import CourseError
from ftrag_helpers.retrieval.bm25 import query_words, word_scores
from ftrag_helpers.retrieval.chroma_store import Store, in_memory
from ftrag_helpers.retrieval.chunking import CHUNK_WORDS, OVERLAP_SENTENCES, chunk, embedding_text
from ftrag_helpers.retrieval.fusion import ranked, weighted_fusion

Embed = Callable[[Sequence[str]], np.ndarray]

#: Passages requested from the store beyond k, so that among equal scores at rank k passages are
#: chosen by id, not by the store's order.
_TIES = 20
#: Passages that are embedded and stored at once.
_BATCH = 64
#: The metadata stored with a passage, which filters may test.
_ABOUT = ("document_id", "title", "shelf", "branch", "date")
#: The metadata field that holds the checksum of a passage and its vector.
_CHECK = "checksum"


class Index:
    """Passages of documents with dense (Chroma), lexical (BM25) and hybrid search.

    An index that was built before is opened again: `add` embeds only passages that are new or
    changed. One that was built with another embedder is emptied, as its vectors are not comparable.

    Args:
        embed: texts to unit-length vectors, shape (texts, dimensions). Where it has a function
            `fits`, as `models.embed` has, a passage that it would truncate is split further.
        folder: where the index is stored; None keeps it in memory until the process ends. Where
            `FTRAG_CHROMA_URL` names a Chroma server, the index is stored there, and the folder
            holds only the unique name of its collection, so that users do not share one.
        name: the collection in that folder; indexes with different chunk sizes need different
            names.
        words: the most words of a passage, at least 1 (`chunk`).
        overlap: how many sentences a passage repeats of the one before, at least 0 (`chunk`).

    Attributes:
        changes: how often passages were added or removed; by it a reranker notices that its word
            statistics are out of date.
    """

    def __init__(
        self,
        embed: Embed,
        folder: Path | None = None,
        *,
        name: str = "library",
        words: int = CHUNK_WORDS,
        overlap: int = OVERLAP_SENTENCES,
    ):
        self._embed, self._words, self._overlap = embed, words, overlap
        self._passages: dict[str, Passage] = {}
        self._bm25 = None
        self.changes = 0
        self._folder = folder
        self._store = Store(folder, _collection_name(folder, name), self._refill)
        self._read_stored()

    @property
    def _collection(self):
        return self._store.ask(lambda collection: collection)

    def _read_stored(self) -> None:
        """Load the stored passages; delete those of another embedder or with a wrong checksum."""
        stored = self._store.ask(
            lambda collection: collection.get(include=["documents", "metadatas", "embeddings"])
        )
        rows = list(
            zip(
                stored["ids"],
                stored["documents"],
                stored["metadatas"],
                stored["embeddings"],
                strict=True,
            )
        )
        sound = [
            (_passage(id_, text, about), vector)
            for id_, text, about, vector in rows
            if _is_sound(id_, text, about, vector)
        ]
        if sound and not self._is_own(*sound[0]):
            self._store.clear()
            return
        self._passages = {passage.id: passage for passage, _ in sound}
        lost = [id_ for id_, *_ in rows if id_ not in self._passages]
        if any(
            _CHECK in (about or {}) for id_, _, about, _ in rows if id_ in lost
        ):  # without a checksum they were stored by an older version, which is no damage
            warnings.warn(
                f"{len(lost)} of {len(rows)} passages in {self._folder} were damaged: add their"
                " documents again.",
                stacklevel=3,
            )
        if lost:
            self._store.ask(lambda collection: collection.delete(ids=lost))

    def _is_own(self, passage: Passage, vector: np.ndarray) -> bool:
        """Whether this embedder made the stored vector: the text is embedded again and compared."""
        again = self._embed([embedding_text(passage)])[0]
        return vector.shape == again.shape and np.allclose(
            vector, again, atol=1e-3
        )  # shape (dimensions,); rounding differs by about 1e-6 between machines

    def _refill(self, collection) -> None:
        """Add the known passages that a collection does not hold to it."""
        there = set(collection.get(include=[])["ids"])
        missing = [p for p in self.passages if p.id not in there]
        for start in range(0, len(missing), _BATCH):
            collection.upsert(**self._rows(missing[start : start + _BATCH]))

    def _rows(self, passages: Sequence[Passage]) -> dict:
        """The arguments of Chroma's `upsert` for the passages, which are embedded."""
        # (passages, dimensions)
        vectors = self._embed([embedding_text(p) for p in passages])
        about = [
            {key: getattr(p, key) for key in _ABOUT} | {_CHECK: _checksum(p, v)}
            for p, v in zip(passages, vectors, strict=True)
        ]
        return {
            "ids": [p.id for p in passages],
            "documents": [p.text for p in passages],
            "embeddings": vectors,
            "metadatas": about,
        }

    @property
    def passages(self) -> list[Passage]:
        """All passages, ordered by id."""
        return [self._passages[i] for i in sorted(self._passages)]

    def add(
        self, documents: Iterable[Document], *, batch_size: int = _BATCH, progress: bool = False
    ) -> int:
        """Add documents, or replace them where their id is known.

        Only new and changed passages are embedded. Passages that a changed document no longer has
        are removed.

        Args:
            documents: the documents; of two with the same id, the last counts.
            batch_size: how many passages are embedded and stored at once.
            progress: whether to show a progress bar.

        Returns:
            How many passages were embedded.

        Raises:
            CourseError: the passages could not be stored.
        """
        from tqdm.auto import tqdm

        wanted = {
            d.id: chunk(
                d, words=self._words, overlap=self._overlap, fits=getattr(self._embed, "fits", None)
            )
            for d in documents
        }
        gone = [
            i
            for i, p in self._passages.items()
            if p.document_id in wanted and i not in {q.id for q in wanted[p.document_id]}
        ]
        new = [p for passages in wanted.values() for p in passages if self._passages.get(p.id) != p]
        for start in tqdm(
            range(0, len(new), batch_size),
            desc="indexing",
            unit="batch",
            disable=not progress,
            leave=False,
        ):
            batch = new[start : start + batch_size]
            rows = self._rows(batch)
            self._store.ask(lambda collection, rows=rows: collection.upsert(**rows))
            self._passages.update({p.id: p for p in batch})
            self._changed()
        self._forget(gone)
        return len(new)

    def remove(self, document_ids: Iterable[str]) -> int:
        """Remove documents by id.

        Args:
            document_ids: ids of documents; unknown ones are ignored.

        Returns:
            How many passages were removed.

        Raises:
            CourseError: the passages could not be removed from the store.
        """
        doomed = set(document_ids)
        return self._forget([i for i, p in self._passages.items() if p.document_id in doomed])

    def _forget(self, ids: list[str]) -> int:
        """Remove passages by id from the store and from memory; returns how many."""
        if ids:
            self._store.ask(lambda collection: collection.delete(ids=ids))
            for i in ids:
                del self._passages[i]
            self._changed()
        return len(ids)

    def _changed(self) -> None:
        """Mark the word statistics, which depend on all passages, as out of date.

        They are computed again at the next search, here and in rerankers.
        """
        self._bm25 = None
        self.changes += 1

    def synchronise(self, documents: Sequence[Document], *, progress: bool = False) -> int:
        """Make the index hold exactly these documents.

        Args:
            documents: the documents; all others are removed.
            progress: whether to show a progress bar.

        Returns:
            How many passages were embedded.

        Raises:
            CourseError: the store could not be changed.
        """
        keep = {d.id for d in documents}
        self.remove({p.document_id for p in self._passages.values()} - keep)
        return self.add(documents, progress=progress)

    def dense(
        self, texts: Sequence[str], k: int = 10, *, where: dict | None = None
    ) -> list[list[Hit]]:
        """Dense search: the k passages whose embeddings are most similar to that of each text.

        Args:
            texts: the questions; there may be none.
            k: the most passages for each text.
            where: a filter in Chroma's language over document_id, title, shelf, branch and date;
                None or empty for no filter.

        Returns:
            For each text its hits, best first, with cosine similarities (-1 to 1) as scores.

        Raises:
            CourseError: the filter has an operator, a field or a form that is not known.
        """
        self._allowed(where)
        if not self._passages or not len(texts):
            return [[] for _ in texts]
        # vectors: (texts, dimensions)
        vectors, most = self._embed(list(texts)), min(k + _TIES, len(self._passages))
        found = self._store.ask(
            lambda collection: collection.query(
                query_embeddings=vectors, n_results=most, where=where or None, include=["distances"]
            )
        )
        # Chroma returns cosine distances, 1 - similarity. Passages that another process has added
        # to the same folder are not known here and are left out.
        return [
            ranked(
                [
                    (self._passages[i], 1 - d)
                    for i, d in zip(ids, distances, strict=True)
                    if i in self._passages
                ]
            )[:k]
            for ids, distances in zip(found["ids"], found["distances"], strict=True)
        ]

    def bm25(
        self, texts: Sequence[str], k: int = 10, *, where: dict | None = None
    ) -> list[list[Hit]]:
        """Lexical search: the k passages with the highest BM25 scores for the words of each text.

        Args:
            texts: the questions; there may be none.
            k: the most passages for each text.
            where: a filter as in `dense`.

        Returns:
            For each text its hits, best first, with BM25 scores; passages with a score of 0, which
            share no word with the text, are left out.

        Raises:
            CourseError: the filter has an operator, a field or a form that is not known.

        Source: Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and
        Beyond".
        """
        passages, allowed = self.passages, self._allowed(where)
        if not passages:
            return [[] for _ in texts]
        if self._bm25 is None:
            self._bm25 = word_scores([embedding_text(p) for p in passages])
        # taken: (passages,), 1 where the filter accepts the passage and 0 elsewhere
        taken = np.array([allowed is None or p.id in allowed for p in passages], np.float32)
        hits = []
        for text in texts:
            # (passages,)
            scores = self._bm25(query_words(text)) * taken
            best = np.argsort(-scores, kind="stable")[:k]
            hits.append(ranked([(passages[i], float(scores[i])) for i in best if scores[i] > 0]))
        return hits

    def _allowed(self, where: dict | None) -> set[str] | None:
        """The ids of the passages that a filter accepts, as Chroma evaluates it; None without one.

        Raises:
            CourseError: the filter has an operator, a field or a form that is not known.
        """
        if where is None or where == {}:
            return None
        try:
            found = set(
                self._store.ask(lambda collection: collection.get(where=where, include=[]))["ids"]
            )
            unknown = sorted(set(_fields(where)) - set(_ABOUT))
        except CourseError:
            raise
        except (
            Exception
        ) as error:  # Chroma raises errors of several types for a filter that it does not accept
            raise CourseError(
                f"The filter {where!r} is not understood: {str(error).removesuffix(' in get.')}. A"
                " filter tests one field, as in {'branch': 'heron'} or {'shelf': {'$in':"
                " ['help', 'events']}}; several are joined as {'$and': [first, second]}."
            ) from error
        if unknown:
            raise CourseError(
                f"The filter {where!r} names {unknown[0]!r}, which no passage has. "
                f"Passages have {', '.join(_ABOUT)}."
            )
        return found

    def hybrid(
        self, texts: Sequence[str], k: int = 10, *, where: dict | None = None, depth: int = 50
    ) -> list[list[Hit]]:
        """Hybrid search: passages ranked by cosine similarity + 0.02 × BM25 score.

        Reciprocal rank fusion, which uses ranks and no scores, measured worse on the training
        questions (`benchmarks/retrieval.py` compares both). A passage that only one search found
        counts with 0 for the other.

        Args:
            texts: the questions; there may be none.
            k: the most passages for each text.
            where: a filter as in `dense`.
            depth: how many passages each of the two searches returns before fusion; k if larger.

        Returns:
            For each text its hits, best first, with the weighted sums as scores.

        Raises:
            CourseError: the filter has an operator, a field or a form that is not known.
        """
        return [fused for _, _, fused in self._both(texts, k, where, depth)]

    def _both(
        self, texts: Sequence[str], k: int, where: dict | None, depth: int = 50
    ) -> list[tuple[list[Hit], list[Hit], list[Hit]]]:
        """For each text the dense and the BM25 ranking, max(depth, k) deep, and the k best hits of
        their fusion.
        """
        dense = self.dense(texts, max(depth, k), where=where)
        lexical = self.bm25(texts, max(depth, k), where=where)
        return [(d, b, weighted_fusion(d, b)[:k]) for d, b in zip(dense, lexical, strict=True)]

    def search(
        self,
        texts: Sequence[str],
        k: int = 10,
        *,
        method: str = "hybrid",
        where: dict | None = None,
    ) -> list[list[Hit]]:
        """Search by the method of that name.

        Args:
            texts: the questions; there may be none.
            k: the most passages for each text, at least 1.
            method: "dense", "bm25" or "hybrid".
            where: a filter as in `dense`.

        Returns:
            For each text its hits, best first; scores are those of the method.

        Raises:
            CourseError: the filter has an operator, a field or a form that is not known.
            ValueError: no such method, or k below 1.
        """
        return [best for _, _, best in self.steps(texts, k, method=method, where=where)]

    def steps(
        self,
        texts: Sequence[str],
        k: int = 10,
        *,
        method: str = "hybrid",
        where: dict | None = None,
    ) -> list[tuple[list[Hit], list[Hit], list[Hit]]]:
        """Search as `search` does, and return the intermediate rankings too.

        Args:
            texts: the questions; there may be none.
            k: the most passages for each text, at least 1.
            method: "dense", "bm25" or "hybrid".
            where: a filter as in `dense`.

        Returns:
            For each text the dense ranking, the BM25 ranking, and the k best passages by `method`.
            A ranking that the method does not need is empty. With "hybrid" the first two hold up to
            max(50, k) hits.

        Raises:
            CourseError: the filter has an operator, a field or a form that is not known.
            ValueError: no such method, or k below 1.
        """
        if method not in ("dense", "bm25", "hybrid") or k < 1:
            raise ValueError(
                f"method {method!r} with k={k}: choose dense, bm25 or hybrid, and k of at least 1"
            )
        if method == "hybrid":
            return self._both(texts, k, where)
        best = getattr(self, method)(texts, k, where=where)
        return [(hits, [], hits) if method == "dense" else ([], hits, hits) for hits in best]


def _passage(id_: str, text: str, about: dict) -> Passage:
    """The passage that a row of the collection holds."""
    return Passage(id=id_, text=text, **{key: about[key] for key in _ABOUT})


def _checksum(passage: Passage, vector: np.ndarray) -> float:
    """A checksum of a passage and its embedding, robust to rounding of the embedding.

    The dot product of the vector with a random normal vector whose seed is the CRC-32 of the
    passage.

    Args:
        passage: the passage; its id, text and metadata are covered.
        vector: its embedding, shape (dimensions,).

    Returns:
        The checksum. Another passage gives an unrelated number; rounding the vector changes it by
        less than 1e-3.
    """
    seed = zlib.crc32(
        json.dumps([passage.id, passage.text, *(getattr(passage, key) for key in _ABOUT)]).encode()
    )
    return float(np.nan_to_num(vector) @ np.random.default_rng(seed).standard_normal(len(vector)))


def _is_sound(id_: str, text: object, about: object, vector: np.ndarray) -> bool:
    """Whether a stored row has all fields of a passage and the right checksum."""
    try:
        return abs(_checksum(_passage(id_, text, about), vector) - about[_CHECK]) < 1e-3
    except (KeyError, TypeError):
        return False


def _fields(where: dict) -> Iterator[str]:
    """The names of the metadata fields that a filter tests; names may repeat."""
    for key, test in where.items():
        if key in ("$and", "$or"):
            for part in test:
                yield from _fields(part)
        elif not key.startswith("#"):
            yield key


def _collection_name(folder: Path | None, name: str) -> str:
    """The collection's name in its store.

    Unique in memory, which is one store for the whole process, and on a server, which many
    processes share; there the unique part is read from the folder, or written to it.

    Raises:
        CourseError: the name could not be written to the folder.
    """
    if folder is None:
        return in_memory(name)
    if not os.environ.get("FTRAG_CHROMA_URL"):
        return name
    known = Path(folder) / "on_server"
    try:
        own = known.read_text("ascii", "replace").strip() if known.is_file() else None
        if not re.fullmatch("[0-9a-f]{32}", own or ""):
            if own is not None:
                warnings.warn(
                    f"{known} was damaged: the index has a new name on the Chroma server, and is"
                    " made anew.",
                    stacklevel=3,
                )
            own = uuid.uuid4().hex
            known.parent.mkdir(parents=True, exist_ok=True)
            known.write_text(own, "ascii")
        return f"{name}-{own}"
    except OSError as error:
        raise CourseError(
            f"{known} could not be written ({error.strerror}): it keeps the name of this index on"
            " the Chroma server. Make room, or set FTRAG_CACHE to a folder that you can write to."
        ) from error


def memoize(embed: Embed) -> Embed:
    """An embedder that computes each text only once and keeps the vectors in memory.

    Args:
        embed: texts to vectors, shape (texts, dimensions).

    Returns:
        A function with the same arguments and results. Its `fits` is that of `embed`, or None.
    """
    known: dict[str, np.ndarray] = {}

    def remember(texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, embed(new), strict=True))
        # (texts, dimensions)
        return np.stack([known[text] for text in texts]) if len(texts) else embed(texts)

    remember.fits = getattr(embed, "fits", None)
    return remember


def fingerprint(documents: Sequence[Document]) -> str:
    """A short hash of the content of documents, by which a change is noticed.

    Args:
        documents: the documents; their ids, titles, texts and order count.

    Returns:
        The first 12 hexadecimal digits of a SHA-256 hash.
    """
    content = json.dumps([[d.id, d.title, d.text] for d in documents], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:12]
