"""The checks of exercise 1: temperature, top-p, perplexity, the price of a language, a sampler."""

from functools import partial

from ftrag_helpers.exercises import checking
from ftrag_helpers.exercises.checking import ManualTask, answer, checker, hint
from ftrag_helpers.exercises.lesson_01 import (
    language_price,
    nucleus,
    perplexity,
    sampler,
    temperature,
)

__all__ = ["MANUAL", "TASKS", "answer", "hint", "points"]

TASKS = {
    task.id: task
    for task in (
        temperature.TASK,
        nucleus.TASK,
        perplexity.TASK,
        language_price.TASK,
        sampler.TASK,
    )
}
#: Tasks that a person marks: none in this lesson.
MANUAL: dict[str, ManualTask] = {}

points = partial(checking.points, 1)
task_1_1, task_1_2, task_1_3, task_1_4, task_1_5 = map(checker, TASKS.values())
