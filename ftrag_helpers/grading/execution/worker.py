"""The warmed process: imports and the exercise's setup once, then a fork for each submission.

It is trusted and never sees a submission: a fork of it reads the request from a
descriptor, so that nothing of one learner's work lies in the memory that the next one's process
starts with. Neither does it hold judges, cases, seeds or solutions. What this module leaves out:
deadlines and reading what a submission says (`runner`).
"""

import importlib
import json
import os
import shutil
import signal
import socket
import sys
import types

#: The descriptors of a fork: what it reads, and where it reports.
_REQUEST, _REPORT = 3, 4
_DESCRIPTORS = 16
_SETUP_SECONDS = 600.0


def main(descriptor: int) -> None:
    """Serve requests that come over a socket until it closes: first the configuration, then one
    launch at a time.
    """
    line = socket.socket(fileno=descriptor)
    config, _ = receive(line)
    if config is None:
        return
    try:
        _serve(line, config)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the grader was killed
    shutil.rmtree(config["folder"], ignore_errors=True)


def _serve(line: socket.socket, config: dict) -> None:
    quiet = os.open(os.devnull, os.O_RDWR)
    os.dup2(quiet, 0)
    os.dup2(quiet, 1)
    os.close(quiet)
    try:
        notebook, run_answer, why = prepare(config)
    except Exception as error:  # noqa: BLE001 (whatever setup raises belongs into the message for the instructor)
        send(line, {"error": f"{type(error).__name__}: {error}"})
        return
    send(line, {"ready": True, "unshared": why})
    while True:
        launch, handles = receive(line)
        if launch is None:
            return
        if "warm" in launch:
            _import(launch["warm"])
            send(line, {"warmed": True})
            continue
        child = os.fork()
        if not child:
            line.close()
            _child(launch, handles, notebook, run_answer)
        for handle in handles:
            os.close(handle)
        send(line, {"pid": child})
        if receive(line)[0] is None:  # else the runner is done with it, and has ended it
            os.kill(child, signal.SIGKILL)
        send(line, {"status": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])})


def prepare(config: dict) -> tuple:
    """Load the modules that lie beside an answer, the imports and, where wanted, the setup cells.

    Returns the notebook, the function of each task that runs an answer, and why a fork cannot share
    what setup made ("" if it can): open files and threads stay behind.
    """
    import numpy  # noqa: F401

    from ftrag_helpers import exercises
    from ftrag_helpers.exercises import checking  # noqa: F401
    from ftrag_helpers.grading.execution import steps

    exercises.__path__ = []  # from here on, no module with a judge in it can be imported
    run_answer: dict = {}
    for name, source in config["modules"].items():
        run_answer |= getattr(_module(name, source), "RUN_ANSWER", {})
    notebook = steps.Notebook()
    _import(config["warm"])
    exec("\n".join(config["imports"]), {})  # noqa: S102 (the course's own lines)
    before = _held()
    for text in config["setup"]:
        error = notebook.run(text, "<setup>", _SETUP_SECONDS)
        if error is not None:
            raise error
    notebook.rest()
    files, threads = (after - earlier for after, earlier in zip(_held(), before, strict=True))
    why = (
        f"setup leaves {files} files open and {threads} threads running"
        if files > 0 or threads > 0
        else ""
    )
    return notebook, run_answer, why


def _import(names: list[str]) -> None:
    """Import modules by name, as far as they can be; what fails here, the submission that needs it
    will tell.
    """
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001, S112 (some modules exist only inside a run)
            continue


def _module(name: str, source: str) -> types.ModuleType:
    """A module from its source, in `sys.modules` and in its package, as if it had been imported."""
    package, _, last = name.rpartition(".")
    if package and package not in sys.modules:
        try:
            importlib.import_module(package)
        except ImportError:
            sys.modules[package] = types.ModuleType(package)
            sys.modules[package].__path__ = []
    module = types.ModuleType(name)
    module.__package__ = package
    sys.modules[name] = module
    exec(compile(source, f"<{name}>", "exec"), module.__dict__)  # noqa: S102 (the course's own source)
    if package:
        setattr(sys.modules[package], last, module)
    return module


