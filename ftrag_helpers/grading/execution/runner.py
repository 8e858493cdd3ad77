"""One place where submissions run one after another: a warmed process, and a fresh sandbox for each
of its forks.

What this module leaves out: namespaces and limits (`sandbox`), reading what a run reports
(`supervise`), which steps to run (`grader`).
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading.execution import sandbox, worker
from ftrag_helpers.grading.execution.supervise import Feed, Outcome, Watch

_START_SECONDS = 600
_ANSWER_SECONDS = 30
_END_SECONDS = 5


@dataclass(frozen=True)
class Setting:
    """What all runs of an exercise share: the modules beside an answer, import lines, setup cells,
    modules to import ahead, hidden paths.
    """

    modules: dict[str, str]
    imports: list[str]
    setup: list[str]
    warm: tuple[str, ...] = ()
    hidden: tuple[Path, ...] = ()
    isolated: bool = True
    limits: sandbox.Limits = sandbox.Limits()


class Runner:
    """A warmed process and what it forks, once it is `started`.

    `setup_steps` says whether each run must still do the setup cells itself.
    """

    def __init__(self, setting: Setting):
        self._setting = setting
        self._process, self._line = None, None
        self._running, self._aborted = 0, False
        self._folder = Path(
            tempfile.mkdtemp(prefix="ftrag-grading-", dir="/tmp" if os.path.isdir("/tmp") else None)
        ).resolve()
        self.setup_steps = False
        self._command, self._folders = [], [str(self._folder)]

    # --- the warmed process

    def started(self) -> "Runner":
        """This runner, with its process up: apart from making it, so that whoever may `abort` it
        knows it by then.

        Raises:
            CourseError: the setup cells cannot be run here.
        """
        if self._process:
            return self
        try:
            if self._setting.isolated:
                self._command = sandbox.command(
                    self._folder, self._setting.limits, list(self._setting.hidden)
                )
                self._folders = sandbox.scratch_folders(self._folder)
            if self._start(self._setting.setup):
                self._stop()
                self.setup_steps = True
                self._start([])
        except BaseException:
            self.close()
            raise
        return self

    def _start(self, setup: list[str]) -> str:
        """Start the process; why its forks cannot share the setup, or ""."""
        ours, theirs = socket.socketpair()
        code = (
            f"import sys; sys.path.insert(0, {str(runtime.course_root())!r}); "
            f"from ftrag_helpers.grading.execution import worker; worker.main({theirs.fileno()})"
        )
        with open(self._folder / "worker.log", "wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs.fileno(),),
                cwd=self._folder,
                env=sandbox.environment(self._folder),
                start_new_session=True,
            )
        theirs.close()
        self._line = ours
        if self._aborted:
            self._process.kill()
        answer = self._ask(
            {
                "modules": self._setting.modules,
                "imports": self._setting.imports,
                "setup": setup,
                "warm": list(self._setting.warm),
                "folder": str(self._folder),
            },
            seconds=_START_SECONDS,
        )
        if "error" in answer:
            raise CourseError(
                "The first cells of the solution cannot be run where exercises are graded:"
                f" {answer['error']}"
            )
        return answer["unshared"]

    def _ask(
        self, message: dict, handles: tuple[int, ...] = (), *, seconds: float = _ANSWER_SECONDS
    ) -> dict:
        self._line.settimeout(seconds)
        try:
            worker.send(self._line, message, handles)
            answer, _ = worker.receive(self._line)
        except OSError as error:
            raise WorkerLost(f"{error}; {self._log()}") from None
        if answer is None:
            raise WorkerLost(self._log())
        return answer

    def _log(self) -> str:
        text = (self._folder / "worker.log").read_text("utf-8", errors="replace").strip()
        return text.splitlines()[-1] if text else "it said nothing"

    def _stop(self) -> None:
        if self._process:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_SECONDS)
        if self._line:
            # After its end: a process that loses its line tidies up as if the grader were gone.
            self._line.close()

    def abort(self) -> None:
        """From another thread: end whatever is under way, and let nothing else begin."""
        self._aborted = True
        if self._process:
            self._process.kill()  # whoever waits for its answer waits no longer
        if self._running:
            _kill(self._running)

    def close(self) -> None:
        """End the process and remove its folder."""
        self._stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    # --- one run

    def warm(self, modules: list[str]) -> None:
        """Import modules in the warmed process, for the runs to come; trusted code only may have
        named them.
        """
        self._ask({"warm": modules}, seconds=_START_SECONDS)

    def run(self, request_steps: list[dict], skip: set[int], total: float) -> Outcome:
        """Run steps in a fresh sandbox, at most `total` seconds long.

        Raises:
            WorkerLost: the warmed process is gone; make another Runner.
            CourseError: the sandbox does not start, or cannot be entered.
        """
        isolated = self._setting.isolated
        box = sandbox.Sandbox(self._command, self._folders) if isolated else None
        # Without a sandbox too, no submission finds the files of the one before it.
        scratch = None if box else tempfile.mkdtemp(prefix="run-", dir=self._folder)
        nonce = uuid.uuid4().hex
        (source, report), (request, sink) = os.pipe(), os.pipe()
        feed, child = Feed(sink, request_steps, skip), None
        try:
            os.write(sink, json.dumps({"nonce": nonce}).encode() + b"\n")
            child = self._launch(box, [scratch] if scratch else self._folders, request, report)
            self._running = box.pid if box else child
            if self._aborted:
                raise WorkerLost("it was stopped")
            os.close(report)
            report = None
            processes = (box, self._process.pid, child)
            watch = Watch(source, nonce.encode(), self._setting.limits, feed, processes)
            outcome = watch.outcome(total)
            if not outcome.entered:
                raise CourseError(f"The sandbox could not be entered: {self._log()}.")
            return outcome
        finally:
            self._running = 0
            feed.close()
            for handle in filter(None, (source, report, request)):
                os.close(handle)
            self._end(box, child)
            if scratch:
                shutil.rmtree(scratch, ignore_errors=True)

    def _launch(
        self, box: "sandbox.Sandbox | None", folders: list[str], request: int, report: int
    ) -> int:
        namespaces = box.namespaces() if box else {}
        launch = {
            "namespaces": list(namespaces),
            "limits": {**asdict(self._setting.limits), "folders": folders},
            "uid": box.uid if box else None,
        }
        try:
            return self._ask(launch, (request, report, *namespaces.values()))["pid"]
        finally:
            for handle in namespaces.values():
                os.close(handle)

    def _end(self, box: "sandbox.Sandbox | None", child: int | None) -> None:
        if box:
            # Before the fork that waits outside, which takes in what is left of the one inside.
            box.close()
        if child:
            _kill(child)
            self._process.send_signal(signal.SIGCONT)  # without a sandbox, it can be stopped
            self._ask({"done": True})


def _kill(pid: int) -> None:
    for end in (os.killpg, os.kill):  # its group, and itself if it had no group yet
        with suppress(ProcessLookupError, PermissionError):
            end(pid, signal.SIGKILL)


class WorkerLost(Exception):
    """The warmed process ended by itself (say, the machine ran out of memory)."""
