"""Task 1.1: what a temperature makes of logits."""

import math
import random

from ftrag_helpers.exercises.checking import Task
from ftrag_helpers.exercises.lesson_01 import run
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, rng_for
from ftrag_helpers.exercises.values import format_value, numbers_problem


def softened(logits: list[float], temperature: float) -> list[float]:
    """The probabilities that these logits stand for at a temperature."""
    powers = [math.exp((logit - max(logits)) / temperature) for logit in logits]
    return [power / sum(powers) for power in powers]


def some_logits(rng: random.Random, length: int) -> list[float]:
    """Logits two of which never lie closer than 0.3."""
    steps = [0.3 + rng.randint(0, 12) / 10 for _ in range(length)]
    logits = [round(sum(steps[:i]) - 2, 2) for i in range(length)]
    rng.shuffle(logits)
    return logits


def _cases(seed: int) -> list:
    """Several temperatures, equal logits, a lone one; the last two are far from 0."""
    rng = rng_for("1.1", seed)
    cases = [
        [some_logits(rng, length), temperature]
        for length, temperature in (
            (4, 1.0),
            (5, 2.0),
            (3, 0.5),
            (6, 1.5),
            (7, round(rng.uniform(0.3, 0.9), 2)),
        )
    ]
    equal = rng.choice([0.5, 1.5, 2.0])
    return [
        *cases,
        [[equal] * 3, 0.7],
        [[-0.5], 1.3],
        # Cold, so that the largest logit has to be taken away before the division, or divided too.
        *([[logit + far for logit in some_logits(rng, 4)], 0.4] for far in (1000, -1000)),
    ]


def _form(logits: list[float], _temperature: float, got: object) -> str:
    problem = numbers_problem(got, len(logits))
    far = isinstance(got, list) and len(got) == len(logits) and abs(logits[0]) >= run.FAR
    return problem + (
        f". {run.TOO_LARGE if logits[0] > 0 else run.TOO_SMALL}" if problem and far else ""
    )


MISTAKES = [
    Mistake(
        "the temperature changes nothing yet: all results are those of temperature 1",
        lambda logits, _temperature: softened(logits, 1.0),
    ),
    Mistake(
        "is the temperature used twice? The results are those of its square",
        lambda logits, t: softened(logits, t**2),
    ),
    Mistake(
        "a high temperature must bring the probabilities closer together, and yours draws them apart: the logits are divided by the temperature",
        lambda logits, t: softened(logits, 1 / t),
    ),
    Mistake(
        "the powers are those of 2, and e is wanted: math.exp()",
        lambda logits, t: softened(logits, t / math.log(2)),
    ),
    Mistake(
        "the probabilities must add up to 1: what is each power divided by?",
        lambda logits, t: [math.exp((logit - max(logits)) / t) for logit in logits],
    ),
    Mistake(
        "these are percentages; probabilities lie between 0 and 1",
        lambda logits, t: [100 * p for p in softened(logits, t)],
    ),
    Mistake(
        "these are the logarithms of the probabilities",
        lambda logits, t: [math.log(p) for p in softened(logits, t)],
    ),
]


def _otherwise(logits: list[float], temperature: float, got: list[float]) -> str:
    if min(got) < 0 or max(got) > 1 + 1e-6:
        return f"expected probabilities between 0 and 1, got {format_value(got)}"
    if abs(sum(got) - 1) > 1e-3:
        return f"the probabilities must add up to 1, yours add up to {sum(got):.3f}"
    plain, top = max(softened(logits, 1.0)), max(got)
    if (temperature - 1) * (top - plain) > 1e-6:
        moves = "closer together" if temperature > 1 else "further apart"
        return f"a temperature of {temperature} must bring the probabilities {moves}, yours went the other way: the largest went from {plain:.3f} to {top:.3f}"
    want = softened(logits, temperature)
    return f"the probability in the place of the largest logit should be {max(want):.3f}, and all of them follow it; got {format_value(got)}"


TASK = Task(
    "1.1",
    "Temperature",
    4,
    hints=(
        "Three loops, or three list comprehensions: the divided logits, the powers of each, each power over the sum of all.",
        "Only differences between logits matter. Take the largest logit from all of them first: then the largest exponent is 0, and nothing can overflow.",
    ),
    cases=_cases,
    run_answer=run.soften,
    judge=by_mistakes(
        softened, MISTAKES, call="soften({}, {})", problem=_form, otherwise=_otherwise, rel=1e-3
    ),
    timeout=10,
    answer="`soften(logits, temperature)`, which returns a list of probabilities",
)
