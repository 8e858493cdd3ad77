"""The store of a learner's figures: what is printed is what is kept, and nothing that was kept is
ever lost.
"""

import json
import os
import subprocess
import sys
from datetime import date

import numpy as np
import pytest
from damage import DAMAGES

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.evaluation import metrics
from ftrag_helpers.journal import measurements
from ftrag_helpers.journal.measurements import Measurement


@pytest.fixture(autouse=True)
def own_results(monkeypatch, tmp_path):
    monkeypatch.setenv("FTRAG_RESULTS", str(tmp_path / "kept"))


def figures():
    return measurements.load()["figures"]


def test_what_is_printed_is_what_is_kept():
    right = [True] * 13 + [False] * 7
    assert (
        measurements.record_mean("04", "librarian: right", np.array(right))
        == metrics.with_interval(right)
        == "0.65 [0.45, 0.85] n=20"
    )
    kept = figures()["04", "librarian: right"]
    assert (kept.value, kept.n, kept.unit) == (0.65, 20, "")
    assert (kept.low, kept.high) == metrics.bootstrap_interval(right)
    assert kept.date == date.today().isoformat() and int(kept.cores) >= 1
    assert str(kept) == "0.65 [0.45, 0.85] n=20"


@pytest.mark.parametrize(
    "second, seen", [([1] * 30, "higher"), ([0] * 30, "lower"), ([1, 0] * 15, "no difference seen")]
)
def test_a_paired_difference_says_what_was_seen(second, seen):
    first = [0] * 10 + [1] * 10 + [0, 1] * 5
    gap, low, high = metrics.paired_difference(first, second)
    assert (
        measurements.record_difference("02", "gap", first, second)
        == f"{gap:+.2f} [{low:+.2f}, {high:+.2f}], {seen}"
    )
    kept = figures()["02", "gap"]
    assert (kept.value, kept.low, kept.high, kept.unit, kept.n) == (
        gap,
        low,
        high,
        measurements.DIFFERENCE,
        30,
    )


def test_values_that_do_not_apply_are_left_out_and_counted():
    nan = float("nan")
    assert measurements.record_mean("05", "faithful", [1, nan, 1, 0, nan]) == metrics.with_interval(
        [1, 1, 0]
    )
    assert figures()["05", "faithful"].note == "2 of 5 not applicable"
    assert measurements.record_difference(
        "05", "gap", [1, nan, 0, 0], [1, 1, nan, 1]
    ) == measurements.record_difference("05", "same", [1, 0], [1, 1])
    with pytest.raises(ValueError, match="'faithful' of lesson 05: no values"):
        measurements.record_mean("05", "faithful", [nan])
    with pytest.raises(ValueError, match="same questions: 2 and 3"):
        measurements.record_difference("05", "gap", [1, 0], [1, 0, 1])


def test_a_later_figure_takes_the_place_of_the_same_lesson_and_name():
    for lesson, value in (("01", 0.1), ("02", 0.2), ("01", 0.3)):
        measurements.record(lesson, "right", value)
    assert {key: figure.value for key, figure in figures().items()} == {
        ("01", "right"): 0.3,
        ("02", "right"): 0.2,
    }


@pytest.mark.parametrize(
    "figure, text",
    [
        (Measurement("02", "x", 146.4, unit="s"), "146 s"),
        (Measurement("02", "x", 0.258, unit="s"), "0.26 s"),
        (
            Measurement("02", "x", 0.1, 0.04, 0.17, 300, measurements.DIFFERENCE),
            "+0.10 [+0.04, +0.17]",
        ),
        (Measurement("02", "x", -0.05, unit=measurements.DIFFERENCE), "-0.05"),
        (Measurement("02", "x", 0.5), "0.50"),
        (Measurement("02", "x", 2.94, 2.5, 3.4, 8, "nats"), "2.94 [2.50, 3.40] nats n=8"),
        (Measurement("02", "x", 12345, unit="s"), "12,345 s"),
    ],
)
def test_a_figure_reads_as_the_course_prints_it(figure, text):
    assert str(figure) == text


@pytest.mark.parametrize(
    "faulty, complaint",
    [
        ({"value": float("nan")}, "finite number"),
        ({"value": "many"}, "finite number"),
        ({"value": 1, "low": 0.5}, "both ends"),
        ({"value": 1, "low": 2, "high": 1}, "upside down"),
        ({"value": 1, "low": 0, "high": float("inf")}, "finite"),
        ({"value": 1, "name": " "}, "needs a name"),
        ({"value": 1, "lesson": ""}, "needs a lesson"),
        ({"value": 1, "lesson": 4}, "needs a lesson"),
    ],
)
def test_a_faulty_figure_is_refused_and_not_kept(faulty, complaint):
    given = {"lesson": "01", "name": "right", **faulty}
    with pytest.raises(ValueError, match=complaint):
        measurements.record(given.pop("lesson"), given.pop("name"), given.pop("value"), **given)
    assert figures() == {}


