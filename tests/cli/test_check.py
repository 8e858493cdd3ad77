"""`ftrag check`: each line on a machine that is in order, and what it says of everything that can
be wrong there.
"""

import json
import os
import subprocess
import sys
import types

import pytest
from model_server import served

from ftrag_helpers.cli import check_computing, check_machine, main
from ftrag_helpers.environment import libraries, runtime, variables
from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm import model_files
from ftrag_helpers.lm.model_files import ModelStatus
from ftrag_helpers.lm.servers import endpoint


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course folder in the course's place."""
    root = tmp_path / "course"
    (root / "datasets" / "library").mkdir(parents=True)
    monkeypatch.setattr(runtime, "course_root", lambda: root)
    for name in variables.ALL:
        if name != "FTRAG_CACHE":
            monkeypatch.delenv(name, raising=False)
    for name in [
        name for name in os.environ if name.startswith("FTRAG_") and name not in variables.ALL
    ]:
        monkeypatch.delenv(name)
    return root


@pytest.fixture
def machine(course, monkeypatch):
    """A machine on which every line of the report is right, without PyTorch or models."""
    (course / "requirements.lock").write_text(
        "# a comment\npytest==9999 ; sys_platform == 'nowhere'\n"
        + f"pytest=={pytest.__version__}\n"
    )
    (course / "datasets/library/manifest.json").write_text('{"files": []}')
    torch = types.SimpleNamespace(__version__="0", get_num_threads=lambda: 2)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(runtime, "device", lambda: types.SimpleNamespace(type="cpu"))
    monkeypatch.setattr(libraries, "load", lambda: None)
    status = [ModelStatus(name, True, "complete", course) for name in ("a model", "an embedder")]
    monkeypatch.setattr(model_files, "status", lambda: status)
    monkeypatch.setattr(check_computing, "_ask_language_model", lambda: "computes")
    monkeypatch.setattr(check_computing, "_ask_embedder", lambda: "computes")
    monkeypatch.setattr(check_machine, "DISK_GB", 0)
    monkeypatch.setattr(check_machine, "MEMORY_GB", 0)
    return course


def test_check_is_content_with_a_whole_course(machine, capsys):
    assert main.main(["check"]) == 0
    out = capsys.readouterr().out
    assert "!!" not in out and "Everything is in place." in out
    for name in (
        "variables",
        "Python",
        "packages",
        "course folder",
        "disk",
        "memory",
        "CPU",
        "JupyterLab",
        "data set library",
        "libraries",
        "accelerator",
        "a model",
        "an embedder",
        "index",
    ):
        assert f"OK {name}: " in out


@pytest.mark.parametrize(
    "line, told",
    [
        ("absent==1.0", "absent none (wanted ==1.0)"),
        ("pytest==1.0", f"pytest {pytest.__version__} (wanted ==1.0)"),
    ],
)
def test_check_names_the_package_that_differs(machine, capsys, line, told):
    (machine / "requirements.lock").write_text(line + "\n")
    assert main.main(["check"]) == 1
    assert f"!! packages: {told}\n   -> Make the environment anew" in capsys.readouterr().out


def test_check_takes_a_local_build_for_its_version(machine, monkeypatch):
    (machine / "requirements.lock").write_text("torch==2.13.0\n")
    monkeypatch.setattr(check_machine.metadata, "version", lambda name: "2.13.0+cpu")
    assert [finding.advice for finding in check_machine.check_packages()] == [""]


def test_check_says_how_to_repair_a_model(machine, monkeypatch, capsys):
    monkeypatch.setattr(
        model_files, "status", lambda: [ModelStatus("a model", False, "is damaged", machine)] * 2
    )
    assert main.main(["check"]) == 1
    assert "-> Run: python course.py fetch" in capsys.readouterr().out


def test_check_names_the_data_file_that_changed(machine, capsys):
    files = [{"name": "documents.jsonl", "sha256": "0" * 64}]
    (machine / "datasets/library/manifest.json").write_text(json.dumps({"files": files}))
    (machine / "datasets/library/documents.jsonl").write_text("{}")
    assert main.main(["check"]) == 1
    out = capsys.readouterr().out
    assert "!! data set library" in out and "documents.jsonl" in out


