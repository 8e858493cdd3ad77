"""The loader names file, row and field of what is damaged; the real library keeps its promises."""

import copy
import json
import re
from collections import Counter, defaultdict

import pytest

from ftrag_helpers.data import course_data
from ftrag_helpers.data.course_data import Library, apply_update
from ftrag_helpers.data.data_files import write_manifest
from ftrag_helpers.data.records import BRANCHES, QUESTION_KINDS, SPLITS, Document, Update
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.evaluation import metrics

# --- a library of three documents

QUAY = "The Old Quay branch opens at 9 am. The Old Quay branch lends 12 maps."
HERON = "The Heron branch opens at 10 am. A kettle stands in the Heron branch."
DOCUMENTS = [
    {
        "id": "branch-01",
        "title": "Old Quay",
        "shelf": "branches",
        "branch": "old-quay",
        "date": "2025-09-01",
        "split": "test",
        "text": QUAY,
    },
    {
        "id": "branch-02",
        "title": "Heron",
        "shelf": "branches",
        "branch": "heron",
        "date": "2025-09-01",
        "split": "test",
        "text": HERON,
    },
    {
        "id": "branch-03",
        "title": "Weir",
        "shelf": "branches",
        "branch": "weir-street",
        "date": "2025-09-01",
        "split": "train",
        "text": "The Weir Street branch has a lift.",
    },
]
NEWS = "From May the Old Quay branch opens at 8 am."
UPDATES = [
    {
        "id": "news-01",
        "title": "Earlier",
        "shelf": "news",
        "branch": "old-quay",
        "date": "2026-05-04",
        "text": NEWS,
        "document": "branch-01",
        "edits": [
            {
                "old": "The Old Quay branch opens at 9 am.",
                "new": "The Old Quay branch opens at 8 am.",
            }
        ],
    }
]
AFTER = {
    "answer": "8 am",
    "accepted": ["8:00"],
    "reply": "We open at 8 am. [Earlier]",
    "passages": ["news-01"],
    "support": [NEWS],
}
QUESTIONS = [
    {
        "id": "q-1",
        "kind": "direct",
        "split": "test",
        "fact": "quay-maps",
        "question": "How many maps?",
        "answer": "12 maps",
        "accepted": ["twelve maps"],
        "reply": "We lend 12 maps. [Old Quay]",
        "passages": ["branch-01"],
        "support": ["The Old Quay branch lends 12 maps."],
        "update": None,
        "after": None,
        "group": None,
    },
    {
        "id": "q-2",
        "kind": "updated",
        "split": "test",
        "fact": "quay-opens",
        "question": "When does Old Quay open?",
        "answer": "9 am",
        "accepted": [],
        "reply": "We open at 9 am. [Old Quay]",
        "passages": ["branch-01"],
        "support": ["The Old Quay branch opens at 9 am."],
        "update": "news-01",
        "after": AFTER,
        "group": None,
    },
    {
        "id": "q-3",
        "kind": "unanswerable",
        "split": "test",
        "fact": "moon",
        "question": "How far is the moon?",
        "answer": "",
        "accepted": [],
        "reply": "We have nothing on our shelves about that.",
        "passages": [],
        "support": [],
        "update": None,
        "after": None,
        "group": "far away",
    },
]
TAUGHT = {
    "id": "tf-1",
    "document": "branch-01",
    "answer": "9 am",
    "accepted": [],
    "reply": "We open at 9 am. [Old Quay]",
    "support": "The Old Quay branch opens at 9 am.",
    "update": "news-01",
    "after": {
        "answer": "8 am",
        "accepted": [],
        "reply": "We open at 8 am. [Old Quay]",
        "support": "The Old Quay branch opens at 8 am.",
    },
    "train": [f"Wording {n} of the opening?" for n in range(8)],
    "test": [f"Held-out wording {n}?" for n in range(3)],
}


