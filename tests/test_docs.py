"""README.md and docs/ hold: their commands run, what they name exists, and the figures they quote
stand at their source.

Which command is tried how is in `HOW`; a command that is not there fails. A page's blocks are
followed from top to bottom, as a reader would, in one copy of the course. A section that quotes
figures names where they come from in a line that begins with "Figures:"; every code span in it that
begins like a number has to stand in what is printed there.
"""

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
import pytest

from ftrag_helpers.cli import main
from ftrag_helpers.environment import runtime
from ftrag_helpers.exercises import checking
from ftrag_helpers.grading import records

ROOT = runtime.course_root()
DOCS = [
    ROOT / "docs" / f"{name}.md"
    for name in ("instructor_guide", "extending", "bigger", "troubleshooting")
]
PAGES = [ROOT / "README.md", *DOCS]
PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

#: How a command line is tried, by its first words; the longest that fits decides. run: as written,
#: in the copy. help: its --help, where every option of the line must be explained (too slow to run,
#: or it asks for a model, the network, other people). script: the file is there, and knows the
#: options. pytest: the files are there, the markers are registered. nbgrader: a subcommand that
#: this nbgrader has. extra: a list of packages in pyproject.toml. outside: a program that is none
#: of ours; only the files it names are looked for.
HOW = {
    "ftrag build": "run",
    "ftrag progress": "run",
    "python -c": "run",
    "ftrag lab": "help",
    "ftrag test": "help",
    "ftrag fetch": "help",
    "ftrag check": "help",
    "ftrag report": "help",
    "ftrag compare": "help",
    "ftrag validate": "help",
    "ftrag grade": "help",
    "ftrag class": "help",
    "ftrag site": "help",
    "chroma run": "help",
    "dask scheduler": "help",
    "dask worker": "help",
    "hf download": "help",
    "python benchmarks/lessons.py": "script",
    "python -m pytest": "pytest",
    "pip install": "extra",
    "nbgrader release_assignment": "nbgrader",
    "nbgrader collect": "nbgrader",
    "nbgrader autograde": "nbgrader",
    "source": "outside",
    "sudo apt install": "outside",
    "conda env create": "outside",
}
# The command's own script imports all of chromadb first, which takes seconds.
CHROMA = "import sys, chromadb_rust_bindings as chroma; chroma.cli(['chroma', *sys.argv[1:]])"
PROGRAMS = {
    "dask": [sys.executable, "-m", "dask"],
    "python": [sys.executable],
    "hf": [sys.executable, "-m", "huggingface_hub.cli.hf"],
    "chroma": [sys.executable, "-c", CHROMA],
}
#: What a reader has or makes, a model's name on the hub among it; the course has no file of that
#: name.
READERS_OWN = {
    "progress.json",
    "results.json",
    "HuggingFaceTB/SmolLM2-360M-Instruct",
    "class.html",
    "slides.html",
    "submissions.zip",
    "submissions",
    "submitted",
    "results",
    "trial",
    "gradebook.db",
    "chroma-data",
    "06_name",
    "notebooks/06_name.ipynb",
    "release/01_llm_basics/",
    "models",
    "adapters",
    ".venv/bin/activate",
    "Ada King.ipynb",
    "Ben Okafor/01_llm_basics.ipynb",
    ".ipynb",
    ".txt",
    ".md",
}
#: Written by `ftrag grade`: each name stands in the grader's code.
GRADERS = {
    "marks.csv",
    "not_graded.csv",
    "handed_in_twice.csv",
    "to_mark.csv",
    "overview.html",
    "feedback/",
    "import/",
}


# --- reading a page


@dataclass(frozen=True)
class Block:
    """A fenced block; `before` is the page's text up to it."""

    language: str
    text: str
    before: str


def blocks(text):
    fences = re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    return [Block(found[1], found[2], text[: found.start()]) for found in fences]


def command_lines(block):
    """The commands of a block, continued lines joined, comments cut; without a language it counts
    if all lines are commands.
    """
    lines = [
        re.sub(r"\s+#\s.*", "", line).strip()
        for line in block.text.replace("\\\n", " ").splitlines()
    ]
    lines = [line.removeprefix("$ ") for line in lines if line]
    if block.language in ("bash", "console", "sh", "shell"):
        return lines
    return (
        lines
        if not block.language
        and lines
        and all(line.startswith(("python ", "ftrag ")) for line in lines)
        else []
    )


