"""The checks of exercise 4 tell right answers from wrong ones, whatever the seed, and survive
junk.
"""

import ast
import json
import re

import doubles
import nbformat
import pytest
from answers import lesson_04 as answers

from ftrag_helpers.data import course_data
from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation import metrics
from ftrag_helpers.exercises import checking, mistakes
from ftrag_helpers.exercises.fixtures import filters
from ftrag_helpers.exercises.lessons import lesson_04 as check
from ftrag_helpers.grading import observers
from ftrag_helpers.retrieval import passage_index

pytestmark = pytest.mark.slow

IDS = list(check.TASKS)
SEEDS = (0, 1, 2718)
NAN = float("nan")
JUNK = [
    None,
    "x",
    3,
    True,
    [],
    {},
    [[]],
    [None] * 7,
    [["x"]] * 6,
    [NAN] * 6,
    [[NAN, NAN]] * 7,
    [float("inf")] * 6,
    ["all"] * 4,
    [{"branch": []}] * 4,
    [{"date": "2026"}] * 4,
    [{"title": {"$nin": ["all"]}}] * 4,
    [{"$and": [{}]}] * 4,
    [{"$or": {"$or": {}}}] * 4,
    [10**400] * 6,
    [True] * 16,
    [["nobody"]] * 16,
    [{"returned": NAN, "embedded": NAN, "passages": [[1, 2]]}] * 3,
    [{"returned": 1, "embedded": 1, "passages": [["a", "b"]]}] * 3,
    [{"returned": [], "embedded": 3, "passages": {}}] * 3,
    [[1.0, 1.0]] * 7,
    [0] * 7,
    {"a": {"b": [None]}},
]


def source(name):
    return nbformat.read(runtime.course_root() / name / "04_virtual_librarian.ipynb", as_version=4)


def defined(notebook):
    """The names that the answer cells of a notebook define, with the imports of its first code
    cell.
    """
    space = {"course_data": course_data}
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            exec(cell.source, space)
    return space


def names(notebook):
    """The name that each check cell checks, by task."""
    found = {}
    for cell in notebook.cells:
        called = re.match(r"check\.task_(\d)_(\d)\((\w+)\)", cell.source)
        if called and cell.cell_type == "code":
            found[f"{called[1]}.{called[2]}"] = called[3]
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_the_solutions_pass(seed, capsys):
    notebook = source("solutions")
    space = defined(notebook)
    assert list(names(notebook)) == IDS
    for task_id, name in names(notebook).items():
        checking.run(check.TASKS[task_id], space[name], seed)
    assert capsys.readouterr().out.count("passed") == len(IDS)


def test_the_stubs_are_politely_unfinished():
    notebook = source("exercises")
    space = defined(notebook)
    for task_id, name in names(notebook).items():
        with pytest.raises(checking.NotAttempted, match=f"Task {task_id} is not done yet"):
            checking.run(check.TASKS[task_id], space[name])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("task_id", IDS)
def test_other_right_answers_pass(task_id, seed, capsys):
    assert len(answers.RIGHT[task_id]) >= 2
    for function in answers.RIGHT[task_id]:
        checking.run(check.TASKS[task_id], function, seed)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "task_id,function,words",
    [
        pytest.param(task_id, function, words, id=function.__name__)
        for task_id, wrong in answers.WRONG.items()
        for function, words in wrong
    ],
)
def test_wrong_answers_fail_with_the_word_that_helps(task_id, function, words):
    with pytest.raises(checking.CheckFailed) as failed:
        checking.run(check.TASKS[task_id], function)
    assert words in str(failed.value)
    assert not isinstance(failed.value, checking.NotAttempted) and len(str(failed.value)) < 500
    for seed in range(1, 3 if task_id == "4.6" else 4):
        with pytest.raises(checking.CheckFailed):
            checking.run(check.TASKS[task_id], function, seed)


@pytest.mark.parametrize("task_id", IDS)
def test_every_seed_gives_plain_new_cases_that_the_right_answers_pass(task_id):
    task, seen, seeds = check.TASKS[task_id], [], range(3 if task_id == "4.6" else 8)
    for seed in seeds:
        cases = task.cases(seed)
        assert json.loads(json.dumps(cases)) == cases == task.cases(seed)
        seen.append(json.dumps(cases))
        for function in answers.RIGHT[task_id]:
            assert (
                checking.decide(task, checking.observation(task, function, seed), seed)
                == checking.PASSED
            )
    assert len(set(seen)) == len(seeds)


