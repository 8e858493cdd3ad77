"""Task 5.2: a paired bootstrap interval."""

from collections.abc import Callable

import numpy as np

from ftrag_helpers.exercises.checking import PASSED, Task, Verdict, by_case, calls
from ftrag_helpers.exercises.mistakes import Mistake, rng_for
from ftrag_helpers.exercises.values import numbers_problem

_DRAWS = 4000
#: How far an end may lie from ours, in standard errors of the mean difference; two honest intervals
#: of 4,000 draws each differ by less than a quarter of this.
_TOLERANCE = 0.3


def _cases(seed: int) -> list:
    """Pairs of scores that rise and fall together, as two systems do on easy and hard questions; in
    four of them one question is unlike the others; once all differ by as much; and once there is a
    single draw.
    """
    rng = rng_for("5.2", seed)
    cases = []
    for size, gap, spread, odd in (
        (40, 0.12, 0.10, None),
        (60, -0.08, 0.12, None),
        (25, 0.02, 0.15, None),
        (30, 0.05, 0.08, -1),
        (32, -0.04, 0.08, 0),
        (24, 0.03, 0.07, -1),
        (20, 0.01, 0.02, 7),
    ):
        hardness = [rng.uniform(0.05, 0.85) for _ in range(size)]
        first = [round(min(1, max(0, h + rng.gauss(0, 0.03))), 3) for h in hardness]
        second = [round(min(1, max(0, h + gap + rng.gauss(0, spread))), 3) for h in hardness]
        if odd is not None:
            first[odd], second[odd] = (
                (0.05, 0.95) if odd > 0 else (0.1, 0.75) if gap > 0 else (0.8, 0.15)
            )
        cases.append([first, second, _DRAWS])
    even = [round(rng.uniform(0.05, 0.8), 3) for _ in range(20)]
    return [*cases, [even, [round(score + 0.1, 3) for score in even], _DRAWS], [*cases[0][:2], 1]]


def _quantiles(means: np.ndarray, low: float = 0.025, high: float = 0.975) -> list[float]:
    return np.quantile(means, [low, high]).tolist()


def _resampled(values: np.ndarray, size: int = 0, draws: int = 8_000) -> np.ndarray:
    rng = np.random.default_rng(len(values) + size)
    return values[rng.integers(0, values.size, size=(draws, size or values.size))].mean(axis=1)


def _apart(a: np.ndarray, b: np.ndarray) -> list[float]:
    one, other = (
        values[
            np.random.default_rng(seed).integers(0, values.size, size=(8_000, values.size))
        ].mean(axis=1)
        for seed, values in ((1, a), (2, b))
    )
    return _quantiles(other - one)


def _between(low: float, high: float) -> Callable[[np.ndarray, np.ndarray], list[float]]:
    return lambda a, b: _quantiles(_resampled(b - a), low, high)


def _around(gaps: np.ndarray) -> list[float]:
    return [float(gaps.mean()) + side * 1.96 * _error(gaps) for side in (-1, 1)]


