"""The index: passages of documents, searched by meaning, by words, or by both; with filters.

Level 1. Loads no model: the caller passes `embed`, a function from texts to unit-length vectors. Dense search is
Chroma's, word search is `bm25`'s; both see the same passages. What it leaves out: cutting documents (`chunking`),
adding up rankings (`ranking`), choosing sentences (`selection`), prompts and answers (`rag`).
"""

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from ftrag_helpers import libraries, variables
from ftrag_helpers.bm25 import query_words, word_scores
from ftrag_helpers.chunking import CHUNK_WORDS, OVERLAP_SENTENCES, chunk, embedding_text
from ftrag_helpers.ranking import add_scores, ranked
from ftrag_helpers.records import Document, Hit, Passage
from ftrag_helpers.runtime import CourseError

Embed = Callable[[Sequence[str]], np.ndarray]

#: HNSW search is approximate. Looking at this many neighbours makes it exact for a library of this size, so that an
#: answer never depends on the order in which passages came and went.
EXACT_NEIGHBOURS = 2000
_HNSW = {"space": "cosine", "ef_construction": 400, "ef_search": EXACT_NEIGHBOURS, "max_neighbors": 32}
#: Asked of the store beyond k, so that passages of equal score at the cut are chosen by id, not by the store.
_TIES = 20


class Index:
    """Passages of documents, searchable by meaning (Chroma), by words (BM25), or by both.

    Args:
        embed: texts to unit-length vectors, shape (texts, dimensions).
        folder: where the index is kept, to be found again; None keeps it in memory, gone with the process.
            `FTRAG_CHROMA_URL` names a Chroma server that keeps what a folder would; the folder then holds the name of
            its collection there, so that no two people meet in one.
        name: the collection in that folder; two indexes with other chunk sizes need other names.

    An index that was built before is found again: `add` embeds only passages that are new or changed. One that
    another embedder made starts empty, as its vectors mean nothing to this one.
    """

    def __init__(self, embed: Embed, folder: Path | None = None, *, name: str = "library",
                 words: int = CHUNK_WORDS, overlap: int = OVERLAP_SENTENCES):
        self._embed, self._words, self._overlap = embed, words, overlap
        self._passages: dict[str, Passage] = {}
        self._bm25 = None
        self.changes = 0
        client, name = _open_client(folder), _collection_name(folder, name)
        self._collection = _collection(client, name)
        if not self._is_own():
            client.delete_collection(name)
            self._collection = _collection(client, name)
        self._read_stored()

    def _is_own(self) -> bool:
        """Whether this embedder made the stored vectors: one text is embedded again and compared."""
        stored = self._collection.get(limit=1, include=["documents", "metadatas", "embeddings"])
        if not stored["ids"]:
            return True
        kept = np.asarray(stored["embeddings"][0])
        again = self._embed([embedding_text(_passage(stored["ids"][0], stored["documents"][0], stored["metadatas"][0]))])[0]
        return kept.shape == again.shape and np.allclose(kept, again, atol=1e-3)  # another machine rounds by 1e-6

    def _read_stored(self) -> None:
        stored = self._collection.get(include=["documents", "metadatas"])
        for id_, text, about in zip(stored["ids"], stored["documents"], stored["metadatas"], strict=True):
            self._passages[id_] = _passage(id_, text, about)

    @property
    def passages(self) -> list[Passage]:
        """All passages, ordered by id."""
        return [self._passages[i] for i in sorted(self._passages)]

    def add(self, documents: Iterable[Document], *, batch_size: int = 64, progress: bool = False) -> int:
        """Add documents, or change them where their id is known. Returns how many passages were embedded.

        Passages that a changed document no longer has are removed.
        """
        from tqdm.auto import tqdm

        wanted = {d.id: chunk(d, words=self._words, overlap=self._overlap) for d in documents}
        gone = [i for i, p in self._passages.items()
                if p.document_id in wanted and i not in {q.id for q in wanted[p.document_id]}]
        new = [p for passages in wanted.values() for p in passages if self._passages.get(p.id) != p]
        for start in tqdm(range(0, len(new), batch_size), desc="indexing", unit="batch",
                          disable=not progress, leave=False):
            batch = new[start:start + batch_size]
            self._collection.upsert(
                ids=[p.id for p in batch], documents=[p.text for p in batch],
                metadatas=[{k: getattr(p, k) for k in _ABOUT} for p in batch],
                embeddings=self._embed([embedding_text(p) for p in batch]))
        self._forget(gone)
        self._passages.update({p.id: p for p in new})
        if new:
            self._changed()
        return len(new)

    def remove(self, document_ids: Iterable[str]) -> int:
        """Remove documents by id; returns how many passages went. Unknown ids are passed over."""
        doomed = set(document_ids)
        return self._forget([i for i, p in self._passages.items() if p.document_id in doomed])

    def _forget(self, ids: list[str]) -> int:
        if ids:
            self._collection.delete(ids=ids)
            for i in ids:
                del self._passages[i]
            self._changed()
        return len(ids)

    def _changed(self) -> None:
        """Word statistics depend on all passages: made anew at the next search, here and in selectors."""
        self._bm25 = None
        self.changes += 1

    def synchronise(self, documents: Sequence[Document], *, progress: bool = False) -> int:
        """Make the index hold exactly these documents; returns how many passages were embedded."""
        keep = {d.id for d in documents}
        self.remove({p.document_id for p in self._passages.values()} - keep)
        return self.add(documents, progress=progress)

    def dense(self, texts: Sequence[str], k: int = 10, *, where: dict | None = None) -> list[list[Hit]]:
        """The k passages nearest in meaning to each text. Scores are cosine similarities (-1 to 1).

        `where` is a Chroma metadata filter over shelf, branch, date, title and document_id.
        """
        if not self._passages or not len(texts):
            return [[] for _ in texts]
        found = self._collection.query(query_embeddings=self._embed(list(texts)), n_results=min(k + _TIES, len(self._passages)),
                                       where=where, include=["distances"])
        return [ranked([(self._passages[i], 1 - distance) for i, distance in zip(ids, distances, strict=True)])[:k]
                for ids, distances in zip(found["ids"], found["distances"], strict=True)]

    def bm25(self, texts: Sequence[str], k: int = 10, *, where: dict | None = None) -> list[list[Hit]]:
        """The k passages that share the most telling words with each text; passages without any are left out.

        Source: Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond".
        """
        passages = self.passages
        if not passages:
            return [[] for _ in texts]
        if self._bm25 is None:
            self._bm25 = word_scores([embedding_text(p) for p in passages])
        allowed = np.array([_matches(p, where) for p in passages], np.float32)
        hits = []
        for text in texts:
            scores = self._bm25(query_words(text)) * allowed
            best = np.argsort(-scores, kind="stable")[:k]
            hits.append(ranked([(passages[i], float(scores[i])) for i in best if scores[i] > 0]))
        return hits

    def hybrid(self, texts: Sequence[str], k: int = 10, *, where: dict | None = None, depth: int = 50) -> list[list[Hit]]:
        """Dense and BM25 search added up: cosine similarity + 0.02 × BM25 score.

        Raw scores carry how sure each search is; fusing ranks alone throws that away, and measured worse
        on the training questions (`benchmarks/retrieval.py` compares both). A passage that only one
        search found counts with 0 for the other.
        """
        depth = max(depth, k)
        both = zip(self.dense(texts, depth, where=where), self.bm25(texts, depth, where=where), strict=True)
        return [add_scores(dense, lexical)[:k] for dense, lexical in both]

    def search(self, texts: Sequence[str], k: int = 10, *, method: str = "hybrid", where: dict | None = None) -> list[list[Hit]]:
        """The k best passages by `method`: "dense", "bm25" or "hybrid".

        Raises:
            ValueError: no such method, or k below 1.
        """
        if method not in ("dense", "bm25", "hybrid") or k < 1:
            raise ValueError(f"method {method!r} with k={k}: choose dense, bm25 or hybrid, and k of at least 1")
        return getattr(self, method)(texts, k, where=where)


