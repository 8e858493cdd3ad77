"""The shipped results of runs that take longer than a lesson: learners set them beside what they
measured themselves.

`benchmarks/longer_training.py` (lessons 2 and 3) and `benchmarks/reference.py` (lesson 5)
made them; `datasets/reference/README.md` says what stands where. What it leaves out: the figures of
the claims (`measurements.reference`).
"""

import json

from ftrag_helpers.data import course_data
from ftrag_helpers.environment import runtime


def load(name: str) -> list[dict]:
    """The rows of one result, by its file's name: "systems", "curve", "longer_reviews", ...

    Raises:
        ValueError: no such result.
        CourseError: a file is missing or differs from the manifest.
    """
    folder = runtime.data_dir() / "reference"
    course_data.check_manifest(folder)
    names = sorted(path.stem for path in folder.glob("*.jsonl"))
    if name not in names:
        raise ValueError(f"no longer run {name!r}: there are {', '.join(names)}")
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines()]
