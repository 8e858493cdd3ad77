"""Read the data sets that models are tuned on: patrons' reviews and posts, and instructions with
responses.

Files and rows are checked as `course_data` does it: against the manifest, then field by
field. The data cards (`datasets/reviews/README.md`, `datasets/instructions/README.md`) say how the
data came about.
"""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from ftrag_helpers.data import style_rules
from ftrag_helpers.data.course_data import check_manifest, read_rows
from ftrag_helpers.data.records import DIFFICULTIES, LABELS, SPLITS, InstructionExample, Review
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError

_REVIEW_FIELDS = {
    "id": str,
    "text": str,
    "label": str,
    "subject": str,
    "about": str,
    "voice": str,
    "difficulty": (str, type(None)),
    "split": str,
}
_PAIR_FIELDS = {
    "id": str,
    "kind": str,
    "split": str,
    "source": str,
    "instruction": str,
    "input": str,
    "response": str,
    "facts": list,
    "forbidden": list,
}


def load_reviews(split: str | None = None) -> list[Review]:
    """The patrons' reviews of a split ("train", "validation", "test"; all if None).

    Raises:
        ValueError: no such split.
        CourseError: a file is missing, differs from its manifest, or holds a faulty row.
    """
    _known_split(split)
    return [
        r
        for r in _reviews(runtime.data_dir() / "reviews" / "reviews.jsonl")
        if split in (None, r.split)
    ]


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
    _known_split(split)
    wanted = set(kinds) if kinds else set(style_rules.KINDS)
    if wanted - set(style_rules.KINDS):
        raise ValueError(
            f"kind {min(wanted - set(style_rules.KINDS))!r}: the kinds are"
            f" {', '.join(style_rules.KINDS)}"
        )
    return [
        p
        for p in _pairs(runtime.data_dir() / "instructions" / "pairs.jsonl")
        if p.kind in wanted and split in (None, p.split)
    ]


def at_most(pairs: Iterable[InstructionExample], words: int) -> list[InstructionExample]:
    """The pairs whose instruction, input and response have at most so many words together: reading
    is paid for by the token.
    """
    return [p for p in pairs if len(f"{p.instruction} {p.input} {p.response}".split()) <= words]


def _known_split(split: str | None) -> None:
    if split is not None and split not in SPLITS:
        raise ValueError(f"split {split!r}: the splits are {', '.join(SPLITS)}")


@lru_cache(maxsize=4)
def _reviews(path: Path) -> tuple[Review, ...]:
    check_manifest(path.parent)
    found = []
    for number, row in enumerate(read_rows(path, _REVIEW_FIELDS), start=1):
        where = f"{path.name}, row {number}"
        _one_of(where, "label", row["label"], LABELS)
        _one_of(where, "split", row["split"], SPLITS)
        _one_of(where, "difficulty", row["difficulty"], (None, *DIFFICULTIES))
        _filled(where, row, ("id", "text", "subject"))
        found.append(Review(**row))
    _unique(path.name, found)
    return tuple(found)


@lru_cache(maxsize=2)
def _pairs(path: Path) -> tuple[InstructionExample, ...]:
    check_manifest(path.parent)
    found, splits = [], {}
    for number, row in enumerate(read_rows(path, _PAIR_FIELDS, nested=("facts",)), start=1):
        where = f"{path.name}, row {number}"
        _one_of(where, "kind", row["kind"], style_rules.KINDS)
        _one_of(where, "split", row["split"], SPLITS)
        _filled(where, row, ("id", "instruction", "input", "response"))
        if splits.setdefault(row["source"], row["split"]) != row["split"]:
            raise CourseError(
                f"{where}, field 'split': {row['source']} stands in {splits[row['source']]} too"
            )
        pair = InstructionExample(
            **row | {"facts": tuple(map(tuple, row["facts"])), "forbidden": tuple(row["forbidden"])}
        )
        missed = [
            name
            for name, met in style_rules.check(pair, pair.response).items()
            if not met
        ]
        if missed:
            raise CourseError(f"{where}, field 'response': lacks {', '.join(missed)}")
        found.append(pair)
    _unique(path.name, found)
    return tuple(found)


def _one_of(where: str, field: str, value, allowed) -> None:
    if value not in allowed:
        raise CourseError(
            f"{where}, field {field!r}: {value!r} is none of {', '.join(map(str, allowed))}"
        )


def _filled(where: str, row: dict, fields: Iterable[str]) -> None:
    for field in fields:
        if not row[field].strip():
            raise CourseError(f"{where}, field {field!r}: empty")


def _unique(name: str, rows) -> None:
    seen = set()
    for row in rows:
        if row.id in seen:
            raise CourseError(f"{name}, {row.id}, field 'id': stands there more than once")
        seen.add(row.id)
