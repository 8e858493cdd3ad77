import math

import numpy as np
import pytest

from ftrag_helpers.journal.decision import utility
from ftrag_helpers.journal.decision.utility import Figure

QUESTIONS = tuple(f"q{n}" for n in range(20))


def scored(right, questions=QUESTIONS):
    scores = tuple(float(n < right) for n in range(len(questions)))
    return Figure(right / len(questions), scores=scores, questions=questions)


def test_a_utility_is_the_share_or_lies_on_the_scale_of_its_measure():
    table = utility.utilities(
        {
            "a": {
                "right": Figure(0.6),
                "seconds an answer": Figure(1.0),
                "seconds to prepare": Figure(60.0),
                "labelled examples": Figure(0),
            },
            "b": {"style": Figure(0.25), "seconds an answer": Figure(30.0)},
        }
    )
    assert list(table.columns) == list(utility.CRITERIA)
    assert table.loc["a", ["quality", "cost", "effort"]].tolist() == pytest.approx([0.6, 0.5, 0.75])
    assert table.loc["b", ["form", "cost"]].tolist() == [0.25, 0]


def test_what_was_not_measured_is_absent_and_not_zero():
    found = {
        "a": {"right": Figure(0.6)},
        "b": {"right": Figure(0.5), "style": Figure(0.0), "seconds to prepare": Figure(1.0)},
    }
    table = utility.utilities(found)
    assert math.isnan(table.loc["a", "form"]) and table.loc["b", "form"] == 0
    # Half of what effort is made of is known, and privacy never is.
    assert table.effort.isna().all() and table.privacy.isna().all()
    ranking = utility.wins(found, {"quality": 1, "form": 1}).set_index("choice")
    assert ranking.loc["a", "not measured"] == "form"
    assert ranking.loc["a", ["mean utility", "low", "high", "share of draws won"]].isna().all()
    assert ranking.loc["b", "share of draws won"] == 1 and ranking.index[0] == "b"
    # Without a weight the gap does not matter.
    assert utility.wins(found, {"quality": 1}).choice[0] == "a"


def test_contributions_sum_to_the_utility_and_weights_are_relative():
    found = {"a": {"right": Figure(0.6), "style": Figure(0.2)}}
    parts = utility.contributions(found, {"quality": 3, "form": 1})
    assert parts.loc["a"].to_dict() == pytest.approx({"quality": 0.45, "form": 0.05})
    assert utility.wins(found, {"quality": 3, "form": 1})["mean utility"][0] == pytest.approx(0.5)
    less = utility.contributions(found, {"quality": 1.5, "form": 0.5})
    assert np.allclose(parts, less)


def test_a_criterion_that_no_choice_was_measured_by_decides_nothing_and_is_named():
    found = {"a": {"right": Figure(0.6)}, "b": {"right": Figure(0.5)}}
    weights = {"quality": 2, "privacy": 5, "freshness": 1}
    assert utility.undecided(found, weights) == ["freshness", "privacy"]
    assert list(utility.contributions(found, weights)) == ["quality"]
    assert utility.wins(found, weights).choice[0] == "a"


def test_questions_are_resampled_in_pairs():
    # a is right wherever b is, and on one question more: b only ties, where that one is not drawn.
    ranking = utility.wins({"b": {"right": scored(10)}, "a": {"right": scored(11)}}, {"quality": 1})
    tied = (1 - 1 / 20) ** 20
    assert list(ranking.choice) == ["a", "b"]
    assert ranking["share of draws won"].tolist() == pytest.approx(
        [1 - tied / 2, tied / 2], abs=0.02
    )
    # Asked other questions, the same shares settle much less.
    others = tuple(f"other {n}" for n in range(20))
    apart = utility.wins(
        {"b": {"right": scored(10, others)}, "a": {"right": scored(11)}}, {"quality": 1}
    )
    assert 0.5 < apart["share of draws won"][0] < 0.75


def test_measures_of_the_same_questions_are_drawn_together():
    # Right exactly where the style is missing: each draw's sum is 1, whatever is drawn.
    scores = tuple(float(n < 7) for n in range(20))
    a = {
        "right": Figure(0.35, scores=scores, questions=QUESTIONS),
        "style": Figure(0.65, scores=tuple(1 - s for s in scores), questions=QUESTIONS),
    }
    [row] = utility.wins({"a": a}, {"quality": 1, "form": 1}).itertuples()
    assert (row.low, row.high) == pytest.approx((0.5, 0.5))


def test_the_interval_of_resampled_scores_is_the_bootstraps():
    from ftrag_helpers.evaluation import metrics

    figure = scored(12)
    [row] = utility.wins({"a": {"right": figure}}, {"quality": 1}).itertuples()
    assert (row.low, row.high) == pytest.approx(metrics.bootstrap_interval(figure.scores), abs=0.06)


def test_a_kept_figure_is_drawn_from_its_interval():
    [row] = utility.wins({"a": {"right": Figure(0.5, 0.3, 0.9)}}, {"quality": 1}).itertuples()
    assert (row.low, row.high) == pytest.approx((0.3, 0.9), abs=0.02)
    [row] = utility.wins({"a": {"right": Figure(0.5)}}, {"quality": 1}).itertuples()
    assert row.low == row.high == 0.5
    # A share stays one, however wide its interval.
    [row] = utility.wins({"a": {"right": Figure(0.0, 0.0, 0.2)}}, {"quality": 1}).itertuples()
    assert row.low == 0 and row.high == pytest.approx(0.2, abs=0.02)


def test_equal_choices_share_the_draws_and_the_same_seed_gives_the_same():
    found = {name: {"right": scored(8)} for name in "abc"}
    ranking = utility.wins(found, {"quality": 5})
    assert ranking["share of draws won"].tolist() == pytest.approx([1 / 3] * 3)
    found["d"] = {"right": Figure(0.4, 0.3, 0.5)}
    assert utility.wins(found, {"quality": 5}).equals(utility.wins(found, {"quality": 5}))
    assert utility.wins(found, {"quality": 5})["share of draws won"].sum() == pytest.approx(1)
    assert not utility.wins(found, {"quality": 5}).equals(
        utility.wins(found, {"quality": 5}, seed=1)
    )


@pytest.mark.parametrize(
    "weights, words",
    [
        ({"beauty": 1}, "no criterion 'beauty'"),
        ({"quality": 6}, "quality weighs 6"),
        ({"quality": -1}, "from 0 to 5"),
        ({"quality": float("nan")}, "from 0 to 5"),
        ({}, "nothing that was measured has a weight"),
        ({"privacy": 5}, "nothing that was measured has a weight"),
    ],
)
def test_weights_that_cannot_be_are_told(weights, words):
    with pytest.raises(ValueError, match=words):
        utility.wins({"a": {"right": Figure(0.5)}}, weights)


def test_figures_that_cannot_be_are_told():
    with pytest.raises(ValueError, match="leave it out"):
        Figure(float("nan"))
    with pytest.raises(ValueError, match="1 scores of 2 questions"):
        Figure(1.0, scores=(1.0,), questions=("a", "b"))
    with pytest.raises(ValueError, match="a: no measure 'beauty'"):
        utility.utilities({"a": {"beauty": Figure(1.0)}})
