import base64
import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from ftrag_helpers.notebook import plots
from ftrag_helpers.notebook.drawing import ladders

FIGURES = {
    "bars": lambda: plots.bars(
        ["a", "b"], [0.2, 0.7], unit="share", intervals=[(0.1, 0.3), (0.5, 0.9)]
    ),
    "bar groups": lambda: plots.bars(
        ["a", "b"], {"before": [1, 2], "after": [2, 3]}, unit="s", digits=0
    ),
    "lines": lambda: plots.lines(
        [1, 2],
        {"k": [0.1, 0.2], "m": [0.3, 0.1]},
        xlabel="passages",
        ylabel="recall",
        bands={"k": ([0, 0.1], [0.2, 0.3])},
    ),
    "guided lines": lambda: plots.lines(
        [10, 100, 1000],
        {"k": [0.6, 0.7, 0.9]},
        xlabel="training reviews",
        ylabel="accuracy",
        ylim=(0.5, 1),
        guides={"guessing": 0.5},
        log_x=True,
    ),
    "ladder": lambda: plots.ladder(
        ["majority", "best"],
        {"at home": [0.5, 0.9], "elsewhere": [float("nan"), 0.8]},
        unit="share right",
        intervals={"at home": [(0.45, 0.55), (0.85, 0.95)], "elsewhere": [None, (0.7, 0.9)]},
        guides={"guessing": 0.5},
        notes=["0 s", "100 s"],
    ),
    "stacked": lambda: plots.stacked(
        ["a", "b"],
        {"one": [0.2, 0.4], "two": [0.3, float("nan")]},
        unit="utility",
        notes=["", "not measured: two"],
    ),
    "heatmap": lambda: plots.heatmap(
        {"head 1": np.eye(3)},
        rows=list("abc"),
        columns=list("abc"),
        axis_labels=("from", "to"),
        unit="weight",
    ),
    "confusion": lambda: plots.confusion(
        {"before": np.array([[9, 1], [4, 6]])}, ["negative", "positive"]
    ),
    "scatter": lambda: plots.scatter(
        np.eye(2), ["one", "two"], groups=["x", "y"], axis_labels=("first", "second")
    ),
    "histogram": lambda: plots.histogram({"right": [0.1, 0.4], "wrong": [0.2]}, xlabel="score"),
    "tokens": lambda: plots.tokens({"plain": [("the", 0.1), (" end", 9.0)]}, unit="bits", high=10),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_labels_its_axes_and_becomes_a_picture(name):
    from PIL import Image

    figure = FIGURES[name]()
    assert figure.axes[0].get_xlabel()
    data, _ = plots.bundle(figure, "What it shows.")
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.width > 600 and len(picture.convert("RGB").getcolors(maxcolors=1000)) > 2


def test_alt_text_stands_in_html_metadata_and_plain_text():
    data, metadata = plots.bundle(FIGURES["bars"](), 'a "quoted"\n  text & more')
    assert 'alt="a &#34;quoted&#34; text &amp; more"' in data["text/html"]
    assert metadata["image/png"]["alt"] == metadata["alt"] == 'a "quoted" text & more'
    assert data["text/plain"] == '[Figure: a "quoted" text & more]'


def test_show_refuses_a_figure_without_alt_text_and_returns_nothing(capsys):
    with pytest.raises(ValueError, match="alt text"):
        plots.show(FIGURES["bars"](), "  ")
    assert plots.show(FIGURES["bars"](), "two bars") is None


def test_the_same_figure_gives_the_same_bytes():
    assert plots.bundle(FIGURES["lines"](), "x") == plots.bundle(FIGURES["lines"](), "x")


def test_bars_say_that_numbers_differ():
    with pytest.raises(ValueError, match="2 labels"):
        plots.bars(["a", "b"], [1.0], unit="s")
    with pytest.raises(ValueError, match="intervals"):
        plots.bars(["a", "b"], [1.0, 2.0], unit="s", intervals=[(0, 1)])


def test_a_confusion_matrix_has_the_labels_in_its_rows_and_a_count_in_every_cell():
    axes = FIGURES["confusion"]().axes[0]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("the label says", "the model says")
    assert {text.get_position(): text.get_text() for text in axes.texts} == {
        (0, 0): "9",
        (1, 0): "1",
        (0, 1): "4",
        (1, 1): "6",
    }


def test_a_stacked_bar_ends_at_its_sum_and_one_with_a_gap_has_none():
    axes = FIGURES["stacked"]().axes[0]
    ends = {
        (bar.get_y() + bar.get_height() / 2): bar.get_x() + bar.get_width() for bar in axes.patches
    }
    assert ends == pytest.approx({0: 0.5, 1: 0.4})
    assert [text.get_text() for text in axes.texts] == ["0.50", "not measured: two"]
    with pytest.raises(ValueError, match="2 labels"):
        plots.stacked(["a", "b"], {"one": [1.0]}, unit="utility")


def test_bars_are_in_order_with_their_values():
    axes = FIGURES["bars"]().axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["a", "b"] and axes.yaxis_inverted()
    assert {"0.20", "0.70"} <= {t.get_text() for t in axes.texts}


@pytest.mark.parametrize("half", [0.005, 0.2], ids=["short", "long"])
def test_a_bars_value_stands_at_its_end_and_clear_of_the_whisker(half):
    figure = plots.bars(
        ["a", "b"], [0.4, 0.7], unit="share", intervals=[(0.4 - half, 0.4 + half)] * 2
    )
    figure.draw_without_rendering()
    axes = figure.axes[0]
    pixels_a_point = figure.dpi / 72
    [whiskers] = axes.collections[-1:]
    for row, (value, text) in enumerate(zip([0.4, 0.7], axes.texts, strict=True)):
        end, line = axes.transData.transform((value, row))
        box = text.get_window_extent()
        assert 0 < box.x0 - end < 6 * pixels_a_point
        # Above the caps too, which reach 3 points from the line.
        assert box.y0 > line + 3 * pixels_a_point - 1
        assert box.y1 < axes.transData.transform((0, row - 0.5))[1] + 1
    assert whiskers.get_segments()


def test_lines_take_limits_guides_and_a_logarithmic_axis():
    axes = FIGURES["guided lines"]().axes[0]
    assert axes.get_ylim() == (0.5, 1) and axes.get_xscale() == "log"
    assert [text.get_text() for text in axes.get_xticklabels()] == ["10", "100", "1000"]
    assert [text.get_text() for text in axes.texts] == ["guessing"]
    assert list(axes.lines[-1].get_ydata()) == [0.5, 0.5]


def test_a_map_is_not_stretched():
    points = np.array([[0.0, 0.0], [10.0, 1.0]])
    figure = plots.scatter(points, ["a", "b"], groups=["x", "x"], axis_labels=("first", "second"))
    figure.draw_without_rendering()
    (x0, y0), (x1, y1) = figure.axes[0].transData.transform([(0, 0), (1, 1)])
    assert x1 - x0 == pytest.approx(y1 - y0)


def test_a_ladder_has_a_row_a_system_as_given_and_a_dot_where_there_is_a_value():
    figure = FIGURES["ladder"]()
    axes = figure.axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["majority", "best"]
    assert axes.yaxis_inverted() and axes.get_xlim() == (0, 1)
    dots = [line for line in axes.lines if line.get_linestyle() == "None"]
    assert [line.get_xdata()[0] for line in dots] == [0.5, 0.9, 0.8]
    looks = {(line.get_marker(), line.get_color()) for line in dots}
    assert len(looks) == 2 and len({marker for marker, _ in looks}) == 2
    assert {"0.50", "0.90", "0.80", "guessing", "0 s", "100 s"} == {
        t.get_text() for t in axes.texts
    }
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["at home", "elsewhere"]


def test_the_series_of_a_ladders_row_stand_apart():
    axes = FIGURES["ladder"]().axes[0]
    best = [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == "None"][1:]
    assert best[0] < 1 < best[1]


def test_a_ladder_of_one_series_has_no_legend():
    figure = plots.ladder(["a"], [0.2], unit="share", intervals=[(0.1, 0.3)])
    assert figure.legends == []


def test_hollow_dots_are_hollow_and_the_legend_says_what_they_are():
    panel = ladders.Ladder(["a", "b"], {"": [0.1, 0.2]}, hollow={"": [False, True]}, title="Tasks")
    figure = ladders.ladders([panel, panel], unit="share", filled="here", hollow="shipped")
    assert [axes.get_title("left") for axes in figure.axes] == ["Tasks", "Tasks"]
    own, shipped = figure.axes[0].lines
    assert own.get_markerfacecolor() != "white" and shipped.get_markerfacecolor() == "white"
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["here", "shipped"]


def test_a_ladder_says_what_does_not_fit():
    with pytest.raises(ValueError, match="2 labels"):
        plots.ladder(["a", "b"], [1.0], unit="share")
    with pytest.raises(ValueError, match="2 labels"):
        plots.ladder(["a", "b"], [1.0, 0.5], unit="share", notes=["1 s"])
    with pytest.raises(ValueError, match="no series 'y': there are x"):
        plots.ladder(["a"], {"x": [1.0]}, unit="share", intervals={"y": [(0, 1)]})


def test_palette_differs_in_lightness_or_hue_for_a_red_green_blind_reader():
    # Viénot, Brettel and Mollon 1999: a deuteranope sees red and green as one mixture of both.
    seen = [(0.3 * r + 0.7 * g, b) for r, g, b in map(to_rgb, plots.PALETTE)]
    gaps = [np.hypot(a[0] - b[0], a[1] - b[1]) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(gaps) > 0.1


def test_a_series_without_a_name_is_told_apart_and_not_in_the_legend():
    named = ladders.Ladder(["a"], {"home": [0.1], "away": [0.2]})
    figure = ladders.ladders([named, ladders.Ladder(["b"], {"": [1.0]})], unit="share")
    looks = {(line.get_color(), line.get_marker()) for axes in figure.axes for line in axes.lines}
    assert len(looks) == 3
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["home", "away"]
    # A dot at the axis's end is drawn whole.
    assert not figure.axes[1].lines[0].get_clip_on()


def test_a_roc_curve_has_its_lines_its_mark_and_shares_on_both_axes():
    from ftrag_helpers.notebook.roc import roc

    figure = roc(
        {"classifier": ([0, 0.1, 1], [0, 0.7, 1])},
        chosen={"threshold": (0.1, 0.7)},
        xlabel="false",
        ylabel="right",
    )
    [axes] = figure.axes
    labels = [line.get_label() for line in axes.lines]
    assert labels == ["classifier", "chance", "threshold"]
    assert axes.get_xlim() == (0, 1) and axes.get_xlabel() == "false"
