"""A feedback page per learner: each task with its points, what was found, where to look, and the
learner's own answer.

A page holds one learner's submissions and nothing of anybody else's, so it can be given to
them as it is. What it leaves out: how the page looks (`templates/feedback.html.j2`), the class
(`overview`), files on disk (`outputs`).
"""

from collections.abc import Mapping, Sequence

from ftrag_helpers.grading.files import safe_name
from ftrag_helpers.grading.records import Result
from ftrag_helpers.grading.reports.tables import number, place, scored, several
from ftrag_helpers.notebook import rendering

_SOURCE = 12_000  # characters of an answer
_ENDED = {
    "needs marking": "A person still marks part of this, so the points below are not yet all.",
    "timed out": (
        "Your notebook ran longer than it may, so it has no score yet. This is not a zero: your"
        " instructor sees it, and you can ask to hand it in again."
    ),
    "crashed": (
        "Something in your notebook ended the process that ran it, so it has no score yet. This is"
        " not a zero: your instructor sees it, and you can ask to hand it in again."
    ),
    "damaged": (
        "This file could not be read as a notebook, so it has no score yet. This is not a zero:"
        " hand it in again, saved by JupyterLab."
    ),
    "not a submission": (
        "This file is not one of the course's exercises, so there was nothing to grade in it. This"
        " is not a zero: hand in the exercise's own notebook."
    ),
}


def names(results: Sequence[Result]) -> dict[str, str]:
    """The page's name by submission: one page a learner; one for each place, where a name may be
    that of two people.
    """
    unsure = {result.learner for result, _why in several(results) if not result.learner_id}
    return {
        result.file: file_name(
            result.learner, result.learner_id or (place(result) if result.learner in unsure else "")
        )
        for result in results
    }


def file_name(learner: str, key: str) -> str:
    """The name of a learner's page; `key` tells learners of one name apart."""
    return safe_name(learner, f"{key}\0{learner}", ".html")


def page(results: Sequence[Result], *, hints: Mapping[str, str], rubrics: Mapping[str, str]) -> str:
    """One learner's page. `hints` tell by task id where to look, `rubrics` how a task is marked by
    hand; both plain text.
    """
    return rendering.render(
        "grading/reports/templates/feedback.html.j2",
        title=f"Feedback: {results[0].learner}",
        learner=results[0].learner,
        results=results,
        hints=hints,
        rubrics=rubrics,
        ended=_ENDED,
        exercise=exercise,
        of=of,
        points=points,
        scored=scored,
        source=source,
    )


def exercise(slug: str) -> str:
    """An exercise's name for people.

    >>> exercise("02_task_fine_tuning"), exercise("")
    ('02 · Task fine tuning', 'No exercise recognised')
    """
    lesson, _, words = slug.partition("_")
    if lesson.isdecimal() and words:
        return f"{lesson} · {words.replace('_', ' ').capitalize()}"
    return slug or "No exercise recognised"


def points(most: float) -> str:
    """ "4 points", "1 point"."""
    return f"{number(most) or '0'} {'point' if most == 1 else 'points'}"


def of(earned: float | None, most: float) -> str:
    """ "3 of 4 points", the first "–" where nobody knows it."""
    return f"{number(earned) or '–'} of {points(most)}"


def source(text: str) -> tuple[str, str]:
    """What a learner wrote, as it stands, and how many characters of it are left out ("" for none).

    Hidden characters are shown as � so that code reads as it runs.
    """
    shown = text.replace("\r\n", "\n")[:_SOURCE]
    more = f"{len(text) - _SOURCE:,}" if len(text) > _SOURCE else ""
    return rendering.HIDDEN.sub("�", shown), more
