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
