"""One fine-tuned model for questions with and without passages: what it is trained on.

The mixture holds taught facts in several wordings, closed book, with short answers; questions with
titled sentences, answered with a reply in the house's voice that ends with the title of the page;
and questions with sentences, answered in as few words as will do. The prompt says which of these is
asked for. Questions whose reply declines can be added (`Shares.refusals`); the lesson has none. The
settings were chosen on validation questions, as `benchmarks/adapters.py --choose` prints. Not here:
the shipped adapters themselves (`finetuning.adapters.load_shipped`), and the measure of what such a
model says (`sendable`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ftrag_helpers.data import course_data
from ftrag_helpers.data.records import Answerer, Document, Question, TaughtFact
from ftrag_helpers.evaluation import comparison, fine_tuned, groundedness
from ftrag_helpers.evaluation.study import taught_facts
from ftrag_helpers.finetuning.adapters import Lora
from ftrag_helpers.finetuning.sft import Example
from ftrag_helpers.lm import models
from ftrag_helpers.rag import pipeline, prompts
from ftrag_helpers.rag.retrievers import Searches


@dataclass(frozen=True)
class Shares:
    """How much of each kind of example a mixture holds.

    Attributes:
        questions: answerable training questions with titled sentences, for a reply that cites.
        short: further training questions with sentences, for a short answer; where there are not
            enough that are asked for no reply, others come after them.
        wordings: wordings of each taught fact, closed book; 0 for none.
        repeats: how often each of these wordings stands in the mixture.
        refusals: questions without an answer, as a share (0 to 1) of `questions`.
    """

    questions: int = 240
    short: int = 120
    wordings: int = 8
    repeats: int = 2
    refusals: float = 0.0


#: Titled sentences in the prompt.
SENTENCES = 2
#: LoRA on sixteen layers, with the rank that keeps the size of ten layers of rank 16. On 91
#: validation questions, everything else equal: exact match 0.52 against 0.36, right 0.55 against
#: 0.51.
LORA = Lora(rank=10, alpha=20, layers=16)
#: Shares and hyperparameters of the training in the lesson. Sendable on 91 validation questions
#: with replies that open alike 0.50, with replies of every opening 0.36. None declines:
#: `datasets/reference/mixture_refusals.jsonl` says what examples that decline bring and cost.
LESSON_SHARES = Shares()
CONFIG = replace(fine_tuned.CONFIG, lora=LORA)
#: The same of the shipped adapter: all replies that open alike, and more short answers.
LONGER_SHARES = Shares(questions=10**6, short=400, repeats=1)
LONGER_CONFIG = replace(CONFIG, epochs=2, evals_per_epoch=3)
#: The most tokens of a short answer from sentences.
SHORT_TOKENS = 24


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
        The examples: facts, questions for a reply, questions for a short answer, refusals.
    """
    asked = plain_questions(documents, shares.questions)
    return [
        *taught_facts.examples(facts, shares.wordings) * shares.repeats,
        *cited_examples(asked, documents, retriever),
        *short_examples(further_questions(asked, shares.short), retriever),
        *refusal_examples(round(shares.refusals * len(asked)), retriever),
    ]


def plain_questions(
    documents: Sequence[Document], count: int, *, alike: bool = True
) -> list[Question]:
    """Answerable training questions whose reply says only what its supporting sentences say.

    A model that is trained on replies in freer words learns to add words of its own, too; and one
    way to open a reply is learned from fewer examples than many.

    Args:
        documents: the documents that the references name.
        count: how many, at even distances in the file; all of them where there are fewer.
        alike: whether only replies that open with "We" or "Our" are taken.

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
        and (not alike or q.reference.reply.startswith(("We ", "Our ")))
    ]
    return spread(pool, count)


def further_questions(asked: Sequence[Question], count: int) -> list[Question]:
    """Answerable training questions besides those that are asked already.

    Args:
        asked: questions that a mixture holds.
        count: how many.

    Returns:
        So many at even distances among the others; all of those, and then some of `asked` at even
        distances, where there are fewer.
    """
    ids = {q.id for q in asked}
    pool = [q for q in course_data.load_questions("train") if q.answerable and q.id not in ids]
    return [*spread(pool, count), *spread(asked, max(0, count - len(pool)))]


def spread(rows: Sequence, count: int) -> list:
    """As many rows at even distances; all of them where there are fewer."""
    count = min(count, len(rows))
    return [rows[int(i * len(rows) / count)] for i in range(count)]


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
            prompts.cited_reply(q.text, pipeline.texts_of(trace.hits, titled=True)),
            prompts.REFUSAL,
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
    return that_declines(
        pipeline.rag_pipeline(
            lm,
            retriever,
            prompt=prompts.cited_reply,
            titled=True,
            max_new_tokens=comparison.MAX_REPLY_TOKENS,
            progress=progress,
        )
    )


def short_reader(
    lm: models.LanguageModel,
    retriever: Searches,
    prompt: pipeline.Prompt = prompts.shortest_answer,
    *,
    progress: bool = True,
) -> Answerer:
    """An answerer with sentences in the prompt, for as few words as will do.

    Args:
        lm: the language model, fine-tuned or not.
        retriever: finds the sentences.
        prompt: makes the chat messages.
        progress: whether to show a progress bar.

    Returns:
        A callable from questions to answers.
    """
    return pipeline.rag_pipeline(
        lm, retriever, prompt=prompt, max_new_tokens=SHORT_TOKENS, progress=progress
    )


def that_declines(answer: Answerer) -> Answerer:
    """An answerer that refuses where the model itself declines, in the words of its training.

    Args:
        answer: the answerer.

    Returns:
        A callable from questions to the same answers; one whose text begins with `prompts.REFUSAL`,
        with or without its full stop, counts as refused.
    """

    def answers(questions: Sequence[Question]) -> list:
        return [
            replace(said, refused=said.refused or said.text.startswith(prompts.REFUSAL[:-1]))
            for said in answer(questions)
        ]

    return answers
