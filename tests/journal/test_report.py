"""The report as a page: whole, self-contained, escaped, readable by eye, by ear and on paper."""

import re

import pytest
from html_page import Page

from ftrag_helpers.errors import CourseError
from ftrag_helpers.journal import claims, measurements, report
from ftrag_helpers.journal.measurements import DIFFERENCE, Measurement
from ftrag_helpers.notebook import rendering

EMPTY = {"figures": {}, "predictions": {}, "decisions": {}}
NASTY = '<script>alert("x")</script> & "quoted" \x00\x1b \u202eback'


def mine():
    figures = [
        Measurement("02", "fine-tuned: reviews", 0.7, 0.6, 0.8, 100, date="2026-01-02"),
        Measurement(
            "02",
            "fine-tuned over zero-shot: reviews",
            -0.3,
            -0.4,
            -0.2,
            100,
            DIFFERENCE,
            date="2026-01-05",
        ),
        Measurement("02", "seconds to fine-tune", 300, unit="s"),
        Measurement("05", NASTY, 0.5, 0.4, 0.6, 30, note=NASTY),
    ]
    return {
        "figures": {(f.lesson, f.name): f for f in figures},
        "predictions": {
            n: {"name": n, "value": v}
            for n, v in (
                ("fine-tuned: reviews", 0.65),
                ("our library: right", 0.9),
                (NASTY, 0.1),
                ("never measured", 1),
            )
        },
        "decisions": {
            "a": {"scenario": "Help desk " + NASTY, "choice": NASTY, "because": NASTY},
            "b": {"scenario": "News", "choice": "retrieval", "because": ""},
        },
    }


@pytest.fixture(scope="module")
def text():
    return report.page(mine(), measurements.reference(), machine={"CPU cores": "2", "owner": NASTY})


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_the_page_is_written_whole(tmp_path):
    path = report.write(tmp_path / "new folder" / "report.html", mine(), measurements.reference())
    content = path.read_text("utf-8")
    assert (
        content.startswith("<!DOCTYPE html>")
        and content.endswith("</html>\n")
        and len(content) < 300_000
    )
    assert "CPU cores" in content


def test_a_page_that_cannot_be_written_is_a_clear_error(tmp_path):
    with pytest.raises(CourseError, match="cannot be written"):
        report.write(tmp_path, EMPTY, EMPTY)


def test_its_tags_close_as_they_open(page):
    assert page.balanced


def test_it_needs_nothing_from_elsewhere(text, page):
    assert not re.search(r"https?:|//[a-z]|url\(|@import|\bsrc=|\bhref=", text)
    assert not {tag for tag, _ in page.elements} & {
        "script",
        "link",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "img",
    }
    assert "default-src 'none'" in page.all("meta")[-1]["content"]


def test_what_people_typed_is_shown_and_never_run(text, page):
    assert page.text.count('<script>alert("x")</script> & "quoted"') == 7, (
        "fact, figure, note, prediction, scenario, choice, reason"
    )
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", text)
    assert not [
        name for _, attributes in page.elements for name in attributes if name.startswith("on")
    ]


def test_what_no_file_can_hold_is_left_out(tmp_path):
    odd = {
        **EMPTY,
        "decisions": {"a": {"scenario": "half \ud83d a sign", "choice": "x", "because": "y"}},
    }
    assert "half  a sign" in report.write(tmp_path / "report.html", odd, EMPTY).read_text("utf-8")


def test_every_claim_and_every_figure_is_on_the_page(page):
    for row in claims.table(mine(), measurements.reference()):
        assert row.claim in page.text
    for figure in [*measurements.reference()["figures"].values(), *mine()["figures"].values()]:
        assert (
            figure.name.split("\x00")[0] in page.text
            and str(figure).replace("\x00", "") in page.text
        )


def test_a_verdict_that_differs_from_the_references_says_so(page):
    own, shipped = (claims.table(found, measurements.reference()) for found in (mine(), EMPTY))
    assert (own[1].id, own[1].verdict, shipped[1].verdict) == ("C2", "yes and no", "supported")
    differing = [
        theirs.verdict
        for ours, theirs in zip(own, shipped, strict=True)
        if ours.verdict != theirs.verdict
    ]
    assert (
        page.text.count("with the reference figures: supported")
        == differing.count("supported")
        >= 1
    )


