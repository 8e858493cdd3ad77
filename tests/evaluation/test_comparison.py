import pytest
from doubles import embed, embed_tokens, scripted_language_model

from ftrag_helpers.data.records import Document, Hit, Passage, Question, Reference
from ftrag_helpers.evaluation import comparison
from ftrag_helpers.evaluation.systems import System
from ftrag_helpers.journal import reference_runs
from ftrag_helpers.rag import prompts, retrievers
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


def test_both_students_learn_the_same_words_and_only_one_reads(parts):
    [closed] = comparison.closed_book_examples([PRICE])
    [read] = comparison.reading_examples([PRICE], retrievers.Retriever(*parts, sentences=2))
    assert closed.response == read.response == "The printer costs 8p a gram."
    assert "8p" not in closed.prompt[0]["content"] and "8p" in read.prompt[0]["content"]


def test_the_oracle_knows_where_a_missing_sentence_comes_from():
    among = comparison.OracleAmong(DOCUMENTS, Brings(hits("a", "b")))
    found = among.search([PRICE])[0].hits
    assert [h.passage.text for h in found] == ["The printer costs 8p a gram.", "a"]
    assert found[0].passage.document_id == "help-01" and [h.rank for h in found] == [1, 2]


@pytest.mark.slow
def test_every_system_answers_under_its_name(parts, monkeypatch):
    monkeypatch.setattr(comparison, "MAX_NEW_TOKENS", 12)  # the double has a window of 256 bytes
    lm = scripted_language_model("8p a gram")
    systems = comparison.systems(
        lm, {"closed book": lm, "reader": lm, "house style": lm}, DOCUMENTS, *parts
    )
    assert list(systems) == list(System)[:9]
    for name, answer in systems.items():
        [said] = answer([PRICE])
        assert bool(said.hits) == ("closed book" not in name), name


def test_the_house_style_adapter_is_asked_in_the_words_of_its_instructions():
    [message] = prompts.house_reply("How much?", ["8p.", "A gram."])
    assert message["content"] == f"How much? Facts: 8p. A gram.\n\n{prompts.HOUSE_REPLY}"


@pytest.mark.parametrize("count", [1, 7, 240])
def test_training_questions_are_spread_answerable_and_of_the_training_split(count):
    chosen = comparison.training_questions(count)
    assert len({q.id for q in chosen}) == count
    assert all(q.answerable and q.split == "train" for q in chosen)


def test_more_training_questions_than_there_are_gives_all():
    everything = comparison.training_questions(10**6)
    assert len({q.id for q in everything}) == len(everything) > 900


def test_reworded_facts_ask_for_what_was_trained_in_other_words():
    training = comparison.training_questions()
    others = comparison.reworded_facts(training)
    assert len(others) >= 12 and len({q.fact for q in others}) == len(others)
    assert {q.fact for q in others} <= {q.fact for q in training}
    assert not {q.text for q in others} & {q.text for q in training}


def test_the_shipped_results_are_of_systems_by_their_names_and_in_their_order():
    names = [row["system"] for row in reference_runs.load("systems")]
    assert len(names) == 9 and names == list(System)[:9]
