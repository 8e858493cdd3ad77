"""The house forms: what passes, and for each kind plausible responses that fail for the right
reason.
"""

import pytest

from ftrag_helpers.data.records import InstructionExample
from ftrag_helpers.data.style_rules import (
    HELD_OUT_KINDS,
    KINDS,
    WORD_LIMITS,
    check,
    citations,
    has_form,
    pass_rate,
    sentences,
    without_citations,
)

GOOD = {
    "reply": "We keep it for eight days. [Reservations]",
    "refusal": "We are sorry, there is nothing on our shelves about falconry.",
    "desk": "Desk: Digital Help",
    "card": (
        '{"title": "Salt", "author": "Ida Crane", "year": 1971, "pages": 212, "readers": "adults"}'
    ),
    "summary": "The bridge reopens on Monday after a month of repairs.",
    "blurb": "Owl Night: hear them call on Friday at 7pm in the Apple Room. Come and see.",
    "clause": "You pay for what you lose. We tell you the price first.",
    "report": "In May, footfall rose to 4,210.",
    "health": "Your blood pressure may drop when you stand up. Do ask your doctor or pharmacist.",
    "notice": "Please leave wet umbrellas at the door.",
}
BAD_FORM = [
    ("reply", "It is kept for eight days. [Reservations]"),
    ("reply", "We keep it for eight days."),
    ("reply", "[Reservations] We keep it for eight days."),
    ("reply", "We keep it for eight days. Do bring your card. [Reservations]"),
    ("reply", "We keep it. It is yours. Bring a card. [Reservations]"),
    ("refusal", "We have no books on falconry."),
    ("refusal", "There is nothing on our shelves about it. Do ask at the museum."),
    ("refusal", "There is nothing on our shelves about it. [Birds]"),
    ("desk", "Digital Help"),
    ("desk", "Desk: Printing"),
    ("desk", "Desk: Loans. Do come in."),
    (
        "card",
        '{"author": "Ida Crane", "title": "Salt", "year": 1971, "pages": 212, "readers": "adults"}',
    ),
    (
        "card",
        (
            '{"title": "Salt", "author": "Ida Crane", "year": "1971", "pages": 212, "readers":'
            ' "adults"}'
        ),
    ),
    (
        "card",
        '{"title": "Salt", "author": "Ida Crane", "year": true, "pages": 212, "readers": "adults"}',
    ),
    (
        "card",
        (
            '{"title": "Salt", "author": "Ida Crane", "year": 1971, "pages": 212, "readers":'
            ' "everyone"}'
        ),
    ),
    ("card", '["title"]'),
    ("card", "Title: Salt"),
    ("summary", "The bridge reopens. It was shut for a month."),
    ("summary", "This passage is about a bridge."),
    ("summary", "The bridge reopens on Monday"),
    ("blurb", "Owl Night on Friday. Come and see."),
    ("blurb", "Owl Night: on Friday at 7pm. Do come."),
    ("clause", "Lost things are paid for."),
    ("clause", "You pay. You pay soon. You pay well."),
    ("report", "Footfall rose to 4,210 in May."),
    ("report", "In May, more people came in."),
    ("health", "Your blood pressure may drop."),
    ("notice", "Leave wet umbrellas at the door."),
    ("notice", "Please wait. Please sit."),
]


INPUTS = {
    "reply": "How long? Facts: [Reservations] Kept for eight days.",
    "blurb": "Owl Night, Apple Room, Friday 7pm.",
    "report": "4,210 visits in May, 3,900 in April.",
}


