"""One submission to one result: read it, run it in a sandbox, have it judged.

Level 3. A `Grader` may be used by many threads; each has a warmed process of its own. What this module leaves out:
many submissions at once, and results kept on disk (`engine`); how a run is watched (`runner`); judging (`marking`).
"""

import ast
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ftrag_helpers.grading import marking, submissions
from ftrag_helpers.grading import sandbox as walls
from ftrag_helpers.grading.assignments import ANSWER, CHECK, SETUP, TEXT, Assignment, GradedTask, load_assignments
from ftrag_helpers.grading.marking import Observed
from ftrag_helpers.grading.records import SCORED, Result
from ftrag_helpers.grading.runner import Runner, Setting, WorkerLost
from ftrag_helpers.grading.submissions import Answers, Submission, Unreadable
from ftrag_helpers.runtime import CourseError

CELL_SECONDS = 60.0
#: Cells of the learner's own, outside the answers, get no more than this.
OWN_CELL_SECONDS = 20.0
#: All runs of one submission together never take longer than this many cells' limits.
TOTAL = 5
#: How often a submission is run again without the step that ended its process.
RESTARTS = 3


class Grader:
    """Grades submissions one by one; `close` ends its processes.

    `timeout` in seconds holds for each cell and each check (None: 60, and what a task itself allows). `assignment`
    names the one solution to grade against; without it a submission is recognised by its cells. `hidden` paths are kept
    out of every sandbox, the solutions always.

    Raises:
        CourseError: there is no sandbox, or no usable solution.
    """

    def __init__(self, solutions: Path, *, timeout: float | None = None, sandbox: bool = True, assignment: str = "",
                 hidden: tuple[Path, ...] = ()):
        self.timeout, self._walls, self.only = timeout, sandbox, assignment
        self._hidden = (Path(solutions), *(Path(path) for path in hidden))
        if sandbox:
            walls.require()
        elif not hasattr(os, "fork"):
            raise CourseError("Nothing was graded. Grading needs Linux or a Mac, sandbox or not; on Windows, use WSL 2.")
        self.assignments = load_assignments(solutions)
        if assignment and assignment not in self.assignments:
            raise CourseError(f"There is no solution {assignment!r} in {solutions}; there are {', '.join(self.assignments)}.")
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
        """End the runs under way and let no other begin; threads that wait for one get a KeyboardInterrupt."""
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
            return "" if submission.status else submissions.recognise(submissions.read_cells(submission.data), self.assignments)
        except Unreadable:
            return ""

    def fingerprint(self, submission: Submission, slug: str) -> str:
        """Changes with the file, its name, the tests and the code that grades; not with the time that is allowed."""
        tests = self.assignments[slug].fingerprint if slug in self.assignments else "".join(
            assignment.fingerprint for assignment in self.assignments.values())
        parts = (submission.file, submission.sha256, submission.detail, tests, str(self._walls), self.only)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def result(self, submission: Submission, observed: Observed) -> Result:
        """Judge what was observed. Call it in the main thread where possible: there, a judge has a time limit."""
        result = Result(submission.learner, submission.learner_id, submission.file, self.only, observed.status or "damaged", (),
                        None, self.assignments[self.only].max_score if self.only else 0.0, observed.detail, submission.sha256,
                        observed.seconds, ())
        if observed.assignment is None:
            return result
        tasks, status, detail = marking.mark(observed)
        texts = observed.answers.sources
        return replace(result, assignment=observed.assignment.slug, status=status, tasks=tasks, detail=detail,
                       score=sum(task.points for task in tasks) if status in SCORED else None,
                       max_score=observed.assignment.max_score,
                       answers=tuple((task.id, texts[task.answer_cell]) for task in observed.assignment.tasks
                                     if task.answer_cell in texts))

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
        cells = submissions.read_cells(submission.data)
        slug = submissions.recognise(cells, self.assignments)
        if not slug:
            raise Unreadable("not a submission", "is a notebook, but holds no answer cell of any exercise")
        if self.only and slug != self.only:
            raise Unreadable("not a submission", f"is the notebook of {slug}, and {self.only} is being graded")
        return self.assignments[slug], submissions.find_answers(cells, self.assignments[slug])

    def _prove(self, assignment: Assignment) -> None:
        """Grade the solution itself once: where it fails, no learner could pass, and the fault is not theirs."""
        with self._proving:
            if assignment.slug in self._proved:
                return
            master = Answers({cell.grade_id: cell.source for cell in assignment.cells if cell.kind in (ANSWER, TEXT)})
            observed = self._run(assignment, master, learn=True)
            problem = marking.solution_problem(observed)
            if not problem and observed.modules:  # imported ahead, they cost the class nothing; unless that breaks something
                self._warm[assignment.slug] = observed.modules
                self._runner(assignment).warm(list(observed.modules))
                if marking.solution_problem(self._run(assignment, master)):
                    self._warm.pop(assignment.slug)
                    self._drop(self._runner(assignment))
            if problem:
                raise CourseError(f"Nothing more was graded: the solution {assignment.slug} does not pass its own tests where "
                                  f"submissions are graded ({problem}). Mend that first; ftrag check may tell more.")
            self._proved.add(assignment.slug)

    def _run(self, assignment: Assignment, answers: Answers, *, learn: bool = False) -> Observed:
        """Run the steps, with a second warmed process where the first one is lost."""
        for _ in range(2):
            if self._stopped:
                raise KeyboardInterrupt
            runner = self._runner(assignment)
            wanted = tuple(self._steps(assignment, answers, runner.setup_steps))
            try:
                return self._runs(runner, Observed(assignment, answers, wanted), learn)
            except WorkerLost as lost:
                self._drop(runner)
                end = ("died", f"took the grader's own process with it ({lost})", None)
        return Observed(assignment, answers, wanted, ends=(end,))

    def _runs(self, runner: Runner, observed: Observed, learn: bool) -> Observed:
        """Run until the end, again without the step that ended the process, and without that task's checks."""
        wanted, skip = list(observed.steps), set()
        end = time.monotonic() + TOTAL * (self.timeout or CELL_SECONDS)
        for _ in range(1 + RESTARTS):
            outcome = runner.run(wanted, skip, max(end - time.monotonic(), 1), learn=learn)
            if self._stopped:
                raise KeyboardInterrupt
            observed.facts, observed.modules = {**outcome.facts, **observed.facts}, tuple(outcome.modules)
            if outcome.ended == "done":
                known = skip | observed.facts.keys()
                missing = any(step["kind"] == "observe" and i not in known for i, step in enumerate(wanted))
                observed.ends += (("died", "ended before every check was made", None),) if missing else ()
                return observed
            observed.ends += ((outcome.ended, outcome.why, outcome.at),)
            if outcome.at is None or outcome.at in skip or time.monotonic() >= end:
                return observed
            task = wanted[outcome.at].get("task")
            skip |= {outcome.at, *(observed.places(task) if task else ())}
        return observed

    def _runner(self, assignment: Assignment) -> Runner:
        """This thread's warmed process; a thread keeps one, so submissions had better come by assignment."""
        me = threading.get_ident()
        for key in [key for key in list(self._runners) if key[0] == me and key[1] != assignment.slug]:
            self._runners.pop(key).close()
        if (me, assignment.slug) not in self._runners:
            setup = [cell.source for cell in assignment.cells if cell.kind == SETUP]
            setting = Setting(assignment.modules, _imports(setup), setup, self._warm.get(assignment.slug, ()), self._hidden,
                              self._walls)
            self._runners[me, assignment.slug] = Runner(setting)
        return self._runners[me, assignment.slug]

    def _drop(self, runner: Runner) -> None:
        for key in [key for key, other in list(self._runners.items()) if other is runner]:
            self._runners.pop(key).close()

    # --- steps

    def _steps(self, assignment: Assignment, answers: Answers, setup: bool) -> Iterator[dict]:
        """The cells and checks in the master's order, the learner's own cells behind those that they followed."""
        limit, task_of = self.timeout or CELL_SECONDS, {task.answer_cell: task.id for task in assignment.tasks}
        for place, cell in enumerate([None, *assignment.cells], -1):
            if cell is not None and cell.kind == CHECK:
                yield from self._checks(assignment, next(t for t in assignment.tasks if t.check_cell == cell.grade_id))
            elif cell is not None and cell.kind != TEXT and (setup or cell.kind != SETUP):
                source = answers.sources.get(cell.grade_id, "") if cell.kind == ANSWER else cell.source
                yield {"kind": cell.kind, "limit": limit, "source": source, "title": f"<cell {cell.id or cell.grade_id}>",
                       "task": task_of.get(cell.grade_id, "")}
            for i, source in enumerate(answers.extras.get(place, []), 1):
                yield {"kind": "extra", "limit": min(limit, OWN_CELL_SECONDS), "source": source,
                       "title": f"<own cell {place}-{i}>"}

    def _checks(self, assignment: Assignment, task: GradedTask) -> Iterator[dict]:
        for number, seed in enumerate(task.seeds):
            key = (assignment.slug, task.id, seed)
            if key not in self._inputs:
                self._inputs[key] = assignment.cases(task, seed)
            yield {"kind": "observe", "limit": self.timeout or task.check.timeout, "task": task.id, "name": task.name,
                   "inputs": self._inputs[key], "check": number}


def _imports(sources: list[str]) -> list[str]:
    """The import lines of setup cells: what a warmed process can always do ahead."""
    return [ast.unparse(node) for source in sources for node in ast.parse(source).body
            if isinstance(node, (ast.Import, ast.ImportFrom))]
