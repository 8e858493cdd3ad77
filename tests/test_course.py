"""`course.py` on a stand-in course: a lock of one hand-made wheel, a package of one file, no
network.

The stand-in's environment and pip are real. Failures that a test cannot bring about (a full disk,
an old Python) are put in at the function that would notice them.
"""

import ast
import base64
import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ftrag_helpers.environment import pip_calls, systems

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "course.py"
# Nothing listens there: what a cut network looks like to pip.
NOBODY_LISTENS = "http://127.0.0.1:9"
NO_INDEX = f"--index-url {NOBODY_LISTENS} --retries 1 --timeout 2"

CLI = """
import importlib.metadata, json, sys
print(json.dumps({"arguments": sys.argv[1:], "tiny": importlib.metadata.version("tiny"), "prefix": sys.prefix}))
sys.exit(7 if "--fail" in sys.argv else 0)
"""
# Loads the stand-in's only library, as the course's own module loads the heavy ones.
LIBRARIES = """
import sys
try:
    import tiny
except ImportError as error:
    print(error)
    sys.exit(3)
"""
# Builds the stand-in's package without setuptools, which the tests may not fetch.
BACKEND = """
import os, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "stand_in-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("stand_in.pth", "import sys; sys.path.append(%s)\\n" % ascii(os.getcwd()))
        wheel.writestr("stand_in-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: stand-in\\nVersion: 1.0\\n")
        wheel.writestr("stand_in-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("stand_in-1.0.dist-info/RECORD", "")
    return name
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def write_wheel(folder: Path, name: str) -> None:
    files = {
        f"{name}.py": "",
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    digests = {
        path: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        for path, text in files.items()
    }
    record = "".join(f"{path},sha256={digests[path]},{len(text)}\n" for path, text in files.items())
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        wheel.writestr(f"{name}-1.0.dist-info/RECORD", record + f"{name}-1.0.dist-info/RECORD,,\n")


def make_course(folder: Path) -> Path:
    for inner in ("wheels", "ftrag_helpers"):
        (folder / inner).mkdir(parents=True)
    shutil.copy(SOURCE, folder / "course.py")
    (folder / "requirements.lock").write_text("# the stand-in's only package\ntiny==1.0\n")
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "backend.py").write_text(BACKEND)
    for name, text in {"cli/main.py": CLI, "environment/libraries.py": LIBRARIES}.items():
        (folder / "ftrag_helpers" / name).parent.mkdir()
        (folder / "ftrag_helpers" / name).write_text(text)
    for name in ("pip_calls.py", "systems.py"):
        shutil.copy(
            ROOT / "ftrag_helpers" / "environment" / name, folder / "ftrag_helpers" / "environment"
        )
    write_wheel(folder / "wheels", "tiny")
    return folder


def environment(course: Path, pip_arguments: str | None = None, **variables: str) -> dict[str, str]:
    """This machine's environment without its own pip settings and proxies, with further
    variables.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith("PIP_") and not name.upper().endswith("_PROXY")
    }
    wheels = course / "wheels"
    quoted = f'"{wheels}"' if os.name == "nt" else shlex.quote(str(wheels))
    return (
        kept
        | {
            "PIP_CONFIG_FILE": os.devnull,
            "PYTHONUTF8": "1",
            "FTRAG_PIP_ARGS": pip_arguments or f"--no-index --find-links {quoted}",
        }
        | variables
    )