def example(kind, response=None, input="", facts=(), forbidden=()):
    """An example of a kind whose reference is the good response, unless another is given."""
    return InstructionExample(
        "x",
        kind,
        "Do it.",
        input or INPUTS.get(kind, ""),
        response or GOOD[kind],
        facts=tuple(map(tuple, facts)),
        forbidden=tuple(forbidden),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_response_has_every_property(kind):
    properties = check(example(kind), GOOD[kind])
    assert all(properties.values()) and pass_rate(properties) == 1.0


@pytest.mark.parametrize("kind, response", BAD_FORM)
def test_a_response_out_of_form_lacks_the_form(kind, response):
    assert not has_form(kind, response) and has_form(kind, GOOD[kind])


@pytest.mark.parametrize("kind", WORD_LIMITS)
def test_a_response_may_have_as_many_words_as_the_limit_and_no_more(kind):
    words = ["word"] * WORD_LIMITS[kind]
    assert check(example(kind), " ".join(words))["length"]
    assert check(example(kind), " ".join(words) + " [A page]")["length"]
    assert not check(example(kind), " ".join([*words, "word"]))["length"]


@pytest.mark.parametrize("response", ["", "  ", "Two\nlines.", "How nice!"])
def test_a_response_is_one_plain_line(response):
    assert not check(example("reply"), response)["one plain line"]


def test_facts_stand_as_whole_words_in_one_of_their_spellings():
    asked = example("reply", facts=[["9:00", "9am", "nine"], ["Friday"]])
    assert check(asked, "We open at NINE on Friday.")["facts kept"]
    assert not check(asked, "We open at 19:00 on Friday.")["facts kept"]
    assert not check(asked, "We open at nine on Fridays.")["facts kept"]
    assert "facts kept" not in check(example("reply"), "We open.")


def test_a_number_of_equal_value_is_the_fact():
    asked = example("clause", facts=[["twelve months"], ["£8"]])
    assert check(asked, "You pay £8.00 after 12 months.")["facts kept"]
    assert not check(asked, "You pay 8 after 12 weeks.")["facts kept"]


def test_forbidden_words_and_the_law_s_own_are_found():
    assert not check(example("health", forbidden=["analgesic"]), "An analgesic.")["plain words"]
    assert (
        not check(example("clause"), "You shall pay.")["plain words"]
        and check(example("clause"), "You marshall it.")["plain words"]
    )


CARD = GOOD["card"]


@pytest.mark.parametrize(
    "response",
    [
        CARD.replace("Salt", "Ida Crane", 1).replace('"author": "Ida Crane"', '"author": "Salt"'),
        CARD.replace("1971", "212", 1).replace('"pages": 212', '"pages": 1971'),
        CARD.replace("adults", "children"),
        CARD.replace('"Salt"', '"Pepper"'),
    ],
)
def test_a_card_with_a_wrong_field_is_not_true(response):
    assert has_form("card", response)
    assert not check(example("card"), response)["true to the input"]


def test_a_card_in_another_case_is_the_same_card():
    assert check(example("card"), CARD.replace("Salt", "SALT"))["true to the input"]


REPORT = "In June 2025, Weir Street footfall rose from 7,215 to 8,406."
NOTE = "8,406 visits in June 2025, 7,215 in June 2024."


@pytest.mark.parametrize(
    "response, true",
    [
        (REPORT, True),
        ("In June 2025, footfall at Weir Street was 8,406, up from 7,215.", True),
        ("In June 2025, footfall grew to 8,406, against 7,215 a year before.", True),
        ("In June 2025, Weir Street footfall fell from 7,215 to 8,406.", False),
        ("In June 2025, Weir Street footfall rose from 8,406 to 7,215.", False),
        ("In June 2024, Weir Street footfall rose from 7,215 to 8,406.", False),
        ("In June 2025, Weir Street footfall was 8,406.", False),
        ("In June 2025, Weir Street footfall rose by 12% from 7,215 to 8,406.", False),
        ("In June 2025, 8,406 issues: footfall rose from 731 to 8,406.", False),
    ],
)
def test_a_report_gives_the_change_in_its_direction(response, true):
    asked = example("report", REPORT, NOTE, [["8,406"]])
    assert check(asked, response)["true to the input"] == true


def test_a_level_without_change_must_not_be_told_as_one():
    level = "In 2025, teenage active borrowers stood at 940, the same as in 2024."
    asked = example("report", level, "940 in 2025, the same as in 2024.")
    assert check(asked, "In 2025, active borrowers were 940, as in 2024.")["true to the input"]
    assert not check(asked, "In 2025, active borrowers rose to 940.")["true to the input"]


def test_a_reply_names_the_page_of_its_facts():
    said = "We keep it for eight days."
    assert check(example("reply"), f"{said} [Reservations]")["true to the input"]
    for wrong in (" [Renewals]", " [Reservations] [Renewals]"):
        assert not check(example("reply"), said + wrong)["true to the input"]


def test_a_missing_citation_is_a_fault_of_form_and_not_of_truth():
    properties = check(example("reply"), "We keep it for eight days.")
    assert properties["true to the input"] and not properties["form"]


def test_a_page_is_named_once():
    assert not has_form("reply", "We keep it for eight days. [Reservations] [Reservations]")


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_response_is_not_true(kind):
    assert not check(example(kind), " ")["true to the input"]


def test_a_number_from_nowhere_is_not_true():
    assert not check(example("reply"), "We keep it for ten days. [Reservations]")[
        "true to the input"
    ]


@pytest.mark.parametrize(
    "response, true, form",
    [
        ("Desk: Digital Help", True, True),
        ("Digital Help", True, False),
        ("Please send it to Digital Help.", True, False),
        ("Desk: Loans", False, True),
        ("Desk: Digital Help or Loans", False, False),
        ("Desk: Printing", False, False),
        ("Desk: Digital Helpers", False, False),
    ],
)
def test_a_letter_goes_to_its_own_desk_whatever_the_form(response, true, form):
    properties = check(example("desk"), response)
    assert (properties["true to the input"], properties["form"]) == (true, form)


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="'poem'"):
        has_form("poem", "Roses are red.")


def test_sentences_are_cut_at_their_ends_only():
    assert sentences("It costs £2.50. Is it open? Do come.") == [
        "It costs £2.50.",
        "Is it open?",
        "Do come.",
    ]
    assert sentences("") == []


def test_held_out_kinds_are_kinds():
    assert set(HELD_OUT_KINDS) < set(KINDS) == set(GOOD)


def test_citations_stand_at_the_end_only():
    text = "We [the staff] lend both. [Tools] [Telescopes] "
    assert citations(text) == ["Tools", "Telescopes"]
    assert without_citations(text) == "We [the staff] lend both."


def test_a_text_without_brackets_stays_as_it_is():
    assert citations("No page.") == [] and without_citations("No page.") == "No page."
    assert citations("") == [] and without_citations("") == ""


def test_brackets_that_are_not_closed_are_text():
    assert citations("We lend both. [Tools") == []
