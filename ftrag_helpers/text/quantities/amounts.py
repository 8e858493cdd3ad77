"""Money, measures and rates: £5, EUR 20, twelve pounds fifty, 5 kg, 48 mph, £11 an hour.

Lengths and the like are not converted (110 cm is not 1.1 m), money is (90p is £0.90).
"""

from collections.abc import Sequence
from fractions import Fraction

from ftrag_helpers.text.quantities.digits import Replacement, simple, whole_at
from ftrag_helpers.text.quantities.fraction_words import PREPOSITIONS, part_at
from ftrag_helpers.text.quantities.number_words import SIGNS
from ftrag_helpers.text.spelling import Piece, kind_at, word_at
from ftrag_helpers.text.units import CODES, MONEY, SCALES, SINGLE, UNITS

#: The first words of names of several words (square metres, US dollars).
_BEGIN_LONG = frozenset(name.split()[0] for name in UNITS if " " in name)


def money(pieces: Sequence[Piece], i: int) -> Replacement:
    """A currency before its number: £5, US$ 8, EUR 20, £5m."""
    name = pieces[i].text
    currency = kind_at(pieces, i) == "symbol" and name in UNITS or word_at(pieces, i) in CODES
    # A full stop may stand behind it: Rs. 100
    j = i + 1 + (currency and kind_at(pieces, i + 1) == "stop" and pieces[i + 1].text == ".")
    if not currency or kind_at(pieces, j) != "number":
        return None
    number, j = pieces[j], j + 1
    if word_at(pieces, j) in ("k", "m", "bn", "mn") and pieces[j].before == "t":
        number, j = number._replace(value=number.value * SCALES[word_at(pieces, j)]), j + 1
    return _pence(amount(number, name), pieces, j)


def measure(pieces: Sequence[Piece], i: int) -> Replacement:
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
    return _pence(amount(number, name), pieces, j)


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


def amount(number: Piece, name: str) -> Piece:
    """A number and the name of a unit as one piece, with every meaning that the name may have."""
    sign = number.text if number.text in (*SIGNS, "+") else ""
    values = frozenset(
        (sign, number.value if factor == 1 else simple(number.value * factor), unit)
        for unit, factor in UNITS[name]
    )
    return Piece("amount", f"a {name}" if number.text == "a" else name, value=values)


def _pence(amount: Piece, pieces: Sequence[Piece], i: int) -> Replacement:
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


def rate(pieces: Sequence[Piece], i: int) -> Replacement:
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
