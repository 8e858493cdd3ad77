"""Metrics of rankings, citations and refusals, and confidence intervals of means.

Functions from numbers and strings to numbers, which use no model, index or file. Also here, from
`text`: `answer_match`, `exact_match`, `normalise` and `token_f1`. Not here: running systems over
questions and tabulating their scores (`harness`).
"""

from collections.abc import Iterable, Sequence

import numpy as np

from ftrag_helpers.text.answer_match import answer_match
from ftrag_helpers.text.word_overlap import exact_match, normalise, token_f1

__all__ = [
    "answer_match",
    "bootstrap_interval",
    "citation_scores",
    "exact_match",
    "ndcg_at_k",
    "normalise",
    "paired_difference",
    "recall_at_k",
    "reciprocal_rank",
    "refusal_rates",
    "token_f1",
    "with_interval",
]


def recall_at_k(ranked: Sequence[str], relevant: Iterable[str], k: int) -> float:
    """Recall at k: the share of the relevant ids that are among the first k ranked ids.

    Args:
        ranked: ids, best first; only the first occurrence of an id counts.
        relevant: the relevant ids, at least one; repeats count once.
        k: how many ranked ids count, at least 1.

    Returns:
        A share (0 to 1).

    Raises:
        ValueError: k is below 1, or nothing is relevant (recall is undefined there).
    """
    relevant = _relevant(relevant, k)
    return len(relevant & set(_unique(ranked)[:k])) / len(relevant)


def reciprocal_rank(ranked: Sequence[str], relevant: Iterable[str]) -> float:
    """1 / rank of the first relevant id; its mean over questions is the MRR.

    Args:
        ranked: ids, best first; only the first occurrence of an id counts.
        relevant: the relevant ids, at least one.

    Returns:
        From 0 (no relevant id is ranked) to 1 (the first id is relevant).

    Raises:
        ValueError: nothing is relevant.
    """
    relevant = _relevant(relevant, 1)
    return next((1 / rank for rank, x in enumerate(_unique(ranked), start=1) if x in relevant), 0.0)


def ndcg_at_k(ranked: Sequence[str], relevant: Iterable[str], k: int) -> float:
    """Normalised discounted cumulative gain at k, with gains of 0 and 1.

    Args:
        ranked: ids, best first; only the first occurrence of an id counts.
        relevant: the relevant ids, at least one; repeats count once.
        k: how many ranked ids count, at least 1.

    Returns:
        The gain as a share (0 to 1) of that of the best possible ranking.

    Source: Järvelin and Kekäläinen 2002, with the discount 1 / log2(rank + 1).

    Raises:
        ValueError: k is below 1, or nothing is relevant.
    """
    relevant = _relevant(relevant, k)
    gain = sum(
        1 / np.log2(rank + 1)
        for rank, x in enumerate(_unique(ranked)[:k], start=1)
        if x in relevant
    )
    best = sum(1 / np.log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))
    return float(gain / best)


def _unique(ranked: Sequence[str]) -> list[str]:
    """The ids without repeats, in order of first occurrence."""
    return list(dict.fromkeys(ranked))


def _relevant(relevant: Iterable[str], k: int) -> set[str]:
    """The relevant ids as a set.

    Raises:
        ValueError: k is below 1, or nothing is relevant.
    """
    relevant = set(relevant)
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    if not relevant:
        raise ValueError("no relevant id given: recall, reciprocal rank and nDCG are undefined")
    return relevant


def citation_scores(cited: Iterable[str], supporting: Iterable[str]) -> tuple[float, float]:
    """Precision and recall of the cited documents against those that support the answer.

    Args:
        cited: ids of the cited documents; repeats count once.
        supporting: ids of the supporting documents; repeats count once.

    Returns:
        (precision, recall), shares (0 to 1). Without citations the precision is 1 if there are no
        supporting documents, else 0. Without supporting documents the recall is 1.
    """
    cited, supporting = set(cited), set(supporting)
    shared = len(cited & supporting)
    precision = shared / len(cited) if cited else float(not supporting)
    recall = shared / len(supporting) if supporting else 1.0
    return precision, recall


