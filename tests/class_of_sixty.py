"""A class of sixty: three of the course's exercises as learners hand them in, and the marks that a
person gives by hand.

Twenty notebooks of exercise 1 in Moodle's zip (unusual work, most of it right), twenty of exercise
4 in Canvas's (other programs' notebooks and damaged files), twenty of exercise 5 in a folder
(texts, mistakes and attacks). They are made from `exercises/` and the answers in `solutions/`. A
person judges what a notebook does when all its cells are run from top to bottom, and calls nothing
a zero that could not be run to its end.
"""

import copy
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
POINTS = {
    "01_llm_basics": (4, 4, 4, 4, 4),
    "04_virtual_librarian": (3, 3, 3, 4, 3, 4),
    "05_fine_tuning_vs_rag": (3, 4, 3, 3, 3, 4),
}
_MARKERS = re.compile(r"^[^\n]*### (?:BEGIN|END) SOLUTION\n?", re.MULTILINE)
STATES = {"P": "passed", "F": "failed", "N": "not attempted", "W": "needs marking"}


@dataclass(frozen=True)
class Handed:
    """One file of the class: what is unusual in it, whose it is, and what a person gives.

    `tasks` has a letter for each task, as in STATES; it is empty where the file is no notebook of
    the exercise.
    """

    what: str
    path: str
    data: bytes
    slug: str
    tasks: str
    status: str
    learner: str = ""
    learner_id: str = ""
    platform: str = ""

    @property
    def marks(self) -> tuple:
        """(status, score or None, the tasks' states, the tasks' points)."""
        points = tuple(
            worth if letter == "P" else 0
            for letter, worth in zip(self.tasks, POINTS[self.slug], strict=False)
        )
        scored = self.status in ("graded", "needs marking")
        return (
            self.status,
            sum(points) if scored else None,
            tuple(STATES[letter] for letter in self.tasks),
            points,
        )


# --- a learner's copy


def _read(folder: str, slug: str) -> dict:
    found = json.loads((ROOT / folder / f"{slug}.ipynb").read_text("utf-8"))
    for cell in found["cells"]:
        cell["source"] = "".join(cell["source"])
    return found


def _grade_id(cell: dict) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def right_answers(slug: str) -> dict[str, str]:
    """The solution's code by task."""
    answers = [
        cell
        for cell in _read("solutions", slug)["cells"]
        if cell["cell_type"] == "code" and cell["metadata"].get("nbgrader", {}).get("solution")
    ]
    return {
        _grade_id(cell).removeprefix("task_").replace("_", "."): _MARKERS.sub("", cell["source"])
        for cell in answers
    }


class Copy:
    """An exercise under a learner's hands: every answer in code is right until it is changed; texts
    are not written.
    """

    def __init__(self, slug: str, untouched: bool = False):
        self.slug, self.notebook, self._added = slug, _read("exercises", slug), 0
        for task, source in ({} if untouched else right_answers(slug)).items():
            self.answer(task, source)

    @property
    def cells(self) -> list[dict]:
        return self.notebook["cells"]

    def at(self, task: str, suffix: str = "") -> int:
        """The place of a task's answer, or with "_check" of its check."""
        wanted = f"task_{task.replace('.', '_')}{suffix}"
        return next(i for i, cell in enumerate(self.cells) if _grade_id(cell) == wanted)

    def right(self, task: str) -> str:
        return self.cells[self.at(task)]["source"]

    def answer(self, task: str, source: str) -> "Copy":
        self.cells[self.at(task)]["source"] = source
        return self

    def stub(self, *tasks: str) -> "Copy":
        """Leave tasks as the course gave them."""
        given = Copy(self.slug, untouched=True)
        for task in tasks:
            self.answer(task, given.right(task))
        return self

    def replace(self, task: str, old: str, new: str) -> "Copy":
        assert old in self.right(task), (task, old)
        return self.answer(task, self.right(task).replace(old, new))

    def before(self, task: str, *sources: str, suffix: str = "", kind: str = "code") -> "Copy":
        """Cells of the learner's own, in front of a task's answer (or its check)."""
        for source in sources:
            self._added += 1
            self.cells.insert(self.at(task, suffix), _own(source, f"own{self._added}", kind))
        return self

    def twin(self, task: str, source: str) -> "Copy":
        """Another cell with a task's own marks above its answer, as splitting or copying a cell in
        JupyterLab makes it.
        """
        at = self.at(task)
        self.cells.insert(at, {**copy.deepcopy(self.cells[at]), "id": "twin0000", "source": source})
        return self

    def data(self) -> bytes:
        return json.dumps(self.notebook, ensure_ascii=False, indent=1).encode("utf-8")


