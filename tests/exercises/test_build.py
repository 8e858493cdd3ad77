"""Exercises are what the solutions make of them, give nothing away, and stock nbgrader marks
them.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.exercises import build

ROOT = runtime.course_root()
SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))
SLUGS = [path.stem for path in SOLUTIONS]
STUB = re.compile(
    r'raise NotImplementedError\("Task (\d)\.(\d): replace this line with your code"\)'
)


def graded(notebook):
    return {
        cell.metadata.nbgrader.grade_id: cell
        for cell in notebook.cells
        if "nbgrader" in cell.metadata
    }


@pytest.fixture(scope="module")
def solutions():
    return {path.stem: nbformat.read(path, as_version=4) for path in SOLUTIONS}


@pytest.fixture(scope="module")
def texts():
    return {path.stem: build.exercise(path) for path in SOLUTIONS}


def test_there_is_something_to_test():
    assert "01_llm_basics" in SLUGS


@pytest.mark.parametrize("slug", SLUGS)
def test_the_exercise_is_what_build_makes(slug, texts):
    assert (ROOT / "exercises" / f"{slug}.ipynb").read_bytes() == texts[slug].encode(), (
        "run: ftrag build"
    )
    assert build.exercise(ROOT / "solutions" / f"{slug}.ipynb") == texts[slug]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_solution_is_sound(slug, solutions):
    from nbgrader.preprocessors import CheckCellMetadata

    notebook = solutions[slug]
    nbformat.validate(notebook)
    CheckCellMetadata().preprocess(notebook, {})
    assert all("id" in cell for cell in notebook.cells) and notebook.nbformat_minor >= 5
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert sum(cell.metadata.nbgrader.get("points", 0) for cell in graded(notebook).values()) == 20
    for cell in notebook.cells:
        assert "execution" not in cell.metadata
        assert cell.cell_type != "code" or not any(
            output.output_type == "error" for output in cell.outputs
        )


@pytest.mark.parametrize("slug", SLUGS)
def test_each_task_has_a_text_an_answer_and_two_checks(slug, solutions):
    cells = {cell.id: cell for cell in solutions[slug].cells}
    answers = [
        name
        for name, cell in graded(solutions[slug]).items()
        if cell.cell_type == "code" and cell.metadata.nbgrader.solution
    ]
    assert 3 <= len(answers) <= 6
    for name in answers:
        lesson, number = build.TASK_ID.fullmatch(name).groups()
        text, answer, check = (
            cells[f"t{lesson}{number}-{part}"] for part in ("text", "answer", "check")
        )
        assert (
            answer.metadata.nbgrader.grade_id == name
            and check.metadata.nbgrader.grade_id == f"{name}_check"
        )
        points = check.metadata.nbgrader.points
        assert (
            text.source.startswith(f"## Task {lesson}.{number} · ")
            and f"({points} points)" in text.source.splitlines()[0]
        )
        assert (
            answer.source.count("### BEGIN SOLUTION")
            == answer.source.count("### END SOLUTION")
            == 1
        )
        lines = check.source.splitlines()
        assert lines[0].startswith(f"check.{name}(") and "seed" not in lines[0]
        assert lines[1::2] == ["### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"] and len(lines) == 4
        seed = re.fullmatch(re.escape(lines[0][:-1]) + r", seed=(\d+)\)", lines[2])
        assert seed and int(seed[1]) > 0


@pytest.mark.parametrize("slug", SLUGS)
def test_nothing_is_given_away(slug, solutions, texts):
    notebook = nbformat.reads(texts[slug], as_version=4)
    assert not any(marker in texts[slug] for marker in build.MARKERS) and "seed=" not in "".join(
        cell.source for cell in graded(notebook).values()
    )
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    for name, cell in graded(solutions[slug]).items():
        inside = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", cell.source, re.S)
        for line in "".join(inside).splitlines():
            assert len(line.strip()) < 12 or line.strip() not in texts[slug], (
                f"{name} gives away: {line.strip()}"
            )


@pytest.mark.parametrize("slug", SLUGS)
def test_stubs_name_their_task_and_are_valid_python(slug, texts):
    notebook = nbformat.reads(texts[slug], as_version=4)
    for name, cell in graded(notebook).items():
        if cell.metadata.nbgrader.solution and cell.cell_type == "code":
            assert [f"task_{a}_{b}" for a, b in STUB.findall(cell.source)] == [name]
            compile(cell.source, name, "exec")
        if cell.metadata.nbgrader.locked:
            assert cell.metadata.editable is False and cell.metadata.deletable is False
            assert cell.metadata.nbgrader.checksum


def test_the_course_is_in_step():
    assert build.out_of_step(ROOT) == []


def small(
    path, answer="### BEGIN SOLUTION\n    return 7\n    ### END SOLUTION", grade_id="task_1_1"
):
    """A solution notebook of one task."""

    def meta(name, **more):
        return {
            "nbgrader": {
                "schema_version": 3,
                "grade_id": name,
                "grade": False,
                "solution": False,
                "locked": False,
                "task": False,
                **more,
            }
        }

    cells = [
        nbformat.v4.new_code_cell(
            f"def seven():\n    {answer}", id="t11-answer", metadata=meta(grade_id, solution=True)
        ),
        nbformat.v4.new_code_cell(
            "assert seven() == 7",
            id="t11-check",
            execution_count=3,
            outputs=[nbformat.v4.new_output("stream", text="fine")],
            metadata=meta("check", grade=True, locked=True, points=2),
        ),
    ]
    notebook = nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python", "version": "3.99"},
            "widgets": {"state": {}},
        },
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def test_build_writes_what_changed_and_removes_what_lost_its_solution(tmp_path):
    small(tmp_path / "solutions" / "01_a.ipynb")
    assert build.out_of_step(tmp_path) == ["01_a.ipynb"]
    path = tmp_path / "exercises" / "01_a.ipynb"
    assert build.build(tmp_path) == [path] and build.out_of_step(tmp_path) == []
    assert build.build(tmp_path) == []
    text = path.read_bytes()
    assert (
        b"3.99" not in text and b"widgets" not in text and b"fine" not in text and b"\r" not in text
    )
    (tmp_path / "exercises" / "02_old.ipynb").write_text("{}", "utf-8")
    path.write_text("touched", "utf-8")
    assert build.out_of_step(tmp_path) == ["01_a.ipynb", "02_old.ipynb"]
    assert build.build(tmp_path) == [path] and path.read_bytes() == text
    assert [file.name for file in path.parent.iterdir()] == ["01_a.ipynb"]


def test_a_variables_stub_stands_at_the_margin(tmp_path):
    path = tmp_path / "solutions" / "01_a.ipynb"
    small(path)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = "### BEGIN SOLUTION\nchoice = 3\n### END SOLUTION"
    nbformat.write(notebook, path)
    source = nbformat.reads(build.exercise(path), as_version=4).cells[0].source
    assert source == 'raise NotImplementedError("Task 1.1: replace this line with your code")'


@pytest.mark.parametrize(
    "change,words",
    [
        ({"answer": "### BEGIN SOLUTION\n    return 7"}, "no end solution"),
        (
            {
                "answer": (
                    "### BEGIN SOLUTION\n    ### END SOLUTION\n    return 7  # BEGIN MARK SCHEME"
                )
            },
            "mark scheme",
        ),
        ({"grade_id": "first"}, "not named like task_2_1"),
        ({"grade_id": "check"}, "failed to validate"),
    ],
)
def test_a_faulty_solution_stops_the_build(tmp_path, change, words):
    small(tmp_path / "solutions" / "01_a.ipynb", **change)
    with pytest.raises(CourseError, match=words):
        build.build(tmp_path)
    assert not (tmp_path / "exercises").exists()


def test_a_folder_without_solutions_loses_no_exercise(tmp_path):
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises" / "01_a.ipynb").write_text("{}", "utf-8")
    with pytest.raises(CourseError, match="no notebook"):
        build.build(tmp_path)
    assert (tmp_path / "exercises" / "01_a.ipynb").exists()


def without_model(notebook):
    """Exercise 1 less the cells that need the language model: four tasks, 16 points."""
    start = "from ftrag_helpers.exercises.lessons import lesson_01 as check"
    kept = [
        cell for cell in notebook.cells if not cell.id.startswith(("t14-", "x1-look", "x1-points"))
    ]
    next(cell for cell in kept if cell.id == "x1-start").source = start
    return nbformat.v4.new_notebook(cells=kept, metadata=notebook.metadata)


def nbgrader(course, *arguments):
    """A command of stock nbgrader, as a teacher runs it."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "nbgrader",
            *arguments,
            "--assignment=one",
            f"--CourseDirectory.root={course}",
        ],
        cwd=course,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.model  # no model needed, but half a minute
