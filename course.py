"""Set the course up and start it: `python course.py lab`.

For a machine with nothing but Python 3.11 or newer. Makes the folder `.venv`, installs
`requirements.lock` and the course's own package there, and hands over to the package's command
`ftrag`. Where nothing changed since the last start it hands over at once, without the network.
Uses the standard library alone, and of the package the modules that do so too. Leaves to `ftrag`: the models, JupyterLab,
the tests.

Python 3.6 must be able to parse this file, so that an old Python is told, not thrown a syntax error.
"""

import contextlib
import errno
import hashlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STATE = VENV / "ftrag-state.txt"
LOG = VENV / "ftrag-pip.log"
SCRATCH = VENV / "tmp"

OLDEST = (3, 11)
DISK_GB = 3
UNFINISHED = "unfinished\n"
ASTRAY = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONOPTIMIZE",
    "PYTHONWARNINGS",
    "PYTHONINSPECT",
    "PYTHONPLATLIBDIR",
    "__PYVENV_LAUNCHER__",
    "PIP_TARGET",
    "PIP_PREFIX",
)
# Installs the same packages in half the time of the pip that Python 3.11 and 3.12 bring along.
NEWER_PIP = "pip==26.3"
# Compiled when they are first imported, if ever; all the rest is compiled at once, on every core.
SELDOM_IMPORTED = (
    r"site-packages[/\\]((fontTools|kubernetes|networkx|onnxruntime|pip|setuptools|pygments[/\\]lexers)[/\\]"
    r"|torch[/\\](_inductor|testing)[/\\]|transformers[/\\]models[/\\](?!_|auto|bert|llama)"
    r"|.*[/\\]tests?[/\\])"
)
DISK_FULL = r"No space left on device|Errno 28\b|Disk quota exceeded|WinError 112\b|not enough space on the disk"
# ftrag_helpers.environment.libraries ends with it where a library is not in .venv at all.
NOT_INSTALLED = 3
TOO_OLD = "This processor is too old for the packages. Use another computer."
ENDED = {
    -4: TOO_OLD,
    0xC000001D: TOO_OLD,
    -9: "The system ended it, perhaps for want of memory. Close other programs.",
}

COMMANDS = {
    "lab": "set up whatever is missing and open the course in JupyterLab",
    "test": "run all tests (test --fast: only those that need no model)",
    "fetch": "fetch the two models, or repair them",
    "check": "say line by line what is right on this machine and what to do where it is not",
    "report": "write your figures, guesses and choices into one page",
    "compare": "compare the systems on documents and questions of your own",
    "validate": "run the notebooks again and say in words what differs",
    "build": "make exercises/ from solutions/",
    "site": "make a static site of the course, to read before installing",
    "class": "join the figures of a class into one page, names left out",
    "grade": "grade what learners handed in, in a sandbox",
    "progress": "show the points of the exercises, task by task",
}
HELP = """Fine-Tuning vs RAG

  python course.py COMMAND [options]

{commands}

COMMAND --help tells a command's options. The first start needs the network and takes a few minutes;
later ones do not need it. FTRAG_PIP_ARGS holds extra options for pip, such as
  --index-url ADDRESS         packages from your own index
  --extra-index-url ADDRESS   on Linux without a GPU: PyTorch's index of CPU builds saves 4 GB
To set everything up from scratch, delete the folder .venv.
""".format(commands="\n".join(f"  {name:<8} {what}" for name, what in COMMANDS.items()))


class Stop(Exception):
    """Ends the set-up. Its text says what was wrong and what to do next."""

    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


def main(arguments) -> int:
    """Set up where needed, then run the command; returns its exit code (130 after Ctrl-C)."""
    try:
        check_python()
        sys.stdout.reconfigure(errors="replace")
        sys.stderr.reconfigure(errors="replace")
        if not arguments or arguments[0] in ("-h", "--help", "help"):
            print(HELP)
            return 0
        if arguments[0] not in COMMANDS:
            raise Stop(
                f"There is no command {arguments[0]!r}. The commands are: {', '.join(COMMANDS)}.",
                code=2,
            )
        if recorded_state() != wanted_state():
            with one_at_a_time():
                set_up()
        return hand_over(arguments)
    except Stop as stop:
        message, code = str(stop), stop.code
    except KeyboardInterrupt:
        message, code = "Stopped. Nothing is lost: the same command takes it up again.", 130
    except OSError as error:
        message, code = explain_os_error(error), 1
    print(f"\ncourse.py: {message}", file=sys.stderr)
    return code


