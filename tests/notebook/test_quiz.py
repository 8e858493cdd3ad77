"""The quiz on the page: printed text and widget agree, every option is explained, answers are kept
only if asked.
"""

import copy
import re

import pytest

from ftrag_helpers.notebook import quiz
from ftrag_helpers.notebook.quiz import Quiz
from ftrag_helpers.notebook.quizzes import quiz_questions, quiz_session
from ftrag_helpers.notebook.quizzes.quiz_questions import QuizQuestion
from tests.quiz_rows import ROWS, write


@pytest.fixture
def rows():
    return copy.deepcopy(ROWS)


@pytest.fixture
def questions(tmp_path, rows):
    return quiz_questions.load("09_tea", write(tmp_path, rows))


def test_feedback_says_whether_why_and_where(questions):
    tea, legs = questions
    assert quiz.feedback(tea, tea.options[1]) == "Right. So the name says."
    assert (
        quiz.feedback(tea, tea.options[0])
        == "Not this one. That is a coffee pot. Look again at “The pot”."
    )
    assert quiz.feedback(legs, legs.options[2]) == "Right, one of two. Two of them."
    assert (
        quiz.feedback(legs, legs.options[1])
        == "Not this one. They swim without. Look again at lesson 01, “Animals”."
    )
    whole = QuizQuestion("x", "?", "", "", tea.options)
    assert quiz.feedback(whole, tea.options[0]) == "Not this one. That is a coffee pot."


def test_the_text_holds_questions_outputs_and_options_and_gives_nothing_away(questions):
    text, page = quiz.as_text(questions), quiz.as_html(questions, "static")
    assert (
        " 1. What is in a <teapot>?\n\n        pot   <full>\n          1      yes\n\n"
        "    A. Coffee\n    B. Tea & milk\n    C. Nothing\n\n 2. Which two" in text
    )
    assert "What is in a &lt;teapot&gt;?" in page and "B. Tea &amp; milk<br>C. Nothing" in page
    assert "<pre>pot   &lt;full&gt;\n  1      yes</pre>" in page and page.count("<pre>") == 1
    for shown in (text, page):
        assert not any(option.why in shown for question in questions for option in question.options)


def test_the_text_keeps_the_order_of_the_file_and_fits_the_page():
    questions = quiz_questions.load("05_fine_tuning_vs_rag")
    text = quiz.as_text(questions)
    assert max(map(len, text.split("\n"))) <= 88
    places = [text.index(question.options[0].text[:40]) for question in questions]
    assert places == sorted(places)


def shown(widget):
    return widget.layout.display != "none"


def row_of(made, place):
    return quiz_session.option_order(made.session, made.question).index(place)


def told(made):
    """Where the learner stands, as the page says it."""
    return re.match('<b role="status">(.+?)</b><progress', made.progress.value)[1]


def at(questions, wanted, **more):
    """A quiz whose first question is the wanted one."""
    made = (Quiz(questions, "static", seed=seed, **more) for seed in range(20))
    return next(quiz for quiz in made if quiz.question.id == wanted)


def test_one_question_stands_on_the_screen_with_its_output(questions):
    made = at(questions, "tea")
    assert told(made).startswith("Question 1 of 2.")
    assert "What is in a &lt;teapot&gt;?" in made.text.value
    assert 'tabindex="0"' in made.text.value and "pot   &lt;full&gt;" in made.text.value
    assert [shown(button) for button in made.buttons] == [True] * 3 + [False] * 2
    texts = [button.description for button in made.buttons[:3]]
    assert [text[:3] for text in texts] == ["A. ", "B. ", "C. "]
    assert {text[3:] for text in texts} == {"Coffee", "Tea & milk", "Nothing"}
    assert "Which two" not in made.text.value and made.said.value == ""


def test_a_choice_is_marked_explained_and_may_be_tried_again(questions):
    made = at(questions, "tea")
    wrong, right = row_of(made, 0), row_of(made, 1)
    made.buttons[wrong].click()
    letter = "ABC"[wrong]
    assert made.buttons[wrong].description == f"✗ {letter}. Coffee"
    assert "wrong" in made.buttons[wrong]._dom_classes
    assert made.said.value == (
        f'<div class="verdict" role="alert">{letter}: Not this one. That is a coffee pot.'
        " Look again at “The pot”.</div>"
    )
    assert made.forward.description == "Skip to the next question"
    made.buttons[right].click()
    assert made.buttons[right].description == f"✓ {'ABC'[right]}. Tea & milk"
    assert "right" in made.buttons[right]._dom_classes and "So the name says." in made.said.value
    assert made.forward.description == "Next question"
    assert told(made).startswith("Question 1 of 2. 0 right at the first try so far.")


@pytest.fixture
def focused(monkeypatch):
    """The widgets that were sent the focus, one after the other."""
    sent = []
    monkeypatch.setattr("ipywidgets.Button.focus", lambda button: sent.append(button))
    return sent


def test_the_focus_goes_where_the_keyboard_is_needed_next(questions, focused):
    made = at(questions, "tea")
    made.buttons[row_of(made, 0)].click()
    assert focused == []  # it stays on the option
    made.forward.click()
    made.forward.click()
    made.retry.click()
    while not made.session.over:
        for place in made.question.right:
            made.choose(row_of(made, place))
        made.forward.click()
    first = made.buttons[0]
    assert focused == [first, made.retry, first, first, made.restart]


