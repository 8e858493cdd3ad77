"""The checks of exercise 3 tell right answers from wrong ones, whatever the seed, and survive
junk.
"""

import ast
import json
import re

import nbformat
import numpy as np
import pytest
from answers import lesson_03 as answers

from ftrag_helpers.environment import runtime
from ftrag_helpers.exercises import checking, mistakes
from ftrag_helpers.exercises.fixtures import lost_property
from ftrag_helpers.exercises.lessons import lesson_03 as check
from ftrag_helpers.grading import observers

IDS = list(check.TASKS)
SEEDS = (0, 1, 2718)
#: The letters of 3.4 are the learner's own: there is nothing that a seed could vary.
VARIED = [task_id for task_id in IDS if task_id != "3.4"]
NAN = float("nan")
JUNK = [
    None,
    "x",
    3,
    True,
    [],
    {},
    [[]],
    [None] * 4,
    [NAN] * 3,
    [NAN] * 4,
    [[NAN, NAN]] * 4,
    [[float("inf"), 1]] * 4,
    [10**400] * 3,
    [True] * 3,
    [[[1], [2]]] * 3,
    [[["a"], [None]]] * 3,
    [[[True] * 9] * 2] * 3,
    [{"a": [1]}] * 3,
    [-1] * 3,
    [[["a", "b"]] * 12],
    [[[1, 2]] * 12],
    [[["a b c d", None]] * 12],
    [["ab"] * 12],
    [[["", "Noted: x. Do y."]] * 12],
    [[10**400, 1]] * 4,
    {"a": {"b": [None]}},
]


def source(name):
    return nbformat.read(
        runtime.course_root() / name / "03_instruction_fine_tuning.ipynb", as_version=4
    )


def defined(notebook):
    """The names that the answer cells of a notebook define, one after the other."""
    space = {"np": np}
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
            exec(cell.source, space)
    return space


def names(notebook):
    """The name that each check cell checks, by task."""
    found = {}
    for cell in notebook.cells:
        called = re.match(r"check\.task_(\d)_(\d)\((\w+)\)", cell.source)
        if called and cell.cell_type == "code":
            found[f"{called[1]}.{called[2]}"] = called[3]
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_the_solutions_pass(seed, capsys):
    notebook = source("solutions")
    space = defined(notebook)
    assert list(names(notebook)) == IDS
    for task_id, name in names(notebook).items():
        checking.run(check.TASKS[task_id], space[name], seed)
    assert capsys.readouterr().out.count("passed") == len(IDS)


def test_the_stubs_are_politely_unfinished():
    notebook = source("exercises")
    space = defined(notebook)
    for task_id, name in names(notebook).items():
        with pytest.raises(checking.NotAttempted, match=f"Task {task_id} is not done yet"):
            checking.run(check.TASKS[task_id], space[name])


def test_the_written_task_has_its_points_and_keeps_its_mark_scheme():
    texts = [cell for cell in source("solutions").cells if cell.cell_type == "markdown"]
    marked = [cell for cell in texts if cell.metadata.get("nbgrader", {}).get("grade")]
    assert {"3.5": sum(cell.metadata.nbgrader.points for cell in marked)} == {
        name: task.points for name, task in check.MANUAL.items()
    }
    told = "\n".join(cell.source for cell in source("exercises").cells)
    assert "MARK SCHEME" not in told and "1 point" not in told and "Task 3.5" in told


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("task_id", IDS)
def test_other_right_answers_pass(task_id, seed, capsys):
    assert len(answers.RIGHT[task_id]) >= 2
    for function in answers.RIGHT[task_id]:
        checking.run(check.TASKS[task_id], function, seed)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "task_id,function,words",
    [
        pytest.param(task_id, function, words, id=function.__name__)
        for task_id, wrong in answers.WRONG.items()
        for function, words in wrong
    ],
)
def test_wrong_answers_fail_with_the_word_that_helps(task_id, function, words):
    with pytest.raises(checking.CheckFailed) as failed:
        checking.run(check.TASKS[task_id], function)
    assert words in str(failed.value)
    assert not isinstance(failed.value, checking.NotAttempted) and len(str(failed.value)) < 500
    for seed in range(1, 4):
        with pytest.raises(checking.CheckFailed):
            checking.run(check.TASKS[task_id], function, seed)


