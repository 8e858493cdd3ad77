"""A text cut into words, numbers and symbols, free of the differences of typing: case, spaces,
dashes, scripts of digits.

Every letter of every script stays, and so do signs, currencies and the symbols of units;
what goes is what a keyboard or a word processor adds. What the numbers mean is `quantities`' job,
comparing is `answer_match`'s.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

#: Letters that Unicode does not take apart, as people without that key write them; a mark tells
#: them from the plain letter.
_LETTERS = {
    "ø": "o\u0338",
    "ł": "l\u0335",
    "đ": "d\u0335",
    "ð": "d\u0335",
    "ħ": "h\u0335",
    "ŋ": "n\u0335",
    "ı": "i",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
}
_SAME = dict.fromkeys("’‘ʼʻ‛´′", "'") | {
    "−": "-",
    "—": " - ",
    "―": " - ",
    "〜": "-",
    "×": "x",
    "♯": "#",
    "٫": ".",
    "٬": ",",
    "٪": "%",
    "،": ",",
    "、": ",",
    "。": ".",
    "ـ": "",
    "\u034f": "",
}
#: Taken apart by Unicode, these would run into the digit before them (2½ → 21⁄2, 5² → 52) or lose
#: their meaning.
_BEFORE = (
    {ord(c): f" {unicodedata.normalize('NFKC', c)}" for c in "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"}
    | {ord(c): f"^{unicodedata.normalize('NFKC', c)}" for c in "⁰¹²³⁴⁵⁶⁷⁸⁹"}
    | {ord("˚"): "°", ord("№"): " no ", ord("´"): "'"}
)
_CURRENCIES = "$¢£¤¥฿؋৳៛\u20a0-\u20cf"
_KEPT = "°±≤≥≠√∞⁄♭‰"
_OPTIONAL = re.compile(
    "[\u0591-\u05bd\u05bf-\u05c7\u064b-\u0652\u0670\ufe00-\ufe0f]"
)  # Hebrew and Arabic points


class _Folding(dict):
    """Code point → what it is compared as, filled as they are met (for `str.translate`)."""

    def __missing__(self, code: int) -> str:
        self[code] = _folded(chr(code))
        return self[code]


def _folded(char: str) -> str:
    category = unicodedata.category(char)
    if char in _SAME or char in _LETTERS:
        return (_SAME | _LETTERS)[char]
    if category in ("Cf", "Me") or _OPTIONAL.match(char):
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Pd":
        return "-"
    if char < "\x80" or category == "Sc" or char in _KEPT or category[0] in "LMN":
        return char
    return ";" if category[0] == "P" else " "


_FOLDING = _Folding()


def fold(text: str) -> str:
    """The text in lower case, with one character for all that are typed in its place; marks stand
    behind their letters.
    """
    if text.isascii():
        return text.lower()
    text = re.sub(
        r"(?i)(?<![^\W_])n[°º]\s?(?=\d)", "no ", re.sub(r"(?<=\d)\s?º", "°", text)
    ).translate(_BEFORE)
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(
        _FOLDING
    )


class Piece(NamedTuple):
    """A piece of a text: a word, number, symbol, dash or stop, and later what `quantities` makes of
    it.

    `before` and `after` are the characters beside it, `value` is what a quantity amounts to.
    """

    kind: str
    text: str
    before: str = " "
    after: str = " "
    value: Any = None


_L = rf"[^\x00-`{{-\xa0{_CURRENCIES}{_KEPT}]"  # a letter of any script, or a mark
_PIECE = re.compile(
    rf"""(?=\S)(?:
    (?={_L})(?P<word>(?:{_L}\.){{2,}}{_L}?(?!{_L}) | {_L}\.{_L}(?!\.|{_L}) | [a-z]{{1,2}}-\d{{1,3}}(?!\w)
      | (?!(?:us|aus?|nz|hk|ca|[acsr])[{_CURRENCIES}]){_L}(?:{_L}|\d|'(?={_L}))*
        (?:\^\d | \+\+ | \#(?!\w) | ♭ | (?<!{_L}{_L}{_L})[+*-](?![\w+*-]))?)
  | (?=\.?\d)(?P<number>\d{{4}}-\d\d-\d\d(?!\d) | \d\d?(?P<slash>[/.])\d\d?(?P=slash)\d{{4}}(?!\d)
      | \d\d?:\d\d(?::\d\d)?(?![\d:])
      | \d\d?\ ?h\ ?\d\d(?![a-z\d]) | \d+[/⁄]\d+(?![/⁄\d])
      | [1-9]\d{{0,2}}(?:(?P<comma>[ ,'])\d{{3}}(?:(?P=comma)\d{{3}})*(?:\.\d+)? | (?:\.\d{{3}})+,\d+
                       | (?:\.\d{{3}}){{2,}})(?!\d|[.,]\d)
      | \d+(?:\.\d+){{2,}} | \d+(?:,\d+){{2,}} | \d+[.,]\d+ | (?<![\w)\]])\.\d+ | \d+)
      (?P<tail>[ap]\.m\.?(?![a-z]) | \^-?\d+ | '?[a-z][a-z0-9]*(?:\^\d)?)?
  | (?P<stop>[.,;:!?()\[\]{{}}"|]) | (?P<dash>-)
  | (?P<symbol>(?:us|aus?|nz|hk|ca|[acsr])?[{_CURRENCIES}] | [%‰°±<>≤≥≠=+~√∞^/⁄&♭] | (?<![^\s"'(])[*\#@](?![^\s"').,;:!?])))
""",
    re.VERBOSE,
)
_INITIALS = re.compile(rf"(?<!\w)({_L}\.) (?={_L}\.)")  # J. R. R., p. m.
_EMPHASIS = re.compile(r"(\*\*|\*|`)(?=\S)(.+?)(?<=\S)\1")


def pieces(text: str) -> list[Piece]:
    """The pieces of a folded text in its order; space and what carries nothing (emphasis, emoji,
    quotes) is left out.
    """
    if "*" in text or "`" in text:
        text = _EMPHASIS.sub(r"\2", _EMPHASIS.sub(r"\2", text)).replace("`", "'")
    text = " " + _INITIALS.sub(r"\1", text.replace("_", " ")) + " "
    found = []
    for match in _PIECE.finditer(text):
        kind, start, end = match.lastgroup, match.start(), match.end()
        if kind == "tail":
            found += [
                Piece("number", match["number"], text[start - 1], "t"),
                Piece("tail", match["tail"], "t", text[end]),
            ]
        else:
            found.append(Piece(kind, match[0], text[start - 1], text[end]))
    return found


def word_at(pieces: Sequence[Piece], i: int) -> str:
    """The word at that place; "" where there is none."""
    return pieces[i].text if 0 <= i < len(pieces) and pieces[i].kind in ("word", "tail") else ""


def kind_at(pieces: Sequence[Piece], i: int) -> str:
    """The kind of the piece at that place; "" before the first and behind the last."""
    return pieces[i].kind if 0 <= i < len(pieces) else ""
