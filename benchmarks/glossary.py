"""Rewrites the links of docs/glossary.md, so that each term leads to the cell that shows it.

An entry names its lesson and a cell. Where that lesson's text has the term in bold, as it has where
it explains one, the link goes there; else to the first lesson that has it in bold; else it stays at
the entry's own cell. The words of the link are
the heading that the cell stands under. Run it after a change to a lesson:

    python benchmarks/glossary.py
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "glossary.md"
ENTRY = re.compile(
    r"\*\*(?P<term>[^*]+)\*\*(?: \((?P<others>[^()]+)\))?\. (?P<text>.+)"
    r" \[Lesson \d\d[^\]]*\]"
    r"\(\.\./notebooks/(?P<notebook>[\w.]+)#cell-id=(?P<cell>[\w-]+)\)\."
)


@dataclass(frozen=True)
class Entry:
    """A term, its other names, what it means, and the cell that shows it."""

    term: str
    others: tuple[str, ...]
    text: str
    notebook: str
    cell: str

    @property
    def named(self) -> re.Pattern:
        """The term or one of its other names, also in the plural."""
        names = "|".join(re.escape(name) for name in (self.term, *self.others))
        return re.compile(rf"\b({names})(e?s)?\b", re.I)

    def bold(self, source: str) -> int:
        """Where the term first stands in bold in a text; -1 where it does not."""
        found = re.finditer(r"\*\*([^*]+)\*\*", source)
        return next((m.start() for m in found if self.named.fullmatch(m[1])), -1)

    def found(self) -> tuple[str, str]:
        """(notebook, id of the cell) that the link leads to.

        Raises:
            ValueError: no cell has the term in bold, and the entry's own cell is gone.
        """
        for notebook in (self.notebook, *lessons()):
            for number, cell in cells_of(notebook).items():
                if cell.is_text and self.bold(cell.source) >= 0:
                    return notebook, number
        if self.cell not in cells_of(self.notebook):
            raise ValueError(f"{self.term}: {self.notebook} has no cell {self.cell!r} any more")
        return self.notebook, self.cell

    def heading(self) -> str:
        """The section's heading that the term stands under, without signs of Markdown; "" above the
        first one.
        """
        last, (notebook, found) = "", self.found()
        for number, cell in cells_of(notebook).items():
            place = self._place(cell.source) if number == found else len(cell.source)
            for match in re.finditer(r"^##+ (.+)$", cell.source, re.M) if cell.is_text else ():
                last = match[1] if match.start() <= place else last
            if number == found:
                break
        return re.sub(r"[\[\]*`]", "", last)

    def _place(self, source: str) -> int:
        mention = self.named.search(source)
        return max(self.bold(source), 0) or (mention.start() if mention else len(source))

    def __str__(self) -> str:
        others = f" ({', '.join(self.others)})" if self.others else ""
        notebook, cell = self.found()
        place = ", ".join(filter(None, (f"Lesson {notebook[:2]}", self.heading())))
        link = f"[{place}](../notebooks/{notebook}#cell-id={cell})"
        return f"**{self.term}**{others}. {self.text} {link}."


@dataclass(frozen=True)
class Cell:
    """A cell of a lesson; line breaks of its text are spaces, but for those round headings."""

    is_text: bool
    source: str


@cache
def lessons() -> tuple[str, ...]:
    """The lessons' file names in their order."""
    return tuple(sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb")))


@cache
def cells_of(notebook: str) -> dict[str, Cell]:
    """The cells of a lesson by their ids."""
    cells = json.loads((ROOT / "notebooks" / notebook).read_text("utf-8"))["cells"]
    made = {}
    for cell in cells:
        joined = re.sub(r"(?<!\n)\n(?![\n#])(?<!^#)", " ", "".join(cell["source"]))
        is_text = cell["cell_type"] == "markdown"
        made[cell["id"]] = Cell(is_text, joined if is_text else "".join(cell["source"]))
    return made


def entries(page: str) -> list[Entry]:
    """The entries of a page.

    Raises:
        ValueError: a paragraph has not the form of an entry.
    """
    made = []
    for paragraph in page.split("\n\n")[2:]:
        entry = ENTRY.fullmatch(paragraph.strip())
        if entry is None:
            raise ValueError(f"not the form of an entry: {paragraph[:80]}")
        others = tuple((entry["others"] or "").split(", ")) if entry["others"] else ()
        made.append(Entry(entry["term"], others, *entry.group("text", "notebook", "cell")))
    return made


def render(page: str) -> str:
    """The page with its entries in order and their links made anew."""
    head = "\n\n".join(page.split("\n\n")[:2])
    ordered = sorted(entries(page), key=lambda entry: entry.term.lower())
    return "\n\n".join([head, *map(str, ordered)]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text("utf-8")), "utf-8", newline="\n")
    print(f"{len(entries(PAGE.read_text('utf-8')))} terms in {PAGE.name}")
