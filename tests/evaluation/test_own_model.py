import warnings

import pandas as pd
from model_server import completion, served

from ftrag_helpers.data.records import Hit, Passage, Question, Reference
from ftrag_helpers.evaluation import comparison, harness, own_model
from ftrag_helpers.rag import pipeline, prompts
from ftrag_helpers.rag.retrievers import SearchTrace

SENTENCE = "The printer costs 8p a gram."
PASSAGE = Passage("p", "help-01", "3D printer", "help desk", "heron", "2025-01-01", SENTENCE)
PRICE = Question(
    "q1", "How much is a gram?", reference=Reference("8p", ("8p",), "", ("help-01",), (SENTENCE,))
)


class Finds:
    """A retriever that always finds the sentence."""

    def search(self, questions):
        return [SearchTrace(q.text, (Hit(PASSAGE, 1.0, 1),)) for q in questions]


def test_the_own_model_gets_the_prompts_and_the_limit_of_the_others(monkeypatch):
    with served() as server:
        monkeypatch.setenv("FTRAG_ENDPOINT", server.address)
        server.reply = lambda body: (
            200,
            completion(
                "It costs 8p." if SENTENCE in body["messages"][0]["content"] else "A pound."
            ),
        )
        rows = own_model.evaluate([PRICE], Finds(), progress=False)
        assert [body["messages"] for body in server.asked] == [
            prompts.closed_book(PRICE.text),
            prompts.from_text(PRICE.text, [SENTENCE]),
        ]
        assert {body["max_tokens"] for body in server.asked} == {comparison.MAX_NEW_TOKENS}
    assert list(rows.system) == [own_model.CLOSED_BOOK, own_model.RETRIEVAL]
    assert list(rows.correct) == [0, 1] and list(rows.tokens) == [4, 4]
    assert rows.cited[1] == ("help-01",) and rows.read[1] == (SENTENCE,)


def test_without_a_server_there_is_nothing_to_add(no_network):
    assert own_model.systems(Finds()) == {}
    rows = harness.evaluate({"other": pipeline.extractive_baseline(Finds())}, [PRICE])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        both = pd.concat([rows, own_model.evaluate([PRICE], Finds())])
    assert both.equals(rows) and no_network == []
