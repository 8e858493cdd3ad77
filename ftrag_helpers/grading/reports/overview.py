"""The class at a glance: how many points, which tasks are hard, which wrong answers are frequent,
who needs a person.

Names are in it: it is the instructor's page. What it leaves out: one learner's feedback
(`pages`), the paper it is written on (`sheet`), files on disk (`outputs`).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ftrag_helpers.grading.records import STATUSES, Result
from ftrag_helpers.grading.reports import pages, tables, template
from ftrag_helpers.grading.reports.tables import scored

_NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?")
_OTHER_INPUTS = "with other inputs: "
_WRONG_ANSWERS = 15
_MESSAGE = 300
_BINS = 10
_WIDTH, _HEIGHT, _FLOOR, _EDGE = 640, 220, 180, 14


@dataclass(frozen=True)
class Difficulty:
    """A task over all submissions with a score whose points for it are known; `share` of the points
    earned, 0 to 1.
    """

    id: str
    title: str
    share: float
    states: Mapping[str, int]


@dataclass(frozen=True)
class WrongAnswer:
    """A message that failed answers share but for its numbers; `example` is the first result with
    it.
    """

    task: str
    message: str
    count: int
    example: Result


def page(results: Sequence[Result], folder: str = "feedback") -> str:
    """The overview. `folder` is where the learners' pages lie, seen from it."""
    links = {file: f"{folder}/{name}" for file, name in pages.names(results).items()}
    exercises = sorted({result.assignment for result in results if result.assignment})
    head = (
        '<header><p class="kicker">For the instructor: names and marks are on this page</p><h1>The'
        f" class at a glance</h1>{_tally(results)}</header>"
    )
    parts = [
        _exercise(name, [r for r in results if r.assignment == name], links) for name in exercises
    ]
    foot = "<footer><p>Made on this machine. Nothing was sent anywhere.</p></footer>"
    body = [
        head,
        _not_graded(results, links),
        _twice(results, links),
        *parts,
        _to_mark(results, links),
        foot,
    ]
    return template.page("The class at a glance", "\n".join(part for part in body if part))


def _tally(results: Sequence[Result]) -> str:
    counts = Counter(result.status for result in results)
    items = "".join(
        f"<li><b>{counts[kind]}</b>{template.status(kind)}</li>"
        for kind in STATUSES
        if counts[kind]
    )
    return (
        '<ul class="tiles" aria-label="How the submissions'
        f' ended"><li><b>{len(results)}</b>submissions</li>{items}</ul>'
    )


# --- figures


def hardest(results: Sequence[Result]) -> list[Difficulty]:
    """The tasks of one exercise, the hardest first; equal ones in the course's order."""
    found: dict[str, list] = {}
    for task in (task for result in results if scored(result) for task in result.tasks):
        found.setdefault(task.id, []).append(task)
    told = []
    for task_id, tasks in found.items():
        known = [task for task in tasks if task.state != "needs marking" and task.max_points]
        share = sum(task.points / task.max_points for task in known) / len(known) if known else 1.0
        told.append(
            Difficulty(task_id, tasks[0].title, share, Counter(task.state for task in tasks))
        )
    return sorted(told, key=lambda task: (task.share, tables.in_course_order(task.id)))


def wrong_answers(results: Sequence[Result]) -> list[WrongAnswer]:
    """Failed tasks grouped by message, whatever numbers stand in it, the most frequent first."""
    groups: dict[tuple[str, str], list] = {}
    for result in results:
        for task in result.tasks:
            if task.state == "failed" and task.message:
                groups.setdefault((task.id, same_but_for_numbers(task.message)), []).append(
                    (task.message, result)
                )
    found = [
        WrongAnswer(task, group[0][0].removeprefix(_OTHER_INPUTS), len(group), group[0][1])
        for (task, _), group in groups.items()
    ]
    return sorted(
        found, key=lambda wrong: (-wrong.count, tables.in_course_order(wrong.task), wrong.message)
    )


def same_but_for_numbers(message: str) -> str:
    """A message in which every number is the same, and no matter whether the visible or a hidden
    check said it.

    >>> same_but_for_numbers("with other inputs: double(-7) should be -14, got 2.5e3")
    'double(#) should be #, got #'
    """
    return _NUMBER.sub("#", " ".join(message.removeprefix(_OTHER_INPUTS).split()))


