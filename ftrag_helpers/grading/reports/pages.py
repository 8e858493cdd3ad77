"""A feedback page per learner: each task with its points, what was found, where to look, and the
learner's own answer.

A page holds one learner's submissions and nothing of anybody else's, so it can be given to
them as it is. What it leaves out: the class (`overview`), the paper it is written on (`sheet`),
files on disk (`outputs`).
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence

from ftrag_helpers.grading.records import Result, TaskResult
from ftrag_helpers.grading.reports import template
from ftrag_helpers.grading.reports.tables import place, scored, several

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


def file_name(learner: str, learner_id: str) -> str:
    """A name for a learner's page: safe on every system, readable, and different for different
    learners.

    >>> file_name("Zoë / ../Ek", "12")
    'zoe-ek-5a881f6f1b67.html'
    """
    plain = unicodedata.normalize("NFKD", learner).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "learner"
    told = f"{learner_id}\0{learner}".encode("utf-8", "replace")
    return f"{slug}-{hashlib.sha256(told).hexdigest()[:12]}.html"


def page(results: Sequence[Result], *, hints: Mapping[str, str], rubrics: Mapping[str, str]) -> str:
    """One learner's page. `hints` tell by task id where to look, `rubrics` how a task is marked by
    hand; both plain text.
    """
    learner = results[0].learner
    head = (
        '<header><p class="kicker">Feedback on your'
        f" exercises</p><h1>{template.name(learner)}</h1></header>"
    )
    body = "\n".join(_submission(result, hints, rubrics) for result in results)
    foot = (
        "<footer><p>Each check runs your answer on the inputs that you see in the notebook and on"
        " others of the same kind. If you think that a check is wrong, show this page to your"
        " instructor.</p></footer>"
    )
    return template.page(f"Feedback: {learner}", f"{head}\n{body}\n{foot}")


def _submission(result: Result, hints: Mapping[str, str], rubrics: Mapping[str, str]) -> str:
    parts = [f"<h2>{template.safe(template.exercise(result.assignment))}</h2>", _score(result)]
    if result.status in _ENDED:
        parts.append(f'<div class="notice"><p>{_ENDED[result.status]}</p>{_detail(result)}</div>')
    elif result.detail:
        parts.append(_detail(result))
    answers = dict(result.answers)
    parts += [
        _task(task, answers.get(task.id), hints.get(task.id, ""), rubrics.get(task.id, ""))
        for task in result.tasks
    ]
    return "<section>" + "\n".join(parts) + "</section>"


def _score(result: Result) -> str:
    told = template.of(result.score, result.max_score) if scored(result) else "No score yet"
    so_far = " so far" if result.status == "needs marking" else ""
    share = result.score / result.max_score if scored(result) and result.max_score else 0.0
    drawn = template.bar(share, told + so_far) if scored(result) else ""
    return (
        f'<div class="score"><b>{told}{so_far}</b>{drawn}{template.status(result.status)}</div>'
        f'<p class="soft">File: {template.name(result.file)}</p>'
    )


def _detail(result: Result) -> str:
    return f'<p class="message">{template.safe(result.detail)}</p>' if result.detail else ""


def _task(task: TaskResult, answer: str | None, hint: str, rubric: str) -> str:
    kind = task.state.replace(" ", "-")
    points = (
        "still to be marked"
        if task.state == "needs marking"
        else template.of(task.points, task.max_points)
    )
    parts = [
        f"<header><h3>{template.safe(task.id)} · {template.safe(task.title)}</h3><span><span"
        f' class="points">{points}</span> {template.state(task.state)}</span></header>'
    ]
    if task.message:
        heading = "What your marker says" if task.state == "marked" else "What was found"
        parts.append(f'<h4>{heading}</h4><p class="message">{template.safe(task.message)}</p>')
    if task.state in ("failed", "not attempted"):
        parts.append(_where_to_look(task, hint))
    if answer is not None:
        parts.append(f"<h4>Your answer</h4>{template.source(answer)}")
    if rubric:
        parts.append(
            "<h4>How it is marked"
            f" ({template.of(task.max_points, task.max_points).partition(' of ')[2]})</h4>"
            f'<p class="message">{template.safe(rubric)}</p>'
        )
    return f'<article class="task is-{template.safe(kind)}">' + "".join(parts) + "</article>"


def _where_to_look(task: TaskResult, hint: str) -> str:
    first = f"{template.safe(hint)} " if hint else ""
    return (
        f"<h4>Where to look</h4><p>{first}In your notebook, mend the answer to task"
        f" {template.safe(task.id)} and run the "
        f'check below it; <code>check.hint("{template.safe(task.id)}")</code> gives hints, one at a'
        " time.</p>"
    )
