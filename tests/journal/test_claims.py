"""Verdicts follow from figures alone: for each claim, figures can be found that give each
verdict.
"""

import json
import math
import re
import shutil

import pytest

from ftrag_helpers.data import data_files
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.journal import claims, course_chart, measurements
from ftrag_helpers.journal.claims import Claim, Criterion
from ftrag_helpers.journal.measurements import DIFFERENCE, Measurement

CLAIMS = claims.load_claims()
FIGURES = claims.load_figures()
NOTHING = {"figures": {}}


def store(*figures):
    return {"figures": {(f.lesson, f.name): f for f in figures}}


def figure(name, value, low=None, high=None, lesson="01", unit=""):
    return Measurement(lesson, name, value, low, high, unit=unit)


def only(test, *figures, reference=()):
    """The evidence of one test over own and reference figures."""
    [row] = claims.table(
        store(*figures), store(*reference), [Claim("C0", "01", "it is so", (test,))]
    )
    return row.evidence[0]


ABOVE = Criterion("above", "the gain", ("a",), 0.0)
BELOW = Criterion("below", "the loss", ("a",), 0.5)
MORE = Criterion("more", "the drop", ("a", "b"), 0.0)
RATIO = Criterion("ratio", "the price", ("a", "b"), 2.0)


@pytest.mark.parametrize(
    "test, given, outcome",
    [
        (ABOVE, [(0.1, 0.04, 0.2)], "yes"),
        (ABOVE, [(0.1, 0.0, 0.2)], "unclear"),
        (ABOVE, [(0.1, -0.1, 0.2)], "unclear"),
        (ABOVE, [(-0.1, -0.2, -0.01)], "no"),
        (ABOVE, [(0.9, None, None)], "unclear"),
        (BELOW, [(0.1, 0.0, 0.2)], "yes"),
        (BELOW, [(0.9, 0.8, 1.0)], "no"),
        (BELOW, [(0.4, 0.3, 0.5)], "unclear"),
        (MORE, [(0.9, 0.85, 0.95), (0.5, 0.4, 0.6)], "yes"),
        (MORE, [(0.5, 0.4, 0.6), (0.9, 0.85, 0.95)], "no"),
        (MORE, [(0.6, 0.5, 0.7), (0.5, 0.4, 0.6)], "unclear"),
        (MORE, [(0.9, 0.8, 1.0), (0.1, None, None)], "unclear"),
        (RATIO, [(10, None, None), (5, None, None)], "yes"),
        (RATIO, [(9, None, None), (5, None, None)], "no"),
        (RATIO, [(1, None, None), (0, None, None)], "yes"),
    ],
)
def test_an_outcome_follows_from_the_interval(test, given, outcome):
    assert (
        only(
            test, *(figure(name, *numbers) for name, numbers in zip("ab", given, strict=False))
        ).outcome
        == outcome
    )


@pytest.mark.parametrize(
    "outcomes, verdict",
    [
        (["yes"], "supported"),
        (["yes", "yes", "shown"], "supported"),
        (["yes", "no"], "yes and no"),
        (["yes", "no", "unclear", "shown"], "yes and no"),
        (["yes", "no", "not measured"], "yes and no"),
        (["yes", "unclear"], "partly"),
        (["no", "no"], "not here"),
        (["no", "unclear"], "not here"),
        (["unclear", "unclear"], "undecided"),
        (["not measured"], "not measured yet"),
        (["yes", "not measured"], "not measured yet"),
        (["unclear", "not measured"], "not measured yet"),
        (["no", "not measured"], "not measured yet"),
        (["no", "unclear", "not measured"], "not measured yet"),
        (["yes", "unclear", "not measured"], "not measured yet"),
        (["shown"], "not measured yet"),
    ],
)
def test_outcomes_come_to_a_verdict_whatever_their_order(outcomes, verdict):
    assert claims.verdict(outcomes) == claims.verdict(outcomes[::-1]) == verdict


