"""The record of passed tasks: written once passed, never in the way, readable as table, text and
HTML.
"""

import json
import threading
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from damage import DAMAGES
from test_checking import TASK

from ftrag_helpers.exercises import checking, progress, registry


@pytest.fixture(autouse=True)
def learner(monkeypatch):
    """As in a learner's notebook: not under pytest; one task with a check, one marked by a
    person.
    """
    monkeypatch.delenv("PYTEST_VERSION", raising=False)
    monkeypatch.delenv("FTRAG_PROGRESS", raising=False)
    hard = replace(TASK, id="9.10", title="Less <than> & more", points=2)
    lesson = SimpleNamespace(
        TASKS={"9.10": hard, "9.1": TASK}, MANUAL={"9.2": checking.ManualTask("Your view", 5)}
    )
    monkeypatch.setattr(registry, "lessons", lambda: {9: lesson})


def test_the_visible_check_alone_is_recorded():
    checking.run(TASK, lambda x: 2 * x, seed=4)
    with pytest.raises(checking.CheckFailed):
        checking.run(TASK, lambda x: x)
    assert progress.earned() == {} and not progress.file().exists()
    checking.run(TASK, lambda x: 2 * x)
    assert progress.earned() == {"9.1": 3}
    assert json.loads(progress.file().read_text("utf-8")) == {"points": {"9.1": 3}}
    assert [path.name for path in progress.file().parent.glob(".progress-*")] == []


@pytest.mark.parametrize("name,value", [("FTRAG_PROGRESS", "off"), ("PYTEST_VERSION", "9.0")])
def test_validation_is_not_the_learners_work(monkeypatch, name, value):
    progress.record("9.10", 2)
    monkeypatch.setenv(name, value)
    progress.record("9.1", 3)
    assert progress.earned() == {}
    monkeypatch.delenv(name)
    assert progress.earned() == {"9.10": 2}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"points": 3}',
        '{"points": {"9.1": "all"}}',
        "\udcff",
        '{"points": {"9.1": -3}}',
        '{"points": {"9.1": true}}',
        "[" * 100_000,
    ],
)
def test_a_broken_record_is_set_aside(text):
    content = text.encode("utf-8", "surrogateescape")
    for name in ("progress.broken.json", "progress.broken-2.json", "progress.broken-3.json"):
        progress.file().write_bytes(content)
        with pytest.warns(UserWarning, match=f"progress.json was damaged.*set aside as {name}"):
            assert progress.earned() == {}
        assert progress.file().with_name(name).read_bytes() == content
    progress.record("9.1", 3)
    assert progress.earned() == {"9.1": 3}


@pytest.mark.parametrize("damage", [name for name in DAMAGES if name != "gone"])
def test_a_record_that_was_damaged_fails_no_check_and_is_begun_anew(damage, capsys):
    progress.record("9.10", 2)
    DAMAGES[damage](progress.file())
    with pytest.warns(UserWarning, match="was damaged.*set aside"):
        checking.run(TASK, lambda x: 2 * x)
    assert "passed" in capsys.readouterr().out and progress.earned() == {"9.1": 3}


def test_a_record_that_cannot_be_written_fails_no_check(monkeypatch, tmp_path, capsys):
    blocked = tmp_path / "a file"
    blocked.write_text("", "utf-8")
    monkeypatch.setenv("FTRAG_CACHE", str(blocked / "cache"))
    checking.run(TASK, lambda x: 2 * x)
    assert "passed" in capsys.readouterr().out and progress.earned() == {}


def test_two_notebooks_at_once_lose_nothing():
    threads = [threading.Thread(target=progress.record, args=(f"9.{n}", 1)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert progress.earned() == {f"9.{n}": 1 for n in range(12)}


def test_the_table():
    progress.record("9.1", 99)  # more than the task is worth: an older edition of it
    assert progress.table() == [
        {
            "lesson": 9,
            "task": "9.1",
            "title": "Doubling",
            "points": 3,
            "earned": 3,
            "state": "passed",
        },
        {
            "lesson": 9,
            "task": "9.2",
            "title": "Your view",
            "points": 5,
            "earned": None,
            "state": "marked by a person",
        },
        {
            "lesson": 9,
            "task": "9.10",
            "title": "Less <than> & more",
            "points": 2,
            "earned": 0,
            "state": "open",
        },
    ]
    assert (
        progress.total(progress.table()) == "3 of 5 points passed; 5 more are marked by a person."
    )
    assert progress.progress_text().splitlines()[0].split() == [
        "9.1",
        "3",
        "points",
        "passed",
        "Doubling",
    ]


def test_the_html_is_an_accessible_table():
    class Reader(HTMLParser):
        tags, text = [], ""

        def handle_starttag(self, tag, attributes):
            self.tags.append((tag, dict(attributes).get("scope")))

        def handle_data(self, data):
            self.text += f"{data} "

    reader = Reader()
    reader.feed(progress.progress_html())
    assert reader.tags.count(("th", "col")) == 4 and reader.tags.count(("th", "row")) == 3
    assert reader.tags[:2] == [("table", None), ("caption", None)] and "script" not in dict(
        reader.tags
    )
    assert (
        "Less <than> & more" in reader.text
        and "0 of 5 points passed" in reader.text
        and "open" in reader.text
    )
