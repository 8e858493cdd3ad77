"""What was kept is read again or not at all: damage costs time, and a sound file is never lost."""

import sqlite3
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from damage import DAMAGES, scrambled

from ftrag_helpers.lm.result_store import ResultStore


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results.sqlite"


def opened(path, most=200_000):
    return ResultStore(path, most)


def numbered(count):
    return {str(number): f"[{number}, 0.333, text]".encode() for number in range(count)}


@pytest.mark.parametrize("damage", [*DAMAGES, "journal"])
@pytest.mark.parametrize("many", [1, 3000], ids=["one page", "many pages"])
@pytest.mark.parametrize("first", ["get", "put"])
def test_a_damaged_file_is_made_anew_and_used(path, damage, many, first):
    kept = numbered(many)
    opened(path).put(kept)
    if damage == "journal":
        scrambled(path)
        path.with_name(path.name + "-journal").mkdir()
    else:
        DAMAGES[damage](path)
    store = opened(path)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = [store.get(list(kept))] if first == "get" else []
        store.put({"new": b"new"})
        found.append(store.get(list(kept)))
    assert all(some.items() <= kept.items() for some in found), "nothing wrong is handed out"
    assert len(told) == (damage not in ("empty", "gone")) and all(
        "was damaged" in str(each.message) for each in told
    )
    opened(path).put({"new": b"newer"})
    assert opened(path).get(["new"]) == {"new": b"newer"}
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_result_in_which_one_digit_changed_is_not_used(path):
    opened(path).put({"a": b"-12345.5", "b": b"0.5"})
    content = path.read_bytes()
    assert content.count(b"-12345.5") == 1
    path.write_bytes(content.replace(b"-12345.5", b"-12346.5"))
    with pytest.warns(UserWarning, match="wrong checksum.*begun anew"):
        assert opened(path).get(["b", "a"]) == {}


def test_a_result_under_another_name_is_not_used(path):
    opened(path).put({"a": b"1"})
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE results SET name = 'b'")
    with pytest.warns(UserWarning, match="wrong checksum"):
        assert opened(path).get(["b"]) == {}


@pytest.mark.parametrize(
    "error, message",
    [
        (sqlite3.SQLITE_READONLY, "attempt to write a readonly database"),
        (sqlite3.SQLITE_FULL, "database or disk is full"),
        (sqlite3.SQLITE_BUSY, "database is locked"),
        (sqlite3.SQLITE_IOERR, "disk I/O error"),
        (sqlite3.SQLITE_CANTOPEN, "unable to open"),
    ],
)
def test_a_file_that_may_be_sound_is_left_alone(path, monkeypatch, error, message):
    opened(path).put({"a": b"2"})
    store = opened(path)

    def refuse(*_args, **_options):
        raised = sqlite3.OperationalError(message)
        raised.sqlite_errorcode = error
        raise raised

    with (
        monkeypatch.context() as patch,
        pytest.warns(UserWarning, match=f"cannot be used now .{message}.*computed anew") as told,
    ):
        patch.setattr(sqlite3, "connect", refuse)
        assert store.get(["a"]) == {}
        store.put({"a": b"3"})
    assert len(told) == 1 and opened(path).get(["a"]) == {"a": b"2"}


def test_a_database_that_another_program_holds_is_left_alone(path, monkeypatch):
    opened(path).put({"a": b"2"})
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, timeout: connect(path, timeout=0.05))
    with closing(connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.warns(UserWarning, match="locked"):
            assert opened(path).get(["a"]) == {}
    assert opened(path).get(["a"]) == {"a": b"2"}


def test_the_oldest_results_go_first(path):
    store = opened(path, most=3)
    for name, content in numbered(5).items():
        store.put({name: content})
    assert list(store.get(list("01234"))) == list("234")


def test_many_at_once(path):
    store, many = opened(path), numbered(1300)
    store.put(many)
    assert store.get([*many, "none"]) == many and store.get([]) == {}


def test_several_may_write_at_once(path):
    stores, many = [opened(path) for _ in range(8)], numbered(160)

    def write(n):
        for name in range(20 * n, 20 * n + 20):
            stores[n].put({str(name): many[str(name)]})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert stores[0].get(list(many)) == many
