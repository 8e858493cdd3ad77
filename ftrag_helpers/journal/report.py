"""The learner's report: one HTML page with the verdicts on all claims, every figure drawn,
predictions and decisions.

The page is a single file without scripts, fonts or pictures from elsewhere: it opens
offline, on a phone and in print. Everything that a person or a file brought in is escaped. What it
leaves out: measuring (the lessons), keeping (`measurements`) and judging (`claims`).
"""

import html
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.journal import claims, measurements
from ftrag_helpers.journal.claims import Described, Row
from ftrag_helpers.journal.measurements import DIFFERENCE, Measurement

TITLE = "Fine-tuning or retrieval? What I measured"
LESSONS = {
    "01": "What a language model does, and what it knows",
    "02": "Fine-tuning for one task",
    "03": "Instruction fine-tuning",
    "04": "The virtual librarian",
    "05": "Fine-tuning against retrieval",
}
_MARKS = {
    claims.SUPPORTED: "✓",
    claims.DEPENDS: "±",
    claims.NO_DIFFERENCE: "≈",
    claims.NOT_HERE: "✗",
    claims.NOT_MEASURED: "…",
}
_WIDTH, _EDGE = 260, 8  # of a drawing, in its own units
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise CourseError(
            f"The report cannot be written to {path} ({error.strerror}). Name another file."
        ) from error
    return path


def page(own: Mapping, reference: Mapping, *, machine: Mapping[str, str]) -> str:
    """The whole page as text."""
    rows, shipped = claims.table(own, reference), claims.table({"figures": {}}, reference)
    parts = [
        _head(own, rows, machine),
        _verdicts(rows, shipped),
        _figures(own, reference),
        _predictions(own, reference),
        _decisions(own),
        _reading(),
        _foot(),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta'
        f' charset="utf-8">\n<title>{_safe(TITLE)}</title>\n<meta name="viewport"'
        ' content="width=device-width, initial-scale=1">\n<meta'
        ' http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src'
        f" 'unsafe-inline'\">\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(p for p in parts if p)
        + "\n</main>\n</body>\n</html>\n"
    )


def _safe(text: object) -> str:
    """Text for the page: escaped, without control characters or marks that turn the direction of
    writing.
    """
    return html.escape(_CONTROL.sub("", str(text)))


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


def _head(own: Mapping, rows: Sequence[Row], machine: Mapping[str, str]) -> str:
    recorded = own["figures"].values()
    lessons = sorted({figure.lesson for figure in recorded})
    days = sorted({figure.date for figure in recorded if figure.date})
    mine = (
        "No figure was measured here yet: every number below is the reference that comes with the"
        " course"
    )
    if lessons:
        mine = (
            f"{len(recorded)} figures measured here, in"
            f" {'lesson' if len(lessons) == 1 else 'lessons'} {', '.join(lessons)}"
        )
    when = f" ({days[0]} to {days[-1]})" if len(days) > 1 else f" ({days[0]})" if days else ""
    facts = "".join(
        f"<div><dt>{_safe(name)}</dt><dd>{_safe(value)}</dd></div>"
        for name, value in machine.items()
    )
    tally = "".join(
        f"<li>{_badge(name)} <b>{count}</b></li>"
        for name in claims.VERDICTS
        if (count := sum(row.verdict == name for row in rows))
    )
    return (
        '<header><p class="kicker">A course on one small language model ·'
        f" {date.today().isoformat()}</p><h1>{_safe(TITLE)}</h1><p>{_safe(mine + when)}.</p><ul"
        f' class="tally" aria-label="How many claims got which verdict">{tally}</ul><dl'
        f' class="machine">{facts}</dl></header>'
    )


def _badge(verdict: str) -> str:
    kind = claims.VERDICTS.index(verdict)
    return (
        f'<span class="badge v{kind}"><span aria-hidden="true">{_MARKS[verdict]}</span>'
        f" {_safe(verdict)}</span>"
    )


