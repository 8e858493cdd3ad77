"""The lessons as the first page lists them: what each asks, how long it computes, its exercise."""

import json
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Lesson:
    """A line of the list; `question` is empty where the title is one, `exercise` where there is
    none, `time` and `cores` where it was not measured.
    """

    page: str
    title: str
    question: str
    time: str
    cores: str
    exercise: str


def read(root: Path) -> list[Lesson]:
    """The lessons of the course in `root`, in their order."""
    measured = _measured(root)
    return [_lesson(root, path, measured) for path in sorted(root.glob("notebooks/*.ipynb"))]


def _measured(root: Path) -> dict:
    path = root / "notebooks" / "timings.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def _lesson(root: Path, path: Path, measured: dict) -> Lesson:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    title, _, text = "".join(cells[0]["source"]).removeprefix("# ").partition("\n")
    facts = measured.get(path.stem)
    exercise = f"exercises/{path.stem}"
    return Lesson(
        page=f"notebooks/{path.stem}",
        title=title.strip(),
        question="" if title.rstrip().endswith("?") else first_question(text),
        time=spoken(facts["seconds"]) if facts else "",
        cores=str(facts["cores"]) if facts else "",
        exercise=exercise if (root / f"{exercise}.ipynb").exists() else "",
    )


def first_question(text: str) -> str:
    """The first sentence that asks something, on one line; empty if there is none."""
    found = re.search(r"[^.?!:*#]*\?", " ".join(text.split()))
    return found[0].strip() if found else ""


def spoken(seconds: float) -> str:
    """A computing time in words."""
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"
