"""Read the course's data sets from `datasets/`, check them, and hand them out as records.

Every file is compared with the checksum in its folder's manifest before it is read, and
every row is checked field by field: what is wrong is reported with its file, row and field. The
data cards (`datasets/*/README.md`) say how the data came about.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from ftrag_helpers.data.records import (
    BRANCHES,
    QUESTION_KINDS,
    SPLITS,
    Document,
    Question,
    Reference,
    Update,
)
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.text.answer_match import INCOMPARABLE, comparable

LIBRARY = "library"
_DOCUMENT_FIELDS = {
    "id": str,
    "title": str,
    "shelf": str,
    "branch": str,
    "date": str,
    "split": str,
    "text": str,
}
_UPDATE_FIELDS = {
    "id": str,
    "title": str,
    "shelf": str,
    "branch": str,
    "date": str,
    "text": str,
    "document": str,
    "edits": list,
}
_QUESTION_FIELDS = {
    "id": str,
    "kind": str,
    "split": str,
    "fact": str,
    "question": str,
    "answer": str,
    "accepted": list,
    "reply": str,
    "passages": list,
    "support": list,
    "update": (str, type(None)),
    "after": (dict, type(None)),
}
_REFERENCE_FIELDS = {
    "answer": str,
    "accepted": list,
    "reply": str,
    "passages": list,
    "support": list,
}


def check_manifest(folder: Path) -> None:
    """Compare the files of a data set with its manifest.

    Raises:
        CourseError: the manifest is missing or a file differs from it.
    """
    try:
        listed = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
        files = [(folder / entry["name"], entry["sha256"]) for entry in listed]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"{folder}/manifest.json is missing or damaged. Restore datasets/ from the course's"
            " copy."
        ) from error
    for path, digest in files:
        if not path.is_file():
            raise CourseError(f"{path} is missing. Restore datasets/ from the course's copy.")
        # Git on Windows may check text out with CRLF: the checksum is over the lines as committed.
        content = path.read_bytes().replace(b"\r\n", b"\n")
        if hashlib.sha256(content).hexdigest() != digest:
            raise CourseError(
                f"{path} is not the file that its manifest describes. If you changed it on purpose,"
                " write the manifest anew with course_data.write_manifest; otherwise restore"
                " datasets/ from the course's copy."
            )


def write_manifest(
    folder: Path, licence: str = "CC-BY-4.0", patterns: Sequence[str] = ("*.jsonl",)
) -> dict:
    """Write `manifest.json` for the data files of a folder, those that fit one of the patterns;
    returns what was written.
    """
    found = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    files = [
        {
            "name": path.relative_to(folder).as_posix(),
            "rows": len(content.splitlines()),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        for path in found
        for content in [path.read_bytes().replace(b"\r\n", b"\n")]
    ]
    manifest = {"name": folder.name, "licence": licence, "files": files}
    (folder / "manifest.json").write_text(
        json.dumps(manifest, indent=1) + "\n", "utf-8", newline="\n"
    )
    return manifest


def read_rows(path: Path, fields: dict, nested: Sequence[str] = ()) -> list[dict]:
    """The JSON objects of a `.jsonl` file, one a line, each with exactly the fields named.

    A list holds texts; the fields in `nested` hold lists of texts.

    Raises:
        CourseError: naming the file, the row (from 1) and the field at fault.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise CourseError(
            f"{path} cannot be read ({error.strerror}). Restore datasets/ from the course's copy."
        ) from error
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise CourseError(
            f"{path.name}, row {number}: not UTF-8 text. Save the file as UTF-8."
        ) from error
    rows = []
    # Not splitlines(): a sentence may hold U+2028 or U+0085, which end no row.
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else [], start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise CourseError(f"{path.name}, row {number}: not valid JSON ({error})") from error
        _check_fields(row, fields, f"{path.name}, row {number}", nested)
        rows.append(row)
    return rows


def _check_fields(row: object, fields: dict, where: str, nested: Sequence[str] = ()) -> None:
    if not isinstance(row, dict):
        raise CourseError(f"{where}: a JSON object is needed, this is a {type(row).__name__}")
    for name, kind in fields.items():
        if name not in row:
            raise CourseError(f"{where}, field {name!r}: missing")
        if not isinstance(row[name], kind):
            raise CourseError(f"{where}, field {name!r}: {row[name]!r:.60} has the wrong type")
        for item in row[name] if kind is list else ():
            fits = (
                _is_edit(item)
                if name == "edits"
                else (
                    isinstance(item, list) and item and all(isinstance(text, str) for text in item)
                    if name in nested
                    else isinstance(item, str)
                )
            )
            if not fits:
                raise CourseError(f"{where}, field {name!r}: {item!r:.60} has the wrong type")
    unknown = row.keys() - fields.keys()
    if unknown:
        raise CourseError(f"{where}, field {min(unknown)!r}: not a field of this file")


