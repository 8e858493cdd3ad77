"""Grading on a Dask cluster: submissions are run by its workers, judged and kept here.

Needs the optional library `distributed`. Workers need the course installed, and its folders under
the same path as here (a shared folder, say). A worker runs a submission in its own sandbox and
sends back what it observed; judging and keeping is done by this process alone. So a task whose
worker is lost is run again by another one, and its result is kept once. What this module leaves
out: starting a cluster (`dask scheduler`, `dask worker`), one machine without one (`engine`).
"""

import atexit
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading import engine
from ftrag_helpers.grading.grader import Grader
from ftrag_helpers.grading.intake.submissions import Submission
from ftrag_helpers.grading.marking import Observed
from ftrag_helpers.grading.records import Result

_CONNECT_SECONDS = 20
#: How many submissions are on their way for each thread of the cluster: one that runs, and some
#: that wait beside it.
_AHEAD = 3
_PATIENCE_SECONDS = 60  # without any worker, before the run is given up
_graders: dict[str, Grader] = {}
_making = threading.Lock()


def grade(
    folder_or_zip: Path,
    solutions: Path,
    out: Path,
    *,
    scheduler: str,
    timeout: float | None = None,
    sandbox: bool = True,
    assignment: str = "",
    on_result: Callable[[Result], None] | None = None,
) -> list[Result]:
    """As `engine.grade`, on the cluster whose scheduler listens at an address like
    "tcp://10.0.0.5:8786".

    Raises:
        CourseError: as `engine.grade`; `distributed` is not installed; no scheduler answers there,
            or it has no worker; a worker has another version of the course.
    """
    setting = {
        "solutions": str(Path(solutions).resolve()),
        "timeout": timeout,
        "sandbox": sandbox,
        "assignment": assignment,
        "hidden": [str(Path(path).resolve()) for path in (folder_or_zip, out)],
    }
    with (
        _client(scheduler) as client,
        Grader(solutions, timeout=timeout, sandbox=sandbox, assignment=assignment) as judge,
    ):
        try:
            return engine.collect(
                lambda results: _graded(client, judge, setting, folder_or_zip, results),
                folder_or_zip,
                out,
                on_result,
            )
        except CancelledError as error:
            raise CourseError(
                f"The connection to the cluster was lost ({error}). Run the same command again: it"
                " goes on where it was."
            ) from None


@contextmanager
def _client(scheduler: str) -> Iterator:
    try:
        from distributed import Client
    except ImportError:
        raise CourseError(
            "Grading on a cluster needs the library distributed. Install it, here and on every"
            ' worker: pip install "distributed>=2026.8"'
        ) from None
    try:
        client = Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise CourseError(
            f"No Dask scheduler answers at {scheduler!r} ({type(error).__name__}). Start one with"
            ' dask scheduler, and name the address that it prints, like "tcp://10.0.0.5:8786".'
        ) from None
    with client, client.as_current():
        yield client


def _graded(
    client, judge: Grader, setting: dict, folder_or_zip: Path, results: Path
) -> Iterator[Result]:
    """Each result as it is known; at most a few submissions per thread of the cluster are held in
    memory.
    """
    waiting: dict = {}
    asked, run = json.dumps(setting, sort_keys=True), uuid.uuid4().hex
    room = _AHEAD * max(_threads(client), 1)
    try:
        for place, submission in enumerate(engine.in_order(judge, folder_or_zip)):
            earlier = engine.stored(results, judge, submission)
            if earlier:
                yield earlier
                continue
            key = f"ftrag-{run}-{place}"
            future = client.submit(observe, asked, submission, key=key, pure=False)
            waiting[future] = submission
            while len(waiting) >= room:
                yield from _finished(client, judge, waiting, results)
        while waiting:
            yield from _finished(client, judge, waiting, results)
    finally:
        for future in waiting:
            future.cancel()


def _threads(client) -> int:
    return sum(client.nthreads().values())


def _finished(client, judge: Grader, waiting: dict, results: Path) -> Iterator[Result]:
    """Wait for a submission at least; judge and keep what came back."""
    from distributed import wait

    lonely_since = None
    while True:
        try:
            done = wait(list(waiting), timeout=2, return_when="FIRST_COMPLETED").done
            break
        except TimeoutError:
            lonely_since = None if _threads(client) else lonely_since or time.monotonic()
            if lonely_since and time.monotonic() - lonely_since > _PATIENCE_SECONDS:
                raise CourseError(
                    "The cluster has no worker left. Start workers (dask worker ADDRESS) and run"
                    " the same command again: it goes on where it was."
                ) from None
    for future in done:
        submission = waiting.pop(future)
        yield _result(judge, submission, future, results)


def _result(judge: Grader, submission: Submission, future, results: Path) -> Result:
    from distributed import KilledWorker

    try:
        answer = future.result()
    except KilledWorker:  # not kept: the next run tries it again
        detail = (
            "Every worker of the cluster that ran this submission was lost. Run the same command"
            " again, or grade on one machine."
        )
        return judge.result(submission, Observed(status="crashed", detail=detail))
    return engine.store(results, judge, submission, judged(judge, submission, answer))


def judged(judge: Grader, submission: Submission, answer: tuple[str, str, Observed]) -> Result:
    """The result of what `observe` returned on a worker.

    Raises:
        CourseError: the worker's course or solutions are not those of this machine.
    """
    fingerprint, slug, observed = answer
    assignment = judge.assignments.get(slug)
    result = judge.result(submission, replace(observed, assignment=assignment))
    if fingerprint != judge.fingerprint(submission, result.assignment):
        raise CourseError(
            "A worker of the cluster has another version of the course or of the solutions. Give"
            " all machines the same one, restart the workers, and run the same command again."
        )
    return result


# --- on a worker


def observe(setting: str, submission: Submission) -> tuple[str, str, Observed]:
    """Run one submission: this worker's fingerprint of it, its assignment's name, and what was
    observed, without the assignment itself, which holds the judges.

    A worker keeps its warmed processes from one submission to the next.

    Raises:
        CourseError: this machine cannot grade.
    """
    try:
        grader = _grader(setting)
        observed = grader.observe(submission)
        slug = observed.assignment.slug if observed.assignment else ""
        fingerprint = grader.fingerprint(submission, slug or grader.only)
        return fingerprint, slug, replace(observed, assignment=None)
    except CourseError as error:
        raise CourseError(f"On a worker of the cluster: {error}") from None


def _grader(setting: str) -> Grader:
    with _making:
        if setting not in _graders:
            options = json.loads(setting)
            hidden = tuple(map(Path, options.pop("hidden")))
            grader = Grader(Path(options.pop("solutions")), hidden=hidden, **options)
            _graders[setting] = grader
            atexit.register(grader.close)
        return _graders[setting]
