"""All tasks of all lessons: their checks tell right answers from wrong ones, whatever the seed, and
survive junk; marking says what the check says; what enters the sandbox knows no answer.
"""

import ast
import copy
import importlib
import json
import pkgutil
import re
from dataclasses import replace
from functools import cache, lru_cache
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import torch  # noqa: F401 (imported by an answer, it would count in the time limit of its check)

from ftrag_helpers.data import course_data
from ftrag_helpers.environment import runtime
from ftrag_helpers.exercises import checking, mistakes, registry
from ftrag_helpers.exercises.lesson_01.statements import STATEMENTS
from ftrag_helpers.grading import answer_modules

LESSONS = registry.lessons()
ANSWERS = {number: importlib.import_module(f"answers.lesson_{number:02}") for number in LESSONS}
TASKS = {task.id: task for task in registry.all_tasks()}
#: Lessons whose tests take longer than a few seconds.
SLOW = {2, 4, 5}
#: How many seeds a task's answers are tried with: 25 in lesson 1, 8 in the others, and fewer where
#: that takes minutes.
SEEDS = {"2.1": 6, "2.2": 2, "2.3": 6, "2.4": 6, "4.6": 3}
#: Tasks whose many answers take half a minute each: marked `model`, though they need none.
LONG = {"2.1", "2.2", "4.2", "4.6", "5.2"}
#: The letters of 3.4 are the learner's own: there is nothing that a seed could vary.
UNVARIED = {"3.4"}
NAN = float("nan")
#: What no task wants, for each task by itself and in place of one result.
JUNK = [
    *(None, "x", 3, True, [], {}, [[]], NAN, {"a": {"b": [None]}}, {"a": [1]}, -1, 10**400),
    *(["x"], ["leak"], "higher", ["higher"], [NAN, NAN], [float("inf"), 1], [[None]], [["x"]]),
    *([1, 0], [10**400, 1], [[1], [2]], [["a"], [None]], [True] * 9, [[True] * 9] * 2, [2.5]),
]
#: More of it: as whole results, by the first digit of the tasks' ids.
_PARTS = [
    {"all": [0.5] * 300, "apart": [0.5] * 100, "swapped": [0.5] * 300},
    {"all": [], "apart": [], "swapped": []},
    {"all": None, "apart": [[None], 3], "swapped": {}},
    {"returned": [0.5, 0, 0.5], "calls": NAN, "logits": []},
    {"returned": [[], {}, NAN], "calls": ["step"], "logits": [[0.5] * 3] * 9},
    {"returned": [0.5, 10**400, 0.5], "calls": [], "logits": [[0.5] * 3] * 9},
    {"returned": [0.5, "3", True], "calls": ["train", "eval"], "logits": [[0.5] * 3] * 9},
    {"returned": [0.5, 3, 7], "calls": ["train", "eval"], "logits": [[0.5] * 3] * 9},
    {"returned": [0.5, 3, 7], "calls": [["x"]], "logits": [[NAN] * 3] * 9},
    {"returned": [0.5, 3, 7], "calls": ["eval"], "logits": [None, {"a": 1}] * 9},
]
MORE_JUNK = {
    "1": [
        *([None] * 5, [[None]] * 6, ["x"] * 12, [NAN] * 4, [NAN] * 12, [[NAN] * 4] * 5),
        *([[float("inf"), 1]] * 6, [{"a": [1]}] * 3, [["English"] * 5] * 3, [[["x"]]] * 3),
        *([[0, 0]] * 6, [[-1]] * 6, [10**400] * 4, [-1] * 12, [[True, False]] * 6),
    ],
    "2": [
        *([None] * 3, [[[]] * 3] * 3, [[["k-129"]] * 3] * 3, [[{"a": 1}] * 3] * 3),
        *([[[None]] * 3] * 3, [NAN] * 8, [[NAN] * 3] * 7, [[1, 1, 1]] * 7, [[2, 0, 0]] * 7),
        *([float("inf")] * 8, [10**400] * 8, [0.5] * 8, [3] * 8, [True] * 8, [["x"] * 3] * 7),
        *([part] * count for part in _PARTS for count in (1, 3, 4, 5, 6)),
        *_PARTS,
    ],
    "3": [
        *([None] * 4, [NAN] * 3, [NAN] * 4, [[NAN, NAN]] * 4, [[float("inf"), 1]] * 4),
        *([10**400] * 3, [True] * 3, [[[1], [2]]] * 3, [[["a"], [None]]] * 3),
        *([[[True] * 9] * 2] * 3, [{"a": [1]}] * 3, [-1] * 3, [[["a", "b"]] * 12]),
        *([[[1, 2]] * 12], [[["a b c d", None]] * 12], [["ab"] * 12], [[10**400, 1]] * 4),
        [[["", "Noted: x. Do y."]] * 12],
    ],
    "4": [
        *([None] * 7, [["x"]] * 6, [NAN] * 6, [[NAN, NAN]] * 7, [float("inf")] * 6),
        *(["all"] * 4, [{"branch": []}] * 4, [{"date": "2026"}] * 4, [{"$and": [{}]}] * 4),
        *([{"title": {"$nin": ["all"]}}] * 4, [{"$or": {"$or": {}}}] * 4, [10**400] * 6),
        *([True] * 16, [["nobody"]] * 16, [[1.0, 1.0]] * 7, [0] * 7),
        [{"returned": NAN, "embedded": NAN, "passages": [[1, 2]]}] * 3,
        [{"returned": 1, "embedded": 1, "passages": [["a", "b"]]}] * 3,
        [{"returned": [], "embedded": 3, "passages": {}}] * 3,
    ],
    "5": [
        *([None] * 10, [None] * 9, [["leak"]] * 3, [["leak"] * 5] * 10, [NAN] * 9),
        *([[NAN, NAN]] * 3, [[float("inf"), 1]] * 3, [[1, 0]] * 3, ["higher"] * 15),
        *([["higher"]] * 15, [10**400] * 9, [True] * 9, [-1] * 9, [{"a": [1]}] * 10),
        *([[[["leak"]]]] * 10, [[10**400, 1]] * 3, [2.5] * 9, [[None]] * 10),
    ],
}


