"""Sentences: where a text of any language is cut, and how long a stretch of it may be.

`sentencex` knows how sentences end in some three hundred
languages; which one a text is in is told by its script, and by its stop words where that is Latin.
English text is cut by a rule of its own too, the one by which the library's pages were written.
What it leaves out: passages (`chunking`).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import cache

#: What a sentence may have at most: a "sentence" beyond that is a list or a table without marks, or
#: no prose at all.
SENTENCE_WORDS, SENTENCE_CHARACTERS = 90, 1000
#: Thai and Lao end a sentence with a space, but put one between clauses and names as well: shorter
#: stretches stay together.
_PHRASE_CHARACTERS = 30
_SENTENCE_END = re.compile(
    r"""(?:(?<=[.!?])|(?<=[.!?]["'”’)])|(?<=[.!?]["'”’)]["'”’)]))\s+(?=[A-Z0-9£"'“‘(])"""
)
_ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|St|No|Nos|vol|ed|e\.g|i\.e|p|pp|approx|c|cl)\.$", re.IGNORECASE
)
_INITIAL = re.compile(r"(?:^|\s)[A-Z]\.$")
#: Rules of languages that end no sentence before a small letter: a page without capitals is cut by
#: those of Norwegian.
_NO_SMALL_LETTER = {"de": "nb", "da": "nb"}
_PHRASE_END = re.compile(r"(?<=[\u0e00-\u0eff])\s+(?=[\u0e00-\u0eff])")
#: Characters of scripts that put no space between words (Thai, Lao, Myanmar, Khmer, kana, Han); two
#: count as a word.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003fffd]"
)
#: Where a sentence that is too long is cut, best first: after a mark between clauses, between
#: words, anywhere.
_BREAKS = (
    re.compile(r"(?<=[;,:—–؛،、，；：।·])\s*(?=\S)(?!(?<=\d[,:.])\d)"),
    re.compile(r"\s+"),
    re.compile(r"(?<=.)(?=.)", re.DOTALL),
)
#: Of a text in a language at least this share of its words are stop words; one of a third language
#: has some by chance.
_STOP_WORD_SHARE = 0.1
_SCRIPTS = {
    "GREEK": "el",
    "CYRILLIC": "ru",
    "ARABIC": "ar",
    "HEBREW": "he",
    "DEVANAGARI": "hi",
    "BENGALI": "bn",
    "TAMIL": "ta",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
    "ETHIOPIC": "am",
    "HANGUL": "ko",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "zh",
    "THAI": "th",
    "LAO": "lo",
    "MYANMAR": "my",
    "KHMER": "km",
}


def split_sentences(text: str) -> list[str]:
    """The text's sentences in order, white space trimmed; a paragraph break always ends one.

    A sentence of more than `SENTENCE_WORDS` words or `SENTENCE_CHARACTERS` characters is cut
    further, between clauses where it has any.
    """
    language = language_of(text)
    if language in _NO_SMALL_LETTER and sum(map(str.isupper, text)) <= 1 + len(text) / 200:
        language = _NO_SMALL_LETTER[language]
    return [
        part
        for paragraph in re.split(r"\n\s*\n", text)
        for sentence in _sentences(paragraph.strip(), language)
        for part in shortened(sentence, _readable)
    ]


def _sentences(paragraph: str, language: str) -> list[str]:
    import sentencex

    pieces = _SENTENCE_END.split(paragraph) if language == "en" else [paragraph]
    pieces = [
        part.strip()
        for piece in pieces
        for part in sentencex.segment(language or "en", piece)
        if part.strip()
    ]
    if language in ("th", "lo"):
        pieces = [phrase for piece in pieces for phrase in _phrases(piece)]
    sentences: list[str] = []
    for piece in pieces:
        if sentences and not any(map(str.isalnum, piece)):  # a bracket that closes
            sentences[-1] += piece
        elif sentences and _goes_on(sentences[-1], piece, language):
            sentences[-1] += " " + piece
        else:
            sentences.append(piece)
    return sentences


