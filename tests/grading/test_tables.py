"""The tables: right cells, empty ones where nobody knows, no formula from anybody, and marks by
hand that come back.
"""

import csv
import io
from dataclasses import replace

import pytest
from graded_class import (
    ARABIC,
    FAILED,
    FORMULAS,
    GERMAN,
    HEBREW,
    SLUG,
    TURNED,
    class_of_300,
    result,
    task,
    waiting,
)

from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading.reports import manual, outputs, tables

MOODLE = "Ada King_4711_assignsubmission_file_/03.ipynb"


def rows(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix(tables.BOM), newline="")))


def in_spreadsheet(text, separator):
    """The cells as a spreadsheet reads them that splits at this character, quotes only where a cell
    begins with one.
    """
    source = io.StringIO(text.removeprefix(tables.BOM), newline="")
    return [cell for row in csv.reader(source, delimiter=separator) for cell in row]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_begins_a_formula(text):
    safe = tables.csv_safe(text)
    assert not safe.lstrip(' "').startswith(("=", "+", "-", "@", "＝")), safe
    assert tables.csv_safe(safe) == safe and "\n" not in safe and "\t" not in safe


@pytest.mark.parametrize(
    "text",
    [GERMAN, ARABIC, HEBREW, *"Ada King|O'Hara|a = b|2-3|mask(x) == y; z||Jean-Luc".split("|")],
)
def test_harmless_text_stays_as_it_is(text):
    assert tables.csv_safe(text) == text


def test_marks_that_turn_writing_are_taken_out():
    assert tables.csv_safe(TURNED) == "moc.elpmaxeada"
    assert tables.csv_safe("a\x00b\ud800c\u200bd") == "abcd"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_of_any_table_is_a_formula_in_any_spreadsheet(separator):
    plain = [result(text, "", file=f"x{i}/{text}", detail=text) for i, text in enumerate(FORMULAS)]
    waits, named, moodle = [], [], []
    for i, text in enumerate(FORMULAS):
        failed = task("3.1", "failed", message=text)
        tasks, answers = (failed, task("3.6", "needs marking")), (("3.6", text),)
        who = {"learner": text, "learner_id": f"{text}{i}", "file": f"{text}{i}"}
        waits.append(result(**who, tasks=tasks, answers=answers))
        named.append(result(text, f"{i}{text}", detail=text))
        file = f"{text}_{i}_assignsubmission_file_"
        moodle.append(result(text, str(i), file=file, tasks=(failed,)))
    waits = [replace(wait, status="needs marking", score=0.0) for wait in waits]
    failed = [replace(FAILED[0], learner=text, detail=text, file=text) for text in FORMULAS]
    class_ = [*waits, *plain, *named, *failed, *moodle]
    marks = {
        manual.key(found, found.tasks[1]): manual.Mark("1", text, ("k", *[text] * 9), 2)
        for found, text in zip(class_, FORMULAS, strict=False)
    }
    texts = [
        tables.marks(class_),
        tables.not_graded(class_),
        tables.handed_in_twice(class_ * 2),
        tables.canvas(class_, SLUG),
        tables.canvas(plain, SLUG),
        tables.moodle(plain, SLUG),
        tables.moodle(class_, SLUG),
        manual.table(class_, marks),
        manual.table([], marks),
    ]
    assert all(texts)
    for text in texts:
        bad = [
            cell
            for cell in in_spreadsheet(text, separator)
            if cell.lstrip(' "').startswith(("=", "+", "@", "＝"))
            or (cell.startswith("-") and cell != "-")
        ]
        assert bad == []


def test_marks_has_a_row_per_submission_and_a_column_per_task():
    (row,) = rows(tables.marks([result()]))
    who = {"Learner": "Ada King", "ID": "4711", "File": f"Ada King_4711_991_{SLUG}.ipynb"}
    score = {"Exercise": SLUG, "Status": "graded", "Score": "20", "Of": "20"}
    tasks = {"3.1": "4", "3.2": "4", "3.3": "5", "3.4": "3", "3.6": "4"}
    assert row == who | score | {f"Task {name}": points for name, points in tasks.items()}