def marked(value, lesson, *marks):
    return pytest.param(value, marks=[*marks, *[pytest.mark.slow] * (lesson in SLOW)])


each_lesson = pytest.mark.parametrize("number", [marked(number, number) for number in LESSONS])
each_task = pytest.mark.parametrize("task_id", [marked(id_, int(id_[0])) for id_ in TASKS])


class CountedTokens:
    """Stands in for SmolLM2's tokenizer: knows the stored counts, of which the model test makes
    sure.
    """

    counts = {text: count for statement in STATEMENTS for text, count in statement.values()}

    def encode(self, text):
        return [0] * self.counts.get(text, len(text))

    def __call__(self, text, add_special_tokens=True):
        return SimpleNamespace(input_ids=self.encode(text))


LM = SimpleNamespace(tokenizer=CountedTokens())


@pytest.fixture(autouse=True)
def tokenizer(monkeypatch):
    monkeypatch.setattr(ANSWERS[1], "lm", LM)


@cache
def stored_cases(task_id, seed):
    cases = TASKS[task_id].cases(seed)
    text = json.dumps(cases)
    assert json.loads(text) == cases
    return text


def task_of(task_id):
    """The task, of which the cases of a seed are made once for all tests."""
    return replace(TASKS[task_id], cases=lambda seed: json.loads(stored_cases(task_id, seed)))


@lru_cache(maxsize=256)
def seen(task_id, seed, which=0):
    """What a right answer is observed to give."""
    return checking.observation(task_of(task_id), right(task_id)[which], seed)


def right(task_id):
    return ANSWERS[int(task_id[0])].RIGHT[task_id]


def wrong(task_id):
    return ANSWERS[int(task_id[0])].WRONG[task_id]


def seeds_of(task_id):
    return range(SEEDS.get(task_id, 25 if task_id[0] == "1" else 8))


def notebook(folder, number):
    (path,) = (runtime.course_root() / folder).glob(f"{number:02}_*.ipynb")
    return nbformat.read(path, as_version=4)


def defined(cells):
    """The names that the answer cells of a notebook define, with what its first cell imports."""
    names = {"lm": LM, "np": np, "course_data": course_data}
    for cell in cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
            exec(cell.source, names)
    return names


def checked(cells):
    """The name that each check cell checks, by task."""
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    calls = [re.match(r"check\.task_(\d)_(\d)\((\w+)\)", source) for source in sources]
    return {f"{call[1]}.{call[2]}": call[3] for call in calls if call}


def marking_seed(task_id):
    """The seed of a task's hidden test."""
    source = "\n".join(cell.source for cell in notebook("solutions", int(task_id[0])).cells)
    call = rf"check\.task_{task_id.replace('.', '_')}\(\w+, seed=(\d+)\)"
    return int(re.search(call, source)[1])


# --- the notebooks


