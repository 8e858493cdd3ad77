"""nbgrader's database, filled from results, for those who go on in its formgrader or export from
there.

It speaks through `nbgrader.api` alone. A submission without a score is not entered:
nbgrader would count it as 0. Points that somebody gave in the formgrader stay, unless `to_mark.csv`
gives others. What it leaves out: notebooks and feedback in nbgrader's folders, so the formgrader
shows points and comments, not the submitted cells.

nbgrader's own export still writes 0 for everybody it knows who has no submission of an exercise:
use `marks.csv` for those.
"""

import hashlib
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading.records import Result, TaskResult
from ftrag_helpers.grading.reports import manual, tables
from ftrag_helpers.grading.reports.tables import scored

_TASK = re.compile(r"task_(\d+)_(\d+)(?:_check)?")


@dataclass(frozen=True)
class ReferenceCell:
    """A graded cell as nbgrader keeps it; `answer` is the grade id of the cell that a comment on it
    goes to.
    """

    grade_id: str
    answer: str
    kind: str
    points: float


def fill(results: Sequence[Result], path: Path, *, solutions: Path | None = None) -> Path:
    """Enter results into the database at `path`, which is made where there is none; returns the
    path.

    Filling it twice with the same results changes nothing. `solutions` tells the graded cells; an
    exercise that has no solution there is described by its results. An older score of somebody
    whose submission can no longer be graded is taken out, unless a person gave points in it. Who
    handed in an exercise twice is left to a person.

    Raises:
        CourseError: nbgrader is not installed; the file is no database of nbgrader's.
    """
    path = Path(path).expanduser().resolve()
    double = tables.twice(results)
    try:
        with _opened(path) as book:
            students = _students(results, _enrolled(book))
            for slug in sorted({result.assignment for result in results if result.assignment}):
                handed_in = [result for result in results if result.assignment == slug]
                cells = _graded_cells(slug, handed_in, solutions)
                _enter_exercise(book, slug, cells)
                group = _Class(book, slug)
                once = [
                    (students[_who(result)], result)
                    for result in handed_in
                    if tables.person(result) not in double and result.status != "not a submission"
                ]
                for student, result in once:
                    if scored(result):
                        _enter(group, student, result, cells)
                book.db.commit()
                for student, result in once:
                    if not scored(result):
                        _take_out(book, group, student)
                book.db.commit()
    except CourseError:
        raise
    except Exception as error:  # noqa: BLE001 (SQLAlchemy and SQLite raise a dozen kinds)
        reason = str(error).partition("\n")[0][:200]
        raise CourseError(
            f"{path} cannot be filled ({type(error).__name__}: {reason}). Name another file, or"
            " move this one away: it is made anew."
        ) from error
    return path


@contextmanager
def _opened(path: Path) -> Iterator:
    """The database; nbgrader calls `alembic` when it makes one, which stands beside Python and
    maybe not on the path.
    """
    try:
        from nbgrader.api import Gradebook
    except ImportError as error:
        raise CourseError(
            f"The gradebook needs nbgrader ({error}). Install it: pip install nbgrader"
        ) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        book = Gradebook(f"sqlite:///{path.as_posix()}")
    finally:
        os.environ["PATH"] = before
    with book:
        yield book


# --- who


def _who(result: Result) -> tuple[str, str]:
    """A learner, whatever name a platform's number comes with."""
    known = result.platform and result.learner_id
    return result.platform if known else result.learner, result.learner_id


def _enrolled(book) -> dict[tuple[str, str], str]:
    """The students in the database, by ("platform", number) where nbgrader knows a platform's, and
    by ("", name).
    """
    names = {("", student.id): student.id for student in book.students}
    numbers = {("platform", s.lms_user_id): s.id for s in book.students if s.lms_user_id}
    return numbers | names


def _students(
    results: Sequence[Result], enrolled: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], str]:
    """nbgrader's name for each learner: the one in the database, else a folder's name on any
    system, and one's own where two would share it.
    """
    names = {}
    for who in map(_who, results):
        own = who[1] or who[0]
        known = enrolled.get(("platform", who[1])) or enrolled.get(("", own))
        names[who] = known or re.sub(r"[^\w@.-]+", "_", own).strip("._-") or "learner"
    counts = Counter(name.casefold() for name in names.values())
    for who, name in names.items():
        if counts[name.casefold()] > 1 or len(name) >= 100:
            digest = hashlib.sha256("|".join(who).encode("utf-8", "replace")).hexdigest()
            names[who] = f"{name[:80]}-{digest[:8]}"
    return names


# --- the exercise


def _graded_cells(
    slug: str, results: Sequence[Result], solutions: Path | None
) -> dict[str, ReferenceCell]:
    """The graded cells by task id."""
    tasks = [task for result in results for task in result.tasks]
    by_person = {task.id for task in tasks if task.state in ("needs marking", manual.MARKED)}
    cells = {}
    for task in tasks:
        answer = f"task_{task.id.replace('.', '_')}"
        cell = (answer, "markdown") if task.id in by_person else (f"{answer}_check", "code")
        cells[task.id] = ReferenceCell(cell[0], answer, cell[1], task.max_points)
    path = Path(solutions or ".") / f"{slug}.ipynb"
    if solutions and path.is_file():
        cells |= _from_notebook(json.loads(path.read_text("utf-8")))
    return cells


