"""Passages with their vectors: in memory, and as the rows of a Chroma collection.

A stored row has a checksum, by which a damaged one is noticed and left out. Not here: opening and
mending the collection (`chroma_store`), making passages and searching them by words
(`passage_index`).
"""

import json
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ftrag_helpers.data.records import Passage
from ftrag_helpers.errors import CourseError
from ftrag_helpers.retrieval.chroma_store import Store, collection_name
from ftrag_helpers.retrieval.chunking import embedding_text

Embed = Callable[[Sequence[str]], np.ndarray]

#: Passages that are embedded and stored at once.
BATCH = 64
#: The metadata stored with a passage, which filters may test.
FIELDS = ("document_id", "title", "shelf", "branch", "date")
#: The metadata field that holds the checksum of a passage and its vector.
_CHECKSUM = "checksum"


class PassageStore:
    """Passages by id, kept in step with a Chroma collection that holds their vectors.

    Stored passages are read when the store is opened. Those of another embedder are deleted, as
    vectors of two embedders are not comparable, and so are damaged ones, with a warning.

    Args:
        embed: texts to unit-length vectors, shape (texts, dimensions).
        folder: where the collection is stored; None for memory.
        name: the collection's name in that folder.

    Attributes:
        by_id: the passages.
    """

    def __init__(self, embed: Embed, folder: Path | None, name: str):
        self._embed, self._folder = embed, folder
        self.by_id: dict[str, Passage] = {}
        self._store = Store(folder, collection_name(folder, name), self._refill)
        self._read()

    @property
    def collection(self):
        """The Chroma collection, as it is open now."""
        return self._store.ask(lambda collection: collection)

    @property
    def passages(self) -> list[Passage]:
        """All passages, ordered by id."""
        return [self.by_id[i] for i in sorted(self.by_id)]

    def put(self, passages: Sequence[Passage]) -> None:
        """Embed passages and store them, in place of those with the same ids.

        Raises:
            CourseError: the passages could not be stored.
        """
        rows = self._rows(passages)
        self._store.ask(lambda collection: collection.upsert(**rows))
        self.by_id.update({p.id: p for p in passages})

    def delete(self, ids: Sequence[str]) -> None:
        """Delete passages by id, at least one.

        Raises:
            CourseError: the passages could not be deleted.
        """
        self._store.ask(lambda collection: collection.delete(ids=list(ids)))
        for i in ids:
            self.by_id.pop(i, None)

    def nearest(
        self, texts: Sequence[str], count: int, where: dict | None = None
    ) -> list[list[tuple[Passage, float]]]:
        """The passages whose vectors are most similar to those of texts.

        Args:
            texts: the texts; there may be none.
            count: the most passages for each text, at least 1.
            where: a filter that `matching_ids` accepts; None or empty for no filter.

        Returns:
            For each text pairs of a passage and its cosine similarity (-1 to 1).
        """
        if not self.by_id or not len(texts):
            return [[] for _ in texts]
        # vectors: (texts, dimensions)
        vectors, count = self._embed(list(texts)), min(count, len(self.by_id))
        rows = self._store.ask(
            lambda collection: collection.query(
                query_embeddings=vectors,
                n_results=count,
                where=where or None,
                include=["distances"],
            )
        )
        # Chroma returns cosine distances, 1 - similarity. Passages that another process has added
        # to the same folder are not known here and are left out.
        return [
            [
                (self.by_id[i], 1 - distance)
                for i, distance in zip(ids, distances, strict=True)
                if i in self.by_id
            ]
            for ids, distances in zip(rows["ids"], rows["distances"], strict=True)
        ]

    def matching_ids(self, where: dict | None) -> set[str] | None:
        """The ids of the passages that a filter accepts, as Chroma evaluates it; None without one.

        Raises:
            CourseError: the filter has an operator, a field or a form that is not known.
        """
        if where is None or where == {}:
            return None
        try:
            rows = self._store.ask(lambda collection: collection.get(where=where, include=[]))
            unknown = sorted(set(_fields(where)) - set(FIELDS))
        except CourseError:
            raise
        except Exception as error:  # Chroma has several types for a filter that it does not accept
            raise CourseError(
                f"The filter {where!r} is not understood: {str(error).removesuffix(' in get.')}. A"
                " filter tests one field, as in {'branch': 'heron'} or {'shelf': {'$in':"
                " ['help', 'events']}}; several are joined as {'$and': [first, second]}."
            ) from error
        if unknown:
            raise CourseError(
                f"The filter {where!r} names {unknown[0]!r}, which no passage has. "
                f"Passages have {', '.join(FIELDS)}."
            )
        return set(rows["ids"])

    def _read(self) -> None:
        """Load the stored passages; delete those of another embedder or with a wrong checksum."""
        stored = self._store.ask(
            lambda collection: collection.get(include=["documents", "metadatas", "embeddings"])
        )
        columns = (stored[name] for name in ("ids", "documents", "metadatas", "embeddings"))
        rows = list(zip(*columns, strict=True))
        sound = [(_passage(*row[:3]), row[3]) for row in rows if _is_sound(*row)]
        if sound and not self._is_own(*sound[0]):
            self._store.clear()
            return
        self.by_id = {passage.id: passage for passage, _ in sound}
        unsound = {i: metadata for i, _, metadata, _ in rows if i not in self.by_id}
        # Rows without a checksum were stored by an older version, which is no damage.
        if any(_CHECKSUM in (metadata or {}) for metadata in unsound.values()):
            warnings.warn(
                f"{len(unsound)} of {len(rows)} passages in {self._folder} were damaged: add their"
                " documents again.",
                stacklevel=4,
            )
        if unsound:
            self.delete(list(unsound))

    def _is_own(self, passage: Passage, vector: np.ndarray) -> bool:
        """Whether this embedder made the stored vector: the text is embedded again and compared."""
        again = self._embed([embedding_text(passage)])[0]
        # Shape (dimensions,); rounding differs by about 1e-6 between machines.
        return vector.shape == again.shape and np.allclose(vector, again, atol=1e-3)

    def _refill(self, collection) -> None:
        """Add the known passages that a collection does not hold to it."""
        there = set(collection.get(include=[])["ids"])
        missing = [p for p in self.passages if p.id not in there]
        for start in range(0, len(missing), BATCH):
            collection.upsert(**self._rows(missing[start : start + BATCH]))

    def _rows(self, passages: Sequence[Passage]) -> dict:
        """The arguments of Chroma's `upsert` for the passages, which are embedded."""
        # (passages, dimensions)
        vectors = self._embed([embedding_text(p) for p in passages])
        return {
            "ids": [p.id for p in passages],
            "documents": [p.text for p in passages],
            "embeddings": vectors,
            "metadatas": [
                {field: getattr(p, field) for field in FIELDS} | {_CHECKSUM: _checksum(p, v)}
                for p, v in zip(passages, vectors, strict=True)
            ],
        }


