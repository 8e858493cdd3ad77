"""BM25: search by the words that a question and a text share.

`bm25s` does the arithmetic, PyStemmer the word forms.

Word forms and stop words are English; words of other languages count as they are, or
nearly so. What it leaves out: passages and filters (`retrieval`).
"""

import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import regex

#: A stretch of a script that puts no space between words, or a word.
_RUN = regex.compile(
    r"(?P<unspaced>[\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+)"
    r"|(?:(?![\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])\w)+"
)
_CHARACTER = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
#: One letter or digit that is a word ("Bay 5", "Plan B"): no part of "it's", "e-mail", 3,000 or
#: 5:30, no pronoun "I", and an A only where it is no article ("vitamin A").
_SINGLE = regex.compile(
    r"(?<!['’]|\d[.,:])(?:(?<=\w )A(?! \p{Lu})|[^\W_aAiI])(?!['’]|[.,:]\d|-\p{L})"
)


def word_scores(texts: Sequence[str]) -> Callable[[Sequence[str]], np.ndarray]:
    """A function from the words of a query to the BM25 score of every text; shape (texts,).

    Words of one character are scored apart and added, so that they change nothing where a query has
    none: neither the length of a text nor the mean length.

    Source: Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond".
    """
    words = [list(_words(text)) for text in texts]
    parts = [
        _scores([[word for word in own if (len(word) == 1) is single] for own in words])
        for single in (False, True)
    ]
    return lambda query: sum(part(list(query)) for part in parts)


def _scores(words: Sequence[Sequence[str]]) -> Callable[[list[str]], np.ndarray]:
    import bm25s

    if not any(words):  # bm25s cannot index texts without a word
        return lambda query: np.zeros(len(words))
    index = bm25s.BM25()
    index.index(words, show_progress=False)
    return lambda query: index.get_scores(query) if query else np.zeros(len(words))


def query_words(text: str) -> list[str]:
    """The words of a query that count, each once: stemmed, without stop words, in the order of the
    text.
    """
    return list(dict.fromkeys(_words(text)))


def idf(count: int, total: int) -> float:
    """The inverse document frequency of a word that `count` of `total` texts hold, as BM25 has it;
    never below 0.

    Source: Spärck Jones 1972, in the form of Robertson and Zaragoza 2009, with 1 added under the
    logarithm.
    """
    return math.log(1 + (total - count + 0.5) / (count + 0.5))


def _words(text: str) -> Iterator[str]:
    """The words of a text that count, as often as they stand in it, stemmed, in its order."""
    import Stemmer
    from bm25s.stopwords import STOPWORDS_EN

    text, stem = unicodedata.normalize("NFKC", text), Stemmer.Stemmer("english").stemWord
    for run in _RUN.finditer(text):
        if run["unspaced"]:
            yield from _characters(run["unspaced"])
        elif len(run.group()) > 1:
            yield from (stem(word) for word in [run.group().lower()] if word not in STOPWORDS_EN)
        elif _SINGLE.match(text, run.start()):
            yield run.group().lower()


def _characters(run: str) -> Iterator[str]:
    """Every two neighbours as a word, and each Chinese or Japanese character by itself."""
    yield from (first + second for first, second in zip(run, run[1:], strict=False))
    yield from _CHARACTER.findall(run)
