"""Reads all that is numeric in a text: times of day, money, measures, dates and ranges.

`read` rewrites the pieces that `spelling` cuts, by one rule after the other. English words only;
digits, signs and symbols of any language. Comparing is `answer_match`'s job.
"""

from collections.abc import Sequence

from ftrag_helpers.text.quantities.amounts import measure, money, rate
from ftrag_helpers.text.quantities.dates import date, range_rule
from ftrag_helpers.text.quantities.digits import MONTHS, Rule, digits, suffix
from ftrag_helpers.text.quantities.fraction_words import fraction
from ftrag_helpers.text.quantities.number_words import (
    DECADES,
    ORDINALS,
    SMALL,
    TENS,
    dash_rule,
    number_words,
    ordinal,
    sign_rule,
)
from ftrag_helpers.text.quantities.times_of_day import clock
from ftrag_helpers.text.spelling import Piece, word_at
from ftrag_helpers.text.units import CODES, SCALES

_NUMERIC = frozenset("a an hundred half quarter noon midday midnight".split()).union(
    SMALL, TENS, ORDINALS, SCALES, DECADES
)
#: After these a number with a point is a name: clause 4.10 is not clause 4.1.
_LABELS = frozenset(
    "version v release section clause chapter figure fig table paragraph rule article part appendix"
    " python java ubuntu item step exercise".split()
)


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
        if i >= done and (replacement := rule(pieces, i)) is not None:
            out += pieces[done:i] + replacement[0]
            done = replacement[1]
    return out + pieces[done:] if done else pieces


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
        (clock, "number clock half quarter a an noon midday midnight"),
        (fraction, "number half a an"),
        (money, "symbol", CODES),
        (measure, "number a an"),
        (rate, "symbol a an per each every"),
        (date, "number ordinal", MONTHS),
        (range_rule, "number clock amount day ordinal decade from between"),
    )
]
