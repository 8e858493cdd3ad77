"""Intake: what can be read, where the answers are; and results that are kept,
resumed and told apart.
"""

import io
import json
import os
import re
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import graded_class
import pytest
from adversarial import exercise, lesson_09

from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading import assignments, engine, records
from ftrag_helpers.grading.answer_modules import answer_modules
from ftrag_helpers.grading.intake import answers, submissions
from ftrag_helpers.grading.intake.submissions import Submission

NOTEBOOK = json.dumps(exercise.notebook())


@pytest.fixture(scope="module")
def master(tmp_path_factory):
    return assignments.load_assignments(exercise.write_solution(tmp_path_factory.mktemp("master")))[
        "09_small"
    ]


def read(path):
    return {found.file: found for found in submissions.intake(path)}


def zipped(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, text in members:
            archive.writestr(name, text)
    return path


# --- folders


def test_a_folder_is_read_in_the_order_of_names_and_hidden_files_are_passed_over(tmp_path):
    for name in (
        "b.ipynb",
        "a/x.ipynb",
        ".ipynb_checkpoints/b-checkpoint.ipynb",
        "a/.DS_Store",
        "essay.pdf",
        "__MACOSX/b.ipynb",
    ):
        exercise.write(tmp_path / name, {})
    found = list(submissions.intake(tmp_path))
    assert [item.file for item in found] == ["a/x.ipynb", "b.ipynb", "essay.pdf"]
    assert [item.status for item in found] == [
        "",
        "",
        "not a submission",
    ] and "no notebook" in found[2].detail


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs links and pipes in folders")
def test_links_and_pipes_are_never_followed(tmp_path):
    secret = exercise.write(tmp_path / "secret.ipynb", exercise.notebook())
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link.ipynb").symlink_to(secret)
    (folder / "nowhere.ipynb").symlink_to(tmp_path / "nothing")
    (folder / "all").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.ipynb")
    found = read(folder)
    assert sorted(found) == ["all", "link.ipynb", "nowhere.ipynb", "pipe.ipynb"]
    assert all(item.status == "not a submission" and item.data == b"" for item in found.values())
    assert "link" in found["link.ipynb"].detail and "no ordinary file" in found["pipe.ipynb"].detail


def test_a_notebook_of_50_mb_is_not_read_whole(tmp_path):
    with open(tmp_path / "big.ipynb", "wb") as file:
        file.truncate(50 * 2**20)
    (found,) = submissions.intake(tmp_path)
    assert (found.status, found.data) == ("damaged", b"") and "larger than 20 MB" in found.detail


def test_what_is_neither_folder_nor_zip_is_named(tmp_path):
    (tmp_path / "x.txt").write_text("x", "utf-8")
    with pytest.raises(CourseError, match="neither a folder nor a zip"):
        list(submissions.intake(tmp_path / "x.txt"))
    with pytest.raises(CourseError, match="does not exist"):
        list(submissions.intake(tmp_path / "nothing"))


# --- zips


def test_a_download_from_canvas_or_moodle_is_read_without_unpacking(tmp_path):
    names = [
        "kingada_12_345_02.ipynb",
        "Ben Ek_77_assignsubmission_file_/02.ipynb",
        "../../../tmp/evil.ipynb",
        "/etc/evil.ipynb",
        "C:\\Users\\evil.ipynb",
        "__MACOSX/._02.ipynb",
    ]
    found = read(zipped(tmp_path / "class.zip", [(name, NOTEBOOK) for name in names]))
    assert len(found) == 5 and all(item.data == NOTEBOOK.encode() for item in found.values())
    assert {(item.learner, item.learner_id) for item in found.values()} >= {
        ("kingada", "12"),
        ("Ben Ek", "77"),
    }
    assert [path.name for path in tmp_path.rglob("*")] == ["class.zip"] and not Path(
        "/etc/evil.ipynb"
    ).exists()


def test_a_zip_bomb_costs_no_more_than_its_limit(tmp_path):
    bomb = io.BytesIO()
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("bomb_1_2_02.ipynb", "w") as member,
    ):
        for _ in range(80):
            member.write(bytes(2**20))
    (tmp_path / "class.zip").write_bytes(bomb.getvalue())
    assert len(bomb.getvalue()) < 2**20
    (found,) = submissions.intake(tmp_path / "class.zip")
    assert (found.status, found.data) == ("damaged", b"") and "larger than" in found.detail