def test_stock_nbgrader_marks_what_we_hand_out(tmp_path, solutions, texts, monkeypatch):
    """Learners get our exercise; the teacher's nbgrader knows the solution.

    Full marks, none, and some.
    """
    from nbgrader.api import Gradebook

    # nbgrader calls `alembic` by name; an activated environment has it on the path.
    monkeypatch.setenv(
        "PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    solution = without_model(solutions["01_llm_basics"])
    handed_out = without_model(nbformat.reads(texts["01_llm_basics"], as_version=4))
    answers = {
        name: cell.source
        for name, cell in graded(solution).items()
        if cell.metadata.nbgrader.solution
    }
    partly = {
        "task_1_1": answers["task_1_1"],
        "task_1_2": "def nucleus(probabilities, share):\n    return [0]",
        "task_1_3": "def perplexity(texts):\n    while True:\n        import sys; sys.exit()",
        "task_1_5": answers["task_1_5"],
    }
    for student, written in {"full": answers, "untouched": {}, "partly": partly}.items():
        notebook = nbformat.reads(nbformat.writes(handed_out), as_version=4)
        for name, source in written.items():
            graded(notebook)[name].source = source.replace("    ### BEGIN SOLUTION\n", "").replace(
                "    ### END SOLUTION", ""
            )
        path = tmp_path / "submitted" / student / "one" / "01_llm_basics.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    source = tmp_path / "source" / "one" / "01_llm_basics.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(solution, source)

    nbgrader(tmp_path, "generate_assignment")
    release = (tmp_path / "release" / "one" / "01_llm_basics.ipynb").read_text("utf-8")
    assert not any(marker in release for marker in build.MARKERS)
    nbgrader(tmp_path, "autograde")
    nbgrader(tmp_path, "generate_feedback", "--student=untouched")
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        scores = {
            student: book.find_submission("one", student).score
            for student in ("full", "untouched", "partly")
        }
        assert book.find_submission("one", "full").max_score == 16
        assert not any(
            book.find_submission("one", student).needs_manual_grade for student in scores
        )
    assert scores["full"] == 16 and scores["untouched"] == 0
    assert scores["partly"] == 4  # 1.5 fails with the nucleus that it rests on
    page = (tmp_path / "feedback" / "untouched" / "one" / "01_llm_basics.html").read_text("utf-8")
    assert (
        "Task 1.1 is not done yet" in page
        and "Traceback" not in page.split("Task 1.1 is not done yet")[1][:200]
    )
