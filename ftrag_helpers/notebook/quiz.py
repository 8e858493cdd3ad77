"""A lesson's questions to oneself: read, checked and shown, with an explanation for every option.

`show` displays the questions twice in one output area: as ordinary text, which nbval
compares and a printed page keeps, and as buttons, which hide that text on the screen while they
work. The questions are data (`datasets/quizzes`). What it leaves out: marks, and any record; what
was answered is forgotten with the kernel.
"""

import json
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from ftrag_helpers.data import data_files
from ftrag_helpers.data.data_files import EXACTLY, Filled
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.notebook import rendering
from ftrag_helpers.notebook.widgets import show_widget

LETTERS = "ABCDE"
#: How a text announces that more than one option is right.
NUMBERS = {2: "two", 3: "three"}
INTRODUCTION = (
    "Questions to yourself. Nothing is graded, kept or sent; a wrong answer may be tried again."
)
_WIDTH = 88


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

    `section` is a heading of the same lesson, or "LESSON#heading" of another one; empty for the
    lesson as a whole.
    """

    __pydantic_config__ = EXACTLY
    id: Filled
    text: Filled
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
    for name in ("text", "why"):
        texts = [getattr(option, name) for option in question.options]
        _need(len(set(texts)) == len(texts), f"{options}: two have the same {name!r}")
    return question


def _need(condition: object, message: str) -> None:
    if not condition:
        raise CourseError(message)


def feedback(question: QuizQuestion, option: Option) -> str:
    """What to tell somebody who chose this option: right or not, why, and where to look again.

    >>> yes, no = Option("Yes", True, "It was."), Option("No", False, "Look.")
    >>> feedback(QuizQuestion("coin", "Heads?", "", (yes, no)), no)
    'Not this one. Look.'
    """
    count = len(question.right)
    if option.right:
        return f"Right{f', one of {NUMBERS[count]}' if count > 1 else ''}. {option.why}"
    lesson, _, heading = question.section.rpartition("#")
    place = (f"lesson {lesson[:2]}, " if lesson else "") + f"“{heading}”"
    return f"Not this one. {option.why}" + (f" Look again at {place}." if heading else "")


def standing(questions: Sequence[QuizQuestion], tried: Mapping[str, Collection[int]]) -> str:
    """The running count. `tried` holds the places of the options chosen so far, by the question's
    id.

    A question is answered once an option was chosen, and right once every right option was.
    """
    answered = sum(bool(tried.get(q.id)) for q in questions)
    right = sum(q.right <= set(tried.get(q.id, ())) for q in questions)
    return f"{answered} of {len(questions)} answered, {right} right."


def as_text(questions: Sequence[QuizQuestion]) -> str:
    """All questions with their options as plain text, at most 88 columns wide."""
    parts = [INTRODUCTION]
    for number, question in enumerate(questions, start=1):
        lines = [_filled(f"{number:2}. ", question.text)]
        lines += [
            _filled(f"    {letter}. ", option.text)
            for letter, option in zip(LETTERS, question.options, strict=False)
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _filled(mark: str, text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=mark, subsequent_indent=" " * len(mark))


def as_html(questions: Sequence[QuizQuestion], static: str) -> str:
    """The same as HTML paragraphs, in a box of the class `static`; all text is escaped."""
    return _html("quiz", questions, INTRODUCTION, LETTERS, static)


def _html(macro: str, *values: object) -> str:
    return rendering.fragment("notebook/templates/widgets.html.j2", macro, *values)


def show(lesson: str) -> None:
    """Display the quiz of a lesson ("01_llm_basics").

    Raises:
        ValueError: that lesson has no quiz.
        CourseError: its data are damaged.
    """
    from IPython.display import display

    questions = load(lesson)
    # One class a lesson: the buttons of one quiz must not hide the text of another that was not run
    # yet.
    name = f"ftrag-quiz-{lesson}"
    static = {"text/plain": as_text(questions), "text/html": as_html(questions, name)}
    display(static, metadata={}, raw=True)
    show_widget(Buttons(questions, name).widget, "[Run this cell in JupyterLab to answer]")


class Buttons:
    """The quiz at work: `widget`, and what was tried so far.

    Tab goes from option to option, Space or Enter chooses one; the focus stays there, and what is
    said about the option is a status that a screen reader reads out. `static` is the class of the
    text that the buttons stand in for.
    """

    def __init__(self, questions: Sequence[QuizQuestion], static: str):
        import ipywidgets

        self.questions = questions
        self.tried: dict[str, set[int]] = {question.id: set() for question in questions}
        self.buttons = [self._of(number) for number in range(len(questions))]
        self._verdicts = ["" for _ in questions]
        self.said = [ipywidgets.HTML() for _ in questions]
        self.count = ipywidgets.HTML(standing(questions, self.tried))
        head = ipywidgets.HTML(_html("quiz_head", static, INTRODUCTION))
        texts = [
            ipywidgets.HTML(_html("question", self._title(number), question.text))
            for number, question in enumerate(questions)
        ]
        parts = zip(texts, self.buttons, self.said, strict=True)
        boxes = [ipywidgets.VBox([text, *buttons, said]) for text, buttons, said in parts]
        # The count stands at the top, and below the question that was answered last.
        self.widget = ipywidgets.VBox([head, self.count, *boxes])
        self.widget.add_class("ftrag-quiz")

    def _title(self, number: int) -> str:
        return f"Question {number + 1} of {len(self.questions)}"

    def _of(self, number: int) -> list:
        import ipywidgets

        made = []
        for place, option in enumerate(self.questions[number].options):
            button = ipywidgets.Button(
                description=f"{LETTERS[place]}. {option.text}", tooltip=self._title(number)
            )
            button.on_click(lambda _button, place=place: self.choose(number, place))
            made.append(button)
        return made

    def choose(self, number: int, place: int) -> None:
        """Take an option of a question (both from 0): mark it, say why, count."""
        question, button = self.questions[number], self.buttons[number][place]
        option = question.options[place]
        # Said by a sign and in words, never by colour alone.
        button.description = f"{'✓' if option.right else '✗'} {LETTERS[place]}. {option.text}"
        button.add_class("right" if option.right else "wrong")
        self.tried[question.id].add(place)
        self._verdicts[number] = f"{LETTERS[place]}: {feedback(question, option)}"
        self.count.value = standing(self.questions, self.tried)
        for other, verdict in enumerate(self._verdicts):
            count = self.count.value if other == number else ""
            self.said[other].value = _html("verdict", verdict, count)


def write_manifest(where: Path | None = None) -> dict:
    """Write `manifest.json` for the quizzes of a folder, after a change on purpose; returns what
    was written.
    """
    return data_files.write_manifest(where or folder(), patterns=("*.json",))
