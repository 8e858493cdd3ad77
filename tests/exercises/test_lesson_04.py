"""What the tasks of exercise 4 rest on: recall, filters, news."""

import doubles
import pytest
from answers import lesson_04 as answers

from ftrag_helpers.evaluation import metrics
from ftrag_helpers.exercises import mistakes
from ftrag_helpers.exercises.lesson_04 import (
    blame,
    chunk_length,
    filters,
    metadata_filter,
    recall_and_rank,
    threshold,
)
from ftrag_helpers.exercises.lessons.lesson_04 import TASKS
from ftrag_helpers.retrieval import passage_index

pytestmark = pytest.mark.slow


def test_the_judge_agrees_with_the_measures_that_the_lesson_uses():
    for seed in range(20):
        for found, needed, k in TASKS["4.1"].cases(seed):
            want = [metrics.recall_at_k(found, needed, k), metrics.reciprocal_rank(found, needed)]
            assert recall_and_rank.measured(found, needed, k) == pytest.approx(want)


def test_known_values():
    assert recall_and_rank.measured(["a", "a", "b", "c"], ["b", "z"], 2) == [0.5, 0.5]
    rows = [
        {"words": w, "split": s, "recall": r}
        for w, s, r in (
            (90, "validation", 1.0),
            (25, "validation", 1.0),
            (250, "validation", 0.5),
            (25, "test", 0.0),
            (250, "test", 1.0),
        )
    ]
    assert chunk_length.smallest_best(chunk_length.means_of(rows)) == 25
    assert threshold.right_threshold([0.9, 0.5, 0.4, 0.3], [True, True, False, True], 0.34) == 0.5
    assert blame.blamed(["a", "b"], ["b", "x"], False, True) == "search"


@pytest.mark.parametrize(
    "mistake", recall_and_rank.MISTAKES, ids=range(len(recall_and_rank.MISTAKES))
)
def test_the_cases_of_recall_expose_every_mistake(mistake):
    for seed in range(10):
        assert mistakes.distinguishes(
            TASKS["4.1"].cases(seed),
            recall_and_rank.measured,
            [mistake],
        )


def test_the_judge_reads_filters_as_chroma_does():
    """What the judge takes, Chroma takes, with the same pages; what it refuses, Chroma refuses or
    the course does not use.
    """
    pages = [
        passage_index.Passage(
            f"p{i}", f"d{i}", "t", p["shelf"], p["branch"], "2026-01-01", f"page {i}"
        )
        for i, p in enumerate(metadata_filter.LIBRARY)
    ]
    index = passage_index.Index(doubles.embed)
    index.add(
        [
            passage_index.Document(p.document_id, p.title, p.shelf, p.branch, p.date, p.text)
            for p in pages
        ]
    )
    seen = {True: 0, False: 0}
    cases = [case for seed in range(3) for case in TASKS["4.3"].cases(seed)]
    given = [function for function, _ in answers.WRONG["4.3"]] + answers.RIGHT["4.3"]
    extra = [
        {"branch": {"$ne": "all"}},
        {"shelf": {"$nin": ["news"]}},
        {"$or": [{"shelf": "news"}, {"branch": "heron"}]},
        {},
        {"branch": {"$in": []}},
        {"branch": {"$in": ["a"], "$ne": "b"}},
        {"$and": [{"branch": "all"}]},
        {"branch": ["all"]},
    ]
    for where in [function(*case) for function in given for case in cases] + extra:
        taken = filters.filter_problem(where) == ""
        if where is None or "place" in where:
            continue
        seen[taken] += 1
        if taken:
            hits = index.dense(["page"], 60, where=where)[0]
            assert sorted(h.passage.document_id for h in hits) == sorted(
                f"d{i}"
                for i, page in enumerate(metadata_filter.LIBRARY)
                if filters.lets_through(where, page)
            )
        else:
            with pytest.raises(Exception, match="(?i)where|expected"):
                index._store.collection.query(
                    query_embeddings=doubles.embed(["page"]), n_results=3, where=where
                )
    assert min(seen.values()) > 10


def test_the_news_come_out_of_order_and_one_is_for_later():
    for seed in range(10):
        *cases, before, after = TASKS["4.6"].cases(seed)
        assert all(before[2] < item["news"]["date"] < after[2] for item in before[1] + after[1])
        for _pages, news, day in cases:
            dates = [item["news"]["date"] for item in news]
            assert dates != sorted(dates) and max(dates) > day and day in dates
            twice = [item for item in news if item["document"] == "rooms"]
            assert len(twice) == 2 and max(item["news"]["date"] for item in twice) <= day