def start(
    course: Path, *arguments: str, pip_arguments: str | None = None, **variables: str
) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(course / "course.py"), *arguments],
        env=environment(course, pip_arguments, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def finish(process: subprocess.Popen) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in out + err, out + err
    return process.returncode, out, err


def run(
    course: Path, *arguments: str, pip_arguments: str | None = None, **variables: str
) -> tuple[int, str, str]:
    return finish(start(course, *arguments, pip_arguments=pip_arguments, **variables))


@pytest.fixture(scope="module")
def two_starts(tmp_path_factory):
    """A course set up by two starts at once, in a folder with a difficult name:

    (folder, both results).
    """
    course = make_course(tmp_path_factory.mktemp("course") / "ein Ordner mit Ümläuten 图书馆")
    processes = [start(course, "check", "-k", "two words"), start(course, "check")]
    return course, [finish(process) for process in processes]


@pytest.fixture
def ready(two_starts):
    return two_starts[0]


@pytest.fixture
def module(tmp_path):
    """course.py as a module of a course that is not set up."""
    return load(make_course(tmp_path / "course"))


def load(course: Path):
    spec = importlib.util.spec_from_file_location("course_under_test", course / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- before anything is made


def test_an_old_python_can_read_the_file():
    ast.parse(SOURCE.read_text("utf-8"), feature_version=(3, 6))


def test_an_old_python_is_told(module, monkeypatch, capsys):
    monkeypatch.setattr(module.sys, "version_info", (3, 10, 13, "final", 0))
    assert module.main(["lab"]) == 2
    message = capsys.readouterr().err
    assert "This is Python 3.10.13" in message and "3.11 or newer" in message


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_help_is_short_and_makes_nothing(module, capsys, arguments):
    assert module.main(arguments) == 0
    assert "lab" in capsys.readouterr().out
    assert not module.VENV.exists()


def test_a_mistyped_command_makes_nothing(module, capsys):
    assert module.main(["lba"]) == 2
    assert "lab, test, fetch, check" in capsys.readouterr().err
    assert not module.VENV.exists()


def test_too_little_disk_makes_nothing(module, monkeypatch, capsys):
    monkeypatch.setattr(
        module.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**12, 10**12, 1.2e9)
    )
    assert module.main(["lab"]) == 1
    assert "1.2 GB free" in (message := capsys.readouterr().err) and "3 GB" in message
    assert not module.VENV.exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    course = make_course(tmp_path / "course")
    course.chmod(0o555)
    if os.access(course, os.W_OK):  # root may write anywhere, but not open a folder as a file
        (course / ".setup.lock").mkdir()
    code, _, message = run(course, "lab")
    course.chmod(0o755)
    assert code == 1 and "cannot be written" in message and "Copy the course" in message
    assert not (course / ".venv").exists()


def test_a_foreign_venv_is_left_alone(module, capsys):
    (module.VENV / "precious").mkdir(parents=True)
    assert module.main(["lab"]) == 1
    assert "was not made by the course" in capsys.readouterr().err
    assert (module.VENV / "precious").is_dir()


def test_a_file_where_the_environment_goes(module, capsys):
    module.VENV.write_text("mine")
    assert module.main(["lab"]) == 1
    assert str(module.VENV) in capsys.readouterr().err
    assert module.VENV.read_text() == "mine"


# --- what pip or venv may say


@pytest.mark.parametrize(
    "words, told",
    [
        (
            (
                "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on"
                " device"
            ),
            "became full",
        ),
        ("OSError: [WinError 112] There is not enough space on the disk", "became full"),
        (
            "WARNING: Retrying … NewConnectionError('…: [Errno 101] Network is unreachable')",
            "no connection",
        ),
        (
            (
                "ERROR: Could not find a version\nERROR: No matching distribution found for"
                " torch==2.13.0"
            ),
            "torch==2.13.0",
        ),
    ],
)
def test_each_failure_of_pip_has_its_message(module, monkeypatch, words, told):
    module.VENV.mkdir()
    monkeypatch.setattr(module, "run", lambda *_: (1, words))
    monkeypatch.setattr(pip_calls, "environment", lambda *_: {})
    with pytest.raises(module.Stop, match=re.escape(told)):
        module.install_packages()


def test_a_python_without_ensurepip_is_explained(module, monkeypatch):
    monkeypatch.setattr(module, "run", lambda *_: (1, "ensurepip is not available.\n"))
    with pytest.raises(module.Stop, match="python3-venv"):
        module.make_venv()


def test_a_disk_that_fills_while_files_are_written(module, monkeypatch, capsys):
    def full():
        raise OSError(28, "No space left on device", "somewhere")

    monkeypatch.setattr(module, "set_up", full)
    assert module.main(["lab"]) == 1
    assert "became full" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options, words", [("--find-links 'open", "not closed"), ("--target /x", "--target")]
)
def test_wrong_pip_arguments_are_told_before_anything_is_made(
    module, monkeypatch, capsys, options, words
):
    monkeypatch.setenv("FTRAG_PIP_ARGS", options)
    assert module.main(["lab"]) == 1
    message = capsys.readouterr().err
    assert "FTRAG_PIP_ARGS" in message and words in message and "Delete" not in message
    assert not module.VENV.exists()


