"""What runs in the sandbox: the cells of one submission in their order, and the observations
between them.

Cells run in IPython's own shell, so that `await`, `!`, magics and `get_ipython()` do what
they do in Jupyter. The learner's code shares this process, and may change anything here: it reaches
no mark with it, because all that leaves is observations, and a judge outside decides whether they
are right. What this module leaves out: judging (`marking`), the order of the cells (`answers`), and
the walls around this process (`drop_privileges`, `sandbox`).
"""

import asyncio
import json
import os
import sys
import time
import traceback
import types
from collections.abc import Iterable
from contextlib import suppress

from ftrag_helpers.exercises import checking
from ftrag_helpers.exercises.running import TooSlow, alarm

#: Bytes of one observation's line; more is no answer to any task.
FRAME_BYTES = 2**20
_MESSAGE = 2_000


# --- the notebook's world


class Notebook:
    """A fresh `__main__` in an IPython shell, as a kernel has it; `names` are its global names.

    It differs from a kernel in what cannot be here: nothing is shown, no history is kept on disk,
    nothing can be asked.
    """

    def __init__(self):
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False  # else a thread, which a fork would lose
        main = types.ModuleType("__main__")
        self.names = main.__dict__
        self._shell = InteractiveShell.instance(
            config=config, user_module=main, user_ns=self.names, compiler_class=_compiler()
        )
        for unused in ("showtraceback", "showsyntaxerror", "enable_gui", "ask_exit"):
            setattr(self._shell, unused, lambda *_values, **_more: None)
        # Nobody reads it, and drawing it takes a tenth of a second, in every process of a fork bomb
        # too.
        self._shell.InteractiveTB.structured_traceback = lambda *_values, **_more: []
        self._loop = None

    def run(self, source: str, title: str, limit: float) -> BaseException | None:
        """Run a cell for at most `limit` seconds; what it raised, a `TooSlow` where it was stopped,
        or None.
        """
        # One loop for all cells, as in a kernel: a task that one cell starts goes on in the next
        # ones. Made late: a loop does not survive a fork.
        self._loop = self._loop or asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        cell = self._loop.create_task(self._cell(source, title))
        try:
            with alarm(limit):
                return self._loop.run_until_complete(cell)
        except BaseException as error:  # noqa: BLE001 (SystemExit too must not end the others' cells)
            cell.cancel()
            with suppress(BaseException), alarm(1.0):
                self._loop.run_until_complete(asyncio.sleep(0))
            return error

    async def _cell(self, source: str, title: str) -> BaseException | None:
        shell, failed = self._shell, None
        shell.compile.title = title
        try:
            code = shell.transform_cell(source)
        except Exception:  # noqa: BLE001 (the shell reports it in its own way)
            code, failed = source, sys.exc_info()
        done = await shell.run_cell_async(
            source, store_history=True, transformed_cell=code, preprocessing_exc_tuple=failed
        )
        return done.error_before_exec or done.error_in_exec

    def rest(self) -> None:
        """Close what a fork could not share; the next cell opens it again."""
        if self._loop:
            self._loop.close()
        self._loop = None


def _compiler() -> type:
    from IPython.core.compilerop import CachingCompiler

    class Compiler(CachingCompiler):
        """Gives each cell the name that messages use."""

        title = "<cell>"

        def get_code_name(self, *_more) -> str:
            return self.title

    return Compiler


# --- running


class Report:
    """Lines of JSON behind the request's nonce, into a pipe.

    Whatever else arrives there is noise to the reader.
    """

    def __init__(self, handle: int, nonce: str):
        self._handle, self._nonce = handle, nonce

    def __call__(self, **facts) -> None:
        """Write the facts of one step."""
        data = f"\n{self._nonce}{json.dumps(facts)}\n".encode()
        while data:
            data = data[os.write(self._handle, data) :]


def run(steps: Iterable[dict], report: Report, notebook: Notebook, run_answer: dict) -> None:
    """Run steps as they come and report on each: an error of one leaves the others as they are.

    A step has its `place`, `kind` ("given", "own", "answer", "demonstration", "check", or
    "modules", which asks what has been imported by then), `limit` in seconds, and either `source`
    and `title`, or `task`, `name` and `inputs`. `run_answer` has each task's function of that name.
    """
    errors: dict[str, str] = {}
    me, loaded = os.getpid(), set(sys.modules)
    for step in steps:
        start = time.monotonic()
        if step["kind"] == "modules":
            facts = {
                "modules": [
                    name for name in sys.modules if name not in loaded and name != "__main__"
                ]
            }
        elif step["kind"] == "check":
            facts = _observed(step, notebook.names, run_answer, errors)
        else:
            facts = _ran(step, notebook, errors)
        if os.getpid() != me:
            os._exit(0)  # a copy that the learner's code forked, come to the end of the cell
        report(step=step["place"], slow=time.monotonic() - start >= step["limit"], **facts)
    report(end=True)


def _ran(step: dict, notebook: Notebook, errors: dict[str, str]) -> dict:
    error = notebook.run(step["source"], step["title"], step["limit"])
    if error is None:
        return {}
    if isinstance(error, NotImplementedError) and str(error).startswith("Task "):
        return {"error": str(error), "stub": True}
    if isinstance(error, TooSlow):
        text = f"the cell ran longer than {step['limit']:g} seconds and was stopped"
    else:
        text = _in_words(error, step["title"])
    errors[step.get("task", "")] = text
    return {"error": text}


def _observed(step: dict, names: dict, run_answer: dict, errors: dict[str, str]) -> dict:
    task = checking.Task(
        step["task"],
        "",
        0,
        ("", ""),
        lambda _seed: step["inputs"],
        run_answer[step["task"]],
        None,
        step["limit"],
    )
    value = names.get(step["name"], checking.MISSING)
    if value is checking.MISSING and step["task"] in errors:
        return {
            "failed": f"your cell stopped before it defined {step['name']}: {errors[step['task']]}"
        }
    try:
        return {"observed": _small(checking.observation(task, value, 0))}
    except checking.CheckFailed as failed:
        text = str(failed).removeprefix(f"Task {step['task']}: ")
        return {
            "failed": text[:_MESSAGE],
            "attempted": not isinstance(failed, checking.NotAttempted),
        }
    except BaseException as error:  # noqa: BLE001 (an alarm that rings late, or whatever the learner's code left behind)
        return {"failed": f"the check was stopped by {type(error).__name__}"}


def _small(observed: object) -> object:
    if len(json.dumps(observed)) > FRAME_BYTES // 2:
        raise checking.CheckFailed(
            f"the answer returns far more than was asked for (over {FRAME_BYTES // 2:,} characters)"
        )
    return observed


def _in_words(error: BaseException, title: str) -> str:
    """Say "NameError: name 'x' is not defined (line 3: y = x)", from the cell's innermost line."""
    try:
        text = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
        lines = [
            f"line {frame.lineno}: {frame.line}"
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == title
        ]
        return f"{text} ({lines[-1]})"[:_MESSAGE] if lines else text[:_MESSAGE]
    except BaseException:  # noqa: BLE001 (an error that cannot even be printed)
        return type(error).__name__
