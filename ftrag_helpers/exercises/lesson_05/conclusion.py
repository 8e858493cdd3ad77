"""Task 5.3: what an interval allows to say."""

import math
import random
from functools import partial

import numpy as np

from ftrag_helpers.exercises.checking import Task, calls
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, distinguishing, rng_for
from ftrag_helpers.exercises.values import format_value

_WORDS = ("higher", "lower", "no difference seen")


def _ends(means: list[float], comparisons: int, tails: float = 2) -> tuple[float, float]:
    tail = 0.05 / comparisons / tails
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def words_for(ends: tuple[float, float], touching: bool = False) -> str:
    """What an interval allows to say; one that touches 0 holds it."""
    low, high = ends
    if low > 0 or touching and low == 0 < high:
        return "higher"
    return "lower" if high < 0 or touching and high == 0 > low else "no difference seen"


def right_words(means: list[float], comparisons: int) -> str:
    """What the means of draws allow to say, with Bonferroni's correction."""
    return words_for(_ends(means, comparisons))


def _one_way(means: list[float], comparisons: int, kept: str) -> str:
    words = right_words(means, comparisons)
    return words if words == kept else "no difference seen"


def _by_share(means: list[float], enough: float) -> str:
    above = sum(mean > 0 for mean in means) / len(means)
    return "higher" if above >= enough else "lower" if above <= 1 - enough else "no difference seen"


def _of_a_thousand(means: list[float], comparisons: int) -> str:
    ordered, place = sorted(means), int(25 / comparisons)
    return words_for((ordered[place], ordered[-1 - place]))


MISTAKES = [
    Mistake(
        "you divide the 5 % by the root of the number of comparisons; Bonferroni divides by the number itself",
        lambda means, comparisons: words_for(_ends(means, math.sqrt(comparisons))),
    ),
    Mistake(
        "you halve the 5 % twice: with one comparison 2.5 % lie beyond either end",
        lambda means, comparisons: words_for(_ends(means, 2 * comparisons)),
    ),
    Mistake(
        "you never say higher", lambda means, comparisons: _one_way(means, comparisons, "lower")
    ),
    Mistake(
        "you ask whether all draws lie on one side; the interval leaves some of them out",
        lambda means, _comparisons: words_for((min(means), max(means))),
    ),
    Mistake(
        "you ask whether 95 % of the draws are positive, whatever the number of comparisons is; ask whether the interval holds 0",
        lambda means, _comparisons: _by_share(means, 0.95),
    ),
    Mistake("you never see a difference", lambda _means, _comparisons: "no difference seen"),
    Mistake(
        "you look at the lower end alone, and call the rest lower; an interval with an end on either side holds 0",
        lambda means, comparisons: words_for((_ends(means, comparisons)[0],) * 2),
    ),
    Mistake("you count on a thousand draws; how many there are, len(means) says", _of_a_thousand),
    Mistake(
        "you ask whether 0 lies two standard deviations off the mean; the quantiles of the draws are wanted",
        lambda means, _comparisons: words_for(
            (float(np.mean(means) - 2 * np.std(means)), float(np.mean(means) + 2 * np.std(means)))
        ),
    ),
    Mistake(
        "you look at one comparison as if it were the only one. The more are looked at together, the more often one of them leads by luck: divide the 5 % by their number",
        lambda means, comparisons: words_for(_ends(means, 1)),
    ),
    Mistake(
        "you put the whole 5 % at each end; half of it belongs at either one",
        lambda means, comparisons: words_for(_ends(means, comparisons, tails=1)),
    ),
    Mistake(
        "an interval whose end is 0 holds 0",
        lambda means, comparisons: words_for(_ends(means, comparisons), touching=True),
    ),
    Mistake(
        "you look at the middle alone. The ends say whether a difference was seen",
        lambda means, comparisons: words_for((float(np.mean(means)),) * 2),
    ),
    Mistake(
        "higher and lower are the wrong way round",
        lambda means, comparisons: {"higher": "lower", "lower": "higher"}.get(
            right_words(means, comparisons), "no difference seen"
        ),
    ),
    Mistake(
        "you never say lower",
        lambda means, comparisons: {"lower": "no difference seen"}.get(
            right_words(means, comparisons), right_words(means, comparisons)
        ),
    ),
    Mistake(
        "you divide the 95 % by the number of comparisons. It is the 5 % that is divided, and the interval grows",
        lambda means, comparisons: words_for(
            tuple(np.quantile(means, [0.5 - 0.475 / comparisons, 0.5 + 0.475 / comparisons]))
        ),
    ),
]


