"""What every page needs and neither Sphinx nor its theme gives: names and roles for screen readers.

Tables say which cells are headings of what, an empty corner is no heading, and the parts of the
page have names. What has to be known of the reader's window (does this scroll?) is done by
`static/site.js`.
"""

from pathlib import Path

#: The parts of the theme's pages that have no name of their own.
LANDMARKS = {"sidebar-drawer": "All pages", "toc-drawer": "On this page"}


def finish(folder: Path) -> None:
    """Mend every page of a site, in place."""
    for page in sorted(folder.rglob("*.html")):
        page.write_text(mended(page.read_text("utf-8")), "utf-8")


def mended(page: str) -> str:
    """The page with names, roles and table headings that a screen reader can use."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(page, "html.parser")
    for name, label in LANDMARKS.items():
        for aside in soup.select(f"aside.{name}"):
            aside["aria-label"] = label
    for caption in soup.select('p.caption[role="heading"]'):
        caption["aria-level"] = "2"
    for heading in soup.select("th"):
        _name(heading)
    results = soup.select_one("#search-results")
    if results and not soup.h1:
        title = soup.new_tag("h1", attrs={"class": "visually-hidden"})
        title.string = "Search"
        results.insert_before(title)
    return str(soup)


def _name(heading) -> None:
    """Say what a table's heading is the heading of; without text it is none."""
    if not heading.get_text(strip=True) and not heading.find("img"):
        heading.name = "td"
        del heading["scope"]
    elif not heading.has_attr("scope"):
        heading["scope"] = "col" if heading.find_parent("thead") else "row"
