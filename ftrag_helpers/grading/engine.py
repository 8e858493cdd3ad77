"""Grading a class: a folder or zip of notebooks to results, each kept the moment it is known.

Several submissions run at a time; what an earlier run left and nothing has changed is
taken from there. What this module leaves out: one submission (`grader`), reports and exports (they
read `records`), clusters (they may map `Grader.grade` over `in_order`, with `stored` and `store`
around it).
"""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading import records
from ftrag_helpers.grading.files import safe_name, write_atomic
from ftrag_helpers.grading.grader import Grader
from ftrag_helpers.grading.intake import submissions
from ftrag_helpers.grading.intake.submissions import Submission
from ftrag_helpers.grading.records import Result


def grade(
    folder_or_zip: Path,
    solutions: Path,
    out: Path,
    *,
    jobs: int = 0,
    timeout: float | None = None,
    sandbox: bool = True,
    assignment: str = "",
    on_result: Callable[[Result], None] | None = None,
) -> list[Result]:
    """Grade every submission; the results in the order of the files' names, and each as JSON in
    `out`/results.

    `jobs` submissions at a time (0: one per core); `timeout` in seconds holds for each cell and
    each check (None: 60, and what a task itself allows). `assignment` names the solution
    ("02_task_fine_tuning") that all submissions are for; without it each is recognised by its
    cells. `on_result` is called with each result as it is known. A submission is run again only if
    it, the tests or the grader changed, or if it timed out and is given more time.

    Raises:
        CourseError: no sandbox (where one is wanted), no submissions, no solutions, another run in
            the same folder, or a solution that fails its own tests in the sandbox.
    """
    with Grader(
        solutions,
        timeout=timeout,
        sandbox=sandbox,
        assignment=assignment,
        hidden=(folder_or_zip, out),
    ) as grader:
        return collect(
            lambda results: _graded(grader, folder_or_zip, results, jobs or _cores()),
            folder_or_zip,
            out,
            on_result,
        )


def collect(
    run: Callable[[Path], Iterator[Result]],
    folder_or_zip: Path,
    out: Path,
    on_result: Callable[[Result], None] | None,
) -> list[Result]:
    """All results of a run that is given the folder for them, which is this run's alone until its
    end.

    Raises:
        CourseError: there were no submissions; another run writes to the folder.
    """
    from filelock import FileLock, Timeout

    folder, results = Path(out) / "results", []
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            for result in run(folder):
                results.append(result)
                if on_result:
                    on_result(result)
    except Timeout:
        raise CourseError(
            f"Another run is writing to {out}. Wait until it ends, or name another folder."
        ) from None
    if not results:
        raise CourseError(
            f"There is no file in {folder_or_zip}. Name the folder with the submitted notebooks."
        )
    return sorted(results, key=lambda result: result.file)


def in_order(grader: Grader, folder_or_zip: Path) -> Iterator[Submission]:
    """The submissions, one assignment after another, so that warmed processes last; unreadable ones
    come first.
    """
    if grader.only or len(grader.assignments) == 1:
        yield from submissions.intake(folder_or_zip, grader.assignments)
        return
    route: dict[str, str] = {}
    for slug in ("", *grader.assignments):
        for submission in submissions.intake(folder_or_zip, grader.assignments):
            if submission.file not in route:
                route[submission.file] = grader.recognised(submission)
            if route[submission.file] == slug:
                yield submission


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _graded(grader: Grader, folder_or_zip: Path, results: Path, jobs: int) -> Iterator[Result]:
    """Each result as it is known; at most two submissions per job are held in memory.

    Judges run in this thread.
    """
    waiting: dict = {}

    def finished() -> Iterator[Result]:
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            submission = waiting.pop(future)
            yield store(results, grader, submission, grader.result(submission, future.result()))

    with ThreadPoolExecutor(jobs, thread_name_prefix="grading") as pool:
        try:
            for submission in in_order(grader, folder_or_zip):
                earlier = stored(results, grader, submission)
                if earlier:
                    yield earlier
                    continue
                waiting[pool.submit(grader.observe, submission)] = submission
                while len(waiting) >= 2 * jobs:
                    yield from finished()
            while waiting:
                yield from finished()
        except BaseException:
            for future in waiting:
                future.cancel()
            grader.stop()
            raise


# --- results on disk


def file_name(submission: Submission) -> str:
    """The name of a submission's result, and of no other file's."""
    return safe_name(submission.learner, submission.file, ".json")


def stored(results: Path, grader: Grader, submission: Submission) -> Result | None:
    """The result that an earlier run kept, if it is still right."""
    try:
        content = json.loads((results / file_name(submission)).read_text("utf-8"))
        result = records.from_json(content["result"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if content.get("fingerprint") != grader.fingerprint(submission, result.assignment):
        return None
    more_time = result.status == "timed out" and (grader.timeout or 0) > (
        content.get("timeout") or 0
    )
    return None if more_time else _of(submission, result)


def _of(submission: Submission, result: Result) -> Result:
    """The result as that of the learner whose submission it is now: beside other files a name may
    tell something else.
    """
    return replace(
        result,
        learner=submission.learner,
        learner_id=submission.learner_id,
        platform=submission.platform,
    )


def store(results: Path, grader: Grader, submission: Submission, result: Result) -> Result:
    """Keep a result, in one step, so that a reader sees all of it or nothing; returns it."""
    result = _of(submission, result)
    content = {
        "fingerprint": grader.fingerprint(submission, result.assignment),
        "timeout": grader.timeout,
        "result": records.to_json(result),
    }
    write_atomic(results / file_name(submission), json.dumps(content, indent=1))
    return result
