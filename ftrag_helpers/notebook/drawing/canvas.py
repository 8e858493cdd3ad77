"""What all figures share: colours and markers, empty panels, and how a figure becomes an output.

The colours are those of Okabe and Ito, which people with any colour vision tell apart. What it
leaves out: the figures themselves (`plots`, `ladders`).
"""

import base64
import io
from collections.abc import Mapping

from ftrag_helpers.notebook import rendering
from ftrag_helpers.notebook.drawing import annotations

#: Source: Okabe and Ito 2008, "Color Universal Design", https://jfly.uni-koeln.de/color/
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")
MARKERS = "osD^vPX"
GUIDE = "#666666"
_WIDTH, _DPI, _COLOURS = 7.0, 120, 64


def show(figure, alt: str) -> None:
    """Display the figure with its alternative text, for screen readers and for a page without
    pictures.

    Raises:
        ValueError: the text is empty.
    """
    from IPython.display import display

    data, metadata = bundle(figure, alt)
    display(data, metadata=metadata, raw=True)


def bundle(figure, alt: str, *, dpi: int = _DPI, colours: int = _COLOURS) -> tuple[dict, dict]:
    """(data, metadata) of the figure as a notebook stores an output, with `dpi` dots an inch and a
    palette of `colours`.

    JupyterLab shows the `<img>`, because it ignores the alternative text of a bare PNG; other
    viewers take the PNG.

    Raises:
        ValueError: the text is empty.
    """
    alt = " ".join(alt.split())
    if not alt:
        raise ValueError(
            "a figure needs alt text: one or two sentences with what is to be seen in it"
        )
    coded = base64.b64encode(png(figure, dpi, colours)).decode("ascii")
    width = round(figure.get_figwidth() * 100)
    tag = rendering.fragment("notebook/templates/widgets.html.j2", "figure", coded, width, alt)
    return (
        {"image/png": coded, "text/html": tag, "text/plain": f"[Figure: {alt}]"},
        {"image/png": {"alt": alt, "width": width}, "alt": alt},
    )


def png(figure, dpi: int = _DPI, colours: int = _COLOURS) -> bytes:
    """The picture with a palette: it takes a fraction of the bytes, and a notebook holds many."""
    from PIL import Image

    raw = io.BytesIO()
    figure.savefig(raw, format="png", dpi=dpi, facecolor="white")
    small = io.BytesIO()
    Image.open(raw).convert("RGB").quantize(colours, dither=Image.Dither.NONE).save(
        small, "png", optimize=True
    )
    return small.getvalue()


def panels(
    count: int = 1, *, height: float = 3.2, width: float = _WIDTH, grid: str = ""
) -> tuple[object, list]:
    """(figure, its axes side by side), empty, sizes in inches; `grid` is "x", "y" or nothing."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    made = list(figure.subplots(1, count, squeeze=False)[0])
    for axes in made:
        plain(axes, grid)
    return figure, made


def plain(axes, grid: str = "") -> None:
    """Take the frame's upper and right side away, and draw a grid behind where one is asked for."""
    axes.spines[["top", "right"]].set_visible(False)
    if grid:
        axes.grid(axis=grid, color="#DDDDDD", linewidth=0.8)
        axes.set_axisbelow(True)


def look(n: int) -> dict:
    """Colour and marker of the nth series."""
    return {"color": PALETTE[n % len(PALETTE)], "marker": MARKERS[n % len(MARKERS)]}


def legend_above(axes, columns: int, **more) -> None:
    """Put the legend above the axes, in so many columns."""
    place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0)}
    axes.legend(frameon=False, ncols=columns, **place, **more)


def guide_lines(axes, guides: Mapping[str, float], *, horizontal: bool) -> None:
    """Draw a dotted line at each value, with its name at the line's end."""
    for name, value in guides.items():
        (axes.axhline if horizontal else axes.axvline)(
            value, color=GUIDE, linestyle=(0, (1, 2)), linewidth=1.2, zorder=0.9
        )
        annotations.at_line_end(axes, name, value, horizontal=horizontal, color=GUIDE, fontsize=8)
