"""What learners handed in: files of a folder or a zip, and whose they are.

Level 3. Everything here is read in the grader's own process, so nothing is unpacked to disk, no link is followed, and sizes
are bounded while reading. What this module leaves out: what stands in a notebook (`answers`).
"""

import hashlib
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ftrag_helpers.runtime import CourseError

NOTEBOOK_MB = 20
FILES = 5_000
_CANVAS = re.compile(r"(?P<name>[^_]+)(?P<late>_LATE)?_(?P<id>\d+)_(?P<file>\d+)_(?P<rest>.+)", re.DOTALL)
_MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_file_(?P<rest>.*)", re.DOTALL)


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