def test_it_can_be_read_by_ear(page):
    assert ("html", {"lang": "en"}) in page.elements and len(page.all("title")) == len(
        page.all("main")
    ) == 1
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert (
        levels[0] == 1
        and levels.count(1) == 1
        and all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))
    )
    assert all(attributes.get("scope") in ("row", "col") for attributes in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) > 5
    assert all(
        a.get("aria-hidden") == "true"
        or a.get("role") == "img"
        and re.search(r"\d", a["aria-label"])
        for a in page.all("svg")
    )


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in ((1, 3, 5) if len(colour) == 7 else ())] or [
        int(c * 2, 16) / 255 for c in colour[1:]
    ]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Source: WCAG 2.2, contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_as_wcag_does():
    assert contrast("#000", "#ffffff") == pytest.approx(21) and contrast(
        "#777777", "#fff"
    ) == pytest.approx(4.48, abs=0.01)


def test_text_stands_out_from_the_ground_by_day_by_night_and_on_paper(text):
    themes = [
        dict(re.findall(r"--(\w+):(#[0-9a-f]{3,6})", block))
        for block in re.findall(r":root\{([^}]*)\}", text)
    ]
    assert len(themes) == 3
    for theme in themes:
        for name in ("text", "soft", "own", "ref", "yes", "half", "open", "no"):
            assert contrast(theme[name], theme["ground"]) >= 4.5, (name, theme)


def test_no_verdict_is_told_by_colour_alone():
    parts = "journal/templates/parts.html.j2"
    marks = [
        re.sub("<[^>]*>", "", rendering.fragment(parts, "verdict", verdict))
        for verdict in claims.VERDICTS
    ]
    assert len({mark.split()[0] for mark in marks}) == len(claims.VERDICTS)
    assert all(verdict in mark for verdict, mark in zip(claims.VERDICTS, marks, strict=False))


def test_a_row_is_never_cut_in_print(text):
    printed = text[text.index("@media print") :]
    assert (
        "size:A4" in printed
        and re.search(r"tr,[^{]*\{break-inside:avoid", printed)
        and "table-header-group" in printed
    )


def numbers(drawing, pattern):
    return [float(n) for n in re.findall(pattern, drawing)]


def test_a_drawing_places_the_interval_on_its_scale():
    drawing = report.drawing(Measurement("1", "x", 0.5, 0.0, 1.0), None, None)
    assert (
        numbers(drawing, r'circle class="own" cx="([\d.]+)"') == [130]
        and 'x1="8.0" x2="252.0" y1="11"' in drawing
    )
    assert 'class="ref"' not in drawing and 'aria-label="yours 0.50 [0.00, 1.00]"' in drawing
    drawing = report.drawing(None, Measurement("1", "x", 0.25, unit=DIFFERENCE), 0.5)
    assert (
        "M186.0 25" in drawing and 'x1="191.0" x2="191.0"' in drawing and drawing.count("zero") == 1
    )
    drawing = report.drawing(Measurement("1", "x", 7, -9, 9, unit=DIFFERENCE), None, 0.5)
    assert numbers(drawing, r'cx="([\d.]+)"') == [252], "what lies outside is drawn at the edge"


@pytest.mark.parametrize(
    "expected, figure, told",
    [
        (0.5, Measurement("1", "x", 0.45, 0.4, 0.5), "inside the interval"),
        (0.9, Measurement("1", "x", 0.45, 0.4, 0.5), "too high, by 0.45"),
        (0.1, Measurement("1", "x", 0.45, 0.4, 0.5), "too low, by 0.35"),
        (3, Measurement("1", "x", 3), "right to the digit"),
        (2, Measurement("1", "x", 3), "too low, by 1.00"),
    ],
)
def test_a_prediction_is_judged_by_the_interval(expected, figure, told):
    assert report.judged(expected, figure) == told


def test_predictions_stand_beside_what_came(page):
    section = page.text[page.text.index("What I expected") : page.text.index("What I would choose")]
    assert "inside the interval" in section and "yours" in section
    assert "too high, by 0.90" in section and "reference" in section
    assert "never measured1.00not measured yet" in section


def test_a_page_without_own_figures_says_so_and_leaves_out_what_is_empty():
    plain = Page(report.page(EMPTY, measurements.reference(), machine={})).text
    assert (
        "No figure was measured here yet" in plain
        and "What I expected" not in plain
        and "What I would choose" not in plain
    )


def test_the_machines_owner_stays_private(tmp_path):
    text = report.write(tmp_path / "report.html", mine(), EMPTY).read_text("utf-8")
    assert (
        str(measurements.path().parent) not in text
        and str(tmp_path) not in text
        and "~" not in text
    )
