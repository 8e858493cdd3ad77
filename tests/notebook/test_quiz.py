"""The quiz: what is faulty in its data is named, every option is explained, and buttons and printed
text agree.
"""

import copy
import json
import re
from collections import Counter

import pytest

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.notebook import quiz
from ftrag_helpers.notebook.quiz import Buttons, Option, QuizQuestion

LESSONS = (
    "01_llm_basics",
    "02_task_fine_tuning",
    "03_instruction_fine_tuning",
    "04_virtual_librarian",
    "05_fine_tuning_vs_rag",
)
ROWS = [
    {
        "id": "tea",
        "text": "What is in a <teapot>?",
        "section": "The pot",
        "options": [
            {"text": "Coffee", "right": False, "why": "That is a coffee pot."},
            {"text": "Tea & milk", "right": True, "why": "So the name says."},
            {"text": "Nothing", "right": False, "why": "Then it is an empty one."},
        ],
    },
    {
        "id": "legs",
        "text": "Which two have legs?",
        "section": "01_llm_basics#Animals",
        "options": [
            {"text": "Dogs", "right": True, "why": "Four of them."},
            {"text": "Eels", "right": False, "why": "They swim without."},
            {"text": "Hens", "right": True, "why": "Two of them."},
        ],
    },
]


@pytest.fixture
def rows():
    return copy.deepcopy(ROWS)


def write(folder, rows):
    (folder / "09_tea.json").write_text(
        rows if isinstance(rows, str) else json.dumps(rows), "utf-8"
    )
    quiz.write_manifest(folder)
    return folder


@pytest.fixture
def questions(tmp_path, rows):
    return quiz.load("09_tea", write(tmp_path, rows))


def test_rows_become_questions(questions):
    tea, legs = questions
    assert tea.options[1] == Option("Tea & milk", True, "So the name says.")
    assert (tea.right, legs.right) == ({1}, {0, 2})


def test_the_manifest_vouches_for_the_file(tmp_path, rows):
    write(tmp_path, rows)
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert [(f["name"], f["rows"]) for f in manifest["files"]] == [("09_tea.json", 2)]
    (tmp_path / "09_tea.json").write_text("[]", "utf-8")
    with pytest.raises(CourseError, match="not the file that its manifest describes"):
        quiz.load("09_tea", tmp_path)


@pytest.mark.parametrize("lesson", ["00_start_here", "9", "", "manifest", "../quizzes/09_tea"])
def test_an_unknown_lesson_is_told_what_there_is(tmp_path, rows, lesson):
    with pytest.raises(ValueError, match="there are quizzes for: 09_tea"):
        quiz.load(lesson, write(tmp_path, rows))


def test_an_empty_folder_has_no_quiz(tmp_path):
    with pytest.raises(ValueError, match="for: no lesson"):
        quiz.load("09_tea", tmp_path)


def change(place, field, value):
    def damage(rows):
        rows[place][field] = value

    return damage


def change_option(field, value):
    def damage(rows):
        rows[1]["options"][1][field] = value

    return damage


def cut(rows):
    rows[1]["options"].pop(1)


