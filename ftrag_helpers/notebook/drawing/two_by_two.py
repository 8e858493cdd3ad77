"""Two-by-two panels: four cells each, without and with passages, base and fine-tuned.

Two lines that are not parallel are an interaction: what one ingredient brings depends on the other.
Not here: the differences and their intervals (`evaluation.study.effects`).
"""

from collections.abc import Mapping, Sequence

from ftrag_helpers.notebook.drawing import annotations, canvas

#: The two lines, and the two places of each.
ROWS = ("base", "fine-tuned")
COLUMNS = ("no passages", "with passages")
#: A mean with the ends of its interval.
Cell = tuple[float, float, float]


def two_by_two(panels: Mapping[str, Sequence[Cell]], *, unit: str):
    """A figure with a panel for each kind of question, two panels in a row.

    Args:
        panels: by title four cells (mean, low, high), in the order base, fine-tuned, base with
            passages, fine-tuned with passages.
        unit: what the vertical axis shows, from 0 to 1.

    Returns:
        The matplotlib figure.

    Raises:
        ValueError: a panel has not four cells.
    """
    from matplotlib.figure import Figure

    for title, cells in panels.items():
        if len(cells) != 4:
            raise ValueError(f"{title}: a two-by-two has 4 cells, not {len(cells)}")
    height = (len(panels) + 1) // 2
    figure = Figure(figsize=(7.6, 0.4 + 2.6 * height), layout="constrained")
    grid = figure.subplots(height, 2, squeeze=False, sharey=True).ravel()
    for axes, (title, cells) in zip(grid, panels.items(), strict=False):
        _panel(axes, title, cells)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    for axes in grid[::2]:
        axes.set_ylabel(unit)
    lines, names = grid[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside upper center", ncols=2, frameon=False)
    return figure


def _panel(axes, title: str, cells: Sequence[Cell]) -> None:
    canvas.plain(axes, "y")
    for n, name in enumerate(ROWS):
        look = canvas.look(n)
        # drawn a little apart, so that neither interval hides the other
        places = [place + 0.06 * (2 * n - 1) for place in range(2)]
        means = [cells[n][0], cells[2 + n][0]]
        axes.plot(places, means, label=name, markersize=6, linestyle="-" if n else "--", **look)
        for place, (mean, low, high) in zip(places, (cells[n], cells[2 + n]), strict=True):
            axes.plot([place, place], [low, high], color=look["color"], linewidth=1.6)
            side = (7, 7) if n else (-7, 7)
            annotations.beside(axes, f"{mean:.2f}", (place, mean), side, fontsize=8)
    axes.set(title=title, xlim=(-0.4, 1.4), ylim=(-0.03, 1.05))
    axes.set_xticks(range(2), COLUMNS)


def described(panels: Mapping[str, Sequence[Cell]]) -> str:
    """What the panels show, as alternative text."""
    parts = [
        f"{title}: base {cells[0][0]:.2f} without and {cells[2][0]:.2f} with passages, fine-tuned"
        f" {cells[1][0]:.2f} and {cells[3][0]:.2f}"
        for title, cells in panels.items()
    ]
    return "Two-by-two, two lines a panel. " + "; ".join(parts) + "."
