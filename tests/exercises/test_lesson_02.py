"""What the tasks of exercise 2 rest on: works and labels, mistakes, curves, small trainings."""

import math
import random

import numpy as np
import pytest
import torch
from answers import lesson_02 as answers
from torch.nn.functional import cross_entropy

from ftrag_helpers.data import tuning_data
from ftrag_helpers.exercises import checking, mistakes
from ftrag_helpers.exercises.lesson_02 import (
    baseline,
    learning_curve,
    made_up,
    run,
    scores,
    small_trainings,
    split,
)
from ftrag_helpers.exercises.lessons.lesson_02 import TASKS

pytestmark = pytest.mark.slow


def test_known_values():
    assert scores.scored(["a", "a", "b", "b"], ["a", "b", "b", "b"], "b") == pytest.approx(
        [2 / 3, 1, 0.8]
    )
    assert scores.scored(["a"], ["a"], "b") == [0, 0, 0]
    assert learning_curve.first_enough([400, 100, 200], [0.74, 0.60, 0.67], 200) == 200
    assert learning_curve.first_enough([400, 100, 200], [0.74, 0.60, 0.67], 50) == 100
    assert learning_curve.noise_of(0.5, 0.5, 200) == pytest.approx(0.1)


def test_the_cases_expose_every_mistake():
    for seed in range(4):
        assert mistakes.distinguishes(TASKS["2.3"].cases(seed), scores.scored, scores.MISTAKES)
        assert mistakes.distinguishes(
            TASKS["2.4"].cases(seed), learning_curve.first_enough, learning_curve.MISTAKES, times=1
        )
        assert mistakes.distinguished(
            TASKS["2.4"].cases(seed), learning_curve.first_enough, learning_curve.MISTAKES
        )
        trainings = [[case] for case in TASKS["2.5"].cases(seed)]
        assert mistakes.distinguished(trainings, small_trainings.tuned, small_trainings.MISTAKES)
    assert not mistakes.distinguished(
        [[1]],
        lambda x: x,
        [mistakes.Mistake("a", lambda x: x + 1), mistakes.Mistake("b", lambda x: 2 * x)],
    )


def test_no_curve_hangs_on_a_gain_near_the_noise():
    """Rounding, and "larger" against "not smaller", decide nothing: the noise may be a tenth larger
    or smaller.
    """
    for seed in range(8):
        for case in TASKS["2.4"].cases(seed):
            want = learning_curve.first_enough(*case)
            for factor in (0.9, 1.1):
                assert (
                    learning_curve.first_enough(
                        *case, noise=lambda a, b, n, f=factor: f * learning_curve.noise_of(a, b, n)
                    )
                    == want
                )


def test_the_small_trainings_bring_something():
    """The validation loss falls well below that of guessing, and held-out texts stay unread."""
    for seed in range(8):
        for case in TASKS["2.5"].cases(seed):
            losses = small_trainings.tuned(case)[: case["epochs"]]
            texts, targets = run.batch(*case["validation"])
            before = cross_entropy(run.small_network(case["seed"], case["desks"])(texts), targets)
            assert losses == sorted(losses, reverse=True)
            assert losses[-1] < min(before.item(), math.log(case["desks"])) - 0.05
            held = set(texts) | set(case["others"])
            assert len(held - {text for batch, _ in case["batches"] for text in batch}) > 18


def test_a_small_training_does_not_hang_on_the_last_digits():
    """Weights that differ by rounding lead to results that the judge takes for equal."""
    for seed in range(4):
        case = TASKS["2.5"].cases(seed)[0]
        wanted = small_trainings.tuned(case)
        assert mistakes.equal(_in_single_precision(case), wanted[: case["epochs"]], 1e-4)


