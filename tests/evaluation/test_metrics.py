"""Scores against known answers, against scikit-learn, and against a second way to compute them."""

import math
import string
from collections import Counter

import numpy as np
import pytest

from ftrag_helpers.evaluation import metrics
from ftrag_helpers.evaluation.metrics import answer_match, normalise

SAME = [
    ("twenty-one days", "21 days"),
    ("Twenty one days", "21 days"),
    ("nineteen books", "19 books"),
    ("ninety-nine", "99"),
    ("seventy", "70"),
    ("17:30", "5:30 pm"),
    ("17:30", "5.30pm"),
    ("17:30", "5.30 p.m."),
    ("17:30", "5:30PM"),
    ("9:00", "9 am"),
    ("09:00", "9 a.m."),
    ("9:00", "nine am"),
    ("17:00", "five pm"),
    ("17:00", "5pm"),
    ("12:00", "12 pm"),
    ("0:00", "12 am"),
    ("00:15", "12:15 am"),
    ("half past five", "5:30"),
    ("half-past five", "5:30"),
    ("half past five pm", "17:30"),
    ("half past 10 am", "10:30"),
    ("1,200 books", "1200 books"),
    ("12,345,678", "12345678"),
    ("10,000", "10000"),
    ("Zaheer's", "Zaheer"),
    ("Zaheer’s desk", "Zaheer desk"),
    ("the readers' room", "readers room"),
    ("20p", "20 p"),
    ("30 cm", "30cm"),
    ("5 MB", "5MB"),
    ("2.5 kg", "2.5kg"),
    ("£2.50", "£ 2.50"),
    ("The café", "a cafe"),
    ("  An  old\nquay! ", "old quay"),
    ("“Dune”", "dune"),
]


@pytest.mark.parametrize("one, other", SAME)
def test_forms_that_mean_the_same_normalise_alike(one, other):
    assert normalise(one) == normalise(other)


DIFFERENT = [
    ("5:30 am", "5:30 pm"),
    ("£2", "£20"),
    ("£2", "£2.50"),
    ("8 days", "18 days"),
    ("9:00", "19:00"),
    ("12 am", "12 pm"),
    ("1.5", "15"),
    ("20 cm", "20 mm"),
    ("1,200", "1.200"),
    ("1:25", "1:2500"),
    ("13 pm", "1 pm"),
]


@pytest.mark.parametrize("one, other", DIFFERENT)
def test_forms_that_differ_stay_different(one, other):
    assert normalise(one) != normalise(other)


def test_what_is_no_time_is_left_alone():
    assert normalise("a scale of 1:2500, 25:00 or 3.75 m") == "scale of 1:2500 25:00 or 3.75 m"
    assert normalise("half past if you like") == "half past if you like"
    assert normalise("") == normalise("?! …") == ""


MATCHES = [
    ("The fee is £2.", ["£2"], True),
    ("The fee is £20.", ["£2"], False),
    ("The fee is £2.50.", ["£2"], False),
    ("It costs £2, paid once.", ["£2"], True),
    ("Loans last 18 days.", ["8 days"], False),
    ("Loans last eight days.", ["8 days"], True),
    ("Loans last twenty-eight days.", ["8 days"], False),
    ("Loans last 8 days", ["8 days"], True),
    ("We open at 9 am.", ["9:00"], True),
    ("We open at 9:30.", ["9"], False),
    ("Ask Zaheer's deputy.", ["Zaheer"], True),
    ("Ask Zaheerah.", ["Zaheer"], False),
    ("It holds 1,200 maps", ["1200"], True),
    ("It holds 11,200 maps", ["1,200"], False),
    ("Tuesday and Friday", ["Friday", "Monday"], True),
    ("Friday", [], False),
    ("Friday", [""], False),
    ("Friday", ["the"], False),
    ("", ["Friday"], False),
    ("Ask for Ann.", iter(["Ann"]), True),
    ("The old quay", ["quay old"], False),
    ("At 17.30 or 5.30 pm", ["17:30"], True),
]


