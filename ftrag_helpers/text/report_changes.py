"""Whether two report lines tell the same change: period, direction, and which number came first.

Works on single English sentences such as "In June 2025, footfall rose from 7,215 to 8,406." Not
here: any other property of a report (`style_rules`).
"""

import re

from ftrag_helpers.text.word_overlap import holds, normalise

_CHANGES = {
    "up": "rose risen rise grew grown increased increase up climbed higher gained more".split(),
    "down": "fell fallen fall dropped declined decreased decrease down shrank lower fewer".split(),
}


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
    named = [name for name, words in _CHANGES.items() if any(holds(report, w) for w in words)]
    return "both" if len(named) == 2 else named[0] if named else ""


def _before_and_after(report: str) -> tuple[str | None, str | None]:
    words = normalise(report)
    earlier = re.search(r"\b(?:from|than|against|with|over|on) (\d\S*)", words)
    later = re.search(r"\bto (\d\S*)", words)
    return (earlier[1] if earlier else None), (later[1] if later else None)