def test_no_measurement_to_come_can_overturn_a_verdict():
    for seen in (
        ["yes"],
        ["no"],
        ["unclear"],
        ["yes", "no"],
        ["yes", "unclear"],
        ["no", "unclear"],
        ["yes", "no", "unclear"],
    ):
        before = claims.verdict([*seen, "not measured"])
        if before != claims.NOT_MEASURED:
            assert {claims.verdict([*seen, later]) for later in ("yes", "no", "unclear")} == {
                before
            }


def wilson(hits, n, z=1.959964):
    middle, half = hits + z * z / 2, z * math.sqrt(hits * (n - hits) / n + z * z / 4)
    return figure("x", hits / n, (middle - half) / (n + z * z), (middle + half) / (n + z * z))


@pytest.mark.parametrize(
    "first, second, interval",
    [
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((10, 10), (0, 20), (0.6791, 1.0)),
    ],
)
def test_the_difference_of_two_shares_has_newcombes_interval(first, second, interval):
    """Source: Newcombe 1998, table II, method 10 (Wilson intervals of 56/70 − 48/80, 9/10 − 3/10,
    10/10 − 0/20).
    """
    gap, low, high = claims.difference(wilson(*first), wilson(*second))
    assert gap == pytest.approx(first[0] / first[1] - second[0] / second[1])
    assert (low, high) == pytest.approx(interval, abs=2e-4)


def assigned(claim, outcome):
    """Figures that let every test of a claim come out alike."""
    given = {}
    for test in claim.tests:
        up = {"yes": 0.3, "no": -0.3, "unclear": 0.0}[outcome] * (-1 if test.kind == "below" else 1)
        if test.kind in ("above", "below"):
            value, width = test.bound + up, 0.1
            given[test.figures[0]] = figure(test.figures[0], value, value - width, value + width)
        elif test.kind == "more":
            for name, value in zip(test.figures, (0.5 + up, 0.5 - up), strict=True):
                given.setdefault(name, figure(name, value, value - 0.1, value + 0.1))
        elif test.kind == "ratio":
            first = 100 if outcome == "yes" else 0.01
            given |= {
                test.figures[0]: figure(test.figures[0], first),
                test.figures[1]: figure(test.figures[1], 1),
            }
        else:
            given |= {name: figure(name, 0.25) for name in test.figures if name not in given}
    return list(given.values())


def test_figures_side_by_side_are_named_so_that_they_can_be_told_apart():
    shown = Criterion("shown", "both", ("loss: before", "loss: after"), 0.0)
    found = only(shown, figure("loss: before", 2), figure("loss: after", 1))
    assert (found.outcome, found.text) == ("shown", "loss: before 2.00, loss: after 1.00")
    gain = Criterion("shown", "a gain", ("first over second: right",), 0.0)
    found = only(gain, figure("first over second: right", 0.1, 0.04, 0.16, unit=DIFFERENCE))
    assert found.text == "first over second +0.10 [+0.04, +0.16]", "a difference has its interval"


@pytest.mark.parametrize("claim", CLAIMS, ids=[c.id for c in CLAIMS])
@pytest.mark.parametrize(
    "outcome, verdict",
    [("yes", "supported"), ("no", "not here"), ("unclear", "undecided")],
)
def test_every_claim_can_come_out_each_way(claim, outcome, verdict):
    if outcome == "unclear" and any(test.kind == "ratio" for test in claim.tests):
        pytest.skip("a ratio has no interval and so is never unclear")
    [row] = claims.table(store(*assigned(claim, outcome)), NOTHING, [claim])
    assert (row.verdict, row.origin) == (verdict, "yours"), row.because
    assert row.because.endswith(".") and "measured" not in row.because.lower()
    assert row.because.startswith(
        {"yes": "Yes for", "no": "No for", "unclear": "Unclear for"}[outcome]
    )


def test_every_claim_of_the_course_is_there_and_tested_in_its_lessons():
    assert [claim.id for claim in CLAIMS] == [f"C{n}" for n in range(1, 20)]
    home = {described.name: described.lesson for described in FIGURES}
    for claim in CLAIMS:
        tested = {home[name] for test in claim.tests for name in test.figures}
        named = set(claim.lesson.split(", "))
        assert tested == named, claim.id
        assert any(test.kind != "shown" for test in claim.tests)


