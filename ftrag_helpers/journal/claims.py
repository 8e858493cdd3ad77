"""The claims that the course tests, each with the figures that speak to it and the verdict they
give.

Reads `datasets/claims/`; a verdict is computed from figures by the rules written there, and no text
of a verdict is kept anywhere. What it leaves out: keeping figures (`measurements`) and the page
that shows them (`report`).

A claim has one or more tests. A test asks one thing of one or two figures and comes out "yes",
"no", "unclear" (the interval holds the bound, or there is no interval: nothing was seen either way)
or "not measured". All yes: the claim is supported. Some yes: it depends. None yes: not here, or no
difference seen where every test is unclear. As long as a test that was not made could change the
verdict, there is none.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ftrag_helpers.data import data_files
from ftrag_helpers.data.data_files import EXACTLY, read_rows
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.journal import measurements
from ftrag_helpers.journal.measurements import Measurement
from ftrag_helpers.notebook import rendering

SUPPORTED, NOT_HERE, NO_DIFFERENCE, DEPENDS = (
    "supported",
    "not here",
    "no difference seen",
    "depends",
)
NOT_MEASURED = "not measured yet"
VERDICTS = (SUPPORTED, DEPENDS, NO_DIFFERENCE, NOT_HERE, NOT_MEASURED)
YES, NO, UNCLEAR, MISSING, SHOWN = "yes", "no", "unclear", "not measured", "shown"
OWN, REFERENCE = "yours", "reference"
#: Kinds of test, and how many figures each takes; None for any number. `shown` tests nothing: it
#: gives the background.
KINDS = {"above": 1, "below": 1, "more": 2, "ratio": 2, "shown": None}
_LEADS = {
    YES: "yes for",
    NO: "no for",
    UNCLEAR: "unclear for",
    MISSING: "not measured:",
    SHOWN: "side by side:",
}


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


@dataclass(frozen=True)
class Evidence:
    """What came out of one test:

    `value` with `low` and `high` (None without interval), and whose figures they are.
    """

    about: str
    outcome: str
    figures: tuple[Measurement, ...] = ()
    value: float | None = None
    low: float | None = None
    high: float | None = None
    origin: str = ""
    text: str = ""


@dataclass(frozen=True)
class Row:
    """A line of the table of claims; `origin` is "yours", "reference", both of them, or nothing."""

    id: str
    claim: str
    lesson: str
    verdict: str
    because: str
    origin: str
    evidence: tuple[Evidence, ...]


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


def table(own: Mapping, reference: Mapping, claims: Sequence[Claim] | None = None) -> list[Row]:
    """A row per claim, from what `measurements.load` and `measurements.reference` return.

    Own figures come first. A test whose figures were not all recorded takes all of them from the
    reference, so that one machine's seconds are never held against another's.
    """
    sources = {OWN: _by_name(own), REFERENCE: _by_name(reference)}
    claims = load_claims() if claims is None else claims
    return [_row(claim, [_weigh(test, sources) for test in claim.tests]) for claim in claims]


def _by_name(found: Mapping) -> dict[str, Measurement]:
    return {figure.name: figure for figure in found["figures"].values()}


def _weigh(test: Criterion, sources: Mapping[str, Mapping[str, Measurement]]) -> Evidence:
    for origin, figures in sources.items():
        if all(name in figures for name in test.figures):
            return _judge(test, tuple(figures[name] for name in test.figures), origin)
    return Evidence(test.about, MISSING)


def _judge(test: Criterion, figures: tuple[Measurement, ...], origin: str) -> Evidence:
    first = figures[0]
    if test.kind == "shown":
        text = ", ".join(
            f"{figure.name.partition(':')[0]} {figure.value:.2f}" for figure in figures
        )
        return Evidence(test.about, SHOWN, figures, origin=origin, text=text)
    if test.kind == "ratio":
        value = first.value / figures[1].value if figures[1].value else math.inf
        text = (
            f"{first} against {figures[1]}, {value:.3g} times; asked for: at least {test.bound:g}"
        )
        return Evidence(
            test.about, YES if value >= test.bound else NO, figures, value, origin=origin, text=text
        )
    if test.kind == "more":
        value, low, high = difference(*figures)
        text = f"{value:+.2f}" + ("" if low is None else f" [{low:+.2f}, {high:+.2f}]")
    else:
        value, low, high, text = first.value, first.low, first.high, str(first)
    if low is None:
        text += ", no interval"
    if test.bound:
        text += f"; asked for: {'below' if test.kind == 'below' else 'above'} {test.bound:.2f}"
    return Evidence(test.about, _against(low, high, test), figures, value, low, high, origin, text)


def _against(low: float | None, high: float | None, test: Criterion) -> str:
    """Whether the whole interval lies on the side of the bound that is asked for."""
    if low is None or low <= test.bound <= high:
        return UNCLEAR
    return YES if (low > test.bound) == (test.kind != "below") else NO


def difference(first: Measurement, second: Measurement) -> tuple[float, float | None, float | None]:
    """(first − second, low, high) of two figures from different questions; no interval where one of
    them has none.

    Source: Newcombe 1998, "Interval estimation for the difference between independent proportions",
    method 10: each end is as far from the difference as the two intervals' ends are from their
    means, squared and added.
    """
    gap = first.value - second.value
    if first.low is None or second.low is None:
        return gap, None, None
    return (
        gap,
        gap - math.hypot(first.value - first.low, second.high - second.value),
        gap + math.hypot(first.high - first.value, second.value - second.low),
    )


def _row(claim: Claim, evidence: list[Evidence]) -> Row:
    origins = [o for o in (OWN, REFERENCE) if any(e.origin == o for e in evidence)]
    return Row(
        claim.id,
        claim.claim,
        claim.lesson,
        verdict([e.outcome for e in evidence]),
        _because(evidence),
        " and ".join(origins),
        tuple(evidence),
    )


def verdict(outcomes: Iterable[str]) -> str:
    """What the outcomes of a claim's tests come to together; none while a test that was not made
    could change it.
    """
    seen = set(outcomes) - {SHOWN}
    if YES in seen and seen & {NO, UNCLEAR}:
        return DEPENDS
    if MISSING in seen or not seen:
        return NOT_MEASURED
    if YES in seen:
        return SUPPORTED
    return NOT_HERE if NO in seen else NO_DIFFERENCE


def _because(evidence: Sequence[Evidence]) -> str:
    """One sentence from the outcomes: what held, what did not, what stayed open."""
    parts = []
    for outcome, lead in _LEADS.items():
        said = [
            e.about + (f" ({e.text})" if e.text else "") for e in evidence if e.outcome == outcome
        ]
        if said:
            parts.append(f"{lead} {_listed(said)}")
    sentence = "; ".join(parts)
    return sentence[:1].upper() + sentence[1:] + "." if sentence else ""


def _listed(items: Sequence[str]) -> str:
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def counts(rows: Sequence[Row]) -> str:
    """How many claims got which verdict, in a line."""
    return ", ".join(
        f"{n} {name}" for name in VERDICTS if (n := sum(row.verdict == name for row in rows))
    )


def as_frame(rows: Sequence[Row]):
    """The table as a pandas DataFrame: lesson, claim, verdict, because, figures (whose they are);
    the claims' ids are its index.
    """
    import pandas as pd

    return pd.DataFrame(
        [
            {
                "id": r.id,
                "lesson": r.lesson,
                "claim": r.claim,
                "verdict": r.verdict,
                "because": r.because,
                "figures": r.origin,
            }
            for r in rows
        ]
    ).set_index("id")


def as_html(rows: Sequence[Row]) -> str:
    """The table as plain HTML with row and column headings, for a notebook; all text is escaped."""
    return rendering.render("journal/templates/claims.html.j2", rows=rows, counts=counts(rows))


def write_reference(figures: Iterable[Measurement], where: Path | None = None) -> Path:
    """Write the shipped figures (`reference.json`), and the manifest that vouches for them."""
    path = (where or folder()) / "reference.json"
    path.write_text(measurements.as_json(list(figures)), "utf-8", newline="\n")
    write_manifest(path.parent)
    return path


def write_manifest(where: Path | None = None) -> dict:
    """Write the manifest of the claims' data, with the reference figures in it; returns what was
    written.
    """
    return data_files.write_manifest(
        where or folder(), patterns=("claims.jsonl", "figures.jsonl", "reference.json")
    )
