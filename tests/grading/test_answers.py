"""What a notebook says: which cell answers what, in which order all is run; and that the grader
sees what Jupyter would.
"""

import functools
import json
import os

import pytest
from adversarial import exercise
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftrag_helpers.environment import runtime
from ftrag_helpers.grading import assignments, grader, names
from ftrag_helpers.grading.intake import answers, matching
from ftrag_helpers.grading.intake.cells import read_cells
from ftrag_helpers.grading.intake.submissions import Submission, Unreadable

pytestmark = pytest.mark.slow

STUB = (
    'def double(value):\n    raise NotImplementedError("Task 9.1: replace this line with your'
    ' code")'
)
forked = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    solutions = exercise.write_solution(tmp_path_factory.mktemp("reference"))
    return assignments.load_assignments(solutions)["09_small"]


def read(cells, assignment):
    data = json.dumps({"nbformat": 4, "cells": cells}).encode()
    return answers.find_answers(read_cells(data), assignment)


def place(cells, cell_id):
    return next(i for i, cell in enumerate(cells) if cell.get("id") == cell_id)


def markdown(text, **more):
    return {"cell_type": "markdown", "metadata": {}, "source": text, **more}


# --- reading


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no JSON"),
        (b"%PDF-1.7 \xff\xfe", "no JSON"),
        (b'{"cells": [', "no JSON"),
        (b"[" * 200_000, "no JSON"),
        (b'{"x": ' + b"9" * 10_000 + b"}", "no JSON"),
        (b"[]", "no notebook"),
        (b"3", "no notebook"),
        (b'{"cells": []}', "no notebook"),
        (b'{"nbformat": 3, "worksheets": []}', "format 3"),
        (b'{"nbformat": 5, "cells": []}', "format 5"),
        (b'{"nbformat": "x"}', "format x"),
        (b'{"nbformat": 4}', "no cells"),
        (b'{"nbformat": 4, "cells": {}}', "no cells"),
        (b'{"nbformat": 4, "cells": [3]}', "a cell that is none"),
        (
            b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": {"a": 1}}]}',
            "readable source",
        ),
        (b'{"nbformat": 4, "cells": [{"cell_type": 1, "source": "x"}]}', "readable source"),
        (json.dumps({"nbformat": 4, "cells": [{}] * 2_001}).encode(), "2001 cells"),
    ],
)
def test_what_is_no_notebook_is_damaged_and_said_so(data, words):
    with pytest.raises(Unreadable, match=words) as raised:
        read_cells(data)
    assert raised.value.status == "damaged"


def test_a_notebook_is_read_whatever_its_metadata_hold():
    lines = {"cell_type": "code", "source": ["a\n", "b"], "metadata": None, "id": 3}
    half = {"cell_type": "code", "source": "\ud800", "metadata": {"nbgrader": {"grade_id": ["x"]}}}
    data = json.dumps({"nbformat": 4, "cells": [lines, half]}).encode()
    cells = [(cell.id, cell.grade_id, cell.source) for cell in read_cells(b"\xef\xbb\xbf" + data)]
    assert cells == [("", "", "a\nb"), ("", "", "?")]


# --- which cell is which


def test_answers_are_found_by_either_mark_and_without_both(reference):
    def found(change):
        cells = exercise.notebook()["cells"]
        for cell in cells:
            change(cell)
        return read(cells, reference)

    def no_mark(cell):
        cell["metadata"] = {}

    def no_id(cell):
        cell.pop("id")

    whole = found(lambda cell: None)
    assert whole.sources["task_9_1"] == exercise.DOUBLE
    assert len(whole.sources) == 4 and whole.remarks == ()
    kinds = [part.kind for part in whole.program if not part.extra]
    assert kinds == "answer check answer check given answer check".split()
    assert found(no_mark).sources == found(no_id).sources == whole.sources
    neither = found(lambda cell: (no_mark(cell), no_id(cell)))
    for name in ("task_9_1", "task_9_2", "task_9_3"):
        assert neither.sources[name] == whole.sources[name]
    assert len(neither.remarks) == 3 and "lost its marks" in neither.remarks[0]


