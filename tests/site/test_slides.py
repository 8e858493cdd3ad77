"""The slides: made from the notebooks' figures, with notes; a figure that is missing is named."""

import base64
import io
import json

import pytest
from html_page import Page
from PIL import Image

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.site import slides

ROOT = runtime.course_root()


@pytest.fixture
def deck(tmp_path):
    """A folder with a notebook of one figure, and a way to write slides beside it."""
    figure = {
        "data": {"image/png": "QUJD\n", "text/plain": "[Figure: three bars]"},
        "metadata": {"alt": "three bars [of two systems]"},
        "output_type": "display_data",
    }
    cells = [{"id": "bars", "outputs": [figure]}, {"id": "text", "outputs": []}, {"id": "none"}]
    (tmp_path / "one.ipynb").write_text(json.dumps({"cells": cells}), "utf-8")

    def write(text):
        (tmp_path / "slides.md").write_text(text, "utf-8")
        return tmp_path / "slides.md"

    return write


def test_a_slide_has_its_text_its_figure_and_its_notes(deck, tmp_path):
    source = deck(
        "# First\n\n- a point\n\nNotes:\nSay hello.\n\n---\n\n![](one.ipynb#cell-id=bars)\n"
    )
    assert slides.write(source, tmp_path / "out.html", "A course") == 2
    page = Page((tmp_path / "out.html").read_text("utf-8"))
    [picture] = page.all("img")
    assert picture == {
        "src": "data:image/png;base64,QUJD",
        "alt": "three bars (of two systems)",
    }
    assert len(page.all("section")) == 2 and "Say hello." in page.text and page.balanced


@pytest.mark.parametrize("size, tall", [((100, 126), True), ((100, 125), False)])
def test_a_tall_figure_takes_the_slides_width(deck, tmp_path, size, tall):
    raw = io.BytesIO()
    Image.new("L", size).save(raw, "png")
    book = json.loads((tmp_path / "one.ipynb").read_text("utf-8"))
    data = book["cells"][0]["outputs"][0]["data"]
    data["image/png"] = base64.b64encode(raw.getvalue()).decode("ascii")
    (tmp_path / "one.ipynb").write_text(json.dumps(book), "utf-8")
    [slide] = slides.read(deck("![](one.ipynb#cell-id=bars)"))
    assert [picture.get("class") for picture in Page(slide.shown).all("img")] == [
        "tall" if tall else None
    ]


@pytest.mark.parametrize(
    "link, told",
    [
        ("one.ipynb#cell-id=text", "cell text in one.ipynb: it has none"),
        ("one.ipynb#cell-id=gone", "cell gone in one.ipynb: it has none"),
        ("two.ipynb#cell-id=bars", "two.ipynb, which cannot be read"),
    ],
)
def test_a_figure_that_is_not_there_is_named(deck, tmp_path, link, told):
    with pytest.raises(CourseError, match=told):
        slides.write(deck(f"![]({link})"), tmp_path / "out.html", "A course")


def test_the_courses_slides_are_some_25_with_notes_on_each(tmp_path):
    found = slides.read(ROOT / "docs" / "slides.md")
    assert 22 <= len(found) <= 28 and all(slide.notes for slide in found)
    assert sum("data:image/png" in slide.shown for slide in found) >= 8
    for slide in found:
        words = len(Page(slide.shown).text.split())
        assert words < 90, slide.shown[:80]
