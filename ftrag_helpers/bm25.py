"""BM25: search by the words that a question and a text share. `bm25s` does the arithmetic, PyStemmer the word forms.

Level 0. What it leaves out: passages and filters (`retrieval`).
"""

import math
from collections.abc import Callable, Sequence

import numpy as np


def word_scores(texts: Sequence[str]) -> Callable[[Sequence[str]], np.ndarray]:
    """A function from the words of a query to the BM25 score of every text; shape (texts,).

    Source: Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond".
    """
    import bm25s

    tokens = _tokens(texts)
    if not any(len(ids) for ids in tokens.ids):  # bm25s cannot index texts of stop words alone
        return lambda words: np.zeros(len(texts))
    index = bm25s.BM25()
    index.index(tokens, show_progress=False)
    return lambda words: index.get_scores(list(words)) if words else np.zeros(len(texts))


def query_words(text: str) -> list[str]:
    """The words of a query that count, each once: stemmed, without stop words, in the order of the text.

    As words, not ids: bm25s numbers the words of each call by itself.
    """
    tokens = _tokens([text])
    names = {number: word for word, number in tokens.vocab.items()}
    return list(dict.fromkeys(names[number] for number in tokens.ids[0]))


def rarity(count: int, total: int) -> float:
    """The inverse document frequency of a word that `count` of `total` texts hold, as BM25 has it; never below 0.

    Source: Spärck Jones 1972, in the form of Robertson and Zaragoza 2009, with 1 added under the logarithm.
    """
    return math.log(1 + (total - count + 0.5) / (count + 0.5))


def _tokens(texts: Sequence[str]):
    import bm25s
    import Stemmer

    return bm25s.tokenize(list(texts), stopwords="en", stemmer=Stemmer.Stemmer("english"), show_progress=False)
