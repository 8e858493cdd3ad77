"""Retrieval-augmented generation: find, read, cite, and decline where nothing fits.

An answerer is a callable from questions to answers. All of them are made here out of two
functions: a *finder*, which says what the model gets to read for each question, and `rag_pipeline`,
which lets the model read it. Closed book, retrieval, oracle and distractors differ in their finder
alone. When to decline is the gate's decision (`answerability`); scoring is `evaluation`'s job.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ftrag_helpers.data.records import Answer, Answerer, Document, Hit, Passage, Question
from ftrag_helpers.lm import models
from ftrag_helpers.rag import prompts
from ftrag_helpers.retrieval.passage_index import Index
from ftrag_helpers.retrieval.reranking import CANDIDATES, MaxSimReranker
from ftrag_helpers.text.word_overlap import token_f1

Retriever = Callable[[Sequence[Question]], list[list[Hit]]]
Prompt = Callable[[str, Sequence[str]], prompts.Messages]

MAX_NEW_TOKENS = 32
#: One sentence is what this model reads best; the validation questions chose it (lesson 04 shows
#: the sweep).
SENTENCES = 1


def closed_book(
    lm: models.LanguageModel,
    *,
    prompt: Callable[[str], prompts.Messages] = prompts.closed_book,
    max_new_tokens: int = MAX_NEW_TOKENS,
    progress: bool = True,
) -> Answerer:
    """An answerer that has nothing but the model's weights, tuned or not.

    `prompt` makes the messages of a question.
    """

    def answer(questions: Sequence[Question]) -> list[Answer]:
        asked = [q for q in questions if q.text.strip()]
        made = models.generate(
            lm, [prompt(q.text) for q in asked], max_new_tokens=max_new_tokens, progress=progress
        )
        said = {
            q.id: Answer(q.id, g.text, seconds=g.seconds, tokens=g.tokens, logprob=g.logprob)
            for q, g in zip(asked, made, strict=True)
        }
        return [said.get(q.id) or _no_question(q) for q in questions]

    return answer


def rag_pipeline(
    lm: models.LanguageModel,
    find: Retriever,
    *,
    prompt: Prompt = prompts.from_text,
    max_new_tokens: int = MAX_NEW_TOKENS,
    progress: bool = True,
) -> Answerer:
    """An answerer that reads what `find` brings, and cites the document it answered from.

    `prompt` makes the messages from a question and the texts found, best first: a tuned model wants
    the words it was tuned on. A question without a word, or one for which nothing is found, is
    declined.
    """

    def answer(questions: Sequence[Question]) -> list[Answer]:
        started = time.perf_counter()
        asked = [q for q in questions if q.text.strip()]
        found = {q.id: hits for q, hits in zip(asked, find(asked), strict=True)}
        finding = (time.perf_counter() - started) / max(1, len(asked))
        read = [q for q in asked if found[q.id]]
        made = models.generate(
            lm,
            [prompt(q.text, [h.passage.text for h in found[q.id]]) for q in read],
            max_new_tokens=max_new_tokens,
            progress=progress,
        )
        said = {
            q.id: Answer(
                q.id,
                g.text,
                attribute(g.text, found[q.id]),
                tuple(found[q.id]),
                seconds=finding + g.seconds,
                tokens=g.tokens,
                logprob=g.logprob,
            )
            for q, g in zip(read, made, strict=True)
        }
        return [
            said.get(q.id) or (_declined(q) if q.text.strip() else _no_question(q))
            for q in questions
        ]

    return answer


def extractive_baseline(find: Retriever) -> Answerer:
    """An answerer without a language model: it reads out the best sentence that `find` brings."""

    def answer(questions: Sequence[Question]) -> list[Answer]:
        started = time.perf_counter()
        found = find(questions)
        share = (time.perf_counter() - started) / max(1, len(questions))
        return [
            (
                Answer(
                    q.id,
                    hits[0].passage.text,
                    (hits[0].passage.document_id,),
                    tuple(hits),
                    seconds=share,
                )
                if hits
                else _declined(q)
            )
            for q, hits in zip(questions, found, strict=True)
        ]

    return answer


def with_abstention(
    answer: Answerer, refuse: Callable[[Sequence[Question], Sequence[Answer]], Sequence[bool]]
) -> Answerer:
    """The answerer, with its answer withdrawn wherever `refuse` says so; what was retrieved stays
    visible.
    """

    def decline(questions: Sequence[Question]) -> list[Answer]:
        answers = answer(questions)
        return [
            replace(a, text=prompts.REFUSAL, cited=(), refused=True) if no and not a.refused else a
            for a, no in zip(answers, refuse(questions, answers), strict=True)
        ]

    return decline


def retrieve(
    index: Index,
    select: MaxSimReranker,
    *,
    passages: int = CANDIDATES,
    sentences: int = SENTENCES,
    method: str = "hybrid",
    where: dict | None = None,
) -> Retriever:
    """The finder of the virtual librarian: search many passages, read them again word by word, keep
    the best sentences.
    """

    def find(questions: Sequence[Question]) -> list[list[Hit]]:
        texts = [prompts.truncate(q.text) for q in questions]
        return select(texts, index.search(texts, passages, method=method, where=where), sentences)

    return find


def oracle(documents: Sequence[Document]) -> Retriever:
    """The finder that cheats: exactly the sentences that support the reference.

    An upper bound for retrieval.
    """
    by_id = {d.id: d for d in documents}

    def find(questions: Sequence[Question]) -> list[list[Hit]]:
        return [
            [
                Hit(_sentence(by_id[i], s), 1.0, rank)
                for rank, (i, s) in enumerate(_supports(q, by_id), start=1)
            ]
            for q in questions
        ]

    return find


def distractors(
    index: Index,
    select: MaxSimReranker,
    *,
    passages: int = CANDIDATES,
    sentences: int = SENTENCES,
) -> Retriever:
    """The finder that misleads: the best sentences of documents that do *not* hold the answer.

    A lower bound.
    """

    def find(questions: Sequence[Question]) -> list[list[Hit]]:
        texts = [prompts.truncate(q.text) for q in questions]
        wrong = [
            [h for h in hits if h.passage.document_id not in q.reference.documents]
            for q, hits in zip(questions, index.search(texts, passages), strict=True)
        ]
        return select(texts, wrong, sentences)

    return find


def attribute(text: str, hits: Sequence[Hit]) -> tuple[str, ...]:
    """The document whose sentence shares most words with the answer; the better-ranked one where
    two tie.
    """
    best = max(hits, key=lambda hit: (round(token_f1(text, [hit.passage.text]), 6), -hit.rank))
    return (best.passage.document_id,)


def _supports(question: Question, by_id: dict[str, Document]) -> list[tuple[str, str]]:
    return [
        (i, s)
        for s in question.reference.support
        for i in question.reference.documents
        if s in by_id[i].text
    ]


def _sentence(document: Document, text: str) -> Passage:
    return Passage(
        id=f"{document.id}: {text}",
        document_id=document.id,
        title=document.title,
        shelf=document.shelf,
        branch=document.branch,
        date=document.date,
        text=text,
    )


def _declined(question: Question) -> Answer:
    return Answer(question.id, prompts.REFUSAL, refused=True)


def _no_question(question: Question) -> Answer:
    return Answer(question.id, prompts.EMPTY_QUESTION, refused=True)