def _from_notebook(notebook: dict) -> dict[str, ReferenceCell]:
    cells, answer = {}, ""
    for cell in notebook["cells"]:
        mark = cell.get("metadata", {}).get("nbgrader", {})
        answer = mark["grade_id"] if mark.get("solution") else answer
        task = _TASK.fullmatch(mark.get("grade_id", ""))
        if mark.get("grade") and task:
            kind = "code" if cell["cell_type"] == "code" else "markdown"
            cells[f"{task[1]}.{task[2]}"] = ReferenceCell(
                mark["grade_id"], answer, kind, float(mark.get("points", 0))
            )
    return cells


def _enter_exercise(book, slug: str, cells: dict[str, ReferenceCell]) -> None:
    book.update_or_create_assignment(slug)
    book.update_or_create_notebook(slug, slug)
    for cell in cells.values():
        book.update_or_create_grade_cell(
            cell.grade_id, slug, slug, max_score=cell.points, cell_type=cell.kind
        )
        if cell.answer:
            book.update_or_create_solution_cell(cell.answer, slug, slug)


# --- the class


class _Class:
    """The rows of one exercise in the database, looked up once: through nbgrader's relations each
    learner would load all others, which takes minutes for 300.
    """

    def __init__(self, book, slug: str):
        from nbgrader import api

        self.api, self.db = api, book.db
        self.assignment, notebook = book.find_assignment(slug), book.find_notebook(slug, slug)
        self.notebook_id = notebook.id
        self.kinds = {"grade": api.Grade, "comment": api.Comment}
        cells = {"grade": notebook.grade_cells, "comment": notebook.solution_cells}
        self.cells = {(kind, cell.name): cell.id for kind in cells for cell in cells[kind]}
        submitted = (
            self._of_this(api.SubmittedNotebook)
            .join(api.SubmittedNotebook.assignment)
            .with_entities(api.SubmittedAssignment.student_id, api.SubmittedNotebook.id)
        )
        self.notebooks = dict(submitted.all())
        self.students = {row.id for row in self.db.query(api.Student.id)}
        self.rows = {
            (kind, row.notebook_id, row.cell_id): row
            for kind, table in self.kinds.items()
            for row in self._of_this(table, table.notebook)
        }

    def _of_this(self, table, *through):
        """The rows of a table that belong to this exercise's submitted notebooks."""
        rows = self.db.query(table)
        for relation in through:
            rows = rows.join(relation)
        return rows.filter(self.api.SubmittedNotebook.notebook_id == self.notebook_id)

    def notebook(self, student: str, name: str) -> str:
        """The id of a learner's submitted notebook, made with its grades and comments where there
        is none.
        """
        if student not in self.students:
            self.db.add(self.api.Student(id=student, first_name="", last_name=name))
            self.students.add(student)
        if student not in self.notebooks:
            submission, own = self.api.new_uuid(), self.api.new_uuid()
            ids = {"assignment_id": self.assignment.id, "student_id": student}
            self.db.add(self.api.SubmittedAssignment(id=submission, **ids))
            ids = {"assignment_id": submission, "notebook_id": self.notebook_id}
            self.db.add(self.api.SubmittedNotebook(id=own, **ids))
            self.notebooks[student] = own
        for kind, name in self.cells:
            self.row(kind, self.notebooks[student], name)
        return self.notebooks[student]

    def row(self, kind: str, notebook: str, name: str):
        """The grade or the comment of a cell; made where there is none, for an exercise that has
        got another task since.
        """
        key = (kind, notebook, self.cells[kind, name])
        if key not in self.rows:
            self.rows[key] = self.kinds[kind](cell_id=key[2], notebook_id=notebook)
            self.db.add(self.rows[key])
        return self.rows[key]


def _enter(group: _Class, student: str, result: Result, cells: dict[str, ReferenceCell]) -> None:
    name = tables.csv_safe(result.learner).replace(",", " ")  # nbgrader's export quotes nothing
    notebook = group.notebook(student, name[:128])
    for task in (task for task in result.tasks if task.id in cells):
        cell = cells[task.id]
        _grade(group.row("grade", notebook, cell.grade_id), task)
        if cell.answer:
            group.row("comment", notebook, cell.answer).auto_comment = task.message or None


def _grade(grade, task: TaskResult) -> None:
    """The points as nbgrader's autograder would save them: none where a person has to mark."""
    if task.state == manual.MARKED:
        grade.manual_score, grade.needs_manual_grade = task.points, False
        return
    points = None if task.state == "needs marking" else task.points
    changed = grade.auto_score != points
    grade.auto_score = points
    if grade.manual_score is None:
        grade.needs_manual_grade = points is None
    elif changed:
        # Somebody gave points to an older answer: have them look again.
        grade.needs_manual_grade = True


def _take_out(book, group: _Class, student: str) -> None:
    """Remove an older submission of somebody whose newer one has no score; keep it where a person
    gave points.
    """
    grades = [
        row
        for (kind, notebook, _), row in group.rows.items()
        if kind == "grade" and notebook == group.notebooks.get(student)
    ]
    if all(grade.manual_score is None and grade.extra_credit is None for grade in grades):
        if student in group.notebooks:
            book.remove_submission(group.assignment.name, student)
        return
    for grade in grades:
        grade.auto_score, grade.needs_manual_grade = None, True
