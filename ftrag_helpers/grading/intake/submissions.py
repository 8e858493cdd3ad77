"""What learners handed in: the files of a folder or a zip, each with its learner.

Everything here is read in the grader's own process, so nothing is unpacked to disk, no
link is followed, and sizes are bounded while reading. What this module leaves out: whose a file is
by its name (`learners`), what stands in a notebook (`answers`).
"""

import hashlib
import os
import stat
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading.files import written_by_grading
from ftrag_helpers.grading.intake import filenames, learners
from ftrag_helpers.grading.intake.platforms import Owner

NOTEBOOK_MB = 20
#: The most files that are read, of a class and of one learner, and the most that are looked at to
#: find them.
FILES = 50_000
FILES_EACH = 500
LOOKED_AT = 200_000
_JUNK = frozenset(("__MACOSX", "Thumbs.db", "desktop.ini", "Icon\r"))


class Unreadable(ValueError):
    """A file that is no submission, or a damaged one; `status` says which, the text says why, on
    one line.
    """

    def __init__(self, status: str, detail: str):
        super().__init__(filenames.printable(detail, 1000))
        self.status = status


@dataclass(frozen=True)
class Submission:
    """A file and whose it is.

    `status` ("damaged", "not a submission") and `detail` are set where it could not be read.

    `platform` is the one whose pattern the name has, "" for none; `learner_id` is a number of that
    platform.
    """

    learner: str
    learner_id: str
    file: str
    data: bytes = b""
    status: str = ""
    detail: str = ""
    platform: str = ""

    @property
    def sha256(self) -> str:
        """Of the file's content; empty where it could not be read."""
        return hashlib.sha256(self.data).hexdigest() if self.data else ""


