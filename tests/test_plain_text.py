"""Ordinary pages become a title and sentences that can stand alone; their words stay as they were."""

import pytest

from ftrag_helpers.plain_text import plain, words_of
from ftrag_helpers.sentences import split_sentences


@pytest.mark.parametrize("text, title, body", [
    ("# Water\n\nNo hoses.", "Water", "No hoses."),
    ("## Water ##\n\nNo hoses.", "Water", "No hoses."),
    ("Water\n=====\nNo hoses.", "Water", "No hoses."),
    ("Water at the mill\n\nNo hoses.", "Water at the mill", "No hoses."),
    ("No hoses here.\n\nNo dogs.", "", "No hoses here.\n\nNo dogs."),
    ("- buy string\n- sell string", "", "Buy string.\n\nSell string."),
    ("Only a line", "", "Only a line."),
    ("An introduction first.\n\n# Water\n\nNo hoses.", "Water", "An introduction first.\n\nNo hoses."),
    ("# Nothing below", "Nothing below", ""),
    ("", "", ""),
])
def test_the_title_is_a_heading_or_a_short_first_line(text, title, body):
    assert plain(text) == (title, body)


@pytest.mark.parametrize("text, body", [
    ("The gate\nopens at\nsix.", "The gate opens at six."),
    ("* first\n  and its end\n* second", "First and its end.\n\nSecond."),
    ("1. no dogs\n2) no fires", "(1) no dogs.\n\n(2) no fires."),
    ("Bring:\n- a fork", "Bring.\n\nA fork."),
    ("Read [the **rules**](rules.md) and `tools`, _please_.", "Read the rules and tools, please."),
    ("Keep file_name_one and 3 * 4 * 5.", "Keep file_name_one and 3 * 4 * 5."),
    ("> Quoted.\n> Twice.", "Quoted. Twice."),
    ("Before.\n\n---\n\nAfter. <!-- not this\nnor this -->", "Before.\n\nAfter."),
    ("---\ntitle: x\n---\nText.", "Text."),
    ("| Site | Rent |\n|---|---:|\n| Kiln | £5 |\n| Mill | |", "Site: Kiln; Rent: £5.\n\nSite: Mill."),
    ("He said \"no.\"\n\nWhy?", "He said \"no.\"\n\nWhy?"),
])
def test_marks_go_and_words_stay(text, body):
    assert plain(f"# T\n\n{text}" if not text.startswith("---") else text)[1] == body


def test_a_section_names_its_paragraphs_unless_they_name_it():
    text = "# Gates\n\n## 2. Kiln Bank?\n\nThe gate opens at six.\n\nKiln Bank shuts at ten.\n\n## Mill\n\n- no gate"
    assert plain(text)[1].split("\n\n") == ["Kiln Bank: The gate opens at six.", "Kiln Bank shuts at ten.", "Mill: no gate."]


def test_paragraphs_stay_apart_when_a_passage_joins_them():
    paragraphs = plain("# T\n\nhours\n\n- opens at 6\n- closes at 9\n\nthe end")[1]
    assert split_sentences(paragraphs.replace("\n\n", " ")) == split_sentences(paragraphs)


def test_words_are_compared_without_what_a_word_processor_changes():
    assert words_of("The “gate” – it’s OPEN") == words_of("the 'gate' - it's open") == "the gate it s open"