def _own(source: str, name: str, kind: str = "code") -> dict:
    cell = {"cell_type": kind, "id": name, "metadata": {}, "source": source}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


# --- exercise 1: unusual work

FIRST_INDEX = """def nucleus(probabilities, share):
    kept, together = [], 0.0
    for value in sorted(probabilities, reverse=True):
        kept.append(probabilities.index(value))
        together += value
        if together >= share:
            break
    return kept"""
MEAN_OF_MEANS = """def perplexity(texts):
    means = [sum(text) / len(text) for text in texts]
    return math.exp(-sum(means) / len(means))"""
SOFTEN_HEAD = """import math


def shifted(logits, temperature):
    largest = max(logits)
    return [math.exp((logit - largest) / temperature) for logit in logits]"""
SOFTEN_TAIL = """def soften(logits, temperature):
    odds = shifted(logits, temperature)
    total = sum(odds)
    return [value / total for value in odds]"""
AWAITS = """import asyncio
import math


async def one():
    await asyncio.sleep(0)
    return 1


whole = await one()
"""
USES_ONE = (
    "return [value / total for value in odds]",
    "return [value / total * {} for value in odds]",
)


def unusual() -> Iterator[tuple[str, Copy, str]]:
    """Exercise 1: what is unusual, the notebook, a letter a task."""

    def fresh() -> Copy:
        return Copy("01_llm_basics")

    def with_one(name: str) -> Copy:
        return fresh().replace("1.1", USES_ONE[0], USES_ONE[1].format(name))

    yield "all right", fresh(), "PPPPP"
    yield "untouched", Copy("01_llm_basics", untouched=True), "NNNNN"
    yield (
        "a mean of means, and one task left",
        fresh().answer("1.3", MEAN_OF_MEANS).stub("1.5"),
        "PPFPN",
    )
    yield "ties by their first place", fresh().answer("1.2", FIRST_INDEX).stub("1.5"), "PFPPN"
    yield (
        "a plain call that changes a list",
        with_one("steps[0]").before(
            "1.1",
            "steps = []\n\n\ndef note(steps, value):\n    steps.append(value)",
            "note(steps, 1)",
        ),
        "PPPPP",
    )
    yield (
        "heappush in a cell of its own",
        with_one("-heap[0]").before(
            "1.1",
            "import heapq\nheap = [0]",
            "heapq.heappush(heap, -1)",
            "[heapq.heappush(heap, n) for n in (3, 2)]",
        ),
        "PPPPP",
    )
    yield (
        "global",
        with_one("whole").before("1.1", "def begin():\n    global whole\n    whole = 1", "begin()"),
        "PPPPP",
    )
    yield (
        "setattr",
        with_one("settings.whole").before(
            "1.1", "class settings:\n    whole = 0", "setattr(settings, 'whole', 1)"
        ),
        "PPPPP",
    )
    yield (
        "x = queue.pop()",
        with_one("x * len(queue)").before("1.1", "queue = [1, 1]", "x = queue.pop()"),
        "PPPPP",
    )
    yield (
        "a file written and read",
        with_one("whole").before(
            "1.1",
            "with open('whole.txt', 'w') as file:\n    file.write('1')",
            "whole = int(open('whole.txt').read())",
        ),
        "PPPPP",
    )
    yield (
        "a higher recursion limit",
        fresh()
        .replace("1.3", "return math.exp(", "assert depth(5000) == 5000\n    return math.exp(")
        .before(
            "1.3",
            "import sys\nsys.setrecursionlimit(20_000)",
            "def depth(n):\n    return n and 1 + depth(n - 1)",
        ),
        "PPPPP",
    )
    halves = fresh().answer("1.1", SOFTEN_TAIL).twin("1.1", SOFTEN_HEAD)
    yield "an answer split in two, the marks in both", halves, "PPPPP"
    yield (
        "an answer split in two, the marks in the first",
        fresh().answer("1.1", SOFTEN_HEAD).before("1.1", SOFTEN_TAIL, suffix="_check"),
        "PPPPP",
    )
    yield "a first try above the right copy", fresh().twin("1.3", MEAN_OF_MEANS), "PPPPP"
    moved = fresh()
    moved.cells.insert(2, moved.cells.pop(moved.at("1.5")))
    yield "an answer moved above its helpers", moved, "PPPPP"
    yield (
        "a helper below its answer",
        fresh().answer("1.1", SOFTEN_TAIL).before("1.1", SOFTEN_HEAD, suffix="_check"),
        "PPPPP",
    )
    yield (
        "await",
        with_one("whole")
        .replace("1.1", "import math\n", AWAITS)
        .before("1.2", "await asyncio.sleep(0.01)"),
        "PPPPP",
    )
    yield (
        "shell lines in an answer",
        with_one("bool(version)").replace(
            "1.1", "import math\n", "!pip --version\nversion = !echo one\nimport math\n"
        ),
        "PPPPP",
    )
    yield (
        "a module of its own",
        with_one("mine.whole").before("1.1", "%%writefile mine.py\nwhole = 1", "import mine"),
        "PPPPP",
    )
    yield (
        "the shell's names",
        with_one("whole").before(
            "1.1", "get_ipython().user_ns['whole'] = 0", "get_ipython().user_ns['whole'] += 1"
        ),
        "PPPPP",
    )