def test_of_two_copies_both_are_run_in_their_order_and_an_untouched_one_hides_nothing(reference):
    def chosen(first, second):
        cells = exercise.notebook()["cells"]
        at = place(cells, "t9_1-answer")
        cells[at]["source"] = second
        cells.insert(at, {**cells[at], "id": "bbbb2222", "source": first})
        parts = read(cells, reference)
        sources = [part.source for part in parts.program if part.task == "9.1" and part.source]
        return parts.sources["task_9_1"], sources

    assert chosen("a = 1", "b = 1") == ("a = 1\n\nb = 1", ["a = 1", "b = 1"])
    assert chosen("a = 1", STUB) == ("a = 1", [STUB, "a = 1"])
    assert chosen("a = 1", "") == ("a = 1", ["a = 1"])
    assert chosen(STUB, "b = 1") == ("b = 1", ["b = 1"])
    assert chosen(STUB, STUB) == (STUB, [STUB])


def test_cells_of_the_learners_own_and_changed_cells_of_the_course_are_run_where_they_stand(
    reference,
):
    cells = exercise.notebook()["cells"]
    cells[1:1] = [exercise.code("own", "import re")]
    cells[0]["source"] += "\nimport operator"
    cells[3]["source"] = "helper = 3\ncheck.task_9_1(double)"
    program = [part for part in read(cells, reference).program if not part.extra]
    own = [part.source for part in program if part.kind == "own"]
    assert own == [cells[0]["source"], "import re", cells[3]["source"]]
    assert [(part.kind, part.title) for part in program][:5] == [
        ("own", "<cell 1>"),
        ("own", "<cell 2>"),
        ("answer", "<cell 3>"),
        ("own", "<cell 4>"),
        ("check", ""),
    ]


@pytest.mark.parametrize(
    "path",
    sorted((runtime.course_root() / "notebooks").glob("*.ipynb")),
    ids=lambda path: path.stem,
)
def test_a_notebook_of_something_else_is_no_submission(path):
    """Its texts are not taken for the answers in words of some exercise."""
    courses = assignments.load_assignments(runtime.course_root() / "solutions")
    assert matching.recognise(read_cells(path.read_bytes()), courses) == ""
    notes = {"nbformat": 4, "cells": [markdown("My notes."), exercise.code("x", "x = 1")]}
    assert matching.recognise(read_cells(json.dumps(notes).encode()), courses) == ""


def test_a_long_answer_is_an_answer(reference):
    text = exercise.DOUBLE + "# " + "x" * 300_000
    assert read(exercise.notebook({"9.1": text})["cells"], reference).sources["task_9_1"] == text


@pytest.mark.parametrize(
    ("source", "needs"),
    [
        ("import random\nx = 3", False),
        ("def f(picture):\n    return picture", False),
        ("x = [picture for picture in 'ab']", False),
        ("print(picture)", True),
        ("def f():\n    return picture", True),
        ("x = globals()['pic' + 'ture']", True),
        ("%time y = picture", True),
        ("%time y = 3", False),
        ("!pip --version", False),
        ("!echo $picture", True),
        ("get_ipython().user_ns['p']", True),
        ("exec('p' + 'icture')", True),
        ("from x import *", True),
        ("def f(:", False),
        ("await picture", True),
        ("picture += 1", True),
        ("def f(picture):\n    picture += 1", False),
        ("def f():\n    global picture\n    picture += 1", True),
    ],
)
def test_a_demonstration_is_passed_over_only_where_nothing_of_the_learners_can_depend_on_it(
    reference, source, needs
):
    cells = exercise.notebook()["cells"]
    cells.insert(place(cells, "t9_2-answer"), exercise.code("own", source))
    assert any(part.kind == "demonstration" for part in read(cells, reference).program) == needs


