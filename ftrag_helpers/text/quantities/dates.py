"""Dates and ranges: 21 May, May the twenty-first, 9-12, between 9 and 12."""

import re
from collections.abc import Sequence

from ftrag_helpers.text.quantities.amounts import amount
from ftrag_helpers.text.quantities.digits import MONTHS, Replacement, minutes_of
from ftrag_helpers.text.spelling import Piece, kind_at, word_at
from ftrag_helpers.text.units import UNITS


def date(pieces: Sequence[Piece], i: int) -> Replacement:
    """21 May, the 21st of May, May 21, May the twenty-first: the day, then the month."""
    if _day(pieces, i):
        j = i + 1 + (word_at(pieces, i + 1) == "of") + (kind_at(pieces, i + 1) == "dash")
        if word_at(pieces, j) in MONTHS:
            return _day_month(pieces[i], pieces[j], _after_month(pieces, j))
    if word_at(pieces, i) in MONTHS:
        j = _after_month(pieces, i)[1] + (word_at(pieces, i + 1) == "the")
        if _day(pieces, j) and (
            word_at(pieces, i + 1) == "the" or pieces[j].kind == "ordinal" or pieces[j].text
        ):
            return _day_month(pieces[j], pieces[i], ([], j + 1))
    return None


def _day(pieces: Sequence[Piece], i: int) -> bool:
    if kind_at(pieces, i) not in ("number", "ordinal") or pieces[i].value not in range(1, 32):
        return False
    return pieces[i].kind == "ordinal" or not pieces[i].text or pieces[i].text.isdigit()


def _after_month(pieces: Sequence[Piece], i: int) -> tuple[list[Piece], int]:
    """The place behind a month's name and the full stop of its abbreviation."""
    stopped = kind_at(pieces, i + 1) == "stop" and pieces[i + 1].text == "."
    short = stopped and len(pieces[i].text) <= 4 and pieces[i].text != "may"
    return [], i + 1 + (short and kind_at(pieces, i + 2) in ("number", "ordinal"))


def _day_month(day: Piece, month: Piece, rest: tuple[list[Piece], int]) -> Replacement:
    return [
        Piece("day", "", value=frozenset({day.value})),
        Piece("month", "", value=frozenset({MONTHS[month.text]})),
        *rest[0],
    ], rest[1]


def range_rule(pieces: Sequence[Piece], i: int) -> Replacement:
    """9-12, 9 to 12, from 9 until 12, between 9 and 12; a unit or "pm" at one end counts for
    both.
    """
    opening = word_at(pieces, i) if word_at(pieces, i) in ("from", "between") else ""
    first = i + bool(opening)
    size = 2 if kind_at(pieces, first) == "day" and kind_at(pieces, first + 1) == "month" else 1
    between = first + size
    joins = ("and",) if opening == "between" else ("to", "until", "till", "through", "thru")
    dashed = (
        kind_at(pieces, between) == "dash"
        or kind_at(pieces, between) == "symbol"
        and pieces[between].text == "~"
    )
    if not dashed and word_at(pieces, between) not in joins:
        return None
    last = between + 1
    kinds = ("number", "clock", "amount", "day", "ordinal", "decade")
    if kind_at(pieces, first) not in kinds or kind_at(pieces, last) not in kinds:
        return None
    start, end = _shared(pieces[first], pieces[last])
    return [
        start,
        *pieces[first + 1 : between],
        Piece("range", "and" if opening == "between" else "to"),
        end,
    ], last + 1


def _shared(start: Piece, end: Piece) -> tuple[Piece, Piece]:
    """Both ends with what only one of them says: the half of the day or the unit."""
    if (
        end.kind == "clock"
        and start.kind == "number"
        and (isinstance(start.value, int) and 0 <= start.value < 24)
    ):
        start = Piece("clock", "", value=start.value * 60)
    elif (
        end.kind == "clock"
        and start.kind == "number"
        and (shown := re.fullmatch(r"(\d\d?)\.([0-5]\d)", start.text))
    ):
        start = Piece("clock", "", value=minutes_of(int(shown[1]), int(shown[2])))
    elif (
        start.kind == "clock" and end.kind == "number" and end.value in range(25) and not start.text
    ):
        end = Piece("clock", "", value=end.value * 60 % 1440)
    elif start.kind == "amount" and end.kind == "number" and start.text in UNITS:
        end = amount(end, start.text)
    elif end.kind == "amount" and start.kind == "number" and end.text in UNITS:
        start = amount(start, end.text)
    if (
        start.kind == end.kind == "clock"
        and end.text == "pm"
        and not start.text
        and start.value + 720 < end.value
    ):
        start = start._replace(value=start.value + 720)
    return start, end
