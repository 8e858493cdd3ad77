"""Read the data sets that models are tuned on: patrons' reviews and posts, and instructions with
responses.

Files and rows are checked as `data_files` does it. The data cards (`datasets/reviews/README.md`,
`datasets/instructions/README.md`) say how the data came about.
"""

from collections import defaultdict
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
    def _has_every_property(cls, response: str, info: ValidationInfo) -> str:
        if info.data.keys() == cls.model_fields.keys() - {"response"}:
            example = InstructionExample(**info.data, response=response)
            properties = style_rules.check(example, response)
            if missed := [name for name, met in properties.items() if not met]:
                raise ValueError(f"lacks {', '.join(missed)}")
        return response


def load_reviews(split: str | None = None) -> list[Review]:
    """The patrons' reviews of a split ("train", "validation", "test"; all if None).

    Raises:
        ValueError: no such split.
        CourseError: a file is missing, differs from its manifest, or holds a faulty row.
    """
    return select(_reviews(runtime.data_dir() / "reviews" / "reviews.jsonl"), split)


def load_posts(split: str = "test") -> list[Review]:
    """The short social posts, on the same sort of subject in another register.

    Args:
        split: "test" for the 300 posts on the reviews' kinds of subject, "train" for the 400 on
            subjects of their own.

    Raises:
        ValueError: no such split.
        CourseError: a file is missing, differs from its manifest, or holds a faulty row.
    """
    return select(_reviews(runtime.data_dir() / "reviews" / "posts.jsonl"), split)


def load_challenge_set() -> list[Review]:
    """The wits' reviews: a third test set, in which hardly a word says what the writer thinks."""
    return list(_reviews(runtime.data_dir() / "reviews" / "sly.jsonl"))


def load_reviews_from_elsewhere() -> list[Review]:
    """Everyday reviews of meals, films, phones, hotels, journeys and repairs, for testing only."""
    return list(_reviews(runtime.data_dir() / "reviews" / "elsewhere.jsonl"))


def matched_register() -> tuple[list[Review], list[Review]]:
    """Test reviews and test posts that differ in their register and not in who wrote them.

    Of each author, label and (marked or plain) difficulty there are as many reviews as posts: the
    first of each file.

    Returns:
        (reviews, posts), of equal length.
    """
    groups = [defaultdict(list), defaultdict(list)]
    for group, rows in zip(groups, (load_reviews("test"), load_posts("test")), strict=True):
        for row in rows:
            group[row.id.split("-")[0], row.label, row.difficulty is None].append(row)
    matched: tuple[list[Review], list[Review]] = ([], [])
    for key, reviews in groups[0].items():
        count = min(len(reviews), len(groups[1][key]))
        matched[0].extend(reviews[:count])
        matched[1].extend(groups[1][key][:count])
    return matched


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
