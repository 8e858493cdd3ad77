"""From what was observed to a result: each task's judge, the state of the task, the status of the
submission.

This runs in the grader's own process, on JSON that a learner's code may have forged: a
forged observation still has to be right. What this module leaves out: making observations
(`grader`), and what a judge decides (`checks`).
"""

import json
from dataclasses import dataclass, field, replace

from ftrag_helpers.exercises import checking
from ftrag_helpers.exercises.running import TooSlow, time_limit
from ftrag_helpers.grading import records
from ftrag_helpers.grading.assignments import Assignment, GradedTask
from ftrag_helpers.grading.intake.answers import Answers, own_words
from ftrag_helpers.grading.records import TaskResult

_NO_CELL = "there is no answer cell of this task in the notebook"
_JUDGE_SECONDS = 20.0
_MESSAGE = 2_000


@dataclass
class Observed:
    """What running a submission told: facts by the place of their step, and (how, in words, where)
    of runs that were ended.

    `status` and `detail` stand in place of all else where the
    submission could not be read.
    """

    assignment: Assignment | None = None
    answers: Answers = field(default_factory=lambda: Answers({}))
    steps: tuple[dict, ...] = ()
    facts: dict[int, dict] = field(default_factory=dict)
    ends: tuple[tuple[str, str, int | None], ...] = ()
    seconds: float = 0.0
    status: str = ""
    detail: str = ""

    def places(self, task_id: str, check: int | None = None) -> list[int]:
        """Where a task's checks (or the attempts at one of them) stand among the steps, the visible
        check first.
        """
        return [
            i
            for i, step in enumerate(self.steps)
            if step["kind"] == "check"
            and step["task"] == task_id
            and check in (None, step["check"])
        ]

    def fact(self, task_id: str, check: int) -> tuple[int, dict | None]:
        """The place and the facts of a check: in its own place if it could be made there, else
        below all cells.
        """
        places = self.places(task_id, check)
        observed = [place for place in places if "observed" in self.facts.get(place, {})]
        place = (observed or places)[0]
        return place, self.facts.get(place)

    def made_late(self, task_id: str) -> bool:
        """True if a check of the task could not be made in its own place."""
        checks = {self.steps[place]["check"] for place in self.places(task_id)}
        return any("serves" in self.steps[self.fact(task_id, check)[0]] for check in checks)

    def modules(self) -> tuple[str, ...]:
        """What a solution's run imported."""
        return tuple(
            name
            for facts in self.facts.values()
            for name in facts.get("modules", ())
            if isinstance(name, str)
        )


def mark(observed: Observed) -> tuple[tuple[TaskResult, ...], str, str]:
    """The tasks, the status, and a sentence or two for whoever looks after submissions that ended
    badly.
    """
    tasks = tuple(_task(task, observed) for task in observed.assignment.tasks)
    status, sentences = _status(tasks, observed)
    remarks = [f"{remark[0].upper()}{remark[1:]}." for remark in observed.answers.remarks]
    return tasks, status, " ".join([*sentences, *remarks])


def _task(task: GradedTask, observed: Observed) -> TaskResult:
    source = observed.answers.sources.get(task.answer_cell)
    result = TaskResult(task.id, task.title, 0.0, task.points, "", "failed")
    if task.check is None:
        return _written(result, source, observed.assignment.stubs.get(task.answer_cell, ""))
    for check in range(len(task.seeds)):
        place, facts = observed.fact(task.id, check)
        if facts is None:
            return replace(result, message=_unreached(task, observed))
        state, message = _verdict(task, observed.steps[place], facts)
        if state == "not attempted" and source is None:
            message = f"{_NO_CELL}. {message}"
        if state != "passed":
            return replace(
                result, state=state, message=f"with other inputs: {message}" if check else message
            )
    return replace(result, state="passed", points=task.points)


def _written(result: TaskResult, source: str | None, stub: str) -> TaskResult:
    """An answer in words: a person marks whatever was written."""
    if source is None:
        return replace(result, state="not attempted", message=_NO_CELL)
    return replace(
        result,
        state="not attempted" if own_words(source) in ([], own_words(stub)) else "needs marking",
    )


def _unreached(task: GradedTask, observed: Observed) -> str:
    for _ended, why, at in observed.ends:
        if at is not None and observed.steps[at].get("task") == task.id:
            return f"your code {why}"
    return "this task could not be checked, because other code ended the process"


def _verdict(task: GradedTask, step: dict, facts: dict) -> tuple[str, str]:
    """State and message of one check."""
    if "observed" not in facts:
        failed = facts.get("failed")
        state = "not attempted" if facts.get("attempted") is False else "failed"
        return state, one_text(failed if isinstance(failed, str) else "the check told nothing")
    trusted = replace(task.check, cases=lambda _seed: json.loads(json.dumps(step["inputs"])))
    try:
        with time_limit(_JUDGE_SECONDS):
            verdict = checking.decide(trusted, facts["observed"], task.seeds[step["check"]])
    except TooSlow:
        return "failed", "the check could not read this answer in time"
    return ("passed", "") if verdict.passed is True else ("failed", one_text(verdict.message))


def _status(tasks: tuple[TaskResult, ...], observed: Observed) -> tuple[str, list[str]]:
    late = [
        f"The check of task {task.id} passed only after the cells below it had run."
        for task in tasks
        if task.state == "passed" and observed.made_late(task.id)
    ]
    unchecked = any(task.state == "failed" for task in tasks)
    slow = [
        step
        for place, facts in observed.facts.items()
        if facts.get("slow") is True
        for step in [observed.steps[place]]
        if step["kind"] in ("answer", "check") or (step["kind"] == "own" and unchecked)
    ]
    if not observed.ends and not slow:
        return (
            "needs marking" if any(task.state == "needs marking" for task in tasks) else "graded"
        ), late
    where = [
        f"{_where(observed.steps[at]) if at is not None else 'The submission'} {why}."
        for _how, why, at in observed.ends
    ]
    where += [
        f"{_where(step)} ran into its time limit of {step['limit']:g} seconds." for step in slow
    ]
    status = "crashed" if any(how != "time" for how, _why, _at in observed.ends) else "timed out"
    earned = sum(task.points for task in tasks)
    return status, [
        *dict.fromkeys(where),
        *late,
        f"What else could be run earned {earned:g} points, which are not a score yet.",
    ]


def _where(step: dict) -> str:
    if step["kind"] == "check":
        return f"The check of task {step['task']}"
    if step["kind"] == "answer" and step["task"]:
        return f"The answer of task {step['task']}"
    return f"The {'learner' if step['kind'] == 'own' else 'given'} cell {step['title']}"


def one_text(text: str) -> str:
    """A message as it may be stored: no half characters, none that cannot be shown, not endless."""
    text = text.encode("utf-8", "replace").decode("utf-8")[:_MESSAGE]
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def solution_problem(observed: Observed) -> str:
    """Why a solution does not pass its own tests, or ""."""
    tasks, status, detail = mark(observed)
    checked = {task.id for task in observed.assignment.tasks if task.check}
    wrong = [
        f"task {task.id}: {task.message or task.state}"
        for task in tasks
        if task.id in checked and task.state != "passed"
    ]
    return (
        "; ".join(filter(None, [*wrong, detail])) if wrong or status not in records.SCORED else ""
    )
