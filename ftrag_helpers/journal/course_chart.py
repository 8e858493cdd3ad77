"""The chart of the course: every system of every lesson as one row, from the lowest to the highest.

The rows are figures that lessons keep (`measurements`), filled where measured on this machine,
hollow where only shipped. To add a row, add a line to `ROWS`. Not here: measuring (the lessons),
the figure itself (`notebook.drawing.ladders`), the page (`report`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ftrag_helpers.evaluation.measurement import Measurement
from ftrag_helpers.journal import measurements
from ftrag_helpers.notebook.drawing import canvas
from ftrag_helpers.notebook.drawing.ladders import Ladder, ladders

LESSONS = ("00", "01", "02", "03", "04", "05")
OWN, SHIPPED = "measured on this machine", "shipped with the course"
REVIEWS = "Reviews: positive or negative?"
TASKS = "The library's tasks: every property met"
TAUGHT = "Facts taught to the weights, or looked up"
QUESTIONS = "The library's questions"
SENDABLE = "Replies: right, in style, grounded and rightly cited at once"
HOME, ELSEWHERE = "of the library", "from elsewhere"
#: Vertical lines of a panel, by name.
GUIDES = {REVIEWS: {"guessing": 0.5}}


@dataclass(frozen=True)
class System:
    """A row of the chart: the panel, the system's label, and the figure, by its lesson and name.

    `series` tells two figures of one row apart.
    """

    panel: str
    label: str
    lesson: str
    name: str
    series: str = ""


def _reviews(label: str, system: str) -> list[System]:
    return [
        System(REVIEWS, label, "02", f"{system}: {texts}", series)
        for texts, series in (("reviews", HOME), ("elsewhere", ELSEWHERE))
    ]


#: One line a system, panel by panel. A figure that was never kept nor shipped leaves no row.
ROWS: tuple[System, ...] = (
    *_reviews("majority: always the same label", "majority"),
    *_reviews("word counts, logistic regression", "word counts"),
    *_reviews("language model, zero-shot", "zero-shot"),
    *_reviews("language model, few-shot", "few-shot"),
    *_reviews("linear probe on the language model", "linear probe"),
    *_reviews("language model, fine-tuned (LoRA)", "fine-tuned"),
    *_reviews("language model, fine-tuned longer (LoRA, shipped)", "fine-tuned longer"),
    *_reviews("encoder, fine-tuned", "encoder"),
    System(TASKS, "template, no model", "03", "template, no model: every property"),
    System(TASKS, "prompt: the instruction alone (zero-shot)", "03", "zero-shot: every property"),
    System(TASKS, "prompt: with the rules", "03", "rules: every property"),
    System(
        TASKS,
        "prompt: with the rules and two examples (few-shot)",
        "03",
        "rules, two examples: every property",
    ),
    System(TASKS, "instruction fine-tuning", "03", "every property after training"),
    System(
        TASKS, "instruction fine-tuning, trained longer", "03", "trained longer: every property"
    ),
    System(TAUGHT, "one wording, on the taught questions", "03", "taught facts: same question"),
    System(TAUGHT, "one wording, asked in others", "03", "taught facts: new wording"),
    System(TAUGHT, "eight wordings, asked in others", "03", "taught facts: eight wordings"),
    System(TAUGHT, "best sentence found, no model", "03", "taught facts: best sentence"),
    System(TAUGHT, "nearest taught question", "03", "taught facts: nearest taught question"),
    System(TAUGHT, "base model, reads two sentences", "03", "taught facts: untrained model reads"),
    System(QUESTIONS, "you, closed book", "00", "you, closed book"),
    System(QUESTIONS, "you, with the page", "00", "you, with the page"),
    System(QUESTIONS, "base model, closed book (lesson 01)", "01", "our library: right"),
    System(QUESTIONS, "base model + retrieval (lesson 04)", "04", "librarian: right"),
    System(
        QUESTIONS, "best sentence, no model (lesson 04)", "04", "best sentence, no model: right"
    ),
    System(QUESTIONS, "base model, given the right sentence (lesson 04)", "04", "oracle: right"),
    System(QUESTIONS, "base model, closed book", "05", "closed book: right"),
    System(QUESTIONS, "fine-tuned, closed book", "05", "fine-tuned closed book: right"),
    System(QUESTIONS, "base model + retrieval", "05", "retrieval: right"),
    System(
        QUESTIONS,
        "base model + retrieval, one sentence (as in lesson 04)",
        "05",
        "retrieval, one sentence: right",
    ),
    System(QUESTIONS, "rules in the prompt + retrieval", "05", "rules + retrieval: right"),
    System(
        QUESTIONS,
        "rules and examples in the prompt + retrieval",
        "05",
        "rules and examples + retrieval: right",
    ),
    System(QUESTIONS, "best sentence, no model", "05", "best sentence, no model: right"),
    System(QUESTIONS, "fine-tuned + retrieval", "05", "fine-tuned + retrieval: right"),
    System(
        QUESTIONS,
        "fine-tuned longer (shipped) + retrieval",
        "05",
        "fine-tuned longer + retrieval: right",
    ),
    System(QUESTIONS, "base model, given the right sentences", "05", "oracle, base model: right"),
    System(QUESTIONS, "fine-tuned, given the right sentences", "05", "oracle, fine-tuned: right"),
    System(QUESTIONS, "your own model, closed book", "05", "own model, closed book: right"),
    System(QUESTIONS, "your own model + retrieval", "05", "own model + retrieval: right"),
    System(SENDABLE, "base model, closed book", "05", "closed book: sendable"),
    System(SENDABLE, "fine-tuned, closed book", "05", "fine-tuned closed book: sendable"),
    System(SENDABLE, "base model + retrieval", "05", "retrieval: sendable"),
    System(
        SENDABLE,
        "base model + retrieval, one sentence (as in lesson 04)",
        "05",
        "retrieval, one sentence: sendable",
    ),
    System(SENDABLE, "rules in the prompt + retrieval", "05", "rules + retrieval: sendable"),
    System(
        SENDABLE,
        "rules and examples in the prompt + retrieval",
        "05",
        "rules and examples + retrieval: sendable",
    ),
    System(
        SENDABLE,
        "best sentence in a frame, no model",
        "05",
        "best sentence in a frame, no model: sendable",
    ),
    System(SENDABLE, "base model, in a frame", "05", "base model's answer in a frame: sendable"),
    System(SENDABLE, "fine-tuned + retrieval", "05", "fine-tuned + retrieval: sendable"),
    System(
        SENDABLE,
        "fine-tuned longer (shipped) + retrieval",
        "05",
        "fine-tuned longer + retrieval: sendable",
    ),
    System(SENDABLE, "your own model + retrieval", "05", "own model + retrieval: sendable"),
)


@dataclass(frozen=True)
class Drawn:
    """A system with its own and its shipped figure, of which one at least is there."""

    system: System
    own: Measurement | None
    shipped: Measurement | None

    @property
    def figure(self) -> Measurement:
        """The figure that counts: the own one where there is one."""
        return self.own or self.shipped


def drawn(own: Mapping, shipped: Mapping, upto: str = "05") -> list[Drawn]:
    """The chart's rows up to a lesson: panels in the order of `ROWS`, within a panel from the
    lowest value to the highest.

    `own` and `shipped` are what `measurements.load` and `measurements.reference` return.

    Raises:
        ValueError: no such lesson.
    """
    if upto not in LESSONS:
        raise ValueError(f"no lesson {upto!r}: there are {', '.join(LESSONS)}")
    there = []
    for system in ROWS:
        key = (system.lesson, system.name)
        pair = own["figures"].get(key), shipped["figures"].get(key)
        if system.lesson <= upto and any(pair):
            there.append(Drawn(system, *pair))
    panels = list(dict.fromkeys(system.panel for system in ROWS))
    # A system with two series stands where the first of them puts it.
    first: dict[tuple[str, str], float] = {}
    for row in there:
        first.setdefault((row.system.panel, row.system.label), row.figure.value)
    return sorted(
        there,
        key=lambda row: (
            panels.index(row.system.panel),
            first[row.system.panel, row.system.label],
        ),
    )


def rows(upto: str = "05"):
    """The chart as a DataFrame, a row a figure: panel, system, series, lesson, value, low and high
    (ends of the 95 % interval), n and source (measured on this machine, or shipped).

    Raises:
        ValueError: no such lesson.
    """
    return _table(drawn(measurements.load(), measurements.reference(), upto))


def shipped_rows():
    """The chart as `rows` gives it, from the shipped figures alone: the same on every machine."""
    return _table(drawn({"figures": {}}, measurements.reference()))


def _table(chart: Sequence[Drawn]):
    import pandas as pd

    table = [
        {
            "panel": row.system.panel,
            "system": row.system.label,
            "series": row.system.series,
            "lesson": row.system.lesson,
            "value": row.figure.value,
            "low": row.figure.low,
            "high": row.figure.high,
            "n": row.figure.n,
            "source": OWN if row.own else SHIPPED,
        }
        for row in chart
    ]
    columns = "panel system series lesson value low high n source".split()
    numbers = dict.fromkeys(("value", "low", "high", "n"), float)
    return pd.DataFrame(table, columns=columns).astype(numbers)


def show(upto: str = "05") -> None:
    """Draw the chart up to a lesson, with its numbers as alternative text.

    Raises:
        ValueError: no such lesson, or none of its figures is there.
    """
    table = rows(upto)
    if table.empty:
        raise ValueError(f"no system was measured up to lesson {upto}: nothing to draw")
    # The tallest figure of the course: few colours keep its notebooks small.
    canvas.show(figure(table), alt(table), dpi=100, colours=16)


def figure(table, *, tell_apart: bool = True):
    """The chart of a table of `rows`, a panel for each kind of question.

    Without `tell_apart`, shipped figures are drawn like those measured on this machine.
    """
    sources = set(table.source) if tell_apart else set()
    return ladders(
        [_panel(title, part, tell_apart) for title, part in table.groupby("panel", sort=False)],
        unit="share (0 to 1), with its 95 % interval",
        filled=OWN if OWN in sources else "",
        hollow=SHIPPED if SHIPPED in sources else "",
    )


def _panel(title: str, part, tell_apart: bool) -> Ladder:
    labels = list(dict.fromkeys(part.system))
    values, intervals, hollow = {}, {}, {}
    for name, series in part.groupby("series", sort=False):
        by = {row.system: row for row in series.itertuples()}
        found = [by.get(label) for label in labels]
        values[name] = [row.value if row else float("nan") for row in found]
        intervals[name] = [_interval(row) for row in found]
        hollow[name] = [tell_apart and bool(row) and row.source == SHIPPED for row in found]
    return Ladder(labels, values, intervals, title, GUIDES.get(title, {}), _counts(part), hollow)


def _interval(row) -> tuple[float, float] | None:
    return (row.low, row.high) if row and not math.isnan(row.low) else None


def _counts(part) -> Sequence[str]:
    """How many questions each row rests on: one number, or one for each series."""
    counts = {
        label: [f"{n:.0f}" for n in dict.fromkeys(rows.n.dropna())]
        for label, rows in part.groupby("system", sort=False)
    }
    return [f"n = {' and '.join(n)}" if n else "" for n in counts.values()]


def alt(table) -> str:
    """What the chart of a table of `rows` shows, as text, panel by panel."""
    parts = []
    for title, part in table.groupby("panel", sort=False):
        said = [
            f"{row.system}{f' ({row.series})' if row.series else ''} {row.value:.2f}"
            for row in part.itertuples()
        ]
        parts.append(f"{title.rstrip('?')}: {'; '.join(said)}.")
    own = (table.source == OWN).sum()
    head = (
        f"The chart of the course: shares right, {own} measured here, {len(table) - own} shipped."
    )
    return " ".join([head, *parts])
