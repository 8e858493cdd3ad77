import math
from typing import Literal

import pytest

from ftrag_helpers.data.data_files import Filled, Row, read_rows
from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation.groundedness import agreement, faithful, inventions, support_share

ROOM = "The Ferrers Room seats 40 people and costs £18 an hour."
LIFT = "The tail lift of the Heron can raise 300 kilograms, says Ines Okafor."


@pytest.mark.parametrize(
    "text",
    [
        ROOM,
        "It costs £18 an hour.",
        "Forty people can sit in the Ferrers Room.",
        "The room seats 40 people, at £18 an hour",
        "Ines Okafor says the Heron's tail lift raises 300 kilograms.",
        "",
    ],
)
def test_what_the_passages_say_is_faithful(text):
    assert faithful(text, [ROOM, LIFT], "What does the room cost, and who can sit in it?"), (
        inventions(text, [ROOM, LIFT])
    )


@pytest.mark.parametrize(
    "text, invented",
    [
        ("The Ferrers Room costs £81 an hour.", "81"),
        ("The Ferrers Room seats 40 people, says Dilys Orme.", "Dilys"),
        ("It opens at 17:30.", "17:30"),
    ],
)
def test_an_invented_number_or_name_is_found(text, invented):
    assert invented in inventions(text, [ROOM])
    assert not faithful(text, [ROOM])


def test_too_many_words_of_ones_own_are_not_faithful():
    said = (
        "The room seats 40 people, has velvet curtains, a grand chandelier and a view of the sleepy"
        " harbour."
    )
    assert not inventions(said, [ROOM])
    assert support_share(said, [ROOM]) < 0.5 and not faithful(said, [ROOM])


def test_the_share_is_counted_over_content_words():
    # room, seats, people: in the passage; velvet: not.
    assert support_share("The room seats velvet people.", [ROOM]) == 0.75
    assert support_share("It is what it is.", [ROOM]) == 1.0
    assert support_share("Velvet.", []) == 0.0


def test_the_question_supports_as_a_passage_does():
    assert (
        inventions("Mira pays £18.", [ROOM]) == []
    )  # at the start of a sentence a capital proves nothing
    assert inventions("So Mira pays £18, says Mira.", [ROOM]) == ["Mira"]
    assert inventions("So Mira pays £18, says Mira.", [ROOM], "Does Mira pay?") == []


def test_spelling_of_numbers_and_times_does_not_matter():
    assert faithful(
        "It shuts at half past five.", ["It shuts at 17:30 on Mondays and 5:30 on Sundays."]
    )
    assert faithful("Twenty-one people came.", ["There came 21 people."])


def test_one_is_a_number_only_where_it_counts():
    sources = ["Rooms at Old Quay have a piano."]
    assert faithful("One of our rooms at Old Quay has a piano.", [*sources, "A room of ours."])
    assert faithful("No one of our rooms has a piano.", [*sources, "A room of ours."])
    assert not faithful("The rooms have one piano.", sources)


@pytest.mark.parametrize(
    "ending", [" Do bring a velvet cushion.", " [Rooms for hire]", " Do ask Mira. [Rooms] [Hire]"]
)
def test_the_polite_close_and_the_citation_are_no_inventions(ending):
    assert inventions(ROOM + ending, [ROOM]) == []
    assert support_share(ROOM + ending, [ROOM]) == 1.0


def test_a_sentence_that_begins_with_do_elsewhere_is_scored():
    assert not faithful("Do bring a velvet cushion. The room seats 40 people.", [ROOM])


class Labelled(Row):
    id: Filled
    half: Literal[1, 2]
    system: str
    question: Filled
    read: list[Filled]
    answer: Filled
    faithful: bool
    why: Filled


class Relabelled(Row):
    id: Filled
    faithful: bool
    why: Filled


FOLDER = runtime.data_dir() / "faithfulness"


def labelled(half=None):
    rows = read_rows(FOLDER / "labels.jsonl", Labelled)
    return [row.model_dump() for row in rows if half in (None, row.half)]


def test_the_labelled_answers_are_many_and_of_both_kinds():
    rows = labelled()
    assert len(rows) >= 190 and len({row["system"] for row in rows}) >= 6
    assert min(sum(row["faithful"] for row in rows), sum(not row["faithful"] for row in rows)) >= 50
    assert len({(row["question"], row["answer"], *row["read"]) for row in rows}) == len(rows)


def test_the_halves_are_of_like_size_and_share_no_question():
    first, second = labelled(1), labelled(2)
    assert abs(len(first) - len(second)) <= 10
    assert not {row["question"] for row in first} & {row["question"] for row in second}


def test_the_second_labelling_s_agreement_is_what_the_card_states():
    """How often two readers agree bounds what a rule can reach."""
    faithful = {row["id"]: row["faithful"] for row in labelled()}
    second = read_rows(FOLDER / "second_labels.jsonl", Relabelled)
    assert len(second) >= 55 and {row.id for row in second} <= set(faithful)
    same = sum(faithful[row.id] == row.faithful for row in second)
    assert f"{same} of {len(second)}" in card()


def card():
    return (FOLDER / "README.md").read_text("utf-8")


def test_a_rate_of_answers_that_do_not_occur_is_not_a_number():
    row = {"answer": "Nine books.", "read": ["Nine books."], "question": "", "faithful": True}
    rates = agreement([row])
    assert rates["agree"] == 1 and rates["strict"] == 0 and math.isnan(rates["missed"])
    rates = agreement([row | {"faithful": False}])
    assert rates["agree"] == 0 and rates["missed"] == 1 and math.isnan(rates["strict"])
    assert all(math.isnan(rate) for rate in agreement([]).values())


@pytest.mark.parametrize("half", [1, 2])
def test_the_agreement_is_what_the_data_card_states(half):
    rates = agreement(labelled(half))
    row = " | ".join(f"{rates[name]:.2f}" for name in ("agree", "missed", "strict"))
    assert f"| {half} | {len(labelled(half))} | {row} |" in card()


def test_the_threshold_is_the_best_on_the_half_that_chose_it(monkeypatch):
    chosen = agreement(labelled(1))["agree"]
    for other in (0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0):
        monkeypatch.setattr("ftrag_helpers.evaluation.groundedness.THRESHOLD", other)
        assert agreement(labelled(1))["agree"] <= chosen
