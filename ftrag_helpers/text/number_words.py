"""The numbers of a text, in digits or in English words: 1,500, 2½, fifteen hundred, minus five,
twenty-first, two thirds.

Each function is a rule that looks at one place of the pieces that `spelling` cuts and
returns what stands there instead, with the next place, or None. `quantities` applies them in their
order.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from ftrag_helpers.text.spelling import Piece, kind_at, word_at
from ftrag_helpers.text.units import SCALES, UNITS

SMALL = {
    word: n
    for n, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
        " fifteen sixteen seventeen eighteen nineteen".split()
    )
} | {"nought": 0, "nil": 0}
TENS = {
    word: 10 * n
    for n, word in enumerate(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2
    )
}
ORDINALS = {
    word: n
    for n, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
        " thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth".split(),
        start=1,
    )
} | {word[:-1] + "ieth": n for word, n in TENS.items()}
_PARTS = {word + end: n for word, n in ORDINALS.items() if n > 2 for end in ("", "s")} | {
    "half": 2,
    "halves": 2,
    "quarter": 4,
    "quarters": 4,
}
DECADES = {word[:-1] + "ies": n for word, n in TENS.items()}
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
#: What may follow "an hour and a half"; a noun would say that the half is of something else.
PREPOSITIONS = frozenset(
    "a after ago and at before each every for from in later long of off on or per to away".split()
)

Found = tuple[list[Piece], int] | None


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


# --- digits


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


def suffix(pieces: Sequence[Piece], i: int) -> Found:
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


# --- number words


def numeric_at(pieces: Sequence[Piece], i: int) -> bool:
    """Whether place `i` begins with a digit or a number word."""
    kind = kind_at(pieces, i)
    return (
        kind in ("number", "clock", "ordinal")
        or kind == "word"
        and (pieces[i].text in SMALL or pieces[i].text in TENS)
    )


def dash_rule(pieces: Sequence[Piece], i: int) -> Found:
    """A dash is a sign before a number, stays between two quantities, joins two words, or parts two
    phrases.
    """
    dash = pieces[i]
    if dash.kind != "dash":
        return None
    left, right = dash.before != " ", dash.after != " "
    ahead = i + 1 + (kind_at(pieces, i + 1) == "symbol")
    behind = (
        i - 1
        if word_at(pieces, i - 1) not in UNITS and kind_at(pieces, i - 1) != "symbol"
        else i - 2
    )
    behind = (
        behind
        if word_at(pieces, i - 1) not in DAYPARTS and word_at(pieces, i - 1) not in MONTHS
        else i - 2
    )
    if numeric_at(pieces, ahead) and numeric_at(pieces, behind):
        return None
    if (
        right
        and not (left and (dash.before.isalnum() or dash.before in ")]"))
        and numeric_at(pieces, ahead)
    ):
        return [Piece("symbol", "-", " ", "")], i + 1
    return [] if left and right else [Piece("stop", "-")], i + 1


def number_words(pieces: Sequence[Piece], i: int) -> Found:
    """Number words, and digits before a scale: twenty-one, one hundred and five, fifteen hundred,
    1.5 million, a dozen.
    """
    total, group, j = 0, None, i
    if word_at(pieces, i) in ("a", "an") and (
        word_at(pieces, i + 1) in SCALES or word_at(pieces, i + 1) == "hundred"
    ):
        group, j = 1, i + 1
    elif kind_at(pieces, i) == "number" and (
        word_at(pieces, i + 1) == "hundred"
        or word_at(pieces, i + 1) in SCALES
        and pieces[i + 1].before == " "
    ):
        group, j = pieces[i].value, i + 1
    while True:
        step = j + (
            j > i
            and (
                word_at(pieces, j) == "and"
                and bool(total or group and group % 100 == 0)
                or kind_at(pieces, j) == "dash"
                and pieces[j].before != " "
            )
        )
        word = word_at(pieces, step)
        n = SMALL.get(word, TENS.get(word))
        if n is not None and (joined := _joined(group, n, j == i)) is not None:
            group = joined
        elif word == "hundred" and step == j and (group is None or 0 < group < 100):
            group = (1 if group is None else group) * 100
        elif (
            word in SCALES
            and step == j
            and len(word) > 2
            and (j == i) <= (word not in ("dozen",))
            and group != 0
        ):
            total, group = total + (1 if group is None else group) * SCALES[word], 0
        else:
            break
        j = step + 1
    return (
        None if j == i else ([Piece("number", "", value=simple(Fraction(total + (group or 0))))], j)
    )


def _joined(group: int | Fraction | None, n: int, first: bool) -> int | Fraction | None:
    """The number that a further number word makes of the one so far; None where it begins
    another.
    """
    if group is None or group == 0 and not first:
        return n
    if group >= 100 and group % 100 == 0 or group % 10 == 0 and group % 100 >= 20 and 0 < n < 10:
        return group + n
    # Nineteen forty and ten sixty-six are years, ten forty is a time.
    return (
        group * 100 + n if 13 <= group <= 20 and n >= 10 or 10 <= group <= 12 and n >= 60 else None
    )


def ordinal(pieces: Sequence[Piece], i: int) -> Found:
    """Twenty-first, second (unless it is the unit behind a number), the nineteen-fifties, the
    1950s.
    """
    word, before = word_at(pieces, i), kind_at(pieces, i) == "number"
    if before and pieces[i].value in TENS.values() and not pieces[i].text:
        j = i + 1 + (kind_at(pieces, i + 1) == "dash")
        if 0 < ORDINALS.get(word_at(pieces, j), 99) < 10:
            return [
                Piece("ordinal", "", value=pieces[i].value + ORDINALS[word_at(pieces, j)])
            ], j + 1
    if before and pieces[i].value in (18, 19, 20) and not pieces[i].text:
        j = i + 1 + (kind_at(pieces, i + 1) == "dash")
        if word_at(pieces, j) in DECADES:
            return [
                Piece("decade", "", value=pieces[i].value * 100 + DECADES[word_at(pieces, j)])
            ], j + 1
    if word in DECADES:
        return [Piece("decade", "", value=DECADES[word])], i + 1
    counted = kind_at(pieces, i - 1) == "number" and (
        word == "second" or pieces[i - 1].value == 1
    )  # 5 second(s), one third
    if (
        word in ORDINALS
        and not counted
        and not (word == "second" and word_at(pieces, i - 1) == "per")
    ):
        return [Piece("ordinal", word, value=ORDINALS[word])], i + 1
    return None


SIGNS = {"-": "-", "minus": "-", "negative": "-", "±": "±", "<": "<", ">": ">", "≤": "≤", "≥": "≥"}


def sign_rule(pieces: Sequence[Piece], i: int) -> Found:
    """A sign or the word minus goes into the number behind it, and a plus directly behind a number
    (18+).
    """
    sign = SIGNS.get(pieces[i].text) if pieces[i].kind in ("word", "symbol") else None
    money = kind_at(pieces, i + 1) == "symbol" and pieces[i + 1].text in UNITS
    target = i + 1 + money
    if (
        sign
        and kind_at(pieces, target) == "number"
        and (sign in "-±" or pieces[i].kind == "symbol")
    ):
        number = pieces[target]
        signed = (
            number._replace(value=-number.value, text="")
            if sign == "-"
            else number._replace(text=sign)
        )
        return [*pieces[i + 1 : target], signed], target + 1
    if (
        kind_at(pieces, i) == "number"
        and kind_at(pieces, i + 1) == "symbol"
        and pieces[i + 1].text == "+"
        and (pieces[i + 1].before != " " and not numeric_at(pieces, i + 2))
    ):
        return [pieces[i]._replace(text="+")], i + 2
    return None


# --- fractions


def fraction(pieces: Sequence[Piece], i: int) -> Found:
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
    found = part_at(pieces, i)
    behind = found[1] if found else i + 1
    alone = kind_at(pieces, behind) in ("", "stop") or word_at(pieces, behind) in PREPOSITIONS
    if (
        found
        and word_at(pieces, i) in ("a", "an")
        and (not alone or word_at(pieces, i - 1) == "and")
    ):
        return None
    if found is None and word_at(pieces, i) == "half":
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
        found = (Fraction(1, 2), i + 1) if counted else None
        if (
            whole_at(pieces, i + 1) and pieces[i + 1].value in SCALES.values()
        ):  # half a dozen, half a million
            return [Piece("number", "", value=pieces[i + 1].value // 2)], i + 2
    if found is None:
        return None
    value, j = found
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
