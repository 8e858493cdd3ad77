"""Task 2.4: how many training examples are enough."""

import math
import random
from collections.abc import Callable
from functools import lru_cache, partial

from ftrag_helpers.exercises.checking import Task, calls
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, distinguishing, rng_for
from ftrag_helpers.exercises.values import format_value, number_problem


def noise_of(a: float, b: float, n: int, errors: float = 2.0) -> float:
    """So many standard errors of the difference of two accuracies, each measured on n texts."""
    return errors * math.sqrt((a * (1 - a) + b * (1 - b)) / n)


def first_enough(
    sizes: list[int],
    accuracies: list[float],
    n: int,
    *,
    noise: Callable = noise_of,
    rivals: Callable = lambda later: later,
    gain: Callable = lambda a, b: b - a,
    order: Callable | None = None,
) -> int:
    """The smallest size that no rival among the larger sizes beats by more than the noise."""
    curve = sorted(zip(sizes, accuracies, strict=True), key=order)
    return next(
        size
        for i, (size, a) in enumerate(curve)
        if all(gain(a, b) <= noise(a, b, n) for _, b in rivals(curve[i + 1 :]))
    )


def _larger(sizes: list[int], size: int) -> int:
    return min((other for other in sizes if other > size), default=size)


def _counts_as_n(sizes: list[int], accuracies: list[float], _n: int) -> int:
    curve = sorted(zip(sizes, accuracies, strict=True))
    return next(
        size
        for i, (size, a) in enumerate(curve)
        if all(b - a <= noise_of(a, b, other) for other, b in curve[i + 1 :])
    )


MISTAKES = [
    Mistake(
        "you look one step ahead. Several steps inside the noise may add up to a gain that is not: compare with every larger size",
        partial(first_enough, rivals=lambda later: later[:1]),
    ),
    Mistake(
        "you look two steps ahead. Compare with every larger size",
        partial(first_enough, rivals=lambda later: later[:2]),
    ),
    Mistake(
        "you compare with the largest size alone; a size between may be better than both",
        partial(first_enough, rivals=lambda later: later[-1:]),
    ),
    Mistake(
        "a larger size that is worse by more than the noise counts against a smaller one; only a gain does",
        partial(first_enough, gain=lambda a, b: abs(b - a)),
    ),
    Mistake(
        "your noise is one standard error of the difference; the task wants two",
        partial(first_enough, noise=partial(noise_of, errors=1.0)),
    ),
    Mistake(
        "your noise is that of one accuracy. Both are measured on n texts, so their squared errors add up",
        partial(first_enough, noise=lambda a, _b, n: 2 * math.sqrt(a * (1 - a) / n)),
    ),
    Mistake(
        "your noise is that of one accuracy, the larger size's. Both are measured on n texts, so their squared errors add up",
        partial(first_enough, noise=lambda _a, b, n: 2 * math.sqrt(b * (1 - b) / n)),
    ),
    Mistake(
        "your noise is the same whatever the accuracies are; a(1 − a) is smaller the nearer a comes to 1",
        partial(first_enough, noise=lambda _a, _b, n: 2 * math.sqrt(0.5 / n)),
    ),
    Mistake(
        "your noise uses the number of training examples; n is the number of test texts",
        _counts_as_n,
    ),
    Mistake(
        "you add the two standard errors. Add their squares, and take the root of the sum",
        partial(
            first_enough,
            noise=lambda a, b, n: 2 * (math.sqrt(a * (1 - a) / n) + math.sqrt(b * (1 - b) / n)),
        ),
    ),
    Mistake(
        "this is the size with the highest accuracy. A smaller one that is inside the noise of it costs less. (Has your noise its root?)",
        lambda sizes, accuracies, _n: max(zip(accuracies, sizes, strict=True))[1],
    ),
    Mistake(
        "this is the size with the highest accuracy, of equals the first that comes. A smaller one that is inside the noise of it costs less. (Has your noise its root?)",
        lambda sizes, accuracies, _n: sizes[accuracies.index(max(accuracies))],
    ),
    Mistake(
        "this is the smallest size with the highest accuracy. One that is inside the noise of it costs less. (Has your noise its root?)",
        lambda sizes, accuracies, _n: min(
            size for size, a in zip(sizes, accuracies, strict=True) if a == max(accuracies)
        ),
    ),
    Mistake(
        "the sizes are not in order; sort them together with their accuracies first",
        partial(first_enough, order=lambda _row: 0),
    ),
    Mistake(
        "you sort by accuracy; it is the sizes that have to be in order",
        partial(first_enough, order=lambda row: row[::-1]),
    ),
    Mistake(
        "this is one size too far: the last one before it has all larger sizes inside the noise",
        lambda sizes, accuracies, n: _larger(sizes, first_enough(sizes, accuracies, n)),
    ),
    Mistake(
        "this is the largest size, whatever the smaller ones do",
        lambda sizes, _accuracies, _n: max(sizes),
    ),
    Mistake(
        "this is the smallest size, whatever the larger ones gain",
        lambda sizes, _accuracies, _n: min(sizes),
    ),
]
#: Without the root the noise nearly vanishes, so this is mostly the mistake of the highest accuracy
#: too; that one is tried first.
_ROOT_MISTAKE = Mistake(
    "the root is missing: a(1 − a)/n is the square of a standard error",
    lambda *case: first_enough(*case, noise=lambda a, b, n: 2 * (a * (1 - a) + b * (1 - b)) / n),
)
#: No gain lies nearer than this to its noise, as a ratio, so that rounding decides nothing.
_CLEAR = 0.12


