"""The table in which a learner's own questions come: CSV, TSV or JSON Lines, read row by row.

All mistakes of a file are told, none stops the reading. Not here: what the cells mean
(`user_questions`).
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError

from ftrag_helpers.data.user_documents import read_text
from ftrag_helpers.errors import CourseError

Say = Callable[[int, str], None]


def _text(value: object) -> object:
    return str(value) if isinstance(value, int | float) else "" if value is None else value


def _parts(value: object) -> object:
    """The parts of a cell, between "|" where it is a text; null is no part of a JSON list."""
    if isinstance(value, list):
        return [part if part is None else _text(part) for part in value]
    return value if isinstance(value, dict) else _text(value).split("|")


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _distinct(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_spaced(part) for part in parts if part.strip()))


_Id = Annotated[str, BeforeValidator(_text), AfterValidator(str.strip)]
_Text = Annotated[str, BeforeValidator(_text), AfterValidator(_spaced)]
_Several = Annotated[tuple[str, ...], BeforeValidator(_parts), AfterValidator(_distinct)]


class QuestionCells(BaseModel):
    """The cells of a row, each space of any kind made one; what is missing is empty."""

    question: _Text = ""
    answer: _Text = ""
    id: _Id = ""
    accepted: _Several = ()
    document: _Several = ()
    support: _Several = ()
    split: _Text = ""
    kind: _Text = ""


COLUMNS = tuple(QuestionCells.model_fields)


def read_table(path: Path, say: Say) -> list[tuple[int, QuestionCells]]:
    """The rows that are not blank, each with its number as a spreadsheet shows it.

    Args:
        path: a `.csv`, `.tsv`, `.jsonl` or `.ndjson` file.
        say: is told the number of each row that cannot be read, and what to do about it.

    Raises:
        CourseError: the file cannot be read at all.
    """
    ending = path.suffix.lower()
    if ending not in (".csv", ".tsv", ".jsonl", ".ndjson"):
        raise CourseError(
            f"{path}: questions are read from .csv or .jsonl. Save them as CSV (UTF-8) from your"
            " spreadsheet."
        )
    reader = _csv_rows if ending in (".csv", ".tsv") else _json_rows
    return reader(read_text(path), say)


def _csv_rows(text: str, say: Say) -> list[tuple[int, QuestionCells]]:
    """(row number as a spreadsheet shows it, cells by column) for each row that is not blank."""
    text = re.sub(r"\Asep=.\n", "\n", text)  # Excel's own first line; the rows keep their numbers
    heading = text.lstrip().split("\n", 1)[0]
    table = csv.reader(
        io.StringIO(text, newline=""), delimiter=max(",;\t", key=heading.count), strict=True
    )
    names, rows, number = None, [], 0
    try:
        for number, cells in enumerate(table, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names = [cell.strip().lower() for cell in cells]
                if not _known_columns(names, number, say):
                    return []
            elif len(cells) > len(
                names
            ):  # even if the last one is empty: a stray comma moves all that follow
                say(
                    number,
                    f"{len(cells)} cells under {len(names)} column names. Put a text that holds a"
                    " comma between quotation marks.",
                )
            else:
                row = dict(zip(names, cells, strict=False))
                rows.append((number, QuestionCells.model_validate(row)))
    except csv.Error as error:
        say(
            number + 1,
            f'not readable as CSV ({error}). Look for a quotation mark that is not closed; write ""'
            " for one inside a text.",
        )
    return rows


def _json_rows(text: str, say: Say) -> list[tuple[int, QuestionCells]]:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            say(number, f"not valid JSON ({error}). Write one object in braces a line.")
            continue
        if not isinstance(row, dict):
            say(number, f"a JSON object in braces is needed, this is {line.strip()[:40]!r}.")
            continue
        row = {name.strip().lower(): value for name, value in row.items()}
        try:
            cells = QuestionCells.model_validate(row)
        except ValidationError as error:
            for name in dict.fromkeys(each["loc"][0] for each in error.errors()):
                shown = json.dumps(row[name], ensure_ascii=False)[:40]
                say(number, f"{name!r} is {shown}, a text is needed.")
            continue
        if _known_columns(row, number, say):
            rows.append((number, cells))
    return rows


def _known_columns(names: Iterable[str], number: int, say: Say) -> bool:
    """Whether the needed columns are there, none twice, and no name is a known one misspelt."""
    names, wrong = list(names), []
    wrong += [
        f"no column {name!r} (there is: {', '.join(names)}). Add it."
        for name in COLUMNS[:2]
        if name not in names
    ]
    wrong += [
        f"two columns are called {name!r}. Rename one." for name in COLUMNS if names.count(name) > 1
    ]
    wrong += [
        f"column {name!r} is not known. Did you mean {near[0]!r}?"
        for name in names
        if name not in COLUMNS
        for near in [get_close_matches(name, COLUMNS, 1, 0.8)]
        if near
    ]
    for text in wrong:
        say(number, text)
    return not wrong
