"""Watching one run of a submission: its steps and what it reports on them, its deadlines, and what
all its processes use.

Whatever comes out of a sandbox is read here, with bounds on size and time. What this
module leaves out: starting and ending the run (`runner`), and what the facts are worth (`marking`).
"""

import json
import math
import os
import select
import time
from dataclasses import dataclass, field

from ftrag_helpers.grading.execution import sandbox, steps

#: Seconds that a step may take beyond its own limit, for a process that cannot be interrupted from
#: inside.
GRACE = 3.0
_WATCH_SECONDS = 0.2
#: What a socket may hold, where (in a container, say) the machine's own limit cannot be seen.
_SENT_BYTES = 2**22
#: Looks at the memory before it counts as too much.
_LOOKS = 6
#: Seconds in which a process that is ending gives back what it holds.
_ENDING_SECONDS = 1
#: Lines of a process's status and, where forks share pages, of its smaps_rollup.
_WHOLE, _SHARES = ("RssAnon", "RssShmem", "VmSwap"), ("Pss_Anon", "Pss_Shmem", "SwapPss")
_WHAT_ENDED = {
    "time": "did not stop at its time limit",
    "memory": "used more memory than is allowed",
    "files": "made more files than are allowed",
    "flood": "reported more than any answer needs",
    "died": "ended the process it ran in",
}


@dataclass
class Outcome:
    """What a run told: facts by the place of their step; `ended` is "done" or one of `_WHAT_ENDED`;
    `at` is where.

    `entered` tells a submission that ended its process from a sandbox that could not be entered at
    all.
    """

    facts: dict[int, dict] = field(default_factory=dict)
    ended: str = "died"
    at: int | None = None
    entered: bool = False

    @property
    def why(self) -> str:
        """What ended the run, in words for the result's detail; empty if it came to its end."""
        return _WHAT_ENDED.get(self.ended, "")


class Feed:
    """Sends the steps one by one, so that the inputs of a check never lie beside the code that runs
    before it.
    """

    def __init__(self, handle: int, request_steps: list[dict], skip: set[int]):
        os.set_blocking(handle, False)
        self.handle, self._steps, self._skip = handle, request_steps, skip
        self._waiting, self._unsent = iter(range(len(request_steps))), b""

    def next(self, facts: dict[int, dict]) -> int | None:
        """Make the next step ready to be sent, and return its place; None after the last one."""
        for place in self._waiting:
            step = self._steps[place]
            if place not in self._skip and not _needless(step, facts):
                self._unsent = json.dumps({"place": place, **step}).encode() + b"\n"
                return place
        self.close()
        return None

    def limit(self, place: int) -> float:
        """Seconds that a step may take."""
        return self._steps[place]["limit"]

    def handles(self) -> list[int]:
        """The handle, where something waits to be written to it."""
        return [self.handle] if self.handle is not None and self._unsent else []

    def send(self) -> None:
        """Write as much as the pipe takes now."""
        try:
            self._unsent = self._unsent[os.write(self.handle, self._unsent) :]
        except BlockingIOError:
            pass  # a submission fills its own request
        except BrokenPipeError:
            self._unsent = b""  # the run has ended; its report says so

    def close(self) -> None:
        """No further step: the run reads the end of its request."""
        if self.handle is not None:
            os.close(self.handle)
        self.handle = None


def _needless(step: dict, facts: dict[int, dict]) -> bool:
    """True for a step that only serves checks which have been made, or which took all their
    time.
    """
    serves = step.get("serves")
    return serves is not None and all(
        "observed" in facts.get(place, {}) or facts.get(place, {}).get("slow") for place in serves
    )