def test_a_zip_whose_index_lies_about_sizes_is_bounded_too(tmp_path):
    path = zipped(
        tmp_path / "class.zip", [("a_1_2_x.ipynb", bytes(30 * 2**20)), ("b_2_3_x.ipynb", NOTEBOOK)]
    )
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02") + 24  # the uncompressed size of the first member in the index
    data[at : at + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    found = {item.learner: item for item in submissions.intake(path)}
    assert len(found["a"].data) <= 1000 and found["b"].data == NOTEBOOK.encode()


def test_links_locks_and_rare_packings_in_a_zip_are_refused(tmp_path):
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("link_1_2_x.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr(zipfile.ZipInfo("rare_2_3_x.ipynb"), NOTEBOOK, zipfile.ZIP_LZMA)
        archive.writestr("locked_3_4_x.ipynb", NOTEBOOK)
        archive.writestr("class_4_5_inner.zip", "PK")
    data = bytearray(path.read_bytes())
    for mark, offset in (
        (b"PK\x03\x04", 6),
        (b"PK\x01\x02", 8),
    ):  # the flag "encrypted", in the member and in the index
        at = (
            data.index(b"locked_3_4", data.index(mark))
            if mark == b"PK\x03\x04"
            else data.rindex(b"locked_3_4")
        )
        data[at - (30 if mark == b"PK\x03\x04" else 46) + offset] |= 1
    path.write_bytes(bytes(data))
    found = {item.learner: item for item in submissions.intake(path)}
    assert {name: item.status for name, item in found.items()} == {
        "link": "not a submission",
        "rare": "damaged",
        "locked": "damaged",
        "class": "not a submission",
    }
    assert "encrypted" in found["locked"].detail and all(
        item.data == b"" for item in found.values()
    )


def test_a_damaged_member_leaves_the_others(tmp_path):
    path = zipped(
        tmp_path / "class.zip", [("a_1_2_x.ipynb", NOTEBOOK), ("b_2_3_x.ipynb", NOTEBOOK * 3)]
    )
    data = bytearray(path.read_bytes())
    data[60:70] = b"\xff" * 10
    path.write_bytes(bytes(data))
    found = {item.learner: item for item in submissions.intake(path)}
    assert found["a"].status == "damaged" and found["b"].data == (NOTEBOOK * 3).encode()


def test_too_many_files_and_a_broken_zip_are_errors_for_the_instructor(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "FILES", 3)
    path = zipped(tmp_path / "class.zip", [(f"{i}.ipynb", "{}") for i in range(4)])
    with pytest.raises(CourseError, match="4 files"):
        list(submissions.intake(path))


# --- masters


def test_a_master_tells_cells_tasks_and_hidden_seeds(master):
    assert [(task.id, task.points, task.name, task.seeds) for task in master.tasks] == [
        ("9.1", 4, "double", (0, 918273)),
        ("9.2", 4, "longest", (0, 564738)),
        ("9.3", 4, "share", (0, 192837)),
        ("9.4", 2, "", ()),
    ]
    assert (
        master.tasks[3].title == "Which and why"
        and master.max_score == 14
        and master.stubs["task_9_4"] == ""
    )
    assert [cell.kind for cell in master.cells] == [
        "setup",
        "answer",
        "check",
        "given",
        "answer",
        "check",
        "given",
        "answer",
        "check",
        "text",
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("check.task_9_1(double)", "check.task_9_1(double, seed=0 + 1)"), "write a check as"),
        (("check.task_9_1(double)", "check.task_9_1(double, 3)"), "write a check as"),
        (("check.task_9_1(double)", "check.task_9_2(double)"), "one task by one name"),
        (("check.task_9_1(double)", "%time check.task_9_1(double)"), "plain Python"),
        (
            ("from adversarial import lesson_09 as check", "import adversarial"),
            "do not import the checks",
        ),
        (("check.task_9_1", "check.task_8_1"), "no task 8.1"),
    ],
)
def test_a_master_that_cannot_be_read_is_named_with_its_cell(tmp_path, change, words):
    found = json.dumps(exercise.notebook(hidden=True)).replace(*change)
    path = tmp_path / "solutions" / "09_small.ipynb"
    path.parent.mkdir()
    path.write_text(found, "utf-8")
    with pytest.raises(CourseError, match=words) as raised:
        assignments.load_assignment(path)
    assert "09_small" in str(raised.value)


