import pytest
from doubles import embed, embed_tokens, scripted_language_model
from shelf import hits_of

from ftrag_helpers.data import course_data, style_rules
from ftrag_helpers.data.records import Answer, Question
from ftrag_helpers.evaluation import groundedness
from ftrag_helpers.evaluation.study import mixture, taught_facts
from ftrag_helpers.rag import prompts, retrievers
from ftrag_helpers.retrieval import passage_index, reranking

SMALL = mixture.Shares(questions=20, short=10, wordings=2, repeats=2, refusals=0.1)


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


def cited(examples):
    return [e for e in examples if e.prompt[0]["content"].endswith(prompts.CITED_REPLY)]


def test_the_shares_are_as_asked(mixed, facts):
    assert of(mixed, text=False) == taught_facts.examples(facts, 2) * 2
    declined = [e for e in mixed if e.response == prompts.REFUSAL]
    assert len(of(mixed, text=True)) == 32 and len(cited(mixed)) == 22 and len(declined) == 2
    assert all(e in cited(mixed) for e in declined)


def test_a_reply_is_asked_for_alone_and_cites_a_page_that_was_read(mixed):
    for example in cited(mixed):
        reply, read = example.response, example.prompt[0]["content"]
        if reply == prompts.REFUSAL:
            continue
        assert style_rules.has_form("reply", reply) and "\n" not in reply
        for title in style_rules.citations(reply):
            assert f"\n[{title}] " in read, "the supporting sentence stands there, with its title"
        assert groundedness.faithful(reply, [read])


def test_a_short_answer_is_asked_for_as_where_it_is_measured(mixed, library):
    short = [e for e in of(mixed, text=True) if e not in cited(mixed)]
    assert len(short) == 10
    for example in short:
        assert example.prompt[0]["content"].endswith(prompts.SHORTEST)
        assert not style_rules.citations(example.response)
    asked = mixture.plain_questions(library, 20)
    further = mixture.further_questions(asked, 10)
    assert [e.response for e in short] == [q.reference.answer for q in further]


def test_further_questions_are_others_as_far_as_there_are_any(library):
    asked = mixture.plain_questions(library, 10**6)
    few, many = (mixture.further_questions(asked, count) for count in (5, 10**6))
    assert not {q.id for q in few} & {q.id for q in asked} and len(few) == 5
    assert len({q.id for q in many}) == len(many) and {q.id for q in asked} < {q.id for q in many}


def test_no_example_is_of_another_split_and_no_test_wording_is_taught(mixed, facts):
    others = {q.text for s in ("validation", "test") for q in course_data.load_questions(s)}
    others |= {q.text for fact in facts for q in fact.questions("test")}
    asked = {e.prompt[0]["content"].split("Question: ")[1].split("\n")[0] for e in mixed}
    again = len(taught_facts.examples(facts, 2))  # each wording stands there twice
    assert len(asked) == len(mixed) - again and not asked & others


def test_plain_questions_are_answered_in_the_words_of_their_page(library):
    few, many = (mixture.plain_questions(library, count) for count in (10, 10**6))
    of_any_opening = mixture.plain_questions(library, 10**6, alike=False)
    answerable = sum(q.answerable for q in course_data.load_questions("train"))
    assert len(few) == 10 and 300 < len(many) < 1000 < len(of_any_opening) < answerable
    assert {q.id for q in few} < {q.id for q in many} < {q.id for q in of_any_opening}
    assert {q.reference.reply.split()[0] for q in many} == {"We", "Our"}
    assert all(q.split == "train" and q.answerable for q in many)
    for question in of_any_opening:
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
    "text, refused",
    [
        ("We charge 8p. [A]", False),
        (prompts.REFUSAL, True),
        (prompts.REFUSAL[:-1], True),
        ("", False),
    ],
)
def test_a_model_that_declines_in_the_trained_words_refuses(text, refused):
    [said] = mixture.that_declines(lambda asked: [Answer(q.id, text) for q in asked])(
        [Question("q", "When?")]
    )
    assert (said.text, said.refused) == (text, refused)


@pytest.mark.parametrize("reader", [mixture.cited_reader, mixture.short_reader])
def test_the_readers_give_all_that_the_model_says(reader):
    lm = scripted_language_model("We do. [A]")
    [said] = reader(lm, Short(), progress=False)([Question("q", "When?")])
    assert said.text == "We do. [A]" and said.hits


class Short:
    """A retriever whose sentence fits the double's window."""

    def search(self, questions):
        return [retrievers.SearchTrace(q.text, tuple(hits_of(a=1.0))) for q in questions]
