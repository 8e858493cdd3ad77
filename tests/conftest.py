"""Keeps every test offline, quiet and out of the user's own folders.

Three tiers: fast (`-m "not model"`, no model files needed), the whole suite, and the notebooks
under nbval.
"""

import os
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

_TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(_TESTS.parent), str(_TESTS / "offline")]

import network_guard  # noqa: E402

from ftrag_helpers.environment import proxies, runtime, variables  # noqa: E402

# Before any heavy import: transformers, datasets and chromadb read these when they are imported.
os.environ.update(runtime.offline_environment())
proxies.settle()
for _name in set(variables.ALL) - {"FTRAG_CACHE", "FTRAG_DEVICE"}:
    os.environ.pop(_name, None)
if os.environ.get("FTRAG_CACHE"):
    os.environ["FTRAG_CACHE"] = variables.absolute("FTRAG_CACHE")
# A test that asks twice is to see two computations; the cache's own tests switch it on.
os.environ["FTRAG_COMPUTE_CACHE"] = "off"
# The same examples every time, nothing kept between runs, and no time limit on a machine that has
# other work.
settings.register_profile("course", deadline=None, database=None, derandomize=True)
settings.load_profile("course")
_SCRATCH = tempfile.TemporaryDirectory(prefix="ftrag-tests-", ignore_cleanup_errors=True)
for _name in (
    "FTRAG_RESULTS",
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "MPLCONFIGDIR",
):
    os.environ[_name] = str(Path(_SCRATCH.name, _name.lower()))


def pytest_configure(config):
    config.addinivalue_line(
        "markers", 'model: needs the fetched model files; leave out with -m "not model"'
    )


def pytest_unconfigure():
    _SCRATCH.cleanup()


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Fails the test that reaches beyond this machine, also where a library swallows the error or
    uses a thread.
    """
    reached = []
    for owner, name, function in network_guard.guards(reached.append):
        monkeypatch.setattr(owner, name, function)
    yield reached
    assert not reached, f"the test reached for the network: {reached}"


@pytest.fixture(autouse=True)
def own_cache(request, monkeypatch, tmp_path):
    """The fast tier sees an empty cache folder; tests marked `model` see the learner's."""
    if request.node.get_closest_marker("model"):
        if not all(found.ok for found in _model_status()):
            pytest.skip("the models are not on this machine: python course.py fetch")
    else:
        monkeypatch.setenv("FTRAG_CACHE", str(tmp_path / "cache"))


def _model_status():
    from ftrag_helpers.lm import model_files

    return model_files.status(full=False)


@pytest.fixture
def fresh_tiny():
    """A tokenizer and a language model of two layers, as `models.LanguageModel`; a fresh one for
    each test.
    """
    from doubles import tiny_language_model

    return tiny_language_model()


@pytest.fixture(scope="session")
def tiny():
    """The same, one for the whole session: for tests that leave it as it is."""
    from doubles import tiny_language_model

    return tiny_language_model()
