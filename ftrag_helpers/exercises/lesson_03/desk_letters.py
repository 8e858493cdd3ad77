"""Task 3.4: a small training set for the lost-property desk."""

import re
from collections import Counter
from collections.abc import Sequence

from ftrag_helpers.data import style_rules
from ftrag_helpers.exercises.checking import Task, by_case, calls
from ftrag_helpers.exercises.fixtures import lost_property
from ftrag_helpers.exercises.values import format_value

#: Words that any two messages or replies may share.
_COMMON = frozenset(
    "about after again also asked been before desk does dont from have here just last left lost library like near noted still that them then there they this today want well were when where which with your".split()
)
_LITTLE = frozenset(
    "the and you your our its his her she was are has had not but for may can did get got one two out off all any own did do".split()
)

#: Pairs that a training set has at least.
PAIRS = 12


def _problem(pairs: object) -> str:
    """What is wrong with a training set for the desk, in a sentence; "" if nothing is."""
    if not isinstance(pairs, list) or not all(
        isinstance(pair, list) and len(pair) == 2 for pair in pairs
    ):
        return f"expected a list of pairs, each a message and a reply; got {format_value(pairs)}"
    if not all(isinstance(text, str) and text.strip() for pair in pairs for text in pair):
        return "a message or a reply is empty, or is no text"
    if len(pairs) < PAIRS:
        return f"{PAIRS} pairs are wanted at least, got {len(pairs)}"
    for number, (message, reply) in enumerate(pairs, start=1):
        found = _pair_problem(message, reply)
        if found:
            return f"pair {number} of {len(pairs)}: {found}"
    return _variety_problem([message for message, _ in pairs], [reply for _, reply in pairs])


def _pair_problem(message: str, reply: str) -> str:
    unmet = [name for name, met in lost_property.form(reply).items() if not met]
    if unmet:
        return f"the reply lacks the form ({', '.join(unmet)}): {format_value(reply)}"
    if not 4 <= len(message.split()) <= 60:
        return (
            f"a message has 4 to 60 words, this one {len(message.split())}: {format_value(message)}"
        )
    if any(alike(message, known) > 0.5 for known, _thing in lost_property.MESSAGES):
        return f"this is one of the messages that measure; whoever learns it shows nothing by knowing it: {format_value(message)}"
    if not _words(message) & _words(reply):
        return f"the reply takes no word from its message, so it cannot name the thing: {format_value(reply)}"
    return ""


def _variety_problem(messages: Sequence[str], replies: Sequence[str]) -> str:
    for texts, what in ((messages, "messages"), (replies, "replies")):
        for second, text in enumerate(texts):
            first = next(
                (n for n, other in enumerate(texts[:second]) if alike(other, text) > 0.6), None
            )
            if first is not None:
                return f"the {what} of pairs {first + 1} and {second + 1} say nearly the same: a set of copies teaches one example: {format_value(text)}"
    closings = Counter(style_rules.sentences(reply)[-1].lower() for reply in replies)
    closing, often = closings.most_common(1)[0]
    return (
        ""
        if often <= len(replies) // 3
        else f"{often} of {len(replies)} replies close with {format_value(closing)}: a model would learn that sentence, not to close in its own way"
    )


def _words(text: str) -> set[str]:
    """The telling words of a text, by their first five letters, so that "crutches" and "crutch" are
    one.
    """
    words = re.findall(r"[a-z]{3,}", text.lower().replace("'s", ""))
    return {word[:5] for word in words if word not in _COMMON | _LITTLE}


def alike(first: str, second: str) -> float:
    """The share of telling words that two texts have in common (Jaccard), 0 to 1."""
    a, b = _words(first), _words(second)
    return len(a & b) / len(a | b) if a | b else 1.0


TASK = Task(
    "3.4",
    "Twelve letters to a new desk",
    5,
    hints=(
        "Write twelve messages as twelve different people would, then answer each in the desk's form. The check names the first pair that does not fit.",
        'A reply such as "Noted: a red kite, on the roof of the Fennel Hill branch. Do bring a ladder." has it all: it begins with "Noted: ", names the thing, is short, and its last sentence begins with "Do ".',
    ),
    cases=lambda _seed: [[]],
    run_answer=calls,
    judge=by_case(_problem, "desk_pairs()"),
    answer="`desk_pairs()`",
)
