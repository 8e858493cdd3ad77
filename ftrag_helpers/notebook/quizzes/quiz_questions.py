"""A lesson's questions to oneself, as data: read and checked, with a reason for every option.

The questions lie in `datasets/quizzes`. What it leaves out: how they are shown (`quiz`), and what a
learner answered (`quiz_session`).
"""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from ftrag_helpers.data import data_files
from ftrag_helpers.data.data_files import EXACTLY, Filled
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError

LETTERS = "ABCDE"
#: How a text announces that more than one option is right.
NUMBERS = {2: "two", 3: "three"}
#: Columns of an output that fit beside the margin of a notebook's page.
OUTPUT_WIDTH = 76


@dataclass(frozen=True)
class Option:
    """An answer to choose, whether it is right, and why it is or is not."""

    __pydantic_config__ = EXACTLY
    text: Filled
    right: bool
    why: Filled


@dataclass(frozen=True)
class QuizQuestion:
    """A question with three to five options, and the section of a lesson that it goes back to.

    `output` is what the question asks the learner to read: a table, printed lines, the figures of a
    plot; empty where it asks for none. `section` is a heading of the same lesson, or
    "LESSON#heading" of another one; empty for the lesson as a whole.
    """

    __pydantic_config__ = EXACTLY
    id: Filled
    text: Filled
    output: str
    section: str
    options: tuple[Option, ...]

    @property
    def right(self) -> frozenset[int]:
        """The places (from 0) of the right options."""
        return frozenset(place for place, option in enumerate(self.options) if option.right)


def folder() -> Path:
    """The folder of the quizzes."""
    return runtime.data_dir() / "quizzes"


def load(lesson: str, where: Path | None = None) -> tuple[QuizQuestion, ...]:
    """The questions of a lesson ("01_llm_basics"), in their order.

    Raises:
        ValueError: that lesson has no quiz.
        CourseError: a file differs from the manifest, or a question is faulty; it is named with its
        field.
    """
    where = where or folder()
    known = sorted(path.stem for path in where.glob("*.json") if path.stem != "manifest")
    if lesson not in known:
        raise ValueError(
            f"no quiz for {lesson!r}; there are quizzes for: {', '.join(known) or 'no lesson'}"
        )
    data_files.check_manifest(where)
    path = where / f"{lesson}.json"
    try:
        rows = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise CourseError(f"{path.name}: not valid JSON in UTF-8 ({error})") from error
    if not isinstance(rows, list) or not rows:
        raise CourseError(f"{path.name}: a list of questions is needed")
    questions = tuple(
        _question(row, f"{path.name}, question {number}")
        for number, row in enumerate(rows, start=1)
    )
    ids = [question.id for question in questions]
    for i in ids:
        _need(ids.count(i) == 1, f"{path.name}, {i}, field 'id': stands there more than once")
    return questions


def _question(row: object, where: str) -> QuizQuestion:
    question = data_files.parse(json.dumps(row), TypeAdapter(QuizQuestion), where)
    count, options = len(question.right), f"{where}, field 'options'"
    _need(
        3 <= len(question.options) <= len(LETTERS),
        f"{options}: {len(question.options)} of them; three to five are needed",
    )
    _need(
        1 <= count < len(question.options),
        f"{options}: {count} of {len(question.options)} are right; some, not all",
    )
    _need(
        count == 1 or NUMBERS.get(count, "") in question.text.lower().split(),
        f"{where}, field 'text': {count} options are right, and the text does not say so (one; or"
        ' "two", "three")',
    )
    wide = max((len(line) for line in question.output.split("\n")), default=0)
    _need(
        wide <= OUTPUT_WIDTH,
        f"{where}, field 'output': a line of {wide} columns; at most {OUTPUT_WIDTH} fit",
    )
    for name in ("text", "why"):
        texts = [getattr(option, name) for option in question.options]
        _need(len(set(texts)) == len(texts), f"{options}: two have the same {name!r}")
    return question


def _need(condition: object, message: str) -> None:
    if not condition:
        raise CourseError(message)


def write_manifest(where: Path | None = None) -> dict:
    """Write `manifest.json` for the quizzes of a folder, after a change on purpose; returns what
    was written.
    """
    return data_files.write_manifest(where or folder(), patterns=("*.json",))