def test_without_solutions_there_is_nothing_to_grade_against(tmp_path):
    with pytest.raises(CourseError, match="no solution with graded tasks"):
        assignments.load_assignments(tmp_path)


def test_what_goes_into_the_sandbox_is_what_runs_an_answer(master):
    assert master.modules == answer_modules("adversarial.lesson_09", lesson_09.TASKS.values())


# --- results


def test_a_result_reads_back_as_it_was():
    one = graded_class.small_result()
    assert records.from_json(json.loads(json.dumps(records.to_json(one)))) == one
    with pytest.raises(ValueError, match="no stored result"):
        records.from_json({"tasks": [], "answers": []})


@pytest.mark.parametrize("status", records.STATUSES[2:])
def test_a_failing_status_can_never_be_a_zero(status):
    assert graded_class.small_result(status=status, score=None).score is None
    with pytest.raises(ValueError, match="cannot have the score 0"):
        graded_class.small_result(status=status, score=0)
    with pytest.raises(ValueError, match="none of"):
        graded_class.small_result(status="ok")


def test_file_names_of_results_are_safe_and_tell_files_apart():
    learners = ("../../x", "CON", "Ada", "Ada", "ada", "王", "x" * 500)
    names = {engine.file_name(Submission(name, "", f"{i}")) for i, name in enumerate(learners)}
    assert len(names) == 7 and all(re.fullmatch(r"[a-z0-9][a-z0-9-]{,60}\.json", n) for n in names)


# --- a class: run without a sandbox, so that it is tested on every system with fork

forked = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")


def grade(folder, **options):
    """Results of the notebooks in FOLDER/in, with the solutions beside it."""
    options = {"jobs": 1, "sandbox": False} | options
    return engine.grade(folder / "in", folder / "solutions", folder / "out", **options)


def stored(folder):
    """The results that FOLDER/out keeps."""
    paths = (folder / "out" / "results").glob("*.json")
    return [json.loads(path.read_text("utf-8"))["result"] for path in paths]


@pytest.fixture
def class_(tmp_path):
    """A folder with the small exercise's solution, and a function that hands in a notebook."""
    exercise.write_solution(tmp_path)

    def hand_in(learner, answers=None):
        exercise.write(tmp_path / "in" / f"{learner}.ipynb", exercise.notebook(answers))

    return tmp_path, hand_in


@pytest.fixture
def observed(monkeypatch):
    """Whose notebooks are run, in their order."""
    learners, observe = [], engine.Grader.observe

    def noted(self, submission):
        learners.append(submission.learner)
        return observe(self, submission)

    monkeypatch.setattr(engine.Grader, "observe", noted)
    return learners


@forked
def test_a_class_from_a_zip_with_every_kind_of_file(tmp_path):
    wrong = json.dumps(exercise.notebook({"9.1": "def double(value):\n    return 3 * value"}))
    cells = [exercise.code("z", "print(1)")]
    other = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    members = {
        "kingada_1_10_09.ipynb": (NOTEBOOK, "graded", 12),
        "kingada_2_11_09.ipynb": (wrong, "graded", 8),
        "=1+1_3_12_09.ipynb": (NOTEBOOK, "graded", 12),
        "broken_4_13_09.ipynb": (NOTEBOOK[:200], "damaged", None),
        "old_5_14_09.ipynb": ('{"nbformat": 3, "worksheets": []}', "damaged", None),
        "essay_6_15_x.docx": ("text", "not a submission", None),
        "other_7_16_09.ipynb": (other, "not a submission", None),
        "../../up_8_17_09.ipynb": (NOTEBOOK, "graded", 12),
    }
    path = zipped(tmp_path / "class.zip", [(name, text) for name, (text, *_) in members.items()])
    solutions, heard = exercise.write_solution(tmp_path), []
    results = engine.grade(
        path, solutions, tmp_path / "out", jobs=2, sandbox=False, on_result=heard.append
    )
    expected = {
        tuple(name.removeprefix("../../").split("_")[:2]): ends
        for name, (_text, *ends) in members.items()
    }
    assert {(r.learner, r.learner_id): [r.status, r.score] for r in results} == expected
    assert sorted(heard, key=lambda result: result.file) == results
    assert all(result.detail for result in results if result.score is None)
    assert len(stored(tmp_path)) == 8
    (first,) = (result for result in results if result.learner_id == "1")
    assert first.answers[0] == ("9.1", exercise.DOUBLE)