def _cases(seed: int) -> list:
    return distinguishing(
        partial(_some_cases, rng_for("5.3", seed)), right_words, MISTAKES, times=1
    )


#: Which shares of the draws lie beyond 0 and at 0, and how many comparisons there are.
_SHAPES = [
    (0.004, 0, 1),
    (0.004, 0, 4),
    (0.012, 0, 1),
    (0.013, 0, 4),
    (0.038, 0, 1),
    (0.2, 0, 2),
    (0.008, 0.06, 1),
    (0.03, 0, 3),
    (0.0, 0, 5),
    (0.009, 0, 2),
    (0.019, 0, 2),
    (0.01, 0.05, 1),
    (0.009, 0, 4),
    (0.018, 0, 1),
]


def _some_cases(rng: random.Random) -> list:
    """Means of draws with a known share on the wrong side of 0, or at 0: no rounding and no rule
    for quantiles decides.
    """
    cases = []
    for number, (beyond, at, comparisons) in enumerate(_SHAPES):
        sign = 1 if number % 2 else -1
        for turn in (sign, -sign) if number < 3 else (rng.choice([1, -1]),):
            cases.append([_draws(rng, beyond, at, turn), comparisons])
    # Other numbers of draws than a thousand, and draws that all lie far from 0.
    cases += [[_draws(rng, 0.012, 0, turn, 4000), 1] for turn in (1, -1)]
    cases.append([_draws(rng, 0.008, 0, rng.choice([1, -1]), 500), 2])
    cases += [[[turn * (2 + rng.random() / 10) for _ in range(400)], 3] for turn in (1, -1)]
    rng.shuffle(cases)
    return cases


def _draws(
    rng: random.Random, beyond: float, at: float, sign: int, size: int = 1000
) -> list[float]:
    """Means of draws on one side of 0, but for these shares of them beyond it and exactly at it."""
    wrong, zero = round(size * beyond), round(size * at)
    steps = [rng.randint(1, 30) / 200 for _ in range(size - wrong - zero)]
    values = (
        [sign * step for step in steps]
        + [-sign * rng.randint(1, 4) / 200 for _ in range(wrong)]
        + [0.0] * zero
    )
    rng.shuffle(values)
    return values


def _problem(_means: list[float], _comparisons: int, got: object) -> str:
    named = ", ".join(f'"{words}"' for words in _WORDS)
    return (
        ""
        if isinstance(got, str) and got in _WORDS
        else f"expected one of {named} to be returned, got {format_value(got)}"
    )


def _otherwise(means: list[float], comparisons: int, got: str) -> str:
    low, high = _ends(means, comparisons)
    many = f"{comparisons} comparisons" if comparisons > 1 else "one comparison"
    return f'"{got}" does not fit. With {many} the interval goes from {low:+.3f} to {high:+.3f}'


TASK = Task(
    "5.3",
    "What may be said?",
    3,
    hints=(
        "With one comparison the interval runs from the quantile 0.025 to the quantile 0.975 of the means.",
        "With several the 5 % that the interval leaves out are divided by their number, half at each end: 0.025 / comparisons. Then ask whether both ends lie on one side of 0.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_mistakes(
        right_words, MISTAKES, call="conclusion(means, {1})", problem=_problem, otherwise=_otherwise
    ),
    timeout=20,
    answer='`conclusion(means, comparisons)`, which returns "higher", "lower" or "no difference seen"',
)
