"""A learner's own documents, read from a folder; what is passed over there is said, with the
reason.

Which endings are read, and how, is `plain_text`'s table. What it leaves out: Word files,
PDF and pictures (they are named, with what to do), and the questions (`own_data`).
"""

import os
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

from ftrag_helpers.data.records import Document
from ftrag_helpers.errors import CourseError
from ftrag_helpers.text.plain_text import READERS, UNSEEN, plain

MAX_BYTES = 5_000_000
#: Mistakes told in one message; more would scroll the first ones away.
LISTED = 10
_WORD_PROCESSOR = "Save them as plain text (UTF-8) or as a web page from the word processor"
_TABLE = "Write their rows as sentences into a text file"
_PICTURE = "Type or recognise their text into a text file"
#: What to do with files of an ending that is not read.
_ADVICE = {
    "pdf": "Copy their text into a text file, or convert them with pdftotext",
    "epub": "Convert them to HTML",
    **dict.fromkeys(
        ("doc", "docx", "docm", "odt", "rtf", "pages", "pptx", "odp", "key"), _WORD_PROCESSOR
    ),
    **dict.fromkeys(
        ("csv", "tsv", "xls", "xlsx", "ods", "numbers", "json", "jsonl", "xml", "yaml", "yml"),
        _TABLE,
    ),
    **dict.fromkeys(
        ("png", "jpg", "jpeg", "gif", "webp", "tif", "tiff", "bmp", "heic", "svg"), _PICTURE
    ),
    **dict.fromkeys(("zip", "gz", "tar", "7z", "rar"), "Unpack them"),
}
_DATE = re.compile(r"(?<!\d)(\d{4})([-_.]?)(\d{2})\2(\d{2})(?!\d)")


