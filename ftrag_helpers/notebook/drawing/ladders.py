"""Ladders: one row a system, a dot with its interval, one or two series side by side.

`ladder` draws one, `ladders` several under each other on one axis. What it leaves out: what the
rows are and their order; they are drawn as given.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ftrag_helpers.notebook.drawing import annotations, canvas

_ROW, _SERIES = 0.24, 0.2  # inches: a row's own height, and what each series adds
_FRAME, _TITLE = 0.75, 0.45


@dataclass(frozen=True)
class Ladder:
    """One panel: a row for each label, top to bottom.

    `values` and `intervals` hold a sequence for each series by its name, one item a row; a value of
    NaN is left out. `guides` are vertical lines by name, `notes` texts at the right of the rows,
    `hollow` says which dots are drawn hollow.
    """

    labels: Sequence[str]
    values: Mapping[str, Sequence[float]]
    intervals: Mapping[str, Sequence[tuple[float, float] | None]] = field(default_factory=dict)
    title: str = ""
    guides: Mapping[str, float] = field(default_factory=dict)
    notes: Sequence[str] = ()
    hollow: Mapping[str, Sequence[bool]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        columns = [*self.values.values(), *self.intervals.values(), *self.hollow.values()]
        columns += [self.notes] if self.notes else []
        if any(len(column) != len(self.labels) for column in columns):
            raise ValueError(
                f"{len(self.labels)} labels need as many values in each series, and as many"
                " intervals and notes if any"
            )
        unknown = (self.intervals.keys() | self.hollow.keys()) - self.values.keys()
        if unknown:
            raise ValueError(f"no series {min(unknown)!r}: there are {', '.join(self.values)}")


def ladder(
    labels: Sequence[str],
    values: Mapping[str, Sequence[float]] | Sequence[float],
    *,
    unit: str,
    intervals: Mapping[str, Sequence] | Sequence | None = None,
    xlim: tuple[float, float] = (0, 1),
    guides: Mapping[str, float] | None = None,
    notes: Sequence[str] = (),
):
    """A figure with a dot and its interval for each label, first label on top, its value above it.

    `values` is one sequence, or several by name such as {"at home": …, "elsewhere": …}, each with
    its own colour and marker; NaN where a row has none. `intervals` holds (low, high), or None, for
    each value in the same form. `guides` names values, such as {"guessing": 0.5}, each drawn as a
    dotted vertical line; `notes` are written at the right of the rows (seconds, for instance).

    Raises:
        ValueError: labels, values, intervals and notes differ in number, or a series has no values.
    """
    if not isinstance(values, Mapping):
        values, intervals = {"": values}, None if intervals is None else {"": intervals}
    one = Ladder(labels, values, intervals or {}, guides=guides or {}, notes=notes)
    return ladders([one], unit=unit, xlim=xlim)


def ladders(
    panels: Sequence[Ladder],
    *,
    unit: str,
    xlim: tuple[float, float] = (0, 1),
    filled: str = "",
    hollow: str = "",
):
    """A figure with the panels under each other; `filled` and `hollow` say in the legend what
    filled and hollow dots stand for.

    A series keeps its colour and marker in all panels. A panel's rows stand as far apart as those
    of every other.
    """
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(name for panel in panels for name in panel.values))
    heights = [_height(panel) for panel in panels]
    figure = Figure(figsize=(8.5, sum(heights) + _FRAME), layout="constrained")
    cells = figure.subplots(len(panels), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
    for panel, axes in zip(panels, cells, strict=True):
        canvas.plain(axes, "x")
        axes.set_xlim(*xlim)
        _draw(axes, panel, names)
    cells[-1].set_xlabel(unit)
    _legend(figure, names, filled, hollow)
    return figure


def _height(panel: Ladder) -> float:
    return (_ROW + _SERIES * max(1, len(panel.values))) * len(panel.labels) + (
        _TITLE if panel.title else 0.1
    )


def _draw(axes, panel: Ladder, names: Sequence[str]) -> None:
    for place, (name, values) in enumerate(panel.values.items()):
        look = _look(name, names)
        shift = (place - (len(panel.values) - 1) / 2) * 0.42
        for row, value in enumerate(values):
            if math.isnan(value):
                continue
            interval = panel.intervals[name][row] if name in panel.intervals else None
            if interval is not None:
                axes.plot(interval, [row + shift] * 2, color=look["color"], linewidth=1.8)
            is_hollow = name in panel.hollow and panel.hollow[name][row]
            ground = {"markerfacecolor": "white"} if is_hollow else {}
            axes.plot(
                [value], [row + shift], linestyle="", markersize=7, clip_on=False, **ground, **look
            )
            _above(axes, f"{value:.2f}", (value, row + shift))
    axes.set_yticks(range(len(panel.labels)), panel.labels)
    axes.set_ylim(len(panel.labels) - 0.4, -0.6)
    axes.set_title(panel.title, fontsize=10, fontweight="bold", loc="left")
    canvas.guide_lines(axes, panel.guides, horizontal=False)
    for row, note in enumerate(panel.notes):
        beside = {"xycoords": axes.get_yaxis_transform(), "fontsize": 8}
        annotations.beside(axes, note, (1, row), (6, 0), **beside)


def _look(name: str, names: Sequence[str]) -> dict:
    """Colour and marker of a series; one without a name is black where others have names."""
    if not name and len(names) > 1:
        return {"color": "black", "marker": "D"}
    return canvas.look([other for other in names if other or len(names) == 1].index(name))


def _above(axes, text: str, point: tuple[float, float]) -> None:
    left, right = axes.get_xlim()
    # Beside the left edge a centred text would run into the row's label.
    across = "left" if point[0] - left < 0.03 * (right - left) else "center"
    look = {"ha": across, "va": "bottom", "fontsize": 7, "textcoords": "offset points"}
    # On a white ground, so that no guide line strikes the number through.
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.85}
    axes.annotate(text, point, xytext=(0, 5), bbox=ground, **look)


def _legend(figure, names: Sequence[str], filled: str, hollow: str) -> None:
    from matplotlib.lines import Line2D

    shown = [(name, _look(name, names)) for name in names if name]
    # Filled or hollow is said of any series: a mark unlike that of each named one.
    mark = {"color": "black", "marker": "D"} if len(names) > 1 else _look(names[0], names)
    shown += [(filled, mark)] if filled else []
    shown += [(hollow, mark | {"markerfacecolor": "white"})] if hollow else []
    if shown:
        keys = [Line2D([], [], linestyle="", **look) for _, look in shown]
        texts = [name for name, _ in shown]
        figure.legend(keys, texts, frameon=False, ncols=len(shown), loc="outside upper center")
