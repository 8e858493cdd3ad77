"""`ftrag report`, `compare`, `progress`: what they write, and what they say when something is
wrong.
"""

import csv
import json
from types import SimpleNamespace

import pytest
from doubles import embed, embed_tokens, scripted_language_model

from ftrag_helpers.cli import main
from ftrag_helpers.evaluation import comparison, fine_tuned
from ftrag_helpers.journal import measurements
from ftrag_helpers.lm import models


@pytest.fixture(autouse=True)
def own_results(tmp_path, monkeypatch):
    monkeypatch.setenv("FTRAG_RESULTS", str(tmp_path / "results"))


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "my documents ä"
    folder.mkdir()
    (folder / "tea.md").write_text("# Tea\n\nA pot of tea costs £2. The kettle is blue.\n", "utf-8")
    (folder / "tools.txt").write_text(
        "Tools\n\nThe fork hangs by the door. Spades are lent for a week.\n", "utf-8"
    )
    questions = tmp_path / "questions.csv"
    questions.write_text(
        "question,answer\nHow much is a pot of tea?,£2\nFor how long are spades lent?,a week\n",
        "utf-8",
    )
    return folder, questions


@pytest.fixture
def small_models(monkeypatch):
    lm = scripted_language_model("a week")
    monkeypatch.setattr(models, "load_language_model", lambda: lm)
    monkeypatch.setattr(models, "embed", lambda texts, **_: embed(texts))
    monkeypatch.setattr(models, "embed_tokens", embed_tokens)
    monkeypatch.setattr(fine_tuned, "train_reader", lambda *_args, **_more: SimpleNamespace(lm=lm))
    monkeypatch.setattr(comparison, "MAX_NEW_TOKENS", 8)


def test_the_report_counts_own_figures_and_replaces_the_page(tmp_path, capsys):
    page = tmp_path / "report.html"
    page.write_text("old", "utf-8")
    measurements.record_mean("04", "librarian: right", [1, 0, 1])
    assert main.main(["report", "--out", str(page)]) == 0
    assert "1 of your own figures" in capsys.readouterr().out
    text = page.read_text("utf-8")
    assert (
        text.startswith("<!DOCTYPE html>")
        and "librarian: right" in text
        and "http://" not in text.replace("http://www.w3.org", "")
    )


def test_a_report_without_figures_says_what_to_do(tmp_path, capsys):
    assert main.main(["report", "--out", str(tmp_path / "report.html")]) == 0
    assert "Run the lessons" in capsys.readouterr().out


def test_a_report_that_cannot_be_written_is_one_message(tmp_path, capsys):
    assert main.main(["report", "--out", str(tmp_path)]) == 1
    assert "ftrag:" in capsys.readouterr().err


@pytest.mark.slow
def test_compare_runs_on_own_documents_and_writes_the_answers(own, small_models, tmp_path, capsys):
    folder, questions = own
    out = tmp_path / "answers.csv"
    assert (
        main.main(
            [
                "compare",
                "--documents",
                str(folder),
                "--questions",
                str(questions),
                "--out",
                str(out),
            ]
        )
        == 0
    )
    said = capsys.readouterr().out
    assert "2 documents, 2 test questions" in said and "fine-tuned reader + retrieval" in said
    assert len(out.read_text("utf-8").splitlines()) == 1 + 4 * 2


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--limit", "0"], "--limit is 0"),
        (["--documents", "nowhere"], "nowhere"),
        (["--questions", "nothing.csv"], "nothing.csv"),
    ],
)
def test_what_is_wrong_with_compare_is_one_message(own, small_models, capsys, arguments, words):
    folder, questions = own
    assert (
        main.main(
            ["compare", "--documents", str(folder), "--questions", str(questions), *arguments]
        )
        == 1
    )
    assert words in capsys.readouterr().err


@pytest.fixture
def untrained(monkeypatch):
    """No model may be loaded and nothing trained: what is wrong is told before."""

    def fail(*_arguments, **_more):
        raise AssertionError("told too late")

    monkeypatch.setattr(models, "load_language_model", fail)
    monkeypatch.setattr(fine_tuned, "train_reader", fail)


@pytest.mark.parametrize(
    "out, words",
    [
        ("none/answers.csv", "none is not there. Make it, or name another file."),
        ("questions.csv", "would replace a file of your own"),
        ("my documents ä", "is a folder. Name a file in it"),
        ("my documents ä/new.md", "would replace a file of your own"),
        ("questions.csv/answers.csv", "questions.csv is not there"),
        ("n" * 300 + ".csv", "name too long"),
    ],
)
def test_an_output_that_cannot_be_written_is_told_before_anything_is_trained(
    own, untrained, tmp_path, capsys, out, words
):
    folder, questions = own
    before = sorted(path.name for path in tmp_path.rglob("*"))
    assert (
        main.main(
            [
                "compare",
                "--documents",
                str(folder),
                "--questions",
                str(questions),
                "--out",
                str(tmp_path / out),
            ]
        )
        == 1
    )
    said = capsys.readouterr().err
    assert words in said.lower() or words in said
    assert "None" not in said and sorted(path.name for path in tmp_path.rglob("*")) == before


