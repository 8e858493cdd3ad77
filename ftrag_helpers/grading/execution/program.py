"""The steps of a run, as the sandbox gets them: each cell one step, each check one step a seed.

What this module leaves out: in which order they come (`answers`), running them (`runner`, `steps`).
"""

import ast
from collections.abc import Callable

from ftrag_helpers.grading.assignments import SETUP, Assignment, GradedTask
from ftrag_helpers.grading.intake.answers import Answers

#: What a cell may take where nothing else is said.
CELL_SECONDS = 60.0


def program(
    assignment: Assignment,
    answers: Answers,
    inputs: Callable[[GradedTask, int], list],
    *,
    setup: bool,
    timeout: float | None = None,
) -> list[dict]:
    """The steps in their order, which have what `steps.run` says, and for a check its number.

    A step that `serves` others, by their places, is only made if one of these could not be.

    Args:
        inputs: gives the inputs of a task's check with a seed.
        setup: whether the setup cells are steps too.
        timeout: seconds for each step; None for what cells and tasks allow of their own.
    """
    limit, tasks = timeout or CELL_SECONDS, {task.id: task for task in assignment.tasks}
    result = [
        {"kind": "given", "limit": limit, "source": cell.source, "title": f"<cell {cell.id}>"}
        for cell in assignment.cells
        if setup and cell.kind == SETUP
    ]
    places: dict[str, list[int]] = {}
    for part in answers.program:
        if part.kind != "check":
            step = {"kind": part.kind, "limit": limit, "source": part.source, "title": part.title}
            serves = {"serves": sum(places.values(), [])} if part.extra else {}
            result.append({**step, "task": part.task, **serves})
            continue
        task = tasks[part.task]
        for number, seed in enumerate(task.seeds):
            step = {"kind": "check", "limit": timeout or task.check.timeout, "task": task.id}
            step |= {"name": task.name, "inputs": inputs(task, seed), "check": number}
            if part.extra:
                step["serves"] = [places[part.task][number]]
            else:
                places.setdefault(part.task, []).append(len(result))
            result.append(step)
    return result


def import_lines(sources: list[str]) -> list[str]:
    """The import lines of setup cells: what a warmed process can always do ahead."""
    return [
        ast.unparse(node)
        for source in sources
        for node in ast.parse(source).body
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
