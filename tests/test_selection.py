"""The sentences chosen for a question: the right ones, each embedded once, following the index."""

from doubles import CountingEmbed, embed
from shelf import LIBRARY, doc, new_index, numbered

from ftrag_helpers.records import Document
from ftrag_helpers.retrieval import Index
from ftrag_helpers.selection import SentenceSelector


def test_the_best_sentence_is_the_one_that_shares_the_words():
    index = new_index(LIBRARY)
    questions = ["how many days may a map be borrowed", "what costs a page"]
    found = SentenceSelector(index, embed)(questions, index.hybrid(questions, 3), n=2)
    assert [hits[0].passage.text for hits in found] == ["A map may be borrowed for eight days.", "A page costs 20p."]
    assert [hit.rank for hit in found[0]] == [1, 2] and found[0][0].score >= found[0][1].score
    assert found[0][0].passage.document_id == "maps"


def test_sentences_that_passages_share_count_once_and_are_embedded_once():
    counting = CountingEmbed()
    index = new_index([doc("long", numbered(12))], words=30)
    select = SentenceSelector(index, counting)
    hits = index.dense(["Sentence 3"], 9)
    (found,) = select(["Sentence 3"], hits, n=99)
    assert len({hit.passage.text for hit in found}) == len(found) == 12
    before = len(counting.seen)
    assert before == 12 + 1
    select(["Sentence 4"], hits, n=1)
    assert len(counting.seen) == before + 1, "only the new question"


def test_sentence_selection_without_hits_and_of_passages_added_later():
    index = new_index(LIBRARY)
    select = SentenceSelector(index, embed)
    assert select(["tea"], [[]]) == [[]] and select([], []) == []
    index.add([doc("attic", "The attic has a telescope.")])
    assert select(["telescope"], index.dense(["telescope"], 1))[0][0].passage.text == "The attic has a telescope."
    assert SentenceSelector(new_index(), embed)(["tea"], [[]]) == [[]]


def test_the_sentence_selector_follows_a_changed_index():
    index = new_index([Document("a-01", "Fees", "policies", "all", "2025-01-01", "A card costs £12 a year. Cards are blue.")])
    select = SentenceSelector(index, embed)
    changed = Document("a-01", "Fees", "policies", "all", "2026-01-01", "A visitor card costs £15 a year. Cards are blue.")
    index.add([changed])
    [[best]] = select(["What does a visitor card cost a year?"], index.search(["visitor card"], 5), 1)
    [[same]] = SentenceSelector(index, embed)(["What does a visitor card cost a year?"], index.search(["visitor card"], 5), 1)
    assert best.passage.text == "A visitor card costs £15 a year." and best.score == same.score