def check_python() -> None:
    """Raise Stop where this Python is too old for the course."""
    if sys.version_info[:2] < OLDEST:
        seen = ".".join(str(part) for part in sys.version_info[:3])
        raise Stop(
            f"This is Python {seen}, and the course needs Python 3.11 or newer.\n"
            "Install one, then name it in the command, for example: python3.12 course.py lab\n"
            "(on Windows: py -3.12 course.py lab).",
            code=2,
        )


# --- what is there, and what should be ---------------------------------------------------------------


def wanted_state() -> str:
    """What the state file says when the environment is complete and fits this copy of the course."""
    return "".join(f"{part}\n" for part in (venv_version(), lock_digest(), course_digest()))


def recorded_state() -> str:
    """What the state file says; empty where there is none."""
    try:
        return STATE.read_text("utf-8")
    except OSError:
        return ""


def venv_version() -> str:
    """The Python version in .venv, such as "3.12"; empty where none runs."""
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(
            [str(PYTHON), "-I", "-S", "-c", ask], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return ""
    return done.stdout.decode().strip()


def lock_digest() -> str:
    """Changes when the packages to install change."""
    return "packages " + hashlib.sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()


def course_digest() -> str:
    """Changes when the course's package must be made known anew: other metadata, or a moved folder."""
    return (
        "course, loaded "
        + hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + os.fsencode(ROOT)).hexdigest()
    )


@contextlib.contextmanager
def one_at_a_time():
    """Hold the set-up's lock; a second start waits here until the first is done."""
    try:
        lock = open(ROOT / ".setup.lock", "a")
    except OSError as error:
        raise Stop(
            f"The course's folder {ROOT} cannot be written to ({error.strerror}).\n"
            "Copy the course to a folder of your own, for example in your home folder, "
            "and start it there."
        ) from error
    with lock:
        if not try_lock(lock):
            say("Another start is setting the course up; waiting for it …")
            while not try_lock(lock):
                time.sleep(0.5)
        yield


def try_lock(file) -> bool:
    """Take the operating system's lock on the open file; False where another process holds it."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Any other error: a network disk that knows no locks. Two starts at once are rare; go on.
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return True


# --- the steps ---------------------------------------------------------------------------------------


def set_up() -> None:
    """Bring .venv from whatever it is to what it should be; every step can be repeated."""
    if recorded_state() == wanted_state():
        return  # another start has done it while this one waited
    started = time.monotonic()
    check_place()
    with told():
        part("pip_calls").given()
    clear_unusable_venv()
    if not venv_version():
        make_venv()
    if lock_digest() not in recorded_state():
        install_packages()
    install_course()
    load_libraries()
    shutil.rmtree(SCRATCH, ignore_errors=True)
    STATE.write_text(wanted_state(), "utf-8")
    say(f"The course is set up ({time.monotonic() - started:.0f} s).")


def clear_unusable_venv() -> None:
    """Empty a .venv of ours that an interruption or another Python spoiled; never touch anyone else's."""
    state = recorded_state()
    if not os.path.lexists(VENV) or (VENV.is_dir() and not any(VENV.iterdir())):
        return
    if state:
        if state == UNFINISHED or state.split("\n")[0] != venv_version():
            say("The folder .venv was left unfinished; making it anew.")
            # The state file stays until the end: an interruption here must not make .venv look foreign.
            for path in VENV.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                elif path != STATE:
                    path.unlink()
            STATE.write_text(UNFINISHED, "utf-8")
    elif not venv_version() or tuple(map(int, venv_version().split("."))) < OLDEST:
        raise Stop(
            f"{VENV} was not made by the course, and it holds no Python 3.11 or newer.\n"
            "Move it away or delete it, then start again."
        )
    else:
        check_system(PYTHON)