def test_a_mark_that_nobody_knows_is_an_empty_cell_and_a_known_zero_is_a_zero():
    none = result(tasks=(task("3.1", "failed", message="no"), task("3.2", "not attempted")))
    for_hand, *failed = rows(tables.marks([waiting(), *FAILED]))
    assert (for_hand["Score"], for_hand["Task 3.6"], for_hand["Task 3.1"]) == ("", "", "4")
    assert len(failed) == 4
    assert all(row["Score"] == row["Task 3.1"] == row["Task 3.2"] == "" for row in failed)
    (row,) = rows(tables.marks([none]))
    assert (row["Score"], row["Task 3.1"], row["Task 3.2"]) == ("0", "0", "0")


def test_those_that_could_not_be_graded_have_a_file_of_their_own():
    found = rows(tables.not_graded([result(), waiting(), *FAILED]))
    statuses = ["timed out", "crashed", "damaged", "not a submission"]
    assert [row["Status"] for row in found] == statuses
    assert all(row["Reason"] for row in found) and found[0]["Learner"] == "Ida Bergström"


def test_spreadsheets_read_the_names_as_written():
    text = tables.marks([result(GERMAN), result(ARABIC, "2"), result(HEBREW, "3")])
    assert text.encode("utf-8").startswith(b"\xef\xbb\xbf") and text.count(tables.BOM) == 1
    assert [row["Learner"] for row in rows(text)] == [GERMAN, ARABIC, HEBREW]


def test_canvas_gets_its_heads_the_points_row_and_final_marks_alone():
    zoe = result("Zoe", "9", tasks=(task("3.1", points=2.5),))
    text = tables.canvas([result(), waiting(), *FAILED, zoe], SLUG)
    assert not text.startswith(tables.BOM)
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", SLUG],
        ["    Points Possible", "", "", "", "", "20"],
        ["Ada King", "4711", "", "", "", "20"],
        ["Zoe", "9", "", "", "", "2.5"],
    ]


def test_no_learner_is_taken_for_canvas_s_points_row():
    text = tables.canvas([result("Points Possible", "1")], SLUG)
    assert text.count("Points Possible") == 1 and "\r\npoints-possible,1," in text


def test_moodle_gets_its_identifier_grade_and_feedback():
    found = result(
        file=MOODLE, tasks=(task("3.1"), task("3.2", "failed", message="expected 3, got 4"))
    )
    (row,) = rows(tables.moodle([found], SLUG))
    assert row == {
        "Identifier": "Participant 4711",
        "Full name": "Ada King",
        "ID number": "",
        "Email address": "",
        "Grade": "4",
        "Maximum grade": "20",
        "Last modified (grade)": "-",
        "Feedback comments": "Task 3.1: 4 of 4; Task 3.2: 0 of 4 (expected 3, got 4)",
    }


def test_a_number_of_one_platform_is_never_told_to_the_other():
    both = [result(file=MOODLE), result("Bo", "88")]
    assert "4711" not in tables.canvas(both, SLUG) and "88" not in tables.moodle(both, SLUG)


@pytest.mark.parametrize(
    ("learner", "number", "mail", "login"),
    [
        ("aking", "aking", "", "aking"),
        ("ada@example.org", "", "ada@example.org", "ada@example.org"),
        ("Ada King", "", "", ""),
    ],
)
def test_a_folder_s_name_is_a_login_where_it_can_be_one(learner, number, mail, login):
    found = [result(learner, "", file=f"{learner}/03.ipynb")]
    (row,) = rows(tables.moodle(found, SLUG))
    assert (row["ID number"], row["Email address"], row["Identifier"]) == (number, mail, "")
    assert rows(tables.canvas(found, SLUG))[1]["SIS Login ID"] == login


