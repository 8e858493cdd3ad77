"""The sandbox from inside: what code in it sees, may use and leaves behind; and the refusal where
there is none.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from adversarial import exercise

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading import engine
from ftrag_helpers.grading.execution import drop_privileges, runner, sandbox, supervise, worker

pytestmark = pytest.mark.slow

REASON = sandbox.refusal()
needs_sandbox = pytest.mark.skipif(bool(REASON), reason=f"no sandbox here: {REASON[:150]}")
LIMITS = sandbox.Limits(
    memory_bytes=2**29, scratch_bytes=2**25, file_bytes=2**24, processes=20, scratch_files=3_000
)
WHOLE = "RUN_ANSWER = {'0.1': lambda function, inputs: function(*inputs)}"


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secret")
    (folder / "hidden.txt").write_text("seed=918273", "utf-8")
    return folder


@pytest.fixture(scope="module")
def running(tmp_path_factory, secret):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FTRAG_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("FTRAG_TEST_TOKEN", "a password of whoever grades")
        place = runner.Runner(
            runner.Setting(
                {"probe": WHOLE}, [], ["import os, sys, json"], (), (secret,), True, LIMITS
            )
        ).started()
        yield place
        place.close()


@pytest.fixture
def inside(running):
    """Runs the body of a function in a fresh sandbox; returns what it returns, or the outcome if it
    returned nothing.
    """

    def run(body, inputs=(), limit=10.0, whole=False):
        lines = [f"    {line}\n" for line in body.strip().splitlines()]
        source = "def probe(*given):\n" + "".join(lines)
        cell = {"kind": "answer", "source": source, "title": "<probe>"}
        check = {"kind": "check", "name": "probe", "inputs": list(inputs)}
        steps = [{**step, "limit": limit, "task": "0.1"} for step in (cell, check)]
        outcome = running.run(steps, set(), 30)
        facts = outcome.facts.get(1, {})
        return outcome if whole or "observed" not in facts else facts["observed"]

    return run


@needs_sandbox
def test_code_in_the_sandbox_runs_and_gets_its_inputs(inside):
    assert inside("return [sum(given), os.getcwd() == os.environ['HOME']]", [1, 2, 3]) == [6, True]


@needs_sandbox
def test_it_is_nobody_without_rights(inside):
    facts = inside("""
lines = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
return [os.getuid(), os.geteuid(), os.getgroups()] + [lines[n].split() for n in
        ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb", "NoNewPrivs", "Seccomp", "Uid")]""")
    uid, effective, groups, *caps, privileges, seccomp, uids = facts
    assert uid == effective != 0 and len(set(uids)) == 1
    assert caps == [["0000000000000000"]] * 5 and (privileges, seccomp) == (["1"], ["2"])
    assert not groups or os.geteuid()


@needs_sandbox
def test_it_sees_no_process_but_its_own_and_no_variable_of_the_grader(inside):
    pids, variables = inside(
        "return [sorted(int(p) for p in os.listdir('/proc') if p.isdigit()), dict(os.environ)]"
    )
    assert pids[0] == 1 and len(pids) <= 4 and max(pids) < 20
    assert "FTRAG_TEST_TOKEN" not in variables and variables["HF_HUB_OFFLINE"] == "1"
    assert (variables["OMP_WAIT_POLICY"], variables["OPENBLAS_THREAD_TIMEOUT"]) == ("passive", "4")
    texts = inside("""
found = []
for pid in (p for p in os.listdir('/proc') if p.isdigit()):
    for name in ('environ', 'cmdline'):
        try: found.append(open(f'/proc/{pid}/{name}', 'rb').read().decode(errors='replace'))
        except OSError as error: found.append(str(error))
return found""")
    assert "a password" not in json.dumps(texts)


@needs_sandbox
def test_it_holds_no_descriptor_but_its_report(inside):
    links = inside("""
links = [f'/proc/self/fd/{n}' for n in os.listdir('/proc/self/fd')]
return [os.readlink(link).split(':')[0] for link in links if os.path.lexists(link)]""")
    # The last ones: asyncio's own.
    own = ["anon_inode", "socket", "socket"]
    assert sorted(links) == sorted([*["/dev/null"] * 3, "pipe", "pipe", *own])


