"""The checks of exercise 4: recall and rank, a choice on validation, a filter, a threshold, whom to
blame, the news.
"""

from functools import partial

from ftrag_helpers.exercises import checking
from ftrag_helpers.exercises.checking import ManualTask, answer, checker, hint
from ftrag_helpers.exercises.lesson_04 import (
    blame,
    chunk_length,
    metadata_filter,
    news,
    recall_and_rank,
    threshold,
)

__all__ = ["MANUAL", "TASKS", "answer", "hint", "points"]

TASKS = {
    task.id: task
    for task in (
        recall_and_rank.TASK,
        chunk_length.TASK,
        metadata_filter.TASK,
        threshold.TASK,
        blame.TASK,
        news.TASK,
    )
}
#: Tasks that a person marks: none in this lesson.
MANUAL: dict[str, ManualTask] = {}

points = partial(checking.points, 4)
task_4_1, task_4_2, task_4_3, task_4_4, task_4_5, task_4_6 = map(checker, TASKS.values())
