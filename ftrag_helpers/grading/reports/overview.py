"""The class at a glance: how many points, which tasks are hard, which wrong answers are frequent,
who needs a person.

Names are in it: it is the instructor's page. What it leaves out: how the page looks
(`templates/overview.html.j2`), one learner's feedback (`pages`), files on disk (`outputs`).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from ftrag_helpers.grading.records import STATUSES, Result, TaskResult
from ftrag_helpers.grading.reports import pages, tables
from ftrag_helpers.grading.reports.tables import number, scored
from ftrag_helpers.notebook import rendering

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

    @property
    def ended(self) -> str:
        """How often it ended in which state, the most frequent first."""
        states = sorted(self.states.items(), key=lambda item: -item[1])
        return ", ".join(f"{count} {state}" for state, count in states)


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
    exercises = sorted({result.assignment for result in results if result.assignment})
    return rendering.render(
        "grading/reports/templates/overview.html.j2",
        title="The class at a glance",
        results=results,
        statuses=STATUSES,
        links={file: f"{folder}/{name}" for file, name in pages.names(results).items()},
        not_graded=sorted(
            (result for result in results if not scored(result)),
            key=lambda r: (STATUSES.index(r.status), r.file),
        ),
        several=tables.several(results),
        exercises=[_exercise(s, [r for r in results if r.assignment == s]) for s in exercises],
        to_mark=_to_mark(results),
        most_wrong=_WRONG_ANSWERS,
        number=number,
        short=_short,
    )


def _exercise(slug: str, results: Sequence[Result]) -> dict:
    """What the page says of one exercise; median, mean and range are those of its final scores."""
    final = [result.score for result in results if result.status == "graded"]
    figures = (
        {
            "median": number(median(final)),
            "mean": number(sum(final) / len(final)),
            "low": number(min(final)),
            "high": number(max(final)),
        }
        if final
        else {}
    )
    return figures | {
        "name": pages.exercise(slug),
        "results": results,
        "final": len(final),
        "most": number(max(result.max_score for result in results)),
        "histogram": histogram(bins(results)),
        "hardest": hardest(results),
        "wrong": wrong_answers(results),
    }


def _to_mark(results: Sequence[Result]) -> dict[str, list[Result]]:
    """By task, the results in which a person still marks it."""
    waiting: dict[str, list[Result]] = {}
    for result in results:
        for task in result.tasks:
            if task.state == "needs marking":
                waiting.setdefault(f"{task.id} · {task.title}", []).append(result)
    return waiting


def _short(message: str) -> str:
    return message if len(message) <= _MESSAGE else f"{message[:_MESSAGE]} …"


def hardest(results: Sequence[Result]) -> list[Difficulty]:
    """The tasks of one exercise, the hardest first; equal ones in the course's order."""
    by_id: dict[str, list] = {}
    for task in (task for result in results if scored(result) for task in result.tasks):
        by_id.setdefault(task.id, []).append(task)
    tasks = [
        Difficulty(name, same[0].title, _share(same), Counter(task.state for task in same))
        for name, same in by_id.items()
    ]
    return sorted(tasks, key=lambda task: (task.share, tables.in_course_order(task.id)))


def _share(tasks: Sequence[TaskResult]) -> float:
    """Of the points of answers that are marked, the share earned; 1 where none is."""
    known = [task for task in tasks if task.state != "needs marking" and task.max_points]
    return sum(task.points / task.max_points for task in known) / len(known) if known else 1.0


def wrong_answers(results: Sequence[Result]) -> list[WrongAnswer]:
    """Failed tasks grouped by message, whatever numbers stand in it, the most frequent first."""
    groups: dict[tuple[str, str], list] = {}
    for result in results:
        for task in result.tasks:
            if task.state == "failed" and task.message:
                key = task.id, same_but_for_numbers(task.message)
                groups.setdefault(key, []).append((task.message, result))
    wrong = [
        WrongAnswer(task, group[0][0].removeprefix(_OTHER_INPUTS), len(group), group[0][1])
        for (task, _), group in groups.items()
    ]
    return sorted(wrong, key=lambda w: (-w.count, tables.in_course_order(w.task), w.message))


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
    counts = Counter(
        (min(int(_BINS * max(r.score, 0.0) / most + 1e-9), _BINS - 1), r.status == "graded")
        for r in known
    )
    return [
        (most * at / _BINS, most * (at + 1) / _BINS, counts[at, True], counts[at, False])
        for at in range(_BINS)
    ]


def histogram(steps: Sequence[tuple[float, float, int, int]]) -> dict:
    """`bins` as a drawing's boxes and words, and a label with all its numbers; {} for none."""
    if not steps:
        return {}
    top = max(final + rest for _, _, final, rest in steps) or 1
    wide = (_WIDTH - 2 * _EDGE) / len(steps)
    boxes, words = [], []
    for at, (low, _high, final, rest) in enumerate(steps):
        x, y = _EDGE + at * wide, float(_FLOOR)
        for look, count in (("full", final), ("rest", rest)):
            tall = (_FLOOR - 24) * count / top
            y -= tall
            if count:
                boxes.append((look, *_rounded(x + 3, y, wide - 6, tall)))
        if final + rest:
            words.append((*_rounded(x + wide / 2, y - 6), final + rest))
        words.append((*_rounded(x, _FLOOR + 17), number(low)))
    words.append((*_rounded(_WIDTH - _EDGE, _FLOOR + 17), number(steps[-1][1])))
    words.append((*_rounded(_WIDTH / 2, _HEIGHT - 6), "points; above each bar the submissions"))
    return {
        "label": ", ".join(
            f"{number(low)} to {number(high)}: {final + rest}"
            for low, high, final, rest in steps
            if final + rest
        ),
        "some_open": any(rest for *_, rest in steps),
        "boxes": boxes,
        "words": words,
        "width": _WIDTH,
        "height": _HEIGHT,
        "floor": _FLOOR,
        "left": _EDGE,
        "right": _WIDTH - _EDGE,
    }


def _rounded(*lengths: float) -> list[str]:
    return [f"{length:.1f}" for length in lengths]
