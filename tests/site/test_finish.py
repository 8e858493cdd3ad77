"""What the theme leaves out is added: names of the page's parts, and which cells are headings."""

import pytest
from html_page import Page

from ftrag_helpers.site import finish

TABLE = """<table><thead><tr><th></th><th class="head"><p></p></th><th>right</th></tr></thead>
<tbody><tr><th>base</th><td>1</td><td>2</td></tr></tbody></table>"""


def test_an_empty_corner_is_no_heading_and_every_heading_says_of_what():
    page = Page(finish.mended(TABLE))
    assert [heading.get("scope") for heading in page.all("th")] == ["col", "row"]
    assert len(page.all("td")) == 4 and page.balanced


def test_a_scope_that_is_there_stays():
    page = Page(finish.mended('<table><tr><th scope="rowgroup">all</th></tr></table>'))
    assert page.all("th") == [{"scope": "rowgroup"}]


@pytest.mark.parametrize("name", finish.LANDMARKS)
def test_the_parts_of_the_page_have_names(name):
    [aside] = Page(finish.mended(f'<aside class="{name}"></aside>')).all("aside")
    assert aside["aria-label"] == finish.LANDMARKS[name]


def test_a_caption_says_its_level_and_the_search_page_has_a_title():
    page = Page(finish.mended('<p class="caption" role="heading">Data</p>'))
    assert page.all("p")[0]["aria-level"] == "2" and not page.all("h1")
    search = Page(finish.mended('<main><div id="search-results"></div></main>'))
    assert len(search.all("h1")) == 1 and "Search" in search.text


def test_scripts_and_formulas_stay_as_they_are():
    page = '<script>if (a < b && c) draw("</");</script><math><mi>x</mi><mo>&lt;</mo></math>'
    assert finish.mended(page) == page
