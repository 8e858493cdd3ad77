"""Whether a response is consistent with its input: no number and no name of its own, and a change
told as it was.

Compares by value and by spelling, in English. Not here: any relation between words that all stand
in the input ("the reader pays" for "the library pays").
"""

import re
from fractions import Fraction

from ftrag_helpers.text.quantities.reading import read
from ftrag_helpers.text.spelling import fold, pieces
from ftrag_helpers.text.word_overlap import holds, normalise

_CHANGES = {
    "up": "rose risen rise grew grown increased increase up climbed higher gained more".split(),
    "down": (
        "fell fallen fall drop dropped decline declined decreased decrease down shrank lower fewer"
    ).split(),
}


def adds_nothing(text: str, given: str) -> bool:
    """Whether every number, time and name of a text stands in what was given.

    >>> adds_nothing("It opens at four, Ida says.", "Ida Crane: open from 16:00.")
    True
    >>> adds_nothing("It opens at five.", "Ida Crane: open from 16:00.")
    False
    """
    return _numbers(text) <= _allowed(_numbers(given)) and _names(text) <= _words(given)


def same_change(reference: str, text: str) -> bool:
    """Whether a report gives the period of the reference and the same change as it.

    A change is its direction and, where there are two numbers, which of them came first: the number
    behind "from", "than", "against" or "with" is the earlier one, that behind "to" the later.
    """
    if _period(reference) - _period(text) or _years(_period(text)) - _years(_period(reference)):
        return False
    direction = _direction(reference)
    if _direction(text) != direction:
        return False
    if not direction:
        return True
    earlier, later = _before_and_after(reference)
    said_earlier, said_later = _before_and_after(text)
    if said_earlier is None and said_later is None:
        return later not in normalise(text).split() or earlier not in normalise(text).split()
    return said_earlier in (None, earlier) and said_later in (None, later)


def _period(report: str) -> set[str]:
    """The words between "In" and the first comma, or the first five words."""
    opening = report.split(",")[0] if "," in report else " ".join(report.split()[:5])
    return set(normalise(opening).split())


def _years(words: set[str]) -> set[str]:
    return {word for word in words if re.fullmatch(r"(19|20)\d\d", word)}


def _direction(report: str) -> str:
    """ "up", "down", "both" or "" (no change named)."""
    report = re.sub(r"\bOrchard Rise\b", "", report)  # a branch, no change
    named = [name for name, words in _CHANGES.items() if any(holds(report, w) for w in words)]
    return "both" if len(named) == 2 else named[0] if named else ""


def _before_and_after(report: str) -> tuple[str | None, str | None]:
    said = normalise(re.sub(r"\b(?:over|under|aged)[ -]\d\d?s?\b", "", report))  # ages
    earlier = re.search(r"\b(?:from|than|against|with|over|on) (\d\S*)", said)
    later = re.search(r"\bto (\d\S*)", said)
    return (earlier[1] if earlier else None), (later[1] if later else None)


def _numbers(text: str) -> set[tuple[str, int | Fraction]]:
    """The times ("clock", minutes after noon or midnight) and other numbers ("number", value).

    "One" is mostly no number and "twelve months" is a year, so both are left out.
    """
    found: set[tuple[str, int | Fraction]] = set()
    for piece in read(pieces(fold(re.sub(r"\btwice\b", "two", text, flags=re.IGNORECASE)))):
        if piece.kind == "clock":
            found.add(("clock", piece.value % 720))
        elif piece.kind in ("number", "ordinal"):
            found.add(("number", piece.value))
        elif piece.kind == "amount":
            found |= {("number", value) for _, value, unit in piece.value if unit != "month"}
        elif piece.kind == "day":
            found |= {("number", day) for day in piece.value}
    return found - {("number", 1)}


def _allowed(given: set[tuple[str, int | Fraction]]) -> set[tuple[str, int | Fraction]]:
    """The given numbers and other ways to write them: 16:00 is four, £5.50 is five pounds fifty."""
    hours = {("number", minutes // 60 or 12) for kind, minutes in given if kind == "clock"}
    clocks = {("clock", value * 60 % 720) for kind, value in given if kind == "number"}
    points = {value for kind, value in given if kind == "number" and value.denominator > 1}
    parts = {("number", part) for value in points for part in (int(value), round(value % 1 * 100))}
    dotted = {("clock", int(value) % 12 * 60 + round(value % 1 * 100)) for value in points}
    return given | hours | clocks | dotted | parts


def _names(text: str) -> set[str]:
    """The capitalised words that begin neither the text nor a sentence, in lower case."""
    names = re.findall(r"(?<![.!?:\"'(]\s)(?<=\s)[A-Z][\w-]+(?=\W|$)", text)
    return {word for name in names for word in _words(name)}


def _words(text: str) -> set[str]:
    """The words of a text in lower case, without an "s" at their end."""
    return {word.removesuffix("s") for word in re.findall(r"\w+", text.lower())}
