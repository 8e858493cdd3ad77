"""The small exercise's solution, and learners' notebooks made from it."""

import copy
import json

#: Written in the solution's hidden regions and nowhere else; the tests look for them where they
#: must not be.
SEEDS = {"9.1": 918273, "9.2": 564738, "9.3": 192837}

SETUP = (
    "import json\nimport numpy as np\nfrom ftrag_helpers.environment import runtime\nfrom ftrag_helpers.evaluation import metrics\nfrom adversarial"
    " import lesson_09 as check\nruntime.prepare_notebook()\nshelf = ['a', 'bb']"
)
DOUBLE = "def double(value):\n    return value * 2\n"
LONGEST = "def longest(words):\n    return max(words, key=len)\n"
SHARE = "share = parts / 4\n"
GIVEN = "parts = 3"
TEXT = "It depends on whether the facts change: they do, so retrieval."
RIGHT = {"9.1": DOUBLE, "9.2": LONGEST, "9.3": SHARE, "9.4": ""}
STUB_TEXT = "YOUR ANSWER HERE"


def _mark(grade_id, **more):
    return {
        "nbgrader": {
            "schema_version": 3,
            "grade_id": grade_id,
            "solution": False,
            "grade": False,
            "locked": False,
            "task": False,
            **more,
        }
    }


def code(cell_id, source, metadata=None):
    return {
        "cell_type": "code",
        "id": cell_id,
        "metadata": metadata or {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def _task(task, source, name, seed):
    slug = task.replace(".", "_")
    call = f"check.task_{slug}({name}"
    hidden = f"### BEGIN HIDDEN TESTS\n{call}, seed={seed})\n### END HIDDEN TESTS" if seed else ""
    return [
        code(f"t{slug}-answer", source, _mark(f"task_{slug}", solution=True)),
        code(
            f"t{slug}-check",
            f"{call})\n{hidden}",
            _mark(f"task_{slug}_check", grade=True, locked=True, points=4),
        ),
    ]


def notebook(answers=None, hidden=False):
    """A notebook: answers by task in place of the right ones; with hidden tests it is the
    solution.
    """
    answers = RIGHT | (answers or {})
    seeds = SEEDS if hidden else dict.fromkeys(SEEDS)
    text = {
        "cell_type": "markdown",
        "id": "t9_4-answer",
        "source": answers["9.4"] or STUB_TEXT,
        "metadata": _mark("task_9_4", solution=True, grade=True, points=2),
    }
    heading = {
        "cell_type": "markdown",
        "id": "t9_4-text",
        "metadata": {},
        "source": "## Task 9.4 · Which and why (2 points)",
    }
    cells = [
        code("x9-setup", SETUP),
        *_task("9.1", answers["9.1"], "double", seeds["9.1"]),
        code(
            "x9-look",
            "picture = double(3)\nraise RuntimeError('a cell that only shows something is not"
            " run')",
            {"tags": ["demonstration"]},
        ),
        *_task("9.2", answers["9.2"], "longest", seeds["9.2"]),
        code("x9-parts", GIVEN),
        *_task("9.3", answers["9.3"], 'check.answer("share")', seeds["9.3"]),
        heading,
        text,
    ]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": copy.deepcopy(cells)}


def write(path, found):
    """Write a notebook (or any JSON) to a path, whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found), "utf-8")
    return path


def write_solution(folder):
    """Write `solutions/09_small.ipynb` into a folder; returns the solutions' folder."""
    return write(
        folder / "solutions" / "09_small.ipynb",
        notebook(
            {"9.4": "### BEGIN MARK SCHEME\nFor a reason: 2.\n### END MARK SCHEME"}, hidden=True
        ),
    ).parent
