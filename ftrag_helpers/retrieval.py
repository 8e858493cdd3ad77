"""From documents to the few sentences that a question needs: chunk, index, search, filter, select.

Level 1. Loads no model: the caller passes `embed`, a function from texts to unit-length vectors. Dense
search is Chroma's, BM25 is `bm25s`'s; both see the same passages. What it leaves out: prompts,
generation and the decision to refuse (`rag`).
"""

import hashlib
import json
import os
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlparse

import numpy as np

from ftrag_helpers.records import Document, Hit, Passage
from ftrag_helpers.runtime import CourseError

Embed = Callable[[Sequence[str]], np.ndarray]

#: Chosen on the training and validation questions, as `benchmarks/retrieval.py` prints.
CHUNK_WORDS = 90
OVERLAP_SENTENCES = 1
LEXICAL_WEIGHT = 0.02
EXACT_NEIGHBOURS = 2000
#: Asked of the store beyond k, so that passages of equal score at the cut are chosen by id, not by the store.
_TIES = 20
#: Reciprocal rank fusion's constant, as in Cormack, Clarke and Büttcher 2009.
_RRF = 60
_SENTENCE_END = re.compile(r"""(?:(?<=[.!?])|(?<=[.!?]["'”’)])|(?<=[.!?]["'”’)]["'”’)]))\s+(?=[A-Z0-9£"'“‘(])""")
_ABBREVIATIONS = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|No|Nos|vol|ed|e\.g|i\.e|p|pp|approx|c|cl)\.$|(?-i:(?:^|\s)[A-Z]\.)$",
                            re.IGNORECASE)


def split_sentences(text: str) -> list[str]:
    """The text's sentences in order, white space trimmed; a paragraph break always ends one."""
    sentences: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        pieces = _SENTENCE_END.split(paragraph.strip())
        for number, piece in enumerate(pieces):
            if number and _ABBREVIATIONS.search(sentences[-1]):
                sentences[-1] += " " + piece
            elif piece:
                sentences.append(piece)
    return sentences


def chunk(document: Document, *, words: int = CHUNK_WORDS, overlap: int = OVERLAP_SENTENCES) -> list[Passage]:
    """The document cut at sentence ends into passages of at most `words` words.

    A sentence longer than that stands alone. Each passage after the first repeats the last `overlap`
    sentences of the one before, so that a fact and what it refers to stay together.

    Raises:
        ValueError: words below 1 or overlap below 0.
    """
    if words < 1 or overlap < 0:
        raise ValueError(f"words must be at least 1 and overlap at least 0, not {words} and {overlap}")
    sentences = split_sentences(document.text)
    groups: list[list[str]] = []
    held: list[str] = []
    for sentence in sentences:
        if held and len(" ".join([*held, sentence]).split()) > words:
            groups.append(held)
            held = held[len(held) - overlap:] if overlap and len(held) > overlap else []
            if held and len(" ".join([*held, sentence]).split()) > words:
                held = []
        held = [*held, sentence]
    groups += [held] if held else []
    return [Passage(id=f"{document.id}#{n}", document_id=document.id, title=document.title, shelf=document.shelf,
                    branch=document.branch, date=document.date, text=" ".join(group))
            for n, group in enumerate(groups, start=1)]


def embedding_text(passage: Passage) -> str:
    """What is embedded for a passage: its title before its text, so that "it" has a name."""
    return f"{passage.title}. {passage.text}"


def _lexical_tokens(texts: Sequence[str]):
    import bm25s
    import Stemmer

    return bm25s.tokenize(list(texts), stopwords="en", stemmer=Stemmer.Stemmer("english"), show_progress=False)


