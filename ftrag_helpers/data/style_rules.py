"""What a good response of the library's staff looks like, as properties that code can check.

Each kind of task has a house form; each example adds the facts that its response must keep and the
words that it must not hold. A card is compared field by field, the change in a report with the
change in its reference, a citation with the page that the facts came from, and every number and
name with the input. Not here: whether a response is wise or warm, and whether it is true in what
its facts do not name; for that it has to be read.
"""

import json
import re
from collections.abc import Sequence
from typing import Literal, get_args

from ftrag_helpers.data.records import InstructionExample
from ftrag_helpers.text.answer_match import answer_match
from ftrag_helpers.text.consistency import adds_nothing, same_change
from ftrag_helpers.text.word_overlap import holds, normalise

Kind = Literal[
    "reply",
    "refusal",
    "desk",
    "card",
    "summary",
    "blurb",
    "clause",
    "report",
    "health",
    "notice",
]
KINDS = get_args(Kind)
#: Kinds of which no example is trained; their instructions state the form.
HELD_OUT_KINDS = ("health", "notice")
DESKS = ("Membership", "Loans", "Rooms", "Digital Help", "Local Studies", "Children")
CARD_KEYS = ("title", "author", "year", "pages", "readers")
READERS = ("adults", "young people", "children")
TERMS = (
    "issues",
    "footfall",
    "active borrowers",
    "enquiries",
    "acquisitions",
    "withdrawals",
    "reservations",
    "attendance",
)
LEGAL_WORDS = (
    "shall",
    "hereof",
    "herein",
    "hereby",
    "thereof",
    "therein",
    "thereto",
    "pursuant",
    "notwithstanding",
    "aforesaid",
    "forthwith",
    "deemed",
    "borrower",
    "lender",
    "the Service",
)
WORD_LIMITS = {
    "reply": 40,
    "refusal": 30,
    "summary": 22,
    "blurb": 35,
    "clause": 28,
    "report": 26,
    "health": 32,
    "notice": 14,
}


#: What every response of the kind "refusal" says, and no other.
_DECLINES = "nothing on our shelves"
#: Titles in square brackets at the end of a text.
_CITATIONS = re.compile(r"(?:\s*\[[^\[\]]+\])+\s*$")


def sentences(text: str) -> list[str]:
    """The text cut after full stops and question marks that a new sentence follows.

    >>> sentences("We open at 9.30. Do come.")
    ['We open at 9.30.', 'Do come.']
    """
    return [part for part in re.split(r"(?<=[.?])\s+(?=[A-Z\"'‘“(£0-9])", text.strip()) if part]


def check(example: InstructionExample, response: str) -> dict[str, bool]:
    """Check a response to an example, property by property.

    Args:
        example: what was asked, with the reference response, the facts that a response must keep
            and the words that it must not hold.
        response: the response to check.

    Returns:
        Whether the response has each property: "one plain line", "form" and "true to the input"
        always; "length", "facts kept" and "plain words" where the kind or the example asks for it.
        A response may have them all and still be wrong in what no fact names.

    Raises:
        ValueError: the example's kind is none of `KINDS`.

    >>> example = InstructionExample("d1", "desk", "Which desk?", "I lost a book.", "Desk: Loans")
    >>> check(example, "Desk: Loans")
    {'one plain line': True, 'form': True, 'true to the input': True}
    """
    kind, text = example.kind, response.strip()
    properties = {
        "one plain line": bool(text) and "\n" not in text and "!" not in text,
        "form": has_form(kind, text),
    }
    if kind in WORD_LIMITS:
        properties["length"] = len(without_citations(text).split()) <= WORD_LIMITS[kind]
    if example.facts:
        properties["facts kept"] = all(_has_fact(text, fact) for fact in example.facts)
    properties["true to the input"] = _true_to_input(example, text)
    avoid = [*example.forbidden, *(LEGAL_WORDS if kind == "clause" else ())]
    if avoid:
        properties["plain words"] = not any(holds(text, word) for word in avoid)
    return properties


def has_form(kind: str, text: str) -> bool:
    """Whether a text has the house form of a kind of task.

    Raises:
        ValueError: no such kind.

    >>> has_form("reply", "We open at nine. [Summer hours]"), has_form("reply", "It opens at nine.")
    (True, False)
    """
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r}: the kinds are {', '.join(KINDS)}")
    return _FORMS[kind](text)