def test_a_python_without_packages_is_told_before_anything_is_made(module, monkeypatch, capsys):
    intel = {"platform": "macosx-10.9-universal2", "machine": "x86_64", "macos": "15.1"}
    told = systems.unsupported(systems.facts() | intel)
    monkeypatch.setattr(
        systems, "unsupported", lambda facts: told if facts == systems.facts() else ""
    )
    assert module.main(["lab"]) == 1
    message = capsys.readouterr().err
    assert (
        "Intel Macs" in message
        and "The course runs on CPython 3.11 to 3.14" in message
        and "Nothing was fetched" in message
    )
    assert not module.VENV.exists()


@pytest.mark.skipif(os.name == "nt", reason="a colon cannot be in a path there")
@pytest.mark.parametrize(
    "name, words", [("Course: one", "holds a ':'"), (b"caf\xe9", "not written in UTF-8")]
)
def test_a_folder_in_which_no_environment_can_be_made(tmp_path, name, words):
    course = make_course(
        Path(os.fsdecode(os.fsencode(tmp_path / "x").replace(b"x", b"") + os.fsencode(name)))
    )
    code, _, message = run(course, "check")
    assert (
        code == 1
        and words in message
        and "Rename that folder" in message
        and "python3-venv" not in message
    )
    assert not (course / ".venv").exists()


@pytest.mark.parametrize(
    "words, told, untold",
    [
        ("Error: [Errno 13] Permission denied: 'x'", "Copy the", "python3-venv"),
        ("Error: [Errno 36] File name too long: 'x'", "too long", "python3-venv"),
        ("ModuleNotFoundError: No module named 'ensurepip'", "python3-venv", "Copy the"),
        ("Error: something else", "Try another Python", "python3-venv"),
    ],
)
def test_a_failure_of_venv_gets_its_own_advice(module, words, told, untold):
    assert told in module.venv_cure(words) and untold not in module.venv_cure(words)


@pytest.mark.parametrize(
    "code, output, words",
    [
        (
            1,
            "torch cannot be loaded: ImportError: DLL load failed\nInstall the Redistributable",
            "Install the Redistributable",
        ),
        (
            1,
            "Traceback\n  File\nModuleNotFoundError: No module named ftrag_helpers",
            "No module named ftrag_helpers",
        ),
        (3, "torch cannot be loaded: No module named 'torch'", "No module named 'torch'"),
        (-4, "", "processor is too old"),
        (-9, "", "memory"),
        (77, "", "code 77"),
    ],
)
def test_a_library_that_cannot_be_loaded_ends_the_set_up(module, monkeypatch, code, output, words):
    module.VENV.mkdir()
    module.STATE.write_text("3.12\npackages\n")
    monkeypatch.setattr(module, "run", lambda *_: (code, output))
    with pytest.raises(module.Stop, match=words):
        module.load_libraries()
    torn = code == 3 or "ftrag_helpers" in output
    assert module.STATE.read_text() == (module.UNFINISHED if torn else "3.12\npackages\n")