@pytest.mark.parametrize("seed", [0, 1, 2718])
@each_lesson
def test_the_solutions_pass(number, seed, capsys):
    cells = notebook("solutions", number).cells
    names, called = defined(cells), checked(cells)
    assert list(called) == list(LESSONS[number].TASKS)
    for task_id, name in called.items():
        checking.run(task_of(task_id), names[name], seed)
    assert capsys.readouterr().out.count("passed") == len(called)


@each_lesson
def test_the_stubs_are_politely_unfinished(number):
    cells = notebook("exercises", number).cells
    names = defined(cells)
    for task_id, name in checked(cells).items():
        with pytest.raises(checking.NotAttempted, match=f"Task {task_id} is not done yet"):
            checking.run(task_of(task_id), names[name])


@pytest.mark.parametrize("number", LESSONS)
def test_a_written_task_has_its_points_and_keeps_its_mark_scheme(number):
    texts = [cell for cell in notebook("solutions", number).cells if cell.cell_type == "markdown"]
    marks = [cell.metadata.get("nbgrader", {}) for cell in texts]
    manual = LESSONS[number].MANUAL
    assert [mark.points for mark in marks if mark.get("grade")] == [
        task.points for task in manual.values()
    ]
    text = "\n".join(cell.source for cell in notebook("exercises", number).cells)
    assert "MARK SCHEME" not in text and "1 point" not in text
    assert all(f"Task {task_id}" in text for task_id in manual)


@pytest.mark.parametrize("number", LESSONS)
def test_points_and_hints(number):
    lesson = LESSONS[number]
    tasks = [*lesson.TASKS.values(), *lesson.MANUAL.values()]
    assert sum(task.points for task in tasks) == 20 and set(lesson.MANUAL) <= {"3.5", "5.6"}
    for task in lesson.TASKS.values():
        assert len(task.hints) == 2 and all(len(hint) > 20 for hint in task.hints)
        check = getattr(lesson, f"task_{task.id.replace('.', '_')}")
        assert check.__doc__ == f"Check {task.answer}." and task.answer.startswith("`")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_heading_says_points_and_minutes_and_the_minutes_add_up(number):
    text = "\n".join(
        cell.source for cell in notebook("exercises", number).cells if cell.cell_type == "markdown"
    )
    headings = re.findall(
        r"^## Task (\S+) · (.+) \((\d) points\) · about (\d+) minutes$", text, re.M
    )
    tasks = LESSONS[number].TASKS  # without one that a person marks
    assert [heading[:3] for heading in headings if heading[0] in tasks] == [
        (task.id, task.title, str(task.points)) for task in tasks.values()
    ]
    assert sum(int(heading[2]) for heading in headings) == 20
    together = int(re.search(r"\*\*(\d+) minutes\*\* together", text.replace("\n", " "))[1])
    assert sum(int(heading[3]) for heading in headings) == together <= 45


# --- answers


@each_task
def test_other_right_answers_pass(task_id, capsys):
    for answer in right(task_id):
        for seed in (0,) if task_id[0] == "2" else (0, 1, 2718):
            checking.run(task_of(task_id), answer, seed)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "task_id,answer,words",
    [
        pytest.param(
            id_, *pair, id=pair[0].__name__, marks=[pytest.mark.slow] * (int(id_[0]) in SLOW)
        )
        for id_ in TASKS
        for pair in wrong(id_)
    ],
)
def test_wrong_answers_fail_with_the_word_that_helps(task_id, answer, words):
    with pytest.raises(checking.CheckFailed) as failed:
        checking.run(task_of(task_id), answer)
    assert words in str(failed.value)
    assert not isinstance(failed.value, checking.NotAttempted) and len(str(failed.value)) < 500
    for seed in range(1, 16) if task_id[0] == "1" else range(1, 4) if task_id[0] == "3" else ():
        with pytest.raises(checking.CheckFailed):
            checking.run(task_of(task_id), answer, seed)


@each_task
def test_every_seed_gives_plain_new_cases_that_the_right_answers_pass(task_id):
    task, seeds = task_of(task_id), seeds_of(task_id)
    for seed in seeds:
        assert json.loads(stored_cases(task_id, seed)) == TASKS[task_id].cases(seed)
        for which in range(len(right(task_id))):
            assert checking.decide(task, seen(task_id, seed, which), seed) == checking.PASSED
    different = len({stored_cases(task_id, seed) for seed in seeds})
    assert different == (1 if task_id in UNVARIED else len(seeds))


