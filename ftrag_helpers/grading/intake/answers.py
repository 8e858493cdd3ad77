"""What a submitted notebook says: the learner's answers, and the order in which its cells are run.

A notebook is run as Jupyter would run it from top to bottom, with three differences, all
in the learner's favour: cells of the course that are missing are put back, a check never comes
before the answer that it is about, and cells that still are as the course gave them are passed over
where nothing can depend on them. A notebook is JSON and nothing more here: its code is read, never
run. What this module leaves out: whose file it is (`submissions`), which cell is which
(`matching`), running it (`grader`).
"""

from dataclasses import dataclass, replace

from ftrag_helpers.grading.assignments import (
    ANSWER,
    GIVEN,
    HEADING,
    TEXT,
    Assignment,
    GradedTask,
    ReferenceCell,
    without_regions,
)
from ftrag_helpers.grading.intake.cells import Cell
from ftrag_helpers.grading.intake.matching import Matched, match
from ftrag_helpers.grading.names import independent

#: What stands in a text cell until an answer is written: the course's own line, and nbgrader's.
TEXT_STUBS = ("*Write your answer here, in place of this line.*", "YOUR ANSWER HERE")


@dataclass(frozen=True)
class Part:
    """One thing to do in the notebook's order: run a cell ("given", "own", "answer"), or make a
    "check".

    `title` names the cell in messages, `task` the task that it belongs to. An `extra` part is only
    done where a check could not be made in its own place.
    """

    kind: str
    source: str = ""
    title: str = ""
    task: str = ""
    extra: bool = False


@dataclass(frozen=True)
class Answers:
    """The learner's sources and texts by grade id, what to do in which order, and remarks for
    whoever marks.
    """

    sources: dict[str, str]
    program: tuple[Part, ...] = ()
    remarks: tuple[str, ...] = ()


def find_answers(cells: list[Cell], assignment: Assignment) -> Answers:
    """The learner's answers and the order in which everything is run.

    Code of the learner's own is run where it stands.
    """
    matched, sources = match(cells, assignment), {}
    for place, reference in enumerate(assignment.cells):
        copies = matched.copies(place)
        if reference.kind == ANSWER and copies:
            written = [cell.source for cell in copies if not matched.is_stub(cell, reference)]
            sources[reference.grade_id] = "\n\n".join(written) or copies[0].source
            if len(written) > 1:
                matched.remarks.append(
                    f"the answer {reference.grade_id} is in {len(written)} cells; all were run, in"
                    " their order"
                )
        elif reference.kind == TEXT:
            sources |= _text(reference, copies, matched)
    return Answers(sources, tuple(_program(matched)), tuple(matched.remarks))


def solution_answers(assignment: Assignment) -> Answers:
    """As `find_answers`, of the solution itself."""
    kinds = {TEXT: "markdown"}
    cells = [
        Cell(cell.id, cell.grade_id, kinds.get(cell.kind, "code"), cell.source)
        for cell in assignment.cells
    ]
    return find_answers(cells, assignment)


# --- answers in words


def own_words(text: str) -> list[str]:
    """The words of a text answer without the line that stands for it until it is written."""
    return [
        word
        for line in text.splitlines()
        if line.strip() not in TEXT_STUBS
        for word in line.split()
    ]


def _text(reference: ReferenceCell, copies: list[Cell], matched: Matched) -> dict[str, str]:
    """An answer in words: its own cell's, or what the learner wrote into other text cells below the
    task's heading.
    """
    stub = own_words(matched.assignment.stubs.get(reference.grade_id, ""))
    written = [cell.source for cell in copies if own_words(cell.source) not in ([], stub)]
    if written:
        return {reference.grade_id: "\n\n".join(written)}
    tasks = matched.assignment.tasks
    task = next((task.id for task in tasks if task.answer_cell == reference.grade_id), "")
    beside = _texts_below(task, matched)
    if beside:
        matched.remarks.append(
            f"the answer {reference.grade_id} was not in its cell; the text cells below its task"
            " were taken"
        )
        return {reference.grade_id: "\n\n".join(beside)}
    return {reference.grade_id: copies[0].source} if copies else {}


