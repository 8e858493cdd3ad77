"""Retrievers, which select the texts of a prompt: by search, by the reference, or as distractors.

A retriever has one method, `search`, from questions to traces. The trace of a search keeps the
result of every step, so that the answerability classifier, for example, does not have to search
again. Not here: answering from the texts (`pipeline`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ftrag_helpers.data.records import Document, Hit, Passage, Question
from ftrag_helpers.rag import prompts
from ftrag_helpers.retrieval.passage_index import Index
from ftrag_helpers.retrieval.reranking import CANDIDATES, Match, MaxSimReranker

#: Sentences in the prompt for the base model; chosen on the validation questions (lesson 04 shows
#: the comparison).
SENTENCES = 1


@dataclass(frozen=True, eq=False)
class SearchTrace:
    """The results of each step of one question's search; all rankings are best first.

    Attributes:
        text: the question as it was searched for (`prompts.truncate`; the oracle's is unchanged).
        hits: the sentences for the prompt, each as a hit whose passage has it as its text.
        dense: passages by cosine similarity (-1 to 1) of embeddings; empty where the method does
            not use them.
        bm25: passages by BM25 score (0 or more); empty where the method does not use them.
        fused: the candidate passages, as the retriever's method ranks them.
        reranked: the reranked candidates and their sentences; None where there was no search (the
            oracle).
    """

    text: str
    hits: tuple[Hit, ...]
    dense: tuple[Hit, ...] = ()
    bm25: tuple[Hit, ...] = ()
    fused: tuple[Hit, ...] = ()
    reranked: Match | None = None


class Searches(Protocol):
    """The protocol of retrievers: a `search` from questions to traces."""

    def search(self, questions: Sequence[Question]) -> list[SearchTrace]:
        """Retrieve for each question.

        Args:
            questions: the questions; there may be none.

        Returns:
            One trace for each question, in order.
        """


class Retriever:
    """Searches candidate passages, reranks them, and returns the best of their sentences.

    Args:
        index: the passages.
        reranker: reranks the candidates; made for the same index.
        passages: the most candidate passages of a search, at least 1.
        sentences: the most sentences for the prompt.
        method: "hybrid", "dense" or "bm25".
        where: a metadata filter, as in `Index.dense`; None for all passages.
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
        """Retrieve for each question.

        Args:
            questions: the questions; there may be none.

        Returns:
            One trace for each question, in order. Scores of `hits` are from -1 to 1
            (`MaxSimReranker`).

        Raises:
            CourseError: the filter has an operator, a field or a form that is not known.
            ValueError: no such method, or fewer than 1 candidate.
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
        """The candidates that are reranked: all."""
        return hits


class Distractors(Retriever):
    """A retriever of distractors: the best sentences of documents that do not hold the answer.

    It excludes the documents of each question's reference, and is a lower bound for retrieval. It
    is made from the arguments of `Retriever`.
    """

    def _kept(self, question: Question, hits: Sequence[Hit]) -> Sequence[Hit]:
        """The candidates that are reranked: those of other documents than the reference's."""
        return [h for h in hits if h.passage.document_id not in question.reference.documents]


class Oracle:
    """A retriever that uses the reference: it returns exactly the supporting sentences.

    An upper bound for retrieval.

    Args:
        documents: all documents that references name.
    """

    def __init__(self, documents: Sequence[Document]):
        self._documents = {d.id: d for d in documents}

    def search(self, questions: Sequence[Question]) -> list[SearchTrace]:
        """Look up the supporting sentences of each question's reference.

        Args:
            questions: questions with a reference.

        Returns:
            One trace for each question, in order, with nothing but `text` and `hits`; all scores
            are 1. A question without supporting sentences has no hits.
        """
        return [SearchTrace(q.text, tuple(self._hits(q))) for q in questions]

    def _hits(self, question: Question) -> list[Hit]:
        """The supporting sentences as hits with score 1 and ranks from 1."""
        return [
            Hit(sentence_of(self._documents[i], sentence), 1.0, rank)
            for rank, (i, sentence) in enumerate(_supports(question, self._documents), start=1)
        ]


def _supports(question: Question, by_id: dict[str, Document]) -> list[tuple[str, str]]:
    """Pairs of a document's id and a supporting sentence in its text, in the reference's order."""
    return [
        (i, s)
        for s in question.reference.support
        for i in question.reference.documents
        if s in by_id[i].text
    ]


def sentence_of(document: Document, text: str) -> Passage:
    """A sentence of a document as a passage.

    Args:
        document: the document.
        text: the sentence.

    Returns:
        A passage with the sentence as its text, the document's other fields, and the id
        "document id: sentence".
    """
    return Passage(
        id=f"{document.id}: {text}",
        document_id=document.id,
        title=document.title,
        shelf=document.shelf,
        branch=document.branch,
        date=document.date,
        text=text,
    )
