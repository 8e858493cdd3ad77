"""What learners handed in: files of a folder or a zip, whose they are, and the answers in them.

Level 3. Everything here is read in the grader's own process, so nothing is unpacked to disk, no link is followed, sizes
are bounded while reading, and a notebook is JSON and nothing more: its code is neither run nor parsed. What this module
leaves out: masters (`assignments`), and running answers (`engine`).
"""

import hashlib
import json
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ftrag_helpers.grading.assignments import ANSWER, GIVEN, SETUP, TEXT, Assignment
from ftrag_helpers.runtime import CourseError

NOTEBOOK_MB = 20
FILES = 5_000
CELLS = 2_000
#: More than any hand-written answer; the sandbox would run it, but nobody could read it.
ANSWER_CHARACTERS = 200_000
_CANVAS = re.compile(r"(?P<name>[^_]+)(?P<late>_LATE)?_(?P<id>\d+)_(?P<file>\d+)_(?P<rest>.+)", re.DOTALL)
_MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_file_(?P<rest>.*)", re.DOTALL)

_STUB = re.compile(r"""raise NotImplementedError\(\s*["']Task \d+\.\d+""")


class Unreadable(ValueError):
    """A file that is no submission, or a damaged one; `status` says which, the text says why."""

    def __init__(self, status: str, detail: str):
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True)
class Submission:
    """A file and whose it is. `status` ("damaged", "not a submission") and `detail` are set where it could not be read."""

    learner: str
    learner_id: str
    file: str
    data: bytes = b""
    status: str = ""
    detail: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest() if self.data else ""


@dataclass(frozen=True)
class Cell:
    """A cell of a learner's notebook; an id that is not there is empty."""

    id: str
    grade_id: str
    kind: str
    source: str


