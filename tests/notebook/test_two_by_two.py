"""Panels of four cells."""

import pytest

from ftrag_helpers.notebook.drawing import two_by_two

CELLS = [(0.1, 0.0, 0.2), (0.3, 0.2, 0.4), (0.5, 0.4, 0.6), (0.9, 0.8, 1.0)]


def test_each_panel_has_two_lines_and_the_values_of_its_cells():
    figure = two_by_two.two_by_two({"right": CELLS, "sendable": CELLS}, unit="share")
    drawn = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in drawn] == ["right", "sendable"]
    for axes in drawn:
        base, tuned = (line for line in axes.lines if line.get_label() in two_by_two.ROWS)
        assert list(base.get_ydata()) == [0.1, 0.5] and list(tuned.get_ydata()) == [0.3, 0.9]
        assert [text.get_text() for text in axes.texts] == ["0.10", "0.50", "0.30", "0.90"]
        assert [label.get_text() for label in axes.get_xticklabels()] == [*two_by_two.COLUMNS]


def test_a_panel_without_four_cells_is_refused_by_name():
    with pytest.raises(ValueError, match="right: a two-by-two has 4 cells, not 3"):
        two_by_two.two_by_two({"right": CELLS[:3]}, unit="share")


def test_the_alternative_text_names_every_cell():
    said = two_by_two.described({"right": CELLS})
    assert "right: base 0.10 without and 0.50 with passages, fine-tuned 0.30 and 0.90" in said
