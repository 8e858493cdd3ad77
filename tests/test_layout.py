"""The package's shape: imports go one way, folders are small, importing is quiet, examples run."""

import ast
import doctest
import importlib
import io
import json
import re
import subprocess
import sys
import tokenize

import pytest

from ftrag_helpers.environment import runtime

ROOT = runtime.course_root()
PACKAGE = ROOT / "ftrag_helpers"
HEAVY = {
    "torch",
    "transformers",
    "chromadb",
    "datasets",
    "sentence_transformers",
    "matplotlib",
    "peft",
}
FOLDERS = sorted(path.parent for path in PACKAGE.rglob("__init__.py"))
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
NAMES = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES]


def at_module_level(tree):
    """The statements that run on import: all but functions' bodies and `if TYPE_CHECKING`."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


@pytest.fixture(scope="module")
def trees():
    return {path: ast.parse(path.read_text("utf-8")) for path in FILES}


def test_imports_go_one_way():
    """The contracts of `pyproject.toml`: which folders may import which."""
    line = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run(
        [sys.executable, "-c", line], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("folder", FOLDERS, ids=[path.name for path in FOLDERS])
def test_a_folder_is_small_and_says_what_it_holds(folder):
    assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= 9
    body = ast.parse((folder / "__init__.py").read_text("utf-8")).body
    assert len(body) == 1 and ast.get_docstring(ast.Module(body, []))


def test_a_module_can_be_read_in_one_sitting():
    long = {path.name for path in FILES if len(path.read_text("utf-8").splitlines()) > 300}
    assert long <= {"assignments.py"}, "split it along a seam, or make it simpler"


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_heavy_libraries_are_imported_where_they_are_needed(path, trees):
    nodes = list(at_module_level(trees[path]))
    found = {
        alias.name.split(".")[0]
        for node in nodes
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    found |= {
        node.module.split(".")[0]
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }
    assert found & HEAVY - ({"matplotlib"} if path.name == "plots.py" else set()) == set()


def test_every_module_says_what_it_is_for(trees):
    assert [str(path) for path, tree in trees.items() if not ast.get_docstring(tree)] == []


def test_importing_the_package_prints_nothing_and_loads_nothing_heavy():
    light = [name for name in NAMES if ".notebook." not in name]
    code = (
        f"import importlib, sys\nfor name in {light}: importlib.import_module(name)\n"
        f"sys.exit(' '.join(sorted({HEAVY} & sys.modules.keys())) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", NAMES)
def test_examples_in_docstrings_run(name):
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.testmod(importlib.import_module(name), optionflags=flags).failed == 0


#: Names of our own making that the field has a word for: they must not come back.
PRIVATE = {
    "trunk": "frozen layers",
    "recipe": "training config",
    "finder": "retriever",
    "gate": "answerability classifier",
    "gatekeeper": "answerability classifier",
    "signals": "features",
    "sureness": "confidence",
    "sentenceselector": "MaxSimReranker",
    "embed_pieces": "embed_tokens",
    "rarity": "idf",
    "add_scores": "weighted_fusion",
    "remembering": "memoize",
    "roomy_cache": "preallocated cache",
    "share_met": "pass rate",
    "slip": "mistake",
    "slips": "mistakes",
    "byhand": "ManualTask",
    "chance": "rng",
    "lockdown": "drop_privileges",
}


def identifiers(source):
    """Every name in a piece of Python, in lower case."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.string.lower() for token in tokens if token.type == tokenize.NAME}


def test_names_are_the_fields_own():
    sources = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in FILES}
    for path in (*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("solutions/*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        sources[str(path.relative_to(ROOT))] = "\n".join(code)
    found = {name: sorted(identifiers(source) & PRIVATE.keys()) for name, source in sources.items()}
    assert {name: words for name, words in found.items() if words} == {}


def named_files(text):
    """What a Markdown text names as this repository's files: link targets, and code spans that look
    like paths.
    """
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    spans = re.findall(r"`([\w.-]+(?:/[\w.-]*)*)`", text)
    return {link for link in links if "://" not in link and not link.startswith("mailto:")} | {
        span
        for span in spans
        if span.endswith("/") or re.search(r"\.(py|md|ipynb|toml|lock|yml|json|jsonl)$", span)
    }


def test_every_file_that_the_readme_names_exists():
    named = named_files((ROOT / "README.md").read_text("utf-8"))
    assert named and sorted(name for name in named if not (ROOT / name).exists()) == []
