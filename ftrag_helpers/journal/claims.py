"""The claims that the course tests, each with the figures that speak to it and the verdict they
give.

A verdict is computed from figures by the rules that `claim_files` reads, and no text of a verdict
is kept anywhere. What it leaves out: keeping figures (`measurements`) and the page that shows them
(`report`).

A claim has one or more tests. A test asks one thing of one or two figures and comes out "yes",
"no", "unclear" (the interval holds the bound, or there is no interval: nothing was seen either way)
or "not measured". All yes: the claim is supported. Yes and unclear: partly. A yes and a no: yes and
no, whatever else. None yes: not here, or undecided where every test is unclear. As long as a test
that was not made could change the verdict, there is none. What is only shown changes none.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ftrag_helpers.evaluation.measurement import DIFFERENCE, Measurement
from ftrag_helpers.journal.claim_files import (  # noqa: F401, reached from here by callers
    Claim,
    Criterion,
    Described,
    folder,
    load_claims,
    load_figures,
    write_manifest,
    write_reference,
)
from ftrag_helpers.notebook import rendering

SUPPORTED, PARTLY, MIXED = "supported", "partly", "yes and no"
UNDECIDED, NOT_HERE, NOT_MEASURED = "undecided", "not here", "not measured yet"
VERDICTS = (SUPPORTED, PARTLY, MIXED, UNDECIDED, NOT_HERE, NOT_MEASURED)
YES, NO, UNCLEAR, MISSING, SHOWN = "yes", "no", "unclear", "not measured", "shown"
OWN, REFERENCE = "yours", "reference"
_LEADS = {
    YES: "yes for",
    NO: "no for",
    UNCLEAR: "unclear for",
    MISSING: "not measured:",
    SHOWN: "side by side:",
}


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


def table(own: Mapping, reference: Mapping, claims: Sequence[Claim] | None = None) -> list[Row]:
    """A row per claim, from what `measurements.load` and `measurements.reference` return.

    Own figures come first. A test whose figures were not all recorded takes all of them from the
    reference, so that one machine's seconds are never held against another's.
    """
    sources = {OWN: _by_name(own), REFERENCE: _by_name(reference)}
    claims = load_claims() if claims is None else claims
    return [_row(claim, [_weigh(test, sources) for test in claim.tests]) for claim in claims]


def _by_name(results: Mapping) -> dict[str, Measurement]:
    return {figure.name: figure for figure in results["figures"].values()}


def _weigh(test: Criterion, sources: Mapping[str, Mapping[str, Measurement]]) -> Evidence:
    for origin, figures in sources.items():
        if all(name in figures for name in test.figures):
            return _judge(test, tuple(figures[name] for name in test.figures), origin)
    return Evidence(test.about, MISSING)


def _judge(test: Criterion, figures: tuple[Measurement, ...], origin: str) -> Evidence:
    first = figures[0]
    if test.kind == "shown":
        text = ", ".join(
            f"{name} {figure if figure.unit == DIFFERENCE else f'{figure.value:.2f}'}"
            for name, figure in zip(_short_names(figures), figures, strict=True)
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


def _short_names(figures: Sequence[Measurement]) -> list[str]:
    """The figures' names as far as the colon; whole where that would not tell them apart."""
    short = [figure.name.partition(":")[0] for figure in figures]
    return short if len(set(short)) == len(short) else [figure.name for figure in figures]


def _against(low: float | None, high: float | None, test: Criterion) -> str:
    """Whether the whole interval lies on the side of the bound that is asked for."""
    if low is None or low <= test.bound <= high:
        return UNCLEAR
    return YES if (low > test.bound) == (test.kind != "below") else NO


def difference(first: Measurement, second: Measurement) -> tuple[float, float | None, float | None]:
    """(first − second, low, high) of two figures that are not paired; no interval where one of them
    has none. The questions are taken as different; where they are the same and what is hard for
    one is hard for both, the interval is too wide.

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
    tested = zip(claim.tests, evidence, strict=True)
    return Row(
        claim.id,
        claim.claim,
        claim.lesson,
        verdict(e.outcome for test, e in tested if test.kind != "shown"),
        _because(evidence),
        " and ".join(origins),
        tuple(evidence),
    )


def verdict(outcomes: Iterable[str]) -> str:
    """What the outcomes of a claim's tests come to together; none while a test that was not made
    could change it.
    """
    seen = set(outcomes) - {SHOWN}
    if seen >= {YES, NO}:
        return MIXED
    if MISSING in seen or not seen:
        return NOT_MEASURED
    if YES in seen:
        return PARTLY if UNCLEAR in seen else SUPPORTED
    return NOT_HERE if NO in seen else UNDECIDED


def _because(evidence: Sequence[Evidence]) -> str:
    """One sentence from the outcomes: what held, what did not, what stayed open."""
    parts = []
    for outcome, lead in _LEADS.items():
        clauses = [
            e.about + (f" ({e.text})" if e.text else "") for e in evidence if e.outcome == outcome
        ]
        if clauses:
            parts.append(f"{lead} {_listed(clauses)}")
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