@needs_sandbox
def test_there_is_no_network(inside):
    assert inside("""
import socket
found = [[line.split(':')[0].strip() for line in open('/proc/net/dev') if ':' in line]]
for address in (('127.0.0.1', 22), ('192.0.2.1', 80)):
    try: socket.create_connection(address, 1); found.append('connected')
    except OSError as error: found.append('refused')
for family in (socket.AF_NETLINK, socket.AF_PACKET):
    try: socket.socket(family, socket.SOCK_RAW); found.append('opened')
    except OSError as error: found.append('unknown')
try: socket.getaddrinfo('example.org', 80); found.append('found')
except OSError: found.append('no such name')
return found""") == [["lo"], "refused", "refused", "unknown", "unknown", "no such name"]


@needs_sandbox
def test_solutions_tests_homes_and_judges_are_not_there(inside, secret):
    root = runtime.course_root()
    course = (
        "solutions exercises notebooks tests .git course.py ftrag_helpers/exercises/checking.py"
    )
    gone = [*(root / name for name in course.split()), secret, secret / "hidden.txt"]
    gone += [Path.home() / ".bashrc", Path.home() / ".ssh"]
    gone += map(Path, ("/etc/passwd", "/etc/shadow", "/var", "/sys", "/run"))
    there = "return [name for name in given if os.path.exists(name)]"
    assert inside(there, [str(path) for path in gone]) == []
    helper = str(root / "ftrag_helpers" / "evaluation" / "metrics.py")
    assert inside(there, [helper]) == [helper]


@needs_sandbox
def test_only_scratch_can_be_written(inside, tmp_path):
    root, cache = str(runtime.course_root()), str(runtime.cache_dir())
    package = f"{root}/ftrag_helpers"
    closed = ["/", "/usr", "/dev", root, package, f"{package}/exercises", f"{root}/datasets"]
    closed += [sys.prefix, sys.base_prefix, "/proc/sys/kernel"]
    body = """
found = []
for folder in given:
    try:
        with open(os.path.join(folder, 'written-by-a-submission'), 'w') as file: file.write('x')
        found.append(folder)
    except OSError: pass
return found"""
    scratch = ["/tmp", "/dev/shm", "."]
    assert inside(body, closed + scratch) == scratch
    # The next one finds nothing of it.
    assert inside("return [os.listdir('.'), os.listdir('/dev/shm')]") == [[], []]
    assert not list(Path(root).rglob("written-by-a-submission"))
    assert not Path("/tmp/written-by-a-submission").exists() and Path(cache).is_dir()


@needs_sandbox
def test_the_interpreter_that_runs_it_cannot_be_written_through_proc(inside):
    writable = inside("""
found = []
for name in ('/proc/self/exe', '/proc/1/exe', '/proc/2/exe', f'/proc/{os.getpid()}/exe'):
    try: open(name, 'r+b').close(); found.append(name)
    except OSError: pass
return found""")
    assert writable == []


def test_a_kernel_that_would_let_the_interpreter_be_written_runs_nothing(monkeypatch, tmp_path):
    (tmp_path / "python").write_text("x", "utf-8")
    real = os.open
    monkeypatch.setattr(
        drop_privileges.os, "open", lambda _name, flags: real(tmp_path / "python", flags)
    )
    with pytest.raises(PermissionError, match="Linux 6.11"):
        drop_privileges._program_is_out_of_reach()


@needs_sandbox
def test_system_calls_that_widen_rights_are_refused(inside):
    refused = inside("""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def errno(name, *args):
    ctypes.set_errno(0)
    return ctypes.get_errno() if getattr(libc, name)(*args) == -1 else 0
return [errno('unshare', 0x10000000), errno('unshare', 0x00020000), errno('setns', 0, 0), errno('mount', b'x', b'/tmp', b'tmpfs', 0, None),
        errno('ptrace', 0, 0, 0, 0), errno('memfd_create', b'x', 0), errno('chroot', b'/tmp'), errno('setuid', 0),
        errno('keyctl', 0, 0, 0, 0) if hasattr(libc, 'keyctl') else 1, errno('shmget', 0, 4096, 0o1600), errno('umount', b'/tmp'),
        errno('vmsplice', 0, None, 0, 0), errno('syscall', {'x86_64': 56, 'aarch64': 220}[os.uname().machine], 0x8000 | 17, 0, 0, 0, 0)]
""")
    # 22: root has no number in a namespace of its own
    assert refused.pop(7) in (1, 22) and refused == [1] * 12


