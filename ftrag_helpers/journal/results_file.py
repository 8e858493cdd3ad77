"""The file of what a learner measured, predicted and decided: `results.json` in the cache folder.

It holds numbers, names and the learner's own words, and nothing ever sends it anywhere. Not here:
what is recorded in it (`measurements`).
"""

import json
import os
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path

from filelock import FileLock, Timeout

from ftrag_helpers.environment import runtime, variables
from ftrag_helpers.errors import CourseError
from ftrag_helpers.evaluation.measurement import Measurement, checked, finite_number, require_text

VERSION = 1
_LOCK_SECONDS = 10
_SECTIONS = ("figures", "predictions", "decisions")


def path() -> Path:
    """The file that holds what was recorded; its folder is made where it is not there.

    Raises:
        CourseError: the folder cannot be made.
    """
    named = variables.absolute("FTRAG_RESULTS")
    folder = Path(named) if named else runtime.cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(
            f"Results are kept in {folder}, and that folder cannot be made ({error.strerror}). "
            "Set FTRAG_RESULTS to a folder you can write to, or unset it."
        ) from error
    # A validation of the notebooks is not the learner's work, and must not take its place.
    validating = not named and "PYTEST_VERSION" in os.environ
    return folder / ("results-validation.json" if validating else "results.json")


def load() -> dict:
    """All that was kept: "figures" (by lesson and name), "predictions" and "decisions" (by name and
    scenario).

    Raises:
        CourseError: a newer course wrote the file.
    """
    file = path()
    try:
        # Without a lock, as a read-only folder takes none: the file is replaced as a whole.
        return read_bytes(_content(file))
    except FileNotFoundError:
        return _parse(_empty())
    except (ValueError, OSError):
        pass
    try:
        with _locked(file):
            return _parse(_read(file))
    except (OSError, Timeout) as error:
        warnings.warn(
            f"{file} cannot be read now ({error}), so your own figures are missing here.",
            stacklevel=2,
        )
        return _parse(_empty())


def as_json(figures: Sequence[Measurement]) -> str:
    """The text of a results file that holds these figures and nothing else."""
    rows = {key_of(f.lesson, f.name): asdict(f) for f in sorted(figures, key=lambda f: f.lesson)}
    return _encode({**_empty(), "figures": rows})


def put(section: str, key: str, row: dict) -> None:
    """Put one row into a section of the file ("figures", "predictions" or "decisions").

    A lesson is worth more than its record: what goes wrong here is a warning.
    """
    file = path()
    try:
        with _locked(file):
            content = _read(file)
            content[section][key] = row
            _write(file, content)
    except (OSError, Timeout) as error:
        warnings.warn(
            f"{key!r} could not be kept in {file} ({error}). The lesson goes on; make room or close"
            " other lessons, and run the cell again.",
            stacklevel=4,
        )


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with FileLock(file.with_name(f".{file.name}.lock")).acquire(timeout=_LOCK_SECONDS):
        yield


def _empty() -> dict:
    return {"version": VERSION, **{section: {} for section in _SECTIONS}}


def _read(file: Path) -> dict:
    """The file's content; a damaged file is moved aside, with a warning that says where it is.

    Call under the lock.
    """
    try:
        return _decode(_content(file))
    except FileNotFoundError:
        return _empty()
    except ValueError as error:
        aside = _set_aside(file)
        warnings.warn(
            f"{file} was damaged ({error}). It was set aside as {aside.name} in the same folder,"
            " and a new one was begun; the lessons that you run again fill it.",
            stacklevel=6,
        )
        return _empty()


def _content(file: Path) -> bytes:
    if file.is_dir():
        raise ValueError("a folder lies in its place")
    return file.read_bytes()


def _set_aside(file: Path) -> Path:
    number = 1
    while (aside := file.with_name(f"{file.stem}.damaged-{number}.json")).exists():
        number += 1
    return file.rename(aside)


def _decode(content: bytes) -> dict:
    """The content of a results file, checked row by row.

    Raises:
        ValueError: it is not one, with what is wrong.
        CourseError: a newer course wrote it.
    """
    try:
        rows = json.loads(content.decode("utf-8"), parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("brackets within brackets without end") from error
    if not isinstance(rows, dict):
        raise ValueError("not a JSON object")
    if isinstance(rows.get("version"), int) and rows["version"] > VERSION:
        raise CourseError(
            f"{path()} was written by a newer version of the course (form {rows['version']}, this"
            f" one reads {VERSION}). Bring the course up to date, or set FTRAG_RESULTS to another"
            " folder."
        )
    for section in _SECTIONS:
        if not isinstance(rows.setdefault(section, {}), dict):
            raise ValueError(f"{section!r} is not a JSON object")
    try:
        _parse(rows)
    except (TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ValueError(f"a row lacks a field or holds one of the wrong type: {error}") from error
    return rows


def read_bytes(content: bytes) -> dict:
    """The content of a results file, in the form of `load`.

    Raises:
        ValueError: it is none, with what is wrong.
        CourseError: a newer course wrote it.
    """
    return _parse(_decode(content))


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _parse(content: dict) -> dict:
    known = [field.name for field in fields(Measurement)]
    figures = [
        checked(Measurement(**{name: row[name] for name in known if name in row}))
        for row in content["figures"].values()
    ]
    for row in content["predictions"].values():
        finite_number(row["value"], f"the prediction for {row['name']!r}")
    for row in content["decisions"].values():
        require_text(row["scenario"], "a decision without a scenario")
        require_text(row["choice"], "a decision without a choice")
    return {
        "figures": {(f.lesson, f.name): f for f in figures},
        "predictions": dict(content["predictions"]),
        "decisions": dict(content["decisions"]),
    }


def key_of(lesson: str, name: str) -> str:
    """The key of a figure in its section."""
    return f"{lesson}: {name}"


def _encode(content: dict) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _write(file: Path, content: dict) -> None:
    """Write beside the file, then put the new one in its place: a crash leaves the old one or the
    new one, whole.
    """
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as out:
            out.write(_encode(content))
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
