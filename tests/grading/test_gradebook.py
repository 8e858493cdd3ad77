"""nbgrader's own database: read back through nbgrader, with no mark that nobody gave."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from adversarial import exercise
from graded_class import ARABIC, FAILED, SCRIPT, SLUG, class_of_300, result, task, waiting

from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading.reports import gradebook, outputs

pytestmark = pytest.mark.slow

api = pytest.importorskip("nbgrader.api")


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return gradebook.fill([], tmp_path_factory.mktemp("empty") / "gradebook.db")


@pytest.fixture
def database(empty, tmp_path):
    return Path(shutil.copy(empty, tmp_path / "gradebook.db"))


def read(path):
    """{student: {grade's name:

    (auto, manual, needs a person)}} of one exercise, and its comments.
    """
    with api.Gradebook(f"sqlite:///{path}") as book:
        found = {}
        for submission in book.assignment_submissions(SLUG):
            (notebook,) = submission.notebooks
            found[submission.student.id] = (
                {
                    grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
                    for grade in notebook.grades
                },
                {comment.name: comment.comment for comment in notebook.comments},
                submission.score,
            )
        return found


def test_points_messages_and_what_a_person_marks_are_entered(database):
    wrong = result(
        "Bo", "9", tasks=(task("3.1", "failed", message="expected 3, got 4"), task("3.2"))
    )
    gradebook.fill([waiting(), wrong], database)
    grades, _comments, score = read(database)["52"]
    assert (grades["task_3_1_check"], score) == ((4.0, None, False), 16.0)
    assert grades["task_3_6"] == (None, None, True)
    grades, comments, score = read(database)["9"]
    assert (grades["task_3_1_check"], score) == ((0.0, None, False), 4.0)
    assert comments["task_3_1"] == "expected 3, got 4"
    with api.Gradebook(f"sqlite:///{database}") as book:
        assert book.find_assignment(SLUG).max_score == 20.0
        cell = book.find_grade_cell("task_3_6", SLUG, SLUG)
        assert (cell.max_score, cell.cell_type) == (4.0, "markdown")


def test_a_submission_without_a_score_is_not_entered_and_never_a_zero(database):
    gradebook.fill([result(), *FAILED], database)
    assert set(read(database)) == {"4711"}
    with api.Gradebook(f"sqlite:///{database}") as book:
        assert [student.id for student in book.students] == ["4711"]


def test_filling_again_changes_nothing(database):
    class_ = [result(), waiting(), *FAILED]
    gradebook.fill(class_, database)
    before = read(database)
    gradebook.fill(class_, database)
    assert read(database) == before


def test_a_class_is_entered(database):
    class_ = class_of_300()[:100]
    gradebook.fill(class_, database)
    found = read(database)
    scored = {other.learner_id: other.score for other in class_ if other.score is not None}
    assert {student: score for student, (_, _, score) in found.items()} == scored
    assert len(scored) == 98


def by_person(database, student, points):
    with api.Gradebook(f"sqlite:///{database}") as book:
        grade = book.find_grade("task_3_6", SLUG, SLUG, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()


def test_points_given_in_the_formgrader_stay(database):
    gradebook.fill([waiting()], database)
    by_person(database, "52", 3.0)
    gradebook.fill([waiting()], database)
    assert read(database)["52"][0]["task_3_6"] == (None, 3.0, False)


def test_points_of_the_table_are_entered_as_a_person_s(database):
    marked = result(tasks=(task("3.1"), task("3.6", "marked", 2.5, "Well argued.")))
    gradebook.fill([waiting(), marked], database)
    grades, comments, score = read(database)["4711"]
    assert (grades["task_3_6"], score) == ((None, 2.5, False), 6.5)
    assert comments["task_3_6"] == "Well argued."


def test_a_newer_file_that_crashed_takes_the_older_score_out_unless_a_person_gave_points(database):
    crashed = replace(FAILED[1], learner="Noor Haddad", learner_id="52")
    gradebook.fill([waiting()], database)
    gradebook.fill([crashed], database)
    assert read(database) == {}
    gradebook.fill([waiting()], database)
    by_person(database, "52", 3.0)
    gradebook.fill([crashed], database)
    grades = read(database)["52"][0]
    assert grades["task_3_6"] == (None, 3.0, True)
    assert grades["task_3_1_check"] == (None, None, True)


def test_who_handed_in_twice_is_left_to_a_person(database):
    gradebook.fill([result(file="a"), result(file="b"), result("Bo", "2")], database)
    assert set(read(database)) == {"2"}


def test_hostile_and_equal_names_become_students_of_their_own(database):
    hostile = (SCRIPT, ARABIC, "=cmd(),x", "'; DROP TABLE grade;--")
    people = [result(name, "") for name in ("../../x", "..\\..\\x", "a b", "A_B", *hostile)]
    gradebook.fill(people, database)
    found = read(database)
    assert len(found) == len(people) and all(score == 20.0 for _, _, score in found.values())
    assert len({student.casefold() for student in found}) == len(people)
    assert not [student for student in found if set(student) & set("/\\<>;'=, \"")]


def test_students_whom_the_database_holds_already_get_their_own_marks(database):
    with api.Gradebook(f"sqlite:///{database}") as book:
        book.update_or_create_student("o'hara, tom")
        book.update_or_create_student("aking", lms_user_id="4711")
    gradebook.fill(
        [result("o'hara, tom", ""), result("kingada", "4711"), result("new/one", "")], database
    )
    assert set(read(database)) == {"o'hara, tom", "aking", "new_one"}
    gradebook.fill([result("4711", "", tasks=(task("3.1", "failed", message="no"),))], database)
    assert (
        read(database)["aking"][2] == 20.0 and read(database)["4711"][2] == 0.0
    )  # a file's name is no platform's number


def test_a_platform_s_number_is_one_student_whatever_name_it_comes_with(database):
    gradebook.fill(
        [result("kingada", "4711"), result("king-ekada", "4711", assignment="02_task_fine_tuning")],
        database,
    )
    with api.Gradebook(f"sqlite:///{database}") as book:
        assert [student.id for student in book.students] == ["4711"]


def test_a_task_that_the_exercise_got_later_is_added(database):
    gradebook.fill([result(tasks=(task("3.1"),))], database)
    gradebook.fill([result()], database)
    assert read(database)["4711"][2] == 20.0


def test_the_solution_tells_the_cells(database, tmp_path):
    solutions = exercise.write_solution(tmp_path)
    tasks = tuple(replace(task("3.1"), id=name) for name in ("9.1", "9.2", "9.3"))
    skipped = replace(task("3.6", "not attempted"), id="9.4", max_points=2.0)
    gradebook.fill(
        [result(assignment="09_small", tasks=(*tasks, skipped))], database, solutions=solutions
    )
    with api.Gradebook(f"sqlite:///{database}") as book:
        notebook = book.find_notebook("09_small", "09_small")
        assert {(cell.name, cell.cell_type, cell.max_score) for cell in notebook.grade_cells} == {
            ("task_9_1_check", "code", 4.0),
            ("task_9_2_check", "code", 4.0),
            ("task_9_3_check", "code", 4.0),
            ("task_9_4", "markdown", 2.0),
        }
        assert book.find_grade("task_9_4", "09_small", "09_small", "4711").auto_score == 0.0
        names = {cell.name for cell in notebook.solution_cells}
        assert names == {f"task_9_{i}" for i in range(1, 5)}


def test_nbgrader_s_own_export_reads_it(database, tmp_path):
    from nbgrader.plugins.export import CsvExportPlugin

    outputs.write_all(
        [waiting(), result(), *FAILED], tmp_path / "out", gradebook=database, solutions=tmp_path
    )
    with api.Gradebook(f"sqlite:///{database}") as book:
        CsvExportPlugin(to=str(tmp_path / "grades.csv")).export(book)
    with open(tmp_path / "grades.csv", encoding="utf-8", newline="") as source:
        found = {row["student_id"]: float(row["score"]) for row in csv.DictReader(source)}
    assert found == {"52": 16.0, "4711": 20.0}


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "gradebook.db"
    path.write_text("Dear diary, " * 200, "utf-8")
    with pytest.raises(CourseError, match="cannot be filled"):
        gradebook.fill([result()], path)
    assert path.read_text("utf-8").startswith("Dear diary")
