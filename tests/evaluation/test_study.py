"""The questions and systems of lesson 05, and the differences between them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from doubles import embed, embed_tokens
from shelf import hits_of

from ftrag_helpers.data import course_data
from ftrag_helpers.data.records import Answer, Hit, Passage
from ftrag_helpers.evaluation import metrics, sendable
from ftrag_helpers.evaluation.study import desk, effects, mixture
from ftrag_helpers.evaluation.systems import System
from ftrag_helpers.rag import prompts, retrievers
from ftrag_helpers.retrieval import passage_index, reranking

FACTS = course_data.load_taught_facts()


def test_no_question_on_unseen_documents_asks_for_a_page_of_the_training():
    asked = desk.questions(FACTS)
    training = [q for q in course_data.load_questions("train") if q.answerable]
    trained = {i for asker in (*training, *FACTS) for i in asker.reference.documents}
    assert not trained & {i for q in asked.unseen for i in q.reference.documents}
    assert all(q.answerable for q in asked.unseen) and len(asked.unseen) >= 60
    assert not any(q.answerable for q in asked.unanswerable) and len(asked.unanswerable) == 60


def test_taught_facts_are_asked_in_three_wordings_in_a_row_that_no_training_uses():
    taught = desk.questions(FACTS).taught
    assert len(taught) == 90
    for at in range(0, 90, 3):
        assert len({q.reference.answer for q in taught[at : at + 3]}) == 1
    worded = {q.text for fact in FACTS for q in fact.questions("train")}
    assert not worded & {q.text for q in taught}
    changed = desk.questions(FACTS).changed
    assert changed and all(q.after for q in changed) and len(changed) % 3 == 0


class One:
    """A retriever that finds one sentence."""

    def search(self, questions):
        return [retrievers.SearchTrace(q.text, tuple(hits_of(a=1.0))) for q in questions]


def test_a_prompt_is_instructed_by_rules_after_examples():
    shown = desk.shown(course_data.load_documents(), One())
    assert len(shown) == desk.SHOWN and "Text:" in shown[0][0][0]["content"]
    messages = desk.instructed(shown)("When?", ["[Hours] At nine."])
    assert [m["role"] for m in messages] == ["user", "assistant"] * desk.SHOWN + ["user"]
    assert messages[1]["content"] == shown[0][1]
    assert all(m["content"].endswith(prompts.CITED_RULES) for m in messages[::2])
    assert messages[-1]["content"].endswith(prompts.CITED_RULES)
    [alone] = desk.instructed()("When?")
    assert "Text:" not in alone["content"] and alone["content"].endswith(prompts.CITED_RULES)


def test_examples_of_short_answers_come_before_the_question():
    messages = desk.shown_short(course_data.load_documents(), One(), 3)("When?", ["At nine."])
    assert [m["role"] for m in messages] == ["user", "assistant"] * 3 + ["user"]
    assert messages[-1:] == prompts.shortest_answer("When?", ["At nine."])
    asked = mixture.plain_questions(course_data.load_documents(), 3)
    assert [m["content"] for m in messages[1::2]] == [q.reference.answer for q in asked]


def test_the_systems_without_a_model_are_framed_beside_the_four():
    documents, index = course_data.load_documents(), passage_index.Index(embed)
    index.add(documents[:40])
    reranker = reranking.MaxSimReranker(index, embed_tokens)
    systems = desk.systems(None, None, documents, index, reranker)
    assert tuple(systems)[:4] == desk.FOUR
    order = list(systems)
    assert order.index(System.FRAMED) == order.index(System.NO_MODEL) + 1
    question = desk.questions(FACTS).unseen[0]
    [said] = systems[System.ORACLE_NO_MODEL]([question])
    pages = sendable.Pages(documents)
    assert question.reference.support[0] in said.text
    assert sendable.check(question, said, pages)["sendable"]


def test_after_the_news_an_answer_is_new_old_or_other():
    question = desk.questions(FACTS).changed[0]
    replies = {
        "new": question.after.answer,
        "old": question.reference.answer,
        "other": "We do not know.",
    }
    answerers = {
        name: lambda asked, text=text: [Answer(q.id, text) for q in asked]
        for name, text in replies.items()
    }
    rows = desk.after_the_news(answerers, [question])
    assert list(rows.says) == list(replies) and list(rows.new) == [1, 0, 0]
    assert list(rows.correct) == [1, 0, 0], "scored against the reference after the news"
    assert not rows["read the news"].any(), "nothing was read"


def test_the_news_was_read_in_the_corrected_page_or_in_the_news_item():
    question = desk.questions(FACTS).changed[0]
    [update] = [u for u in course_data.load_updates() if u.news.id == question.update]
    [old], [new] = question.reference.support, question.after.support
    for sentence, read in ((old, False), (new, True), (update.news.text, True)):
        hit = Hit(Passage("a", "a", "A", "help", "all", "", sentence), 1.0, 1)
        answerers = {"a": lambda asked, hit=hit: [Answer(q.id, "", hits=(hit,)) for q in asked]}
        assert list(desk.after_the_news(answerers, [question])["read the news"]) == [read]


CELLS = dict(
    zip(effects.CELLS, ([0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]), strict=True)
)


def test_contrasts_are_taken_question_by_question():
    found = {name: values.tolist() for name, values in effects.contrasts(CELLS).items()}
    assert found == {
        "passages, base model": [1, 1, 0, 0],
        "passages, fine-tuned model": [0, 1, 1, 0],
        "training, no passages": [1, 0, 0, 0],
        "training, with passages": [0, 0, 1, 0],
        "interaction": [-1, 0, 1, 0],
    }
    with pytest.raises(ValueError, match="needs the cell 'base'"):
        effects.contrasts({name: CELLS[name] for name in effects.CELLS[1:]})
    with pytest.raises(ValueError, match="same questions"):
        effects.contrasts(CELLS | {"base": [0]})


def test_a_fact_is_the_mean_of_its_wordings():
    assert effects.by_fact([1, 0, 0, 1, 1, 1]).tolist() == [pytest.approx(1 / 3), 1]
    with pytest.raises(ValueError, match="no whole number of facts"):
        effects.by_fact([1, 0, 0, 1])


def test_cells_take_the_systems_in_order():
    rows = pd.DataFrame(
        [
            (name, value)
            for name, values in zip("dcba", CELLS.values(), strict=True)
            for value in values
        ],
        columns=["system", "right"],
    )
    cells = effects.cells(rows, "dcba", "right")
    assert {name: values.tolist() for name, values in cells.items()} == CELLS
    pooled = effects.cells(rows, "dcba", "right", wordings=2)
    assert pooled["base + passages"].tolist() == [1, 0]
    drawn = effects.with_intervals(cells)
    assert [mean for mean, _, _ in drawn] == [0, 0.25, 0.5, 0.75]
    assert all(low <= mean <= high for mean, low, high in drawn)


def test_intervals_widen_with_the_number_of_differences():
    values = np.r_[np.ones(30), np.zeros(30), -np.ones(10)]
    alone = effects.table({"one": values})
    among = effects.table({str(n): values for n in range(20)})
    assert among.loc["0", "low"] < alone.loc["one", "low"]
    assert among.loc["0", "high"] > alone.loc["one", "high"]
    assert alone.loc["one", "difference"] == pytest.approx(20 / 70)
    assert list(effects.table({"up": values, "down": -values, "flat": values * 0}).seen) == [
        "higher",
        "lower",
        "no difference seen",
    ]


def test_a_difference_of_nothing_is_as_wide_as_none_out_of_n_allows():
    table = effects.table({"flat": np.zeros(40), "up": np.ones(40)})
    expected = metrics.bootstrap_interval(np.zeros(40), level=0.975)[1]
    assert table.loc["flat", "high"] == -table.loc["flat", "low"] == expected > 0


def test_a_grid_holds_the_differences_as_texts():
    table = effects.table({"a · b over c: right": [1] * 9 + [0], "a · b over c: style": [1, -1]})
    shown = effects.grid(table, ": ")
    assert list(shown.index) == ["a · b over c"] and list(shown.columns) == ["right", "style"]
    assert shown.iloc[0, 0].startswith("+0.90 [+") and shown.iloc[0, 0].endswith("] higher")
    assert shown.iloc[0, 1] == "+0.00 [-1.00, +1.00]"


def test_the_four_cells_are_base_and_fine_tuned_without_and_with_passages():
    assert [str(name) for name in desk.FOUR] == [
        "closed book",
        "fine-tuned closed book",
        "retrieval",
        "fine-tuned + retrieval",
    ]
    assert set(desk.PREDICTED) <= set(System)


def test_the_documents_of_a_changed_question_are_read_as_they_stand():
    question = desk.questions(FACTS).changed[0]
    assert replace(question, after=None).reference == question.reference
    with pytest.raises(ValueError, match="no news item"):
        desk.after_the_news(
            {"a": lambda asked: [Answer(q.id, "") for q in asked]}, [replace(question, after=None)]
        )
