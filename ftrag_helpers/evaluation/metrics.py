"""Pure scoring: word overlap, rankings, citations, refusals, and how sure we may be of a mean.

Numbers and strings in, numbers out; nothing here knows a model, an index or a file.
Whether an answer holds an accepted one is `answer_match`'s job, running a system over questions and
tabulating its rows is `evaluation`'s.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from ftrag_helpers.text.answer_match import answer_match
from ftrag_helpers.text.word_overlap import normalise, token_f1

__all__ = [
    "answer_match",
    "bootstrap_interval",
    "citation_scores",
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
    """Share (0 to 1) of the relevant ids among the first k ranked ids; repeats count once.

    Raises:
        ValueError: k is below 1, or nothing is relevant (recall is undefined there).
    """
    relevant = _relevant(relevant, k)
    return len(relevant & set(_unique(ranked)[:k])) / len(relevant)


def reciprocal_rank(ranked: Sequence[str], relevant: Iterable[str]) -> float:
    """1 / rank of the first relevant id, 0 where none is ranked. Its mean is the MRR.

    Raises:
        ValueError: nothing is relevant.
    """
    relevant = _relevant(relevant, 1)
    return next((1 / rank for rank, x in enumerate(_unique(ranked), start=1) if x in relevant), 0.0)


def ndcg_at_k(ranked: Sequence[str], relevant: Iterable[str], k: int) -> float:
    """Normalised discounted cumulative gain (0 to 1) with gains of 0 and 1.

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
    return list(dict.fromkeys(ranked))


def _relevant(relevant: Iterable[str], k: int) -> set[str]:
    relevant = set(relevant)
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    if not relevant:
        raise ValueError("no relevant id given: recall, reciprocal rank and nDCG are undefined")
    return relevant


def citation_scores(cited: Iterable[str], supporting: Iterable[str]) -> tuple[float, float]:
    """(precision, recall) of the cited document ids against those that support the answer.

    Nothing cited has precision 0 where something should be, and 1 where nothing should.
    """
    cited, supporting = set(cited), set(supporting)
    shared = len(cited & supporting)
    precision = shared / len(cited) if cited else float(not supporting)
    recall = shared / len(supporting) if supporting else 1.0
    return precision, recall


def refusal_rates(refused: Sequence[bool], answerable: Sequence[bool]) -> tuple[float, float]:
    """(right refusals, false refusals): shares of the unanswerable and of the answerable refused.

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

    Where all values are equal the bootstrap would give an interval of width 0, which claims too
    much; for values that are all 0 or all 1 the exact binomial bound (Clopper and Pearson 1934) is
    returned instead.

    Raises:
        ValueError: no values.

    Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13.
    """
    values = np.asarray(values, float)
    if not values.size:
        raise ValueError("an interval needs at least one value")
    tail = (1 - level) / 2
    if np.all(values == values[0]) and values[0] in (0.0, 1.0):
        edge = tail ** (1 / values.size)
        return (0.0, 1 - edge) if values[0] == 0 else (edge, 1.0)
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
    """(mean of second − first, low, high) over the same questions, resampling questions.

    Pairing removes what makes a question hard for both systems: the interval is tighter than two
    separate ones. An interval that includes 0 means that no difference was seen.

    Raises:
        ValueError: lengths differ or are 0.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape != second.shape or not first.size:
        raise ValueError(
            f"paired scores need the same questions: {first.size} and {second.size} values"
        )
    gaps = second - first
    tail = (1 - level) / 2
    low, high = np.quantile(_bootstrap_means(gaps, draws, seed), [tail, 1 - tail])
    return float(gaps.mean()), float(low), float(high)


def _bootstrap_means(values: np.ndarray, draws: int, seed: int) -> np.ndarray:
    picks = np.random.default_rng(seed).integers(0, values.size, size=(draws, values.size))
    return values[picks].mean(axis=1)


def with_interval(values: Sequence[float]) -> str:
    """A mean as the course prints it: "0.43 [0.36, 0.50] n=200"."""
    low, high = bootstrap_interval(values)
    return f"{np.mean(values):.2f} [{low:.2f}, {high:.2f}] n={len(values)}"
