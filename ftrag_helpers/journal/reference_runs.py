"""The shipped results of runs that take longer than a lesson: learners set them beside what they
measured themselves.

`benchmarks/learning_curves.py` (lesson 2), `benchmarks/longer_training.py` (lessons 2 and 3) and
`benchmarks/mixtures.py` (lesson 5) made them; `datasets/reference/README.md` says what stands where.
What it leaves out: the figures of the claims (`measurements.reference`).
"""

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
