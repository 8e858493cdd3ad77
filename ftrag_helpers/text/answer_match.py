"""Whether a free answer holds an accepted one: words of every script as they are spelled, numbers
and times by value.

`spelling` cuts both texts, `quantities` reads their numbers; here they are compared, piece
for piece. What it leaves out: synonyms, other word forms, number words that are not English, and
whether something wrong is said beside it.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from ftrag_helpers.text.quantities.reading import is_name, read
from ftrag_helpers.text.spelling import Piece, fold, pieces
from ftrag_helpers.text.units import MONEY, UNITS

#: What is said of an accepted answer that is not `comparable`, behind the answer itself.
INCOMPARABLE = (
    "holds nothing that can be compared. Write a word, a number or a sign that counts, such as +"
    " or €."
)
#: Behind these a lone "a" is a letter (Plan A), and before those it is one too (A is right).
_LETTERED = frozenset(
    "plan vitamin vitamins section group class type hepatitis grade appendix exhibit schedule"
    " option level unit block wing hall platform gate room team part category model size key point"
    " column row zone terminal bay band string influenza blood series serie site route building"
    " door desk shelf tier stage phase track side form file case letter choice channel".split()
)
_NO_NOUNS = frozenset(
    "is are was were be and or nor but because to in of at for with on than as by from if when that"
    " which who has have had would could should does did not comes came stands costs".split()
)
_SHORT = re.compile(r"^(it|that|there|here|he|she|what|who|where)'s$")
_ELIDED = re.compile(r"^(l|d|j|qu|m|t|s|c|n|dell|nell|sull|all|un)'(?=..)")
#: Scripts written without spaces: Han and Katakana in runs; Hiragana, Thai, Lao, Burmese and Khmer,
#: whose words may end anywhere.
_HAN_RANGE, _KATAKANA = "\u3400-\u9fff\uf900-\ufaff々\U00020000-\U0003ffff", "\u30a1-\u30ff"
_FREE = "\u3041-\u3096\u309b-\u309f\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_HAN = re.compile(f"[{_HAN_RANGE}]")
_SCRIPTS = re.compile(
    f"([{_HAN_RANGE}]+|[{_KATAKANA}\u3099\u309a]+)|([{_FREE}])"
    f"|([^{_HAN_RANGE}{_KATAKANA}{_FREE}\u3099\u309a]+)"
)
_MARKED = re.compile("([a-z\u0370-\u03ff]|\u0435(?=\u0308))[\u0300-\u036f]+")
_LEADS = frozenset("it is there are they that was were answer only just exactly he she we".split())
_DEGREES = ("celsius", "fahrenheit", "kelvin", "angle")
#: Han characters that begin or end another word, so that a name may stand beside them.
_HAN_BEFORE, _HAN_AFTER = frozenset("是在为為有叫和与與到于於"), frozenset("的市省县縣府区區")


class _Token(NamedTuple):
    """What is compared. Equal to another where a key is shared; `loose` keys count only against an
    accepted answer.

    `spelled` holds the marks of a word that has some, `joined` says that the word runs on from the
    token before.
    """

    keys: frozenset[str]
    loose: frozenset[str] = frozenset()
    spelled: str = ""
    joined: bool = False


def answer_match(text: str, accepted: Iterable[str], question: str = "") -> bool:
    """True where the text holds one of the accepted answers, piece for piece.

    Words are compared without regard to case, accents that one side leaves out, and typography;
    numbers, money, times and dates by value ("£8" is "eight pounds", "5.30 pm" is "17:30"); signs,
    units and currencies count. A number alone, where it is the whole answer, stands for an accepted
    "nine days", but never for money, percentages or temperatures; with a `question` only if that
    says what is counted ("How many days …"). It forgives wording around the fact, and so also
    something wrong beside it.

    >>> answer_match("It costs eight pounds.", ["£8.00"]), answer_match("It costs $8.", ["£8.00"])
    (True, False)
    """
    tokens = _tokens(text)
    number = _whole_number(tokens)
    return any(
        _holds(tokens, form) or bool(number) and _counts(number, form, question)
        for form in map(_tokens, accepted)
    )


def comparable(accepted: str) -> bool:
    """Whether an accepted answer holds anything to compare: a word other than an article, a number,
    a sign that counts.
    """
    return bool(_tokens(accepted)) and accepted.strip(" .\"'") not in ("a", "an", "the")


def _holds(tokens: Sequence[_Token], form: Sequence[_Token]) -> bool:
    """Whether the tokens of a text hold those of an accepted answer, next to each other."""
    size = len(form)
    return size > 0 and any(
        all(_same(tokens[i + n], form[n]) for n in range(size))
        and (form[0].joined or not tokens[i].joined)
        and not (i + size < len(tokens) and tokens[i + size].joined)
        for i in range(len(tokens) - size + 1)
    )


def _same(token: _Token, form: _Token) -> bool:
    if token.keys.isdisjoint(form.keys) and token.loose.isdisjoint(form.keys):
        return False
    one, other = token.spelled, form.spelled
    return (
        not (one and other) or one == other or _fewer_marks(one, other) or _fewer_marks(other, one)
    )


def _fewer_marks(one: str, other: str) -> bool:
    """Whether the first is the second with some marks left out (Dvorák, Dvořák)."""
    rest = iter(other)
    return len(one) < len(other) and all(char in rest for char in one)


def _whole_number(tokens: Sequence[_Token]) -> set[str]:
    """The number where the answer is nothing else ("nine", "There are nine."), else nothing."""
    start = next((n for n, token in enumerate(tokens) if token.keys.isdisjoint(_LEADS)), None)
    return _numbers(tokens[start], loose=False) if start == len(tokens) - 1 else set()


def _counts(number: set[str], form: Sequence[_Token], question: str) -> bool:
    """Whether the number is that of an accepted number and noun, as far as the question lets the
    noun go unsaid.
    """
    places = [n for n, token in enumerate(form) if _numbers(token)]
    if len(places) != 1 or number.isdisjoint(_numbers(form[places[0]])):
        return False
    [place] = places
    if not question:
        return place == 0 and not any(
            key.startswith("day ") or key.endswith(_DEGREES) for key in form[0].keys
        )
    asked = {_singular(key) for token in _tokens(question) for key in token.keys}
    units = {
        key.split(" ", 1)[1]
        for key in form[place].keys
        if " " in key and not key.startswith(("day ", "written "))
    }
    others = [token for n, token in enumerate(form) if n != place]
    if units and units.isdisjoint({unit for key in asked for unit, _ in UNITS.get(key, ())}):
        return False
    named = all(
        any(_singular(key) in asked for key in token.keys) or token.keys & {"number", "no"}
        for token in others
    )
    return named or place == 0 and len(others) == 1 and {"how", "many"} <= asked


def _numbers(token: _Token, loose: bool = True) -> set[str]:
    keys = token.keys | token.loose if loose else token.keys
    return {key for key in keys if key.startswith("=")}


def _singular(key: str) -> str:
    return key[:-1] if key.endswith("s") and len(key) > 3 else key


# --- from text to tokens


@lru_cache(maxsize=1 << 15)
def _tokens(text: str) -> tuple[_Token, ...]:
    read_pieces = read(pieces(fold(text)))
    tokens = []
    for i, piece in enumerate(read_pieces):
        if piece.kind == "word" or piece.kind == "tail":
            if not _is_article(read_pieces, i):
                tokens += _spelled(piece.text)
        elif piece.kind == "symbol":
            tokens += [_Token(frozenset({piece.text}))] if piece.text not in "-~&/⁄" else []
            tokens += _spelled("and") if piece.text == "&" else []
        elif piece.kind != "stop":
            tokens.append(_quantity(piece, is_name(read_pieces, i)))
    return tuple(tokens)


def _is_article(pieces: Sequence[Piece], i: int) -> bool:
    """Whether the word is an article that carries nothing; a lone letter that names something is
    none.
    """
    word = pieces[i].text
    if word != "a" or i + 1 == len(pieces):
        return word in ("the", "an")
    after = pieces[i + 1]
    lettered = i > 0 and pieces[i - 1].text in _LETTERED
    is_followed = after.kind not in ("stop", "symbol", "range") and after.text not in _NO_NOUNS
    return not lettered and is_followed


@lru_cache(maxsize=1 << 15)
def _spelled(word: str) -> tuple[_Token, ...]:
    """The tokens of a word as it is spelled: mostly one; a contraction has two, a run of Han or
    Thai one a character.
    """
    if word == "cannot":
        word = "can't"
    if "'" in word:
        word = _ELIDED.sub(r"\1 ", _SHORT.sub(r"\1 is", re.sub(r"n't$", " not", word)))
        word = re.sub(r"'s$", "", word).replace("'", "")
        if " " in word:
            return tuple(
                token
                for part in word.split()
                for token in _spelled({"ca": "can", "wo": "will"}.get(part, part))
            )
    if word.isascii():
        return (
            _Token(
                frozenset({word if word[-1] == "-" else word.replace(".", "").replace("-", "")})
            ),
        )
    tokens: list[_Token] = []
    for run, cluster, other in _SCRIPTS.findall(word):
        tokens += _han(run) if _HAN.match(run) else [_lettered(run or cluster or other)]
    return tuple(_clustered(tokens))


def _lettered(word: str) -> _Token:
    plain = _MARKED.sub(r"\1", word)
    umlauts = (
        re.sub("([aou])\u0308", r"\1e", word).replace("o\u0338", "oe").replace("a\u030a", "aa")
    )
    keys = {plain.replace(".", ""), _MARKED.sub(r"\1", umlauts).replace(".", "")}
    return _Token(frozenset(keys), spelled=word if word != plain else "")


def _han(run: str) -> list[_Token]:
    return [
        _Token(
            frozenset({char}),
            joined=n > 0 and run[n - 1] not in _HAN_BEFORE and char not in _HAN_AFTER,
        )
        for n, char in enumerate(run)
    ]


def _clustered(tokens: Sequence[_Token]) -> list[_Token]:
    """The tokens with each mark that was cut off (a Thai vowel, a voiced kana) put back behind its
    letter.
    """
    whole: list[_Token] = []
    for token in tokens:
        [*_, key] = token.keys
        if whole and len(key) == 1 and unicodedata.category(key)[0] == "M":
            [*_, before] = whole[-1].keys
            whole[-1] = _Token(frozenset({before + key}))
        else:
            whole.append(token)
    return whole


def _quantity(piece: Piece, named: bool) -> _Token:
    if piece.kind == "number":
        written = {f"written {piece.text}"} if "." in piece.text else set()
        if named and written:
            return _Token(frozenset(written))
        clock = re.fullmatch(r"(\d\d?)\.([0-5]\d)", piece.text)
        written |= (
            {f"@{int(clock[1]) * 60 + int(clock[2])}"} if clock and int(clock[1]) < 24 else set()
        )
        return _Token(frozenset({_equals(piece.text, piece.value)} | written))
    if piece.kind == "amount":
        return _amount_token(piece)
    if piece.kind == "day":
        loose = (f"{start}{day}" for day in piece.value for start in ("=", "nth "))
        return _Token(frozenset(f"day {day}" for day in piece.value), frozenset(loose))
    if piece.kind == "month":
        return _Token(piece.value)
    if piece.kind == "range":
        return _Token(frozenset({"to", piece.text}))
    if piece.kind == "decade":
        year = piece.value if piece.value > 99 else 1900 + piece.value  # the fifties
        return _Token(frozenset({f"decade {year}", f"decade {piece.value}"}))
    return _Token(frozenset({f"@{piece.value}" if piece.kind == "clock" else f"nth {piece.value}"}))


def _equals(text: str, value: int | Fraction) -> str:
    return f"={text if text in ('±', '<', '>', '≤', '≥', '+') else ''}{value}"


def _amount_token(piece: Piece) -> _Token:
    keys = frozenset(f"{sign}{value} {unit}" for sign, value, unit in piece.value)
    loose = frozenset(
        f"={sign}{value}"
        for sign, value, unit in piece.value
        if unit not in MONEY and unit != "percent"
    )
    if piece.text.startswith("a "):
        loose |= {piece.text[2:]}
    return _Token(keys, loose)
