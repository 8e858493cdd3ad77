"""Threads that wait for work sleep, wherever the course starts Python: waiting costs no processor
time.

The libraries read the setting once, when they are loaded, so each test looks into a process that
the course started.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import psutil
import pytest

from ftrag_helpers.cli import main
from ftrag_helpers.environment import runtime
from ftrag_helpers.lm import model_downloads

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SET = {"OMP_WAIT_POLICY": "passive", "OPENBLAS_THREAD_TIMEOUT": "4"}
WAITS = """
import time, numpy as np, torch
some, others = np.random.rand(600, 600), torch.randn(300, 300)
for multiply in (lambda: some @ some, lambda: others @ others):
    multiply()
    waited = 0
    for _ in range(20):
        multiply()
        started = time.process_time()
        time.sleep(0.02)
        waited += time.process_time() - started
    print(round(waited, 3))
"""
STARTS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("notebooks", "exercises", "solutions")
    for path in (ROOT / folder).glob("*.ipynb")
)
#: Scripts that write pages from what is there, and compute nothing.
WRITERS = {"glossary", "pictures"}
BENCHMARKS = sorted({path.stem for path in (ROOT / "benchmarks").glob("*.py")} - WRITERS)


@pytest.fixture
def unset(monkeypatch):
    """An environment in which nobody has chosen anything."""
    for name in SET:
        monkeypatch.delenv(name, raising=False)


def chosen(environment) -> dict:
    return {name: environment.get(name) for name in SET}


def test_waiting_threads_of_numpy_and_pytorch_use_no_processor(unset):
    """Of 0.4 s slept after products the libraries' threads may use a tenth; spinning, NumPy's use
    all of it.
    """
    environment = os.environ | runtime.offline_environment()
    done = subprocess.run(
        [sys.executable, "-c", WAITS], env=environment, capture_output=True, text=True
    )
    assert len(done.stdout.split()) == 2 and max(map(float, done.stdout.split())) < 0.04, (
        done.stdout + done.stderr
    )


def test_these_tests_own_threads_sleep_too():
    assert chosen(os.environ) == chosen(runtime.offline_environment())


def test_a_child_gets_the_setting_and_a_learners_own_wins(unset, monkeypatch, capfd):
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    assert (
        main.run_child([sys.executable, "-c", f"import os; print(*map(os.environ.get, {[*SET]}))"])
        == 0
    )
    assert capfd.readouterr().out.split() == ["active", SET["OPENBLAS_THREAD_TIMEOUT"]]


@pytest.mark.parametrize(
    "command", ["progress", "compare --documents none --questions none", "build"]
)
def test_a_command_that_computes_itself_has_it_first(unset, command):
    """The command's own function is replaced: what it would find, and whether the libraries are
    still to be loaded.
    """
    code = f"""
import os, sys
from ftrag_helpers.cli import main as cli
from ftrag_helpers.cli import instructor, learner
def show(options, rest):
    print(*map(os.environ.get, {[*SET]}), *{{"numpy", "torch"}} & sys.modules.keys())
    return 0
instructor.run_build = learner.run_progress = learner.run_compare = show
sys.exit(cli.main({command.split()!r}))"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == [*SET.values()], done.stdout + done.stderr


@pytest.mark.parametrize("name", STARTS)
def test_a_notebook_opened_anywhere_asks_for_it_before_pytorch_is_loaded(name, unset):
    """Also without `ftrag lab`, in an editor or a plain Jupyter: the first cell is run up to the
    call that sets it.
    """
    cells = [
        cell.source for cell in nbformat.read(ROOT / name, 4).cells if cell.cell_type == "code"
    ]
    code = f"""
import sys
from ftrag_helpers.environment import runtime
prepare = runtime.prepare_notebook
def stop():
    before = {{"torch", "sklearn"}} & sys.modules.keys()
    prepare()
    print(*map(__import__("os").environ.get, {[*SET]}), *before)
    sys.exit()
runtime.prepare_notebook = stop
exec({cells[0]!r})"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == [*SET.values()], done.stdout + done.stderr


def test_kernels_of_ftrag_validate_have_it(unset, tmp_path, monkeypatch):
    monkeypatch.setattr(model_downloads, "fetch", lambda *_args, **_more: None)
    cell = nbformat.v4.new_code_cell(
        f"import os\nprint(*map(os.environ.get, {[*SET]}))",
        execution_count=1,
        outputs=[nbformat.v4.new_output("stream", text=" ".join(SET.values()) + "\n")],
    )
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), tmp_path / "asks.ipynb")
    assert main.main(["validate", str(tmp_path / "asks.ipynb")]) == 0


@pytest.mark.model
def test_a_kernel_in_the_jupyterlab_that_the_course_opens_has_it(unset, tmp_path):
    """Started as `course.py` starts it; the kernel's environment is read from outside."""
    from doubles import free_port

    port = free_port()
    address = f"http://127.0.0.1:{port}/api/kernels?token=of-this-test"
    command = [
        sys.executable,
        "-P",
        "-m",
        "ftrag_helpers.cli.main",
        "lab",
        "--no-browser",
        "--port",
        str(port),
    ]
    with open(tmp_path / "log", "wb") as log:
        lab = subprocess.Popen(
            [*command, "--IdentityProvider.token=of-this-test"], cwd=ROOT, stdout=log, stderr=log
        )
    try:
        started = json.load(
            ask(address, data=json.dumps({"name": "python3"}).encode(), log=tmp_path / "log")
        )
        assert [chosen(environment) for environment in environments(lab.pid, started["id"])] == [
            SET
        ]
    finally:
        family = psutil.Process(lab.pid).children(recursive=True)
        lab.terminate()
        lab.wait(30)
        for left in psutil.wait_procs(family, timeout=10)[1]:
            left.kill()


def environments(pid: int, word: str) -> list[dict]:
    """The environments of a process's descendants with a word in their command line; short-lived
    ones may be gone.
    """
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            found += [child.environ()] if word in " ".join(child.cmdline()) else []
    return found


def ask(address: str, data: bytes, log: Path):
    """Post to a server that is still starting; fails with its log after a minute."""
    for _ in range(120):
        try:
            return urllib.request.urlopen(address, data=data, timeout=60)
        except OSError:
            time.sleep(0.5)
    raise AssertionError(log.read_text("utf-8", "replace")[-2000:])


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_sets_it_before_pytorch_is_loaded(name, unset):
    code = f"""
import sys
sys.path[:0] = ["benchmarks", "."]
import {name}
from ftrag_helpers.environment import runtime
def stop():
    print("first", *{{"torch", "sklearn"}} & sys.modules.keys())
    sys.exit()
runtime.prepare_notebook = stop
{name}.main([])"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["first"], done.stdout + done.stderr


def test_the_benchmarks_busy_program_ends_whatever_happens_beside_it(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import beside

    with pytest.raises(KeyError), beside.busy_program():
        [loop] = [
            child for child in psutil.Process().children() if "getppid" in " ".join(child.cmdline())
        ]
        raise KeyError
    assert not psutil.pid_exists(loop.pid)


def test_numbers_of_threads_are_left_alone():
    """How many threads compute decides sums in their last digits; only how they wait is set."""
    assert not [name for name in runtime.OFFLINE if "NUM_THREADS" in name]
