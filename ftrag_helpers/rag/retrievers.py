"""What a model gets to read for a question: by searching, by knowing the answer, or by misleading.

A retriever has one method, `search`, from questions to traces. The trace of a search keeps every
step on the way to the sentences that are read, so that whoever needs one of them (the classifier
that abstains, say) need not search again. What it leaves out: reading (`pipeline`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ftrag_helpers.data.records import Document, Hit, Passage, Question
from ftrag_helpers.rag import prompts
from ftrag_helpers.retrieval.passage_index import Index
from ftrag_helpers.retrieval.reranking import CANDIDATES, Match, MaxSimReranker

#: One sentence is what this model reads best; the validation questions chose it (lesson 04 shows
#: the sweep).
SENTENCES = 1


@dataclass(frozen=True, eq=False)
class SearchTrace:
    """One question's search, step by step; all lists are best first.

    Attributes:
        text: the question as it was searched for.
        hits: the sentences that are read.
        dense: the passages nearest in meaning, scored by cosine similarity.
        bm25: the passages that share telling words, scored by BM25.
        fused: the candidates, as `method` ranks them.
        reranked: the candidates and their sentences, read again word by word; None where the
            search was none (the oracle).
    """

    text: str
    hits: tuple[Hit, ...]
    dense: tuple[Hit, ...] = ()
    bm25: tuple[Hit, ...] = ()
    fused: tuple[Hit, ...] = ()
    reranked: Match | None = None


class Searches(Protocol):
    """Anything that says what is read for a question."""

    def search(self, questions: Sequence[Question]) -> list[SearchTrace]:
        """A trace for each question, in their order."""


class Retriever:
    """The virtual librarian's search: many passages, read again word by word, the best sentences.

    Args:
        index: the passages.
        reranker: reads the candidates again; made for the same index.
        passages: how many candidates a search brings.
        sentences: how many sentences of them are read.
        method: "hybrid", "dense" or "bm25".
        where: a filter in Chroma's language, as in `Index.dense`.
    """

    def __init__(
        self,
        index: Index,
        reranker: MaxSimReranker,
        *,
        passages: int = CANDIDATES,
        sentences: int = SENTENCES,
        method: str = "hybrid",
        where: dict | None = None,
    ):
        self._index, self._reranker = index, reranker
        self._passages, self._sentences = passages, sentences
        self._method, self._where = method, where

    def search(self, questions: Sequence[Question]) -> list[SearchTrace]:
        """A trace for each question.

        Raises:
            CourseError: the filter is not understood.
        """
        texts = [prompts.truncate(q.text) for q in questions]
        steps = self._index.steps(texts, self._passages, method=self._method, where=self._where)
        candidates = [
            self._kept(q, fused) for q, (_, _, fused) in zip(questions, steps, strict=True)
        ]
        return [
            SearchTrace(
                text,
                tuple(match.hits[: self._sentences]),
                tuple(dense),
                tuple(bm25),
                tuple(fused),
                match,
            )
            for text, (dense, bm25, fused), match in zip(
                texts, steps, self._reranker.matches(texts, candidates), strict=True
            )
        ]

    def _kept(self, _question: Question, hits: Sequence[Hit]) -> Sequence[Hit]:
        return hits


class Distractors(Retriever):
    """A search that misleads: the best sentences of documents that do *not* hold the answer.

    A lower bound.
    """

    def _kept(self, question: Question, hits: Sequence[Hit]) -> Sequence[Hit]:
        return [h for h in hits if h.passage.document_id not in question.reference.documents]


class Oracle:
    """A search that cheats: exactly the sentences that support the reference.

    An upper bound for retrieval.
    """

    def __init__(self, documents: Sequence[Document]):
        self._documents = {d.id: d for d in documents}

    def search(self, questions: Sequence[Question]) -> list[SearchTrace]:
        """A trace for each question, with the supporting sentences alone."""
        return [SearchTrace(q.text, tuple(self._hits(q))) for q in questions]

    def _hits(self, question: Question) -> list[Hit]:
        return [
            Hit(sentence_of(self._documents[i], sentence), 1.0, rank)
            for rank, (i, sentence) in enumerate(_supports(question, self._documents), start=1)
        ]


def _supports(question: Question, by_id: dict[str, Document]) -> list[tuple[str, str]]:
    return [
        (i, s)
        for s in question.reference.support
        for i in question.reference.documents
        if s in by_id[i].text
    ]


def sentence_of(document: Document, text: str) -> Passage:
    """A sentence of a document, as a passage of its own."""
    return Passage(
        id=f"{document.id}: {text}",
        document_id=document.id,
        title=document.title,
        shelf=document.shelf,
        branch=document.branch,
        date=document.date,
        text=text,
    )