def _table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = ""
) -> str:
    """A table whose first column heads its rows.

    The cells are HTML; the roles keep it a table where a phone stacks it.
    """
    head = "".join(
        f'<th scope="col" role="columnheader">{_scale(h) if _BETWEEN in h else _safe(h)}</th>'
        for h in heads
    )
    body = "".join(
        '<tr role="row">'
        + f'<th scope="row" role="rowheader">{cells[0]}</th>'
        + "".join(
            f'<td role="cell" data-head="{_safe(name)}">{cell}</td>'
            for name, cell in zip(heads[1:], cells[1:], strict=True)
        )
        + "</tr>"
        for cells in rows
    )
    return (
        f'<table role="table" class="{kind}"><caption>{_safe(caption)}</caption><thead'
        f' role="rowgroup"><tr role="row">{head}</tr></thead><tbody'
        f' role="rowgroup">{body}</tbody></table>'
    )


_BETWEEN = " … "


def _scale(head: str) -> str:
    """The ends and the middle of a drawing, spread over its width."""
    return (
        '<span class="scale">'
        + "".join(f"<span>{_safe(mark)}</span>" for mark in head.split(_BETWEEN))
        + "</span>"
    )


def _tests(row: Row) -> str:
    """What each test of the claim came to: the sentence of `claims.Row.because`, as a list."""
    items = "".join(
        f"<li><b>{_safe('side by side' if e.outcome == claims.SHOWN else e.outcome)}</b>"
        f" {_safe(e.about)}" + (f"<small>{_safe(e.text)}</small>" if e.text else "") + "</li>"
        for e in row.evidence
    )
    return f'<ul class="tests">{items}</ul>'


def _verdicts(rows: Sequence[Row], shipped: Sequence[Row]) -> str:
    def cells(row: Row, other: Row) -> list[str]:
        told = _badge(row.verdict)
        if claims.OWN in row.origin and row.verdict != other.verdict:
            told += f"<small>with the reference figures: {_safe(other.verdict)}</small>"
        return [
            _safe(row.id),
            _safe(row.claim),
            told,
            _tests(row),
            _safe(row.lesson),
            _safe(row.origin or "none"),
        ]

    heads = ["", "Claim", "Verdict", "Tests", "Lesson", "Figures"]
    table = _table(
        "Every claim of the course, and what the figures say",
        heads,
        (cells(*pair) for pair in zip(rows, shipped, strict=True)),
        "verdicts",
    )
    return (
        "<section><h2>The verdicts</h2><p>Each verdict is computed from the figures by a fixed"
        " rule. <i>Supported</i>: every test of the claim came out as it says. <i>Depends</i>:"
        " some did. <i>No difference seen</i>: the intervals leave it open. <i>Not here</i>: the"
        " figures say otherwise. <i>Not measured yet</i>: a figure is missing that could change"
        " the verdict. All of it holds for one small model and one invented"
        f" library.</p>{table}</section>"
    )


def _figures(own: Mapping, reference: Mapping) -> str:
    described = {(d.lesson, d.name): d for d in claims.load_figures()}
    found = {**reference["figures"], **own["figures"]}
    keys = [key for key in described if key in found] + sorted(
        key for key in found if key not in described
    )
    parts = []
    for lesson in sorted({key[0] for key in keys}):
        groups: dict[str, list] = {}
        for key in (k for k in keys if k[0] == lesson):
            triple = own["figures"].get(key), reference["figures"].get(key), described.get(key)
            groups.setdefault(_group(found[key]), []).append(triple)
        tables = "".join(_figure_table(name, groups[name]) for name in _GROUPS if name in groups)
        parts.append(
            f"<h3>{_safe(lesson)} · {_safe(LESSONS.get(lesson, 'More figures'))}</h3>{tables}"
        )
    if not parts:
        return ""
    own_mark, ref_mark = (
        '<svg viewBox="0 0 40 16" width="40" height="16"'
        f' aria-hidden="true">{_mark(kind, 8, 32, 20, 8)}</svg>'
        for kind in ("own", "ref")
    )
    return (
        f'<section><h2>The figures</h2><p class="key">{own_mark} yours {ref_mark} the reference,'
        " measured on a laptop-class CPU. The line is the 95 % interval.</p>"
        + "".join(parts)
        + "</section>"
    )


