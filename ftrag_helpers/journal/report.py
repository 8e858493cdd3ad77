"""The learner's report: one HTML page with the verdicts on all claims, every figure drawn,
predictions and decisions.

What it leaves out: how the page looks (`templates/report.html.j2`), measuring (the lessons),
keeping (`measurements`) and judging (`claims`).
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from ftrag_helpers.environment import runtime
from ftrag_helpers.journal import claims, course_chart, measurements, results_file
from ftrag_helpers.journal.claims import Described, Row
from ftrag_helpers.journal.measurements import DIFFERENCE, Measurement
from ftrag_helpers.notebook import rendering

TITLE = "Fine-tuning or retrieval? What I measured"
LESSONS = {
    "00": "A test of your own",
    "01": "What a language model does, and what it knows",
    "02": "Fine-tuning for one task",
    "03": "Instruction fine-tuning",
    "04": "The virtual librarian",
    "05": "Fine-tuning against retrieval",
}
_GROUPS = {
    "share": "Shares, from 0 to 1",
    "difference": "Differences on the same questions: right of the middle line is more",
    "amount": "Amounts",
}
_EXAMPLE = Measurement("", "", 0.65, 0.52, 0.78, 48)
_WIDTH, _EDGE = 260, 8  # of a drawing, in its own units
#: Own figure, the reference's, and what the lessons say of it; one of the first two is there.
Compared = tuple[Measurement | None, Measurement | None, Described | None]


def write(
    path: Path | str, own: Mapping, reference: Mapping, *, machine: Mapping[str, str] | None = None
) -> Path:
    """Write the report and return its path.

    `own` and `reference` are what `measurements.load` and `measurements.reference` return.

    `machine` holds facts about this machine by name; `runtime.describe` tells them where it is left
    out.

    Raises:
        CourseError: the file cannot be written.
    """
    path = Path(path).expanduser()
    text = page(own, reference, machine=_machine() if machine is None else machine)
    rendering.save(path, text, "report")
    return path


def page(own: Mapping, reference: Mapping, *, machine: Mapping[str, str]) -> str:
    """The whole page as text."""
    rows, shipped = claims.table(own, reference), claims.table({"figures": {}}, reference)
    counts = {name: sum(row.verdict == name for row in rows) for name in claims.VERDICTS}
    return rendering.render(
        "journal/templates/report.html.j2",
        title=TITLE,
        today=date.today().isoformat(),
        summary=_summary(own),
        tally=[(name, count) for name, count in counts.items() if count],
        machine=machine,
        verdicts=[(row, _otherwise(row, other)) for row, other in zip(rows, shipped, strict=True)],
        chart=_chart(own, reference),
        lessons=_lessons(own, reference),
        predictions=_predictions(own, reference),
        decisions=[
            (d["scenario"], d["choice"], d.get("because") or "–") for d in own["decisions"].values()
        ],
        example=_EXAMPLE,
        drawing=drawing,
        store=measurements.path().name,
        figures=results_file.as_json(list(own["figures"].values())),
    )


def _machine() -> dict[str, str]:
    """What the machine is, less what is nobody else's business: a report may be handed in."""
    facts = runtime.describe()
    kept = {
        name: facts[name] for name in ("system", "CPU cores", "memory", "Python") if name in facts
    }
    return {
        name: fact.rpartition(" of ")[2] if name == "memory" else fact
        for name, fact in kept.items()
    }


def _summary(own: Mapping) -> str:
    """How many figures were measured here, in which lessons, from when to when."""
    recorded = own["figures"].values()
    if not recorded:
        return (
            "No figure was measured here yet: every number below is the reference that comes with"
            " the course"
        )
    lessons = sorted({figure.lesson for figure in recorded})
    days = sorted({figure.date for figure in recorded if figure.date})
    when = f" ({days[0]} to {days[-1]})" if len(days) > 1 else f" ({days[0]})" if days else ""
    where = f"{'lesson' if len(lessons) == 1 else 'lessons'} {', '.join(lessons)}"
    return f"{len(recorded)} figures measured here, in {where}{when}"


def _otherwise(row: Row, shipped: Row) -> str:
    """The verdict of the reference figures, where own figures led to another one."""
    differs = claims.OWN in row.origin and row.verdict != shipped.verdict
    return f"with the reference figures: {shipped.verdict}" if differs else ""


