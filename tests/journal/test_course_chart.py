"""The chart of the course: its rows are the kept figures, in order, own before shipped."""

import math

import pytest
from html_page import Page

from ftrag_helpers.evaluation.measurement import Measurement
from ftrag_helpers.journal import claims, course_chart, measurements, report

NOTHING = {"figures": {}, "predictions": {}, "decisions": {}}


def kept(*figures):
    return NOTHING | {"figures": {(f.lesson, f.name): f for f in figures}}


@pytest.fixture
def some(monkeypatch):
    """Own and shipped figures of lessons 00, 02 and 05, in place of the real ones."""
    own = kept(
        Measurement("00", "you, closed book", 0.1, 0.0, 0.3, 10),
        Measurement("02", "encoder: reviews", 0.9, 0.85, 0.95, 300),
        Measurement("02", "majority: reviews", 0.5, 0.45, 0.55, 300),
        Measurement("02", "word counts: reviews", 0.7, 0.65, 0.75, 300),
    )
    shipped = kept(
        Measurement("02", "word counts: reviews", 0.8, 0.75, 0.85, 300),
        Measurement("02", "word counts: elsewhere", 0.55, 0.5, 0.6, 900),
        Measurement("05", "oracle: right", 0.6, n=48),
        Measurement("05", "some other figure", 0.6, n=48),
    )
    monkeypatch.setattr(measurements, "load", lambda: own)
    monkeypatch.setattr(measurements, "reference", lambda: shipped)
    return own, shipped


def test_each_kept_figure_of_a_system_is_a_row_in_the_order_of_its_value(some):
    table = course_chart.rows()
    assert list(table.panel.unique()) == [course_chart.REVIEWS, course_chart.QUESTIONS]
    reviews = table[table.panel == course_chart.REVIEWS]
    assert list(zip(reviews.series, reviews.value, reviews.source, strict=True)) == [
        (course_chart.HOME, 0.5, course_chart.OWN),
        (course_chart.HOME, 0.7, course_chart.OWN),
        (course_chart.ELSEWHERE, 0.55, course_chart.SHIPPED),
        (course_chart.HOME, 0.9, course_chart.OWN),
    ]
    assert list(table[table.panel == course_chart.QUESTIONS].system) == [
        "you, closed book",
        "base model, given the right sentence",
    ]


def test_the_shipped_rows_know_nothing_of_the_own_figures(some):
    table = course_chart.shipped_rows()
    assert set(table.source) == {course_chart.SHIPPED}
    assert sorted(table.value) == [0.55, 0.6, 0.8]


def test_it_ends_with_the_lesson_asked_for(some):
    assert set(course_chart.rows("02").lesson) == {"00", "02"}
    assert list(course_chart.rows("00").lesson) == ["00"]
    with pytest.raises(ValueError, match="no lesson '2': there are 00, 01"):
        course_chart.rows("2")


def test_own_figures_are_filled_and_shipped_ones_hollow(some):
    figure = course_chart.figure(course_chart.rows())
    reviews, questions = figure.axes
    dots = [line for line in reviews.lines if line.get_linestyle() == "None"]
    faces = {line.get_xdata()[0]: line.get_markerfacecolor() for line in dots}
    assert faces.pop(0.55) == "white" and faces.keys() == {0.5, 0.7, 0.9}
    assert "white" not in faces.values()
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words[-2:] == [course_chart.OWN, course_chart.SHIPPED]
    assert [t.get_text() for t in questions.get_yticklabels()][0] == "you, closed book"
    # One without an interval is a dot alone.
    intervals = [line for line in questions.lines if len(line.get_xdata()) == 2]
    assert [list(line.get_xdata()) for line in intervals] == [[0.0, 0.3]]
    notes = {text.get_text() for text in reviews.texts if "n = " in text.get_text()}
    assert notes == {"n = 300", "n = 300 and 900"}


def test_its_alternative_text_holds_every_number(some, monkeypatch):
    seen = []
    monkeypatch.setattr(course_chart.canvas, "show", lambda figure, alt: seen.append(alt))
    course_chart.show("02")
    [alt] = seen
    assert "4 measured here, 1 shipped" in alt and "(from elsewhere) 0.55" in alt
    assert all(f"{value:.2f}" in alt for value in course_chart.rows("02").value)


def test_nothing_measured_is_said(monkeypatch):
    monkeypatch.setattr(measurements, "load", lambda: NOTHING)
    monkeypatch.setattr(measurements, "reference", lambda: NOTHING)
    with pytest.raises(ValueError, match="up to lesson 00"):
        course_chart.show("00")


def test_the_real_figures_have_rows_in_every_panel():
    shipped = course_chart.drawn(NOTHING, measurements.reference())
    assert {row.system.panel for row in shipped} == {system.panel for system in course_chart.ROWS}


def test_no_two_rows_are_alike_and_every_figure_is_a_share():
    keys = [(system.lesson, system.name) for system in course_chart.ROWS]
    places = [(system.panel, system.label, system.series) for system in course_chart.ROWS]
    assert len(set(keys)) == len(keys) and len(set(places)) == len(places)
    units = {(d.lesson, d.name): d.unit for d in claims.load_figures()}
    assert {units[key] for key in keys if key in units} == {""}


def test_the_report_holds_the_chart(some):
    page = Page(report.page(*some, machine={}))
    [chart] = [tag for tag, _ in page.elements if tag == "figure"]
    for row in course_chart.drawn(*some):
        assert row.system.label in page.text and row.system.panel in page.text
    assert page.balanced and "0.55 [0.50, 0.60] n=900" in page.text


def test_a_row_without_interval_has_none_in_the_table(some):
    [oracle] = course_chart.rows()[lambda table: table.lesson == "05"].itertuples()
    assert math.isnan(oracle.low) and oracle.n == 48
