"""What all checks share: order of events, what learners read, time limits, plain values, hints and
points.
"""

import json
import subprocess
import sys
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from ftrag_helpers.environment import runtime
from ftrag_helpers.exercises import checking, registry, values
from ftrag_helpers.exercises.checking import CheckFailed, NotAttempted, Task, Verdict


def doubling_problem(number, got):
    return values.number_problem(got) or (
        "" if got == 2 * number else f"got {values.format_value(got)}"
    )


TASK = Task(
    "9.1",
    "Doubling",
    3,
    ("Add it to itself.", "Or take it twice."),
    lambda seed: [[seed + 1], [seed + 5]],
    checking.calls,
    checking.by_case(doubling_problem, "double({})"),
    1,
)


def failure(answer, task=TASK, seed=0):
    with pytest.raises(CheckFailed) as failed:
        checking.run(task, answer, seed)
    return failed.value


def test_a_right_answer_prints_one_line(capsys):
    assert checking.run(TASK, lambda x: x + x) is None
    assert capsys.readouterr() == ("Task 9.1 passed: 3 of 3 points.\n", "")
    checking.run(TASK, lambda x: x + x, seed=7)
    assert capsys.readouterr().out == "Task 9.1 passed with other inputs too.\n"


def test_a_wrong_answer_names_the_call_and_what_came():
    assert str(failure(lambda x: x)) == "Task 9.1: for double(1) got 1"
    assert (
        str(failure(lambda x: 2 if x == 1 else 10 if x == 5 else 0, seed=1))
        == "Task 9.1 (with other inputs): for double(2) got 0"
    )


def test_only_the_message_is_shown():
    assert failure(lambda x: x)._render_traceback_() == ["Task 9.1: for double(1) got 1"]
    long = checking.CheckFailed("one two three " * 20 + "\nand a new line")._render_traceback_()
    assert (
        len(long) == 2
        and max(map(len, long[0].splitlines())) <= 100
        and long[1] == "and a new line"
    )
    assert failure(lambda x: x).__cause__ is None and failure(lambda x: 1 / 0).__suppress_context__


def test_the_stub_and_the_missing_name_are_not_attempted():
    def stub(x):
        raise NotImplementedError("Task 9.1: replace this line with your code")

    def rests(x):
        raise NotImplementedError("Task 8.4: replace this line with your code")

    def bare(x):
        raise NotImplementedError

    assert isinstance(failure(bare), NotAttempted)
    assert isinstance(failure(stub), NotAttempted) and "is not done yet" in str(failure(stub))
    assert str(failure(rests)) == "Task 9.1 rests on Task 8.4, which is not done yet."
    assert isinstance(failure(checking.MISSING), NotAttempted)
    space = {"core": checking}
    exec("missing = core.answer('number')\nnumber = 3\nfound = core.answer('number')", space)
    assert (
        space["missing"] is checking.MISSING
        and space["found"] == 3
        and repr(checking.MISSING) == "MISSING"
    )


def test_a_not_implemented_error_of_a_library_is_an_ordinary_error():
    def other(x):
        raise NotImplementedError("sparse arrays")

    assert not isinstance(failure(other), NotAttempted) and "sparse arrays" in str(failure(other))


def test_an_error_names_the_learners_line_and_no_path():
    def nested(x):
        return [np.linalg.inv(np.zeros((2, 2))) for _ in range(2)]

    text = str(failure(nested))
    assert "LinAlgError: Singular matrix" in text and "in nested: return [np.linalg.inv" in text
    assert "/" not in text.replace("Task 9.1", "") and "linalg.py" not in text


def test_a_check_that_the_sandbox_made_from_its_source_has_no_line_of_the_learners():
    space, name = {}, "<ftrag_helpers.exercises.lesson_02.run>"
    exec(compile("def run(answer, inputs):\n    return answer(*inputs)", name, "exec"), space)
    text = str(failure(lambda: 1, replace(TASK, run_answer=space["run"])))
    assert "could not be called as the task asks" in text and "Line" not in text


def test_errors_without_a_line_of_the_learners():
    assert "could not be called as the task asks" in str(failure(lambda: 1))
    assert "expected a function, got [1]" in str(failure([1]))
    text = str(failure(lambda x: x + "a"))
    assert "stopped with TypeError" in text and "of its cell: text = str(failure(lambda" in text


