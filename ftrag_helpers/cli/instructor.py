"""`ftrag build`, `ftrag grade`, `ftrag site`: exercises out of solutions, marks for what learners
hand in, and the course as pages to read.

Each command reads its options, calls the modules below, and prints what it did.
"""

import argparse
from collections import Counter
from pathlib import Path

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError


def add_build(parser: argparse.ArgumentParser) -> None:
    """The options of `ftrag build`."""
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; say which exercises are out of step with solutions/",
    )


def run_build(options: argparse.Namespace, rest: list[str]) -> int:
    """Make exercises/ from solutions/, or say what is out of step."""
    from ftrag_helpers.exercises import build

    root = runtime.course_root()
    if options.check:
        stale = build.out_of_step(root)
        if stale:
            raise CourseError(f"Out of step with solutions/: {', '.join(stale)}. Run ftrag build.")
        print("exercises/ is in step with solutions/.")
        return 0
    for path in build.build(root):
        print(path.relative_to(root))
    return 0


def add_site(parser: argparse.ArgumentParser) -> None:
    """The options of `ftrag site`."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("site"),
        metavar="FOLDER",
        help="the folder for the pages (default: site)",
    )


def run_site(options: argparse.Namespace, rest: list[str]) -> int:
    """Make the pages from what the notebooks hold; nothing is run."""
    from ftrag_helpers.site import build, pictures

    made = build.build(runtime.course_root(), options.out, pictures=pictures.chart())
    print(f"{made.pages} pages. Open {made.index.resolve()} in a browser; no server is needed.")
    return 0


def add_class(parser: argparse.ArgumentParser) -> None:
    """The options of `ftrag class`."""
    parser.add_argument(
        "reports",
        type=Path,
        metavar="REPORTS",
        help="a folder with the pages that learners made with `ftrag report`",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("class.html"),
        metavar="FILE",
        help="where to write the page (default: class.html)",
    )


def run_class(options: argparse.Namespace, rest: list[str]) -> int:
    """One page with a class's figures, names left out."""
    from ftrag_helpers.grading.reports import class_figures

    learners, unread = class_figures.write(options.reports, options.out)
    for line in unread:
        print(f"Not read: {line}")
    print(f"The figures of {learners} learner{'s' if learners != 1 else ''}: {options.out}")
    return 0


def add_grade(parser: argparse.ArgumentParser) -> None:
    """The options of `ftrag grade`."""
    parser.add_argument(
        "submissions",
        type=Path,
        metavar="SUBMISSIONS",
        help="a folder of notebooks, or an LMS's bulk download (.zip)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="RESULTS",
        help="the folder for marks, feedback pages and the overview",
    )
    parser.add_argument(
        "--solutions",
        type=Path,
        metavar="FOLDER",
        help="solutions with hidden tests (default: the course's own)",
    )
    parser.add_argument(
        "--assignment",
        default="",
        metavar="NAME",
        help="such as 02_task_fine_tuning (default: recognised by the cells)",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=0,
        metavar="N",
        help="submissions at a time (default: one a core)",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        metavar="SECONDS",
        help="for each cell and each check (default: 60)",
    )
    parser.add_argument(
        "--gradebook", type=Path, metavar="FILE", help="also fill nbgrader's gradebook.db"
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="grade on a Dask cluster, such as tcp://127.0.0.1:8786",
    )
    parser.add_argument(
        "--unsafe-no-sandbox",
        action="store_true",
        help="run submissions with your own rights: only where you trust them all",
    )


def run_grade(options: argparse.Namespace, rest: list[str]) -> int:
    """Grade, write marks and pages, and say what needs a person; an interrupted run goes on where
    it was.
    """
    from ftrag_helpers.grading import engine

    if options.jobs < 0 or (options.timeout is not None and options.timeout <= 0):
        raise CourseError("--jobs must be 0 or more, and --timeout more than 0 seconds.")
    solutions = options.solutions or runtime.course_root() / "solutions"
    common = {
        "timeout": options.timeout,
        "sandbox": not options.unsafe_no_sandbox,
        "assignment": options.assignment,
    }
    if options.scheduler:
        from ftrag_helpers.grading import cluster

        results = cluster.grade(
            options.submissions,
            solutions,
            options.out,
            scheduler=options.scheduler,
            on_result=_tell,
            **common,
        )
    else:
        results = engine.grade(
            options.submissions,
            solutions,
            options.out,
            jobs=options.jobs,
            on_result=_tell,
            **common,
        )
    from ftrag_helpers.grading.reports import outputs

    written = outputs.write_all(
        results, options.out, gradebook=options.gradebook, solutions=solutions
    )
    counts = Counter(result.status for result in results)
    print("\n" + ", ".join(f"{count} {status}" for status, count in counts.most_common()))
    for path in written:
        if path.parent.name != "feedback":
            print(path)
    print(
        f"{sum(path.parent.name == 'feedback' for path in written)} feedback pages in"
        f" {options.out / 'feedback'}"
    )
    if (options.out / "to_mark.csv").is_file():
        print(
            f"Fill in Points and Comment in {options.out / 'to_mark.csv'}, then run the same"
            " command again: nothing is graded anew."
        )
    return 0


def _tell(result) -> None:
    from ftrag_helpers.grading.intake import filenames

    marks = (
        f"{result.score:g} of {result.max_score:g}" if result.score is not None else result.detail
    )
    told = f"{result.status:15} {result.learner[:40]:40} {marks}"
    print(
        filenames.printable(told, 1000), flush=True
    )  # part of it is the learner's text, which is not to steer a terminal
