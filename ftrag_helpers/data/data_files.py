"""Data files as the course ships them: checked against their manifest, row by row against a type.

A data set is a folder of JSON Lines files with a `manifest.json` that holds their checksums. What a
row must hold is said by a type: a `Row`, or a frozen dataclass with `__pydantic_config__ =
EXACTLY`. A new kind of file takes such a type and a call of `read_rows`. Not here: what only
several files together show (`course_data`).
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError

from ftrag_helpers.data.records import SPLITS
from ftrag_helpers.errors import CourseError
from ftrag_helpers.text.answer_match import INCOMPARABLE, comparable

T = TypeVar("T")
#: A row holds the fields of its type and no others, and 1 is no text: nothing is converted.
EXACTLY = ConfigDict(strict=True, extra="forbid", frozen=True)
_RESTORE = "Restore datasets/ from the course's copy."
#: What pydantic asked for, by the error's type.
_WANTED = {
    "string_type": "a text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "tuple_type": "a list",
    **dict.fromkeys(("model_type", "dataclass_type", "dict_type"), "a JSON object in braces"),
}
#: Endings of files that are no text.
_BINARY = {".safetensors"}
_EMPTY = "empty. Fill it in."


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError(_EMPTY)
    return text


def require_comparable(form: str) -> str:
    """The form, if `answer_match` can compare it with others.

    Raises:
        ValueError: it cannot.
    """
    if not comparable(form):
        raise ValueError(f"{form!r} {INCOMPARABLE}")
    return form


#: A text with more in it than spaces.
Filled = Annotated[str, AfterValidator(_not_blank)]
#: An answer that `answer_match` can compare with others.
Comparable = Annotated[str, AfterValidator(require_comparable)]


class Row(BaseModel):
    """What a line of a data file holds: the base of the rows' types."""

    model_config = EXACTLY


def check_manifest(folder: Path) -> None:
    """Compare the files of a data set with its manifest.

    Raises:
        CourseError: the manifest is missing or a file differs from it.
    """
    try:
        listed = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
        files = [(folder / entry["name"], entry["sha256"]) for entry in listed]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{folder}/manifest.json is missing or damaged. {_RESTORE}") from error
    for path, digest in files:
        if not path.is_file():
            raise CourseError(f"{path} is missing. {_RESTORE}")
        if hashlib.sha256(_as_committed(path)).hexdigest() != digest:
            raise CourseError(
                f"{path} is not the file that its manifest describes. If you changed it on purpose,"
                " write the manifest anew with data_files.write_manifest; otherwise restore"
                " datasets/ from the course's copy."
            )


def write_manifest(
    folder: Path, licence: str = "CC-BY-4.0", patterns: Sequence[str] = ("*.jsonl",)
) -> dict:
    """Write `manifest.json` for the data files of a folder, those that fit one of the patterns;
    returns what was written.
    """
    found = {path for pattern in patterns for path in folder.glob(pattern)}
    files = [
        {
            "name": path.relative_to(folder).as_posix(),
            "rows": _count_rows(path.suffix, content),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for path in sorted(found - {folder / "manifest.json"})
        for content in [_as_committed(path)]
    ]
    manifest = {"name": folder.name, "licence": licence, "files": files}
    (folder / "manifest.json").write_text(
        json.dumps(manifest, indent=1) + "\n", "utf-8", newline="\n"
    )
    return manifest


def _as_committed(path: Path) -> bytes:
    """The bytes of the file, a text's with the line ends of the repository: Git on Windows may
    write CRLF.
    """
    content = path.read_bytes()
    return content if path.suffix in _BINARY else content.replace(b"\r\n", b"\n")


def _count_rows(ending: str, content: bytes) -> int:
    """The lines of a table; the items of a JSON value, or of the figures of a results file;
    the matrices of a file of weights.
    """
    if ending in _BINARY:
        from safetensors.numpy import load

        return len(load(content))
    if ending != ".json":
        return len(content.splitlines())
    found = json.loads(content)
    return len(found.get("figures", found) if isinstance(found, dict) else found)


def read_rows(path: Path, kind: type[T]) -> list[T]:
    """The rows of a `.jsonl` file whose folder has a manifest, one JSON object a line.

    Args:
        path: the file.
        kind: what each row must be: a `Row`, a dataclass with `EXACTLY`, or `dict` for any object.
            Where it has an `id`, no two rows may share one.

    Raises:
        CourseError: the folder differs from its manifest, or a row is faulty; named with the file,
            the row (from 1) and the field.
    """
    check_manifest(path.parent)
    adapter, rows, seen = TypeAdapter(kind), [], {}
    for number, line in enumerate(_lines(path), start=1):
        where = f"{path.name}, row {number}"
        row = parse(line, adapter, where)
        name = getattr(row, "id", None)
        if name is not None and seen.setdefault(name, number) != number:
            raise CourseError(
                f"{where} ({name}), field 'id': stands in row {seen[name]} already. Give each row"
                " its own."
            )
        rows.append(row)
    return rows


def select(
    rows: Iterable[T],
    split: str | None,
    kinds: Iterable[str] | None = None,
    known: Sequence[str] = (),
) -> list[T]:
    """The rows of a split, and of some of the `known` kinds; None for all.

    Raises:
        ValueError: no such split or kind.
    """
    wanted = set(kinds or ())
    for what, given, names in (("split", {split} - {None}, SPLITS), ("kind", wanted, known)):
        for name in sorted(given - set(names)):
            raise ValueError(f"{what} {name!r}: the {what}s are {', '.join(names)}")
    rows = (row for row in rows if split in (None, row.split))
    return [row for row in rows if not wanted or row.kind in wanted]


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise CourseError(f"{path} cannot be read ({error.strerror}). {_RESTORE}") from error
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise CourseError(
            f"{path.name}, row {number}: not UTF-8 text. Save the file as UTF-8."
        ) from error
    # Not splitlines(): a sentence may hold U+2028 or U+0085, which end no row.
    return text.removesuffix("\n").split("\n") if text else []


def parse(text: str, adapter: TypeAdapter[T], where: str) -> T:
    """The value that a JSON text holds.

    Args:
        text: the JSON.
        adapter: what the value must be.
        where: file and row, for the message.

    Raises:
        CourseError: the text is no JSON or holds something else; says the field at fault, what
            stands there and what to do.
    """
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    field = "".join(
        f", item {step + 1}" if isinstance(step, int) else f", field {step!r}"
        for step in first["loc"]
    )
    raise CourseError(f"{where}{_id_in(text)}{field}: {_complaint(first)}")


def _id_in(text: str) -> str:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    name = found.get("id") if isinstance(found, dict) else None
    return f" ({name})" if isinstance(name, str) and name else ""


def _complaint(error: dict) -> str:
    """What is wrong, what stands there, and what to do, from one error of pydantic's."""
    value, details = f"{error['input']!r:.60}", error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "missing. Add it."
        case "extra_forbidden" | "unexpected_keyword_argument":
            return "not a field of this file. Remove it, or correct its name."
        case "json_invalid":
            return f"not valid JSON ({details['error']}). Write one object in braces a line."
        case "literal_error":
            return f"{value} is not {details['expected']}. Write one of these."
        case "too_short":
            return _EMPTY
        case "value_error":
            return str(details["error"])
        case kind if kind in _WANTED:
            name = type(error["input"]).__name__
            return f"{value} has the wrong type, {name}: {_WANTED[kind]} is needed."
    return f"{value}: {error['msg']}."
