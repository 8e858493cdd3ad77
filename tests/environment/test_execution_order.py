"""Cells run out of order, and a kernel older than the code: what is said, and how often."""

import json
import time
from types import SimpleNamespace

import pytest

from ftrag_helpers.environment import execution_order


@pytest.fixture
def page(tmp_path):
    cells = [
        {"cell_type": "markdown", "id": "text"},
        *({"cell_type": "code", "id": name} for name in ("a", "b", "c", "d")),
    ]
    path = tmp_path / "page.ipynb"
    path.write_text(json.dumps({"cells": cells}), "utf-8")
    return path


def test_a_page_run_from_top_to_bottom_is_told_nothing(page):
    watcher = execution_order.Watcher(page)
    assert [watcher.after(name) for name in "abcdab"] == [""] * 6


def test_a_cell_that_was_left_out_is_named_once(page):
    watcher = execution_order.Watcher(page)
    assert watcher.after("a") == ""
    assert "code cell 2 of this page was not run" in watcher.after("c")
    assert watcher.after("c") == "" and watcher.after("d") == ""


def test_a_jump_to_the_end_says_how_many_are_missing(page):
    said = execution_order.Watcher(page).after("d")
    assert "3 code cells above (the first is number 1)" in said and "Run All Above" in said


def test_cells_of_ones_own_and_a_page_that_cannot_be_read_are_passed_over(page, tmp_path):
    assert execution_order.Watcher(page).after("mine") == ""
    for text in ("", "{", '{"cells": 3}', '{"cells": [{}]}'):
        broken = tmp_path / "broken.ipynb"
        broken.write_text(text, "utf-8")
        assert execution_order.Watcher(broken).after("a") == ""
    assert execution_order.Watcher(tmp_path / "none.ipynb").after("a") == ""


def test_code_that_changed_after_the_kernel_started_is_said_once(page, monkeypatch):
    watcher = execution_order.Watcher(page)
    monkeypatch.setattr(execution_order, "newest_change", lambda: time.time() + 60)
    assert watcher.after("a") == execution_order.UPDATED
    assert watcher.after("b") == ""


def test_watch_hooks_in_once_and_only_where_a_notebook_is_known(page, monkeypatch, capsys):
    hooks = []
    parent = {"metadata": {"cellId": "a"}}
    shell = SimpleNamespace(
        events=SimpleNamespace(register=lambda event, hook: hooks.append((event, hook))),
        get_parent=lambda: parent,
    )
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    execution_order.watch()
    assert hooks == []
    monkeypatch.setenv("JPY_SESSION_NAME", str(page))
    execution_order.watch()
    execution_order.watch()
    [(event, hook)] = hooks
    assert event == "post_run_cell"
    parent["metadata"]["cellId"] = "c"
    hook(None)
    assert "code cell 2 of this page" in capsys.readouterr().out
