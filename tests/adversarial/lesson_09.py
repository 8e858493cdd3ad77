"""The checks of the small exercise: three tasks, written as those of the course are."""

import functools
import random

from adversarial import run
from ftrag_helpers.exercises import checking
from ftrag_helpers.exercises.checking import (
    PASSED,
    ManualTask,
    Task,
    Verdict,
    answer,
    calls,
    checker,
    hint,
)
from ftrag_helpers.exercises.values import format_value

__all__ = ["MANUAL", "TASKS", "answer", "hint", "points", "task_9_1", "task_9_2", "task_9_3"]

MANUAL = {"9.4": ManualTask("In your own words", 2)}
points = functools.partial(checking.points, 9)
_SHELVES = ["policies", "events", "news", "catalogue", "help desk", "lending"]


def _numbers_to_double(seed: int) -> list:
    rng = random.Random(f"9.1/{seed}")
    return [[rng.randint(-50, 50)] for _ in range(6)] + [[2.5]]


def _the_doubled(value: float) -> float:
    """What 9.1 should return; an answer must not be able to call this."""
    return 2 * value


def _judge_double(inputs: list, observed: object) -> Verdict:
    if not isinstance(observed, list) or len(observed) != len(inputs):
        return Verdict(False, f"expected {len(inputs)} numbers, got {format_value(observed)}")
    for (value,), got in zip(inputs, observed, strict=True):
        if type(got) not in (int, float) or got != _the_doubled(value):
            return Verdict(
                False, f"double({value}) should be {_the_doubled(value)}, got {format_value(got)}"
            )
    return PASSED


def _words(seed: int) -> list:
    rng = random.Random(f"9.2/{seed}")
    return [[rng.sample(_SHELVES, 4)] for _ in range(4)]


def _judge_longest(inputs: list, observed: object) -> Verdict:
    if not isinstance(observed, list) or len(observed) != len(inputs):
        return Verdict(False, f"expected {len(inputs)} words, got {format_value(observed)}")
    for (words,), got in zip(inputs, observed, strict=True):
        if got not in words or len(got) < max(map(len, words)):
            return Verdict(False, f"longest({words}) is not {format_value(got)}")
    return PASSED


def _judge_share(_inputs: list, observed: object) -> Verdict:
    right = type(observed) in (int, float) and abs(observed - 0.75) < 1e-9
    return PASSED if right else Verdict(False, f"3 of 4 is not {format_value(observed)}")


TASKS = {
    task.id: task
    for task in (
        Task(
            "9.1",
            "Twice",
            4,
            ("Think of a sum.", "value + value"),
            _numbers_to_double,
            calls,
            _judge_double,
            10,
        ),
        Task(
            "9.2",
            "The longest word",
            4,
            ("max() takes a key.", "key=len"),
            _words,
            calls,
            _judge_longest,
            10,
        ),
        Task(
            "9.3",
            "A share",
            4,
            ("Divide.", "Three by four."),
            lambda _seed: [],
            run.look,
            _judge_share,
            10,
        ),
    )
}

task_9_1, task_9_2, task_9_3 = map(checker, TASKS.values())