def test_a_folder_that_may_not_be_written_to_is_told_before_anything_is_trained(
    own, untrained, tmp_path, capsys, monkeypatch
):
    def refuse(**_where):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    folder, questions = own
    assert (
        main.main(
            [
                "compare",
                "--documents",
                str(folder),
                "--questions",
                str(questions),
                "--out",
                str(tmp_path / "a.csv"),
            ]
        )
        == 1
    )
    assert (
        "a.csv cannot be written (Permission denied). Name another file." in capsys.readouterr().err
    )


def test_questions_of_which_none_can_be_asked_are_told_before_anything_is_trained(
    own, untrained, capsys
):
    folder, questions = own
    questions.write_text("question,answer,split\nHow much is a pot of tea?,£2,train\n", "utf-8")
    assert main.main(["compare", "--documents", str(folder), "--questions", str(questions)]) == 1
    assert "no answerable question of the split" in capsys.readouterr().err


@pytest.mark.slow
def test_compare_says_what_it_passed_over_and_which_answers_stand_nowhere(
    own, small_models, capsys
):
    folder, questions = own
    (folder / "plan.pdf").write_bytes(b"%PDF-1.7")
    questions.write_text(
        "question,answer\nHow much is a pot of tea?,£2\nWho lends spades?,Bert\n", "utf-8"
    )
    assert main.main(["compare", "--documents", str(folder), "--questions", str(questions)]) == 0
    said = capsys.readouterr().out
    assert (
        "Note: Passed over: 1 .pdf file (plan.pdf)." in said
        and "Note: 1 answers stand in no document (q-003)" in said
    )


LANGUAGES = {
    "de": (
        "Wo hängt der Schlüssel?",
        "im roten Kasten",
        [
            "Der Schlüssel hängt im roten Kasten.",
            "Am 3. Mai ist Markt.",
            "Äußere Tore öffnen um sechs.",
        ],
    ),
    "ja": (
        "鍵はどこですか？",
        "赤い箱",
        ["鍵は赤い箱にあります。", "市は五月です。", "門は朝六時に開きます。"],
    ),
    "ar": (
        "أين المفتاح؟",
        "الصندوق الأحمر",
        ["المفتاح في الصندوق الأحمر.", "السوق في مايو.", "تفتح البوابة الساعة السادسة."],
    ),
    "en": (
        "Where does the key hang?",
        "in the red box",
        ["the key hangs in the red box.", "the market is in may.", "the gate opens at six."],
    ),
}


@pytest.mark.model
@pytest.mark.parametrize("language", LANGUAGES)
def test_compare_reads_a_long_page_in_every_language(language, monkeypatch, tmp_path, capsys):
    lm = scripted_language_model("a week")
    monkeypatch.setattr(models, "load_language_model", lambda: lm)
    monkeypatch.setattr(
        "ftrag_helpers.cli.learner._library_reader", lambda lm: SimpleNamespace(lm=lm)
    )
    monkeypatch.setattr(comparison, "MAX_NEW_TOKENS", 8)
    monkeypatch.setattr(comparison, "SENTENCES", 1)  # the scripted model's window is that of a toy
    question, answer, (fact, *others) = LANGUAGES[language]
    folder, questions, out = (
        tmp_path / "docs",
        tmp_path / "questions.jsonl",
        tmp_path / "answers.csv",
    )
    folder.mkdir()
    (folder / "page.md").write_text(" ".join([*others * 40, fact]), "utf-8")
    questions.write_text(
        json.dumps({"question": question, "answer": answer, "document": "page.md"}), "utf-8"
    )
    assert (
        main.main(
            [
                "compare",
                "--documents",
                str(folder),
                "--questions",
                str(questions),
                "--out",
                str(out),
            ]
        )
        == 0
    )
    with out.open(encoding="utf-8", newline="") as file:
        rows = {row["system"]: row for row in csv.DictReader(file)}
    said = rows["best sentence, no model"]["text"]
    assert said.casefold() in [sentence.casefold() for sentence in (fact, *others)], (
        "one sentence, not the page"
    )
    assert language != "en" or answer in said, "the embedder knows English alone"
    assert "stand in no document" not in capsys.readouterr().out


@pytest.mark.slow
def test_a_cell_that_begins_like_a_formula_is_defused(own, small_models, tmp_path):
    folder, questions = own
    questions.write_text('question,answer\n"=1+1 how much is a pot of tea?",£2\n', "utf-8")
    out = tmp_path / "answers.csv"
    assert (
        main.main(
            [
                "compare",
                "--documents",
                str(folder),
                "--questions",
                str(questions),
                "--out",
                str(out),
            ]
        )
        == 0
    )
    assert "'=1+1" in out.read_text("utf-8")


def test_progress_names_tasks(capsys):
    assert main.main(["progress"]) == 0
    assert "1.1" in capsys.readouterr().out
