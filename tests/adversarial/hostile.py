"""Notebooks that attack their grading, and what must come of each; `ATTACKS` by name."""

from dataclasses import dataclass

from adversarial import exercise
from adversarial.exercise import DOUBLE, code

#: States of 9.1, 9.2, 9.3 and 9.4 of whoever answers 9.1 to 9.3 rightly.
GOOD = ("passed", "passed", "passed", "not attempted")
FIRST_FAILS = ("failed", *GOOD[1:])


@dataclass(frozen=True)
class Attack:
    """A notebook and its result: status, states by task, and words that the first task's message or
    the detail holds.
    """

    notebook: object
    status: str = "graded"
    states: tuple[str, ...] = GOOD
    words: str = ""


def _first(source, **result):
    """The answer of 9.1 replaced."""
    return Attack(exercise.notebook({"9.1": source}), **result)


def _wrong_first(source, words="", **more):
    return _first(source, states=FIRST_FAILS, words=words, **more)


def _edited(change, **result):
    found = exercise.notebook()
    found["cells"] = change(found["cells"]) or found["cells"]
    return Attack(found, **result)


def _strip_metadata(cells):
    for cell in cells:
        cell["metadata"] = {}


def _strip_metadata_and_ids(cells):
    for cell in cells:
        cell["metadata"] = {}
        del cell["id"]


def _edit_checks(cells):
    for cell in cells:
        if cell["id"].endswith("-check"):
            cell["source"] = "print('Task passed: 4 of 4 points.')"
            cell["metadata"]["nbgrader"]["points"] = 400


def _copy_of_answer(source, copy):
    """The answer cell twice, as when it is copied in JupyterLab: the ids differ, the grade id is
    the same.
    """

    def change(cells):
        place = next(i for i, cell in enumerate(cells) if cell["id"] == "t9_1-answer")
        cells[place]["source"] = source
        cells.insert(place + 1, {**cells[place], "id": "aaaa1111", "source": copy})

    return change


def _own_cells(*sources):
    return lambda cells: [
        cells[0],
        *(code(f"own-{i}", source) for i, source in enumerate(sources)),
        *cells[1:],
    ]


FORK_BOMB = f"import os\n{DOUBLE}\nwhile True:\n    os.fork()"
STUBBORN_BOMB = f"""import os, signal
{DOUBLE}
signal.signal(signal.SIGALRM, signal.SIG_IGN)
while True:
    try:
        os.fork()
    except OSError:
        pass"""
SEARCH = """
import os
def double(value):
    found = []
    for folder, below, files in os.walk('/'):
        below[:] = [] if folder in ('/usr', '/proc', '/nix') or 'lib' in below else below
        found += [name for name in below + files if name.endswith('.ipynb') or name.startswith(('lesson_0', 'solution', 'hidden'))]
    for pid in filter(str.isdigit, os.listdir('/proc')):
        for name in ('environ', 'cmdline'):
            try:
                found += ['seed'] * (str(918274 - 1).encode() in open(f'/proc/{pid}/{name}', 'rb').read())
            except OSError:
                pass
    return found"""
IN_MEMORY = """
import gc
found = [name for name in dir(check) if 'judge' in name or 'the_doubled' in name]
import sys
for module in list(sys.modules.values()):
    found += [name for name in dir(module) if name in ('_the_doubled', '_judge_double', '_numbers_to_double')]
with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb') as memory:
    turned = b'372819=dees'  # the other way round, so that the search does not find itself
    for line in maps:
        area, rights = line.split()[:2]
        start, end = (int(n, 16) for n in area.split('-'))
        if rights.startswith('rw') and end - start < 2**29:
            try:
                memory.seek(start)
                found += ['seed'] * (turned in memory.read(end - start)[::-1])
            except (OSError, ValueError):
                pass
def double(value):
    return found"""
ALWAYS_EQUAL = """
class Equal(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __lt__ = __gt__ = __le__ = __ge__ = __eq__
    __hash__ = float.__hash__
    def __float__(self): return self
class Odd:
    def __eq__(self, other): return True
    def __getattr__(self, name): return self
    def __call__(self, *more): return self
    def tolist(self): return Equal(7)
def double(value):
    return Odd() if value else Equal(7)"""
