"""BM25 against its formula; which words count."""

import numpy as np
import pytest
from shelf import LIBRARY, doc, ids, new_index

from ftrag_helpers.bm25 import query_words, word_scores


def test_bm25_scores_equal_the_formula():
    index = new_index([doc(f"d{n}", text, title="t") for n, text in enumerate(["red red tower", "blue tower tall", "grey"])])
    # Lucene's form: idf = ln(1 + (N − n + 0.5) / (n + 0.5)), k1 = 1.5, b = 0.75; one-letter words are no terms.
    idf, mean = np.log(1 + 2.5 / 1.5), (3 + 3 + 1) / 3
    wanted = idf * 2 / (2 + 1.5 * (0.25 + 0.75 * 3 / mean))
    (hits,) = index.bm25(["red"])
    assert ids([hits]) == [["d0#1"]] and hits[0].score == pytest.approx(wanted, rel=1e-4)


def test_bm25_knows_word_forms_and_leaves_out_what_shares_no_word():
    index = new_index(LIBRARY)
    assert ids(index.bm25(["borrowing a map", "zebra", "tuning pianos"])) == [["maps#1"], [], ["piano#1"]]


def test_the_words_of_a_query_are_stemmed_and_each_counts_once():
    assert query_words("Borrowing the maps, borrowed maps?") == ["borrow", "map"]
    assert query_words("") == query_words("the of and") == []


def test_texts_of_stop_words_alone_score_nothing():
    assert word_scores(["the of", "and"])(["map"]).tolist() == [0, 0]
    assert word_scores(["a map", "tea"])([]).tolist() == [0, 0]
