"""Sentences and passages: where a text is cut, and that nothing is lost."""

from dataclasses import replace

import pytest
from shelf import LIBRARY, doc, numbered

from ftrag_helpers.retrieval.chunking import chunk, embedding_text
from ftrag_helpers.text.sentences import split_sentences

SENTENCES = [
    ("Ask Dr. Brandt. She knows.", ["Ask Dr. Brandt.", "She knows."]),
    ("Bus No. 4 stops here. It is free.", ["Bus No. 4 stops here.", "It is free."]),
    ("Bring a drink, e.g. tea. Cups are here.", ["Bring a drink, e.g. tea.", "Cups are here."]),
    ("A drink, e.g. Earl Grey, is fine.", ["A drink, e.g. Earl Grey, is fine."]),
    (
        "The door shuts at 5.30 p.m. The lift stops at 5.",
        ["The door shuts at 5.30 p.m.", "The lift stops at 5."],
    ),
    (
        "The talk is at 17.30 and costs £2.50. £3 buys tea.",
        ["The talk is at 17.30 and costs £2.50.", "£3 buys tea."],
    ),
    ("Is it open? Yes! 12 rooms are.", ["Is it open?", "Yes!", "12 rooms are."]),
    ('She asked. "Dune" is in. “Emma” is out.', ["She asked.", '"Dune" is in.', "“Emma” is out."]),
    ("See ftrag.example for more. Ask.", ["See ftrag.example for more.", "Ask."]),
    ("A heading without a stop\n\nThen text.", ["A heading without a stop", "Then text."]),
    (
        "Mr. and Mrs. Ames sat on St. Anne's Road, approx. 40 in all.",
        ["Mr. and Mrs. Ames sat on St. Anne's Road, approx. 40 in all."],
    ),
    ("  One.  Two.\nThree.  ", ["One.", "Two.", "Three."]),
    ("no stop at all", ["no stop at all"]),
    ("", []),
    (" \n\n ", []),
    ("図書館です。", ["図書館です。"]),
    pytest.param('He said "Go." Then he left.', ['He said "Go."', "Then he left."]),
    pytest.param("It is old (see above.) Ask.", ["It is old (see above.)", "Ask."]),
    pytest.param("A book by J. R. Ames is here.", ["A book by J. R. Ames is here."]),
]


@pytest.mark.parametrize("text, expected", SENTENCES)
def test_sentences(text, expected):
    assert split_sentences(text) == expected


def test_chunks_are_short_enough_lose_nothing_and_overlap():
    document = doc("long", numbered(20))
    passages = chunk(document, words=30, overlap=1)
    assert all(len(p.text.split()) <= 30 for p in passages)
    assert [p.id for p in passages] == [f"long#{n}" for n in range(1, len(passages) + 1)]
    cut = [split_sentences(p.text) for p in passages]
    assert all(after[0] == before[-1] for before, after in zip(cut, cut[1:], strict=False))
    assert list(dict.fromkeys(s for sentences in cut for s in sentences)) == split_sentences(
        document.text
    )
    assert {(p.document_id, p.title, p.shelf, p.branch, p.date) for p in passages} == {
        ("long", "Long", "help", "central", "2025-01-01")
    }


def test_chunks_without_overlap_are_the_document():
    document = doc("long", numbered(20))
    passages = chunk(document, words=30, overlap=0)
    assert " ".join(p.text for p in passages) == document.text and len(passages) == 7
    assert len(chunk(document, words=10_000)) == 1 and chunk(replace(document, text=" ")) == []


def test_a_sentence_that_is_too_long_stands_alone():
    long = "This " + "very " * 50 + "long one ends."
    passages = chunk(doc("x", f"Short one. {long} Short two."), words=20, overlap=1)
    assert [p.text for p in passages] == ["Short one.", long, "Short two."]


def few(text):
    """An embedder's window of 60 characters."""
    return len(text) <= 60


@pytest.mark.parametrize(
    "text",
    [
        (
            "The gate is shut from October on, but for those who hold a brass key, and the key is"
            " with Odile in the Clock Hut."
        ),
        "門は十月から閉まりますが、真鍮の鍵を持つ人は入れます、"
        "そして鍵は時計小屋のオディールさんが持っています。" * 3,
        "One. Two and three, four and five. " * 9,
        "x" * 200,
    ],
)
def test_no_passage_is_longer_than_the_embedder_reads(text):
    document = doc("page", text, title="Gate")
    passages = chunk(document, fits=few)
    assert all(few(embedding_text(p)) for p in passages) and len(passages) > 1
    assert text.split()[-1][-8:] in passages[-1].text
    assert "".join(
        "".join(p.text for p in chunk(document, fits=few, overlap=0)).split()
    ) == "".join(text.split())


def test_what_an_embedder_reads_to_its_end_is_cut_as_ever():
    document = doc("long", numbered(20))
    assert chunk(document, fits=lambda text: True) == chunk(document)
    assert chunk(document, fits=lambda text: False) == chunk(document), (
        "the title alone is too long: no cut would help"
    )


def test_characters_of_scripts_without_spaces_count_as_half_a_word():
    passages = chunk(doc("page", "門は朝六時に開きます。鍵は赤い箱にあります。" * 20))
    assert len(passages) == 3 and all(len(p.text) <= 200 for p in passages)


@pytest.mark.parametrize("sizes", [{"words": 0}, {"overlap": -1}])
def test_impossible_sizes_are_errors(sizes):
    with pytest.raises(ValueError, match="at least"):
        chunk(LIBRARY[0], **sizes)
