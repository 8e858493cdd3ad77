"""A learner's files are read as they come, and each thing wrong with them is named with file, row
and way out.
"""

import codecs
import csv
import io
import json
import re
import warnings

import pytest

from ftrag_helpers.data import data_files, user_documents
from ftrag_helpers.data.user_documents import read_documents
from ftrag_helpers.data.user_questions import cautions, read_questions
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.evaluation import metrics
from ftrag_helpers.retrieval import chunking
from ftrag_helpers.text import sentences

KILN = (
    "# Kiln Bank\n\nThe gate opens at 5:30. The gate shuts at 22:00.\n\n- a brass key is needed\n"
)
MILL = "Millrace\n\nThe gate opens at 7:00. Dogs are\nkept on a lead.\n"


@pytest.fixture
def folder(tmp_path):
    """Two documents, one of them in a subfolder."""
    (tmp_path / "docs" / "sites").mkdir(parents=True)
    (tmp_path / "docs" / "sites" / "kiln.md").write_text(KILN, "utf-8")
    (tmp_path / "docs" / "mill 2025-03-11.txt").write_text(MILL, "utf-8")
    return tmp_path / "docs"


@pytest.fixture
def ask(tmp_path, folder):
    """Write a question file and read it: CSV text, or rows (dicts) as JSONL."""

    def read(content, name="questions.csv"):
        path = tmp_path / name
        if isinstance(content, list):
            path, content = (
                tmp_path / "questions.jsonl",
                "".join(json.dumps(row) + "\n" for row in content),
            )
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_questions(path, read_documents(folder))

    return read


def told(call, *arguments):
    """The message of the error that a call raises."""
    with pytest.raises(CourseError) as caught:
        call(*arguments)
    return str(caught.value)


# --- documents


def test_documents_get_id_title_shelf_date_and_text(folder):
    mill, kiln = read_documents(str(folder))
    assert (mill.id, mill.title, mill.shelf, mill.branch, mill.date) == (
        "mill 2025-03-11",
        "Millrace",
        "documents",
        "all",
        "2025-03-11",
    )
    assert mill.text == "The gate opens at 7:00. Dogs are kept on a lead."
    assert (kiln.id, kiln.title, kiln.shelf, kiln.date) == ("sites/kiln", "Kiln Bank", "sites", "")
    assert kiln.text == "The gate opens at 5:30. The gate shuts at 22:00.\n\nA brass key is needed."


def test_a_byte_order_mark_windows_line_ends_and_capital_endings_do_no_harm(folder):
    (folder / "SHED.TXT").write_bytes(
        codecs.BOM_UTF8 + "The shed\r\n\r\nIt has a café.\r\n".encode()
    )
    shed = next(d for d in read_documents(folder) if d.id == "SHED")
    assert (shed.title, shed.text) == ("The shed", "It has a café.")


def test_what_is_passed_over_is_said_with_the_reason(folder):
    for name in (
        ".hidden.md",
        ".cache/page.md",
        "table.xlsx",
        "a.docx",
        "sites/b.DOCX",
        "c.docx",
        "d.docx",
        "plan.pdf",
        "map.png",
        "book.epub",
        "log.xyz",
        "LICENSE",
        "~$a.docx",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"\x00")
    (folder / "gone.md").symlink_to(folder / "nowhere.md")
    (folder / "again").symlink_to(folder / "sites", target_is_directory=True)
    said = []
    assert len(read_documents(folder, say=said.append)) == 2
    assert said == [
        (
            "Passed over: 4 .docx files (a.docx, c.docx, d.docx, …). Save them as plain text"
            " (UTF-8) or as a web page from the word processor."
        ),
        "Passed over: 1 .epub file (book.epub). Convert them to HTML.",
        (
            "Passed over: 1 .pdf file (plan.pdf). Copy their text into a text file, or convert them"
            " with pdftotext."
        ),
        "Passed over: 1 .png file (map.png). Type or recognise their text into a text file.",
        "Passed over: 1 .xlsx file (table.xlsx). Write their rows as sentences into a text file.",
        (
            "Passed over: 1 .xyz file (log.xyz). Read are .txt, .text, .md, .markdown, .mdown,"
            " .mkd, .rst, .rest, .html, .htm, .xhtml: save them as one of these."
        ),
        "Passed over (a link to a folder): again.",
        "Passed over (a link to nothing): gone.md.",
        (
            "Passed over: 1 file without an ending (LICENSE). Read are .txt, .text, .md, .markdown,"
            " .mdown, .mkd, .rst, .rest, .html, .htm, .xhtml: save them as one of these."
        ),
        "Passed over (hidden): .cache, .hidden.md, ~$a.docx.",
    ]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        read_documents(folder)
    assert [str(warning.message) for warning in warned] == said


