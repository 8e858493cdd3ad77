"""Questions and passages to the messages that a chat model continues, and the house's fixed
sentences.

One template serves training and use, so that a tuned model meets the words it was tuned
on. The wording was chosen on the validation questions: `benchmarks/rag.py` prints the comparison.
"""

from collections.abc import Sequence

Messages = list[dict[str, str]]

#: A question longer than this many words is cut: the model would drown in it.
QUESTION_WORDS = 120

REFUSAL = "We have nothing on our shelves about that. Do ask us at any desk."
EMPTY_QUESTION = (
    "We did not catch a question. Do type one, for example: When does the Old Quay branch open?"
)

CLOSED_BOOK = "Answer the question about the Tarrowby Town Library in one short sentence."
FROM_TEXT = "Answer the question with a sentence copied from the text."
SHORT = "Answer in one short sentence."
HOUSE_REPLY = "Use the facts to answer the patron."
SENTIMENT = "Is this review positive or negative?"


def closed_book(question: str) -> Messages:
    """The question alone: the model answers from what its weights hold."""
    return [{"role": "user", "content": f"{CLOSED_BOOK}\n\nQuestion: {truncate(question)}"}]


def short_answer(question: str) -> Messages:
    """The question alone, about anything: for general knowledge, and for documents that are not the
    library's.
    """
    return instruction(SHORT, f"Question: {truncate(question)}")


def from_text(question: str, texts: Sequence[str]) -> Messages:
    """The question below the retrieved texts, best last, so that it stands next to the question.

    Whatever a text says is quoted to the model as text to read, never joined to the instruction.
    """
    read = "\n".join(reversed(texts))
    return [
        {
            "role": "user",
            "content": f"{FROM_TEXT}\n\nText:\n{read}\n\nQuestion: {truncate(question)}",
        }
    ]


def house_reply(question: str, texts: Sequence[str]) -> Messages:
    """The question with the retrieved texts as facts, in the words of the house-style instructions
    (lesson 03).
    """
    return staff_task(HOUSE_REPLY, f"{truncate(question)} Facts: {' '.join(texts)}")


def truncate(question: str) -> str:
    """The question on one line, cut after `QUESTION_WORDS` words."""
    return " ".join(question.split()[:QUESTION_WORDS])


def sentiment(text: str) -> Messages:
    """Ask whether a review is positive or negative; the label is the first word of the response."""
    return [{"role": "user", "content": f"{SENTIMENT}\n\n{text}"}]


def instruction(task: str, text: str) -> Messages:
    """A task, and below it the text that it is about."""
    return [{"role": "user", "content": f"{task}\n\n{text}"}]


def staff_task(task: str, text: str) -> Messages:
    """A text, and below it what the library's staff shall make of it.

    A small model goes by what it read last: with the task above the text it took one kind of task
    for another more often (shares of properties on the validation pairs:
    `datasets/instructions/README.md`).
    """
    return [{"role": "user", "content": f"{text}\n\n{task}"}]
