"""A lesson and an exercise, run and compared again with the network cut."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUARD = ROOT / "tests" / "offline"


def namespace() -> list[str]:
    """The start of a command line that gives a process an empty network of its own; [] where the
    system allows none.
    """
    wrapper = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]
    try:
        return (
            wrapper
            if not subprocess.run([*wrapper, "true"], capture_output=True, timeout=20).returncode
            else []
        )
    except FileNotFoundError:
        return []


def run(*arguments: str, reached: Path, wrapper: list[str]) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(GUARD), "FTRAG_REACHED": str(reached)}
    return subprocess.run(
        [*wrapper, sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=900,
    )


@pytest.mark.model
@pytest.mark.parametrize(
    "notebook", ["notebooks/00_start_here.ipynb", "solutions/04_virtual_librarian.ipynb"]
)
def test_a_notebook_passes_with_the_network_cut(notebook, tmp_path):
    done = run(
        "-m",
        "pytest",
        "--nbval",
        "--nbval-sanitize-with",
        "tests/sanitize.cfg",
        "-q",
        "-p",
        "no:cacheprovider",
        notebook,
        reached=tmp_path / "reached",
        wrapper=namespace(),
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
    assert not (tmp_path / "reached").exists(), (
        f"{notebook} reached for {(tmp_path / 'reached').read_text('utf-8')}"
    )


@pytest.mark.parametrize(
    "call",
    [
        "socket.create_connection(('192.0.2.1', 80), 1)",
        "socket.getaddrinfo('example.org', 80)",
        "socket.socket().connect_ex(('192.0.2.1', 80))",
    ],
)
def test_the_guard_refuses_and_notes_the_host_even_where_the_error_is_swallowed(call, tmp_path):
    code = f"import socket\ntry:\n    {call}\nexcept OSError as error:\n    print(error)"
    done = run("-c", code, reached=tmp_path / "reached", wrapper=[])
    assert "the tests are offline" in done.stdout
    assert (
        "192.0.2.1" in (noted := (tmp_path / "reached").read_text("utf-8"))
        or "example.org" in noted
    )


def test_the_guard_lets_this_machine_talk_to_itself(tmp_path):
    code = (
        "import socket\nserver = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname(), 5)\nprint('connected')"
    )
    done = run("-c", code, reached=tmp_path / "reached", wrapper=namespace())
    assert done.stdout == "connected\n" and not (tmp_path / "reached").exists()


def test_the_namespace_holds_no_network_but_loopback(tmp_path):
    if not namespace():
        pytest.skip("this system lets nobody make an empty network: the guard alone stands")
    done = run(
        "-c",
        "import socket\nprint([name for _, name in socket.if_nameindex()])",
        reached=tmp_path / "reached",
        wrapper=namespace(),
    )
    assert done.stdout.strip() == "['lo']"