def citations(text: str) -> list[str]:
    """The titles in square brackets at the end of a text, in order.

    >>> citations("We lend both. [Tools] [Telescopes]")
    ['Tools', 'Telescopes']
    """
    return re.findall(r"\[([^\[\]]+)\]", text[len(without_citations(text)) :])


def without_citations(text: str) -> str:
    """The text without the titles in square brackets at its end.

    >>> without_citations("We lend both. [Tools] [Telescopes]")
    'We lend both.'
    """
    return _CITATIONS.sub("", text)


def pass_rate(properties: dict[str, bool]) -> float:
    """The share of the properties that are met, from 0 to 1."""
    return sum(properties.values()) / len(properties)


def _has_fact(text: str, spellings: Sequence[str]) -> bool:
    """Whether one spelling stands in the text, or a number or time of equal value does."""
    return any(holds(text, spelling) for spelling in spellings) or any(
        any(char.isdigit() for char in normalise(spelling)) and answer_match(text, [spelling])
        for spelling in spellings
    )


def _true_to_input(example: InstructionExample, text: str) -> bool:
    """Whether nothing in the text is false, whatever its form: a desk may be named in a sentence,
    and a citation that is missing is a fault of form, a wrong one of truth.
    """
    if not text:
        return False
    if example.kind != "refusal" and _DECLINES in text.lower():
        return False  # what it was given holds the answer
    if example.kind == "desk":
        named = [desk for desk in DESKS if holds(text, desk)]
        return named == [example.response.removeprefix("Desk: ")]
    if example.kind == "card":
        return _card_fields(text) == _card_fields(example.response) is not None
    facts = (spelling for fact in example.facts for spelling in fact)
    given = "\n".join((example.input, example.instruction, example.response, *facts))
    return (
        adds_nothing(without_citations(text), given)
        and set(citations(text)) <= set(citations(example.response))
        and (example.kind != "report" or same_change(example.response, text))
    )


def _card_fields(text: str) -> tuple | None:
    """The card's values, title and author in one spelling; None where the text is no card."""
    if not _card(text):
        return None
    card = json.loads(text)
    return (
        normalise(str(card["title"])),
        normalise(str(card["author"])),
        *(card[key] for key in CARD_KEYS[2:]),
    )


def _last(text: str) -> str:
    return (sentences(text) or [""])[-1]


def _reply(text: str) -> bool:
    """One or two sentences in the "we" voice, then the title of the page in square brackets, once
    each.
    """
    body, cited = without_citations(text), citations(text)
    return (
        0 < len(cited) == len(set(cited))
        and len(sentences(body)) in (1, 2)
        and not _last(body).startswith("Do ")
        and any(holds(body, word) for word in ("we", "our", "ours", "us"))
    )


def _refusal(text: str) -> bool:
    return _DECLINES in text.lower() and not _last(text).startswith("Do ") and not citations(text)


def _desk(text: str) -> bool:
    return text in {f"Desk: {desk}" for desk in DESKS}


def _card(text: str) -> bool:
    try:
        card = json.loads(text)
    except ValueError:
        return False
    return (
        isinstance(card, dict)
        and tuple(card) == CARD_KEYS
        and type(card["year"]) is int
        and type(card["pages"]) is int
        and card["readers"] in READERS
    )


def _summary(text: str) -> bool:
    return (
        len(sentences(text)) == 1
        and text.endswith(".")
        and not re.match(r"(This|The text|The passage)\b", text)
    )


def _blurb(text: str) -> bool:
    return ":" in text and _last(text) == "Come and see."


def _clause(text: str) -> bool:
    return text.startswith(("You ", "We ")) and len(sentences(text)) <= 2


def _report(text: str) -> bool:
    return (
        text.startswith("In ")
        and len(sentences(text)) == 1
        and any(holds(text, term) for term in TERMS)
    )


def _health(text: str) -> bool:
    return _last(text) == "Do ask your doctor or pharmacist."


def _notice(text: str) -> bool:
    return text.startswith("Please ") and len(sentences(text)) == 1 and text.endswith(".")


_FORMS = {
    "reply": _reply,
    "refusal": _refusal,
    "desk": _desk,
    "card": _card,
    "summary": _summary,
    "blurb": _blurb,
    "clause": _clause,
    "report": _report,
    "health": _health,
    "notice": _notice,
}