def test_who_handed_in_twice_is_for_a_person_and_two_learners_of_one_name_are_two():
    twice = [
        result(file="a.ipynb"),
        result(file="b.ipynb", tasks=(task("3.1"),)),
        result("Ada King", "4712"),
    ]
    twice += [replace(FAILED[3], learner="Ada King", learner_id="4712")]
    assert [row["File"] for row in rows(tables.handed_in_twice(twice))] == ["a.ipynb", "b.ipynb"]
    assert [row["ID"] for row in rows(tables.canvas(twice, SLUG))][1:] == ["4712"]
    assert tables.handed_in_twice(twice[1:]) == ""


def test_a_second_file_that_crashed_leaves_it_open_which_one_counts():
    both = [result(learner_id="61"), replace(FAILED[1], learner="Ada King", learner_id="61")]
    assert tables.canvas(both, SLUG) == "" and len(rows(tables.handed_in_twice(both))) == 2


def test_an_import_file_is_empty_where_there_is_nothing_to_import():
    assert tables.canvas([waiting(), *FAILED], SLUG) == ""
    assert tables.moodle([waiting(file=MOODLE)], SLUG) == ""
    assert tables.canvas([result()], "01_llm_basics") == ""


def test_tasks_stand_in_the_course_s_order():
    ids = ["2.10", "2.9", "10.1", "extra"]
    assert sorted(ids, key=tables.in_course_order) == ["extra", "2.9", "2.10", "10.1"]


# --- marks by hand


def filled(text, points, comment="Well argued."):
    """The table as a person saves it with points in every row."""
    found = rows(text)
    target = io.StringIO()
    writer = csv.DictWriter(target, found[0].keys())
    writer.writeheader()
    writer.writerows(row | {"Points": points, "Comment": comment} for row in found)
    return target.getvalue()


def test_points_by_hand_complete_the_score():
    text = filled(manual.table([waiting()], {}), "2,5")
    (marked,) = manual.apply([waiting()], manual.read(text.encode()))
    assert (marked.status, marked.score) == ("graded", 18.5)
    by_hand = marked.tasks[-1]
    assert (by_hand.state, by_hand.points, by_hand.message) == ("marked", 2.5, "Well argued.")
    assert rows(tables.canvas([marked], SLUG))[1][SLUG] == "18.5"


@pytest.mark.parametrize(
    "save",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("cp1252", "replace"),
        lambda text: _with_semicolons(text).encode("cp1252", "replace"),
        lambda text: _with_semicolons(text, "\t").encode(),
    ],
)
def test_the_table_is_read_as_spreadsheets_save_it(save):
    text = filled(manual.table([waiting(GERMAN)], {}), "3", "Für den Grund; gut")
    (mark,) = manual.read(save(text)).values()
    assert (mark.points, mark.comment) == ("3", "Für den Grund; gut")


def _with_semicolons(text, separator=";"):
    target = io.StringIO()
    csv.writer(target, delimiter=separator).writerows(csv.reader(io.StringIO(text, newline="")))
    return target.getvalue()


@pytest.mark.parametrize("points", ["5", "-1", "four", "nan", "inf"])
def test_points_that_cannot_be_are_named_with_their_line(points):
    marks = manual.read(filled(manual.table([waiting()], {}), points).encode())
    with pytest.raises(CourseError, match=r"line 2: the points of task 3\.6 .* from 0 to 4"):
        manual.apply([waiting()], marks)


def test_a_mark_counts_for_the_answer_that_was_marked_and_is_never_lost():
    marks = manual.read(filled(manual.table([waiting()], {}), "4").encode())
    changed = waiting(answers=(("3.6", "I think again: the lending rules."),))
    assert manual.apply([changed], marks)[0].status == "needs marking"
    new, old = rows(manual.table([changed], marks))
    assert (new["Points"], old["Points"], old["Comment"]) == ("", "4", "Well argued.")
    assert len(manual.read(manual.table([changed], marks).encode())) == 1


def test_a_comment_without_points_stays_and_marks_nothing():
    text = filled(manual.table([waiting()], {}), "", "Look again tomorrow.")
    marks = manual.read(text.encode())
    assert manual.apply([waiting()], marks) == [waiting()]
    assert rows(manual.table([waiting()], marks))[0]["Comment"] == "Look again tomorrow."


