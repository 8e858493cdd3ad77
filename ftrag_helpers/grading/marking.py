"""From what was observed to a result: each task's judge, the state of the task, the status of the submission.

Level 3. This runs in the grader's own process, on JSON that a learner's code may have forged: a forged observation still
has to be right. What this module leaves out: making observations (`grader`), and what a judge decides (`checks`).
"""

import json
import threading
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from ftrag_helpers.checks import core
from ftrag_helpers.grading import records, steps
from ftrag_helpers.grading.assignments import Assignment, GradedTask
from ftrag_helpers.grading.records import TaskResult
from ftrag_helpers.grading.submissions import Answers

#: What stands in a text cell until an answer is written: the course's own line, and nbgrader's.
TEXT_STUBS = ("*Write your answer here, in place of this line.*", "YOUR ANSWER HERE")
_JUDGE_SECONDS = 20.0
_MESSAGE = 2_000


@dataclass
class Observed:
    """What running a submission told: facts by the place of their step, and (how, in words, where) of runs that were ended.

    `modules` are those that a solution's run imported. `status` and `detail` stand in place of all else where the
    submission could not be read.
    """

    assignment: Assignment | None = None
    answers: Answers = field(default_factory=lambda: Answers({}))
    steps: tuple[dict, ...] = ()
    facts: dict[int, dict] = field(default_factory=dict)
    ends: tuple[tuple[str, str, int | None], ...] = ()
    seconds: float = 0.0
    modules: tuple[str, ...] = ()
    status: str = ""
    detail: str = ""

    def places(self, task_id: str) -> list[int]:
        """Where a task's checks stand among the steps, the visible one first."""
        return [i for i, step in enumerate(self.steps) if step["kind"] == "observe" and step["task"] == task_id]


def mark(observed: Observed) -> tuple[tuple[TaskResult, ...], str, str]:
    """The tasks, the status, and a sentence or two for whoever looks after submissions that ended badly."""
    tasks = tuple(_task(task, observed) for task in observed.assignment.tasks)
    status, sentences = _status(tasks, observed)
    remarks = [f"{remark[0].upper()}{remark[1:]}." for remark in observed.answers.remarks]
    return tasks, status, " ".join([*sentences, *remarks])


def _task(task: GradedTask, observed: Observed) -> TaskResult:
    source = observed.answers.sources.get(task.answer_cell)
    result = TaskResult(task.id, task.title, 0.0, task.points, "", "failed")
    if source is None:
        return replace(result, state="not attempted", message="there is no answer cell of this task in the notebook")
    if task.check is None:
        stub = observed.assignment.stubs.get(task.answer_cell, "")
        return replace(result, state="not attempted" if _own_words(source) in ("", _own_words(stub)) else "needs marking")
    places = observed.places(task.id)
    for place in places:
        told = observed.facts.get(place)
        if told is None:
            return replace(result, message=_unreached(task, observed))
        state, message = _verdict(task, observed.steps[place], told)
        if state != "passed":
            return replace(result, state=state, message=message if place == places[0] else f"with other inputs: {message}")
    return replace(result, state="passed", points=task.points)


def _own_words(text: str) -> list[str] | str:
    """The words of a text answer without the line that stands for it until it is written."""
    return [word for line in text.splitlines() if line.strip() not in TEXT_STUBS for word in line.split()] or ""


def _unreached(task: GradedTask, observed: Observed) -> str:
    for _ended, why, at in observed.ends:
        if at is not None and observed.steps[at].get("task") == task.id:
            return f"your code {why}"
    return "this task could not be checked, because other code ended the process"


def _verdict(task: GradedTask, step: dict, told: dict) -> tuple[str, str]:
    """State and message of one check."""
    if "observed" not in told:
        failed = told.get("failed")
        state = "not attempted" if told.get("attempted") is False else "failed"
        return state, one_text(failed if isinstance(failed, str) else "the check told nothing")
    trusted = replace(task.check, cases=lambda _seed: json.loads(json.dumps(step["inputs"])))
    try:
        with _judge_limit():
            verdict = core.decide(trusted, told["observed"], task.seeds[step["check"]])
    except steps.TooSlow:
        return "failed", "the check could not read this answer in time"
    return ("passed", "") if verdict.passed is True else ("failed", one_text(verdict.message))


def _judge_limit():
    """A time limit for a judge, where this thread can have one."""
    main = threading.current_thread() is threading.main_thread()
    return steps.time_limit(_JUDGE_SECONDS) if main else nullcontext()


def _status(tasks: tuple[TaskResult, ...], observed: Observed) -> tuple[str, list[str]]:
    slow = [observed.steps[place] for place, told in observed.facts.items()
            if told.get("slow") is True and observed.steps[place]["kind"] != "extra"]
    if not observed.ends and not slow:
        return ("needs marking" if any(task.state == "needs marking" for task in tasks) else "graded"), []
    where = [f"{_where(observed.steps[at]) if at is not None else 'The submission'} {why}." for _how, why, at in observed.ends]
    where += [f"{_where(step)} ran into its time limit of {step['limit']:g} seconds." for step in slow]
    status = "crashed" if any(how != "time" for how, _why, _at in observed.ends) else "timed out"
    earned = sum(task.points for task in tasks)
    return status, [*dict.fromkeys(where), f"What else could be run earned {earned:g} points, which are not a score yet."]


def _where(step: dict) -> str:
    if step["kind"] == "observe":
        return f"The check of task {step['task']}"
    if step["kind"] == "answer" and step["task"]:
        return f"The answer of task {step['task']}"
    return f"The {'learner' if step['kind'] == 'extra' else 'given'} cell {step['title']}"


def one_text(text: str) -> str:
    """A message as it may be stored: no half characters, none that cannot be shown, not endless."""
    text = text.encode("utf-8", "replace").decode("utf-8")[:_MESSAGE]
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def solution_problem(observed: Observed) -> str:
    """Why a solution does not pass its own tests, or ""."""
    tasks, status, detail = mark(observed)
    checked = {task.id for task in observed.assignment.tasks if task.check}
    wrong = [f"task {task.id}: {task.message or task.state}" for task in tasks if task.id in checked and task.state != "passed"]
    return "; ".join(filter(None, [*wrong, detail])) if wrong or status not in records.SCORED else ""