MISTAKES = [
    Mistake(
        "the two systems are resampled apart, or their scores are not of the same questions. Draw question numbers, and take both scores of the same questions",
        _apart,
    ),
    Mistake(
        "it is the interval of first − second; second − first is wanted",
        lambda a, b: _quantiles(_resampled(a - b)),
    ),
    Mistake(
        "it is the interval of the first system alone; the difference is wanted",
        lambda a, b: _quantiles(_resampled(a)),
    ),
    Mistake(
        "it is the interval of the second system alone; the difference is wanted",
        lambda a, b: _quantiles(_resampled(b)),
    ),
    Mistake(
        "it says how much single questions differ. Take the mean of each draw, then the quantiles of the means",
        lambda a, b: _quantiles(b - a),
    ),
    Mistake(
        "the last question is never drawn. Where does your range of question numbers end? rng.integers(0, n) never gives n, random.randint(0, n - 1) may give n - 1",
        lambda a, b: _quantiles(_resampled((b - a)[:-1], b.size)),
    ),
    Mistake(
        "the first question is never drawn. Question numbers begin at 0",
        lambda a, b: _quantiles(_resampled((b - a)[1:], b.size)),
    ),
    Mistake(
        "a draw takes half as many questions as there are; it takes as many",
        lambda a, b: _quantiles(_resampled(b - a, b.size // 2)),
    ),
    Mistake(
        "a draw takes twice as many questions as there are; it takes as many",
        lambda a, b: _quantiles(_resampled(b - a, b.size * 2)),
    ),
    Mistake(
        "it is the mean of the draws and two of their standard deviations on either side; take the quantiles of the draws, which need not lie alike on both sides",
        lambda a, b: _around(b - a),
    ),
    Mistake(
        "its ends are turned round at the mean difference; take the quantiles as they are",
        lambda a, b: [
            2 * float((b - a).mean()) - end for end in _quantiles(_resampled(b - a))[::-1]
        ],
    ),
    Mistake(
        "the sums of the draws are compared; take their means",
        lambda a, b: _quantiles(_resampled(b - a) * b.size),
    ),
    Mistake(
        "it is the interval of how far the scores lie apart, without their sign",
        lambda a, b: _quantiles(_resampled(np.abs(b - a))),
    ),
    Mistake(
        "the scores are sorted, each list by itself, so that they are no longer of the same questions",
        lambda a, b: _quantiles(_resampled(np.sort(b) - np.sort(a))),
    ),
    Mistake("its ends are not 2.5 % and 97.5 %: this is a 90 % interval", _between(0.05, 0.95)),
    Mistake("its ends are not 2.5 % and 97.5 %: this is a 99 % interval", _between(0.005, 0.995)),
    Mistake("its ends are not 2.5 % and 97.5 %: this is a 50 % interval", _between(0.25, 0.75)),
    Mistake(
        "its ends are not 2.5 % and 97.5 %: one of them is far too near the middle",
        _between(0.25, 0.975),
    ),
    Mistake("its ends are not 2.5 % and 97.5 %: the lower one is at 5 %", _between(0.05, 0.975)),
    Mistake("its ends are not 2.5 % and 97.5 %: the upper one is at 95 %", _between(0.025, 0.95)),
]


_two_numbers = by_case(
    lambda _first, _second, _draws, got: numbers_problem(got, 2),
    "paired_interval(first, second, {2})",
)


def _judge(inputs: list, observed: object) -> Verdict:
    formed = _two_numbers(inputs, observed)
    if not formed.passed:
        return formed
    cases = [
        (np.array(first), np.array(second), got)
        for (first, second, draws), got in zip(inputs, observed, strict=True)
        if draws > 1
    ]
    off = [
        _distance(got, _quantiles(_resampled(b - a, draws=20_000)), b - a) for a, b, got in cases
    ]
    if max(off) >= _TOLERANCE:
        return Verdict(False, _wrong_interval(cases, off))
    single = (_single_draw_problem(*case, got) for case, got in zip(inputs, observed, strict=True))
    return next((Verdict(False, problem) for problem in single if problem), PASSED)


def _distance(got: list[float], want: list[float], gaps: np.ndarray) -> float:
    """By how much the further of two ends is off, in standard errors of the mean difference."""
    return max(abs(x - y) for x, y in zip(got, want, strict=True)) / max(_error(gaps), 1e-6)


def _mistake_distance(got: list[float], want: list[float], gaps: np.ndarray) -> float:
    """As `_distance`; chance moves the ends of a wider interval further."""
    return _distance(got, want, gaps) / max(1.0, (want[1] - want[0]) / 4 / _error(gaps))


def _error(gaps: np.ndarray) -> float:
    return float(gaps.std() / np.sqrt(gaps.size))


def _wrong_interval(cases: list, distances: list[float]) -> str:
    """The mistake whose intervals are the nearest, if they are near in all cases but one; else what
    is seen in the first wrong one.
    """
    a, b, got = next(
        case for case, distance in zip(cases, distances, strict=True) if distance >= _TOLERANCE
    )
    message = f"your interval [{got[0]:+.3f}, {got[1]:+.3f}]"
    if all(got[0] > got[1] for a, b, got in cases if _error(b - a) > 1e-6):
        return f"{message} has its lower end above its upper one"
    varied = [
        (a, b, got) for a, b, got in cases if _error(b - a) > 1e-6
    ]  # a mistake of 90 % is right where nothing varies
    off = {
        mistake.message: [_mistake_distance(got, variant(a, b), b - a) for a, b, got in varied]
        for mistake in MISTAKES
        for variant in mistake.variants
    }
    nearest = min(off, key=lambda words: sum(off[words]))
    # In one case chance may move the far ends of a wide interval further.
    return (
        f"{message} is not right: {nearest}"
        if sorted(off[nearest])[-2] < _TOLERANCE
        else f"{message} {_seen(b - a, got)}"
    )


def _seen(gaps: np.ndarray, got: list[float]) -> str:
    mean, error, width = float(gaps.mean()), _error(gaps), got[1] - got[0]
    if error < 1e-6:
        return f"is one of two systems that differ by {mean:+.1f} on each question, so it should have no width, and lie there"
    if width < error * 0.02:
        return "has no width. A draw takes as many questions as there are, with replacement: some twice, some not at all"
    if not got[0] <= mean <= got[1]:
        return f"does not hold the mean difference of {mean:+.3f}"
    size = "wide" if width > 4.3 * error else "narrow" if width < 3.5 * error else "far to one side"
    return f"is too {size} for these scores. How many questions does a draw take, how many draws are there, and are both scores of the same questions?"


def _single_draw_problem(
    first: list[float], second: list[float], draws: int, got: list[float]
) -> str:
    gaps = np.array(second) - np.array(first)
    if draws > 1 or got[0] == got[1] and gaps.min() <= got[0] <= gaps.max():
        return ""
    return f"with a single draw both ends are that draw's mean, and yours are {got[0]:+.3f} and {got[1]:+.3f}. Does the function use `draws`?"


TASK = Task(
    "5.2",
    "A paired interval",
    4,
    hints=(
        "Subtract first: pairs that are drawn together are differences that are drawn.",
        "With rng = np.random.default_rng(), rng.integers(0, n, size=n) draws n question numbers with replacement. Keep the mean difference of each draw, and take np.quantile of all of them at 0.025 and 0.975.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=_judge,
    timeout=30,
    answer="`paired_interval(first, second, draws)`, which returns the two ends of a 95 % interval",
)
