"""Sentences, passages and the index, with word counts for embeddings; searches against brute force.

Tests marked `fault` show a known fault of the module; they fail loudly (strict) once it is mended.
"""

import socket
import subprocess
import sys
import time
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from doubles import CountingEmbed, embed

from ftrag_helpers import retrieval
from ftrag_helpers.records import Document, Hit, Passage
from ftrag_helpers.retrieval import (Index, SentenceSelector, add_scores, chunk, document_ranking, embedding_text, fuse,
                                     split_sentences)
from ftrag_helpers.runtime import CourseError

_names = (f"test-{n}" for n in count())


def new_index(documents=(), folder=None, name=None, embed=embed, **sizes):
    """An index under a name of its own, so that no test meets another's passages."""
    index = Index(embed, folder, name=name or next(_names), **sizes)
    index.add(documents)
    return index


def doc(id_, text, branch="central", shelf="help", title=None, date="2025-01-01"):
    return Document(id=id_, title=title or id_.title(), shelf=shelf, branch=branch, date=date, text=text)


LIBRARY = [
    doc("kettle", "The kettle stands in the Heron kitchen. Tea is free on Mondays.", "heron"),
    doc("maps", "Maps are kept in the map room. A map may be borrowed for eight days.", "old-quay"),
    doc("piano", "The piano in the hall is tuned in May.", "heron", "events"),
    doc("printer", "The printer takes coins. A page costs 20p.", "central"),
    doc("seeds", "Seeds are lent in spring. Bring seeds back in autumn.", "fennel-hill", "events"),
]


def ids(hits):
    return [[hit.passage.id for hit in found] for found in hits]


# --- sentences and passages --------------------------------------------------------------------------

SENTENCES = [
    ("Ask Dr. Brandt. She knows.", ["Ask Dr. Brandt.", "She knows."]),
    ("Bus No. 4 stops here. It is free.", ["Bus No. 4 stops here.", "It is free."]),
    ("Bring a drink, e.g. tea. Cups are here.", ["Bring a drink, e.g. tea.", "Cups are here."]),
    ("A drink, e.g. Earl Grey, is fine.", ["A drink, e.g. Earl Grey, is fine."]),
    ("The door shuts at 5.30 p.m. The lift stops at 5.", ["The door shuts at 5.30 p.m.", "The lift stops at 5."]),
    ("The talk is at 17.30 and costs £2.50. £3 buys tea.", ["The talk is at 17.30 and costs £2.50.", "£3 buys tea."]),
    ("Is it open? Yes! 12 rooms are.", ["Is it open?", "Yes!", "12 rooms are."]),
    ('She asked. "Dune" is in. “Emma” is out.', ["She asked.", '"Dune" is in.', "“Emma” is out."]),
    ("See ftrag.example for more. Ask.", ["See ftrag.example for more.", "Ask."]),
    ("A heading without a stop\n\nThen text.", ["A heading without a stop", "Then text."]),
    ("Mr. and Mrs. Ames sat on St. Anne's Road, approx. 40 in all.",
     ["Mr. and Mrs. Ames sat on St. Anne's Road, approx. 40 in all."]),
    ("  One.  Two.\nThree.  ", ["One.", "Two.", "Three."]), ("no stop at all", ["no stop at all"]), ("", []), (" \n\n ", []),
    ("図書館です。", ["図書館です。"]),
    pytest.param('He said "Go." Then he left.', ['He said "Go."', "Then he left."]),
    pytest.param("It is old (see above.) Ask.", ["It is old (see above.)", "Ask."]),
    pytest.param("A book by J. R. Ames is here.", ["A book by J. R. Ames is here."]),
]


@pytest.mark.parametrize("text, expected", SENTENCES)
def test_sentences(text, expected):
    assert split_sentences(text) == expected


def numbered(sentences, words=8):
    return " ".join(f"Sentence {n} " + "word " * (words - 3) + "ends." for n in range(sentences))


