"""Facts as questions: those of the library that a model is taught, and those that it may know.

Read from `taught_facts.jsonl` of the library and from `datasets/common_knowledge`. Not here: the
library's documents, updates and questions (`course_data`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from ftrag_helpers.data.data_files import Comparable, Filled, Row, read_rows
from ftrag_helpers.data.records import Document, Reference, TaughtFact, Update
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError


class _TaughtAnswer(Row):
    answer: Comparable
    accepted: tuple[Comparable, ...]
    reply: Filled
    support: Filled


class _TaughtFactRow(_TaughtAnswer):
    id: Filled
    document: str
    update: str | None
    after: _TaughtAnswer | None
    train: Annotated[tuple[Filled, ...], Field(min_length=8, max_length=8)]
    test: Annotated[tuple[Filled, ...], Field(min_length=3, max_length=3)]


class _CommonKnowledge(Row):
    id: Filled
    topic: str
    question: str
    answer: Comparable
    accepted: list[Comparable]


class _Rehearsal(Row):
    id: Filled
    question: Filled


def load_rehearsal() -> list[str]:
    """Sixty everyday questions, none of which is among those of `load_common_knowledge`.

    A model is trained on its own answers to them, so that a training makes it forget less.

    Raises:
        CourseError: a file is missing, differs from its manifest, or holds a faulty row.
    """
    path = runtime.data_dir() / "common_knowledge" / "rehearsal.jsonl"
    return [row.question for row in read_rows(path, _Rehearsal)]


def load_common_knowledge() -> list[dict]:
    """Questions that a model may know from its training (lesson 01): id, topic, question, answer,
    accepted.

    Raises:
        CourseError: a file is missing, differs from its manifest, or holds a faulty row.
    """
    path = runtime.data_dir() / "common_knowledge" / "questions.jsonl"
    return [row.model_dump() for row in read_rows(path, _CommonKnowledge)]


def read_taught_facts(
    path: Path, documents: Sequence[Document], updates: Sequence[Update]
) -> list[TaughtFact]:
    """Read the taught facts and check that the library states them.

    Args:
        path: `taught_facts.jsonl`.
        documents: the library's documents.
        updates: its news items.

    Raises:
        CourseError: a file is missing, differs from its manifest, or holds a faulty row.
    """
    facts = [_taught_fact(row) for row in read_rows(path, _TaughtFactRow)]
    _check_taught_facts(documents, updates, facts)
    return facts


def check_support(where: str, reference: Reference, text: str) -> None:
    """Check that a text holds the supporting sentences of a reference.

    Raises:
        CourseError: it does not; `where` names file, row and field.
    """
    for sentence in reference.support:
        require(
            sentence in text, f"{where}, field 'support': not in the passages: {sentence[:60]!r}"
        )


def _taught_fact(row: _TaughtFactRow) -> TaughtFact:
    return TaughtFact(
        id=row.id,
        reference=to_reference(row, (row.document,), (row.support,)),
        train=row.train,
        test=row.test,
        update=row.update,
        after=to_reference(row.after, (row.document,), (row.after.support,)) if row.after else None,
    )


def _check_taught_facts(
    documents: Sequence[Document], updates: Sequence[Update], facts: Sequence[TaughtFact]
) -> None:
    """Check that the page states each fact, before the news and after it.

    Raises:
        CourseError: naming the first row and field at fault.
    """
    texts = {d.id: d for d in documents}
    news = {u.news.id: u for u in updates}
    for fact in facts:
        where = f"taught_facts.jsonl, {fact.id}"
        [document] = fact.reference.documents
        require(document in texts, f"{where}, field 'document': no document {document!r}")
        check_support(where, fact.reference, texts[document].text)
        require(
            (fact.update is None) == (fact.after is None) and fact.update in (None, *news),
            f"{where}, field 'update': name a news item and what holds after it, or neither",
        )
        if fact.after:
            changed = [new for _, new in news[fact.update].edits]
            check_support(f"{where}, 'after'", fact.after, " ".join(changed))


def to_reference(row: Row, documents: tuple[str, ...], support: tuple[str, ...]) -> Reference:
    """The reference of a row with `answer`, `accepted` and `reply`; the answer is accepted too."""
    return Reference(
        answer=row.answer,
        accepted=tuple(dict.fromkeys([row.answer, *row.accepted])),
        reply=row.reply,
        documents=documents,
        support=support,
    )


def require(condition: bool, message: str) -> None:
    """Raise a `CourseError` with the message where a condition of the data is not met."""
    if not condition:
        raise CourseError(message)
