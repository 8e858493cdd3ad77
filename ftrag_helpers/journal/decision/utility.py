"""Multi-criteria utility: what each choice is worth under weights, and how sure that is.

The model is additive: a choice's utility is the weighted mean of its utilities by criterion, each
from 0 to 1. What was not measured stays absent, and is never counted as zero. Not here: which
systems stand for which choice, and where the figures come from (`scorecard.evidence`).

Source of the additive model: Keeney and Raiffa 1976, "Decisions with Multiple Objectives",
chapter 3. The scales of the measures are our own; `MEASURES` names them.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

CRITERIA = ("quality", "freshness", "form", "brevity", "trust", "cost", "privacy", "effort")
#: The most that a criterion can weigh.
MOST = 5


def share(value):
    """A share from 0 to 1 is its own utility."""
    return np.clip(value, 0, 1)


def response(seconds):
    """Utility of waiting for an answer: 1 up to 0.1 s, 0.5 at 1 s, 0 from 10 s, linear in the
    logarithm.

    Source of the three limits (it feels instantaneous; the thought is not interrupted; attention
    is lost): Nielsen 1993, "Usability Engineering", chapter 5. The line through them is ours.

    >>> [round(float(response(s)), 2) for s in (0.05, 0.1, 1, 3.16, 10, 60)]
    [1.0, 1.0, 0.5, 0.25, 0.0, 0.0]
    """
    return np.clip((1 - np.log10(np.maximum(seconds, 1e-9))) / 2, 0, 1)


def preparation(seconds):
    """Utility of the computing before the first answer: 1 up to 1 s, 0 from an hour, linear in the
    logarithm; our own definition.

    >>> [round(float(preparation(s)), 2) for s in (0, 1, 60, 3600)]
    [1.0, 1.0, 0.5, 0.0]
    """
    return np.clip(1 - np.log(np.maximum(seconds, 1)) / math.log(3600), 0, 1)


def labelling(examples):
    """Utility of labelled examples that a choice asks for: 1 for none, 0 from 1,000, linear in the
    logarithm of one more than their number; our own definition.

    >>> [round(float(labelling(n)), 2) for n in (0, 9, 99, 999, 5000)]
    [1.0, 0.67, 0.33, 0.0, 0.0]
    """
    return np.clip(1 - np.log10(1 + np.maximum(examples, 0)) / 3, 0, 1)


@dataclass(frozen=True)
class Measure:
    """What is measured for a criterion, and the utility of its mean."""

    criterion: str
    utility: Callable
    unit: str = ""


#: What is measured, by name. A criterion with several measures is their mean. No measure speaks of
#: privacy: all choices run on this machine, and figures do not tell them apart.
MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "right": Measure("quality", share),
        "after the news": Measure("freshness", share),
        "style": Measure("form", share),
        "exact match": Measure("brevity", share),
        "grounded": Measure("trust", share),
        "rightly cited": Measure("trust", share),
        "seconds an answer": Measure("cost", response, "s"),
        "seconds to prepare": Measure("effort", preparation, "s"),
        "labelled examples": Measure("effort", labelling, "examples"),
    }
)


@dataclass(frozen=True)
class Figure:
    """A measured mean.

    Attributes:
        value: the mean, in the measure's unit.
        low: lower end of its 95 % interval; None where it has none, and the value counts as exact.
        high: upper end.
        n: how many questions it rests on.
        scores: one score a question; empty where only the mean was kept.
        questions: the ids of the questions, in the order of the scores. Figures with the same ids
            are resampled together.
        source: where it was measured.
    """

    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    scores: tuple[float, ...] = field(default=(), repr=False)
    questions: tuple[str, ...] = field(default=(), repr=False)
    source: str = ""

    def __post_init__(self):
        if len(self.scores) != len(self.questions):
            raise ValueError(f"{len(self.scores)} scores of {len(self.questions)} questions")
        if not math.isfinite(self.value):
            raise ValueError(f"a figure is a finite number, not {self.value!r}; leave it out")


#: Figures by choice, then by measure. What is missing was not measured.
Evidence = Mapping[str, Mapping[str, Figure]]


def utilities(evidence: Evidence):
    """The utility of each choice by each criterion, from the means.

    Args:
        evidence: the figures.

    Returns:
        A pandas DataFrame with a row for each choice and the columns `CRITERIA`, values from 0 to
        1; NaN where one of the criterion's measures is absent.

    Raises:
        ValueError: a measure that `MEASURES` does not have.
    """
    import pandas as pd

    means = {
        choice: {name: np.array([figure.value]) for name, figure in figures.items()}
        for choice, figures in evidence.items()
    }
    values = _by_criterion(means)  # (choices, criteria, 1)
    return pd.DataFrame(values[:, :, 0], index=list(evidence), columns=list(CRITERIA))


def contributions(evidence: Evidence, weights: Mapping[str, float]):
    """What each criterion adds to the utility of each choice.

    Args:
        evidence: the figures.
        weights: 0 to `MOST` for some or all of `CRITERIA`; what is not named weighs 0.

    Returns:
        A DataFrame with a row for each choice and a column for each criterion that has a weight and
        a figure of some choice; NaN where the choice has none. Without NaN a row sums to its
        utility.

    Raises:
        ValueError: an unknown criterion, a weight outside the range, or nothing that is weighed
            was measured.
    """
    table = utilities(evidence)
    share_of = _shares(table.notna().any().to_numpy(), weights)
    return table[list(share_of)] * list(share_of.values())


def undecided(evidence: Evidence, weights: Mapping[str, float]) -> list[str]:
    """The criteria that have a weight and no figure of any choice: they decide nothing."""
    known = utilities(evidence).notna().any()
    return [name for name in CRITERIA if weights.get(name, 0) > 0 and not known[name]]


def wins(evidence: Evidence, weights: Mapping[str, float], draws: int = 2000, seed: int = 0):
    """The utility of each choice, and the share of draws in which it is the highest.

    A draw resamples the questions with replacement, the same for all choices and measures that were
    asked them (a paired bootstrap). A figure that has no scores is drawn from its interval: half of
    the draws lie above the value and half below, each half as a normal distribution whose 95 %
    limit is that end of the interval. One without an interval stays as it is. Choices that share
    the highest utility share the draw.

    Args:
        evidence: the figures.
        weights: 0 to `MOST` for some or all of `CRITERIA`; what is not named weighs 0.
        draws: number of draws.
        seed: seed of the draws. The weights change no draw.

    Returns:
        A DataFrame, the best first, with the columns "choice", "mean utility" (of the figures as
        they are), "low" and "high" (2.5 and 97.5 % of the draws), "share of draws won" and "not
        measured" (weighed criteria without a figure of this choice). A choice that has one of these
        has no utility (NaN) and is not ranked.

    Raises:
        ValueError: as in `contributions`.

    The share says how far the sample of questions settles the matter under these weights and
    scales; it says nothing of whether they are the right ones. Scores that are all equal give the
    same mean in every draw, so that a choice that was right every time looks surer than it is.
    """
    import pandas as pd

    parts = contributions(evidence, weights)
    share_of = _shares(utilities(evidence).notna().any().to_numpy(), weights)
    places = [CRITERIA.index(name) for name in share_of]
    drawn = _by_criterion(_draws(evidence, draws, seed))[:, places]
    totals = np.einsum("cwd,w->cd", drawn, list(share_of.values()))  # (choices, draws)
    ranked = parts.notna().all(axis=1).to_numpy()
    won = np.full(len(parts), np.nan)
    if ranked.any():
        first = totals[ranked] >= totals[ranked].max(axis=0) - 1e-9
        won[ranked] = (first / first.sum(axis=0)).mean(axis=1)
    low, high = np.quantile(totals, [0.025, 0.975], axis=1)
    table = pd.DataFrame(
        {
            "choice": list(parts.index),
            "mean utility": parts.sum(axis=1).where(ranked).to_numpy(),
            "low": low,
            "high": high,
            "share of draws won": won,
            "not measured": [
                ", ".join(name for name in parts if math.isnan(row[name]))
                for _, row in parts.iterrows()
            ],
        }
    )
    order = ["share of draws won", "mean utility"]
    return table.sort_values(order, ascending=False, kind="stable").reset_index(drop=True)


def _shares(known: np.ndarray, weights: Mapping[str, float]) -> dict[str, float]:
    """The weights of the criteria that are `known` (one truth value each), scaled to sum to 1."""
    for name, weight in weights.items():
        if name not in CRITERIA:
            raise ValueError(f"no criterion {name!r}: there are {', '.join(CRITERIA)}")
        if not 0 <= weight <= MOST:
            raise ValueError(f"{name} weighs {weight}: a weight is a number from 0 to {MOST}")
    chosen = {
        name: weights[name]
        for name, there in zip(CRITERIA, known, strict=True)
        if there and weights.get(name, 0) > 0
    }
    if not chosen:
        raise ValueError(
            "nothing that was measured has a weight: move quality, freshness, form, trust, cost or"
            " effort above 0"
        )
    return {name: weight / sum(chosen.values()) for name, weight in chosen.items()}


def _by_criterion(means: Mapping[str, Mapping[str, np.ndarray]]) -> np.ndarray:
    """Utilities, shape (choices, criteria, draws), from means of shape (draws,) by choice and
    measure; NaN where a measure is absent.
    """
    draws = next((len(m) for figures in means.values() for m in figures.values()), 1)
    values = np.full((len(means), len(CRITERIA), draws), np.nan)
    for row, (choice, figures) in enumerate(means.items()):
        if unknown := figures.keys() - MEASURES.keys():
            raise ValueError(f"{choice}: no measure {min(unknown)!r}: {', '.join(MEASURES)}")
        for column, criterion in enumerate(CRITERIA):
            measures = {n: m for n, m in MEASURES.items() if m.criterion == criterion}
            if measures and measures.keys() <= figures.keys():
                values[row, column] = np.mean(
                    [m.utility(figures[name]) for name, m in measures.items()], axis=0
                )
    return values


def _draws(evidence: Evidence, draws: int, seed: int) -> dict[str, dict[str, np.ndarray]]:
    """The mean of each figure in each draw, shape (draws,), by choice and measure."""
    rng, counts = np.random.default_rng(seed), {}

    def one(figure: Figure) -> np.ndarray:
        asked = figure.questions
        if asked:
            if asked not in counts:  # (draws, questions): how often each question is drawn
                counts[asked] = rng.multinomial(len(asked), [1 / len(asked)] * len(asked), draws)
            return counts[asked] @ np.asarray(figure.scores, float) / len(asked)
        if figure.low is None:
            return np.full(draws, figure.value)
        normal = rng.standard_normal(draws) / 1.96
        ends = np.where(normal < 0, figure.value - figure.low, figure.high - figure.value)
        return figure.value + normal * ends

    return {
        choice: {name: one(figure) for name, figure in figures.items()}
        for choice, figures in evidence.items()
    }
