import base64
import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from ftrag_helpers.notebook import plots

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


def test_bars_are_in_order_with_their_values():
    axes = FIGURES["bars"]().axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["a", "b"] and axes.yaxis_inverted()
    assert {"0.20", "0.70"} <= {t.get_text() for t in axes.texts}


def test_palette_differs_in_lightness_or_hue_for_a_red_green_blind_reader():
    # Viénot, Brettel and Mollon 1999: a deuteranope sees red and green as one mixture of both.
    seen = [(0.3 * r + 0.7 * g, b) for r, g, b in map(to_rgb, plots.PALETTE)]
    gaps = [np.hypot(a[0] - b[0], a[1] - b[1]) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(gaps) > 0.1
