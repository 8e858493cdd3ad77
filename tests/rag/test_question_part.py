"""The part of a text that asks, and how well it is matched."""

import numpy as np
import pytest

from ftrag_helpers.rag import question_part
from ftrag_helpers.retrieval.maxsim import Match


@pytest.mark.parametrize(
    "text, part",
    [
        ("When do you open?", "When do you open?"),
        ("I am cross. When do you open? Thanks.", "When do you open? "),
        ("Tell me the fee. I wait.", "I wait."),
        ("", ""),
        ("…", "…"),
    ],
)
def test_the_part_that_asks(text, part):
    assert text[slice(*question_part.span(text))] == part


def matched(sentence, spans):
    tokens = np.array(sentence, float)
    same = np.full(len(tokens), 0.25)
    return Match([], [], np.array(spans), same * 2, same, tokens, tokens, tokens)


def test_what_stands_before_the_question_changes_nothing():
    text = "Oh. Why so?"
    [story, asked] = [[0.0, 0.4, 0.8], [0.4, 0.8]]
    spans = [(0, 2), (4, 7), (8, 10)]
    with_story = question_part.features(text, matched(story, spans))
    alone = question_part.features("Why so?", matched(asked, [(0, 3), (4, 6)]))
    assert with_story == alone and len(alone) == len(question_part.NAMES)
    named = dict(zip(question_part.NAMES, alone, strict=True))
    assert named["question, sentence: mean"] == pytest.approx(0.6)
    assert named["question, sentence: 0.10 quantile"] == 0.4
    assert named["question, sentence: below 0.5"] == 0.5


def test_a_question_without_tokens_has_features():
    empty = Match([], [], np.zeros((0, 2)), *[np.zeros(0)] * 5)
    assert question_part.features("?", empty) == [0.0] * len(question_part.NAMES)