def test_chunks_are_short_enough_lose_nothing_and_overlap():
    document = doc("long", numbered(20))
    passages = chunk(document, words=30, overlap=1)
    assert all(len(p.text.split()) <= 30 for p in passages)
    assert [p.id for p in passages] == [f"long#{n}" for n in range(1, len(passages) + 1)]
    cut = [split_sentences(p.text) for p in passages]
    assert all(after[0] == before[-1] for before, after in zip(cut, cut[1:]))
    assert list(dict.fromkeys(s for sentences in cut for s in sentences)) == split_sentences(document.text)
    assert {(p.document_id, p.title, p.shelf, p.branch, p.date) for p in passages} == {
        ("long", "Long", "help", "central", "2025-01-01")}


def test_chunks_without_overlap_are_the_document():
    document = doc("long", numbered(20))
    passages = chunk(document, words=30, overlap=0)
    assert " ".join(p.text for p in passages) == document.text and len(passages) == 7
    assert len(chunk(document, words=10_000)) == 1 and chunk(replace(document, text=" ")) == []


def test_a_sentence_that_is_too_long_stands_alone():
    long = "This " + "very " * 50 + "long one ends."
    passages = chunk(doc("x", f"Short one. {long} Short two."), words=20, overlap=1)
    assert [p.text for p in passages] == ["Short one.", long, "Short two."]


@pytest.mark.parametrize("sizes", [{"words": 0}, {"overlap": -1}])
def test_impossible_sizes_are_errors(sizes):
    with pytest.raises(ValueError, match="at least"):
        chunk(LIBRARY[0], **sizes)


# --- the index ---------------------------------------------------------------------------------------


def test_add_change_remove_and_embed_only_what_is_new():
    counting = CountingEmbed()
    index = new_index(embed=counting)
    assert index.add(LIBRARY) == len(LIBRARY) == len(counting.seen)
    assert index.add(LIBRARY) == 0 and len(counting.seen) == len(LIBRARY)
    changed = replace(LIBRARY[1], text="Maps moved to the cellar.")
    assert index.add([changed]) == 1 and counting.seen[-1] == "Maps. Maps moved to the cellar."
    for method in ("dense", "bm25", "hybrid"):
        assert index.search(["cellar"], 1, method=method)[0][0].passage.text == changed.text
        assert "eight days" not in str(index.search(["eight days"], 9, method=method))
    assert index.remove(["maps", "unknown"]) == 1 and index.remove(["maps"]) == 0
    assert ids(index.bm25(["cellar"])) == [[]] and len(index.dense(["cellar"], 9)[0]) == 4
    assert [p.id for p in index.passages] == ["kettle#1", "piano#1", "printer#1", "seeds#1"]


def test_a_document_that_shrank_loses_its_last_passages():
    index = new_index([doc("long", numbered(20))], words=30)
    before = len(index.passages)
    index.add([doc("long", numbered(3))])
    assert before > 5 and [p.id for p in index.passages] == ["long#1"]
    assert ids(index.dense(["Sentence 19"], 50)) == [["long#1"]]


def test_synchronise_holds_exactly_the_documents_given():
    index = new_index(LIBRARY)
    other = doc("new", "The attic has a telescope.")
    assert index.synchronise([LIBRARY[0], other]) == 1
    assert [p.document_id for p in index.passages] == ["kettle", "new"]


def test_an_index_in_a_folder_is_found_again_without_embedding(tmp_path):
    from chromadb.api.shared_system_client import SharedSystemClient

    first = new_index(LIBRARY, tmp_path, "kept")
    wanted = {method: first.search(["map room"], 5, method=method) for method in ("dense", "bm25", "hybrid")}
    SharedSystemClient.clear_system_cache()  # what a new process begins with: nothing but the folder
    counting = CountingEmbed()
    again = Index(counting, tmp_path, name="kept")
    assert again.passages == first.passages and again.add(LIBRARY) == 0 and counting.seen == []
    for method, hits in wanted.items():
        found = again.search(["map room"], 5, method=method)
        assert ids(found) == ids(hits)
        assert [h.score for h in found[0]] == pytest.approx([h.score for h in hits[0]], abs=1e-5)


def test_an_index_in_memory_starts_empty():
    name = next(_names)
    new_index(LIBRARY, name=name)
    assert Index(embed, name=name).passages == []


