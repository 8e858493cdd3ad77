"""The checks of exercise 2: a split by works, a baseline, precision and recall, a learning curve,
fine-tuning.
"""

from functools import partial

from ftrag_helpers.exercises import checking
from ftrag_helpers.exercises.checking import ManualTask, answer, checker, hint
from ftrag_helpers.exercises.lesson_02 import baseline, fine_tuning, learning_curve, scores, split

__all__ = ["MANUAL", "TASKS", "answer", "hint", "points"]

TASKS = {
    task.id: task
    for task in (split.TASK, baseline.TASK, scores.TASK, learning_curve.TASK, fine_tuning.TASK)
}
#: Tasks that a person marks: none in this lesson.
MANUAL: dict[str, ManualTask] = {}

points = partial(checking.points, 2)
task_2_1, task_2_2, task_2_3, task_2_4, task_2_5 = map(checker, TASKS.values())
