"""The path of a prompt as one figure, from the text at the top to the next token at the bottom.

What it leaves out: the numbers (`tracing`), the words (`wording`), and showing it (`prompt_path`).
"""

import textwrap

import numpy as np

from ftrag_helpers.notebook.stations import wording
from ftrag_helpers.notebook.stations.tracing import Trace, visible

#: How it is stored: so large a picture, and twice in a notebook, would be most of the file.
SMALL = {"dpi": 120, "colours": 32}
_WIDTH = 8.5  # inches
_ROW = 0.2  # inches for a token's row
_BLUE, _ORANGE, _GREY = "#0072B2", "#D98200", "#8A929A"
_SENTENCE = 126  # characters a line
_LEVEL = 6  # more names than that stand on end above the matrix
_LEFT = 0.055  # where the headings begin, as a share of the width


def draw(trace: Trace, layer: int, head: int):
    """The figure: seven stations one below the other, with the attention weights of one head (layer
    and head from 0).
    """
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    n, top = len(trace.ids), len(trace.top)
    # Inches below each heading; logits and probabilities stand side by side.
    heads_room = _room_for_names(trace)
    matrix = max(1.7, 0.27 * n + 0.35) + heads_room
    heights = [0.34, 0.62, _ROW * n + 0.1, matrix, 0.21 * top + 0.3, 0.34]
    titles = [0.42, 0.52, 0.52, 0.56, 0.72, 0.42]
    total = sum(heights) + sum(titles)
    figure = Figure(figsize=(_WIDTH, total))
    page = _Page(figure, total)
    said = wording.stations(trace)
    drawers = [_text, _tokens, _embeddings, None, None, _next]
    for row, (title, height) in enumerate(zip(titles, heights, strict=True)):
        number = row + (row > 4)  # the fifth row holds two stations
        if row == 4:
            page.heading(4, said[4], width=0.44)
            page.heading(5, said[5], left=0.5, width=0.44)
        else:
            page.heading(number, said[number])
        page.down(title)
        if row == 3:
            _layers(page, trace, layer, head, height, heads_room)
        elif row == 4:
            logits, shares = [t.logit for t in trace.top], [t.probability for t in trace.top]
            _bars(page.axes(0.14, 0.3, height), trace, logits, max(*logits, 1))
            _bars(page.axes(0.63, 0.32, height), trace, shares, 1.0)
        else:
            drawers[row](page.axes(0.14 if row == 2 else _LEFT + 0.01, 0.8, height), trace)
        page.down(height)
    line = page.figure.add_artist(_line(total))
    line.set_zorder(0)
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # a price in dollars is no formula
    return figure


def _line(total: float):
    """The line that leads from the first station's number to the last one's."""
    from matplotlib.lines import Line2D

    return Line2D([0.022, 0.022], [1 - 0.14 / total, 0.62 / total], color="#C4CAD0", linewidth=1.5)


class _Page:
    """A figure that is filled from top to bottom; lengths downwards in inches, across in shares."""

    def __init__(self, figure, total: float):
        self.figure, self.total, self.used = figure, total, 0.0

    def down(self, inches: float) -> None:
        self.used += inches

    def axes(self, left: float, width: float, height: float):
        """Empty axes below what is there, without frame and ticks."""
        bottom = 1 - (self.used + height - 0.08) / self.total
        axes = self.figure.add_axes((left, bottom, width, (height - 0.12) / self.total))
        axes.spines[:].set_visible(False)
        axes.set(xticks=[], yticks=[])
        return axes

    def heading(self, number: int, station, *, left: float = 0.0, width: float = 0.93) -> None:
        """The station's number in a disc, its title and its sentence."""
        top = 1 - (self.used + 0.14) / self.total
        disc = {"boxstyle": "circle,pad=0.28", "facecolor": _BLUE, "linewidth": 0}
        look = {"fontsize": 8.5, "fontweight": "bold", "va": "center"}
        self.figure.text(
            left + 0.022, top, number + 1, color="white", bbox=disc, ha="center", **look
        )
        self.figure.text(left + _LEFT, top, station.title, **look | {"fontsize": 10})
        words = textwrap.fill(station.sentence, int(_SENTENCE * width / 0.93))
        below = 1 - (self.used + 0.25) / self.total
        self.figure.text(left + _LEFT, below, words, fontsize=7.8, va="top", color="#333333")


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "□" for c in text.replace("\n", "↵"))


def _text(axes, trace: Trace) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.text(0, 0.5, f"“{_printable(trace.text)}”", fontsize=10, family="monospace", va="center")


def _tokens(axes, trace: Trace) -> None:
    """Each token in a box, its id below it."""
    from matplotlib.patches import Rectangle

    widths = [max(len(piece), 5) + 1.6 for piece in map(visible, trace.pieces)]
    width = max(sum(widths), 80)
    # So many letters of this size go into the width.
    size = min(9.5, 9.5 * 86 / width)
    left, centred = 0.0, {"ha": "center", "va": "center"}
    for piece, number, span in zip(trace.pieces, trace.ids, widths, strict=True):
        look = {"facecolor": "#EEF1F4", "edgecolor": _GREY, "linewidth": 0.8}
        axes.add_patch(Rectangle((left, 0), span - 0.6, 1, **look))
        middle = left + (span - 0.6) / 2
        axes.text(middle, 0.68, visible(piece), fontsize=size, family="monospace", **centred)
        axes.text(middle, 0.26, number, fontsize=size - 1.5, color="#444444", **centred)
        left += span
    axes.set(xlim=(-0.1, width), ylim=(-0.05, 1.05))


