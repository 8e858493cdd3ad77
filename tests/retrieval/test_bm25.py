"""BM25 against its formula; which words count."""

import numpy as np
import pytest
from shelf import LIBRARY, doc, ids, new_index

from ftrag_helpers.retrieval.bm25 import query_words, word_scores


def test_bm25_scores_equal_the_formula():
    index = new_index(
        [
            doc(f"d{n}", text, title="t")
            for n, text in enumerate(["red red tower", "blue tower tall", "grey"])
        ]
    )
    # Lucene's form: idf = ln(1 + (N − n + 0.5) / (n + 0.5)), k1 = 1.5, b = 0.75; the title "t" is
    # no part of a text's length.
    idf, mean = np.log(1 + 2.5 / 1.5), (3 + 3 + 1) / 3
    wanted = idf * 2 / (2 + 1.5 * (0.25 + 0.75 * 3 / mean))
    (hits,) = index.bm25(["red"])
    assert ids([hits]) == [["d0#1"]] and hits[0].score == pytest.approx(wanted, rel=1e-4)


def test_bm25_knows_word_forms_and_leaves_out_what_shares_no_word():
    index = new_index(LIBRARY)
    assert ids(index.bm25(["borrowing a map", "zebra", "tuning pianos"])) == [
        ["maps#1"],
        [],
        ["piano#1"],
    ]


def test_the_words_of_a_query_are_stemmed_and_each_counts_once():
    assert query_words("Borrowing the maps, borrowed maps?") == ["borrow", "map"]
    assert query_words("") == query_words("the of and") == []


def test_texts_of_stop_words_alone_score_nothing():
    assert word_scores(["the of", "and"])(["map"]).tolist() == [0, 0]
    assert word_scores(["a map", "tea"])([]).tolist() == [0, 0]


@pytest.mark.parametrize(
    "text, words",
    [
        ("Bay 5, Bay ５ and Plan B.", ["bay", "5", "plan", "b"]),
        ("What is vitamin A?", ["what", "vitamin", "a"]),
        ("A bay of a plan I know", ["bay", "plan", "know"]),
        ("Who drew A Keel of Ash?", ["who", "drew", "keel", "ash"]),
        ("It's Bert's, I'm sure, d'you see?", ["bert", "sure", "you", "see"]),
        ("l'eau d’un puits", ["eau", "un", "puit"]),
        ("an e-mail of 3,000 words at 5:30 or 1.5", ["mail", "000", "word", "30"]),
        ("Участок Б, ряд 7", ["участок", "б", "ряд", "7"]),
        ("鍵は5番", ["鍵は", "鍵", "は", "5", "番"]),
        ("ประตู", ["ปร", "ระ", "ะต", "ตู"]),
        ("फाटक की चाबी", ["फाटक", "की", "चाबी"]),
        ("cafe\u0301", ["café"]),
        ("열쇠는 상자에", ["열쇠는", "상자에"]),
    ],
)
def test_words_of_one_character_and_of_every_script_count(text, words):
    assert query_words(text) == words


@pytest.mark.parametrize(
    "texts, question",
    [
        (
            ["Bay 4 holds the hoses.", "Bay 5 holds the spades.", "Bay 6 holds the forks."],
            "What stands in bay 5?",
        ),
        (
            ["Plan A is for rain.", "Plan B is for snow.", "Plan C is for wind."],
            "When is plan b used?",
        ),
        (
            ["赤い箱に水があります。", "鍵は青い箱にあります。", "門は六時に開きます。"],
            "鍵はどこですか",
        ),
        (["ประตูเปิดหกโมง", "กุญแจอยู่ในกล่อง", "น้ำอยู่ในบ่อ"], "กุญแจอยู่ไหน"),
    ],
)
def test_the_one_character_that_tells_texts_apart_decides(texts, question):
    assert word_scores(texts)(query_words(question)).argmax() == 1


def test_words_of_one_character_change_no_score_of_a_query_without_one():
    texts = ["The red door is open.", "A blue door.", "Red and grey."]
    numbered = ["The red door 5 is open, 6, 7.", "A blue door 8.", "Red and grey."]
    assert np.array_equal(
        word_scores(texts)(["red", "door"]), word_scores(numbered)(["red", "door"])
    )
