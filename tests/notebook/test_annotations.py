import numpy as np
import pytest
from matplotlib.transforms import Bbox

from ftrag_helpers.notebook import plots
from ftrag_helpers.notebook.drawing import annotations


def test_map_labels_do_not_cover_each_other():
    rng = np.random.default_rng(0)
    names = [f"a short text, number {n}" for n in range(12)]
    figure = plots.scatter(
        rng.normal(size=(12, 2)), names, groups=["g"] * 12, axis_labels=("x", "y")
    )
    figure.draw_without_rendering()
    boxes = [t.get_window_extent() for t in figure.axes[0].texts]
    assert len(boxes) == 12
    shared = sum(annotations.overlap(a, b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert shared < 0.1 * sum(box.width * box.height for box in boxes)


@pytest.mark.parametrize(
    ("other", "area"), [((1, 1, 4, 4), 1.0), ((0, 0, 2, 2), 4.0), ((2, 0, 4, 2), 0.0)]
)
def test_an_overlap_is_the_area_that_two_boxes_share(other, area):
    assert annotations.overlap(Bbox.from_extents(0, 0, 2, 2), Bbox.from_extents(*other)) == area
    assert annotations.overlap(Bbox.from_extents(*other), Bbox.from_extents(0, 0, 2, 2)) == area