TRANSFORMER = """
from IPython.core import inputtransformer2
inputtransformer2.TransformerManager.transform_cell = lambda self, cell: 'pass'
try:
    get_ipython().input_transformers_post.append(lambda lines: [])
    get_ipython().input_transformers_cleanup.append(lambda lines: ['pass'])
except Exception:
    pass
def double(value): return 0"""
REBINDS = """
import builtins, json, sys
from ftrag_helpers.exercises import checking as core, values
passed = core.Verdict(True)
core.decide = core.run = core.find = lambda *a, **m: passed
core.Verdict.passed = True
values.to_json = core.to_json = lambda value, depth=0: True
check.TASKS = check.RUN_ANSWER = {}
builtins.all = builtins.any = lambda *a, **m: True
globals()['check'] = type('Check', (), {'__getattr__': lambda self, name: (lambda *a, **m: print('Task 9.1 passed: 4 of 4 points.'))})()
def double(value): return 0"""
BUILTINS = """
import builtins
for name in ('isinstance', 'type', 'len', 'zip', 'abs', 'str', 'int'):
    setattr(builtins, name, lambda *a, **m: True)
def double(value): return 0"""
METRICS = """
from ftrag_helpers.evaluation import metrics
for name in dir(metrics):
    if callable(getattr(metrics, name)):
        setattr(metrics, name, lambda *a, **m: 1.0)
def double(value): return metrics.token_f1('a', 'b')"""
PASS_TOKEN = """
import sys, os
for stream in (sys.stdout, sys.stderr, sys.__stdout__):
    print('Task 9.1 passed: 4 of 4 points.', file=stream)
os.write(1, b'{"step": 1, "observed": [1], "passed": true, "points": 100, "state": "passed"}\\n')
def double(value): return 0"""
FORGED = """
import gc, json, os, sys
reports = [frame for frame in gc.get_objects() if type(frame).__name__ == 'Report']
frame, found = sys._getframe(), list(reports)
while frame:
    found += [value for value in frame.f_locals.values() if type(value).__name__ == 'Report']
    frame = frame.f_back
for report in found:
    for place in range(20):
        report(step=place, slow=False, observed=True, passed=True, state='passed', points=100, verdict={'passed': True})
    for place in (5, 2, 0):
        report(begin=place)
    report(end=True)
assert found
def double(value): return 0"""
PROTOTYPES = """
def double(value):
    return {True: {'passed': True}, 1.5: [float('nan'), float('inf')], 'x': 10**400, 'deep': __import__('functools').reduce(lambda a, _: [a], range(500), 1)}"""
STATEFUL = """
seen = {}
def double(value):
    seen[len(seen)] = value
    return {5: 10, -3: -6}.get(value, 0)"""
SHOUT = "\n".join(
    [
        "import os, sys",
        DOUBLE,
        "print('x' * 100_000_000)",
        "print('line\\n' * 20_000_000)",
        "os.write(1, b'y' * 1_000_000)",
        "sys.stderr.write('z' * 1_000_000)",
    ]
)
FILLER = f"""{DOUBLE}
import os
for folder in ('.', '/tmp', '/dev/shm', os.environ['FTRAG_CACHE']):
    try:
        for i in range(64):
            with open(f'{{folder}}/filler-{{i}}', 'wb') as file:
                for _ in range(60): file.write(bytes(2**20))
    except OSError:
        pass"""
HOG = f"{DOUBLE}\nhoard = []\nwhile True:\n    hoard.append(np.empty(2**28, dtype=np.uint8))"
SOCKETS = """
import socket, urllib.request
reached = []
for address in (('127.0.0.1', 22), ('127.0.0.1', 80), ('192.0.2.7', 443), ('8.8.8.8', 53)):
    try:
        socket.create_connection(address, 0.3)
        reached.append(address[0])
    except OSError:
        pass
try:
    urllib.request.urlopen('http://example.org', timeout=0.3)
    reached.append('the web')
except OSError:
    pass
server = socket.socket(); server.bind(('0.0.0.0', 8888)); server.listen()
def double(value): return reached"""
WRITES = """
import os, pathlib, ftrag_helpers
root = pathlib.Path(ftrag_helpers.__file__).parent
written = []
for name in (root / 'metrics.py', root / 'checks' / 'core.py', root.parent / 'marks.csv', root.parent / 'datasets' / 'x', pathlib.Path('/usr/x')):
    try:
        name.write_text('print(1)')
        written.append(str(name))
    except OSError:
        pass
try:
    os.remove(root / 'runtime.py'); written.append('removed')
except OSError:
    pass
def double(value): return written"""

