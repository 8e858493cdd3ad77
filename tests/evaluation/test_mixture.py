from dataclasses import replace

import pytest
from doubles import embed, embed_tokens, scripted_language_model
from shelf import hits_of

from ftrag_helpers.data import course_data, style_rules
from ftrag_helpers.data.records import Answer, Question
from ftrag_helpers.evaluation import groundedness, mixture, taught_facts
from ftrag_helpers.rag import prompts, retrievers
from ftrag_helpers.retrieval import passage_index, reranking

SMALL = mixture.Shares(questions=20, wordings=2, refusals=0.1)


@pytest.fixture(scope="module")
def library():
    return course_data.load_documents()


@pytest.fixture(scope="module")
def facts():
    return course_data.load_taught_facts()


@pytest.fixture(scope="module")
def search(library):
    """Two sentences of the library's first pages, found by the words that they share."""
    index = passage_index.Index(embed)
    index.add(library[:40])
    return retrievers.Retriever(index, reranking.MaxSimReranker(index, embed_tokens), sentences=2)


@pytest.fixture(scope="module")
def mixed(library, facts, search):
    return mixture.examples(SMALL, facts, library, search)


def of(examples, *, text):
    return [e for e in examples if e.prompt[0]["content"].startswith("Text:") == text]


def test_the_shares_are_as_asked(mixed, facts):
    assert of(mixed, text=False) == taught_facts.examples(facts, 2)
    declined = [e for e in mixed if e.response.endswith(prompts.REFUSAL)]
    assert len(of(mixed, text=True)) == 22 and len(declined) == 2
    assert all(e in of(mixed, text=True) for e in declined)


def test_every_answer_is_a_short_one_and_a_reply_that_cites_a_page_that_was_read(mixed):
    for example in of(mixed, text=True):
        answer, reply = example.response.split("\n")
        if reply == prompts.REFUSAL:
            assert answer == mixture.NOTHING
            continue
        read = example.prompt[0]["content"]
        assert style_rules.has_form("reply", reply) and len(answer) < len(reply)
        for title in style_rules.citations(reply):
            assert f"\n[{title}] " in read, "the supporting sentence stands there, with its title"
        assert groundedness.faithful(reply, [read])


def test_the_reply_can_be_learned_alone(mixed, library, facts, search):
    alone = mixture.examples(replace(SMALL, answer_first=False), facts, library, search)
    assert [e.prompt for e in alone] == [e.prompt for e in mixed]
    for one, two in zip(of(alone, text=True), of(mixed, text=True), strict=True):
        assert two.response.split("\n")[1] == one.response


def test_no_example_is_of_another_split_and_no_test_wording_is_taught(mixed, facts):
    others = {q.text for s in ("validation", "test") for q in course_data.load_questions(s)}
    others |= {q.text for fact in facts for q in fact.questions("test")}
    asked = {e.prompt[0]["content"].split("Question: ")[1].split("\n")[0] for e in mixed}
    assert len(asked) == len(mixed) and not asked & others


def test_plain_questions_are_answered_in_the_words_of_their_page(library):
    few, many = (mixture.plain_questions(library, count) for count in (10, 10**6))
    assert len(few) == 10 and 300 < len(many) < 1000 and {q.id for q in few} < {q.id for q in many}
    assert all(q.split == "train" and q.answerable for q in many)
    for question in many:
        assert groundedness.faithful(
            question.reference.reply,
            [*question.reference.support, *style_rules.citations(question.reference.reply)],
            question.text,
        )


@pytest.mark.parametrize(
    "count, kept", [(0, []), (1, [0]), (2, [0, 2]), (4, [0, 1, 2, 3]), (9, [0, 1, 2, 3])]
)
def test_rows_are_taken_at_even_distances(count, kept):
    assert mixture.spread(range(4), count) == kept


def test_short_answers_are_learned_from_the_same_sentences(library, search):
    [question] = mixture.plain_questions(library, 1)
    [short] = mixture.short_examples([question], search)
    assert short.response == question.reference.answer
    assert all(s in short.prompt[0]["content"] for s in question.reference.support)


@pytest.mark.parametrize(
    "text, lines, refused",
    [
        ("8p\nWe charge 8p. [A]", ["8p", "We charge 8p. [A]"], False),
        ("We charge 8p. [A]", ["We charge 8p. [A]"] * 2, False),
        (f"nothing\n{prompts.REFUSAL}", ["nothing", prompts.REFUSAL], True),
        (prompts.REFUSAL[:-1], [prompts.REFUSAL[:-1]] * 2, True),
        ("", ["", ""], False),
    ],
)
def test_the_reply_is_the_last_line_and_the_short_answer_the_first(text, lines, refused):
    def answer(questions):
        return [Answer(q.id, text) for q in questions]

    for line, wanted in zip(("answer", "reply"), lines, strict=True):
        [said] = mixture.line_of(answer, line)([Question("q", "When?")])
        assert (said.text, said.refused) == (wanted, refused)


def test_the_reader_reads_titled_sentences_and_gives_one_line():
    question, lm = Question("q", "When?"), scripted_language_model("8p\nWe do. [A]")
    for line, wanted in (("reply", "We do. [A]"), ("answer", "8p")):
        [said] = mixture.cited_reader(lm, Short(), line=line, progress=False)([question])
        assert said.text == wanted and said.hits
        lm = scripted_language_model("8p\nWe do. [A]")


class Short:
    """A retriever whose sentence fits the double's window."""

    def search(self, questions):
        return [retrievers.SearchTrace(q.text, tuple(hits_of(a=1.0))) for q in questions]