def _embeddings(axes, trace: Trace) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    strip = trace.strip.astype(np.float32)
    widest = float(np.abs(strip).max()) or 1.0
    colours = LinearSegmentedColormap.from_list("signed", [_BLUE, "white", _ORANGE])
    axes.imshow(strip, cmap=colours, vmin=-widest, vmax=widest, aspect="auto")
    axes.set_yticks(range(len(trace.ids)), map(visible, trace.pieces))
    axes.set_yticks(np.arange(len(trace.ids) - 1) + 0.5, minor=True)
    axes.grid(axis="y", which="minor", color="white", linewidth=3)
    _names(axes)


def _room_for_names(trace: Trace) -> float:
    """Inches above the matrix for the columns' names, which are turned where they are many."""
    longest = max(len(piece) for piece in trace.pieces)
    return 0.42 + (0.07 * longest if len(trace.ids) > _LEVEL else 0)


def _layers(page: _Page, trace: Trace, layer: int, head: int, height: float, room: float) -> None:
    """One head's weights on the left; on the right what the model would say after each layer."""
    n = len(trace.ids)
    page.down(room)
    left = page.axes(0.14, 0.36, height - room - 0.16)
    right = page.axes(0.62, 0.33, height - room - 0.3)
    page.down(-room)
    weights = trace.weights(layer, head)
    hidden = np.ma.masked_where(np.triu(np.ones((n, n)), 1) > 0, weights)
    # So that black figures stay readable on the darkest cell.
    left.imshow(hidden, cmap="Blues", vmin=0, vmax=1.5, aspect="auto")
    size = 8 if n <= 8 else max(4, 64 / n)
    for row in range(n):
        for column in range(row + 1):
            number = f"{weights[row, column]:.2f}"
            left.text(column, row, number, fontsize=size, ha="center", va="center")
    left.set_yticks(range(n), map(visible, trace.pieces))
    left.set_xticks(range(n), map(visible, trace.pieces), rotation=90 if n > _LEVEL else 0)
    left.xaxis.tick_top()
    _names(left, size=min(8, size + 1.5))
    left.set_title(f"Attention weights: layer {layer}, head {head}", fontsize=8.5, loc="left")
    left.set_ylabel("token that looks", fontsize=7.5)
    beside = {"fontsize": 7.5, "ha": "center", "va": "top", "transform": left.transAxes}
    left.text(0.5, -0.015, "token looked at", **beside)
    _after_layers(right, trace)


def _after_layers(axes, trace: Trace) -> None:
    answer = visible(trace.top[0].piece)
    layers = range(trace.all_layers)
    axes.plot(layers, trace.answer_after_layers, color=_BLUE, marker="o", markersize=3)
    axes.spines[["left", "bottom"]].set_visible(True)
    axes.set(ylim=(0, 1), xlim=(-0.5, trace.all_layers - 0.5))
    axes.set_yticks([0, 0.5, 1])
    axes.set_xticks([*range(0, trace.all_layers - 3, 5), trace.all_layers - 1])
    axes.tick_params(labelsize=7.5)
    axes.set_xlabel("if the model stopped after this layer", fontsize=7.5)
    axes.set_title(f"Probability of “{answer}” after each layer", fontsize=8.5, loc="left")


def _bars(axes, trace: Trace, values: list[float], most: float) -> None:
    """Each top token's value, the likeliest in another colour; the axis ends at `most`."""
    rows = range(len(values))
    axes.barh(
        rows, np.maximum(values, 0), color=[_ORANGE] + [_BLUE] * (len(values) - 1), height=0.7
    )
    for row, value in enumerate(values):
        axes.text(max(value, 0) + 0.015 * most, row, f"{value:.2f}", fontsize=7.5, va="center")
    axes.set(xlim=(0, 1.14 * most))
    axes.set_yticks(rows, [visible(token.piece) for token in trace.top])
    axes.invert_yaxis()
    _names(axes)


def _names(axes, size: float = 8) -> None:
    axes.tick_params(length=0, which="both")
    for label in [*axes.get_yticklabels(), *axes.get_xticklabels()]:
        label.set(family="monospace", fontsize=size)


def _next(axes, trace: Trace) -> None:
    axes.set(xlim=(0, 1), ylim=(0, 1))
    look = {"fontsize": 10, "family": "monospace", "va": "center"}
    before = axes.text(0, 0.5, _printable(trace.text), **look)
    ground = {"facecolor": "#F5C14D", "linewidth": 0, "boxstyle": "square,pad=0.15"}
    axes.annotate(
        visible(trace.top[0].piece),
        (1, 0.5),
        xycoords=before,
        xytext=(4, 0),
        textcoords="offset points",
        bbox=ground,
        fontweight="bold",
        **look,
    )
