"""A lesson's quiz on the page: as text to keep, and one question at a time to answer.

`show` displays the questions twice in one output area: as ordinary text in the file's order, which
nbval compares and a printed page keeps, and as a `Quiz` with buttons, which hides that text on the
screen while it works. What it leaves out: marks. Answers are kept only where the learner ticks it.
"""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from ftrag_helpers.errors import CourseError
from ftrag_helpers.notebook import rendering
from ftrag_helpers.notebook.quizzes import quiz_questions, quiz_session
from ftrag_helpers.notebook.quizzes.quiz_questions import LETTERS, NUMBERS, Option, QuizQuestion
from ftrag_helpers.notebook.widgets import show_widget

INTRODUCTION = (
    "Questions to yourself. Nothing is graded or sent, and nothing is kept unless you ask for it;"
    " a wrong answer may be tried again. The outputs in the questions are made up for them."
)
_WIDTH = 88


def feedback(question: QuizQuestion, option: Option) -> str:
    """What to tell somebody who chose this option: right or not, why, and where to look again.

    >>> yes, no = Option("Yes", True, "It was."), Option("No", False, "Look.")
    >>> feedback(QuizQuestion("coin", "Heads?", "", "", (yes, no)), no)
    'Not this one. Look.'
    """
    count = len(question.right)
    if option.right:
        return f"Right{f', one of {NUMBERS[count]}' if count > 1 else ''}. {option.why}"
    lesson, _, heading = question.section.rpartition("#")
    place = (f"lesson {lesson[:2]}, " if lesson else "") + f"“{heading}”"
    return f"Not this one. {option.why}" + (f" Look again at {place}." if heading else "")


def as_text(questions: Sequence[QuizQuestion]) -> str:
    """All questions with their outputs and options as plain text, at most 88 columns wide."""
    parts = [_filled("", INTRODUCTION)]
    for number, question in enumerate(questions, start=1):
        lines = [_filled(f"{number:2}. ", question.text)]
        if question.output:
            lines += ["", textwrap.indent(question.output, " " * 8), ""]
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

    questions = quiz_questions.load(lesson)
    # One class a lesson: the buttons of one quiz must not hide the text of another that was not run
    # yet.
    name = f"ftrag-quiz-{lesson}"
    static = {"text/plain": as_text(questions), "text/html": as_html(questions, name)}
    display(static, metadata={}, raw=True)
    file = quiz_session.kept_file(lesson) if quiz_session.keeping_allowed() else None
    show_widget(Quiz(questions, name, file).widget, "[Run this cell in JupyterLab to answer]")