# --- a whole set-up


def test_two_starts_at_once_set_up_once(two_starts):
    course, results = two_starts
    assert [code for code, *_ in results] == [0, 0], results
    assert sum("1/4" in out for _, out, _ in results) == 1
    assert sum("Another start is setting the course up" in out for _, out, _ in results) == 1
    assert all('"tiny": "1.0"' in out for _, out, _ in results)


def test_arguments_and_exit_code_pass_through(ready):
    code, out, _ = run(ready, "test", "--fail", "-k", "not this", "")
    assert code == 7
    assert '"arguments": ["test", "--fail", "-k", "not this", ""]' in out


def test_a_later_start_asks_no_network(ready):
    log = (ready / ".venv" / "ftrag-pip.log").read_text("utf-8")
    code, out, err = run(ready, "check", pip_arguments=NO_INDEX)
    assert (code, err) == (0, "") and out.count("\n") == 1
    assert (ready / ".venv" / "ftrag-pip.log").read_text("utf-8") == log


def test_new_packages_without_network_leave_the_old_ones_whole(ready):
    lock = ready / "requirements.lock"
    before = lock.read_text("utf-8")
    lock.write_text(before + "absent==1.0\n")
    try:
        code, _, message = run(ready, "lab", pip_arguments=NO_INDEX)
    finally:
        lock.write_text(before)
    assert code == 1 and "no connection to the package index" in message
    assert "FTRAG_PIP_ARGS" in message and "ftrag-pip.log" in message
    assert "Retrying" in (ready / ".venv" / "ftrag-pip.log").read_text("utf-8")
    assert run(ready, "check", pip_arguments=NO_INDEX)[0] == 0


def test_a_moved_course_needs_no_network(ready):
    moved = ready.with_name("moved")
    ready.rename(moved)
    try:
        code, out, err = run(moved, "check", pip_arguments=NO_INDEX)
    finally:
        moved.rename(ready)
    assert code == 0, out + err
    assert "4/4" in out and "2/4" not in out


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to another process there")
def test_an_interrupted_set_up_is_made_anew(tmp_path):
    course = make_course(tmp_path / "course")
    process = start(course, "lab")
    while "1/4" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    code, _, message = finish(process)
    assert code == 130 and "Nothing is lost" in message
    assert not list(course.glob(".venv/lib/*/site-packages/tiny.py"))

    (course / ".venv" / "torn").mkdir()
    code, out, err = run(course, "check")
    assert code == 0, out + err
    assert "left unfinished" in out and not (course / ".venv" / "torn").exists()


def test_no_network_at_the_first_start(tmp_path):
    course = make_course(tmp_path / "course")
    code, _, message = run(course, "lab", pip_arguments=NO_INDEX)
    assert code == 1 and "needs the network" in message and "HTTPS_PROXY" in message


# --- pip's own settings, and other things that lead packages astray

ASTRAY = """
[global]
target = {away}
root = {away}
python = {away}/python
dry-run = true
no-deps = true
require-virtualenv = true
only-binary = :none:
platform = win32
report = {away}/report
quiet = 3
[install]
prefix = {away}
user = true
no-binary = :all:
require-hashes = true
requirement = {away}/absent.txt
editable = {away}
"""


@pytest.fixture(scope="module")
def emptied(tmp_path_factory):
    """A course with an environment and no packages in it: what every set-up of these tests starts
    from.
    """
    course = make_course(tmp_path_factory.mktemp("astray") / "course")
    code, out, err = run(course, "check")
    assert code == 0, out + err
    return course


def empty(course: Path) -> None:
    python = course / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    subprocess.run(
        [str(python), "-m", "pip", "uninstall", "--yes", "--quiet", "tiny", "stand-in"],
        check=True,
        stdin=subprocess.DEVNULL,
        env=environment(course),
    )
    state = course / ".venv" / "ftrag-state.txt"
    state.write_text(state.read_text().splitlines()[0] + "\n")