@pytest.mark.slow
@forked
def test_an_interrupted_run_goes_on_where_it_was(class_, observed):
    folder, hand_in = class_
    for i in range(5):
        hand_in(f"L{i}")

    def stop(result):
        if result.learner == "L1":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade(folder, on_result=stop)
    kept = {result["learner"] for result in stored(folder)}
    assert {"L0", "L1"} <= kept and "L4" not in kept
    results = folder / "out" / "results"
    (results / engine.file_name(Submission("L0", "", "L0.ipynb"))).write_text('{"result": {')
    observed.clear()
    assert [result.score for result in grade(folder)] == [12] * 5
    assert sorted(observed) == sorted({"L0", *(f"L{i}" for i in range(5))} - (kept - {"L0"}))
    assert not list(results.glob(".new-*"))


@pytest.mark.slow
@forked
def test_more_time_runs_only_those_again_that_timed_out(class_, observed):
    folder, hand_in = class_
    hand_in("slow", {"9.1": f"{exercise.DOUBLE}\nimport time; time.sleep(1)"})
    hand_in("quick")
    first = grade(folder, timeout=0.5)
    assert [(result.learner, result.status, result.score) for result in first] == [
        ("quick", "graded", 12),
        ("slow", "timed out", None),
    ]
    assert grade(folder, timeout=0.4) == first and len(observed) == 2
    assert [result.status for result in grade(folder, timeout=5)] == ["graded", "graded"]
    assert observed[2:] == ["slow"]


@forked
def test_a_changed_test_runs_all_again(class_):
    folder, hand_in = class_
    hand_in("Ada")
    (submission,) = submissions.intake(folder / "in")

    def fingerprint():
        grader = engine.Grader(folder / "solutions", sandbox=False)
        return grader.fingerprint(submission, "09_small")

    before, path = fingerprint(), folder / "solutions" / "09_small.ipynb"
    path.write_text(path.read_text("utf-8").replace("918273", "918274"), "utf-8")
    assert fingerprint() != before


@forked
def test_a_solution_that_fails_its_own_tests_stops_the_grading(class_):
    folder, hand_in = class_
    hand_in("Ada")
    wrong = exercise.notebook({"9.2": "longest = max"}, hidden=True)
    exercise.write(folder / "solutions" / "09_small.ipynb", wrong)
    with pytest.raises(CourseError, match=r"09_small does not pass its own tests.*task 9.2"):
        grade(folder)
    assert not stored(folder)


@forked
def test_a_setup_that_leaves_files_open_is_run_for_each_submission(class_):
    folder, hand_in = class_
    answer = {
        "9.1": (
            "def double(value):\n    return value * 2 if opened.seek(0) == 0 and opened.read(3) =="
            " word else 0"
        )
    }
    solution = exercise.notebook(answer, hidden=True)
    solution["cells"][0]["source"] += (
        "\nopened = open(runtime.__file__, encoding='utf-8')\nword = opened.read(3)"
    )
    exercise.write(folder / "solutions" / "09_small.ipynb", solution)
    hand_in("Ada", answer)
    (ada,) = grade(folder)
    assert (ada.status, ada.score) == ("graded", 12)


@forked
def test_a_setup_that_fails_names_the_error(class_):
    folder, hand_in = class_
    solution = exercise.notebook(hidden=True)
    solution["cells"][0]["source"] += "\nraise OSError('the model is not here')"
    exercise.write(folder / "solutions" / "09_small.ipynb", solution)
    hand_in("Ada")
    with pytest.raises(CourseError, match="first cells.*the model is not here"):
        grade(folder)


@forked
def test_a_text_is_to_be_marked_as_soon_as_something_is_written(class_):
    from ftrag_helpers.exercises import build

    assert build.TEXT_STUB in answers.TEXT_STUBS
    folder, hand_in = class_
    stub = f"**Your reason**\n\n{build.TEXT_STUB}"
    exercise.write(folder / "exercises" / "09_small.ipynb", exercise.notebook({"9.4": stub}))
    written = f"**Your reason**\n\nIt depends.\n{build.TEXT_STUB}"
    texts = {"a": "x", "b": stub, "c": "  \n", "d": build.TEXT_STUB, "e": written}
    for name, text in {**texts, "f": "**Your reason**"}.items():
        hand_in(name, {"9.4": text})
    results = grade(folder)
    assert {r.learner for r in results if r.status == "needs marking"} == {"a", "e"}
    assert all(result.score == 12 and result.tasks[3].points == 0 for result in results)


