"""`ftrag`: the course's commands, one function each.

`python course.py COMMAND` ends here once the environment stands. Commands call the modules
below and say what they do; the work itself is theirs. Heavy libraries are imported inside commands
only, so that JupyterLab opens at once.
"""

import argparse
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable

from ftrag_helpers.cli import check, check_machine, instructor, learner, validation
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm import model_downloads, model_files

FIRST_PAGE = "notebooks/00_start_here.ipynb"
# Nothing in JupyterLab asks the internet: no news, no update check, no list of extensions. The
# folder of settings keeps it from asking the learner whether it may.
LAB_CONFIG = "ftrag_helpers/lab_config"
QUIET_JUPYTER = (
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",
    "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
)
NBVAL = ("--nbval", "--nbval-sanitize-with", "tests/sanitize.cfg")
PASSED, FAILED, NOTHING_CHOSEN = 0, 1, 5  # pytest's exit codes


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code.

    What a person can put right is one message on stderr.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    options, rest = build_parser().parse_known_args(argv)
    if rest and not options.takes_more:
        build_parser().error(f"{options.command} does not know: {' '.join(rest)}")
    try:
        if options.run is not check.run_check:  # which says itself what is wrong with a variable
            runtime.settle()  # some commands compute in this process, the others hand it on
        return options.run(options, rest)
    except CourseError as error:
        message, code = str(error), 1
    except KeyboardInterrupt:
        message, code = "Stopped.", 130
    except BrokenPipeError:  # `ftrag check | head`: whoever read has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC and getattr(error, "winerror", None) != 112:
            raise
        message, code = (
            (
                f"The disk is full ({error.filename or runtime.course_root()}). Make room, then"
                " start again."
            ),
            1,
        )
    print(f"\nftrag: {message}", file=sys.stderr)
    return code


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; `lab` and `test` hand unknown options on."""
    parser = argparse.ArgumentParser(
        prog="ftrag", description="Fine-Tuning vs RAG: the course's commands."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, run: Callable, text: str, takes_more: str = "") -> argparse.ArgumentParser:
        more = f"All other options go to {takes_more}." if takes_more else None
        command = commands.add_parser(
            name, help=text, description=text, epilog=more, allow_abbrev=False
        )
        command.set_defaults(run=run, takes_more=bool(takes_more))
        return command

    lab = add("lab", run_lab, "open the course in JupyterLab", "JupyterLab")
    lab.add_argument(
        "--port", type=int, help="this port or none (default: 8888 or the next free one)"
    )
    lab.add_argument(
        "--no-browser", action="store_true", help="print the address instead of opening it"
    )
    test = add(
        "test", run_test, "run all tests: the package's, and every notebook's outputs", "pytest"
    )
    test.add_argument(
        "--fast",
        action="store_true",
        help="only what needs no model and is not slow: about a minute",
    )
    add("fetch", run_fetch, "fetch the two models, or repair them")
    add(
        "check",
        check.run_check,
        "say line by line what is right here and what to do where it is not",
    )
    learner.add_report(
        add("report", learner.run_report, "write your figures, guesses and choices into one page")
    )
    learner.add_compare(
        add(
            "compare",
            learner.run_compare,
            "compare the systems on documents and questions of your own",
        )
    )
    validation.add_validate(
        add(
            "validate",
            validation.run_validate,
            "run the notebooks again and say in words what differs",
        )
    )
    instructor.add_build(add("build", instructor.run_build, "make exercises/ from solutions/"))
    instructor.add_site(
        add(
            "site",
            instructor.run_site,
            "make a static site of the course, to read before installing",
        )
    )
    instructor.add_class(
        add(
            "class",
            instructor.run_class,
            "join the figures of a class into one page, names left out",
        )
    )
    instructor.add_grade(
        add("grade", instructor.run_grade, "grade what learners handed in, in a sandbox")
    )
    add("progress", learner.run_progress, "show the points of the exercises, task by task")
    return parser


# --- lab


def run_lab(options: argparse.Namespace, rest: list[str]) -> int:
    """Open JupyterLab on the first page; ends when JupyterLab is closed."""
    if options.port is not None and not check_machine.port_is_free(options.port):
        raise CourseError(
            f"Port {options.port} is taken by another program, perhaps by a JupyterLab that is"
            " still open. Close it, name another port, or leave --port away: then a free one is"
            " found."
        )
    model_downloads.fetch()
    root = runtime.course_root()
    if not (root / FIRST_PAGE).is_file():
        raise CourseError(f"{root / FIRST_PAGE} is missing. Copy or clone the whole course again.")
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        FIRST_PAGE,
        f"--ServerApp.root_dir={root}",
        "--ServerApp.ip=127.0.0.1",
        *QUIET_JUPYTER,
    ]
    if options.port is not None:
        command += [f"--ServerApp.port={options.port}", "--ServerApp.port_retries=0"]
    if options.no_browser:
        command.append("--no-browser")
    if getattr(os, "geteuid", lambda: 1)() == 0:
        command.append(
            "--allow-root"
        )  # in a container one is root, and only this machine can reach the server
    print("Opening JupyterLab. Ctrl-C in this window closes it.", flush=True)
    paths = [str(root / LAB_CONFIG), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return run_child(command + rest, JUPYTER_CONFIG_PATH=os.pathsep.join(filter(None, paths)))


def run_child(command: list[str], **variables: str) -> int:
    """Run a command in the course's folder, kept off the network, with further variables; returns
    its exit code.

    Ctrl-C is the child's to answer: JupyterLab asks whether to close, pytest prints its summary.
    """
    environment = os.environ | runtime.offline_environment() | variables
    child = subprocess.Popen(command, cwd=runtime.course_root(), env=environment)
    # Whoever ends this process means the child: no server must be left behind.
    before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue
    finally:
        signal.signal(signal.SIGTERM, before)


# --- test and fetch


def run_test(options: argparse.Namespace, rest: list[str]) -> int:
    """Run pytest over the tests, then over the notebooks; non-zero if either failed.

    Two runs, because the tests' `conftest.py` changes folders that notebooks should find as
    learners do. Files or folders among the further options replace the course's own choice.
    """
    if options.fast:
        where = [] if named_paths(rest) else ["tests"]
        return run_pytest("fast tests", ["-m", "not model and not slow", "-n", "2", *where, *rest])
    model_downloads.fetch()
    if named_paths(rest):
        return run_pytest("tests", [*NBVAL, *rest])
    root = runtime.course_root()
    notebooks = [name for name in ("notebooks", "solutions") if any((root / name).glob("*.ipynb"))]
    codes = [run_pytest("the package's tests", ["tests", *rest])]
    if notebooks and codes[0] in (PASSED, FAILED, NOTHING_CHOSEN):
        codes.append(run_pytest("the notebooks' outputs", [*NBVAL, *notebooks, *rest]))
    wrong = [code for code in codes if code not in (PASSED, NOTHING_CHOSEN)]
    return wrong[0] if wrong else min(codes)


def run_pytest(title: str, arguments: list[str]) -> int:
    """Run pytest in the course's folder and name what it is about; returns its exit code."""
    print(f"\nftrag test: {title}", flush=True)
    return run_child([sys.executable, "-m", "pytest", *arguments])


def named_paths(arguments: list[str]) -> list[str]:
    """Those of pytest's arguments that are files or tests in them."""
    root = runtime.course_root()
    return [
        name
        for name in arguments
        if not name.startswith("-") and (root / name.split("::")[0]).exists()
    ]


def run_fetch(options: argparse.Namespace, rest: list[str]) -> int:
    """Fetch whatever is missing or damaged of the models."""
    model_downloads.fetch()
    for model in model_files.status():
        print(f"{model.name}: {model.detail} ({model.path})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
