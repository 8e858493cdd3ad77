"""The learner's own model as two more systems of lesson 05: closed book, and with retrieved
sentences.

They are the base model's systems (`comparison.closed_book`, `comparison.reader`) with another
model: same prompts, passages and token limit. There are none where `FTRAG_ENDPOINT` is not set.
Not here: calling the server (`lm.servers.endpoint`).
"""

from collections.abc import Sequence

from ftrag_helpers.data.records import Answerer, Question
from ftrag_helpers.evaluation import comparison, harness
from ftrag_helpers.lm.servers import endpoint
from ftrag_helpers.rag.retrievers import Searches

CLOSED_BOOK = "own model, closed book"
RETRIEVAL = "own model + retrieval"


def systems(retriever: Searches, *, progress: bool = True) -> dict[str, Answerer]:
    """The two systems by name, for `harness.evaluate` beside those of `study.desk.systems`.

    Args:
        retriever: selects the sentences of the prompt.
        progress: whether to show progress bars.

    Returns:
        Answerers by name; an empty dictionary where no server is named.

    Raises:
        CourseError: `FTRAG_ENDPOINT` is no address.
    """
    if not endpoint.is_set():
        return {}
    return {
        CLOSED_BOOK: comparison.closed_book(endpoint.answers, progress=progress),
        RETRIEVAL: comparison.reader(endpoint.answers, retriever, progress=progress),
    }


def evaluate(
    questions: Sequence[Question],
    retriever: Searches,
    *,
    after_updates: bool = False,
    progress: bool = True,
):
    """The rows of the two systems, to be put below the others with `pandas.concat`.

    Args:
        questions: the questions, each with a reference.
        retriever: selects the sentences of the prompt.
        after_updates: as in `harness.evaluate`.
        progress: whether to show progress bars.

    Returns:
        A DataFrame of `harness.evaluate`; empty where no server is named.

    Raises:
        CourseError: `FTRAG_ENDPOINT` is no address, or the server does not answer as it should.
    """
    answerers = systems(retriever, progress=progress)
    return harness.evaluate(answerers, questions, after_updates=after_updates)
