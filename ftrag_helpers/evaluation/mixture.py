"""One fine-tuned model for questions with and without passages: what it is trained on.

The mixture holds taught facts in several wordings, closed book; questions with titled sentences,
answered in the house's voice and ending with the title of the page; and a few of them whose
sentences hold no answer, and whose response declines. The settings were chosen on validation
questions, as `benchmarks/adapters.py --choose` prints. Not here: the shipped adapters themselves
(`finetuning.adapters.load_shipped`), and the measure of what such a model says (`sendable`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ftrag_helpers.data import course_data
from ftrag_helpers.data.records import Answerer, Document, Question, TaughtFact
from ftrag_helpers.evaluation import comparison, fine_tuned, groundedness
from ftrag_helpers.finetuning.sft import Example
from ftrag_helpers.lm import models
from ftrag_helpers.rag import pipeline, prompts
from ftrag_helpers.rag.retrievers import Searches


@dataclass(frozen=True)
class Shares:
    """How much of each kind of example a mixture holds.

    Attributes:
        questions: answerable training questions with titled sentences.
        wordings: wordings of each taught fact, closed book; 0 for none.
        refusals: questions without an answer, as a share (0 to 1) of `questions`.
    """

    questions: int = fine_tuned.TRAINING_QUESTIONS
    wordings: int = 8
    refusals: float = 0.05


def examples(
    shares: Shares,
    facts: Sequence[TaughtFact],
    documents: Sequence[Document],
    retriever: Searches,
) -> list[Example]:
    """The training examples of a mixture; all of them are of the split "train".

    Args:
        shares: how many examples of each kind.
        facts: the facts to teach.
        documents: the documents that the questions' references name.
        retriever: finds the sentences.

    Returns:
        The examples: facts, answered questions, refusals.
    """
    asked = plain_questions(documents, shares.questions)
    return [
        *fact_examples(facts, shares.wordings),
        *cited_examples(asked, documents, retriever),
        *refusal_examples(round(shares.refusals * len(asked)), retriever),
    ]


def plain_questions(documents: Sequence[Document], count: int) -> list[Question]:
    """Answerable training questions whose reply says only what its supporting sentences say.

    A model that is trained on replies in freer words learns to add words of its own, too.

    Args:
        documents: the documents that the references name.
        count: how many, at even distances in the file; all of them where there are fewer.

    Returns:
        The questions, in the order of the file.
    """
    titles = {d.id: d.title for d in documents}
    pool = [
        q
        for q in course_data.load_questions("train")
        if q.answerable
        and groundedness.faithful(
            q.reference.reply,
            [*q.reference.support, *(titles[i] for i in q.reference.documents)],
            q.text,
        )
    ]
    return spread(pool, count)


def spread(rows: Sequence, count: int) -> list:
    """As many rows at even distances; all of them where there are fewer."""
    count = min(count, len(rows))
    return [rows[int(i * len(rows) / count)] for i in range(count)]


def fact_examples(facts: Sequence[TaughtFact], wordings: int | None = None) -> list[Example]:
    """Closed-book examples of taught facts, answered in the house's voice.

    Args:
        facts: the facts.
        wordings: how many training wordings of each fact, from the first; all if None.

    Returns:
        One example for each fact and wording; the response ends with the title of the fact's page.
    """
    return [
        Example(prompts.cited_reply(q.text), q.reference.reply)
        for fact in facts
        for q in fact.questions("train", wordings)
    ]


def cited_examples(
    questions: Sequence[Question], documents: Sequence[Document], retriever: Searches
) -> list[Example]:
    """Examples of questions with titled sentences, answered in the house's voice.

    As in `fine_tuned.reading_examples`, every prompt holds the supporting sentences.

    Args:
        questions: answerable questions with a reference.
        documents: the documents that the references name.
        retriever: finds the sentences.

    Returns:
        One example for each question; the response ends with the titles of the pages used.
    """
    traces = comparison.OracleAmong(documents, retriever).search(questions)
    return [
        Example(
            prompts.cited_reply(q.text, pipeline.texts_of(trace.hits, titled=True)),
            q.reference.reply,
        )
        for q, trace in zip(questions, traces, strict=True)
    ]


def short_examples(questions: Sequence[Question], retriever: Searches) -> list[Example]:
    """Examples of questions with sentences, whose response is the short answer.

    As in `fine_tuned.reading_examples`, every prompt holds the supporting sentences.

    Args:
        questions: answerable questions with a reference.
        retriever: finds the sentences.

    Returns:
        One example for each question.
    """
    return [
        Example(
            prompts.shortest_answer(q.text, fine_tuned.with_support(q, trace.hits)),
            q.reference.answer,
        )
        for q, trace in zip(questions, retriever.search(questions), strict=True)
    ]


def refusal_examples(count: int, retriever: Searches) -> list[Example]:
    """Examples of training questions without an answer, whose response declines.

    Args:
        count: how many, at even distances in the file; all of them where there are fewer.
        retriever: finds the sentences, none of which holds an answer.

    Returns:
        One example for each question.
    """
    asked = spread(course_data.load_questions("train", ["unanswerable"]), count)
    return [
        Example(
            prompts.cited_reply(q.text, pipeline.texts_of(trace.hits, titled=True)), prompts.REFUSAL
        )
        for q, trace in zip(asked, retriever.search(asked), strict=True)
    ]


def cited_reader(
    lm: models.LanguageModel, retriever: Searches, *, progress: bool = True
) -> Answerer:
    """An answerer with titled sentences in the prompt, for a reply that cites its page.

    Args:
        lm: the language model, fine-tuned or not.
        retriever: finds the sentences.
        progress: whether to show a progress bar.

    Returns:
        A callable from questions to answers; one that says `prompts.REFUSAL` counts as refused.
    """
    return declining(
        pipeline.rag_pipeline(
            lm,
            retriever,
            prompt=prompts.cited_reply,
            titled=True,
            max_new_tokens=comparison.MAX_REPLY_TOKENS,
            progress=progress,
        )
    )


def cited_closed_book(lm: models.LanguageModel, *, progress: bool = True) -> Answerer:
    """The same without passages: a reply from the model's weights, which names a page.

    Args:
        lm: the language model, fine-tuned or not.
        progress: whether to show a progress bar.

    Returns:
        A callable from questions to answers; one that says `prompts.REFUSAL` counts as refused.
    """
    return declining(
        pipeline.closed_book(
            lm,
            prompt=prompts.cited_reply,
            max_new_tokens=comparison.MAX_REPLY_TOKENS,
            progress=progress,
        )
    )


def declining(answer: Answerer) -> Answerer:
    """An answerer whose answers count as refused where the model itself says the refusal.

    Args:
        answer: the answerer to wrap.

    Returns:
        A callable from questions to one answer each, in order.
    """

    def answers(questions):
        return [
            replace(said, refused=said.refused or said.text.startswith(prompts.REFUSAL[:-1]))
            for said in answer(questions)
        ]

    return answers