@pytest.mark.parametrize(
    "error", [SystemExit(2), RecursionError("deep"), MemoryError(), GeneratorExit()]
)
def test_whatever_the_code_raises_becomes_a_message(error):
    def stops(x):
        raise error

    assert f"your code stopped with {type(error).__name__}" in str(failure(stops))


def test_the_learners_own_interrupt_goes_through():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        checking.run(TASK, interrupted)


def test_what_the_course_lacks_is_not_the_learners_fault():
    def no_model(x):
        raise runtime.CourseError("The model is not here. Run: python course.py fetch")

    assert (
        str(failure(no_model))
        == "Task 9.1 could not be checked. The model is not here. Run: python course.py fetch"
    )


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(__import__("signal"), "setitimer"), reason="needs interval timers")
def test_an_endless_loop_is_stopped_also_when_it_swallows_errors():
    def swallows_exceptions(x):
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                pass

    def swallows_everything_once(x):
        try:
            while True:
                pass
        except:  # noqa: E722
            pass
        while True:
            pass

    brief = replace(TASK, timeout=0.1)
    assert "stopped after 0.1 seconds" in str(failure(swallows_exceptions, brief))
    assert "stopped after 0.1 seconds" in str(failure(swallows_everything_once, brief))


def test_the_timer_is_put_back():
    import signal

    before = signal.getsignal(signal.SIGALRM)
    checking.run(TASK, lambda x: 2 * x)
    failure(lambda x: 1 / 0)
    assert signal.getsignal(signal.SIGALRM) == before and signal.getitimer(signal.ITIMER_REAL) == (
        0.0,
        0.0,
    )


def test_another_thread_checks_too():
    seen = []
    thread = threading.Thread(
        target=lambda: seen.append(checking.observation(TASK, lambda x: 2 * x, 0))
    )
    thread.start()
    thread.join()
    assert seen == [[2, 10]]


def test_nothing_reaches_stderr(capsys):
    import warnings

    def noisy(x):
        warnings.warn("careful", stacklevel=1)
        print("a note", file=sys.stderr)
        return 2 * x

    checking.run(TASK, noisy)
    shown = capsys.readouterr()
    assert shown.err == "" and "a note" in shown.out and "careful" not in shown.out


def test_the_answer_cannot_change_the_inputs_that_are_judged():
    task = replace(TASK, cases=lambda seed: KEPT)

    def spoils(x):
        x.append(0)
        return 2

    KEPT = [[[1]], [[1]]]
    checking.observation(task, spoils, 0)
    assert KEPT == [[[1]], [[1]]]


class AlwaysEqual:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


def test_an_object_that_equals_everything_does_not_pass():
    assert "a AlwaysEqual object" in str(failure(lambda x: AlwaysEqual()))


def test_decide_never_raises():
    def careless(inputs, observed):
        return Verdict(observed[0] / 0 == 1)

    nested = []
    for _ in range(5000):
        nested = [nested]
    for forged in (None, [], [1], nested, {"a": nested}):
        verdict = checking.decide(replace(TASK, judge=careless), forged, 0)
        assert not verdict.passed and "cannot read this answer" in verdict.message


def test_plain_values():
    class Odd:
        pass

    found = values.to_json(
        {
            "a": np.float32(0.5),
            2: (np.int64(3), np.array([[1, 2]])),
            "b": np.bool_(True),
            "c": {1},
            "d": Odd,
        }
    )
    assert found == {
        "a": 0.5,
        "2": [3, [[1, 2]]],
        "b": True,
        "c": {values.NOT_PLAIN: "set"},
        "d": {values.NOT_PLAIN: "type"},
    }
    assert (
        json.loads(json.dumps(found)) == found and type(found["a"]) is float and found["b"] is True
    )
    around = []
    around.append(around)
    assert "too deep" in json.dumps(values.to_json(around))


def test_numbers_and_their_problems():
    assert [
        values.is_number(x)
        for x in (1, 0.5, -3, True, "1", None, float("nan"), float("inf"), 10**400)
    ] == [True, True, True, False, False, False, False, False, False]
    assert values.number_problem(2) == values.numbers_problem([1, 2.5], 2) == ""
    assert "return?" in values.number_problem(None) and "return?" in values.numbers_problem(None, 2)
    assert values.numbers_problem([1, 2, 3], 2) == "expected a list of 2 numbers, got 3: [1, 2, 3]"
    assert "item 1 of the list is nan" in values.numbers_problem([1, float("nan")], 2)