def test_a_folder_of_other_files_says_which_and_what_to_do(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    assert "holds no .txt or .md file. Export your documents" in (
        message := told(read_documents, tmp_path)
    )
    assert "1 .pdf file (a.pdf). Copy their text" in message


def test_every_ending_that_is_read_is_read(folder):
    for name, text in {
        "a.markdown": "# A\n\nText.",
        "b.rst": "B\n=\n\nText.",
        "c.html": "<h1>C</h1><p>Text.",
        "d.HTM": "<h1>D</h1>Text",
        "e.text": "E\n\nText.",
    }.items():
        (folder / name).write_text(text, "utf-8")
    read = {d.id: (d.title, d.text) for d in read_documents(folder)}
    assert [read[name] for name in "abcde"] == [(name.upper(), "Text.") for name in "abcde"]


def test_a_page_that_is_nested_too_deeply_is_told(folder):
    (folder / "deep.html").write_text("<div>" * 5000 + "x", "utf-8")
    assert "deep.html: its lists or tags are nested too deeply to be read. Save it" in told(
        read_documents, folder
    )


def test_unseen_characters_do_not_part_words(folder):
    (folder / "seen.txt").write_text(
        "The gate\n\nIt has a Schreber\u00adgarten\u200bzaun.", "utf-8"
    )
    assert (
        next(d for d in read_documents(folder) if d.id == "seen").text
        == "It has a Schrebergartenzaun."
    )


def test_a_folder_that_cannot_be_opened_is_named(folder, monkeypatch):
    scandir = user_documents.os.scandir

    def refuse(path):
        if str(path).endswith("sites"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(user_documents.os, "scandir", refuse)
    assert "sites cannot be opened (Permission denied). Check" in told(read_documents, folder)


def test_a_file_name_that_is_no_text_is_told(folder):
    try:
        (folder / "caf\udce9.txt").write_text("Text.", "utf-8")
    except (OSError, UnicodeEncodeError):
        pytest.skip("this system has no such names")
    assert "the file's name is not UTF-8. Rename it." in told(read_documents, folder)


@pytest.mark.parametrize(
    "name, date",
    [
        ("minutes_20250610", "2025-06-10"),
        ("2025.06.10 minutes", "2025-06-10"),
        ("plan-2025-13-45", ""),
        ("call 02025061099", ""),
        ("2025-0610", ""),
    ],
)
def test_only_a_real_date_is_a_date(folder, name, date):
    (folder / f"{name}.txt").write_text("Some words.", "utf-8")
    assert next(d for d in read_documents(folder) if d.id == name).date == date


@pytest.mark.parametrize(
    "content, expected",
    [
        (b"", "row 1: the file is empty"),
        (b" \n\n", "row 1: the file is empty"),
        (b"# A heading\n", "row 1: nothing but a heading"),
        ("One.\nA caf\u00e9.\n".encode("cp1252"), "row 2: byte 0xe9 is not UTF-8. Save"),
        ("A café".encode("utf-16"), "row 1: the file is UTF-16. Save"),
        (b"%PDF-1.7 and so on", "row 1: this is no text but a binary file"),
        (b"PK\x03\x04word", "row 1: this is no text but a binary file"),
        (b"One.\nTwo\x00.", "row 2: this is no text but a binary file"),
        ("The gate is open.".encode("utf-16-le"), "row 1: the file is UTF-16. Save"),
        ("The gate is open.".encode("utf-32"), "row 1: the file is UTF-32. Save"),
        ("門は開く。".encode("iso2022_jp"), "row 1: the file is ISO-2022. Save"),
        ("門は開く。".encode("shift_jis"), "is not UTF-8. Save"),
        ("Ворота".encode("koi8-r"), "is not UTF-8. Save"),
        ("大门开了。".encode("gb18030"), "is not UTF-8. Save"),
        ("One.\nA caf\ufffd.".encode(), "row 2: the sign \ufffd stands where a letter was lost"),
        ("\ufeff \u200b\n".encode(), "row 1: the file is empty"),
        (b"{\\rtf1 text}", "row 1: this is no text but a binary file"),
    ],
)
def test_a_file_that_is_no_text_is_named_with_its_row(folder, content, expected):
    (folder / "odd.txt").write_bytes(content)
    message = told(read_documents, folder)
    assert str(folder / "odd.txt") in message and expected in message


def test_a_file_that_is_too_large_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(user_documents, "MAX_BYTES", 1_000_000)
    (folder / "long.txt").write_bytes(b"word " * 300_000)
    assert "long.txt, row 1: the file has 1.5 MB, at most 1 are read. Split it." in told(
        read_documents, folder
    )


def test_a_folder_without_documents_says_what_to_do(tmp_path, folder):
    (tmp_path / "empty").mkdir()
    assert "is not there. Name the folder" in told(read_documents, tmp_path / "none")
    assert "is a file, not a folder" in told(read_documents, folder / "sites" / "kiln.md")
    assert "holds no .txt or .md file. Export" in told(read_documents, tmp_path / "empty")


def test_two_files_with_one_id_are_told_apart(folder):
    (folder / "sites" / "kiln.txt").write_text("Another.", "utf-8")
    assert "kiln.txt, row 1: kiln.md beside it has the same id, 'sites/kiln'. Rename" in told(
        read_documents, folder
    )


def test_all_the_mistakes_of_a_folder_are_told_at_once(folder):
    for number in range(13):
        (folder / f"empty-{number:02d}.txt").touch()
    message = told(read_documents, folder)
    assert message.startswith(f"{folder}: 13 mistakes.") and message.endswith("- … and 3 more.")
    assert message.count("the file is empty") == 10


# --- questions

FULL = """id,question,answer,accepted,document,support,split,kind
g1,When does Kiln Bank open?,5:30,half past five|5.30 am,sites/kiln.md,The gate opens at 5:30.,train,reworded
,Who feeds the goldfish?,,,,,validation,unanswerable
"""


def test_a_full_csv_row_is_read_as_it_stands(ask):
    first, second = ask(FULL)
    assert (first.id, first.kind, first.split, first.text) == (
        "g1",
        "reworded",
        "train",
        "When does Kiln Bank open?",
    )
    assert first.reference.accepted == ("5:30", "half past five", "5.30 am")
    assert first.reference.documents == ("sites/kiln",) and first.reference.support == (
        "The gate opens at 5:30.",
    )
    assert second.id == "q-003", "a spreadsheet's row number"
    assert (
        not second.answerable and second.reference.accepted == () and second.split == "validation"
    )


def test_what_is_missing_gets_a_default(ask):
    (alone,) = ask("question,answer\nWhen does it open?,5:30\n")
    assert (alone.id, alone.kind, alone.split) == ("q-002", "direct", "test")
    assert alone.reference.documents == () and alone.reference.support == ()


def test_support_is_found_by_the_answer_and_the_questions_words(ask):
    text = (
        "question,answer,document\nWhen does the gate shut?,10 pm,sites/kiln\nWhat metal is the"
        " key?,gold,sites/kiln\n"
    )
    shut, gold = ask(text)
    assert shut.reference.support == ("The gate shuts at 22:00.",)
    assert gold.reference.support == () and gold.reference.documents == ("sites/kiln",)
    (opening,) = ask(
        "question,answer,accepted,document\nAt what hour does the gate"
        " open?,early,gate,sites/kiln\n"
    )
    assert opening.reference.support == ("The gate opens at 5:30.",)


def test_support_is_the_documents_own_sentence_whatever_was_copied_of_it(ask):
    rows = [
        {
            "question": "Q",
            "answer": "lead",
            "document": "mill 2025-03-11.txt",
            "support": "“dogs are  kept on a lead”",
        },
        {
            "question": "Q?",
            "answer": "5:30",
            "document": ["sites\\kiln.md"],
            "support": "The gate opens at 5:30. The gate shuts at 22:00.",
        },
        {"question": "Q?", "answer": 7, "support": ["gate opens at 7:00"], "kind": None},
    ]
    one, two, three = ask(rows)
    assert one.reference.support == ("Dogs are kept on a lead.",)
    assert two.reference.support == ("The gate opens at 5:30.", "The gate shuts at 22:00.")
    assert three.reference.documents == ("mill 2025-03-11",), "found by its support"
    assert three.reference.answer == "7"


def test_support_and_paths_in_other_scripts_and_endings(folder, ask):
    (folder / "門.markdown").write_text(
        "# 門\n\n門は六時に開きます。鍵は赤い箱にあります。", "utf-8"
    )
    (folder / "फाटक.html").write_text(
        "<h1>फाटक</h1><p>फाटक छह बजे खुलता है। चाबी लाल डिब्बे में है।</p>", "utf-8"
    )
    key, gate = ask(
        [
            {
                "question": "鍵は？",
                "answer": "赤い箱",
                "document": "門.markdown",
                "support": "鍵は赤い箱",
            },
            {"question": "चाबी कहाँ?", "answer": "लाल डिब्बे", "document": "फाटक.html"},
        ]
    )
    assert key.reference.support == ("鍵は赤い箱にあります。",) and key.reference.documents == (
        "門",
    )
    assert gate.reference.support == ("चाबी लाल डिब्बे में है।",)


def test_questions_may_need_two_documents(ask):
    (both,) = ask(
        "question,answer,document,support,kind\nWhich opens first?,Kiln Bank,sites/kiln|./mill"
        " 2025-03-11.txt,The gate opens at 5:30.|The gate opens at 7:00.,two\n"
    )
    assert (
        both.reference.documents == ("sites/kiln", "mill 2025-03-11")
        and len(both.reference.support) == 2
    )


@pytest.mark.parametrize(
    "text",
    [
        "question;answer\nWhen, and where?;5:30\n",
        "question\tanswer\nWhen, and where?\t5:30\n",
        "sep=;\nquestion;answer\nWhen, and where?;5:30\n",
        '\ufeffQuestion , ANSWER\r\n"When, and where?",5:30\r\n\r\n',
        'note,question,answer\nx,"When,\nand where?",5:30\n',
    ],
)
def test_what_spreadsheets_write_is_read(ask, text):
    (question,) = ask(text)
    assert (question.text, question.reference.answer) == ("When, and where?", "5:30")


def test_an_accent_written_in_two_ways_is_one_name(folder, ask):
    (folder / "cafe\u0301.txt").write_text("It opens at noon.", "utf-8")
    (question,) = ask("question,answer,document\nWhen?,noon,caf\u00e9.txt\n")
    assert question.reference.support == ("It opens at noon.",)


@pytest.mark.parametrize(
    "row, expected",
    [
        ("a,,5:30,,,,,", "row 2: the question is empty"),
        (
            "a,Q?,,,,,,",
            "row 2: no answer. If the documents hold none on purpose, write unanswerable",
        ),
        ("a,Q?,…,,,,,", "row 2: answer '…' holds nothing that can be compared"),
        ("a,Q?,5:30,?!,,,,", "row 2: answer '?!' holds nothing"),
        (
            "a,Q?,the,,,,,",
            (
                "row 2: answer 'the' holds nothing that can be compared. Write a word, a number or"
                " a sign"
            ),
        ),
        ("a,Q?,5:30,an,,,,", "row 2: answer 'an' holds nothing"),
        ("a,Q?,5:30,—|👍,,,,", "row 2: answer '—' holds nothing"),
        ("a,Q?,​,,,,,", "row 2: answer '\\u200b' holds nothing"),
        ("a,Q?,5:30,,,,exam,", "row 2: split 'exam' is none of train, validation, test"),
        ("a,Q?,5:30,,,,,hard", "row 2: kind 'hard' is none of direct"),
        ("a,Q?,5:30,,,,,updated", "row 2: kind 'updated' is none of"),
        ("a,Q?,5:30,,,,,unanswerable", "row 2: an unanswerable question has no answer"),
        ("a,Q?,,,sites/kiln,,,unanswerable", "row 2: an unanswerable question has no answer"),
        (
            "a,Q?,5:30,,sites/klin.md,,,",
            "row 2: document 'sites/klin.md' is not there. Did you mean 'sites/kiln'?",
        ),
        (
            "a,Q?,5:30,,sites/kiln,The gate opens at 5:45.,,",
            (
                "'The gate opens at 5:45.' does not stand in sites/kiln. The nearest sentence there"
                " is 'The gate opens at 5:30.'"
            ),
        ),
        (
            "a,Q?,5:30,,sites/kiln,Dogs are kept on a lead.,,",
            "row 2: support 'Dogs are kept on a lead.' does not stand in",
        ),
        ("a,Q?,5:30,,,Cats are kept.,,", "row 2: support 'Cats are kept.' does not stand in"),
        ("a,Q?,5:30,,,,,\na,R?,7:00,,,,,", "row 3: id 'a' stands in row 2 already"),
        (
            "a,Where, when?,5:30,,,,,",
            "row 2: 9 cells under 8 column names. Put a text that holds a comma between",
        ),
        ('a,"Q?,5:30,,,,,\nb,R?,7:00,,,,,', "not readable as CSV"),
        ('a,"Q" or not?,5:30,,,,,', "row 2: not readable as CSV"),
    ],
)
def test_a_row_at_fault_is_named_with_the_way_out(ask, row, expected):
    message = told(ask, FULL.splitlines()[0] + "\n" + row + "\n")
    assert expected in message and "questions.csv, row" in message


@pytest.mark.parametrize(
    "line, expected",
    [
        ('{"question": "Q?"', "row 1: not valid JSON"),
        ('["Q?", "A"]', "row 1: a JSON object in braces is needed"),
        ("[" * 200_000, "row 1: not valid JSON"),
        ('{"question": "Q \\ud800?", "answer": "tea"}', "row 1: '\\ud800' is half a character"),
        ('{"question": "Q?"}', "row 1: no column 'answer' (there is: question). Add it."),
        (
            '{"question": "Q?", "answer": ["a", "b"]}',
            'row 1: \'answer\' is ["a", "b"], a text is needed',
        ),
        (
            '{"question": "Q?", "answer": "a", "accepted": [["b"]]}',
            "row 1: 'accepted' is [[\"b\"]]",
        ),
        (
            '{"question": "Q?", "answer": "a", "document": {"x": 1}}',
            "row 1: 'document' is {\"x\": 1}",
        ),
    ],
)
def test_a_json_line_at_fault_is_named(ask, line, expected):
    message = told(ask, line + "\n", "questions.jsonl")
    assert expected in message and "questions.jsonl" in message


@pytest.mark.parametrize(
    "content, expected",
    [
        (b"", "the file is empty"),
        (b"question,answer\n", "row 2: no question below the heading"),
        (b"question,reply\nQ?,a\n", "row 1: no column 'answer' (there is: question, reply)"),
        (
            b"question,answer,acepted\nQ?,a,b\n",
            "row 1: column 'acepted' is not known. Did you mean 'accepted'?",
        ),
        (b"question,answer,Answer\nQ?,a,b\n", "row 1: two columns are called 'answer'"),
        ("question,answer\nQ?,caf\u00e9\n".encode("latin-1"), "row 2: byte 0xe9 is not UTF-8"),
        (b"PK\x03\x04", "binary file"),
    ],
)
def test_a_question_file_that_cannot_be_used_says_why(ask, content, expected):
    assert expected in told(ask, content)


def test_a_missing_or_strange_question_file_says_what_to_do(tmp_path):
    assert "cannot be read (No such file" in told(read_questions, tmp_path / "none.csv", [])
    assert "Save them as CSV" in told(read_questions, tmp_path / "questions.xlsx", [])


def test_all_the_mistakes_of_a_file_are_told_at_once_but_no_more_than_ten(ask):
    message = told(
        ask, "question,answer,split\n,,test\n" + "".join(f"Q{n}?,x,exam\n" for n in range(12))
    )
    lines = message.split("\n- ")
    assert (
        lines[0].endswith("questions.csv: 14 mistakes.")
        and len(lines) == 12
        and lines[-1] == "… and 4 more."
    )
    assert ["row 2" in line for line in lines[1:4]] == [True, True, False]


def test_cautions_name_what_weakens_a_comparison(ask):
    weak = ask(
        "question,answer,document,split\nQ?,5:30,sites/kiln,train\nR?,gold,sites/kiln,test\n"
    )
    said = cautions(weak)
    assert [
        words in " ".join(said)
        for words in (
            "1 questions have no supporting sentence (q-003)",
            "1 documents answer training and test questions (sites/kiln)",
            "1 test questions give a wide interval",
            "No test question is unanswerable",
        )
    ] == [True] * 4


def test_cautions_name_answers_that_stand_nowhere_and_questions_asked_twice(folder, ask):
    asked = ask(
        "id,question,answer,document\na,When does Kiln Bank open?,5:30,\nb,when does kiln bank"
        " open,5:30,sites/kiln\nc,What is the key of?,gold,\nd,When does the mill"
        " open?,7:00,sites/kiln\n"
    )
    told = " ".join(cautions(asked, read_documents(folder)))
    assert (
        "2 answers stand in no document (c, d): no retrieval" in told
        and "1 questions are asked twice (b)" in told
    )
    assert "stand in no document" not in " ".join(cautions(asked))


def test_cautions_name_documents_in_another_language(folder, ask):
    (folder / "tor.txt").write_text("Das Tor ist am Abend zu.", "utf-8")
    (folder / "門.txt").write_text("門は六時に開きます。", "utf-8")
    told = " ".join(
        cautions(ask("question,answer\nWhen does Kiln Bank open?,5:30\n"), read_documents(folder))
    )
    assert "2 of 4 documents are not in English (tor, 門): the course's models know hardly" in told


# --- the allotments of Ostlemere

ALLOTMENT = runtime.data_dir() / "allotment"


@pytest.fixture(scope="module")
def documents():
    return read_documents(ALLOTMENT / "documents")


@pytest.fixture(scope="module")
def questions(documents):
    return read_questions(ALLOTMENT / "questions.csv", documents)


def test_files_and_manifest_agree():
    data_files.check_manifest(ALLOTMENT)
    listed = {
        entry["name"]
        for entry in json.loads((ALLOTMENT / "manifest.json").read_text("utf-8"))["files"]
    }
    there = {
        path.relative_to(ALLOTMENT).as_posix() for path in ALLOTMENT.rglob("*") if path.is_file()
    }
    assert there - listed == {"README.md", "manifest.json"} and listed <= there


def test_documents_are_as_long_as_the_card_says(documents):
    words = [
        len((ALLOTMENT / "documents" / path).read_text("utf-8").split())
        for path in (
            p.relative_to(ALLOTMENT / "documents") for p in (ALLOTMENT / "documents").rglob("*.*")
        )
    ]
    card = (ALLOTMENT / "README.md").read_text("utf-8")
    assert f"{len(documents)} files" in card and f"{min(words)} to {max(words)} words" in card
    assert 60 <= min(words) and max(words) <= 300
    assert len({d.title for d in documents}) == len(documents)


def test_counts_of_questions_are_those_of_the_card(questions):
    card = (ALLOTMENT / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (\w+):.*?\| (\d+) \| (\d+) \| (\d+) \|$", card, re.MULTILINE)
    found = {
        (kind, split): sum(q.kind == kind and q.split == split for q in questions)
        for kind in {q.kind for q in questions}
        for split in ("train", "validation", "test")
    }
    assert found == {
        (kind, split): int(n)
        for kind, *counts in rows
        for split, n in zip(("train", "validation", "test"), counts, strict=True)
    }
    assert f"| {len(questions)} questions |" in card and len({q.text for q in questions}) == len(
        questions
    )


def test_splits_do_not_share_a_document_and_nothing_weakens_the_comparison(documents, questions):
    asked = {
        split: {i for q in questions if q.split == split for i in q.reference.documents}
        for split in ("train", "validation", "test")
    }
    assert sum(map(len, asked.values())) == len(set().union(*asked.values()))
    assert cautions(questions, documents) == []


def test_supporting_sentences_are_copied_exactly_and_hold_the_answer(documents, questions):
    quoted = {
        row["id"]: row["support"]
        for row in csv.DictReader(
            io.StringIO((ALLOTMENT / "questions.csv").read_text("utf-8"), newline="")
        )
    }
    text = {d.id: d.text for d in documents}
    for question in (q for q in questions if q.answerable):
        reference = question.reference
        assert "|".join(reference.support) == quoted[question.id]
        assert all(any(s in text[i] for i in reference.documents) for s in reference.support)
        if question.kind == "direct":
            assert metrics.answer_match(" ".join(reference.support), [reference.answer]), (
                question.id
            )


def test_passages_keep_the_sentences_that_questions_rest_on(documents, questions):
    kept = {
        s for d in documents for p in chunking.chunk(d) for s in sentences.split_sentences(p.text)
    }
    assert {s for q in questions for s in q.reference.support} <= kept


@pytest.mark.parametrize(
    "answer", ["Москва", "東京", "القاهرة", "กรุงเทพ", "A", "C++", "€", "*", "½", "-5", "八"]
)
def test_an_answer_in_any_script_or_sign_can_be_compared(ask, answer):
    (question,) = ask([{"question": "Q?", "answer": answer}])
    assert question.reference.accepted == (answer,) and metrics.answer_match(
        f"({answer})", question.reference.accepted
    )
    assert not metrics.answer_match("Париж 9", question.reference.accepted)
