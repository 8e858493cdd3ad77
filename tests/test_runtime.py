"""Folders, environment and seeds. What needs a certain machine (device, memory) is only bounded."""

import random

import numpy as np
import pytest

from ftrag_helpers import runtime
from ftrag_helpers.runtime import CourseError


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
