"""What every check of a graded task shares: cases, observation, judgement, and what the learner
gets to read.

A check has three steps. `cases` makes inputs from a seed. `run_answer` calls the learner's
answer on them and returns plain JSON values. `judge` compares these with what it works out itself.
Only `run_answer` runs the learner's code, so a grader may run it in a sandbox and keep the other
two outside. What this module leaves out: the tasks themselves (`lesson_01` and on), plain values
and what messages say of them (`values`), the record of points (`progress`), marking by hand.
"""

import copy
import json
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass

from ftrag_helpers.exercises import registry
from ftrag_helpers.exercises.running import (
    CheckFailed,
    NotAttempted,
    TooSlow,
    explained,
    time_limit,
)
from ftrag_helpers.exercises.values import format_value, to_json
from ftrag_helpers.notebook.wrapping import wrapped


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


#: What `answer` returns for a name that the learner has not defined.
MISSING = _Missing()


@dataclass(frozen=True)
class Verdict:
    """What a judge decides.

    The message of a failed one: what was expected, what came, where to look.
    """

    passed: bool
    message: str = ""


PASSED = Verdict(True)


@dataclass(frozen=True)
class Task:
    """A graded task.

    `cases` turns a seed into inputs (plain JSON values), `run_answer` the learner's answer and
    those inputs into plain JSON values. `judge(inputs, observed)` looks at nothing else, loads no
    model, and fails junk without an exception. `timeout` is in seconds and holds for `run_answer`,
    which stands in a module of its own, `run`: no other one lies beside a learner's code.
    `answer` says in words what is checked.
    """

    id: str
    title: str
    points: int
    hints: tuple[str, str]
    cases: Callable[[int], list]
    run_answer: Callable[[object, list], object]
    judge: Callable[[list, object], Verdict]
    timeout: float = 60.0
    answer: str = ""


@dataclass(frozen=True)
class ManualTask:
    """A task that a person marks: there is nothing to observe."""

    title: str
    points: int


def run(task: Task, answer: object, seed: int = 0) -> None:
    """Check an answer and print one line; seed 0 is the check that the learner sees, and it alone
    records points.

    Raises:
        NotAttempted: there is no answer yet.
        CheckFailed: the answer is wrong, stops with an error, or takes too long.
    """
    verdict = decide(task, observation(task, answer, seed), seed)
    others = "" if seed == 0 else " (with other inputs)"
    if not verdict.passed:
        raise CheckFailed(f"Task {task.id}{others}: {verdict.message}")
    if seed == 0:
        from ftrag_helpers.exercises import progress

        _passed.add(task.id)
        progress.record(task.id, task.points)
        print(f"Task {task.id} passed: {task.points} of {task.points} points.")
    else:
        print(f"Task {task.id} passed with other inputs too.")


def checker(task: Task) -> Callable[..., None]:
    """The function with which a notebook checks a task: `check.task_1_1(answer, seed=0)`."""

    def check(answer: object, seed: int = 0) -> None:
        run(task, answer, seed)

    check.__name__ = check.__qualname__ = f"task_{task.id.replace('.', '_')}"
    check.__doc__ = f"Check {task.answer}."
    return check


def observation(task: Task, answer: object, seed: int) -> object:
    """What the learner's answer gives for the cases of a seed, as plain JSON values; the part that
    a sandbox runs.

    Warnings are silenced and stderr goes to stdout, because nbgrader gives no points to a cell that
    wrote to stderr.

    Raises:
        NotAttempted, CheckFailed: as `run`.
    """
    if answer is MISSING:
        raise NotAttempted(
            f"Task {task.id} is not done yet: write your answer in the cell above and run that"
            " cell."
        )
    inputs = copy.deepcopy(task.cases(seed))
    try:
        with time_limit(task.timeout), warnings.catch_warnings(), redirect_stderr(sys.stdout):
            warnings.simplefilter("ignore")
            return json.loads(json.dumps(to_json(task.run_answer(answer, inputs))))
    except CheckFailed as failed:
        raise type(failed)(f"Task {task.id}: {failed}") from None
    except TooSlow:
        raise CheckFailed(
            f"Task {task.id}: stopped after {task.timeout:g} seconds. Look for a loop that never"
            " ends, or for work inside a loop that could be done once before it."
        ) from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 (a learner's code may raise anything, SystemExit too)
        raise explained(task.id, error) from None


def decide(task: Task, observed: object, seed: int) -> Verdict:
    """The judge's verdict on what was observed; the part that stays outside the sandbox.

    Never raises.
    """
    observed = to_json(observed)  # forged values may be nested without end
    try:
        return task.judge(task.cases(seed), observed)
    except Exception as error:  # noqa: BLE001 (forged input must cost its author the points, not us the grading)
        return Verdict(
            False,
            f"the check cannot read this answer ({type(error).__name__}): {format_value(observed)}",
        )


def answer(name: str) -> object:
    """The value of a name in the notebook that asks, or `MISSING` if it is not defined there."""
    return sys._getframe(1).f_globals.get(name, MISSING)


def calls(function: object, inputs: list) -> list:
    """`function(*case)` for each case, as plain values: the `run_answer` of most tasks whose
    answer is a function.

    Raises:
        CheckFailed: what was given is no function.
    """
    if not callable(function):
        raise CheckFailed(f"expected a function, got {format_value(to_json(function))}")
    return [to_json(function(*case)) for case in inputs]


def by_case(problem: Callable[..., str], call: str) -> Callable[[list, object], Verdict]:
    """A judge for the results of `calls`:

    `problem(*case, got)` says what is wrong with one of them, or "".

    `call` has a {} for each part of a case, and heads the message: "soften({}, {})".
    """

    def judge(inputs: list, observed: object) -> Verdict:
        if not isinstance(observed, list) or len(observed) != len(inputs):
            return Verdict(False, f"expected {len(inputs)} results, got {format_value(observed)}")
        for case, got in zip(inputs, observed, strict=True):
            found = problem(*case, got)
            if found:
                return Verdict(False, f"for {call.format(*map(format_value, case))} {found}")
        return PASSED

    return judge


# All tasks, hints, points.

_passed: set[str] = set()
_hints_shown: dict[str, int] = {}


def hint(task_id: str) -> None:
    """Print the task's first hint, and the second one when asked again."""
    if any(str(task_id) in getattr(lesson, "MANUAL", {}) for lesson in registry.lessons().values()):
        print(f"Task {task_id} is marked by a person: its text says what is looked at.")
        return
    try:
        task = registry.find(str(task_id))
    except ValueError as error:
        print(wrapped(str(error)))  # the learner wants the sentence, not a traceback
        return
    number = min(_hints_shown.get(task.id, 0), len(task.hints) - 1)
    _hints_shown[task.id] = number + 1
    last = " (there is no further one)" if number == len(task.hints) - 1 else ""
    print(wrapped(f"Task {task.id}, hint {number + 1}{last}: {task.hints[number]}"))


def points(lesson: int) -> None:
    """Print how many of a lesson's checked points were passed since the kernel started, and what is
    still open.
    """
    module = registry.lessons()[lesson]
    tasks, by_hand = (
        module.TASKS.values(),
        sum(task.points for task in getattr(module, "MANUAL", {}).values()),
    )
    earned = sum(task.points for task in tasks if task.id in _passed)
    still = ", ".join(task.id for task in tasks if task.id not in _passed)
    print(
        f"Lesson {lesson}: {earned} of {sum(task.points for task in tasks)} points"
        + (f"; still open: {still}." if still else ". All checks passed.")
        + (f" {by_hand} more are marked by a person." if by_hand else "")
    )