@dataclass(frozen=True)
class _File:
    """A file that was found, not read yet: its name as it was found, and what reads it."""

    name: str
    read: Callable[[], bytes]

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The parts of its path."""
        return filenames.parts_of(self.name)


def intake(path: Path, exercises: Collection[str] = ()) -> Iterator[Submission]:
    """Every file of a folder or of a zip, one at a time, in the order of their names; hidden ones
    are passed over, and what this program wrote there itself.

    `exercises` are the names of exercises, which tell no learner's name. Of a learner with more
    than `FILES_EACH` files there is one submission, which says so.

    Raises:
        CourseError: there is nothing at that path, it is neither a folder nor a zip, or it holds
        more files than are read.
    """
    path = Path(path)
    if path.is_dir():
        given = path.name if path.name not in ("", "..") else path.resolve().name
        yield from _submissions(path, given, list(_in_folder(path)), exercises)
    elif path.is_file() and zipfile.is_zipfile(path):
        with _opened(path) as archive:
            yield from _submissions(path, path.stem, _in_zip(archive), exercises)
    else:
        what = "is neither a folder nor a zip" if path.exists() else "does not exist"
        raise CourseError(
            f"{path} {what}. Name the folder with the submitted notebooks, or the zip from Canvas"
            " or Moodle."
        )


def _submissions(
    path: Path, given: str, files: list[_File], exercises: Collection[str]
) -> Iterator[Submission]:
    files = [file for file in files if not _hidden(file.parts)]
    own = written_by_grading([file.parts for file in files])
    files = sorted((file for file in files if file.parts not in own), key=lambda file: file.name)
    owners = learners.owners([file.parts for file in files], given=given, exercises=exercises)
    counts = Counter(owners)
    crowded = {owner for owner, count in counts.items() if count > FILES_EACH}
    read = sum(count for owner, count in counts.items() if owner not in crowded)
    if read > FILES:
        raise CourseError(
            f"{path} holds {read} files, and {FILES} is the most that is read. Name the folder or"
            " the zip with the submissions alone."
        )
    for file, owner, shown in zip(files, owners, _shown(files), strict=True):
        if owner not in crowded:
            yield _submission(file, owner, shown)
        elif owner in counts:
            yield _submission(file, owner, shown, _too_many(counts.pop(owner)))


def _too_many(count: int) -> Unreadable:
    return Unreadable(
        "damaged",
        f"is one of {count:,} files of this learner, which are too many: {FILES_EACH} is the most"
        " that is read of one, and none of these was. Ask for the notebook alone",
    )


def _hidden(parts: tuple[str, ...]) -> bool:
    return any(part.startswith(".") or part in _JUNK for part in parts)


def _shown(files: list[_File]) -> list[str]:
    """A path to show for each file, which is no other file's: names may differ in their Unicode
    form or their end alone.
    """
    shown = [filenames.printable("/".join(file.parts)) or "unnamed" for file in files]
    counts, before = Counter(shown), Counter()
    for i, file in enumerate(files):
        if counts[shown[i]] > 1:
            before[file.name] += 1
            key = f"{file.name}\0{before[file.name]}".encode("utf-8", "surrogatepass")
            shown[i] += f" [{hashlib.sha256(key).hexdigest()[:8]}]"
    return shown


def _submission(
    file: _File, owner: Owner, shown: str, problem: Unreadable | None = None
) -> Submission:
    unread = Submission(owner.learner, owner.learner_id, shown, platform=owner.platform)
    try:
        if problem:
            raise problem
        if not learners.is_notebook(file.parts):
            raise Unreadable("not a submission", "is no notebook (its name does not end in .ipynb)")
        return replace(unread, data=file.read())
    except Unreadable as error:
        return replace(unread, status=error.status, detail=str(error))


# --- folders


def _in_folder(folder: Path) -> Iterator[_File]:
    """All files and links, and the folders that cannot be read; hidden folders are not looked
    into.
    """
    closed: list[OSError] = []
    looked_at: Counter = Counter()
    for at, folders, files in os.walk(folder, onerror=closed.append, followlinks=False):
        place = Path(at).relative_to(folder)
        looked_at[place.parts[:1]] += len(folders) + len(files)
        if looked_at.total() > LOOKED_AT:
            ((most, *_),) = looked_at.most_common(1)
            where = filenames.printable("/".join(most)) or "no folder"
            raise CourseError(
                f"There are more than {LOOKED_AT:,} files in {folder}, most of them in {where}."
                " Name the folder with the submissions alone."
            )
        links = [name for name in folders if os.path.islink(os.path.join(at, name))]
        folders[:] = sorted(name for name in folders if name not in links and not _hidden((name,)))
        for name in files + links:
            yield _File(_meant((place / name).as_posix()), lambda path=Path(at, name): _read(path))
    for error in closed:
        name = Path(error.filename).relative_to(folder).as_posix()
        yield _File(f"{_meant(name)}/unknown.ipynb", lambda error=error: _cannot_be_opened(error))


def _meant(name: str) -> str:
    """A path whose bytes are no UTF-8, as an old zip program left it, in characters."""
    broken = any("\udc80" <= c <= "\udcff" for c in name)
    return filenames.decoded([os.fsencode(name)])[0] if broken else name


def _cannot_be_opened(error: OSError) -> bytes:
    raise Unreadable("damaged", f"cannot be opened ({error.strerror})")


def _read(path: Path) -> bytes:
    """A regular file's bytes; never through a link, and never waiting at a pipe that someone left
    in the folder.
    """
    try:
        handle = os.open(
            path,
            os.O_RDONLY
            | getattr(os, "O_NOFOLLOW", 0)
            | getattr(os, "O_NONBLOCK", 0)
            | getattr(os, "O_BINARY", 0),
        )
    except OSError as error:
        if path.is_symlink():
            raise Unreadable(
                "not a submission", "is a link to another file; links are not followed"
            ) from None
        return _cannot_be_opened(error)
    with open(handle, "rb") as source:
        if not stat.S_ISREG(os.fstat(handle).st_mode) or path.is_symlink():
            raise Unreadable("not a submission", "is no ordinary file")
        return _bounded(source)


def _bounded(source) -> bytes:
    data = source.read(NOTEBOOK_MB * 2**20 + 1)
    if len(data) > NOTEBOOK_MB * 2**20:
        raise Unreadable(
            "damaged",
            f"is larger than {NOTEBOOK_MB} MB. With its outputs cleared (in JupyterLab: Edit, "
            "Clear Outputs of All Cells) it can be handed in again",
        )
    return data


# --- zips


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise CourseError(f"{path} cannot be read as a zip ({error}). Download it again.") from None
    with archive:
        yield archive


def _in_zip(archive: zipfile.ZipFile) -> list[_File]:
    """The members, read in memory and never unpacked, so that a name with `..` in it leads
    nowhere.
    """
    members = [member for member in archive.infolist() if not member.filename.endswith(("/", "\\"))]
    return [
        _File(name, lambda member=member: _member(archive, member))
        for name, member in zip(filenames.in_zip(members), members, strict=True)
    ]


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