def _is_edit(item: object) -> bool:
    return isinstance(item, dict) and all(isinstance(item.get(key), str) for key in ("old", "new"))


class Library:
    """The library's documents, updates and questions, read and checked once.

    Raises:
        CourseError: a file is missing, differs from its manifest, or holds a faulty row.
    """

    def __init__(self, folder: Path | None = None):
        folder = folder or runtime.data_dir() / LIBRARY
        check_manifest(folder)
        self.documents = [
            _document(row) for row in read_rows(folder / "documents.jsonl", _DOCUMENT_FIELDS)
        ]
        self.updates = [_update(row) for row in read_rows(folder / "updates.jsonl", _UPDATE_FIELDS)]
        self.questions = [
            _question(row) for row in read_rows(folder / "questions.jsonl", _QUESTION_FIELDS)
        ]
        check_library(self.documents, self.updates, self.questions)


@lru_cache(maxsize=1)
def _library() -> Library:
    return Library()


def load_documents() -> list[Document]:
    """All documents of the library as they stand before any update."""
    return list(_library().documents)


def load_updates() -> list[Update]:
    """The dated news items, oldest first."""
    return sorted(_library().updates, key=lambda update: (update.news.date, update.news.id))


def load_questions(split: str | None = None, kinds: Iterable[str] | None = None) -> list[Question]:
    """The questions of a split ("train", "validation", "test"; all if None) and of certain kinds.

    Raises:
        ValueError: no such split or kind.
    """
    wanted = set(kinds) if kinds else set(QUESTION_KINDS)
    if split is not None and split not in SPLITS:
        raise ValueError(f"split {split!r}: the splits are {', '.join(SPLITS)}")
    if wanted - set(QUESTION_KINDS):
        raise ValueError(
            f"kind {min(wanted - set(QUESTION_KINDS))!r}: the kinds are {', '.join(QUESTION_KINDS)}"
        )
    return [q for q in _library().questions if split in (None, q.split) and q.kind in wanted]


def load_common_knowledge() -> list[dict]:
    """Questions that a model may know from its training (lesson 01): id, topic, question, answer,
    accepted.

    Raises:
        CourseError: a file is missing, differs from its manifest, or holds a faulty row.
    """
    fields = {"id": str, "topic": str, "question": str, "answer": str, "accepted": list}
    folder = runtime.data_dir() / "common_knowledge"
    check_manifest(folder)
    rows = read_rows(folder / "questions.jsonl", fields)
    for number, row in enumerate(rows, start=1):
        _check_accepted(
            f"questions.jsonl, row {number} ({row['id']})", [row["answer"], *row["accepted"]]
        )
    return rows


def as_dataset(questions: Sequence[Question]):
    """The questions as a Hugging Face `datasets.Dataset`, one row a question, references
    flattened.
    """
    from datasets import Dataset

    return Dataset.from_list(
        [
            {
                "id": q.id,
                "kind": q.kind,
                "split": q.split,
                "question": q.text,
                "answer": q.reference.answer,
                "accepted": list(q.reference.accepted),
                "reply": q.reference.reply,
                "documents": list(q.reference.documents),
                "support": list(q.reference.support),
            }
            for q in questions
        ]
    )


def apply_update(documents: Sequence[Document], update: Update) -> list[Document]:
    """The library once the news is in force: the document corrected, the news item on its shelf.

    Raises:
        ValueError: the document that the update changes is not there, or lacks a sentence to
        change.
    """
    from dataclasses import replace

    changed, found = [], False
    for document in documents:
        if document.id == update.changes:
            found, text = True, document.text
            for old, new in update.edits:
                if text.count(old) != 1:
                    raise ValueError(
                        f"{update.news.id}: {document.id} does not hold once: {old[:60]!r}"
                    )
                text = text.replace(old, new)
            document = replace(document, text=text, date=update.news.date)
        changed.append(document)
    if not found:
        raise ValueError(
            f"{update.news.id} changes {update.changes}, which is not among the documents"
        )
    return [*changed, update.news]


