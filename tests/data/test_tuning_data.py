"""Reviews and instructions: what the loader finds wrong it names; and what the data cards claim is
so.
"""

import json
from collections import Counter

import pytest

from ftrag_helpers.data import style_rules, tuning_data
from ftrag_helpers.data.data_files import write_manifest
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError

REVIEW = {
    "id": "a-1",
    "split": "train",
    "label": "positive",
    "text": "Read it twice.",
    "about": "book",
    "subject": "Salt",
    "voice": "nurse",
    "difficulty": None,
}
PAIR = {
    "id": "desk-1",
    "kind": "desk",
    "split": "train",
    "source": "new-a",
    "instruction": "Which desk?",
    "input": "My card is lost.",
    "response": "Desk: Membership",
    "facts": [["Membership"]],
    "forbidden": [],
}


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Writes rows as a data set of its own, with a right manifest."""
    monkeypatch.setattr(runtime, "data_dir", lambda: tmp_path)

    def write(folder, name, *rows):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_text(
            "".join(json.dumps(row) + "\n" for row in rows), "utf-8"
        )
        write_manifest(tmp_path / folder)

    return write


def test_rows_become_records(data):
    data("reviews", "reviews.jsonl", REVIEW, REVIEW | {"id": "a-2", "split": "test"})
    data("instructions", "pairs.jsonl", PAIR)
    assert [r.id for r in tuning_data.load_reviews("test")] == ["a-2"] and len(
        tuning_data.load_reviews()
    ) == 2
    [pair] = tuning_data.load_instructions("train", ["desk"])
    assert pair.facts == (("Membership",),) and tuning_data.load_instructions(kinds=["card"]) == []


@pytest.mark.parametrize(
    "field, value",
    [
        ("label", "neutral"),
        ("split", "dev"),
        ("difficulty", "hard"),
        ("text", " "),
        ("text", 5),
        ("id", ""),
    ],
)
def test_a_faulty_review_is_named_with_row_and_field(data, field, value):
    data("reviews", "reviews.jsonl", REVIEW, REVIEW | {"id": "a-2", field: value})
    with pytest.raises(CourseError, match=rf"row 2 ?(\(a-2\))?, field '{field}': "):
        tuning_data.load_reviews()


@pytest.mark.parametrize(
    "field, value",
    [
        ("kind", "poem"),
        ("split", "dev"),
        ("response", "Desk: Kitchen"),
        ("facts", [["Loans"]]),
        ("facts", ["Loans"]),
        ("facts", [[]]),
        ("forbidden", [["x"]]),
        ("input", ""),
    ],
)
def test_a_faulty_pair_is_named_with_row_and_field(data, field, value):
    data("instructions", "pairs.jsonl", PAIR, PAIR | {"id": "desk-2", field: value})
    with pytest.raises(CourseError, match=rf"row 2 \(desk-2\), field '({field}|response)'"):
        tuning_data.load_instructions()


def test_one_source_may_not_stand_in_two_splits(data):
    data("instructions", "pairs.jsonl", PAIR, PAIR | {"id": "desk-2", "split": "test"})
    with pytest.raises(CourseError, match="new-a stands in train too"):
        tuning_data.load_instructions()


def test_an_id_may_not_stand_twice(data):
    data("reviews", "posts.jsonl", REVIEW, REVIEW)
    with pytest.raises(CourseError, match=r"row 2 \(a-1\), field 'id': stands in row 1 already"):
        tuning_data.load_posts()


def test_a_changed_file_is_noticed(data, tmp_path):
    data("reviews", "reviews.jsonl", REVIEW)
    (tmp_path / "reviews" / "reviews.jsonl").write_text("{}\n", "utf-8")
    with pytest.raises(CourseError, match="not the file that its manifest describes"):
        tuning_data.load_reviews()


def test_pairs_are_chosen_by_all_their_words():
    pair = tuning_data.InstructionExample(**PAIR)
    assert tuning_data.at_most([pair], 8) == [pair] and tuning_data.at_most([pair], 7) == []


def test_unknown_splits_and_kinds_are_named():
    with pytest.raises(ValueError, match="'dev'"):
        tuning_data.load_reviews("dev")
    with pytest.raises(ValueError, match="'poem'"):
        tuning_data.load_instructions(kinds=["poem"])


# --- the data as shipped


def test_reviews_are_as_many_and_as_balanced_as_the_card_says():
    reviews, posts = tuning_data.load_reviews(), tuning_data.load_posts()
    assert (
        Counter(r.split for r in reviews) == {"train": 1000, "validation": 200, "test": 300}
        and len(posts) >= 200
    )
    for rows in (
        *([r for r in reviews if r.split == s] for s in ("train", "validation", "test")),
        posts,
    ):
        assert Counter(r.label for r in rows)["positive"] * 2 == len(rows)
    assert 0.30 <= sum(r.difficulty is not None for r in reviews) / len(reviews) <= 0.36
    assert all(5 <= len(r.text.split()) <= 150 for r in reviews)


def test_no_subject_is_reviewed_in_two_splits():
    seen = {}
    for review in tuning_data.load_reviews():
        assert seen.setdefault(review.subject.lower(), review.split) == review.split, review.subject


def test_the_wits_reviews_speak_of_nothing_that_training_speaks_of():
    sly, trained = (
        tuning_data.load_challenge_set(),
        {r.subject.lower() for r in tuning_data.load_reviews("train")},
    )
    assert len(sly) >= 100 and Counter(r.label for r in sly)["positive"] * 2 == len(sly)
    assert all(r.difficulty for r in sly) and not trained & {r.subject.lower() for r in sly}
    assert not {r.id for r in sly} & {r.id for r in tuning_data.load_reviews()}


def test_word_counts_find_the_reviews_neither_hopeless_nor_easy():
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    train, test = tuning_data.load_reviews("train"), tuning_data.load_reviews("test")
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(C=10, max_iter=2000),
    )
    model.fit([r.text for r in train], [r.label for r in train])
    assert 0.70 <= model.score([r.text for r in test], [r.label for r in test]) <= 0.88


@pytest.mark.model
def test_no_two_reviews_of_different_splits_are_near_duplicates():
    from ftrag_helpers.lm import models

    reviews, sly = tuning_data.load_reviews(), tuning_data.load_challenge_set()
    splits = [r.split for r in reviews] + ["sly"] * len(sly)
    reviews += sly
    vectors = models.embed([r.text for r in reviews])
    close = vectors @ vectors.T
    pairs = [
        (reviews[i].id, reviews[j].id)
        for i, j in zip(*(close > 0.85).nonzero(), strict=True)
        if splits[i] != splits[j]
    ]
    assert pairs == []


@pytest.mark.model
def test_no_two_inputs_of_different_splits_are_near_duplicates():
    from ftrag_helpers.lm import models

    pairs = tuning_data.load_instructions()
    vectors = models.embed([p.input for p in pairs])
    assert [
        (pairs[i].id, pairs[j].id)
        for i, j in zip(*(vectors @ vectors.T > 0.85).nonzero(), strict=True)
        if pairs[i].split != pairs[j].split
    ] == []


def test_instructions_are_as_many_as_the_card_says():
    pairs = tuning_data.load_instructions()
    assert len(pairs) >= 1200 and {p.kind for p in pairs} == set(style_rules.KINDS)
    assert {p.kind for p in pairs if p.split != "test"} == set(style_rules.KINDS) - set(
        style_rules.HELD_OUT_KINDS
    )
    assert min(Counter(p.kind for p in pairs if p.split == "test").values()) >= 12