def test_the_next_question_starts_clean(questions):
    made = at(questions, "tea")
    made.buttons[row_of(made, 0)].click()
    made.forward.click()
    assert made.question.id == "legs" and made.said.value == ""
    assert not any({"right", "wrong"} & set(button._dom_classes) for button in made.buttons)
    assert not any(button.description[0] in "✓✗" for button in made.buttons[:3])
    assert made.forward.description == "Skip to the summary"


def test_the_summary_holds_every_reason_and_offers_those_missed(questions):
    made = at(questions, "tea")
    made.choose(row_of(made, 0))
    made.choose(row_of(made, 1))
    made.go_on()
    made.choose(row_of(made, 0))
    made.choose(row_of(made, 2))
    made.go_on()
    assert told(made).startswith("1 of 2 right at the first try.")
    for text in ("So the name says.", "That is a coffee pot.", "Four of them.", "Two of them."):
        assert text in made.text.value
    assert "They swim without." not in made.text.value  # wrong, and never chosen
    assert made.text.value.index("Missed at first") < made.text.value.index("Right at the first")
    assert not any(shown(button) for button in made.buttons) and not shown(made.forward)
    assert shown(made.restart) and made.retry.description == "Again, only those missed (1)"
    made.choose(0)
    assert made.session.over
    made.retry.click()
    assert made.question.id == "tea" and told(made).startswith("Question 1 of 1 of")
    made.choose(row_of(made, 1))
    assert made.forward.description == "Summary"
    made.forward.click()
    assert not shown(made.retry) and shown(made.restart)
    made.restart.click()
    assert len(made.session.order) == 2 and made.session.chosen == {}


def test_what_was_skipped_is_said_to_be_not_answered(questions):
    made = Quiz(questions, "static")
    made.go_on()
    made.go_on()
    assert made.text.value.count("✗ Not answered.") == 2
    assert made.retry.description == "Again, only those missed (2)"


def test_what_is_shown_is_escaped(tmp_path, rows):
    rows[0]["options"][0]["why"] = "<script>x</script>"
    made = at(quiz_questions.load("09_tea", write(tmp_path, rows)), "tea")
    made.choose(row_of(made, 0))
    assert "&lt;script&gt;" in made.said.value and "<script" not in made.said.value
    made.go_on()
    made.go_on()
    assert "&lt;script&gt;" in made.text.value and "&lt;teapot&gt;" in made.text.value
    assert not re.search("<teapot|<script|<full", made.text.value)


def test_nothing_is_kept_unless_it_is_ticked(tmp_path, questions):
    file = tmp_path / "kept" / "09_tea.json"
    made = Quiz(questions, "static", file)
    assert made.keep.value is False and not shown(made.forget)
    made.choose(0)
    made.go_on()
    assert not file.parent.exists()
    made.keep.value = True
    assert file.exists() and str(file) in made.note.value and shown(made.forget)
    made.choose(1)
    later = Quiz(questions, "static", file)
    assert later.session == made.session and later.keep.value is True and shown(later.forget)
    assert later.said.value == made.said.value != ""


def test_one_button_forgets_and_a_tick_taken_away_does_too(tmp_path, questions):
    file = tmp_path / "kept" / "09_tea.json"
    made = Quiz(questions, "static", file)
    made.keep.value = True
    made.choose(0)
    made.forget.click()
    assert not file.exists() and made.keep.value is False and made.session.chosen == {}
    assert "Your answers were forgotten." in made.note.value and not shown(made.forget)
    made.choose(0)
    assert not file.exists()
    made.keep.value = True
    made.keep.value = False
    assert not file.exists() and "Your answers were forgotten." in made.note.value
    assert made.session.chosen != {}


def test_a_quiz_goes_on_where_nothing_can_be_kept(tmp_path, questions):
    (tmp_path / "kept").write_text("a file, not a folder", "utf-8")
    made = Quiz(questions, "static", tmp_path / "kept" / "09_tea.json")
    made.keep.value = True
    made.choose(0)
    assert "Your answers cannot be kept" in made.note.value and made.said.value


def test_where_keeping_is_switched_off_it_is_not_offered(questions):
    made = Quiz(questions, "static")
    assert made.keep not in [
        part for box in made.widget.children for part in getattr(box, "children", [])
    ]


@pytest.fixture
def screen(monkeypatch):
    shown = []
    monkeypatch.setattr(
        "IPython.display.display", lambda data, *, metadata, raw: shown.append(data)
    )
    return shown


def test_show_gives_the_text_to_keep_and_the_buttons_that_hide_it(screen):
    quiz.show("01_llm_basics")
    quiz.show("02_task_fine_tuning")
    text, buttons, other, _ = screen
    assert (
        text["text/plain"] == quiz.as_text(quiz_questions.load("01_llm_basics"))
        and "application/vnd.jupyter.widget-view+json" not in text
    )
    assert "application/vnd.jupyter.widget-view+json" in buttons
    assert buttons["text/plain"] == "[Run this cell in JupyterLab to answer]"
    classes = [re.match('<div class="([^"]+)">', shown["text/html"])[1] for shown in (text, other)]
    made = Quiz(quiz_questions.load("01_llm_basics"), classes[0])
    style = made.widget.children[0].value
    assert (
        f"@media screen {{ .{classes[0]} {{ display: none }} }}" in style
        and classes[1] not in style
    )


def test_show_writes_the_same_text_each_time(screen):
    quiz.show("04_virtual_librarian")
    quiz.show("04_virtual_librarian")
    assert screen[0] == screen[2]
