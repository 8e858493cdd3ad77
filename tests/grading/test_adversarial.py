"""Hostile notebooks: each ends with the right status and marks, and the one beside them as if it
were alone.

All are graded in one run, two at a time, as a class would be.
"""

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from adversarial import exercise
from adversarial.hostile import ATTACKS, GOOD

from ftrag_helpers.environment import runtime
from ftrag_helpers.grading import engine, records
from ftrag_helpers.grading.execution import sandbox

REASON = sandbox.refusal()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(REASON), reason=f"no sandbox here: {REASON[:150]}"),
]
#: Seconds a cell or check: short, since half a dozen attacks use all of it; long enough for the
#: others on a busy machine.
TIMEOUT = 4
CONTROLS = ("A first control", "Zz last control")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Results by learner, from one run; and the folder."""
    folder = tmp_path_factory.mktemp("class")
    for name, attack in ATTACKS.items():
        exercise.write(folder / "in" / f"{name}.ipynb", attack.notebook)
    for name in CONTROLS:
        exercise.write(folder / "in" / f"{name}.ipynb", exercise.notebook())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FTRAG_CACHE", str(folder / "cache"))
        results = engine.grade(
            folder / "in", exercise.write_solution(folder), folder / "out", jobs=2, timeout=TIMEOUT
        )
    return {result.learner: result for result in results}, folder


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_ends_with_the_right_status_and_marks(graded, name):
    result, attack = graded[0][name], ATTACKS[name]
    assert (result.status, tuple(task.state for task in result.tasks)) == (
        attack.status,
        attack.states,
    ), result
    earned = 4 * attack.states.count("passed")
    assert sum(task.points for task in result.tasks) == earned and result.max_score == 14
    assert result.score == (earned if attack.status in records.SCORED else None)
    words = "\n".join([result.detail, *(task.message for task in result.tasks)])
    assert attack.words in words
    assert all(task.message for task in result.tasks[:3] if task.state != "passed")


@pytest.mark.parametrize("name", CONTROLS)
def test_the_control_is_graded_as_if_alone(graded, name, tmp_path):
    result = graded[0][name]
    assert (result.status, result.score, result.detail) == ("graded", 12, "")
    assert tuple(task.state for task in result.tasks) == GOOD and result.seconds < 30


def test_hidden_seeds_reach_neither_results_nor_messages(graded):
    _results, folder = graded
    text = "".join(path.read_text("utf-8") for path in (folder / "out").rglob("*.json"))
    assert len(text) > 1000 and not any(str(seed) in text for seed in exercise.SEEDS.values())


def test_every_result_is_valid_text_and_reads_back(graded):
    results, folder = graded
    stored = [
        json.loads(path.read_bytes())["result"]
        for path in (folder / "out" / "results").glob("*.json")
    ]
    assert len(stored) == len(results) == len(ATTACKS) + len(CONTROLS)
    for result in map(records.from_json, stored):
        assert result == results[result.learner]
        json.dumps(records.to_json(result), ensure_ascii=False).encode("utf-8")


def test_no_attack_left_anything_behind(graded):
    _results, folder = graded
    root = runtime.course_root()
    assert {path.name for path in folder.iterdir()} <= {"in", "out", "cache", "solutions"}
    assert (
        not (root / "marks.csv").exists()
        and (root / "ftrag_helpers" / "environment" / "runtime.py").exists()
    )
    assert not list(Path("/tmp").glob("filler-*")) and not list(Path("/dev/shm").glob("filler-*"))
    time.sleep(0.2)
    ours = [path for path in Path("/proc").glob("[0-9]*") if _parent(path) == os.getpid()]
    assert not any(b"bwrap" in _line(path) or b"grading" in _line(path) for path in ours)


def _parent(process):
    try:
        return int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except (OSError, IndexError):
        return 0


def _line(process):
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def test_a_rerun_takes_everything_from_the_first_one_but_what_changed(graded, monkeypatch):
    results, folder = graded
    monkeypatch.setenv("FTRAG_CACHE", str(folder / "cache"))
    copy = folder.parent / f"{folder.name}-again"
    shutil.copytree(folder / "out", copy / "out")
    shutil.copytree(folder / "in", copy / "in")
    exercise.write(copy / "in" / "control.ipynb", exercise.notebook({"9.1": "double = 3"}))
    run = []
    observe = engine.Grader.observe
    monkeypatch.setattr(
        engine.Grader,
        "observe",
        lambda self, submission: run.append(submission.learner) or observe(self, submission),
    )
    again = engine.grade(copy / "in", folder / "solutions", copy / "out", jobs=1, timeout=TIMEOUT)
    assert run == ["control"]
    changed = {result.learner: result for result in again}
    assert changed["control"].tasks[0].state == "failed" and changed["control"].score == 8
    assert all(changed[name] == results[name] for name in results if name != "control")
