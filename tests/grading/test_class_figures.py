"""A class's figures on one page: read from reports, no names, what cannot be read is told."""

import re

import pytest
from html_page import Page

from ftrag_helpers.cli import main
from ftrag_helpers.errors import CourseError
from ftrag_helpers.evaluation.measurement import Measurement
from ftrag_helpers.grading.reports import class_figures
from ftrag_helpers.journal import measurements, report, results_file

REFERENCE = measurements.reference()
KEY = ("01", "common knowledge: right")


def own(value, *more):
    figures = [Measurement(*KEY, value, value - 0.1, value + 0.1, 150), *more]
    return {"figures": {(f.lesson, f.name): f for f in figures}, "predictions": {}, "decisions": {}}


@pytest.fixture
def reports(tmp_path):
    folder = tmp_path / "reports"
    for name, value in (("Ada King", 0.5), ("Ben Okafor", 0.52), ("Cem Aydin", 0.9)):
        report.write(folder / name / "report.html", own(value), REFERENCE, machine={})
    return folder


def test_each_learner_is_a_dot_and_nobody_is_named(reports, tmp_path):
    assert class_figures.write(reports, tmp_path / "class.html") == (3, [])
    text = (tmp_path / "class.html").read_text("utf-8")
    page = Page(text)
    assert page.balanced and len(page.all("circle")) == 3 and "3 learners" in page.text
    assert not re.search("Ada|King|Ben|Okafor|Cem|Aydin|report.html", text)
    assert "0.50 to 0.90" in page.text and "0.52" in page.text


def test_a_value_outside_the_courses_interval_is_counted(reports):
    learners, _ = class_figures.read(reports)
    [spread] = class_figures.spreads(learners, REFERENCE)["01"]
    assert spread.values == (0.5, 0.52, 0.9) and spread.middle == 0.52
    low, high = spread.reference.low, spread.reference.high
    assert spread.outside == sum(not low <= value <= high for value in spread.values) == 1


def test_results_files_are_read_too_and_others_are_named(reports, tmp_path):
    (reports / "dora.json").write_text(
        results_file.as_json(list(own(0.4)["figures"].values())), "utf-8"
    )
    report.write(reports / "empty.html", own(0.1) | {"figures": {}}, REFERENCE, machine={})
    (reports / "page.html").write_text("<p>Hello</p>", "utf-8")
    (reports / "broken.json").write_text("{", "utf-8")
    count, unread = class_figures.write(reports, tmp_path / "out" / "class.html")
    assert count == 4 and [line.split(":")[0] for line in unread] == [
        "broken.json",
        "empty.html",
        "page.html",
    ]


def test_a_figure_that_the_course_does_not_know_is_left_out(tmp_path):
    strange = Measurement("05", "<b>Ada was here</b>", 0.5, 0.4, 0.6, 10)
    report.write(tmp_path / "in" / "a.html", own(0.5, strange), REFERENCE, machine={})
    learners, _ = class_figures.read(tmp_path / "in")
    assert strange.name in {name for figures in learners for _, name in figures}
    assert "Ada was here" not in class_figures.page(learners, REFERENCE)


def test_a_folder_without_reports_says_what_to_ask_for(tmp_path):
    with pytest.raises(CourseError, match="ftrag report"):
        class_figures.write(tmp_path, tmp_path / "class.html")
    with pytest.raises(CourseError, match="is no folder"):
        class_figures.write(tmp_path / "none", tmp_path / "class.html")


def test_the_command(reports, tmp_path, capsys):
    (reports / "page.html").write_text("<p>Hello</p>", "utf-8")
    assert main.main(["class", str(reports), "--out", str(tmp_path / "c.html")]) == 0
    said = capsys.readouterr().out
    assert "Not read: page.html" in said and "3 learners" in said