def _held() -> tuple[int, int]:
    """How many descriptors and threads this process has; (0, 0) where the system does not say."""
    try:
        return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))
    except OSError:
        return 0, 0


def _child(launch: dict, handles: list[int], notebook, run_answer: dict) -> None:
    """In the fork: into the namespaces, fork once more into the process namespace, and run.

    Never returns.
    """
    code = 70
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        namespaces = dict(zip(launch["namespaces"], handles[2:], strict=True))
        _only(handles[:2], namespaces)
        if namespaces:
            from ftrag_helpers.grading.execution import drop_privileges

            drop_privileges.join(namespaces)
            inner = os.fork()
            if inner:
                os.closerange(3, 5)
                status = os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
                os._exit(status if status >= 0 else 128 - status)
            os.setsid()  # its signals to its group shall not reach the process that waits outside
            drop_privileges.confine(launch["limits"], launch["uid"])
        else:
            _limits_alone(launch["limits"])
        code = _work(launch, notebook, run_answer)
    except BaseException as error:  # noqa: BLE001 (a fork must end here, whatever happens)
        os.write(2, f"{type(error).__name__}: {error}\n".encode(errors="replace"))
    finally:
        os._exit(code)


def _limits_alone(limits: dict) -> None:
    from ftrag_helpers.grading.execution import drop_privileges

    drop_privileges.set_limits(
        {**limits, "processes": None}
    )  # without a namespace the user's other processes count too


def _only(wanted: list[int], namespaces: dict[str, int]) -> None:
    """Put the request and the report on their places, and close every other descriptor but the
    namespaces'.
    """
    import fcntl

    moved = [fcntl.fcntl(handle, fcntl.F_DUPFD, 64) for handle in (*wanted, *namespaces.values())]
    os.dup2(moved[0], _REQUEST)
    os.dup2(moved[1], _REPORT)
    namespaces.update(zip(namespaces, moved[2:], strict=True))
    keep = {0, 1, 2, _REQUEST, _REPORT, *namespaces.values()}
    folder = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"
    for handle in map(int, os.listdir(folder)):
        if handle not in keep:
            try:
                os.close(handle)
            except OSError:
                pass  # the listing's own


def _work(launch: dict, notebook, run_answer: dict) -> int:
    from ftrag_helpers.grading.execution import steps

    os.chdir(launch["limits"]["folders"][0])
    sys.path.insert(0, "")  # a module that a cell writes can be imported, as in a notebook
    quiet = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(quiet, handle)
    os.close(quiet)
    with open(_REQUEST, encoding="utf-8") as lines:
        report = steps.Report(_REPORT, json.loads(lines.readline())["nonce"])
        report(entered=True)
        steps.run(map(json.loads, iter(lines.readline, "")), report, notebook, run_answer)
    return 0


# --- messages


def send(line: socket.socket, message: dict, handles: tuple[int, ...] = ()) -> None:
    """A length, then JSON, with open descriptors beside it."""
    data = json.dumps(message).encode()
    socket.send_fds(line, [len(data).to_bytes(8, "big")], list(handles))
    line.sendall(data)


def receive(line: socket.socket) -> tuple[dict | None, list[int]]:
    """The next message and its descriptors; (None, []) when the other side is gone."""
    head, handles, _flags, _address = socket.recv_fds(line, 8, _DESCRIPTORS)
    if len(head) < 8:
        return None, []
    left, parts = int.from_bytes(head, "big"), []
    while left:
        part = line.recv(min(left, 2**20))
        if not part:
            return None, []
        parts.append(part)
        left -= len(part)
    return json.loads(b"".join(parts)), handles
