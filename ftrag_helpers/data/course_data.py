"""Read the course's data sets from `datasets/`, check them, and hand them out as records.

Rows are checked field by field as `data_files` does it, and then against each other: what is wrong
is reported with its file, row and field. The data cards (`datasets/*/README.md`) say how the data
came about. Not here: the data sets that models are tuned on (`tuning_data`).
"""

import calendar
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Self

from pydantic import ValidationInfo, field_validator, model_validator

from ftrag_helpers.data.data_files import (
    Filled,
    Row,
    read_rows,
    require_comparable,
    select,
)
from ftrag_helpers.data.facts import check_support, read_taught_facts, require, to_reference
from ftrag_helpers.data.facts import load_common_knowledge as load_common_knowledge
from ftrag_helpers.data.facts import load_rehearsal as load_rehearsal
from ftrag_helpers.data.records import (
    QUESTION_KINDS,
    Branch,
    Document,
    Question,
    QuestionKind,
    Split,
    TaughtFact,
    UnanswerableGroup,
    Update,
)
from ftrag_helpers.environment import runtime

LIBRARY = "library"
#: The months by their number; the first is empty.
_MONTHS = tuple(calendar.month_name)
_FROM_DAY = re.compile(r"\b[Ff]rom (?:[A-Z]\w+day )?(\d{1,2}) ([A-Z]\w+) (\d{4})\b")


class _Page(Row):
    id: Filled
    title: str
    shelf: str
    branch: Branch
    date: str
    text: str


class _DocumentRow(_Page):
    split: Split


class _Edit(Row):
    old: str
    new: str


class _UpdateRow(_Page):
    document: str
    edits: list[_Edit]


class _ReferenceRow(Row):
    answer: str
    accepted: tuple[str, ...]
    reply: str
    passages: tuple[str, ...]
    support: tuple[str, ...]

    @field_validator("answer", "accepted")
    @classmethod
    def _can_be_compared(cls, value, info: ValidationInfo):
        if info.data.get("kind") != "unanswerable":
            for form in [value] if isinstance(value, str) else value:
                require_comparable(form)
        return value

    @field_validator("passages", "support")
    @classmethod
    def _is_there_if_there_is_an_answer(cls, value, info: ValidationInfo):
        unanswerable = info.data.get("kind") == "unanswerable"
        if value and unanswerable:
            raise ValueError("an unanswerable question has none. Empty it, or change the kind.")
        if not value and not unanswerable:
            raise ValueError("empty. Fill it in, or change the kind.")
        return value


class _Asked(Row):
    id: Filled
    kind: QuestionKind
    split: Split
    fact: str
    question: str


# Fields are read from the last base to the first: the kind before what depends on it.
class _QuestionRow(_ReferenceRow, _Asked):
    update: str | None
    after: _ReferenceRow | None
    group: UnanswerableGroup | None

    @model_validator(mode="after")
    def _has_a_group_if_there_is_no_answer(self) -> Self:
        if (self.kind == "unanswerable") != (self.group is not None):
            raise ValueError("only unanswerable questions have a group, and each of them has one.")
        return self


class Library:
    """The library's documents, updates and questions, read and checked once.

    Raises:
        CourseError: a file is missing, differs from its manifest, or holds a faulty row.
    """

    def __init__(self, folder: Path | None = None):
        folder = folder or runtime.data_dir() / LIBRARY
        self.documents = [
            Document(**dict(row)) for row in read_rows(folder / "documents.jsonl", _DocumentRow)
        ]
        self.updates = [_update(row) for row in read_rows(folder / "updates.jsonl", _UpdateRow)]
        self.questions = [
            _question(row) for row in read_rows(folder / "questions.jsonl", _QuestionRow)
        ]
        _check_library(self.documents, self.updates, self.questions)
        self.taught_facts = read_taught_facts(
            folder / "taught_facts.jsonl", self.documents, self.updates
        )


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
    return select(_library().questions, split, kinds, QUESTION_KINDS)


def load_taught_facts() -> list[TaughtFact]:
    """Forty facts of the library, each in eight wordings to train on and three to test with."""
    return list(_library().taught_facts)


def apply_update(documents: Sequence[Document], update: Update) -> list[Document]:
    """The library once the news is in force: the document corrected, the news item on its shelf.

    Raises:
        ValueError: the document that the update changes is not there, or lacks a sentence to
        change.
    """
    changed, is_there = [], False
    for document in documents:
        if document.id == update.changes:
            is_there, text = True, document.text
            for old, new in update.edits:
                if text.count(old) != 1:
                    raise ValueError(
                        f"{update.news.id}: {document.id} does not hold once: {old[:60]!r}"
                    )
                text = text.replace(old, new)
            document = replace(document, text=text, date=update.news.date)
        changed.append(document)
    if not is_there:
        raise ValueError(
            f"{update.news.id} changes {update.changes}, which is not among the documents"
        )
    return [*changed, update.news]


def in_force_from(update: Update) -> str:
    """The day from which a news item holds, which may be later than the day of the news itself.

    Returns:
        The first "from 1 June 2026" of its text, as "2026-06-01"; the date of the news item where
        its text names no such day.
    """
    named = _FROM_DAY.search(update.news.text)
    if named is None or named[2] not in _MONTHS:
        return update.news.date
    return f"{named[3]}-{_MONTHS.index(named[2]):02}-{int(named[1]):02}"


def _update(row: _UpdateRow) -> Update:
    page = row.model_dump(exclude={"document", "edits"})
    return Update(
        news=Document(**page, split="test"),
        changes=row.document,
        edits=tuple((edit.old, edit.new) for edit in row.edits),
    )


def _question(row: _QuestionRow) -> Question:
    return Question(
        **row.model_dump(include={"id", "kind", "split", "fact", "update"}),
        text=row.question,
        reference=to_reference(row, row.passages, row.support),
        after=to_reference(row.after, row.after.passages, row.after.support) if row.after else None,
        group=row.group,
    )


def _check_library(
    documents: Sequence[Document], updates: Sequence[Update], questions: Sequence[Question]
) -> None:
    """Check what no single row can show: documents and news named, splits, sentences quoted.

    Raises:
        CourseError: naming the first row and field at fault.
    """
    texts = {d.id: d for d in documents}
    news = {u.news.id: u for u in updates}
    for update in updates:
        where = f"updates.jsonl, {update.news.id}, field"
        require(update.changes in texts, f"{where} 'document': no document {update.changes!r}")
        for old, _ in update.edits:
            require(
                texts[update.changes].text.count(old) == 1,
                f"{where} 'edits': not once in {update.changes}: {old[:60]!r}",
            )
    for question in questions:
        if question.answerable:
            _check_question(question, texts, news)


def _check_question(
    question: Question, texts: dict[str, Document], news: dict[str, Update]
) -> None:
    where = f"questions.jsonl, {question.id}"
    for name in question.reference.documents:
        require(name in texts, f"{where}, field 'passages': no document {name!r}")
        require(
            texts[name].split == question.split,
            f"{where}, field 'passages': {name} is of another split",
        )
    check_support(
        where, question.reference, " ".join(texts[d].text for d in question.reference.documents)
    )
    if question.kind == "updated":
        require(
            question.update in news, f"{where}, field 'update': no news item {question.update!r}"
        )
        require(question.after is not None, f"{where}, field 'after': missing")
        check_support(where + ", 'after'", question.after, news[question.update].news.text)
