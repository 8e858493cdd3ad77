"""Retrieval-augmented generation: retrieve, read, cite, and abstain where nothing fits.

An answerer is a callable from questions to answers. `rag_pipeline` makes one of a retriever, which
says what the model gets to read, and a language model, which reads it. Closed book, retrieval,
oracle and distractors differ in their retriever alone. When to abstain is decided by
`answerability`; scoring is `evaluation`'s job.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ftrag_helpers.data.records import Answer, Answerer, Hit, Question
from ftrag_helpers.lm import models
from ftrag_helpers.rag import prompts
from ftrag_helpers.rag.retrievers import Searches, SearchTrace
from ftrag_helpers.text.word_overlap import token_f1

Prompt = Callable[[str, Sequence[str]], prompts.Messages]

MAX_NEW_TOKENS = 32


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
    retriever: Searches,
    *,
    prompt: Prompt = prompts.from_text,
    max_new_tokens: int = MAX_NEW_TOKENS,
    progress: bool = True,
) -> Answerer:
    """An answerer that reads what a retriever brings, and cites the document it answered from.

    `prompt` makes the messages from a question and the texts found, best first: a tuned model wants
    the words it was tuned on. A question without a word, or one for which nothing is found, is
    declined.
    """

    def answer(questions: Sequence[Question]) -> list[Answer]:
        started = time.perf_counter()
        asked = [q for q in questions if q.text.strip()]
        traces = {q.id: trace for q, trace in zip(asked, retriever.search(asked), strict=True)}
        searching = (time.perf_counter() - started) / max(1, len(asked))
        read = [q for q in asked if traces[q.id].hits]
        made = models.generate(
            lm,
            [prompt(q.text, [h.passage.text for h in traces[q.id].hits]) for q in read],
            max_new_tokens=max_new_tokens,
            progress=progress,
        )
        said = {
            q.id: Answer(
                q.id,
                g.text,
                attribute(g.text, traces[q.id].hits),
                traces[q.id].hits,
                seconds=searching + g.seconds,
                tokens=g.tokens,
                logprob=g.logprob,
                trace=traces[q.id],
            )
            for q, g in zip(read, made, strict=True)
        }
        return [
            said.get(q.id) or (_declined(q) if q.text.strip() else _no_question(q))
            for q in questions
        ]

    return answer


def extractive_baseline(retriever: Searches) -> Answerer:
    """An answerer without a language model: it reads out the best sentence that was found."""

    def answer(questions: Sequence[Question]) -> list[Answer]:
        started = time.perf_counter()
        traces = retriever.search(questions)
        share = (time.perf_counter() - started) / max(1, len(questions))
        return [
            (
                Answer(
                    q.id,
                    trace.hits[0].passage.text,
                    (trace.hits[0].passage.document_id,),
                    trace.hits,
                    seconds=share,
                    trace=trace,
                )
                if trace.hits
                else _declined(q)
            )
            for q, trace in zip(questions, traces, strict=True)
        ]

    return answer


def with_abstention(
    answer: Answerer, abstain: Callable[[Sequence[SearchTrace]], Sequence[bool]]
) -> Answerer:
    """The answerer, with its answers withdrawn where `abstain` says so of the searches behind them.

    What was retrieved stays visible. Nothing is searched again: `abstain` reads the traces.
    """

    def decline(questions: Sequence[Question]) -> list[Answer]:
        answers = answer(questions)
        searched = [a for a in answers if a.trace and not a.refused]
        refused = abstain([a.trace for a in searched]) if searched else []
        withdrawn = {id(a) for a, no in zip(searched, refused, strict=True) if no}
        return [
            replace(a, text=prompts.REFUSAL, cited=(), refused=True) if id(a) in withdrawn else a
            for a in answers
        ]

    return decline


def attribute(text: str, hits: Sequence[Hit]) -> tuple[str, ...]:
    """The document whose sentence shares most words with the answer; the better-ranked one where
    two tie.
    """
    best = max(hits, key=lambda hit: (round(token_f1(text, [hit.passage.text]), 6), -hit.rank))
    return (best.passage.document_id,)


def _declined(question: Question) -> Answer:
    return Answer(question.id, prompts.REFUSAL, refused=True)


def _no_question(question: Question) -> Answer:
    return Answer(question.id, prompts.EMPTY_QUESTION, refused=True)