def _goes_on(sentence: str, piece: str, language: str) -> bool:
    """Whether the full stop before the piece is an abbreviation's, or the mark one within a title
    ("Why? and more").
    """
    abbreviated = (
        _INITIAL.search(sentence) or language in ("en", "") and _ABBREVIATION.search(sentence)
    )
    return (
        bool(abbreviated) or sentence[:1].isupper() and sentence[-1] in "?!" and piece[:1].islower()
    )


def _phrases(text: str) -> list[str]:
    phrases: list[str] = []
    for phrase in _PHRASE_END.split(text):
        if phrases and len(phrases[-1]) < _PHRASE_CHARACTERS:
            phrases[-1] += " " + phrase
        else:
            phrases.append(phrase)
    return phrases


def _readable(text: str) -> bool:
    return count_words(text) <= SENTENCE_WORDS and len(text) <= SENTENCE_CHARACTERS


def count_words(text: str) -> int:
    """The number of words, as spaces part them; where a script has none, two characters count as
    one.
    """
    return len(text.split()) + len(_UNSPACED.findall(text)) // 2


def shortened(text: str, fits: Callable[[str], bool]) -> list[str]:
    """The text, in halves and halves of halves until each part fits: cut between clauses, else
    words, else characters.

    A single character that does not fit is left as it is.
    """
    if len(text) < 2 or fits(text):
        return [text]
    start, end = _middle(text)
    return [
        part
        for half in (text[:start].rstrip(), text[end:].lstrip())
        if half
        for part in shortened(half, fits)
    ]


def _middle(text: str) -> tuple[int, int]:
    """Start and end of the break nearest to the middle, of the best kind that has one in the middle
    half.
    """
    for kind in _BREAKS:
        breaks = [
            m.span()
            for m in kind.finditer(text)
            if not unicodedata.combining(text[m.end() % len(text)])
        ]
        start, end = min(
            breaks, key=lambda span: abs(span[0] + span[1] - len(text)), default=(0, 0)
        )
        if len(text) / 4 <= start <= len(text) * 3 / 4:
            return start, end
    return len(text) // 2, len(text) // 2


def language_of(text: str) -> str:
    """The code of the language that the text seems to be in, "" where nothing tells.

    >>> texts = "Das Tor ist zu.", "The gate is shut.", "門は六時です。", "5.30"
    >>> tuple(map(language_of, texts))
    ('de', 'en', 'zh', '')
    """
    letters = [letter for letter in text if letter.isalpha()]
    scripts = Counter(
        unicodedata.name(letter, "?").split()[0] for letter in letters if not letter.isascii()
    )
    scripts["LATIN"] += sum(map(str.isascii, letters))
    script = max(scripts, key=scripts.get)
    if script != "LATIN":
        return _SCRIPTS.get(script, "")
    words = re.findall(r"\w\w+", text.lower())
    counts = {code: sum(word in own for word in words) for code, own in _stop_words().items()}
    best = max(counts, key=lambda code: (counts[code], (code == "en") == text.isascii()))
    return best if counts[best] > _STOP_WORD_SHARE * len(words) else ""


@cache
def _stop_words() -> dict[str, frozenset[str]]:
    """Stop words by language, by which the language of a text in Latin letters is told."""
    from bm25s import stopwords

    names = {
        "en": "EN_PLUS",
        "de": "GERMAN",
        "fr": "FRENCH",
        "es": "SPANISH",
        "it": "ITALIAN",
        "pt": "PORTUGUESE",
        "nl": "DUTCH",
        "da": "DANISH",
        "nb": "NORWEGIAN",
        "sv": "SWEDISH",
        "tr": "TURKISH",
    }
    return {
        code: frozenset(getattr(stopwords, f"STOPWORDS_{name}")) for code, name in names.items()
    }
