"""A test that the learner takes: ten of the library's questions, first closed book, then with the
page that answers each beside it.

Answers are marked as a model's are (`answer_match`) and kept in a file after each one, so that a
learner may stop half way. `Session` is the test without a screen, `show` the same with boxes and
buttons. What it leaves out: keeping the result (`keep`, which the lesson hands in).
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ftrag_helpers.data.records import Document, Question
from ftrag_helpers.notebook import rendering
from ftrag_helpers.notebook.widgets import show_widget
from ftrag_helpers.text.answer_match import answer_match

#: The two rounds, in their order.
ROUNDS = ("closed book", "with the page")
_TEMPLATE = "notebook/templates/self_test.html.j2"


@dataclass(frozen=True)
class Item:
    """A question, and the page that answers it."""

    question: Question
    page: Document

    def is_right(self, typed: str) -> bool:
        """Whether what was typed holds an accepted answer."""
        asked = self.question
        return answer_match(typed, asked.reference.accepted, asked.text)


def choose(
    questions: Sequence[Question],
    documents: Sequence[Document],
    *,
    split: str = "test",
    count: int = 10,
) -> list[Item]:
    """The first direct questions of a split that one page answers, taken from the shelves in turn.

    Raises:
        ValueError: there are not so many.
    """
    pages = {document.id: document for document in documents}
    shelves: dict[str, list[Item]] = {}
    for question in questions:
        if question.split == split and question.kind == "direct":
            if len(question.reference.documents) == 1:
                page = pages[question.reference.documents[0]]
                shelves.setdefault(page.shelf, []).append(Item(question, page))
    longest = max(map(len, shelves.values()), default=0)
    turns = [items[n] for n in range(longest) for items in shelves.values() if n < len(items)]
    if len(turns) < count:
        raise ValueError(f"{count} questions wanted, and the split {split!r} has {len(turns)}")
    return turns[:count]


class Session:
    """The state of a test: what was typed in each round, read from a file and written to it after
    every answer.

    `keep(name, marks)` gets "you, closed book" or "you, with the page" and a mark (1 or 0) for each
    question, as soon as a round is complete. `trouble` says why the last answer could not be
    written, if it could not.
    """

    def __init__(
        self, items: Sequence[Item], keep: Callable[[str, list[float]], object], file: Path
    ):
        self.items, self.keep, self.file, self.trouble = list(items), keep, Path(file), ""
        self.typed = _read(self.file, {item.question.id for item in items})

    def place(self) -> tuple[str, int] | None:
        """The round and the number (from 0) of the first question without an answer; None at the
        end.
        """
        for name in ROUNDS:
            for number, item in enumerate(self.items):
                if item.question.id not in self.typed[name]:
                    return name, number
        return None

    def answer(self, text: str) -> None:
        """Take an answer to the question at `place`; an empty one stands for "I do not know".

        Raises:
            ValueError: every question has its answer.
        """
        here = self.place()
        if here is None:
            raise ValueError("every question has its answer; `restart` begins again")
        name, number = here
        self.typed[name][self.items[number].question.id] = text.strip()
        self._write()
        if len(self.typed[name]) == len(self.items):
            self.keep(f"you, {name}", self.marks(name))

    def back(self) -> str:
        """Take the last answer back; returns what it was ("" at the beginning)."""
        for name in reversed(ROUNDS):
            if self.typed[name]:
                _, text = self.typed[name].popitem()
                self._write()
                return text
        return ""

    def restart(self) -> None:
        """Forget all answers; figures already kept stay until a new round is complete."""
        self.typed = {name: {} for name in ROUNDS}
        self._write()

    def marks(self, name: str) -> list[float]:
        """1 for each right answer of a round and 0 for each other, in the order of the items."""
        typed = self.typed[name]
        return [float(item.is_right(typed.get(item.question.id, ""))) for item in self.items]

    def _write(self) -> None:
        beside = self.file.with_name(f".{self.file.name}.new")
        try:
            beside.write_text(json.dumps(self.typed, ensure_ascii=False, indent=1), "utf-8")
            os.replace(beside, self.file)
            self.trouble = ""
        except OSError as error:
            self.trouble = f"Not kept in {self.file} ({error.strerror}); the test goes on."


def _read(file: Path, known: set[str]) -> dict[str, dict[str, str]]:
    """The answers in a file to known questions; none where it is missing or damaged."""
    try:
        found = json.loads(file.read_text("utf-8"))
        return {
            name: {i: str(text) for i, text in found[name].items() if i in known} for name in ROUNDS
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {name: {} for name in ROUNDS}


def show(
    items: Sequence[Item],
    *,
    example: Item,
    keep: Callable[[str, list[float]], object],
    file: Path,
) -> None:
    """Display the test, and for a page without a kernel a filled example of it.

    `example` is a question that is not in the test. `keep` and `file` are those of `Session`.
    """
    from IPython.display import display

    right = f"I think {example.question.reference.answer}."
    tries = [(text, example.is_right(text)) for text in (right, "I do not know.")]
    marked = "\n".join(f"  {text}  → {'right' if ok else 'wrong'}" for text, ok in tries)
    text = f"An example that is not in the test: {example.question.text}\n{marked}"
    html = _html("example", example, tries)
    display({"text/plain": text, "text/html": html}, metadata={}, raw=True)
    show_widget(Boxes(Session(items, keep, file)).widget, "[Run this cell in JupyterLab to answer]")


def _html(macro: str, *values: object) -> str:
    return rendering.fragment(_TEMPLATE, macro, *values)


class Boxes:
    """The test at work: `widget`, over a session.

    The focus begins in the box. Enter keeps the answer and brings the next question into the same
    box; Tab leads to the buttons.
    """

    def __init__(self, session: Session):
        import ipywidgets

        self.session = session
        self.head, self.page, self.said = (ipywidgets.HTML() for _ in range(3))
        self.box = ipywidgets.Text(
            placeholder="Your answer; empty if you do not know", layout={"width": "34em"}
        )
        self.next = ipywidgets.Button(description="Keep, go on", button_style="primary")
        self.back = ipywidgets.Button(description="Back")
        self.again = ipywidgets.Button(description="Begin again")
        self.next.on_click(lambda _button: self.take())
        self.back.on_click(lambda _button: self._draw(self.session.back()))
        self.again.on_click(lambda _button: self._restart())
        # The message that the box sends on Enter: a change of its value would also come when Tab
        # leaves it.
        self.box.on_msg(lambda _box, content, _buffers: self._message(content))
        row = ipywidgets.HBox([self.box, self.next, self.back, self.again])
        self.widget = ipywidgets.VBox([self.head, self.page, row, self.said])
        self.widget.add_class("ftrag-self-test")
        self._draw()

    def _message(self, content: dict) -> None:
        if content.get("event") == "submit":
            self.take()

    def take(self) -> None:
        """Keep what the box holds as the answer to the question shown."""
        if self.session.place() is not None:
            self.session.answer(self.box.value)
            self._draw()

    def _restart(self) -> None:
        self.session.restart()
        self._draw()

    def _draw(self, typed: str = "") -> None:
        place, items = self.session.place(), self.session.items
        self.box.value = typed
        self.box.disabled = self.next.disabled = place is None
        if place is None:
            self.head.value, self.page.value = "", _html("results", self._results())
        else:
            name, number = place
            item = items[number]
            title = f"{name.capitalize()}, question {number + 1} of {len(items)}"
            self.head.value = _html("question", title, item.question.text)
            self.page.value = _html("page", item.page) if name == ROUNDS[1] else ""
        self.said.value = _html("status", [*self._standing(), self.session.trouble])

    def _standing(self) -> list[str]:
        """A line for each complete round."""
        session, count = self.session, len(self.session.items)
        return [
            f"You, {name}: {sum(session.marks(name)):.0f} of {count} right."
            for name in ROUNDS
            if len(session.typed[name]) == count
        ]

    def _results(self) -> list[tuple]:
        """(question, accepted answer, (what was typed, whether it is right) for each round)."""
        rows = []
        for item in self.session.items:
            said = [self.session.typed[name][item.question.id] for name in ROUNDS]
            tries = [(text, item.is_right(text)) for text in said]
            rows.append((item.question.text, item.question.reference.answer, tries))
        return rows
