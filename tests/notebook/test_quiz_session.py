"""A learner's way through a quiz: order, rounds, what counts as right, keeping and forgetting."""

import json
import random

import pytest

from ftrag_helpers.errors import CourseError
from ftrag_helpers.notebook.quizzes import quiz_questions, quiz_session
from ftrag_helpers.notebook.quizzes.quiz_session import Session
from tests.quiz_rows import ROWS, write


@pytest.fixture
def questions(tmp_path):
    return quiz_questions.load("09_tea", write(tmp_path, ROWS))


@pytest.fixture(scope="module")
def shipped():
    return quiz_questions.load("01_llm_basics")


def answer(session, questions, *, right=True):
    """The current question answered, rightly or with a wrong option first."""
    question = {q.id: q for q in questions}[session.current]
    places = set(range(len(question.options)))
    for place in (*(() if right else sorted(places - question.right)[:1]), *question.right):
        session = session.choose(place)
    return session


def test_a_seed_gives_one_order_and_another_seed_another(shipped):
    first = quiz_session.begin(shipped, 1)
    assert first == quiz_session.begin(shipped, 1)
    assert sorted(first.order) == sorted(q.id for q in shipped)
    orders = {quiz_session.begin(shipped, seed).order for seed in range(20)}
    assert len(orders) == 20 and tuple(q.id for q in shipped) not in orders


def test_options_are_shuffled_and_stay_where_they_are_within_a_round(shipped):
    session = quiz_session.begin(shipped, 3)
    orders = {q.id: quiz_session.option_order(session, q) for q in shipped}
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders.values())
    assert len(set(orders.values())) > 1
    moved = session.forward().choose(2)
    assert {q.id: quiz_session.option_order(moved, q) for q in shipped} == orders
    other = quiz_session.again(session, shipped)
    assert {q.id: quiz_session.option_order(other, q) for q in shipped} != orders


def test_the_right_option_is_on_screen_in_every_row_about_as_often(shipped):
    rows = [
        quiz_session.option_order(quiz_session.begin(shipped, seed), q).index(min(q.right))
        for seed in range(100)
        for q in shipped
    ]
    assert all(0.2 < rows.count(row) / len(rows) < 0.3 for row in range(4))


def test_a_session_leaves_the_lessons_random_numbers_alone(shipped):
    random.seed(5)
    wanted = random.random()
    random.seed(5)
    quiz_session.option_order(quiz_session.begin(shipped), shipped[0])
    assert random.random() == wanted


def test_a_choice_counts_once_and_goes_to_the_current_question(questions):
    session = quiz_session.begin(questions, 0)
    once = session.choose(0)
    assert once.choose(0) == once and once.chosen == {session.current: (0,)}
    assert session.chosen == {}
    end = session.forward().forward()
    assert end.over and end.current is None and end.choose(1) == end and end.forward() == end


@pytest.mark.parametrize(
    "tried, settled, first",
    [
        ((), False, False),
        ((0,), False, False),
        ((0, 2), True, True),
        ((2, 0), True, True),
        ((0, 1, 2), True, False),
        ((0, 2, 1), True, True),  # a wrong one read afterwards, for its reason
        ((1, 2), False, False),
    ],
)
def test_a_question_with_two_right_options_needs_both_at_first(questions, tried, settled, first):
    legs = questions[1]
    session = Session(0, 0, ("legs",), 0, {"legs": tried})
    assert quiz_session.settled(session, legs) is settled
    assert quiz_session.first_try(session, legs) is first


def test_where_one_stands_is_said_in_words(shipped):
    session = quiz_session.begin(shipped, 1)
    count = len(shipped)
    assert quiz_session.standing(session, shipped) == f"Question 1 of {count}."
    session = answer(session, shipped).forward()
    session = answer(session, shipped, right=False).forward()
    assert quiz_session.standing(session, shipped) == (
        f"Question 3 of {count}. 1 right at the first try so far."
    )
    while not session.over:
        session = session.forward()
    assert quiz_session.standing(session, shipped) == f"1 of {count} right at the first try."


