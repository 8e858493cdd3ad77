"""What a learner measured, predicted and decided, kept in one small file on this machine.

A lesson prints a figure and keeps it in the same breath; lesson 05 and the report gather
the figures again. What it leaves out: the file (`results_file`), what a figure says about a claim
(`claims`), and drawing it (`report`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date

import numpy as np

from ftrag_helpers.data import data_files
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.evaluation import metrics
from ftrag_helpers.evaluation.measurement import (
    DIFFERENCE,
    Measurement,
    checked,
    finite_number,
    require_text,
)
from ftrag_helpers.journal import results_file
from ftrag_helpers.journal.results_file import as_json as as_json
from ftrag_helpers.journal.results_file import load as load
from ftrag_helpers.journal.results_file import path as path


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
    today, cores = date.today().isoformat(), runtime.describe()["CPU cores"]
    figure = checked(Measurement(lesson, name, value, low, high, n, unit, note, today, cores))
    results_file.put("figures", results_file.key_of(figure.lesson, figure.name), asdict(figure))
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
    numbers = values[~np.isnan(values)]
    if not numbers.size:
        raise ValueError(f"{name!r} of lesson {lesson}: no values to take the mean of")
    low, high = metrics.bootstrap_interval(numbers)
    left_out = (
        f"{values.size - numbers.size} of {values.size} not applicable"
        if numbers.size < values.size
        else ""
    )
    record(
        lesson, name, numbers.mean(), low=low, high=high, n=numbers.size, unit=unit, note=left_out
    )
    return metrics.with_interval(numbers)


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


def record_means(lesson: str, scores: Mapping[str, Sequence[float]], measure: str):
    """Keep the mean of each system's scores as "<system>: <measure>".

    Args:
        lesson: the lesson, such as "04".
        scores: for each system its scores, one a question.
        measure: what the scores are, such as "right".

    Returns:
        A pandas DataFrame with a row for each system and the columns of its mean, the ends of its
        95 % bootstrap interval (low, high) and n, rounded to 2 decimal places.

    Raises:
        ValueError: as `record_mean`.
    """
    import pandas as pd

    rows = {}
    for name, values in scores.items():
        record_mean(lesson, f"{name}: {measure}", values)
        numbers = np.asarray(values, float)
        numbers = numbers[~np.isnan(numbers)]
        low, high = metrics.bootstrap_interval(numbers)
        rows[name] = {measure: numbers.mean(), "low": low, "high": high, "n": numbers.size}
    return pd.DataFrame(rows).T.round(2).astype({"n": int})


def record_differences(
    lesson: str,
    scores: Mapping[str, Sequence[float]],
    pairs: Sequence[tuple[str, str]],
    measure: str,
):
    """Keep paired differences of systems as "<second> over <first>: <measure>".

    Args:
        lesson: the lesson, such as "04".
        scores: for each system its scores, over the same questions in the same order.
        pairs: the systems to compare; the first is taken from the second.
        measure: what the scores are, such as "right".

    Returns:
        A pandas DataFrame with a row for each pair and the columns of the difference and its 95 %
        bootstrap interval, as `record_difference` prints them.

    Raises:
        KeyError: there is no system of that name.
        ValueError: as `record_difference`.
    """
    import pandas as pd

    return pd.DataFrame(
        {
            f"{second} − {first}": {
                f"{measure}: difference": record_difference(
                    lesson, f"{second} over {first}: {measure}", scores[first], scores[second]
                )
            }
            for first, second in pairs
        }
    ).T


def record_table(lesson: str, differences) -> None:
    """Keep each row of a table of paired differences, with intervals corrected for their number.

    Args:
        lesson: the lesson.
        differences: a DataFrame of `evaluation.study.effects.table`; the rows' names are kept.
    """
    note = f"Bonferroni, {len(differences)} differences"
    for row in differences.itertuples():
        record(
            lesson,
            row.Index,
            float(row.difference),
            low=float(row.low),
            high=float(row.high),
            n=int(row.n),
            unit=DIFFERENCE,
            note=note,
        )


def record_shipped(lesson: str, name: str, row: Mapping, column: str, *, n: int) -> str:
    """Keep a share of a shipped run (`reference_runs`) with its interval; returns what to print.

    Args:
        lesson: the lesson.
        name: the figure's name.
        row: the run's row, with columns such as "test", "test low" and "test high".
        column: which of its shares.
        n: how many questions stand behind it.
    """
    value, low, high = (float(row[column + end]) for end in ("", " low", " high"))
    return str(record(lesson, name, value, low=low, high=high, n=n, note="shipped"))


def record_guess(name: str, value: float) -> str:
    """Keep what the learner expects the figure of that name to be; returns a line that says so.

    Raises:
        ValueError: no name, or not a finite number.
    """
    number = finite_number(value, f"the prediction for {name!r}")
    require_text(name, "a prediction needs the name of a figure")
    results_file.put(
        "predictions", name, {"name": name, "value": number, "date": date.today().isoformat()}
    )
    return f"Kept: you expect {number:.2f} for {name}."


def record_choice(scenario: str, choice: str, because: str = "") -> str:
    """Keep the learner's choice for a scenario and the reason for it; returns a line that says so.

    Raises:
        ValueError: the scenario or the choice is empty.
    """
    require_text(scenario, "a decision needs a scenario")
    require_text(choice, f"no choice given for {scenario!r}")
    results_file.put(
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


def reference() -> dict:
    """The figures shipped with the course, in the form of `load`; it holds no predictions and no
    decisions.

    Raises:
        CourseError: the file is missing or damaged.
    """
    file = runtime.data_dir() / "claims" / "reference.json"
    try:
        figures = results_file.read_bytes(file.read_bytes())
    except (OSError, ValueError) as error:
        raise CourseError(
            f"{file} is missing or damaged ({error}). Restore datasets/ from the course's copy."
        ) from error
    data_files.check_manifest(file.parent)
    return figures
