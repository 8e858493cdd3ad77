"""What a learner measured, predicted and decided, kept in one small file on this machine.

A lesson prints a figure and keeps it in the same breath; lesson 05 and the report gather
the figures again. The file is `results.json` in the course's cache folder (or in the folder that
`FTRAG_RESULTS` names). It holds numbers, names and the learner's own words, and nothing ever sends
it anywhere. What it leaves out: what a figure says about a claim (`claims`), and drawing it
(`report`).
"""

import json
import math
import os
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from ftrag_helpers.data import data_files
from ftrag_helpers.environment import runtime, variables
from ftrag_helpers.errors import CourseError
from ftrag_helpers.evaluation import metrics

VERSION = 1
#: The unit of what `record_difference` keeps: the second mean less the first. No unit at all is a
#: share from 0 to 1.
DIFFERENCE = "difference"
_LOCK_SECONDS = 10
_SECTIONS = ("figures", "predictions", "decisions")


@dataclass(frozen=True)
class Measurement:
    """One measured number. `low` and `high` bound its 95 % interval; both are None where it has
    none.
    """

    lesson: str
    name: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    unit: str = ""
    note: str = ""
    date: str = ""
    cores: str = ""

    def __str__(self) -> str:
        """The figure as the course prints it:

        "0.43 [0.36, 0.50] n=200", "+0.10 [+0.04, +0.17]", "146 s".
        """
        sign = "+" if self.unit == DIFFERENCE else ""
        if self.unit not in ("", DIFFERENCE) and abs(self.value) >= 10:
            text = f"{self.value:,.0f}"
        else:
            text = f"{self.value:{sign}.2f}"
        if self.low is not None:
            text += f" [{self.low:{sign}.2f}, {self.high:{sign}.2f}]"
        if self.unit not in ("", DIFFERENCE):
            text += f" {self.unit}"
        return text + (f" n={self.n}" if self.n is not None and not sign else "")


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


def record(
    lesson: str,
    name: str,
    value: float,
    *,
    low: float | None = None,
    high: float | None = None,
    n: int | None = None,
    unit: str = "",
    note: str = "",
) -> Measurement:
    """Keep a figure; a later one of the same lesson and name takes its place. Returns it.

    Where the file cannot be written, a warning says so and the lesson goes on.

    Raises:
        ValueError: no lesson or name; a number that is not finite; half an interval, or one upside
        down.
    """
    figure = _checked(
        Measurement(
            lesson=lesson,
            name=name,
            value=value,
            low=low,
            high=high,
            n=n,
            unit=unit,
            note=note,
            date=date.today().isoformat(),
            cores=runtime.describe()["CPU cores"],
        )
    )
    _keep("figures", _key(figure.lesson, figure.name), asdict(figure))
    return figure


def record_mean(lesson: str, name: str, values: Sequence[float], *, unit: str = "") -> str:
    """Keep the mean of the values (a share, if no unit is named) with its bootstrap interval;
    returns what to print.

    Values that are NaN (nothing to be judged: a refusal has no faithfulness) are left out, and `n`
    counts the rest.

    Raises:
        ValueError: no value is left.
    """
    values = np.asarray(values, float)
    kept = values[~np.isnan(values)]
    if not kept.size:
        raise ValueError(f"{name!r} of lesson {lesson}: no values to take the mean of")
    low, high = metrics.bootstrap_interval(kept)
    left_out = (
        f"{values.size - kept.size} of {values.size} not applicable"
        if kept.size < values.size
        else ""
    )
    record(lesson, name, kept.mean(), low=low, high=high, n=kept.size, unit=unit, note=left_out)
    return metrics.with_interval(kept)