ATTACKS = {
    "control": Attack(exercise.notebook()),
    "endless loop": _wrong_first(
        "while True: pass", "9.1 ran into its time limit", status="timed out"
    ),
    "endless loop in a check": _wrong_first(
        "def double(value):\n    while True: pass", "time limit", status="timed out"
    ),
    "endless loop that cannot be interrupted": _wrong_first(
        "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass",
        "did not stop",
        status="timed out",
    ),
    "fork bomb": _first(FORK_BOMB),
    "fork bomb that goes on": _wrong_first(STUBBORN_BOMB, "did not stop", status="timed out"),
    "threads that stay": _first(
        f"{DOUBLE}\nimport threading, time\nfor _ in range(10):\n   "
        " threading.Thread(target=time.sleep, args=(60,)).start()"
    ),
    "a detached process": _first(
        f"{DOUBLE}\nimport os, time\nif not os.fork():\n    os.setsid()\n    if os.fork():"
        " os._exit(0)\n    time.sleep(600)"
    ),
    "100 MB of output": _first(SHOUT),
    "memory hog": _first(HOG),
    "memory hog in the answer": _wrong_first(
        "def double(value):\n    return [0] * 10**12", "MemoryError"
    ),
    "disk filler": _first(FILLER),
    "deletes the checks": _edited(
        lambda cells: [c for c in cells if not c["id"].endswith("-check")]
    ),
    "duplicates the checks": _edited(
        lambda cells: [
            c for cell in cells for c in [cell] * (2 if cell["id"].endswith("-check") else 1)
        ]
    ),
    "edits the checks": _edited(_edit_checks),
    "edits the checks, and is wrong": Attack(
        {
            **exercise.notebook(),
            "cells": [
                (
                    {**c, "source": "def double(value): return 0"}
                    if c["id"] == "t9_1-answer"
                    else {**c, "source": "pass"}
                    if c["id"].endswith("-check")
                    else c
                )
                for c in exercise.notebook()["cells"]
            ],
        },
        states=FIRST_FAILS,
        words="should be",
    ),
    "lost metadata": _edited(_strip_metadata),
    "lost metadata and ids": _edited(_strip_metadata_and_ids, states=(*GOOD[:3], "not attempted")),
    "deletes an answer": _edited(
        lambda cells: [c for c in cells if c["id"] != "t9_1-answer"],
        states=("not attempted", *GOOD[1:]),
        words="no answer cell",
    ),
    "answer copied, the copy is right": _edited(
        _copy_of_answer('raise NotImplementedError("Task 9.1: replace this line")', DOUBLE)
    ),
    "answer copied, both written": _edited(
        _copy_of_answer("first = 1", DOUBLE), words="in 2 cells; all were run"
    ),
    "reads hidden tests": _wrong_first(SEARCH, "got []"),
    "looks for judges and seeds in memory": _wrong_first(IN_MEMORY, "got []"),
    "calls the judge's helper": _wrong_first(
        "from adversarial import lesson_09\ndouble = lesson_09._the_doubled", "got None"
    ),
    "imports the judge's module anew": _wrong_first(
        "import sys,"
        " importlib\nsys.modules.pop('adversarial.lesson_09')\nsys.modules.pop('adversarial')\nmodule"
        " = importlib.import_module('adversarial.lesson_09')\ndouble = module._the_doubled",
        "ModuleNotFoundError",
    ),
    "opens sockets": _wrong_first(SOCKETS, "got []"),
    "writes to the course folder": _wrong_first(WRITES, "got []"),
    "os._exit": _wrong_first("import os\nos._exit(0)", "ended the process", status="crashed"),
    "os._exit in a check": _wrong_first(
        "import os\ndef double(value): os._exit(0)", "ended the process", status="crashed"
    ),
    "segmentation fault": _wrong_first(
        "import ctypes\nctypes.string_at(0)", "ended the process", status="crashed"
    ),
    "kills all it can see": _wrong_first(
        "import os\nos.kill(-1, 9)\nos.kill(os.getpid(), 9)", "ended the process", status="crashed"
    ),
    "closes every descriptor": _wrong_first(
        "import os\nos.closerange(3, 1000)", "ended the process", status="crashed"
    ),
    "floods its report": _wrong_first(
        "import os\nwhile True: os.write(4, bytes(65536))", "reported more", status="crashed"
    ),
    "exit()": _wrong_first("import sys\nsys.exit(0)", "SystemExit"),
    "syntax error": _wrong_first("def double(value:\n    return 1", "SyntaxError"),
    "deep nesting": _wrong_first(
        "x = " + "(" * 5000 + ")" * 5000, "stopped before it defined double"
    ),
    "null character": _wrong_first("def double(value):\n    return '\0'", ""),
    "always equal": _wrong_first(ALWAYS_EQUAL, "should be"),
    # As in Jupyter, the learner's own later cells are read in the learner's own way; the checks are
    # not.
    "input transformers": Attack(
        exercise.notebook({"9.1": TRANSFORMER}),
        states=("failed", *["not attempted"] * 3),
        words="should be",
    ),
    "rebinds the checks": Attack(
        exercise.notebook({"9.1": REBINDS}), states=("failed", "failed", "failed", "not attempted")
    ),
    "rebinds builtins": _wrong_first(BUILTINS, "ended the process", status="crashed"),
    "monkeypatches the metrics": _wrong_first(METRICS, "should be"),
    "prints a forged pass": _wrong_first(PASS_TOKEN, "should be"),
    "forges its report": Attack(
        exercise.notebook({"9.1": FORGED}), states=("failed", "failed", "failed", "not attempted")
    ),
    "answers with junk": _wrong_first(PROTOTYPES, ""),
    "half of a surrogate pair": _wrong_first("def double(value): return '\\ud800'", "got"),
    "remembers the visible inputs": _wrong_first(STATEFUL, "should be"),
    "script in its answers": _wrong_first(
        "def double(value): return '<script>alert(1)</script>'", "<script>"
    ),
    "magics and shell escapes": _first(f"%matplotlib inline\n%time x = 3\n{DOUBLE}\nassert x == 3"),
    "a shell escape": _first(
        "!cat /etc/passwd\nfiles = !ls /etc /root /home\n"
        + DOUBLE
        + "\nassert not any('passwd' in name for name in files)"
    ),
    "a package that cannot be had": _first("!pip install cowsay\n" + DOUBLE),
    "cell magic over an answer": _first(f"%%time\n{DOUBLE}"),
    "needs a cell of its own": Attack(
        {
            **exercise.notebook(),
            "cells": _own_cells("import re\nTWO = 2", "while True: pass")(
                exercise.notebook({"9.1": "def double(value):\n    return value * TWO"})["cells"]
            ),
        }
    ),
    "adds an import to the first cell": Attack(
        {
            **exercise.notebook(),
            "cells": [
                (
                    {**c, "source": c["source"] + "\nimport operator"}
                    if c["id"] == "x9-setup"
                    else (
                        {**c, "source": "def double(value):\n    return operator.mul(value, 2)"}
                        if c["id"] == "t9_1-answer"
                        else c
                    )
                )
                for c in exercise.notebook()["cells"]
            ],
        }
    ),
    "stub": _first(
        'def double(value):\n    raise NotImplementedError("Task 9.1: replace this line with your'
        ' code")',
        states=("not attempted", *GOOD[1:]),
        words="not done yet",
    ),
    "stub of a variable": Attack(
        exercise.notebook(
            {"9.3": 'raise NotImplementedError("Task 9.3: replace this line with your code")'}
        ),
        states=("passed", "passed", "not attempted", "not attempted"),
    ),
    "wrong with other inputs only": Attack(
        exercise.notebook(
            {"9.3": "share = 0.75", "9.2": "def longest(words):\n    return 'catalogue'"}
        ),
        states=("passed", "failed", "passed", "not attempted"),
    ),
    "text to mark": Attack(
        exercise.notebook({"9.4": exercise.TEXT}),
        status="needs marking",
        states=(*GOOD[:3], "needs marking"),
    ),
}
