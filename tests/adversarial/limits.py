"""Notebooks that try to slip the limits of their sandbox, and what must come of each; `SLIPS` by
name.

Run as a program, this grades them all: `python limits.py FOLDER` reads FOLDER/in and writes
FOLDER/out.
"""

import functools
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from adversarial import exercise  # noqa: E402
from adversarial.exercise import DOUBLE  # noqa: E402
from adversarial.hostile import Attack, _first, _wrong_first  # noqa: E402

#: Seconds a cell or check.
TIMEOUT = 2
#: For attacks that hurt whatever of their own runs by chance.
ANY = ()
START = """import ctypes, mmap, os, resource, shutil, signal, socket, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
"""
#: Two processes that hold more together than is allowed, and each of them less.
HOARD = """
def fill(size=5 * 2**25):
    block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for i in range(0, size, 4096):
        block[i] = 1
    return block
def hoard(count=2):
    for _ in range(count):
        if not os.fork():
            block = fill()
            time.sleep(600)
    time.sleep(600)
"""
#: Leaves the main thread, and only that.
LEAVE = "libc.syscall({'x86_64': 60, 'aarch64': 93}[os.uname().machine], 0)\n"
CLONE = "libc.syscall({'x86_64': 56, 'aarch64': 220}[os.uname().machine], "
STORM = """
me = os.getpid()
if not os.fork():
    while True:
        for number in (signal.SIGSTOP, signal.SIGCONT, signal.SIGTSTP, signal.SIGTTOU):
            os.kill(me, number)
"""
DAEMONS = f"""
for _ in range(3):
    if not os.fork():
        os.setsid()
        if os.fork(): os._exit(0)
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        while True: time.sleep(600)
{DOUBLE}"""
STOPS_MAIN = """
me = os.getpid()
if not os.fork():
    os.setsid()
    if os.fork(): os._exit(0)
    time.sleep(0.3)
    os.kill(me, signal.SIGSTOP)
    while True: time.sleep(600)
time.sleep(1)
"""
MANY_FILES = """
for i in range(100_000):
    open(f'{place}/{i}', 'w').close()
time.sleep(600)
"""
SOCKETS = """
for _ in range(8):
    if not os.fork():
        held = []
        try:
            while True:
                pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
                held.append(pair)
                for one in pair:
                    one.setblocking(False)
                    try:
                        while True: one.send(bytes(60_000))
                    except BlockingIOError: pass
        except OSError: pass
        time.sleep(600)
time.sleep(600)
"""
BOMBS = f"""
try:
    while True: threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
except RuntimeError: pass
{DOUBLE}"""
FILES = f"""
held = []
try:
    while True: held.append(open(f'{{len(held)}}', 'wb'))
except OSError: pass
for file in held[2:]: file.close()
for folder in ('.', '/dev/shm', '/tmp', os.environ['FTRAG_CACHE']):
    try:
        for i in range(40):
            held.append(open(f'{{folder}}/big', 'wb'))
            os.remove(f'{{folder}}/big')
            for _ in range(63): held[-1].write(bytes(2**20))
    except OSError: pass
try: os.truncate(held[0].name, 2**40); sparse = True
except OSError: sparse = False
for file in held:
    try: file.close()
    except OSError: pass
{DOUBLE}
assert not sparse"""
TCP = """
held, server = [], socket.create_server(('127.0.0.1', 0))
while len(held) < 200:
    held.append(socket.create_connection(server.getsockname()))
    held.append(server.accept()[0])
    for one in held[-2:]:
        one.setblocking(False)
        try:
            while True: one.send(bytes(2**20))
        except BlockingIOError: pass
time.sleep(600)
"""
IN_TURN = f"""
def spin():
    if len(blocks) < 5: blocks.append(b'x' * 2**25)
    while True:
        try:
            return threading.Thread(target=spin).start()
        except RuntimeError:  # on a busy machine those that end are still there
            time.sleep(0.01)
for _ in range(3):
    if not os.fork():
        blocks = []
        threading.Thread(target=spin).start()
        {LEAVE}
time.sleep(600)
"""
PROGRAMS = f"""
import subprocess
block, end, count = fill(11 * 2**24), time.monotonic() + 0.8, 0
while time.monotonic() < end or not count:
    subprocess.run(['true'])
    count += 1
    time.sleep(0.002)
{DOUBLE}"""
POOLS = f"""
import multiprocessing
from multiprocessing import shared_memory
value, shared = multiprocessing.Value('i', 3), shared_memory.SharedMemory(create=True, size=2**20)
def work(x):
    with value.get_lock(): value.value += 1
    return x * 2
with multiprocessing.get_context('fork').Pool(4) as pool: assert pool.map(work, range(9)) == [2 * i for i in range(9)]
with multiprocessing.Manager() as manager: assert manager.dict({{1: 2}})[1] == 2
ours, theirs = multiprocessing.Pipe()
ours.send('a')
assert theirs.recv() == 'a' and value.value == 12 and shared.buf[0] == 0 and open('/dev/zero', 'rb').read(3) == bytes(3)
shared.close()
shared.unlink()
{DOUBLE}"""
RAISES = f"""
def stop(*_): raise KeyboardInterrupt
def burn():
    while True: pass
{DOUBLE}
threading.Thread(target=burn, daemon=True).start()
signal.signal(signal.SIGPROF, stop)
signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
"""
LOWERS = f"""
for name, value in (('NOFILE', 8), ('FSIZE', 0), ('NPROC', 1), ('STACK', 2**20), ('CORE', 0)):
    resource.setrlimit(getattr(resource, 'RLIMIT_' + name), (value, value))
{DOUBLE}"""
LIMITS_OFF = f"""
refused = 0
for name in ('NPROC', 'AS', 'DATA', 'NOFILE', 'FSIZE', 'CPU', 'MEMLOCK', 'CORE'):
    number = getattr(resource, 'RLIMIT_' + name)
    for pid in (0, 1):
        try: resource.prlimit(pid, number, (resource.RLIM_INFINITY,) * 2)
        except (OSError, ValueError): refused += 1
try: resource.prlimit(1, resource.RLIMIT_CPU, (0, 0))
except OSError: pass
{DOUBLE}
assert refused >= 8"""
ALL_BLOCKED = "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n"
NEEDS_MEMORY = {"words": "used more memory", "status": "crashed"}
ENDED = {"words": "ended the process", "status": "crashed"}
LATE = {"words": "time limit", "status": "timed out"}