def _lessons(own: Mapping, reference: Mapping) -> list[tuple[str, str, list[dict]]]:
    """(lesson, its title, tables of its figures): in the order of the lessons' own descriptions,
    then by name.
    """
    described = {(d.lesson, d.name): d for d in claims.load_figures()}
    recorded = reference["figures"] | own["figures"]
    keys = [key for key in described if key in recorded] + sorted(recorded.keys() - described)
    lessons: dict[str, dict[str, list[Compared]]] = {}
    for key in keys:
        kind = {"": "share", DIFFERENCE: "difference"}.get(recorded[key].unit, "amount")
        compared = own["figures"].get(key), reference["figures"].get(key), described.get(key)
        lessons.setdefault(key[0], {}).setdefault(kind, []).append(compared)
    return [
        (
            lesson,
            LESSONS.get(lesson, "More figures"),
            [_group(kind, groups[kind]) for kind in _GROUPS if kind in groups],
        )
        for lesson, groups in sorted(lessons.items())
    ]


def _chart(own: Mapping, reference: Mapping) -> list[tuple[str, list[tuple]]]:
    """(panel of the course's chart, its rows): system, lesson, drawing, own figure, reference."""
    panels: dict[str, list[tuple]] = {}
    for row in course_chart.drawn(own, reference):
        system = row.system
        label = f"{system.label}, {system.series}" if system.series else system.label
        drawn = drawing(row.own, row.shipped, None)
        panels.setdefault(system.panel, []).append(
            (label, f"lesson {system.lesson}", drawn, row.own, row.shipped)
        )
    return list(panels.items())


def _group(kind: str, figures: Sequence[Compared]) -> dict:
    """A table's caption, heads and rows; amounts, which share no scale, are not drawn."""
    limit = _limit(figures) if kind == "difference" else None
    scale = " … ".join((f"−{limit:g}", "0", f"+{limit:g}") if limit else ("0", "0.5", "1"))
    is_drawn = kind != "amount"
    return {
        "kind": kind,
        "caption": _GROUPS[kind],
        "heads": ["Figure", *([scale] if is_drawn else []), "Yours", "Reference"],
        "rows": [
            (
                (own or ref).name,
                described.meaning if described else "",
                [drawing(own, ref, limit)] if is_drawn else [],
                own,
                ref,
            )
            for own, ref, described in figures
        ],
    }


def _limit(figures: Sequence[Compared]) -> float:
    """The end of a scale that holds all intervals, in quarters."""
    drawn = [figure for pair in figures for figure in pair[:2] if figure]
    ends = [abs(x) for f in drawn for x in (f.value, f.low, f.high) if x is not None]
    return math.ceil(max(ends) * 4) / 4 or 0.25


def drawing(own: Measurement | None, ref: Measurement | None, limit: float | None) -> str:
    """An inline SVG with the interval of each figure: from 0 to 1, or from −limit to +limit round a
    middle line.
    """
    low, high = (-limit, limit) if limit else (0.0, 1.0)

    def x(value: float) -> float:
        share = (min(max(value, low), high) - low) / (high - low)
        return round(_EDGE + share * (_WIDTH - 2 * _EDGE), 1)

    figures = [
        (f, *of) for f, *of in ((own, "own", "yours", 11), (ref, "ref", "reference", 25)) if f
    ]
    return rendering.fragment(
        "journal/templates/parts.html.j2",
        "drawing",
        _WIDTH,
        ", ".join(f"{whose} {figure}" for figure, _, whose, _ in figures),
        [
            ("grid zero" if limit and not value else "grid", x(value))
            for value in (low, (low + high) / 2, high)
        ],
        [(look, *map(x, _interval(f)), x(f.value), y) for f, look, _, y in figures],
    )


def _interval(figure: Measurement) -> tuple[float, float]:
    """From where to where the figure may lie: the value itself where it has no interval."""
    low, high = (figure.value if end is None else end for end in (figure.low, figure.high))
    return low, high


def _predictions(own: Mapping, reference: Mapping) -> list[tuple]:
    """(figure's name, what was expected, what came, whose that is, how the two compare)."""
    came = {
        figure.name: (figure, whose)
        for whose, source in ((claims.REFERENCE, reference), (claims.OWN, own))
        for figure in source["figures"].values()
    }
    rows = []
    for row in own["predictions"].values():
        figure, whose = came.get(row["name"], (None, ""))
        so = judged(row["value"], figure) if figure else "–"
        rows.append((row["name"], f"{row['value']:.2f}", figure, whose, so))
    return rows


def judged(expected: float, figure: Measurement) -> str:
    """How a prediction stands to what was measured, in words."""
    low, high = _interval(figure)
    if low <= expected <= high:
        return "right to the digit" if low == high else "inside the interval"
    gap = abs(expected - figure.value)
    return f"too {'high' if expected > high else 'low'}, by {gap:.2f}"
