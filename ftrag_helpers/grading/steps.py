"""What runs in the sandbox: the cells of one submission in their order, and the observations between them.

Level 3. The learner's code shares this process, and may change anything here: it reaches no mark with it, because all
that leaves is observations, and a judge outside decides whether they are right. What this module leaves out: judging
(`engine`), and the walls around this process (`lockdown`, `sandbox`).
"""

import ast
import json
import linecache
import os
import re
import signal
import sys
import time
import traceback
import types
from contextlib import contextmanager

from ftrag_helpers.checks import core
from ftrag_helpers.grading.names import global_names

#: Bytes of one observation's line; more is no answer to any task.
FRAME_BYTES = 2**20
_MESSAGE = 2_000


class TooSlow(BaseException):
    """A step ran past its limit. Not an Exception, so that `except Exception` in a loop cannot hold it."""


# --- the notebook's world ----------------------------------------------------------------------------


class Shell:
    """What IPython's syntax turns into: `%time`, `%%capture` and their like run the code, the rest does nothing.

    There is no shell to escape to: `!ls` raises.
    """

    def __init__(self, namespace: dict):
        self._namespace = namespace

    def run_line_magic(self, name: str, line: str, *_more) -> None:
        if name in ("time", "prun"):
            execute(line, self._namespace, f"<%{name}>")

    def run_cell_magic(self, name: str, line: str, body: str) -> None:
        if name not in ("time", "timeit", "capture", "prun"):
            raise RuntimeError(f"%%{name} is not available where exercises are graded")
        execute(body, self._namespace, f"<%%{name}>")

    def system(self, command: str) -> None:
        raise RuntimeError("shell commands are not available where exercises are graded")

    getoutput = system


def namespace() -> dict:
    """A fresh `__main__` with what a notebook finds there: `get_ipython` and `display`."""
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    shell = Shell(main.__dict__)
    main.__dict__.update(get_ipython=lambda: shell, display=lambda *_values, **_more: None)
    return main.__dict__


def execute(source: str, names: dict, title: str) -> None:
    """Run a cell as IPython would, without showing what it ends with. Raises whatever the cell raises."""
    _execute_plain(plain_python(source), names, title)


def _execute_plain(code: str, names: dict, title: str) -> None:
    linecache.cache[title] = (len(code), None, code.splitlines(keepends=True), title)
    exec(compile(code, title, "exec", dont_inherit=True), names)  # noqa: S102 (this is what the sandbox is for)


def plain_python(source: str) -> str:
    """IPython's magics and shell escapes as calls of `get_ipython()`, by a transformer that no other cell has changed."""
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


def _readable(source: str) -> str:
    try:
        return plain_python(source)
    except Exception:  # noqa: BLE001 (whatever is wrong with the cell, running it says it best)
        return source


# --- which cells are needed --------------------------------------------------------------------------


def needed(steps: list[dict]) -> set[int]:
    """The places of the steps to run: all answers and observations, and those other cells that they rest on.

    Sources are plain Python here, as far as they can be. A given cell that only shows something (asks a model, draws a
    figure) costs seconds and decides nothing. A cell is rested on if it binds, changes in place, or calls a method of a
    global name that a needed cell uses. What cannot be read as Python is run, and counts as using every word in it.
    """
    last = max((place for place, step in enumerate(steps) if step["kind"] in ("answer", "observe")), default=-1)
    names = {place: _names(step["source"]) for place, step in enumerate(steps[:last + 1]) if step["kind"] != "observe"}
    kept = {place for place in range(last + 1)
            if place not in names or steps[place]["kind"] == "answer" or names[place][0] is None}
    while True:
        wanted = {steps[place]["name"] for place in kept if place not in names}
        wanted |= {name for place in kept if place in names for name in names[place][1]}
        more = {place for place, (touched, _used) in names.items() if place not in kept and touched & wanted}
        if not more:
            return kept
        kept |= more


def _names(source: str) -> tuple[set[str] | None, set[str]]:
    """Global names that a cell binds or changes (None: it may be any), and those that it uses."""
    try:
        if "get_ipython()" in source:
            raise SyntaxError("a magic may hold any code")
        tree, (bound, used) = ast.parse(source), global_names(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a cell that cannot even be read
        return None, set(re.findall(r"[^\W\d]\w*", source))
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(tree)):
        return None, set(re.findall(r"[^\W\d]\w*", source))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            bound.add(_root(node))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
            bound.add(_root(node.value.func))
    return bound, used


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