def _in_single_precision(case):
    class Single:
        def __init__(self, network):
            self.network, self.train, self.eval = network, network.train, network.eval

        def __call__(self, texts):
            return self.network(texts).float()

    network = run.small_network(case["seed"], case["desks"])
    optimizer = torch.optim.AdamW(network.parameters(), lr=run.RATE)
    batches = [run.batch(*one) for one in case["batches"]]
    validation = run.batch(*case["validation"])
    return list(
        answers.tune_with_helpers(Single(network), optimizer, batches, validation, case["epochs"])
    )


def test_no_shuffle_that_ignores_the_labels_passes():
    """Forty shuffles, each with one look, on the cases of the learner's own check and on others."""
    for seed in (0, 4177, 5):
        cases = TASKS["2.1"].cases(seed)
        for shuffle in range(40):
            held = [
                split.held_out(
                    *case,
                    lambda names, shuffle=shuffle: random.Random(shuffle).sample(names, len(names)),
                )
                for case in cases
            ]
            assert any(
                split.size_problem(*case, ids) for case, ids in zip(cases, held, strict=False)
            )


def test_whoever_is_asked_about_made_up_texts_is_not_told_their_labels():
    for seed in range(10):
        made = TASKS["2.2"].cases(seed)[0][2]
        assert set(made) == {"texts", "labels", "asked"} and not set(made["texts"]) & set(
            made["asked"]
        )
        truth = made_up.truth(made)
        assert len(truth) == len(made["asked"]) >= 60 and 0.3 < np.mean(truth) < 0.7


def test_no_work_is_learned_from_and_asked_about():
    rows = run.reviews()
    assert len(rows) == 1200 and not any(row.split for row in rows.values())
    for seed in range(10):
        ((train, asked, *_),) = TASKS["2.2"].cases(seed)
        assert not {rows[id_].subject for id_ in train} & {rows[id_].subject for id_ in asked}
        assert len(set(train)) == 700 and len(set(asked)) == 300


def test_a_classifier_without_a_seed_hears_of_it():
    def noisy(train_texts, train_labels, texts):
        found = np.array(answers.baseline_in_steps(train_texts, train_labels, texts))
        return np.clip(found + np.random.default_rng().normal(0, 0.01, len(found)), 0, 1)

    with pytest.raises(checking.CheckFailed, match="seed"):
        checking.run(TASKS["2.2"], noisy)


def test_the_mark_is_far_from_chance_and_from_a_plain_baseline():
    accuracies = []
    for seed in range(4):
        ((train, asked, *_),) = TASKS["2.2"].cases(seed)
        rows = run.reviews()
        texts, questions = ([rows[i].text for i in part] for part in (train, asked))
        found = answers.baseline_in_steps(texts, [rows[i].label for i in train], questions)
        accuracies.append(baseline.accuracy(asked, list(found)))
    assert min(accuracies) > baseline.MARK + 0.03 and baseline.MARK > 0.5 + 4 * (0.25 / 300) ** 0.5


def test_the_judge_that_reads_nothing_profits_from_rows_drawn_at_random():
    """What the notebook says of the leak: the works have praise and blame about equally often."""
    rows = tuning_data.load_reviews()
    ids, works = [row.id for row in rows], sorted({row.subject for row in rows})

    def unread(held):
        votes = {}
        for row in rows:
            if row.id not in held:
                votes[row.subject] = votes.get(row.subject, 0) + (
                    1 if row.label == "positive" else -1
                )
        return np.mean(
            [
                (votes.get(row.subject, 0) < 0) == (row.label == "positive")
                for row in rows
                if row.id in held
            ]
        )

    by_row, by_work = [], []
    for seed in range(20):
        rng = random.Random(seed)
        by_row.append(unread(set(rng.sample(ids, 300))))
        left_out = set(rng.sample(works, len(works) // 5))
        by_work.append(unread({row.id for row in rows if row.subject in left_out}))
    assert np.mean(by_row) > 0.58 and 0.46 < np.mean(by_work) < 0.54
    assert (
        unread(set(answers.split_rows(rows, 0.2)))
        > unread(set(answers.split_greedy(rows, 0.2))) + 0.05
    )
