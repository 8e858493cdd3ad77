"""The paper that feedback pages and the class overview are written on: shell, style, escaping,
tables, bars.

A page is one file without scripts, fonts or pictures from elsewhere, and its content
security policy lets it load none: it opens offline, on a phone and in print. What this module
leaves out: what the pages say (`pages`, `overview`).
"""

import html
import re
from collections.abc import Iterable, Sequence

from ftrag_helpers.grading.records import STATUSES
from ftrag_helpers.grading.reports.tables import number

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_MARKS = dict(zip(STATUSES, "✓✎◷✕▨∅", strict=True))
_STATE_MARKS = {
    "passed": "✓",
    "failed": "✗",
    "not attempted": "–",
    "needs marking": "✎",
    "marked": "✎",
}


def page(title: str, body: str) -> str:
    """A whole page. `title` is plain text, `body` is HTML."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>'
        + safe(title)
        + "</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src'
        " 'unsafe-inline'\">\n"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def safe(text: object, hidden: str = "") -> str:
    """Text for the page: escaped; control characters and marks that turn or hide writing become
    `hidden`.
    """
    return html.escape(_HIDDEN.sub(hidden, str(text)))


def name(text: str) -> str:
    """A person's or file's name, which may be written from right to left, kept apart from the words
    around it.
    """
    return f"<bdi>{safe(text)}</bdi>"


def source(text: str, limit: int = 12_000) -> str:
    """What a learner wrote, as it stands; hidden characters are shown as � so that code reads as it
    runs.
    """
    more = (
        f'\n<p class="soft">… {len(text) - limit:,} more characters are in the notebook.</p>'
        if len(text) > limit
        else ""
    )
    shown = text.replace("\r\n", "\n")[:limit]
    return f'<pre dir="ltr" tabindex="0"><code>{safe(shown, "�")}</code></pre>{more}'


def exercise(slug: str) -> str:
    """An exercise's name for people.

    >>> exercise("02_task_fine_tuning"), exercise("")
    ('02 · Task fine tuning', 'No exercise recognised')
    """
    lesson, _, words = slug.partition("_")
    if not slug:
        return "No exercise recognised"
    return (
        f"{lesson} · {words.replace('_', ' ').capitalize()}"
        if lesson.isdecimal() and words
        else slug
    )


def of(points: float | None, most: float) -> str:
    """ "3 of 4 points", the first "–" where nobody knows it."""
    return f"{number(points) or '–'} of {number(most) or '0'} {'point' if most == 1 else 'points'}"


def status(kind: str) -> str:
    """How a submission ended, as a badge."""
    return (
        f'<span class="badge s{STATUSES.index(kind)}"><span'
        f' aria-hidden="true">{_MARKS[kind]}</span> {safe(kind)}</span>'
    )


def state(kind: str) -> str:
    """How a task ended, as a badge."""
    css = kind.replace(" ", "-") if kind in _STATE_MARKS else "failed"
    return (
        f'<span class="badge {css}"><span aria-hidden="true">{_STATE_MARKS.get(kind, "✗")}</span>'
        f" {safe(kind)}</span>"
    )


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """A table whose first column heads its rows.

    The cells are HTML; the roles keep it a table where a phone stacks it.
    """
    head = "".join(f'<th scope="col" role="columnheader">{safe(text)}</th>' for text in heads)
    body = "".join(
        '<tr role="row">'
        + f'<th scope="row" role="rowheader">{cells[0]}</th>'
        + "".join(
            f'<td role="cell" data-head="{safe(text)}">{cell}</td>'
            for text, cell in zip(heads[1:], cells[1:], strict=True)
        )
        + "</tr>"
        for cells in rows
    )
    return (
        f'<table role="table" class="{kind}"><caption>{safe(caption)}</caption><thead'
        f' role="rowgroup"><tr role="row">{head}</tr></thead><tbody'
        f' role="rowgroup">{body}</tbody></table>'
    )


def bar(share: float, told: str) -> str:
    """A bar filled to a share from 0 to 1; `told` says it in words."""
    width = round(200 * min(max(share, 0.0), 1.0), 1)
    return (
        f'<svg class="bar" role="img" aria-label="{safe(told)}" viewBox="0 0 202 14" width="202"'
        ' height="14"><rect class="frame" x="1" y="1" width="200" height="12"/><rect class="full"'
        f' x="1" y="1" width="{width}" height="12"/></svg>'
    )


_STYLE = """
:root{color-scheme:light dark;--ground:#fff;--text:#1c2024;--soft:#555d66;--line:#d5dae0;--shade:#f4f6f8;
--fill:#0060a0;--yes:#00694b;--half:#0060a0;--open:#555d66;--no:#a33a00}
@media (prefers-color-scheme:dark){:root{--ground:#15181c;--text:#e8eaed;--soft:#a9b1ba;--line:#3a4048;
--shade:#1e2227;--fill:#6cb8f0;--yes:#4fc9a0;--half:#6cb8f0;--open:#a9b1ba;--no:#f59a6b}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
main{max-width:62rem;margin:0 auto;padding:1.5rem 1.25rem 3rem;overflow-wrap:anywhere}
h1{font-size:2rem;line-height:1.2;margin:.2rem 0 .8rem}h2{font-size:1.4rem;margin:2.6rem 0 .6rem}
h3{font-size:1.1rem;margin:0 0 .3rem}h4{font-size:.92rem;margin:.8rem 0 .2rem;color:var(--soft);font-weight:600}
p{max-width:46rem;margin:.5rem 0}a{color:var(--half)}
.kicker,footer,.soft,small{color:var(--soft);font-size:.9rem}.kicker{margin:0}small{display:block;font-size:.82rem}
footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:.6rem}
.score{display:flex;flex-wrap:wrap;align-items:center;gap:.4rem 1rem;margin:.4rem 0 1rem}
.score b{font-size:1.5rem;font-variant-numeric:tabular-nums}
.badge{display:inline-block;white-space:nowrap;border:1.5px solid currentColor;border-radius:1rem;padding:0 .6rem;
font-size:.86rem;font-weight:600}
.s0,.passed{color:var(--yes)}.s1,.needs-marking,.marked{color:var(--half)}.s2,.s3,.failed{color:var(--no)}
.s4,.s5,.not-attempted{color:var(--open)}.not-attempted,.needs-marking{border-style:dashed}
.task{border:1px solid var(--line);border-left:5px solid var(--open);border-radius:4px;padding:.8rem 1rem;margin:.9rem 0}
.task.is-passed{border-left-color:var(--yes)}.task.is-failed{border-left-color:var(--no)}
.task.is-needs-marking,.task.is-marked{border-left-color:var(--half)}
.task header{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:baseline;justify-content:space-between}
.points{white-space:nowrap;font-variant-numeric:tabular-nums}.message{white-space:pre-wrap}
.notice{border:1.5px solid var(--no);border-radius:4px;padding:.6rem 1rem;max-width:46rem}
.tiles{list-style:none;display:flex;flex-wrap:wrap;gap:.5rem 1.6rem;margin:1rem 0;padding:0}
.tiles b{font-size:1.3rem;margin-right:.3rem;font-variant-numeric:tabular-nums}
.names{list-style:none;margin:.4rem 0;padding:0;columns:16rem;column-gap:2rem}
pre{background:var(--shade);border-radius:4px;padding:.6rem .8rem;margin:.2rem 0;max-height:28rem;overflow:auto;
white-space:pre-wrap;overflow-wrap:anywhere;font:.86rem/1.45 ui-monospace,"DejaVu Sans Mono",Consolas,monospace;
tab-size:4;unicode-bidi:plaintext}
pre code{font:inherit}code{font-size:.92em}
table{border-collapse:collapse;width:100%;margin:.6rem 0 1.4rem;font-size:.92rem}
caption{text-align:left;color:var(--soft);font-size:.88rem;padding:.3rem 0}
th,td{text-align:left;vertical-align:top;padding:.5rem .7rem .5rem 0;border-bottom:1px solid var(--line)}
thead th{font-size:.82rem;color:var(--soft);border-bottom:2px solid var(--line)}
td{font-variant-numeric:tabular-nums}tbody th{min-width:6.5rem}
.wide tbody th{min-width:3rem}.wide td:nth-child(3){width:52%}.people td:last-child{width:38%}
svg{display:block;max-width:100%;height:auto}.bar{display:inline-block;vertical-align:middle}
.points .bar{width:9rem;max-width:none}
.frame{fill:var(--shade);stroke:var(--line)}.full{fill:var(--fill)}
.half{fill:var(--ground);stroke:var(--fill);stroke-width:1.5;stroke-dasharray:4 2.5}
.axis{stroke:var(--soft)}svg text{fill:var(--text);font:13px system-ui,"Liberation Sans",sans-serif}
.key{display:inline-block;width:1rem;height:.8rem;border:1.5px solid var(--fill);background:var(--fill);margin-right:.3rem}
.key.open{background:none;border-style:dashed}
@media (max-width:44rem){body{font-size:15px}h1{font-size:1.6rem}thead{position:absolute;left:-9999px}
table,tbody,tr,th,td,caption{display:block;width:auto!important}
tr{border-bottom:1px solid var(--line);padding:.7rem 0}tbody th,td{border:0;padding:.15rem 0}
td[data-head]::before{content:attr(data-head) ": ";color:var(--soft);font-size:.82rem}}
@media print{@page{size:A4;margin:14mm 13mm}
:root{color-scheme:light;--ground:#fff;--text:#000;--soft:#444;--line:#bbb;--shade:#f4f4f4;
--fill:#0060a0;--yes:#00694b;--half:#0060a0;--open:#444;--no:#a33a00}
body{font-size:10pt}main{max-width:none;padding:0}table{font-size:8.8pt}pre{max-height:none;overflow:visible;font-size:8pt}
a{color:inherit;text-decoration:none}tr,svg,li,.task header,.notice{break-inside:avoid}h2,h3,h4,caption,thead{break-after:avoid}
thead{display:table-header-group}svg,.badge,.key,.task,pre{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