@lru_cache(maxsize=32)
def _cases(seed: int) -> list:
    return distinguishing(partial(_some_cases, rng_for("2.4", seed)), first_enough, MISTAKES)


def _some_cases(rng: random.Random) -> list:
    tests = (150, 200, 300, 300, 300, 600, 600, 1200, 1200, 2400, 2400, 2400)
    cases = [_curve(rng, n) for n in tests]
    cases += [
        [rng.sample(sizes, len(sizes)), [0.6] * len(sizes), 300]
        for sizes in ([100], [100, 200, 400])
    ]
    cases += [_mixed(rng, [100, 200, 400, 800], accuracies, n) for accuracies, n in _FIXED_CURVES]
    rng.shuffle(cases)
    return cases


#: Two steps in the noise and not together; a fall; a rise and a fall; all right from some size on.
_FIXED_CURVES = (
    ([0.60, 0.67, 0.74, 0.74], 200),
    ([0.80, 0.60, 0.61, 0.62], 300),
    ([0.55, 0.80, 0.60, 0.62], 300),
    ([0.90, 1.0, 1.0, 1.0], 600),
)


def _mixed(rng: random.Random, sizes: list[int], accuracies: list[float], n: int) -> list:
    order = rng.sample(range(len(sizes)), len(sizes))
    return [[sizes[i] for i in order], [accuracies[i] for i in order], n]


def _curve(rng: random.Random, n: int) -> list:
    """A learning curve over doubling sizes, in no order, whose steps are about as large as the
    noise.
    """
    while True:
        steps = rng.choice([4, 5, 6])
        sizes = [rng.choice([25, 50, 60, 100])]
        accuracies = [round(rng.uniform(0.52, 0.68), 3)]
        for _ in range(steps - 1):
            sizes.append(sizes[-1] * 2)
            step = rng.choice([0.0, 0.6, 0.6, 1.4]) + rng.uniform(-0.4, 0.4)
            accuracies.append(
                min(
                    0.99,
                    round(accuracies[-1] + step * noise_of(accuracies[-1], accuracies[-1], n), 3),
                )
            )
        gains = [
            (b - a) / noise_of(a, b, n)
            for i, a in enumerate(accuracies)
            for b in accuracies[i + 1 :]
        ]
        if max(accuracies) < 0.97 and all(abs(gain - 1) > _CLEAR for gain in gains):
            return _mixed(rng, sizes, accuracies, n)


def _problem(sizes: list[int], _accuracies: list[float], _n: int, got: object) -> str:
    if number_problem(got):
        return number_problem(got)
    if got in sizes:
        return ""
    hint_ = (
        ". That looks like an accuracy"
        if 0 < got < 1
        else ". That looks like a place in the list"
        if got < 10
        else ""
    )
    return f"expected one of the sizes {sorted(sizes)}, got {format_value(got)}{hint_}"


def _otherwise(sizes: list[int], accuracies: list[float], n: int, got: float) -> str:
    at = dict(zip(sizes, accuracies, strict=True))
    better = [
        size for size in at if size > got and at[size] - at[got] > noise_of(at[got], at[size], n)
    ]
    if not better:
        return f"{got} is more than needed: a smaller size has every larger one inside the noise"
    return f"{got} is not enough: {max(better)} examples are better by {at[max(better)] - at[got]:.3f}, and the noise of that difference is {noise_of(at[got], at[max(better)], n):.3f}"


TASK = Task(
    "2.4",
    "How many examples are enough?",
    4,
    hints=(
        "sorted(zip(sizes, accuracies)) brings both into order. Then go from the smallest size up.",
        "For each size ask about all larger ones: all(b - a <= noise(a, b) for ...). The largest size has none, and is always enough.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_mistakes(
        first_enough,
        [*MISTAKES, _ROOT_MISTAKE],
        call="enough({}, {}, {})",
        problem=_problem,
        otherwise=_otherwise,
    ),
    timeout=10,
    answer="`enough(sizes, accuracies, n)`, which returns one of the sizes",
)
