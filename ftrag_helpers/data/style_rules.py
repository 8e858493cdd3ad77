"""What a good response of the library's staff looks like, as properties that code can check.

Each kind of task has a house form (`FORMS`); each example adds the facts that its response
must keep and the words it must not hold. What it leaves out: whether a response is wise, warm or
true beyond its facts; for that it has to be read.
"""

import json
import re
from collections.abc import Sequence
from typing import Literal, get_args

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


def holds(text: str, words: str) -> bool:
    """Whether the words stand in the text as whole words, in any case.

    >>> holds("Open until 9:00.", "9:00"), holds("Open until 19:00.", "9:00")
    (True, False)
    """
    return re.search(rf"(?<!\w){re.escape(words.lower())}(?!\w)", text.lower()) is not None


def sentences(text: str) -> list[str]:
    """The text cut after full stops and question marks that a new sentence follows.

    >>> sentences("We open at 9.30. Do come.")
    ['We open at 9.30.', 'Do come.']
    """
    return [part for part in re.split(r"(?<=[.?])\s+(?=[A-Z\"'‘“(£0-9])", text.strip()) if part]


def check(
    kind: str, response: str, facts: Sequence[Sequence[str]] = (), forbidden: Sequence[str] = ()
) -> dict[str, bool]:
    """Each property that a response of this kind must have, and whether it has it.

    `facts` is a list of lists: of each inner list one spelling must stand in the response; none of
    `forbidden` may.

    Raises:
        ValueError: no such kind.

    >>> check("desk", "Desk: Loans", [["Loans"]])
    {'one plain line': True, 'form': True, 'facts kept': True}
    """
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r}: the kinds are {', '.join(KINDS)}")
    text = response.strip()
    found = {
        "one plain line": bool(text) and "\n" not in text and "!" not in text,
        "form": _FORMS[kind](text),
    }
    if kind in WORD_LIMITS:
        found["length"] = len(text.split()) <= WORD_LIMITS[kind]
    if facts:
        found["facts kept"] = all(any(holds(text, spelling) for spelling in fact) for fact in facts)
    avoid = [*forbidden, *(LEGAL_WORDS if kind == "clause" else ())]
    if avoid:
        found["plain words"] = not any(holds(text, word) for word in avoid)
    return found


def pass_rate(found: dict[str, bool]) -> float:
    """The share of the properties that are met, from 0 to 1."""
    return sum(found.values()) / len(found)


def _last(text: str) -> str:
    return (sentences(text) or [""])[-1]


def _reply(text: str) -> bool:
    return _last(text).startswith("Do ") and any(holds(text, word) for word in ("we", "our", "us"))


def _refusal(text: str) -> bool:
    return _last(text).startswith("Do ") and "nothing on our shelves" in text.lower()


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
