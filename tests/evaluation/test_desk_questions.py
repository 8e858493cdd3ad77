"""Questions without the name of their branch."""

import pytest

from ftrag_helpers.data import course_data
from ftrag_helpers.evaluation import desk_questions


@pytest.mark.parametrize(
    "text, said",
    [
        ("When does the Old Quay branch open?", "When does this branch open?"),
        ("How many sockets are there at Fennel Hill?", "How many sockets are there here?"),
        ("Who can be seated in Old Quay's Chart Room?", "Who can be seated in the Chart Room?"),
        ("Who leads the Weir Street storytime?", "Who leads the storytime?"),
        ("When does the Heron come?", "When does the bus come?"),
        ("What does a card cost?", "What does a card cost?"),
    ],
)
def test_the_branch_is_taken_out(text, said):
    assert desk_questions.without_branch(text) == said


def test_pairs_share_their_reference_and_stand_under_the_branch_of_their_page():
    documents = course_data.load_documents()
    branch_of = {d.id: d.branch for d in documents}
    questions = [q for q in course_data.load_questions("validation") if q.answerable]
    pairs = desk_questions.at_the_desk(questions, documents)
    assert pairs
    for branch, asked in pairs.items():
        for full, vague in asked:
            assert full.reference is vague.reference and full.text != vague.text
            assert branch_of[full.reference.documents[0]] == branch
            assert not desk_questions._NAMED.search(vague.text)
