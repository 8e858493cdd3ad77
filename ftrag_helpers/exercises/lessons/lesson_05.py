"""The checks of exercise 5: fair plans, a paired interval, what it supports, break-even, support by
the sources.

No model, no training: plans, scores, costs and texts are given.
"""

from functools import partial

from ftrag_helpers.exercises import checking
from ftrag_helpers.exercises.checking import ManualTask, answer, checker, hint
from ftrag_helpers.exercises.lesson_05 import (
    break_even,
    conclusion,
    fair_plans,
    paired_interval,
    support,
)

__all__ = ["MANUAL", "TASKS", "answer", "hint", "points"]

TASKS = {
    task.id: task
    for task in (
        fair_plans.TASK,
        paired_interval.TASK,
        conclusion.TASK,
        break_even.TASK,
        support.TASK,
    )
}
#: Tasks that a person marks.
MANUAL = {"5.6": ManualTask("Your decision", 4)}

points = partial(checking.points, 5)
task_5_1, task_5_2, task_5_3, task_5_4, task_5_5 = map(checker, TASKS.values())
