"""`ftrag build`, `ftrag grade`: exercises out of solutions, and marks for what learners hand in.

Level 4. Each command reads its options, calls the modules below, and prints what it did.
"""

import argparse

from ftrag_helpers import runtime
from ftrag_helpers.runtime import CourseError


def add_build(parser: argparse.ArgumentParser) -> None:
    """The options of `ftrag build`."""
    parser.add_argument("--check", action="store_true", help="write nothing; say which exercises are out of step with solutions/")


def run_build(options: argparse.Namespace, rest: list[str]) -> int:
    """Make exercises/ from solutions/, or say what is out of step."""
    from ftrag_helpers import exercises

    root = runtime.course_root()
    if options.check:
        stale = exercises.out_of_step(root)
        if stale:
            raise CourseError(f"Out of step with solutions/: {', '.join(stale)}. Run ftrag build.")
        print("exercises/ is in step with solutions/.")
        return 0
    for path in exercises.build(root):
        print(path.relative_to(root))
    return 0