def check_place() -> None:
    """Raise Stop where the course lies in a folder in which no environment can be made."""
    if os.pathsep in str(ROOT):
        raise Stop(
            f"The path of the course's folder holds a {os.pathsep!r}, which separates paths in PATH: {ROOT}\n"
            "Python makes no environment there. Rename that folder, then start again."
        )
    try:
        str(ROOT).encode("utf-8")
    except UnicodeEncodeError:
        raise Stop(
            f"The path of the course's folder is not written in UTF-8: {os.fsencode(ROOT)!r}\n"
            "Rename that folder, then start again."
        ) from None


def check_system(python) -> None:
    """Raise Stop where this Python cannot hold the course's packages, before anything is fetched for it."""
    systems = part("systems")
    done = subprocess.run(
        [str(python), "-I", systems.__file__],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        raise Stop(
            f"{python} cannot be used: {(done.stderr.strip().splitlines() or ['it says nothing'])[-1]}\n"
            "Install Python 3.11 to 3.14 from python.org, then start the course with it."
        )
    reason = systems.unsupported(json.loads(done.stdout))
    if reason:
        raise Stop(
            f"{reason}\n{systems.SUPPORTED}\nNothing was fetched. The Python in question: {python}"
        )


def make_venv() -> None:
    """Make .venv with the Python that runs this file."""
    check_system(sys.executable)
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < DISK_GB:
        raise Stop(disk_message(f"has {free:.1f} GB free"))
    say(
        f"Setting the course up in {VENV}\n"
        f"This happens once. It fetches about 1 GB, needs {DISK_GB} GB of disk and takes 2 to 4 minutes "
        "on a fast connection."
    )
    VENV.mkdir(exist_ok=True)
    STATE.write_text(UNFINISHED, "utf-8")
    say("1/4 Making an environment of its own for the course (about 5 s)")
    code, output = run([sys.executable, "-m", "venv", str(VENV)])
    if code:
        check_disk_full(output)
        raise Stop(
            "Python could not make the folder .venv. Its last words:\n"
            f"  {part('pip_calls').last_line(output)}\n{venv_cure(output)}"
        )


def venv_cure(output) -> str:
    """The line that helps where the module `venv` ended with these words."""
    if re.search(r"ensurepip|No module named '?venv", output):
        return (
            "A part of Python is missing. On Debian and Ubuntu: sudo apt install python3-venv; elsewhere install\n"
            "Python from python.org. Then start again."
        )
    if re.search(r"File name too long|WinError 206\b|path too long", output):
        return "The path of this folder is too long. Move the course to a shorter one, then start again."
    if re.search(
        r"Permission denied|Access is denied|Operation not (permitted|supported)|WinError (5|32)\b",
        output,
    ):
        return (
            "This folder does not take it: not yours, open in another program, or on a disk without links. Copy the\n"
            "course to a folder of your own, then start again."
        )
    return f"Try another Python (this is {sys.executable}): install one from python.org, then start the course with it."


def install_packages() -> None:
    """Install every package of requirements.lock, then compile them on all cores."""
    LOG.write_text("", "utf-8")
    SCRATCH.mkdir(exist_ok=True)
    say("2/4 Fetching and installing the packages (1 to 3 minutes)")
    newer = pip(NEWER_PIP, "--quiet", "--retries", "2")
    # An index of one's own may lack the newer pip; the one that came with Python does the same, slower.
    if newer and (part("pip_calls").is_unreachable(newer) or re.search(DISK_FULL, newer)):
        raise failed("The packages could not be fetched.", newer)
    # Every package is there ready-made for every system of the course: nothing is ever built.
    words = pip(
        "-r",
        str(ROOT / "requirements.lock"),
        "--only-binary",
        ":all:",
        "--no-compile",
        "--progress-bar",
        "off" if newer else "raw",
    )
    if words:
        raise failed("The packages of requirements.lock could not be installed.", words)
    say("3/4 Compiling the packages (about 30 s)")
    # Nothing depends on its success: what is not compiled now is compiled when it is imported.
    run(
        [
            str(PYTHON),
            "-m",
            "compileall",
            "-qq",
            "-j",
            "0",
            "-x",
            SELDOM_IMPORTED,
            str(next(VENV.glob("[Ll]ib*/**/site-packages"))),
        ]
    )
    STATE.write_text(f"{venv_version()}\n{lock_digest()}\n", "utf-8")


def install_course() -> None:
    """Make the course's own package known to .venv, where it lies; no index is asked."""
    say("4/4 Adding the course itself (about 5 s)")
    SCRATCH.mkdir(exist_ok=True)
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    here = ["--no-build-isolation"] if re.search(r"^setuptools==", lock, re.MULTILINE) else []
    words = pip("--no-deps", "--no-index", "--quiet", *here, "-e", str(ROOT), ours=True)
    if words:
        raise failed("The course's own package could not be installed.", words)


def load_libraries() -> None:
    """Load the course and every library once in .venv: no set-up counts as complete that was not seen to work."""
    say("    Loading every library once (about 20 s)")
    code, output = run([str(PYTHON), "-P", "-m", "ftrag_helpers.environment.libraries"])
    if not code:
        return
    if code == NOT_INSTALLED or "No module named ftrag_helpers" in output:
        STATE.write_text(UNFINISHED, "utf-8")  # the next start makes .venv anew
    words = ENDED.get(code) or output.strip() or f"Python ended with code {code}."
    if "Traceback" in words:
        words = words.splitlines()[-1]
    raise Stop(f"The packages were installed, but not all of them can be used.\n{words}")


def pip(*options, ours=False) -> str:
    """Run `pip install` in .venv, shown on one line and kept in the log; its words where it failed, else "".

    With `ours` it installs what lies here, and neither FTRAG_PIP_ARGS nor pip's own settings say anything about that.
    """
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--no-input",
        "--disable-pip-version-check",
        *options,
    ]
    line = StatusLine(total=(ROOT / "requirements.lock").read_text("utf-8").count("\n"))

    def each(text):
        # Up to here pip only fetched. From here on an interruption leaves packages torn in two.
        if text.startswith("Installing collected packages") and "-r" in options:
            STATE.write_text(UNFINISHED, "utf-8")
        line.show(text)

    with told():
        more = [] if ours else part("pip_calls").given()
        settings = (
            part("pip_calls").plain()
            if ours
            else part("pip_calls").environment(str(PYTHON), "install")
        )
    with LOG.open("a", encoding="utf-8") as log:
        code, output = run(command + more, each, log, clean_environment(settings))
    line.clear()
    return (output or "pip said nothing") if code else ""