@pytest.mark.parametrize("text, accepted, expected", MATCHES)
def test_answer_match(text, accepted, expected):
    assert answer_match(text, accepted) is expected


def squad_f1(text: str, truth: str) -> float:
    """The official evaluation's words: lower, drop punctuation, drop articles, split; then F1."""

    def words(s):
        s = "".join(c for c in s.lower() if c not in string.punctuation)
        return [w for w in s.split() if w not in ("a", "an", "the")]

    found, wanted = words(text), words(truth)
    same = sum((Counter(found) & Counter(wanted)).values())
    if not found or not wanted:
        return float(found == wanted)
    if not same:
        return 0.0
    precision, recall = same / len(found), same / len(wanted)
    return 2 * precision * recall / (precision + recall)


def test_token_f1_equals_the_squad_definition_on_random_text():
    rng = np.random.default_rng(3)
    vocabulary = np.array(
        "the a an quay tower, books. Books heron (weir) fennel! hill maps map".split()
    )
    for _ in range(200):
        text, truth = (" ".join(rng.choice(vocabulary, rng.integers(0, 9))) for _ in range(2))
        assert metrics.token_f1(text, [truth]) == pytest.approx(squad_f1(text, truth))


def test_token_f1_takes_the_best_form_and_knows_the_empty_cases():
    assert metrics.token_f1("old quay tower", ["weir", "old quay"]) == pytest.approx(0.8)
    assert metrics.token_f1("", [""]) == 1 and metrics.token_f1("", ["quay"]) == 0
    assert metrics.token_f1("quay", []) == 0 and metrics.token_f1(
        "quay quay", ["quay"]
    ) == pytest.approx(2 / 3)


def test_rankings_by_hand():
    ranked = ["a", "b", "b", "c", "d"]
    assert metrics.recall_at_k(ranked, ["c", "x"], 3) == 0.5, "a repeat takes no place"
    assert metrics.recall_at_k(ranked, ["c"], 2) == 0 and metrics.recall_at_k([], ["c"], 5) == 0
    assert metrics.reciprocal_rank(ranked, {"c", "d"}) == pytest.approx(1 / 3)
    assert metrics.reciprocal_rank(ranked, ["x"]) == 0 == metrics.reciprocal_rank([], ["x"])
    gain = (1 + 1 / math.log2(4)) / (1 + 1 / math.log2(3))
    assert metrics.ndcg_at_k(ranked, ["a", "c"], 10) == pytest.approx(gain)
    assert (
        metrics.ndcg_at_k(ranked, ["x"], 10) == 0 and metrics.ndcg_at_k(["a"], ["a", "b"], 1) == 1
    )


def test_ndcg_and_reciprocal_rank_equal_scikit_learn():
    from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

    rng, ids = np.random.default_rng(0), [f"d{n}" for n in range(12)]
    for _ in range(50):
        ranked = [ids[i] for i in rng.permutation(12)]
        relevant = set(rng.choice(ids, rng.integers(1, 5), replace=False))
        truth = [[float(x in relevant) for x in ranked]]
        scores = [list(range(12, 0, -1))]
        for k in (1, 3, 12):
            assert metrics.ndcg_at_k(ranked, relevant, k) == pytest.approx(
                ndcg_score(truth, scores, k=k)
            )
        one = [next(x for x in ranked if x in relevant)]
        only = [[int(x == one[0]) for x in ranked]]
        assert metrics.reciprocal_rank(ranked, one) == pytest.approx(
            label_ranking_average_precision_score(only, scores)
        )


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.recall_at_k(["a"], ["a"], 0),
        lambda: metrics.ndcg_at_k(["a"], ["a"], -1),
        lambda: metrics.recall_at_k(["a"], [], 3),
        lambda: metrics.reciprocal_rank(["a"], []),
        lambda: metrics.ndcg_at_k(["a"], [], 3),
        lambda: metrics.bootstrap_interval([]),
        lambda: metrics.paired_difference([], []),
        lambda: metrics.paired_difference([1], [1, 0]),
        lambda: metrics.refusal_rates([True], [True, False]),
        lambda: metrics.refusal_rates([True, False], [True, True]),
        lambda: metrics.refusal_rates([True], [False]),
        lambda: metrics.refusal_rates([], []),
    ],
)
def test_undefined_scores_are_errors(call):
    with pytest.raises(ValueError):
        call()


