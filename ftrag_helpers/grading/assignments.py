"""What the solutions say of an exercise: its cells, its tasks, and the seeds of its hidden tests.

A solution notebook is trusted and is the only source of everything but the learner's
answers: setup cells, given cells, which cell holds which answer, which check looks at it with which
seeds. What this module leaves out: the learner's notebook (`submissions`), and running anything
(`engine`).
"""

import ast
import hashlib
import importlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.exercises import checking
from ftrag_helpers.grading.answer_modules import answer_modules, module_path

#: What a cell of a master is: run before the first task; run between tasks; the learner's; a check;
#: a text to mark.
SETUP, GIVEN, ANSWER, CHECK, TEXT = "setup", "given", "answer", "check", "text"
#: The tag of a given cell that only shows something: no answer and no check depends on it.
DEMONSTRATION = "demonstration"
#: A task's heading: its number and its title.
HEADING = re.compile(
    r"^#+\s*Task\s+(\d+\.\d+)\s*[·:.-]*\s*(.*?)\s*(?:\(\d+ points?\))?\s*$", re.MULTILINE
)
_REGION = re.compile(
    r"^[^\n]*### BEGIN [A-Z ]+\n.*?^[^\n]*### END [A-Z ]+\n?", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class ReferenceCell:
    """A code cell of a solution, or a text cell that is marked; `kind` as above.

    A `demonstration` decides no mark.
    """

    id: str
    grade_id: str
    kind: str
    source: str
    demonstration: bool = False


@dataclass(frozen=True)
class GradedTask:
    """A task as its check cell has it: the answer's name, and the seeds to check with, the visible
    0 among them.

    A task that is marked by hand has no `check` and no seeds.
    """

    id: str
    title: str
    points: float
    answer_cell: str
    check_cell: str = ""
    name: str = ""
    seeds: tuple[int, ...] = ()
    check: checking.Task | None = None


@dataclass(frozen=True)
class Assignment:
    """One exercise. `modules` are the sources that lie beside an answer, by module; `stubs` the
    untouched texts by grade id; `prose` the course's own text cells.
    """

    slug: str
    cells: tuple[ReferenceCell, ...]
    tasks: tuple[GradedTask, ...]
    modules: dict[str, str]
    stubs: dict[str, str]
    fingerprint: str
    prose: frozenset[str] = frozenset()

    @property
    def max_score(self) -> float:
        """The points of all tasks together."""
        return sum(task.points for task in self.tasks)

    def cases(self, task: GradedTask, seed: int) -> list:
        """The inputs of a check, made anew, so that no judge sees what another one changed."""
        return json.loads(json.dumps(task.check.cases(seed)))


def load_assignments(solutions: Path) -> dict[str, Assignment]:
    """Every solution with graded cells in a folder, by the file's name without its ending.

    Raises:
        CourseError: there is none, or one cannot be read as the checks need it.
    """
    found = {path.stem: load_assignment(path) for path in sorted(Path(solutions).glob("*.ipynb"))}
    found = {slug: assignment for slug, assignment in found.items() if assignment.tasks}
    if not found:
        raise CourseError(
            f"There is no solution with graded tasks in {solutions}. Grading takes its tests from"
            " there: name the folder of the full course's solutions."
        )
    return found


def load_assignment(path: Path) -> Assignment:
    """One solution as an assignment; `exercises/` beside its folder tells which texts are
    untouched.

    Raises:
        CourseError: a cell is not as the checks need it; the message names file and cell.
    """
    cells = _cells(path)
    checks = [(cell, _calls(cell, path)) for cell in cells if cell.kind == CHECK]
    alias, module = _check_module(cells, path) if checks else ("", "")
    titles = dict(HEADING.findall("\n".join(source for _kind, source in _sources(path))))
    tasks = [_checked_task(cell, calls, cells, (path, alias, module)) for cell, calls in checks]
    tasks += [
        GradedTask(
            _task_id(cell.grade_id), titles.get(_task_id(cell.grade_id), ""), points, cell.grade_id
        )
        for cell, points in _marked(cells, path)
    ]
    modules = answer_modules(module, (task.check for task in tasks if task.check)) if module else {}
    order = {cell.grade_id: i for i, cell in enumerate(cells)}
    tasks.sort(key=lambda task: order[task.answer_cell])
    return Assignment(
        path.stem,
        tuple(cells),
        tuple(tasks),
        modules,
        _stubs(path, cells),
        _fingerprint(path, modules),
        _prose(path),
    )


# --- cells


def _notebook(path: Path) -> dict:
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise CourseError(
            f"{path} cannot be read as a notebook ({error}). Restore it from the course."
        ) from None


def _sources(path: Path) -> list[tuple[str, str]]:
    return [(cell["cell_type"], "".join(cell["source"])) for cell in _notebook(path)["cells"]]


def _cells(path: Path) -> list[ReferenceCell]:
    """The cells that matter; those before the first answer are setup."""
    found = []
    for cell in _notebook(path)["cells"]:
        mark = cell.get("metadata", {}).get("nbgrader", {})
        grade_id, source = mark.get("grade_id", ""), "".join(cell["source"])
        if cell["cell_type"] == "code" and mark.get("grade") and not mark.get("solution"):
            kind = CHECK
        elif cell["cell_type"] == "code" and mark.get("solution"):
            kind = ANSWER
        elif cell["cell_type"] == "code":
            kind = GIVEN if any(cell.kind == ANSWER for cell in found) else SETUP
        elif mark.get("grade") and mark.get("solution"):
            kind = TEXT
        else:
            continue
        shows = kind == GIVEN and DEMONSTRATION in cell.get("metadata", {}).get("tags", [])
        found.append(ReferenceCell(cell.get("id", ""), grade_id, kind, source, shows))
    return found


def _prose(path: Path) -> frozenset[str]:
    """The text cells that are the course's own, in the solution and in the exercise made from
    it.
    """
    return frozenset(
        source.strip()
        for file in (path, _exercise(path))
        if file.is_file()
        for kind, source in _sources(file)
        if kind != "code"
    )


def _exercise(solution: Path) -> Path:
    return solution.parent.parent / "exercises" / solution.name


def _marked(cells: list[ReferenceCell], path: Path) -> list[tuple[ReferenceCell, float]]:
    """The cells that a person marks, with their points."""
    marks = {
        mark["grade_id"]: mark.get("points", 0)
        for mark in (
            cell.get("metadata", {}).get("nbgrader", {}) for cell in _notebook(path)["cells"]
        )
        if mark.get("grade") and mark.get("solution")
    }
    return [(cell, marks[cell.grade_id]) for cell in cells if cell.grade_id in marks]


def _task_id(grade_id: str) -> str:
    """ "task_2_1" and "task_2_1_check" as "2.1"."""
    found = re.fullmatch(r"task_(\d+)_(\d+)(?:_\w+)?", grade_id)
    return f"{found[1]}.{found[2]}" if found else grade_id


def without_regions(source: str) -> str:
    """A cell's source as the exercise shows it: without hidden tests and mark schemes."""
    return _REGION.sub("", source).strip()


def _stubs(path: Path, cells: list[ReferenceCell]) -> dict[str, str]:
    exercise = _exercise(path)
    stubs = {cell.grade_id: without_regions(cell.source) for cell in cells if cell.kind == TEXT}
    if exercise.is_file():
        solved = {(cell.grade_id, cell.source.strip()) for cell in cells if cell.kind == ANSWER}
        stubs |= {
            cell.grade_id: cell.source.strip()
            for cell in _cells(exercise)
            if cell.kind in (TEXT, ANSWER) and (cell.grade_id, cell.source.strip()) not in solved
        }
    return stubs


# --- checks


def _check_module(cells: list[ReferenceCell], path: Path) -> tuple[str, str]:
    """The alias and the full name of the module that the check cells call, from the setup cells'
    imports.
    """
    used = {
        node.func.value.id
        for cell in cells
        if cell.kind == CHECK
        for node in _check_calls(cell.source)
    }
    for cell in cells:
        for node in ast.walk(_parsed(cell, path)) if cell.kind == SETUP else ():
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    if (alias.asname or alias.name) in used:
                        return alias.asname or alias.name, f"{node.module}.{alias.name}"
    raise CourseError(
        f"{path}: the first cells do not import the checks (from ftrag_helpers.exercises.lessons"
        f" import lesson_… as check), and check cells use {', '.join(sorted(used)) or 'none'}."
    )


def _check_calls(source: str) -> list[ast.Call]:
    """`check.task_2_1(…)` wherever it stands in a cell."""
    return [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and re.fullmatch(r"task_\d+_\d+", node.func.attr)
    ]


def _parsed(cell: ReferenceCell, path: Path) -> ast.Module:
    try:
        return ast.parse(cell.source)
    except SyntaxError as error:
        raise CourseError(
            f"{path}, cell {cell.id}: the grader reads setup and check cells as plain Python, and"
            f" this one is not ({error.msg})."
        ) from None


def _calls(cell: ReferenceCell, path: Path) -> list[tuple[str, str, int]]:
    """(task id, answer's name, seed) for each check that a check cell makes."""
    _parsed(cell, path)
    found = []
    for call in _check_calls(cell.source):
        name, seed = (
            _answer_name(call),
            [word.value for word in call.keywords if word.arg == "seed"],
        )
        if not name or (
            seed and not (isinstance(seed[0], ast.Constant) and type(seed[0].value) is int)
        ):
            raise CourseError(
                f"{path}, cell {cell.id}: write a check as check.task_1_1(name, seed=123) or "
                f'check.task_1_1(check.answer("name"), seed=123), not as {ast.unparse(call)}'
            )
        found.append((_task_id(call.func.attr), name, seed[0].value if seed else 0))
    if len({(task, name) for task, name, _seed in found}) != 1:
        raise CourseError(
            f"{path}, cell {cell.id}: a check cell checks one task by one name, this one checks "
            f"{', '.join(sorted({task for task, *_ in found})) or 'none'}."
        )
    return found


def _answer_name(call: ast.Call) -> str:
    """The name that a check looks at: a plain one, or the text in `check.answer("name")`."""
    if len(call.args) != 1:
        return ""
    given = call.args[0]
    if isinstance(given, ast.Name):
        return given.id
    if (
        isinstance(given, ast.Call)
        and getattr(given.func, "attr", "") == "answer"
        and len(given.args) == 1
    ):
        value = getattr(given.args[0], "value", None)
        return value if isinstance(value, str) else ""
    return ""


def _checked_task(
    cell: ReferenceCell, calls: list, cells: list[ReferenceCell], where: tuple[Path, str, str]
) -> GradedTask:
    path, _alias, module = where
    task_id, name, _seed = calls[0]
    tasks = getattr(importlib.import_module(module), "TASKS", {})
    before = [other for other in cells[: cells.index(cell)] if other.kind == ANSWER]
    own = [other for other in before if _task_id(other.grade_id) == task_id] or before[-1:]
    if task_id not in tasks or not own:
        missing = (
            f"{module} has no task {task_id}"
            if task_id not in tasks
            else "no answer cell stands before it"
        )
        raise CourseError(f"{path}, cell {cell.id}: {missing}.")
    check = tasks[task_id]
    return GradedTask(
        task_id,
        check.title,
        check.points,
        own[-1].grade_id,
        cell.grade_id,
        name,
        tuple(dict.fromkeys(seed for _task, _name, seed in calls)),
        check,
    )


def _fingerprint(path: Path, modules: Iterable[str]) -> str:
    """Changes with the solution, the exercise, the data, the versions of the libraries, and any
    code of the course.

    All of the package counts, since a judge may use any of it: grading anew costs minutes, a stale
    mark costs trust.
    """
    package, root = Path(__file__).resolve().parent.parent, runtime.course_root()
    files = [
        path,
        _exercise(path),
        root / "requirements.lock",
        *sorted(package.rglob("*.py")),
        *map(module_path, modules),
        *sorted(runtime.data_dir().glob("*/manifest.json")),
    ]
    total = hashlib.sha256()
    for file in filter(Path.is_file, files):
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()
