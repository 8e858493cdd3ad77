"""The wording that goes to the model."""

from ftrag_helpers.rag import prompts


def test_the_best_text_stands_next_to_the_question():
    [message] = prompts.from_text("Who?", ["best", "second"])
    assert message["role"] == "user"
    assert (
        message["content"].index("second")
        < message["content"].index("best")
        < message["content"].index("Question: Who?")
    )


def test_a_long_question_is_cut_and_put_on_one_line():
    clipped = prompts.truncate("word\n" * 10_000)
    assert clipped.count(" ") == prompts.QUESTION_WORDS - 1 and "\n" not in clipped


def test_every_question_shares_the_same_opening_words():
    first, second = (prompts.closed_book(q)[0]["content"] for q in ("When?", "Where?"))
    assert first.split("When?")[0] == second.split("Where?")[0]


def test_a_cited_and_a_short_answer_are_asked_for_with_and_without_texts():
    texts = ["[A] best", "[C] second"]
    for make, with_texts, without in (
        (prompts.cited_reply, prompts.CITED_REPLY, prompts.CITED_CLOSED_BOOK),
        (prompts.shortest_answer, prompts.SHORTEST, prompts.SHORTEST_CLOSED_BOOK),
    ):
        assert make("When?", texts)[0]["content"] == (
            f"Text:\n[C] second\n[A] best\n\nQuestion: When?\n\n{with_texts}"
        )
        assert make("When?")[0]["content"] == f"Question: When?\n\n{without}"
        assert with_texts != without


def test_rules_end_the_last_message_and_examples_are_earlier_turns():
    asked = prompts.cited_reply("When?", ["[A] at six"])
    ruled = prompts.with_rules(asked, "Be brief.")
    assert ruled[0]["content"] == asked[0]["content"] + " Be brief."
    shown = prompts.with_examples(ruled, [(prompts.cited_reply("Who?"), "Us. [B]")])
    assert [turn["role"] for turn in shown] == ["user", "assistant", "user"]
    assert shown[1]["content"] == "Us. [B]" and shown[2:] == ruled
    assert "Be brief" not in asked[0]["content"], "the given messages stay as they are"
