"""`ftrag`: what each command hands on, what it says and its exit code.

No model, no server, no heavy import.
"""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from doubles import free_port

from ftrag_helpers.cli import main
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm import model_downloads

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course folder in the course's place."""
    root = tmp_path / "course"
    for folder in ("notebooks", "solutions", "tests", "datasets/library"):
        (root / folder).mkdir(parents=True)
    (root / main.FIRST_PAGE).write_text("{}")
    (root / "tests" / "test_one.py").write_text("")
    monkeypatch.setattr(runtime, "course_root", lambda: root)
    return root


@pytest.fixture
def done(monkeypatch):
    """What the commands would have done:

    "fetch", and the child processes' arguments after `python -m`.
    """
    done = []
    monkeypatch.setattr(model_downloads, "fetch", lambda progress=True: done.append("fetch"))
    monkeypatch.setattr(main, "run_child", lambda command, **_: done.append(command[2:]) or 0)
    return done


def test_nothing_heavy_is_imported():
    code = (
        "import sys, ftrag_helpers.cli.main as c; c.build_parser(); print(*{m.split('.')[0] for m"
        " in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"torch", "transformers", "chromadb", "datasets", "numpy", "pandas"} & set(
        done.stdout.split()
    )


def test_course_py_knows_every_command():
    spec = importlib.util.spec_from_file_location("course", ROOT / "course.py")
    course = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(course)
    [commands] = [action for action in main.build_parser()._actions if action.dest == "command"]
    assert list(course.COMMANDS) == list(commands.choices)


# --- lab


