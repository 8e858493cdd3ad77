"""The checks of exercise 3: mask, loss, the size of LoRA, a training set for a new desk.

The tasks are arithmetic and text, so that no check loads a model; training on the learner's pairs
is shown in the notebook, where a person can read what comes of it.
"""

from functools import partial

from ftrag_helpers.exercises import checking
from ftrag_helpers.exercises.checking import ManualTask, answer, checker, hint
from ftrag_helpers.exercises.lesson_03 import desk_letters, label_mask, lora_size, masked_loss

__all__ = ["MANUAL", "TASKS", "answer", "hint", "points"]

TASKS = {
    task.id: task for task in (label_mask.TASK, masked_loss.TASK, lora_size.TASK, desk_letters.TASK)
}
#: Tasks that a person marks.
MANUAL = {"3.5": ManualTask("What it learned, and what not", 4)}

points = partial(checking.points, 3)
task_3_1, task_3_2, task_3_3, task_3_4 = map(checker, TASKS.values())
