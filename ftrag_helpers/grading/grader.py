"""One submission to one result: read it, run it in a sandbox, have it judged.

A `Grader` may be used by many threads; each has a warmed process of its own. What this
module leaves out: many submissions at once, and results kept on disk (`engine`); how a run is
watched (`runner`); judging (`marking`).
"""

import ast
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading import marking
from ftrag_helpers.grading.assignments import SETUP, TEXT, Assignment, GradedTask, load_assignments
from ftrag_helpers.grading.execution.runner import Runner, Setting, WorkerLost
from ftrag_helpers.grading.execution.sandbox import require as require_sandbox
from ftrag_helpers.grading.intake.answers import Answers, find_answers
from ftrag_helpers.grading.intake.cells import Cell, read_cells
from ftrag_helpers.grading.intake.matching import recognise
from ftrag_helpers.grading.intake.submissions import Submission, Unreadable
from ftrag_helpers.grading.marking import Observed
from ftrag_helpers.grading.records import SCORED, Result

CELL_SECONDS = 60.0
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
        self._proved: set[str] = set()
        self._warm: dict[str, tuple[str, ...]] = {}
        self._proving, self._stopped = threading.Lock(), False

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
        try:
            return (
                ""
                if submission.status
                else recognise(read_cells(submission.data), self.assignments)
            )
        except Unreadable:
            return ""

    def fingerprint(self, submission: Submission, slug: str) -> str:
        """Changes with the file, its name, the tests and the code that grades; not with the time
        that is allowed.
        """
        tests = (
            self.assignments[slug].fingerprint
            if slug in self.assignments
            else "".join(assignment.fingerprint for assignment in self.assignments.values())
        )
        parts = (
            submission.file,
            submission.sha256,
            submission.detail,
            tests,
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
        self._prove(assignment)
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

    def _prove(self, assignment: Assignment) -> None:
        """Grade the solution itself once: where it fails, no learner could pass, and the fault is
        not theirs.
        """
        with self._proving:
            if assignment.slug in self._proved:
                return
            cells = [
                Cell(
                    cell.id, cell.grade_id, "markdown" if cell.kind == TEXT else "code", cell.source
                )
                for cell in assignment.cells
            ]
            master = find_answers(cells, assignment)
            observed = self._run(assignment, master, learn=True)
            problem, modules = marking.solution_problem(observed), observed.modules()
            if (
                not problem and modules
            ):  # imported ahead, they cost the class nothing; unless that breaks something
                self._warm[assignment.slug] = modules
                self._runner(assignment).warm(list(modules))
                if marking.solution_problem(self._run(assignment, master)):
                    self._warm.pop(assignment.slug)
                    self._drop(self._runner(assignment))
            if problem:
                raise CourseError(
                    f"Nothing more was graded: the solution {assignment.slug} does not pass its own"
                    f" tests where submissions are graded ({problem}). Mend that first; ftrag check"
                    " may tell more."
                )
            self._proved.add(assignment.slug)

    def _run(self, assignment: Assignment, answers: Answers, *, learn: bool = False) -> Observed:
        """Run the steps, with a second warmed process where the first one is lost."""
        for _ in range(2):
            if self._stopped:
                raise KeyboardInterrupt
            runner = self._runner(assignment)
            wanted = self._steps(assignment, answers, runner.setup_steps)
            wanted += [{"kind": "modules", "limit": CELL_SECONDS}] if learn else []
            try:
                return self._runs(runner, Observed(assignment, answers, tuple(wanted)))
            except WorkerLost as lost:
                self._drop(runner)
                end = ("died", f"took the grader's own process with it ({lost})", None)
        return Observed(assignment, answers, tuple(wanted), ends=(end,))

    def _runs(self, runner: Runner, observed: Observed) -> Observed:
        """Run until the end, again without the step that ended the process, and without that task's
        checks.
        """
        wanted, skip = list(observed.steps), set()
        end = time.monotonic() + TOTAL * (self.timeout or CELL_SECONDS)
        for _ in range(1 + RESTARTS):
            outcome = runner.run(wanted, skip, max(end - time.monotonic(), 1))
            if self._stopped:
                raise KeyboardInterrupt
            observed.facts = {**outcome.facts, **observed.facts}
            if outcome.ended == "done":
                known = skip | observed.facts.keys()
                missing = any(
                    step["kind"] == "check" and "serves" not in step and i not in known
                    for i, step in enumerate(wanted)
                )
                observed.ends += (
                    (("died", "ended before every check was made", None),) if missing else ()
                )
                return observed
            observed.ends += ((outcome.ended, outcome.why, outcome.at),)
            if outcome.at is None or outcome.at in skip or time.monotonic() >= end:
                return observed
            task = wanted[outcome.at].get("task")
            skip |= {outcome.at, *(observed.places(task) if task else ())}
        return observed

    def _runner(self, assignment: Assignment) -> Runner:
        """This thread's warmed process; a thread keeps one, so submissions had better come by
        assignment.
        """
        me = threading.get_ident()
        for key in [
            key for key in list(self._runners) if key[0] == me and key[1] != assignment.slug
        ]:
            self._runners.pop(key).close()
        if (me, assignment.slug) not in self._runners:
            setup = [cell.source for cell in assignment.cells if cell.kind == SETUP]
            setting = Setting(
                assignment.modules,
                _imports(setup),
                setup,
                self._warm.get(assignment.slug, ()),
                self._hidden,
                self._isolated,
            )
            self._runners[me, assignment.slug] = Runner(setting)
        if self._stopped:  # after it is known to `stop`, before it starts
            raise KeyboardInterrupt
        try:
            return self._runners[me, assignment.slug].started()
        except BaseException:
            self._drop(self._runners[me, assignment.slug])
            raise

    def _drop(self, runner: Runner) -> None:
        for key in [key for key, other in list(self._runners.items()) if other is runner]:
            self._runners.pop(key).close()

    # --- steps

    def _steps(self, assignment: Assignment, answers: Answers, setup: bool) -> list[dict]:
        """The program as the sandbox gets it: each cell one step, each check one step a seed.

        A step that `serves` others, by their places, is only made if one of these could not be.
        """
        limit, checks = self.timeout or CELL_SECONDS, {task.id: task for task in assignment.tasks}
        found = [
            {"kind": "given", "limit": limit, "source": cell.source, "title": f"<cell {cell.id}>"}
            for cell in assignment.cells
            if setup and cell.kind == SETUP
        ]
        places: dict[str, list[int]] = {}
        for part in answers.program:
            if part.kind != "check":
                serves = {"serves": sum(places.values(), [])} if part.extra else {}
                found.append(
                    {
                        "kind": part.kind,
                        "limit": limit,
                        "source": part.source,
                        "title": part.title,
                        "task": part.task,
                        **serves,
                    }
                )
                continue
            for number, step in enumerate(self._checks(assignment, checks[part.task])):
                if part.extra:
                    step["serves"] = [places[part.task][number]]
                else:
                    places.setdefault(part.task, []).append(len(found))
                found.append(step)
        return found

    def _checks(self, assignment: Assignment, task: GradedTask) -> Iterator[dict]:
        for number, seed in enumerate(task.seeds):
            key = (assignment.slug, task.id, seed)
            if key not in self._inputs:
                self._inputs[key] = assignment.cases(task, seed)
            yield {
                "kind": "check",
                "limit": self.timeout or task.check.timeout,
                "task": task.id,
                "name": task.name,
                "inputs": self._inputs[key],
                "check": number,
            }


def _imports(sources: list[str]) -> list[str]:
    """The import lines of setup cells: what a warmed process can always do ahead."""
    return [
        ast.unparse(node)
        for source in sources
        for node in ast.parse(source).body
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