def test_again_asks_only_those_missed(shipped):
    session, missed = quiz_session.begin(shipped, 1), []
    for number in range(len(shipped)):
        if number in (2, 5):
            missed.append(session.current)
            session = answer(session, shipped, right=False) if number == 2 else session
        else:
            session = answer(session, shipped)
        session = session.forward()
    second = quiz_session.again(session, shipped)
    assert sorted(second.order) == sorted(missed) and second.at == 0 and second.chosen == {}
    assert quiz_session.standing(second, shipped) == "Question 1 of 2 of those missed."
    while not second.over:
        second = answer(second, shipped).forward()
    assert quiz_session.standing(second, shipped) == "2 of 2 right at the first try."
    assert len(quiz_session.again(second, shipped).order) == len(shipped)


def test_what_is_kept_comes_back_and_can_be_forgotten(tmp_path, questions):
    file = tmp_path / "kept" / "09_tea.json"
    assert quiz_session.kept(file, questions) is None
    session = answer(quiz_session.begin(questions, 7), questions, right=False).forward()
    quiz_session.save(file, session, questions)
    assert quiz_session.kept(file, questions) == session
    assert [path.name for path in file.parent.iterdir()] == ["09_tea.json"]
    assert quiz_session.forget(file) is True and list(file.parent.iterdir()) == []
    assert quiz_session.forget(file) is False and quiz_session.kept(file, questions) is None


def test_changed_questions_begin_anew(tmp_path, questions):
    file = tmp_path / "kept.json"
    quiz_session.save(file, quiz_session.begin(questions, 7), questions)
    changed = write(tmp_path, [{**ROWS[0], "text": "What is in the pot?"}, ROWS[1]])
    assert quiz_session.kept(file, quiz_questions.load("09_tea", changed)) is None


@pytest.mark.parametrize(
    "field, value",
    [
        ("seed", -1),
        ("round", "0"),
        ("order", []),
        ("order", ["tea", "tea"]),
        ("order", ["tea", "coffee"]),
        ("at", 3),
        ("chosen", {"tea": [3]}),
        ("chosen", {"tea": [1, 1]}),
        ("chosen", {"coffee": [0]}),
        ("chosen", [1]),
        ("more", 1),
    ],
)
def test_a_damaged_record_begins_anew(tmp_path, questions, field, value):
    file = tmp_path / "kept.json"
    quiz_session.save(file, quiz_session.begin(questions, 7), questions)
    record = json.loads(file.read_text("utf-8"))
    record["session"][field] = value
    file.write_text(json.dumps(record), "utf-8")
    assert quiz_session.kept(file, questions) is None


@pytest.mark.parametrize("content", [b"", b"[1]", b"{}", b"\xff", b"[" * 100_000])
def test_a_file_that_is_no_record_begins_anew(tmp_path, questions, content):
    file = tmp_path / "kept.json"
    file.write_bytes(content)
    assert quiz_session.kept(file, questions) is None


def test_a_record_that_cannot_be_deleted_is_named(tmp_path, monkeypatch):
    file = tmp_path / "kept.json"
    file.write_text("{}", "utf-8")

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(quiz_session.runtime, "delete", refuse)
    with pytest.raises(CourseError, match="kept.json cannot be deleted .Permission denied"):
        quiz_session.forget(file)


def test_answers_lie_beside_the_learners_figures(tmp_path, monkeypatch):
    monkeypatch.setenv("FTRAG_RESULTS", str(tmp_path / "mine"))
    assert quiz_session.kept_file("x") == tmp_path / "mine" / "quizzes" / "x.json"
    monkeypatch.delenv("FTRAG_RESULTS")
    monkeypatch.setenv("FTRAG_CACHE", str(tmp_path / "cache"))
    assert quiz_session.kept_file("x") == tmp_path / "cache" / "quizzes" / "x.json"


def test_a_validation_and_a_switch_leave_keeping_out(monkeypatch):
    monkeypatch.delenv("FTRAG_PROGRESS", raising=False)
    assert not quiz_session.keeping_allowed()  # pytest runs now
    monkeypatch.delenv("PYTEST_VERSION")
    assert quiz_session.keeping_allowed()
    monkeypatch.setenv("FTRAG_PROGRESS", "off")
    assert not quiz_session.keeping_allowed()