_GROUPS = {
    "share": "Shares, from 0 to 1",
    "difference": "Differences on the same questions: right of the middle line is more",
    "amount": "Amounts",
}


def _group(figure: Measurement) -> str:
    return {"": "share", DIFFERENCE: "difference"}.get(figure.unit, "amount")


def _figure_table(
    group: str, triples: Sequence[tuple[Measurement | None, Measurement | None, Described | None]]
) -> str:
    def cells(
        own: Measurement | None, ref: Measurement | None, described: Described | None
    ) -> list[str]:
        name = _safe((own or ref).name) + (
            f"<small>{_safe(described.meaning)}</small>" if described else ""
        )
        told = [
            _told(own) + (f"<small>{_safe(own.note)}</small>" if own and own.note else ""),
            _told(ref),
        ]
        return [name, *told] if group == "amount" else [name, drawing(own, ref, limit), *told]

    ends = [
        abs(x)
        for pair in triples
        for f in pair[:2]
        if f
        for x in (f.value, f.low, f.high)
        if x is not None
    ]
    limit = math.ceil(max(ends) * 4) / 4 or 0.25 if group == "difference" else None
    scale = _BETWEEN.join((f"−{limit:g}", "0", f"+{limit:g}") if limit else ("0", "0.5", "1"))
    heads = (
        ["Figure", "Yours", "Reference"]
        if group == "amount"
        else ["Figure", scale, "Yours", "Reference"]
    )
    return _table(_GROUPS[group], heads, (cells(*triple) for triple in triples), f"figures {group}")


def _told(figure: Measurement | None) -> str:
    """The figure as text whose number and interval stay on one line."""
    number, sign, count = str(figure or "–").partition(" n=")
    return f'<span class="whole">{_safe(number)}</span>{_safe(sign + count)}'


def drawing(own: Measurement | None, ref: Measurement | None, limit: float | None) -> str:
    """An inline SVG with the interval of each figure: from 0 to 1, or from −limit to +limit round a
    middle line.
    """
    low, high = (-limit, limit) if limit else (0.0, 1.0)

    def x(value: float) -> float:
        return round(
            _EDGE + (min(max(value, low), high) - low) / (high - low) * (_WIDTH - 2 * _EDGE), 1
        )

    marks = "".join(
        _mark(kind, *(x(f.value if end is None else end) for end in (f.low, f.high)), x(f.value), y)
        for kind, f, y in (("own", own, 11), ("ref", ref, 25))
        if f
    )
    lines = "".join(
        f'<line class="grid{" zero" if limit and not value else ""}" x1="{x(value)}"'
        f' x2="{x(value)}" y1="0" y2="36"/>'
        for value in (low, (low + high) / 2, high)
    )
    told = ", ".join(f"{who} {f}" for who, f in (("yours", own), ("reference", ref)) if f)
    return (
        f'<svg class="bar" role="img" aria-label="{_safe(told)}" viewBox="0 0 {_WIDTH} 36"'
        f' width="{_WIDTH}" height="36">{lines}{marks}</svg>'
    )


def _mark(kind: str, left: float, right: float, middle: float, y: float) -> str:
    """An interval with its mean: a disc for one's own, a hollow diamond and a dashed line for the
    reference.
    """
    line = f'<line class="{kind}" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'
    if kind == "own":
        return line + f'<circle class="own" cx="{middle}" cy="{y}" r="4.5"/>'
    return (
        line + f'<path class="ref" d="M{middle - 5} {y}L{middle} {y - 5}L{middle + 5} {y}L{middle}'
        f' {y + 5}Z"/>'
    )


