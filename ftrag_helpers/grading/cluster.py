"""Grading on a Dask cluster: submissions are run by its workers, judged and kept here.

Needs the optional library `distributed`. Workers need the course installed, and its
folders under the same path as here (a shared folder, say). A worker runs a submission in its own
sandbox and sends back JSON; judging and keeping is done by this process alone. So a task whose
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
from dataclasses import fields
from pathlib import Path

from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading import engine
from ftrag_helpers.grading.grader import Grader
from ftrag_helpers.grading.intake.answers import Answers
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
    tell: Callable[[Result], None] | None = None,
) -> list[Result]:
    """As `engine.grade`, on the cluster whose scheduler listens at an address like
    "tcp://10.0.0.5:8786".

    Raises:
        CourseError: as `engine.grade`; `distributed` is not installed; no scheduler answers there,
            or it has no worker; a worker has another version of the course.
    """
    from filelock import FileLock, Timeout

    setting = {
        "solutions": str(Path(solutions).resolve()),
        "timeout": timeout,
        "sandbox": sandbox,
        "assignment": assignment,
        "hidden": [str(Path(path).resolve()) for path in (folder_or_zip, out)],
    }
    results = Path(out) / "results"
    results.mkdir(parents=True, exist_ok=True)
    with (
        _client(scheduler) as client,
        Grader(solutions, timeout=timeout, sandbox=sandbox, assignment=assignment) as judge,
    ):
        try:
            with FileLock(results / ".lock", timeout=0):
                found = []
                for result in _graded(client, judge, setting, folder_or_zip, results):
                    found.append(result)
                    if tell:
                        tell(result)
        except Timeout:
            raise CourseError(
                f"Another run is writing to {out}. Wait until it ends, or name another folder."
            ) from None
        except CancelledError as error:
            raise CourseError(
                f"The connection to the cluster was lost ({error}). Run the same command again: it"
                " goes on where it was."
            ) from None
    if not found:
        raise CourseError(
            f"There is no file in {folder_or_zip}. Name the folder with the submitted notebooks."
        )
    return sorted(found, key=lambda result: result.file)


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
    told, run = json.dumps(setting, sort_keys=True), uuid.uuid4().hex
    room = _AHEAD * max(_threads(client), 1)
    try:
        for place, submission in enumerate(engine.in_order(judge, folder_or_zip)):
            earlier = engine.stored(results, judge, submission)
            if earlier:
                yield earlier
                continue
            fields = [
                submission.learner,
                submission.learner_id,
                submission.file,
                submission.data,
                submission.status,
                submission.detail,
            ]
            future = client.submit(observe, told, fields, key=f"ftrag-{run}-{place}", pure=False)
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

    lonely = None
    while True:
        try:
            done = wait(list(waiting), timeout=2, return_when="FIRST_COMPLETED").done
            break
        except TimeoutError:
            alone = not _threads(client)
            lonely = (lonely or time.monotonic()) if alone else None
            if lonely and time.monotonic() - lonely > _PATIENCE_SECONDS:
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
        fingerprint, observed = unpacked(future.result(), judge)
    except KilledWorker:  # not kept: the next run tries it again
        return judge.result(
            submission,
            Observed(
                status="crashed",
                detail=(
                    "Every worker of the cluster that ran this "
                    "submission was lost. Run the same command again, or grade on one machine."
                ),
            ),
        )
    result = judge.result(submission, observed)
    if fingerprint != judge.fingerprint(submission, result.assignment):
        raise CourseError(
            "A worker of the cluster has another version of the course or of the solutions. Give"
            " all machines the same one, restart the workers, and run the same command again."
        )
    return engine.store(results, judge, submission, result)


# --- on a worker


def observe(setting: str, fields: list) -> str:
    """Run one submission; what came of it as JSON.

    A worker keeps its warmed processes from one submission to the next.

    Raises:
        CourseError: this machine cannot grade.
    """
    submission = Submission(*fields)
    try:
        grader = _grader(setting)
        return packed(grader.observe(submission), grader, submission)
    except CourseError as error:
        raise CourseError(f"On a worker of the cluster: {error}") from None


def _grader(setting: str) -> Grader:
    with _making:
        if setting not in _graders:
            told = json.loads(setting)
            grader = Grader(
                Path(told["solutions"]),
                timeout=told["timeout"],
                sandbox=told["sandbox"],
                assignment=told["assignment"],
                hidden=tuple(Path(path) for path in told["hidden"]),
            )
            _graders[setting] = grader
            atexit.register(grader.close)
        return _graders[setting]


def packed(observed: Observed, grader: Grader, submission: Submission) -> str:
    """What running a submission told, and the worker's fingerprint of it, as JSON."""
    slug = observed.assignment.slug if observed.assignment else ""
    answers = observed.answers
    told = {field.name: getattr(observed, field.name) for field in fields(observed)}
    told |= {
        "assignment": slug,
        "answers": [answers.sources, answers.remarks],
        "steps": [
            {name: value for name, value in step.items() if name != "source"}
            for step in observed.steps
        ],
        "facts": list(observed.facts.items()),
    }
    return json.dumps(
        {"fingerprint": grader.fingerprint(submission, slug or grader.only), "observed": told}
    )


def unpacked(told: str, grader: Grader) -> tuple[str, Observed]:
    """The fingerprint and the observations that `packed` wrote."""
    found = json.loads(told)
    observed = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in found["observed"].items()
    }
    sources, remarks = observed["answers"]
    observed |= {
        "assignment": grader.assignments.get(observed["assignment"]),
        "facts": dict(observed["facts"]),
        "answers": Answers(sources, remarks=tuple(remarks)),
        "ends": tuple(map(tuple, observed["ends"])),
    }
    return found["fingerprint"], Observed(**observed)