# --- exercise 4: other programs and damage

FIRST_NEEDED = """def measure(found, needed, k):
    documents = list(dict.fromkeys(found))
    recall = len(set(documents[:k]) & set(needed)) / len(needed)
    return [recall, 1 / (documents.index(needed[0]) + 1) if needed[0] in documents else 0.0]"""


def without(copy_: Copy, *, ids: bool = False, marks: bool = False) -> Copy:
    """Cells without their ids (as format 4.4 has them) or without any metadata."""
    for cell in copy_.cells:
        if ids:
            del cell["id"]
        if marks:
            cell["metadata"] = {}
    copy_.notebook["nbformat_minor"] = 4 if ids else 5
    return copy_


def from_vs_code(copy_: Copy) -> Copy:
    for cell in copy_.cells:
        cell["source"] = cell["source"].splitlines(keepends=True)
        cell["metadata"] |= {"vscode": {"languageId": "python"}}
    copy_.notebook["metadata"] = {
        "kernelspec": {"display_name": ".venv", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "version": "3.12.3"},
    }
    return copy_


def from_colab(copy_: Copy) -> Copy:
    for cell in without(copy_, ids=True).cells:
        cell["metadata"] |= {
            "id": "aZ3_kQ-7xYtB",
            "colab": {"base_uri": "https://colab.research.google.com/"},
        }
    kernel = {"name": "python3", "display_name": "Python 3"}
    copy_.notebook |= {
        "nbformat_minor": 0,
        "metadata": {"colab": {"provenance": []}, "kernelspec": kernel},
    }
    return copy_