@pytest.mark.parametrize(
    "cited, supporting, expected",
    [
        (["a", "b"], ["b", "c", "d", "e"], (0.5, 0.25)),
        (["a", "a"], ["a"], (1, 1)),
        ([], ["a"], (0, 0)),
        ([], [], (1, 1)),
        (["a"], [], (0, 1)),
    ],
)
def test_citation_scores(cited, supporting, expected):
    assert metrics.citation_scores(cited, supporting) == expected


def test_refusal_rates():
    assert metrics.refusal_rates([True, False, True, False], [False, False, True, True]) == (
        0.5,
        0.5,
    )
    assert metrics.refusal_rates([True, True, False], [False, False, True]) == (1.0, 0.0)


def test_bootstrap_interval_agrees_with_the_normal_interval():
    values = np.random.default_rng(1).normal(5, 2, 400)
    low, high = metrics.bootstrap_interval(values)
    half = 1.96 * values.std() / math.sqrt(values.size)
    assert (low, high) == pytest.approx(
        (values.mean() - half, values.mean() + half), abs=0.1 * half
    )
    narrow = metrics.bootstrap_interval(values, level=0.5)
    assert low < narrow[0] < values.mean() < narrow[1] < high
    assert metrics.bootstrap_interval(values) == (low, high), "the same seed, the same interval"


@pytest.mark.parametrize("n", [1, 10, 200])
def test_bootstrap_interval_of_all_right_or_all_wrong_is_the_exact_binomial_one(n):
    from scipy.stats import beta

    assert metrics.bootstrap_interval([1] * n) == pytest.approx((beta.ppf(0.025, n, 1), 1))
    assert metrics.bootstrap_interval([0] * n) == pytest.approx((0, beta.ppf(0.975, 1, n)))
    assert metrics.bootstrap_interval([True] * n, level=0.9)[0] == pytest.approx(0.05 ** (1 / n))


def test_bootstrap_interval_of_other_equal_values_has_no_width():
    assert metrics.bootstrap_interval([0.4] * 5) == pytest.approx((0.4, 0.4))


def test_paired_difference_is_tighter_than_two_intervals_and_has_a_sign():
    rng = np.random.default_rng(2)
    hard = rng.normal(0, 3, 300)
    first, second = hard + rng.normal(0, 0.3, 300), hard + 0.5 + rng.normal(0, 0.3, 300)
    gap, low, high = metrics.paired_difference(first, second)
    assert (
        low < gap < high
        and 0.4 < low
        and high < 0.6
        and gap == pytest.approx(np.mean(second - first))
    )
    wide = metrics.bootstrap_interval(first)
    assert high - low < (wide[1] - wide[0]) / 4
    back = metrics.paired_difference(second, first)
    assert back == pytest.approx((-gap, -high, -low))


@pytest.mark.parametrize("level", [0.95, 0.99])
@pytest.mark.parametrize("n", [1, 20, 150])
def test_scores_that_never_differ_have_the_interval_of_none_out_of_n(n, level):
    gap, low, high = metrics.paired_difference(np.ones(n), np.ones(n), level=level)
    assert gap == 0 and (0, high) == metrics.bootstrap_interval(np.zeros(n), level=level)
    assert low == -high < 0


def test_one_pair_that_differs_is_resampled_as_ever():
    gap, low, high = metrics.paired_difference([0] * 20, [1] + [0] * 19)
    assert gap == pytest.approx(0.05) and low == 0 < high < 0.2


def test_an_interval_is_printed_as_the_course_prints_it():
    assert metrics.with_interval([1] * 10) == "1.00 [0.69, 1.00] n=10"
