"""Numbers in English words, and signs: fifteen hundred, twenty-first, the fifties, minus five, 18+.

A dash is a sign, a hyphen or a pause; here it is decided which.
"""

from collections.abc import Sequence
from fractions import Fraction

from ftrag_helpers.text.quantities.digits import DAYPARTS, MONTHS, Replacement, simple
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
DECADES = {word[:-1] + "ies": n for word, n in TENS.items()}


def numeric_at(pieces: Sequence[Piece], i: int) -> bool:
    """Whether place `i` begins with a digit or a number word."""
    kind = kind_at(pieces, i)
    return (
        kind in ("number", "clock", "ordinal")
        or kind == "word"
        and (pieces[i].text in SMALL or pieces[i].text in TENS)
    )


def dash_rule(pieces: Sequence[Piece], i: int) -> Replacement:
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


def number_words(pieces: Sequence[Piece], i: int) -> Replacement:
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


def ordinal(pieces: Sequence[Piece], i: int) -> Replacement:
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


def sign_rule(pieces: Sequence[Piece], i: int) -> Replacement:
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
