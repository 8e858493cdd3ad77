"""Freed memory goes back to the system where that can be asked for, and is no error elsewhere."""

import ctypes

import pytest

from ftrag_helpers.environment import memory


class Library:
    def __init__(self):
        self.asked = []

    def malloc_trim(self, kept):
        self.asked.append(kept)


def test_the_c_library_is_asked_to_keep_nothing(monkeypatch):
    library = Library()
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    memory.release_memory()
    assert library.asked == [0]


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_where_there_is_no_such_call_nothing_happens(monkeypatch, error):
    def absent(name):
        raise error

    monkeypatch.setattr(ctypes, "CDLL", absent)
    memory.release_memory()
