"""Texts beside the points of a figure, so placed that they cover each other as little as they can.

What it leaves out: the figures (`plots`).
"""

from collections.abc import Sequence

import numpy as np

_OFFSETS = [(dx, dy) for dx in (7, -7) for dy in (0, 9, -9, 18, -18)]  # in points


def beside(axes, text: str, point: Sequence[float], offset: tuple[float, float], **look):
    """Write a text at an offset (in points) from a point: to its right, or to its left where the
    offset goes there.
    """
    look |= {"ha": "left" if offset[0] > 0 else "right", "va": "center"}
    return axes.annotate(text, point, xytext=offset, textcoords="offset points", **look)


def at_line_end(axes, text: str, value: float, *, horizontal: bool, **look):
    """Write a text at the end of the line that crosses the axes at a value: above a horizontal
    line's right end, or beside the foot of a vertical one.
    """
    if horizontal:
        place, across, offset = (1, value), axes.get_yaxis_transform(), (0, 2)
    else:
        place, across, offset = (value, 0), axes.get_xaxis_transform(), (3, 2)
    look |= {"ha": "right" if horizontal else "left", "va": "bottom", "xycoords": across}
    return axes.annotate(text, place, xytext=offset, textcoords="offset points", **look)


def label_points(figure, axes, points: np.ndarray, labels: Sequence[str]) -> None:
    """Write each label beside its point (row of `points`, shape (n, 2)), where it covers least of
    the points and the labels so far.
    """
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()
    spots = axes.transData.transform(points)
    taken = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in spots]
    for point, label in zip(points, labels, strict=True):
        boxes = []
        for offset in _OFFSETS:
            text = beside(axes, label, point, offset, fontsize=7)
            boxes.append(text.get_window_extent())
            text.remove()
        covered = [
            sum(overlap(box, other) for other in taken) + _outside(box, axes.bbox) + 0.1 * abs(dy)
            for box, (_, dy) in zip(boxes, _OFFSETS, strict=True)
        ]
        best = int(np.argmin(covered))
        beside(axes, label, point, _OFFSETS[best], fontsize=7)
        taken.append(boxes[best])


def overlap(one, other) -> float:
    """The area that two boxes share, in square pixels."""
    shared = one.intersection(one, other)
    return shared.width * shared.height if shared else 0.0


def _outside(box, frame) -> float:
    return 10 * (max(frame.x0 - box.x0, 0) + max(box.x1 - frame.x1, 0))