@dataclass(frozen=True)
class Answers:
    """The learner's sources by grade id, other code by the cell it follows (its place among the master's), and remarks."""

    sources: dict[str, str]
    extras: dict[int, list[str]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


# --- files -------------------------------------------------------------------------------------------


def intake(path: Path) -> Iterator[Submission]:
    """Every file of a folder or of a zip, one at a time, in the order of their names; hidden ones are passed over.

    Raises:
        CourseError: there is nothing at that path, or it is neither a folder nor a zip.
    """
    path = Path(path)
    if path.is_dir():
        yield from _from_folder(path)
    elif path.is_file() and zipfile.is_zipfile(path):
        yield from _from_zip(path)
    else:
        what = "is neither a folder nor a zip" if path.exists() else "does not exist"
        raise CourseError(f"{path} {what}. Name the folder with the submitted notebooks, or the zip from Canvas or Moodle.")


def _from_folder(folder: Path) -> Iterator[Submission]:
    names = []
    for at, folders, files in os.walk(folder, followlinks=False):
        links = [name for name in folders if os.path.islink(os.path.join(at, name))]
        folders[:] = sorted(name for name in folders if name not in links and not name.startswith(".") and name != "__MACOSX")
        names += [PurePosixPath(Path(at, name).relative_to(folder).as_posix()) for name in files + links]
        if len(names) > FILES:
            raise CourseError(f"There are more than {FILES} files in {folder}. Name the folder with the submissions alone.")
    for name in sorted(names):
        if not name.name.startswith("."):
            yield _submission(name, lambda name=name: _read(folder / name))


def _read(path: Path) -> bytes:
    """A regular file's bytes; never through a link, and never waiting at a pipe that someone left in the folder."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
                         | getattr(os, "O_BINARY", 0))
    except OSError as error:
        if path.is_symlink():
            raise Unreadable("not a submission", "is a link to another file; links are not followed") from None
        raise Unreadable("damaged", f"cannot be opened ({error.strerror})") from None
    with open(handle, "rb") as source:
        if not stat.S_ISREG(os.fstat(handle).st_mode) or path.is_symlink():
            raise Unreadable("not a submission", "is no ordinary file")
        return _bounded(source)


def _bounded(source) -> bytes:
    data = source.read(NOTEBOOK_MB * 2**20 + 1)
    if len(data) > NOTEBOOK_MB * 2**20:
        raise Unreadable("damaged", f"is larger than {NOTEBOOK_MB} MB. With its outputs cleared (in JupyterLab: Edit, "
                                    "Clear Outputs of All Cells) it can be handed in again")
    return data


def _from_zip(path: Path) -> Iterator[Submission]:
    """The members, read in memory and never unpacked, so that a name with `..` in it leads nowhere."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise CourseError(f"{path} cannot be read as a zip ({error}). Download it again.") from None
    with archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > FILES:
            raise CourseError(f"{path} holds {len(members)} files, and {FILES} is the most that is read. Is it the right one?")
        for member in sorted(members, key=lambda member: member.filename):
            name = PurePosixPath(member.filename.replace("\\", "/"))
            if name.name.startswith(".") or "__MACOSX" in name.parts or ".ipynb_checkpoints" in name.parts:
                continue
            yield _submission(name, lambda member=member: _member(archive, member))


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if stat.S_ISLNK(member.external_attr >> 16):
        raise Unreadable("not a submission", "is a link to another file; links are not followed")
    if member.flag_bits & 1:
        raise Unreadable("damaged", "is encrypted, and the grader has no password")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable("damaged", "is packed in a way that no learning platform uses")
    try:
        with archive.open(member) as source:
            return _bounded(source)  # whatever size the zip's own index promises
    except Unreadable:
        raise
    except Exception as error:  # noqa: BLE001 (a damaged member raises half a dozen kinds, zlib.error among them)
        raise Unreadable("damaged", f"cannot be unpacked ({type(error).__name__})") from None


def _submission(name: PurePosixPath, read) -> Submission:
    learner, learner_id = whose(name)
    try:
        if name.suffix.lower() != ".ipynb":
            raise Unreadable("not a submission", "is no notebook (its name does not end in .ipynb)")
        return Submission(learner, learner_id, _clean(str(name)), read())
    except Unreadable as problem:
        return Submission(learner, learner_id, _clean(str(name)), status=problem.status, detail=str(problem))


def whose(name: PurePosixPath) -> tuple[str, str]:
    """The learner's name and platform id that a path tells; the id is empty where the path has none.

    Moodle names a folder or a file `Full Name_12345_assignsubmission_file_…`, Canvas a file
    `lastnamefirstname_12345_67890_…`. Otherwise the folder is the learner (nbgrader's layout), else the file's name.

    >>> whose(PurePosixPath("Ada King_4711_assignsubmission_file_/02.ipynb"))
    ('Ada King', '4711')
    >>> whose(PurePosixPath("kingada_LATE_12_345_02_task-1.ipynb")), whose(PurePosixPath("Ada King.ipynb"))
    (('kingada', '12'), ('Ada King', ''))
    """
    parts = [part for part in name.parts if part not in ("/", "..", ".")] or ["unnamed"]
    # The platform puts its words in front and outside; what comes after them is the learner's to choose, and must
    # not make them somebody else.
    for part in parts:
        found = (_CANVAS.fullmatch(part) if part is parts[-1] else None) or _MOODLE.fullmatch(part)
        if found:
            return _clean(found["name"]), found["id"]
    return _clean(parts[0] if len(parts) > 1 else PurePosixPath(parts[-1]).stem), ""


def _clean(text: str) -> str:
    """One line of at most 200 printable characters; what cannot be shown becomes "?"."""
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
    return "".join(c if c.isprintable() else "?" for c in text)[:200].strip() or "unnamed"


# --- notebooks ---------------------------------------------------------------------------------------


def read_cells(data: bytes) -> list[Cell]:
    """The cells of a notebook of format 4.

    Raises:
        Unreadable: the bytes are no such notebook.
    """
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable("damaged", "is no JSON, so it is no notebook as Jupyter writes it") from None
    version = found.get("nbformat") if isinstance(found, dict) else None
    if version is None:
        raise Unreadable("damaged", "is JSON, but no notebook")
    if version != 4:
        raise Unreadable("damaged", f"is a notebook of format {str(version)[:20]}, and the course's are of format 4: open it "
                                    "in JupyterLab 4 and save it again")
    cells = found.get("cells")
    if not isinstance(cells, list) or len(cells) > CELLS:
        many = f"has {len(cells)} cells; {CELLS} is the most that is read" if isinstance(cells, list) else "has no cells"
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
    return Cell(name if isinstance(name, str) else "", grade_id if isinstance(grade_id, str) else "", cell["cell_type"], source)


def recognise(cells: list[Cell], assignments: dict[str, Assignment]) -> str:
    """The assignment with most of whose answers the cells can be answers; "" if there is none."""
    found = {slug: len(find_answers(cells, assignment).sources) for slug, assignment in assignments.items()}
    best = max(found, key=found.get, default="")
    return best if found.get(best) else ""


def find_answers(cells: list[Cell], assignment: Assignment) -> Answers:
    """The learner's answers: by cell id, by grade id, or, where both are lost, by the check that follows a cell.

    Of several candidates the one with the master's own cell id is taken, unless it is still the stub. Code in cells of
    the learner's own is kept with its place; check cells and the master's other cells are never taken from here.
    """
    own = {cell.id: i for i, cell in enumerate(assignment.cells) if cell.id}
    by_grade = {cell.grade_id: i for i, cell in enumerate(assignment.cells) if cell.grade_id}
    wanted = {i for i, cell in enumerate(assignment.cells) if cell.kind in (ANSWER, TEXT)}
    claims = [own.get(cell.id, by_grade.get(cell.grade_id)) for cell in cells]
    remarks = _by_check(cells, claims, assignment)
    candidates: dict[int, list[int]] = {}
    for at, place in enumerate(claims):
        if place in wanted and (cells[at].kind == "code") == (assignment.cells[place].kind == ANSWER):
            candidates.setdefault(place, []).append(at)
    sources = {}
    for place, found in candidates.items():
        master = assignment.cells[place]
        sources[master.grade_id] = _chosen([cells[at] for at in found], master, assignment.stubs.get(master.grade_id))
        if len(found) > 1:
            remarks.append(f"{master.grade_id} is there {len(found)} times; one was taken")
        if len(sources[master.grade_id]) > ANSWER_CHARACTERS:
            raise Unreadable("damaged", f"has an answer ({master.grade_id}) of more than {ANSWER_CHARACTERS:,} characters")
    return Answers(sources, _extras(cells, claims, assignment), tuple(remarks))


def _by_check(cells: list[Cell], claims: list, assignment: Assignment) -> list[str]:
    """Claims answers that lost both ids: the last unclaimed code cell before a call of the task's check."""
    place = {cell.grade_id: i for i, cell in enumerate(assignment.cells)}
    remarks = []
    for task in assignment.tasks:
        if task.check is None or place[task.answer_cell] in claims:
            continue
        call = f".task_{task.id.replace('.', '_')}("
        check = next((at for at, cell in enumerate(cells) if cell.kind == "code" and call in cell.source), 0)
        before = [at for at in range(check)
                  if claims[at] is None and cells[at].kind == "code" and ".task_" not in cells[at].source]
        if before:
            claims[before[-1]] = place[task.answer_cell]
            remarks.append(f"task {task.id} lost its marks; its answer was found before its check")
    return remarks


def _chosen(found: list[Cell], master, stub: str | None) -> str:
    found = sorted(found, key=lambda cell: cell.id != master.id)
    written = [cell for cell in found if cell.source.strip() not in ("", stub) and not _STUB.search(cell.source)]
    return (written or found)[0].source


def _extras(cells: list[Cell], claims: list, assignment: Assignment) -> dict[int, list[str]]:
    """The learner's further code by the master's cell that it follows, -1 before all.

    A setup or given cell that the learner changed (an import added, say) counts as one after the master's.
    """
    extras: dict[int, list[str]] = {}
    after = -1
    for cell, place in zip(cells, claims, strict=True):
        after = after if place is None else max(after, place)
        if cell.kind != "code" or not cell.source.strip() or len(cell.source) > ANSWER_CHARACTERS:
            continue
        master = None if place is None else assignment.cells[place]
        if master is None or (master.kind in (SETUP, GIVEN) and cell.source.strip() != master.source.strip()):
            extras.setdefault(after, []).append(cell.source)
    return extras