class Index:
    """Passages of documents, searchable by meaning (Chroma), by words (BM25), or by both.

    Args:
        embed: texts to unit-length vectors, shape (texts, dimensions).
        folder: where Chroma keeps the vectors; None keeps them in memory. `FTRAG_CHROMA_URL` names a
            Chroma server instead, which a class can share.
        name: the collection in that folder; two indexes with other chunk sizes need other names. In memory
            every index is on its own, whatever its name.

    An index that was built before is found again: `add` embeds only passages that are new or changed.
    """

    def __init__(self, embed: Embed, folder: Path | None = None, *, name: str = "library",
                 words: int = CHUNK_WORDS, overlap: int = OVERLAP_SENTENCES):
        self._embed, self._words, self._overlap = embed, words, overlap
        # HNSW search is approximate. Looking at this many neighbours makes it exact for a library of this
        # size, so that an answer never depends on the order in which passages came and went.
        if folder is None and not os.environ.get("FTRAG_CHROMA_URL"):
            name = f"{name}-{uuid.uuid4().hex}"  # Chroma's memory is one store for the whole process
        self._collection = _open_client(folder).get_or_create_collection(
            name, embedding_function=None, configuration={"hnsw": {
                "space": "cosine", "ef_construction": 400, "ef_search": EXACT_NEIGHBOURS, "max_neighbors": 32}})
        self._passages: dict[str, Passage] = {}
        self._bm25 = None
        self.changes = 0
        self._read_stored()

    def _read_stored(self) -> None:
        stored = self._collection.get(include=["documents", "metadatas"])
        for id_, text, about in zip(stored["ids"], stored["documents"], stored["metadatas"], strict=True):
            self._passages[id_] = Passage(id=id_, text=text, **{k: about[k] for k in _ABOUT})

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
        return [_ranked([(self._passages[i], 1 - distance) for i, distance in zip(ids, distances, strict=True)])[:k]
                for ids, distances in zip(found["ids"], found["distances"], strict=True)]

    def bm25(self, texts: Sequence[str], k: int = 10, *, where: dict | None = None) -> list[list[Hit]]:
        """The k passages that share the most telling words with each text; passages without any are left out.

        Source: Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond".
        """
        passages = self.passages
        if not passages:
            return [[] for _ in texts]
        if self._bm25 is None:
            self._bm25 = _word_index([embedding_text(p) for p in passages])
        allowed = np.array([_matches(p, where) for p in passages], np.float32)
        hits = []
        for text in texts:
            # As words, not ids: bm25s numbers the words of the query by itself.
            words = list(dict.fromkeys(_query_words(text)))
            scores = self._bm25(words) * allowed
            best = np.argsort(-scores, kind="stable")[:k]
            hits.append(_ranked([(passages[i], float(scores[i])) for i in best if scores[i] > 0]))
        return hits

    def hybrid(self, texts: Sequence[str], k: int = 10, *, where: dict | None = None, depth: int = 50) -> list[list[Hit]]:
        """Dense and BM25 search added up: cosine similarity + 0.02 × BM25 score.

        Raw scores carry how sure each search is; fusing ranks alone throws that away, and measured worse
        on the training questions (`benchmarks/retrieval.py` compares both). A passage that only one
        search found counts with 0 for the other.
        """
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


def _open_client(folder: Path | None):
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    url = os.environ.get("FTRAG_CHROMA_URL")
    if not url:
        return chromadb.PersistentClient(str(folder), settings=settings) if folder \
            else chromadb.EphemeralClient(settings=settings)
    where = urlparse(url if "//" in url else f"//{url}")
    try:
        return chromadb.HttpClient(host=where.hostname, port=where.port or 8000, ssl=where.scheme == "https",
                                   settings=settings)
    except Exception as error:
        raise CourseError(
            f"No Chroma server answers at {url} (FTRAG_CHROMA_URL). Start one with `chroma run`, correct the "
            "address, or unset the variable to keep the index on this machine.") from error


def _word_index(texts: Sequence[str]) -> Callable[[Sequence[str]], np.ndarray]:
    """A function from the words of a query to the BM25 score of every text."""
    import bm25s

    tokens = _lexical_tokens(texts)
    if not any(len(ids) for ids in tokens.ids):  # bm25s cannot index texts of stop words alone
        return lambda words: np.zeros(len(texts))
    index = bm25s.BM25()
    index.index(tokens, show_progress=False)
    return lambda words: index.get_scores(list(words)) if words else np.zeros(len(texts))


def _query_words(text: str) -> list[str]:
    tokens = _lexical_tokens([text])
    names = {number: word for word, number in tokens.vocab.items()}
    return [names[number] for number in tokens.ids[0]]


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


def _ranked(scored: Iterable[tuple[Passage, float]]) -> list[Hit]:
    """Hits by falling score; equal scores by id, so that a ranking never depends on the store's order."""
    ordered = sorted(scored, key=lambda pair: (-round(pair[1], 6), pair[0].id))
    return [Hit(passage, float(score), rank) for rank, (passage, score) in enumerate(ordered, start=1)]


