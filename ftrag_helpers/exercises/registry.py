"""Which lessons and tasks there are, found by the modules' names: `lessons/lesson_01.py` and so on.

A lesson is added by adding its module. What this leaves out: what a task is (`checking`).
"""

import importlib
import pkgutil


def lessons() -> dict[int, object]:
    """The check module of each lesson that has one, by the lesson's number."""
    found = importlib.import_module(f"{__package__}.lessons")
    names = sorted(
        module.name
        for module in pkgutil.iter_modules(found.__path__)
        if module.name.startswith("lesson_")
    )
    return {int(name[-2:]): importlib.import_module(f"{found.__name__}.{name}") for name in names}


def all_tasks() -> list:
    """Every task with a check, in the course's order."""
    return [task for lesson in lessons().values() for task in lesson.TASKS.values()]


def find(task_id: str) -> object:
    """The task of that id.

    Raises:
        ValueError: there is no such task.
    """
    tasks = {task.id: task for task in all_tasks()}
    if task_id not in tasks:
        raise ValueError(
            f"there is no task {task_id!r} with a check; the tasks are {', '.join(tasks)}"
        )
    return tasks[task_id]
