"""The claims that the course tests, and the figures that its lessons record: `datasets/claims`.

Not here: what figures say about a claim (`claims`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ftrag_helpers.data import data_files
from ftrag_helpers.data.data_files import EXACTLY, read_rows
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.evaluation.measurement import Measurement
from ftrag_helpers.journal import results_file

#: Kinds of test, and how many figures each takes; None for any number. `shown` tests nothing: it
#: gives the background.
KINDS = {"above": 1, "below": 1, "more": 2, "ratio": 2, "shown": None}


@dataclass(frozen=True)
class Criterion:
    """What is asked of figures (by name): above or below a bound, one more than another, a ratio of
    at least the bound.
    """

    __test__ = False  # not a test of pytest's
    __pydantic_config__ = EXACTLY
    kind: Literal["above", "below", "more", "ratio", "shown"]
    about: str
    figures: tuple[str, ...]
    bound: float


@dataclass(frozen=True)
class Claim:
    """A statement to be tested, in plain words, and the lessons ("02, 03") that test it."""

    __pydantic_config__ = EXACTLY
    id: str
    lesson: str
    claim: str
    tests: tuple[Criterion, ...]


@dataclass(frozen=True)
class Described:
    """A figure that a lesson records: what it means, and from what the lesson computes it."""

    __pydantic_config__ = EXACTLY
    lesson: str
    name: str
    unit: str
    meaning: str
    computed: str


def folder() -> Path:
    """The folder of the claims' data."""
    return runtime.data_dir() / "claims"


def load_claims(where: Path | None = None) -> list[Claim]:
    """The claims in their order.

    Raises:
        CourseError: a file differs from the manifest, or a row is faulty.
    """
    where = where or folder()
    known = {figure.name for figure in load_figures(where)}
    claims = read_rows(where / "claims.jsonl", Claim)
    for claim in claims:
        for test in claim.tests:
            _check_figures(test, known, f"claims.jsonl, {claim.id}")
    return claims


def load_figures(where: Path | None = None) -> list[Described]:
    """The figures that the lessons record, in the order of the lessons; no two share a name.

    Raises:
        CourseError: a file differs from the manifest, or a row is faulty.
    """
    return read_rows((where or folder()) / "figures.jsonl", Described)


def _check_figures(test: Criterion, known: set[str], where: str) -> None:
    if KINDS[test.kind] not in (None, len(test.figures)):
        raise CourseError(f"{where}: no test {test.kind!r} of {len(test.figures)} figures")
    unknown = set(test.figures) - known
    if unknown:
        raise CourseError(f"{where}: {min(unknown)!r} is not in figures.jsonl")


def write_reference(figures: Iterable[Measurement], where: Path | None = None) -> Path:
    """Write the shipped figures (`reference.json`), and the manifest that vouches for them."""
    path = (where or folder()) / "reference.json"
    path.write_text(results_file.as_json(list(figures)), "utf-8", newline="\n")
    write_manifest(path.parent)
    return path


def write_manifest(where: Path | None = None) -> dict:
    """Write the manifest of the claims' data, with the reference figures in it; returns what was
    written.
    """
    return data_files.write_manifest(
        where or folder(), patterns=("claims.jsonl", "figures.jsonl", "reference.json")
    )