class Watch:
    """Feeds a run its steps and reads its report until it ends, is cut, or its time is over."""

    def __init__(
        self, source: int, nonce: bytes, limits: sandbox.Limits, feed: Feed, processes: tuple
    ):
        self._source, self._nonce, self._limits, self._feed = source, nonce, limits, feed
        self._sandbox, warmed, self._child = processes
        shared = bytes_named(f"/proc/{warmed}/status", _WHOLE)
        self._memory = limits.memory_bytes + (shared if shared and shared < math.inf else 0)
        self._outcome = Outcome()
        self._deadline = 0.0

    def outcome(self, total: float) -> Outcome:
        """Feed and read the run until its end, for at most `total` seconds."""
        end, rest, received, look, ended = time.monotonic() + total, b"", 0, 0.0, False
        self._deadline = end
        self._step()
        while not self._outcome.ended == "done":
            now = time.monotonic()
            if now >= min(end, self._deadline):
                return self._over(self._excess() or "time")
            if now >= look:
                excess = self._excess()
                look = time.monotonic() + _WATCH_SECONDS
                if excess:
                    return self._over(excess)
            wait = min(_WATCH_SECONDS, max(0, min(end, self._deadline) - now))
            readable, writable, _ = select.select([self._source], self._feed.handles(), [], wait)
            if writable:
                self._feed.send()
            if not readable:
                if ended:
                    return self._outcome
                ended = self._ended()
                continue
            data = os.read(self._source, 2**16)
            received += len(data)
            if not data:
                return self._outcome  # "died", at the last step that began
            if received > self._limits.report_bytes:
                return self._over("flood")
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                self._take(line)
            if len(rest) > steps.FRAME_BYTES:
                return self._over("flood")
        return self._outcome

    def _over(self, ended: str) -> Outcome:
        self._outcome.ended = ended
        return self._outcome

    def _step(self) -> None:
        """Send the next step; from now on its time runs."""
        place = self._feed.next(self._outcome.facts)
        if place is not None:
            self._outcome.at = place
            self._deadline = time.monotonic() + self._feed.limit(place) + GRACE

    def _take(self, line: bytes) -> None:
        """One line: the facts of the step that was sent (a forger cannot tell of others), or the
        end.
        """
        if not line.startswith(self._nonce):
            return
        try:
            facts = json.loads(line[len(self._nonce) :])
        except (ValueError, RecursionError):
            return
        if not isinstance(facts, dict):
            return
        at = self._outcome.at
        if type(facts.get("step")) is int and facts["step"] == at and at not in self._outcome.facts:
            self._outcome.facts[at] = facts
            self._step()
        elif facts.get("entered") is True:
            self._outcome.entered = True
        elif facts.get("end") is True:
            self._outcome.ended = "done"

    def _ended(self) -> bool:
        """True once the process that reports is gone, though others may still hold its end of the
        pipe.
        """
        return _stat(f"/proc/{self._child}")[:1] == ["Z"]

    def _excess(self) -> str:
        """Which bound over all processes together is broken, if any."""
        if self._sandbox is None:
            return ""
        if self._sandbox.files() > self._limits.scratch_files:
            return "files"
        # Pages that forks share count for each of them at first, and in parts where that is too
        # much; then some times more, since a process that is just starting a program counts as much
        # as its parent.
        for look in range(_LOOKS):
            total = memory(self._sandbox.proc, shared=look > 0)
            if total <= self._memory:
                return ""
            if total == math.inf or (look and time.monotonic() >= self._deadline):
                break  # on a busy machine each look may take seconds
            time.sleep(_WATCH_SECONDS / 10)
        return "memory"


def memory(proc: str, shared: bool) -> float:
    """Bytes that all processes of a sandbox hold, in memory, on the swap device and in sockets;
    infinite where one of them cannot be read. `proc` is the sandbox's own /proc; pages that are
    `shared` are counted in parts.
    """
    return _in_sockets(proc) + sum(
        _of_process(f"{proc}/{pid}", shared) for pid in os.listdir(proc) if pid.isdigit()
    )


def _of_process(folder: str, shared: bool) -> float:
    """What a process holds, told by another of its threads where the first has ended; 0 once all
    have.
    """
    end = time.monotonic() + _ENDING_SECONDS
    while time.monotonic() < end:
        try:
            threads = os.listdir(f"{folder}/task")
        except OSError:
            return 0
        for thread in threads:
            size = _of_thread(f"{folder}/task/{thread}", shared)
            if size is not None:
                return size
        # A list of threads that come and go may show the first alone, which has ended; their number
        # is exact.
        if max([len(threads), *map(int, _stat(folder)[17:18])]) < 2:
            return 0
        time.sleep(0.01)  # it is ending, or each of its threads starts the next one and ends
    return math.inf


def _stat(folder: str) -> list[str]:
    """A process's state and the numbers after it; empty once it has gone."""
    try:
        with open(f"{folder}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def _of_thread(folder: str, shared: bool) -> float | None:
    shares = bytes_named(f"{folder}/smaps_rollup", _SHARES) if shared else None
    return bytes_named(f"{folder}/status", _WHOLE) if shares in (None, math.inf) else shares


def bytes_named(file: str, names: tuple[str, ...]) -> float | None:
    """Bytes that the named lines of a file in /proc add up to: None where they are not there since
    the process has ended, infinite where it keeps them to itself.
    """
    try:
        with open(file, encoding="ascii", errors="replace") as lines:
            sizes = [int(line.split()[1]) for line in lines if line.split(":")[0] in names]
    except PermissionError:
        return math.inf
    except OSError:
        return None
    return 1024 * sum(sizes) if sizes else None


def _in_sockets(proc: str) -> int:
    """Bytes that what is sent and not yet received may take: the kernel tells the number of sockets
    alone.
    """
    most = _last_number("/proc/sys/net/core/wmem_max", _SENT_BYTES)
    return _last_number(f"{proc}/1/net/sockstat", 0) * 2 * most


def _last_number(file: str, default: int) -> int:
    """The last number in the first line of a file in /proc; the default where there is none."""
    try:
        with open(file, encoding="ascii") as lines:
            return int(lines.readline().split()[-1])
    except (OSError, ValueError, IndexError):
        return default