def _predictions(own: Mapping, reference: Mapping) -> str:
    came = {
        f.name: (f, whose)
        for whose, found in ((claims.REFERENCE, reference), (claims.OWN, own))
        for f in found["figures"].values()
    }

    def cells(row: Mapping) -> list[str]:
        figure, whose = came.get(row["name"], (None, ""))
        said = f"{row['value']:.2f}"
        return [
            _safe(row["name"]),
            said,
            f"{_told(figure)}<small>{whose}</small>" if figure else "not measured yet",
            _safe(judged(row["value"], figure)) if figure else "–",
        ]

    if not own["predictions"]:
        return ""
    table = _table(
        "Predictions, and what came",
        ["Figure", "I said", "It came to", "So"],
        (cells(row) for row in own["predictions"].values()),
    )
    return f"<section><h2>What I expected</h2>{table}</section>"


def judged(expected: float, figure: Measurement) -> str:
    """How a prediction stands to what was measured, in words."""
    low, high = (figure.value if end is None else end for end in (figure.low, figure.high))
    if low <= expected <= high:
        return "right to the digit" if low == high else "inside the interval"
    gap = abs(expected - figure.value)
    return f"too {'high' if expected > high else 'low'}, by {gap:.2f}"


def _decisions(own: Mapping) -> str:
    if not own["decisions"]:
        return ""
    rows = (
        [_safe(d["scenario"]), _safe(d["choice"]), _safe(d.get("because") or "–")]
        for d in own["decisions"].values()
    )
    table = _table("One decision a scenario", ["Scenario", "My choice", "Because"], rows)
    return f"<section><h2>What I would choose</h2>{table}</section>"


def _reading() -> str:
    example = Measurement("", "", 0.65, 0.52, 0.78, 48)
    return (
        '<section class="reading"><h2>How to read an'
        f" interval</h2><p>{drawing(example, None, None)} <code>{_safe(example)}</code></p><p>Of 48"
        " questions a share of 0.65 was answered right; the drawing runs from 0 on the left to 1"
        " on the right. With 48 other questions of the same kind the share would have come out a"
        " little different. The brackets and the line say how different: it would plausibly lie"
        " between 0.52 and 0.78. More questions make them shorter.</p><p>Two systems are compared"
        " on the <i>same</i> questions, one by one. If the interval of that difference holds zero,"
        " no difference was seen: it may be there and too small for so few questions. An interval"
        " knows nothing of a badly chosen question, of another model or of another"
        " seed.</p></section>"
    )


def _foot() -> str:
    return (
        f"<footer><p>Made on this machine from <code>{_safe(measurements.path().name)}</code> in the"
        " course's cache folder. Nothing was sent anywhere; whoever gets this page gets it from"
        " you.</p></footer>"
    )


