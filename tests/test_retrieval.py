"""The index, with word counts for embeddings: searches against brute force, changes, stores, a server."""

import socket
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from doubles import Counting, embed
from shelf import LIBRARY, doc, ids, new_index, numbered

from ftrag_helpers import retrieval
from ftrag_helpers.chunking import embedding_text
from ftrag_helpers.ranking import LEXICAL_WEIGHT
from ftrag_helpers.retrieval import Index
from ftrag_helpers.runtime import CourseError


def test_add_change_remove_and_embed_only_what_is_new():
    counting = Counting(embed)
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

    first = new_index(LIBRARY, tmp_path)
    wanted = {method: first.search(["map room"], 5, method=method) for method in ("dense", "bm25", "hybrid")}
    SharedSystemClient.clear_system_cache()  # what a new process begins with: nothing but the folder
    counting = Counting(embed)
    again = Index(counting, tmp_path)
    assert again.passages == first.passages and again.add(LIBRARY) == 0
    assert counting.seen == [embedding_text(first.passages[0])], "one text, to see that the vectors are this embedder's"
    for method, hits in wanted.items():
        found = again.search(["map room"], 5, method=method)
        assert ids(found) == ids(hits)
        assert [h.score for h in found[0]] == pytest.approx([h.score for h in hits[0]], abs=1e-5)


def test_an_index_in_memory_starts_empty():
    new_index(LIBRARY)
    assert Index(embed).passages == []


@pytest.mark.parametrize("another", [lambda texts: embed(texts)[:, ::-1].copy(), lambda texts: embed(texts)[:, :96].copy()],
                         ids=["other vectors", "other dimensions"])
def test_vectors_of_another_embedder_are_not_mixed_with_this_ones(tmp_path, another):
    new_index(LIBRARY, tmp_path)
    index = Index(another, tmp_path)
    assert index.passages == [] and index.add(LIBRARY) == 5
    assert len(index.dense(["tea in the kitchen"], 9)[0]) == 5
    assert len(Index(another, tmp_path).passages) == 5, "found again by the one that made it"


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


def test_hybrid_is_the_sum_of_both_searches(large):
    for query, found in zip(QUERIES, large.hybrid(QUERIES, 10), strict=True):
        sums = {hit.passage.id: hit.score for hit in large.dense([query], 50)[0]}
        for hit in large.bm25([query], 50)[0]:
            sums[hit.passage.id] = sums.get(hit.passage.id, 0) + LEXICAL_WEIGHT * hit.score
        assert [hit.score for hit in found] == pytest.approx(sorted(sums.values(), reverse=True)[:10], abs=1e-5)


def test_the_fingerprint_tells_contents_apart():
    assert retrieval.fingerprint(LIBRARY) == retrieval.fingerprint(list(LIBRARY))
    assert len({retrieval.fingerprint(d) for d in (LIBRARY, LIBRARY[1:], [replace(LIBRARY[0], text="x"), *LIBRARY[1:]], [])}) == 4


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


def test_a_chroma_server_gives_the_same_hits(server, monkeypatch, tmp_path):
    embedded = new_index(LIBRARY)
    monkeypatch.setenv("FTRAG_CHROMA_URL", server)
    kept = new_index(LIBRARY, tmp_path / "mine")
    for method in ("dense", "bm25", "hybrid"):
        for where in (None, {"branch": "heron"}):
            here, there = (i.search(["tea in the map room"], 4, method=method, where=where)[0] for i in (embedded, kept))
            assert ids([here]) == ids([there])
            assert [h.score for h in here] == pytest.approx([h.score for h in there], abs=1e-5)
    counting = Counting(embed)
    monkeypatch.setenv("FTRAG_CHROMA_URL", server.removeprefix("http://"))
    assert Index(counting, tmp_path / "mine").add(LIBRARY) == 0 and len(counting.seen) == 1


def test_two_people_on_one_server_do_not_meet(server, monkeypatch, tmp_path):
    monkeypatch.setenv("FTRAG_CHROMA_URL", server)
    anna, ben = (new_index(LIBRARY, tmp_path / name) for name in ("anna", "ben"))
    anna.synchronise(LIBRARY[:1])
    assert ids(anna.dense(["map"], 9)) == [["kettle#1"]] and len(ben.dense(["map"], 9)[0]) == 5
    assert Index(embed).passages == [], "an index in memory has nothing to do with the server"


def test_no_server_is_a_clear_error(monkeypatch, tmp_path):
    monkeypatch.setenv("FTRAG_CHROMA_URL", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(CourseError, match="No Chroma server answers at .*chroma run"):
        Index(embed, tmp_path)
