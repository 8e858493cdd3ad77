"""What the numbers of a text amount to: number words, fractions, times of day, money, measures, dates and ranges.

Level 0. `read` rewrites the pieces that `spelling` cuts, one kind after the other, each by a function that looks at one
place. English words only; digits, signs and symbols of any language. Lengths and the like are not converted (110 cm is not
1.1 m), money is (90p is £0.90). Comparing is `answer_match`'s job.
"""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache

from ftrag_helpers.spelling import Piece
from ftrag_helpers.units import CODES, SCALES, SINGLE, UNITS

_SMALL = {word: n for n, word in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen".split())} | {"nought": 0, "nil": 0}
_TENS = {word: 10 * n for n, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)}
_ORDINALS = {word: n for n, word in enumerate(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth".split(), start=1)} | {word[:-1] + "ieth": n for word, n in _TENS.items()}
_PARTS = {"half": 2, "halves": 2, "quarter": 4} | {word + end: n for word, n in _ORDINALS.items() if n > 2 for end in ("", "s")} | {
    "quarters": 4}
_DECADES = {word[:-1] + "ies": n for word, n in _TENS.items()}
_MONTHS = {name: full for full in ("january february march april may june july august september october november december").split()
           for name in (full, full[:3])} | {"sept": "september"}
_NUMERIC = frozenset("a an hundred half quarter noon midday midnight".split()).union(_SMALL, _TENS, _ORDINALS, SCALES, _DECADES)
_DAYPARTS = {"am": "am", "a.m.": "am", "a.m": "am", "pm": "pm", "p.m.": "pm", "p.m": "pm", "morning": "am", "afternoon": "pm",
             "evening": "pm", "night": "night"}
#: After these a number with a point is a name: clause 4.10 is not clause 4.1.
_LABELS = frozenset("version v release section clause chapter figure fig table paragraph rule article part appendix python java ubuntu "
                    "item step exercise".split())
#: What may follow "an hour and a half"; a noun would say that the half is of something else.
_PREPOSITIONS = frozenset("a after ago and at before each every for from in later long of off on or per to away".split())

Found = tuple[list[Piece], int] | None
Rule = Callable[[Sequence[Piece], int], Found]


def read(pieces: list[Piece]) -> list[Piece]:
    """The pieces with all that is numeric read: of kind number, ordinal, clock, amount, day, month, decade and range."""
    if any(piece.kind != "word" or piece.text in _NUMERIC for piece in pieces):
        pieces = [p for piece in pieces for p in (_digits(piece.text) if piece.kind == "number" else [piece])]
        for rule, starts in _RULES:
            pieces = _rewrite(pieces, rule, starts)
    return [piece for piece in pieces if piece.kind != "dash"]


def _rewrite(pieces: list[Piece], rule: Rule, starts: frozenset[str]) -> list[Piece]:
    """The pieces after a rule, which is asked only at the kinds and words that it may start with."""
    out, done = [], 0
    for i in [i for i, piece in enumerate(pieces) if piece.kind in starts or piece.text in starts]:
        if i >= done and (found := rule(pieces, i)) is not None:
            out += pieces[done:i] + found[0]
            done = found[1]
    return out + pieces[done:] if done else pieces


def _word(pieces: Sequence[Piece], i: int) -> str:
    return pieces[i].text if 0 <= i < len(pieces) and pieces[i].kind in ("word", "tail") else ""


def _kind(pieces: Sequence[Piece], i: int) -> str:
    return pieces[i].kind if 0 <= i < len(pieces) else ""


def _whole(pieces: Sequence[Piece], i: int, low: int = 0, high: int = 10**12) -> bool:
    return _kind(pieces, i) == "number" and isinstance(pieces[i].value, int) and low <= pieces[i].value <= high


def _simple(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


# --- digits ------------------------------------------------------------------------------------------

@lru_cache(maxsize=4096)
def _digits(text: str) -> list[Piece]:
    """What a stretch of digits says; a word where it is no number (7:75, 1.2.3, 0042)."""
    if date := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)|(\d\d?)[/.](\d\d?)[/.](\d{4})", text):
        year, month, day = (date[1], date[2], date[3]) if date[1] else (date[6], date[5], date[4])
        return _dated(int(day), int(month), int(year), both=not date[1]) or [Piece("word", text)]
    if clock := re.fullmatch(r"(\d\d?)(?::| ?h ?)(\d\d)", text):
        minutes = _minutes(int(clock[1]), int(clock[2]))
        return [Piece("word", text) if minutes is None else Piece("clock", "", value=minutes)]
    if re.fullmatch(r"\d+(,\d+){2,}", text) and not re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+", text):
        return [piece for part in text.split(",") for piece in _digits(part)]
    if part := re.fullmatch(r"(\d+)[/⁄](\d+)", text):
        small, large = int(part[1]), int(part[2])
        return [Piece("number", text, value=Fraction(small, large)) if 0 < small < large else Piece("word", text)]
    plain = re.sub(r"(?<=\d)[ ,'](?=\d{3}(?!\d))", "", text) if re.match(r"[1-9]\d{0,2}[ ,']\d{3}(?!\d)", text) else text
    if re.fullmatch(r"\d{1,3}(\.\d{3}){2,}|\d{1,3}(\.\d{3})+,\d+", plain):
        plain = plain.replace(".", "")
    plain = plain.replace(",", ".")
    if not re.fullmatch(r"\d*\.?\d+", plain) or re.match(r"0\d{2}|00", plain):
        return [Piece("word", text)]
    return [Piece("number", plain, value=_simple(Fraction(plain)) if "." in plain else int(plain))]


def _dated(day: int, month: int, year: int, both: bool) -> list[Piece]:
    """Day, month and year; where both orders are possible, the day and the month may be either."""
    names = list(dict.fromkeys(_MONTHS.values()))
    if both and (month > 12 or day > 12):
        day, month, both = max(day, month), min(day, month), False
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return []
    days, months = {day}, {names[month - 1]}
    if both:
        days, months = {day, month}, {names[month - 1], names[day - 1]}
    return [Piece("day", "", value=frozenset(days)), Piece("month", "", value=frozenset(months)), Piece("number", str(year), value=year)]


def _minutes(hour: int, minute: int) -> int | None:
    return (hour * 60 + minute) % 1440 if minute < 60 and (hour < 24 or hour == 24 and minute == 0) else None


def _tail(pieces: Sequence[Piece], i: int) -> Found:
    """Letters directly behind digits: 21st, 1950s, 5k, 20p, 5pm; anything else makes one word of both (room 2b)."""
    if _kind(pieces, i + 1) != "tail":
        return None
    number, tail = pieces[i], pieces[i + 1].text.lstrip("'")
    value = number.value
    if number.kind == "number" and tail in ("st", "nd", "rd", "th") and isinstance(value, int):
        return [Piece("ordinal", "", value=value)], i + 2
    if number.kind == "number" and tail == "s" and isinstance(value, int) and value % 10 == 0 and len(number.text) in (2, 4):
        return [Piece("decade", number.text, value=value)], i + 2
    if number.kind == "number" and tail in SCALES and tail not in UNITS:
        return [number._replace(value=_simple(Fraction(value) * SCALES[tail]), text="")], i + 2
    if tail in UNITS or tail in _DAYPARTS or tail in ("uhr", "h", "x"):
        return [number, Piece("word", tail, "t")], i + 2
    return [Piece("word", number.text + tail)], i + 2


# --- number words ------------------------------------------------------------------------------------

def _numeric(pieces: Sequence[Piece], i: int) -> bool:
    kind = _kind(pieces, i)
    return kind in ("number", "clock", "ordinal") or kind == "word" and (pieces[i].text in _SMALL or pieces[i].text in _TENS)


def _dash(pieces: Sequence[Piece], i: int) -> Found:
    """A dash is a sign before a number, stays between two quantities, joins two words, or parts two phrases."""
    dash = pieces[i]
    if dash.kind != "dash":
        return None
    left, right = dash.before != " ", dash.after != " "
    ahead = i + 1 + (_kind(pieces, i + 1) == "symbol")
    behind = i - 1 if _word(pieces, i - 1) not in UNITS and _kind(pieces, i - 1) != "symbol" else i - 2
    behind = behind if _word(pieces, i - 1) not in _DAYPARTS and _word(pieces, i - 1) not in _MONTHS else i - 2
    if _numeric(pieces, ahead) and _numeric(pieces, behind):
        return None
    if right and not (left and (dash.before.isalnum() or dash.before in ")]")) and _numeric(pieces, ahead):
        return [Piece("symbol", "-", " ", "")], i + 1
    return [] if left and right else [Piece("stop", "-")], i + 1


def _words(pieces: Sequence[Piece], i: int) -> Found:
    """Number words, and digits before a scale: twenty-one, one hundred and five, fifteen hundred, 1.5 million, a dozen."""
    total, group, j = 0, None, i
    if _word(pieces, i) in ("a", "an") and (_word(pieces, i + 1) in SCALES or _word(pieces, i + 1) == "hundred"):
        group, j = 1, i + 1
    elif _kind(pieces, i) == "number" and (_word(pieces, i + 1) == "hundred" or _word(pieces, i + 1) in SCALES
                                           and pieces[i + 1].before == " "):
        group, j = pieces[i].value, i + 1
    while True:
        step = j + (j > i and (_word(pieces, j) == "and" and bool(total or group and group % 100 == 0)
                               or _kind(pieces, j) == "dash" and pieces[j].before != " "))
        word = _word(pieces, step)
        n = _SMALL.get(word, _TENS.get(word))
        if n is not None and (joined := _joined(group, n, j == i)) is not None:
            group = joined
        elif word == "hundred" and step == j and (group is None or 0 < group < 100):
            group = (1 if group is None else group) * 100
        elif word in SCALES and step == j and len(word) > 2 and (j == i) <= (word not in ("dozen",)) and group != 0:
            total, group = total + (1 if group is None else group) * SCALES[word], 0
        else:
            break
        j = step + 1
    return None if j == i else ([Piece("number", "", value=_simple(Fraction(total + (group or 0))))], j)


def _joined(group: int | Fraction | None, n: int, first: bool) -> int | Fraction | None:
    """The number that a further number word makes of the one so far; None where it begins another."""
    if group is None or group == 0 and not first:
        return n
    if group >= 100 and group % 100 == 0 or group % 10 == 0 and group % 100 >= 20 and 0 < n < 10:
        return group + n
    # Nineteen forty and ten sixty-six are years, ten forty is a time.
    return group * 100 + n if 13 <= group <= 20 and n >= 10 or 10 <= group <= 12 and n >= 60 else None


def _ordinal(pieces: Sequence[Piece], i: int) -> Found:
    """Twenty-first, second (unless it is the unit behind a number), the nineteen-fifties, the 1950s."""
    word, before = _word(pieces, i), _kind(pieces, i) == "number"
    if before and pieces[i].value in _TENS.values() and not pieces[i].text:
        j = i + 1 + (_kind(pieces, i + 1) == "dash")
        if 0 < _ORDINALS.get(_word(pieces, j), 99) < 10:
            return [Piece("ordinal", "", value=pieces[i].value + _ORDINALS[_word(pieces, j)])], j + 1
    if before and pieces[i].value in (18, 19, 20) and not pieces[i].text:
        j = i + 1 + (_kind(pieces, i + 1) == "dash")
        if _word(pieces, j) in _DECADES:
            return [Piece("decade", "", value=pieces[i].value * 100 + _DECADES[_word(pieces, j)])], j + 1
    if word in _DECADES:
        return [Piece("decade", "", value=_DECADES[word])], i + 1
    if word in _ORDINALS and not (_kind(pieces, i - 1) == "number" and (word == "second" or pieces[i - 1].value == 1)) and not (
            word == "second" and _word(pieces, i - 1) in ("per", "/")):
        return [Piece("ordinal", word, value=_ORDINALS[word])], i + 1
    return None


_SIGNS = {"-": "-", "minus": "-", "negative": "-", "±": "±", "<": "<", ">": ">", "≤": "≤", "≥": "≥"}


def _minus(pieces: Sequence[Piece], i: int) -> Found:
    """A sign or the word minus goes into the number behind it, and a plus directly behind a number (18+)."""
    sign = _SIGNS.get(pieces[i].text) if pieces[i].kind in ("word", "symbol") else None
    money = _kind(pieces, i + 1) == "symbol" and pieces[i + 1].text in UNITS
    target = i + 1 + money
    if sign and _kind(pieces, target) == "number" and (sign in "-±" or pieces[i].kind == "symbol"):
        number = pieces[target]
        signed = number._replace(value=-number.value, text="") if sign == "-" else number._replace(text=sign)
        return [*pieces[i + 1:target], signed], target + 1
    if _kind(pieces, i) == "number" and _kind(pieces, i + 1) == "symbol" and pieces[i + 1].text == "+" and (
            pieces[i + 1].before != " " and not _numeric(pieces, i + 2)):
        return [pieces[i]._replace(text="+")], i + 2
    return None


# --- times of day ------------------------------------------------------------------------------------

def _clock(pieces: Sequence[Piece], i: int) -> Found:
    """17:30, 5.30 pm, five o'clock, half past five in the evening, quarter to six, noon."""
    if _word(pieces, i) in ("noon", "midday", "midnight"):
        return [Piece("clock", "pm", value=0 if pieces[i].text == "midnight" else 720)], i + 1
    minutes, j, sure = _face(pieces, i)
    if minutes is None:
        return None
    if _word(pieces, j) in ("o'clock", "oclock", "uhr", "hrs", "h", "hours") and (sure or _word(pieces, j) in ("o'clock", "oclock", "uhr")):
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
    """(minutes since midnight as the clock's face shows them, the next place, whether this is surely a time)."""
    if _kind(pieces, i) == "clock":
        return pieces[i].value, i + 1, True
    start = i + (_word(pieces, i) in ("a", "an"))
    part = {"half": 30, "quarter": 15}.get(_word(pieces, start))
    if part is None and _whole(pieces, start, 1, 29):
        part = pieces[start].value
    j = start + 1 + (_word(pieces, start + 1) in ("minutes", "minute"))
    word = _word(pieces, j)
    if part and _whole(pieces, j + 1, 1, 24) and (word == "past" or word in ("to", "before", "after") and part == 15 and
                                                  _kind(pieces, start) == "word" or word == "to" and (
            j > start + 1 or part in (5, 10, 20, 25) and part > pieces[j + 1].value and not pieces[start].text)):
        hour = pieces[j + 1].value * 60
        return (hour + part if word in ("past", "after") else hour - part) % 1440, j + 2, True
    if _kind(pieces, i) == "number":
        if _whole(pieces, i, 1, 12) and _whole(pieces, i + 1, 10, 59) and not pieces[i].text and not pieces[i + 1].text and (
                _daypart(pieces, i + 2)[0]):
            return pieces[i].value * 60 + pieces[i + 1].value, i + 2, False
        shown = re.fullmatch(r"(\d\d?)\.(\d\d)", pieces[i].text)
        if shown:
            return _minutes(int(shown[1]), int(shown[2])), i + 1, False
        if re.fullmatch(r"[012]\d[0-5]\d", pieces[i].text) and _word(pieces, i + 1) in ("hours", "hrs", "h"):
            return _minutes(int(pieces[i].text[:2]), int(pieces[i].text[2:])), i + 2, True
        if _whole(pieces, i, 0, 24) and pieces[i].text not in _SIGNS and pieces[i].text != "+":
            return _minutes(pieces[i].value, 0) if pieces[i].value < 24 else 0, i + 1, False
    return None, i, False


def _daypart(pieces: Sequence[Piece], i: int) -> tuple[str, int]:
    """("am", "pm", "night", "noon", "midnight" or "", the next place) for what stands behind a time."""
    j = i
    if _word(pieces, i) in ("in", "at", "of"):
        j += 1 + (_word(pieces, i + 1) == "the")
        found = _word(pieces, j) if _word(pieces, j) in ("morning", "afternoon", "evening", "night") else ""
    else:
        found = _word(pieces, j) if _word(pieces, j) not in ("morning", "afternoon", "evening", "night") else ""
    if found in _DAYPARTS:
        return _DAYPARTS[found], j + 1
    if j == i and (_kind(pieces, i) == "clock" or found in ("noon", "midday", "midnight")):
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


# --- fractions, money, measures ----------------------------------------------------------------------

def _fraction(pieces: Sequence[Piece], i: int) -> Found:
    """2 1/2, two and a half, three quarters, half a mile, a quarter of, two point five."""
    if _kind(pieces, i) == "number":
        value, j = pieces[i].value, i + 1
        if _word(pieces, j) == "point" and _whole(pieces, j + 1, 0, 99):
            return [Piece("number", "", value=_simple(Fraction(f"{value}.{pieces[j + 1].value}")))], j + 2
        if isinstance(value, int) and (more := _part(pieces, j + (_word(pieces, j) == "and"))) and (
                _word(pieces, j) == "and" or _kind(pieces, j) == "number" and "/" in pieces[j].text.replace("⁄", "/")):
            whole = value in SCALES.values() and value > 12  # a million and a half
            mixed = value + more[0] * (value if whole else 1) if value >= 0 else value - more[0]
            scaled = _whole(pieces, more[1]) and pieces[more[1]].value in SCALES.values() and not pieces[more[1]].text
            return [Piece("number", "", value=_simple(Fraction(mixed * (pieces[more[1]].value if scaled else 1))))], more[1] + scaled
    found = _part(pieces, i)
    alone = _kind(pieces, found[1] if found else i + 1) in ("", "stop") or _word(pieces, found[1] if found else i + 1) in _PREPOSITIONS
    if found and _word(pieces, i) in ("a", "an") and (not alone or _word(pieces, i - 1) == "and"):
        return None
    if found is None and _word(pieces, i) == "half":
        unit = _word(pieces, i + 1 + (_word(pieces, i + 1) in ("a", "an")) + (_kind(pieces, i + 1) == "dash"))
        counted = unit in UNITS or _word(pieces, i + 1) in ("a", "an") or (
            alone and _kind(pieces, i - 1) != "ordinal" and _word(pieces, i - 1) not in ("a", "an"))
        found = (Fraction(1, 2), i + 1) if counted else None
        if _whole(pieces, i + 1) and pieces[i + 1].value in SCALES.values():  # half a dozen, half a million
            return [Piece("number", "", value=pieces[i + 1].value // 2)], i + 2
    if found is None:
        return None
    value, j = found
    j += _word(pieces, j) == "of" and _word(pieces, j + 1) in ("a", "an")
    j += _word(pieces, j) in ("a", "an") and j > i
    return [Piece("number", "", value=value)], j


def _part(pieces: Sequence[Piece], i: int) -> tuple[Fraction, int] | None:
    """A half, one third, three quarters, 1/2: a fraction below one and the next place."""
    if _kind(pieces, i) == "number" and isinstance(pieces[i].value, Fraction) and 0 < pieces[i].value < 1 and re.search(
            "[/⁄]", pieces[i].text):
        return pieces[i].value, i + 1
    count = 1 if _word(pieces, i) in ("a", "an") else pieces[i].value if _whole(pieces, i, 1, 9) else 0
    j = i + 1 + (_kind(pieces, i + 1) == "dash")
    name = pieces[j].text if _kind(pieces, j) in ("word", "ordinal") else ""
    parts = _PARTS.get(name)
    if not count or not parts or count >= parts or (count == 1) == name.endswith("s"):
        return None
    return Fraction(count, parts), j + 1


def _money(pieces: Sequence[Piece], i: int) -> Found:
    """A currency before its number: £5, US$ 8, EUR 20, £5m."""
    name = pieces[i].text
    if not (_kind(pieces, i) == "symbol" and name in UNITS or _word(pieces, i) in CODES) or _kind(pieces, i + 1) != "number":
        return None
    number, j = pieces[i + 1], i + 2
    if _word(pieces, j) in ("k", "m", "bn", "mn") and pieces[j].before == "t":
        number, j = number._replace(value=number.value * SCALES[_word(pieces, j)]), j + 1
    found = _amount(number, name)
    return _pence(found, pieces, j)


def _measure(pieces: Sequence[Piece], i: int) -> Found:
    """A number and its unit: 5 kg, eight-day, 31 °C, 48 mph, twelve pounds fifty, an hour and a half."""
    if _word(pieces, i) in ("a", "an") and _word(pieces, i + 1) in SINGLE and not _rated(pieces, i - 1):
        number, j = Piece("number", "a", value=1), i + 1
    elif _kind(pieces, i) == "number":
        number, j = pieces[i], i + 1 + (_kind(pieces, i + 1) == "dash" and pieces[i + 1].after != " ")
    else:
        return None
    size = next((n for n in (4, 3, 2, 1) if _name(pieces, j, n) in UNITS), 0)
    name, j = _name(pieces, j, size), j + size
    if not size or name == "in" and pieces[j - 1].before == " ":
        return None
    if _word(pieces, j) == "below" and _whole(pieces, j + 1, 0, 0):
        number, j = number._replace(value=-number.value), j + 2
    elif _word(pieces, j) == "and" and (more := _part(pieces, j + 1)) and isinstance(number.value, int) and (
            _kind(pieces, more[1]) in ("", "stop") or _word(pieces, more[1]) in _PREPOSITIONS):
        number, j = number._replace(value=number.value + more[0], text=""), more[1]
    return _pence(_amount(number, name), pieces, j)


def _name(pieces: Sequence[Piece], i: int, size: int) -> str:
    part = pieces[i:i + size]
    return " ".join(p.text for p in part) if len(part) == size and all(p.kind in ("word", "symbol") for p in part) else ""


def _rated(pieces: Sequence[Piece], i: int) -> bool:
    """Whether "a week" behind this says how often, not how long."""
    return _kind(pieces, i) in ("amount", "number") or _word(pieces, i) in UNITS or _word(pieces, i) in (
        "once", "twice", "times", "per", "each", "every")


def _amount(number: Piece, name: str) -> Piece:
    sign = number.text if number.text in (*_SIGNS, "+") else ""
    values = frozenset((sign, _simple(Fraction(number.value) * factor), unit) for unit, factor in UNITS[name])
    return Piece("amount", f"a {name}" if number.text == "a" else name, value=values)


def _pence(amount: Piece, pieces: Sequence[Piece], i: int) -> Found:
    """The amount, with the hundredths that follow it: twelve pounds fifty, 2 euros and 50 cents; and mph as miles per hour."""
    name, j = amount.text, i + (_word(pieces, i) == "and")
    if name in ("mph", "kph", "kmh", "kmph"):
        return [amount, Piece("word", "per"), Piece("word", "hour")], i
    money = {unit for _, _, unit in amount.value if len(unit) == 3 and unit.isupper()}
    if money and name not in ("p", "c") and _whole(pieces, j, 1, 99) and all(isinstance(v, int) for _, v, unit in amount.value):
        named = [unit for unit, factor in UNITS.get(_word(pieces, j + 1), ()) if unit in money and factor < 1]
        last = j == i and not pieces[j].text and _kind(pieces, j + 1) in ("", "stop")
        if named or last:
            cents = Fraction(pieces[j].value, 100)
            values = frozenset((s, v + cents, unit) for s, v, unit in amount.value if unit in (named or money))
            return [amount._replace(value=values)], j + 1 + bool(named)
    return [amount], i


def _rate(pieces: Sequence[Piece], i: int) -> Found:
    """£11 an hour, £11/hour and £11 per hour; 48 miles an hour; once a week."""
    if not (_word(pieces, i) in ("a", "an", "per", "each", "every") or _kind(pieces, i) == "symbol" and pieces[i].text == "/"):
        return None
    name = _word(pieces, i + 1)
    if name not in UNITS or not _rated(pieces, i - 1):
        return None
    unit = next((unit for unit, _ in UNITS[name]), name)
    return [Piece("word", "per"), Piece("word", unit)], i + 2


# --- dates and ranges --------------------------------------------------------------------------------

def _date(pieces: Sequence[Piece], i: int) -> Found:
    """21 May, the 21st of May, May 21, May the twenty-first: the day, then the month."""
    if _day(pieces, i):
        j = i + 1 + (_word(pieces, i + 1) == "of") + (_kind(pieces, i + 1) == "dash")
        if _word(pieces, j) in _MONTHS:
            return _day_month(pieces[i], pieces[j], _after_month(pieces, j))
    if _word(pieces, i) in _MONTHS:
        j = _after_month(pieces, i)[1] + (_word(pieces, i + 1) == "the")
        if _day(pieces, j) and (_word(pieces, i + 1) == "the" or pieces[j].kind == "ordinal" or pieces[j].text):
            return _day_month(pieces[j], pieces[i], ([], j + 1))
    return None


def _day(pieces: Sequence[Piece], i: int) -> bool:
    return _kind(pieces, i) in ("number", "ordinal") and isinstance(pieces[i].value, int) and 1 <= pieces[i].value <= 31 and len(
        pieces[i].text) != 1 or _whole(pieces, i, 1, 9) and pieces[i].text.isdigit()


def _after_month(pieces: Sequence[Piece], i: int) -> tuple[list[Piece], int]:
    """The place behind a month's name and the full stop of its abbreviation."""
    short = _kind(pieces, i + 1) == "stop" and pieces[i + 1].text == "." and len(pieces[i].text) <= 4 and pieces[i].text != "may"
    return [], i + 1 + (short and _kind(pieces, i + 2) in ("number", "ordinal"))


def _day_month(day: Piece, month: Piece, rest: tuple[list[Piece], int]) -> Found:
    return [Piece("day", "", value=frozenset({day.value})),
            Piece("month", "", value=frozenset({_MONTHS[month.text]})), *rest[0]], rest[1]


def _range(pieces: Sequence[Piece], i: int) -> Found:
    """9-12, 9 to 12, from 9 until 12, between 9 and 12; a unit or "pm" at one end counts for both."""
    opening = _word(pieces, i) if _word(pieces, i) in ("from", "between") else ""
    first = i + bool(opening)
    size = 2 if _kind(pieces, first) == "day" and _kind(pieces, first + 1) == "month" else 1
    between = first + size
    joins = ("and",) if opening == "between" else ("to", "until", "till", "through", "thru")
    dashed = _kind(pieces, between) == "dash" or _kind(pieces, between) == "symbol" and pieces[between].text == "~"
    if not dashed and _word(pieces, between) not in joins:
        return None
    last = between + 1
    kinds = ("number", "clock", "amount", "day", "ordinal", "decade")
    if _kind(pieces, first) not in kinds or _kind(pieces, last) not in kinds:
        return None
    start, end = _shared(pieces[first], pieces[last])
    return [start, *pieces[first + 1:between], Piece("range", "and" if opening == "between" else "to"), end], last + 1


def _shared(start: Piece, end: Piece) -> tuple[Piece, Piece]:
    """Both ends with what only one of them says: the half of the day or the unit."""
    if end.kind == "clock" and start.kind == "number" and (isinstance(start.value, int) and 0 <= start.value < 24):
        start = Piece("clock", "", value=start.value * 60)
    elif end.kind == "clock" and start.kind == "number" and (shown := re.fullmatch(r"(\d\d?)\.([0-5]\d)", start.text)):
        start = Piece("clock", "", value=_minutes(int(shown[1]), int(shown[2])))
    elif start.kind == "clock" and end.kind == "number" and isinstance(end.value, int) and 0 <= end.value <= 24 and not start.text:
        end = Piece("clock", "", value=end.value * 60 % 1440)
    elif start.kind == "amount" and end.kind == "number" and start.text in UNITS:
        end = _amount(end, start.text)
    elif end.kind == "amount" and start.kind == "number" and end.text in UNITS:
        start = _amount(start, end.text)
    if start.kind == end.kind == "clock" and end.text == "pm" and not start.text and start.value + 720 < end.value:
        start = start._replace(value=start.value + 720)
    return start, end


def is_name(pieces: Sequence[Piece], i: int) -> bool:
    """Whether the number at that place names something (clause 4.10), so that it is compared as it is written."""
    return _word(pieces, i - 1) in _LABELS


#: Each rule and the kinds and words that it may start with, in the order in which they build on each other.
_RULES: tuple[tuple[Rule, frozenset[str]], ...] = tuple((rule, frozenset(kinds.split()).union(*words)) for rule, kinds, *words in (
    (_tail, "number clock day month word"), (_dash, "dash"), (_words, "number a an hundred", _SMALL, _TENS, SCALES),
    (_ordinal, "number", _ORDINALS, _DECADES), (_minus, "number symbol minus negative"),
    (_clock, "number clock half quarter a an noon midday midnight"), (_fraction, "number half a an"), (_money, "symbol", CODES),
    (_measure, "number a an"), (_rate, "symbol a an per each every"), (_date, "number ordinal", _MONTHS),
    (_range, "number clock amount day ordinal decade from between")))
