"""The reading edition, built from the course itself: pages, links, pictures, search, no network."""

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from ftrag_helpers.cli import main
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.journal import measurements
from ftrag_helpers.notebook import prompt_path
from ftrag_helpers.site import build, pictures

ROOT = runtime.course_root()
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The course's own site, made once."""
    return build.build(ROOT, tmp_path_factory.mktemp("made") / "site").index.parent


def references(page: Path) -> set[str]:
    """Every address that the page loads or links to."""
    return set(re.findall(r'\b(?:src|href)="([^"]+)"', page.read_text("utf-8")))


def test_every_lesson_exercise_document_and_card_is_a_page(site):
    for pattern in (
        "notebooks/*.ipynb",
        "exercises/*.ipynb",
        "docs/*.md",
        "datasets/*/README.md",
    ):
        for path in set(ROOT.glob(pattern)) - {ROOT / build.SLIDES}:
            assert (site / path.relative_to(ROOT).with_suffix(".html")).is_file(), path
    assert not (site / "solutions").exists()
    assert 'href="slides.html"' in (site / "index.html").read_text("utf-8")
    assert (site / "slides.html").is_file()


def test_every_link_between_the_pages_leads_to_a_file(site):
    broken = []
    for page in site.rglob("*.html"):
        for address in references(page):
            parts = urlsplit(address)
            if not parts.scheme and parts.path:
                target = page.parent / unquote(parts.path)
                if not target.exists():
                    broken.append(f"{page.relative_to(site)}: {address}")
    assert not broken


def test_nothing_is_loaded_from_elsewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        loaded = re.findall(r'<(?:script|img|iframe|source)[^>]*\bsrc="(https?:[^"]+)', text)
        loaded += re.findall(r'<link[^>]*rel="stylesheet"[^>]*href="(https?:[^"]+)', text)
        assert not loaded, page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(.?https?:|@import", sheet.read_text("utf-8")), sheet


def test_the_outputs_are_those_of_the_notebooks(site):
    lesson = next((ROOT / "notebooks").glob("01_*.ipynb"))
    page = (site / "notebooks" / f"{lesson.stem}.html").read_text("utf-8")
    notebook = json.loads(lesson.read_text("utf-8"))
    figures = sum(
        "image/png" in output.get("data", {})
        and prompt_path.PATH not in output["metadata"]  # the page has the widget in its place
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
    )
    assert figures > 3 and page.count("data:image/png;base64") + page.count("_images/") >= figures
    assert "%|" not in page  # no progress bar


def test_the_search_knows_the_lessons_and_needs_no_server(site):
    index = (site / "searchindex.js").read_text("utf-8")
    assert index.startswith("Search.setIndex(") and "notebooks/01_llm_basics" in index
    assert "perplex" in index


def test_formulas_are_drawn_by_the_browser_itself(tmp_path):
    course = small_course(tmp_path, "# Page\n\nThe odds are $p/(1-p)$.\n\n$$x^2$$\n")
    page = build.build(course, tmp_path / "out").index.parent / "docs" / "glossary.html"
    text = page.read_text("utf-8")
    assert text.count("<math") == 2 and "<mfrac>" not in text and "<msup>" in text


def small_course(folder: Path, glossary: str) -> Path:
    """A course of one document."""
    (folder / "course" / "docs").mkdir(parents=True)
    (folder / "course" / "docs" / "glossary.md").write_text(glossary, "utf-8")
    return folder / "course"


def test_a_link_to_a_cell_leads_to_that_cell(site):
    page = (site / "docs" / "glossary.html").read_text("utf-8")
    linked = re.findall(r'href="\.\./notebooks/([\w.]+\.html)#(cell-[^"]+)"', page)
    assert len(linked) > 50
    for name, target in linked:
        assert f'id="{target}"' in (site / "notebooks" / name).read_text("utf-8"), (name, target)


def test_the_path_of_a_prompt_works_without_a_kernel(site):
    page = (site / "notebooks" / "01_llm_basics.html").read_text("utf-8")
    assert page.count('class="ftrag-path-page"') == 1 and "drawFixed(JSON.parse" in page


def test_the_first_page_leads_to_every_lesson_and_exercise(site):
    index = (site / "index.html").read_text("utf-8")
    table = index[index.index('id="lessons"') :].split("</table>")[0]
    for path in [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("exercises/*.ipynb")]:
        assert f'href="{path.parent.name}/{path.stem}.html"' in table
    assert "computing" in table and 'href="docs/instructor_guide.html"' in index


def test_every_page_has_one_title_and_its_headings_are_named(site):
    for page in set(site.rglob("*.html")) - {site / "slides.html"}:
        text = page.read_text("utf-8")
        assert len(re.findall(r"<h1[\s>]", text)) == 1, page
        assert not re.search(r"<th(?![^>]*scope)[\s>]", text), page
        assert text.count('role="heading"') == text.count('aria-level="2"') > 0, page


def test_the_chart_is_the_shipped_one_whatever_was_measured_here(monkeypatch):
    monkeypatch.setattr(measurements, "load", lambda: pytest.fail("the learner's own figures"))
    [(name, (png, alt))] = pictures.chart().items()
    assert name == "chart.png" and png.startswith(PNG)
    assert alt.startswith("The chart of the course") and ", 0 measured here" in alt


def test_a_broken_link_is_an_error_that_names_the_page(tmp_path):
    course = small_course(tmp_path, "# Page\n\n[nowhere](missing.md)\n")
    with pytest.raises(CourseError, match=r"docs/glossary\.md.*missing\.md"):
        build.build(course, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    course = small_course(tmp_path, "# Page\n\nText.\n")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("mine", "utf-8")
    with pytest.raises(CourseError, match="new or an empty folder"):
        build.build(course, mine)
    assert (mine / "thesis.txt").read_text("utf-8") == "mine"


def test_a_site_replaces_an_earlier_one_and_shows_its_pictures(tmp_path):
    course = small_course(tmp_path, "# Page\n\nText.\n")
    build.build(course, tmp_path / "out")
    (tmp_path / "out" / "old.html").write_text("", "utf-8")
    made = build.build(course, tmp_path / "out", pictures={"chart.png": (PNG, "A chart.")})
    assert not (tmp_path / "out" / "old.html").exists()
    assert 'alt="A chart."' in made.index.read_text("utf-8")


def test_the_command_says_where_the_first_page_is(tmp_path, capsys):
    assert main.main(["site", "--out", str(tmp_path / "pages")]) == 0
    said = capsys.readouterr().out
    assert str(tmp_path / "pages" / "index.html") in said