def test_lab_hands_jupyterlab_the_settings_that_keep_it_from_asking(course, monkeypatch, done):
    handed = {}
    monkeypatch.setattr(
        main, "run_child", lambda command, **variables: handed.update(variables) or 0
    )
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "own")
    main.main(["lab"])
    assert handed["JUPYTER_CONFIG_PATH"] == os.pathsep.join([str(course / main.LAB_CONFIG), "own"])
    settings = json.loads(
        (ROOT / main.LAB_CONFIG / "labconfig" / "default_setting_overrides.json").read_text("utf-8")
    )
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    # The glossary opens as a page, not as its source.
    viewers = settings["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]
    assert viewers == {"markdown": "Markdown Preview"}
    hidden = json.loads(
        (ROOT / main.LAB_CONFIG / "labconfig" / "page_config.json").read_text("utf-8")
    )["disabledExtensions"]
    assert (
        "@jupyter/nbgrader:create-assignment" in hidden
        and "@jupyter/nbgrader:validate-assignment" not in hidden
    )


def test_lab_fetches_then_opens_the_first_page(course, done):
    assert main.main(["lab"]) == 0
    fetched, command = done
    assert fetched == "fetch" and command[:2] == ["jupyterlab", main.FIRST_PAGE]
    assert f"--ServerApp.root_dir={course}" in command and "--ServerApp.ip=127.0.0.1" in command
    assert not any("port" in part or "browser" in part for part in command)


def test_the_options_that_keep_jupyterlab_quiet_exist():
    from jupyterlab.handlers.announcements import NeverCheckForUpdate
    from jupyterlab.labapp import LabApp

    names = {option.removeprefix("--LabApp.").split("=")[0] for option in main.QUIET_JUPYTER}
    assert names <= set(LabApp.class_traits())
    assert any(
        option.endswith(f"{NeverCheckForUpdate.__module__}.NeverCheckForUpdate")
        for option in main.QUIET_JUPYTER
    )


def test_lab_hands_further_options_to_jupyterlab(course, done):
    assert (
        main.main(["lab", "--no-browser", "--ServerApp.token=abc", "--port", str(free_port())]) == 0
    )
    assert "--no-browser" in done[1] and done[1][-1] == "--ServerApp.token=abc"
    assert "--ServerApp.port_retries=0" in done[1]


def test_lab_says_that_a_port_is_taken(course, done, capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main.main(["lab", "--port", str(port)]) == 1
    assert f"Port {port} is taken" in capsys.readouterr().err
    assert done == []


@pytest.mark.parametrize("port", ["0", "70000", "-1"])
def test_lab_says_that_a_port_cannot_be(course, done, capsys, port):
    assert main.main(["lab", "--port", port]) == 1
    assert f"no port {port}" in capsys.readouterr().err


def test_lab_says_that_the_first_page_is_missing(course, done, capsys):
    (course / main.FIRST_PAGE).unlink()
    assert main.main(["lab"]) == 1
    assert "00_start_here.ipynb is missing" in capsys.readouterr().err


# --- test


def test_test_runs_the_tests_and_then_the_notebooks(course, done):
    assert main.main(["test", "-q"]) == 0
    assert done == ["fetch", ["pytest", "tests", "-q"], ["pytest", *main.NBVAL, "notebooks", "-q"]]


def test_test_takes_solutions_in_when_there_are_some(course, done):
    (course / "solutions" / "01.ipynb").write_text("{}")
    main.main(["test"])
    assert done[-1][-2:] == ["notebooks", "solutions"]


def test_fast_tests_fetch_nothing(course, done):
    assert main.main(["test", "--fast", "-x"]) == 0
    assert done == [["pytest", "-m", "not model and not slow", "-n", "2", "tests", "-x"]]


def test_named_files_replace_the_choice(course, done):
    main.main(["test", "tests/test_one.py::test_a", "-k", "not b"])
    assert done[1:] == [["pytest", *main.NBVAL, "tests/test_one.py::test_a", "-k", "not b"]]


@pytest.mark.parametrize(
    "codes, code",
    [((0, 0), 0), ((1, 0), 1), ((0, 1), 1), ((5, 0), 0), ((0, 5), 0), ((5, 5), 5), ((1, 3), 1)],
)
def test_one_failed_run_fails_the_command(course, done, monkeypatch, codes, code):
    left = list(codes)
    monkeypatch.setattr(main, "run_child", lambda command: left.pop(0))
    assert main.main(["test"]) == code and left == []


def test_an_interrupted_run_is_the_last(course, done, monkeypatch):
    left = [2, 0]
    monkeypatch.setattr(main, "run_child", lambda command: left.pop(0))
    assert main.main(["test"]) == 2 and left == [0]


# --- failures


@pytest.mark.parametrize(
    "error, code, words",
    [
        (CourseError("no network; do this"), 1, "ftrag: no network; do this"),
        (KeyboardInterrupt(), 130, "ftrag: Stopped."),
        (OSError(28, "No space left on device"), 1, "ftrag: The disk is full"),
    ],
)
def test_what_a_person_can_put_right_is_one_message(monkeypatch, capsys, error, code, words):
    def fail(progress=True):
        raise error

    monkeypatch.setattr(model_downloads, "fetch", fail)
    assert main.main(["fetch"]) == code
    assert capsys.readouterr().err.strip().startswith(words)


@pytest.mark.parametrize("arguments", [[], ["lba"], ["fetch", "--quickly"], ["check", "all"]])
def test_a_mistyped_command_shows_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main.main(arguments)
    assert stop.value.code == 2 and "usage: ftrag" in capsys.readouterr().err


# --- children


def test_a_child_runs_offline_in_the_course_and_gives_its_code(course):
    code = (
        "import os, sys; sys.exit(7 * (os.environ['HF_HUB_OFFLINE'] == '1' and"
        " os.path.isdir('notebooks')))"
    )
    assert main.run_child([sys.executable, "-c", code]) == 7


@pytest.mark.skipif(os.name == "nt", reason="signals work differently there")
@pytest.mark.parametrize("sent, code", [(signal.SIGINT, 4), (signal.SIGTERM, -signal.SIGTERM)])
def test_signals_are_the_childs_to_answer(course, sent, code):
    child = (
        "import os, signal, sys, time; signal.signal(signal.SIGINT, lambda *_: sys.exit(4));"
        f" os.kill(os.getppid(), {int(sent)});"
        f" {'os.kill(os.getpid(), signal.SIGINT);' * (sent == signal.SIGINT)} time.sleep(20)"
    )
    assert main.run_child([sys.executable, "-c", child]) == code


# --- variables


@pytest.mark.parametrize(
    "name, value",
    [
        ("FTRAG_THREADS", "two"),
        ("FTRAG_CHROMA_URL", "ftp://h"),
        ("FTRAG_PROGRESS", "aus"),
        ("FTRAG_CACHE", "~nobody-of-that-name/x"),
    ],
)
@pytest.mark.parametrize("command", ["lab", "fetch", "progress"])
def test_a_wrong_variable_ends_every_command_with_its_name(
    course, done, monkeypatch, capsys, command, name, value
):
    monkeypatch.setenv(name, value)
    assert main.main([command]) == 1 and done == []
    assert capsys.readouterr().err.startswith(f"\nftrag: {name}=")


def test_a_lab_is_started_with_whole_paths_and_without_unusable_proxies(
    course, monkeypatch, tmp_path
):
    (tmp_path / "models" / "mine").mkdir(parents=True)
    (tmp_path / "models" / "mine" / "config.json").write_text("{}")
    seen = tmp_path / "seen.json"
    monkeypatch.setattr(model_downloads, "fetch", lambda progress=True: None)
    monkeypatch.setattr(sys, "executable", str(fake_python(tmp_path, seen)))
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "FTRAG_CACHE": "cache",
        "FTRAG_LLM": "models/mine",
        "ALL_PROXY": "socks5://h",
        "HTTP_PROXY": "http://h:1",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    assert main.main(["lab"]) == 0
    child = json.loads(seen.read_text())
    assert child["FTRAG_CACHE"] == str(tmp_path / "cache") and child["FTRAG_LLM"] == str(
        tmp_path / "models" / "mine"
    )
    assert (
        "ALL_PROXY" not in child
        and child["HTTP_PROXY"] == "http://h:1"
        and "127.0.0.1" in child["NO_PROXY"].split(",")
    )


def fake_python(folder: Path, seen: Path) -> Path:
    """A program that writes down its environment, in the place of Python."""
    script = folder / "python"
    script.write_text(
        f"#!{sys.executable}\nimport json, os\nopen({str(seen)!r},"
        " 'w').write(json.dumps(dict(os.environ)))\n"
    )
    script.chmod(0o755)
    return script