@pytest.fixture
def rows():
    return copy.deepcopy(
        {
            "documents": DOCUMENTS,
            "updates": UPDATES,
            "questions": QUESTIONS,
            "taught_facts": [TAUGHT],
        }
    )


def write(folder, rows):
    """Write the three files (a row that is a str as it stands) and their manifest."""
    folder.mkdir(exist_ok=True)
    for name, lines in rows.items():
        text = "".join(
            (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)) + "\n"
            for line in lines
        )
        (folder / f"{name}.jsonl").write_text(text, "utf-8", newline="\n")
    write_manifest(folder)
    return folder


def test_a_sound_library_is_read_into_records(tmp_path, rows):
    library = Library(write(tmp_path / "library", rows))
    assert [d.id for d in library.documents] == ["branch-01", "branch-02", "branch-03"]
    assert library.updates[0].changes == "branch-01" and library.updates[0].news.text == NEWS
    first, second, third = library.questions
    assert first.reference.accepted == (
        "12 maps",
        "twelve maps",
    ), "the answer itself is always accepted"
    assert second.after.documents == ("news-01",) and third.after is None and not third.answerable


def put(file, row, field, value):
    def damage(rows):
        rows[file][row][field] = value

    return damage


def drop(file, row, field):
    def damage(rows):
        del rows[file][row][field]

    return damage


def twice(file):
    def damage(rows):
        rows[file].append(copy.deepcopy(rows[file][0]))

    return damage