def test_predictions_and_decisions_are_kept_in_order():
    assert (
        measurements.record_guess("retrieval: right", 0.4)
        == "Kept: you expect 0.40 for retrieval: right."
    )
    measurements.record_guess("closed book: right", np.float64(0))
    measurements.record_guess("retrieval: right", 0.5)
    assert (
        measurements.record_choice("Help desk ☎", "retrieval", "it changes")
        == "Kept: Help desk ☎: retrieval."
    )
    found = measurements.load()
    assert [(p["name"], p["value"]) for p in found["predictions"].values()] == [
        ("retrieval: right", 0.5),
        ("closed book: right", 0),
    ]
    assert [d["because"] for d in found["decisions"].values()] == ["it changes"]
    for wrong in (
        lambda: measurements.record_guess("x", None),
        lambda: measurements.record_guess("", 1),
        lambda: measurements.record_choice("x", " "),
        lambda: measurements.record_choice("", "x"),
    ):
        with pytest.raises(ValueError):
            wrong()


def test_the_file_lies_in_the_cache_folder_or_where_it_is_told(monkeypatch, tmp_path):
    assert measurements.path() == tmp_path / "kept" / "results.json"
    monkeypatch.delenv("FTRAG_RESULTS")
    assert measurements.path() == runtime.cache_dir() / "results-validation.json", (
        "a validation has a file of its own"
    )
    monkeypatch.delenv("PYTEST_VERSION")
    assert (
        measurements.path() == runtime.cache_dir() / "results.json"
        and measurements.path().is_relative_to(tmp_path)
    )
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FTRAG_RESULTS", str(tmp_path / "file" / "folder"))
    with pytest.raises(CourseError, match="FTRAG_RESULTS"):
        measurements.path()


def test_two_processes_lose_nothing_of_each_other():
    code = (
        "import sys\nfrom ftrag_helpers.journal import measurements as results\nfor i in range(12):"
        " results.record(sys.argv[1], f'figure {i}', i)"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, lesson], cwd=runtime.course_root())
        for lesson in ("01", "02")
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    assert sorted(figures()) == sorted(
        (lesson, f"figure {i}") for lesson in ("01", "02") for i in range(12)
    )