@pytest.mark.parametrize("need, name", [("DISK_GB", "disk"), ("MEMORY_GB", "memory")])
def test_check_says_what_is_short(machine, monkeypatch, capsys, need, name):
    monkeypatch.setattr(check_machine, need, 10**9)
    assert main.main(["check"]) == 1
    assert f"!! {name}: " in capsys.readouterr().out


def said(capsys) -> str:
    """What a check with something wrong says; it ends with 1, and all its other lines are there."""
    assert main.main(["check"]) == 1
    out = capsys.readouterr().out
    assert (
        "Traceback" not in out
        and "of these lines need attention" in out
        and "OK Python" in out
        and "data set" in out
    )
    return out


@pytest.mark.parametrize(
    "name, value",
    [
        ("FTRAG_THREADS", "two"),
        ("FTRAG_THREADS", "0"),
        ("FTRAG_THREADS", "-1"),
        ("FTRAG_THREADS", "1.5"),
        ("FTRAG_THREADS", "9999"),
        ("FTRAG_CHROMA_URL", "http://h:port"),
        ("FTRAG_CHROMA_URL", "ftp://h"),
        ("FTRAG_ENDPOINT", "127.0.0.1:8080"),
        ("FTRAG_ENDPOINT_MODEL", "qwen3:8b"),
        ("FTRAG_COMPUTE_CACHE", "of"),
        ("FTRAG_PROGRESS", "aus"),
        ("FTRAG_PIP_ARGS", "--find-links 'open"),
        ("FTRAG_PIP_ARGS", "--target x"),
        ("FTRAG_CACHE", "~nobody-of-that-name/x"),
        ("FTRAG_RESULTS", "~nobody-of-that-name/x"),
        ("FTRAG_LLM", "~nobody-of-that-name/x"),
        ("FTRAG_CACHE", "/dev/null/cache"),
        ("FTRAG_RESULTS", "/dev/null/results"),
        ("FTRAG_CHACHE", "/tmp"),
    ],
)
def test_a_wrong_variable_is_named_and_nothing_is_to_be_deleted(
    machine, monkeypatch, capsys, name, value
):
    monkeypatch.setenv(name, value)
    out = said(capsys)
    assert (
        name in "".join(part for part in out.splitlines(True) if part.startswith(("!!", "   ->")))
        and "elete" not in out
    )


def test_all_wrong_variables_are_named_at_once(machine, monkeypatch, capsys):
    for name, value in {
        "FTRAG_THREADS": "two",
        "FTRAG_PROGRESS": "aus",
        "FTRAG_CHROMA_URL": "ftp://h",
        "FTRAG_PIP_ARGS": '"',
    }.items():
        monkeypatch.setenv(name, value)
    assert said(capsys).count("!! variables: one is wrong") == 4


@pytest.mark.parametrize("named", ["gpu", "cuda:99", "tpu"])
def test_a_wrong_device_is_named(machine, monkeypatch, capsys, named):
    def device():
        raise CourseError(f"FTRAG_DEVICE={named} cannot be used here")

    monkeypatch.setattr(runtime, "device", device)
    assert f"FTRAG_DEVICE={named} cannot be used" in (out := said(capsys)) and "elete" not in out


def test_a_folder_that_cannot_be_written_to(machine, monkeypatch, capsys):
    monkeypatch.setattr(check_machine, "_can_be_written", lambda folder: folder == machine)
    out = said(capsys)
    assert (
        "Set FTRAG_CACHE to a folder that you can write to." in out and "Set FTRAG_RESULTS" in out
    )


@pytest.mark.parametrize("name, index", [("FTRAG_LLM", 0), ("FTRAG_EMBEDDER", 1)])
def test_a_name_that_holds_no_model(machine, monkeypatch, capsys, name, index):
    real = [ModelStatus("a model", True, "complete", machine)] * 2
    real[index] = ModelStatus(
        "a model",
        False,
        f"replaced by /nope ({name}): there is no such folder",
        machine,
        named=True,
    )
    monkeypatch.setattr(model_files, "status", lambda: real)
    assert f"-> Correct {name}, or unset it." in (out := said(capsys)) and "fetch" not in out


@pytest.mark.parametrize(
    "error, words",
    [
        (CourseError("FTRAG_LLM=x could not be loaded"), "FTRAG_LLM=x could not be loaded"),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), "Run: python course.py fetch"),
        (MemoryError(), "Close other programs"),
    ],
)
def test_a_model_that_does_not_compute(machine, monkeypatch, capsys, error, words):
    def fail():
        raise error

    monkeypatch.setattr(check_computing, "_ask_language_model", fail)
    assert (
        "!! a model: complete" in (out := said(capsys))
        and "does not compute" in out
        and words in out
    )