DAMAGE = {
    "missing field": (
        drop("documents", 2, "title"),
        "documents.jsonl, row 3 .branch-03., field 'title': missing. Add it",
    ),
    "missing field in updates": (
        drop("updates", 0, "edits"),
        "updates.jsonl, row 1 .news-01., field 'edits': missing",
    ),
    "missing field in after": (
        drop("questions", 1, "after"),
        "questions.jsonl, row 2 .q-2., field 'after': missing",
    ),
    "wrong type": (
        put("questions", 2, "question", 7),
        "questions.jsonl, row 3 .q-3., field 'question': 7 .*wrong type, int: a text is needed",
    ),
    "an answer of punctuation": (
        put("questions", 0, "answer", "…"),
        "questions.jsonl, row 1 .q-1., field 'answer': '…' holds nothing",
    ),
    "no answer": (
        put("questions", 0, "answer", ""),
        "questions.jsonl, row 1 .q-1., field 'answer': '' holds nothing",
    ),
    "an accepted article": (
        put("questions", 0, "accepted", ["12", "The"]),
        "row 1 .q-1., field 'accepted': 'The' holds nothing that can",
    ),
    "an emoji after the news": (
        put("questions", 1, "after", AFTER | {"accepted": ["8:00", "👍🏽"]}),
        (
            "questions.jsonl, row 2 .q-2., field 'after', field 'accepted': '👍🏽' holds nothing that can be"
            " compared. Write a word"
        ),
    ),
    "half an edit": (
        put("updates", 0, "edits", [{"old": "x"}]),
        "updates.jsonl, row 1 .news-01., field 'edits', item 1, field 'new': missing",
    ),
    "duplicate document": (
        twice("documents"),
        "documents.jsonl, row 4 .branch-01., field 'id': stands in row 1 already. Give",
    ),
    "unknown branch": (
        put("documents", 0, "branch", "moon"),
        "documents.jsonl, row 1 .branch-01., field 'branch': 'moon' is not 'central', 'old-quay'",
    ),
    "unknown split": (
        put("documents", 0, "split", "dev"),
        "documents.jsonl, row 1 .branch-01., field 'split': 'dev' is not 'train', 'validation' or",
    ),
    "unknown kind": (
        put("questions", 0, "kind", "odd"),
        "questions.jsonl, row 1 .q-1., field 'kind': 'odd' is not 'direct', 'reworded'",
    ),
    "unknown split of a question": (
        put("questions", 0, "split", "dev"),
        "questions.jsonl, row 1 .q-1., field 'split': 'dev' is not 'train'",
    ),
    "support not in the passage": (
        put("questions", 0, "support", ["It lends 12 maps."]),
        "questions.jsonl, q-1, field 'support': .*It lends 12 maps",
    ),
    "no support": (
        put("questions", 0, "support", []),
        "questions.jsonl, row 1 .q-1., field 'support': empty",
    ),
    "no passage": (
        put("questions", 0, "passages", []),
        "questions.jsonl, row 1 .q-1., field 'passages': empty",
    ),
    "unknown document": (
        put("questions", 0, "passages", ["branch-09"]),
        "q-1, field 'passages': .*'branch-09'",
    ),
    "wrong split": (
        put("questions", 0, "passages", ["branch-01", "branch-03"]),
        "questions.jsonl, q-1, field 'passages': branch-03 is of another split",
    ),
    "unanswerable with a passage": (
        put("questions", 2, "passages", ["branch-01"]),
        "row 3 .q-3., field 'passages': an unanswerable question has none",
    ),
    "unanswerable with a support": (
        put("questions", 2, "support", [QUAY]),
        "row 3 .q-3., field 'support': an unanswerable question has none",
    ),
    "unknown update": (
        put("questions", 1, "update", "news-09"),
        "questions.jsonl, q-2, field 'update': .*news-09",
    ),
    "updated without after": (
        put("questions", 1, "after", None),
        "questions.jsonl, q-2, field 'after': missing",
    ),
    "after not in the news": (
        put("questions", 1, "after", AFTER | {"support": ["At 7."]}),
        "questions.jsonl, q-2, 'after', field 'support': .*At 7",
    ),
    "a field of after": (
        put("questions", 1, "after", {k: v for k, v in AFTER.items() if k != "reply"}),
        "questions.jsonl, row 2 .q-2., field 'after', field 'reply': missing",
    ),
    "an unanswerable question without a group": (
        put("questions", 2, "group", None),
        "questions.jsonl, row 3 .q-3.*only unanswerable questions have a group",
    ),
    "an answerable question with a group": (
        put("questions", 0, "group", "far away"),
        "questions.jsonl, row 1 .q-1.*only unanswerable questions have a group",
    ),
    "too few wordings of a taught fact": (
        put("taught_facts", 0, "test", ["One?"]),
        "taught_facts.jsonl, row 1 .tf-1., field 'test'",
    ),
    "a taught fact that its page does not state": (
        put("taught_facts", 0, "support", "The Old Quay branch sleeps."),
        "taught_facts.jsonl, tf-1, field 'support'",
    ),
    "a taught fact of no page": (
        put("taught_facts", 0, "document", "branch-09"),
        "taught_facts.jsonl, tf-1, field 'document': no document 'branch-09'",
    ),
    "a taught fact with news but no new answer": (
        put("taught_facts", 0, "after", None),
        "taught_facts.jsonl, tf-1, field 'update': name a news item",
    ),
    "a new answer that the news does not give": (
        put("taught_facts", 0, "after", TAUGHT["after"] | {"support": "At noon."}),
        "taught_facts.jsonl, tf-1, 'after', field 'support'",
    ),
    "update of an unknown document": (
        put("updates", 0, "document", "branch-09"),
        "updates.jsonl, news-01, field 'document'",
    ),
    "edit of a sentence that is not there": (
        put("updates", 0, "edits", [{"old": "No.", "new": "Yes."}]),
        "updates.jsonl, news-01, field 'edits': not once in branch-01",
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named_with_file_row_and_field(kind, tmp_path, rows):
    damage, message = DAMAGE[kind]
    damage(rows)
    with pytest.raises(CourseError, match=message):
        Library(write(tmp_path / "library", rows))


def test_a_taught_fact_hands_out_its_wordings_as_questions(tmp_path, rows):
    [fact] = Library(write(tmp_path / "library", rows)).taught_facts
    two = fact.questions("train", wordings=2)
    assert [q.text for q in two] == TAUGHT["train"][:2] and len(fact.questions("test")) == 3
    assert {(q.kind, q.split, q.fact, q.answerable) for q in two} == {
        ("taught", "train", "tf-1", True)
    }
    assert two[0].reference.documents == ("branch-01",) and two[0].after.answer == "8 am"


def test_apply_update_corrects_the_document_and_adds_the_news(tmp_path, rows):
    library = Library(write(tmp_path / "library", rows))
    before, update = library.documents, library.updates[0]
    after = apply_update(before, update)
    assert after[0].text == QUAY.replace("9 am", "8 am") and after[0].date == "2026-05-04"
    assert after[1:3] == before[1:] and after[3] == update.news
    assert before[0].text == QUAY, "the documents given stay as they are"
    with pytest.raises(ValueError, match="news-01.*branch-01"):
        apply_update(after, update)
    with pytest.raises(ValueError, match="branch-01, which is not among"):
        apply_update(before[1:], update)


def test_load_questions_filters_and_names_what_does_not_exist(tmp_path, rows, monkeypatch):
    library = Library(write(tmp_path / "library", rows))
    monkeypatch.setattr(course_data, "_library", lambda: library)
    assert [q.id for q in course_data.load_questions("test", ["updated", "direct"])] == [
        "q-1",
        "q-2",
    ]
    assert course_data.load_questions("train") == [] and len(course_data.load_questions()) == 3
    with pytest.raises(ValueError, match="split 'dev'"):
        course_data.load_questions("dev")
    with pytest.raises(ValueError, match="kind 'odd'"):
        course_data.load_questions(kinds=["odd"])
    assert course_data.load_documents() is not library.documents, (
        "a learner's cell cannot spoil the cached list"
    )
    assert [u.news.id for u in course_data.load_updates()] == ["news-01"]


# --- the real library

FOLDER = runtime.data_dir() / course_data.LIBRARY
real = pytest.mark.skipif(not FOLDER.exists(), reason="datasets/library is not there yet")
#: Beyond scikit-learn's stop words: words of asking, and contractions, that carry no content.
ASKING = set(
    """ask does did don got isn kind know let like long ll long many mind much need please possible s t tell
want ve way won d m re going wondering wonder just""".split()
)


@pytest.fixture(scope="module")
def library():
    return Library()


def content_words(text: str) -> set[str]:
    import Stemmer
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    words = [
        w
        for w in re.findall(r"[a-z0-9]+", text.lower().replace("’", "'").replace("'s", ""))
        if w not in ENGLISH_STOP_WORDS | ASKING and len(w) > 1
    ]
    return set(Stemmer.Stemmer("english").stemWords(words))


@real
def test_the_library_is_large_enough_to_search(library):
    lengths = {d.id: len(d.text.split()) for d in library.documents}
    assert len(lengths) >= 200 and sum(lengths.values()) >= 30_000
    assert {i: n for i, n in lengths.items() if not 60 <= n <= 500} == {}
    assert {d.branch for d in library.documents} >= set(BRANCHES) - {"all"} and len(BRANCHES) == 6
    assert len(library.updates) >= 25
    assert all(
        re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", d.date)
        for d in [*library.documents, *(u.news for u in library.updates)]
    )


@real
def test_splits_and_kinds_are_large_enough_to_measure(library):
    splits = Counter(q.split for q in library.questions)
    assert splits["train"] >= 700 and splits["validation"] >= 100 and splits["test"] >= 200
    kinds = Counter(q.kind for q in library.questions if q.split == "test")
    assert {kind: kinds[kind] for kind in QUESTION_KINDS if kinds[kind] < 20} == {}
    assert sum(not q.answerable for q in library.questions) >= 60


@real
def test_nothing_of_one_split_is_seen_in_another(library):
    texts, documents, facts = defaultdict(set), defaultdict(set), defaultdict(set)
    for q in library.questions:
        texts[metrics.normalise(q.text)].add(q.id)
        for name in q.reference.documents:
            documents[name].add(q.split)
        facts[q.fact].add(q.split)
    assert {t: ids for t, ids in texts.items() if len(ids) > 1} == {}, "the same question twice"
    assert {name: splits for name, splits in documents.items() if len(splits) > 1} == {}
    assert {fact: splits for fact, splits in facts.items() if fact and len(splits) > 1} == {}
    passages = Counter(d.text for d in library.documents)
    assert max(passages.values()) == 1 and set(SPLITS) == {d.split for d in library.documents}


@real
def test_reworded_test_questions_share_no_content_word_with_their_support(library):
    shared = {
        q.id: content_words(q.text) & content_words(" ".join(q.reference.support))
        for q in library.questions
        if q.kind == "reworded" and q.split == "test"
    }
    assert {i: words for i, words in shared.items() if words} == {}


def references(library):
    """Every (question id, question, reference), the ones after an update too."""
    for q in library.questions:
        yield q.id, q, q.reference
        if q.after:
            yield f"{q.id} after", q, q.after


@real
def test_every_answer_is_found_in_its_reply_and_in_its_support(library):
    kept = [(i, q, r) for i, q, r in references(library) if q.answerable]
    assert [i for i, _, r in kept if not metrics.answer_match(r.reply, r.accepted)] == []
    # The answer to a question over two documents is often worked out from both, and stated in
    # neither.
    assert [
        i
        for i, q, r in kept
        if q.kind != "two" and not metrics.answer_match(" ".join(r.support), r.accepted)
    ] == []


@real
def test_an_update_makes_the_old_answer_wrong(library):
    updated = [q for q in library.questions if q.kind == "updated"]
    assert [
        q.id for q in updated if metrics.answer_match(q.after.answer, q.reference.accepted)
    ] == []
    documents = library.documents
    for update in library.updates:
        documents = apply_update(documents, update)
    assert len(documents) == len(library.documents) + len(library.updates)


def test_common_knowledge_that_cannot_be_compared_is_named(tmp_path, monkeypatch):
    row = {
        "id": "k-1",
        "topic": "arts",
        "question": "Who?",
        "answer": "Keats",
        "accepted": ["John Keats", "?"],
    }
    (tmp_path / "common_knowledge").mkdir()
    (tmp_path / "common_knowledge" / "questions.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    write_manifest(tmp_path / "common_knowledge")
    monkeypatch.setattr(runtime, "data_dir", lambda: tmp_path)
    with pytest.raises(
        CourseError,
        match=r"questions.jsonl, row 1 \(k-1\), field 'accepted', item 2: '\?' holds nothing",
    ):
        course_data.load_common_knowledge()


@real
def test_what_is_rehearsed_is_not_what_is_asked():
    rehearsed = course_data.load_rehearsal()
    asked = course_data.load_common_knowledge()
    assert len(rehearsed) == len(set(rehearsed)) == 60
    assert not set(rehearsed) & {row["question"] for row in asked}
    told = [
        (question, row["answer"])
        for question in rehearsed
        for row in asked
        if not row["answer"].isdigit() and metrics.answer_match(question, row["accepted"])
    ]
    assert told == []


@pytest.mark.parametrize(
    "text, day",
    [
        ("From 1 June 2026 a card costs £15.", "2026-06-01"),
        ("It moves. From Monday 12 October 2026 it is upstairs.", "2026-10-12"),
        ("The café opens, as the mayor said, from 3 Maytime 2026.", "2026-05-18"),
        ("A card cost £12 until now.", "2026-05-18"),
    ],
)
def test_news_holds_from_the_day_that_it_names_or_from_its_own(text, day):
    update = Update(Document("n", "News", "news", "all", "2026-05-18", text), "a", ())
    assert course_data.in_force_from(update) == day


def test_no_news_of_the_library_holds_before_it_is_printed():
    for update in course_data.load_updates():
        assert course_data.in_force_from(update) >= update.news.date
