"""Which cell of a submitted notebook is which of the course's.

A cell is the course's by its id, by its grade id, or, where both are lost, by its unchanged source;
an answer that lost both also by the check that follows it. Whatever else there is, is the
learner's own. What this module leaves out: what the answers are, and in which order cells are run
(`answers`).
"""

import re
from dataclasses import dataclass, field, replace

from ftrag_helpers.grading.assignments import (
    ANSWER,
    CHECK,
    GIVEN,
    SETUP,
    TEXT,
    Assignment,
    ReferenceCell,
    without_regions,
)
from ftrag_helpers.grading.intake.cells import Cell
from ftrag_helpers.grading.names import is_python

_STUB = re.compile(r"""raise NotImplementedError\(\s*["']Task \d+\.\d+""")


@dataclass
class Matched:
    """A learner's cells; for each the place of the course's cell that it is a copy of, None for the
    learner's own; and remarks on what had to be guessed.
    """

    assignment: Assignment
    cells: list[Cell]
    places: list[int | None]
    remarks: list[str] = field(default_factory=list)

    def copies(self, place: int) -> list[Cell]:
        """The cells that are copies of the course's cell at a place."""
        return [cell for cell, of in zip(self.cells, self.places, strict=True) if of == place]

    def reference(self, at: int) -> ReferenceCell | None:
        """The course's cell that a cell is a copy of."""
        place = self.places[at]
        return None if place is None else self.assignment.cells[place]

    def is_stub(self, cell: Cell, reference: ReferenceCell) -> bool:
        """Whether a copy of an answer cell is as the course gave it, or empty."""
        stub = self.assignment.stubs.get(reference.grade_id)
        return cell.source.strip() in ("", stub) or (
            stub is None and bool(_STUB.search(cell.source))
        )

    def own_calls(self, task_id: str) -> list[int]:
        """Where the learner's own cells call a task's check."""
        return [
            at
            for at, cell in enumerate(self.cells)
            if self.places[at] is None and cell.kind == "code" and _calls(cell, task_id)
        ]


def recognise(cells: list[Cell], assignments: dict[str, Assignment]) -> str:
    """The assignment with most of whose answer cells there are copies; "" if there is none.

    A text that might be an answer in words does not count: any notebook has texts.
    """
    counts = {
        slug: _answer_cells(match(cells, assignment)) for slug, assignment in assignments.items()
    }
    best = max(counts, key=counts.get, default="")
    return best if counts.get(best) else ""


def _answer_cells(matched: Matched) -> int:
    kinds = [cell.kind for cell in matched.assignment.cells]
    return sum(kinds[place] in (ANSWER, TEXT) for place in {*matched.places} - {None})


def match(cells: list[Cell], assignment: Assignment) -> Matched:
    """Each cell with the course's cell that it is a copy of."""
    by_id = {cell.id: i for i, cell in enumerate(assignment.cells) if cell.id}
    by_grade = {cell.grade_id: i for i, cell in enumerate(assignment.cells) if cell.grade_id}
    places = [by_id.get(cell.id, by_grade.get(cell.grade_id)) for cell in cells]
    missing = {
        without_regions(cell.source): i
        for i, cell in enumerate(assignment.cells)
        if cell.kind in (SETUP, GIVEN, CHECK) and i not in places
    }
    places = [
        missing.get(cell.source.strip()) if place is None and cell.kind == "code" else place
        for cell, place in zip(cells, places, strict=True)
    ]
    matched = Matched(assignment, list(cells), places)
    _find_by_check(matched, by_grade)
    _make_code(matched)
    return matched


def _find_by_check(matched: Matched, by_grade: dict[str, int]) -> None:
    """Answers that lost both ids: the last unclaimed code cell before a call of the task's
    check.
    """
    cells, places = matched.cells, matched.places
    for task in matched.assignment.tasks:
        answer = by_grade[task.answer_cell]
        if task.check is None or answer in places:
            continue
        calls = [
            at for at, cell in enumerate(cells) if cell.kind == "code" and _calls(cell, task.id)
        ]
        before = [
            at
            for at in range(min(calls, default=0))
            if places[at] is None and cells[at].kind == "code" and ".task_" not in cells[at].source
        ]
        if before:
            places[before[-1]] = answer
            matched.remarks.append(
                f"task {task.id} lost its marks; its answer was found before its check"
            )


def _calls(cell: Cell, task_id: str) -> bool:
    return f".task_{task_id.replace('.', '_')}(" in cell.source


def _make_code(matched: Matched) -> None:
    """Answers in code become code again if they were turned into text by mistake."""
    for at, cell in enumerate(matched.cells):
        reference = matched.reference(at)
        is_answer = reference is not None and reference.kind == ANSWER
        if is_answer and cell.kind != "code" and is_python(cell.source):
            matched.cells[at] = replace(cell, kind="code")
            matched.remarks.append(
                f"the answer {reference.grade_id} is no code cell any more; it was run as one"
            )
