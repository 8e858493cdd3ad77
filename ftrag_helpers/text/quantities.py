"""What the numbers of a text amount to: times of day, money, measures, dates and ranges.

`read` rewrites the pieces that `spelling` cuts, by one rule after the other, those of
`number_words` first. English words only; digits, signs and symbols of any language. Lengths and the
like are not converted (110 cm is not 1.1 m), money is (90p is £0.90). Comparing is `answer_match`'s
job.
"""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from ftrag_helpers.text.number_words import (
    DAYPARTS,
    DECADES,
    MONTHS,
    ORDINALS,
    PREPOSITIONS,
    SIGNS,
    SMALL,
    TENS,
    Found,
    dash_rule,
    digits,
    fraction,
    minutes_of,
    number_words,
    ordinal,
    part_at,
    sign_rule,
    simple,
    suffix,
    whole_at,
)
from ftrag_helpers.text.spelling import Piece, kind_at, word_at
from ftrag_helpers.text.units import CODES, MONEY, SCALES, SINGLE, UNITS

_NUMERIC = frozenset("a an hundred half quarter noon midday midnight".split()).union(
    SMALL, TENS, ORDINALS, SCALES, DECADES
)
#: After these a number with a point is a name: clause 4.10 is not clause 4.1.
_LABELS = frozenset(
    "version v release section clause chapter figure fig table paragraph rule article part appendix"
    " python java ubuntu item step exercise".split()
)

#: The first words of names of several words (square metres, US dollars).
_BEGIN_LONG = frozenset(name.split()[0] for name in UNITS if " " in name)

Rule = Callable[[Sequence[Piece], int], Found]


def read(pieces: list[Piece]) -> list[Piece]:
    """The pieces with all that is numeric read: of kind number, ordinal, clock, amount, day, month,
    decade and range.
    """
    if any(piece.kind != "word" or piece.text in _NUMERIC for piece in pieces):
        pieces = [
            p
            for piece in pieces
            for p in (digits(piece.text) if piece.kind == "number" else [piece])
        ]
        met = {name for piece in pieces for name in (piece.kind, piece.text)}
        for rule, starts in _RULES:
            if not starts.isdisjoint(met):
                pieces = _rewrite(pieces, rule, starts)
                met.update(piece.kind for piece in pieces)
    return [piece for piece in pieces if piece.kind != "dash"]


def _rewrite(pieces: list[Piece], rule: Rule, starts: frozenset[str]) -> list[Piece]:
    """The pieces after a rule, which is asked only at the kinds and words that it may start
    with.
    """
    out, done = [], 0
    for i in [i for i, piece in enumerate(pieces) if piece.kind in starts or piece.text in starts]:
        if i >= done and (found := rule(pieces, i)) is not None:
            out += pieces[done:i] + found[0]
            done = found[1]
    return out + pieces[done:] if done else pieces


# --- times of day


def _clock(pieces: Sequence[Piece], i: int) -> Found:
    """17:30, 5.30 pm, five o'clock, half past five in the evening, quarter to six, noon."""
    if word_at(pieces, i) in ("noon", "midday", "midnight"):
        return [Piece("clock", "pm", value=0 if pieces[i].text == "midnight" else 720)], i + 1
    minutes, j, sure = _face(pieces, i)
    if minutes is None:
        return None
    if (
        word_at(pieces, j) in ("o'clock", "oclock", "uhr")
        or sure
        and word_at(pieces, j) in ("hrs", "h", "hours")
    ):
        sure, j = True, j + 1
    half, j = _daypart(pieces, j)
    if not sure and not half:
        return None
    if minutes == 720 and half in ("noon", "midday"):
        return [Piece("clock", "pm", value=720)], j
    if half and (minutes >= 13 * 60 or minutes < 60) and half in ("am", "pm"):
        return ([Piece("clock", half, value=minutes)], j) if sure else None
    return [Piece("clock", half, value=_halved(minutes, half))], j


