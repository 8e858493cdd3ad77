"""What a submitted notebook says: the learner's answers, and the order in which its cells are run.

A notebook is run as Jupyter would run it from top to bottom, with three differences, all
in the learner's favour: cells of the course that are missing are put back, a check never comes
before the answer that it is about, and cells that still are as the course gave them are passed over
where nothing can depend on them. A notebook is JSON and nothing more here: its code is read, never
run. What this module leaves out: whose file it is (`submissions`), running it (`grader`).
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ftrag_helpers.grading.assignments import (
    ANSWER,
    CHECK,
    GIVEN,
    HEADING,
    SETUP,
    TEXT,
    Assignment,
    ReferenceCell,
    without_regions,
)
from ftrag_helpers.grading.intake.cells import Cell
from ftrag_helpers.grading.names import global_names

#: What stands in a text cell until an answer is written: the course's own line, and nbgrader's.
TEXT_STUBS = ("*Write your answer here, in place of this line.*", "YOUR ANSWER HERE")
#: Words of code that can reach any name, so that nothing can be passed over.
_DYNAMIC = re.compile(
    r"\b(get_ipython|globals|locals|vars|eval|exec|user_ns|__main__|__dict__|import \*)"
)
_STUB = re.compile(r"""raise NotImplementedError\(\s*["']Task \d+\.\d+""")
_WORD = re.compile(r"[^\W\d]\w*")


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


# --- which cell is which


def recognise(cells: list[Cell], assignments: dict[str, Assignment]) -> str:
    """The assignment with most of whose answer cells there are copies; "" if there is none.

    A text that might be an answer in words does not count: any notebook has texts.
    """
    found = {slug: _answer_cells(cells, assignment) for slug, assignment in assignments.items()}
    best = max(found, key=found.get, default="")
    return best if found.get(best) else ""


def _answer_cells(cells: list[Cell], assignment: Assignment) -> int:
    claims, _remarks = _matched(cells, assignment)
    return sum(
        place in claims
        for place, cell in enumerate(assignment.cells)
        if cell.kind in (ANSWER, TEXT)
    )


def find_answers(cells: list[Cell], assignment: Assignment) -> Answers:
    """The learner's answers and the order in which everything is run.

    A cell is the course's by its id, by its grade id, or, where both are lost, by its unchanged
    source; an answer that lost both also by the check that follows it. Whatever else is code is the
    learner's own, and is run where it stands.
    """
    claims, remarks = _matched(cells, assignment)
    cells = _as_code(cells, claims, assignment, remarks)
    sources = {}
    for place, master in enumerate(assignment.cells):
        mine = [cell for cell, claim in zip(cells, claims, strict=True) if claim == place]
        if master.kind == ANSWER and mine:
            written = [cell.source for cell in mine if not _is_stub(cell, master, assignment)]
            sources[master.grade_id] = "\n\n".join(written) or mine[0].source
            if len(written) > 1:
                remarks.append(
                    f"the answer {master.grade_id} is in {len(written)} cells; all were run, in"
                    " their order"
                )
        elif master.kind == TEXT:
            sources |= _text(master, mine, cells, claims, assignment, remarks)
    return Answers(sources, tuple(_program(cells, claims, assignment)), tuple(remarks))


def _matched(cells: list[Cell], assignment: Assignment) -> tuple[list[int | None], list[str]]:
    """The place among the course's cells that each cell is a copy of, and what had to be guessed
    for it.
    """
    claims = _claims(cells, assignment)
    return claims, _by_check(cells, claims, assignment)


def _claims(cells: list[Cell], assignment: Assignment) -> list[int | None]:
    """The place among the course's cells that each cell is a copy of."""
    own = {cell.id: i for i, cell in enumerate(assignment.cells) if cell.id}
    by_grade = {cell.grade_id: i for i, cell in enumerate(assignment.cells) if cell.grade_id}
    claims = [own.get(cell.id, by_grade.get(cell.grade_id)) for cell in cells]
    missing = {
        without_regions(cell.source): i
        for i, cell in enumerate(assignment.cells)
        if cell.kind in (SETUP, GIVEN, CHECK) and i not in claims
    }
    return [
        missing.get(cell.source.strip()) if claim is None and cell.kind == "code" else claim
        for cell, claim in zip(cells, claims, strict=True)
    ]


def _by_check(cells: list[Cell], claims: list, assignment: Assignment) -> list[str]:
    """Claims answers that lost both ids: the last unclaimed code cell before a call of the task's
    check.
    """
    place = {cell.grade_id: i for i, cell in enumerate(assignment.cells)}
    remarks = []
    for task in assignment.tasks:
        if task.check is None or place[task.answer_cell] in claims:
            continue
        call = _call(task.id)
        check = next(
            (at for at, cell in enumerate(cells) if cell.kind == "code" and call in cell.source), 0
        )
        before = [
            at
            for at in range(check)
            if claims[at] is None and cells[at].kind == "code" and ".task_" not in cells[at].source
        ]
        if before:
            claims[before[-1]] = place[task.answer_cell]
            remarks.append(f"task {task.id} lost its marks; its answer was found before its check")
    return remarks


def _call(task_id: str) -> str:
    return f".task_{task_id.replace('.', '_')}("


def _as_code(
    cells: list[Cell], claims: list, assignment: Assignment, remarks: list[str]
) -> list[Cell]:
    """The cells, those that answer a task in code made code again if they were turned into text by
    mistake.
    """
    found = []
    for cell, claim in zip(cells, claims, strict=True):
        master = None if claim is None else assignment.cells[claim]
        if master and master.kind == ANSWER and cell.kind != "code" and _parses(cell.source):
            remarks.append(
                f"the answer {master.grade_id} is no code cell any more; it was run as one"
            )
            cell = Cell(cell.id, cell.grade_id, "code", cell.source)
        found.append(cell)
    return found


def _parses(source: str) -> bool:
    try:
        return bool(ast.parse(source).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _is_stub(cell: Cell, master: ReferenceCell, assignment: Assignment) -> bool:
    stub = assignment.stubs.get(master.grade_id)
    return cell.source.strip() in ("", stub) or (stub is None and bool(_STUB.search(cell.source)))


# --- answers in words


def own_words(text: str) -> list[str]:
    """The words of a text answer without the line that stands for it until it is written."""
    return [
        word
        for line in text.splitlines()
        if line.strip() not in TEXT_STUBS
        for word in line.split()
    ]


def _text(
    master: ReferenceCell,
    mine: list[Cell],
    cells: list[Cell],
    claims: list,
    assignment: Assignment,
    remarks: list[str],
) -> dict[str, str]:
    """An answer in words: its own cell's, or what the learner wrote into other text cells below the
    task's heading.
    """
    stub = own_words(assignment.stubs.get(master.grade_id, ""))
    written = [cell.source for cell in mine if own_words(cell.source) not in ([], stub)]
    if written:
        return {master.grade_id: "\n\n".join(written)}
    task = next((task.id for task in assignment.tasks if task.answer_cell == master.grade_id), "")
    beside = _texts_below(task, cells, claims, assignment)
    if beside:
        remarks.append(
            f"the answer {master.grade_id} was not in its cell; the text cells below its task were"
            " taken"
        )
        return {master.grade_id: "\n\n".join(beside)}
    return {master.grade_id: mine[0].source} if mine else {}


def _texts_below(task: str, cells: list[Cell], claims: list, assignment: Assignment) -> list[str]:
    """The learner's own text cells between a task's heading and the next task's; anywhere, where
    the heading is lost.
    """
    headings = [
        (at, found[1])
        for at, cell in enumerate(cells)
        if cell.kind == "markdown"
        for found in HEADING.finditer(cell.source)
    ]
    start = next((at for at, name in headings if name == task), None)
    end = next((at for at, _name in headings if start is not None and at > start), len(cells))
    return [
        cell.source
        for at, (cell, claim) in enumerate(zip(cells, claims, strict=True))
        if (start or 0) <= at < end
        and claim is None
        and cell.kind in ("markdown", "raw")
        and own_words(cell.source)
        and cell.source.strip() not in assignment.prose
    ]


# --- the order


def _program(cells: list[Cell], claims: list, assignment: Assignment) -> list[Part]:
    """Everything to be done: the notebook's code in its own order, the checks in their places, and
    what was put back.
    """
    parts = [(-1.0, part) for part in _untouched(cells, claims, assignment)]
    for at, (cell, claim) in enumerate(zip(cells, claims, strict=True)):
        part = _part(at, cell, None if claim is None else assignment.cells[claim], assignment)
        parts += [(at, part)] if part else []
    parts += _put_back(claims, assignment)
    checks = [
        (_place_of_check(task, cells, claims, assignment), Part("check", task=task.id))
        for task in assignment.tasks
        if task.check
    ]
    parts = sorted([*parts, *checks], key=lambda placed: placed[0])
    last = max((i for i, (_at, part) in enumerate(parts) if part.kind == "check"), default=-1)
    done = [part for _at, part in parts[: last + 1]]
    # What stands below the last check decides nothing, unless a check failed for want of it.
    done += [
        Part(part.kind, part.source, part.title, part.task, extra=True)
        for _at, part in parts[last + 1 :]
    ]
    done += [Part("check", task=part.task, extra=True) for _at, part in checks]
    return _without_demonstrations(done)


def _part(at: int, cell: Cell, master: ReferenceCell | None, assignment: Assignment) -> Part | None:
    """What a learner's cell is to the run; None for what is not run, or stands elsewhere."""
    if cell.kind != "code" or not cell.source.strip():
        return None
    if master is None or master.kind == TEXT:
        return Part("own", cell.source, f"<cell {at + 1}>")
    if master.kind == ANSWER:
        task = next(task.id for task in assignment.tasks if task.answer_cell == master.grade_id)
        return (
            None
            if _is_stub(cell, master, assignment)
            else Part("answer", cell.source, f"<cell {at + 1}>", task)
        )
    if cell.source.strip() not in (master.source.strip(), without_regions(master.source)):
        return Part("own", cell.source, f"<cell {at + 1}>")
    return _given(master) if master.kind == GIVEN else None


def _given(master: ReferenceCell) -> Part:
    return Part(
        "demonstration" if master.demonstration else "given",
        master.source,
        f"<cell {master.id or master.grade_id}>",
    )


def _untouched(cells: list[Cell], claims: list, assignment: Assignment) -> list[Part]:
    """The stubs that are as the course gave them: run first, so that they hide nothing that was
    written elsewhere.
    """
    task_of = {task.answer_cell: task.id for task in assignment.tasks}
    masters = {claim: cell for cell, claim in zip(cells, claims, strict=True) if claim is not None}
    return [
        Part(
            "answer",
            cell.source,
            f"<cell {master.id or master.grade_id}>",
            task_of[master.grade_id],
        )
        for place, master in enumerate(assignment.cells)
        if master.kind == ANSWER and place in masters
        for cell in [masters[place]]
        if cell.source.strip() and _is_stub(cell, master, assignment)
    ]


def _put_back(claims: list, assignment: Assignment) -> list[tuple[float, Part]]:
    """The course's cells that are gone, each before the first cell that comes after it in the
    course's order.
    """
    return [
        (_before(place, claims), _given(master))
        for place, master in enumerate(assignment.cells)
        if master.kind == GIVEN and place not in claims
    ]


def _before(place: int, claims: list, start: int = 0) -> float:
    return next(
        (
            at - 0.5
            for at, claim in enumerate(claims)
            if at >= start and claim is not None and claim > place
        ),
        len(claims),
    )


def _place_of_check(task, cells: list[Cell], claims: list, assignment: Assignment) -> float:
    """Just after the last cell that makes the task's check, and never before its answer."""
    places = {cell.grade_id: i for i, cell in enumerate(assignment.cells)}
    answer, check = places[task.answer_cell], places[task.check_cell]
    answers = [at for at, claim in enumerate(claims) if claim == answer]
    checks = [
        at
        for at, cell in enumerate(cells)
        if claims[at] == check
        or (cell.kind == "code" and claims[at] is None and _call(task.id) in cell.source)
    ]
    if checks:
        return max(*answers, *checks, -1) + 0.25
    return _before(check, claims, max(answers, default=-1) + 1)


def _without_demonstrations(program: list[Part]) -> list[Part]:
    """The program without the course's unchanged demonstrations, where nothing of the learner's can
    depend on them.
    """
    shown = [part.source for part in program if part.kind == "demonstration"]
    learners = [part.source for part in program if part.kind in ("own", "answer")]
    if _independent(learners, shown):
        return [part for part in program if part.kind != "demonstration"]
    return program


def _independent(learners: list[str], shown: list[str]) -> bool:
    """True if no source of the learner's uses a name that a demonstration binds, and none can reach
    names in other ways.
    """
    bound = set().union(*(global_names(source)[0] for source in shown))
    used = set().union(*map(_used, learners))
    both = set(_imports(shown)) & set(_imports(learners))  # the same import twice is no dependence
    return not any(map(_DYNAMIC.search, learners)) and not (used & bound) - {
        name for name, _what in both
    }


def _used(source: str) -> set[str]:
    """Global names that a cell may use: every word of a line of IPython's own, and of a cell that
    is no plain Python.
    """
    special = [line for line in source.splitlines() if line.lstrip().startswith(("%", "!"))]
    plain = "\n".join(line for line in source.splitlines() if line not in special)
    words = set(_WORD.findall(" ".join(special)))
    try:
        changed = {
            node.id
            for place in ast.walk(ast.parse(plain))
            if isinstance(place, (ast.AugAssign, ast.Delete))
            for node in ast.walk(place)
            if isinstance(node, ast.Name)
        }
        bound, used = global_names(plain)
        return used | words | (changed & bound)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(_WORD.findall(source))


def _imports(sources: Iterable[str]) -> list[tuple[str, str]]:
    """(name, what it stands for) of every import in the sources that are plain Python."""
    return [
        (alias.asname or alias.name.split(".")[0], f"{getattr(node, 'module', '')}:{alias.name}")
        for source in sources
        if _parses(source)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    ]
