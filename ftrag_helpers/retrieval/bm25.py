"""BM25 scores: lexical search by the words that a query and a text share.

`bm25s` computes the scores, PyStemmer stems the words. Stemming and stop words are English, and
applied to words of all languages.

Not here: passages and filters (`passage_index`).
"""

import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import regex

#: A run of characters of a script without spaces between words, or a word.
_RUN = regex.compile(
    r"(?P<unspaced>[\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+)"
    r"|(?:(?![\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])\w)+"
)
_CHARACTER = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
#: A single letter or digit that counts as a word ("Bay 5", "Plan B"). Left out are parts of "it's",
#: "e-mail", 3,000 or 5:30, the pronoun "I", and an A that may be an article (unlike "vitamin A").
_SINGLE = regex.compile(
    r"(?<!['’]|\d[.,:])(?:(?<=\w )A(?! \p{Lu})|[^\W_aAiI])(?!['’]|[.,:]\d|-\p{L})"
)


def word_scores(texts: Sequence[str]) -> Callable[..., np.ndarray]:
    """Index texts for BM25 scoring.

    Words of one character have an index of their own, whose scores are added. So they change
    neither the length of a text nor the mean length in the scores of longer words.

    Args:
        texts: the texts to be scored.

    Returns:
        A function from the words of a query (`query_words`) to the BM25 score of every text, shape
        (texts,); at least 0, and 0 for a text that has none of the words. An optional second
        argument is the factor of each text's score, shape (texts,): 0 leaves a text out.

    Source: Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond".
    """
    words = [list(_words(text)) for text in texts]
    parts = [
        _scores([[word for word in own if (len(word) == 1) is single] for own in words])
        for single in (False, True)
    ]
    return lambda query, weights=None: sum(part(list(query), weights) for part in parts)


def _scores(words: Sequence[Sequence[str]]) -> Callable[..., np.ndarray]:
    """A function from the words of a query, and weights, to scores, given each text's words."""
    import bm25s

    nothing = np.zeros(len(words))
    if not any(words):  # bm25s cannot index texts without a word
        return lambda query, weights: nothing
    index = bm25s.BM25()
    index.index(words, show_progress=False)
    return lambda query, weights: index.get_scores(query, weights) if query else nothing


def query_words(text: str) -> list[str]:
    """The words of a query for BM25: stemmed, in lower case, without stop words.

    Args:
        text: the query.

    Returns:
        Each word once, in the order of the text. Chinese and Japanese characters count by
        themselves and in pairs; other scripts without spaces in pairs.
    """
    return list(dict.fromkeys(_words(text)))


def idf(count: int, total: int) -> float:
    """The inverse document frequency of a word, as BM25 has it.

    Args:
        count: the number of texts that hold the word, 0 to `total`.
        total: the number of all texts.

    Returns:
        ln(1 + (total - count + 0.5) / (count + 0.5)), above 0; the rarer the word, the higher.

    Source: Spärck Jones 1972, in the form of Robertson and Zaragoza 2009, with 1 added under the
    logarithm.
    """
    return math.log(1 + (total - count + 0.5) / (count + 0.5))


def _words(text: str) -> Iterator[str]:
    """The words of a text in its order, with repetitions: stemmed, without stop words."""
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
    """All pairs of neighbouring characters, then each Chinese or Japanese character by itself."""
    yield from (first + second for first, second in zip(run, run[1:], strict=False))
    yield from _CHARACTER.findall(run)
