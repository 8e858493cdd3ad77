"""Points that a person gives: a table to fill in beside the results, and its marks put into them.

`ftrag grade` writes `to_mark.csv`; whoever marks fills in "Points" and "Comment", in any
spreadsheet, and runs the same command again. A mark belongs to one answer of one file: where the
answer changes, the mark is kept in the table but counts no more. What this module leaves out:
reading and writing the file (`outputs`).
"""

import csv
import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading.records import Result, TaskResult
from ftrag_helpers.grading.reports import tables

#: The state of a task that a person has marked.
MARKED = "marked"
NAME = "to_mark.csv"
_HEADS = ("Key", "Learner", "ID", "File", "Task", "Title", "Answer", "Of", "Points", "Comment")
#: Characters; a cell of a spreadsheet holds 32,767, and the page has the whole answer.
_ANSWER = 4_000


@dataclass(frozen=True)
class Mark:
    """Points and comment as they stand in the table, where one may still be empty; `row` is the
    whole row, `line` its number.
    """

    points: str
    comment: str
    row: tuple[str, ...]
    line: int


def key(result: Result, task: TaskResult) -> str:
    """Names one answer; begins with a letter that no spreadsheet takes for a number."""
    named = "\0".join((result.file, task.id, dict(result.answers).get(task.id, "")))
    return f"k{hashlib.sha256(named.encode('utf-8', 'replace')).hexdigest()[:16]}"


def read(data: bytes) -> dict[str, Mark]:
    """The marks in a table by key, those with neither points nor comment left out.

    Reads what spreadsheets make of CSV, too: semicolons, tabs, and an encoding of Windows.

    Raises:
        CourseError: the table lost its columns, or gives two different marks to one answer.
    """
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        content = data.decode("cp1252", "replace")
    separator = max(",;\t", key=content.partition("\n")[0].count)
    try:
        rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=separator))
    except csv.Error as error:
        raise CourseError(
            f"{NAME} cannot be read as CSV ({error}). Save it as CSV again, or move it away."
        ) from None
    heads = [head.strip() for head in rows[0]] if rows else []
    missing = [head for head in ("Key", "Points") if head not in heads]
    if missing:
        raise CourseError(
            f"{NAME} has no column {missing[0]!r}. Restore the first line: {', '.join(_HEADS)}; or"
            " move the file away, and it is written anew, without marks."
        )
    marks: dict[str, Mark] = {}
    for line, row in enumerate(rows[1:], 2):
        cells = dict(zip(heads, row, strict=False))
        points, comment = cells.get("Points", "").strip(), cells.get("Comment", "").strip()
        name = cells.get("Key", "").strip()
        if not name or not (points or comment):
            continue
        mark = Mark(points, comment, tuple(cells.get(head, "") for head in _HEADS), line)
        if name in marks and (marks[name].points, marks[name].comment) != (
            mark.points,
            mark.comment,
        ):
            raise CourseError(
                f"{NAME} marks one answer twice, in lines {marks[name].line} and {line}. Delete one"
                " of them."
            )
        marks[name] = mark
    return marks


def apply(results: Sequence[Result], marks: Mapping[str, Mark]) -> list[Result]:
    """The results with their marks; one that has nothing left to mark is graded.

    Raises:
        CourseError: points that are no number, or more than the task is worth; the message names
        the line.
    """
    return [_with_marks(result, marks) for result in results]


def _with_marks(result: Result, marks: Mapping[str, Mark]) -> Result:
    tasks = tuple(
        _marked(task, marks.get(key(result, task))) if task.state == "needs marking" else task
        for task in result.tasks
    )
    if tasks == result.tasks:
        return result
    if result.status != "needs marking":
        return replace(result, tasks=tasks)
    status = "needs marking" if any(task.state == "needs marking" for task in tasks) else "graded"
    return replace(result, tasks=tasks, status=status, score=sum(task.points for task in tasks))


def _marked(task: TaskResult, mark: Mark | None) -> TaskResult:
    if mark is None or not mark.points:
        return task
    try:
        points = float(mark.points.replace(",", "."))
    except ValueError:
        points = math.nan
    if not 0 <= points <= task.max_points:
        raise CourseError(
            f"{NAME}, line {mark.line}: the points of task {task.id} are a number from 0 to"
            f" {tables.number(task.max_points)}, not {mark.points!r}. Mend it and run the command"
            " again; nothing is graded twice."
        )
    return replace(task, points=points, message=mark.comment, state=MARKED)


def table(results: Sequence[Result], marks: Mapping[str, Mark]) -> str:
    """The table to fill in, for results before `apply`; "" where there is nothing to mark and no
    mark to keep.

    Marks of answers that are no longer there stay at the end, so that nobody's work is lost.
    """
    rows, seen = [], set()
    for result in results:
        for task in (task for task in result.tasks if task.state == "needs marking"):
            name = key(result, task)
            seen.add(name)
            mark = marks.get(name)
            rows.append(
                [
                    name,
                    *_row(result, task),
                    *map(tables.csv_safe, (mark.points, mark.comment) if mark else ("", "")),
                ]
            )
    rows += [[*map(tables.csv_safe, mark.row)] for name, mark in marks.items() if name not in seen]
    return tables.text([_HEADS, *rows], bom=True) if rows else ""


def _row(result: Result, task: TaskResult) -> list[str]:
    answer = dict(result.answers).get(task.id, "")
    shown = (
        answer
        if len(answer) <= _ANSWER
        else f"{answer[:_ANSWER]} … (the rest is on the learner's page)"
    )
    cells = (result.learner, result.learner_id, result.file, task.id, task.title, shown)
    return [*map(tables.csv_safe, cells), tables.number(task.max_points)]