@forked
def test_two_runs_do_not_write_to_one_folder(class_):
    from filelock import FileLock

    folder, hand_in = class_
    hand_in("Ada")
    lock = folder / "out" / "results" / ".lock"
    lock.parent.mkdir(parents=True)
    with FileLock(lock), pytest.raises(CourseError, match="Another run"):
        grade(folder)


@forked
def test_the_named_assignment_is_the_only_one(class_):
    folder, hand_in = class_
    hand_in("Ada")
    other = exercise.notebook(hidden=True)
    cells = [cell for cell in other["cells"] if not cell["id"].startswith("t9_4")]
    for cell in cells:
        cell["id"] = f"o-{cell['id']}"
        metadata = json.dumps(cell["metadata"]).replace('"task_9', '"other_9')
        cell["metadata"] = json.loads(metadata)
    exercise.write(folder / "solutions" / "10_other.ipynb", {**other, "cells": cells})
    (ada,) = grade(folder, assignment="10_other")
    assert (ada.status, ada.score, ada.assignment) == ("not a submission", None, "10_other")
    assert "09_small" in ada.detail
    (ada,) = grade(folder)
    assert (ada.status, ada.assignment, ada.score) == ("graded", "09_small", 12)
    with pytest.raises(CourseError, match="no solution 'x'"):
        engine.Grader(folder / "solutions", sandbox=False, assignment="x")


@forked
def test_an_empty_folder_is_an_error(class_):
    folder, _hand_in = class_
    (folder / "in").mkdir()
    with pytest.raises(CourseError, match="no file"):
        grade(folder)


@forked
def test_what_the_solution_imports_is_imported_ahead_for_the_class(class_):
    folder, hand_in = class_
    uses = {"9.1": "def double(value):\n    import colorsys\n    return value * 2"}
    exercise.write(folder / "solutions" / "09_small.ipynb", exercise.notebook(uses, hidden=True))
    asks = (
        "import sys\nahead = 'colorsys' in sys.modules\ndef double(value):\n    return value *"
        " 2 if ahead else 0"
    )
    hand_in("Ada", {"9.1": asks})
    (ada,) = grade(folder)
    assert ada.score == 12


@forked
def test_a_submission_that_loses_the_warmed_process_twice_is_crashed_not_zero(class_, monkeypatch):
    from ftrag_helpers.grading.execution import runner

    folder, hand_in = class_
    hand_in("Ada")
    hand_in("Ben", {"9.1": f"{exercise.DOUBLE}\nlost = 1"})
    run = runner.Runner.run

    def losing(self, steps, *more, **named):
        if any("lost = 1" in step.get("source", "") for step in steps):
            self._process.kill()
        return run(self, steps, *more, **named)

    monkeypatch.setattr(runner.Runner, "run", losing)
    ada, ben = grade(folder)
    assert (ada.status, ada.score) == ("graded", 12)
    assert (ben.status, ben.score) == ("crashed", None) and "the grader's own process" in ben.detail


KILLED = """
import sys, time
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from ftrag_helpers.grading.grader import Grader
from ftrag_helpers.grading.intake.submissions import Submission
solution = Path(sys.argv[1])
one = Grader(solution.parent, sandbox=False)
one.grade(Submission("x", "", "x", solution.read_bytes()))
(runner,) = one._runners.values()
print(runner._process.pid, runner._folder, flush=True)
time.sleep(60)
"""


@forked
def test_a_grader_that_is_killed_leaves_no_process_and_no_folder(tmp_path):
    """The warmed process sees that the other end of its line is gone."""
    solution = exercise.write_solution(tmp_path) / "09_small.ipynb"
    paths = [str(Path(engine.__file__).parents[2]), str(Path(__file__).parents[1])]
    line = [sys.executable, "-c", KILLED, str(solution), *paths]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        pid, folder = process.stdout.readline().split()
        assert Path(folder).is_dir() and _alive(int(pid))
        process.kill()
    end = time.monotonic() + 10
    while time.monotonic() < end and (Path(folder).exists() or _alive(int(pid))):
        time.sleep(0.05)
    assert not Path(folder).exists() and not _alive(int(pid))


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat_line = Path("/proc", str(pid), "stat")
    return (
        not stat_line.exists() or stat_line.read_text("ascii").rsplit(")", 1)[1].split()[0] != "Z"
    )
