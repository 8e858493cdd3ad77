"""Notebooks that try to slip their limits, graded by whoever runs the tests and, if that is root,
by an ordinary user too.

The two differ: only root can give each submission a user of its own, so that its processes can
touch no others.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from adversarial import exercise, limits, ordinary

from ftrag_helpers.grading import records
from ftrag_helpers.grading.execution import sandbox, supervise

REASON = sandbox.refusal()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(REASON), reason=f"no sandbox here: {REASON[:150]}"),
]
CONTROLS = ("A first control", "Zz last control")
#: Seconds that an interrupted run may take to end.
SECONDS = 20


@pytest.fixture(scope="module", params=["this user", "an ordinary user"])
def started(request):
    """Starts `limits.py` on notebooks by name, as the user in question; returns the process and its
    folder.
    """
    why = ordinary.refusal() if request.param == "an ordinary user" else ""
    if why:
        pytest.skip(why)
    folders = []

    def start(notebooks, *options, setup=""):
        folder = Path(tempfile.mkdtemp(prefix="ftrag-limits-", dir="/tmp"))
        folders.append(folder)
        for name, found in notebooks.items():
            exercise.write(folder / "in" / f"{name}.ipynb", found)
        solution = exercise.write_solution(folder) / "09_small.ipynb"
        exercise.write(
            solution,
            json.loads(solution.read_text("utf-8").replace("shelf = [", f"{setup}shelf = [")),
        )
        line = [sys.executable, str(Path(limits.__file__)), str(folder), *options]
        if request.param == "an ordinary user":
            line = ordinary.command(*line)
            for path in (folder, *folder.rglob("*")):
                os.chown(path, ordinary.USER, ordinary.USER)
        environment = {**os.environ, "FTRAG_CACHE": str(folder / "cache"), "TMPDIR": "/tmp"}
        return subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment), folder

    yield start
    for folder in folders:
        shutil.rmtree(folder)


def results(folder):
    stored = [
        json.loads(path.read_bytes())["result"]
        for path in (folder / "out" / "results").glob("*.json")
    ]
    return {result.learner: result for result in map(records.from_json, stored)}


def left_over(folder):
    """Processes that a run in this folder started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (
                str(folder).encode()
                in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            ):
                found.append(process.name)
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def graded(started):
    """Results by learner of one run over all of them."""
    controls = dict.fromkeys(CONTROLS, exercise.notebook())
    run, folder = started(
        {**controls, **{name: attack.notebook for name, attack in limits.SLIPS.items()}}
    )
    try:
        run.communicate(timeout=200)
    finally:
        run.kill()
        run.wait()
    return results(folder), folder


@pytest.mark.parametrize("name", limits.SLIPS)
def test_no_limit_can_be_slipped(graded, name):
    result, attack = graded[0][name], limits.SLIPS[name]
    assert result.status == attack.status, result
    assert attack.states in (limits.ANY, tuple(task.state for task in result.tasks)), result
    assert attack.words in "\n".join([result.detail, *(task.message for task in result.tasks)])
    ends = 1 if attack.states else 4  # how often it may be cut before it is given up
    assert (
        result.seconds < ends * (limits.TIMEOUT + supervise.GRACE) + 10
    )  # the first ones wait for the grader to warm up


@pytest.mark.parametrize("name", CONTROLS)
def test_the_controls_are_graded_as_if_alone(graded, name):
    assert (graded[0][name].status, graded[0][name].score) == ("graded", 12)


def test_no_process_is_left(graded):
    assert not left_over(graded[1])


STOPPING = (
    "stops its own group",
    "a child that stops its parent",
    "hoards",
    "daemons that heed no signal",
)


def test_ctrl_c_ends_a_run_whatever_it_runs_and_keeps_the_marks(started):
    stopping = {name: limits.SLIPS[name].notebook for name in STOPPING}
    run, folder = started({CONTROLS[0]: exercise.notebook(), **stopping}, "300")
    while "daemons" not in run.stdout.readline():  # what ends at all has ended by then
        assert run.poll() is None
    time.sleep(1)
    interrupt(run, folder)
    kept = results(folder)
    assert set(kept) == {CONTROLS[0], *STOPPING[2:]} and kept[CONTROLS[0]].score == 12


def test_ctrl_c_ends_a_run_that_is_still_warming_up(started):
    run, folder = started(
        {CONTROLS[0]: exercise.notebook()}, setup="import time\\ntime.sleep(100)\\n"
    )
    while not any("worker.main" in _command(process) for process in left_over(folder)):
        assert run.poll() is None
        time.sleep(0.2)
    time.sleep(2)
    interrupt(run, folder)


def _command(process):
    try:
        return Path("/proc", process, "cmdline").read_text("utf-8")
    except OSError:
        return ""


def interrupt(run, folder):
    start = time.monotonic()
    for _ in range(3):  # as impatient people do
        run.send_signal(signal.SIGINT)
        time.sleep(0.1)
    try:
        run.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        run.kill()
        run.wait()
    # The third signal may find Python ending already, with its own handlers put away: to a shell,
    # both are 130.
    assert run.returncode in (130, -signal.SIGINT) and time.monotonic() - start < SECONDS
    assert not left_over(folder)
