"""Templates: what is filled in stays text, and what is missing is an error."""

import jinja2
import pytest
from html_page import Page

from ftrag_helpers.notebook import rendering

PARTS = "notebook/templates/parts.html.j2"


def test_values_are_escaped_and_lose_what_turns_or_hides_writing():
    page = rendering.render(
        "notebook/templates/page.html.j2", title="</title><script>x</script>\u202eback\x00\ud800"
    )
    assert "<title>&lt;/title&gt;&lt;script&gt;x&lt;/script&gt;back</title>" in page
    assert page.startswith("<!DOCTYPE html>\n") and page.endswith("</html>\n")
    assert Page(page).balanced


def test_a_value_that_was_not_given_is_an_error():
    with pytest.raises(jinja2.UndefinedError, match="title"):
        rendering.render("notebook/templates/page.html.j2")


def test_a_table_heads_its_rows_and_names_the_column_of_each_cell():
    page = Page(
        rendering.fragment(PARTS, "table", "C & D", ["", "<b>", "0 … 1"], [["r", "<i>", 3]])
    )
    assert page.balanced and page.text == "C & D<b>01r<i>3"
    assert [attributes["scope"] for attributes in page.all("th")] == ["col"] * 3 + ["row"]
    assert [attributes["data-head"] for attributes in page.all("td")] == ["<b>", "0 … 1"]


def test_a_row_longer_than_the_heads_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        rendering.fragment(PARTS, "table", "", ["a"], [["r", "x"]])