@pytest.mark.parametrize("task_id", IDS)
def test_an_answer_learned_by_heart_fails(task_id):
    task = check.TASKS[task_id]
    by_heart = checking.observation(task, answers.RIGHT[task_id][0], 0)
    assert checking.decide(task, by_heart, 0).passed
    assert not any(checking.decide(task, by_heart, seed).passed for seed in range(1, 12))


@pytest.mark.parametrize("task_id", IDS)
def test_junk_fails_without_an_exception(task_id):
    task = check.TASKS[task_id]
    inputs = task.cases(0)
    for junk in JUNK:
        verdict = task.judge(inputs, junk)
        assert not verdict.passed and verdict.message, junk
    good = checking.observation(task, answers.RIGHT[task_id][0], 0)
    for i in range(len(good)):
        for junk in JUNK:
            assert (
                not task.judge(inputs, [*good[:i], junk, *good[i + 1 :]]).passed or junk == good[i]
            )
    for key in good[0] if isinstance(good[0], dict) and task_id == "4.6" else ():
        for junk in JUNK:
            assert not task.judge(inputs, [{**good[0], key: junk}, *good[1:]]).passed


def test_the_judge_agrees_with_the_measures_that_the_lesson_uses():
    for seed in range(20):
        for found, needed, k in check.TASKS["4.1"].cases(seed):
            want = [metrics.recall_at_k(found, needed, k), metrics.reciprocal_rank(found, needed)]
            assert check._measured(found, needed, k) == pytest.approx(want)


def test_known_values():
    assert check._measured(["a", "a", "b", "c"], ["b", "z"], 2) == [0.5, 0.5]
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
    assert check._smallest_best(check._means(rows)) == 25
    assert check._right_threshold([0.9, 0.5, 0.4, 0.3], [True, True, False, True], 0.34) == 0.5
    assert check._blamed(["a", "b"], ["b", "x"], False, True) == "search"


@pytest.mark.parametrize(
    "mistake", sorted(check._MEASURE_MISTAKES), ids=range(len(check._MEASURE_MISTAKES))
)
def test_the_cases_of_recall_expose_every_mistake(mistake):
    for seed in range(10):
        assert mistakes.distinguishes(
            check.TASKS["4.1"].cases(seed),
            check._measured,
            {mistake: check._MEASURE_MISTAKES[mistake]},
        )


def test_the_judge_reads_filters_as_chroma_does():
    """What the judge takes, Chroma takes, with the same pages; what it refuses, Chroma refuses or
    the course does not use.
    """
    pages = [
        passage_index.Passage(
            f"p{i}", f"d{i}", "t", p["shelf"], p["branch"], "2026-01-01", f"page {i}"
        )
        for i, p in enumerate(check._LIBRARY)
    ]
    index = passage_index.Index(doubles.embed)
    index.add(
        [
            passage_index.Document(p.document_id, p.title, p.shelf, p.branch, p.date, p.text)
            for p in pages
        ]
    )
    seen = {True: 0, False: 0}
    cases = [case for seed in range(3) for case in check.TASKS["4.3"].cases(seed)]
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
                for i, page in enumerate(check._LIBRARY)
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
        *cases, before, after = check.TASKS["4.6"].cases(seed)
        assert all(before[2] < item["news"]["date"] < after[2] for item in before[1] + after[1])
        for _pages, news, day in cases:
            dates = [item["news"]["date"] for item in news]
            assert dates != sorted(dates) and max(dates) > day and day in dates
            twice = [item for item in news if item["document"] == "rooms"]
            assert len(twice) == 2 and max(item["news"]["date"] for item in twice) <= day


def test_nothing_that_knows_what_is_right_lies_beside_a_learners_code():
    source = (
        runtime.course_root() / "ftrag_helpers" / "exercises" / "lessons" / "lesson_04.py"
    ).read_text("utf-8")
    kept = ast.parse(observers.cut(source, "lesson_04"))
    assert [
        node.name for node in kept.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    ] == ["_filters", "_with_tuples", "__getattr__"]
    assert observers.beside(source) == {
        f"ftrag_helpers.exercises.{name}"
        for name in ("fixtures.filters", "mistakes", "fixtures.society")
    }


def test_points_and_hints():
    assert sum(task.points for task in check.TASKS.values()) == 20 and check.MANUAL == {}
    for task in check.TASKS.values():
        assert len(task.hints) == 2 and all(len(hint) > 20 for hint in task.hints)