def test_models_that_are_not_there_are_not_tried(machine, monkeypatch, capsys):
    monkeypatch.setattr(check_computing, "_ask_language_model", lambda: 1 / 0)
    missing = [
        ModelStatus("a model", False, "not fetched yet", machine),
        ModelStatus("an embedder", True, "complete", machine),
    ]
    monkeypatch.setattr(model_files, "status", lambda: missing)
    assert (
        "!! a model: not fetched yet" in (out := said(capsys))
        and "-> Run: python course.py fetch" in out
    )


def test_an_old_sqlite_is_found_by_trying(machine, monkeypatch, capsys):
    import sqlite3

    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 1))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.31.1")
    assert (
        "!! index" in (out := said(capsys))
        and "SQLite 3.31.1" in out
        and "Install a newer Python" in out
        and "\x1b" not in out
    )


def test_a_store_that_loses_what_it_is_given(machine, monkeypatch, capsys):
    from ftrag_helpers.retrieval import passage_index

    monkeypatch.setattr(passage_index.Index, "dense", lambda *_, **__: [[]])
    assert "Chroma found []" in said(capsys)


def test_a_chroma_server_that_does_not_answer(machine, monkeypatch, capsys):
    monkeypatch.setenv("FTRAG_CHROMA_URL", "http://127.0.0.1:9")
    assert (
        "No Chroma server answers" in (out := said(capsys))
        and "FTRAG_CHROMA_URL" in out
        and "elete" not in out
    )


def test_the_own_model_has_a_line_where_a_server_is_named(machine, monkeypatch, capsys):
    with served() as server:
        monkeypatch.setenv("FTRAG_ENDPOINT", server.address)
        assert main.main(["check"]) == 0
        assert f"OK own model: small at {server.address}\n" in capsys.readouterr().out
    assert "!! own model: something is wrong\n   -> No server answers at" in said(capsys)
    monkeypatch.setattr(endpoint, "model_name", lambda: "large")
    monkeypatch.setenv("FTRAG_ENDPOINT", "http://10.0.0.7:8080")
    assert main.main(["check"]) == 0
    assert "large at http://10.0.0.7:8080; not this machine" in capsys.readouterr().out
    monkeypatch.delenv("FTRAG_ENDPOINT")
    assert main.main(["check"]) == 0 and "own model" not in capsys.readouterr().out


def test_check_survives_a_broken_pytorch(machine, monkeypatch, capsys):
    def broken():
        raise OSError("[WinError 126] The specified module could not be found")

    monkeypatch.setattr(runtime, "device", broken)
    assert (
        "!! accelerator: cannot be tried: OSError: [WinError 126]" in (out := said(capsys))
        and "Redistributable" in out
    )


def test_a_library_that_cannot_be_loaded(machine, monkeypatch, capsys):
    monkeypatch.setattr(
        libraries, "load", lambda: libraries.importlib.import_module("no_such_library")
    )
    assert (
        "!! libraries: cannot be tried: ModuleNotFoundError: No module named 'no_such_library'"
        in said(capsys)
    )


@pytest.mark.skipif(os.name == "nt", reason="every user has a home there")
def test_a_user_without_a_home(machine, monkeypatch, capsys):
    monkeypatch.delenv("FTRAG_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "/dev/null/home")
    assert "set FTRAG_CACHE to a folder you can write to" in said(capsys)


@pytest.mark.model
def test_check_computes_with_the_real_models():
    environment = {
        name: value for name, value in os.environ.items() if name not in ("FTRAG_RESULTS",)
    } | {"ALL_PROXY": "socks5://127.0.0.1:9", "FTRAG_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "ftrag_helpers.cli.main", "check"],
        cwd=runtime.course_root(),
        env=environment,
        capture_output=True,
        text=True,
    )
    for line in (
        "SmolLM2-135M-Instruct: complete, checksums right",
        "computes (49152 tokens)",
        "computes (384 dimensions)",
        "1 threads)",
        "keeps a passage and finds it",
    ):
        assert line in done.stdout, done.stdout + done.stderr