@pytest.mark.parametrize("task_id", VARIED)
def test_every_seed_gives_plain_new_cases_that_the_right_answers_pass(task_id):
    task, seen = check.TASKS[task_id], []
    for seed in range(8):
        cases = task.cases(seed)
        assert json.loads(json.dumps(cases)) == cases == task.cases(seed)
        seen.append(json.dumps(cases))
        for function in answers.RIGHT[task_id]:
            assert (
                checking.decide(task, checking.observation(task, function, seed), seed)
                == checking.PASSED
            )
    assert len(set(seen)) == 8


@pytest.mark.parametrize("task_id", VARIED)
def test_an_answer_learned_by_heart_fails(task_id):
    task = check.TASKS[task_id]
    by_heart = checking.observation(task, answers.RIGHT[task_id][0], 0)
    assert checking.decide(task, by_heart, 0).passed
    assert not any(checking.decide(task, by_heart, seed).passed for seed in range(1, 12))


@pytest.mark.parametrize("task_id", IDS)
def test_junk_fails_without_an_exception(task_id):
    task = check.TASKS[task_id]
    inputs = task.cases(0)
    for junk in JUNK:
        verdict = task.judge(inputs, junk)
        assert not verdict.passed and verdict.message, junk
    good = checking.observation(task, answers.RIGHT[task_id][0], 0)
    for i in range(len(good)):
        for junk in JUNK:
            if not mistakes.equal(junk, good[i]):
                assert not task.judge(inputs, [*good[:i], junk, *good[i + 1 :]]).passed


def test_the_loss_is_that_of_pytorch_and_no_mistake_passes_for_it():
    import torch

    for seed in range(4):
        for logits, labels in check.TASKS["3.2"].cases(seed):
            guesses, wanted = torch.tensor(logits)[:, :-1], torch.tensor(labels)[:, 1:]
            want = torch.nn.functional.cross_entropy(
                guesses.reshape(-1, guesses.shape[-1]), wanted.reshape(-1)
            ).item()
            assert check._loss(logits, labels) == pytest.approx(want, abs=1e-5)


def test_the_size_is_that_of_peft():
    """Lesson 3 trains rank 16 on the top ten layers and prints how many weights those are."""
    shapes, _rank, _layers = check.TASKS["3.3"].cases(0)[0]
    assert check._size(shapes, 16, 10)[0] == 1_628_160
    assert check._size({"up": [100, 300]}, 2, 3) == [2400, pytest.approx(0.0267, abs=5e-5)]


def test_the_messages_that_measure_are_many_and_unlike():
    texts = [message for message, _thing in lost_property.MESSAGES]
    assert len(texts) >= 24 and all(
        thing in message.lower() for message, thing in lost_property.MESSAGES
    )
    assert max(lost_property._alike(a, b) for a in texts for b in texts if a != b) < 0.35


@pytest.mark.parametrize(
    "reply,unmet",
    [
        ("Noted: a kite, on the roof. Do bring a ladder.", []),
        ("", ["one plain line", "opening", "closing"]),
        ("Noted: a kite.\nDo come.", ["one plain line"]),
        ("Noted: a kite. We look for it.", ["closing"]),
        ("noted: a kite. Do come.", ["opening"]),
        ("Noted: a kite, " + "far " * 25 + "away. Do come.", ["length"]),
    ],
)
def test_the_form(reply, unmet):
    assert [name for name, met in lost_property.form(reply).items() if not met] == unmet


def test_nothing_that_knows_what_is_right_lies_beside_a_learners_code():
    source = (
        runtime.course_root() / "ftrag_helpers" / "exercises" / "lessons" / "lesson_03.py"
    ).read_text("utf-8")
    kept = ast.parse(observers.cut(source, "lesson_03"))
    assert [
        node.name for node in kept.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    ] == ["_loss_calls", "__getattr__"]
    assert observers.beside(source) == {
        f"ftrag_helpers.exercises.{name}" for name in ("fixtures.lost_property", "mistakes")
    }


def test_points_and_hints():
    assert (
        sum(task.points for task in check.TASKS.values())
        + sum(task.points for task in check.MANUAL.values())
        == 20
    )
    for task in check.TASKS.values():
        assert len(task.hints) == 2 and all(len(hint) > 20 for hint in task.hints)
