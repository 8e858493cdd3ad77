"""The checks of exercise 5 tell right answers from wrong ones, whatever the seed, and survive
junk.
"""

import ast
import json
import re

import nbformat
import numpy as np
import pytest
from answers import lesson_05 as answers

from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation import metrics
from ftrag_helpers.exercises import checking, mistakes, values
from ftrag_helpers.exercises.lessons import lesson_05 as check
from ftrag_helpers.grading import observers

pytestmark = pytest.mark.slow

IDS = list(check.TASKS)
SEEDS = (0, 1, 2718)
NAN = float("nan")
JUNK = [
    None,
    "x",
    3,
    True,
    [],
    {},
    [[]],
    [None] * 10,
    [None] * 9,
    [["leak"]] * 3,
    [["leak"] * 5] * 10,
    [NAN] * 9,
    [[NAN, NAN]] * 3,
    [[float("inf"), 1]] * 3,
    [[1, 0]] * 3,
    ["higher"] * 15,
    [["higher"]] * 15,
    [10**400] * 9,
    [True] * 9,
    [-1] * 9,
    [{"a": [1]}] * 10,
    [[[["leak"]]]] * 10,
    [[10**400, 1]] * 3,
    [2.5] * 9,
    {"a": {"b": [None]}},
    [[None]] * 10,
]


def source(name):
    return nbformat.read(runtime.course_root() / name / "05_fine_tuning_vs_rag.ipynb", as_version=4)


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
    assert {"5.6": sum(cell.metadata.nbgrader.points for cell in marked)} == {
        name: task.points for name, task in check.MANUAL.items()
    }
    told = "\n".join(cell.source for cell in source("exercises").cells)
    assert "MARK SCHEME" not in told and "1 point" not in told and "Task 5.6" in told


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


@pytest.mark.parametrize("task_id", IDS)
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


@pytest.mark.parametrize("task_id", IDS)
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


def test_plans_break_the_rules_that_they_should():
    """Ten plans, in which every rule is broken alone once, and one at least breaks none."""
    for seed in range(15):
        broken = [
            tuple(rule for rule in check.RULES if check._broken(plan, rule))
            for (plan,) in check.TASKS["5.1"].cases(seed)
        ]
        assert () in broken and {(rule,) for rule in check.RULES} <= set(broken)


def test_systems_that_are_resampled_apart_are_told_so_whatever_the_chance():
    inputs = check.TASKS["5.2"].cases(0)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        apart = [answers.paired_apart(first, second, draws, rng) for first, second, draws in inputs]
        assert "resampled apart" in check.TASKS["5.2"].judge(inputs, values.to_json(apart)).message


def test_the_judge_of_intervals_agrees_with_the_course_and_has_room_for_chance():
    for seed in range(4):
        for other in range(5):
            found = [
                list(metrics.paired_difference(*case[:2], draws=case[2], seed=other)[1:])
                for case in check.TASKS["5.2"].cases(seed)
            ]
            assert (
                check.TASKS["5.2"].judge(check.TASKS["5.2"].cases(seed), found) == checking.PASSED
            )


def test_no_rule_for_quantiles_decides_what_may_be_said():
    for seed in range(5):
        for means, comparisons in check.TASKS["5.3"].cases(seed):
            for method in ("linear", "lower", "higher", "hazen", "median_unbiased"):
                low, high = np.quantile(
                    means, [0.025 / comparisons, 1 - 0.025 / comparisons], method=method
                )
                assert check._said((low, high)) == check._right_words(means, comparisons)


def test_known_values():
    tuned, retrieval = (
        {"once": 0, "update": 10, "question": 0},
        {
            "once": 30,
            "update": 0,
            "question": 0,
        },
    )
    assert check._first_cheaper(tuned, retrieval, 5) == 4  # at 3 both cost 30
    assert check._first_cheaper(tuned, {**retrieval, "once": 31}, 5) == 4
    assert check._first_cheaper(tuned, {**retrieval, "update": 10}, 5) is None
    assert check._first_cheaper({**tuned, "once": 31}, {**retrieval, "update": 99}, 5) == 0
    assert check._supported("The key is £12.", ["A KEY costs £125."], ["the", "is"]) == 0.5
    assert check._said((0.0, 0.2)) == check._said((-0.2, 0.0)) == "no difference seen"


def test_nothing_that_knows_what_is_right_lies_beside_a_learners_code():
    source = (
        runtime.course_root() / "ftrag_helpers" / "exercises" / "lessons" / "lesson_05.py"
    ).read_text("utf-8")
    kept = ast.parse(observers.cut(source, "lesson_05"))
    assert [
        node
        for node in kept.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name != "__getattr__"
    ] == []
    assert observers.beside(source) == {"ftrag_helpers.exercises.mistakes"}


def test_points_and_hints():
    assert (
        sum(task.points for task in check.TASKS.values())
        + sum(task.points for task in check.MANUAL.values())
        == 20
    )
    for task in check.TASKS.values():
        assert len(task.hints) == 2 and all(len(hint) > 20 for hint in task.hints)
