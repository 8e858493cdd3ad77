"""The introduction as slides: one HTML file made from `docs/slides.md` and the notebooks' figures.

Slides are divided by lines of three dashes. What follows a line "Notes:" is for the speaker. A
picture whose address is a notebook and a cell, as in `![](../notebooks/02_x.ipynb#cell-id=loss)`,
is the figure in that cell's stored output, with its own alternative text. A figure much taller than
it is wide takes the slide's width, and the slide scrolls.
"""

import base64
import json
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from ftrag_helpers.errors import CourseError
from ftrag_helpers.notebook import rendering

_PNG = "data:image/png;base64,"
_FIGURE = re.compile(r"!\[\]\((?P<path>[^)#\s]+\.ipynb)#cell-id=(?P<cell>[^)\s]+)\)")
_PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")


@dataclass(frozen=True)
class Slide:
    """What a slide shows and what its speaker says, as HTML."""

    shown: str
    notes: str


def write(source: Path, out: Path, title: str) -> int:
    """Write the slides of the Markdown file `source` to `out`; returns their number.

    Raises:
        CourseError: a figure that a slide names is not in the notebook's stored outputs.
    """
    slides = read(source)
    out.write_text(
        rendering.render("site/templates/slides.html.j2", title=title, slides=slides), "utf-8"
    )
    return len(slides)


def read(source: Path) -> list[Slide]:
    """The slides of a Markdown file."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark").enable("table")
    # The figures are data of this page: the usual guard against foreign addresses drops them.
    markdown.validateLink = lambda address: True
    markdown.add_render_rule("image", _image)
    parts = re.split(r"^---$", source.read_text("utf-8"), flags=re.M)
    slides = []
    for part in parts:
        shown, _, notes = part.partition("\nNotes:")
        shown = _FIGURE.sub(lambda found: figure(source.parent, found), shown)
        slides.append(Slide(markdown.render(shown), markdown.render(notes.strip())))
    return slides


def _image(renderer, tokens, idx, options, env) -> str:
    """The usual tag of a picture, with a class where it is tall."""
    source = tokens[idx].attrGet("src")
    if source.startswith(_PNG) and is_tall(base64.b64decode(source.removeprefix(_PNG))):
        tokens[idx].attrSet("class", "tall")
    return renderer.image(tokens, idx, options, env)


def is_tall(png: bytes) -> bool:
    """Whether a picture is more than a quarter taller than wide, by the head of its file."""
    if len(png) < 24:
        return False
    width, height = struct.unpack(">II", png[16:24])
    return height > 1.25 * width


def figure(folder: Path, found: re.Match) -> str:
    """The picture that a slide names, as Markdown with the PNG in it."""
    path = folder / found["path"]
    try:
        cells = json.loads(path.read_text("utf-8"))["cells"]
    except (OSError, ValueError) as error:
        raise CourseError(
            f"A slide names {found['path']}, which cannot be read ({error})."
        ) from None
    for cell in cells:
        for output in cell.get("outputs", []) if cell["id"] == found["cell"] else []:
            data = {kind: "".join(part) for kind, part in output.get("data", {}).items()}
            inside = _PNG.search(data.get("text/html", ""))
            png = data.get("image/png") or (inside and inside[1])
            if png:
                alt = output["metadata"].get("alt", "").replace("[", "(").replace("]", ")")
                return f"![{alt}]({_PNG}{png.strip()})"
    raise CourseError(
        f"A slide names the figure of cell {found['cell']} in {path.name}: it has none."
    )
