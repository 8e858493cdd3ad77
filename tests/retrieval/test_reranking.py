"""Late interaction: scores that can be worked out by hand, each passage embedded once, following
the index.
"""

import numpy as np
import pytest
from doubles import Counting, embed_tokens
from shelf import LIBRARY, doc, new_index, numbered

from ftrag_helpers.data.records import Document, TokenEmbeddings
from ftrag_helpers.retrieval.chunking import embedding_text
from ftrag_helpers.retrieval.reranking import MaxSimReranker


def selector(documents, **options):
    index = new_index(documents, **options)
    return index, MaxSimReranker(index, embed_tokens)


def test_the_best_sentence_is_the_one_that_shares_the_words():
    index, reranker = selector(LIBRARY)
    questions = ["how many days may a map be borrowed", "what costs a page"]
    found = reranker(questions, index.hybrid(questions, 3), n=2)
    assert [hits[0].passage.text for hits in found] == [
        "A map may be borrowed for eight days.",
        "A page costs 20p.",
    ]
    assert [hit.rank for hit in found[0]] == [1, 2] and found[0][0].score >= found[0][1].score
    assert found[0][0].passage.document_id == "maps"


def test_the_score_is_half_the_sentence_with_its_title_and_half_the_passage():
    index, reranker = selector([doc("a", "Tea is free. Milk costs money.", title="Kitchen")])
    (match,) = reranker.matches(["tea kitchen milk free"], index.dense(["tea"], 1))
    best = {hit.passage.text: hit.score for hit in match.hits}
    assert best["Tea is free."] == pytest.approx(
        (3 / 4 + 1) / 2, abs=0.02
    )  # milk stands elsewhere in the passage
    assert match.sentence == pytest.approx(
        [1, 1, 0, 1], abs=0.05
    ) and match.passage == pytest.approx([1] * 4)
    assert match.passages[0].score == match.hits[0].score


def test_scores_agree_with_the_plain_definition():
    index, reranker = selector(LIBRARY)
    question = "who may borrow a map on Mondays in spring?"
    (match,) = reranker.matches([question], index.dense([question], 5))
    (asked,) = embed_tokens([question])
    for hit in match.hits:
        whole = next(p for p in index.passages if hit.passage.text in p.text)
        parts = [
            embed_tokens([text])[0].vectors
            for text in (f"{whole.title}. {hit.passage.text}", embedding_text(whole))
        ]
        in_sentence, in_passage = ((asked.vectors @ vectors.T).max(axis=1) for vectors in parts)
        assert hit.score == pytest.approx(
            float(match.weights @ (in_sentence + in_passage) / 2), abs=1e-5
        )


def test_rare_words_weigh_more_and_a_word_shares_its_weight_among_its_pieces():
    def halves(texts):
        return [
            TokenEmbeddings(np.repeat(p.spans, 2, axis=0), np.repeat(p.vectors, 2, axis=0))
            for p in embed_tokens(texts)
        ]

    index = new_index(LIBRARY)
    question = "the unheard piano"
    (whole,) = MaxSimReranker(index, embed_tokens).matches([question], index.dense([question], 5))
    (halved,) = MaxSimReranker(index, halves).matches([question], index.dense([question], 5))
    assert whole.weights.sum() == pytest.approx(1) and list(np.argsort(whole.weights)) == [0, 2, 1]
    assert whole.idf[1] == 1.0 > whole.idf[2] > whole.idf[0]
    assert halved.weights[::2] + halved.weights[1::2] == pytest.approx(whole.weights)
    assert [h.score for h in halved.hits] == pytest.approx([h.score for h in whole.hits], abs=1e-6)


def test_passages_are_ranked_by_their_best_sentence():
    index, reranker = selector(LIBRARY)
    [found] = reranker.passages(["when is the piano tuned"], index.dense(["tea"], 5), 2)
    assert [hit.passage.document_id for hit in found][0] == "piano" and [
        hit.rank for hit in found
    ] == [1, 2]


def test_sentences_that_passages_share_count_once_and_passages_are_embedded_once():
    counting = Counting(embed_tokens)
    index = new_index([doc("long", numbered(12))], words=30)
    reranker = MaxSimReranker(index, counting)
    hits = index.dense(["Sentence 3"], 9)
    (found,) = reranker(["Sentence 3"], hits, n=99)
    assert len({hit.passage.text for hit in found}) == len(found) == 12
    before = len(counting.seen)
    assert before == len(hits[0]) + 1
    reranker(["Sentence 4"], hits, n=1)
    assert len(counting.seen) == before + 1, "only the new question"


def test_what_lies_beyond_the_window_of_the_embedder_is_passed_over():
    def window(texts):
        return [TokenEmbeddings(p.spans[:6], p.vectors[:6]) for p in embed_tokens(texts)]

    index = new_index([doc("a", "Tea is free. Milk costs money.")])
    (match,) = MaxSimReranker(index, window).matches(["milk"], index.dense(["milk"], 1))
    assert [hit.passage.text for hit in match.hits] == ["Tea is free."]


def test_selection_without_hits_without_words_and_of_passages_added_later():
    index, reranker = selector(LIBRARY)
    assert (
        reranker(["tea"], [[]]) == [[]]
        and reranker([], []) == []
        and reranker.passages(["tea"], [[]]) == [[]]
    )
    (match,) = reranker.matches(["tea"], [[]])
    assert match.hits == [] and match.anywhere.tolist() == [0.0]
    assert len(reranker([""], index.dense(["tea"], 2))[0]) == 1
    index.add([doc("attic", "The attic has a telescope.")])
    assert (
        reranker(["telescope"], index.dense(["telescope"], 1))[0][0].passage.text
        == "The attic has a telescope."
    )
    assert MaxSimReranker(new_index(), embed_tokens)(["tea"], [[]]) == [[]]


def test_the_selector_follows_a_changed_index():
    index, reranker = selector(
        [
            Document(
                "a-01",
                "Fees",
                "policies",
                "all",
                "2025-01-01",
                "A card costs £12 a year. Cards are blue.",
            )
        ]
    )
    changed = Document(
        "a-01",
        "Fees",
        "policies",
        "all",
        "2026-01-01",
        "A visitor card costs £15 a year. Cards are blue.",
    )
    index.add([changed])
    [[best]] = reranker(
        ["What does a visitor card cost a year?"], index.search(["visitor card"], 5), 1
    )
    [[same]] = MaxSimReranker(index, embed_tokens)(
        ["What does a visitor card cost a year?"], index.search(["visitor card"], 5), 1
    )
    assert best.passage.text == "A visitor card costs £15 a year." and best.score == same.score
