from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from doubles import scripted_language_model

from ftrag_helpers.data.records import Answer, Hit, Passage, Question, Reference
from ftrag_helpers.evaluation import harness
from ftrag_helpers.evaluation.measurement import Measurement
from ftrag_helpers.evaluation.systems import System
from ftrag_helpers.finetuning.sft import EvalPoint, FineTuneResult
from ftrag_helpers.journal import measurements, recommendation, scorecard

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


def test_refusals_of_model_classifier_and_both():
    said = ["It costs 8p.", "The text does not say.", "8p", "8p"]
    questions = [PRICE, NOTHING, PRICE, NOTHING]
    table = scorecard.refusals(questions, said, [True, False, False, True]).set_index("who")
    assert table.loc["model", ["declined, unanswerable", "declined, answerable"]].tolist() == [
        0.5,
        0.0,
    ]
    assert table.loc["classifier", ["declined, unanswerable", "declined, answerable"]].tolist() == [
        0.5,
        0.5,
    ]
    assert table.loc["both", ["declined, unanswerable", "declined, answerable"]].tolist() == [
        1.0,
        0.5,
    ]
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
    assert table.loc["reader"].tolist()[:3] == [12.0, 500, 0.003]
    assert table.loc["index", "seconds"] == 3
    assert table.loc["index", "MB (text and passage vectors)"] == 2


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


def tables():
    rows = harness.evaluate(
        {
            "closed book": silent,
            "fine-tuned closed book": silent,
            str(System.FRAMED_BASE): reading(SENTENCE, seconds=0.5),
            "fine-tuned + retrieval": reading(
                "It costs 8p a gram at our printer, we find. [3D printer]"
            ),
        },
        [replace(PRICE, id=f"q{n}") for n in range(4)],
    )
    # The four questions are two wordings of each of two facts.
    news = rows[rows.system != "fine-tuned closed book"]
    facts = news.id.map({"q0": "f0", "q1": "f0", "q2": "f1", "q3": "f1"})
    return rows, news.assign(fact=facts, new=(news.id == "q0").astype(float))


@pytest.fixture
def kept(monkeypatch):
    """What is kept on the machine, and what is shipped: to be filled by the test."""
    own, shipped = {}, {}
    monkeypatch.setattr(measurements, "load", lambda: {"figures": own})
    monkeypatch.setattr(measurements, "reference", lambda: {"figures": shipped})
    return own, shipped


def test_evidence_holds_the_scores_of_the_system_that_stands_for_each_choice(kept):
    found = scorecard.evidence(*tables())
    assert list(found) == list(recommendation.CHOICES)
    figure = found[recommendation.RETRIEVAL]["right"]
    assert figure.value == 1 and figure.n == 4 and figure.scores == (1.0,) * 4
    assert figure.questions == ("q0", "q1", "q2", "q3") and figure.source == recommendation.HERE
    assert found[recommendation.RETRIEVAL]["seconds an answer"].value == 0.5
    news = found[recommendation.RETRIEVAL]["after the news"]
    assert news.value == 0.25 and news.questions == ("f0", "f1") and news.scores == (0.5, 0.0)
    assert found[recommendation.BOTH]["style"].value == 1
    assert found[recommendation.RETRIEVAL]["style"].value == 0
    assert "after the news" not in found[recommendation.TUNING]
    assert not found[recommendation.PROMPTING], "nothing was measured of it, nor indexed for it"


def test_evidence_of_brevity_is_that_of_the_short_answers(kept):
    rows = harness.evaluate(
        {"base": reading(SENTENCE), "fine-tuned": reading("8p")},
        [replace(PRICE, id=f"q{n}") for n in range(3)],
    )
    found = scorecard.evidence(None, None, rows)
    assert found[recommendation.RETRIEVAL]["exact match"].value == 0
    assert found[recommendation.BOTH]["exact match"].value == 1
    assert "exact match" not in found[recommendation.TUNING]


def test_evidence_of_trust_is_there_where_the_properties_were_checked(kept):
    rows, news = tables()
    assert "grounded" not in scorecard.evidence(rows, news)[recommendation.BOTH]
    checked = rows.assign(**{"grounded": 1.0, "rightly cited": 0.0})
    figures = scorecard.evidence(checked, news)[recommendation.BOTH]
    assert (figures["grounded"].value, figures["rightly cited"].value) == (1, 0)


def test_evidence_takes_what_the_rows_lack_from_this_machine_then_from_the_course(kept):
    own, shipped = kept

    def keep(where, name, value):
        where["05", name] = Measurement("05", name, value, value - 0.1, value + 0.1, 9)

    keep(own, "fine-tuned closed book: after the news", 0.2)
    keep(shipped, "fine-tuned closed book: after the news", 0.9)
    keep(shipped, "best sentence in a frame, no model: right", 0.6)
    keep(shipped, f"{System.FRAMED_BASE}: right", 0.3)
    found = scorecard.evidence(*tables())
    news = found[recommendation.TUNING]["after the news"]
    assert (news.value, news.n, news.source) == (0.2, 9, recommendation.OWN)
    assert found[recommendation.SEARCH]["right"].source == recommendation.SHIPPED
    assert found[recommendation.RETRIEVAL]["right"].source == recommendation.HERE
    assert scorecard.evidence()[recommendation.RETRIEVAL]["right"].value == 0.3


def test_evidence_counts_what_must_be_prepared(kept):
    both, tuning = recommendation.BOTH, recommendation.TUNING
    found = scorecard.evidence(indexing=20, training={both: 60}, examples={both: 240})
    name = "seconds to prepare"
    seconds = {choice: f[name].value for choice, f in found.items() if name in f}
    assert seconds == {
        recommendation.PROMPTING: 20,
        recommendation.SEARCH: 20,
        recommendation.RETRIEVAL: 20,
        recommendation.LONG_CONTEXT: 0,
        both: 80,
    }
    assert found[both]["labelled examples"].value == 240
    assert found[recommendation.SEARCH]["labelled examples"].value == 0
    assert "labelled examples" not in found[tuning]
    assert "seconds to prepare" not in scorecard.evidence(training={both: 60})[both]


def test_evidence_refuses_unknown_choices_and_other_questions(kept):
    with pytest.raises(ValueError, match="no choice 'magic'"):
        scorecard.evidence(systems={"magic": "retrieval"})
    rows, _ = tables()
    with pytest.raises(ValueError, match="was not asked the questions"):
        scorecard.evidence(rows.drop(index=rows.index[-1]))


def test_nan_is_not_counted_as_faithful():
    rows = harness.evaluate({"closed": silent}, [PRICE])
    assert isinstance(rows, pd.DataFrame) and np.isnan(rows.faithful[0]) and rows["read"][0] == ()
