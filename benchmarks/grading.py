"""How many submissions a minute:

`ftrag grade`, sandbox on, against `nbgrader autograde`, on the same ones in one run.

    python benchmarks/grading.py                                200 submissions of the first
    exercise: hours, nbgrader's python benchmarks/grading.py --count 20 --peer 6            fewer,
    and the peer on some of them: minutes python benchmarks/grading.py --small --count 40 --peer 10
    the tests' small exercise, which loads no model

Of ten submissions about six are right, two wrong in one task, one unfinished, one broken (an error
in a cell, or no JSON at all); none loops, since every time limit would be the same wait on both
sides. Both sides are timed from the command to its end, with start and imports. nbgrader has no
option to grade several at a time; `ftrag grade` uses every core.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from ftrag_helpers.environment import runtime  # noqa: E402
from ftrag_helpers.grading import engine, records  # noqa: E402

_HIDDEN = re.compile(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", re.DOTALL)
_PROBLEM = "def broken(:\n    return"
KINDS = ("right",) * 6 + ("wrong",) * 2 + ("unfinished", "broken")


def main(arguments: list[str]) -> None:
    """Make the submissions, run both sides, print the table."""
    runtime.prepare_notebook()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="submissions (default: 200)")
    parser.add_argument("--peer", type=int, help="how many of them nbgrader grades (default: all)")
    parser.add_argument("--assignment", help="the solution's name (default: the first)")
    parser.add_argument(
        "--jobs", type=int, default=0, help="ours at a time (default: one per core)"
    )
    parser.add_argument(
        "--small", action="store_true", help="the tests' small exercise in place of the course's"
    )
    options = parser.parse_args(arguments)
    # nbgrader starts its own programs by name.
    os.environ["PATH"] = os.pathsep.join(
        [str(Path(sys.prefix, "Scripts" if os.name == "nt" else "bin")), os.environ["PATH"]]
    )
    with tempfile.TemporaryDirectory(prefix="ftrag-benchmark-") as folder:
        print(compare(Path(folder), options))


def compare(folder: Path, options: argparse.Namespace) -> str:
    """Both sides' figures as a table."""
    solution = _solution(folder, options)
    kinds = make_submissions(folder / "in", solution, options.count)
    count = min(options.peer or options.count, options.count)
    print(
        f"{options.count} submissions of {solution.stem}: {dict(Counter(kinds.values()))}; nbgrader"
        f" on {count}",
        flush=True,
    )
    start = time.perf_counter()
    results = engine.grade(folder / "in", solution.parent, folder / "out", jobs=options.jobs)
    ours = time.perf_counter() - start
    start = time.perf_counter()
    theirs = nbgrader_marks(
        folder / "nbgrader", solution, dict(sorted(kinds.items())[:count]), folder / "in"
    )
    peer = time.perf_counter() - start
    rate, peer_rate = 60 * len(results) / ours, 60 * count / peer
    lines = [
        f"{'':24}{'submissions':>12}{'seconds':>10}{'a minute':>10}",
        f"{'ftrag grade, sandbox on':24}{len(results):12}{ours:10.1f}{rate:10.1f}",
        f"{'nbgrader autograde':24}{count:12}{peer:10.1f}{peer_rate:10.1f}",
        f"{rate / peer_rate:.1f} times as many a minute; {runtime.describe()['CPU cores']} cores",
        *agreement(results, theirs, kinds),
    ]
    return "\n".join(lines)


def _solution(folder: Path, options: argparse.Namespace) -> Path:
    if options.small:
        from adversarial import exercise

        return exercise.write_solution(folder) / "09_small.ipynb"
    found = sorted((ROOT / "solutions").glob(f"{options.assignment or '*'}.ipynb"))
    alone = folder / "solutions" / found[0].name
    alone.parent.mkdir()
    alone.write_bytes(found[0].read_bytes())
    return alone


# --- submissions


def make_submissions(folder: Path, solution: Path, count: int) -> dict[str, str]:
    """Write `count` notebooks; the kind of each by the learner's name."""
    master, rng = json.loads(solution.read_text("utf-8")), random.Random(20)
    folder.mkdir()
    kinds = {}
    for i in range(count):
        kind, name = KINDS[i % len(KINDS)], f"learner{i:03}"
        kinds[name] = kind
        text = json.dumps(_handed_in(master, kind, rng))
        (folder / f"{name}.ipynb").write_text(
            text[: len(text) // 2] if kind == "broken" and i % 20 == 9 else text, "utf-8"
        )
    return kinds


def _handed_in(master: dict, kind: str, rng: random.Random) -> dict:
    found = json.loads(json.dumps(master))
    answers = []
    for cell in found["cells"]:
        source = "".join(cell["source"])
        cell["source"] = _HIDDEN.sub("", source)
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
            if cell["metadata"].get("nbgrader", {}).get("solution"):
                answers.append(cell)
    chosen = rng.choice(answers)
    if kind == "wrong":  # the right name, a wrong value
        chosen["source"] += f"\n{_name(chosen['source'])} = (lambda *values: None)"
    elif kind == "unfinished":
        for cell in answers[len(answers) // 2 :]:
            cell["source"] = (
                'raise NotImplementedError("Task 0.0: replace this line with your code")'
            )
    elif kind == "broken":
        chosen["source"] = _PROBLEM
    return found


def _name(source: str) -> str:
    return re.findall(r"^(?:def )?(\w+)(?:\(| =)", source, re.MULTILINE)[-1]


# --- nbgrader


def nbgrader_marks(
    course: Path, solution: Path, kinds: dict[str, str], handed_in: Path
) -> dict[str, float]:
    """Marks by learner as `nbgrader autograde` gives them; those it could not grade are missing."""
    source = course / "source" / "exercise" / solution.name
    source.parent.mkdir(parents=True)
    source.write_bytes(solution.read_bytes())
    for name in kinds:
        target = course / "submitted" / name / "exercise" / solution.name
        target.parent.mkdir(parents=True)
        target.write_bytes((handed_in / f"{name}.ipynb").read_bytes())
    (course / "nbgrader_config.py").write_text(
        "c = get_config()\nc.ExecutePreprocessor.timeout = 120\n", "utf-8"
    )
    _nbgrader(course, "generate_assignment", "exercise", "--create", "--force")
    _nbgrader(course, "autograde", "exercise", "--force")
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        return {one.student.id: one.score for one in book.assignment_submissions("exercise")}


def _nbgrader(course: Path, *command: str) -> None:
    environment = {
        **os.environ,
        **runtime.offline_environment(),
        "FTRAG_PROGRESS": "off",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
    }
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
    )
    if (
        done.returncode and command[0] != "autograde"
    ):  # with a submission that is no JSON, autograde ends with an error too
        raise SystemExit(f"nbgrader {command[0]} failed:\n{done.stderr[-2000:]}")


def agreement(
    results: list[records.Result], theirs: dict[str, float], kinds: dict[str, str]
) -> list[str]:
    """Where both sides' marks are the same, and where not, by kind of submission."""
    lines = []
    for result in results:
        if result.learner in theirs and result.score != theirs[result.learner]:
            lines.append(
                f"  differs: {result.learner} ({kinds[result.learner]}): ours {result.score}"
                f" ({result.status}), nbgrader {theirs[result.learner]}"
            )
    same = sum(
        result.score == theirs.get(result.learner) for result in results if result.learner in theirs
    )
    return [f"marks: {same} of {len(theirs)} the same", *lines[:10]]


if __name__ == "__main__":
    main(sys.argv[1:])