_STYLE = """
:root{color-scheme:light dark;--ground:#fff;--text:#1c2024;--soft:#555d66;--line:#d5dae0;--shade:#f4f6f8;
--own:#0060a0;--ref:#a34a00;
--yes:#00694b;--half:#0060a0;--open:#555d66;--no:#a33a00}
@media (prefers-color-scheme:dark){:root{--ground:#15181c;--text:#e8eaed;--soft:#a9b1ba;--line:#3a4048;
--shade:#1e2227;--own:#6cb8f0;
--ref:#f0a860;--yes:#4fc9a0;--half:#6cb8f0;--open:#a9b1ba;--no:#f59a6b}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
main{max-width:66rem;margin:0 auto;padding:1.5rem 1.25rem 3rem;overflow-wrap:break-word}
h1{font-size:2rem;line-height:1.2;margin:.2rem 0 .8rem}h2{font-size:1.4rem;margin:2.6rem 0 .6rem}
h3{font-size:1.1rem;margin:2rem 0 .4rem}
p{max-width:46rem}small{display:block;color:var(--soft);font-size:.82rem;font-weight:400;line-height:1.35}
.kicker,footer{color:var(--soft);font-size:.9rem;margin:0}
footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:.6rem}
.tally{list-style:none;display:flex;flex-wrap:wrap;gap:.5rem 1.2rem;margin:1rem 0;padding:0}
.machine{display:flex;flex-wrap:wrap;gap:.3rem 1.6rem;margin:0;color:var(--soft);font-size:.9rem}
.machine div{display:flex;gap:.4rem}
.machine dt::after{content:":"}.machine dd{margin:0}
.badge{display:inline-block;white-space:nowrap;border:1.5px solid currentColor;border-radius:1rem;padding:0 .6rem;
font-size:.86rem;font-weight:600}
.v0{color:var(--yes)}.v1{color:var(--half)}.v2,.v4{color:var(--open)}.v3{color:var(--no)}.v4{border-style:dashed}
table{border-collapse:collapse;width:100%;margin:.6rem 0 1.4rem;font-size:.92rem}
caption{text-align:left;color:var(--soft);font-size:.88rem;padding:.3rem 0}
th,td{text-align:left;vertical-align:top;padding:.5rem .7rem .5rem 0;border-bottom:1px solid var(--line)}
thead th{font-size:.82rem;color:var(--soft);border-bottom:2px solid var(--line)}
.figures tbody th{width:38%}.figures td{font-variant-numeric:tabular-nums}.verdicts td:nth-child(2){width:27%}
.verdicts td:nth-child(4){width:38%}
.tests{list-style:none;margin:0;padding:0}.tests li+li{margin-top:.3rem}.whole{white-space:nowrap}
.tests b{font-size:.9em;color:var(--soft)}
.scale{display:flex;justify-content:space-between;max-width:260px}.bar{display:block;max-width:100%;height:auto}
.grid{stroke:var(--line)}.zero{stroke:var(--soft)}
line.own{stroke:var(--own);stroke-width:3}circle.own{fill:var(--own)}
line.ref{stroke:var(--ref);stroke-width:2;stroke-dasharray:5 3}
path.ref{fill:var(--ground);stroke:var(--ref);stroke-width:2}
.key svg{vertical-align:middle}code{font-size:.92em;background:var(--shade);padding:.1em .3em;border-radius:3px}
@media (max-width:44rem){body{font-size:15px}h1{font-size:1.6rem}thead{position:absolute;left:-9999px}
table,tbody,tr,th,td,caption{display:block;width:auto!important}
tr{border-bottom:1px solid var(--line);padding:.7rem 0}
tbody th,td{border:0;padding:.15rem 0}
td[data-head]::before{content:attr(data-head) ": ";color:var(--soft);font-size:.82rem}
.verdicts tbody th{float:left;margin-right:.6rem}.verdicts td:nth-child(2){overflow:hidden}
.verdicts td:nth-child(2)::before{content:none}.bar{margin:.2rem 0}}
@media print{@page{size:A4;margin:14mm 13mm}
:root{color-scheme:light;--ground:#fff;--text:#000;--soft:#444;--line:#bbb;--shade:#f1f1f1;
--own:#0060a0;--ref:#a34a00;--yes:#00694b;--half:#0060a0;--open:#444;--no:#a33a00}
body{font-size:10pt}main{max-width:none;padding:0}table{font-size:8.8pt}small{font-size:7.8pt}.badge{font-size:8pt}
.figures tbody th{width:34%}.figures .bar{width:52mm}.scale{max-width:52mm}.verdicts td:nth-child(2){width:24%}
.verdicts td:nth-child(4){width:42%}
tr,svg,li,p,header,.reading{break-inside:avoid}h2,h3,caption,thead,.key{break-after:avoid}
thead{display:table-header-group}
svg,.badge{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
