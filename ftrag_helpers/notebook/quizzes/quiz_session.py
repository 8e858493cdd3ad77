"""A learner's way through a quiz: one question after the other, in an order of their own.

A `Session` is a value; each step gives a new one. `save` keeps it in a file on this computer, and
does so only when the learner asks for it. What it leaves out: the screen (`quiz`), and marks.
"""

import hashlib
import json
import os
import random
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import NonNegativeInt, TypeAdapter, ValidationError

from ftrag_helpers.data.data_files import EXACTLY
from ftrag_helpers.environment import runtime, variables
from ftrag_helpers.errors import CourseError
from ftrag_helpers.notebook.quizzes.quiz_questions import QuizQuestion


@dataclass(frozen=True)
class Session:
    """Where a learner stands in a quiz.

    `order` holds the ids of this round's questions as they are asked; `at` is the place of the
    current one, `len(order)` when the round is over. `chosen` holds the options tried, by the
    question's id, each by its place in the file.
    """

    __pydantic_config__ = EXACTLY
    seed: NonNegativeInt
    round: NonNegativeInt
    order: tuple[str, ...]
    at: NonNegativeInt
    chosen: dict[str, tuple[NonNegativeInt, ...]]

    @property
    def over(self) -> bool:
        """Whether every question of this round has been shown."""
        return self.at >= len(self.order)

    @property
    def current(self) -> str | None:
        """The id of the question that is asked now; None when the round is over."""
        return None if self.over else self.order[self.at]

    def choose(self, place: int) -> "Session":
        """The session after an option of the current question was tried; twice counts once."""
        if self.current is None or place in self.tried(self.current):
            return self
        tried = (*self.tried(self.current), place)
        return replace(self, chosen={**self.chosen, self.current: tried})

    def tried(self, question_id: str) -> tuple[int, ...]:
        """The options of a question that were tried in this round, the first one first."""
        return self.chosen.get(question_id, ())

    def forward(self) -> "Session":
        """The session at the next question, or at the end of the round."""
        return replace(self, at=min(self.at + 1, len(self.order)))


def begin(
    questions: Sequence[QuizQuestion],
    seed: int | None = None,
    *,
    round: int = 0,  # noqa: A002 (the field's name)
) -> Session:
    """A session with these questions, shuffled by the seed (default: another one each time).

    The seed is drawn apart from Python's own random numbers, which a lesson may have seeded.
    """
    seed = secrets.randbelow(2**32) if seed is None else seed
    order = [question.id for question in questions]
    random.Random(f"{seed}:{round}").shuffle(order)
    return Session(seed, round, tuple(order), 0, {})


def again(session: Session, questions: Sequence[QuizQuestion]) -> Session:
    """The next round: only the questions that this one missed, shuffled anew; all of them where it
    missed none.
    """
    missed = [q for q in questions if q.id in session.order and not first_try(session, q)]
    return begin(missed or questions, session.seed, round=session.round + 1)


def option_order(session: Session, question: QuizQuestion) -> tuple[int, ...]:
    """The places of a question's options in the order in which this session shows them.

    It is the same however often the question is shown in a round.
    """
    places = list(range(len(question.options)))
    random.Random(f"{session.seed}:{session.round}:{question.id}").shuffle(places)
    return tuple(places)


def settled(session: Session, question: QuizQuestion) -> bool:
    """Whether every right option of the question was found."""
    return question.right <= set(session.tried(question.id))


def first_try(session: Session, question: QuizQuestion) -> bool:
    """Whether the first options tried, as many as are right, were the right ones.

    What is tried after that, to read its reason, changes nothing.
    """
    return set(session.tried(question.id)[: len(question.right)]) == question.right


def standing(session: Session, questions: Sequence[QuizQuestion]) -> str:
    """Where the learner stands, in words: "Question 3 of 10. 2 right at the first try so far."."""
    asked = [q for q in questions if q.id in session.order]
    right, count = sum(first_try(session, q) for q in asked), len(session.order)
    if session.over:
        return f"{right} of {count} right at the first try."
    kind = " of those missed" if session.round and count < len(questions) else ""
    place = f"Question {session.at + 1} of {count}{kind}."
    return f"{place} {right} right at the first try so far." if session.chosen else place


def keeping_allowed() -> bool:
    """Whether answers may be kept at all: not with `FTRAG_PROGRESS=off`, and not where pytest runs
    the notebooks.
    """
    return variables.is_on("FTRAG_PROGRESS") and "PYTEST_VERSION" not in os.environ


def kept_file(lesson: str) -> Path:
    """Where the answers of a lesson's quiz are kept: beside the learner's own figures."""
    named = variables.absolute("FTRAG_RESULTS")
    return (Path(named) if named else runtime.cache_dir()) / "quizzes" / f"{lesson}.json"


def save(file: Path, session: Session, questions: Sequence[QuizQuestion]) -> None:
    """Keep a session; the old file or the new one is there, whole, whatever happens.

    Raises:
        OSError: the file cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"questions": _digest(questions), "session": asdict(session)}, indent=1)
    new = file.with_name(f".{file.name}-{os.getpid()}")
    try:
        new.write_text(text + "\n", "utf-8")
        os.replace(new, file)
    finally:
        new.unlink(missing_ok=True)


def kept(file: Path, questions: Sequence[QuizQuestion]) -> Session | None:
    """The session that was kept for these very questions.

    None where there is none, where the file is damaged, and where a question has changed since.
    """
    try:
        found = json.loads(file.read_bytes())
        if found["questions"] != _digest(questions):
            return None
        session = _SESSION.validate_json(json.dumps(found["session"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError, ValidationError):
        return None
    sizes = {question.id: len(question.options) for question in questions}
    fits = set(session.order) <= set(sizes) and len(set(session.order)) == len(session.order) > 0
    known = all(
        i in session.order and len(set(places)) == len(places) and max(places, default=0) < sizes[i]
        for i, places in session.chosen.items()
    )
    return session if fits and known and session.at <= len(session.order) else None


def forget(file: Path) -> bool:
    """Delete what was kept; whether there was something.

    Raises:
        CourseError: it cannot be deleted.
    """
    there = file.exists()
    try:
        runtime.delete(file)
    except OSError as error:
        raise CourseError(f"{file} cannot be deleted ({error.strerror}). Delete it by hand.") from (
            error
        )
    return there


_SESSION = TypeAdapter(Session)


def _digest(questions: Sequence[QuizQuestion]) -> str:
    return hashlib.sha256(repr(tuple(questions)).encode()).hexdigest()[:16]
