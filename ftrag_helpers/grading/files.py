"""Files that grading writes: what they are called, so that intake passes them over, and writing
them in one step.

What this module leaves out: what stands in them (`engine`, `reports`).
"""

import hashlib
import os
import re
import tempfile
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from ftrag_helpers.errors import CourseError

# By folder, what grading writes into it: results to go on from, pages, files for the platforms.
_NAMES = {
    "results": re.compile(r"[a-z0-9-]+-[0-9a-f]{12}\.json"),
    "feedback": re.compile(r"[a-z0-9-]+-[0-9a-f]{12}\.html"),
    "import": re.compile(r"(?:canvas|moodle)_[\w.-]+\.csv"),
}
# What it writes beside these folders.
_BESIDE = frozenset(
    "marks.csv not_graded.csv handed_in_twice.csv to_mark.csv overview.html gradebook.db".split()
)


def is_own(folder: str, name: str) -> bool:
    """Whether a file in a folder of that name may be one that grading wrote."""
    return folder in _NAMES and _NAMES[folder].fullmatch(name) is not None


def written_by_grading(paths: Sequence[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Those of some paths, each given by its parts, that a run of the grading wrote among them."""
    inside = {path for path in paths if len(path) > 1 and is_own(*path[-2:])}
    outs = {path[:-2] for path in inside if path[-2] == "results"}
    tables, pages = (
        {path[:-1] for path in paths if path[-1] == name} for name in ("marks.csv", "overview.html")
    )
    outs |= tables & pages
    beside = {path for path in paths if path[-1] in _BESIDE and path[:-1] in outs}
    return beside | {path for path in inside if path[:-2] in outs}


def safe_name(learner: str, key: str, suffix: str) -> str:
    """A file name that is safe on every system and readable, and another one for another key.

    >>> safe_name("Zoë / ../Ek", "a/b.ipynb", ".json")
    'zoe-ek-a1bee0d799b6.json'
    """
    plain = unicodedata.normalize("NFKD", learner).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "learner"
    return f"{slug}-{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:12]}{suffix}"


def write_atomic(path: Path, text: str) -> Path:
    """Write a file in one step, for its owner's eyes: a reader sees the old one or the new one,
    never half of one.

    Raises:
        CourseError: it cannot be written; a spreadsheet that has it open is the usual reason on
        Windows.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with open(handle, "wb") as target:
                target.write(text.encode("utf-8", "replace"))
                target.flush()
                os.fsync(target.fileno())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CourseError(
            f"{path} cannot be written ({error.strerror}). If it is open in another program, close"
            " it there and run the same command again: nothing is graded twice."
        ) from error
    return path
