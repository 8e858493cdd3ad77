"""What is wrong with a data file is named with its row and field, and what differs from its
manifest is not read.
"""

import json
import shutil
from dataclasses import dataclass
from typing import Literal

import pytest

from ftrag_helpers.data import course_data, tuning_data
from ftrag_helpers.data.data_files import (
    EXACTLY,
    Comparable,
    Filled,
    Row,
    check_manifest,
    read_rows,
    write_manifest,
)
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.journal import claims, measurements, reference_runs
from ftrag_helpers.notebook.quizzes import quiz_questions


class Cup(Row):
    """A new kind of row, as short as it can be."""

    id: Filled
    colour: Literal["white", "blue"]
    holds: Comparable
    chips: list[int]
    washed: bool
    litres: float


@dataclass(frozen=True)
class Saucer:
    __pydantic_config__ = EXACTLY
    id: str
    cups: tuple[str, ...]


CUP = {
    "id": "c-1",
    "colour": "blue",
    "holds": "tea",
    "chips": [3],
    "washed": True,
    "litres": 0.25,
}
OTHER = CUP | {"id": "c-2"}


def write(folder, *rows, name="cups.jsonl", newline="\n"):
    """Write rows (a str as it stands) and their manifest; the file's path."""
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path = folder / name
    path.write_text("".join(line + "\n" for line in lines), "utf-8", newline=newline)
    write_manifest(folder)
    return path


def test_rows_are_what_their_type_says(tmp_path):
    first, second = read_rows(write(tmp_path, CUP, OTHER | {"litres": 1}), Cup)
    assert first == Cup(**CUP) and (second.id, second.litres) == ("c-2", 1.0)
    path = write(tmp_path, {"id": "s", "cups": ["c-1"]}, name="saucers.jsonl")
    assert read_rows(path, Saucer) == [Saucer("s", ("c-1",))]
    assert read_rows(path, dict) == [{"id": "s", "cups": ["c-1"]}]
    assert read_rows(write(tmp_path, name="none.jsonl"), Cup) == []


@pytest.mark.parametrize(
    "row, message",
    [
        ('{"id": "c-2",', r"row 2: not valid JSON \(.*\). Write one object in braces a line."),
        ("", "row 2: not valid JSON"),
        ("[1]", r"row 2: \[1\] has the wrong type, list: a JSON object in braces is needed."),
        (CUP, r"row 2 \(c-1\), field 'id': stands in row 1 already. Give each row its own."),
        ({"id": "c-2"}, r"row 2 \(c-2\), field 'colour': missing. Add it."),
        (OTHER | {"age": 3}, "field 'age': not a field of this file. Remove it, or correct"),
        (OTHER | {"colour": "red"}, "field 'colour': 'red' is not 'white' or 'blue'. Write one"),
        (OTHER | {"id": " "}, r"row 2 \( \), field 'id': empty. Fill it in."),
        (OTHER | {"id": 7}, "row 2, field 'id': 7 has the wrong type, int: a text is needed."),
        (OTHER | {"holds": "…"}, "field 'holds': '…' holds nothing that can be compared. Write"),
        (OTHER | {"chips": "3"}, "field 'chips': '3' has the wrong type, str: a list is needed."),
        (OTHER | {"chips": [1, "3"]}, "field 'chips', item 2: '3' .*: a whole number is needed."),
        (OTHER | {"washed": 1}, "field 'washed': 1 .*: true or false is needed."),
        (OTHER | {"litres": None}, "field 'litres': None .*, NoneType: a number is needed."),
        (OTHER | {"litres": "9" * 99}, "field 'litres': '9{59} has the wrong type, str"),
    ],
)
def test_a_faulty_row_is_named_with_its_field_and_the_next_step(row, message, tmp_path):
    with pytest.raises(CourseError, match=f"^cups.jsonl, .*{message}"):
        read_rows(write(tmp_path, CUP, row), Cup)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"cups": [1]}, "field 'cups', item 1: 1 .*: a text is needed"),
        ({"more": ""}, "field 'more': not a field of this file"),
    ],
)
def test_a_dataclass_is_as_strict_as_a_row(change, message, tmp_path):
    path = write(tmp_path, {"id": "s", "cups": []} | change, name="saucers.jsonl")
    with pytest.raises(CourseError, match=rf"saucers.jsonl, row 1 \(s\), {message}"):
        read_rows(path, Saucer)


