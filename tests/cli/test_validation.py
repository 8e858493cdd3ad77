"""`ftrag validate` on tiny notebooks: what is equal, what differs, what cannot run."""

import nbformat
import pytest

from ftrag_helpers.cli import main, validation
from ftrag_helpers.lm import model_downloads

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def no_models(monkeypatch):
    monkeypatch.setattr(model_downloads, "fetch", lambda *_args, **_more: None)


def notebook(path, *cells):
    made = [
        nbformat.v4.new_code_cell(
            source,
            execution_count=1,
            outputs=[nbformat.v4.new_output("stream", text=text)] if text else [],
        )
        for source, text in cells
    ]
    nbformat.write(
        nbformat.v4.new_notebook(
            cells=made,
            metadata={"kernelspec": {"name": "python3", "display_name": "x", "language": "python"}},
        ),
        path,
    )
    return path


def test_equal_outputs_pass_and_a_difference_is_shown(tmp_path, capsys):
    good = notebook(tmp_path / "good.ipynb", ("print(1 + 1)", "2\n"), ("x = 3", ""))
    bad = notebook(tmp_path / "bad.ipynb", ("print(1 + 1)", "3\n"), ("print(2)", "2\n"))
    assert main.main(["validate", str(good), str(bad)]) == 1
    said = capsys.readouterr().out
    assert "2 cells, equal" in said and "2 cells, 1 DIFFER" in said
    assert "bad.ipynb" in said.split("DIFFER")[1] and "3" in said
    assert "2 notebooks, 4 cells, 1 differ" in said and "\x1b" not in said


def test_all_equal_ends_with_zero(tmp_path, capsys):
    assert (
        main.main(["validate", str(notebook(tmp_path / "good.ipynb", ("print('a')", "a\n")))]) == 0
    )
    assert "1 notebooks, 1 cells, 0 differ" in capsys.readouterr().out


def test_fresh_computes_everything_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("FTRAG_COMPUTE_CACHE", "on")
    path = str(
        notebook(
            tmp_path / "asks.ipynb", ("import os\nprint(os.environ['FTRAG_COMPUTE_CACHE'])", "on\n")
        )
    )
    assert main.main(["validate", path]) == 0
    assert main.main(["validate", "--fresh", path]) == 1


def test_a_missing_notebook_is_one_message(tmp_path, capsys):
    assert main.main(["validate", str(tmp_path / "none.ipynb")]) == 1
    assert "There is no notebook" in capsys.readouterr().err


def test_a_file_that_is_no_notebook_fails_with_its_reason(tmp_path, capsys):
    path = tmp_path / "broken.ipynb"
    path.write_text("{not json", "utf-8")
    assert main.main(["validate", str(path)]) == 1


def test_long_differences_are_cut():
    text = "\n".join(f"\x1b[31mline {n}\x1b[0m" for n in range(100))
    xml = (
        '<testsuites><testsuite><testcase name="Cell 1"><failure'
        f' message="x">{text.replace(chr(27), "")}</failure></testcase></testsuite></testsuites>'
    )
    outcome = validation.read_report(xml, "n", 1.0)
    assert (
        outcome.failed == 1
        and outcome.difference.startswith("Cell 1")
        and "… 70 more lines" in outcome.difference
    )
