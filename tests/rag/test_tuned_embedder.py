"""Pairs to train an embedder on, and the tuned embedder kept by its content."""

import numpy as np
import pytest

from ftrag_helpers.data.records import Document, Question, Reference
from ftrag_helpers.lm import models
from ftrag_helpers.rag import tuned_embedder

PAGE = Document("a", "Hours", "help", "all", "2025-01-01", "We open at nine. We shut at five.")
ASKED = Question(
    "q", "When?", reference=Reference("nine", ("nine",), "", ("a",), ("We open at nine.",))
)


def test_a_pair_is_a_question_and_a_sentence_behind_its_title():
    pairs = tuned_embedder.training_pairs([ASKED, Question("x", "Why?")], [PAGE])
    assert pairs == [("When?", "Hours. We open at nine.")]


def shifted(model, pairs):
    """A "training" that changes one weight."""
    import torch

    with torch.no_grad():
        next(model.parameters()).view(-1)[0] += len(pairs)
    return model


@pytest.mark.model
def test_the_same_training_is_done_once_and_damage_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setenv("FTRAG_COMPUTE_CACHE", "on")
    monkeypatch.setattr(tuned_embedder.result_store, "folder", lambda: tmp_path)
    pairs = [("When?", "Hours. We open at nine.")]
    first, again = (tuned_embedder.train_once(shifted, pairs) for _ in range(2))
    assert not first.from_cache and again.from_cache and again.seconds == first.seconds
    weights = [next(made.model.parameters()).detach().numpy() for made in (first, again)]
    np.testing.assert_array_equal(*weights)
    assert not tuned_embedder.train_once(shifted, pairs * 2).from_cache
    for file in tmp_path.rglob("model.safetensors"):
        file.write_bytes(file.read_bytes()[:-1] + b"\x7f")
    assert not tuned_embedder.train_once(shifted, pairs).from_cache


@pytest.mark.model
def test_another_embedder_has_its_own_functions():
    tuned = shifted(models.fresh_embedder(), [None] * 3)
    embed, embed_tokens = models.functions_of(tuned)
    assert embed.fits("short") and not embed.fits("word " * 600)
    assert embed(["a door"]).shape == (1, 384) and embed([]).shape == (0, 384)
    [tokens] = embed_tokens(["a door"])
    assert tokens.vectors.shape == (2, 384)
