from dataclasses import replace

import pytest
from doubles import Counting, embed, scripted_language_model

from ftrag_helpers.data import course_data
from ftrag_helpers.evaluation.study import taught_facts
from ftrag_helpers.rag import prompts


@pytest.fixture(scope="module")
def facts():
    return course_data.load_taught_facts()


def test_more_wordings_of_the_same_facts_and_nothing_of_the_test(facts):
    sets = [taught_facts.examples(facts, n) for n in taught_facts.WORDINGS]
    assert [len(examples) for examples in sets] == [len(facts) * n for n in taught_facts.WORDINGS]
    asked = {e.prompt[0]["content"] for e in sets[-1]}
    assert len(asked) == len(sets[-1])
    for fewer in sets:
        assert {e.prompt[0]["content"] for e in fewer} <= asked
        assert {e.response for e in fewer} == {f.reference.answer for f in facts}
    tested = {
        prompts.shortest_answer(q.text)[0]["content"] for f in facts for q in f.questions("test")
    }
    assert not asked & tested


def test_the_steps_are_equal_whatever_the_wordings(facts):
    presented = {
        len(taught_facts.examples(facts, n)) * taught_facts.at_equal_steps(n).epochs
        for n in taught_facts.WORDINGS
    }
    assert presented == {len(facts) * taught_facts.WORDINGS[-1] * taught_facts.CONFIG.epochs}


@pytest.mark.parametrize("wordings", [0, 3, 16])
def test_wordings_that_cannot_have_equal_steps_are_an_error(wordings):
    with pytest.raises(ValueError, match=f"divide 8, which {wordings} does not"):
        taught_facts.at_equal_steps(wordings)


def test_an_accepted_answer_counts(facts):
    questions = [facts[0].questions("test", 1)[0], facts[1].questions("test", 1)[0]]
    lm = scripted_language_model("12 homes")
    found = [taught_facts.recalled(lm, [q], progress=False)[0] for q in questions[:1]]
    assert found == [True]
    assert taught_facts.recalled(scripted_language_model("Bob"), questions[1:], progress=False) == [
        False
    ]


def test_the_nearest_taught_question_answers(facts):
    some, embedder = facts[:4], Counting(embed)
    answer = taught_facts.nearest(some, embedder)
    taught = [q for fact in some for q in fact.questions("train")]
    assert embedder.seen == [q.text for q in taught] and len(taught) == 4 * 8
    # Another order of the words is the same to a count of words, and nearest to its own fact.
    asked = [
        replace(fact.questions("test")[0], text=" ".join(reversed(fact.train[5].split())))
        for fact in reversed(some)
    ]
    said = answer(asked)
    assert [a.question_id for a in said] == [q.id for q in asked]
    assert [a.text for a in said] == [fact.reference.answer for fact in reversed(some)]
    assert embedder.seen[len(taught) :] == [q.text for q in asked]  # the taught ones only once
    assert not any(a.refused or a.cited or a.hits for a in said)


def test_an_empty_question_is_nearest_to_none(facts):
    [asked] = facts[0].questions("train", 1)
    empty = replace(asked, id="empty", text=" ")
    said = taught_facts.nearest(facts[:1], embed)([empty, asked])
    assert [a.refused for a in said] == [True, False]
    assert [a.text for a in said] == [prompts.EMPTY_QUESTION, facts[0].reference.answer]
    assert taught_facts.nearest(facts[:1], embed)([]) == []
