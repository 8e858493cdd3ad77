"""`ftrag report`, `compare`, `progress`: what they write, and what they say when something is wrong."""

from types import SimpleNamespace

import pytest
from doubles import embed, embed_pieces, scripted_language_model

from ftrag_helpers import cli, comparison, models, results


@pytest.fixture(autouse=True)
def own_results(tmp_path, monkeypatch):
    monkeypatch.setenv("FTRAG_RESULTS", str(tmp_path / "results"))


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "my documents ä"
    folder.mkdir()
    (folder / "tea.md").write_text("# Tea\n\nA pot of tea costs £2. The kettle is blue.\n", "utf-8")
    (folder / "tools.txt").write_text("Tools\n\nThe fork hangs by the door. Spades are lent for a week.\n", "utf-8")
    questions = tmp_path / "questions.csv"
    questions.write_text("question,answer\nHow much is a pot of tea?,£2\nFor how long are spades lent?,a week\n", "utf-8")
    return folder, questions


@pytest.fixture
def small_models(monkeypatch):
    lm = scripted_language_model("a week")
    monkeypatch.setattr(models, "load_language_model", lambda: lm)
    monkeypatch.setattr(models, "embed", lambda texts, **_: embed(texts))
    monkeypatch.setattr(models, "embed_pieces", embed_pieces)
    monkeypatch.setattr(comparison, "train_reader", lambda *_args, **_more: SimpleNamespace(lm=lm))
    monkeypatch.setattr(comparison, "MAX_NEW_TOKENS", 8)


def test_the_report_counts_own_figures_and_replaces_the_page(tmp_path, capsys):
    page = tmp_path / "report.html"
    page.write_text("old", "utf-8")
    results.measured("04", "librarian: right", [1, 0, 1])
    assert cli.main(["report", "--out", str(page)]) == 0
    assert "1 of your own figures" in capsys.readouterr().out
    text = page.read_text("utf-8")
    assert text.startswith("<!DOCTYPE html>") and "librarian: right" in text and "http://" not in text.replace("http://www.w3.org", "")


def test_a_report_without_figures_says_what_to_do(tmp_path, capsys):
    assert cli.main(["report", "--out", str(tmp_path / "report.html")]) == 0
    assert "Run the lessons" in capsys.readouterr().out


def test_a_report_that_cannot_be_written_is_one_message(tmp_path, capsys):
    assert cli.main(["report", "--out", str(tmp_path)]) == 1
    assert "ftrag:" in capsys.readouterr().err


def test_compare_runs_on_own_documents_and_writes_the_answers(own, small_models, tmp_path, capsys):
    folder, questions = own
    out = tmp_path / "answers.csv"
    assert cli.main(["compare", "--documents", str(folder), "--questions", str(questions), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "2 documents, 2 test questions" in said and "fine-tuned reader + retrieval" in said
    assert len(out.read_text("utf-8").splitlines()) == 1 + 4 * 2


@pytest.mark.parametrize("arguments, words", [
    (["--limit", "0"], "--limit is 0"), (["--documents", "nowhere"], "nowhere"), (["--questions", "nothing.csv"], "nothing.csv")])
def test_what_is_wrong_with_compare_is_one_message(own, small_models, capsys, arguments, words):
    folder, questions = own
    assert cli.main(["compare", "--documents", str(folder), "--questions", str(questions), *arguments]) == 1
    assert words in capsys.readouterr().err


def test_a_cell_that_begins_like_a_formula_is_defused(own, small_models, tmp_path):
    folder, questions = own
    questions.write_text('question,answer\n"=1+1 how much is a pot of tea?",£2\n', "utf-8")
    out = tmp_path / "answers.csv"
    assert cli.main(["compare", "--documents", str(folder), "--questions", str(questions), "--out", str(out)]) == 0
    assert "'=1+1" in out.read_text("utf-8")


def test_progress_names_tasks(capsys):
    assert cli.main(["progress"]) == 0
    assert "1.1" in capsys.readouterr().out
