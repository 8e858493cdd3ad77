"""One submission to one result: read it, run it in a sandbox, have it judged.

A `Grader` may be used by many threads; each has a warmed process of its own. What this
module leaves out: many submissions at once, and results kept on disk (`engine`); the steps of a
run (`program`) and how it is watched (`runner`); judging (`marking`).
"""

import functools
import hashlib
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading import marking
from ftrag_helpers.grading.assignments import SETUP, Assignment, GradedTask, load_assignments
from ftrag_helpers.grading.execution.program import CELL_SECONDS, import_lines, program
from ftrag_helpers.grading.execution.runner import Runner, Setting, WorkerLost
from ftrag_helpers.grading.execution.sandbox import require as require_sandbox
from ftrag_helpers.grading.intake.answers import Answers, find_answers, solution_answers
from ftrag_helpers.grading.intake.cells import read_cells
from ftrag_helpers.grading.intake.matching import recognise
from ftrag_helpers.grading.intake.submissions import Submission, Unreadable
from ftrag_helpers.grading.marking import Observed
from ftrag_helpers.grading.records import SCORED, Result

#: Of an answer, this much is kept beside its mark: more than anybody reads.
SHOWN_CHARACTERS = 200_000
#: All runs of one submission together never take longer than this many cells' limits.
TOTAL = 5
#: How often a submission is run again without the step that ended its process.
RESTARTS = 3


