"""What of the exercises lies beside a learner's code: the functions that run an answer.

A task's `run_answer` stands in a module of its own kind, `run`, which of all the exercises' modules
imports the open ones alone. Cases, judges and what they know are in other modules, and these never
enter the sandbox. What this module leaves out: running anything.
"""

import ast
import importlib.util
from collections.abc import Iterable
from pathlib import Path

from ftrag_helpers.errors import CourseError
from ftrag_helpers.exercises import checking

_EXERCISES = "ftrag_helpers.exercises"
#: Modules that hold no expectation: the warmed process imports them itself.
OPEN = (f"{_EXERCISES}.checking", f"{_EXERCISES}.values")
# A learner's cell may still call `check.hint("1.1")` or a check: there is nothing to say in the
# sandbox.
_STAND_IN = """

def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *_args, **_more: None
"""


def answer_modules(check_module: str, tasks: Iterable[checking.Task]) -> dict[str, str]:
    """The sources that the sandbox gets, by module: those of `run_answer`, then a stand-in for the
    check module, with a table `RUN_ANSWER` of these functions by task.

    Raises:
        CourseError: a `run_answer` cannot be taken into the sandbox without what knows the answer.
    """
    sources, lines, table = {}, [], []
    for number, task in enumerate(tasks):
        module, name = task.run_answer.__module__, task.run_answer.__name__
        if module not in OPEN:
            sources[module] = _source(module, task.id)
        lines.append(f"from {module} import {name} as run_{number}\n")
        table.append(f"{task.id!r}: run_{number}")
    stand_in = "".join(lines) + f"\nRUN_ANSWER = {{{', '.join(table)}}}\n" + _STAND_IN
    return {**sources, check_module: stand_in}


def _source(module: str, task_id: str) -> str:
    source = module_path(module).read_text("utf-8")
    closed = _closed_imports(source)
    if closed or module.rpartition(".")[2] != "run":
        raise CourseError(
            f"The run_answer of task {task_id} stands in {module}, which would lie beside the"
            " learner's code. Put it into a module that is called run and imports nothing of the"
            f" exercises but {' and '.join(OPEN)}"
            + (f": this one imports {', '.join(closed)}." if closed else ".")
        )
    return source


def _closed_imports(source: str) -> list[str]:
    """What a source imports of the exercises, other than from open modules."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (f"{node.module}." if node.module else "")
            names |= {f"{module}{alias.name}" for alias in node.names}
    open_ = tuple(f"{name}." for name in OPEN)
    return sorted(
        name
        for name in names
        if name.startswith((_EXERCISES, ".")) and not f"{name}.".startswith(open_)
    )


def module_path(name: str) -> Path:
    """The file of a module.

    Raises:
        CourseError: it is not installed.
    """
    found = importlib.util.find_spec(name)
    if found is None or not found.origin:
        raise CourseError(f"The check module {name} is not installed.")
    return Path(found.origin)