def _face(pieces: Sequence[Piece], i: int) -> tuple[int | None, int, bool]:
    """(minutes since midnight as the clock's face shows them, the next place, whether this is
    surely a time).
    """
    if kind_at(pieces, i) == "clock":
        return pieces[i].value, i + 1, True
    start = i + (word_at(pieces, i) in ("a", "an"))
    part = {"half": 30, "quarter": 15}.get(word_at(pieces, start))
    if part is None and whole_at(pieces, start, 1, 29):
        part = pieces[start].value
    j = start + 1 + (word_at(pieces, start + 1) in ("minutes", "minute"))
    word = word_at(pieces, j)
    if (
        part
        and whole_at(pieces, j + 1, 1, 24)
        and (
            word == "past"
            or word in ("to", "before", "after")
            and part == 15
            and kind_at(pieces, start) == "word"
            or word == "to"
            and (
                j > start + 1
                or part in (5, 10, 20, 25)
                and part > pieces[j + 1].value
                and not pieces[start].text
            )
        )
    ):
        hour = pieces[j + 1].value * 60
        return (hour + part if word in ("past", "after") else hour - part) % 1440, j + 2, True
    if kind_at(pieces, i) == "number":
        spelled = (
            whole_at(pieces, i, 1, 12)
            and whole_at(pieces, i + 1, 10, 59)
            and not pieces[i].text + pieces[i + 1].text
        )
        if spelled and _daypart(pieces, i + 2)[0]:  # five thirty pm
            return pieces[i].value * 60 + pieces[i + 1].value, i + 2, False
        shown = re.fullmatch(r"(\d\d?)\.(\d\d)", pieces[i].text)
        if shown:
            return minutes_of(int(shown[1]), int(shown[2])), i + 1, False
        if re.fullmatch(r"[012]\d[0-5]\d", pieces[i].text) and word_at(pieces, i + 1) in (
            "hours",
            "hrs",
            "h",
        ):
            return minutes_of(int(pieces[i].text[:2]), int(pieces[i].text[2:])), i + 2, True
        if whole_at(pieces, i, 0, 24) and pieces[i].text not in SIGNS and pieces[i].text != "+":
            return minutes_of(pieces[i].value, 0) if pieces[i].value < 24 else 0, i + 1, False
    return None, i, False


def _daypart(pieces: Sequence[Piece], i: int) -> tuple[str, int]:
    """("am", "pm", "night", "noon", "midnight" or "", the next place) for what stands behind a
    time.
    """
    j = i
    if word_at(pieces, i) in ("in", "at", "of"):
        j += 1 + (word_at(pieces, i + 1) == "the")
        found = (
            word_at(pieces, j)
            if word_at(pieces, j) in ("morning", "afternoon", "evening", "night")
            else ""
        )
    else:
        found = (
            word_at(pieces, j)
            if word_at(pieces, j) not in ("morning", "afternoon", "evening", "night")
            else ""
        )
    if found in DAYPARTS:
        return DAYPARTS[found], j + 1
    if j == i and (kind_at(pieces, i) == "clock" or found in ("noon", "midday", "midnight")):
        word = found or ("noon" if pieces[i].value == 720 else "midnight")
        return (word, i + 1) if found else ("", i)
    return "", i


def _halved(minutes: int, half: str) -> int:
    """The time of day that a face of twelve hours shows in that part of the day."""
    if half == "midnight" and minutes == 720:
        return 0
    if half == "night":
        half = "pm" if 6 * 60 <= minutes < 720 else "am"
    if half == "am":
        return minutes % 720
    return minutes % 720 + 720 if half == "pm" and minutes < 780 else minutes


# --- money and measures


def _money(pieces: Sequence[Piece], i: int) -> Found:
    """A currency before its number: £5, US$ 8, EUR 20, £5m."""
    name = pieces[i].text
    currency = kind_at(pieces, i) == "symbol" and name in UNITS or word_at(pieces, i) in CODES
    j = (
        i + 1 + (currency and kind_at(pieces, i + 1) == "stop" and pieces[i + 1].text == ".")
    )  # Rs. 100
    if not currency or kind_at(pieces, j) != "number":
        return None
    number, j = pieces[j], j + 1
    if word_at(pieces, j) in ("k", "m", "bn", "mn") and pieces[j].before == "t":
        number, j = number._replace(value=number.value * SCALES[word_at(pieces, j)]), j + 1
    found = _amount(number, name)
    return _pence(found, pieces, j)


def _measure(pieces: Sequence[Piece], i: int) -> Found:
    """A number and its unit: 5 kg, eight-day, 31 °C, 48 mph, twelve pounds fifty, an hour and a
    half.
    """
    if (
        word_at(pieces, i) in ("a", "an")
        and word_at(pieces, i + 1) in SINGLE
        and not _rated(pieces, i - 1)
    ):
        number, j = Piece("number", "a", value=1), i + 1
    elif kind_at(pieces, i) == "number":
        number, j = (
            pieces[i],
            i + 1 + (kind_at(pieces, i + 1) == "dash" and pieces[i + 1].after != " "),
        )
    else:
        return None
    longest = 4 if _name(pieces, j, 1) in _BEGIN_LONG else 1
    size = next((n for n in range(longest, 0, -1) if _name(pieces, j, n) in UNITS), 0)
    name, j = _name(pieces, j, size), j + size
    if not size or name == "in" and pieces[j - 1].before == " ":
        return None
    if word_at(pieces, j) == "below" and whole_at(pieces, j + 1, 0, 0):
        number, j = number._replace(value=-number.value), j + 2
    elif (
        word_at(pieces, j) == "and"
        and (more := part_at(pieces, j + 1))
        and isinstance(number.value, int)
        and (kind_at(pieces, more[1]) in ("", "stop") or word_at(pieces, more[1]) in PREPOSITIONS)
    ):
        number, j = number._replace(value=number.value + more[0], text=""), more[1]
    return _pence(_amount(number, name), pieces, j)