class Grader:
    """Grades submissions one by one; `close` ends its processes.

    `timeout` in seconds holds for each cell and each check (None: 60, and what a task itself
    allows). `assignment` names the one solution to grade against; without it a submission is
    recognised by its cells. `hidden` paths are kept out of every sandbox, the solutions always.

    Raises:
        CourseError: there is no sandbox, or no usable solution.
    """

    def __init__(
        self,
        solutions: Path,
        *,
        timeout: float | None = None,
        sandbox: bool = True,
        assignment: str = "",
        hidden: tuple[Path, ...] = (),
    ):
        self.timeout, self._isolated, self.only = timeout, sandbox, assignment
        self._hidden = (Path(solutions), *(Path(path) for path in hidden))
        if sandbox:
            require_sandbox()
        elif not hasattr(os, "fork"):
            raise CourseError(
                "Nothing was graded. Grading needs Linux or a Mac, sandbox or not; on Windows, use"
                " WSL 2."
            )
        self.assignments = load_assignments(solutions)
        if assignment and assignment not in self.assignments:
            raise CourseError(
                f"There is no solution {assignment!r} in {solutions}; there are"
                f" {', '.join(self.assignments)}."
            )
        self._inputs: dict[tuple[str, str, int], list] = {}
        self._runners: dict[tuple[int, str], Runner] = {}
        self._passed: set[str] = set()
        self._warm: dict[str, tuple[str, ...]] = {}
        self._testing, self._stopped = threading.Lock(), False

    def __enter__(self) -> "Grader":
        return self

    def __exit__(self, *_error) -> None:
        self.close()

    def close(self) -> None:
        """End all warmed processes."""
        while self._runners:
            self._runners.popitem()[1].close()

    def stop(self) -> None:
        """End the runs under way and let no other begin; threads that wait for one get a
        KeyboardInterrupt.
        """
        self._stopped = True
        for runner in list(self._runners.values()):
            runner.abort()

    def grade(self, submission: Submission) -> Result:
        """One submission's result. It raises nothing for what a submission is or does.

        Raises:
            CourseError: the solution does not pass its own tests here; the sandbox does not start.
        """
        return self.result(submission, self.observe(submission))

    def recognised(self, submission: Submission) -> str:
        """Which assignment a submission is for; "" for none, or if it cannot be read."""
        if submission.status:
            return ""
        try:
            return recognise(read_cells(submission.data), self.assignments)
        except Unreadable:
            return ""

    def fingerprint(self, submission: Submission, slug: str) -> str:
        """Changes with the file, its name, the tests and the code that grades; not with the time
        that is allowed.
        """
        of = self.assignments
        tests = [of[slug]] if slug in of else of.values()
        parts = (
            submission.file,
            submission.sha256,
            submission.detail,
            "".join(assignment.fingerprint for assignment in tests),
            str(self._isolated),
            self.only,
        )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def result(self, submission: Submission, observed: Observed) -> Result:
        """Judge what was observed.

        Call it in the main thread where possible: there, a judge has a time limit.
        """
        result = Result(
            submission.learner,
            submission.learner_id,
            submission.file,
            self.only,
            observed.status or "damaged",
            (),
            None,
            self.assignments[self.only].max_score if self.only else 0.0,
            observed.detail,
            submission.sha256,
            observed.seconds,
            (),
        )
        if observed.assignment is None:
            return result
        tasks, status, detail = marking.mark(observed)
        texts = observed.answers.sources
        return replace(
            result,
            assignment=observed.assignment.slug,
            status=status,
            tasks=tasks,
            detail=detail,
            score=sum(task.points for task in tasks) if status in SCORED else None,
            max_score=observed.assignment.max_score,
            answers=tuple(
                (task.id, texts[task.answer_cell][:SHOWN_CHARACTERS])
                for task in observed.assignment.tasks
                if task.answer_cell in texts
            ),
        )

    # --- running

    def observe(self, submission: Submission) -> Observed:
        """Read a submission and run it."""
        start = time.monotonic()
        try:
            assignment, answers = self._read(submission)
        except Unreadable as problem:
            return Observed(status=problem.status, detail=f"The file {problem}.")
        self._test_solution(assignment)
        observed = self._run(assignment, answers)
        observed.seconds = round(time.monotonic() - start, 3)
        return observed

    def _read(self, submission: Submission) -> tuple[Assignment, Answers]:
        if submission.status:
            raise Unreadable(submission.status, submission.detail)
        cells = read_cells(submission.data)
        slug = recognise(cells, self.assignments)
        if not slug:
            raise Unreadable(
                "not a submission", "is a notebook, but holds no answer cell of any exercise"
            )
        if self.only and slug != self.only:
            raise Unreadable(
                "not a submission", f"is the notebook of {slug}, and {self.only} is being graded"
            )
        return self.assignments[slug], find_answers(cells, self.assignments[slug])

    def _test_solution(self, assignment: Assignment) -> None:
        """Grade the solution itself once: where it fails, no learner could pass, and the fault is
        not theirs.
        """
        with self._testing:
            if assignment.slug in self._passed:
                return
            reference = solution_answers(assignment)
            observed = self._run(assignment, reference, learn=True)
            problem, modules = marking.solution_problem(observed), observed.modules()
            if problem:
                raise CourseError(
                    f"Nothing more was graded: the solution {assignment.slug} does not pass its own"
                    f" tests where submissions are graded ({problem}). Mend that first; ftrag check"
                    " may tell more."
                )
            if modules:  # imported ahead, they cost the class nothing; unless that breaks something
                self._warm[assignment.slug] = modules
                self._runner(assignment).warm(list(modules))
                if marking.solution_problem(self._run(assignment, reference)):
                    self._warm.pop(assignment.slug)
                    self._drop(self._runner(assignment))
            self._passed.add(assignment.slug)

    def _run(self, assignment: Assignment, answers: Answers, *, learn: bool = False) -> Observed:
        """Run the steps, with a second warmed process where the first one is lost."""
        inputs = functools.partial(self._cases, assignment)
        for _ in range(2):
            if self._stopped:
                raise KeyboardInterrupt
            runner = self._runner(assignment)
            setup = runner.setup_steps
            steps = program(assignment, answers, inputs, setup=setup, timeout=self.timeout)
            steps += [{"kind": "modules", "limit": CELL_SECONDS}] if learn else []
            try:
                return self._runs(runner, Observed(assignment, answers, tuple(steps)))
            except WorkerLost as lost:
                self._drop(runner)
                end = ("died", f"took the grader's own process with it ({lost})", None)
        return Observed(assignment, answers, tuple(steps), ends=(end,))

    def _runs(self, runner: Runner, observed: Observed) -> Observed:
        """Run until the end, again without the step that ended the process, and without that task's
        checks.
        """
        steps, skip = list(observed.steps), set()
        end = time.monotonic() + TOTAL * (self.timeout or CELL_SECONDS)
        for _ in range(1 + RESTARTS):
            outcome = runner.run(steps, skip, max(end - time.monotonic(), 1))
            if self._stopped:
                raise KeyboardInterrupt
            observed.facts = {**outcome.facts, **observed.facts}
            if outcome.ended == "done":
                known = skip | observed.facts.keys()
                if any(
                    step["kind"] == "check" and "serves" not in step and i not in known
                    for i, step in enumerate(steps)
                ):
                    observed.ends += (("died", "ended before every check was made", None),)
                return observed
            observed.ends += ((outcome.ended, outcome.why, outcome.at),)
            if outcome.at is None or outcome.at in skip or time.monotonic() >= end:
                return observed
            task = steps[outcome.at].get("task")
            skip |= {outcome.at, *(observed.places(task) if task else ())}
        return observed

    def _runner(self, assignment: Assignment) -> Runner:
        """This thread's warmed process; a thread keeps one, so submissions had better come by
        assignment.
        """
        key = (threading.get_ident(), assignment.slug)
        for other in list(self._runners):
            if other[0] == key[0] and other != key:
                self._runners.pop(other).close()
        if key not in self._runners:
            setup = [cell.source for cell in assignment.cells if cell.kind == SETUP]
            setting = Setting(
                assignment.modules,
                import_lines(setup),
                setup,
                self._warm.get(assignment.slug, ()),
                self._hidden,
                self._isolated,
            )
            self._runners[key] = Runner(setting)
        if self._stopped:  # after it is known to `stop`, before it starts
            raise KeyboardInterrupt
        try:
            return self._runners[key].started()
        except BaseException:
            self._drop(self._runners[key])
            raise

    def _drop(self, runner: Runner) -> None:
        for key in [key for key, other in list(self._runners.items()) if other is runner]:
            self._runners.pop(key).close()

    def _cases(self, assignment: Assignment, task: GradedTask, seed: int) -> list:
        key = (assignment.slug, task.id, seed)
        if key not in self._inputs:
            self._inputs[key] = assignment.cases(task, seed)
        return self._inputs[key]
