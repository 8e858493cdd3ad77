"""The answerability classifier on features whose answer is known, and on a library of doubles."""

import numpy as np
import pytest
from doubles import embed, embed_tokens, tiny_language_model

from ftrag_helpers.data.records import Answer, Document, Question
from ftrag_helpers.rag import answerability, answerability_features, retrievers
from ftrag_helpers.retrieval import passage_index, reranking

DOCUMENTS = [
    Document(
        "help-01",
        "3D printer",
        "help desk",
        "all",
        "2025-01-01",
        "The printer costs 8p a gram. The printer is blue.",
    ),
    Document(
        "event-01",
        "Chess club",
        "events",
        "all",
        "2025-01-01",
        "The chess club meets at 18:30. Bring a board.",
    ),
]


@pytest.fixture
def features():
    index = passage_index.Index(embed)
    index.synchronise(DOCUMENTS)
    made = answerability.Features(index, embed)
    retriever = retrievers.Retriever(index, reranking.MaxSimReranker(index, embed_tokens))
    return lambda questions: made(retriever.search(questions))


def named(row):
    return dict(zip(answerability.FEATURES, row, strict=True))


def test_signals_tell_what_was_found_from_what_was_not(features):
    near, far = map(
        named,
        features(
            [
                Question("a", "How much is a gram at the printer?"),
                Question("b", "Who painted the ceiling in Rome?"),
            ]
        ),
    )
    assert near["best sentence"] > far["best sentence"]
    assert near["rare words found"] == 1.0 and far["rare words found"] == 0.0
    assert far["words unknown here"] == 1.0


def test_the_kind_of_answer_is_looked_for(features):
    price, count = map(
        named,
        features(
            [
                Question("a", "How much is a gram at the printer?"),
                Question("b", "How many boards at the chess club?"),
            ]
        ),
    )
    assert (price["kind of answer there"], price["kind of answer missing"]) == (1.0, 0.0)
    assert price["kind of answer there"] + price["kind of answer missing"] == 1.0
    assert count["kind of answer there"] + count["kind of answer missing"] == 1.0


def test_a_word_that_nothing_matches_shows_as_a_gap_that_another_page_may_fill(features):
    told, gap, elsewhere = map(
        named,
        features(
            [
                Question("a", "The printer is blue"),
                Question("b", "The printer is violet"),
                Question("c", "The printer is chess"),
            ]
        ),
    )
    assert told["largest gap"] < 0.1 < 0.3 < gap["largest gap"] and gap["worst piece"] < 0.2
    assert elsewhere["gap filled elsewhere"] > 0.2 > gap["gap filled elsewhere"]
    assert gap["worst piece anywhere"] < 0.2


def test_the_questions_the_classifier_is_fitted_on_are_of_both_kinds_and_none_is_a_test_question():
    chosen = answerability.calibration_questions()
    assert len({q.id for q in chosen}) == len(chosen) == 377
    assert {q.split for q in chosen} == {"train", "validation"} and sum(
        not q.answerable for q in chosen
    ) == 110


@pytest.mark.parametrize("text", ["?", "図書館", "word " * 5000])
def test_odd_questions_have_finite_signals(features, text):
    assert np.isfinite(features([Question("x", text)])).all()


def test_a_classifier_separates_what_can_be_separated():
    rng = np.random.default_rng(0)
    answerable = np.arange(120) % 3 > 0
    seen = rng.normal(size=(120, 2)) + 4 * answerable[:, None]
    fitted = answerability.fit_classifier(seen, answerable, false_refusals=0.05)
    refused = fitted.abstain(seen)
    assert refused[~answerable].mean() > 0.9 and refused[answerable].mean() < 0.1


def test_the_threshold_is_read_off_unseen_questions():
    rng = np.random.default_rng(1)
    answerable = np.arange(200) % 2 > 0
    noise = rng.normal(size=(200, 40))
    fitted = answerability.fit_classifier(noise, answerable, false_refusals=0.2)
    unseen = rng.normal(size=(2000, 40))
    assert (
        abs(fitted.abstain(unseen).mean() - 0.2) < 0.12
    )  # pure noise: about the asked rate, for both kinds


def test_short_and_long_questions_of_both_kinds_weigh_alike():
    short, long = Question("s", "Why so?"), Question("l", "word " * 30)
    questions = [short] * 40 + [long] * 10 + [short] * 10 + [long] * 20
    answerable = np.arange(80) >= 50
    weights = answerability.length_weights(questions, answerable)
    sums = [weights[a:b].sum() for a, b in ((0, 40), (40, 50), (50, 60), (60, 80))]
    assert weights.mean() == pytest.approx(1) and np.allclose(sums, 20)


def test_weights_move_the_threshold():
    rng = np.random.default_rng(2)
    answerable = np.arange(200) % 4 > 0
    seen = rng.normal(size=(200, 3)) + answerable[:, None]
    low = answerable & (seen[:, 0] < 0.5)
    equal, heavy = (
        answerability.fit_classifier(seen, answerable, false_refusals=0.1, weights=weights)
        for weights in (None, np.where(low, 5.0, 1.0))
    )
    assert heavy.abstain(seen[answerable]).mean() < equal.abstain(seen[answerable]).mean()


def test_trade_off_runs_from_no_refusal_to_all():
    curve = answerability.trade_off_curve([0.1, 0.2, 0.8, 0.9], [False, True, False, True])
    assert curve[0][1:] == (0.0, 0.0) and curve[-1][1:] == (1.0, 1.0)
    assert [round(t, 1) for t, *_ in curve[:-1]] == [0.1, 0.2, 0.8, 0.9]


def test_too_few_questions_are_refused():
    with pytest.raises(ValueError, match="ten questions of each kind"):
        answerability.fit_classifier(np.zeros((12, 2)), [True] * 11 + [False])


def test_model_signals_have_one_row_a_question():
    lm = tiny_language_model()
    questions = [Question("a", "Who?"), Question("b", "When?")]
    answers = [Answer("a", "x", logprob=-1.0), Answer("b", "y", logprob=-2.0)]
    found = answerability.model_features(lm, questions, answers)
    assert found.shape == (2, len(answerability_features.MODEL_FEATURES)) and found[
        :, 1
    ].tolist() == [
        -1.0,
        -2.0,
    ]