@pytest.mark.parametrize(
    "path",
    sorted((runtime.course_root() / "solutions").glob("*.ipynb")),
    ids=lambda path: path.stem,
)
def test_the_courses_own_answers_depend_on_no_demonstration_and_its_check_cells_are_not_run(path):
    """So a usual submission is marked without loading a model again, and no hidden seed lies in the
    sandbox.
    """
    reference = assignments.load_assignment(path)
    found = answers.find_answers(read_cells(path.read_bytes()), reference)
    assert {part.kind for part in found.program} <= {"answer", "check", "given"}
    assert len([part for part in found.program if part.kind == "check" and not part.extra]) == len(
        [t for t in reference.tasks if t.check]
    )


def unmarked(cell, **more):
    cell.pop("id")
    cell.update(metadata={}, **more)


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (lambda cells, at: cells[at].update(source="Retrieval, for the facts change."), True),
        (lambda cells, at: unmarked(cells[at], source="Retrieval."), True),
        (lambda cells, at: cells.insert(at + 1, markdown("Retrieval.")), True),
        (lambda cells, at: cells.__setitem__(at, markdown("Retrieval.")), True),
        (lambda cells, at: cells[at].update(cell_type="raw", source="Retrieval."), True),
        (lambda cells, at: cells[at].update(cell_type="code", source="Retrieval, as ever."), True),
        (lambda cells, at: (cells.pop(at - 1), unmarked(cells[-1], source="Retrieval.")), True),
        (lambda cells, at: cells.insert(0, markdown("My notes on something else.")), False),
        (lambda cells, at: None, False),
        (lambda cells, at: cells.pop(at), False),
        (lambda cells, at: unmarked(cells[at]), False),
    ],
)
def test_a_text_is_found_wherever_it_was_written_below_its_task(reference, change, state):
    cells = exercise.notebook()["cells"]
    cells[-1]["source"] = answers.TEXT_STUBS[1]
    change(cells, len(cells) - 1)
    found = read(cells, reference).sources.get("task_9_4", "")
    assert bool(answers.own_words(found)) == state


# --- unusual notebooks that are right


def before(cell_id, *sources):
    def change(cells):
        at = place(cells, cell_id)
        cells[at:at] = [exercise.code(f"own-{i}", source) for i, source in enumerate(sources)]

    return change


def answered(*sources):
    """The first answer in several cells, as JupyterLab leaves it when a cell is split: only one
    keeps its id.
    """

    def change(cells):
        at = place(cells, "t9_1-answer")
        cells[at : at + 1] = [
            {**cells[at], "id": cells[at]["id"] if i == 0 else f"new-{i}", "source": source}
            for i, source in enumerate(sources)
        ]

    return change


def moved(cell_id, to):
    def change(cells):
        cell = cells.pop(place(cells, cell_id))
        cells.insert(place(cells, to), cell)

    return change


def both(*changes):
    def change(cells):
        for one in changes:
            one(cells)

    return change


