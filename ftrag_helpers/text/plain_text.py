"""A page of Markdown, text, reStructuredText or HTML reduced to a title and paragraphs of plain
sentences.

`markup` takes a page apart; here each part is given what it needs to be found and read alone. What
it leaves out: reading files (`user_documents`), cutting sentences (`sentences`).
"""

import re

from ftrag_helpers.text.markup import Block, of_html, of_markdown, of_rst, of_text

_TITLE_WORDS, _TITLE_CHARACTERS = 12, 100
#: How a page is taken apart, by the ending of its file.
READERS = {
    ".txt": of_text,
    ".text": of_text,
    ".md": of_markdown,
    ".markdown": of_markdown,
    ".mdown": of_markdown,
    ".mkd": of_markdown,
    ".rst": of_rst,
    ".rest": of_rst,
    ".html": of_html,
    ".htm": of_html,
    ".xhtml": of_html,
}
_SECTION_NUMBER = re.compile(r"^(?:\d{1,2}[.)])+\d{0,2}[.)]?\s+(?=\D)")
_END = re.compile(r"[.!?…。．！？؟۔।॥։።][\"'”’»)\]」』）]*$|(?<=[\u0370-\u03ff])[;;]$")

#: Characters that are not seen: a soft hyphen, spaces of no width, a byte order mark within a text.
UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
#: The full stops of scripts that have one of their own: kana and Han, Devanagari.
_STOPS = (
    (re.compile(r"[\u3040-\u30ff\u3400-\u9fff]$"), "。"),
    (re.compile(r"[\u0900-\u097f]$"), "।"),
)


def plain(text: str, ending: str = ".md") -> tuple[str, str]:
    """Title ("" if there is none) and text of a page, its marks removed, a blank line between
    paragraphs.

    Each list item and table row becomes a paragraph, each paragraph ends in a full stop, and a
    section's heading stands before its paragraphs: search and model see single sentences, which
    must speak for themselves.

    >>> plain("# Water\\n\\n## Kiln Bank\\n- pump by the oak\\n- *no* hoses")
    ('Water', 'Kiln Bank: pump by the oak.\\n\\nKiln Bank: no hoses.')
    """
    blocks = [
        Block(seen, block.kind)
        for block in READERS[ending](text)
        if (seen := block.text.translate(UNSEEN).strip()) or block.kind == "heading"
    ]
    title = _title(blocks)
    paragraphs, section = [], ""
    for block in blocks:
        if block.kind == "heading":
            section = _SECTION_NUMBER.sub("", block.text).rstrip(".!?:; ")
        else:
            paragraphs.append(_sentence_like(block, section))
    return title, "\n\n".join(paragraphs)


def _title(blocks: list[Block]) -> str:
    """The first heading, else a first paragraph that is short and no sentence, taken out of the
    blocks.

    A heading as long as a paragraph is shortened, and stays among the blocks as one.
    """
    first = next(
        (n for n, block in enumerate(blocks) if block.kind == "heading" and block.text), None
    )
    if first is None and len(blocks) > 1 and _title_like(blocks[0]):
        first = 0
    if first is None:
        return ""
    title = blocks.pop(first).text
    if len(title) <= _TITLE_CHARACTERS:
        return title
    blocks.insert(first, Block(title))
    return title[:_TITLE_CHARACTERS].rsplit(" ", 1)[0] + " …"


def _title_like(block: Block) -> bool:
    return (
        block.kind == "paragraph"
        and len(block.text.split()) <= _TITLE_WORDS
        and len(block.text) <= _TITLE_CHARACTERS
        and not _END.search(block.text)
        and block.text[-1] not in ":;,：；，、،؛"
    )


def _sentence_like(block: Block, section: str) -> str:
    """The block's text with its section's name, unless it says that anyway, a capital and a full
    stop.
    """
    text = block.text
    if not set(words_of(section).split()) <= set(words_of(text).split()):
        text = f"{section}: {text}"
    if block.kind != "code":
        text = text[:1].upper() + text[1:]
    if _END.search(text):
        return text
    text = text.rstrip(":;,：；，、،؛ ")
    return text + next((stop for script, stop in _STOPS if script.search(text)), ".")


def words_of(text: str) -> str:
    """The text's words in lower case, so that quotation marks and dashes that a word processor
    changed do not matter.
    """
    return " ".join(re.findall(r"\w+", text.translate(UNSEEN).casefold()))