@needs_sandbox
def test_memory_of_one_process_is_bounded(inside):
    body = "try: block = bytearray(3 * 2**29)\nexcept MemoryError: return 'MemoryError'"
    assert inside(body) == "MemoryError"
    assert inside("block = bytearray(2**28)\nreturn len(block)") == 2**28


@needs_sandbox
def test_memory_of_all_processes_together_is_watched(inside):
    outcome = inside(
        """
import time
for _ in range(8):
    if not os.fork():
        block = bytearray(2**28)
        for i in range(0, len(block), 4096): block[i] = 1
        time.sleep(20)
time.sleep(20)""",
        whole=True,
    )
    assert outcome.ended == "memory" and outcome.at == 1


@needs_sandbox
def test_processes_and_threads_are_bounded(inside):
    started = inside("""
import threading, time
count = 0
try:
    for _ in range(200):
        threading.Thread(target=time.sleep, args=(5,), daemon=True).start(); count += 1
except RuntimeError: pass
forks = 0
try:
    for _ in range(200):
        if not os.fork(): time.sleep(5); os._exit(0)
        forks += 1
except OSError: pass
return [count, forks]""")
    assert 5 < sum(started) < LIMITS.processes
    assert inside("return os.getpid() > 0") is True


@needs_sandbox
def test_files_are_bounded_in_size_number_and_sum(inside):
    codes = inside("""
def fill(path, parts):
    try:
        with open(path, 'wb') as file:
            for _ in range(parts): file.write(bytes(2**20))
        return 'written'
    except OSError as error: return error.errno
return [fill('one', 17), fill('a', 12), fill('b', 12), fill('c', 12), fill('/dev/shm/d', 100)]""")
    assert codes == [27, "written", 28, 28, 27]
    outcome = inside(
        """
import time
for i in range(100_000):
    open(f'{i}', 'w').close()
time.sleep(5)""",
        whole=True,
    )
    assert outcome.ended == "files"


@needs_sandbox
def test_a_flood_on_the_report_is_cut(inside):
    start = time.monotonic()
    outcome = inside("while True: os.write(4, b'x' * 65536)", whole=True)
    assert outcome.ended == "flood" and time.monotonic() - start < 8


@needs_sandbox
def test_noise_on_the_report_is_passed_over(inside):
    body = """
for text in (b'{"step": 1, "observed": "forged"}', b'\\xff\\xfe', b'[' * 5000, b'null', b'{"end": true}'):
    os.write(4, b'\\n' + text + b'\\n')
return 'honest'"""
    assert inside(body) == "honest"


@needs_sandbox
def test_even_with_the_nonce_only_the_step_that_was_sent_is_told_of_and_once():
    request = os.pipe()
    feed = supervise.Feed(request[1], [{"limit": 5.0}] * 3, {0})
    watch = supervise.Watch(0, b"N", LIMITS, feed, (None, os.getpid(), 0))
    watch._step()
    lines = [f'{{"step": {step}}}' for step in (0, 2, '"x"', 7, "true")]
    lines += [f'{{"step": 1, "observed": {value}}}' for value in (1, 2)]
    for line in ["[1]", *lines, "9" * 5000, '{"end": 1}', "[" * 10_000]:
        watch._take(b"N" + line.encode())
    watch._take(b'{"end": true}')
    outcome = watch._outcome
    assert (outcome.at, outcome.ended) == (2, "died")
    assert outcome.facts == {1: {"step": 1, "observed": 1}}
    feed.close()
    os.close(request[0])


@needs_sandbox
def test_killing_everything_ends_only_its_own_sandbox(inside):
    outcome = inside("import signal\nos.kill(-1, signal.SIGKILL)\nos._exit(1)", whole=True)
    assert outcome.ended == "died"
    assert inside("return 'the next one runs'") == "the next one runs"


@needs_sandbox
def test_nothing_outlives_a_sandbox(inside, running):
    marker = "a-daemon-that-wants-to-stay"
    started = inside(f"""
import subprocess
subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', {marker!r}], start_new_session=True)
return 'started'""")
    assert started == "started"
    pids = filter(str.isdigit, os.listdir("/proc"))
    assert [pid for pid in pids if marker.encode() in _command_line(pid)] == []


def _command_line(pid):
    try:
        return Path("/proc", pid, "cmdline").read_bytes()
    except OSError:
        return b""