def _passage(id_: str, text: str, metadata: dict) -> Passage:
    """The passage that a row of the collection holds."""
    return Passage(id=id_, text=text, **{field: metadata[field] for field in FIELDS})


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
        json.dumps([passage.id, passage.text, *(getattr(passage, key) for key in FIELDS)]).encode()
    )
    return float(np.nan_to_num(vector) @ np.random.default_rng(seed).standard_normal(len(vector)))


def _is_sound(id_: str, text: object, metadata: object, vector: np.ndarray) -> bool:
    """Whether a stored row has all fields of a passage and the right checksum."""
    try:
        return abs(_checksum(_passage(id_, text, metadata), vector) - metadata[_CHECKSUM]) < 1e-3
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


def memoize(embed: Embed) -> Embed:
    """An embedder that computes each text only once and keeps the vectors in memory.

    Args:
        embed: texts to vectors, shape (texts, dimensions).

    Returns:
        A function with the same arguments and results. Its `fits` is that of `embed`, or None.
    """
    known: dict[str, np.ndarray] = {}

    def memoized(texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, embed(new), strict=True))
        # (texts, dimensions)
        return np.stack([known[text] for text in texts]) if len(texts) else embed(texts)

    memoized.fits = getattr(embed, "fits", None)
    return memoized
