"""A static site of the course, for reading before installing: `ftrag site`.

Sphinx with MyST-NB and the theme Furo turn lessons, exercises, documents and data cards into pages,
from their stored outputs: nothing is run. They were chosen because their search works from disk and
they need neither Node nor a network; formulas become MathML, which browsers draw themselves. What
it leaves out: solutions, and whatever needs a kernel.
"""

import io
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ftrag_helpers.errors import CourseError
from ftrag_helpers.notebook import rendering
from ftrag_helpers.site import finish, lessons, slides

TITLE = "Fine-Tuning vs RAG"
#: What becomes a page, as headings of the menu and patterns below the course's folder.
PARTS = {
    "Lessons": ("notebooks/*.ipynb",),
    "Exercises": ("exercises/*.ipynb",),
    "More": ("docs/glossary.md", "docs/instructor_guide.md", "docs/*.md"),
    "Data": ("datasets/*/README.md",),
}
#: Parts that the table of lessons on the first page links to, so that only the menu lists them.
LISTED = ("Lessons", "Exercises")
PICTURES = ("docs/**/*.svg", "docs/**/*.png")
SLIDES = Path("docs", "slides.md")  # a page of its own kind
_HERE = Path(__file__).parent
#: A progress bar's last state, which says nothing on paper.
_PROGRESS_BAR = re.compile(r"\d+%\|")
#: The end of a link to a cell, as JupyterLab understands it.
_CELL_LINK = re.compile(r"\.ipynb#cell-id=([\w-]+)\)")
#: What turns colours on and off in a terminal.
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
SETTINGS = {
    "project": TITLE,
    "html_title": TITLE,
    "language": "en",
    "extensions": ["myst_nb", "ftrag_helpers.site.mathml"],
    "html_theme": "furo",
    "html_static_path": [str(_HERE / "static")],
    "html_css_files": ["site.css"],
    "html_js_files": ["site.js"],
    "html_show_copyright": False,
    "html_use_index": False,
    "html_copy_source": False,
    "html_show_sourcelink": False,
    "html_math_renderer": "mathml",
    "nb_execution_mode": "off",
    "nb_merge_streams": True,
    "myst_enable_extensions": ["dollarmath"],
    "myst_heading_anchors": 4,
}


@dataclass(frozen=True)
class Site:
    """A finished site: its first page, and how many pages it has."""

    index: Path
    pages: int


def build(root: Path, out: Path, *, pictures: dict[str, tuple[bytes, str]] | None = None) -> Site:
    """Write the site of the course in `root` into the folder `out`.

    `pictures` are shown on the first page: (PNG, alternative text) by file name. A folder that
    holds anything but an earlier site is left alone.

    Raises:
        CourseError: `out` holds something else, or a page has a broken link or picture.
    """
    check_target(out)
    # Sphinx keeps what it has read in pickles: they lie in a folder of this run alone.
    with tempfile.TemporaryDirectory(prefix="ftrag-site-") as scratch:
        source, made = Path(scratch, "source"), Path(scratch, "site")
        pages = lay_out(root, source, pictures or {})
        _run_sphinx(source, made, Path(scratch, "read"))
        finish.finish(made)
        if (root / SLIDES).exists():
            slides.write(root / SLIDES, made / "slides.html", TITLE)
        for unused in (".buildinfo", "objects.inv"):
            (made / unused).unlink(missing_ok=True)
        # GitHub Pages would otherwise leave out every folder that begins with an underscore.
        (made / ".nojekyll").touch()
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(made, out)
    return Site(out / "index.html", pages)


def check_target(out: Path) -> None:
    """Refuse a folder that holds something else, so that nobody's files are replaced."""
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / ".nojekyll").exists()):
        raise CourseError(
            f"{out} holds something that is not an earlier site. Name a new or an empty folder."
        )


def lay_out(root: Path, source: Path, pictures: dict[str, tuple[bytes, str]]) -> int:
    """Copy what becomes a page to `source`, laid out as in the course; returns the number of pages.

    Links between the pages stay as they are written.
    """
    menu = {}
    for part, patterns in PARTS.items():
        found = [path for pattern in patterns for path in sorted(root.glob(pattern))]
        names = [path.relative_to(root) for path in dict.fromkeys(found)]
        menu[part] = [name for name in names if name != SLIDES]
    for path in [page for pages in menu.values() for page in pages]:
        target = source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (root / path).read_text("utf-8")
        if path.suffix == ".ipynb":
            notebook = with_cell_targets(with_live_paths(without_progress_bars(json.loads(text))))
            text = json.dumps(notebook, ensure_ascii=False)
        else:
            text = _CELL_LINK.sub(r".ipynb#cell-\1)", text)
        target.write_text(text, "utf-8")
    for path in [found for pattern in PICTURES for found in root.glob(pattern)]:
        target = source / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    for name, (png, _alt) in pictures.items():
        (source / name).write_bytes(png)
    shown = [(name, alt) for name, (_png, alt) in pictures.items()]
    names = {part: [page.with_suffix("").as_posix() for page in menu[part]] for part in menu}
    index = rendering.render(
        "site/templates/index.md.j2",
        title=TITLE,
        lessons=lessons.read(root),
        menu=names,
        hidden=LISTED,
        pictures=shown,
        slides=(root / SLIDES).exists(),
    )
    (source / "index.md").write_text(index, "utf-8")
    return sum(map(len, menu.values())) + 1


def with_cell_targets(notebook: dict) -> dict:
    """The notebook with a target before each cell, so that a link can lead to it."""
    cells = []
    for number, cell in enumerate(notebook["cells"]):
        target = f"(cell-{cell['id']})=\n"
        if cell["cell_type"] == "markdown":
            text = _CELL_LINK.sub(r".ipynb#cell-\1)", "".join(cell["source"]))
            cell["source"] = target + text
        else:
            before = {"cell_type": "markdown", "id": f"target-{number}", "metadata": {}}
            cells.append(before | {"source": target})
        cells.append(cell)
    return notebook | {"cells": cells}


def with_live_paths(notebook: dict) -> dict:
    """The notebook with the path of a prompt as a widget that needs no kernel, for its picture."""
    from ftrag_helpers.notebook import prompt_path

    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            found = output.get("metadata", {}).pop(prompt_path.PATH, None)
            if found:
                output["data"] = {"text/html": prompt_path.fixed(found, output["metadata"]["alt"])}
    return notebook


def without_progress_bars(notebook: dict) -> dict:
    """The notebook without the outputs that are a progress bar's last state."""
    for cell in notebook["cells"]:
        if "outputs" in cell:
            cell["outputs"] = [one for one in cell["outputs"] if not _is_progress_bar(one)]
    return notebook


def _is_progress_bar(output: dict) -> bool:
    plain = output.get("data", {}).get("text/plain", "")
    return bool(_PROGRESS_BAR.search("".join(plain)))


def _run_sphinx(source: Path, out: Path, read: Path) -> None:
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    told = io.StringIO()
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            source,
            None,
            out,
            read,
            "html",
            confoverrides=SETTINGS,
            status=None,
            warning=told,
            freshenv=True,
        )
        app.build()
    if told.getvalue().strip():
        plain = _COLOUR.sub("", told.getvalue())
        lines = plain.replace(f"{source}/", "").strip().splitlines()
        raise CourseError("The site has faults:\n  " + "\n  ".join(lines))
