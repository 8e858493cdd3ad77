"""Markdown, reStructuredText and HTML taken apart into headings, paragraphs, list items, rows and
code, in plain words.

markdown-it and docutils make HTML, and Beautiful Soup reads it: one way for all three. Marks,
addresses of links, comments and scripts go; alternative texts and footnotes stay. What it leaves
out: the sentences that are made of it (`plain_text`), files (`user_documents`).
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

_FRONT_MATTER = re.compile(
    r"\A(?:---[ \t]*\n(?=[\w-]+[ \t]*:)(.*?\n)(?:---|\.\.\.)|\+\+\+[ \t]*\n(.*?\n)\+\+\+)"
    r"[ \t]*(?:\n|\Z)",
    re.DOTALL,
)
_FRONT_TITLE = re.compile(r"^title[ \t]*[:=][ \t]*(['\"]?)(.+?)\1[ \t]*$", re.MULTILINE)
#: Lists as a word processor writes them, and a paragraph whose first line alone is indented;
#: Markdown knows neither.
_TYPED = (
    (re.compile(r"^([ \t]*)[•‣▪●◦·][ \t]+", re.MULTILINE), r"\1- "),
    (re.compile(r"^([ \t]*)\((\d{1,2})\)[ \t]+", re.MULTILINE), r"\1\2. "),
)
_FIRST_INDENT = re.compile(r"^[ \t]{2,}(?=[^\s#|`][^\n]*\n[^\s])", re.MULTILINE)
#: Markdown's rules that a text file does not know.
_MARKDOWN_ONLY = ("escape", "entity", "autolink", "html_inline", "html_block", "reference")
_ROLE = re.compile(r"(?<![`:]):[a-zA-Z][\w.:+-]*:`([^`]+?)(?:\s*<[^`>]*>)?`")
#: Of an underlined heading: an underline below more words than this is a rule below a paragraph.
_HEADING_WORDS = 12
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = {
    *_HEADINGS,
    *"p div section article main aside header footer address blockquote pre ul ol li dl dt".split(),
    *"dd hr table caption tr td th figure figcaption details summary fieldset form".split(),
}
_UNREAD = set("script style template noscript head title nav button select svg".split())
_LONE_ITEM = (
    "ordered_list_open list_item_open paragraph_open inline paragraph_close list_item_close"
    " ordered_list_close"
).split()
#: Marks of a footnote, and titles that a converter adds, by their class or role.
_ADDED = set(
    "footnote-ref footnote-backref doc-noteref doc-backlink backrefs admonition-title".split()
)


@dataclass(frozen=True)
class Block:
    """A stretch of text in one line. `kind` is "heading", "paragraph", "item", "row" or "code"."""

    text: str
    kind: str = "paragraph"


def of_markdown(text: str) -> list[Block]:
    """The blocks of a Markdown page. The title of its front matter is a heading."""
    front = _FRONT_MATTER.match(text)
    title = front and _FRONT_TITLE.search(front[1] or front[2])
    body = text[front.end() :] if front else text
    return [*([Block(title[2].strip(), "heading")] if title else []), *_rendered(body)]


def of_text(text: str) -> list[Block]:
    """The blocks of a text file: as of Markdown, whose lists and bold words are common there,
    without HTML and escapes.

    A line that begins with "#" is a heading where the first one does, else as it is written.
    """
    rules = _MARKDOWN_ONLY if re.match(r"\s*#+ ", text) else (*_MARKDOWN_ONLY, "heading")
    return _rendered(_FIRST_INDENT.sub("", text), without=rules)


def of_rst(text: str) -> list[Block]:
    """The blocks of a reStructuredText page; nothing is included or run.

    An unknown directive stays as it is written.
    """
    from docutils.core import publish_parts

    settings = {
        "file_insertion_enabled": False,
        "raw_enabled": False,
        "_disable_config": True,
        "report_level": 3,
        "halt_level": 6,
        "warning_stream": io.StringIO(),
        "embed_stylesheet": False,
        "stylesheet_path": "",
    }
    return of_html(
        publish_parts(_ROLE.sub(r"\1", text), writer="html5", settings_overrides=settings)[
            "html_body"
        ]
    )


def _rendered(text: str, *, without: tuple[str, ...] = ()) -> list[Block]:
    for typed, markdown in _TYPED:
        text = typed.sub(markdown, text)
    return of_html(_parser(without).render(text))


@cache
def _parser(without: tuple[str, ...]):
    from markdown_it import MarkdownIt
    from mdit_py_plugins.footnote import footnote_plugin

    parser = MarkdownIt("commonmark").enable("table").use(footnote_plugin).disable(list(without))
    parser.core.ruler.after("block", "plain_paragraphs", _undo_blocks)
    parser.core.ruler.after("inline", "plain_marks", _undo_marks)
    return parser


def _undo_blocks(state) -> None:
    """Back to paragraphs: an item "3. Mai" that stands alone is a date, and a rule below a long
    paragraph makes it no heading.
    """
    tokens = state.tokens
    for place, token in enumerate(tokens):
        lone = tokens[place : place + 7]
        if [t.type for t in lone] == _LONE_ITEM and token.markup == "." and lone[1].info != "1":
            lone[2].hidden = lone[4].hidden = False
            lone[3].content = f"{lone[1].info}. {lone[3].content}"
            tokens[place : place + 7] = lone[2:5]
        elif token.type == "heading_open" and token.markup in ("=", "-"):
            if len(tokens[place + 1].content.split()) > _HEADING_WORDS:
                token.tag = tokens[place + 2].tag = "p"


def _undo_marks(state) -> None:
    """Back to text: stars and lines within a word or a name, as in 2**3 and __init__, put no stress
    on anything.
    """
    for token in state.tokens:
        opened: list[int] = []
        for place, child in enumerate(token.children or []):
            if child.type in ("em_open", "strong_open"):
                opened.append(place)
            elif child.type in ("em_close", "strong_close"):
                start = opened.pop()
                if _is_within_word(token.children, start, place):
                    for mark in (token.children[start], child):
                        mark.type, mark.content, mark.tag, mark.nesting = "text", mark.markup, "", 0


def _is_within_word(children: list, start: int, end: int) -> bool:
    before = next((c.content[-1:] for c in reversed(children[:start]) if c.content), "")
    inside = "".join(c.content for c in children[start:end])
    is_name = children[end].markup == "__" and re.fullmatch(r"[a-z0-9_]+", inside)
    return bool(re.match(r"[A-Za-z0-9]", before) or is_name)


def of_html(text: str) -> list[Block]:
    """The blocks of an HTML page or of a piece of one: of its main part, where it has one, without
    menus and scripts.
    """
    from bs4 import BeautifulSoup

    page = BeautifulSoup(text, "html.parser")
    root = page.find("main") or page.find("article") or page.find("body") or page
    blocks = list(_read(root, "paragraph"))
    if page.title and not any(block.kind == "heading" for block in blocks):
        blocks.insert(0, Block(" ".join(page.title.get_text().split()), "heading"))
    return [block for block in blocks if block.text or block.kind == "heading"]


def _read(element, kind: str, prefix: str = "") -> Iterator[Block]:
    """The blocks within an element; text between them is of the given kind.

    `prefix` stands before the first.
    """
    words: list[str] = []

    def finished() -> Iterator[Block]:
        nonlocal prefix
        text = "".join(words)
        words.clear()
        for part in re.split(r"\n\s*\n", text) if kind == "code" else [text]:
            if part.strip():
                yield Block(" ".join(f"{prefix} {part}".split()), kind)
                prefix = ""

    for node in _inline(element):
        if isinstance(node, str):
            words.append(node)
        else:
            yield from finished()
            yield from _block(node, kind, prefix)
            prefix = ""
    yield from finished()


def _inline(element) -> Iterator:
    """The element's texts, those of elements within a line among them, and its blocks."""
    from bs4 import CData, NavigableString, Tag

    for child in element.children:
        if type(child) in (NavigableString, CData):
            yield str(child)
        elif (
            not isinstance(child, Tag)
            or child.name in _UNREAD
            or _ADDED & (_classes(child) | {child.get("role")})
            or (_classes(child) == {"label"} and "footnote" in _classes(element))
        ):
            continue
        elif child.name in _BLOCKS:
            yield child
        elif child.name in ("br", "img"):
            yield f" {child.get('alt') or ''} "
        elif child.name in ("del", "s", "strike"):
            # What no longer holds must not read as if it did.
            yield f"~~{child.get_text()}~~"
        else:
            yield from _inline(child)


