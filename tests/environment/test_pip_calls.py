"""pip's options as the course reads them, pip's own settings as far as they count, and the line
that helps for each failure.
"""

import os
import sys

import pytest

from ftrag_helpers.environment import pip_calls


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.upper().startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    pip_calls._site_settings.cache_clear()
    yield
    pip_calls._site_settings.cache_clear()


@pytest.mark.parametrize(
    "text, options",
    [
        ("", []),
        ("  ", []),
        ("--no-index", ["--no-index"]),
        (
            r"--find-links C:\wheels\new --no-index",
            ["--find-links", r"C:\wheels\new", "--no-index"],
        ),
        (r"--find-links 'C:\My wheels\new'", ["--find-links", r"C:\My wheels\new"]),
        (r'--find-links="\\server\share name\x"', [r"--find-links=\\server\share name\x"]),
        ("--find-links '/a folder' --no-index", ["--find-links", "/a folder", "--no-index"]),
        ('--find-links "/home/O\'Brien/w"', ["--find-links", "/home/O'Brien/w"]),
        (
            "-i https://me:pa#ss@mirror.example/wheels",
            ["-i", "https://me:pa#ss@mirror.example/wheels"],
        ),
        (
            "--find-links /räder\t--pre\n--no-index",
            ["--find-links", "/räder", "--pre", "--no-index"],
        ),
        ('--find-links ""', ["--find-links", ""]),
        ("C:\\", ["C:\\"]),
    ],
)
def test_blanks_separate_quotes_group_and_backslashes_stay(monkeypatch, text, options):
    monkeypatch.setenv("FTRAG_PIP_ARGS", text)
    assert pip_calls.given() == options


@pytest.mark.parametrize(
    "text", ["--find-links 'open", '"', r"--find-links C:\Users\O'Brien\w", "a 'b' \"c"]
)
def test_an_open_quote_is_one_message(monkeypatch, text):
    monkeypatch.setenv("FTRAG_PIP_ARGS", text)
    with pytest.raises(ValueError, match="FTRAG_PIP_ARGS has a quotation mark that is not closed"):
        pip_calls.given()


@pytest.mark.parametrize(
    "option",
    [
        "--target /x",
        "--target=/x",
        "-t /x",
        "--prefix x",
        "--root /",
        "--user",
        "--dry-run",
        "--python x",
    ],
)
def test_an_option_that_sends_packages_elsewhere_is_refused(monkeypatch, option):
    monkeypatch.setenv("FTRAG_PIP_ARGS", f"--no-index {option}")
    with pytest.raises(
        ValueError, match=f"FTRAG_PIP_ARGS holds {option.split('=')[0].split()[0]},"
    ):
        pip_calls.given()


def pips(command="install"):
    return {
        name: value
        for name, value in pip_calls.environment(sys.executable, command).items()
        if name.startswith("PIP_")
    }


def test_settings_about_the_index_are_kept_and_all_others_are_not(monkeypatch, tmp_path):
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://mirror.example/wheels\ntarget = /x\ncert = /c.pem\nproxy ="
        " http://p:1\npython = /nowhere/python\n[install]\nfind-links =\n  /a\n  /b\nprefix ="
        " /y\ncert = /d.pem\n[download]\nretries = 9\nplatform = win32\n[list]\ntimeout = 3\n"
    )
    for name, value in {
        "PIP_TARGET": "/x",
        "PIP_DRY_RUN": "1",
        "PIP_TIMEOUT": "60",
        "PIP_NO_DEPS": "1",
        "PIP_CERT": "",
        "PIP_TRUSTED_HOST": "a b",
        "pip_root": "/x",
    }.items():
        monkeypatch.setenv(name, value)
    install = pips()
    assert (
        install.pop("PIP_FIND_LINKS").split() == ["/a", "/b"]
        and install.pop("PIP_PROXY") == "http://p:1"
    )
    assert {name: value for name, value in install.items() if name != "PIP_CONSTRAINT"} == {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "https://mirror.example/wheels",
        "PIP_CERT": "/d.pem",
        "PIP_TIMEOUT": "60",
        "PIP_TRUSTED_HOST": "a b",
    }
    download = pips("download")
    assert (
        download["PIP_RETRIES"] == "9"
        and download["PIP_CERT"] == "/c.pem"
        and "PIP_PLATFORM" not in download
    )