def _name(pieces: Sequence[Piece], i: int, size: int) -> str:
    part = pieces[i : i + size]
    return (
        " ".join(p.text for p in part)
        if len(part) == size and all(p.kind in ("word", "symbol") for p in part)
        else ""
    )


def _rated(pieces: Sequence[Piece], i: int) -> bool:
    """Whether "a week" behind this says how often, not how long."""
    return (
        kind_at(pieces, i) in ("amount", "number")
        or word_at(pieces, i) in UNITS
        or word_at(pieces, i) in ("once", "twice", "times", "per", "each", "every")
    )


def _amount(number: Piece, name: str) -> Piece:
    sign = number.text if number.text in (*SIGNS, "+") else ""
    values = frozenset(
        (sign, number.value if factor == 1 else simple(number.value * factor), unit)
        for unit, factor in UNITS[name]
    )
    return Piece("amount", f"a {name}" if number.text == "a" else name, value=values)


def _pence(amount: Piece, pieces: Sequence[Piece], i: int) -> Found:
    """The amount, with the hundredths that follow it (twelve pounds fifty, 2 euros and 50 cents);
    mph as miles per hour.
    """
    name, j = amount.text, i + (word_at(pieces, i) == "and")
    if name in ("mph", "kph", "kmh", "kmph"):
        return [amount, Piece("word", "per"), Piece("word", "hour")], i
    money = {unit for _, _, unit in amount.value if len(unit) == 3 and unit.isupper()}
    even = all(isinstance(value, int) for _, value, _ in amount.value)
    if money and even and name not in ("p", "c") and whole_at(pieces, j, 1, 99):
        named = [
            unit
            for unit, factor in UNITS.get(word_at(pieces, j + 1), ())
            if unit in money and factor < 1
        ]
        last = j == i and len(pieces[j].text) in (0, 2) and kind_at(pieces, j + 1) in ("", "stop")
        if named or last:
            cents = Fraction(pieces[j].value, 100)
            values = frozenset(
                (s, v + cents, unit) for s, v, unit in amount.value if unit in (named or money)
            )
            return [amount._replace(value=values)], j + 1 + bool(named)
    return [amount], i


def _rate(pieces: Sequence[Piece], i: int) -> Found:
    """£11 an hour, £11/hour and £11 per hour; 48 miles an hour; once a week."""
    if word_at(pieces, i) not in ("a", "an", "per", "each", "every") and (
        pieces[i].kind,
        pieces[i].text,
    ) != ("symbol", "/"):
        return None
    name = word_at(pieces, i + 1)
    priced = (
        kind_at(pieces, i - 1) == "amount"
        and pieces[i].text not in ("each", "every")
        and any(unit in MONEY for _, _, unit in pieces[i - 1].value)
    )
    if not name or name not in UNITS and not priced or not _rated(pieces, i - 1):
        return None
    return [
        Piece("word", "per"),
        Piece("word", UNITS[name][0][0] if name in UNITS else name),
    ], i + 2


# --- dates and ranges


def _date(pieces: Sequence[Piece], i: int) -> Found:
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


def _day_month(day: Piece, month: Piece, rest: tuple[list[Piece], int]) -> Found:
    return [
        Piece("day", "", value=frozenset({day.value})),
        Piece("month", "", value=frozenset({MONTHS[month.text]})),
        *rest[0],
    ], rest[1]


def _range(pieces: Sequence[Piece], i: int) -> Found:
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
        end = _amount(end, start.text)
    elif end.kind == "amount" and start.kind == "number" and end.text in UNITS:
        start = _amount(start, end.text)
    if (
        start.kind == end.kind == "clock"
        and end.text == "pm"
        and not start.text
        and start.value + 720 < end.value
    ):
        start = start._replace(value=start.value + 720)
    return start, end


def is_name(pieces: Sequence[Piece], i: int) -> bool:
    """Whether the number at that place names something (clause 4.10), so that it is compared as it
    is written.
    """
    return word_at(pieces, i - 1) in _LABELS


#: Each rule and the kinds and words that it may start with, in the order in which they build on
#: each other.
_RULES: list[tuple[Rule, frozenset[str]]] = [
    (rule, frozenset(kinds.split()).union(*words))
    for rule, kinds, *words in (
        (suffix, "number clock day month word"),
        (dash_rule, "dash"),
        (number_words, "number a an hundred", SMALL, TENS, SCALES),
        (ordinal, "number", ORDINALS, DECADES),
        (sign_rule, "number symbol minus negative"),
        (_clock, "number clock half quarter a an noon midday midnight"),
        (fraction, "number half a an"),
        (_money, "symbol", CODES),
        (_measure, "number a an"),
        (_rate, "symbol a an per each every"),
        (_date, "number ordinal", MONTHS),
        (_range, "number clock amount day ordinal decade from between"),
    )
]
