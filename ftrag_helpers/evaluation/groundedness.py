"""Faithfulness: whether an answer says only what its sources or the question say.

A deterministic approximation of a reader's judgement: every number and name of the answer must
occur in the sources or in the question, and so must at least 95 % of its content words. It does not
detect a wrong relation between words that all occur ("the Vat Room has 40 seats" from a passage on
two rooms). Its agreement with a reader is measured on the labelled answers in
`datasets/faithfulness`.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ftrag_helpers.data.style_rules import without_citations
from ftrag_helpers.evaluation.metrics import normalise

#: An answer with a smaller share (0 to 1) of supported content words is not faithful. Chosen on the
#: first half of the labelled answers; `agreement` is measured on the second half.
THRESHOLD = 0.95

_STOP_WORDS = frozenset(
    "a about after all also am an and any are as at be because been before being but by can could"
    " did do does doing for from had has have he her here him his how i if in into is it its just"
    " may me more most must my no not of off on once only or other our out over own she should so"
    " some such than that the their them then there these they this those to too under until up"
    " upon us very was we were what when where which while who whom whose why will with within"
    " without would you your yes please one ones each every both itself themselves ours".split()
)
#: What is not scored: "The answer is" and its variants at any place, "one" where it counts nothing
#: ("one of our rooms"), and a polite last sentence that begins with "Do" ("Do bring your card.").
_STOCK = re.compile(
    r"\b(?:the )?answer (?:to (?:this|the|your) question )?is:?"
    r"|\bone(?= of\b)|\b(?:no|any|every|each) one\b|\bone another\b"
    r"|(?:(?<=[.?!])|^)\s*do\b[^.?!]*[.!]?\s*$",
    re.IGNORECASE,
)
#: A capitalised word (group 1) that is neither the text's first word nor preceded by white space
#: and, before it, one of the listed characters (the end of a sentence, a colon, a quotation mark).
_NAME = re.compile(r"(?<![.!?:“\"'‘(]\s)(?<=\s)[\"“'‘(]?([A-Z][\w’'-]+)")


def support_share(text: str, sources: Sequence[str], question: str = "") -> float:
    """The share of a text's content words that occur in the sources or in the question.

    Different words are compared by their stems, numbers and times in one spelling. Left out are
    "The answer is", a closing sentence that begins with "Do", and titles in brackets at the end.

    Args:
        text: the answer.
        sources: the texts that it should rest on.
        question: the question; "" for none.

    Returns:
        A share (0 to 1); 1 for a text without content words.
    """
    said = _content(_scored(text))
    held = set().union(*(_content(source) for source in (*sources, question)))
    return sum(word in held for word in said) / len(said) if said else 1.0


def inventions(text: str, sources: Sequence[str], question: str = "") -> list[str]:
    """The numbers and names of a text that occur neither in the sources nor in the question.

    Args:
        text: the answer.
        sources: the texts that it should rest on.
        question: the question; "" for none.

    Returns:
        Numbers, then names, each in the order of the text and without repeats. A name is a
        capitalised word that does not begin the text or a sentence, nor follow a colon.
    """
    text = _scored(text)
    held = set().union(*(_stems(source) for source in (*sources, question)))
    names = [match[1] for match in _NAME.finditer(text)]
    numbers = [word for word in normalise(text).split() if any(c.isdigit() for c in word)]
    return [
        word for word in dict.fromkeys([*numbers, *names]) if not _stems(word) <= held | _STOP_WORDS
    ]


def faithful(text: str, sources: Sequence[str], question: str = "") -> bool:
    """Whether a text has no unsupported number or name and enough supported content words.

    Args:
        text: the answer.
        sources: the texts that it should rest on.
        question: the question; "" for none.

    Returns:
        True where `inventions` is empty and `support_share` is at least `THRESHOLD`.
    """
    return (
        not inventions(text, sources, question)
        and support_share(text, sources, question) >= THRESHOLD
    )


def agreement(labelled: Sequence[Mapping]) -> dict[str, float]:
    """How often `faithful` agrees with a person.

    Args:
        labelled: rows with the fields "answer", "read" (the source texts), "question" and
            "faithful" (the person's judgement, True or False).

    Returns:
        Shares (0 to 1): "agree", equal judgements among all rows; "missed", answers judged faithful
        here among those that the person labelled unfaithful; "strict", answers judged unfaithful
        here among those that the person labelled faithful. NaN where there are no such answers.
    """
    ours = [faithful(row["answer"], row["read"], row["question"]) for row in labelled]
    pairs = [(judged, row["faithful"]) for judged, row in zip(ours, labelled, strict=True)]
    return {
        "agree": _share([a == b for a, b in pairs]),
        "missed": _share([a for a, b in pairs if not b]),
        "strict": _share([not a for a, b in pairs if b]),
    }


def _share(values: Sequence[bool]) -> float:
    """The share of true values (0 to 1); NaN of none."""
    return sum(values) / len(values) if values else float("nan")


def _scored(text: str) -> str:
    """The text without stock phrases and without the citations at its end."""
    return _STOCK.sub(" ", without_citations(text))


def _content(text: str) -> set[str]:
    """The stems of a text's content words: no stop words, no single letters."""
    return {
        _stem(word)
        for word in normalise(text).split()
        if word not in _STOP_WORDS and len(word) > 1 or word.isdigit()
    }


def _stems(text: str) -> set[str]:
    """The stems of all words of a text."""
    return {_stem(word) for word in normalise(text).split()}


@lru_cache(maxsize=1)
def _stemmer():
    import Stemmer

    return Stemmer.Stemmer("english")


def _stem(word: str) -> str:
    """The word's stem by the English Snowball stemmer."""
    return _stemmer().stemWord(word)
