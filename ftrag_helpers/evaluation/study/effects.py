"""What training brings, what passages bring, and whether they help each other, question by
question.

Every difference is paired, and its interval is corrected for the number of differences in the
table. Not here: running the systems (`desk`), the figure (`notebook.drawing.two_by_two`).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ftrag_helpers.evaluation import metrics

#: The cells of a two-by-two: base and fine-tuned, without and with passages.
CELLS = ("base", "fine-tuned", "base + passages", "fine-tuned + passages")
#: Bootstrap samples: the ends of a corrected interval lie far out in the tails.
DRAWS = 20_000


def contrasts(cells: Mapping[str, Sequence[float]]) -> dict[str, np.ndarray]:
    """The five differences of a two-by-two, one value a question.

    Args:
        cells: scores on the same questions, in the same order, by the names of `CELLS`.

    Returns:
        Differences by name. The interaction is what training brings with passages minus what it
        brings without them.

    Raises:
        ValueError: a cell is missing, or the cells differ in length.
    """
    if missing := set(CELLS) - cells.keys():
        raise ValueError(f"a two-by-two needs the cell {min(missing)!r}")
    scores = [np.asarray(cells[name], float) for name in CELLS]
    if len({one.shape for one in scores}) > 1:
        raise ValueError("the four cells need the same questions")
    base, tuned, base_reads, tuned_reads = scores
    return {
        "passages, base model": base_reads - base,
        "passages, fine-tuned model": tuned_reads - tuned,
        "training, no passages": tuned - base,
        "training, with passages": tuned_reads - base_reads,
        "interaction": (tuned_reads - base_reads) - (tuned - base),
    }


def cells(rows, systems: Sequence[str], column: str, *, wordings: int = 1) -> dict[str, np.ndarray]:
    """The scores of the four systems of a two-by-two, by the names of `CELLS`.

    Args:
        rows: a DataFrame of `harness.evaluate`.
        systems: the names of the four systems, in the order of `CELLS`.
        column: the column of scores.
        wordings: how many questions in a row ask for one fact; their mean is one score.

    Returns:
        Scores by cell, each of shape (facts,).
    """
    return {
        cell: by_fact(rows.loc[rows["system"] == str(system), column], wordings)
        for cell, system in zip(CELLS, systems, strict=True)
    }


def with_intervals(cells: Mapping[str, Sequence[float]]) -> list[tuple[float, float, float]]:
    """The mean of each cell with its 95 % interval, in the order of `CELLS`, to be drawn."""
    return [(float(np.mean(cells[n])), *metrics.bootstrap_interval(cells[n])) for n in CELLS]


def by_fact(values: Sequence[float], wordings: int = 3) -> np.ndarray:
    """The mean of each fact, where so many questions in a row ask for one fact.

    Wordings of one fact are right or wrong together, so that the fact is what is resampled.

    Args:
        values: a value a question, shape (facts · wordings,).
        wordings: how many questions ask for a fact.

    Returns:
        Shape (facts,).

    Raises:
        ValueError: the number of values is no multiple of `wordings`.
    """
    values = np.asarray(values, float)
    if values.size % wordings:
        raise ValueError(f"{values.size} values are no whole number of facts of {wordings} each")
    return values.reshape(-1, wordings).mean(axis=1)


def table(differences: Mapping[str, Sequence[float]], *, level: float = 0.95):
    """Mean differences with intervals that hold together, corrected by Bonferroni.

    Where no value differs from 0, the interval is that of `metrics.paired_difference` for scores
    that never differ, at the corrected level.

    Args:
        differences: a value for each question or fact, by the name of the difference.
        level: the confidence level of all intervals together.

    Returns:
        A pandas DataFrame with a row for each difference and the columns "difference", "low",
        "high" (the corrected interval), "n" and "seen": "higher", "lower", or "no difference seen"
        where the interval includes 0.

    Source: Dunn 1961, "Multiple Comparisons among Means".
    """
    import pandas as pd

    each = 1 - (1 - level) / max(1, len(differences))
    rows = {}
    for name, values in differences.items():
        gap, low, high = metrics.paired_difference(
            np.zeros(len(values)), values, level=each, draws=DRAWS
        )
        seen = "no difference seen" if low <= 0 <= high else "higher" if gap > 0 else "lower"
        rows[name] = {
            "difference": gap,
            "low": low,
            "high": high,
            "n": len(values),
            "seen": seen,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def grid(differences, between: str):
    """A table of differences as texts, to be read: the names' first part down, the last across.

    Args:
        differences: a DataFrame of `table` whose names are "ROW" + between + "COLUMN".
        between: what separates the two parts; the last place where it stands counts.

    Returns:
        A pandas DataFrame of texts such as "+0.40 [+0.21, +0.58] higher"; where the interval
        includes 0 no word follows.
    """
    import pandas as pd

    texts: dict[str, dict[str, str]] = {}
    for row in differences.itertuples():
        name, _, column = row.Index.rpartition(between)
        word = "" if row.seen == "no difference seen" else f" {row.seen}"
        shown = f"{row.difference:+.2f} [{row.low:+.2f}, {row.high:+.2f}]{word}"
        texts.setdefault(name, {})[column] = shown
    return pd.DataFrame.from_dict(texts, orient="index")