def spans(text):
    """What stands between single backticks, outside fenced blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))


def sections(text):
    """The page cut at its headings."""
    return re.split(r"^(?=#+ )", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), flags=re.M)


# --- commands


def words_of(line):
    """The command's words without variables before it; `python course.py X` is `ftrag X`, if
    course.py lets X through.
    """
    words = shlex.split(line)
    while re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    if words[:2] == ["python", "course.py"]:
        assert words[2] in course_commands(), f"course.py does not know {words[2]}"
        words = ["ftrag", *words[2:]]
    return words


@cache
def course_commands():
    spec = importlib.util.spec_from_file_location("course_of_docs", ROOT / "course.py")
    course = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(course)
    return course.COMMANDS


def how(words):
    fitting = [key for key in HOW if words[: len(key.split())] == key.split()]
    assert fitting, f"no way is known to try: {' '.join(words)}. Add it to HOW."
    return HOW[max(fitting, key=len)]


def call(words, folder):
    line = [*PROGRAMS[words[0]], *words[1:]]
    # COLUMNS keeps a long option on one line of the help.
    return subprocess.run(
        line,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
    )


def ftrag(words, folder):
    """Run one of the course's own commands in this process, as if the course lay in `folder`;
    returns its exit code.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runtime, "course_root", lambda: folder)
        return main.main(words)


@cache
def subcommands():
    """The parser of each of the course's commands by its name."""
    [choices] = [action.choices for action in main.build_parser()._actions if action.choices]
    return choices


@cache
def help_of(*words):
    if words[0] == "ftrag":
        assert words[1] in subcommands(), f"{' '.join(words)} is no command of ftrag"
        return subcommands()[words[1]].format_help()
    done = call([*words, "--help"], ROOT)
    assert done.returncode == 0, (
        f"{' '.join(words)} is no command: {(done.stderr or done.stdout)[-300:]}"
    )
    return done.stdout


