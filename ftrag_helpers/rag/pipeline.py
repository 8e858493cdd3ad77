"""Retrieval-augmented generation: retrieve, generate, cite, and abstain.

An answerer is a callable from questions to answers. `rag_pipeline` combines a retriever, which
selects the texts of the prompt, with a language model; retrieval, oracle and distractors differ in
their retriever alone. `closed_book` uses no retriever, `extractive_baseline` no language model.
Not here: the classifier that decides when to abstain (`answerability`), and scoring (`evaluation`).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from ftrag_helpers.data.records import Answer, Answerer, Hit, Question
from ftrag_helpers.lm import models
from ftrag_helpers.rag import prompts
from ftrag_helpers.rag.retrievers import Searches, SearchTrace
from ftrag_helpers.text.word_overlap import token_f1

Prompt = Callable[[str, Sequence[str]], prompts.Messages]
#: Makes generations from lists of chat messages, with `max_new_tokens` and `progress` by name.
Generate = Callable[..., list[models.Generation]]

#: Default for the most tokens of an answer.
MAX_NEW_TOKENS = 32
#: What stands around a sentence that is read out without a model.
FRAME = "We have this for you: {text} [{title}]"


def closed_book(
    lm: models.LanguageModel | Generate,
    *,
    prompt: Callable[[str], prompts.Messages] = prompts.closed_book,
    max_new_tokens: int = MAX_NEW_TOKENS,
    progress: bool = True,
) -> Answerer:
    """An answerer without retrieval: the model answers from its weights.

    Args:
        lm: the language model, fine-tuned or not, or a function that generates in its place.
        prompt: makes the chat messages from the text of a question.
        max_new_tokens: the most tokens of an answer.
        progress: whether to show a progress bar.

    Returns:
        A callable from questions to one answer each, in order, without citations and hits. An
        empty question gets a refusal.
    """

    def answer(questions: Sequence[Question]) -> list[Answer]:
        asked = [q for q in questions if q.text.strip()]
        generated = _generator(lm)(
            [prompt(q.text) for q in asked], max_new_tokens=max_new_tokens, progress=progress
        )
        answers = {
            q.id: Answer(q.id, g.text, seconds=g.seconds, tokens=g.tokens, logprob=g.logprob)
            for q, g in zip(asked, generated, strict=True)
        }
        return [answers.get(q.id) or _no_question(q) for q in questions]

    return answer


def rag_pipeline(
    lm: models.LanguageModel | Generate,
    retriever: Searches,
    *,
    prompt: Prompt = prompts.from_text,
    titled: bool = False,
    max_new_tokens: int = MAX_NEW_TOKENS,
    progress: bool = True,
) -> Answerer:
    """An answerer whose prompt holds retrieved texts, and that cites one of their documents.

    Args:
        lm: the language model, fine-tuned or not, or a function that generates in its place.
        retriever: selects the texts for each question.
        prompt: makes the chat messages from the text of a question and the retrieved texts, best
            first; for a fine-tuned model the prompt of its training.
        titled: whether each text in the prompt follows the title of its page in square brackets,
            so that the model can cite it.
        max_new_tokens: the most tokens of an answer.
        progress: whether to show a progress bar.

    Returns:
        A callable from questions to one answer each, in order. `seconds` is the question's share of
        the search and of the generation. An empty question, or one without hits, gets a refusal.
    """

    def answer(questions: Sequence[Question]) -> list[Answer]:
        started = time.perf_counter()
        asked = [q for q in questions if q.text.strip()]
        traces = {q.id: trace for q, trace in zip(asked, retriever.search(asked), strict=True)}
        searching = (time.perf_counter() - started) / max(1, len(asked))
        read = [q for q in asked if traces[q.id].hits]
        generated = _generator(lm)(
            [prompt(q.text, texts_of(traces[q.id].hits, titled=titled)) for q in read],
            max_new_tokens=max_new_tokens,
            progress=progress,
        )
        answers = {
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
            for q, g in zip(read, generated, strict=True)
        }
        return [
            answers.get(q.id) or (_declined(q) if q.text.strip() else _no_question(q))
            for q in questions
        ]

    return answer


def _generator(lm: models.LanguageModel | Generate) -> Generate:
    """What generates: `models.generate` with the model, or the function that was given."""
    return partial(models.generate, lm) if isinstance(lm, models.LanguageModel) else lm


def texts_of(hits: Sequence[Hit], *, titled: bool) -> list[str]:
    """The texts of hits for a prompt.

    Args:
        hits: the hits, best first.
        titled: whether each text follows the title of its page in square brackets.

    Returns:
        One text for each hit, in order.
    """
    return [f"[{h.passage.title}] {h.passage.text}" if titled else h.passage.text for h in hits]


def extractive_baseline(retriever: Searches) -> Answerer:
    """An answerer without a language model: the answer is the text of the first hit.

    Args:
        retriever: finds the hits.

    Returns:
        A callable from questions to one answer each, in order, which cites the hit's document.
        A question without hits gets a refusal.
    """

    def answer(questions: Sequence[Question]) -> list[Answer]:
        started = time.perf_counter()
        asked = [q for q in questions if q.text.strip()]
        traces = {q.id: trace for q, trace in zip(asked, retriever.search(asked), strict=True)}
        share = (time.perf_counter() - started) / max(1, len(asked))

        def read_out(question: Question) -> Answer:
            trace = traces.get(question.id)
            if trace is None:
                return _no_question(question)
            if not trace.hits:
                return _declined(question)
            best = trace.hits[0].passage
            cited = (best.document_id,)
            return Answer(question.id, best.text, cited, trace.hits, seconds=share, trace=trace)

        return [read_out(q) for q in questions]

    return answer


def framed(answer: Answerer, frame: str = FRAME) -> Answerer:
    """An answerer whose text is put into a fixed frame, with the title of the first hit's page.

    Args:
        answer: the answerer, whose text rests on its first hit.
        frame: the frame, with "{text}" and "{title}".

    Returns:
        A callable from questions to the same answers in the frame. A refusal stays as it is.
    """

    def answers(questions: Sequence[Question]) -> list[Answer]:
        return [
            said
            if said.refused
            else replace(said, text=frame.format(text=said.text, title=said.hits[0].passage.title))
            for said in answer(questions)
        ]

    return answers


def with_abstention(
    answer: Answerer, abstain: Callable[[Sequence[SearchTrace]], Sequence[bool]]
) -> Answerer:
    """An answerer that replaces answers by refusals where `abstain` says so.

    Args:
        answer: the answerer to wrap.
        abstain: from the traces of searches to one truth value each, True to refuse. It gets the
            traces of those answers that have one and are not refusals already.

    Returns:
        A callable from questions to one answer each, in order. A replaced answer keeps its hits and
        its trace, and has no citations.
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
    """The document of the hit that shares most words with an answer.

    Args:
        text: the answer.
        hits: the hits of the prompt, at least one.

    Returns:
        The id of one document: that of the hit with the highest token F1 to the answer; of equal
        ones (to 6 decimal places) the one with the best rank.
    """
    best = max(hits, key=lambda hit: (round(token_f1(text, [hit.passage.text]), 6), -hit.rank))
    return (best.passage.document_id,)


def _declined(question: Question) -> Answer:
    """The refusal of a question for which nothing was found."""
    return Answer(question.id, prompts.REFUSAL, refused=True)


def _no_question(question: Question) -> Answer:
    """The refusal of an empty question."""
    return Answer(question.id, prompts.EMPTY_QUESTION, refused=True)
