"""Running a learner's code: a time limit, and in words why it stopped.

What this module leaves out: which code a check runs (`checking`).
"""

import linecache
import signal
import sysconfig
import textwrap
import threading
from contextlib import contextmanager
from pathlib import Path

from ftrag_helpers.errors import CourseError

#: Whose lines are no learner's: the last are check modules that a sandbox made from their sources.
_LIBRARIES = (
    str(Path(__file__).resolve().parent.parent),
    *{sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")},
    "<ftrag_helpers.",
)


class CheckFailed(Exception):
    """An answer did not pass. Jupyter shows the message alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        # JupyterLab's own output breaks long lines; the box of its Validate button does not.
        return [
            textwrap.fill(line, 100, break_long_words=False, replace_whitespace=False)
            for line in str(self).splitlines()
        ]


class NotAttempted(CheckFailed):
    """There is no answer yet: the stub is still in its place."""


class TooSlow(BaseException):
    """Not an Exception, so that a learner's `except Exception` inside an endless loop cannot hold
    it.
    """


@contextmanager
def time_limit(seconds: float):
    """Stop the block after so many seconds with `TooSlow`, and again each second if something
    swallows that.

    It needs the main thread and a system with interval timers (not Windows). Elsewhere, and inside
    a single long call of compiled code, the learner stops the kernel by hand.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return
    with alarm(seconds):
        yield


@contextmanager
def alarm(seconds: float):
    """Raise `TooSlow` in the block after so many seconds, and again each second if something
    swallows that. For the main thread, where the system has interval timers.
    """
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


def explained(task_id: str, error: BaseException) -> CheckFailed:
    """What a learner reads of an error that stopped the code, with the line where it did."""
    text = str(error)
    stub = text.split(":")[0] if text.startswith("Task ") else ""
    if isinstance(error, NotImplementedError) and (
        not text or stub == f"Task {task_id}"
    ):  # nbgrader's own stub is bare
        return NotAttempted(
            f"Task {task_id} is not done yet: put your code in place of the line that raises"
            " NotImplementedError, run that cell, then this one. If you have: did that cell run"
            " without an error, and has the function the task's name?"
        )
    if isinstance(error, NotImplementedError) and stub:
        return NotAttempted(f"Task {task_id} rests on {stub}, which is not done yet.")
    if isinstance(error, CourseError):
        return CheckFailed(f"Task {task_id} could not be checked. {text}")
    what = f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
    place = _learners_line(error)
    if not place and isinstance(error, TypeError):
        return CheckFailed(
            f"Task {task_id}: your answer could not be called as the task asks ({what}). "
            "Compare its name and its parameters with the task."
        )
    return CheckFailed(f"Task {task_id}: your code stopped with {what}{place}")


def _learners_line(error: BaseException) -> str:
    """The innermost line of the error that is in no library, on a line of its own; "" if there is
    none.
    """
    found, function, trace = "", "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith(_LIBRARIES):
            function = (
                function if code.co_name.startswith("<") else code.co_name
            )  # not "<listcomp>"
            source = linecache.getline(code.co_filename, trace.tb_lineno).strip()
            found = (
                f"\nLine {trace.tb_lineno} of its cell{f', in {function}' if function else ''}:"
                f" {source}"
            )
        trace = trace.tb_next
    return found