def add_scores(dense: Sequence[Hit], lexical: Sequence[Hit], weight: float = LEXICAL_WEIGHT) -> list[Hit]:
    """The union of two rankings by dense score + weight × lexical score.

    Source: Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval", without their
    normalisation, which needs the lowest score of each search.
    """
    sums: dict[str, float] = {}
    passages = {}
    for ranking, factor in ((dense, 1.0), (lexical, weight)):
        for hit in ranking:
            sums[hit.passage.id] = sums.get(hit.passage.id, 0.0) + factor * hit.score
            passages[hit.passage.id] = hit.passage
    return _ranked([(passages[i], score) for i, score in sums.items()])


def fuse(rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Reciprocal rank fusion: each ranking gives a passage 1 / (60 + rank); the sums are ranked.

    Source: Cormack, Clarke and Büttcher 2009, "Reciprocal Rank Fusion".
    """
    sums: dict[str, float] = {}
    passages = {}
    for ranking in rankings:
        for hit in ranking:
            sums[hit.passage.id] = sums.get(hit.passage.id, 0.0) + 1 / (_RRF + hit.rank)
            passages[hit.passage.id] = hit.passage
    return _ranked([(passages[i], score) for i, score in sums.items()])


def document_ranking(hits: Sequence[Hit]) -> list[str]:
    """The ids of the documents behind the hits, best first, each once."""
    return list(dict.fromkeys(hit.passage.document_id for hit in hits))


def remembering(embed: Embed) -> Embed:
    """The same embedder, which computes each text only once: sentences come back for question after question."""
    known: dict[str, np.ndarray] = {}

    def remember(texts: Sequence[str]) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update(zip(new, embed(new), strict=True))
        return np.stack([known[text] for text in texts]) if len(texts) else embed(texts)

    return remember


class SentenceSelector:
    """Picks, inside retrieved passages, the sentences nearest to a question.

    Short contexts read better and cost less. A sentence's score is the cosine similarity of the question and the
    sentence under its passage's title, plus 0.02 × the BM25 score of the sentence among all the index's sentences.
    Each sentence is embedded at most once.
    """

    def __init__(self, index: Index, embed: Embed):
        self._index, self._embed = index, remembering(embed)
        self._read_index()

    def _read_index(self) -> None:
        self._seen = self._index.changes
        self._rows = {text: row for row, text in enumerate(dict.fromkeys(
            embedding_text(s) for p in self._index.passages for s in _sentences_of(p)))}
        self._bm25 = _word_index(list(self._rows))

    def __call__(self, texts: Sequence[str], hits: Sequence[Sequence[Hit]], n: int = 1) -> list[list[Hit]]:
        """For each text the n best sentences of its hits, each as a hit whose passage is that one sentence."""
        pools = [list({embedding_text(s): s for hit in found for s in _sentences_of(hit.passage)}.values())
                 for found in hits]
        if self._seen != self._index.changes:
            self._read_index()
        # All at once: batches of one size embed faster than a few sentences at a time.
        self._embed([embedding_text(s) for pool in pools for s in pool] + list(texts))
        return [self._best(text, pool)[:n] for text, pool in zip(texts, pools, strict=True)]

    def _best(self, text: str, pool: Sequence[Passage]) -> list[Hit]:
        if not pool:
            return []
        similarity = self._embed([embedding_text(s) for s in pool]) @ self._embed([text])[0]
        lexical = self._bm25(list(dict.fromkeys(_query_words(text))))
        # Hits may come from another index than this selector's: what it does not know counts with 0.
        rows = [self._rows.get(embedding_text(s)) for s in pool]
        bonus = [0.0 if row is None else float(lexical[row]) for row in rows]
        return _ranked(zip(pool, similarity + LEXICAL_WEIGHT * np.array(bonus), strict=True))


def _sentences_of(passage: Passage) -> list[Passage]:
    return [replace(passage, id=f"{passage.document_id}: {text}", text=text)
            for text in split_sentences(passage.text)]


def fingerprint(documents: Sequence[Document]) -> str:
    """A short name for the content of these documents: equal content, equal name."""
    content = json.dumps([[d.id, d.title, d.text] for d in documents], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:12]