def test_no_setting_of_pip_sends_the_packages_elsewhere(emptied, tmp_path):
    empty(emptied)
    (tmp_path / "pip.conf").write_text(ASTRAY.format(away=tmp_path / "away"))
    code, out, err = run(emptied, "check", PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))
    assert code == 0 and '"tiny": "1.0"' in out, out + err
    assert not (tmp_path / "away").exists()


def test_no_variable_of_pip_sends_the_packages_elsewhere(emptied, tmp_path):
    empty(emptied)
    away = str(tmp_path / "away")
    code, out, err = run(
        emptied,
        "check",
        PIP_ROOT=away,
        PIP_TARGET=away,
        PIP_PREFIX=away,
        PIP_DRY_RUN="1",
        PIP_PYTHON=away,
        PIP_NO_DEPS="1",
        PIP_REQUIREMENT=away,
        PIP_EDITABLE=away,
        PIP_NO_BINARY=":all:",
        PIP_USER="1",
        PIP_QUIET="3",
        PYTHONOPTIMIZE="2",
        PYTHONWARNINGS="error",
        PYTHONPATH=away,
        PYTHONHOME="",
    )
    assert code == 0 and '"tiny": "1.0"' in out, out + err
    assert not (tmp_path / "away").exists()


def test_what_a_site_sets_about_its_index_stays(emptied, tmp_path):
    empty(emptied)
    (tmp_path / "pip.conf").write_text(
        f"[global]\nno-index = true\n[install]\nfind-links =\n  {emptied / 'wheels'}\n"
    )
    code, out, err = run(
        emptied, "check", pip_arguments=" ", PIP_CONFIG_FILE=str(tmp_path / "pip.conf")
    )
    assert code == 0 and '"tiny": "1.0"' in out, out + err


@pytest.mark.parametrize(
    "settings, words",
    [
        ("[global]\nconstraint = {here}/site.txt\n", "constraint"),
        ("no section\n", "pip cannot read its own settings"),
        ("[global]\ntimeout = soon\n", "pip cannot read its own settings"),
    ],
)
def test_a_setting_that_cannot_be_kept_is_told(emptied, tmp_path, settings, words):
    empty(emptied)
    (tmp_path / "site.txt").write_text("tiny==2.0\n")
    (tmp_path / "pip.conf").write_text(settings.format(here=tmp_path))
    code, _, message = run(emptied, "check", PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))
    assert code == 1 and words in message and "pip config debug" in message, message


def test_a_set_up_whose_packages_are_not_there_is_not_recorded(tmp_path):
    course = make_course(tmp_path / "course")
    (course / "requirements.lock").write_text("# nothing\n")
    code, _, message = run(course, "check")
    assert code == 1 and "No module named 'tiny'" in message
    assert (course / ".venv" / "ftrag-state.txt").read_text() == "unfinished\n", (
        "the next start makes it anew"
    )


@pytest.mark.skipif(os.name == "nt", reason="other variables there")
def test_neither_home_nor_user_is_needed_for_the_set_up(tmp_path):
    course = make_course(tmp_path / "course")
    kept = {
        name: value
        for name, value in environment(course).items()
        if name in ("PATH", "FTRAG_PIP_ARGS", "PIP_CONFIG_FILE")
    }
    command = [sys.executable, str(course / "course.py"), "check"]
    if os.geteuid() == 0 and shutil.which("setpriv"):
        subprocess.run(["chown", "-R", "12345", str(course)], check=True)
        for folder in [*course.parents][:4]:
            folder.chmod(folder.stat().st_mode | 0o711)
        command = ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", *command]
    done = subprocess.run(command, env=kept, capture_output=True, text=True, cwd=course)
    if "setpriv" in command and "Permission denied" in done.stderr:
        pytest.skip("this Python cannot be read by another user")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (course / "~").exists()