_ABOUT = ("document_id", "title", "shelf", "branch", "date")


def _passage(id_: str, text: str, about: dict) -> Passage:
    return Passage(id=id_, text=text, **{key: about[key] for key in _ABOUT})


def _collection_name(folder: Path | None, name: str) -> str:
    """The collection's name in its store: Chroma's memory is one store for the whole process, a server one for many."""
    if folder is None:
        return f"{name}-{uuid.uuid4().hex}"
    if not os.environ.get("FTRAG_CHROMA_URL"):
        return name
    known = Path(folder) / "on_server"
    try:
        if not known.is_file():
            known.parent.mkdir(parents=True, exist_ok=True)
            known.write_text(uuid.uuid4().hex, "ascii")
        return f"{name}-{known.read_text('ascii').strip()}"
    except OSError as error:
        raise CourseError(f"{known} could not be written ({error.strerror}): it keeps the name of this index on the Chroma server. "
                          "Make room, or set FTRAG_CACHE to a folder that you can write to.") from error


def _collection(client, name: str):
    return client.get_or_create_collection(name, embedding_function=None, configuration={"hnsw": _HNSW})


def _open_client(folder: Path | None):
    libraries.check_sqlite()
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if folder is None:
        return chromadb.EphemeralClient(settings=settings)
    address = variables.chroma_address()
    if not address:
        return chromadb.PersistentClient(str(folder), settings=settings)
    host, port, ssl = address
    try:
        return chromadb.HttpClient(host=host, port=port, ssl=ssl, settings=settings)
    except Exception as error:
        raise CourseError(
            f"No Chroma server answers at {os.environ['FTRAG_CHROMA_URL']} (FTRAG_CHROMA_URL). Start one with `chroma run`, "
            "correct the address, or unset the variable to keep the index on this machine.") from error


def _matches(passage: Passage, where: dict | None) -> bool:
    """Whether a passage fits a metadata filter in the part of Chroma's language that the course uses."""
    if not where:
        return True
    results = []
    for key, test in where.items():
        if key in ("$and", "$or"):
            results.append((all if key == "$and" else any)(_matches(passage, part) for part in test))
            continue
        value = getattr(passage, key)
        operator, operand = next(iter(test.items())) if isinstance(test, dict) else ("$eq", test)
        results.append({"$eq": lambda: value == operand, "$ne": lambda: value != operand,
                        "$in": lambda: value in operand, "$nin": lambda: value not in operand}[operator]())
    return all(results)


def remembering(embed: Embed) -> Embed:
    """The same embedder, which computes each text only once: sentences come back for question after question."""
    known: dict[str, np.ndarray] = {}

    def remember(texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, embed(new), strict=True))
        return np.stack([known[text] for text in texts]) if len(texts) else embed(texts)

    return remember


def fingerprint(documents: Sequence[Document]) -> str:
    """A short name for the content of these documents: equal content, equal name."""
    content = json.dumps([[d.id, d.title, d.text] for d in documents], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:12]
