"""The house forms: what passes, and for each kind plausible responses that fail for the right
reason.
"""

import pytest

from ftrag_helpers.data.style_rules import (
    HELD_OUT_KINDS,
    KINDS,
    WORD_LIMITS,
    check,
    holds,
    pass_rate,
    sentences,
)

GOOD = {
    "reply": "We keep it for eight days. Do bring your card.",
    "refusal": (
        "We are sorry, there is nothing on our shelves about falconry. Do ask at the museum."
    ),
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
    ("reply", "It is kept for eight days. Do bring your card."),
    ("reply", "We keep it for eight days."),
    ("refusal", "We have no books on falconry. Do ask at the museum."),
    ("refusal", "There is nothing on our shelves about it."),
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


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_response_has_every_property(kind):
    assert all(check(kind, GOOD[kind]).values()) and pass_rate(check(kind, GOOD[kind])) == 1.0


@pytest.mark.parametrize("kind, response", BAD_FORM)
def test_a_response_out_of_form_lacks_the_form_and_nothing_else(kind, response):
    assert [name for name, met in check(kind, response).items() if not met] == ["form"]


@pytest.mark.parametrize("kind", WORD_LIMITS)
def test_a_response_may_have_as_many_words_as_the_limit_and_no_more(kind):
    assert check(kind, " ".join(["word"] * WORD_LIMITS[kind]))["length"]
    assert not check(kind, " ".join(["word"] * (WORD_LIMITS[kind] + 1)))["length"]


@pytest.mark.parametrize("response", ["", "  ", "Two\nlines.", "How nice!"])
def test_a_response_is_one_plain_line(response):
    assert not check("reply", response)["one plain line"]


def test_facts_stand_as_whole_words_in_one_of_their_spellings():
    facts = [["9:00", "9am", "nine"], ["Friday"]]
    assert check("reply", "We open at NINE on Friday.", facts)["facts kept"]
    assert not check("reply", "We open at 19:00 on Friday.", facts)["facts kept"]
    assert not check("reply", "We open at nine on Fridays.", facts)["facts kept"]
    assert "facts kept" not in check("reply", "We open.")


def test_forbidden_words_and_the_law_s_own_are_found():
    assert not check("health", "Take the analgesic.", forbidden=["analgesic"])["plain words"]
    assert (
        not check("clause", "You shall pay.")["plain words"]
        and check("clause", "You marshall it.")["plain words"]
    )


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="'poem'"):
        check("poem", "Roses are red.")


def test_sentences_are_cut_at_their_ends_only():
    assert sentences("It costs £2.50. Is it open? Do come.") == [
        "It costs £2.50.",
        "Is it open?",
        "Do come.",
    ]
    assert sentences("") == [] and holds("a (new) card", "new") and not holds("renewed", "new")


def test_held_out_kinds_are_kinds():
    assert set(HELD_OUT_KINDS) < set(KINDS) == set(GOOD)