def read_documents(
    folder: Path | str, *, say: Callable[[str], None] = warnings.warn
) -> list[Document]:
    """Every text, Markdown, reStructuredText and HTML file below a folder as a Document, ordered by
    id.

    The id is the path below the folder without its ending, the shelf the parent folder's name
    ("documents" at the top), the date what the file name holds of the form 2026-01-27 (else ""),
    the title the first heading, else a short first line, else the file name. The text is what
    `plain_text.plain` makes of the rest. What is passed over (other endings, hidden files, links to
    folders) is told to `say`, a sentence for each reason.

    Raises:
        CourseError: no such folder, no such files in it, or files that are empty, too large, not
        UTF-8 or not text.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        state = "is a file, not a folder" if folder.exists() else "is not there"
        raise CourseError(
            f"{folder} {state}. Name the folder that holds your documents (.txt and .md files)."
        )
    paths, mistakes, passed = [], [], {}
    for path, reason in _entries(folder):
        if reason is None:
            paths.append(path)
        elif reason.startswith("cannot"):
            mistakes.append(f"{path} {reason}")
        else:
            passed.setdefault(reason, []).append(path.relative_to(folder).as_posix())
    notes = [_note(reason, names) for reason, names in sorted(passed.items())]
    if not paths and not mistakes:
        nothing = (
            f"{folder} holds no .txt or .md file. Export your documents as plain text (UTF-8)"
            " into it."
        )
        raise CourseError(" ".join([nothing, *notes]))
    for note in notes:
        say(note)
    documents = _read_all(paths, folder, mistakes)
    report(str(folder), mistakes)
    return sorted(documents, key=lambda d: d.id)


def _entries(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """Each file below the folder, and each folder that is not entered, with the reason why it is
    not read (None: it is).
    """
    unopened: list[OSError] = []
    for top, folders, files in os.walk(folder, onerror=unopened.append):
        for name in sorted(folders):
            path = Path(top, name)
            if name.startswith(".") or path.is_symlink():
                folders.remove(name)
                yield path, "hidden" if name.startswith(".") else "a link to a folder"
        folders.sort()
        for name in sorted(files):
            yield Path(top, name), _reason(Path(top, name))
    for error in unopened:
        yield (
            Path(error.filename),
            f"cannot be opened ({error.strerror or error}). Check whether you may read it.",
        )


def _reason(path: Path) -> str | None:
    if path.name.startswith((".", "~$")):
        return "hidden"
    if not path.is_file():
        return "a link to nothing" if path.is_symlink() else "no file"
    ending = path.suffix.lower()
    return None if ending in READERS else f"{ending} file" if ending else "file without an ending"


def _note(reason: str, names: Sequence[str]) -> str:
    """One sentence on what was passed over for one reason, and what to do where something can be
    done.
    """
    listed = _shown(first_three(names))
    if reason in ("hidden", "no file") or reason.startswith("a link"):
        return f"Passed over ({reason}): {listed}."
    advice = _ADVICE.get(
        reason.split()[0].lstrip("."), f"Read are {', '.join(READERS)}: save them as one of these"
    )
    what = reason.replace("file", "files", 1) if len(names) > 1 else reason
    return f"Passed over: {len(names)} {what} ({listed}). {advice}."


def first_three(names: Sequence[str]) -> str:
    """The first three names, and a sign where there are more."""
    return ", ".join([*names[:3], *["…"] * bool(names[3:])])


def _shown(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


def _read_all(paths: Sequence[Path], folder: Path, mistakes: list[str]) -> list[Document]:
    documents, files = [], {}
    for path in paths:
        try:
            document = _document(path, folder)
        except CourseError as error:
            mistakes.append(str(error))
            continue
        if document.id in files:
            mistakes.append(
                f"{path}, row 1: {files[document.id].name} beside it has the same id,"
                f" {document.id!r}. Rename one."
            )
        files[document.id] = path
        documents.append(document)
    return documents


def _document(path: Path, folder: Path) -> Document:
    below = path.relative_to(folder)
    if _shown(str(path)) != str(path):
        raise CourseError(f"{_shown(str(path))}: the file's name is not UTF-8. Rename it.")
    try:
        title, text = plain(read_text(path), path.suffix.lower())
    except RecursionError:
        raise CourseError(
            f"{path}: its lists or tags are nested too deeply to be read. Save it as plain text."
        ) from None
    if not text:
        raise CourseError(
            f"{path}, row 1: nothing but a heading. Write the text below it, or move the file away."
        )
    return Document(
        id=nfc(below.with_suffix("").as_posix()),
        title=title or re.sub(r"[-_\s]+", " ", path.stem).strip(),
        shelf=nfc(below.parent.name) or "documents",
        branch="all",
        date=_date(path.stem),
        text=text,
        split="test",
    )


def read_text(path: Path) -> str:
    """The file as text, line ends as "\\n", in composed characters; says what is wrong with a file
    that is none.
    """
    where = f"{path}, row"
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        raise CourseError(
            f"{path} cannot be read ({error.strerror or error}). "
            "Check its name, and whether you may open it."
        ) from error
    if size > MAX_BYTES:
        raise CourseError(
            f"{where} 1: the file has {size / 1e6:.1f} MB, at most {MAX_BYTES / 1e6:.0f} are read."
            " Split it."
        )
    if encoding := _other_encoding(content):
        raise CourseError(
            f'{where} 1: the file is {encoding}. Save it as UTF-8 (a spreadsheet calls that "CSV'
            ' UTF-8").'
        )
    odd = re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", content)
    if odd or content[:5] in (b"%PDF-", b"{\\rtf"):
        row = content.count(b"\n", 0, odd.start() if odd else 0) + 1
        raise CourseError(
            f"{where} {row}: this is no text but a binary file (a PDF, a picture, a Word file?). "
            "Export it as plain text first."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise CourseError(
            f"{where} {row}: byte {content[error.start]:#04x} is not UTF-8. Save the file as UTF-8 "
            '(a spreadsheet calls that "CSV UTF-8").'
        ) from error
    if not text.translate(UNSEEN).strip():
        raise CourseError(
            f"{where} 1: the file is empty. Write something into it, or move it away."
        )
    if "\ufffd" in text:
        row = text.count("\n", 0, text.index("\ufffd")) + 1
        raise CourseError(
            f"{where} {row}: the sign � stands where a letter was lost. "
            "Save the file as UTF-8 from what it was made of."
        )
    return nfc(text.replace("\r\n", "\n").replace("\r", "\n"))


def _other_encoding(content: bytes) -> str:
    """The name of another encoding that the bytes are surely in, or ""."""
    if content[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return "UTF-32"
    few, many = sorted((content[0:2000:2].count(0), content[1:2000:2].count(0)))
    if (
        content[:2] in (b"\xff\xfe", b"\xfe\xff")
        or many > min(len(content), 2000) * 0.3
        and few < many / 10
    ):
        return "UTF-16"
    return "ISO-2022" if re.search(rb"\x1b\$[@AB()]", content) else ""


def _date(name: str) -> str:
    for year, _, month, day in _DATE.findall(name):
        try:
            return date(int(year), int(month), int(day)).isoformat()
        except ValueError:  # 2026-13-45 is a number, no date
            continue
    return ""


def nfc(text: str) -> str:
    """The text with each accent in one character with its letter, however it was typed."""
    return unicodedata.normalize("NFC", text)


def report(what: str, mistakes: Sequence[str]) -> None:
    """Raise one error with all mistakes, at most `LISTED` of them in full.

    Raises:
        CourseError: there are mistakes.
    """
    if not mistakes:
        return
    rest = [f"… and {len(mistakes) - LISTED} more."] if len(mistakes) > LISTED else []
    lines = [*mistakes[:LISTED], *rest]
    raise CourseError(
        lines[0]
        if len(mistakes) == 1
        else "\n- ".join([f"{what}: {len(mistakes)} mistakes.", *lines])
    )