@needs_sandbox
def test_a_soft_limit_stops_a_loop_and_a_hard_one_what_cannot_be_interrupted(inside):
    assert inside("while True: pass", limit=0.5, whole=True).facts[1]["slow"] is True
    start = time.monotonic()
    body = "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass"
    outcome = inside(body, limit=0.5, whole=True)
    assert (outcome.ended, outcome.at) == ("time", 1)
    assert time.monotonic() - start < 0.5 + supervise.GRACE + 3


SEARCH = """
found, turned = 0, b'eno-renrael-fo-rewsna'  # the other way round, so that the search does not find itself
with open('/proc/self/mem', 'rb') as memory:
    for line in open('/proc/self/maps'):
        area, rights = line.split()[:2]
        start, end = (int(n, 16) for n in area.split('-'))
        if rights.startswith('rw') and end - start < 2**28:
            try: memory.seek(start); found += turned in memory.read(end - start)[::-1]
            except (OSError, ValueError): pass
return found"""


@needs_sandbox
def test_one_learners_text_is_not_in_the_memory_that_the_next_one_gets(inside):
    assert (
        inside("kept = 'eno-renrael-fo-rewsna'[::-1]\n" + SEARCH) >= 1
    )  # the search does find what is there
    inside("return 'the-right-answer-' + 'of-learner-one'")
    assert inside(SEARCH) == 0


@pytest.fixture
def machine(monkeypatch):
    """A Linux machine on which bubblewrap is there and ends as it is told to."""

    def change(system="Linux", processor="x86_64", bwrap="/usr/bin/bwrap", end=None):
        monkeypatch.setattr(sandbox.platform, "system", lambda: system)
        monkeypatch.setattr(sandbox.platform, "machine", lambda: processor)
        monkeypatch.setattr(sandbox.shutil, "which", lambda _name: bwrap)
        monkeypatch.setattr(sandbox.subprocess, "run", end)

    return change


def test_refusals_say_what_is_missing_and_how_to_get_it(machine):
    machine(bwrap=None)
    refusal = sandbox.refusal()
    assert "apt install bubblewrap" in refusal and "--unsafe-no-sandbox" in refusal
    machine(processor="riscv64")
    assert "riscv64" in sandbox.refusal()
    machine(system="Windows")
    assert "WSL 2" in sandbox.refusal() and "Windows" in sandbox.refusal()


def test_a_bubblewrap_that_may_not_make_namespaces_is_a_refusal_too(machine):
    words = "bwrap: No permissions to create new namespace, likely because the kernel does not\n"
    machine(end=lambda line, **_more: subprocess.CompletedProcess(line, 1, "", words))
    refusal = sandbox.refusal()
    assert "No permissions to create new namespace" in refusal and "docker run" in refusal


def test_a_bubblewrap_that_never_answers_is_a_refusal_too(machine):
    def late(line, **_more):
        raise subprocess.TimeoutExpired(line, 20)

    machine(end=late)
    assert "did not end within 20 seconds" in sandbox.refusal()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")
def test_a_sandbox_that_never_starts_is_given_up(monkeypatch):
    monkeypatch.setattr(sandbox, "_START_SECONDS", 0.5)
    start = time.monotonic()
    with pytest.raises(CourseError, match="did not start"):
        sandbox.Sandbox(["sh", "-c", "exec sleep 60"], ["/tmp"])
    assert time.monotonic() - start < 10


@pytest.fixture
def processes(tmp_path, monkeypatch):
    """Writes a process of a made-up /proc: its status and smaps_rollup, and the status of its
    threads.
    """
    monkeypatch.setattr(supervise, "_ENDING_SECONDS", 0.2)

    def write(pid, status, rollup="", threads=()):
        files = {f"{pid}/status": status, f"{pid}/smaps_rollup": rollup}
        files |= {f"{number}/status": text for number, text in enumerate(threads, start=100)}
        for name, text in files.items():
            path = tmp_path / pid / "task" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return str(tmp_path)

    return write


HOLDS, GONE = (
    "State: S\nRssAnon: 3 kB\nRssFile: 9 kB\nRssShmem: 1 kB\nVmSwap: 2 kB\n",
    "State: Z\nThreads: 1\n",
)


def test_memory_is_that_of_all_processes_also_where_the_first_thread_has_ended(processes):
    processes("1", HOLDS, "Pss_Anon: 1 kB\nPss_File: 9 kB\nPss_Shmem: 1 kB\nSwapPss: 0 kB\n")
    proc = processes("2", GONE, threads=(GONE, HOLDS))
    assert (supervise.memory(proc, False), supervise.memory(proc, True)) == (12 * 1024, 8 * 1024)
    assert (
        supervise.memory(processes("3", GONE), False) == 12 * 1024
    )  # what has ended holds nothing