def random_documents(n=240, seed=0):
    rng = np.random.default_rng(seed)
    vocabulary = [f"w{i}" for i in range(60)]
    return [doc(f"d{i:03}", " ".join(rng.choice(vocabulary, 12)), ["central", "heron", "all"][i % 3],
                ["help", "events"][i % 2], title=f"{rng.choice(vocabulary)} {i}") for i in range(n)]


@pytest.fixture(scope="module")
def large():
    return new_index(random_documents())


QUERIES = ["w1 w2 w3", "w40 w41", "w7 w7 w8 w50 w22"]
FILTERS = [None, {"branch": "heron"}, {"branch": {"$ne": "heron"}}, {"branch": {"$in": ["all", "heron"]}},
           {"branch": {"$nin": ["all"]}}, {"$and": [{"branch": "all"}, {"shelf": "help"}]},
           {"$or": [{"branch": "all"}, {"shelf": {"$eq": "events"}}]}, {"branch": "nowhere"}]


@pytest.mark.parametrize("where", FILTERS[:6])
def test_dense_search_equals_brute_force(large, where):
    passages = [p for p in large.passages if retrieval._matches(p, where)]
    similarity = embed(QUERIES) @ embed([embedding_text(p) for p in passages]).T
    for hits, row in zip(large.dense(QUERIES, 10, where=where), similarity, strict=True):
        assert [hit.score for hit in hits] == pytest.approx(sorted(row, reverse=True)[:10], abs=1e-5)
        scores = dict(zip((p.id for p in passages), row, strict=True))
        assert all(scores[hit.passage.id] == pytest.approx(hit.score, abs=1e-5) for hit in hits)
        assert [hit.rank for hit in hits] == list(range(1, 11))


@pytest.mark.parametrize("where", FILTERS)
def test_filters_mean_the_same_to_both_searches(large, where):
    everything = len(large.passages)
    dense = {hit.passage.id for hit in large.dense(["w1"], everything, where=where)[0]}
    words = " ".join(f"w{i}" for i in range(60))
    lexical = {hit.passage.id for hit in large.bm25([words], everything, where=where)[0]}
    assert dense == lexical == {p.id for p in large.passages if retrieval._matches(p, where)}


def test_bm25_scores_equal_the_formula():
    index = new_index([doc(f"d{n}", text, title="t") for n, text in enumerate(["red red tower", "blue tower tall", "grey"])])
    # Lucene's form: idf = ln(1 + (N − n + 0.5) / (n + 0.5)), k1 = 1.5, b = 0.75; one-letter words are no terms.
    idf, mean = np.log(1 + 2.5 / 1.5), (3 + 3 + 1) / 3
    wanted = idf * 2 / (2 + 1.5 * (0.25 + 0.75 * 3 / mean))
    (hits,) = index.bm25(["red"])
    assert ids([hits]) == [["d0#1"]] and hits[0].score == pytest.approx(wanted, rel=1e-4)


def test_bm25_knows_word_forms_and_leaves_out_what_shares_no_word():
    index = new_index(LIBRARY)
    assert ids(index.bm25(["borrowing a map", "zebra", "tuning pianos"])) == [["maps#1"], [], ["piano#1"]]


def test_equal_scores_are_ordered_by_id_whatever_the_order_of_adding():
    same = [replace(doc(f"z{n}", "Same words here."), title="T") for n in (5, 3, 9, 1, 7)]
    index = new_index([*same, doc("other", "Nothing alike.")])
    for method in ("dense", "bm25", "hybrid"):
        assert ids(index.search(["same words"], 5, method=method)) == [["z1#1", "z3#1", "z5#1", "z7#1", "z9#1"]]


def test_equal_scores_at_the_cut_are_chosen_by_id():
    index = new_index([replace(doc(f"z{n}", "Same words here."), title="T") for n in (5, 3, 9, 1, 7)])
    assert ids(index.dense(["same words"], 2)) == [["z1#1", "z3#1"]]


@pytest.mark.parametrize("method", ["dense", "bm25", "hybrid"])
def test_empty_index_and_no_queries(method):
    assert new_index().search(["maps", "tea"], 3, method=method) == [[], []]
    assert new_index(LIBRARY).search([], 3, method=method) == []
    emptied = new_index(LIBRARY)
    emptied.remove([d.id for d in LIBRARY])
    assert emptied.search(["maps"], 3, method=method) == [[]]