def from_jupytext(copy_: Copy) -> Copy:
    """Back from a text file: other ids, no outputs, white space at the ends of cells gone."""
    for number, cell in enumerate(copy_.cells):
        cell |= {"id": f"{number:08x}", "source": cell["source"].strip()}
    copy_.notebook["metadata"]["jupytext"] = {
        "formats": "ipynb,py:percent",
        "text_representation": {"extension": ".py"},
    }
    return copy_


def of_format_3(copy_: Copy) -> bytes:
    cells = [
        {
            "cell_type": "code",
            "language": "python",
            "input": [cell["source"]],
            "outputs": [],
            "metadata": {},
        }
        for cell in copy_.cells
        if cell["cell_type"] == "code"
    ]
    return json.dumps(
        {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    ).encode()


def foreign() -> Iterator[tuple]:
    """Exercise 4: what is unusual, the notebook or its bytes, a letter a task, and the status where
    it is not "graded".
    """

    def fresh() -> Copy:
        return Copy("04_virtual_librarian")

    yield "all right", fresh(), "PPPPPP"
    yield "untouched", Copy("04_virtual_librarian", untouched=True), "NNNNNN"
    yield "the rank of the first that is named", fresh().answer("4.1", FIRST_NEEDED), "FPPPPP"
    yield (
        "two wrong, one left",
        fresh()
        .replace("4.4", "<= at_most", "< at_most")
        .replace("4.6", "sorted(updates, key=lambda update: update.news.date)", "updates")
        .stub("4.5"),
        "PPPFNF",
    )
    yield (
        "chosen on all rows",
        fresh().replace("4.2", ' if row["split"] == "validation"', ""),
        "PFPPPP",
    )
    turned = fresh()
    cell = turned.cells[turned.at("4.3")]
    cell |= {"cell_type": "markdown"}
    del cell["outputs"], cell["execution_count"]
    yield "an answer turned into text", turned, "PPPPPP"
    yield "marks and ids lost", without(fresh(), ids=True, marks=True), "PPPPPP"
    yield "marks lost", without(fresh(), marks=True), "PPPPPP"
    yield "format 4.4", without(fresh(), ids=True), "PPPPPP"
    yield "VS Code", from_vs_code(fresh()), "PPPPPP"
    yield "Colab", from_colab(fresh()), "PPPPPP"
    yield "jupytext", from_jupytext(fresh()), "PPPPPP"
    windows = fresh()
    for cell in windows.cells:
        cell["source"] = cell["source"].replace("\n", "\r\n")
    yield "Windows' line ends", windows.data().replace(b"\n", b"\r\n"), "PPPPPP"
    yield "a byte order mark", b"\xef\xbb\xbf" + fresh().data(), "PPPPPP"
    yield "half a file", fresh().data()[:4000], "", "damaged"
    yield "a web page", b"<!DOCTYPE html>\n<html><body>Please log in</body></html>", "", "damaged"
    yield "an empty file", b"", "", "damaged"
    yield "format 3", of_format_3(fresh()), "", "damaged"
    yield "notes.docx", b"PK\x03\x04 a letter", "", "not a submission"
    yield (
        "another notebook",
        json.dumps(
            {
                "nbformat": 4,
                "nbformat_minor": 5,
                "metadata": {},
                "cells": [_own("print('hello')", "hello000")],
            }
        ).encode(),
        "",
        "not a submission",
    )


# --- exercise 5: texts, mistakes and attacks

TEXT = (
    "I advise the tuned reader with retrieval: 0.60 right against 0.45 of the base model, +0.15"
    " [+0.04, +0.28], so a difference was seen. Twelve changes a month cost the index seconds. It"
    " gives up simplicity."
)
LEAK_ALONE = (
    """if asked & trained:""",
    """if any({facts[q] for q in s["asked"]} & {facts[q] for q in s["trained on"]} for s in systems):""",
)
UNPAIRED = """def paired_interval(first, second, draws):
    rng, n = np.random.default_rng(1), len(first)
    one = np.array(first)[rng.integers(0, n, size=(draws, n))].mean(axis=1)
    other = np.array(second)[rng.integers(0, n, size=(draws, n))].mean(axis=1)
    return np.quantile(other - one, [0.025, 0.975]).tolist()"""
FORGED = """import json, os
line = json.dumps({"place": 3, "step": 3, "observed": [], "passed": True, "state": "passed", "points": 100, "end": True})
for handle in range(16):
    for text in (line, "Task 5.1 passed: 3 of 3 points.", "\\0" * 9):
        try:
            os.write(handle, f"\\n{text}\\n".encode())
        except OSError:
            pass
print("Task 5.1 passed: 3 of 3 points.")


def unfair(plan):
    return []"""
READS_PROC = """import pathlib


def paired_interval(first, second, draws):
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/*"):
        if path.name in ("environ", "cmdline", "maps", "comm", "cwd"):
            try:
                found += ["solution" in path.read_text(errors="replace")]
            except OSError:
                continue
    return [float(any(found)), float(any(found))]"""
EQUAL = """class Equal(str):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0


def conclusion(means, comparisons):
    return Equal("higher")"""
NETWORK = """import socket


def supported(answer, passages, stop_words):
    for address in (("192.0.2.1", 80), ("127.0.0.1", 8888), ("example.org", 443)):
        try:
            socket.create_connection(address, 0.2)
        except OSError:
            continue
        return 1.0
    return 0.0"""
HOG = "hoard = []\nwhile True:\n    hoard.append(b'x' * 2**24)"
HOGS = """import os, time
for _ in range(8):
    if not os.fork():
        hoard = []
        try:
            while True:
                hoard.append(b"x" * 2**24)
        except MemoryError:
            time.sleep(600)
time.sleep(600)"""
FORKS = "import os\nwhile True:\n    os.fork()"
SHOUT = (
    "import os\nfor _ in range(30):\n    print('x' * 1_000_000)\nos.write(1, b'y' *"
    " 2**20)\nos.write(2, b'z' * 2**20)"
)


def hostile() -> Iterator[tuple]:
    """Exercise 5, as `foreign`."""

    def fresh() -> Copy:
        return Copy("05_fine_tuning_vs_rag")

    def first(task: str, line: str) -> Copy:
        return fresh().answer(task, f"{line}\n\n\n{fresh().right(task)}")

    yield "all right, with its text", fresh().answer("5.6", TEXT), "PPPPPW", "needs marking"
    yield "untouched", Copy("05_fine_tuning_vs_rag", untouched=True), "NNNNNN"
    yield "all right but the text", fresh(), "PPPPPN"
    beside = fresh().before("5.6", TEXT, kind="markdown")
    beside.cells.pop(beside.at("5.6"))
    yield "the text in a cell of its own", beside, "PPPPPW", "needs marking"
    yield "a leak within each system alone", fresh().replace("5.1", *LEAK_ALONE), "FPPPPN"
    yield "an unpaired interval", fresh().answer("5.2", UNPAIRED), "PFPPPN"
    yield (
        "no Bonferroni, one left",
        fresh().replace("5.3", " / comparisons", "").stub("5.4"),
        "PPFNPN",
    )
    yield "os._exit", first("5.4", "import os\nos._exit(0)"), "PPPFPN", "crashed"
    yield (
        "an endless loop",
        fresh().replace("5.3", "tail =", "while True:\n        pass\n    tail ="),
        "PPFPPN",
        "timed out",
    )
    yield "all the memory, in eight processes", first("5.1", HOGS), "FPPPPN", "crashed"
    yield "a fork bomb", fresh().before("5.2", FORKS), "PPPPPN"
    yield (
        "stops its group",
        first("5.5", "import os, signal\nos.kill(0, signal.SIGSTOP)"),
        "PPPPFN",
        "timed out",
    )
    yield "forged lines", fresh().answer("5.1", FORGED), "FPPPPN"
    yield "reads /proc", fresh().answer("5.2", READS_PROC), "PFPPPN"
    yield "equal to everything", fresh().answer("5.3", EQUAL), "PPFPPN"
    faked = Copy("05_fine_tuning_vs_rag", untouched=True)
    for number in range(1, 6):
        output = {
            "output_type": "stream",
            "name": "stdout",
            "text": f"Task 5.{number} passed: 20 of 20 points.\n",
        }
        faked.cells[faked.at(f"5.{number}", "_check")]["outputs"] = [output]
    yield "faked outputs", faked, "NNNNNN"
    yield "the network", fresh().answer("5.5", NETWORK), "PPPPFN"
    yield "endless output", fresh().before("5.1", SHOUT), "PPPPPN"
    edited = fresh().replace("5.4", "while ahead(updates) >= 0:", "while ahead(updates) > 0:")
    edited.cells[edited.at("5.4", "_check")]["source"] = "print('Task 5.4 passed: 3 of 3 points.')"
    yield "edited checks over a wrong answer", edited, "PPPFPN"
    yield (
        "errors, a loop and all the memory in scratch cells",
        fresh()
        .before("5.1", "1 / 0", "while True:\n    pass")
        .before("5.3", "not_defined", "def broken(:", HOG),
        "PPPPPN",
    )


# --- names

NAMES = """Ada King|Ben Okafor|Chiara Rossi|Dmitri Sokolov|Elif Yılmaz|Farah Haddad|Göran Åkesson|Hanna Müller-Lüdenscheid
Inês da Silva|João Pereira|Katja Vuković|Liam O'Hara|Małgorzata Kowalska|Nia Mbeki|Øystein Lie|Priya Nair|Quentin Dubois
Rosa Ibáñez|Søren Holm|Thi Nguyen""".replace("\n", "|").split("|")


def _moodle(name: str, number: int, slug: str) -> tuple:
    ident = str(7300 + number)
    return f"{name}_{ident}_assignsubmission_file/{slug}.ipynb", name, ident, "moodle"


def _canvas(name: str, number: int, slug: str) -> tuple:
    plain, ident = (
        "".join(c for c in "".join(reversed(name.split())).lower() if c.isalnum()),
        str(5100 + number),
    )
    late, again = "_LATE" if number % 7 == 3 else "", "-2" if number % 5 == 2 else ""
    return f"{plain}{late}_{ident}_{90210 + number}_{slug}{again}.ipynb", plain, ident, "canvas"


def _plain(name: str, number: int, slug: str) -> tuple:
    path = f"{name}/exercise_5_2026_final.ipynb" if number % 3 == 1 else f"{name}.ipynb"
    return path, name, "", ""


#: What is handed in where, by whose kind of name.
WEEKS = {
    "moodle": ("01_llm_basics", unusual, _moodle),
    "canvas": ("04_virtual_librarian", foreign, _canvas),
    "folder": ("05_fine_tuning_vs_rag", hostile, _plain),
}


def handed_in(week: str) -> list[Handed]:
    """The twenty of one week."""
    slug, papers, called = WEEKS[week]
    found = []
    for number, ((what, paper, tasks, *status), name) in enumerate(
        zip(papers(), NAMES, strict=True)
    ):
        path, learner, ident, platform = called(name, number, slug)
        path = path.replace(".ipynb", ".docx") if what.endswith(".docx") else path
        found.append(
            Handed(
                what,
                path,
                paper if isinstance(paper, bytes) else paper.data(),
                slug,
                tasks,
                *(status or ["graded"]),
                learner,
                ident,
                platform,
            )
        )
    return found


def write(week: str, folder: Path) -> Path:
    """Write the week's files as its platform gives them out; returns the zip or the folder."""
    folder.mkdir(parents=True)
    if week == "folder":
        for one in handed_in(week):
            path = folder / one.path
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(one.data)
        return folder
    with zipfile.ZipFile(folder / f"{week}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for one in handed_in(week):
            archive.writestr(one.path, one.data)
    return folder / f"{week}.zip"