def _texts_below(task: str, matched: Matched) -> list[str]:
    """The learner's own text cells between a task's heading and the next task's; anywhere, where
    the heading is lost.
    """
    headings = [
        (at, heading[1])
        for at, cell in enumerate(matched.cells)
        if cell.kind == "markdown"
        for heading in HEADING.finditer(cell.source)
    ]
    start = next((at for at, name in headings if name == task), None)
    ends = [at for at, _name in headings if start is not None and at > start]
    return [
        cell.source
        for at, cell in enumerate(matched.cells[: ends[0] if ends else None])
        if at >= (start or 0)
        and matched.places[at] is None
        and cell.kind in ("markdown", "raw")
        and own_words(cell.source)
        and cell.source.strip() not in matched.assignment.prose
    ]


# --- the order


def _program(matched: Matched) -> list[Part]:
    """Everything to be done: the notebook's code in its own order, the checks in their places, and
    what was put back.
    """
    tasks = matched.assignment.tasks
    task_of = {task.answer_cell: task.id for task in tasks}
    parts = [(-1.0, part) for part in _untouched(matched, task_of)]
    for at in range(len(matched.cells)):
        part = _part(at, matched, task_of)
        parts += [(at, part)] if part else []
    # The course's cells that are gone, each before the first one that comes after it there.
    parts += [
        (_before(place, matched.places), _given(reference))
        for place, reference in enumerate(matched.assignment.cells)
        if reference.kind == GIVEN and place not in matched.places
    ]
    checks = [
        (_place_of_check(task, matched), Part("check", task=task.id))
        for task in tasks
        if task.check
    ]
    parts = [part for _at, part in sorted([*parts, *checks], key=lambda placed: placed[0])]
    # What stands below the last check decides nothing, unless a check failed for want of it.
    end = max((i for i, part in enumerate(parts, 1) if part.kind == "check"), default=0)
    extra = [*parts[end:], *(part for _at, part in checks)]
    return _without_demonstrations(parts[:end] + [replace(part, extra=True) for part in extra])


def _part(at: int, matched: Matched, task_of: dict[str, str]) -> Part | None:
    """What a learner's cell is to the run; None for what is not run, or stands elsewhere."""
    cell, reference, title = matched.cells[at], matched.reference(at), f"<cell {at + 1}>"
    if cell.kind != "code" or not cell.source.strip():
        return None
    if reference is None or reference.kind == TEXT:
        return Part("own", cell.source, title)
    if reference.kind == ANSWER:
        answer = Part("answer", cell.source, title, task_of[reference.grade_id])
        return None if matched.is_stub(cell, reference) else answer
    if cell.source.strip() not in (reference.source.strip(), without_regions(reference.source)):
        return Part("own", cell.source, title)
    return _given(reference) if reference.kind == GIVEN else None


def _given(reference: ReferenceCell) -> Part:
    kind = "demonstration" if reference.demonstration else "given"
    return Part(kind, reference.source, f"<cell {reference.id or reference.grade_id}>")


def _untouched(matched: Matched, task_of: dict[str, str]) -> list[Part]:
    """The stubs that are as the course gave them: run first, so that they hide nothing that was
    written elsewhere.
    """
    parts = []
    for place, reference in enumerate(matched.assignment.cells):
        cell = matched.copies(place)[-1:] if reference.kind == ANSWER else []
        if cell and cell[0].source.strip() and matched.is_stub(cell[0], reference):
            title = f"<cell {reference.id or reference.grade_id}>"
            parts.append(Part("answer", cell[0].source, title, task_of[reference.grade_id]))
    return parts


def _before(place: int, places: list[int | None], start: int = 0) -> float:
    """Just before the first cell from `start` on that comes later in the course than `place`."""
    later = (
        at - 0.5 for at, of in enumerate(places) if at >= start and of is not None and of > place
    )
    return next(later, len(places))


def _place_of_check(task: GradedTask, matched: Matched) -> float:
    """Just after the last cell that makes the task's check, and never before its answer."""
    names = [cell.grade_id for cell in matched.assignment.cells]
    answer, check = names.index(task.answer_cell), names.index(task.check_cell)
    answers = [at for at, place in enumerate(matched.places) if place == answer]
    checks = [at for at, place in enumerate(matched.places) if place == check]
    checks += matched.own_calls(task.id)
    if checks:
        return max(*answers, *checks, -1) + 0.25
    return _before(check, matched.places, max(answers, default=-1) + 1)


def _without_demonstrations(program: list[Part]) -> list[Part]:
    """The program without the course's unchanged demonstrations, where nothing of the learner's can
    depend on them.
    """
    shown = [part.source for part in program if part.kind == "demonstration"]
    learners = [part.source for part in program if part.kind in ("own", "answer")]
    if independent(learners, shown):
        return [part for part in program if part.kind != "demonstration"]
    return program
