"""The embedder: unit-length vectors, sub-word tokens with their spans, and what fits its window."""

import numpy as np
import pytest

from ftrag_helpers.data.records import Document
from ftrag_helpers.lm import models
from ftrag_helpers.retrieval.chunking import embedding_text
from ftrag_helpers.retrieval.passage_index import Index

TEXT = (
    "The Old Quay branch opens at nine. Maps are lent for eight days. The kettle stands in the"
    " kitchen. "
)


@pytest.mark.model
def test_real_embeddings_are_of_unit_length_and_do_not_depend_on_the_batch():
    sentences = [
        "Tea.",
        TEXT,
        TEXT * 3,
        "Where is the map room?",
        "The map room is upstairs.",
        "",
    ] * 2
    vectors = models.embed(sentences)
    assert vectors.shape == (12, 384) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors == pytest.approx(
        np.concatenate([models.embed([s], batch_size=1) for s in sentences]), abs=1e-5
    )
    assert vectors[3] @ vectors[4] > vectors[3] @ vectors[0] + 0.2, "what is meant alike lies near"
    assert models.embed([]).shape == (0, 384)


@pytest.mark.model
def test_real_word_pieces_stand_where_their_spans_say_and_do_not_depend_on_the_batch():
    texts = [
        "The Gutenblob's lamp.",
        "Otters were seen on four mornings in 2025, under the floor of the mill.",
    ]
    alone, together = models.embed_tokens(texts[:1])[0], models.embed_tokens(texts)
    pieces = [texts[0][a:b] for a, b in alone.spans]
    assert (
        "".join(pieces) == "TheGutenblob'slamp."
        and pieces[0] == "The"
        and pieces[-4:] == ["'", "s", "lamp", "."]
    )
    assert alone.vectors.shape == (len(pieces), 384) and alone.vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(together[1].vectors, axis=1), 1, atol=1e-3)
    assert np.allclose(alone.vectors, together[0].vectors, atol=1e-4)


@pytest.mark.model
def test_what_the_real_embedder_reads_to_its_end_is_told_by_its_window(capfd):
    fits, size = models.embed.fits, models.load_embedder().max_seq_length
    assert (
        fits("word " * (size - 2))
        and not fits("word " * (size - 1))
        and not fits("門" * size)
        and fits("")
    )
    assert "longer than" not in capfd.readouterr().err


@pytest.mark.model
def test_a_fact_at_the_end_of_a_long_sentence_is_found():
    filler = (
        "the committee thanks the members of site {} for their patience, their help and their"
        " cake, "
    )
    long = (
        "".join(filler.format(n) for n in range(40))
        + "and the spare key hangs in the red box behind the pump"
    )
    pages = {"minutes": long, **{f"page {n}": filler.format(n) for n in range(10)}}
    index = Index(models.embed)
    index.add(
        [Document(name, "Allotment", "documents", "all", "", text) for name, text in pages.items()]
    )
    assert all(models.embed.fits(embedding_text(p)) for p in index.passages)
    [[best]] = index.dense(["Where does the spare key hang?"], 1)
    assert best.passage.document_id == "minutes" and "red box" in best.passage.text


@pytest.mark.model
def test_real_word_pieces_end_with_the_window_and_no_text_has_none():
    assert models.embed_tokens([]) == []
    (long,) = models.embed_tokens(["word " * 5000])
    assert len(long.vectors) == len(long.spans) == models.load_embedder().max_seq_length - 2
    (empty,) = models.embed_tokens([""])
    assert empty.vectors.shape == (0, 384) and empty.spans.shape == (0, 2)


@pytest.mark.model
def test_real_words_meet_their_synonyms():
    question, sentence = models.embed_tokens(
        [
            "How long must the lamp cool?",
            "The bulb needs nine minutes before the cover is put back.",
        ]
    )
    best = (question.vectors @ sentence.vectors.T).argmax(axis=1)
    assert sentence.spans[best[4]].tolist() == [4, 8], "lamp meets bulb"
