"""A Markdown or text file reduced to a title and paragraphs of plain sentences.

Level 0: imports nothing of the course. Not a Markdown parser: it keeps the words of ordinary pages and gives each
sentence what it needs to be found and read alone. What it leaves out: HTML, footnotes, nested tables.
"""

import re
from collections.abc import Sequence

_TITLE_WORDS = 12
_ITEM = re.compile(r"(?:[-*+•]|\(?(\d{1,2})[.)])\s+(.*)")
_MARKS = ((re.compile(r"!?\[([^][]*)\]\([^()]*\)"), r"\1"), (re.compile(r"<br\s*/?>"), " "), (re.compile(r"\*\*|__|`"), ""),
          (re.compile(r"(?<![\w*])([*_])(?=\S)([^*_]+)(?<=\S)\1(?![\w*])"), r"\2"))


def plain(text: str) -> tuple[str, str]:
    """Title ("" if there is none) and text of a document, Markdown's marks removed, a blank line between paragraphs.

    Each list item and table row becomes a paragraph, each paragraph ends in a full stop, and a section's heading
    stands before its paragraphs: search and model see single sentences, which must speak for themselves.

    >>> plain("# Water\\n\\n## Kiln Bank\\n- pump by the oak\\n- *no* hoses")
    ('Water', 'Kiln Bank: pump by the oak.\\n\\nKiln Bank: no hoses.')
    """
    text = re.sub(r"\A---\n.*?\n(?:---|\.\.\.)\n|<!--(?:(?!<!--).)*?-->", "", text, flags=re.DOTALL)
    blocks = _blocks(text.strip().split("\n"))
    first = next((n for n, (is_heading, _) in enumerate(blocks) if is_heading), None)
    if first is None and len(blocks) > 1 and _title_like(blocks[0][1], text.lstrip()):
        first = 0
    title = _unmarked(blocks.pop(first)[1]) if first is not None else ""
    paragraphs, section = [], ""
    for is_heading, block in blocks:
        if is_heading:
            section = re.sub(r"^[\d.)\s]+(?=\D)", "", _unmarked(block)).rstrip(".!?:; ")
        elif _unmarked(block):
            paragraphs.append(_sentence_like(_unmarked(block), section))
    return title, "\n\n".join(paragraphs)


def _title_like(block: str, text: str) -> bool:
    """Whether a first paragraph is a title: short, no sentence, neither list item nor table row."""
    return (text.startswith(block) and not text.startswith("|") and len(block.split()) <= _TITLE_WORDS
            and block[-1] not in ".!?:;,")


def _blocks(lines: Sequence[str]) -> list[tuple[bool, str]]:
    """(is a heading, text) for each heading, paragraph, list item and table row."""
    blocks: list[tuple[bool, str]] = []
    head: list[str] = []
    running = False  # whether the next line goes on with the last block
    for line in (line.strip().removeprefix(">").strip() for line in lines):
        heading, item = re.match(r"#{1,6}\s+(.+)", line), _ITEM.match(line)
        if not line.startswith("|"):
            head = []
        if running and re.fullmatch(r"={3,}|-{3,}", line) and len(blocks[-1][1].split()) <= _TITLE_WORDS:
            blocks[-1], running = (True, blocks[-1][1]), False
        elif not line or re.fullmatch(r"(?:[-*_=~]\s*){3,}|`{3}.*|[|:\s-]+", line):
            running = False
        elif line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if head:
                named = zip([*head, *[""] * len(cells)], cells, strict=False)
                blocks.append((False, "; ".join(f"{name}: {cell}" if name else cell for name, cell in named if cell)))
            head, running = head or cells, False
        elif heading or item or not running:
            listed = item and (f"({item[1]}) {item[2]}" if item[1] else item[2])
            shown = heading[1].rstrip("# ") if heading else listed or line
            blocks.append((bool(heading), shown))
            running = not heading
        else:
            blocks[-1] = (False, f"{blocks[-1][1]} {line}")
    return blocks


def _unmarked(text: str) -> str:
    for mark, instead in _MARKS:
        text = mark.sub(instead, text)
    return " ".join(text.split())


def _sentence_like(paragraph: str, section: str) -> str:
    """The paragraph with its section's name, unless it says that anyway, a capital and a full stop."""
    if not set(words_of(section).split()) <= set(words_of(paragraph).split()):
        paragraph = f"{section}: {paragraph}"
    paragraph = paragraph.rstrip(":;, ")
    return paragraph[:1].upper() + paragraph[1:] + ("" if re.search(r"[.!?][\"'”’)]*$", paragraph) else ".")


def words_of(text: str) -> str:
    """The text's words in lower case, so that quotation marks and dashes that a word processor changed do not matter."""
    return " ".join(re.findall(r"\w+", text.casefold()))
