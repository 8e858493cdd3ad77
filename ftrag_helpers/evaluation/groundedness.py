"""Whether an answer says only what stands in the passages that it rests on.

A deterministic stand-in for a reader's judgement: every number and name of the answer must
stand in the passages or in the question, and most of its other content words too. What it cannot
see: a relation that is wrong though all its words are there ("the Vat Room has 40 seats" from a
passage on two rooms). How often it agrees with a person is measured on the hand-labelled answers in
`datasets/faithfulness`.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from ftrag_helpers.evaluation.metrics import normalise

#: An answer with a smaller share of supported content words is not faithful. Chosen on the first
#: half of the labelled answers; the second half says how well it agrees (`agreement`).
THRESHOLD = 0.9

_STOP_WORDS = frozenset(
    "a about after all also am an and any are as at be because been before being but by can could"
    " did do does doing for from had has have he her here him his how i if in into is it its just"
    " may me more most must my no not of off on once only or other our out over own she should so"
    " some such than that the their them then there these they this those to too under until up"
    " upon us very was we were what when where which while who whom whose why will with within"
    " without would you your yes please one ones each every both itself themselves".split()
)
#: What says nothing about the matter: an opening that announces the answer, a closing that invites
#: to ask.
_STOCK = re.compile(
    r"\b(?:the )?answer (?:to (?:this|the|your) question )?is:?|\bdo ask\b[^.]*\.?", re.IGNORECASE
)
_NAME = re.compile(r"(?<![.!?:“\"'‘(]\s)(?<=\s)[\"“'‘(]?([A-Z][\w’'-]+)")


def support_share(text: str, sources: Sequence[str], question: str = "") -> float:
    """The share (0 to 1) of the text's content words that stand in the sources or in the question.

    Words are compared by their stems, numbers and times in one spelling. Stock phrases ("The answer
    is …", "Do ask us again.") do not count. A text without content words has share 1.
    """
    said = _content(_STOCK.sub(" ", text))
    held = set().union(*(_content(source) for source in (*sources, question)))
    return sum(word in held for word in said) / len(said) if said else 1.0


def inventions(text: str, sources: Sequence[str], question: str = "") -> list[str]:
    """The numbers and names of the text that stand neither in the sources nor in the question, in
    its order.
    """
    held = set().union(*(_stems(source) for source in (*sources, question)))
    names = [match[1] for match in _NAME.finditer(text)]
    numbers = [word for word in normalise(text).split() if any(c.isdigit() for c in word)]
    return [
        word for word in dict.fromkeys([*numbers, *names]) if not _stems(word) <= held | _STOP_WORDS
    ]


def faithful(text: str, sources: Sequence[str], question: str = "") -> bool:
    """True where the text invents no number and no name, and enough of its content words are
    supported.
    """
    return (
        not inventions(text, sources, question)
        and support_share(text, sources, question) >= THRESHOLD
    )


def agreement(labelled: Sequence[Mapping]) -> dict[str, float]:
    """How the measure agrees with a person on rows with the fields answer, read, question and
    faithful.

    "agree" is the share of equal judgements, "missed" the share of the person's unfaithful answers
    that the measure passes, "strict" the share of the faithful ones that it rejects.
    """
    ours = [faithful(row["answer"], row["read"], row["question"]) for row in labelled]
    theirs = [row["faithful"] for row in labelled]
    pairs = list(zip(ours, theirs, strict=True))
    return {
        "agree": sum(a == b for a, b in pairs) / len(pairs),
        "missed": sum(a for a, b in pairs if not b) / theirs.count(False),
        "strict": sum(not a for a, b in pairs if b) / theirs.count(True),
    }


def _content(text: str) -> set[str]:
    return {
        _stem(word)
        for word in normalise(text).split()
        if word not in _STOP_WORDS and len(word) > 1 or word.isdigit()
    }


def _stems(text: str) -> set[str]:
    return {_stem(word) for word in normalise(text).split()}


@lru_cache(maxsize=1)
def _stemmer():
    import Stemmer

    return Stemmer.Stemmer("english")


def _stem(word: str) -> str:
    return _stemmer().stemWord(word)
