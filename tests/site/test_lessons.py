"""The first page's table: titles, questions, times and exercises come from the course itself."""

import json

import pytest

from ftrag_helpers.environment import runtime
from ftrag_helpers.site import lessons

ROOT = runtime.course_root()


def test_the_courses_lessons_are_listed_with_their_measured_times():
    found = lessons.read(ROOT)
    assert [one.page.split("/")[1][:2] for one in found] == ["00", "01", "02", "03", "04", "05"]
    assert all(one.time and one.cores and (one.question or "?" in one.title) for one in found)
    assert [bool(one.exercise) for one in found] == [False, True, True, True, True, True]


def test_a_lesson_that_was_never_measured_is_listed_all_the_same(tmp_path):
    (tmp_path / "notebooks").mkdir()
    cell = {"source": ["# 06 · Mine\n", "\n", "**Why.** What is\n", "it? More."]}
    (tmp_path / "notebooks" / "06_mine.ipynb").write_text(json.dumps({"cells": [cell]}), "utf-8")
    assert lessons.read(tmp_path) == [
        lessons.Lesson("notebooks/06_mine", "06 · Mine", "What is it?", "", "", "")
    ]


@pytest.mark.parametrize(
    "text, question",
    [
        ("First this. Then\nthat? And more?", "Then that?"),
        ("**The question.** Is it?", "Is it?"),
        ("No question here.", ""),
    ],
)
def test_the_first_sentence_that_asks_is_the_question(text, question):
    assert lessons.first_question(text) == question


@pytest.mark.parametrize(
    "seconds, words", [(21, "21 s"), (59.4, "59 s"), (60, "1 min"), (446, "7 min")]
)
def test_a_time_is_said_in_seconds_or_minutes(seconds, words):
    assert lessons.spoken(seconds) == words
