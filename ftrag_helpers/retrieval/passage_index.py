"""The passage index: dense, lexical (BM25) and hybrid search with metadata filters.

Loads no model: the caller passes `embed`, a function from texts to unit-length vectors. Chroma does
dense search and filters, `bm25` does lexical search; both search the same passages.

Not here: storing passages (`passage_store`), splitting documents (`chunking`), fusing rankings
(`fusion`), choosing sentences (`reranking`), prompts and answers (`rag`).
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ftrag_helpers.data.records import Document, Hit, Passage
from ftrag_helpers.retrieval.bm25 import query_words, word_scores
from ftrag_helpers.retrieval.chunking import CHUNK_WORDS, OVERLAP_SENTENCES, chunk, embedding_text
from ftrag_helpers.retrieval.fusion import ranked, weighted_fusion
from ftrag_helpers.retrieval.passage_store import BATCH, Embed, PassageStore
from ftrag_helpers.retrieval.passage_store import memoize as memoize

#: Passages requested from the store beyond k, so that among equal scores at rank k passages are
#: chosen by id, not by the store's order.
_TIES = 20


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
        self._fits, self._words, self._overlap = getattr(embed, "fits", None), words, overlap
        self._store = PassageStore(embed, folder, name)
        self._bm25 = None
        self.changes = 0

    @property
    def passages(self) -> list[Passage]:
        """All passages, ordered by id."""
        return self._store.passages

    def add(
        self, documents: Iterable[Document], *, batch_size: int = BATCH, progress: bool = False
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

        chunks = {
            d.id: chunk(d, words=self._words, overlap=self._overlap, fits=self._fits)
            for d in documents
        }
        known = self._store.by_id
        ids = {p.id for passages in chunks.values() for p in passages}
        stale = [i for i, p in known.items() if p.document_id in chunks and i not in ids]
        new = [p for passages in chunks.values() for p in passages if known.get(p.id) != p]
        for start in tqdm(
            range(0, len(new), batch_size),
            desc="indexing",
            unit="batch",
            disable=not progress,
            leave=False,
        ):
            self._store.put(new[start : start + batch_size])
            self._changed()
        self._delete(stale)
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
        removed = set(document_ids)
        return self._delete([p.id for p in self.passages if p.document_id in removed])

    def _delete(self, ids: list[str]) -> int:
        """Delete passages by id; returns how many."""
        if ids:
            self._store.delete(ids)
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
        self.remove({p.document_id for p in self.passages} - {d.id for d in documents})
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
        self._store.matching_ids(where)  # raises an error for a filter that is not understood
        pairs = self._store.nearest(texts, k + _TIES, where)
        return [ranked(of_text)[:k] for of_text in pairs]

    def bm25(
        self, texts: Sequence[str], k: int = 10, *, where: dict | None = None
    ) -> list[list[Hit]]:
        """Lexical search: the k passages with the highest BM25 scores for the words of each text.

        Takes the arguments of `dense`, and raises its error.

        Returns:
            For each text its hits, best first, with BM25 scores; passages with a score of 0, which
            share no word with the text, are left out.

        Source: Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and
        Beyond".
        """
        passages, ids = self.passages, self._store.matching_ids(where)
        if not passages:
            return [[] for _ in texts]
        if self._bm25 is None:
            self._bm25 = word_scores([embedding_text(p) for p in passages])
        # (passages,), 1 where the filter accepts the passage and 0 elsewhere
        mask = None if ids is None else np.array([p.id in ids for p in passages], np.float32)
        hits = []
        for text in texts:
            # (passages,)
            scores = self._bm25(query_words(text), mask)
            best = np.argsort(-scores, kind="stable")[:k]
            hits.append(ranked([(passages[i], float(scores[i])) for i in best if scores[i] > 0]))
        return hits

    def hybrid(
        self, texts: Sequence[str], k: int = 10, *, where: dict | None = None, depth: int = 50
    ) -> list[list[Hit]]:
        """Hybrid search: passages ranked by cosine similarity + 0.02 × BM25 score.

        Reciprocal rank fusion, which uses ranks and no scores, measured worse on the training
        questions (`benchmarks/retrieval.py` compares both). A passage that only one search found
        counts with 0 for the other.

        Takes the arguments of `dense`, and raises its error.

        Args:
            depth: how many passages each of the two searches returns before fusion; k if larger.

        Returns:
            For each text its hits, best first, with the weighted sums as scores.
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

        Takes the arguments of `search`, and raises its errors.

        Returns:
            For each text the dense ranking, the BM25 ranking, and the k best passages by `method`.
            A ranking that the method does not need is empty. With "hybrid" the first two hold up to
            max(50, k) hits.
        """
        if method not in ("dense", "bm25", "hybrid") or k < 1:
            raise ValueError(
                f"method {method!r} with k={k}: choose dense, bm25 or hybrid, and k of at least 1"
            )
        if method == "hybrid":
            return self._both(texts, k, where)
        best = getattr(self, method)(texts, k, where=where)
        return [(hits, [], hits) if method == "dense" else ([], hits, hits) for hits in best]


def fingerprint(documents: Sequence[Document]) -> str:
    """A short hash of the content of documents, by which a change is noticed.

    Args:
        documents: the documents. All fields that a passage takes from its document count (id,
            title, shelf, branch, date and text), and the order of the documents.

    Returns:
        The first 12 hexadecimal digits of a SHA-256 hash.
    """
    content = [[d.id, d.title, d.shelf, d.branch, d.date, d.text] for d in documents]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:12]