def record_difference(
    lesson: str, name: str, first: Sequence[float], second: Sequence[float]
) -> str:
    """Keep the paired difference (second − first) over the same questions; returns what the lesson
    prints of it.

    Pairs with a NaN are left out.

    Raises:
        ValueError: lengths differ, or no pair is left.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape == second.shape:
        both = ~(np.isnan(first) | np.isnan(second))
        first, second = first[both], second[both]
    gap, low, high = metrics.paired_difference(first, second)
    record(lesson, name, gap, low=low, high=high, n=first.size, unit=DIFFERENCE)
    seen = "no difference seen" if low <= 0 <= high else "higher" if gap > 0 else "lower"
    return f"{gap:+.2f} [{low:+.2f}, {high:+.2f}], {seen}"


def record_guess(name: str, value: float) -> str:
    """Keep what the learner expects the figure of that name to be; returns a line that says so.

    Raises:
        ValueError: no name, or not a finite number.
    """
    number = _number(value, f"the prediction for {name!r}")
    _text(name, "a prediction needs the name of a figure")
    _keep("predictions", name, {"name": name, "value": number, "date": date.today().isoformat()})
    return f"Kept: you expect {number:.2f} for {name}."


def record_choice(scenario: str, choice: str, because: str = "") -> str:
    """Keep the learner's choice for a scenario and the reason for it; returns a line that says so.

    Raises:
        ValueError: the scenario or the choice is empty.
    """
    _text(scenario, "a decision needs a scenario")
    _text(choice, f"no choice given for {scenario!r}")
    _keep(
        "decisions",
        scenario,
        {
            "scenario": scenario,
            "choice": choice,
            "because": str(because),
            "date": date.today().isoformat(),
        },
    )
    return f"Kept: {scenario}: {choice}."


def load() -> dict:
    """All that was kept: "figures" (by lesson and name), "predictions" and "decisions" (by name and
    scenario).

    Raises:
        CourseError: a newer course wrote the file.
    """
    file = path()
    try:
        return _parsed(
            _decoded(_content(file))
        )  # without a lock, as a read-only folder takes none: it is replaced as a whole
    except FileNotFoundError:
        return _parsed(_empty())
    except (ValueError, OSError):
        pass
    try:
        with _locked(file):
            return _parsed(_read(file))
    except (OSError, Timeout) as error:
        warnings.warn(
            f"{file} cannot be read now ({error}), so your own figures are missing here.",
            stacklevel=2,
        )
        return _parsed(_empty())


def reference() -> dict:
    """The figures shipped with the course, in the form of `load`; it holds no predictions and no
    decisions.

    Raises:
        CourseError: the file is missing or damaged.
    """
    file = runtime.data_dir() / "claims" / "reference.json"
    try:
        found = _parsed(_decoded(file.read_bytes()))
    except (OSError, ValueError) as error:
        raise CourseError(
            f"{file} is missing or damaged ({error}). Restore datasets/ from the course's copy."
        ) from error
    data_files.check_manifest(file.parent)
    return found


def as_json(figures: Sequence[Measurement]) -> str:
    """The text of a results file that holds these figures and nothing else."""
    rows = {_key(f.lesson, f.name): asdict(f) for f in sorted(figures, key=lambda f: f.lesson)}
    return _encoded({**_empty(), "figures": rows})


def _keep(section: str, key: str, row: dict) -> None:
    """Put one row into the file.

    A lesson is worth more than its record: what goes wrong here is a warning.
    """
    file = path()
    try:
        with _locked(file):
            _write(file, _with_row(_read(file), section, key, row))
    except (OSError, Timeout) as error:
        warnings.warn(
            f"{key!r} could not be kept in {file} ({error}). The lesson goes on; make room or close"
            " other lessons, and run the cell again.",
            stacklevel=4,
        )


def _with_row(content: dict, section: str, key: str, row: dict) -> dict:
    return {**content, section: {**content[section], key: row}}


@contextmanager
def _locked(file: Path):
    with FileLock(file.with_name(f".{file.name}.lock")).acquire(timeout=_LOCK_SECONDS):
        yield


def _empty() -> dict:
    return {"version": VERSION, **{section: {} for section in _SECTIONS}}


def _read(file: Path) -> dict:
    """The file's content; a damaged file is moved aside, with a warning that says where it is.

    Call under the lock.
    """
    try:
        return _decoded(_content(file))
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


def _decoded(content: bytes) -> dict:
    """The content of a results file, checked row by row.

    Raises:
        ValueError: it is not one, with what is wrong.
        CourseError: a newer course wrote it.
    """
    try:
        found = json.loads(content.decode("utf-8"), parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("brackets within brackets without end") from error
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    if isinstance(found.get("version"), int) and found["version"] > VERSION:
        raise CourseError(
            f"{path()} was written by a newer version of the course (form {found['version']}, this"
            f" one reads {VERSION}). Bring the course up to date, or set FTRAG_RESULTS to another"
            " folder."
        )
    for section in _SECTIONS:
        if not isinstance(found.setdefault(section, {}), dict):
            raise ValueError(f"{section!r} is not a JSON object")
    try:
        _parsed(found)
    except (TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ValueError(f"a row lacks a field or holds one of the wrong type: {error}") from error
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _parsed(content: dict) -> dict:
    known = [field.name for field in fields(Measurement)]
    figures = [
        _checked(Measurement(**{name: row[name] for name in known if name in row}))
        for row in content["figures"].values()
    ]
    for row in content["predictions"].values():
        _number(row["value"], f"the prediction for {row['name']!r}")
    for row in content["decisions"].values():
        _text(row["scenario"], "a decision without a scenario")
        _text(row["choice"], "a decision without a choice")
    return {
        "figures": {(f.lesson, f.name): f for f in figures},
        "predictions": dict(content["predictions"]),
        "decisions": dict(content["decisions"]),
    }


def _checked(figure: Measurement) -> Measurement:
    """The figure with plain Python numbers."""
    where = f"{figure.name!r} of lesson {figure.lesson}"
    _text(figure.lesson, "a figure needs a lesson")
    _text(figure.name, "a figure needs a name")
    if (figure.low is None) != (figure.high is None):
        raise ValueError(f"{where}: give both ends of the interval, or neither")
    low, high = (
        None if end is None else _number(end, f"an end of the interval of {where}")
        for end in (figure.low, figure.high)
    )
    if low is not None and low > high:
        raise ValueError(f"{where}: the interval [{low}, {high}] is upside down")
    count = None if figure.n is None else int(figure.n)
    return Measurement(
        **{
            **asdict(figure),
            "value": _number(figure.value, where),
            "low": low,
            "high": high,
            "n": count,
        }
    )


def _number(value: object, what: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{what}: a finite number is needed, not {value!r}")
    return number


def _text(text: object, complaint: str) -> None:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{complaint}, not {text!r}")


def _key(lesson: str, name: str) -> str:
    return f"{lesson}: {name}"


def _encoded(content: dict) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _write(file: Path, content: dict) -> None:
    """Write beside the file, then put the new one in its place: a crash leaves the old one or the
    new one, whole.
    """
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as out:
            out.write(_encoded(content))
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
