import pytest
from doubles import scripted_language_model

from ftrag_helpers.data import course_data
from ftrag_helpers.evaluation import taught_facts
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
