"""The learner's own test: the same marking as for models, kept after every answer."""

import json

import pytest

from ftrag_helpers.data import course_data
from ftrag_helpers.evaluation import metrics
from ftrag_helpers.notebook import self_test
from ftrag_helpers.notebook.self_test import ROUNDS, Boxes, Session


@pytest.fixture(scope="module")
def library():
    return course_data.load_questions(), course_data.load_documents()


@pytest.fixture(scope="module")
def ten(library):
    return self_test.choose(*library)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "results.answers.json"


@pytest.fixture
def kept():
    return {}


@pytest.fixture
def session(ten, kept, file):
    return Session(ten, kept.__setitem__, file)


def right(item):
    return f"I think it is {item.question.reference.answer}"


def test_ten_test_questions_from_all_shelves_each_with_the_page_that_answers_it(ten, library):
    assert len({item.question.id for item in ten}) == 10
    assert {(item.question.split, item.question.kind) for item in ten} == {("test", "direct")}
    for item in ten:
        assert item.question.reference.documents == (item.page.id,)
        assert all(sentence in item.page.text for sentence in item.question.reference.support)
    assert len({item.page.shelf for item in ten}) >= 6
    assert self_test.choose(*library) == ten


def test_too_few_questions_are_a_clear_error(library):
    with pytest.raises(ValueError, match="5000 questions wanted, and the split 'validation' has"):
        self_test.choose(*library, split="validation", count=5000)


def test_marks_are_those_of_the_models(session, ten):
    for number, item in enumerate(ten):
        session.answer(right(item) if number % 2 else "I do not know")
    assert session.marks("closed book") == [
        float(metrics.answer_match(text, item.question.reference.accepted, item.question.text))
        for item, text in zip(ten, session.typed["closed book"].values(), strict=True)
    ]
    assert session.marks("closed book") == [0, 1] * 5


def test_a_round_is_kept_when_it_is_complete_and_not_before(session, ten, kept):
    for _ in ten[:-1]:
        session.answer("")
    assert kept == {}
    session.answer(right(ten[-1]))
    assert kept == {"you, closed book": [0] * 9 + [1]}
    assert session.place() == ("with the page", 0)
    for item in ten:
        session.answer(right(item))
    assert kept["you, with the page"] == [1] * 10 and session.place() is None
    with pytest.raises(ValueError, match="restart"):
        session.answer("more")


def test_who_stops_half_way_goes_on_where_they_stopped(session, ten, kept, file):
    for _ in range(13):
        session.answer("café")
    later = Session(ten, kept.__setitem__, file)
    assert later.place() == ("with the page", 3) and later.typed == session.typed


def test_the_last_answer_can_be_taken_back_and_all_of_them(session):
    assert session.back() == ""
    session.answer("first")
    session.answer("second")
    assert session.back() == "second" and session.place() == ("closed book", 1)
    session.restart()
    assert session.place() == ("closed book", 0)


@pytest.mark.parametrize("content", ["{", "[]", '{"closed book": 3}', '{"closed book": {}}'])
def test_a_damaged_file_begins_anew(ten, file, kept, content):
    file.write_text(content, "utf-8")
    assert Session(ten, kept.__setitem__, file).place() == ("closed book", 0)


def test_answers_to_questions_of_another_test_are_left_out(ten, file, kept):
    known = ten[0].question.id
    rows = {name: {known: "x", "q-of-before": "y"} for name in ROUNDS}
    file.write_text(json.dumps(rows), "utf-8")
    assert Session(ten, kept.__setitem__, file).typed["closed book"] == {known: "x"}


def test_what_cannot_be_written_is_said_and_the_test_goes_on(ten, kept, tmp_path):
    session = Session(ten, kept.__setitem__, tmp_path / "nowhere" / "file.json")
    session.answer("x")
    assert "Not kept in" in session.trouble and session.place() == ("closed book", 1)
    assert "Not kept in" in Boxes(session).said.value


def test_the_widget_takes_an_answer_on_enter_and_by_the_button(session, ten):
    boxes = Boxes(session)
    assert "Closed book, question 1 of 10" in boxes.head.value and boxes.page.value == ""
    boxes.box.value = "one"
    boxes.box._handle_custom_msg({"event": "submit"}, [])
    boxes.box.value = "two"
    boxes.next.click()
    assert list(session.typed["closed book"].values()) == ["one", "two"]
    assert boxes.box.value == "" and "question 3 of 10" in boxes.head.value
    boxes.back.click()
    assert boxes.box.value == "two" and "question 2 of 10" in boxes.head.value


def test_the_page_stands_beside_the_question_in_the_second_round_alone(session, ten):
    boxes = Boxes(session)
    for _ in ten:
        assert ten[0].page.title not in boxes.page.value
        boxes.next.click()
    assert "With the page, question 1 of 10" in boxes.head.value
    assert ten[0].page.title in boxes.page.value
    assert "You, closed book: 0 of 10 right." in boxes.said.value


def test_at_the_end_every_answer_stands_with_its_mark(session, ten):
    boxes = Boxes(session)
    for text in ["<b>no</b>"] * 10 + [right(item) for item in ten]:
        boxes.box.value = text
        boxes.next.click()
    assert boxes.page.value.count("✓ right") == 10 == boxes.page.value.count("✗ wrong")
    assert "<b>no</b>" not in boxes.page.value and boxes.box.disabled
    assert "You, with the page: 10 of 10 right." in boxes.said.value
    boxes.again.click()
    assert "Closed book, question 1 of 10" in boxes.head.value and not boxes.box.disabled


def test_a_reader_of_the_saved_page_sees_a_filled_example(ten, library, file, kept, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: shown.append(data))
    [example] = self_test.choose(*library, split="validation", count=1)
    self_test.show(ten, example=example, keep=kept.__setitem__, file=file)
    static, live = shown
    for form in ("text/plain", "text/html"):
        assert "right" in static[form] and "wrong" in static[form] and kept == {}
    assert "→ right" in static["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in live
    assert not file.exists()
