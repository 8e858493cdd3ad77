"""The package's shape: imports go downwards, importing is quiet and light, examples run, named
files exist.
"""

import ast
import doctest
import importlib
import re
import subprocess
import sys

import pytest

from ftrag_helpers import runtime

ROOT = runtime.course_root()
PACKAGE = ROOT / "ftrag_helpers"
LEVELS = {
    0: [
        "records",
        "runtime",
        "spelling",
        "units",
        "number_words",
        "quantities",
        "answer_match",
        "metrics",
        "properties",
        "faithfulness",
        "plain_text",
        "sentences",
        "markup",
        "wrapping",
        "decoding",
        "errors",
        "variables",
        "proxies",
        "systems",
        "pip_calls",
        "libraries",
    ],
    1: [
        "course_data",
        "tuning_data",
        "document_files",
        "own_data",
        "results",
        "prompts",
        "chunking",
        "bm25",
        "ranking",
        "chroma_store",
        "retrieval",
        "selection",
        "model_files",
        "models",
        "compute_cache",
    ],
    2: [
        "finetuning",
        "trunk",
        "adapters",
        "rag",
        "gate",
        "evaluation",
        "decision",
        "scorecard",
        "claims",
        "longer_runs",
    ],
    3: ["comparison", "plots", "widgets", "quiz", "report", "checks", "exercises", "grading"],
    4: ["commands"],
    5: ["cli"],
}
LEVEL = {name: level for level, names in LEVELS.items() for name in names}
#: The only imports within a level: (importer, imported).
BESIDE = {
    ("plain_text", "markup"),
    ("own_data", "document_files"),
    ("number_words", "spelling"),
    ("number_words", "units"),
    ("quantities", "number_words"),
    ("quantities", "spelling"),
    ("quantities", "units"),
    ("answer_match", "spelling"),
    ("answer_match", "quantities"),
    ("answer_match", "units"),
    ("metrics", "answer_match"),
    ("variables", "errors"),
    ("runtime", "errors"),
    ("runtime", "variables"),
    ("runtime", "proxies"),
    ("libraries", "runtime"),
    ("libraries", "proxies"),
    ("models", "model_files"),
    ("models", "compute_cache"),
    ("widgets", "plots"),
    ("tuning_data", "course_data"),
    ("results", "course_data"),
    ("finetuning", "trunk"),
    ("finetuning", "adapters"),
    ("faithfulness", "metrics"),
    ("scorecard", "decision"),
    ("retrieval", "chunking"),
    ("retrieval", "bm25"),
    ("retrieval", "ranking"),
    ("retrieval", "chroma_store"),
    ("selection", "chunking"),
    ("selection", "bm25"),
    ("selection", "ranking"),
    ("selection", "retrieval"),
    ("scorecard", "finetuning"),
    ("grading", "checks"),
}
HEAVY = {
    "torch",
    "transformers",
    "chromadb",
    "datasets",
    "sentence_transformers",
    "matplotlib",
    "peft",
}

FILES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")
NAMES = [p.relative_to(PACKAGE).with_suffix("").as_posix() for p in FILES]


def top(path):
    """The module of the level table that a file belongs to: "checks" for checks/lesson_01.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree, package="ftrag_helpers"):
    """The course's modules that a tree imports, at the top and inside functions; relative imports
    too.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = f"{package}.{node.module or ''}".rstrip(".") if node.level else node.module
            names = [base] if base != package else [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith(f"{package}."))


def at_module_level(tree):
    """The statements that run on import: everything but the bodies of functions and `if
    TYPE_CHECKING`.
    """
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


def test_every_module_has_a_level():
    assert sorted({top(path) for path in FILES} - LEVEL.keys()) == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_imports_go_downwards(path, trees):
    name = top(path)
    wrong = {
        other
        for other in imported(trees[path])
        if other != name and LEVEL.get(other, 9) >= LEVEL[name] and (name, other) not in BESIDE
    }
    assert wrong == set(), f"{name} (level {LEVEL[name]}) imports {wrong}"
    if name == "prompts":
        assert {LEVEL[other] for other in imported(trees[path])} <= {0}


def test_rag_and_finetuning_never_meet(trees):
    for path, tree in trees.items():
        if top(path) in ("rag", "finetuning"):
            assert not {"rag", "finetuning"} - {top(path)} & set(imported(tree))


def test_the_reader_of_imports_sees_every_form():
    code = (
        "import ftrag_helpers.rag\nfrom ftrag_helpers import gate as g\nfrom . import plots\nfrom"
        " .quiz import ask\ndef f():\n    from ftrag_helpers.models import embed\nimport"
        " torch\nfrom ftrag_helpers_other import x"
    )
    assert sorted(imported(ast.parse(code))) == ["gate", "models", "plots", "quiz", "rag"]


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_heavy_libraries_are_imported_where_they_are_needed(path, trees):
    found = {
        alias.name.split(".")[0]
        for node in at_module_level(trees[path])
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    found |= {
        node.module.split(".")[0]
        for node in at_module_level(trees[path])
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }
    allowed = {"matplotlib"} if top(path) == "plots" else set()
    assert found & HEAVY - allowed == set()


def test_the_packages_init_holds_a_docstring_and_nothing_else():
    body = ast.parse((PACKAGE / "__init__.py").read_text("utf-8")).body
    assert len(body) == 1 and ast.get_docstring(ast.Module(body, []))


def test_every_module_says_what_it_is_for(trees):
    assert [str(path) for path, tree in trees.items() if not ast.get_docstring(tree)] == []


def test_importing_the_package_prints_nothing_and_loads_nothing_heavy():
    light = [
        n.replace("/", ".")
        for n, path in zip(NAMES, FILES, strict=True)
        if LEVEL.get(top(path), 9) < 3 or top(path) == "cli"
    ]
    code = (
        f"import importlib, sys\nfor name in {light}: importlib.import_module('ftrag_helpers.' +"
        f" name)\nsys.exit(' '.join(sorted({HEAVY} & sys.modules.keys())) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", NAMES)
def test_examples_in_docstrings_run(name):
    module = importlib.import_module(
        f"ftrag_helpers.{name.removesuffix('/__init__').replace('/', '.')}"
    )
    assert (
        doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).failed
        == 0
    )


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


@pytest.mark.skipif(not (ROOT / "README.md").exists(), reason="README.md is not there yet")
def test_every_file_that_the_readme_names_exists():
    named = named_files((ROOT / "README.md").read_text("utf-8"))
    assert named and sorted(name for name in named if not (ROOT / name).exists()) == []