def bins(results: Sequence[Result]) -> list[tuple[float, float, int, int]]:
    """(from, to, graded, still marked by hand) for each of ten equal steps of the score; the last
    holds the full score.
    """
    most = max((result.max_score for result in results), default=0.0)
    known = [result for result in results if scored(result)]
    if not known or not most:
        return []
    place = [min(int(_BINS * max(result.score, 0.0) / most + 1e-9), _BINS - 1) for result in known]
    counts = Counter(
        (at, result.status == "graded") for at, result in zip(place, known, strict=True)
    )
    return [
        (most * at / _BINS, most * (at + 1) / _BINS, counts[at, True], counts[at, False])
        for at in range(_BINS)
    ]


# --- sections


def _exercise(slug: str, results: Sequence[Result], links: Mapping[str, str]) -> str:
    final = [result.score for result in results if result.status == "graded"]
    most = max(result.max_score for result in results)
    told = []
    if final:
        told = [
            f"<li><b>{tables.number(median(final))}</b>median of {tables.number(most)}</li>",
            f"<li><b>{tables.number(sum(final) / len(final))}</b>mean</li>",
            f"<li><b>{tables.number(min(final))} to {tables.number(max(final))}</b>range</li>",
        ]
    basis = (
        f'<p class="soft">Median, mean and range are those of the {len(final)} final scores.</p>'
        if final
        else ""
    )
    tiles = f'<ul class="tiles">{"".join(told)}</ul>' if told else ""
    return (
        f"<section><h2>{template.safe(template.exercise(slug))}</h2>{_tally(results)}{tiles}{basis}"
        f"{_distribution(results)}{_hardest(results)}{_wrong(results, links)}</section>"
    )


def _distribution(results: Sequence[Result]) -> str:
    steps = bins(results)
    if not steps:
        return "<p>No submission has a score yet.</p>"
    some = any(open_ for *_, open_ in steps)
    key = '<p class="soft"><span class="key"></span>final score'
    key += (
        ' <span class="key open"></span>points so far, part of it still marked by hand</p>'
        if some
        else "</p>"
    )
    return f"<h3>How the points are spread</h3>{histogram(steps)}{key}"


def histogram(steps: Sequence[tuple[float, float, int, int]]) -> str:
    """An inline SVG of `bins`, whose label tells all its numbers."""
    top = max(final + rest for _, _, final, rest in steps) or 1
    wide = (_WIDTH - 2 * _EDGE) / len(steps)
    parts = []
    for at, (low, _high, final, rest) in enumerate(steps):
        x, tall, more = (
            _EDGE + at * wide + 3,
            (_FLOOR - 24) * final / top,
            (_FLOOR - 24) * rest / top,
        )
        box = f'x="{x:.1f}" width="{wide - 6:.1f}"'
        parts += (
            [f'<rect class="full" {box} y="{_FLOOR - tall:.1f}" height="{tall:.1f}"/>']
            if final
            else []
        )
        parts += (
            [f'<rect class="half" {box} y="{_FLOOR - tall - more:.1f}" height="{more:.1f}"/>']
            if rest
            else []
        )
        parts += (
            [_words(x + wide / 2 - 3, _FLOOR - tall - more - 6, str(final + rest))]
            if final + rest
            else []
        )
        parts.append(_words(x - 3, _FLOOR + 17, tables.number(low)))
    parts += [
        _words(_WIDTH - _EDGE, _FLOOR + 17, tables.number(steps[-1][1])),
        _words(_WIDTH / 2, _HEIGHT - 6, "points; above each bar the submissions"),
        f'<line class="axis" x1="{_EDGE}" x2="{_WIDTH - _EDGE}" y1="{_FLOOR}" y2="{_FLOOR}"/>',
    ]
    told = ", ".join(
        f"{tables.number(low)} to {tables.number(high)}: {final + rest}"
        for low, high, final, rest in steps
        if final + rest
    )
    return (
        f'<svg role="img" aria-label="Submissions by points. {template.safe(told)}." viewBox="0 0'
        f' {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}">{"".join(parts)}</svg>'
    )


