"""What the tasks of exercise 5 rest on: plans, intervals, break-even, support."""

import numpy as np
import pytest
from answers import lesson_05 as answers

from ftrag_helpers.evaluation import metrics
from ftrag_helpers.exercises import checking, values
from ftrag_helpers.exercises.lesson_05 import break_even, conclusion, fair_plans, support
from ftrag_helpers.exercises.lessons.lesson_05 import TASKS

pytestmark = pytest.mark.slow


def test_plans_break_the_rules_that_they_should():
    """Ten plans, in which every rule is broken alone once, and one at least breaks none."""
    for seed in range(15):
        broken = [
            tuple(rule.name for rule in fair_plans.RULES if rule.broken(plan))
            for (plan,) in TASKS["5.1"].cases(seed)
        ]
        assert () in broken and {(rule.name,) for rule in fair_plans.RULES} <= set(broken)


def test_systems_that_are_resampled_apart_are_told_so_whatever_the_chance():
    inputs = TASKS["5.2"].cases(0)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        apart = [answers.paired_apart(first, second, draws, rng) for first, second, draws in inputs]
        assert "resampled apart" in TASKS["5.2"].judge(inputs, values.to_json(apart)).message


def test_the_judge_of_intervals_agrees_with_the_course_and_has_room_for_chance():
    for seed in range(4):
        for other in range(5):
            found = [
                list(metrics.paired_difference(*case[:2], draws=case[2], seed=other)[1:])
                for case in TASKS["5.2"].cases(seed)
            ]
            assert TASKS["5.2"].judge(TASKS["5.2"].cases(seed), found) == checking.PASSED


def test_no_rule_for_quantiles_decides_what_may_be_said():
    for seed in range(5):
        for means, comparisons in TASKS["5.3"].cases(seed):
            for method in ("linear", "lower", "higher", "hazen", "median_unbiased"):
                low, high = np.quantile(
                    means, [0.025 / comparisons, 1 - 0.025 / comparisons], method=method
                )
                assert conclusion.words_for((low, high)) == conclusion.right_words(
                    means, comparisons
                )


def test_known_values():
    tuned, retrieval = (
        {"once": 0, "update": 10, "question": 0},
        {
            "once": 30,
            "update": 0,
            "question": 0,
        },
    )
    assert break_even.first_cheaper(tuned, retrieval, 5) == 4  # at 3 both cost 30
    assert break_even.first_cheaper(tuned, {**retrieval, "once": 31}, 5) == 4
    assert break_even.first_cheaper(tuned, {**retrieval, "update": 10}, 5) is None
    assert break_even.first_cheaper({**tuned, "once": 31}, {**retrieval, "update": 99}, 5) == 0
    assert support.supported("The key is £12.", ["A KEY costs £125."], ["the", "is"]) == 0.5
    assert (
        conclusion.words_for((0.0, 0.2))
        == conclusion.words_for((-0.2, 0.0))
        == "no difference seen"
    )
