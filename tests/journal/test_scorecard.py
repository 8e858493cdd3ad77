import math

import numpy as np
import pandas as pd
import pytest
from doubles import scripted_language_model

from ftrag_helpers.data.records import Answer, Hit, Passage, Question, Reference
from ftrag_helpers.evaluation import harness
from ftrag_helpers.finetuning.sft import EvalPoint, FineTuneResult
from ftrag_helpers.journal import scorecard

SENTENCE = "The printer costs 8p a gram."
PASSAGE = Passage(
    "help-01: s", "help-01", "3D printer", "help desk", "weir-street", "2025-01-01", SENTENCE
)
PRICE = Question(
    "q1", "How much is a gram?", reference=Reference("8p", ("8p",), "", ("help-01",), (SENTENCE,))
)
NOTHING = Question("q2", "Who rang?", kind="unanswerable", reference=Reference("", (), "", (), ()))


def reading(text, **more):
    return lambda questions: [
        Answer(q.id, text, ("help-01",), (Hit(PASSAGE, 1.0, 1),), **more) for q in questions
    ]


def silent(questions):
    return [Answer(q.id, "It costs 8p, we think.") for q in questions]


def test_quality_has_a_row_a_system_and_leaves_out_what_has_no_meaning():
    rows = harness.evaluate(
        {
            "reader": reading("It costs 8p a gram at our printer, we find. [3D printer]"),
            "closed": silent,
        },
        [PRICE],
    )
    table = scorecard.quality(rows)
    assert list(table.index) == ["reader", "closed"]
    assert table.loc["reader", ["right", "house style", "cites right", "cites all"]].tolist() == [
        1,
        1,
        1,
        1,
    ]
    assert table.loc["closed", "right"] == 1 and table.loc["closed", "house style"] == 0
    assert math.isnan(table.loc["closed", "faithful"]) and math.isnan(
        table.loc["closed", "cites right"]
    )
    assert table.loc["reader", "words"] == 12


def test_refusals_of_model_classifier_and_both():
    said = ["It costs 8p.", "The text does not say.", "8p", "8p"]
    questions = [PRICE, NOTHING, PRICE, NOTHING]
    table = scorecard.refusals(questions, said, [True, False, False, True]).set_index("who")
    assert table.loc["model", ["right", "false"]].tolist() == [0.5, 0.0]
    assert table.loc["classifier", ["right", "false"]].tolist() == [0.5, 0.5]
    assert table.loc["both", ["right", "false"]].tolist() == [1.0, 0.5]
    assert table.unanswerable.tolist() == [2, 2, 2]


def test_common_knowledge_counts_matches():
    rows = [
        {"question": "Capital of France?", "accepted": ["Paris"]},
        {"question": "Capital of Spain?", "accepted": ["Madrid"]},
    ]
    assert scorecard.common_knowledge(scripted_language_model("I think Paris"), rows) == [
        True,
        False,
    ]


def test_costs_count_what_lies_on_the_disk(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 3000)
    check = EvalPoint(1, 1.0, 0.5, float("nan"))
    table = scorecard.costs(
        {"reader": FineTuneResult(None, tmp_path, (check,), check, 12.0, 500)}, 3.0, 2_000_000
    )
    assert table.loc["reader"].tolist() == [12.0, 500, 0.003]
    assert table.loc["index", "seconds"] == 3 and table.loc["index", "MB on disk"] == 2


@pytest.mark.parametrize(
    "first, second, times",
    [
        ((0, 10), (100, 5), 20),
        ((0, 1), (100, 1), float("inf")),
        ((0, 1), (100, 2), float("inf")),
        ((50, 1), (50, 9), 0),
        ((60, 1), (50, 1), 0),
    ],
)
def test_break_even(first, second, times):
    assert scorecard.break_even(first, second) == times
    if 0 < times < float("inf"):
        assert first[0] + times * first[1] == second[0] + times * second[1]


def test_evidence_quotes_the_tables():
    names = [
        "closed book",
        "fine-tuned closed book",
        "retrieval",
        "retrieval, one sentence",
        "fine-tuned reader + retrieval",
        "house style + retrieval",
    ]
    rows = harness.evaluate(
        {n: silent if "closed" in n else reading(SENTENCE) for n in names}, [PRICE] * 4
    )
    news = rows[rows.system.isin(names[1:5])]
    found = scorecard.evidence(rows, news, per_update=0.2, retraining=60)
    assert (
        "n=4" in found.facts
        and "0.2 s an update against 60 s" in found.updating
        and "1.00" in found.citing
    )
    assert all(
        getattr(found, name)
        for name in ("form", "facts", "retrieval", "reading", "news", "updating", "citing")
    )
    assert found.classes == ""


def test_nan_is_not_counted_as_faithful():
    rows = harness.evaluate({"closed": silent}, [PRICE])
    assert isinstance(rows, pd.DataFrame) and np.isnan(rows.faithful[0]) and rows["read"][0] == ()