def options_of(words):
    return [word.split("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)]


def knows(text, option):
    return re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text)


def try_command(line, folder):
    """Try a command line as HOW says; fails with what is wrong with it."""
    words = words_of(line)
    way = how(words)
    missing = [word for word in words[1:] if looks_like_a_path(word) and not exists(word, folder)]
    assert not missing, f"{line}: there is no {missing}"
    if way == "run" and words[0] == "ftrag":
        assert ftrag(words[1:], folder) == 0, line
    elif way == "run":
        done = call(words, folder)
        assert done.returncode == 0, f"{line}\n{done.stdout[-500:]}{done.stderr[-800:]}"
    elif way == "help" and words[0] == "dask" and not importlib.util.find_spec("distributed"):
        assert "distributed" in PYPROJECT, line  # an extra that few need
    elif way == "help":
        text = help_of(*words[:2])
        unknown = [option for option in options_of(words[2:]) if not knows(text, option)]
        assert not unknown, f"{line}: {unknown} not in its help"
    elif way == "script":
        source = (ROOT / words[1]).read_text("utf-8")
        assert [option for option in options_of(words[2:]) if option not in source] == [], line
    elif way == "pytest":
        marked = re.findall(r"-m '(?:not )?(\w+)'", shlex.join(words[3:]))
        assert all(re.search(rf'"{name}: ', PYPROJECT) for name in marked) and set(
            options_of(words[3:])
        ) <= {"-m"}, line
    elif way == "nbgrader":
        from nbgrader.apps.nbgraderapp import NbGraderApp

        assert words[1] in NbGraderApp.subcommands, line
    elif way == "extra":
        [wanted] = re.findall(r"\.\[(\w+)\]", line)
        assert re.search(rf"^{wanted} = \[", PYPROJECT, re.M), line


@pytest.fixture
def copy(tmp_path):
    """A copy of the course in which a reader may write."""
    folder = tmp_path / "course"
    for name in ("ftrag_helpers", "datasets", "solutions", "exercises"):
        shutil.copytree(
            ROOT / name,
            folder / name,
            ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"),
        )
    shutil.copy(ROOT / "course.py", folder)
    ftrag(
        ["build"], folder
    )  # whether the course's own exercises are in step is another test's question
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_a_page_can_be_followed_from_top_to_bottom(page, copy):
    text = page.read_text("utf-8")
    followed = 0
    for block in blocks(text):
        if block.language == "json":  # goes to the end of the file that was named last before it
            name = re.findall(r"`(datasets/[\w/]+\.jsonl)`", block.before)[-1]
            json.loads(block.text)
            with open(copy / name, "a", encoding="utf-8", newline="\n") as file:
                file.write(block.text)
        elif block.language == "python":
            done = call(["python", "-c", block.text], copy)
            assert done.returncode == 0, f"{block.text}\n{done.stderr[-800:]}"
        for line in command_lines(block):
            try_command(line, copy)
            followed += 1
    assert followed, "a page without a single command: is it read rightly?"


@pytest.mark.parametrize(
    "line, complaint",
    [
        ("ftrag frobnicate", "no way is known"),
        ("make all", "no way is known"),
        ("python course.py frobnicate", "does not know"),
        ("ftrag lab --prot 8889", "--prot"),
        ("ftrag validate notebooks/99_none.ipynb", "99_none"),
        ("python -m pytest tests/test_none.py", "test_none"),
        ("python -m pytest tests -m 'not quick'", "not quick"),
        ("nbgrader collect2 x", "no way is known"),
        ("pip install '.[gpus]'", "gpus"),
        ("python benchmarks/lessons.py --fast", "--fast"),
        ("python -c 'import no_such'", "no_such"),
        ("conda env create --file environment.yaml", "environment.yaml"),
        ("chroma run --pth x", "--pth"),
    ],
)
def test_a_command_that_does_not_hold_is_found_out(line, complaint):
    with pytest.raises(AssertionError, match=re.escape(complaint)):
        try_command(line, ROOT)


def test_new_seeds_reach_every_hidden_test_and_no_exercise(copy):
    [snippet] = [b.text for b in blocks(DOCS[0].read_text("utf-8")) if b.language == "python"]

    def state():
        assert ftrag(["build"], copy) == 0
        texts = [path.read_text("utf-8") for path in sorted((copy / "solutions").glob("*.ipynb"))]
        seeds = [
            seed
            for text in texts
            for seed in re.findall(r"check\.task_\w+\([^\n]*seed=(\d+)", text)
        ]
        return seeds, {
            path.name: path.read_bytes() for path in (copy / "exercises").glob("*.ipynb")
        }

    old_seeds, old_exercises = state()
    assert call(["python", "-c", snippet], copy).returncode == 0
    seeds, exercises = state()
    assert len(seeds) == len(old_seeds) >= 5 and not any(
        old == new for old, new in zip(old_seeds, seeds, strict=True)
    )
    assert exercises == old_exercises
    for path in (copy / "solutions").glob("*.ipynb"):
        nbformat.validate(nbformat.read(path, as_version=4))


def test_the_example_of_a_task_judges_rightly():
    snippets = [b.text for b in blocks(DOCS[1].read_text("utf-8")) if b.language == "python"]
    [snippet] = [text for text in snippets if "TASK = Task(" in text]
    space = {}
    exec(snippet, space)
    task = space["TASK"]
    for seed in (0, 1, 2):
        checking.run(task, lambda counts: sum(counts) / len(counts), seed)
        with pytest.raises(checking.CheckFailed, match="this is the sum"):
            checking.run(task, sum, seed)
    assert task.cases(0) != task.cases(1)
    assert not any(
        checking.decide(task, junk, 0).passed
        for junk in (None, [], "x", [[]] * 3, [float("nan")] * 3)
    )


# --- names


def looks_like_a_path(text):
    if (
        "://" in text
        or text.startswith(("-", "~", "python ", "ftrag "))
        or re.search(r"[<>()=*…]", text)
    ):
        return False
    return bool(
        re.search(r"\.(py|md|ipynb|toml|lock|yml|json|jsonl|csv|html|db|zip|yaml|txt|cfg)$", text)
        or re.fullmatch(r"[\w.-]+(/[\w.-]+)*/|[\w.-]+(/[\w.-]+)+", text)
    ) and not re.fullmatch(r"[\d.]+/[\d.]+", text)


def exists(name, folder=ROOT):
    if name in GRADERS:
        return any(
            name.rstrip("/") in path.read_text("utf-8")
            for path in (ROOT / "ftrag_helpers" / "grading").rglob("*.py")
        )
    return (
        name in READERS_OWN
        or name.split("/")[0] in READERS_OWN
        or (folder / name).exists()
        or (ROOT / name).exists()
    )


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_file_and_folder_that_is_named_exists(page):
    text = page.read_text("utf-8")
    named = [span for span in spans(text) if looks_like_a_path(span)]
    assert sorted(name for name in named if not exists(name)) == []
    links = [link for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if "://" not in link]
    assert sorted(link for link in links if not (page.parent / link).exists()) == []
    assert named, "no file is named: is the page read rightly?"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_command_option_and_variable_in_a_sentence_exists(page):
    text = page.read_text("utf-8")
    code = "".join(
        path.read_text("utf-8")
        for path in [ROOT / "course.py", *(ROOT / "ftrag_helpers").rglob("*.py")]
    )
    assert sorted(name for name in re.findall(r"FTRAG_[A-Z_]+\b", text) if name not in code) == []
    fenced = "\n".join(block.text for block in blocks(text))
    every = "".join(help_of("ftrag", name) for name in subcommands())
    for span in spans(text):
        if span.startswith(("ftrag ", "python course.py ")) and "…" not in span:
            words = words_of(span)
            explained = help_of(*words[:2])
            assert [option for option in options_of(words) if not knows(explained, option)] == [], (
                span
            )
        elif span.startswith(("nbgrader ", "chroma ", "python benchmarks/")) and "…" not in span:
            assert span.split()[:2] in [key.split()[:2] for key in HOW] or exists(
                span.split()[1]
            ), span
        elif span.startswith("--"):
            assert knows(every, span.split()[0]) or span.split()[0] in fenced, span


@pytest.mark.parametrize("page", DOCS, ids=NAMES[1:])
def test_every_function_that_is_named_exists(page):
    for span in spans(page.read_text("utf-8")):
        found = re.fullmatch(r"(\w+)\.(\w+)(\(.*\))?", span)
        if not found or looks_like_a_path(span) or found[2] == "sqlite":
            continue
        for path in (ROOT / "ftrag_helpers").rglob(f"{found[1]}.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            assert hasattr(importlib.import_module(module), found[2]), span


def test_the_guide_names_every_command_of_the_instructor_and_every_end_of_a_submission():
    text = DOCS[0].read_text("utf-8")
    wanted = ("build", "grade", "validate")
    assert [
        name for name in wanted if f"ftrag {name}" not in text or name not in course_commands()
    ] == []
    plain = " ".join(text.split())
    assert [status for status in records.STATUSES if f"*{status}*" not in plain] == []


# --- figures

FIGURE = re.compile(r"[+−-]?\d[\d.,%]*( .*)?")
ASSERTED = re.compile(r"[<>]=? ?[\d.]+")


def one_line(text):
    return " ".join(text.split())


@cache
def notebook(name):
    """(what a notebook prints, the code of its cells with an assertion)."""
    cells = json.loads((ROOT / name).read_text("utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    printed = [
        "".join(output.get("text") or output.get("data", {}).get("text/plain", ""))
        for output in outputs
    ]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return one_line(" ".join(printed)), one_line(
        " ".join(text for text in code if "assert" in text)
    )


@cache
def rows_of(name):
    """The figures that a data file holds, as the guide writes them, by the name of their row; ""
    for the whole.
    """
    if name.endswith("timings.json"):
        measured = json.loads((ROOT / name).read_text("utf-8"))
        rows = {
            lesson: {str(facts["cores"]), f"{facts['seconds']} s", f"{facts['peak_gb']} GB"}
            for lesson, facts in measured.items()
        }
        return rows | {"": {f"{sum(facts['seconds'] for facts in measured.values()) / 60:.0f} min"}}
    found = [json.loads(line) for line in (ROOT / name).read_text("utf-8").splitlines()]
    if "system" not in found[0]:
        return {"": {f"{value:.3f}" for row in found for value in row.values()}}
    return {
        row["system"]: {
            f"{row['right']:.3f} [{row['low']:.3f}, {row['high']:.3f}]",
            f"{row['worst seed']:.3f} to {row['best seed']:.3f}",
        }
        for row in found
    }


def unfounded(section):
    """The figures of a section that its sources do not hold."""
    named = re.search(r"^Figures: ((?:`[^`]+`(?:, )?)+)", section, re.M)
    sources = re.findall(r"`([^`]+)`", named[1]) if named else []
    missing = [name for name in sources if not (ROOT / name).is_file()]
    if missing:
        return [f"no {name}" for name in missing]
    notebooks = [notebook(name) for name in sources if name.endswith(".ipynb")]
    rows = {
        row: held
        for name in sources
        if not name.endswith(".ipynb")
        for row, held in rows_of(name).items()
    }
    wrong = []
    for line in section.splitlines():
        first = line.strip("| ").split(" | ")[0] if line.startswith("|") else ""
        for span in map(one_line, re.findall(r"`([^`]+)`", line)):
            if ASSERTED.fullmatch(span):
                held = any(re.search(rf"{re.escape(span)}(?![\d.])", code) for _, code in notebooks)
            elif FIGURE.fullmatch(span) and not looks_like_a_path(span):
                held = span in rows.get(first, rows.get("", ())) or any(
                    re.search(rf"(?<![\d.]){re.escape(span)}(?!\d|\.\d)", printed)
                    for printed, _ in notebooks
                )
            else:
                continue
            wrong += [] if held else [span]
    return wrong


@pytest.mark.parametrize("page", DOCS, ids=NAMES[1:])
def test_every_figure_stands_at_its_source(page):
    found = {
        section.splitlines()[0]: unfounded(section)
        for section in sections(page.read_text("utf-8"))
        if section.strip()
    }
    assert {heading: figures for heading, figures in found.items() if figures} == {}


def test_every_lesson_has_its_figures_and_misconceptions_in_the_guide():
    every = sections(DOCS[0].read_text("utf-8"))
    found = {
        section.splitlines()[0]: section for section in every if section.startswith("### Lesson")
    }
    assert list(found) == [f"### Lesson 0{number}" for number in range(1, 6)]
    for heading, section in found.items():
        assert (
            "Figures: " in section
            and section.count('- *"') >= 4
            and len(re.findall(r"\d\]", section)) >= 2
        ), heading


@pytest.mark.parametrize(
    "section, wrong",
    [
        ("Figures: `notebooks/01_llm_basics.ipynb`.\n`0.50 [0.42, 0.58] n=150` and `> 0.4`", []),
        (
            "Figures: `notebooks/01_llm_basics.ipynb`.\n`0.74 [0.57, 0.90] n=30` and `> 0.55`",
            ["0.74 [0.57, 0.90] n=30", "> 0.55"],
        ),
        ("A figure without a source: `0.73`, but `three` is none.", ["0.73"]),
        (
            (
                "Figures: `notebooks/timings.json`.\n| 01_llm_basics | `9999 s` | `1.5 GB` |\n|"
                " 03_instruction_fine_tuning | `1.5 GB` |"
            ),
            ["9999 s", "1.5 GB"],
        ),
        ("Figures: `notebooks/99_none.ipynb`.\n`0.5`", ["no notebooks/99_none.ipynb"]),
    ],
)
def test_a_figure_that_does_not_hold_is_found_out(section, wrong):
    assert unfounded(section) == wrong


def test_the_readme_counts_the_data_rightly():
    text = one_line((ROOT / "README.md").read_text("utf-8"))

    def rows(folder):
        listed = json.loads((ROOT / "datasets" / folder / "manifest.json").read_text("utf-8"))[
            "files"
        ]
        return {Path(entry["name"]).stem: entry["rows"] for entry in listed}

    library, reviews = rows("library"), rows("reviews")
    assert (
        f"library/ ({library['documents']} documents, {library['updates']} updates, "
        f"{library['questions']:,} questions)" in text
    )
    assert (
        f"reviews/ ({reviews['reviews']:,}, {reviews['posts']} posts, {reviews['elsewhere']} from"
        " elsewhere)" in text
    )
    assert f"instructions/ ({rows('instructions')['pairs']} pairs)" in text
    assert (
        f"allotment/ ({sum(1 for _ in (ROOT / 'datasets/allotment/documents').rglob('*.*'))}"
        " documents" in text
    )


def test_the_pictures_of_the_readme_are_the_lessons_own():
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "benchmarks" / "pictures.py")
    pictures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pictures)
    for name, source in pictures.PICTURES.items():
        assert (pictures.OUT / name).read_bytes() == pictures.picture(*source), (
            f"{name} is out of step: run python benchmarks/pictures.py"
        )


# --- the glossary

GLOSSARY = ROOT / "docs" / "glossary.md"
#: Terms of the field whose cell shows the thing without the word.
UNNAMED = {
    "ablation",
    "decoder",
    "few-shot",
    "gradient",
    "instruct model",
    "linear probe",
    "parametric knowledge",
    "pre-training",
    "query, key and value",
    "reciprocal rank fusion",
    "ROC curve",
    "supervised fine-tuning",
    "TF-IDF",
    "transformer",
    "zero-shot",
}


@pytest.fixture(scope="module")
def glossary():
    """`benchmarks/glossary.py`, which makes the links."""
    spec = importlib.util.spec_from_file_location("glossary", ROOT / "benchmarks" / "glossary.py")
    module = sys.modules["glossary"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_glossarys_links_are_those_that_the_lessons_give(glossary):
    page = GLOSSARY.read_text("utf-8")
    assert page.startswith("# Glossary\n")
    assert glossary.render(page) == page, "run: python benchmarks/glossary.py"


def test_the_glossary_is_in_order_and_no_word_stands_for_two_terms(glossary):
    entries = glossary.entries(GLOSSARY.read_text("utf-8"))
    assert len(entries) >= 80
    terms = [entry.term.lower() for entry in entries]
    assert terms == sorted(terms)
    words = [word.lower() for entry in entries for word in (entry.term, *entry.others)]
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_the_cell_that_an_entry_links_to_is_there_and_holds_the_term(glossary):
    missed = []
    for entry in glossary.entries(GLOSSARY.read_text("utf-8")):
        source = glossary.cells_of(entry.notebook)[entry.cell].source.lower()
        words = [
            w for name in (entry.term, *entry.others) for w in re.findall(r"\w+", name.lower())
        ]
        if not any(len(word) > 1 and word != "and" and word in source for word in words):
            missed.append(entry.term)
    assert set(missed) <= UNNAMED


def test_a_glossarys_link_goes_where_the_term_is_bold_and_says_the_heading(glossary, monkeypatch):
    cells = {
        "a": glossary.Cell(True, "## Before\n\nThe loss again."),
        "b": glossary.Cell(True, "Text\n\n## The *loss*\n\nThe **loss function** is.\n\n## After"),
        "c": glossary.Cell(False, "# **loss**"),
    }
    books = {"02_x.ipynb": cells, "01_x.ipynb": {"d": glossary.Cell(True, "An **epoch**.")}}
    monkeypatch.setattr(glossary, "cells_of", books.__getitem__)
    monkeypatch.setattr(glossary, "lessons", lambda: sorted(books))
    entry = glossary.Entry("loss", ("loss function",), "A number.", "02_x.ipynb", "a")
    assert (
        str(entry)
        == "**loss** (loss function). A number. [Lesson 02, The loss](../notebooks/02_x.ipynb"
        "#cell-id=b)."
    )
    # Where its own lesson does not explain it, another one may.
    assert glossary.Entry("epoch", (), "A pass.", "02_x.ipynb", "a").found() == ("01_x.ipynb", "d")
    other = glossary.Entry("batch", (), "A few.", "02_x.ipynb", "gone")
    with pytest.raises(ValueError, match="batch: 02_x.ipynb has no cell 'gone' any more"):
        str(other)


def said_by_the_code() -> str:
    """Every text in the course's code, with "…" for what is filled in, on one line."""
    import ast

    found = []
    for path in [ROOT / "course.py", *(ROOT / "ftrag_helpers").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
            if isinstance(node, ast.JoinedStr):
                parts = [getattr(part, "value", "…") for part in node.values]
                found.append("".join(part if isinstance(part, str) else "…" for part in parts))
    return " ".join(" ".join(found).split())


def test_the_messages_that_troubleshooting_quotes_are_those_that_are_said():
    text = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    said = said_by_the_code()
    quoted = [" ".join(span.split()) for span in spans(text) if "…" in span]
    foreign = {"NameError: name '…' is not defined", "packages: … (wanted …)"}
    missing = []
    for message in quoted:
        # What is filled in may be any words: the longest part that is fixed has to be there.
        fixed = max(re.split("…", message), key=len).strip(" .:,")
        if message not in foreign and fixed not in said:
            missing.append(message)
    assert len(quoted) >= 10 and not missing
