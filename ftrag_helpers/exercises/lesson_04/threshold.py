"""Task 4.4: the highest threshold that refuses few of the answerable questions."""

import math
import random
from collections.abc import Callable

from ftrag_helpers.exercises.checking import Task, calls
from ftrag_helpers.exercises.mistakes import (
    Mistake,
    by_mistakes,
    distinguishing,
    equal,
    rng_for,
    shuffled,
)
from ftrag_helpers.exercises.values import format_value, number_problem


def _allowed(rate: float, count: int) -> int:
    return int(rate * count + 1e-9)


def _split_scores(scores: list[float], answerable: list[bool]) -> tuple[list[float], list[float]]:
    pairs = sorted(zip(scores, answerable, strict=True))
    return [score for score, known in pairs if known], [
        score for score, known in pairs if not known
    ]


def _at(ordered: list[float], place: int) -> float:
    return ordered[max(0, min(place, len(ordered) - 1))]


def right_threshold(scores: list[float], answerable: list[bool], rate: float) -> float:
    """The highest score that refuses no more than `rate` of the answerable questions."""
    known, _ = _split_scores(scores, answerable)
    return known[_allowed(rate, len(known))]


def _known_at(
    place: Callable[[float], int], known: Callable[[list[float]], list[float]] = list
) -> Callable[..., float]:
    """The mistake that takes the answerable question at another place, or in another order."""

    def mistake(scores: list[float], answerable: list[bool], rate: float) -> float:
        ordered = known(_split_scores(scores, answerable)[0])
        return _at(ordered, place(rate * len(ordered)))

    return mistake


MISTAKES = [
    Mistake(
        "you round the number of questions that may be lost up; a part of a question is not allowed",
        _known_at(lambda allowed: math.ceil(allowed - 1e-9)),
    ),
    Mistake(
        "you round the number of questions that may be lost; a part of a question is not allowed, so round down",
        _known_at(lambda allowed: math.floor(allowed + 0.5)),
    ),
    Mistake(
        "two questions with the same score count as two; you count them once",
        _known_at(
            lambda allowed: math.floor(allowed + 1e-9), known=lambda ordered: sorted(set(ordered))
        ),
    ),
    Mistake(
        "this is the lowest score of an answerable question: none is lost, though some may be",
        _known_at(lambda _allowed: 0),
    ),
    Mistake(
        "this is the highest score of an unanswerable question, whatever it refuses beside",
        lambda scores, answerable, rate: _split_scores(scores, answerable)[1][-1],
    ),
    Mistake(
        "refused is what lies below the threshold; you refuse what lies above it",
        lambda scores, answerable, rate: min(
            limit
            for limit in scores
            if sum(s > limit for s in _split_scores(scores, answerable)[0])
            <= rate * sum(answerable) + 1e-9
        ),
    ),
    Mistake(
        "this threshold gets the most questions right of both kinds; the limit on false refusals comes first",
        lambda scores, answerable, rate: max(
            scores,
            key=lambda limit: sum(
                (s >= limit) == a for s, a in zip(scores, answerable, strict=False)
            ),
        ),
    ),
    Mistake(
        "you count refusals among all questions; false refusals are a share of the answerable ones only",
        lambda scores, answerable, rate: _at(sorted(scores), _allowed(rate, len(scores))),
    ),
    Mistake(
        "you keep the refusals of the unanswerable questions low. Those are the right ones; the false ones, of answerable questions, are to stay low",
        lambda scores, answerable, rate: _at(
            _split_scores(scores, answerable)[1],
            _allowed(rate, sum(not known for known in answerable)),
        ),
    ),
    Mistake(
        "a share that reaches the limit exactly is still allowed",
        lambda scores, answerable, rate: _at(
            _split_scores(scores, answerable)[0], math.ceil(rate * sum(answerable) - 1e-9) - 1
        ),
    ),
    Mistake(
        "a score that equals the threshold is not refused: refused is what lies below it",
        lambda scores, answerable, rate: max(
            [score for score in scores if score < right_threshold(scores, answerable, rate)],
            default=min(scores),
        ),
    ),
    Mistake(
        "this is the first threshold that refuses too many; one step before it is the last that does not",
        lambda scores, answerable, rate: min(
            [score for score in scores if score > right_threshold(scores, answerable, rate)],
            default=max(scores),
        ),
    ),
    Mistake(
        "this is the lowest score, which refuses nothing at all",
        lambda scores, answerable, rate: min(scores),
    ),
    Mistake(
        "this is the highest score, whatever it refuses",
        lambda scores, answerable, rate: max(scores),
    ),
]


#: Answerable questions, unanswerable ones, and the share that may be refused.
_SHAPES = (
    (10, 6, 0.2),
    (20, 9, 0.1),
    (8, 8, 0.25),
    (12, 5, 0.3),
    (20, 12, 0.07),
    (9, 4, 0.15),
    (11, 6, 0.0),
    (16, 7, 0.22),
    (13, 6, 0.35),
    (15, 8, 0.28),
)


def _cases(seed: int) -> list:
    rng = rng_for("4.4", seed)
    return distinguishing(
        lambda: shuffled(rng, [_case(rng, *shape) for shape in _SHAPES]), right_threshold, MISTAKES
    )


def _case(rng: random.Random, known: int, unknown: int, rate: float) -> list:
    """Scores of two overlapping groups.

    Two or more answerable questions have one score, and one of each kind have one.
    """
    scores = [s / 1000 for s in rng.sample(range(350, 990, 2), known - 2)]
    scores += [rng.choice(sorted(scores)[:3]), rng.choice(scores)]
    scores += [s / 1000 for s in rng.sample(range(201, 801, 2), unknown - 1)]
    scores.append(rng.choice(sorted(scores[:known])[:4]))
    answerable = [True] * known + [False] * unknown
    order = rng.sample(range(known + unknown), known + unknown)
    return [[scores[i] for i in order], [answerable[i] for i in order], rate]


def _problem(scores: list[float], _answerable: list[bool], _rate: float, got: object) -> str:
    if number_problem(got):
        return number_problem(got)
    near = any(equal(got, score) for score in scores)
    return (
        ""
        if near
        else f"expected one of the given scores, got {format_value(got)}, which is none of them"
    )


def _otherwise(scores: list[float], answerable: list[bool], rate: float, got: float) -> str:
    known, _ = _split_scores(scores, answerable)
    refused = sum(score < got - 1e-9 for score in known)
    message = (
        f"a threshold of {format_value(got)} refuses {refused} of {len(known)} answerable questions"
    )
    return (
        f"{message}, more than {rate:g} of them"
        if refused > rate * len(known) + 1e-9
        else f"{message}; a higher one stays within {rate:g} too, and refuses more of the unanswerable"
    )


TASK = Task(
    "4.4",
    "The price of a refusal",
    4,
    hints=(
        "Try each given score as a threshold: which share of the answerable questions lies below it?",
        "Collect the scores whose share is at most the limit, and take the highest of them. Divide by the number of answerable questions, not of all.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_mistakes(
        right_threshold,
        MISTAKES,
        call="threshold(scores, answerable, {2})",
        problem=_problem,
        otherwise=_otherwise,
    ),
    timeout=10,
    answer="`threshold(scores, answerable, at_most)`, which returns one of the scores",
)
