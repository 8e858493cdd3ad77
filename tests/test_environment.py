"""requirements.lock, pyproject.toml and environment.yml say the same, and no file names this
machine or an index.
"""

import os
import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ftrag_helpers.cli import main
from ftrag_helpers.environment import runtime, systems

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))

PINS = [Requirement(line) for line in LOCK.splitlines() if line and not line.startswith("#")]
DIRECT = [Requirement(text) for text in PYPROJECT["project"]["dependencies"]]
PLATFORMS = {
    "Linux": {"sys_platform": "linux", "os_name": "posix", "platform_machine": "x86_64"},
    "Linux on ARM": {"sys_platform": "linux", "os_name": "posix", "platform_machine": "aarch64"},
    "macOS": {"sys_platform": "darwin", "os_name": "posix", "platform_machine": "arm64"},
    "Windows": {"sys_platform": "win32", "os_name": "nt", "platform_machine": "AMD64"},
}
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
# In pieces, so that this file does not name them either.
INDEX_HOSTS = ["pypi" + ".org", "python" + "hosted", "download.py" + "torch", "anaconda" + ".org"]
MACHINE_PATH = re.compile(r"(?<![\w.~$}>*-])/(?:root|work|opt/pypi|home/\w+|Users/\w+)/")


def place_of(python: str, platform: str) -> dict[str, str]:
    """What markers are read against there."""
    systems = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
    return PLATFORMS[platform] | {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "platform_system": systems[PLATFORMS[platform]["sys_platform"]],
        "extra": "",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def pins_for(python: str, platform: str) -> dict[str, Requirement]:
    """The lock's lines that apply there, by name; fails where a package is pinned twice."""
    place = place_of(python, platform)
    pins = [pin for pin in PINS if pin.marker is None or pin.marker.evaluate(place)]
    names = [canonicalize_name(pin.name) for pin in pins]
    assert sorted(names) == sorted(set(names))
    return dict(zip(names, pins, strict=True))


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_every_direct_dependency_is_pinned_once_within_its_range(python, platform):
    pins = pins_for(python, platform)
    for wanted in DIRECT:
        pin = pins[canonicalize_name(wanted.name)]
        assert wanted.specifier.contains(version_of(pin), prereleases=True), (
            f"{pin} is outside {wanted}"
        )


CUDA = re.compile(r"nvidia-|cuda-|triton|pytorch-triton")


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_whatever_a_package_needs_there_is_pinned_within_its_range(python, platform):
    """The packages' own metadata, as installed here, read for another system: the lock's markers
    leave nothing out.
    """
    pins, place, wrong = pins_for(python, platform), place_of(python, platform), set()
    waiting = [(name, "") for name in pins]
    seen = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        try:
            needs = [Requirement(text) for text in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:
            continue  # a package of another system
        for need in needs:
            if (need.marker and not need.marker.evaluate(place | {"extra": extra})) or CUDA.match(
                need.name
            ):
                continue
            pin = pins.get(canonicalize_name(need.name))
            if pin is None or not need.specifier.contains(version_of(pin), prereleases=True):
                wrong.add(f"{name} needs {need}, the lock has {pin}")
                continue
            more = {(canonicalize_name(need.name), each) for each in need.extras} - seen
            seen |= more
            waiting += more
    assert not wrong


def test_the_pythons_tried_here_are_those_that_the_set_up_takes():
    newest = tuple(map(int, PYTHONS[-1].split(".")))
    assert newest == systems.NEWEST and len(PYTHONS) == newest[1] - 10


def version_of(pin: Requirement) -> str:
    [exact] = pin.specifier
    assert exact.operator == "==" and "*" not in exact.version, f"{pin} is not one version"
    return exact.version


def test_every_line_of_the_lock_is_one_version():
    assert len([version_of(pin) for pin in PINS]) > 100
    assert not [pin for pin in PINS if pin.url or pin.extras]


def test_the_lock_leaves_cuda_to_pytorch():
    # A CUDA build of PyTorch asks for these itself; pinned here they would cost every CPU learner 4
    # GB.
    assert not [pin.name for pin in PINS if CUDA.match(pin.name)]


def test_the_lock_names_no_host_and_holds_no_option():
    assert "://" not in LOCK and not [line for line in LOCK.splitlines() if line.startswith("-")]


def test_conda_gets_the_same_versions():
    [python] = [
        line.split("=")[1] for line in CONDA["dependencies"] if str(line).startswith("python=")
    ]
    [lines] = [line["pip"] for line in CONDA["dependencies"] if isinstance(line, dict)]
    assert python in PYTHONS and lines[0] == "-c requirements.lock" and lines[-1] == "-e ."
    pins = pins_for(python, "Linux")
    assert lines[1:-1] == [
        f"{wanted.name}=={version_of(pins[canonicalize_name(wanted.name)])}" for wanted in DIRECT
    ]


def test_the_oldest_python_is_the_same_everywhere():
    course = (ROOT / "course.py").read_text("utf-8")
    assert PYPROJECT["project"]["requires-python"] == ">=3.11" and "OLDEST = (3, 11)" in course


def tracked_texts() -> dict[str, str]:
    """Every text file that git has or would take; without git every file outside hidden folders."""
    try:
        listed = (
            subprocess.run(
                ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
                cwd=ROOT,
                capture_output=True,
                check=True,
            )
            .stdout.decode()
            .split("\0")
        )
    except (OSError, subprocess.CalledProcessError):
        listed = [
            path.relative_to(ROOT).as_posix()
            for path in ROOT.rglob("*")
            if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
        ]
    texts = {}
    for name in filter(None, listed):
        try:
            texts[name] = (ROOT / name).read_text("utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
    return texts


def test_no_file_names_an_index_or_a_machine():
    found = {}
    for name, text in tracked_texts().items():
        hits = [host for host in INDEX_HOSTS if host in text] + MACHINE_PATH.findall(text)
        if hits:
            found[name] = hits[:3]
    assert not found


@pytest.mark.parametrize(
    "text, is_one",
    [
        ("in /" + "root/x", True),
        ('"/' + 'work/main"', True),
        ("(/" + "home/ann/x)", True),
        ("home/work/play", False),
        ("https://x.example/work/", False),
        ("~/work/", False),
        ("ours/home/ann/", False),
    ],
)
def test_a_machine_path_is_told_from_other_slashes(text, is_one):
    assert bool(MACHINE_PATH.search(text)) == is_one


def test_every_file_of_the_package_that_is_no_module_is_shipped():
    package = ROOT / "ftrag_helpers"
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["ftrag_helpers"]
    shipped = {path for pattern in patterns for path in package.glob(pattern)}
    files = {
        path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert {path for path in files if path.suffix != ".py"} == shipped


@pytest.mark.skipif(os.name == "nt", reason="these files run in a Linux image")
def test_the_files_for_repo2docker_fetch_the_models_and_start_as_the_course_does(tmp_path):
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    stub = bin_folder / "ftrag"
    stub.write_text('#!/bin/sh\necho "ftrag $*" >> "$SEEN"\n', "utf-8")
    stub.chmod(0o755)
    seen = tmp_path / "seen"
    environment = os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}", "SEEN": str(seen)}
    environment.pop("JUPYTER_CONFIG_PATH", None)
    subprocess.run([str(ROOT / "postBuild")], cwd=ROOT, env=environment, check=True)
    assert seen.read_text("utf-8") == "ftrag fetch\n"
    shown = subprocess.run(
        [str(ROOT / "start"), "sh", "-c", 'echo "$JUPYTER_CONFIG_PATH $OMP_WAIT_POLICY"'],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    folder, policy = shown.stdout.split()
    assert Path(folder) == ROOT / main.LAB_CONFIG and policy == runtime.OFFLINE["OMP_WAIT_POLICY"]


def test_the_workflows_try_the_oldest_and_the_newest_python_with_commands_that_exist():
    import course

    flows = {
        path.stem: yaml.safe_load(path.read_text("utf-8"))
        for path in (ROOT / ".github" / "workflows").glob("*.yml")
    }
    assert set(flows) == {"test", "site"}
    matrix = flows["test"]["jobs"]["fast"]["strategy"]["matrix"]
    assert [system.split("-")[0] for system in matrix["system"]] == ["ubuntu", "macos", "windows"]
    oldest, newest = re.search(r"CPython (3\.\d+) to (3\.\d+)", systems.SUPPORTED).groups()
    assert matrix["python"] == [oldest, newest]
    steps = [s for flow in flows.values() for job in flow["jobs"].values() for s in job["steps"]]
    commands = [step["run"] for step in steps if "course.py" in step.get("run", "")]
    assert len(commands) == 3
    for command in commands:
        assert command.split()[:2] == ["python", "course.py"]
        assert command.split()[2] in course.COMMANDS