ROW = {"lesson": "01", "name": "right", "value": 0.5}
BROKEN = [
    b"",
    b"{",
    b"[]",
    b"\xff\xfe",
    b'{"figures": []}',
    b'{"figures": {"a": 3}}',
    b'{"figures": {"a": {"name": "x"}}}',
    json.dumps({"figures": {"a": {**ROW, "value": "high"}}}).encode(),
    json.dumps({"figures": {"a": {**ROW, "low": 1}}}).encode(),
    b'{"figures": {"a": {"lesson": "01", "name": "x", "value": NaN}}}',
    b'{"predictions": {"a": {"name": "x"}}}',
    b'{"decisions": {"a": {"scenario": "", "choice": "x"}}}',
    b"[" * 100_000,
    json.dumps({"figures": {"a": {**ROW, "value": 10**400}}}).encode(),
    json.dumps({"figures": {"a": ROW}}).encode()[:-1],
    json.dumps({"figures": {"a": {**ROW, "n": 0}}}).replace('"n": 0', '"n": 1e999').encode(),
    bytes(500),
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_damaged_file_is_set_aside_and_said_so(content):
    for number in (1, 2):
        measurements.path().write_bytes(content)
        with pytest.warns(
            UserWarning, match=rf"was damaged .* set aside as results.damaged-{number}.json"
        ):
            measurements.record("01", "after", number)
        assert (
            measurements.path().with_name(f"results.damaged-{number}.json").read_bytes() == content
        )
        assert [f.value for f in figures().values()] == [number]


def test_a_damaged_file_is_set_aside_by_reading_too():
    measurements.path().write_bytes(b"{")
    with pytest.warns(UserWarning, match="damaged"):
        assert measurements.load() == {"figures": {}, "predictions": {}, "decisions": {}}
    assert [p.name for p in measurements.path().parent.glob("*.json")] == ["results.damaged-1.json"]


def test_fields_of_no_concern_do_not_make_a_file_damaged():
    measurements.path().write_text(
        json.dumps({"figures": {"a": {**ROW, "colour": "blue"}}, "more": 1})
    )
    assert figures()["01", "right"].value == 0.5
    measurements.record("01", "right again", 1)
    assert json.loads(measurements.path().read_text("utf-8"))["more"] == 1


def test_a_file_of_a_newer_course_is_left_as_it_is():
    measurements.path().write_text('{"version": 99}')
    for act in (measurements.load, lambda: measurements.record("01", "x", 1)):
        with pytest.raises(CourseError, match="newer version"):
            act()
    assert measurements.path().read_text() == '{"version": 99}'


def test_a_lesson_goes_on_where_nothing_can_be_kept(monkeypatch):
    measurements.record("01", "old", 1)
    before = measurements.path().read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(UserWarning, match="could not be kept.*No space left"):
        assert measurements.record_mean("01", "new", [1, 0]).endswith("n=2")
    assert measurements.path().read_bytes() == before
    assert {p.name for p in measurements.path().parent.iterdir()} <= {
        "results.json",
        ".results.json.lock",
    }, "nothing half-written is left"


def test_reading_goes_on_where_the_file_cannot_be_read(monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(measurements.path()), "read_bytes", refuse)
    with pytest.warns(UserWarning, match="cannot be read now.*Permission denied"):
        assert figures() == {}


@pytest.mark.parametrize("damage", [name for name in DAMAGES if name != "gone"])
def test_whatever_the_damage_what_is_left_is_kept(damage):
    measurements.record("01", "before", 1)
    DAMAGES[damage](measurements.path())
    with pytest.warns(UserWarning, match="was damaged.*set aside as results.damaged-1.json"):
        measurements.record("01", "after", 2)
    assert [f.name for f in figures().values()] == ["after"]
    assert measurements.path().with_name("results.damaged-1.json").is_dir() == (
        damage == "a folder"
    )


def test_what_was_kept_is_read_where_nothing_can_be_written(monkeypatch):
    measurements.record("01", "right", 0.5)

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    assert figures()["01", "right"].value == 0.5


def test_the_reference_has_the_form_of_a_store():
    found = measurements.reference()
    assert found["predictions"] == found["decisions"] == {}
    assert all(
        isinstance(figure, Measurement) and figure.date and figure.cores
        for figure in found["figures"].values()
    )
    assert json.loads(measurements.as_json(found["figures"].values())) == json.loads(
        (runtime.data_dir() / "claims" / "reference.json").read_text("utf-8")
    )


def test_a_missing_reference_is_a_clear_error(monkeypatch, tmp_path):
    monkeypatch.setattr(runtime, "data_dir", lambda: tmp_path)
    with pytest.raises(CourseError, match="reference.json is missing or damaged"):
        measurements.reference()


def test_a_table_of_means_and_of_differences_is_what_is_kept():
    scores = {"a": [1.0, 0.0, 1.0, 0.0], "b": [1.0, 1.0, 1.0, float("nan")]}
    means = measurements.record_means("04", scores, "right")
    assert means.loc["a", "right"] == 0.5 and list(means.n) == [4, 3]
    assert figures()["04", "b: right"].value == 1.0
    table = measurements.record_differences("04", scores, [("a", "b")], "right")
    kept = figures()["04", "b over a: right"]
    assert (round(kept.value, 2), kept.n) == (0.33, 3)
    assert table.loc["b − a", "right: difference"].startswith("+0.33 [")
    with pytest.raises(KeyError):
        measurements.record_differences("04", scores, [("a", "c")], "right")


def test_a_table_of_differences_is_kept_row_by_row():
    from ftrag_helpers.evaluation.study import effects

    table = effects.table({"a over b: right": [1, 0, 1, 1], "a over c: right": [0, 0, 1, -1]})
    measurements.record_table("05", table)
    kept = figures()["05", "a over b: right"]
    assert (kept.value, kept.n, kept.unit) == (0.75, 4, "difference")
    assert kept.low == table.loc["a over b: right", "low"] and "2 differences" in kept.note
    assert ("05", "a over c: right") in figures()


def test_a_shipped_share_is_kept_with_its_interval_and_said_to_be_shipped():
    row = {"test": 0.8, "test low": 0.75, "test high": 0.85, "elsewhere": 0.7}
    shown = measurements.record_shipped("02", "probe: reviews", row, "test", n=300)
    kept = figures()["02", "probe: reviews"]
    assert (kept.value, kept.low, kept.high, kept.n, kept.note) == (0.8, 0.75, 0.85, 300, "shipped")
    assert shown == "0.80 [0.75, 0.85] n=300"
    with pytest.raises(KeyError):
        measurements.record_shipped("02", "probe: elsewhere", row, "elsewhere", n=300)
