"""The sandbox: what a submission's processes see, built by bubblewrap, and how much they may use.

bubblewrap makes one set of namespaces per submission: no network, own processes, a read-only file
system with Python, the helpers, the data sets and the model cache, and small scratch folders that
vanish with it. A forked process then joins them (`drop_privileges`). What this module leaves out:
what runs inside (`worker`, `steps`).
"""

import json
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading.execution import drop_privileges

#: Of the cache folder only what the lessons load; not results, not the progress of whoever grades.
CACHED = ("models", "adapters")
_GET = (
    "On Debian and Ubuntu: sudo apt install bubblewrap. On Fedora: sudo dnf install bubblewrap. On"
    " Windows: in WSL 2, with Ubuntu. On a Mac: in a Linux virtual machine or container."
)
_UNSAFE = (
    "--unsafe-no-sandbox grades without one: then a submission can read your files, use the network"
    " and change other marks. Use it only where you trust every submission, or in a machine that"
    " you can throw away."
)
#: Where programs and libraries lie on the common distributions; no /etc but what the loader and
#: clock need.
_SYSTEM = (
    "/usr /bin /sbin /lib /lib32 /lib64 /nix/store /gnu/store"
    " /etc/ld.so.cache /etc/alternatives /etc/localtime"
).split()
#: Where the grader is root, a submission runs as one of these users, far from real ones, and no two
#: as the same.
USERS = range(0x60000000, 0x70000000)
_START_SECONDS = 20
_END_SECONDS = 10


@dataclass(frozen=True)
class Limits:
    """What one submission may use: bytes, numbers, seconds; memory on top of what the warmed
    process holds.
    """

    memory_bytes: int = 3 * 2**30
    processes: int = 64
    file_bytes: int = 64 * 2**20
    scratch_bytes: int = 256 * 2**20
    scratch_files: int = 20_000
    open_files: int = 256
    report_bytes: int = 8 * 2**20
    cpu_seconds: int = 900


