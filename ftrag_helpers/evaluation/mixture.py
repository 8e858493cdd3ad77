"""One fine-tuned model for questions with and without passages: what it is trained on.

The mixture holds taught facts in several wordings, closed book, with short answers; questions with
titled sentences, answered in two lines, the short answer and a reply in the house's voice that ends
with the title of the page; and a few whose sentences hold no answer, and whose response declines.
The settings were chosen on validation questions, as `benchmarks/adapters.py --choose` prints. Not
here: the shipped adapters themselves
(`finetuning.adapters.load_shipped`), and the measure of what such a model says (`sendable`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ftrag_helpers.data import course_data
from ftrag_helpers.data.records import Answerer, Document, Question, TaughtFact
from ftrag_helpers.evaluation import comparison, fine_tuned, groundedness, taught_facts
from ftrag_helpers.finetuning.sft import Example
from ftrag_helpers.lm import models
from ftrag_helpers.rag import pipeline, prompts
from ftrag_helpers.rag.retrievers import Searches

#: The first line of a response that declines.
NOTHING = "nothing"


@dataclass(frozen=True)
class Shares:
    """How much of each kind of example a mixture holds.

    Attributes:
        questions: answerable training questions with titled sentences.
        wordings: wordings of each taught fact, closed book; 0 for none.
        refusals: questions without an answer, as a share (0 to 1) of `questions`.
        answer_first: whether a line with the short answer comes before the reply.
    """

    questions: int = fine_tuned.TRAINING_QUESTIONS
    wordings: int = 8
    refusals: float = 0.05
    answer_first: bool = True


#: Titled sentences in the prompt: sendable 0.42 with two and 0.30 with one, on 50 validation
#: questions, after one epoch over 240 questions with the reply alone as response.
SENTENCES = 2
#: Hyperparameters in the lesson, and for the shipped adapters.
CONFIG = fine_tuned.CONFIG
LONGER_CONFIG = replace(CONFIG, epochs=2, evals_per_epoch=3)
#: The mixture of the shipped adapter: all questions whose reply keeps to its page.
LONGER_SHARES = Shares(questions=10**6)
#: The questions, and hyperparameters, of the shipped reader that gives short answers alone.
SHORT_QUESTIONS = 700
SHORT_CONFIG = replace(LONGER_CONFIG, learning_rate=1e-3)


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
        *taught_facts.examples(facts, shares.wordings),
        *cited_examples(asked, documents, retriever, answer_first=shares.answer_first),
        *refusal_examples(
            round(shares.refusals * len(asked)), retriever, answer_first=shares.answer_first
        ),
    ]


def response(answer: str, reply: str, *, answer_first: bool = True) -> str:
    """What the model learns to give: the short answer on the first line, the reply on the second.

    Answer first: the few tokens that have to be found in the sentences come before the many that
    have to be put into the house's voice. One model then gives both.

    Args:
        answer: the short answer, or `NOTHING`.
        reply: the reply that is sent.
        answer_first: whether there is a line with the short answer.

    Returns:
        Two lines, or the reply alone.
    """
    return f"{answer}\n{reply}" if answer_first else reply


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


def cited_examples(
    questions: Sequence[Question],
    documents: Sequence[Document],
    retriever: Searches,
    *,
    answer_first: bool = True,
) -> list[Example]:
    """Examples of questions with titled sentences, answered in the house's voice.

    As in `fine_tuned.reading_examples`, every prompt holds the supporting sentences.

    Args:
        questions: answerable questions with a reference.
        documents: the documents that the references name.
        retriever: finds the sentences.
        answer_first: as in `response`.

    Returns:
        One example for each question; the response ends with the titles of the pages used.
    """
    traces = comparison.OracleAmong(documents, retriever).search(questions)
    return [
        Example(
            prompts.cited_reply(q.text, pipeline.texts_of(trace.hits, titled=True)),
            response(q.reference.answer, q.reference.reply, answer_first=answer_first),
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


def refusal_examples(
    count: int, retriever: Searches, *, answer_first: bool = True
) -> list[Example]:
    """Examples of training questions without an answer, whose response declines.

    Args:
        count: how many, at even distances in the file; all of them where there are fewer.
        retriever: finds the sentences, none of which holds an answer.
        answer_first: as in `response`.

    Returns:
        One example for each question.
    """
    asked = spread(course_data.load_questions("train", ["unanswerable"]), count)
    return [
        Example(
            prompts.cited_reply(q.text, pipeline.texts_of(trace.hits, titled=True)),
            response(NOTHING, prompts.REFUSAL, answer_first=answer_first),
        )
        for q, trace in zip(asked, retriever.search(asked), strict=True)
    ]


def cited_reader(
    lm: models.LanguageModel,
    retriever: Searches,
    *,
    line: str = "reply",
    progress: bool = True,
) -> Answerer:
    """An answerer with titled sentences in the prompt, for a reply that cites its page.

    Args:
        lm: the language model, fine-tuned or not.
        retriever: finds the sentences.
        line: "reply" for the reply that is sent, "answer" for the short answer (`line_of`).
        progress: whether to show a progress bar.

    Returns:
        A callable from questions to answers; one that says `prompts.REFUSAL` counts as refused.
    """
    return line_of(
        pipeline.rag_pipeline(
            lm,
            retriever,
            prompt=prompts.cited_reply,
            titled=True,
            max_new_tokens=comparison.MAX_REPLY_TOKENS,
            progress=progress,
        ),
        line,
    )


def line_of(answer: Answerer, line: str) -> Answerer:
    """An answerer of one of the two lines of a response; it refuses where the model itself does.

    Args:
        answer: the answerer whose texts have two lines.
        line: "reply" for the last line, "answer" for the first.

    Returns:
        A callable from questions to one answer each, in order; a text of one line is both. Where
        the reply is `prompts.REFUSAL` the answer counts as refused.
    """
    place = {"answer": 0, "reply": -1}[line]

    def answers(questions):
        out = []
        for said in answer(questions):
            lines = said.text.splitlines() or [""]
            refused = said.refused or lines[-1].startswith(prompts.REFUSAL[:-1])
            out.append(replace(said, text=lines[place].strip(), refused=refused))
        return out

    return answers