DAMAGE = {
    "no text": (change(1, "text", " "), "question 2( .legs.)?, field 'text': empty"),
    "text that is a number": (
        change(0, "text", 3),
        "question 1( .tea.)?, field 'text': 3 has the wrong type",
    ),
    "unknown field": (change(0, "hint", "x"), "question 1( .tea.)?, field 'hint': not a field"),
    "options that are a text": (
        change(1, "options", "AB"),
        "question 2( .legs.)?, field 'options': 'AB' has the wrong type",
    ),
    "an option that is a text": (
        change(1, "options", ["A", "B", "C"]),
        "question 2 .legs., field 'options', item 1: 'A' has the wrong type, str: a JSON object",
    ),
    "two options": (cut, "question 2( .legs.)?, field 'options': 2 of them"),
    "an option without why": (
        change_option("why", ""),
        "question 2 .legs., field 'options', item 2, field 'why': empty",
    ),
    "right as a number": (
        change_option("right", 0),
        "question 2 .legs., field 'options', item 2, field 'right': 0 has the wrong type",
    ),
    "all right": (
        change_option("right", True),
        "question 2( .legs.)?, field 'options': 3 of 3 are right",
    ),
    "none right": (
        lambda rows: rows[0]["options"][1].update(right=False),
        "question 1( .tea.)?, field 'options': 0 of 3 are right",
    ),
    "two right, unannounced": (
        change(1, "text", "Which have legs?"),
        "question 2( .legs.)?, field 'text': 2 options are right",
    ),
    "the same option twice": (
        change_option("text", "Dogs"),
        "question 2( .legs.)?, field 'options': two have the same 'text'",
    ),
    "the same reason twice": (
        change_option("why", "Two of them."),
        "question 2( .legs.)?, field 'options': two have the same 'why'",
    ),
    "the same id twice": (change(1, "id", "tea"), "tea, field 'id': stands there more than once"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_faulty_question_is_named_with_its_field(tmp_path, rows, name):
    damage, message = DAMAGE[name]
    damage(rows)
    with pytest.raises(CourseError, match=f"09_tea.json, {message}"):
        quiz.load("09_tea", write(tmp_path, rows))


@pytest.mark.parametrize(
    "text, message",
    [
        ("{}", "a list of questions"),
        ("[]", "a list of questions"),
        ("[3]", "question 1: 3 has the wrong type, int: a JSON object"),
    ],
)
def test_a_file_of_another_shape_is_named(tmp_path, text, message):
    with pytest.raises(CourseError, match=f"09_tea.json.*{message}"):
        quiz.load("09_tea", write(tmp_path, text))


def test_a_file_that_is_no_json_is_named(tmp_path, rows, monkeypatch):
    write(tmp_path, rows)
    monkeypatch.setattr(quiz.data_files, "check_manifest", lambda folder: None)
    for content in (b"[{", b"[\xff]"):
        (tmp_path / "09_tea.json").write_bytes(content)
        with pytest.raises(CourseError, match="09_tea.json: not valid JSON in UTF-8"):
            quiz.load("09_tea", tmp_path)


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
    whole = QuizQuestion("x", "?", "", tea.options)
    assert quiz.feedback(whole, tea.options[0]) == "Not this one. That is a coffee pot."


def test_a_question_is_right_once_all_its_right_options_were_found(questions):
    count = [
        quiz.standing(questions, tried)
        for tried in (
            {},
            {"tea": {0}},
            {"tea": {0, 1}},
            {"tea": {1}, "legs": {0}},
            {"tea": {1}, "legs": {0, 1, 2}},
        )
    ]
    assert count == [
        "0 of 2 answered, 0 right.",
        "1 of 2 answered, 0 right.",
        "1 of 2 answered, 1 right.",
        "2 of 2 answered, 1 right.",
        "2 of 2 answered, 2 right.",
    ]


def test_the_text_holds_questions_and_options_and_gives_nothing_away(questions):
    text, page = quiz.as_text(questions), quiz.as_html(questions, "static")
    assert (
        " 1. What is in a <teapot>?\n    A. Coffee\n    B. Tea & milk\n    C. Nothing\n\n 2."
        " Which two" in text
    )
    assert "What is in a &lt;teapot&gt;?" in page and "B. Tea &amp; milk<br>C. Nothing" in page
    for shown in (text, page):
        assert not any(option.why in shown for question in questions for option in question.options)


def test_a_choice_is_marked_explained_and_counted(questions):
    made = Buttons(questions, "static")
    assert made.count.value == "0 of 2 answered, 0 right." and made.said[0].value == ""
    made.buttons[0][0].click()
    assert (
        made.buttons[0][0].description == "✗ A. Coffee"
        and "wrong" in made.buttons[0][0]._dom_classes
    )
    assert (
        made.said[0].value
        == '<div role="status">A: Not this one. That is a coffee pot. Look again at “The pot”.<br>'
        "<i>1 of 2 answered, 0 right.</i></div>"
    )
    made.buttons[0][1].click()
    assert (
        made.buttons[0][1].description == "✓ B. Tea & milk"
        and "right" in made.buttons[0][1]._dom_classes
    )
    assert (
        made.count.value == "1 of 2 answered, 1 right."
        and "B: Right. So the name says." in made.said[0].value
    )
    assert made.buttons[0][2].description == "C. Nothing" and not made.buttons[0][2]._dom_classes


def test_the_count_stands_only_below_the_last_answer(questions):
    made = Buttons(questions, "static")
    made.choose(0, 1)
    made.choose(1, 2)
    assert made.said[0].value == "<div>B: Right. So the name says.</div>"
    assert (
        'role="status"' in made.said[1].value and "2 of 2 answered, 1 right." in made.said[1].value
    )
    made.choose(1, 0)
    made.choose(1, 0)
    assert made.count.value == "2 of 2 answered, 2 right."


def test_what_is_shown_is_escaped(tmp_path, rows):
    rows[0]["options"][0]["why"] = "<script>x</script>"
    made = Buttons(quiz.load("09_tea", write(tmp_path, rows)), "static")
    made.choose(0, 0)
    shown = [
        child.value
        for box in made.widget.children[2:]
        for child in box.children
        if hasattr(child, "value")
    ]
    assert any("&lt;teapot&gt;" in text for text in shown) and any(
        "&lt;script&gt;" in text for text in shown
    )
    assert not re.search("<teapot|<script", "".join(shown))


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
        text["text/plain"] == quiz.as_text(quiz.load("01_llm_basics"))
        and "application/vnd.jupyter.widget-view+json" not in text
    )
    assert "application/vnd.jupyter.widget-view+json" in buttons
    assert buttons["text/plain"] == "[Run this cell in JupyterLab to answer]"
    classes = [re.match('<div class="([^"]+)">', shown["text/html"])[1] for shown in (text, other)]
    made = Buttons(quiz.load("01_llm_basics"), classes[0])
    style = made.widget.children[0].value
    assert (
        f"@media screen {{ .{classes[0]} {{ display: none }} }}" in style
        and classes[1] not in style
    )


def test_show_writes_the_same_text_each_time(screen):
    quiz.show("04_virtual_librarian")
    quiz.show("04_virtual_librarian")
    assert screen[0] == screen[2]


# --- the quizzes as shipped


@pytest.fixture(scope="module")
def shipped():
    return {lesson: quiz.load(lesson) for lesson in LESSONS}


def test_lessons_1_to_5_have_a_quiz_of_eight_or_more_and_lesson_0_has_none(shipped):
    assert sorted(p.stem for p in quiz.folder().glob("0*.json")) == sorted(LESSONS)
    assert min(len(questions) for questions in shipped.values()) >= 8


def test_ids_and_texts_are_unlike(shipped):
    for field in ("id", "text"):
        found = Counter(getattr(q, field) for questions in shipped.values() for q in questions)
        assert found.most_common(1)[0][1] == 1


def test_no_explanation_serves_two_options(shipped):
    whys = Counter(o.why for questions in shipped.values() for q in questions for o in q.options)
    assert whys.most_common(1)[0][1] == 1 and min(len(why.split()) for why in whys) >= 8


@pytest.mark.parametrize("lesson", LESSONS)
def test_neither_place_nor_length_gives_the_right_option_away(shipped, lesson):
    questions = shipped[lesson]
    places = Counter(place for q in questions for place in q.right)
    assert set(places) == {0, 1, 2, 3} and max(places.values()) <= len(questions) / 2
    lengths = [[len(o.text) for o in q.options] for q in questions]
    assert [q.id for q, n in zip(questions, lengths, strict=True) if max(n) > 1.3 * min(n)] == []
    for extreme in (max, min):
        assert (
            sum(n.index(extreme(n)) in q.right for q, n in zip(questions, lengths, strict=True))
            <= len(questions) / 2
        )


def test_no_option_speaks_of_other_options(shipped):
    texts = [o.text for questions in shipped.values() for q in questions for o in q.options]
    assert [
        t
        for t in texts
        if re.search(r"\b(?:of the above|of these|both [A-E]\b|[A-E] and [A-E]\b)", t)
    ] == []


def headings(lesson):
    cells = json.loads(
        (runtime.course_root() / "notebooks" / f"{lesson}.ipynb").read_text("utf-8")
    )["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return set(re.findall(r"^#{2,3} (.+?)\s*$", text, re.MULTILINE))


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_section_named_is_a_heading_of_its_lesson(shipped, lesson):
    named = [
        (q.id, q.section.rpartition("#")[0] or lesson, q.section.rpartition("#")[2])
        for q in shipped[lesson]
        if q.section
    ]
    assert (
        named
        and [(i, of, heading) for i, of, heading in named if heading not in headings(of)] == []
    )
