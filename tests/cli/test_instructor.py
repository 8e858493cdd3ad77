"""`ftrag build` and `ftrag grade`: what they write, and what they say when something is wrong."""

import csv

import pytest
from adversarial import exercise

from ftrag_helpers.cli import main
from ftrag_helpers.grading.execution import sandbox

REASON = sandbox.refusal()


@pytest.fixture
def handed_in(tmp_path):
    exercise.write(tmp_path / "in" / "ada lovelace.ipynb", exercise.notebook())
    exercise.write(
        tmp_path / "in" / "=cmd()|x.ipynb",
        exercise.notebook({"9.1": "def double(value):\n    return value\n"}),
    )
    (tmp_path / "in" / "broken.ipynb").write_text("{", "utf-8")
    return tmp_path / "in", exercise.write_solution(tmp_path)


def test_build_says_that_the_exercises_are_in_step(capsys):
    assert main.main(["build", "--check"]) == 0
    assert "in step" in capsys.readouterr().out


@pytest.mark.skipif(bool(REASON), reason=f"no sandbox here: {REASON[:120]}")
def test_grade_writes_marks_pages_and_an_overview(handed_in, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FTRAG_CACHE", str(tmp_path / "cache"))
    folder, solutions = handed_in
    out = tmp_path / "out"
    call = [
        "grade",
        str(folder),
        "--out",
        str(out),
        "--solutions",
        str(solutions),
        "--jobs",
        "1",
        "--timeout",
        "10",
    ]
    assert main.main(call) == 0
    said = capsys.readouterr().out
    assert "1 damaged" in said and "3 feedback pages" in said and "marks.csv" in said
    rows = list(csv.DictReader((out / "marks.csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == 3 and (out / "overview.html").is_file()
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
    assert main.main(call) == 0  # nothing changed: nothing is run again


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["nowhere"], "nowhere"),
        ([".", "--jobs", "-1"], "--jobs must be"),
        ([".", "--timeout", "0"], "--timeout"),
    ],
)
def test_what_is_wrong_is_one_message(arguments, words, tmp_path, capsys):
    assert (
        main.main(["grade", *arguments, "--out", str(tmp_path / "out"), "--unsafe-no-sandbox"]) == 1
    )
    assert words in capsys.readouterr().err