def test_own_figures_come_first_and_are_said_to_be_ones_own():
    shipped = figure("a", -0.5, -0.6, -0.4)
    assert only(ABOVE, figure("a", 0.5, 0.4, 0.6), reference=[shipped]).outcome == "yes"
    found = only(ABOVE, reference=[shipped])
    assert (found.outcome, found.origin) == ("no", "reference")
    assert only(ABOVE).outcome == "not measured"


def test_one_machines_seconds_are_never_held_against_anothers():
    shipped = [figure("a", 100, unit="s"), figure("b", 10, unit="s")]
    found = only(RATIO, figure("a", 3, unit="s"), reference=shipped)
    assert (found.value, found.origin, found.outcome) == (10, "reference", "yes")
    found = only(RATIO, figure("a", 3, unit="s"), figure("b", 2, unit="s"), reference=shipped)
    assert (found.value, found.origin, found.outcome) == (1.5, "yours", "no")
    assert found.text == "3.00 s against 2.00 s, 1.5 times; asked for: at least 2"


def test_a_row_says_whose_figures_it_rests_on_and_why():
    claim = Claim(
        "C0",
        "01",
        "it is so",
        (
            ABOVE,
            Criterion("above", "the rest", ("b",), 0.5),
            Criterion("below", "the cost", ("c",), 0.2),
            Criterion("above", "the future", ("d",), 0.0),
            Criterion("shown", "beside it", ("e: right", "f: right"), 0.0),
        ),
    )
    own = store(
        figure("a", 0.1, 0.04, 0.17, unit=DIFFERENCE),
        figure("e: right", 0.1),
        figure("f: right", 0.9),
    )
    [row] = claims.table(
        own, store(figure("b", 0.4, 0.3, 0.6), figure("c", 0.5, 0.4, 0.6)), [claim]
    )
    assert (row.verdict, row.origin) == ("yes and no", "yours and reference")
    assert (
        row.because
        == "Yes for the gain (+0.10 [+0.04, +0.17]); no for the cost (0.50 [0.40, 0.60]; asked for:"
        " below 0.20); unclear for the rest (0.40 [0.30, 0.60]; asked for: above 0.50); not"
        " measured: the future; side by side: beside it (e 0.10, f 0.90)."
    )


def test_a_missing_figure_that_is_only_shown_holds_no_verdict_up():
    shown = Criterion("shown", "beside it", ("a", "b"), 0.0)
    claim = Claim("C0", "01", "it is so", (ABOVE, shown))
    [row] = claims.table(store(figure("a", 0.1, 0.04, 0.2)), NOTHING, [claim])
    assert (row.verdict, row.evidence[1].outcome) == ("supported", "not measured")
    assert row.because.endswith("not measured: beside it.")


@pytest.mark.parametrize(
    "name",
    [
        "librarian over closed book: right",
        "librarian over distractors: right",
        "old over new answers, fine-tuned closed book: after the news",
        "retrieval over fine-tuned closed book: after the news",
    ],
)
def test_what_was_certain_beforehand_is_only_shown(name):
    kinds = {test.kind for claim in CLAIMS for test in claim.tests if name in test.figures}
    assert kinds == {"shown"}


def test_the_shipped_table_is_complete_and_says_so_where_it_is_not():
    rows = claims.table(NOTHING, measurements.reference())
    assert len(rows) == 19 and {row.verdict for row in rows} <= set(claims.VERDICTS)
    assert sum(int(part.split()[0]) for part in claims.counts(rows).split(", ")) == 19
    for row in rows:
        assert (row.verdict != claims.NOT_MEASURED) or "not measured" in row.because.lower()


