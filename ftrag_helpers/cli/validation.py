"""`ftrag validate`: run every notebook again, compare its outputs by value, and say what differs in
words.

nbval does the comparing; this reads its report. `pytest --nbval` shows the same in
pytest's own words.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm import model_downloads

FOLDERS = ("notebooks", "solutions")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_DIFFERENCE_LINES = 30


@dataclass(frozen=True)
class Outcome:
    """What came of one notebook: its cells, how many differ or fail, seconds, and the first
    difference ("" if none).
    """

    notebook: str
    cells: int
    failed: int
    seconds: float
    difference: str = ""


def add_validate(parser: argparse.ArgumentParser) -> None:
    """The options of `ftrag validate`."""
    parser.add_argument(
        "notebooks",
        nargs="*",
        type=Path,
        metavar="NOTEBOOK",
        help="only these (default: all of notebooks/ and solutions/)",
    )
    parser.add_argument(
        "--fresh",
        action="store_true",
        help="compute every answer anew, also those kept from an earlier run (trainings stay)",
    )


def run_validate(options: argparse.Namespace, rest: list[str]) -> int:
    """A line a notebook as it is done, then the first difference of each that failed; 1 if any
    did.
    """
    root = runtime.course_root()
    paths = [path.resolve() for path in options.notebooks] or sorted(
        p for folder in FOLDERS for p in (root / folder).glob("*.ipynb")
    )
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise CourseError(
            f"There is no notebook {missing[0]}. Name one as in notebooks/01_llm_basics.ipynb."
        )
    model_downloads.fetch()
    if options.fresh:
        os.environ["FTRAG_COMPUTE_CACHE"] = "off"
    outcomes = []
    for path in paths:
        print(f"{_named(path, root):44}", end=" ", flush=True)
        outcomes.append(validate(path))
        print(line(outcomes[-1]), flush=True)
    return summary(outcomes)


def validate(path: Path) -> Outcome:
    """Run one notebook through nbval."""
    root, started = runtime.course_root(), time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="ftrag-validate-") as scratch:
        report = Path(scratch, "report.xml")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "--nbval",
            "--nbval-sanitize-with",
            str(root / "tests" / "sanitize.cfg"),
            "-q",
            "-p",
            "no:cacheprovider",
            f"--junitxml={report}",
            str(path),
        ]
        done = subprocess.run(
            command,
            cwd=root,
            env=os.environ | runtime.offline_environment(),
            capture_output=True,
            text=True,
            errors="replace",
        )
        if not report.is_file():
            raise CourseError(
                f"pytest could not run {path.name}:\n{(done.stderr or done.stdout)[-800:]}"
            )
        return read_report(
            report.read_text("utf-8"), _named(path, root), time.perf_counter() - started
        )


def read_report(xml: str, notebook: str, seconds: float) -> Outcome:
    """What pytest's JUnit report says of one notebook."""
    cases = list(ElementTree.fromstring(xml).iter("testcase"))
    wrong = [(case, found) for case in cases for found in case if found.tag in ("failure", "error")]
    first = (
        f"{wrong[0][0].get('name')}\n"
        f"{_readable(wrong[0][1].text or wrong[0][1].get('message') or '')}"
        if wrong
        else ""
    )
    return Outcome(notebook, len(cases), len({id(case) for case, _ in wrong}), seconds, first)


def _readable(text: str) -> str:
    """The report's text without colours, cut where it would fill the screen."""
    lines = [part for part in _COLOUR.sub("", text).splitlines() if part.strip()]
    more = (
        [f"… {len(lines) - _DIFFERENCE_LINES} more lines"] if len(lines) > _DIFFERENCE_LINES else []
    )
    return "\n".join(f"    {part}" for part in [*lines[:_DIFFERENCE_LINES], *more])


def line(outcome: Outcome) -> str:
    """One line that says how a notebook did."""
    if not outcome.cells:
        return "nothing to compare"
    verdict = "equal" if not outcome.failed else f"{outcome.failed} DIFFER"
    return f"{outcome.cells:3} cells, {verdict}, {outcome.seconds:.0f} s"


def summary(outcomes: Sequence[Outcome]) -> int:
    """Print the first difference of each failed notebook and the totals; returns the exit code."""
    failed = [outcome for outcome in outcomes if outcome.failed or not outcome.cells]
    for outcome in failed:
        print(f"\n{outcome.notebook}: {outcome.difference or 'no cell was run'}")
    cells, seconds = sum(o.cells for o in outcomes), sum(o.seconds for o in outcomes)
    print(
        f"\n{len(outcomes)} notebooks, {cells} cells, {sum(o.failed for o in outcomes)} differ,"
        f" {seconds / 60:.1f} minutes"
    )
    return 1 if failed else 0


def _named(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
