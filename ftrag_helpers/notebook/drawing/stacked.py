"""Stacked bars: what each part adds to a whole, one bar a label.

What it leaves out: what the parts are and the order of the bars; they are drawn as given.
"""

import math
from collections.abc import Mapping, Sequence

from ftrag_helpers.notebook.drawing import annotations, canvas

_HATCHES = ("", "//", "..", "\\\\", "xx", "--")


def stacked(
    labels: Sequence[str],
    parts: Mapping[str, Sequence[float]],
    *,
    unit: str,
    notes: Sequence[str] = (),
    xlim: tuple[float, float] = (0, 1),
):
    """Horizontal bars, first label on top, each of its parts side by side, colour and hatch by
    part.

    A part of NaN is left out, and its bar gets no sum; every other bar has the sum at its end.
    `notes` holds a text for each bar, written behind it: what is missing, for instance.

    Raises:
        ValueError: labels, parts and notes differ in number.
    """
    columns = [*parts.values(), *([notes] if notes else [])]
    if any(len(column) != len(labels) for column in columns):
        raise ValueError(
            f"{len(labels)} labels need as many values in each part, and as many notes"
        )
    figure, [axes] = canvas.panels(height=1.2 + 0.36 * len(labels), width=8.5, grid="x")
    ends = [0.0] * len(labels)
    for n, (name, values) in enumerate(parts.items()):
        widths = [0 if math.isnan(value) else value for value in values]
        look = {"color": canvas.PALETTE[n % len(canvas.PALETTE)], "edgecolor": "white"}
        hatch = _HATCHES[n % len(_HATCHES)]
        axes.barh(
            range(len(labels)), widths, left=ends, label=name, hatch=hatch, height=0.66, **look
        )
        ends = [end + width for end, width in zip(ends, widths, strict=True)]
    for row, end in enumerate(ends):
        whole = not any(math.isnan(values[row]) for values in parts.values())
        note = notes[row] if notes else ""
        text = " ".join(filter(None, [f"{end:.2f}" if whole else "", note]))
        annotations.beside(axes, text, (end, row), (4, 0), fontsize=8)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set(xlabel=unit, xlim=xlim)
    canvas.legend_above(axes, max(1, len(parts)))
    return figure
