"""The questions of the quizzes: what is faulty is named, and the right option cannot be guessed."""

import copy
import json
import re
from collections import Counter

import pytest

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.notebook.quizzes import quiz_questions
from ftrag_helpers.notebook.quizzes.quiz_questions import Option
from tests.quiz_rows import ROWS, write

LESSONS = (
    "01_llm_basics",
    "02_task_fine_tuning",
    "03_instruction_fine_tuning",
    "04_virtual_librarian",
    "05_fine_tuning_vs_rag",
)


@pytest.fixture
def rows():
    return copy.deepcopy(ROWS)


@pytest.fixture
def questions(tmp_path, rows):
    return quiz_questions.load("09_tea", write(tmp_path, rows))


def test_rows_become_questions(questions):
    tea, legs = questions
    assert tea.options[1] == Option("Tea & milk", True, "So the name says.")
    assert (tea.right, legs.right) == ({1}, {0, 2})
    assert tea.output.splitlines() == ["pot   <full>", "  1      yes"] and not legs.output


def test_the_manifest_vouches_for_the_file(tmp_path, rows):
    write(tmp_path, rows)
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert [(f["name"], f["rows"]) for f in manifest["files"]] == [("09_tea.json", 2)]
    (tmp_path / "09_tea.json").write_text("[]", "utf-8")
    with pytest.raises(CourseError, match="not the file that its manifest describes"):
        quiz_questions.load("09_tea", tmp_path)


@pytest.mark.parametrize("lesson", ["00_start_here", "9", "", "manifest", "../quizzes/09_tea"])
def test_an_unknown_lesson_is_told_what_there_is(tmp_path, rows, lesson):
    with pytest.raises(ValueError, match="there are quizzes for: 09_tea"):
        quiz_questions.load(lesson, write(tmp_path, rows))


def test_an_empty_folder_has_no_quiz(tmp_path):
    with pytest.raises(ValueError, match="for: no lesson"):
        quiz_questions.load("09_tea", tmp_path)


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
    "an output too wide to show": (
        change(0, "output", "x\n" + "y" * 77),
        "question 1( .tea.)?, field 'output': a line of 77 columns; at most 76 fit",
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
        quiz_questions.load("09_tea", write(tmp_path, rows))


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
        quiz_questions.load("09_tea", write(tmp_path, text))


def test_a_file_that_is_no_json_is_named(tmp_path, rows, monkeypatch):
    write(tmp_path, rows)
    monkeypatch.setattr(quiz_questions.data_files, "check_manifest", lambda folder: None)
    for content in (b"[{", b"[\xff]"):
        (tmp_path / "09_tea.json").write_bytes(content)
        with pytest.raises(CourseError, match="09_tea.json: not valid JSON in UTF-8"):
            quiz_questions.load("09_tea", tmp_path)


# --- the quizzes as shipped


@pytest.fixture(scope="module")
def shipped():
    return {lesson: quiz_questions.load(lesson) for lesson in LESSONS}


def test_lessons_1_to_5_have_a_quiz_of_eight_or_more_and_lesson_0_has_none(shipped):
    assert sorted(p.stem for p in quiz_questions.folder().glob("0*.json")) == sorted(LESSONS)
    assert min(len(questions) for questions in shipped.values()) >= 8


def test_ids_and_texts_are_unlike(shipped):
    for field in ("id", "text"):
        found = Counter(getattr(q, field) for questions in shipped.values() for q in questions)
        assert found.most_common(1)[0][1] == 1


def test_no_explanation_serves_two_options(shipped):
    whys = Counter(o.why for questions in shipped.values() for q in questions for o in q.options)
    assert whys.most_common(1)[0][1] == 1 and min(len(why.split()) for why in whys) >= 8


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_right_option_stands_in_every_place_about_as_often(shipped, lesson):
    places = Counter(place for q in shipped[lesson] for place in q.right)
    assert set(places) == {0, 1, 2, 3} and max(places.values()) - min(places.values()) <= 2


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize("extreme", [max, min])
def test_the_right_option_is_seldom_the_longest_or_the_shortest(shipped, lesson, extreme):
    found = []
    for question in shipped[lesson]:
        lengths = [len(option.text) for option in question.options]
        if any(lengths[place] == extreme(lengths) for place in question.right):
            found.append(question.id)  # a tie counts too: who guesses by length would choose it
    assert len(found) <= len(shipped[lesson]) / 3, found


@pytest.mark.parametrize("lesson", LESSONS)
def test_options_are_of_like_length(shipped, lesson):
    lengths = {q.id: [len(option.text) for option in q.options] for q in shipped[lesson]}
    assert {i: n for i, n in lengths.items() if max(n) > 1.2 * min(n)} == {}


@pytest.mark.parametrize("lesson", LESSONS)
def test_half_of_the_questions_ask_to_read_an_output(shipped, lesson):
    outputs = [q.output for q in shipped[lesson] if q.output]
    assert len(outputs) >= len(shipped[lesson]) / 2
    assert all(len(re.findall(r"\d", text)) >= 3 and "\n" in text for text in outputs)
    assert len(set(outputs)) == len(outputs)


def test_the_manifest_and_the_card_count_what_is_there(shipped):
    listed = json.loads((quiz_questions.folder() / "manifest.json").read_text("utf-8"))["files"]
    rows = {lesson: len(questions) for lesson, questions in shipped.items()}
    assert {file["name"]: file["rows"] for file in listed} == {
        f"{k}.json": n for k, n in rows.items()
    }
    card = (quiz_questions.folder() / "README.md").read_text("utf-8")
    assert f"{sum(rows.values())} in all" in card
    outputs = {k: sum(bool(q.output) for q in questions) for k, questions in shipped.items()}
    lines = [f"| `{k}.json` | {rows[k]} | {outputs[k]} |" for k in rows]
    assert [line for line in lines if line not in card] == []


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