def _document(row: dict) -> Document:
    return Document(
        id=row["id"],
        title=row["title"],
        shelf=row["shelf"],
        branch=row["branch"],
        date=row["date"],
        text=row["text"],
        split=row.get("split", "test"),
    )


def _update(row: dict) -> Update:
    return Update(
        news=_document(row),
        changes=row["document"],
        edits=tuple((edit["old"], edit["new"]) for edit in row["edits"]),
    )


def _reference(row: dict) -> Reference:
    return Reference(
        answer=row["answer"],
        accepted=tuple(dict.fromkeys([row["answer"], *row["accepted"]])),
        reply=row["reply"],
        documents=tuple(row["passages"]),
        support=tuple(row["support"]),
    )


def _question(row: dict) -> Question:
    if row["after"] is not None:
        _check_fields(
            row["after"], _REFERENCE_FIELDS, f"questions.jsonl, {row['id']}, field 'after'"
        )
    return Question(
        id=row["id"],
        text=row["question"],
        kind=row["kind"],
        split=row["split"],
        fact=row["fact"],
        reference=_reference(row),
        update=row["update"],
        after=_reference(row["after"]) if row["after"] else None,
    )


def check_library(
    documents: Sequence[Document], updates: Sequence[Update], questions: Sequence[Question]
) -> None:
    """Check what no single row can show: ids, splits, sentences quoted.

    Raises:
        CourseError: naming the first row and field at fault.
    """
    texts = {d.id: d for d in documents}
    news = {u.news.id: u for u in updates}
    _check_unique("documents.jsonl", [d.id for d in documents])
    _check_unique("updates.jsonl", [u.news.id for u in updates])
    _check_unique("questions.jsonl", [q.id for q in questions])
    for document in documents:
        _need(
            document.branch in BRANCHES,
            f"documents.jsonl, {document.id}, field 'branch': {document.branch!r}",
        )
        _need(
            document.split in SPLITS,
            f"documents.jsonl, {document.id}, field 'split': {document.split!r}",
        )
    for update in updates:
        _need(
            update.changes in texts,
            f"updates.jsonl, {update.news.id}, field 'document': {update.changes!r}",
        )
        for old, _ in update.edits:
            _need(
                texts[update.changes].text.count(old) == 1,
                f"updates.jsonl, {update.news.id}, field 'edits': not once in {update.changes}:"
                f" {old[:60]!r}",
            )
    for number, question in enumerate(questions, start=1):
        _check_question(question, texts, news)
        for reference in (
            filter(None, (question.reference, question.after)) if question.answerable else ()
        ):
            _check_accepted(f"questions.jsonl, row {number} ({question.id})", reference.accepted)


def _check_accepted(where: str, accepted: Iterable[str]) -> None:
    for form in accepted:
        _need(comparable(form), f"{where}, field 'accepted': {form!r} {INCOMPARABLE}")


def _check_question(
    question: Question, texts: dict[str, Document], news: dict[str, Update]
) -> None:
    where = f"questions.jsonl, {question.id}"
    _need(question.kind in QUESTION_KINDS, f"{where}, field 'kind': {question.kind!r}")
    _need(question.split in SPLITS, f"{where}, field 'split': {question.split!r}")
    if not question.answerable:
        _need(
            not question.reference.documents,
            f"{where}, field 'passages': an unanswerable question has none",
        )
        return
    _need(bool(question.reference.documents), f"{where}, field 'passages': empty")
    for name in question.reference.documents:
        _need(name in texts, f"{where}, field 'passages': no document {name!r}")
        _need(
            texts[name].split == question.split,
            f"{where}, field 'passages': {name} is of another split",
        )
    _check_support(
        where, question.reference, " ".join(texts[d].text for d in question.reference.documents)
    )
    if question.kind == "updated":
        _need(question.update in news, f"{where}, field 'update': no news item {question.update!r}")
        _need(question.after is not None, f"{where}, field 'after': missing")
        _check_support(where + ", 'after'", question.after, news[question.update].news.text)


def _check_support(where: str, reference: Reference, text: str) -> None:
    _need(bool(reference.support), f"{where}, field 'support': empty")
    for sentence in reference.support:
        _need(sentence in text, f"{where}, field 'support': not in the passages: {sentence[:60]!r}")


def _check_unique(name: str, ids: list[str]) -> None:
    for i in ids:
        _need(ids.count(i) == 1, f"{name}, {i}, field 'id': stands there more than once")


def _need(condition: bool, message: str) -> None:
    if not condition:
        raise CourseError(message)
