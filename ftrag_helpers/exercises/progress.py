"""The learner's own record of passed tasks: a small file on this machine, a table of it, and a
page's HTML.

It is for the learner's eyes; no mark is made from it. What it leaves out: grading, and
failed attempts, which are nobody's business.
"""

import json
import os
import tempfile
import warnings
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import BaseModel, NonNegativeInt

from ftrag_helpers.environment import runtime, variables
from ftrag_helpers.exercises import registry
from ftrag_helpers.notebook import rendering

_LOCK_SECONDS = 2


class _Record(BaseModel, strict=True):
    points: dict[str, NonNegativeInt]


def is_kept() -> bool:
    """Whether progress is recorded and shown: not with `FTRAG_PROGRESS=off`, and not where pytest
    runs the notebooks.

    A validation or a grading run is not the learner's work.
    """
    return variables.is_on("FTRAG_PROGRESS") and "PYTEST_VERSION" not in os.environ


def file() -> Path:
    """Where the record lies."""
    return runtime.cache_dir() / "progress.json"


def record(task_id: str, points: int) -> None:
    """Note that a task's visible check was passed.

    A record that cannot be written never fails a check.
    """
    if not is_kept():
        return
    try:
        with FileLock(file().with_suffix(".lock"), timeout=_LOCK_SECONDS):
            _write({**_read(file()), task_id: points})
    except (OSError, Timeout, runtime.CourseError):
        pass


def earned() -> dict[str, int]:
    """Points by task, as recorded; a broken file is set aside as `progress.broken.json`, with a
    warning, and counts as empty.
    """
    if not is_kept():
        return {}
    try:
        return _read(file())
    except (OSError, runtime.CourseError):
        return {}


def _read(path: Path) -> dict[str, int]:
    try:
        if path.is_dir():
            raise ValueError("a folder lies in its place")
        return _Record.model_validate_json(path.read_bytes()).points
    except FileNotFoundError:
        return {}
    except ValueError:  # pydantic's error is one too
        aside, number = path.with_suffix(".broken.json"), 1
        while aside.exists():
            aside, number = path.with_suffix(f".broken-{number + 1}.json"), number + 1
        os.replace(path, aside)
        warnings.warn(
            f"{path} was damaged. It was set aside as {aside.name} in the same folder, and a new"
            " one was begun.",
            stacklevel=4,
        )
        return {}


def _write(points: dict[str, int]) -> None:
    text = json.dumps({"points": points}, indent=1, sort_keys=True) + "\n"
    handle, name = tempfile.mkstemp(dir=file().parent, prefix=".progress-")
    try:
        with open(handle, "w", encoding="utf-8") as out:
            out.write(text)
        os.replace(name, file())
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def table() -> list[dict]:
    """A record for each task of the course: lesson (1 to 5), task, title, points, earned, state.

    `state` is "passed", "open", or "marked by a person"; the last has `earned` None.
    """
    have, rows = earned(), []
    for number, lesson in registry.lessons().items():
        for task in lesson.TASKS.values():
            got = min(have.get(task.id, 0), task.points)
            rows.append(
                {
                    "lesson": number,
                    "task": task.id,
                    "title": task.title,
                    "points": task.points,
                    "earned": got,
                    "state": "passed" if got else "open",
                }
            )
        for task_id, task in getattr(lesson, "MANUAL", {}).items():
            rows.append(
                {
                    "lesson": number,
                    "task": task_id,
                    "title": task.title,
                    "points": task.points,
                    "earned": None,
                    "state": "marked by a person",
                }
            )
    return sorted(rows, key=lambda row: [int(part) for part in row["task"].split(".")])


def total(rows: list[dict]) -> str:
    """The rows' points in one sentence."""
    by_check = [row for row in rows if row["earned"] is not None]
    by_hand = sum(row["points"] for row in rows if row["earned"] is None)
    text = (
        f"{sum(row['earned'] for row in by_check)} of {sum(row['points'] for row in by_check)}"
        " points passed"
    )
    return f"{text}; {by_hand} more are marked by a person." if by_hand else f"{text}."


def progress_text() -> str:
    """The table as plain text, a line for each task: for a terminal, and where no HTML is shown."""
    rows = table()
    lines = [
        f"{row['task']:5}{row['points']:2} points  {row['state']:19}{row['title']}".rstrip()
        for row in rows
    ]
    return "\n".join([*lines, total(rows)])


def progress_html() -> str:
    """The table as HTML."""
    rows = table()
    template = "exercises/templates/progress.html.j2"
    return rendering.render(template, rows=rows, total=total(rows))
