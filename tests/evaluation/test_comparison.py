from dataclasses import replace

import pytest
from doubles import embed, embed_tokens, scripted_language_model

from ftrag_helpers.data.records import Document, Hit, Passage, Question, Reference
from ftrag_helpers.evaluation import comparison, fine_tuned
from ftrag_helpers.evaluation.systems import System
from ftrag_helpers.rag import retrievers
from ftrag_helpers.retrieval import passage_index, reranking

DOCUMENTS = [
    Document(
        "help-01",
        "3D printer",
        "help desk",
        "weir-street",
        "2025-01-01",
        "The printer melts plastic. The printer costs 8p a gram.",
    ),
    Document(
        "event-01",
        "Chess club",
        "events",
        "central",
        "2025-01-01",
        "The chess club meets on Tuesdays. The chess club is free.",
    ),
    Document(
        "event-02",
        "Choir",
        "events",
        "heron",
        "2025-01-01",
        "The choir sings on the bus. The choir has no printer.",
    ),
]
PRICE = Question(
    "q1",
    "How much is a gram at the printer?",
    reference=Reference(
        "8p a gram", ("8p a gram",), "", ("help-01",), ("The printer costs 8p a gram.",)
    ),
)
SONG = Question(
    "q2",
    "Where does the choir sing, and what is a gram?",
    kind="two",
    reference=Reference(
        "on the bus",
        ("on the bus",),
        "",
        ("event-02", "help-01"),
        ("The choir sings on the bus.", "The printer costs 8p a gram."),
    ),
)


def hits(*texts):
    return [Hit(Passage(t, "x", "", "", "", "", t), 1.0, n) for n, t in enumerate(texts, start=1)]


@pytest.fixture
def parts():
    index = passage_index.Index(embed)
    index.add(DOCUMENTS)
    return index, reranking.MaxSimReranker(index, embed_tokens)


@pytest.mark.parametrize(
    "found, texts",
    [
        (["a", "The printer costs 8p a gram.", "b"], ["a", "The printer costs 8p a gram.", "b"]),
        (["a", "b", "c"], ["The printer costs 8p a gram.", "a", "b"]),
        (["a"], ["The printer costs 8p a gram."]),
    ],
)
def test_the_supporting_sentence_is_always_among_what_is_read_and_the_number_stays(found, texts):
    assert comparison.with_support(PRICE, hits(*found)) == texts


class Brings:
    """A retriever that brings the same hits for every question."""

    def __init__(self, hits):
        self._hits = tuple(hits)

    def search(self, questions):
        return [retrievers.SearchTrace(q.text, self._hits) for q in questions]


def test_two_supports_crowd_out_the_worst():
    assert comparison.with_support(SONG, hits("a", "b", "The choir sings on the bus.")) == [
        "The printer costs 8p a gram.",
        "a",
        "The choir sings on the bus.",
    ]


def test_the_reader_learns_to_copy_a_sentence_that_it_reads(parts):
    [read] = fine_tuned.reading_examples([PRICE], retrievers.Retriever(*parts, sentences=2))
    assert read.response == "The printer costs 8p a gram."
    assert read.response in read.prompt[0]["content"]


def test_the_oracle_knows_where_a_missing_sentence_comes_from():
    among = comparison.OracleAmong(DOCUMENTS, Brings(hits("a", "b")))
    found = among.search([PRICE])[0].hits
    assert [h.passage.text for h in found] == ["The printer costs 8p a gram.", "a"]
    assert found[0].passage.document_id == "help-01" and [h.rank for h in found] == [1, 2]


@pytest.mark.parametrize("count", [1, 7, 240])
def test_training_questions_are_spread_answerable_and_of_the_training_split(count):
    chosen = fine_tuned.training_questions(count)
    assert len({q.id for q in chosen}) == count
    assert all(q.answerable and q.split == "train" for q in chosen)


def test_more_training_questions_than_there_are_gives_all():
    everything = fine_tuned.training_questions(10**6)
    assert len({q.id for q in everything}) == len(everything) > 900


def test_the_comparison_on_other_documents_asks_four_systems(monkeypatch):
    monkeypatch.setattr(comparison.models, "embed", embed)
    monkeypatch.setattr(comparison.models, "embed_tokens", embed_tokens)
    monkeypatch.setattr(comparison, "MAX_NEW_TOKENS", 12)  # the double has a window of 256 bytes
    lm = scripted_language_model("8p a gram")
    asked = [replace(PRICE, split="test"), replace(SONG, split="train")]
    rows = comparison.compare(lm, lm, DOCUMENTS, asked, progress=False)
    assert list(rows.system) == [
        System.CLOSED_BOOK,
        System.NO_MODEL,
        System.ONE_SENTENCE,
        System.TUNED_READER,
    ]
    assert set(rows.id) == {"q1"} and rows.correct[:2].all(), "longer prompts fill its window"
    assert [len(read) for read in rows["read"]] == [0, 1, 1, comparison.SENTENCES]


def test_names_of_systems_differ():
    assert len({str(name) for name in System}) == len(System)