def refusal() -> str:
    """Why there is no sandbox on this machine, and how to get one; "" where there is one."""
    if platform.system() != "Linux":
        return f"The sandbox needs Linux, and this is {platform.system()}. {_GET} {_UNSAFE}"
    if not drop_privileges.known_machine():
        return (
            "The sandbox is made for 64-bit Intel, AMD and ARM machines, and this is"
            f" {platform.machine()}. {_UNSAFE}"
        )
    if not shutil.which("bwrap"):
        return f"The sandbox needs bubblewrap, and there is no command bwrap here. {_GET} {_UNSAFE}"
    try:
        done = subprocess.run(
            [*_isolation(), "--ro-bind", "/", "/", "true"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_START_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode == 0:
            return ""
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    except subprocess.TimeoutExpired:
        reason = f"it did not end within {_START_SECONDS} seconds"
    return (
        f"bubblewrap is here but may not make a sandbox: {reason}. In a container, start it with"
        " the right to make namespaces (docker run --security-opt seccomp=unconfined --security-opt"
        " apparmor=unconfined --cap-add SYS_ADMIN). On Ubuntu 24.04 and later: sudo sysctl"
        " kernel.apparmor_restrict_unprivileged_userns=0. " + _UNSAFE
    )


def require() -> None:
    """Raises CourseError where there is no sandbox."""
    if reason := refusal():
        raise CourseError(f"Nothing was graded. {reason}")


def changes_user() -> bool:
    """True where submissions run as another user: the grader is root, and not of a container that
    has few users.
    """
    if os.geteuid():
        return False
    lines = Path("/proc/self/uid_map").read_text("ascii").splitlines()
    rows = (map(int, line.split()) for line in lines)
    return any(start <= USERS.start and USERS.stop <= start + n for start, _outside, n in rows)


def _isolation() -> list[str]:
    # Root needs no user namespace: its forks change to another user, since the kernel counts no
    # processes of root.
    user = [] if changes_user() else ["--unshare-user"]
    options = "--unshare-pid --unshare-net --unshare-ipc --unshare-uts --cap-drop ALL"
    options += " --die-with-parent --clearenv --hostname grader"
    return ["bwrap", *user, *options.split()]


def command(scratch: Path, limits: Limits, hidden: list[Path]) -> list[str]:
    """The bubblewrap command line.

    `scratch` is a path under /tmp; `hidden` paths are covered wherever they would show.
    """
    room = ["--size", str(limits.scratch_bytes), "--tmpfs"]
    # A mapping of /dev/zero would be memory that no limit counts; /dev/full reads the same, and
    # cannot be mapped.
    options = "--proc /proc --dev /dev --dev-bind /dev/full /dev/zero".split()
    options += ["--size", str(64 * 2**20), "--tmpfs", "/dev/shm", *room, "/tmp"]
    shown = [*map(Path, _SYSTEM), *_python()]
    options += _read_only(shown)
    root = runtime.course_root()
    # A course inside Python's own folder: cover it first.
    if _within(root, shown) and (root / "course.py").is_file():
        options += ["--tmpfs", str(root)]
        options += _read_only([path for path in _python() if path.is_relative_to(root)])
    package = root / "ftrag_helpers"
    checks = str(package / "exercises")  # judges, which the warmed process has no need of either
    options += [*_read_only([package, runtime.data_dir()]), "--tmpfs", checks]
    options += ["--remount-ro", checks]
    cache = runtime.cache_dir().resolve()
    options += [*_parents(cache), *room, str(cache)]
    options += _read_only([*(cache / name for name in CACHED), *_own_models()])
    for path in [path.resolve() for path in hidden]:
        if path.exists() and _within(path, [*shown, package, runtime.data_dir()]):
            cover = ["--tmpfs"] if path.is_dir() else ["--ro-bind", os.devnull]
            options += [*cover, str(path)]
    options += ["--dir", str(scratch), "--remount-ro", "/dev", "--remount-ro", "/"]
    return [*_isolation(), *options, "--chdir", str(scratch)]


def _within(path: Path, folders: list[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _read_only(paths: list[Path]) -> list[str]:
    options = []
    for path in paths:
        if path.is_symlink():
            options += [*_parents(path), "--symlink", os.readlink(path), str(path)]
        elif path.exists():
            options += [*_parents(path), "--ro-bind", str(path), str(path)]
    return options


def _parents(path: Path) -> list[str]:
    """Options that make the folders above a path; where root grades, bubblewrap would make them for
    root alone.
    """
    return [option for folder in reversed(path.parents[:-1]) for option in ("--dir", str(folder))]


def _python() -> list[Path]:
    """The interpreter's folders and the environment's, the outer ones first."""
    folders = {
        Path(name).resolve()
        for name in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)
    }
    return sorted(
        folder for folder in folders | {Path(sys.prefix)} if folder not in (Path("/"), Path("/usr"))
    )


def _own_models() -> list[Path]:
    named = [os.environ[name] for name in ("FTRAG_LLM", "FTRAG_EMBEDDER") if os.environ.get(name)]
    return [path.resolve() for path in (Path(name).expanduser() for name in named) if path.is_dir()]


def scratch_folders(scratch: Path) -> list[str]:
    """What a submission may write to, its own folder first."""
    return [str(scratch), "/tmp", "/dev/shm", str(runtime.cache_dir().resolve())]


def environment(scratch: Path) -> dict[str, str]:
    """All variables of the warmed process and so of the submissions: none of the grader's own but
    the model's names.
    """
    model = ("FTRAG_LLM", "FTRAG_EMBEDDER", "FTRAG_DEVICE")
    places = ("HOME", "TMPDIR", "MPLCONFIGDIR", "IPYTHONDIR", "XDG_CACHE_HOME")
    threads = ("OMP", "OPENBLAS", "MKL", "RAYON", "NUMEXPR")
    return {
        **runtime.OFFLINE,
        **{name: os.environ[name] for name in model if os.environ.get(name)},
        **{f"{name}_NUM_THREADS": "1" for name in threads},
        **dict.fromkeys(places, str(scratch)),
        "PATH": f"{Path(sys.prefix, 'bin')}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "USER": "learner",
        "LOGNAME": "learner",
        "MPLBACKEND": "agg",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_NO_INDEX": "1",
        "MALLOC_ARENA_MAX": "2",
        "FTRAG_PROGRESS": "off",
        "FTRAG_CACHE": str(runtime.cache_dir().resolve()),
    }


class Sandbox:
    """One running sandbox: an idle process that holds the namespaces until `close`, which ends all
    in it.

    `proc` is the path of the sandbox's own /proc: every process in there, whoever its parent is
    now, and no other. `uid` is the user that its processes become, None where they cannot change:
    one of its own for every sandbox, since the kernel counts each user's processes apart.
    """

    def __init__(self, line: list[str], folders: list[str]):
        info, info_end = os.pipe()
        self._holder = subprocess.Popen(
            [*line, "--info-fd", str(info_end), "cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(info_end,),
            env={"PATH": "/usr/bin:/bin"},
            start_new_session=True,
        )
        os.close(info_end)
        late = threading.Timer(_START_SECONDS, self._holder.kill)
        late.start()
        try:
            with open(info, "rb") as source:
                facts = source.read()
            # Comes back when everything is mounted and `cat` runs.
            self._holder.stdin.write(b"ready\n")
            self._holder.stdin.flush()
            answer = self._holder.stdout.readline()
        except BrokenPipeError:
            answer = b""
        finally:
            late.cancel()
        if answer != b"ready\n":
            self._holder.kill()
            words = self._holder.communicate()[1].decode(errors="replace").strip()
            raise CourseError(f"The sandbox did not start: {words or 'bubblewrap said nothing'}")
        self.pid = json.loads(facts)["child-pid"]
        self.uid = random.SystemRandom().choice(USERS) if changes_user() else None
        # Opened now: a submission may rename and close its folders, and these stay what they are.
        root = f"/proc/{self.pid}/root"
        self._handles = [os.open(f"{root}{folder}", os.O_PATH) for folder in ("/proc", *folders)]
        self.proc = f"/proc/self/fd/{self._handles[0]}"

    def namespaces(self) -> dict[str, int]:
        """Open descriptors of the namespaces; whoever gets them closes them."""
        import fcntl

        kinds = [kind for kind in drop_privileges.NAMESPACES if kind != "user"]
        handles = {kind: os.open(f"/proc/{self.pid}/ns/{kind}", os.O_RDONLY) for kind in kinds}
        if self.uid is not None:
            return handles
        # Not the holder's own: that one has no rights over the mounts. 0xB701: the namespace that
        # owns this one.
        return {"user": fcntl.ioctl(handles["mnt"], 0xB701), **handles}

    def files(self) -> int:
        """How many files the scratch folders hold."""
        folders = {os.fstat(handle).st_dev: os.fstatvfs(handle) for handle in self._handles[1:]}
        return sum(folder.f_files - folder.f_ffree for folder in folders.values())

    def close(self) -> None:
        """End every process in the sandbox and wait until all are gone, with their files."""
        # The first of a process namespace: the kernel ends the others with it.
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self._holder.wait(_END_SECONDS)
        for pipe in (self._holder.stdin, self._holder.stdout, self._holder.stderr):
            pipe.close()
        while self._handles:
            os.close(self._handles.pop())
