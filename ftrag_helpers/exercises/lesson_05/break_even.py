"""Task 5.4: from how many updates on retrieval is cheaper than retraining."""

import math
import random
from collections.abc import Callable
from functools import partial

from ftrag_helpers.exercises.checking import Task, calls
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, distinguishing, rng_for, shuffled
from ftrag_helpers.exercises.values import format_value, is_number, number_problem


def _total(costs: dict, updates: int, questions: int) -> float:
    return costs["once"] + costs["update"] * updates + costs["question"] * questions


def first_cheaper(tuned: dict, retrieval: dict, questions: int) -> int | None:
    """The fewest updates with which retrieval costs less, or None where it never does."""
    start = _total(retrieval, 0, questions) - _total(tuned, 0, questions)
    saved = tuned["update"] - retrieval["update"]
    if start < 0:
        return 0
    return int(start // saved) + 1 if saved > 0 else None


def _even(tuned: dict, retrieval: dict, questions: int) -> float | None:
    start = _total(retrieval, 0, questions) - _total(tuned, 0, questions)
    saved = tuned["update"] - retrieval["update"]
    return start / saved if saved else None


def _up_to(most: int, *case: object) -> int | None:
    first = first_cheaper(*case)
    return first if first is None or first <= most else None


def _near_even(rounding: Callable[[float], int], *case: object) -> int | None:
    return first_cheaper(*case) and rounding(_even(*case))


MISTAKES = [
    Mistake(
        "an update that costs as much or more with retrieval does not mean never: it may be cheaper from the start",
        lambda tuned, retrieval, questions: (
            first_cheaper(tuned, retrieval, questions)
            if retrieval["update"] < tuned["update"]
            else None
        ),
    ),
    Mistake(
        "your search stops too early: hundreds of updates may be needed, or thousands",
        partial(_up_to, 366),
    ),
    Mistake(
        "your search stops at a hundred updates or so; more may be needed", partial(_up_to, 100)
    ),
    Mistake(
        "retraining has to be done once too, before the first update",
        lambda tuned, retrieval, questions: first_cheaper(
            {**tuned, "once": 0}, retrieval, questions
        ),
    ),
    Mistake(
        "the questions come once a year, not after each update",
        lambda tuned, retrieval, questions: first_cheaper(
            *(
                {**costs, "update": costs["update"] + costs["question"] * questions, "question": 0}
                for costs in (tuned, retrieval)
            ),
            0,
        ),
    ),
    Mistake(
        "this is one more than needed",
        lambda *case: None if first_cheaper(*case) is None else first_cheaper(*case) + 1,
    ),
    Mistake(
        "at that number both cost the same; retrieval is cheaper only after it",
        partial(_near_even, math.ceil),
    ),
    Mistake(
        "at that number retrieval is not cheaper yet: a part of an update does not happen, so round up",
        partial(_near_even, math.floor),
    ),
    Mistake(
        "the questions cost something too, and not the same with both",
        lambda tuned, retrieval, questions: first_cheaper(tuned, retrieval, 0),
    ),
    Mistake(
        "retrieval has to be set up once too: its index",
        lambda tuned, retrieval, questions: first_cheaper(
            tuned, {**retrieval, "once": 0}, questions
        ),
    ),
    Mistake(
        "an update costs something with retrieval too",
        lambda tuned, retrieval, questions: first_cheaper(
            tuned, {**retrieval, "update": 0}, questions
        ),
    ),
    Mistake(
        "retrieval may be cheaper from the start: then the number is 0",
        lambda *case: first_cheaper(*case) if first_cheaper(*case) != 0 else 1,
    ),
    Mistake(
        "it is the number from which retraining is cheaper; the two are the wrong way round",
        lambda tuned, retrieval, questions: first_cheaper(retrieval, tuned, questions),
    ),
]


def _cases(seed: int) -> list:
    """Costs in quarters of a second, so that sums are exact; both cost the same at a whole number,
    between two, or never.
    """
    return distinguishing(
        partial(_some_cases, rng_for("5.4", seed)), first_cheaper, MISTAKES, times=1
    )


def _some_cases(rng: random.Random) -> list:
    cases = [_case(rng, kind) for kind in ("whole", "between", "never", "at once") * 3]
    cases += [_far_case(rng, 110, 300), _far_case(rng, 1500, 20_000)]
    for case in cases[3:8:4]:  # dearer updates, or the same, and cheaper all the same with none
        case[1]["update"] = case[0]["update"] + rng.choice([0, 3])
    same = rng.randint(20, 90)
    cases.append([{"once": same, "update": 20, "question": 0.5}] * 2 + [100])
    return shuffled(rng, cases)


def _case(rng: random.Random, kind: str) -> list:
    while True:
        tuned = {
            "once": rng.randint(20, 200),
            "update": rng.randint(15, 90),
            "question": rng.randint(1, 6) / 4,
        }
        retrieval = {
            "once": rng.randint(5, 60),
            "update": rng.choice([0.25, 0.5, 1, 2, 5]),
            "question": rng.randint(3, 12) / 4,
        }
        if kind == "never":
            retrieval["update"] = tuned["update"] + rng.choice([0, 0, 7])
        case = [tuned, retrieval, rng.choice([40, 100, 250, 600])]
        if _kind(*case) == kind:
            return case


def _far_case(rng: random.Random, low: int, high: int) -> list:
    """So many questions that only that many updates make up for them: a search that stops before
    does not come so far.
    """
    while True:
        tuned, retrieval, questions = _case(rng, "between")
        retrieval["question"] = tuned["question"] + 0.5
        case = [tuned, retrieval, questions * rng.choice([20, 50, 100, 400])]
        if low < (first_cheaper(*case) or 0) < high:
            return case


def _kind(tuned: dict, retrieval: dict, questions: int) -> str:
    first, even = first_cheaper(tuned, retrieval, questions), _even(tuned, retrieval, questions)
    if first is None:
        return "never"
    if first == 0:
        return "at once" if even is None or even < -1 else "only just at once"
    return "whole" if even == int(even) else "between"


def _problem(_tuned: dict, _retrieval: dict, _questions: int, got: object) -> str:
    if got is None:
        return ""
    if not is_number(got):
        return f"{number_problem(got)}. A number of updates is wanted, or None where retrieval is never cheaper"
    if got != int(got) or got < 0:
        return f"updates are counted in whole numbers from 0; got {format_value(got)}"
    return ""


def _otherwise(tuned: dict, retrieval: dict, questions: int, got: float | None) -> str:
    if got is None:
        return "you say never, yet there is a number of updates at which retrieval costs less"
    ours, theirs = (_total(costs, int(got), questions) for costs in (retrieval, tuned))
    message = f"with {int(got)} updates and {questions} questions retrieval costs {ours:g} and retraining {theirs:g}"
    if ours >= theirs:
        never = first_cheaper(tuned, retrieval, questions) is None
        return f"{message}: retrieval is not cheaper there" + (
            ", nor with any more of them. Then return None" if never else ""
        )
    return f"{message}: that is cheaper, but so it is with fewer updates"


TASK = Task(
    "5.4",
    "When does it pay?",
    3,
    hints=(
        "Write a small function for the total cost of a system at a number of updates first.",
        "Retrieval gains the difference of the two costs of an update with each of them. If it gains nothing and is not cheaper at the start, it never will be. Otherwise step up from 0 until it costs less.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_mistakes(
        first_cheaper,
        MISTAKES,
        call="cheaper_from({}, {}, {})",
        problem=_problem,
        otherwise=_otherwise,
    ),
    timeout=20,
    answer="`cheaper_from(tuned, retrieval, questions)`, which returns a number of updates, or None",
)