def part(name):
    """A module of the package that uses the standard library alone. `python -P course.py` leaves its folder out."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return importlib.import_module(f"ftrag_helpers.environment.{name}")


@contextlib.contextmanager
def told():
    """Turns a ValueError, whose text is for a person, into a Stop."""
    try:
        yield
    except ValueError as error:
        raise Stop(str(error)) from error


def failed(what, words) -> Stop:
    """The message where pip ended with these words: the cause, pip's own line, and what helps."""
    check_disk_full(words)
    pip_calls = part("pip_calls")
    cure = pip_calls.cure(words, str(PYTHON))
    return Stop(
        f"{what}\n  pip said: {pip_calls.last_line(words)}\n"
        + (f"{cure}\n" if cure else "")
        + f"Then start again. All of pip's words are in {LOG}"
    )


# --- running things, and saying so -------------------------------------------------------------------


def run(command, each=None, log=None, environment=None):
    """Run a command to its end; returns (exit code, its output). `each` sees every line as it comes."""
    lines = []
    process = subprocess.Popen(
        command,
        env=environment or clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    try:
        for line in process.stdout:
            if each:
                each(line.strip())
            if not line.startswith("Progress "):
                lines.append(line)
                if log:
                    log.write(line)
        return process.wait(), "".join(lines)
    finally:
        process.stdout.close()
        if process.poll() is None:
            process.terminate()
            process.wait()


def clean_environment(given=None) -> dict:
    """These variables (default: this process's) without what would lead Python astray, and with .venv in front."""
    given = os.environ if given is None else given
    environment = {name: value for name, value in given.items() if name not in ASTRAY}
    environment.update(
        PYTHONUTF8="1",
        PYTHONNOUSERSITE="1",
        PYTHONUNBUFFERED="1",
        PIP_USER="0",
        VIRTUAL_ENV=str(VENV),
        PATH=str(BIN) + os.pathsep + os.environ.get("PATH", ""),
    )
    if SCRATCH.is_dir():
        # pip unpacks here: a separate /tmp is often too small for PyTorch.
        environment.update(TMPDIR=str(SCRATCH), TEMP=str(SCRATCH), TMP=str(SCRATCH))
        if (
            os.path.expanduser("~") == "~"
        ):  # no home folder is known, and pip would make one that is called "~"
            environment["HOME"] = str(SCRATCH)
    return environment


class StatusLine:
    """pip's latest words on one line of the terminal, with seconds and packages; a line each 20 s in a file."""

    def __init__(self, total):
        self.total, self.found, self.text = total, 0, ""
        self.started = self.written = time.monotonic()

    def show(self, text) -> None:
        """Take one line of pip's output."""
        if text.startswith("Progress "):
            done, whole = re.findall(r"\d+", text) or ("0", "0")
            self.write(f"{self.text}  {100 * int(done) // max(int(whole), 1)} %")
        elif text.startswith(
            (
                "Collecting",
                "Requirement already",
                "Processing",
                "Downloading",
                "Installing",
                "Building",
            )
        ):
            self.found += text.startswith(("Collecting", "Requirement already", "Processing"))
            self.text = re.sub(r" \(from .*", "", re.sub(r"\S*[/\\]", "", text))
            if text.startswith("Installing collected"):
                self.text = "Installing all of them (up to a minute)"
            self.write(self.text)

    def write(self, text) -> None:
        now = time.monotonic()
        whole = f"    {now - self.started:3.0f} s  {min(self.found, self.total)}/{self.total} packages  {text}"
        if sys.stdout.isatty():
            width = shutil.get_terminal_size().columns - 1
            print("\r" + whole[:width].ljust(width), end="", flush=True)
        elif now - self.written > 20 or text.startswith("Installing all"):
            self.written = now
            say(whole)

    def clear(self) -> None:
        """Leave the terminal with an empty line to write on."""
        if sys.stdout.isatty() and self.text:
            print("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r", end="", flush=True)


def say(text) -> None:
    """Print at once, so that it stands before whatever comes next."""
    print(text, flush=True)


def check_disk_full(output) -> None:
    if re.search(DISK_FULL, output):
        raise Stop(disk_message("became full"))


def disk_message(what) -> str:
    return (
        f"The disk that holds {ROOT} {what}, and the course needs about {DISK_GB} GB\n"
        "(8 GB with the CUDA build of PyTorch, which Linux gets unless FTRAG_PIP_ARGS names an index of CPU "
        "builds).\nMake room, or copy the course to another disk, then start again."
    )


def explain_os_error(error) -> str:
    """One message for what the operating system refused while files were written."""
    if (
        error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None))
        or getattr(error, "winerror", None) == 112
    ):
        return disk_message("became full")
    if error.errno == errno.ENAMETOOLONG or getattr(error, "winerror", None) == 206:
        return f"The path {error.filename or ROOT} is too long here. Move the course to a shorter one, then start again."
    return (
        f"{error.filename or ROOT}: {error.strerror or error}.\n"
        "If the course is open in another window, close it there; if the folder is not yours, copy the course "
        "to one that is.\nThen start again."
    )


def hand_over(arguments) -> int:
    """Let the package's own command do the rest: in this process's place, or as its child on Windows."""
    # -P: a folder of the learner's that happens to be called `datasets` must not be imported.
    command = [str(PYTHON), "-P", "-m", "ftrag_helpers.cli.main", *arguments]
    if os.name != "nt":
        sys.stdout.flush()
        os.execve(command[0], command, clean_environment())
    process = subprocess.Popen(command, env=clean_environment())
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # the child gets it too, and decides
            return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
