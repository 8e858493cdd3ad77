"""Figures of the lessons: bars, lines, heat maps, labelled maps, histograms, coloured tokens.

Every function returns a matplotlib `Figure`; `show` displays one, always with a text that
says what it shows. The colours are those of `canvas`, and cividis; no figure says by colour alone
what it has to say. Nothing here touches pyplot's global state, so that a cell never shows a figure
twice. What it leaves out: colours and outputs (`canvas`), rows of dots (`ladders`) and stacked
bars (`stacked`), both reached from here, computing what is drawn.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from ftrag_helpers.notebook.drawing import annotations, canvas
from ftrag_helpers.notebook.drawing.canvas import PALETTE
from ftrag_helpers.notebook.drawing.canvas import bundle as bundle
from ftrag_helpers.notebook.drawing.canvas import show as show
from ftrag_helpers.notebook.drawing.ladders import ladder as ladder
from ftrag_helpers.notebook.drawing.stacked import stacked as stacked

_MARKED_POINTS = 40
DASHES = ("-", "--", ":", "-.")
_CAP, _ABOVE_WHISKER = 3, 7.5  # points: half a whisker's cap, middle of the value above it
_FLOW = 100  # characters a row of `tokens`


def bars(
    labels: Sequence[str],
    values: Mapping[str, Sequence[float]] | Sequence[float],
    *,
    unit: str,
    intervals: Sequence[tuple[float, float]] | None = None,
    digits: int = 2,
) -> Figure:
    """Horizontal bars, first label on top, each with its value written at its end.

    `values` is one sequence, or several by name, drawn side by side with a legend. `intervals`
    holds (low, high) for each bar and goes with a single sequence; the value then stands at the
    bar's end too, above the interval's line, so that it cannot be taken for the interval's end.

    Raises:
        ValueError: labels, values and intervals differ in number.
    """
    series = values if isinstance(values, Mapping) else {"": values}
    if any(len(v) != len(labels) for v in series.values()) or (
        intervals is not None and len(intervals) != len(labels)
    ):
        raise ValueError(f"{len(labels)} labels need as many values, and as many intervals if any")
    figure, [axes] = canvas.panels(
        height=0.9 + 0.3 * len(labels) * max(1, 0.6 * len(series)), grid="x"
    )
    thickness, rows = 0.72 / len(series), np.arange(len(labels))
    for n, (name, numbers) in enumerate(series.items()):
        y = rows + (n - (len(series) - 1) / 2) * thickness
        look = {"color": PALETTE[n], "hatch": "//" if n else "", "edgecolor": "white"}
        axes.barh(y, numbers, height=thickness * 0.92, label=name, linewidth=0, **look)
        offset = (4, 0) if intervals is None else (3, _ABOVE_WHISKER)
        for place, number in zip(y, numbers, strict=True):
            annotations.beside(
                axes, f"{number:.{digits}f}", (max(number, 0), place), offset, fontsize=8
            )
    if intervals is not None:
        [numbers] = series.values()
        ends = np.abs(np.transpose(intervals) - np.asarray(numbers, float))
        axes.errorbar(numbers, rows, xerr=ends, fmt="none", ecolor="black", capsize=_CAP)
    axes.set_yticks(rows, labels)
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.margins(x=0.12)
    if len(series) > 1:
        canvas.legend_above(axes, len(series))
    return figure


def lines(
    x: Sequence[float],
    series: Mapping[str, Sequence[float]],
    *,
    xlabel: str,
    ylabel: str,
    bands: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
    ylim: tuple[float, float] | None = None,
    guides: Mapping[str, float] | None = None,
    log_x: bool = False,
) -> Figure:
    """A line with markers for each series, and round it the band from low to high where `bands` has
    one.

    `ylim` holds the ends of the y axis. `guides` names values of y, such as
    {"guessing": 0.5}, each drawn as a dotted horizontal line with its name. `log_x` makes the x
    axis logarithmic, with the values of `x` as its ticks.
    """
    figure, [axes] = canvas.panels(height=3.4, grid="y")
    # A marker on each of many points would hide the line.
    every = 1 if len(x) <= _MARKED_POINTS else len(x) // 10
    for n, (name, values) in enumerate(series.items()):
        look = canvas.look(n) | {"linestyle": DASHES[n % len(DASHES)]}
        axes.plot(x, values, label=name, markersize=5, markevery=every, **look)
        if bands and name in bands:
            axes.fill_between(x, *bands[name], color=look["color"], alpha=0.18, linewidth=0)
    axes.set(xlabel=xlabel, ylabel=ylabel, ylim=ylim)
    if log_x:
        axes.set_xscale("log")
        axes.set_xticks(x, [f"{value:g}" for value in x])
        axes.set_xticks([], minor=True)
    if guides:
        canvas.guide_lines(axes, guides, horizontal=True)
    if len(series) > 1:
        axes.legend(frameon=False)
    return figure


def heatmap(
    matrices: Mapping[str, np.ndarray],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    axis_labels: tuple[str, str],
    unit: str,
) -> Figure:
    """One heat map for each named matrix, side by side, on one colour scale (dark is low).

    `rows` and `columns` label the ticks; `axis_labels` are those of the rows and of the columns.
    """
    high = max(float(np.max(m)) for m in matrices.values())
    figure, panels = canvas.panels(len(matrices), height=max(2.6, 1.2 + 0.17 * len(rows)))
    rotation = 90 if max(map(len, columns)) > 3 else 0
    for axes, (name, matrix) in zip(panels, matrices.items(), strict=True):
        image = axes.imshow(matrix, cmap="cividis", vmin=0, vmax=high, aspect="auto")
        axes.set_title(name, fontsize=9)
        axes.set_xticks(range(len(columns)), columns, rotation=rotation, fontsize=7)
        axes.set_yticks(range(len(rows)), rows if axes is panels[0] else [], fontsize=7)
        axes.set_xlabel(axis_labels[1], fontsize=8)
    panels[0].set_ylabel(axis_labels[0], fontsize=8)
    figure.colorbar(image, ax=panels, label=unit, shrink=0.9)
    return figure


def confusion(counts: Mapping[str, np.ndarray], labels: Sequence[str]) -> Figure:
    """One confusion matrix for each name, side by side: rows are the true labels, columns what was
    said, cells counts.
    """
    figure, panels = canvas.panels(len(counts), height=2.6)
    # So that black figures stay readable on the darkest cell.
    high = 1.4 * max(int(np.max(matrix)) for matrix in counts.values())
    for axes, (name, matrix) in zip(panels, counts.items(), strict=True):
        axes.imshow(matrix, cmap="Blues", vmin=0, vmax=high)
        for (row, column), count in np.ndenumerate(matrix):
            axes.text(column, row, f"{count:g}", ha="center", va="center", fontsize=11)
        axes.set_title(name, fontsize=9)
        axes.set_xticks(range(len(labels)), labels, fontsize=8)
        axes.set_yticks(range(len(labels)), labels if axes is panels[0] else [], fontsize=8)
        axes.set_xlabel("the model says", fontsize=8)
    panels[0].set_ylabel("the label says", fontsize=8)
    return figure


def scatter(
    points: np.ndarray,
    labels: Sequence[str],
    *,
    groups: Sequence[str],
    axis_labels: tuple[str, str],
) -> Figure:
    """A map: each point (row of `points`, shape (n, 2)) with its label; colour and marker by
    group. A unit is as long on one axis as on the other, so that distances can be compared.
    """
    figure, [axes] = canvas.panels(height=5.2, width=8.5)
    names = list(dict.fromkeys(groups))
    for n, name in enumerate(names):
        chosen = points[[group == name for group in groups]]
        axes.scatter(*chosen.T, label=name, s=34, **canvas.look(n))
    axes.set(xlabel=axis_labels[0], ylabel=axis_labels[1])
    axes.margins(0.14)
    axes.set_aspect("equal", adjustable="datalim")
    canvas.legend_above(axes, len(names), fontsize=8)
    annotations.label_points(figure, axes, points, labels)
    return figure


def histogram(
    groups: Mapping[str, Sequence[float]], *, xlabel: str, ylabel: str = "count", bins: int = 20
) -> Figure:
    """Histograms of the groups over the same bins, filled and hatched so that an overlap can be
    read.
    """
    figure, [axes] = canvas.panels(height=3.0, grid="y")
    edges = np.histogram_bin_edges(
        np.concatenate([np.asarray(v, float) for v in groups.values()]), bins
    )
    for n, (name, values) in enumerate(groups.items()):
        look = {"color": PALETTE[n % len(PALETTE)], "hatch": ["", "//", ".."][n % 3]}
        axes.hist(values, edges, alpha=0.55, label=name, edgecolor="white", **look)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if len(groups) > 1:
        axes.legend(frameon=False)
    return figure


def tokens(texts: Mapping[str, Sequence[tuple[str, float]]], *, unit: str, high: float) -> Figure:
    """Each text as its pieces on a coloured ground, the piece's number below it; `high` is the
    darkest colour.
    """
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    placed, row, width = [], 0.0, 0.0
    for title, pieces in texts.items():
        placed.append((title, None, 0.0, row, 0.0))
        row, width = row + 0.95, 0.0
        for piece, value in pieces:
            span = max(len(piece), 4) + 1
            if width + span > _FLOW:
                row, width = row + 1.75, 0.0
            placed.append((piece, value, width, row, span))
            width += span
        row += 2.1
    figure, [axes] = canvas.panels(height=0.5 + 0.24 * row, width=8.5)
    centred = {"ha": "center", "va": "center"}
    for text, value, x, y, span in placed:
        if value is None:
            axes.text(x, y, text, fontsize=8.5, fontweight="bold", va="center")
            continue
        share, middle = min(value / high, 1), x + (span - 0.4) / 2
        ground = colormaps["Blues"](0.05 + 0.9 * share)
        axes.add_patch(Rectangle((x, y - 0.45), span - 0.4, 0.95, color=ground))
        look = {"color": "white" if share > 0.6 else "black", "family": "monospace"}
        axes.text(middle, y, text.strip(), fontsize=7.5, **look, **centred)
        axes.text(middle, y + 0.8, f"{value:.1f}", fontsize=6.5, color="#444444", **centred)
    axes.set(xlim=(0, _FLOW), ylim=(row - 0.6, -0.6), xlabel=f"Below each piece: {unit}")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return figure
