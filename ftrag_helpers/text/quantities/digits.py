"""Numbers in digits, and letters directly behind them: 1,500, 3/4, 5:30, 21st, 1950s, 5k.

As in the other modules of this folder, a rule looks at one place of the pieces that `spelling` cuts
and returns what stands there instead, with the next place, or None.
"""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache

from ftrag_helpers.text.spelling import Piece, kind_at
from ftrag_helpers.text.units import SCALES, UNITS

_YEAR = (
    "january february march april may june july august september october november december".split()
)
MONTHS = {name: month for month in _YEAR for name in (month, month[:3])} | {"sept": "september"}
DAYPARTS = {
    "am": "am",
    "a.m.": "am",
    "a.m": "am",
    "pm": "pm",
    "p.m.": "pm",
    "p.m": "pm",
    "morning": "am",
    "afternoon": "pm",
    "evening": "pm",
    "night": "night",
}

#: What a rule returns: the pieces that stand there instead, and the next place; None to leave it.
Replacement = tuple[list[Piece], int] | None
Rule = Callable[[Sequence[Piece], int], Replacement]


def whole_at(pieces: Sequence[Piece], i: int, low: int = 0, high: int = 10**12) -> bool:
    """Whether a whole number from `low` to `high` stands at place `i`."""
    return (
        kind_at(pieces, i) == "number"
        and isinstance(pieces[i].value, int)
        and low <= pieces[i].value <= high
    )


def simple(value: Fraction) -> int | Fraction:
    """The number as an int where it is whole."""
    return value.numerator if value.denominator == 1 else value


@lru_cache(maxsize=4096)
def digits(text: str) -> list[Piece]:
    """What a stretch of digits says; a word where it is no number (7:75, 1.2.3, 0042)."""
    if len(text) > 40:  # no quantity, and Python reads no integer of more than 4,300 digits
        return [Piece("word", text)]
    if text.isdigit() and (text[0] != "0" or len(text) == 1):
        return [Piece("number", text, value=int(text))]
    if date := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)|(\d\d?)[/.](\d\d?)[/.](\d{4})", text):
        year, month, day = (date[1], date[2], date[3]) if date[1] else (date[6], date[5], date[4])
        return _dated(int(day), int(month), int(year), both=not date[1]) or [Piece("word", text)]
    if clock := re.fullmatch(r"(\d\d?)(?::| ?h ?)(\d\d)", text):
        minutes = minutes_of(int(clock[1]), int(clock[2]))
        return [Piece("word", text) if minutes is None else Piece("clock", "", value=minutes)]
    if re.fullmatch(r"\d+(,\d+){2,}", text) and not re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+", text):
        return [piece for part in text.split(",") for piece in digits(part)]
    if part := re.fullmatch(r"(\d+)[/⁄](\d+)", text):
        small, large = int(part[1]), int(part[2])
        return [
            (
                Piece("number", text, value=Fraction(small, large))
                if 0 < small < large
                else Piece("word", text)
            )
        ]
    plain = (
        re.sub(r"(?<=\d)[ ,'](?=\d{3}(?!\d))", "", text)
        if re.match(r"[1-9]\d{0,2}[ ,']\d{3}(?!\d)", text)
        else text
    )
    if re.fullmatch(r"\d{1,3}(\.\d{3}){2,}|\d{1,3}(\.\d{3})+,\d+", plain):
        plain = plain.replace(".", "")
    plain = plain.replace(",", ".")
    if not re.fullmatch(r"\d*\.?\d+", plain) or re.match(r"0\d{2}|00", plain):
        return [Piece("word", text)]
    return [Piece("number", plain, value=simple(Fraction(plain)) if "." in plain else int(plain))]


def _dated(day: int, month: int, year: int, both: bool) -> list[Piece]:
    """Day, month and year; where both orders are possible, the day and the month may be either."""
    if both and (month > 12 or day > 12):
        day, month, both = max(day, month), min(day, month), False
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return []
    days, months = {day}, {_YEAR[month - 1]}
    if both:
        days, months = {day, month}, {_YEAR[month - 1], _YEAR[day - 1]}
    return [
        Piece("day", "", value=frozenset(days)),
        Piece("month", "", value=frozenset(months)),
        Piece("number", str(year), value=year),
    ]


def minutes_of(hour: int, minute: int) -> int | None:
    """Minutes since midnight; None where it is no time of day."""
    return (
        (hour * 60 + minute) % 1440
        if minute < 60 and (hour < 24 or hour == 24 and minute == 0)
        else None
    )


def suffix(pieces: Sequence[Piece], i: int) -> Replacement:
    """Letters directly behind digits: 21st, 1950s, 5k, 20p, 5pm; anything else makes one word of
    both (room 2b).
    """
    if kind_at(pieces, i + 1) != "tail":
        return None
    number, tail = pieces[i], pieces[i + 1].text.lstrip("'")
    value = number.value
    if number.kind == "number" and tail in ("st", "nd", "rd", "th") and isinstance(value, int):
        return [Piece("ordinal", "", value=value)], i + 2
    if (
        number.kind == "number"
        and tail == "s"
        and isinstance(value, int)
        and value % 10 == 0
        and len(number.text) in (2, 4)
    ):
        return [Piece("decade", number.text, value=value)], i + 2
    if number.kind == "number" and tail in SCALES and tail not in UNITS:
        return [number._replace(value=simple(Fraction(value) * SCALES[tail]), text="")], i + 2
    if tail in UNITS or tail in DAYPARTS or tail in ("uhr", "h", "x"):
        return [number, Piece("word", tail, "t")], i + 2
    return [Piece("word", number.text + tail)], i + 2
