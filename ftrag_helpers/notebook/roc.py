"""ROC curves: what is gained and what is lost at every threshold, one line a classifier.

The axes of lesson 04: refusing a question that cannot be answered is the gain, refusing one that
can be is the loss. What it leaves out: computing the rates.
"""

from collections.abc import Mapping, Sequence

from ftrag_helpers.notebook.drawing import canvas

_DASHES = ("-", "--", ":")


def roc(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    chosen: Mapping[str, tuple[float, float]],
    xlabel: str,
    ylabel: str,
):
    """A figure with a line for each classifier, the diagonal of chance, and marked thresholds.

    Args:
        curves: for each classifier its false and its right rates (0 to 1), both rising.
        chosen: points (false rate, right rate) to mark, by name.
        xlabel: the label of the axis of false rates.
        ylabel: the label of the axis of right rates.

    Returns:
        A matplotlib `Figure`, square, both axes from 0 to 1.
    """
    figure, [axes] = canvas.panels(height=4.4, width=5.2, grid="y")
    for n, (name, (false, right)) in enumerate(curves.items()):
        colour = canvas.look(n)["color"]
        axes.plot(false, right, _DASHES[n % len(_DASHES)], color=colour, label=name)
    axes.plot([0, 1], [0, 1], color=canvas.GUIDE, linewidth=0.8, label="chance")
    for name, (x, y) in chosen.items():
        axes.plot([x], [y], "o", color="black", markersize=8, label=name)
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel=xlabel, ylabel=ylabel, aspect="equal")
    axes.legend(frameon=False, loc="lower right", fontsize=8)
    return figure
