"""The checks of exercise 1 tell right answers from wrong ones, whatever the seed, and survive
junk.
"""

import ast
import json
import math
import re

import nbformat
import pytest
from answers import lesson_01 as answers

from ftrag_helpers.environment import runtime
from ftrag_helpers.exercises import checking
from ftrag_helpers.exercises.fixtures.statements import STATEMENTS
from ftrag_helpers.exercises.lessons import lesson_01 as check

IDS = list(check.TASKS)
SEEDS = (0, 1, 2718)
JUNK = [
    None,
    "x",
    3,
    True,
    [],
    {},
    [[]],
    [None] * 5,
    [[None]] * 6,
    ["x"] * 12,
    [float("nan")] * 4,
    [float("nan")] * 12,
    [[float("nan")] * 4] * 5,
    [[float("inf"), 1]] * 6,
    [{"a": [1]}] * 3,
    [["English"] * 5] * 3,
    [[["x"]]] * 3,
    [[0, 0]] * 6,
    [[-1]] * 6,
    [10**400] * 4,
    [-1] * 12,
    [[True, False]] * 6,
]


class CountedTokens:
    """Stands in for SmolLM2's tokenizer: knows the stored counts, of which the model test makes
    sure.
    """

    counts = {text: count for statement in STATEMENTS for text, count in statement.values()}

    def encode(self, text):
        return [0] * self.counts.get(text, len(text))

    def __call__(self, text, add_special_tokens=True):
        class Encoded:
            input_ids = self.encode(text)

        return Encoded()


class Double:
    tokenizer = CountedTokens()


@pytest.fixture(autouse=True)
def tokenizer(monkeypatch):
    monkeypatch.setattr(answers, "lm", Double())


def source(name):
    return nbformat.read(runtime.course_root() / name / "01_llm_basics.ipynb", as_version=4)


def defined(notebook):
    """The names that the answer cells of a notebook define, run one after the other."""
    space = {"lm": Double()}
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
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
    assert capsys.readouterr().out.count("passed") == 5


def test_the_stubs_are_politely_unfinished():
    notebook = source("exercises")
    space = defined(notebook)
    for task_id, name in names(notebook).items():
        with pytest.raises(checking.NotAttempted, match=f"Task {task_id} is not done yet"):
            checking.run(check.TASKS[task_id], space[name])


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
    for seed in range(1, 16):
        with pytest.raises(checking.CheckFailed):
            checking.run(check.TASKS[task_id], function, seed)


@pytest.mark.parametrize("task_id", IDS)
def test_every_seed_gives_plain_new_cases_that_the_right_answer_passes(task_id):
    task, seen = check.TASKS[task_id], []
    for seed in range(25):
        cases = task.cases(seed)
        assert json.loads(json.dumps(cases)) == cases == task.cases(seed)
        seen.append(json.dumps(cases))
        assert (
            checking.decide(task, checking.observation(task, answers.RIGHT[task_id][0], seed), seed)
            == checking.PASSED
        )
    assert len(set(seen)) == 25


@pytest.mark.parametrize("task_id", IDS)
def test_an_answer_learned_by_heart_fails(task_id):
    task = check.TASKS[task_id]
    by_heart = checking.observation(task, answers.RIGHT[task_id][0], 0)
    assert checking.decide(task, by_heart, 0).passed
    assert not any(checking.decide(task, by_heart, seed).passed for seed in range(1, 20))


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
            assert (
                not task.judge(inputs, [*good[:i], junk, *good[i + 1 :]]).passed or junk == good[i]
            )


def test_known_values():
    assert answers.soften_numpy([0.0, 0.0], 3.0).tolist() == [0.5, 0.5]
    assert check._softened([math.log(3), 0.0], 1.0) == pytest.approx([0.75, 0.25])
    assert check._softened([2 * math.log(3), 0.0], 2.0) == pytest.approx([0.75, 0.25])
    assert check._nucleus([0.2, 0.5, 0.3], 0.6) == [1, 2]
    assert check._nucleus([0.2, 0.5, 0.3], 0.5) == [1]
    assert [check._drawn([1, 2], [0.2, 0.5, 0.3], x) for x in (0.0, 0.62, 0.63, 0.999)] == [
        1,
        1,
        2,
        2,
    ]
    assert answers.perplexity_numpy([[-2.0794415] * 3, [-2.0794415]]) == pytest.approx(8)


def test_the_judge_agrees_with_the_sampling_that_the_lesson_teaches():
    """The lesson's own cell keeps as likely tokens, and scipy softens to the same probabilities."""
    import numpy as np
    from scipy.special import softmax

    lesson = nbformat.read(
        runtime.course_root() / "notebooks" / "01_llm_basics.ipynb", as_version=4
    )
    cell = next(cell.source for cell in lesson.cells if "def keep_top_p" in cell.source)
    taught = [node for node in ast.parse(cell).body if isinstance(node, ast.FunctionDef)]
    space = {"np": np}
    exec(ast.unparse(ast.Module(taught, [])), space)
    for seed in range(20):
        for probabilities, share in check.TASKS["1.2"].cases(seed):
            kept = space["keep_top_p"](np.array(probabilities), share)
            chosen = check._nucleus(probabilities, share)  # of equal tokens it may be another one
            assert sorted(np.array(probabilities)[kept > 0]) == sorted(
                probabilities[token] for token in chosen
            )
        for logits, temperature in check.TASKS["1.1"].cases(seed):
            assert check._softened(logits, temperature) == pytest.approx(
                softmax(np.array(logits) / temperature)
            )


def test_points_and_hints():
    assert sum(task.points for task in check.TASKS.values()) == 20 and check.MANUAL == {}
    for task in check.TASKS.values():
        assert len(task.hints) == 2 and all(len(hint) > 20 for hint in task.hints)


@pytest.mark.model
def test_the_stored_counts_are_the_tokenizers():
    from ftrag_helpers.lm import models

    lm = models.load_language_model()
    for statement in STATEMENTS:
        for text, count in statement.values():
            assert len(lm.tokenizer(text, add_special_tokens=False).input_ids) == count
            assert (
                lm.tokenizer.encode(text) == lm.tokenizer(text, add_special_tokens=False).input_ids
            )