def test_shown_is_short():
    assert (
        values.format_value(1 / 3) == "0.3333" and len(values.format_value(list(range(1000)))) == 80
    )


@pytest.fixture
def two_lessons(monkeypatch):
    """Lessons 8 and 9 with one task each, and nothing passed yet."""
    other = replace(TASK, id="8.1", title="Halving", points=5)
    lessons = {
        8: SimpleNamespace(
            TASKS={"8.1": other}, MANUAL={"8.2": checking.ManualTask("Your view", 4)}
        ),
        9: SimpleNamespace(TASKS={"9.1": TASK}),
    }
    monkeypatch.setattr(registry, "lessons", lambda: lessons)
    monkeypatch.setattr(checking, "_passed", set())
    monkeypatch.setattr(checking, "_hints_shown", {})


def test_hints_come_one_at_a_time(two_lessons, capsys):
    for _ in range(3):
        checking.hint("9.1")
    first, second, third = capsys.readouterr().out.splitlines()
    assert (
        "hint 1: Add it" in first
        and "hint 2" in second
        and "Or take it" in second
        and third == second
    )
    checking.hint("7.7")
    assert (
        capsys.readouterr().out == "there is no task '7.7' with a check; the tasks are 8.1, 9.1\n"
    )
    checking.hint("8.2")
    assert (
        capsys.readouterr().out
        == "Task 8.2 is marked by a person: its text says what is looked at.\n"
    )


def test_points_of_a_session(two_lessons, capsys):
    checking.points(9)
    checking.run(TASK, lambda x: 2 * x, seed=3)
    checking.points(9)
    checking.run(TASK, lambda x: 2 * x)
    checking.points(9)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Lesson")]
    assert lines == ["Lesson 9: 0 of 3 points; still open: 9.1."] * 2 + [
        "Lesson 9: 3 of 3 points. All checks passed."
    ]


def test_find_and_all_tasks(two_lessons):
    assert [task.id for task in registry.all_tasks()] == ["8.1", "9.1"] and registry.find(
        "8.1"
    ).title == "Halving"
    with pytest.raises(ValueError, match="no task '1'"):
        registry.find("1")


def test_every_lesson_of_checks_keeps_the_contract():
    for number, lesson in registry.lessons().items():
        for task_id, task in lesson.TASKS.items():
            assert task.id == task_id and task_id.startswith(f"{number}.") and len(task.hints) == 2
            assert callable(getattr(lesson, f"task_{task_id.replace('.', '_')}"))
            assert lesson.answer is checking.answer and lesson.hint is checking.hint
        assert (
            sum(task.points for task in lesson.TASKS.values())
            + sum(task.points for task in lesson.MANUAL.values())
            == 20
        )


def test_importing_the_checks_is_light():
    code = (
        "import sys\nfrom ftrag_helpers.exercises import progress\n"
        "from ftrag_helpers.exercises.lessons import lesson_01\n"
        "print([name for name in ('torch', 'numpy', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=runtime.course_root()
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


CELLS = [
    """from ftrag_helpers.exercises import checking as core
judge = core.by_case(lambda x, got: "got it wrong", "f({})")
task = core.Task("9.1", "", 1, ("", ""), lambda seed: [[3]], core.calls, judge, 1)
def f(x):
    return x
core.run(task, f)""",
    """def f(x):
    y = x
    return y / 0
core.run(task, f)""",
    """def f(x):
    while True:
        pass
core.run(task, f)""",
]


@pytest.mark.slow
def test_a_kernel_shows_the_message_alone():
    """The real thing: what Jupyter stores as the output of a check that fails."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS]
    )
    NotebookClient(notebook, timeout=60, allow_errors=True).execute()
    shown = [cell.outputs for cell in notebook.cells]
    assert [len(outputs) for outputs in shown] == [1, 1, 1] and all(
        o[0].output_type == "error" for o in shown
    )
    wrong, error, endless = ("\n".join(outputs[0].traceback) for outputs in shown)
    assert wrong == "Task 9.1: for f(3) got it wrong"
    assert (
        error == "Task 9.1: your code stopped with ZeroDivisionError: division by zero\n"
        "Line 3 of its cell, in f: return y / 0"
    )
    assert endless.startswith("Task 9.1: stopped after 1 seconds.")
