"""The cells of a submitted notebook, as its JSON has them.

A notebook is JSON and nothing more here, and anything may stand in it. What this module
leaves out: what the cells mean (`answers`).
"""

import json
from dataclasses import dataclass

from ftrag_helpers.grading.intake.submissions import Unreadable

CELLS = 2_000


@dataclass(frozen=True)
class Cell:
    """A cell of a learner's notebook; an id that is not there is empty."""

    id: str
    grade_id: str
    kind: str
    source: str


def read_cells(data: bytes) -> list[Cell]:
    """The cells of a notebook of format 4.

    Raises:
        Unreadable: the bytes are no such notebook.
    """
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable(
            "damaged", "is no JSON, so it is no notebook as Jupyter writes it"
        ) from None
    version = notebook.get("nbformat") if isinstance(notebook, dict) else None
    if version is None:
        raise Unreadable("damaged", "is JSON, but no notebook")
    if version != 4:
        raise Unreadable(
            "damaged",
            f"is a notebook of format {str(version)[:20]}, and the course's are of format 4: open"
            " it in JupyterLab 4 and save it again",
        )
    cells = notebook.get("cells")
    if not isinstance(cells, list) or len(cells) > CELLS:
        many = (
            f"has {len(cells)} cells; {CELLS} is the most that is read"
            if isinstance(cells, list)
            else "has no cells"
        )
        raise Unreadable("damaged", many)
    return [_cell(cell) for cell in cells]


def _cell(cell: object) -> Cell:
    if not isinstance(cell, dict):
        raise Unreadable("damaged", "has a cell that is none")
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str) or not isinstance(cell.get("cell_type"), str):
        raise Unreadable("damaged", "has a cell without a readable source")
    mark = cell.get("metadata")
    mark = mark.get("nbgrader") if isinstance(mark, dict) else None
    grade_id = mark.get("grade_id") if isinstance(mark, dict) else None
    name = cell.get("id")
    # Half of a surrogate pair is JSON, but no text that could ever be written again.
    source = source.encode("utf-8", "replace").decode("utf-8")
    return Cell(
        name if isinstance(name, str) else "",
        grade_id if isinstance(grade_id, str) else "",
        cell["cell_type"],
        source.replace("\r\n", "\n"),
    )