USE_TWO = "def double(value):\n    return value * two\n"
SLOW = "import time\ntime.sleep(0.05)\ntwo = 2"
above = functools.partial(before, "t9_1-answer")
RIGHT = {
    "a function that appends": above(
        "steps = []\ndef note(to, x):\n    to.append(x)", "note(steps, 2)", "two = steps[0]"
    ),
    "a heap": above("import heapq\nheap = []", "heapq.heappush(heap, 2)", "two = heap[0]"),
    "global": above("two = 0\ndef up():\n    global two\n    two += 1", "up()", "up()"),
    "setattr": above("class Box:\n    pass", "setattr(Box, 'n', 2)", "two = Box.n"),
    "pop": above("l = [2, 9]", "l.pop()", "two = l.pop()"),
    "a comprehension for its effect": above(
        "l = []", "[l.append(i) for i in range(3)]", "two = l[-1]"
    ),
    "a file": above("open('n.txt', 'w').write('2')", "two = int(open('n.txt').read())"),
    "%%writefile and import": above(
        "%%writefile own_module.py\ntwo = 2", "from own_module import two"
    ),
    "await": above(
        "import asyncio\nasync def get():\n    await asyncio.sleep(0)\n    return 2",
        "two = await get()",
    ),
    "a task that goes on": above(
        "import asyncio\nasync def get():\n    return 2\ntask = asyncio.create_task(get())",
        "two = await task",
    ),
    "a shell command": above("!true", "out = !echo 2", "two = int(out[0])"),
    "user_ns": above("get_ipython().user_ns['two'] = 2"),
    "globals": above("globals()['t' + 'wo'] = 2"),
    "the last value": above("1 + 1", "two = _"),
    "a magic": above("%time two = 2"),
    "a cell magic": above("%%capture out\ntwo = 2"),
    "an error in a scratch cell": above(
        "1 / 0", "def (", "%nosuch", "import sys; sys.exit(1)", "two = 2"
    ),
    "recursion": above(
        "import sys\nsys.setrecursionlimit(5000)",
        "def deep(n):\n    return n and 1 + deep(n - 1)",
        "two = deep(2000) - 1998",
    ),
    "a patched class": above(
        "class A:\n    pass", "A.two = property(lambda self: 2)", "two = A().two"
    ),
    "a decorator that registers": above(
        "known = {}\ndef keep(f):\n    known[f.__name__] = f",
        "@keep\ndef two_of():\n    return 2",
        "two = known['two_of']()",
    ),
    "del": above("two = 3", "del two", "two = 2"),
    "a closure": above(
        "def make():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n        return"
        " n\n    return up\nup = make()",
        "up()",
        "two = up()",
    ),
    "a long cell": above("two = 2\n#" + "x" * 250_000),
    "a cell that is given more time": above(SLOW),
    "a helper in a changed setup cell": (
        lambda cells: cells[0].update(source=cells[0]["source"] + "\ntwo = 2")
    ),
    "a helper in the check cell of the task": both(
        above("two = 3"),
        lambda cells: cells[place(cells, "t9_1-check")].update(
            source="two = 2\ncheck.task_9_1(double)"
        ),
    ),
}
WHOLE = {
    "an answer split in two": answered(
        "def twice(value):\n    return value * 2", "def double(value):\n    return twice(value)"
    ),
    "a first try above": answered("def double(value):\n    return value + 2", exercise.DOUBLE),
    "an untouched copy below": answered(exercise.DOUBLE, STUB),
    "an answer before its helper": both(
        answered("def double(value):\n    return helper(value)"),
        before("t9_1-check", "def helper(v):\n    return 2 * v"),
    ),
    "an answer above all": moved("t9_1-answer", "x9-setup"),
    "an answer below its check": moved("t9_1-answer", "x9-look"),
    "a helper below the check": both(
        answered("def double(value):\n    return helper(value)"),
        before("x9-look", "def helper(v):\n    return 2 * v"),
    ),
    "written below the stub": both(answered(STUB), before("t9_1-check", exercise.DOUBLE)),
    "written below the check": both(answered(STUB), before("x9-look", exercise.DOUBLE)),
    "a second check further down": both(
        answered("double = 3"), before("x9-look", exercise.DOUBLE, "check.task_9_1(double)")
    ),
    "an answer as text": (
        lambda cells: cells[place(cells, "t9_1-answer")].update(cell_type="markdown")
    ),
    "an answer as raw text": (
        lambda cells: cells[place(cells, "t9_1-answer")].update(cell_type="raw")
    ),
    "the given cell deleted": lambda cells: cells.pop(place(cells, "x9-parts")),
    "setup deleted": lambda cells: cells.pop(0),
    "all checks deleted": lambda cells: [
        cells.pop(place(cells, f"t9_{i}-check")) for i in (1, 2, 3)
    ],
    "no marks at all": lambda cells: [(cell.pop("id"), cell.update(metadata={})) for cell in cells],
    "Windows line ends": lambda cells: [
        cell.update(source=cell["source"].replace("\n", "\r\n")) for cell in cells
    ],
    "tabs and a first line that is a comment": answered(
        "# mine\ndef double(value):\n\treturn value * 2"
    ),
}


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A grader without a sandbox, for small notebooks that trust each other."""
    with grader.Grader(
        exercise.write_solution(tmp_path_factory.mktemp("solutions")), sandbox=False, timeout=20
    ) as found:
        yield found


def graded(one, cells):
    data = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()
    return one.grade(Submission("Ada", "", "Ada.ipynb", data))


@forked
@pytest.mark.parametrize("name", RIGHT)
def test_an_answer_may_rest_on_whatever_the_learners_own_cells_do(one, name):
    cells = exercise.notebook({"9.1": USE_TWO})["cells"]
    RIGHT[name](cells)
    result = graded(one, cells)
    assert (result.status, result.score) == ("graded", 12), result


@forked
@pytest.mark.parametrize("name", WHOLE)
def test_an_answer_counts_wherever_it_stands(one, name):
    cells = exercise.notebook()["cells"]
    WHOLE[name](cells)
    result = graded(one, cells)
    assert (result.status, [task.state for task in result.tasks[:3]]) == (
        "graded",
        ["passed"] * 3,
    ), result


@forked
@pytest.mark.parametrize(
    "name", ["lessons.lesson_02", "lesson_02.fine_tuning", "mistakes", "build"]
)
def test_no_judge_can_be_imported_beside_an_answer(one, name):
    source = (
        "import importlib\ndef double(value):\n"
        f"    importlib.import_module('ftrag_helpers.exercises.{name}')\n    return 2 * value"
    )
    result = graded(one, exercise.notebook({"9.1": source})["cells"])
    assert result.tasks[0].state == "failed" and "ModuleNotFound" in result.tasks[0].message


@forked
def test_no_submission_finds_the_files_of_the_one_before_it(one):
    writes = "open('n.txt', 'w').close()\ndouble = lambda value: 2 * value"
    looks = "import os\ndouble = (lambda v: v) if os.path.exists('n.txt') else lambda v: 2 * v"
    for source in (writes, looks):
        assert graded(one, exercise.notebook({"9.1": source})["cells"]).score == 12


@forked
def test_a_check_that_needed_cells_below_it_is_told_to_the_marker(one):
    cells = exercise.notebook({"9.1": USE_TWO})["cells"]
    before("x9-look", "two = 2")(cells)
    result = graded(one, cells)
    assert (
        result.score == 12
        and "task 9.1 passed only after the cells below it had run" in result.detail
    )


@forked
def test_wrong_and_missing_answers_stay_so(one):
    answers = {"9.1": STUB, "9.2": "def longest(words):\n    return words[0]"}
    cells = exercise.notebook(answers)["cells"]
    cells.pop(place(cells, "t9_3-answer"))
    result = graded(one, cells)
    states = ["not attempted", "failed", "not attempted"]
    assert [task.state for task in result.tasks[:3]] == states and result.score == 0
    assert "no answer cell" in result.tasks[2].message


@forked
def test_inputs_of_a_check_do_not_lie_beside_the_code_that_runs_before_it(one):
    """Nothing that the process can reach names the inputs of a check that is still to come."""
    look = (
        "import gc\nfound = [o for o in gc.get_objects() if isinstance(o, dict) and 'inputs' in o"
        " and 'check' in o]\ndef longest(words):\n    return max(words, key=len) if not found else"
        " None"
    )
    assert graded(one, exercise.notebook({"9.2": look})["cells"]).score == 12


# --- the same as a kernel

STEPS = [
    "x = 1",
    "x += 2",
    "y = x",
    "log.append(x)",
    "log = []",
    "log.extend([x, y])",
    "[log.append(i) for i in range(2)]",
    "list(map(log.append, [7]))",
    "x, y = y, x",
    "up()",
    "def up():\n    global x\n    x += 1",
    "del y",
    "y = log.pop()",
    "log.sort()",
    "1 / 0",
    "if x:\n    raise ValueError\nx = 100",
    "x = _",
    "x * 3",
    "%time y = x + 1",
    "y = !echo 5",
    "y = int(y[0])",
    "import asyncio\nawait asyncio.sleep(0)\nx += 10",
    "class C:\n    n = 3",
    "C.n += 1",
    "x = C.n",
    "setattr(C, 'n', x)",
    "double = lambda v: v * x",
    "def double(value):\n    log.append(value)\n    return len(log) + value",
    "old = double\ndef double(value):\n    return old(value) + 1",
    "def (",
    "get_ipython().user_ns['x'] = 42",
    "for i in range(3):\n    x = x + i",
    "with open('n.txt', 'w') as f:\n    print(x, file=f)",
    "x = int(open('n.txt').read())",
    "log = log or [3]",
    "try:\n    y\nexcept NameError:\n    y = 8",
    "globals()['x'] = y",
    "x = [log.append(0), 4][1]",
]
#: In a plain kernel the check's call is written out, and its result printed.
OBSERVE = """
import json as _json
try:
    _seen = [double(*case) for case in {inputs!r}]
    print("SEEN", _json.dumps(_seen))
