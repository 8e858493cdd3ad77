"""No proxy stops an offline start: each is tried on what JupyterLab, Chroma and transformers are
built on.
"""

import os
import subprocess
import sys

import httpx
import pytest

from ftrag_helpers.environment import proxies, runtime

pytestmark = pytest.mark.slow

NAMES = [
    name
    for pair in ("http", "https", "all", "no")
    for name in (f"{pair}_proxy", f"{pair.upper()}_PROXY")
]


@pytest.fixture(autouse=True)
def none(monkeypatch):
    for name in NAMES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    "name", ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
)
@pytest.mark.parametrize(
    "value",
    [
        "socks5://127.0.0.1:9",
        "socks5h://h",
        "socks4://h:1",
        "SOCKS5://h:1",
        "http://[bad",
        ":::",
        "http://h:port",
        "http://h:99999",
        "ftp://h:1",
        "http://",
        "http:///x",
        "http://me:p#ss@h:1",
        "\x7f",
        "://h",
    ],
)
def test_a_proxy_that_no_library_can_use_is_taken_away(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    proxies.settle()
    assert name not in os.environ
    httpx.Client(verify=False).close()


@pytest.mark.parametrize(
    "value",
    [
        "http://school:3128",
        "school:3128",
        "http://me:word@school:3128/",
        "https://school",
        "http://[::1]:3128",
    ],
)
def test_a_good_proxy_stays_and_is_not_asked_for_this_machine(monkeypatch, value):
    monkeypatch.setenv("HTTP_PROXY", value)
    monkeypatch.setenv("NO_PROXY", "school.example")
    monkeypatch.setenv("no_proxy", "10.0.0.0/8")
    proxies.settle()
    assert os.environ["HTTP_PROXY"] == value
    assert (
        os.environ["no_proxy"]
        == os.environ["NO_PROXY"]
        == "10.0.0.0/8,school.example,localhost,127.0.0.1,::1"
    )
    proxies.settle()
    assert os.environ["no_proxy"].count("localhost") == 1


@pytest.mark.parametrize(
    "entry",
    [
        "[::1]",
        "fe80::/10",
        "h:port",
        "über.example",
        "a:b:c",
        "\x01",
        "*.example",
        "<local>",
        "x y",
        "[",
        ".",
        "::1",
    ],
)
def test_no_entry_of_no_proxy_stops_a_start(monkeypatch, entry):
    monkeypatch.setenv("NO_PROXY", f" {entry} ,example.org,")
    monkeypatch.setenv("https_proxy", "http://school:3128")
    proxies.settle()
    assert "example.org" in os.environ["no_proxy"].split(",") and "127.0.0.1" in os.environ[
        "no_proxy"
    ].split(",")
    httpx.Client(verify=False).close()


def test_an_asterisk_keeps_its_meaning(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    proxies.settle()
    assert os.environ["no_proxy"] == "*"


def test_where_no_proxy_is_named_nothing_is_set():
    proxies.settle()
    assert not [name for name in NAMES if name in os.environ]


def test_jupyterlab_loads_beside_a_socks_proxy(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    code = "import jupyterlab.labapp; print('loaded')"
    assert (
        "socksio"
        in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr
    ), "what was wrong is no longer so"
    code = f"from ftrag_helpers.environment import runtime; runtime.settle(); {code}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=runtime.course_root()
    )
    assert done.stdout == "loaded\n", done.stderr