def refusal_rates(refused: Sequence[bool], answerable: Sequence[bool]) -> tuple[float, float]:
    """The rates of right and of false refusals.

    Args:
        refused: whether each question was refused, shape (questions,).
        answerable: whether each question is answerable, shape (questions,).

    Returns:
        (right refusals, false refusals): the refused shares (0 to 1) of the unanswerable and of
        the answerable questions.

    Raises:
        ValueError: lengths differ, or one of the two groups is empty.
    """
    refused, answerable = np.asarray(refused, bool), np.asarray(answerable, bool)
    if refused.shape != answerable.shape:
        raise ValueError(f"{refused.size} decisions for {answerable.size} questions")
    if answerable.all() or not answerable.any():
        raise ValueError("refusal rates need both answerable and unanswerable questions")
    return float(refused[~answerable].mean()), float(refused[answerable].mean())


def bootstrap_interval(
    values: Sequence[float], *, level: float = 0.95, draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean.

    Where all values are equal the bootstrap interval has width 0. For values that are all 0 or all
    1 the exact binomial interval (Clopper and Pearson 1934) is returned instead.

    Args:
        values: the values, shape (values,), at least one.
        level: confidence level, between 0 and 1.
        draws: number of bootstrap samples.
        seed: seed of the resampling.

    Returns:
        (low, high), in the unit of the values.

    Raises:
        ValueError: no values.

    Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13.
    """
    values = np.asarray(values, float)
    if not values.size:
        raise ValueError("an interval needs at least one value")
    tail = (1 - level) / 2
    if np.all(values == values[0]) and values[0] in (0.0, 1.0):
        unseen = _unseen_share(values.size, tail)
        return (0.0, unseen) if values[0] == 0 else (1 - unseen, 1.0)
    # (draws,)
    means = _bootstrap_means(values, draws, seed)
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def paired_difference(
    first: Sequence[float],
    second: Sequence[float],
    *,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> tuple[float, float, float]:
    """Paired bootstrap of the mean difference of two systems' scores on the same questions.

    Questions are resampled. Where the scores of the two systems are positively correlated, the
    interval is narrower than for independent samples. If it includes 0, no difference was shown at
    this level.

    Where no pair differs the bootstrap interval has width 0. As in `bootstrap_interval`, the exact
    binomial interval is taken instead: so large a share of questions may differ unseen, each by 1
    at most, in either direction. This is meant for scores from 0 to 1.

    Where few pairs differ, all in one direction, the bootstrap is too sure: four of four exclude 0,
    but four tosses of a fair coin all show heads too often for that. Below the least number of
    differing pairs with which an exact sign test can reach the level (six at 95 %), the interval is
    extended to 0.

    Args:
        first: scores of the first system, shape (questions,), at least one.
        second: scores of the second system on the same questions, in the same order.
        level: confidence level, between 0 and 1.
        draws: number of bootstrap samples.
        seed: seed of the resampling.

    Returns:
        (mean, low, high) of second − first, in the unit of the scores.

    Raises:
        ValueError: lengths differ or are 0.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape != second.shape or not first.size:
        raise ValueError(
            f"paired scores need the same questions: {first.size} and {second.size} values"
        )
    # (questions,)
    gaps = second - first
    tail = (1 - level) / 2
    if not gaps.any():
        unseen = _unseen_share(gaps.size, tail)
        return 0.0, -unseen, unseen
    low, high = np.quantile(_bootstrap_means(gaps, draws, seed), [tail, 1 - tail])
    if 0.5 ** np.count_nonzero(gaps) > tail:
        low, high = min(low, 0.0), max(high, 0.0)
    return float(gaps.mean()), float(low), float(high)


def _unseen_share(count: int, tail: float) -> float:
    """The upper end of the exact binomial interval of a share of which 0 of `count` were seen."""
    return 1 - tail ** (1 / count)


def _bootstrap_means(values: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """The mean of each bootstrap sample of the values, shape (draws,)."""
    # (draws, values), indices into `values`
    picks = np.random.default_rng(seed).integers(0, values.size, size=(draws, values.size))
    # (draws, values) to (draws,)
    return values[picks].mean(axis=1)


def with_interval(values: Sequence[float]) -> str:
    """Format a mean with its 95 % bootstrap interval.

    Args:
        values: the values, at least one.

    Returns:
        A text such as "0.43 [0.36, 0.50] n=200".

    Raises:
        ValueError: no values.
    """
    low, high = bootstrap_interval(values)
    return f"{np.mean(values):.2f} [{low:.2f}, {high:.2f}] n={len(values)}"
