"""One page with the figures of a class: where learners' measurements agree, and where they differ.

Reads the reports that learners made with `ftrag report`, or their `results.json`. No name and no
file is shown: each learner is a dot. What it leaves out: what learners predicted, chose or wrote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from ftrag_helpers.errors import CourseError
from ftrag_helpers.evaluation.measurement import Measurement
from ftrag_helpers.journal import claims, measurements, report, results_file
from ftrag_helpers.notebook import rendering

TITLE = "The figures of the class"
_WIDTH, _EDGE = 260, 8  # of a drawing, in its own units
_KINDS = {
    "share": "Shares, from 0 to 1",
    "difference": "Differences on the same questions",
    "amount": "Amounts",
}


@dataclass(frozen=True)
class Spread:
    """A figure over the class: its values, lowest first, and the course's own measurement."""

    name: str
    meaning: str
    kind: str
    unit: str
    values: tuple[float, ...]
    reference: Measurement | None

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)

    @property
    def outside(self) -> int | None:
        """How many lie outside the interval of the course's figure; None where it has none."""
        if self.reference is None or self.reference.low is None:
            return None
        low, high = self.reference.low, self.reference.high
        return sum(not low <= value <= high for value in self.values)


def write(folder: Path, out: Path) -> tuple[int, list[str]]:
    """Write the page; returns how many learners' figures it holds, and a line for each file that
    could not be read.

    Raises:
        CourseError: no file in the folder holds figures, or the page cannot be written.
    """
    learners, unread = read(folder)
    if not learners:
        raise CourseError(
            f"No report with figures was found in {folder}. Ask learners for the page that"
            " `ftrag report` writes, and put all of them into one folder."
        )
    rendering.save(out, page(learners, measurements.reference()), "page")
    return len(learners), unread


def read(folder: Path) -> tuple[list[Mapping], list[str]]:
    """The figures in every .html and .json file below the folder, by (lesson, name) as
    `measurements.load` gives them, and a line for each file that holds none or cannot be read.
    """
    learners, unread = [], []
    if not folder.is_dir():
        raise CourseError(f"{folder} is no folder. Name the folder that holds the reports.")
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".html", ".json")):
        try:
            figures = results_file.read_bytes(content(path))["figures"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, CourseError) as error:
            unread.append(f"{path.relative_to(folder)}: {str(error).splitlines()[0]}")
            continue
        if figures:
            learners.append(figures)
        else:
            unread.append(f"{path.relative_to(folder)}: it holds no figure of the learner's own")
    return learners, unread


def content(path: Path) -> bytes:
    """The results that a report page or a results file holds."""
    if path.suffix.lower() == ".json":
        return path.read_bytes()
    from bs4 import BeautifulSoup

    found = BeautifulSoup(path.read_bytes(), "html.parser").find(id="figures")
    if found is None or not found.get("data-figures"):
        raise ValueError("no page that `ftrag report` of this version of the course wrote")
    return found["data-figures"].encode("utf-8")


def spreads(learners: Sequence[Mapping], reference: Mapping) -> dict[str, list[Spread]]:
    """The figures of each lesson over all learners, in the order of the lessons' descriptions.

    Figures that no lesson of this course keeps are left out: their names could be anything.
    """
    lessons: dict[str, list[Spread]] = {}
    described = {(d.lesson, d.name): d.meaning for d in claims.load_figures()}
    known = described | {key: "" for key in reference["figures"] if key not in described}
    for key, meaning in known.items():
        found = [figures[key] for figures in learners if key in figures]
        if not found:
            continue
        kind = {"": "share", measurements.DIFFERENCE: "difference"}.get(found[0].unit, "amount")
        values = tuple(sorted(figure.value for figure in found))
        one = Spread(key[1], meaning, kind, found[0].unit, values, reference["figures"].get(key))
        lessons.setdefault(key[0], []).append(one)
    return lessons


def page(learners: Sequence[Mapping], reference: Mapping) -> str:
    """The whole page as text."""
    lessons = []
    for lesson, found in sorted(spreads(learners, reference).items()):
        groups = [
            (caption, kind, [(one, drawing(one)) for one in found if one.kind == kind])
            for kind, caption in _KINDS.items()
        ]
        named = report.LESSONS.get(lesson, "Start here")
        lessons.append((lesson, named, [group for group in groups if group[2]]))
    return rendering.render(
        "grading/reports/templates/class_figures.html.j2",
        title=TITLE,
        count=len(learners),
        lessons=lessons,
    )


def drawing(spread: Spread) -> str:
    """An inline SVG: a dot for each learner, above the course's figure with its interval."""
    ends = list(spread.values)
    if spread.reference:
        ends += [v for v in (spread.reference.low, spread.reference.high) if v is not None]
        ends.append(spread.reference.value)
    low, high = min(0.0, *ends), max(1.0 if spread.kind == "share" else 0.0, *ends)
    high = high if high > low else low + 1

    def x(value: float) -> float:
        return round(_EDGE + (value - low) / (high - low) * (_WIDTH - 2 * _EDGE), 1)

    shipped = spread.reference
    interval = ()
    if shipped:
        left, right = (shipped.value if end is None else end for end in (shipped.low, shipped.high))
        interval = (x(left), x(right), x(shipped.value))
    label = f"{len(spread.values)} learners, median {spread.middle:.2f}"
    return rendering.fragment(
        "grading/reports/templates/parts.html.j2",
        "dots",
        _WIDTH,
        label,
        x(0.0),
        [x(value) for value in spread.values],
        interval,
    )
