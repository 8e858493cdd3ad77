"""The shipped results of runs that take longer than a lesson: learners set them beside what they
measured themselves.

`benchmarks/learning_curves.py` (lesson 2), `benchmarks/longer_training.py` and
`benchmarks/facts_in_weights.py` (lesson 3) and `benchmarks/mixtures.py` (lesson 5) made them;
`datasets/reference/README.md` says what stands where. What it leaves out: the figures of the claims
(`measurements.reference`).
"""

from collections.abc import Sequence

from ftrag_helpers.data import data_files
from ftrag_helpers.environment import runtime


def load(name: str) -> list[dict]:
    """The rows of one result, by its file's name: "mixture", "longer_reviews", ...

    Raises:
        ValueError: no such result.
        CourseError: a file is missing or differs from the manifest.
    """
    folder = runtime.data_dir() / "reference"
    data_files.check_manifest(folder)
    names = sorted(path.stem for path in folder.glob("*.jsonl"))
    if name not in names:
        raise ValueError(f"no longer run {name!r}: there are {', '.join(names)}")
    return data_files.read_rows(folder / f"{name}.jsonl", dict)


def with_intervals(rows: Sequence[dict], name: str) -> list[str]:
    """A share of every row with its interval, as texts.

    Args:
        rows: rows as `load` returns them.
        name: the share's key; its ends stand under the key with " low" and " high" after it.

    Returns:
        A text for each row.

    >>> with_intervals([{"right": 0.5, "right low": 0.4, "right high": 0.625}], "right")
    ['0.50 [0.40, 0.62]']
    """
    return [f"{r[name]:.2f} [{r[f'{name} low']:.2f}, {r[f'{name} high']:.2f}]" for r in rows]