def test_what_cannot_be_read_while_it_lives_counts_as_over_the_bound(processes, monkeypatch):
    proc = processes("1", HOLDS, "Pss_Anon: 1 kB\n")
    real = open

    def denied(*names):
        def read(file, *more, **options):
            if Path(file).name in names and file.startswith(proc):
                raise PermissionError(file)
            return real(file, *more, **options)

        monkeypatch.setattr(supervise, "open", read, raising=False)

    denied("smaps_rollup")
    assert supervise.memory(proc, True) == 6 * 1024  # then all that it shares is its own
    denied("smaps_rollup", "status")
    assert supervise.memory(proc, False) == supervise.memory(proc, True) == float("inf")
    denied()
    assert supervise.memory(processes("2", GONE, threads=(GONE, GONE)), False) == float("inf")


def test_without_a_sandbox_nothing_is_graded(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "refusal", lambda: "There is none here.")
    exercise.write(tmp_path / "in" / "Ada.ipynb", exercise.notebook())
    with pytest.raises(CourseError, match="Nothing was graded. There is none here."):
        engine.grade(tmp_path / "in", exercise.write_solution(tmp_path), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork")
def test_the_unsafe_way_round_grades_where_there_is_no_sandbox(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "refusal", lambda: "There is none here.")
    stops = "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)\nos.kill(0, signal.SIGSTOP)"
    for name, answer in {"Ada": "while True: pass", "Ben": None, "Cy": stops}.items():
        answers = {"9.2": answer} if answer else {}
        exercise.write(tmp_path / "in" / f"{name}.ipynb", exercise.notebook(answers))
    solutions = exercise.write_solution(tmp_path)
    slow, right, stopped = engine.grade(
        tmp_path / "in", solutions, tmp_path / "out", jobs=1, timeout=1, sandbox=False
    )
    assert (right.status, right.score) == ("graded", 12)
    for result in (slow, stopped):
        assert (result.status, result.score) == ("timed out", None)
        assert [task.points for task in result.tasks] == [4, 0, 4, 0]


def test_hidden_paths_are_covered_where_they_lie_in_a_shown_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "_python", lambda: [tmp_path / "env"])
    for name in ("env/lib", "env/course/solutions", "elsewhere/solutions"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "env" / "class.zip").write_text("x", "utf-8")
    names = ("env/course/solutions", "env/class.zip", "elsewhere/solutions")
    inner, archive, outer = hidden = [tmp_path / name for name in names]
    line = sandbox.command(tmp_path / "scratch", LIMITS, hidden)
    pairs = list(zip(line, line[1:], strict=False))
    assert ("--tmpfs", str(inner)) in pairs and ("/dev/null", str(archive)) in pairs
    assert str(outer) not in line
    assert line.index(str(inner)) > line.index(str(tmp_path / "env"))


@pytest.mark.parametrize(("processor", "count"), [("x86_64", 61), ("aarch64", 58)])
def test_every_denied_call_has_one_number_on_either_machine(processor, count):
    numbers = drop_privileges.denied(processor)
    assert len(set(numbers.values())) == len(numbers) == count
    assert all(0 < number < 0x40000000 for number in numbers.values())


def test_messages_with_descriptors_cross_a_socket(tmp_path):
    import socket

    ours, theirs = socket.socketpair()
    with open(tmp_path / "file", "w+", encoding="utf-8") as file:
        file.write("content")
        file.seek(0)
        worker.send(ours, {"text": "ü"}, (file.fileno(),))
        message, handles = worker.receive(theirs)
    assert message == {"text": "ü"} and os.read(handles[0], 10) == b"content"
    os.close(handles[0])
    ours.close()
    assert worker.receive(theirs) == (None, [])
    theirs.close()


def test_root_of_a_container_with_few_users_stays_in_its_user_namespace(monkeypatch):
    monkeypatch.setattr(sandbox.os, "geteuid", lambda: 0)
    for text, changes in (
        ("         0          0 4294967295\n", True),
        ("0 1000 1\n1 100000 65536\n", False),
    ):
        monkeypatch.setattr(sandbox.Path, "read_text", lambda _self, _encoding, text=text: text)
        assert sandbox.changes_user() is changes
        assert ("--unshare-user" in sandbox._isolation()) is not changes
