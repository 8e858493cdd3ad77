"""Fractions and mixed numbers: 2 1/2, two and a half, half a mile, two point five."""

import re
from collections.abc import Sequence
from fractions import Fraction

from ftrag_helpers.text.quantities.digits import Replacement, simple, whole_at
from ftrag_helpers.text.quantities.number_words import ORDINALS
from ftrag_helpers.text.spelling import Piece, kind_at, word_at
from ftrag_helpers.text.units import SCALES, UNITS

_PARTS = {word + end: n for word, n in ORDINALS.items() if n > 2 for end in ("", "s")} | {
    "half": 2,
    "halves": 2,
    "quarter": 4,
    "quarters": 4,
}
#: What may follow "an hour and a half"; a noun would say that the half is of something else.
PREPOSITIONS = frozenset(
    "a after ago and at before each every for from in later long of off on or per to away".split()
)


def fraction(pieces: Sequence[Piece], i: int) -> Replacement:
    """2 1/2, two and a half, three quarters, half a mile, a quarter of, two point five."""
    if kind_at(pieces, i) == "number":
        value, j = pieces[i].value, i + 1
        if word_at(pieces, j) == "point" and whole_at(pieces, j + 1, 0, 99):
            return [
                Piece("number", "", value=simple(Fraction(f"{value}.{pieces[j + 1].value}")))
            ], j + 2
        if (
            isinstance(value, int)
            and (more := part_at(pieces, j + (word_at(pieces, j) == "and")))
            and (
                word_at(pieces, j) == "and"
                or kind_at(pieces, j) == "number"
                and "/" in pieces[j].text.replace("⁄", "/")
            )
        ):
            whole = value in SCALES.values() and value > 12  # a million and a half
            mixed = value + more[0] * (value if whole else 1) if value >= 0 else value - more[0]
            scaled = (
                whole_at(pieces, more[1])
                and pieces[more[1]].value in SCALES.values()
                and not pieces[more[1]].text
            )
            mixed *= pieces[more[1]].value if scaled else 1
            return [Piece("number", "", value=simple(Fraction(mixed)))], more[1] + scaled
    part = part_at(pieces, i)
    behind = part[1] if part else i + 1
    alone = kind_at(pieces, behind) in ("", "stop") or word_at(pieces, behind) in PREPOSITIONS
    if (
        part
        and word_at(pieces, i) in ("a", "an")
        and (not alone or word_at(pieces, i - 1) == "and")
    ):
        return None
    if part is None and word_at(pieces, i) == "half":
        unit = word_at(
            pieces,
            i + 1 + (word_at(pieces, i + 1) in ("a", "an")) + (kind_at(pieces, i + 1) == "dash"),
        )
        counted = (
            unit in UNITS
            or word_at(pieces, i + 1) in ("a", "an")
            or (
                alone
                and kind_at(pieces, i - 1) != "ordinal"
                and word_at(pieces, i - 1) not in ("a", "an")
            )
        )
        part = (Fraction(1, 2), i + 1) if counted else None
        if (
            whole_at(pieces, i + 1) and pieces[i + 1].value in SCALES.values()
        ):  # half a dozen, half a million
            return [Piece("number", "", value=pieces[i + 1].value // 2)], i + 2
    if part is None:
        return None
    value, j = part
    j += word_at(pieces, j) == "of" and word_at(pieces, j + 1) in ("a", "an")
    j += word_at(pieces, j) in ("a", "an") and j > i
    return [Piece("number", "", value=value)], j


def part_at(pieces: Sequence[Piece], i: int) -> tuple[Fraction, int] | None:
    """A half, one third, three quarters, 1/2: a fraction below one and the next place."""
    if (
        kind_at(pieces, i) == "number"
        and isinstance(pieces[i].value, Fraction)
        and 0 < pieces[i].value < 1
        and re.search("[/⁄]", pieces[i].text)
    ):
        return pieces[i].value, i + 1
    count = (
        1
        if word_at(pieces, i) in ("a", "an")
        else pieces[i].value
        if whole_at(pieces, i, 1, 9)
        else 0
    )
    j = i + 1 + (kind_at(pieces, i + 1) == "dash")
    name = pieces[j].text if kind_at(pieces, j) in ("word", "ordinal") else ""
    parts = _PARTS.get(name)
    if not count or not parts or count >= parts:
        return None
    if (count == 1) == name.endswith("s") and not (
        name == "quarter" and word_at(pieces, j + 1) in UNITS
    ):  # three-quarter hours
        return None
    return Fraction(count, parts), j + 1