except Exception as _error:
    print("SEEN", "error")
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A plain Jupyter kernel in a folder of its own; each program starts from an empty
    namespace.
    """
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(
        cwd=str(tmp_path_factory.mktemp("kernel")), kernel_name="python3"
    )
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def seen_by_kernel(kernel, sources, inputs):
    texts = []

    def collect(message):
        if message["msg_type"] == "stream":
            texts.append(message["content"]["text"])

    for source in [
        "%reset -f",
        "%reset -f out",  # as in a fresh kernel, `_` is empty, not missing
        "import os\nif os.path.exists('n.txt'):\n    os.remove('n.txt')",
        *sources,
        OBSERVE.format(inputs=inputs),
    ]:
        kernel.execute_interactive(
            source, timeout=20, stop_on_error=False, allow_stdin=False, output_hook=collect
        )
    seen = next(line for line in reversed("".join(texts).splitlines()) if line.startswith("SEEN "))[
        5:
    ]
    return None if seen == "error" else json.loads(seen)


@forked
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    above=st.lists(st.sampled_from(STEPS), max_size=8),
    answer=st.sampled_from(STEPS[26:29]),
    below=st.lists(st.sampled_from(STEPS), max_size=3),
)
def test_the_grader_observes_what_a_plain_kernel_observes(one, kernel, above, answer, below):
    cells = exercise.notebook({"9.1": answer})["cells"]
    before("t9_1-answer", "x = y = 2\nlog = []", *above)(cells)
    before("t9_1-check", *(f"{source}\n#" for source in below))(cells)
    assignment = one.assignments["09_small"]
    observed = one._run(assignment, read(cells, assignment))
    step = observed.steps[observed.places("9.1", 0)[0]]
    value = observed.facts[observed.places("9.1", 0)[0]].get("observed")
    sources = [
        exercise.SETUP.replace("from adversarial import lesson_09 as check", ""),
        "x = y = 2\nlog = []",
        *above,
        answer,
        *below,
    ]
    assert value == seen_by_kernel(kernel, sources, step["inputs"])


def test_a_networks_own_eval_needs_no_demonstration():
    shown = ["rows = [1, 2]"]
    assert names.independent(["network.eval()"], shown)
    assert not names.independent(["eval('rows')"], shown)