def test_the_table_as_a_frame_and_as_html_holds_every_row():
    rows = claims.table(NOTHING, measurements.reference())
    frame = claims.as_frame(rows)
    assert list(frame.index) == [row.id for row in rows]
    assert list(frame.columns) == ["lesson", "claim", "verdict", "because", "figures"]
    page = claims.as_html(rows)
    assert page.count('<th scope="row"') == 19 and page.count('<th scope="col"') == 6
    marked = Claim("<b>", "01", "a & b", (Criterion("above", "<script>", ("a",), 0.0),))
    page = claims.as_html(claims.table(NOTHING, NOTHING, [marked]))
    assert "<script>" not in page and "&lt;script&gt;" in page and "a &amp; b" in page


def test_figures_are_described_once_and_the_data_card_lists_them():
    names = [described.name for described in FIGURES]
    assert len(set(names)) == len(names)
    card = (claims.folder() / "README.md").read_text("utf-8")
    for described in FIGURES:
        assert f"| `{described.name}` | {described.unit or 'share'} | {described.meaning} |" in card
    assert len(re.findall(r"^\| `[^`]+` \| (?:share|difference|s|nats) \|", card, re.M)) == len(
        names
    ), "and no others"


def test_the_reference_holds_figures_that_lessons_record():
    described = {(d.lesson, d.name): d.unit for d in FIGURES}
    drawn = {(row.lesson, row.name) for row in course_chart.ROWS}
    for key, found in measurements.reference()["figures"].items():
        of_a_system = ": " in found.name and found.lesson == "05"
        assert key in described or key in drawn or of_a_system, key
        assert found.unit == described.get(key, found.unit), key


def test_the_manifest_vouches_for_every_file_of_the_set():
    data_files.check_manifest(claims.folder())
    listed = [
        entry["name"]
        for entry in json.loads((claims.folder() / "manifest.json").read_text("utf-8"))["files"]
    ]
    assert sorted(listed) == [
        "claims.jsonl",
        "figures.jsonl",
        "reference.json",
    ], "write it with claims.write_manifest"


@pytest.fixture
def copied(tmp_path):
    return shutil.copytree(claims.folder(), tmp_path / "claims")


def test_a_reference_that_was_written_is_read_again(copied, monkeypatch):
    given = [
        figure("closed book: right", 0.5, 0.4, 0.6, lesson="05"),
        figure("our library: right", 0.25, lesson="01"),
    ]
    path = claims.write_reference(given, copied)
    data_files.check_manifest(copied)
    monkeypatch.setattr(runtime, "data_dir", lambda: path.parent.parent)
    assert list(measurements.reference()["figures"].values()) == given[::-1], (
        "in the order of the lessons"
    )


@pytest.mark.parametrize(
    "change, complaint",
    [
        (lambda row: row.pop("tests"), r"row 1 \(C1\), field 'tests': missing"),
        (
            lambda row: row["tests"][0].update(kind="typed"),
            r"row 1 \(C1\), field 'tests', item 1, field 'kind': 'typed' is not 'above', 'below'",
        ),
        (
            lambda row: row["tests"][0].update(least=1),
            r"row 1 \(C1\), field 'tests', item 1, field 'least': not a field",
        ),
        (
            lambda row: row["tests"][0].update(figures=["common knowledge: right"] * 2),
            "C1: no test 'above' of 2",
        ),
        (lambda row: row["tests"][0].update(figures=["x"]), "'x' is not in figures.jsonl"),
    ],
)
def test_a_faulty_claim_is_a_clear_error(copied, change, complaint):
    path = copied / "claims.jsonl"
    first, *others = path.read_text("utf-8").splitlines()
    row = json.loads(first)
    change(row)
    path.write_text("\n".join([json.dumps(row), *others]) + "\n", "utf-8")
    with pytest.raises(CourseError, match="not the file that its manifest describes"):
        claims.load_claims(copied)
    claims.write_manifest(copied)
    with pytest.raises(CourseError, match=complaint):
        claims.load_claims(copied)


def test_every_figure_that_a_claim_needs_has_a_shipped_value():
    shipped = {found.name for found in measurements.reference()["figures"].values()}
    needed = {name for claim in CLAIMS for test in claim.tests for name in test.figures}
    assert needed - shipped == set()