@pytest.mark.parametrize("text", ["no section\n", "[global]\ntimeout = soon\n"])
def test_settings_that_pip_cannot_read_are_told(tmp_path, text):
    (tmp_path / "pip.conf").write_text(text)
    with pytest.raises(ValueError, match="pip cannot read its own settings(.|\n)*pip config debug"):
        pip_calls.environment(sys.executable, "install")


def test_what_lies_here_is_installed_without_any_setting(monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example")
    assert [name for name in pip_calls.plain() if name.upper().startswith("PIP_")] == [
        "PIP_CONFIG_FILE"
    ]


@pytest.mark.parametrize(
    "output, words, unreachable",
    [
        (
            (
                "ERROR: Could not install packages due to an OSError: Missing dependencies for"
                " SOCKS support."
            ),
            "SOCKS.*HTTPS_PROXY",
            True,
        ),
        (
            "Please check proxy URL. It is malformed and could be missing the host.",
            "proxy is misspelled",
            True,
        ),
        (
            (
                "ProxyError('Unable to connect to proxy', OSError('Tunnel connection failed: 407"
                " Proxy Authentication Required'))"
            ),
            "password",
            True,
        ),
        (
            (
                "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate"
                " verify failed'))"
            ),
            "PIP_CERT",
            True,
        ),
        ("ERROR: HTTP error 403 while getting https://mirror.example/x.whl", "index refuses", True),
        (
            (
                "NewConnectionError('<…>: Failed to establish a new connection: [Errno 101] Network"
                " is unreachable')\nERROR: No matching distribution found for torch==2.13.0"
            ),
            "no connection to the package index",
            True,
        ),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "/py -m pip cache purge",
            False,
        ),
        ("zipfile.BadZipFile: File is not a zip file", "arrived damaged", False),
        ("OSError: [WinError 206] The filename or extension is too long", "too long", False),
        ("ERROR: [WinError 5] Access is denied: 'x.pyd'", "Close JupyterLab", False),
        (
            "The user requested (constraint) numpy==1.26\nERROR: ResolutionImpossible",
            "constraint",
            False,
        ),
        (
            "Usage:\n  pip install\n\nno such option: --nindex",
            "FTRAG_PIP_ARGS.*/py -m pip config debug",
            False,
        ),
        (
            "error: subprocess-exited-with-error\n× Building wheel for x did not run",
            "--no-binary",
            False,
        ),
        (
            (
                "ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from"
                " versions: none)\nERROR: No matching distribution found for torch==2.13.0"
            ),
            "does not answer, or has no built package",
            False,
        ),
        (
            (
                "ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from"
                " versions: 2.1, 2.2)\nERROR: No matching distribution found for torch==2.13.0\n\n"
            ),
            "lacks this version",
            False,
        ),
        (
            (
                "ERROR: Could not open requirements file: [Errno 2] No such file or directory:"
                " '/nope.txt'"
            ),
            "constraint",
            False,
        ),
    ],
)
def test_each_failure_gets_the_line_that_helps(output, words, unreachable):
    import re

    cure = pip_calls.cure(output, "/py")
    assert re.search(words, cure, re.DOTALL) and "{" not in cure
    assert pip_calls.is_unreachable(output) is unreachable


def test_what_nobody_foresaw_gets_no_advice():
    assert pip_calls.cure("ERROR: the moon is in the way", "/py") == ""


@pytest.mark.parametrize(
    "output, line",
    [
        ("a\nERROR: b\nc\n", "ERROR: b"),
        ("a\n  c \n\n", "c"),
        ("", "(nothing)"),
        (
            "error: subprocess-exited-with-error\n× x\nhint: See above for details.\n",
            "error: subprocess-exited-with-error",
        ),
        ("all is lost\nhint: see\n[notice] a new pip\n", "all is lost"),
    ],
)
def test_the_line_that_says_most(output, line):
    assert pip_calls.last_line(output) == line
