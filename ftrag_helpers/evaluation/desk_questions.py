"""Questions as they are put at a branch's own desk: without the name of the branch, which is meant.

Made from questions that name their branch, so that their references hold as they are. Not here:
the filter that narrows a search to a branch (`retrieval`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ftrag_helpers.data.records import Document, Question

_PLACE = r"(?:the )?(?:Central Library|(?:Old Quay|Fennel Hill|Weir Street)(?: branch)?|Heron)"
#: Words before which a branch's name ends; before another one it describes ("Old Quay tallies").
_AFTER = "in|on|for|when|whenever|have|has|begin|to|at|as|and|that|which|get|into|called"
#: What is said in place of a branch: its possessive, "at" and a branch, the branch, and its name
#: before another noun.
_RULES = (
    (rf"\b{_PLACE}['’]s ", "the "),
    (rf" (?:at|in|of) {_PLACE}(?=[?.,;]| (?:{_AFTER})\b)", " here"),
    (r"\bthe Heron\b", "the bus"),
    (r"\bthe (?:Central Library|(?:Old Quay|Fennel Hill|Weir Street) branch)\b", "this branch"),
    (rf"\b(?:Old Quay|Fennel Hill|Weir Street)(?: branch|(?= (?:{_AFTER})\b))", "this branch"),
    (r"\b(?:Old Quay|Fennel Hill|Weir Street) (?=[a-z])", ""),
)
_NAMED = re.compile(r"Central Library|Old Quay|Fennel Hill|Weir Street|Heron")


def without_branch(text: str) -> str:
    """The question as somebody asks it who stands in the branch.

    Args:
        text: a question.

    Returns:
        The question without the name of any branch; one that names none as it is, and "" where the
        name could not be taken out.

    >>> without_branch("How many sockets can the public use at Fennel Hill?")
    'How many sockets can the public use here?'
    """
    for pattern, instead in _RULES:
        text = re.sub(pattern, instead, text)
    return "" if _NAMED.search(text) else text


def at_the_desk(
    questions: Sequence[Question], documents: Sequence[Document]
) -> Mapping[str, list[tuple[Question, Question]]]:
    """Questions that name the branch of the page that answers them, with and without its name.

    Args:
        questions: questions with a reference.
        documents: all documents that references name.

    Returns:
        For each branch pairs of a question as it is and the same without the branch's name, in the
        given order.
    """
    branch_of = {document.id: document.branch for document in documents}
    pairs: dict[str, list[tuple[Question, Question]]] = {}
    for question in questions:
        branch, vague = branch_of[question.reference.documents[0]], without_branch(question.text)
        if branch != "all" and vague and vague != question.text:
            pairs.setdefault(branch, []).append((question, replace(question, text=vague)))
    return pairs