# --- running -----------------------------------------------------------------------------------------


class Report:
    """Lines of JSON behind the request's nonce, into a pipe. Whatever else arrives there is noise to the reader."""

    def __init__(self, handle: int, nonce: str):
        self._handle, self._nonce = handle, nonce

    def __call__(self, **facts) -> None:
        data = f"\n{self._nonce}{json.dumps(facts)}\n".encode()
        while data:
            data = data[os.write(self._handle, data):]


def run(request: dict, handle: int, names: dict, observers: dict) -> None:
    """Run a request's steps and report on each: an error of one step leaves the others as they are.

    `request` has `nonce`, `skip` (places of steps that ended an earlier run), `learn` (report at the end which modules
    the steps imported) and `steps`, each with `kind` ("setup",
    "given", "extra", "answer", "observe"), `limit` in seconds, and either `source` and `title`, or `task`, `name` and
    `inputs`. `observers` has the observe functions by task.
    """
    report = Report(handle, request["nonce"])
    # All of them first: a cell may change how IPython's syntax is read, but only after this.
    steps = [{**step, "source": _readable(step["source"])} if "source" in step else step for step in request["steps"]]
    kept = needed(steps) - set(request["skip"])
    errors: dict[str, str] = {}
    me, loaded = os.getpid(), set(sys.modules)
    for place in sorted(kept):
        step = steps[place]
        report(begin=place)
        start = time.monotonic()
        if step["kind"] == "observe":
            facts = _observed(step, names, observers, errors)
        else:
            facts = _ran(step, names, errors)
        if os.getpid() != me:
            os._exit(0)  # a copy that the learner's code forked, come to the end of the cell
        report(step=place, slow=time.monotonic() - start >= step["limit"], **facts)
    if request["learn"]:
        report(modules=[name for name in sys.modules if name not in loaded and name != "__main__"])
    report(end=True)


def _ran(step: dict, names: dict, errors: dict[str, str]) -> dict:
    try:
        with time_limit(step["limit"]):
            _execute_plain(step["source"], names, step["title"])
        return {}
    except TooSlow:
        text = f"the cell ran longer than {step['limit']:g} seconds and was stopped"
    except BaseException as error:  # noqa: BLE001 (SystemExit too must not end the others' cells)
        text = _in_words(error, step["title"])
        if isinstance(error, NotImplementedError) and str(error).startswith("Task "):
            return {"error": text, "stub": True}
    errors[step.get("task", "")] = text
    return {"error": text}


def _observed(step: dict, names: dict, observers: dict, errors: dict[str, str]) -> dict:
    task = core.Task(step["task"], "", 0, ("", ""), lambda _seed: step["inputs"], observers[step["task"]], None, step["limit"])
    value = names.get(step["name"], core.MISSING)
    if value is core.MISSING and step["task"] in errors:
        return {"failed": f"your cell stopped before it defined {step['name']}: {errors[step['task']]}"}
    try:
        return {"observed": _small(core.observation(task, value, 0))}
    except core.CheckFailed as failed:
        text = str(failed).removeprefix(f"Task {step['task']}: ")
        return {"failed": text[:_MESSAGE], "attempted": not isinstance(failed, core.NotAttempted)}
    except BaseException as error:  # noqa: BLE001 (an alarm that rings late, or whatever the learner's code left behind)
        return {"failed": f"the check was stopped by {type(error).__name__}"}


def _small(observed: object) -> object:
    if len(json.dumps(observed)) > FRAME_BYTES // 2:
        raise core.CheckFailed(f"the answer returns far more than was asked for (over {FRAME_BYTES // 2:,} characters)")
    return observed


def _in_words(error: BaseException, title: str) -> str:
    """ "NameError: name 'x' is not defined (line 3: y = x)", from the innermost line of the cell."""
    try:
        text = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
        lines = [f"line {frame.lineno}: {frame.line}" for frame in traceback.extract_tb(error.__traceback__)
                 if frame.filename == title]
        return f"{text} ({lines[-1]})"[:_MESSAGE] if lines else text[:_MESSAGE]
    except BaseException:  # noqa: BLE001 (an error that cannot even be printed)
        return type(error).__name__


@contextmanager
def time_limit(seconds: float):
    """Stop the block after so many seconds with `TooSlow`, and again each second if something swallows that."""
    inside = True

    def stop(_signal, _frame):
        if inside:
            raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        inside = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