@pytest.mark.parametrize("method", ["dense", "bm25", "hybrid"])
@pytest.mark.parametrize("query", ["", " \n", "?!", "the of and", "図書館 Библиотека مكتبة", "🫖", "x", "\x00",
                                   "<script>alert('maps')</script> {{ maps }} <|im_end|>", "maps " * 10_000])
def test_odd_queries_give_an_answer_in_every_batch(method, query):
    index = new_index(LIBRARY)
    alone, beside = index.search([query], 3, method=method)[0], index.search(["tea", query], 3, method=method)[1]
    assert len(alone) <= 3 and [h.passage.id for h in alone] == [h.passage.id for h in beside]
    assert [h.score for h in alone] == pytest.approx([h.score for h in beside])
    if "maps" in query:
        assert alone[0].passage.id == "maps#1"


def test_documents_in_other_scripts_are_found():
    index = new_index([*LIBRARY, doc("ru", "Библиотека открыта в субботу.", title="Библиотека")])
    assert ids(index.hybrid(["библиотека"], 1)) == [["ru#1"]]


def test_a_document_without_text_has_no_passage():
    index = new_index([doc("none", ""), *LIBRARY])
    assert len(index.passages) == 5 and "none" not in str(index.hybrid(["none"], 9))


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_an_index_of_stop_words_alone_does_no_harm():
    index = new_index([doc("stop", "The. Of the.", title="A")])
    assert ids(index.bm25(["maps", "the"])) == [[], []]


def test_k_beyond_the_index_gives_all_and_wrong_calls_are_errors():
    index = new_index(LIBRARY)
    assert len(index.dense(["tea"], 99)[0]) == 5
    for call in (lambda: index.search(["tea"], 0), lambda: index.search(["tea"], method="sparse")):
        with pytest.raises(ValueError, match="choose dense, bm25 or hybrid"):
            call()


