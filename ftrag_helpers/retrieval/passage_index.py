"""The index: passages of documents, searched by meaning, by words, or by both; with filters.

Loads no model: the caller passes `embed`, a function from texts to unit-length vectors.
Dense search and filters are Chroma's, word search is `bm25`'s; both see the same passages. What it
leaves out: keeping the collection (`chroma_store`), cutting documents (`chunking`), adding up
rankings (`ranking`), choosing sentences (`reranking`), prompts and answers (`rag`).
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

#: Asked of the store beyond k, so that passages of equal score at the cut are chosen by id, not by
#: the store.
_TIES = 20
#: Passages that are embedded and stored at once.
_BATCH = 64
_ABOUT = ("document_id", "title", "shelf", "branch", "date")
_CHECK = "checksum"


class Index:
    """Passages of documents, searchable by meaning (Chroma), by words (BM25), or by both.

    Args:
        embed: texts to unit-length vectors, shape (texts, dimensions). Where it has a function
            `fits`, as `models.embed` has, a passage that it would not read to its end is cut
            further.
        folder: where the index is kept, to be found again; None keeps it in memory, gone with the
            process. `FTRAG_CHROMA_URL` names a Chroma server that keeps what a folder would; the
            folder then holds the name of its collection there, so that no two people meet in one.
        name: the collection in that folder; two indexes with other chunk sizes need other names.

    An index that was built before is found again: `add` embeds only passages that are new or
    changed. One that another embedder made starts empty, as its vectors mean nothing to this one.
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
        """Take over what is stored, but for vectors of another embedder and passages in which
        something changed since.
        """
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
        ):  # else an older course stored them
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
        )  # another machine rounds by 1e-6

    def _refill(self, collection) -> None:
        """Put what a collection lacks of the known passages into it."""
        there = set(collection.get(include=[])["ids"])
        missing = [p for p in self.passages if p.id not in there]
        for start in range(0, len(missing), _BATCH):
            collection.upsert(**self._rows(missing[start : start + _BATCH]))

    def _rows(self, passages: Sequence[Passage]) -> dict:
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
        """Add documents, or change them where their id is known.

        Returns how many passages were embedded.

        Passages that a changed document no longer has are removed.
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
        """Remove documents by id; returns how many passages went. Unknown ids are passed over."""
        doomed = set(document_ids)
        return self._forget([i for i, p in self._passages.items() if p.document_id in doomed])

    def _forget(self, ids: list[str]) -> int:
        if ids:
            self._store.ask(lambda collection: collection.delete(ids=ids))
            for i in ids:
                del self._passages[i]
            self._changed()
        return len(ids)

    def _changed(self) -> None:
        """Word statistics depend on all passages: made anew at the next search, here and in
        selectors.
        """
        self._bm25 = None
        self.changes += 1

    def synchronise(self, documents: Sequence[Document], *, progress: bool = False) -> int:
        """Make the index hold exactly these documents; returns how many passages were embedded."""
        keep = {d.id for d in documents}
        self.remove({p.document_id for p in self._passages.values()} - keep)
        return self.add(documents, progress=progress)

    def dense(
        self, texts: Sequence[str], k: int = 10, *, where: dict | None = None
    ) -> list[list[Hit]]:
        """The k passages nearest in meaning to each text. Scores are cosine similarities (-1 to 1).

        `where` is a filter in Chroma's language over shelf, branch, date, title and document_id.

        Raises:
            CourseError: the filter has an operator, a field or a form that is not known.
        """
        self._allowed(where)
        if not self._passages or not len(texts):
            return [[] for _ in texts]
        vectors, most = self._embed(list(texts)), min(k + _TIES, len(self._passages))
        found = self._store.ask(
            lambda collection: collection.query(
                query_embeddings=vectors, n_results=most, where=where or None, include=["distances"]
            )
        )
        # Another notebook may have added passages to the same folder, of which this index knows
        # nothing.
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
        """The k passages that share the most telling words with each text; passages without any are
        left out.

        `where` is a filter as in `dense`.

        Source: Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and
        Beyond".
        """
        passages, allowed = self.passages, self._allowed(where)
        if not passages:
            return [[] for _ in texts]
        if self._bm25 is None:
            self._bm25 = word_scores([embedding_text(p) for p in passages])
        taken = np.array([allowed is None or p.id in allowed for p in passages], np.float32)
        hits = []
        for text in texts:
            scores = self._bm25(query_words(text)) * taken
            best = np.argsort(-scores, kind="stable")[:k]
            hits.append(ranked([(passages[i], float(scores[i])) for i in best if scores[i] > 0]))
        return hits

    def _allowed(self, where: dict | None) -> set[str] | None:
        """The ids of the passages that a filter lets through, by Chroma's own judgement; None where
        nothing is filtered.
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
        ) as error:  # Chroma's own judgement of the filter comes as errors of several types
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
        """Dense and BM25 search added up: cosine similarity + 0.02 × BM25 score.

        Raw scores carry how sure each search is; fusing ranks alone throws that away, and measured
        worse on the training questions (`benchmarks/retrieval.py` compares both). A passage that
        only one search found counts with 0 for the other.
        """
        return [fused for _, _, fused in self._both(texts, k, where, depth)]

    def _both(
        self, texts: Sequence[str], k: int, where: dict | None, depth: int = 50
    ) -> list[tuple[list[Hit], list[Hit], list[Hit]]]:
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
        """The k best passages by `method`: "dense", "bm25" or "hybrid".

        Raises:
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
        """For each text the dense ranking, the BM25 ranking, and the k best passages made of them.

        The rankings that a method does not need are empty. Raises as `search` does.
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
    return Passage(id=id_, text=text, **{key: about[key] for key in _ABOUT})


def _checksum(passage: Passage, vector: np.ndarray) -> float:
    """A number that any change of the text or of the vector changes, and the rounding of the vector
    does not.
    """
    seed = zlib.crc32(
        json.dumps([passage.id, passage.text, *(getattr(passage, key) for key in _ABOUT)]).encode()
    )
    return float(np.nan_to_num(vector) @ np.random.default_rng(seed).standard_normal(len(vector)))


def _is_sound(id_: str, text: object, about: object, vector: np.ndarray) -> bool:
    try:
        return abs(_checksum(_passage(id_, text, about), vector) - about[_CHECK]) < 1e-3
    except (KeyError, TypeError):
        return False


def _fields(where: dict) -> Iterator[str]:
    """The fields that a filter tests."""
    for key, test in where.items():
        if key in ("$and", "$or"):
            for part in test:
                yield from _fields(part)
        elif not key.startswith("#"):
            yield key


def _collection_name(folder: Path | None, name: str) -> str:
    """The collection's name in its store:

    Chroma's memory is one store for the whole process, a server one for many.
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
    """The same embedder, which computes each text only once: sentences come back for question after
    question.
    """
    known: dict[str, np.ndarray] = {}

    def remember(texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, embed(new), strict=True))
        return np.stack([known[text] for text in texts]) if len(texts) else embed(texts)

    remember.fits = getattr(embed, "fits", None)
    return remember


def fingerprint(documents: Sequence[Document]) -> str:
    """A short name for the content of these documents: equal content, equal name."""
    content = json.dumps([[d.id, d.title, d.text] for d in documents], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:12]
