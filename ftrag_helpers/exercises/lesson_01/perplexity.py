"""Task 1.3: the perplexity of several texts."""

import math
import statistics

from ftrag_helpers.exercises.checking import Task, calls
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, rng_for
from ftrag_helpers.exercises.values import format_value, number_problem


def perplexity(texts: list[list[float]]) -> float:
    """e to the power of the mean surprise (nats), each token counted once."""
    return math.exp(-_mean(sum(texts, [])))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


MISTAKES = [
    Mistake(
        "yours is one over the perplexity. What is the sign of a log-probability?",
        lambda texts: 1 / perplexity(texts),
    ),
    Mistake(
        "it lets a short text count as much as a long one. Each token must count the same, whichever text it is in",
        lambda texts: math.exp(-_mean([_mean(text) for text in texts])),
    ),
    Mistake(
        "it is a mean of perplexities, and lets a short text count as much as a long one. Put all tokens together first",
        lambda texts: _mean([math.exp(-_mean(text)) for text in texts]),
    ),
    Mistake(
        "it takes the logarithms for bits (base 2), but they are natural logarithms (base e)",
        lambda texts: 2 ** -_mean(sum(texts, [])),
    ),
    Mistake(
        "it takes the logarithms for those of base 10, but they are natural logarithms (base e)",
        lambda texts: 10 ** -_mean(sum(texts, [])),
    ),
    Mistake(
        "it is the mean surprise in nats; one step is missing from there to the perplexity",
        lambda texts: -_mean(sum(texts, [])),
    ),
    Mistake(
        "it averages after exp(), where the mean of the log-probabilities comes first",
        lambda texts: _mean([math.exp(-value) for value in sum(texts, [])]),
    ),
    Mistake(
        "it averages the probabilities, where the mean of the log-probabilities comes first",
        lambda texts: 1 / _mean([math.exp(value) for value in sum(texts, [])]),
    ),
    Mistake(
        "it is the mean probability of a token, not a perplexity",
        lambda texts: _mean([math.exp(value) for value in sum(texts, [])]),
    ),
    Mistake("it looks at the first text alone", lambda texts: perplexity(texts[:1])),
    Mistake(
        "it looks at the last text alone. Does the function return too early?",
        lambda texts: perplexity(texts[-1:]),
    ),
    Mistake(
        "it takes the median of the surprises; a perplexity is made of their mean",
        lambda texts: math.exp(-statistics.median(sum(texts, []))),
    ),
    Mistake(
        "Is it a sum? Divide by the number of tokens before exp()",
        lambda texts: math.exp(-sum(sum(texts, []))),
    ),
    Mistake(
        "Is it a sum? You divide by the number of texts, and the number of tokens is wanted",
        lambda texts: math.exp(-sum(sum(texts, [])) / len(texts)),
    ),
]


def _cases(seed: int) -> list:
    rng = rng_for("1.3", seed)

    def text(tokens: int, mean: float) -> list[float]:
        return [-round(mean * (0.2 + 1.6 * rng.random()), 3) for _ in range(tokens)]

    return [
        [[text(6, 2.0)]],
        [[text(2, 5.0), text(9, 1.2)]],
        [[text(4, 0.6), text(12, 3.1), text(1, 6.5)]],
        [[text(1, 4.0)] * 2],
        [[[-0.0], [0.0, -0.0]]],
        [[text(40, 2.5), text(3, 4.0), text(1, 0.1)]],
    ]


def _form(_texts: list[list[float]], got: object) -> str:
    inside = ". One number is wanted for all texts together" if isinstance(got, list) else ""
    return number_problem(got) and number_problem(got) + inside


def _otherwise(texts: list[list[float]], got: float) -> str:
    tokens = sum(texts, [])
    message, want = f"your perplexity of {format_value(got)}", format_value(perplexity(texts))
    if got < 1:
        return f"{message} is below 1, and no model can hesitate between fewer than one token. It should be {want}"
    if got > math.exp(-min(tokens)) * 1.001:
        return f"{message} is larger than one over the smallest probability in the list, which no mean can be. It should be {want}"
    return f"{message} should be {want}: the mean over {len(tokens)} tokens, each counted once"


TASK = Task(
    "1.3",
    "Perplexity of several texts",
    4,
    hints=(
        "First put the log-probabilities of all texts into one list.",
        "math.exp(-total / n), with the sum and the number of the log-probabilities of all texts.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_mistakes(
        perplexity, MISTAKES, call="perplexity({})", problem=_form, otherwise=_otherwise, rel=1e-4
    ),
    timeout=10,
    answer="`perplexity(texts)`, which returns one number for several lists of log-probabilities in nats",
)
