"""Whatever the instant check says of an answer, the marking says too: all stored answers, on the
seeds of both and on others.
"""

import importlib
import json
import re

import pytest
from answers import lesson_01
from test_lesson_01 import Double

from ftrag_helpers.environment import runtime
from ftrag_helpers.exercises import checking, registry
from ftrag_helpers.exercises.fixtures import domains

pytestmark = pytest.mark.slow

#: Seeds that stand for markings to come; the slow tasks get fewer.
OTHERS = {"2.1": 3, "2.2": 0, "2.5": 0, "4.2": 0, "4.6": 0, "5.2": 1}
ANSWERS = {
    number: importlib.import_module(f"answers.lesson_{number:02}") for number in registry.lessons()
}
TASKS = [
    (number, task_id) for number, lesson in registry.lessons().items() for task_id in lesson.TASKS
]
#: The slow ones are marked `model`, though they need none: half a minute each is too long for the
#: fast tests.
MARKED = [
    pytest.param(*task, marks=pytest.mark.model) if task[1] in OTHERS else task for task in TASKS
]


@pytest.fixture(autouse=True)
def tokenizer(monkeypatch):
    monkeypatch.setattr(lesson_01, "lm", Double())


def marking_seeds(number):
    """The seeds of the hidden tests of a lesson's solution, by task."""
    (path,) = (runtime.course_root() / "solutions").glob(f"{number:02}_*.ipynb")
    source = "\n".join(
        "".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]
    )
    return {
        f"{a}.{b}": int(seed)
        for a, b, seed in re.findall(r"check\.task_(\d)_(\d)\(\w+, seed=(\d+)\)", source)
    }


def named(number):
    """The messages that name a mistake: each is for one mistake alone."""
    lesson = registry.lessons()[number]
    tables = [
        table
        for name, table in vars(lesson).items()
        if name.endswith("_MISTAKES") and isinstance(table, dict)
    ]
    return {words for table in [*tables, domains.MISTAKES] for words in table}


def verdict(task, answer, seed):
    """ "" for a passed check, else what the learner reads."""
    try:
        found = checking.decide(task, checking.observation(task, answer, seed), seed)
    except checking.CheckFailed as failed:
        return str(failed)
    return "" if found.passed else found.message


@pytest.mark.parametrize("number,task_id", MARKED)
def test_check_and_marking_agree(number, task_id):
    task, stored = registry.lessons()[number].TASKS[task_id], ANSWERS[number]
    seeds = (0, marking_seeds(number)[task_id], *range(1, 1 + OTHERS.get(task_id, 4)))
    mistakes = named(number)
    for answer in stored.RIGHT[task_id]:
        assert [verdict(task, answer, seed) for seed in seeds] == [""] * len(seeds), answer.__name__
    for answer, words in stored.WRONG[task_id]:
        for seed in seeds:
            message = verdict(task, answer, seed)
            assert message, (answer.__name__, seed)
            assert words in message or message not in mistakes, (answer.__name__, seed, message)


@pytest.mark.parametrize("number,task_id", TASKS)
def test_many_answers_are_stored(number, task_id):
    stored = ANSWERS[number]
    assert len(stored.RIGHT[task_id]) >= 3 and len(stored.WRONG[task_id]) >= 14
    assert len({words for _, words in stored.WRONG[task_id]}) >= 5
