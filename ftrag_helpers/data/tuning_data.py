"""Read the data sets that models are tuned on: patrons' reviews and posts, and instructions with
responses.

Files and rows are checked as `data_files` does it. The data cards (`datasets/reviews/README.md`,
`datasets/instructions/README.md`) say how the data came about.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from ftrag_helpers.data import style_rules
from ftrag_helpers.data.data_files import Filled, Row, read_rows, select
from ftrag_helpers.data.records import (
    Difficulty,
    InstructionExample,
    Label,
    Review,
    Split,
)
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError


class _ReviewRow(Row):
    id: Filled
    text: Filled
    label: Label
    subject: Filled
    about: str
    voice: str
    difficulty: Difficulty | None
    split: Split


class _PairRow(Row):
    id: Filled
    kind: style_rules.Kind
    split: Split
    source: str
    instruction: Filled
    input: Filled
    facts: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...]
    forbidden: tuple[str, ...]
    response: Filled  # checked last, against what stands above

    @field_validator("response")
    @classmethod
    def _has_the_form_of_its_kind(cls, response: str, info: ValidationInfo) -> str:
        if info.data.keys() >= {"kind", "facts", "forbidden"}:
            kind, facts, forbidden = (info.data[name] for name in ("kind", "facts", "forbidden"))
            found = style_rules.check(kind, response, facts, forbidden)
            if missed := [name for name, met in found.items() if not met]:
                raise ValueError(f"lacks {', '.join(missed)}")
        return response


def load_reviews(split: str | None = None) -> list[Review]:
    """The patrons' reviews of a split ("train", "validation", "test"; all if None).

    Raises:
        ValueError: no such split.
        CourseError: a file is missing, differs from its manifest, or holds a faulty row.
    """
    return select(_reviews(runtime.data_dir() / "reviews" / "reviews.jsonl"), split)


def load_posts() -> list[Review]:
    """The short social posts: a second test set, on the same subjects in another register."""
    return list(_reviews(runtime.data_dir() / "reviews" / "posts.jsonl"))


def load_challenge_set() -> list[Review]:
    """The wits' reviews: a third test set, in which hardly a word says what the writer thinks."""
    return list(_reviews(runtime.data_dir() / "reviews" / "sly.jsonl"))


def load_instructions(
    split: str | None = None, kinds: Iterable[str] | None = None
) -> list[InstructionExample]:
    """The instruction pairs of a split and of certain kinds (all if None).

    Raises:
        ValueError: no such split or kind.
        CourseError: a file is missing, differs from its manifest, or holds a faulty row.
    """
    pairs = _pairs(runtime.data_dir() / "instructions" / "pairs.jsonl")
    return select(pairs, split, kinds, style_rules.KINDS)


def at_most(pairs: Iterable[InstructionExample], words: int) -> list[InstructionExample]:
    """The pairs whose instruction, input and response have at most so many words together: reading
    is paid for by the token.
    """
    return [p for p in pairs if len(f"{p.instruction} {p.input} {p.response}".split()) <= words]


@lru_cache(maxsize=4)
def _reviews(path: Path) -> tuple[Review, ...]:
    return tuple(Review(**dict(row)) for row in read_rows(path, _ReviewRow))


@lru_cache(maxsize=2)
def _pairs(path: Path) -> tuple[InstructionExample, ...]:
    pairs = tuple(InstructionExample(**dict(row)) for row in read_rows(path, _PairRow))
    splits = {}
    for number, pair in enumerate(pairs, start=1):
        if splits.setdefault(pair.source, pair.split) != pair.split:
            raise CourseError(
                f"{path.name}, row {number} ({pair.id}), field 'split': {pair.source} stands in"
                f" {splits[pair.source]} too"
            )
    return pairs
