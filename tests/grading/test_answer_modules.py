"""What lies beside a learner's code: functions that run an answer, and nothing that judges one."""

import sys
import types
from dataclasses import replace

import pytest
from adversarial import lesson_09

from ftrag_helpers.errors import CourseError
from ftrag_helpers.exercises import checking
from ftrag_helpers.grading.answer_modules import answer_modules


def test_the_sandbox_gets_the_functions_that_run_answers_and_a_stand_in_for_the_checks():
    sources = answer_modules("adversarial.lesson_09", lesson_09.TASKS.values())
    assert list(sources) == ["adversarial.run", "adversarial.lesson_09"]
    words = "judge _the_doubled _numbers_to_double Verdict random seed PASSED TASKS".split()
    assert not [word for word in words if word in "".join(sources.values())]
    module = types.ModuleType("stand_in")
    exec(sources["adversarial.lesson_09"], module.__dict__)
    assert module.RUN_ANSWER == {task.id: task.run_answer for task in lesson_09.TASKS.values()}
    assert module.hint("9.1") is module.task_9_1(3) is None
    assert not hasattr(module, "__path__")


@pytest.mark.parametrize(
    "name,line,words",
    [
        ("other", "", "called run"),
        ("run", "from ftrag_helpers.exercises.mistakes import equal", "imports ftrag_helpers"),
        ("run", "from ftrag_helpers.exercises import lessons, values", "exercises.lessons"),
        ("run", "import ftrag_helpers.exercises.mistakes", "exercises.mistakes"),
        ("run", "from ftrag_helpers import exercises", "imports ftrag_helpers.exercises"),
        ("run", "def run():\n    from . import judge", "imports \\.judge"),
        ("run", "from ftrag_helpers.exercises import checking, values", ""),
        ("run", "from ftrag_helpers.exercises.values import is_number", ""),
    ],
)
def test_what_would_bring_a_judge_along_is_refused(tmp_path, monkeypatch, name, line, words):
    (tmp_path / "small_course").mkdir()
    (tmp_path / "small_course" / f"{name}.py").write_text(line, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def look(value, inputs):
        return value

    look.__module__ = f"small_course.{name}"
    task = replace(lesson_09.TASKS["9.3"], run_answer=look)
    if not words:
        assert answer_modules("c", [task])["small_course.run"] == line
    else:
        with pytest.raises(CourseError, match=words) as raised:
            answer_modules("c", [task])
        assert "task 9.3" in str(raised.value)
    sys.modules.pop("small_course", None)


def test_a_task_of_plain_calls_needs_no_module():
    task = replace(lesson_09.TASKS["9.1"], run_answer=checking.calls)
    assert list(answer_modules("c", [task])) == ["c"]
