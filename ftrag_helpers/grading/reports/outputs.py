"""Everything that an instructor gets from results, on disk: tables, import files, pages, gradebook.

Each file is replaced in one step; what an earlier run left and this one has no use for is taken
away. What this module leaves out: what the files say (`tables`, `manual`, `pages`, `overview`,
`gradebook`).
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ftrag_helpers.environment import runtime
from ftrag_helpers.exercises import registry
from ftrag_helpers.grading.files import is_own, write_atomic
from ftrag_helpers.grading.records import Result
from ftrag_helpers.grading.reports import manual, overview, pages, tables

_SCHEME = re.compile(r"### BEGIN MARK SCHEME[^\n]*\n(.*?)\n?[^\n]*### END MARK SCHEME", re.DOTALL)
_TASK = re.compile(r"task_(\d+)_(\d+)")


def write_all(
    results: Sequence[Result],
    out: Path,
    *,
    gradebook: Path | None = None,
    solutions: Path | None = None,
) -> list[Path]:
    """Write every table and page into `out`, and fill nbgrader's database where `gradebook` names
    one; returns the paths.

    `solutions` is the folder with the mark schemes (None: the course's). Points that a person wrote
    into `out`/to_mark.csv count.

    Raises:
        CourseError: to_mark.csv holds a mark that cannot be; a file cannot be written; the database
        is none of nbgrader's.
    """
    out = Path(out)
    solutions = runtime.course_root() / "solutions" if solutions is None else Path(solutions)
    marks = _marks(out / manual.NAME)
    marked = manual.apply(results, marks)
    texts = {
        "marks.csv": tables.marks(marked),
        "not_graded.csv": tables.not_graded(marked),
        "handed_in_twice.csv": tables.handed_in_twice(marked),
        manual.NAME: manual.table(results, marks),
        "overview.html": overview.page(marked),
        **_imports(marked),
        **_pages(marked, mark_schemes(solutions)),
    }
    written = [write_atomic(out / name, text) for name, text in texts.items() if text]
    _sweep(out, texts)
    if gradebook is not None:
        from ftrag_helpers.grading.reports import gradebook as database

        written.append(database.fill(marked, Path(gradebook), solutions=solutions))
    return written


def _marks(path: Path) -> dict[str, manual.Mark]:
    try:
        return manual.read(path.read_bytes())
    except FileNotFoundError:
        return {}


def _imports(results: Sequence[Result]) -> dict[str, str]:
    slugs = sorted({result.assignment for result in results if result.assignment})
    files = {}
    for slug in slugs:
        name = re.sub(r"[^\w.-]+", "-", slug)
        files[f"import/canvas_{name}.csv"] = tables.canvas(results, slug)
        files[f"import/moodle_{name}.csv"] = tables.moodle(results, slug)
    return files


def _pages(results: Sequence[Result], rubrics: Mapping[str, str]) -> dict[str, str]:
    learners: dict[str, list[Result]] = {}
    names = pages.names(results)
    for result in results:
        learners.setdefault(names[result.file], []).append(result)
    hints = first_hints({task.id for result in results for task in result.tasks})
    return {
        f"feedback/{name}": pages.page(
            sorted(own, key=lambda result: (result.assignment, result.file)),
            hints=hints,
            rubrics=rubrics,
        )
        for name, own in learners.items()
    }


def first_hints(ids: set[str]) -> dict[str, str]:
    """The first hint of each task that has a check in the course."""
    return (
        {task.id: task.hints[0] for task in registry.all_tasks() if task.id in ids and task.hints}
        if ids
        else {}
    )


def mark_schemes(solutions: Path) -> dict[str, str]:
    """By task id, how a person marks it: the text between the markers in the solutions' cells."""
    schemes = {}
    for path in sorted(Path(solutions).glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            task = _TASK.match(cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", ""))
            scheme = _SCHEME.search("".join(cell["source"]))
            if task and scheme:
                schemes[f"{task[1]}.{task[2]}"] = scheme[1].strip()
    return schemes


def _sweep(out: Path, texts: Mapping[str, str]) -> None:
    """Take away what earlier runs wrote and this one did not: marks of a file that is gone must not
    be imported again.
    """
    kept = {name for name, text in texts.items() if text}
    for folder in ("feedback", "import"):
        for path in (out / folder).glob("*"):
            if is_own(folder, path.name) and f"{folder}/{path.name}" not in kept:
                path.unlink()
    for name in set(texts) - kept:
        if "/" not in name:
            (out / name).unlink(missing_ok=True)
