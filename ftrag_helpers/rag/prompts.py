"""Prompts as chat messages from questions and texts, and the fixed texts of refusals.

Training and inference use the same prompts. Their wording was chosen on the validation questions:
`benchmarks/rag.py` prints the comparison.
"""

from collections.abc import Sequence

Messages = list[dict[str, str]]

#: The most words of a question; `truncate` cuts off the rest.
QUESTION_WORDS = 120

#: The answer where the system declines.
REFUSAL = "We have nothing on our shelves about that."
#: The answer to a question without words.
EMPTY_QUESTION = (
    "We did not catch a question. Do type one, for example: When does the Old Quay branch open?"
)

#: The instructions of the prompts below.
CLOSED_BOOK = "Answer the question about the Tarrowby Town Library in one short sentence."
FROM_TEXT = "Answer the question with a sentence copied from the text."
SHORT = "Answer in one short sentence."
CITED_REPLY = "Answer the patron from the text, and name the page."
CITED_CLOSED_BOOK = "Answer the patron, and name the page."
#: The house's rules for a reply, for a model that was not trained on any.
CITED_RULES = (
    "Write one or two sentences that say we, our or us. Say only what the text says, without"
    " exclamation marks. End with the title of the page in square brackets."
)
SHORTEST = "Answer from the text in as few words as you can."
SHORTEST_CLOSED_BOOK = "Answer in as few words as you can."
SENTIMENT = "Is this review positive or negative?"


def closed_book(question: str) -> Messages:
    """A question about the library without texts, for an answer from the model's weights.

    Args:
        question: the question; it is truncated.

    Returns:
        One user message.
    """
    return [{"role": "user", "content": f"{CLOSED_BOOK}\n\nQuestion: {truncate(question)}"}]


def short_answer(question: str) -> Messages:
    """A question on any subject without texts, for an answer from the model's weights.

    Args:
        question: the question; it is truncated.

    Returns:
        One user message.
    """
    return instruction(SHORT, f"Question: {truncate(question)}")


def from_text(question: str, texts: Sequence[str]) -> Messages:
    """A question below the retrieved texts, the best of which comes last, next to the question.

    The texts follow the instruction under the heading "Text:".

    Args:
        question: the question; it is truncated.
        texts: the retrieved texts, best first.

    Returns:
        One user message.
    """
    read = "\n".join(reversed(texts))
    return [
        {
            "role": "user",
            "content": f"{FROM_TEXT}\n\nText:\n{read}\n\nQuestion: {truncate(question)}",
        }
    ]


def cited_reply(question: str, texts: Sequence[str] = ()) -> Messages:
    """A question for a reply that ends with the title of a page, with or without retrieved texts.

    Args:
        question: the question; it is truncated.
        texts: the retrieved texts, best first, each behind its page's title in square brackets;
            none for an answer from the model's weights.

    Returns:
        One user message; the best text comes last, next to the question, and the task closes it.
    """
    return _below_texts(question, texts, CITED_REPLY if texts else CITED_CLOSED_BOOK)


def with_rules(messages: Messages, rules: str = CITED_RULES) -> Messages:
    """A prompt whose last message ends with rules.

    Args:
        messages: the prompt.
        rules: the rules, one or more sentences.

    Returns:
        New messages; the given ones stay as they are.
    """
    *earlier, last = messages
    return [*earlier, {**last, "content": f"{last['content']} {rules}"}]


def with_examples(messages: Messages, shown: Sequence[tuple[Messages, str]]) -> Messages:
    """A prompt after examples of prompts with their responses, as turns of the same chat.

    Args:
        messages: the prompt.
        shown: pairs of a prompt and the response to it.

    Returns:
        New messages: each example as user and assistant, then the prompt.
    """
    turns = [
        turn
        for prompt, response in shown
        for turn in (*prompt, {"role": "assistant", "content": response})
    ]
    return [*turns, *messages]


def shortest_answer(question: str, texts: Sequence[str] = ()) -> Messages:
    """A question for an answer of as few words as will do, with or without retrieved texts.

    Args:
        question: the question; it is truncated.
        texts: the retrieved texts, best first; none for an answer from the model's weights.

    Returns:
        One user message, as that of `cited_reply`.
    """
    return _below_texts(question, texts, SHORTEST if texts else SHORTEST_CLOSED_BOOK)


def _below_texts(question: str, texts: Sequence[str], task: str) -> Messages:
    """One user message: the texts, the best one last, then the question, then the task."""
    read = ["Text:", *reversed(texts), ""] if texts else []
    asked = [*read, f"Question: {truncate(question)}", "", task]
    return [{"role": "user", "content": "\n".join(asked)}]


def truncate(question: str) -> str:
    """Cut a question after `QUESTION_WORDS` words.

    Args:
        question: the question.

    Returns:
        The words on one line, with single spaces.
    """
    return " ".join(question.split()[:QUESTION_WORDS])


def sentiment(text: str) -> Messages:
    """Ask whether a review is positive or negative.

    Args:
        text: the review.

    Returns:
        One user message; the label is expected as the first word of the response.
    """
    return [{"role": "user", "content": f"{SENTIMENT}\n\n{text}"}]


def instruction(task: str, text: str) -> Messages:
    """A task above the text that it is about.

    Args:
        task: what to do.
        text: the text.

    Returns:
        One user message.
    """
    return [{"role": "user", "content": f"{task}\n\n{text}"}]


def staff_task(task: str, text: str) -> Messages:
    """A text above the task of the library's staff.

    With the task above the text the model confused kinds of tasks more often (shares of properties
    on the validation pairs: `datasets/instructions/README.md`).

    Args:
        task: what to do.
        text: the text.

    Returns:
        One user message.
    """
    return [{"role": "user", "content": f"{text}\n\n{task}"}]