# --- a server for a class ----------------------------------------------------------------------------


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server(tmp_path):
    """A Chroma server of this test's own; yields its address."""
    port = free_port()
    # What the command `chroma` does, without importing all of chromadb first.
    run = "import sys, chromadb_rust_bindings; chromadb_rust_bindings.cli(['chroma', *sys.argv[1:]])"
    process = subprocess.Popen([sys.executable, "-c", run, "run", "--path", str(tmp_path / "server"),
                                "--host", "127.0.0.1", "--port", str(port)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            pytest.fail("the Chroma server did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def test_a_chroma_server_gives_the_same_hits(server, monkeypatch):
    embedded = new_index(LIBRARY)
    monkeypatch.setenv("FTRAG_CHROMA_URL", server)
    shared = Index(embed, name="shared")
    assert shared.add(LIBRARY) == 5
    for method in ("dense", "bm25", "hybrid"):
        for where in (None, {"branch": "heron"}):
            here, there = (i.search(["tea in the map room"], 4, method=method, where=where)[0] for i in (embedded, shared))
            assert ids([here]) == ids([there])
            assert [h.score for h in here] == pytest.approx([h.score for h in there], abs=1e-5)
    counting = CountingEmbed()
    monkeypatch.setenv("FTRAG_CHROMA_URL", server.removeprefix("http://"))
    assert Index(counting, name="shared").add(LIBRARY) == 0 and counting.seen == []


def test_no_server_is_a_clear_error(monkeypatch):
    monkeypatch.setenv("FTRAG_CHROMA_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(CourseError, match="No Chroma server answers at .*chroma run"):
        Index(embed)


# --- fusing, choosing sentences ----------------------------------------------------------------------


def hits_of(**scores):
    """Hits named by id, with these scores, in this order."""
    return [Hit(Passage(i, i, i, "help", "central", "", i), score, rank)
            for rank, (i, score) in enumerate(scores.items(), start=1)]


def test_added_scores_by_hand():
    fused = add_scores(hits_of(a=0.9, b=0.5, c=0.45), hits_of(c=20.0, d=30.0), weight=0.02)
    assert [(hit.passage.id, hit.rank) for hit in fused] == [("a", 1), ("c", 2), ("d", 3), ("b", 4)]
    assert [hit.score for hit in fused] == pytest.approx([0.9, 0.85, 0.6, 0.5])
    assert add_scores([], []) == [] and ids([add_scores(hits_of(b=1, a=1), [])]) == [["a", "b"]], "ties go by id"


def test_reciprocal_rank_fusion_by_hand():
    fused = fuse([hits_of(a=9, b=8), hits_of(b=0.2, c=0.1)])
    assert ids([fused]) == [["b", "a", "c"]]
    assert [hit.score for hit in fused] == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62])


def test_hybrid_is_the_sum_of_both_searches(large):
    for query, found in zip(QUERIES, large.hybrid(QUERIES, 10), strict=True):
        sums = {hit.passage.id: hit.score for hit in large.dense([query], 50)[0]}
        for hit in large.bm25([query], 50)[0]:
            sums[hit.passage.id] = sums.get(hit.passage.id, 0) + retrieval.LEXICAL_WEIGHT * hit.score
        assert [hit.score for hit in found] == pytest.approx(sorted(sums.values(), reverse=True)[:10], abs=1e-5)


def test_document_ranking_names_each_document_once():
    hits = [Hit(replace(h.passage, document_id=d), h.score, h.rank) for h, d in zip(hits_of(a=3, b=2, c=1), "xyx")]
    assert document_ranking(hits) == ["x", "y"] and document_ranking([]) == []


def test_the_best_sentence_is_the_one_that_shares_the_words():
    index = new_index(LIBRARY)
    questions = ["how many days may a map be borrowed", "what costs a page"]
    found = SentenceSelector(index, embed)(questions, index.hybrid(questions, 3), n=2)
    assert [hits[0].passage.text for hits in found] == ["A map may be borrowed for eight days.", "A page costs 20p."]
    assert [hit.rank for hit in found[0]] == [1, 2] and found[0][0].score >= found[0][1].score
    assert found[0][0].passage.document_id == "maps"


def test_sentences_that_passages_share_count_once_and_are_embedded_once():
    counting = CountingEmbed()
    index = new_index([doc("long", numbered(12))], words=30)
    select = SentenceSelector(index, counting)
    hits = index.dense(["Sentence 3"], 9)
    (found,) = select(["Sentence 3"], hits, n=99)
    assert len({hit.passage.text for hit in found}) == len(found) == 12
    before = len(counting.seen)
    assert before == 12 + 1
    select(["Sentence 4"], hits, n=1)
    assert len(counting.seen) == before + 1, "only the new question"


def test_sentence_selection_without_hits_and_of_passages_added_later():
    index = new_index(LIBRARY)
    select = SentenceSelector(index, embed)
    assert select(["tea"], [[]]) == [[]] and select([], []) == []
    index.add([doc("attic", "The attic has a telescope.")])
    assert select(["telescope"], index.dense(["telescope"], 1))[0][0].passage.text == "The attic has a telescope."
    assert SentenceSelector(new_index(), embed)(["tea"], [[]]) == [[]]


def test_the_fingerprint_tells_contents_apart():
    assert retrieval.fingerprint(LIBRARY) == retrieval.fingerprint(list(LIBRARY))
    assert len({retrieval.fingerprint(d) for d in (LIBRARY, LIBRARY[1:], [replace(LIBRARY[0], text="x"), *LIBRARY[1:]], [])}) == 4


def test_the_sentence_selector_follows_a_changed_index():
    index = new_index([Document("a-01", "Fees", "policies", "all", "2025-01-01", "A card costs £12 a year. Cards are blue.")])
    select = SentenceSelector(index, embed)
    changed = Document("a-01", "Fees", "policies", "all", "2026-01-01", "A visitor card costs £15 a year. Cards are blue.")
    index.add([changed])
    [[best]] = select(["What does a visitor card cost a year?"], index.search(["visitor card"], 5), 1)
    [[same]] = SentenceSelector(index, embed)(["What does a visitor card cost a year?"], index.search(["visitor card"], 5), 1)
    assert best.passage.text == "A visitor card costs £15 a year." and best.score == same.score