def test_text_in_another_encoding_is_named(tmp_path):
    path = write(tmp_path, CUP, OTHER)
    path.write_bytes(path.read_text("utf-8").replace("c-2", "café").encode("latin-1"))
    write_manifest(tmp_path)
    with pytest.raises(CourseError, match="cups.jsonl, row 2: not UTF-8"):
        read_rows(path, Cup)


def test_odd_line_separators_inside_a_sentence_end_no_row(tmp_path):
    text = "One\u2028line,\u0085another."
    assert read_rows(write(tmp_path, CUP | {"holds": text}), Cup)[0].holds == text


def test_files_checked_out_with_crlf_are_accepted(tmp_path):
    write(tmp_path, CUP, OTHER)
    manifest = (tmp_path / "manifest.json").read_text()
    path = write(tmp_path, CUP, OTHER, newline="\r\n")
    assert b"\r\n" in path.read_bytes() and len(read_rows(path, Cup)) == 2
    assert (tmp_path / "manifest.json").read_text() == manifest, "and give the same manifest"


def test_a_file_that_differs_from_its_manifest_is_refused(tmp_path):
    path = write(tmp_path, CUP)
    path.write_text(path.read_text().replace("tea", "gin"))
    with pytest.raises(CourseError, match="cups.jsonl is not the file.*manifest"):
        read_rows(path, Cup)
    path.unlink()
    with pytest.raises(CourseError, match="cups.jsonl is missing"):
        read_rows(path, Cup)
    write_manifest(tmp_path)
    with pytest.raises(CourseError, match="cups.jsonl cannot be read"):
        read_rows(path, Cup)


@pytest.mark.parametrize(
    "manifest", [None, "{", "[]", '{"files": [{"name": "cups.jsonl"}]}', '{"files": 3}']
)
def test_a_damaged_manifest_is_a_clear_error(manifest, tmp_path):
    path = write(tmp_path, CUP)
    (tmp_path / "manifest.json").unlink()
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(CourseError, match="manifest.json is missing or damaged"):
        read_rows(path, Cup)


@pytest.mark.parametrize(
    "write_again", [write_manifest, claims.write_manifest, quiz_questions.write_manifest]
)
def test_a_shipped_manifest_is_what_would_be_written_today(write_again, tmp_path):
    name = {claims.write_manifest: "claims", quiz_questions.write_manifest: "quizzes"}.get(
        write_again, "library"
    )
    folder = shutil.copytree(runtime.data_dir() / name, tmp_path / name)
    shipped = (folder / "manifest.json").read_text("utf-8")
    assert write_again(folder) == json.loads(shipped)
    assert (folder / "manifest.json").read_text("utf-8") == shipped
    check_manifest(folder)


def loaders():
    """Every function that reads a data set of the course, by the folder that it reads."""
    reference = {
        f"reference/{path.stem}": lambda name=path.stem: reference_runs.load(name)
        for path in (runtime.data_dir() / "reference").glob("*.jsonl")
    }
    return reference | {
        "library": course_data.Library,
        "common_knowledge": course_data.load_common_knowledge,
        "common_knowledge/rehearsal": course_data.load_rehearsal,
        "reviews/train": tuning_data.load_reviews,
        "reviews/posts": tuning_data.load_posts,
        "reviews/sly": tuning_data.load_challenge_set,
        "instructions": tuning_data.load_instructions,
        "claims": claims.load_claims,
        "claims/figures": claims.load_figures,
        "claims/reference": measurements.reference,
        "quizzes": lambda: quiz_questions.load("01_llm_basics"),
    }


@pytest.mark.parametrize("name", loaders())
def test_every_loader_compares_its_files_with_the_manifest(name, monkeypatch, tmp_path):
    data = shutil.copytree(runtime.data_dir(), tmp_path / "datasets")
    monkeypatch.setattr(runtime, "data_dir", lambda: data)
    folder = tmp_path / "datasets" / name.split("/")[0]
    assert loaders()[name](), "as it is shipped it is read"
    files = [
        path
        for path in folder.rglob("*")
        if path.suffix in (".jsonl", ".json") and path.name != "manifest.json"
    ]
    assert files
    for path in files:
        content = path.read_bytes()
        path.write_bytes(content.replace(b"e", b"i", 1))
        for cache in (tuning_data._reviews, tuning_data._pairs):
            cache.cache_clear()
        with pytest.raises(
            CourseError, match=f"{path.name} is not the file that its manifest describes"
        ):
            loaders()[name]()
        path.write_bytes(content)
    (folder / "manifest.json").unlink()
    with pytest.raises(CourseError, match="manifest.json is missing or damaged"):
        loaders()[name]()
