"""Grading on a real Dask cluster on this machine: a scheduler, two workers, and one of them killed
in the middle.
"""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from adversarial import exercise

from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading import cluster, engine, records
from ftrag_helpers.grading.grader import Grader
from ftrag_helpers.grading.intake.submissions import Submission

pytestmark = pytest.mark.slow

SLOW = "import time\ntime.sleep(0.4)\n"
WRONG = "def double(value):\n    return value * 3\n"
LEARNERS = 12


@pytest.fixture
def solutions(tmp_path):
    return exercise.write_solution(tmp_path / "course")


@pytest.fixture
def handed_in(tmp_path):
    folder = tmp_path / "handed-in"
    for i in range(LEARNERS):
        answers = {"9.1": SLOW + (WRONG if i % 3 == 0 else exercise.DOUBLE)}
        exercise.write(folder / f"learner{i:02}" / "09_small.ipynb", exercise.notebook(answers))
    (folder / "broken.ipynb").write_text("{", "utf-8")
    return folder


class Cluster:
    """A scheduler and its workers as processes of their own, with a log each."""

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        file = folder / "scheduler.json"
        self._start("scheduler", f"--host 127.0.0.1 --port 0 --scheduler-file {file}")
        self._await(lambda: file.exists() and file.stat().st_size)
        self.address = json.loads(file.read_text("utf-8"))["address"]

    def worker(self, name):
        options = f"--nthreads 1 --no-nanny --name {name} --memory-limit 0"
        place = f"--local-directory {self.folder / name}"
        return self._start("worker", f"{self.address} --host 127.0.0.1 {options} {place}")

    def _start(self, kind, options):
        tests = str(Path(__file__).parents[1])
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([tests, str(Path(tests).parent)]),
            "OMP_NUM_THREADS": "1",
        }
        with open(self.folder / f"{kind}-{len(self.processes)}.log", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", kind, "--no-dashboard", *options.split()],
                stdout=log,
                stderr=log,
                env=environment,
                cwd=self.folder,
            )
        self.processes.append(process)
        return process

    @staticmethod
    def _await(ready, seconds=60):
        end = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < end, "the cluster did not start"
            time.sleep(0.1)

    def close(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture
def dask(tmp_path):
    pytest.importorskip("distributed")
    folder = tmp_path / "cluster"
    folder.mkdir()
    running = Cluster(folder)
    yield running
    running.close()


@pytest.mark.model
def test_a_killed_worker_loses_nothing_and_nothing_is_kept_twice(
    dask, solutions, handed_in, tmp_path, monkeypatch
):
    first, second = dask.worker("first"), dask.worker("second")
    from distributed import Client

    with Client(dask.address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    kept, heard = [], []
    store = engine.store
    monkeypatch.setattr(engine, "store", lambda *given: kept.append(given[2].file) or store(*given))

    def on_result(result):
        heard.append(result)
        if len(heard) == 4:
            first.send_signal(signal.SIGKILL)
            first.wait()

    out = tmp_path / "results"
    options = {"sandbox": False, "timeout": 20}
    results = cluster.grade(
        handed_in, solutions, out, scheduler=dask.address, on_result=on_result, **options
    )
    assert first.returncode == -signal.SIGKILL and second.poll() is None
    assert [result.file for result in results] == sorted(result.file for result in heard)
    assert len({result.file for result in results}) == len(results) == LEARNERS + 1
    assert sorted(kept) == sorted(result.file for result in results)
    by_learner = {result.learner: result for result in results}
    assert by_learner["broken"].status == "damaged" and by_learner["broken"].score is None
    for i in range(LEARNERS):
        result = by_learner[f"learner{i:02}"]
        assert (result.status, result.score) == ("graded", 8.0 if i % 3 == 0 else 12.0), result
    stored = [
        records.from_json(json.loads(path.read_text("utf-8"))["result"])
        for path in (out / "results").glob("*.json")
    ]
    assert sorted(stored, key=lambda result: result.file) == results

    kept.clear()
    again = cluster.grade(handed_in, solutions, out, scheduler=dask.address, **options)
    assert again == results and kept == []
    assert engine.grade(handed_in, solutions, out, jobs=1, **options) == results and kept == []


@pytest.mark.model
def test_a_worker_with_other_solutions_is_refused(
    dask, solutions, handed_in, tmp_path, monkeypatch
):
    dask.worker("only")
    monkeypatch.setattr(Grader, "fingerprint", lambda self, submission, slug: "of this machine")
    with pytest.raises(CourseError, match="another version of the course"):
        cluster.grade(
            handed_in, solutions, tmp_path / "results", scheduler=dask.address, sandbox=False
        )
    assert not list((tmp_path / "results" / "results").glob("*.json"))


def test_without_a_scheduler_the_message_says_how_to_start_one(
    solutions, handed_in, tmp_path, monkeypatch
):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 1)
    with pytest.raises(CourseError, match="dask scheduler"):
        cluster.grade(
            handed_in, solutions, tmp_path / "out", scheduler="tcp://127.0.0.1:9", sandbox=False
        )


def test_without_the_library_the_message_says_what_to_install(
    solutions, handed_in, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CourseError, match='pip install "distributed'):
        cluster.grade(
            handed_in, solutions, tmp_path / "out", scheduler="tcp://127.0.0.1:9", sandbox=False
        )


@pytest.mark.parametrize(
    ("data", "states"),
    [
        (
            json.dumps(exercise.notebook({"9.2": "longest = 3"})).encode(),
            ["passed", "failed", "passed", "not attempted"],
        ),
        (b"{", []),
    ],
)
def test_what_a_worker_observed_is_judged_as_if_it_had_been_observed_here(solutions, data, states):
    submission = Submission("Ada", "", "Ada/09_small.ipynb", data)
    options = {"timeout": 20, "sandbox": False, "assignment": "", "hidden": []}
    setting = json.dumps({"solutions": str(solutions), **options})
    journey = pickle.dumps(cluster.observe(setting, submission))
    assert b"lesson_09" not in journey  # the judges stay here
    with Grader(solutions, sandbox=False, timeout=20) as grader:
        arrived = cluster.judged(grader, submission, pickle.loads(journey))
        here = grader.grade(submission)
    cluster._graders.pop(setting).close()
    assert replace(arrived, seconds=0) == replace(here, seconds=0)
    assert [task.state for task in arrived.tasks] == states
