"""Folders, environment and seeds. What needs a certain machine (device, memory) is only bounded."""

import os
import random

import numpy as np
import pytest

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError


def test_learners_own_environment_wins(monkeypatch):
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "info")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    found = runtime.offline_environment()
    assert found["TRANSFORMERS_VERBOSITY"] == "info" and found["HF_HUB_OFFLINE"] == "1"


def test_cache_folder_is_made_where_the_learner_says(monkeypatch, tmp_path):
    monkeypatch.setenv("FTRAG_CACHE", str(tmp_path / "deep" / "cache"))
    assert runtime.cache_dir() == tmp_path / "deep" / "cache" and runtime.cache_dir().is_dir()


def test_cache_folder_that_cannot_be_made_is_a_clear_error(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FTRAG_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(CourseError, match="FTRAG_CACHE"):
        runtime.cache_dir()


def test_device_is_what_the_learner_names(monkeypatch):
    monkeypatch.setenv("FTRAG_DEVICE", "meta")
    assert runtime.device().type == "meta"


def test_a_seed_repeats_all_three_random_sources():
    import torch

    def draw():
        runtime.set_seed(7)
        return random.random(), np.random.rand(), torch.rand(1).item()

    assert draw() == draw()


def test_stopwatch_and_memory_are_plausible():
    with pytest.raises(KeyError), runtime.stopwatch() as clock:
        raise KeyError
    assert 0 < clock.seconds < 5
    assert 0.01 < runtime.peak_memory_gb() < 100
    assert all(isinstance(value, str) and value for value in runtime.describe().values())


def test_the_guard_of_these_tests_refuses_the_network(no_network):
    import socket

    with pytest.raises(OSError, match="offline"):
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)
    with pytest.raises(OSError, match="offline"):
        socket.getaddrinfo("example.org", 80)
    no_network.clear()


@pytest.mark.parametrize(
    "named",
    [
        "gpu",
        "cuda",
        "cuda:7",
        "CUDA",
        "mps:3",
        "cpu:x",
        "tpu",
        "0",
        "cuda:-1",
        "nvidia",
        "xpu",
        "hip",
    ],
)
def test_a_device_that_cannot_be_used_is_told(monkeypatch, named):
    import torch

    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("this machine has an accelerator")
    monkeypatch.setenv("FTRAG_DEVICE", named)
    with pytest.raises(
        CourseError,
        match=f"FTRAG_DEVICE={named} cannot be used here .*PyTorch can use: cpu.*unset it",
    ):
        runtime.device()


@pytest.mark.parametrize("named", ["cpu", "CPU", " cpu ", "cpu:0"])
def test_a_device_may_be_written_in_any_case(monkeypatch, named):
    monkeypatch.setenv("FTRAG_DEVICE", named)
    assert runtime.device().type == "cpu"


# --- no home, or none that can be written to


@pytest.fixture
def homeless(monkeypatch):
    """Makes this user's home folder what a test says; None is an unknown user without HOME."""

    def make(home):
        monkeypatch.delenv("FTRAG_CACHE", raising=False)
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        for name in ("HOME", "USERPROFILE", "USER", "LOGNAME"):
            monkeypatch.setenv(name, "")
            monkeypatch.delenv(name)
        if home:
            monkeypatch.setenv("HOME", str(home))
        else:
            import pwd

            monkeypatch.setattr(pwd, "getpwuid", lambda uid: (_ for _ in ()).throw(KeyError(uid)))

    return make


@pytest.mark.skipif(os.name == "nt", reason="every user has a home there")
@pytest.mark.parametrize("home", [None, "/dev/null/home", "/dev/null", "/proc/self"])
def test_without_a_home_the_cache_must_be_named(homeless, monkeypatch, tmp_path, home):
    homeless(home)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CourseError, match="(HOME|folder cannot be made)(.|\n)*FTRAG_CACHE"):
        runtime.settle()
    assert not list(tmp_path.iterdir()), "no folder called ~ is made"


@pytest.mark.skipif(os.name == "nt", reason="every user has a home there")
@pytest.mark.parametrize("home", [None, "/dev/null/home"])
def test_without_a_home_the_named_cache_holds_one(homeless, monkeypatch, tmp_path, home):
    import getpass

    homeless(home)
    monkeypatch.setenv("FTRAG_CACHE", str(tmp_path / "cache"))
    runtime.settle()
    assert os.environ["HOME"] == str(tmp_path / "cache" / "home") and os.path.isdir(
        os.environ["HOME"]
    )
    assert os.environ["FTRAG_CACHE"] == str(tmp_path / "cache") and getpass.getuser()
    runtime.settle()
    assert os.environ["HOME"] == str(tmp_path / "cache" / "home")