def _words(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{template.safe(text)}</text>'


def _hardest(results: Sequence[Result]) -> str:
    def cells(task: Difficulty) -> list[str]:
        unknown = task.states.get("needs marking", 0) == sum(task.states.values())
        percent = f"{100 * task.share:.0f} %"
        drawn = (
            f'<span class="points">{template.bar(task.share, f"{percent} of the points")}'
            f" {percent}</span>"
        )
        states = sorted(task.states.items(), key=lambda item: -item[1])
        return [
            f"{template.safe(task.id)} · {template.safe(task.title)}",
            "not marked yet" if unknown else drawn,
            ", ".join(f"{count} {template.safe(kind)}" for kind, count in states),
        ]

    tasks = hardest(results)
    if not tasks:
        return ""
    return template.table(
        "The tasks, hardest first, over the submissions with a score",
        ["Task", "Of its points", "How it ended"],
        map(cells, tasks),
    )


def _wrong(results: Sequence[Result], links: Mapping[str, str]) -> str:
    found = wrong_answers(results)
    if not found:
        return ""
    rest = len(found) - _WRONG_ANSWERS
    more = f'<p class="soft">{rest} rarer ones are not shown.</p>' if rest > 0 else ""
    rows = (
        [
            template.safe(wrong.task),
            str(wrong.count),
            template.safe(_short(wrong.message)),
            _link(wrong.example, links),
        ]
        for wrong in found[:_WRONG_ANSWERS]
    )
    return (
        template.table(
            "The most frequent wrong answers; messages that differ only in their numbers are"
            " counted together",
            ["Task", "How often", "What was found (the first one's numbers)", "For example"],
            rows,
            "wide",
        )
        + more
    )


def _short(message: str) -> str:
    return message if len(message) <= _MESSAGE else f"{message[:_MESSAGE]} …"


def _not_graded(results: Sequence[Result], links: Mapping[str, str]) -> str:
    failed = sorted(
        (result for result in results if not scored(result)),
        key=lambda r: (STATUSES.index(r.status), r.file),
    )
    if not failed:
        return ""
    rows = (
        [
            _link(result, links),
            template.name(result.file),
            template.status(result.status),
            template.safe(_short(result.detail)),
        ]
        for result in failed
    )
    found = template.table(
        "They have no score, and none of them is a zero. The same list is in not_graded.csv.",
        ["Learner", "File", "Status", "Why"],
        rows,
        "people",
    )
    return f"<section><h2>Who needs a person: not graded</h2>{found}</section>"


def _twice(results: Sequence[Result], links: Mapping[str, str]) -> str:
    rows = [
        [
            _link(result, links),
            template.name(result.file),
            template.status(result.status),
            tables.number(result.score) or "–",
            template.safe(why),
        ]
        for result, why in tables.several(results)
    ]
    if not rows:
        return ""
    found = template.table(
        "One of them counts, and which one is for you to say: none is in the import files. The same"
        " list is in handed_in_twice.csv.",
        ["Learner", "File", "Status", "Score", "Remark"],
        rows,
        "people",
    )
    return f"<section><h2>Who needs a person: handed in more than once</h2>{found}</section>"


def _to_mark(results: Sequence[Result], links: Mapping[str, str]) -> str:
    waiting: dict[str, list[Result]] = {}
    for result in results:
        for task in result.tasks:
            if task.state == "needs marking":
                waiting.setdefault(f"{task.id} · {task.title}", []).append(result)
    if not waiting:
        return ""
    parts = []
    for title, found in waiting.items():
        names = "".join(f"<li>{_link(result, links)}</li>" for result in found)
        answers = "1 answer" if len(found) == 1 else f"{len(found)} answers"
        parts.append(f'<h3>{template.safe(title)}: {answers}</h3><ul class="names">{names}</ul>')
    return (
        "<section><h2>Who needs a person: to mark by hand</h2><p>Fill in the points in"
        " <code>to_mark.csv</code> and run the same command again: nothing is graded"
        f" twice.</p>{''.join(parts)}</section>"
    )


def _link(result: Result, links: Mapping[str, str]) -> str:
    return f'<a href="{template.safe(links[result.file])}">{template.name(result.learner)}</a>'