class Quiz:
    """The quiz at work: `widget`, and the `session` that it shows.

    Tab goes from option to option, Space or Enter chooses one. A question and what is said about an
    option are alerts that a screen reader reads out; with the next question the focus moves to its
    first option, with the summary to the button for another round.
    `static` is the class of the text that the widget stands in for. `file` is where answers are
    kept if the learner ticks it; None leaves that out. The same widgets show every question: a new
    one would not be on the page yet when the focus is sent to it.
    """

    def __init__(
        self,
        questions: Sequence[QuizQuestion],
        static: str,
        file: Path | None = None,
        *,
        seed: int | None = None,
    ):
        self.questions = {question.id: question for question in questions}
        found = quiz_session.kept(file, questions) if file else None
        self.session = found or quiz_session.begin(questions, seed)
        self.file = file
        self._build(static, kept=found is not None)
        self._draw()
        _only(self.forget, self.keep.value)

    def _build(self, static: str, kept: bool) -> None:
        from ipywidgets import HTML, Button, Checkbox, HBox, VBox

        self.progress, self.said, self.note = HTML(), HTML(), HTML()
        self.text = HTML()
        self.buttons = [Button() for _ in LETTERS]
        for button in self.buttons:
            button.add_class("option")
            button.on_click(lambda _, button=button: self.choose(self.buttons.index(button)))
        self.forward = Button()
        self.retry = Button()
        self.restart = Button(description="Start over, all questions")
        for button, act in (
            (self.forward, self.go_on),
            (self.retry, self.try_missed),
            (self.restart, self.start_over),
        ):
            button.add_class("step")
            button.on_click(lambda _, act=act: act())
        self.keep = Checkbox(
            value=kept, description="Keep my answers on this computer", indent=False
        )
        self.keep.observe(lambda _: self._save(), names="value")
        self.forget = Button(description="Forget my answers")
        self.forget.add_class("step")
        self.forget.on_click(lambda _: self.forget_all())
        keeping = [HBox([self.keep, self.forget]), self.note] if self.file else []
        head = HTML(_html("quiz_head", static, INTRODUCTION))
        rounds = HBox([self.retry, self.restart])
        question = [self.text, *self.buttons, self.said, self.forward]
        parts = [head, self.progress, rounds, *question, *keeping]
        self.widget = VBox(parts)
        self.widget.add_class("ftrag-quiz")

    @property
    def question(self) -> QuizQuestion | None:
        """The question on the screen; None when the summary is."""
        return self.questions.get(self.session.current)

    def choose(self, row: int) -> None:
        """Take the option in this row of the screen (from 0): mark it, say why, count."""
        if self.question is not None:
            place = quiz_session.option_order(self.session, self.question)[row]
            self._to(self.session.choose(place))

    def go_on(self) -> None:
        """Show the next question, or the summary."""
        self._turn_to(self.session.forward())

    def try_missed(self) -> None:
        """Begin a round with the questions that this one missed."""
        self._turn_to(quiz_session.again(self.session, self._all()))

    def start_over(self) -> None:
        """Begin a round with all questions."""
        self._turn_to(
            quiz_session.begin(self._all(), self.session.seed, round=self.session.round + 1)
        )

    def forget_all(self) -> None:
        """Delete what was kept, and begin as if nothing had been answered."""
        self.keep.value = False
        self._turn_to(quiz_session.begin(self._all()))

    def _all(self) -> tuple[QuizQuestion, ...]:
        return tuple(self.questions.values())

    def _turn_to(self, session: quiz_session.Session) -> None:
        self._to(session)
        # Not to the text: ipywidgets gives no view of a text a place that can take the focus.
        over = self.restart if self.retry.layout.display == "none" else self.retry
        (over if session.over else self.buttons[0]).focus()

    def _to(self, session: quiz_session.Session) -> None:
        self.session = session
        if self.keep.value:
            self._save()
        self._draw()

    def _save(self) -> None:
        """Keep the session, or delete what was kept, as the tick says; a quiz goes on without."""
        if self.file is None:
            return
        try:
            if self.keep.value:
                quiz_session.save(self.file, self.session, self._all())
                told = f"Kept in {self.file}, and sent nowhere."
            else:
                told = "Your answers were forgotten." if quiz_session.forget(self.file) else ""
        except OSError as error:
            told = f"Your answers cannot be kept ({error})."
        except CourseError as error:
            told = str(error)
        self.note.value = _html("note", told)
        _only(self.forget, self.keep.value)

    def _draw(self) -> None:
        question, over = self.question, self.session.over
        told = quiz_session.standing(self.session, self._all())
        self.progress.value = _html("progress", told, self.session.at, len(self.session.order))
        self.said.value = _html("verdict", self._verdict())
        self.text.value = self._summary() if over else _html("question", question)
        for row, button in enumerate(self.buttons):
            self._draw_option(button, row)
        missed = [q for q in self._round() if not quiz_session.first_try(self.session, q)]
        done = not over and quiz_session.settled(self.session, question)
        last = self.session.at + 1 == len(self.session.order)
        step = "Summary" if last else "Next question"
        self.forward.description = step if done else f"Skip to the {step.lower()}"
        self.retry.description = f"Again, only those missed ({len(missed)})"
        _only(self.forward, not over)
        _only(self.retry, over and bool(missed))
        _only(self.restart, over)

    def _verdict(self) -> str:
        """What is said about the option that was chosen last; empty where none was yet."""
        question = self.question
        tried = self.session.tried(question.id) if question else ()
        if not tried:
            return ""
        row = quiz_session.option_order(self.session, question).index(tried[-1])
        return f"{LETTERS[row]}: {feedback(question, question.options[tried[-1]])}"

    def _draw_option(self, button, row: int) -> None:
        question = self.question
        _only(button, question is not None and row < len(question.options))
        if question is None or row >= len(question.options):
            return
        place = quiz_session.option_order(self.session, question)[row]
        option, tried = question.options[place], place in self.session.tried(question.id)
        # Said by a sign and in words, never by colour alone.
        sign = f"{'✓' if option.right else '✗'} " if tried else ""
        button.description = f"{sign}{LETTERS[row]}. {option.text}"
        for name, fits in (("right", option.right), ("wrong", not option.right)):
            (button.add_class if tried and fits else button.remove_class)(name)

    def _round(self) -> list[QuizQuestion]:
        return [self.questions[i] for i in self.session.order]

    def _summary(self) -> str:
        """Every question of the round with its right options and their reasons, and what was chosen
        instead.
        """
        rows = [
            {
                "question": question,
                "first": quiz_session.first_try(self.session, question),
                "tried": [question.options[i] for i in self.session.tried(question.id)],
            }
            for question in self._round()
        ]
        return _html("summary", rows)


def _only(widget, shown: bool) -> None:
    """Show a widget, or take it off the page and out of the keyboard's way."""
    widget.layout.display = None if shown else "none"