def _right(source):
    return _first(START + source)


def _wrong(source, **more):
    return _wrong_first(START + source, **more)


def _hoards(source, end="hoard()"):
    # The alarm is blocked, so that on a busy machine there is time to see what is held.
    return _wrong(f"{ALL_BLOCKED}{HOARD}{source}\n{end}", **NEEDS_MEMORY)


SLIPS = {
    # stopping
    "stops its own group": _wrong("os.kill(0, signal.SIGSTOP)", **LATE),
    "stops its group by number": _wrong("os.killpg(os.getpgrp(), signal.SIGSTOP)", **LATE),
    "stops its parent": _wrong("os.kill(os.getppid(), signal.SIGSTOP)", **LATE),
    "a child that stops the group": _wrong(
        "if not os.fork():\n    os.kill(0, signal.SIGSTOP)\ntime.sleep(600)", **LATE
    ),
    "a child that stops its parent": _wrong(
        "if not os.fork():\n    os.kill(os.getppid(), signal.SIGSTOP)\ntime.sleep(600)", **LATE
    ),
    "a daemon that stops everything": _wrong(STOPS_MAIN, **LATE),
    "stops all others": _right(f"os.kill(-1, signal.SIGSTOP)\n{DOUBLE}"),
    "stops all others and itself": _wrong(
        "os.kill(-1, signal.SIGSTOP)\nos.kill(os.getpid(), signal.SIGSTOP)", **LATE
    ),
    "a storm of stop signals": _wrong(f"{STORM}\nwhile True: pass", **LATE),
    "daemons that heed no signal": _right(DAEMONS),
    "a sibling in place of a child": _right(
        f"if {CLONE}0x8000 | 17, 0, 0, 0, 0) == 0:\n    time.sleep(600)\n{DOUBLE}"
    ),
    "waits for a child that stays": _wrong(
        f"if {CLONE}0x4000 | 17, 0, 0, 0, 0) == 0:\n    time.sleep(600)", **LATE
    ),
    "becomes another program": _wrong("os.execvp('sleep', ['sleep', '600'])", **ENDED),
    "all signals blocked, loops": _wrong(f"{ALL_BLOCKED}while True: pass", **LATE),
    "all signals blocked, then right": _right(f"{ALL_BLOCKED}{DOUBLE}"),
    "compiled code that never returns": _wrong("sum(range(10**13))", **LATE),
    "a handler that raises at any time": Attack(
        exercise.notebook({"9.1": START + RAISES}), "crashed", ANY
    ),
    "a thread goes on after the main one": _wrong(
        "threading.Thread(target=time.sleep, args=(600,)).start()\n" + LEAVE, **LATE
    ),
    # memory
    "hoards": _hoards(""),
    "hoards, its folder renamed": _hoards("os.rename(os.environ['HOME'], '/tmp/elsewhere')"),
    "hoards, its folder removed": _hoards("os.chdir('/')\nshutil.rmtree(os.environ['HOME'])"),
    "hoards, its folders closed": _hoards(
        "for name in (os.environ['HOME'], '/tmp', '/dev/shm'): os.chmod(name, 0)"
    ),
    "hoards, not dumpable": _hoards("libc.prctl(4, 0, 0, 0, 0)"),
    "hoards in daemons": _hoards(
        """
for _ in range(2):
    if not os.fork():
        os.setsid()
        if os.fork(): os._exit(0)
        block = fill()
        time.sleep(600)""",
        "time.sleep(600)",
    ),
    "hoards, the main threads gone": _hoards(
        f"""
def stay():
    block = fill()
    time.sleep(600)
for _ in range(2):
    if not os.fork():
        threading.Thread(target=stay).start()
        {LEAVE}""",
        "time.sleep(600)",
    ),
    "hoards, its own main thread gone": _hoards(
        f"threading.Thread(target=hoard).start()\n{LEAVE}", ""
    ),
    "hoards in threads that come and go": _hoards(IN_TURN, ""),
    "hoards in other programs": _hoards(
        "import subprocess\nfor _ in range(2):\n    subprocess.Popen([sys.executable, '-c', "
        "'import time; x = bytearray(5 * 2**25); time.sleep(600)'])",
        "time.sleep(600)",
    ),
    "memory in connections": _hoards(TCP, ""),
    "large, and starts programs": _right(HOARD + PROGRAMS),
    "pools, managers and shared memory": _right(POOLS),
    "shared memory that nothing maps": _wrong(
        "held = [mmap.mmap(-1, 2**26)]", words="PermissionError"
    ),
    "shared memory of a device": _wrong(
        "held = mmap.mmap(os.open('/dev/zero', os.O_RDWR), 2**26)", words="OSError"
    ),
    "memory in sockets": _hoards(SOCKETS, ""),
    # files, processes, threads
    "too many files": _wrong(f"place = '.'\n{MANY_FILES}", words="more files", status="crashed"),
    "too many files, folder renamed": _wrong(
        f"place = '/tmp/elsewhere'\nos.rename(os.environ['HOME'], place)\n{MANY_FILES}",
        words="more files",
        status="crashed",
    ),
    "too many files in the cache": _wrong(
        f"place = os.environ['FTRAG_CACHE']\n{MANY_FILES}", words="more files", status="crashed"
    ),
    "thread bomb": _right(BOMBS),
    "open, large, sparse and removed files": _right(FILES),
    "lifts its limits": _right(LIMITS_OFF),
    "lowers its limits": _right(LOWERS),
    # the report and the end
    "closes its report": _wrong("os.close(4)", **ENDED),
    "reports into nothing": _wrong("os.dup2(os.open('/dev/null', os.O_RDWR), 4)", **ENDED),
    "ends while others hold its report": _wrong(
        "if os.fork(): os._exit(0)\ntime.sleep(600)", **ENDED
    ),
    "a child that floods its report": _wrong(
        "if not os.fork():\n    while True: os.write(4, bytes(65536))\ntime.sleep(600)",
        words="reported more",
        status="crashed",
    ),
    "a child that takes its steps": Attack(
        exercise.notebook(
            {
                "9.1": (
                    f"{START}{DOUBLE}\nif not os.fork():\n    while True: os.read(3,"
                    " 65536)\ntime.sleep(0.3)"
                )
            }
        ),
        "timed out",
        ANY,
    ),
    "kills itself": _wrong("os.kill(os.getpid(), signal.SIGKILL)", **ENDED),
    "kills its parent": _wrong("os.kill(os.getppid(), signal.SIGKILL)", **ENDED),
    "kills the first process, then right": _right(f"""
for pid in (1, 2):
    for number in (signal.SIGTERM, signal.SIGSTOP):
        try: os.kill(1, number)
        except OSError: pass
{DOUBLE}"""),
    "aborts": _wrong("os.abort()", **ENDED),
}


def grade(folder: Path, **more):
    """The results of the notebooks in FOLDER/in, with bounds that can be reached quickly."""
    from ftrag_helpers.grading import engine, grader
    from ftrag_helpers.grading.execution import runner, sandbox

    limits = sandbox.Limits(memory_bytes=2**28, scratch_files=3_000)
    grader.Setting = functools.partial(runner.Setting, limits=limits)
    try:
        return engine.grade(
            folder / "in",
            folder / "solutions",
            folder / "out",
            **{"jobs": 6, "timeout": TIMEOUT, **more},
        )
    finally:
        grader.Setting = runner.Setting


if __name__ == "__main__":
    try:
        grade(
            Path(sys.argv[1]),
            **({"timeout": float(sys.argv[2])} if sys.argv[2:] else {}),
            on_result=lambda result: print(
                f"{result.seconds:6.1f} {result.status:10} {result.learner:40} {result.detail}",
                flush=True,
            ),
        )
    except KeyboardInterrupt:
        sys.exit(130)
