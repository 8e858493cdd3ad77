"""Each variable of the course's with right and wrong values: a wrong one is told by its name, and
means the same everywhere.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ftrag_helpers.environment import runtime, variables
from ftrag_helpers.errors import CourseError

ROOT = runtime.course_root()


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in variables.ALL:
        if name != "FTRAG_CACHE":
            monkeypatch.delenv(name, raising=False)


def test_every_variable_that_the_code_reads_is_listed():
    texts = [
        path.read_text("utf-8")
        for path in [ROOT / "course.py", *(ROOT / "ftrag_helpers").rglob("*.py")]
    ]
    assert {name for text in texts for name in re.findall(r"FTRAG_[A-Z_]+[A-Z]", text)} == set(
        variables.ALL
    )


@pytest.mark.parametrize(
    "value, whole",
    [
        ("cache", "{here}/cache"),
        ("./cache/", "{here}/cache"),
        ("../x", "{up}/x"),
        ("~/cache", "{home}/cache"),
        ("~", "{home}"),
        ("/a//b/../c", "/a/c"),
        ("two words/ünd", "{here}/two words/ünd"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("name", ["FTRAG_CACHE", "FTRAG_RESULTS"])
def test_a_folder_counts_from_where_it_was_typed(monkeypatch, tmp_path, name, value, whole):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home of somebody")
    monkeypatch.setenv(name, value)
    assert variables.absolute(name) == whole.format(
        here=tmp_path, up=tmp_path.parent, home="/home of somebody"
    )


@pytest.mark.parametrize(
    "value", ["org/model", "model", "HuggingFaceTB/SmolLM2-360M-Instruct", "a.b/c_d"]
)
def test_a_hub_id_stays_unless_a_folder_of_that_name_is_there(monkeypatch, tmp_path, value):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FTRAG_LLM", value)
    assert variables.absolute("FTRAG_LLM") == value
    (tmp_path / value).mkdir(parents=True)
    assert variables.absolute("FTRAG_LLM") == str(tmp_path / value)


@pytest.mark.parametrize("name", ["FTRAG_CACHE", "FTRAG_RESULTS", "FTRAG_LLM", "FTRAG_EMBEDDER"])
def test_a_home_that_nobody_knows_is_told(monkeypatch, name):
    monkeypatch.setenv(name, "~nobody-of-that-name/cache")
    with pytest.raises(CourseError, match=f"{name}=.*~nobody-of-that-name"):
        variables.absolute(name)


@pytest.mark.parametrize(
    "value, on",
    [
        ("off", False),
        ("OFF", False),
        (" Off ", False),
        ("0", False),
        ("no", False),
        ("False", False),
        ("", True),
        ("on", True),
        ("1", True),
        ("Yes", True),
        ("TRUE", True),
    ],
)
def test_a_switch(monkeypatch, value, on):
    monkeypatch.setenv("FTRAG_PROGRESS", value)
    assert variables.is_on("FTRAG_PROGRESS") is on


@pytest.mark.parametrize("name", variables.SWITCHES)
@pytest.mark.parametrize("value", ["of", "none", "2", "aus", "of f"])
def test_a_switch_that_is_neither_on_nor_off(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(CourseError, match=f"{name}={value} is neither"):
        runtime.settle()


@pytest.mark.parametrize("value, number", [("1", 1), (" 2 ", 2), ("02", 2), ("", None)])
def test_threads(monkeypatch, value, number):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setenv("FTRAG_THREADS", value)
    assert variables.threads() == number


@pytest.mark.parametrize(
    "value",
    ["two", "0", "-1", "1.5", "9999", "1e3", "٢", "1_0", "+1", "0x2", "2 threads", "9" * 400],
)
def test_threads_that_cannot_be(monkeypatch, value):
    monkeypatch.setenv("FTRAG_THREADS", value)
    for act in (variables.threads, runtime.settle, runtime.prepare_notebook):
        with pytest.raises(CourseError, match="FTRAG_THREADS=.*a whole number from 1 to"):
            act()


@pytest.mark.parametrize(
    "url, address",
    [
        ("http://127.0.0.1:8000", ("127.0.0.1", 8000, False)),
        ("localhost:8123", ("localhost", 8123, False)),
        ("https://chroma.example/", ("chroma.example", 8000, True)),
        ("HTTP://H", ("h", 8000, False)),
        ("[::1]:9000", ("::1", 9000, False)),
        (" http://my_host:1 ", ("my_host", 1, False)),
        ("", None),
    ],
)
def test_the_address_of_a_chroma_server(monkeypatch, url, address):
    monkeypatch.setenv("FTRAG_CHROMA_URL", url)
    assert variables.chroma_address() == address


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http://h:port",
        "http://h:99999",
        "http://h:0",
        "http://[bad",
        "ftp://h",
        "h:80:80",
        "http://h/path",
        "http//h:8000",
        "http:/h:8000",
        "socks5://h:1",
        "http://me:word@h:1",
        "two words",
        "http://h?x=1",
        "://h",
    ],
)
def test_no_address_of_a_chroma_server(monkeypatch, url):
    monkeypatch.setenv("FTRAG_CHROMA_URL", url)
    for act in (variables.chroma_address, runtime.settle):
        with pytest.raises(CourseError, match="FTRAG_CHROMA_URL=.*like http://127.0.0.1:8000"):
            act()


@pytest.mark.parametrize(
    "url, address",
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://localhost:11434/v1", "http://localhost:11434"),
        ("http://localhost:1234/v1/", "http://localhost:1234"),
        ("http://localhost:1234/v1/chat/completions", "http://localhost:1234"),
        ("https://models.school/qwen/v1", "https://models.school/qwen"),
        (" http://[::1]:9000 ", "http://[::1]:9000"),
        ("HTTP://Host:1", "http://Host:1"),
        ("", None),
    ],
)
def test_the_address_of_an_own_model(monkeypatch, url, address):
    monkeypatch.setenv("FTRAG_ENDPOINT", url)
    assert variables.endpoint() == address


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8080",
        "localhost",
        "http://",
        "http:///v1",
        "http://h:port",
        "http://h:99999",
        "http://h:0",
        "http://[bad",
        "ftp://h",
        "file:///etc/passwd",
        "http://me:word@h:1",
        "http://h?x=1",
        "http://h#x",
        "http://h/two words",
        "two words",
        "on",
    ],
)
def test_no_address_of_an_own_model(monkeypatch, url):
    monkeypatch.setenv("FTRAG_ENDPOINT", url)
    for act in (variables.endpoint, runtime.settle):
        with pytest.raises(CourseError, match="FTRAG_ENDPOINT=.*like http://127.0.0.1:8080"):
            act()


def test_a_lesson_does_not_call_itself_offline_beside_a_server(monkeypatch):
    assert "Offline" in runtime.prepare_notebook()
    monkeypatch.setenv("FTRAG_ENDPOINT", "http://10.0.0.7:8080/v1")
    said = runtime.prepare_notebook()
    assert "Offline" not in said and "save your own model at http://10.0.0.7:8080." in said


def test_an_own_models_name_needs_a_server(monkeypatch):
    assert variables.endpoint_model() is None
    monkeypatch.setenv("FTRAG_ENDPOINT_MODEL", " qwen3:8b ")
    for act in (variables.endpoint_model, runtime.settle):
        with pytest.raises(CourseError, match="FTRAG_ENDPOINT_MODEL=qwen3:8b .*Set FTRAG_ENDPOINT"):
            act()
    monkeypatch.setenv("FTRAG_ENDPOINT", "http://127.0.0.1:8080")
    assert variables.endpoint_model() == "qwen3:8b"


def test_a_slip_of_the_pen_is_told(monkeypatch):
    for name in ("FTRAG_CHACHE", "FTRAG_LMM", "FTRAG_MODEL_OF_THE_YEAR"):
        monkeypatch.setenv(name, "x")
    said = [sentence for sentence in variables.unknown() if not sentence.startswith("FTRAG_TEST")]
    assert said == [
        "FTRAG_CHACHE is no variable of the course's. Is FTRAG_CACHE meant?",
        "FTRAG_LMM is no variable of the course's. Is FTRAG_LLM meant?",
        "FTRAG_MODEL_OF_THE_YEAR is no variable of the course's.",
    ]


def test_children_in_another_folder_see_what_was_typed(monkeypatch, tmp_path):
    """As a notebook's process does: it runs in notebooks/, and the command was typed above."""
    (tmp_path / "models" / "mine").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "FTRAG_CACHE": "cache",
        "FTRAG_RESULTS": "~",
        "FTRAG_LLM": "models/mine",
        "FTRAG_EMBEDDER": "org/hub",
    }.items():
        monkeypatch.setenv(name, value)
    runtime.settle()
    code = (
        "import os; print(*(os.environ[n] for n in ('FTRAG_CACHE', 'FTRAG_RESULTS', 'FTRAG_LLM',"
        " 'FTRAG_EMBEDDER')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd="notebooks", capture_output=True, text=True
    )
    assert done.stdout.split() == [
        f"{tmp_path}/cache",
        str(Path.home()),
        f"{tmp_path}/models/mine",
        "org/hub",
    ]


def test_a_notebook_whose_jupyter_was_started_by_hand_sees_the_same(monkeypatch, tmp_path):
    (tmp_path / "models" / "mine").mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    code = (
        "import os; from ftrag_helpers.environment import runtime; runtime.prepare_notebook();"
        " print(os.environ['FTRAG_LLM'], runtime.cache_dir())"
    )
    environment = os.environ | {
        "PWD": str(tmp_path),
        "FTRAG_LLM": "models/mine",
        "FTRAG_CACHE": "cache",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path / "notebooks",
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == [f"{tmp_path}/models/mine", f"{tmp_path}/cache"], done.stderr