def _block(element, kind: str, prefix: str) -> Iterator[Block]:
    name, classes = element.name, _classes(element)
    if name in _HEADINGS:
        yield Block(_line(element), "heading")
    elif name == "table" and not _is_layout(element):
        yield from _rows(element)
    elif "system-message" in classes:
        # Of what docutils does not know: as it is written, without the complaint.
        for part in element.find_all("pre"):
            yield from _read(part, "code")
    elif name in ("ul", "ol"):
        items = element.find_all("li", recursive=False)
        for number, item in enumerate(items, start=_start(element)):
            is_counted = name == "ol" and "footnote-item" not in _classes(item)
            yield from _read(item, "item", f"({number})" if is_counted else "")
    else:
        if {"footnotes", "footnote-list"} & classes:
            yield Block("", "heading")  # notes belong to no section
        kind = {"pre": "code", "dt": "item", "dd": "item"}.get(name, kind)
        yield from _read(element, kind, prefix)


def _is_layout(table) -> bool:
    """Whether a table lays out a page: a cell holds more than one block."""
    cells = table.find_all(["td", "th"])
    return any(len(cell.find_all(["p", "div", "table", *_HEADINGS])) > 1 for cell in cells)


def _line(element) -> str:
    return " ".join(block.text for block in _read(element, "paragraph"))


def _classes(element) -> set[str]:
    return set(element.get("class") or ())


def _start(element) -> int:
    start = element.get("start") or "1"
    return int(start) if re.fullmatch(r"-?\d{1,9}", start) else 1


def _rows(table) -> Iterator[Block]:
    """Each row as "column: cell; column: cell"; the first cell names its row where no column has a
    name.
    """
    head: list[str] = []
    for row in table.find_all("tr"):
        cells = row.find_all(["td", "th"])
        texts = [_line(cell) for cell in cells]
        if not head and len(texts) > 1 and all(cell.name == "th" for cell in cells):
            head = texts
            continue
        named = zip([*head, *[""] * len(texts)], texts, strict=False)
        line = "; ".join(f"{name}: {text}" if name else text for name, text in named if text)
        if not head and texts and texts[0] and cells[0].name == "th":
            line = re.sub(f"^{re.escape(texts[0])}; ", lambda mark: f"{mark[0][:-2]}: ", line)
        yield Block(line, "row")
