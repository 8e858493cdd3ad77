"""A class of sixty, as it comes out of Moodle, Canvas and a folder: every state and mark is what a
person gives by hand.
"""

import functools

import class_of_sixty
import pytest

from ftrag_helpers.environment import runtime
from ftrag_helpers.grading import engine, grader, records
from ftrag_helpers.grading.execution import runner, sandbox

REASON = sandbox.refusal()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(REASON), reason=f"no sandbox here: {REASON[:150]}"),
]
#: Seconds a cell or check, where some learners use all of it (and the others a small part); None:
#: what each task allows.
TIMEOUT = {"moodle": None, "canvas": None, "folder": 12}
MEMORY = 2**29


def given(result: records.Result) -> tuple:
    """What the grader says, in the form of `Handed.marks`."""
    return (
        result.status,
        result.score,
        tuple(task.state for task in result.tasks),
        tuple(task.points for task in result.tasks),
    )


@pytest.mark.model  # exercise 1 loads the language model; and sixty are too many for the fast tests
@pytest.mark.parametrize("week", class_of_sixty.WEEKS)
def test_every_learner_gets_the_marks_that_a_person_gives(week, tmp_path, monkeypatch):
    monkeypatch.setattr(
        grader,
        "Setting",
        functools.partial(runner.Setting, limits=sandbox.Limits(memory_bytes=MEMORY)),
    )
    path = class_of_sixty.write(week, tmp_path / "in")
    results = engine.grade(
        path, runtime.course_root() / "solutions", tmp_path / "out", jobs=2, timeout=TIMEOUT[week]
    )
    found = {(result.learner, result.learner_id, result.platform): result for result in results}
    by_hand = {
        (one.learner, one.learner_id, one.platform): one for one in class_of_sixty.handed_in(week)
    }
    assert len(results) == 20 and sorted(found) == sorted(by_hand)
    wrong = [
        f"{by_hand[who].what}: {by_hand[who].marks}, and the grader says {given(found[who])}:"
        f" {found[who].detail} "
        + " ".join(task.message for task in found[who].tasks if task.message)
        for who in by_hand
        if given(found[who]) != by_hand[who].marks
    ]
    assert not wrong, "\n".join(wrong)


def test_the_class_is_what_it_says():
    """Sixty different files, a person's marks within each exercise's points, and the points those
    of the solutions.
    """
    class_ = [one for week in class_of_sixty.WEEKS for one in class_of_sixty.handed_in(week)]
    assert len({one.data for one in class_}) == len({(one.slug, one.what) for one in class_}) == 60
    assert all(
        len(one.tasks) == (len(class_of_sixty.POINTS[one.slug]) if one.tasks else 0)
        for one in class_
    )
    assert {sum(points) for points in class_of_sixty.POINTS.values()} == {20}
    assert (
        sum(one.marks[1] == 20 for one in class_) >= 16
        and sum(one.marks[1] is None for one in class_) >= 9
    )