def test_a_table_without_its_columns_or_with_two_marks_is_refused():
    with pytest.raises(CourseError, match="no column 'Key'"):
        manual.read(b"Name,Points\r\nAda,3\r\n")
    text = filled(manual.table([waiting()], {}), "3")
    with pytest.raises(CourseError, match="lines 2 and 3"):
        manual.read((text + text.splitlines()[1].replace(",3,", ",4,") + "\r\n").encode())


# --- on disk


def names(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in files)


def test_write_all_writes_every_file_and_says_which(tmp_path):
    written = outputs.write_all([result(), waiting(), *FAILED], tmp_path, solutions=tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in written) == names(tmp_path)
    expected = "marks.csv not_graded.csv to_mark.csv overview.html".split()
    assert {*expected, f"import/canvas_{SLUG}.csv"} <= set(names(tmp_path))
    assert sum(name.startswith("feedback/") for name in names(tmp_path)) == 6


def test_a_second_run_reads_the_marks_and_takes_away_what_is_stale(tmp_path):
    class_ = [waiting(), result("Bo", "2"), result(file="a.ipynb"), result(file="b.ipynb")]
    outputs.write_all(class_, tmp_path, solutions=tmp_path)
    (tmp_path / "feedback" / "my own notes.html").write_text("kept", "utf-8")
    to_mark = tmp_path / "to_mark.csv"
    to_mark.write_text(filled(to_mark.read_text("utf-8-sig"), "4"), "utf-8")
    outputs.write_all([waiting()], tmp_path, solutions=tmp_path)
    imported = (tmp_path / f"import/canvas_{SLUG}.csv").read_text("utf-8").splitlines()
    assert imported[2:] == ["Noor Haddad,52,,,,20"]
    assert not (tmp_path / "handed_in_twice.csv").exists()
    assert (tmp_path / "feedback" / "my own notes.html").exists()
    assert len(names(tmp_path / "feedback")) == 2
    assert rows(to_mark.read_text("utf-8"))[0]["Points"] == "4"
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    outputs.write_all([waiting()], tmp_path, solutions=tmp_path)
    assert before == {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}


def test_an_impossible_mark_stops_before_anything_is_written(tmp_path):
    outputs.write_all([waiting()], tmp_path, solutions=tmp_path)
    to_mark = tmp_path / "to_mark.csv"
    to_mark.write_text(filled(to_mark.read_text("utf-8-sig"), "40"), "utf-8")
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    with pytest.raises(CourseError, match="not '40'"):
        outputs.write_all([waiting(), result()], tmp_path, solutions=tmp_path)
    assert before == {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}


def test_a_file_that_cannot_be_written_says_so_and_leaves_no_half(tmp_path):
    (tmp_path / "marks.csv").mkdir()
    (tmp_path / "marks.csv" / "in the way").touch()
    with pytest.raises(CourseError, match=r"marks\.csv cannot be written"):
        outputs.write_all([result()], tmp_path, solutions=tmp_path)
    assert not [name for name in names(tmp_path) if ".new-" in name]


def test_a_class_of_300_has_300_rows_everywhere(tmp_path):
    class_ = class_of_300()
    outputs.write_all(class_, tmp_path, solutions=tmp_path)
    final = [found for found in class_ if found.status == "graded"]
    assert len(rows((tmp_path / "marks.csv").read_text("utf-8"))) == len(class_) == 300
    assert len(rows((tmp_path / f"import/canvas_{SLUG}.csv").read_text("utf-8"))) == len(final) + 1
    assert len(names(tmp_path / "feedback")) == 300 and len(final) > 200
    scores = {row["ID"]: row["Score"] for row in rows((tmp_path / "marks.csv").read_text("utf-8"))}
    assert all(scores[found.learner_id] == tables.number(found.score) for found in final)
    assert [found.learner_id for found in class_ if not scores[found.learner_id]] == [
        found.learner_id for found in class_ if found.status != "graded"
    ]