@each_task
def test_an_answer_learned_by_heart_fails(task_id):
    task, by_heart = task_of(task_id), seen(task_id, 0)
    assert checking.decide(task, by_heart, 0).passed
    others = range(1, {"1": 20, "2": 6}.get(task_id[0], 12))
    passed = [checking.decide(task, by_heart, seed).passed for seed in others]
    assert all(passed) if task_id in UNVARIED else not any(passed)


@each_task
def test_junk_fails_without_an_exception(task_id):
    task, good = task_of(task_id), seen(task_id, 0)
    inputs = task.cases(0)
    whole = [*JUNK, *MORE_JUNK[task_id[0]]]
    for junk in whole:
        verdict = task.judge(inputs, junk)
        assert not verdict.passed and verdict.message, junk
    for i, result in enumerate(good):
        for junk in whole:
            if not mistakes.equal(junk, result):
                assert not task.judge(inputs, [*good[:i], junk, *good[i + 1 :]]).passed, junk
    keys = good[0] if task_id in ("2.2", "2.5", "4.6") else range(3) if task_id == "2.1" else ()
    for key in keys:
        for junk in whole:
            part = copy.copy(good[0])
            part[key] = junk
            assert not task.judge(inputs, [part, *good[1:]]).passed, (key, junk)


@pytest.mark.parametrize("task_id", TASKS)
def test_many_answers_are_stored(task_id):
    assert len(right(task_id)) >= 3 and len(wrong(task_id)) >= 14
    assert len({words for _, words in wrong(task_id)}) >= 5


# --- marking


def messages(task_id):
    """The messages that name a mistake: each is for one mistake alone."""
    lesson = importlib.import_module(f"ftrag_helpers.exercises.lesson_{int(task_id[0]):02}")
    modules = [
        importlib.import_module(f"{lesson.__name__}.{module.name}")
        for module in pkgutil.iter_modules(lesson.__path__)
    ]
    lists = [getattr(module, "MISTAKES", []) for module in modules]
    return {mistake.message for mistake in sum(lists, [])}


def verdict(task, answer, seed):
    """ "" for a passed check, else what the learner reads."""
    try:
        found = checking.decide(task, checking.observation(task, answer, seed), seed)
    except checking.CheckFailed as failed:
        return str(failed)
    return "" if found.passed else found.message


@pytest.mark.slow
@pytest.mark.parametrize(
    "task_id",
    [pytest.param(id_, marks=[pytest.mark.model] * (id_ in LONG)) for id_ in TASKS],
)
def test_check_and_marking_agree(task_id):
    """Whatever the instant check says of an answer, the marking says too: all stored answers, on
    the seeds of both and on others, which stand for markings to come.
    """
    task, known = task_of(task_id), messages(task_id)
    others = {"2.1": 3, "2.2": 0, "4.2": 3, "4.6": 2, "5.2": 3}.get(task_id, 4)
    seeds = (0, marking_seed(task_id), *range(1, 1 + others))
    for answer in right(task_id):
        assert [verdict(task, answer, seed) for seed in seeds] == [""] * len(seeds), answer.__name__
    for answer, words in wrong(task_id):
        for seed in seeds:
            message = verdict(task, answer, seed)
            assert message, (answer.__name__, seed)
            assert words in message or message not in known, (answer.__name__, seed, message)


#: What lies beside a learner's code, by lesson, of the exercises' own modules.
BESIDE = {1: ["run"], 2: ["run"], 3: ["run"], 4: ["run"], 5: []}


@pytest.mark.parametrize("number", LESSONS)
def test_nothing_that_knows_what_is_right_lies_beside_a_learners_code(number):
    lesson = LESSONS[number]
    sources = answer_modules.answer_modules(lesson.__name__, lesson.TASKS.values())
    package = f"ftrag_helpers.exercises.lesson_{number:02}"
    assert list(sources) == [*(f"{package}.{name}" for name in BESIDE[number]), lesson.__name__]
    text = "\n".join(sources.values())
    names = {
        name
        for node in ast.walk(ast.parse(text))
        for name in vars(node).values()
        if isinstance(name, str)
    }
    judging = {
        "Mistake",
        "MISTAKES",
        "PASSED",
        "TASK",
        "TASKS",
        "Verdict",
        "judge",
        "random",
        "rng_for",
    }
    assert not names & judging
    assert not {task.cases.__module__ for task in lesson.TASKS.values()} & set(sources)
    known = [text for task in lesson.TASKS.values() for text in (*task.hints, task.title)]
    known += [message for task_id in lesson.TASKS for message in messages(task_id)]
    assert not [message for message in known if message in text]
