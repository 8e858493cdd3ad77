"""Cut the exercises out of the solutions, with nbgrader's own preprocessors.

`solutions/` is the only place where a graded notebook is edited; `exercises/` is made from
it, the same bytes every time. What it leaves out: the checks (`checks`), and the marking of what
learners hand in.
"""

import re
from pathlib import Path

from ftrag_helpers.errors import CourseError

#: A task's answer cell has this grade_id: task_2_1 is Task 2.1.
TASK_ID = re.compile(r"task_(\d+)_(\d+)")
STUB = 'raise NotImplementedError("Task {}.{}: replace this line with your code")'
TEXT_STUB = "*Write your answer here, in place of this line.*"
MARKERS = (
    "BEGIN SOLUTION",
    "END SOLUTION",
    "BEGIN HIDDEN TESTS",
    "END HIDDEN TESTS",
    "BEGIN MARK SCHEME",
    "END MARK SCHEME",
)
#: Dropped: times of execution, widget state, the Python's patch version.
KEPT_OF_CELL = {"nbgrader", "deletable", "editable", "tags"}
KEPT_OF_NOTEBOOK = {"kernelspec", ("language_info", "name")}


def exercise(path: Path) -> str:
    """The exercise notebook that belongs to a solution notebook, as the text of its file.

    Raises:
        CourseError: a cell that nbgrader would refuse, a task without a number, or a marker that
        would be left over.
    """
    import nbformat
    from nbgrader.nbgraderformat import ValidationError

    notebook, resources = (
        nbformat.read(path, as_version=4),
        {
            "nbgrader": {},
            "unique_key": path.stem,
        },
    )
    try:
        for step in _steps():
            notebook, resources = step.preprocess(notebook, resources)
        nbformat.validate(notebook)
    except (RuntimeError, ValidationError, nbformat.ValidationError) as error:
        raise CourseError(
            f"{path.name}: {str(error).strip()} Mend this cell in solutions/."
        ) from error
    text = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
    left = [marker for marker in MARKERS if marker in text]
    if left:
        raise CourseError(
            f"{path.name}: {left[0]} would reach the learners. Is the marker spelt as nbgrader"
            " wants it?"
        )
    return text.rstrip("\n") + "\n"


def _steps() -> list:
    """nbgrader's steps of generate_assignment without its database, and with a stub that names the
    task.
    """
    from nbconvert.preprocessors import ClearMetadataPreprocessor
    from nbgrader import preprocessors as p
    from traitlets.config import Config

    config = Config(
        {
            "ClearSolutions": {"text_stub": TEXT_STUB},
            "ClearMetadataPreprocessor": {
                "enabled": True,
                "preserve_cell_metadata_mask": KEPT_OF_CELL,
                "preserve_nb_metadata_mask": KEPT_OF_NOTEBOOK,
            },
        }
    )
    return [
        kind(config=config)
        for kind in (
            p.CheckCellMetadata,
            p.LockCells,
            _named_stubs(),
            p.ClearOutput,
            p.ClearHiddenTests,
            p.ClearMarkScheme,
            p.ComputeChecksums,
            ClearMetadataPreprocessor,
            p.CheckCellMetadata,
        )
    ]


def _named_stubs() -> type:
    """ClearSolutions with a stub that names the cell's task."""
    from nbgrader.preprocessors import ClearSolutions

    class NamedStubs(ClearSolutions):
        def preprocess_cell(self, cell, resources, cell_index):
            meta = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code" and meta.get("solution"):
                named = TASK_ID.fullmatch(meta["grade_id"])
                if not named:
                    raise RuntimeError(
                        f"the answer cell {meta['grade_id']!r} is not named like task_2_1."
                    )
                self.code_stub = {"python": STUB.format(*named.groups())}
            return super().preprocess_cell(cell, resources, cell_index)

    return NamedStubs


def _wanted(root: Path) -> dict[Path, str]:
    solutions = sorted((root / "solutions").glob("*.ipynb"))
    if not solutions:
        raise CourseError(
            f"There is no notebook in {root / 'solutions'}, and exercises are made from solutions. "
            "Is this the course's folder?"
        )
    return {root / "exercises" / path.name: exercise(path) for path in solutions}


def _text(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None


def build(root: Path) -> list[Path]:
    """Make every exercise of the course folder `root` anew, remove those without a solution; the
    paths written.

    A file that is already as it should be is not touched, and not among the paths.

    Raises:
        CourseError: there are no solutions, or one cannot be turned into an exercise; then nothing
        is written.
    """
    wanted, written = _wanted(root), []
    for path in set((root / "exercises").glob("*.ipynb")) - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        if _text(path) != text:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
            written.append(path)
    return written


def out_of_step(root: Path) -> list[str]:
    """The names of the exercises that are missing, left over, or not what `build` would write.

    Raises:
        CourseError: as `build`.
    """
    wanted, there = _wanted(root), set((root / "exercises").glob("*.ipynb"))
    return sorted(path.name for path in wanted.keys() | there if wanted.get(path) != _text(path))
