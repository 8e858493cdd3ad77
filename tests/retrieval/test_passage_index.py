"""The index, with word counts for embeddings: searches against brute force, changes, stores, a
server.
"""

import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from damage import DAMAGES
from doubles import Counting, embed, free_port
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shelf import LIBRARY, doc, ids, new_index, numbered

from ftrag_helpers.errors import CourseError
from ftrag_helpers.retrieval import chroma_store, passage_index
from ftrag_helpers.retrieval.chunking import embedding_text
from ftrag_helpers.retrieval.fusion import LEXICAL_WEIGHT
from ftrag_helpers.retrieval.passage_index import Index


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
    wanted = {
        method: first.search(["map room"], 5, method=method)
        for method in ("dense", "bm25", "hybrid")
    }
    SharedSystemClient.clear_system_cache()  # as in a new process
    counting = Counting(embed)
    again = Index(counting, tmp_path)
    assert again.passages == first.passages and again.add(LIBRARY) == 0
    assert counting.seen == [embedding_text(first.passages[0])], (
        "one text, to see that the vectors are this embedder's"
    )
    for method, hits in wanted.items():
        found = again.search(["map room"], 5, method=method)
        assert ids(found) == ids(hits)
        assert [h.score for h in found[0]] == pytest.approx([h.score for h in hits[0]], abs=1e-5)


def test_an_index_in_memory_starts_empty():
    new_index(LIBRARY)
    assert Index(embed).passages == []


@pytest.mark.parametrize(
    "another",
    [lambda texts: embed(texts)[:, ::-1].copy(), lambda texts: embed(texts)[:, :96].copy()],
    ids=["other vectors", "other dimensions"],
)
def test_vectors_of_another_embedder_are_not_mixed_with_this_ones(tmp_path, another):
    new_index(LIBRARY, tmp_path)
    index = Index(another, tmp_path)
    assert index.passages == [] and index.add(LIBRARY) == 5
    assert len(index.dense(["tea in the kitchen"], 9)[0]) == 5
    assert len(Index(another, tmp_path).passages) == 5, "found again by the one that made it"


def random_documents(n=240, seed=0):
    rng = np.random.default_rng(seed)
    vocabulary = [f"w{i}" for i in range(60)]
    return [
        doc(
            f"d{i:03}",
            " ".join(rng.choice(vocabulary, 12)),
            ["central", "heron", "all"][i % 3],
            ["help", "events"][i % 2],
            title=f"{rng.choice(vocabulary)} {i}",
        )
        for i in range(n)
    ]


@pytest.fixture(scope="module")
def large():
    return new_index(random_documents())


QUERIES = ["w1 w2 w3", "w40 w41", "w7 w7 w8 w50 w22"]
FILTERS = [
    None,
    {"branch": "heron"},
    {"branch": {"$ne": "heron"}},
    {"branch": {"$in": ["all", "heron"]}},
    {"branch": {"$nin": ["all"]}},
    {"$and": [{"branch": "all"}, {"shelf": "help"}]},
    {"$or": [{"branch": "all"}, {"shelf": {"$eq": "events"}}]},
    {"branch": "nowhere"},
]


def matches(passage, where):
    """The meaning of a filter, written out; every passage has every field, and all values are
    texts.
    """
    if not where:
        return True
    [(key, test)] = where.items()
    if key in ("$and", "$or"):
        return (all if key == "$and" else any)(matches(passage, part) for part in test)
    value = getattr(passage, key)
    [(operator, operand)] = test.items() if isinstance(test, dict) else [("$eq", test)]
    return {
        "$eq": lambda: value == operand,
        "$ne": lambda: value != operand,
        "$in": lambda: value in operand,
        "$nin": lambda: value not in operand,
        "$gt": lambda: False,
        "$gte": lambda: False,
        "$lt": lambda: False,
        "$lte": lambda: False,
        "$contains": lambda: False,
        "$not_contains": lambda: True,
    }[operator]()  # numbers and lists are compared with no text


@pytest.mark.parametrize("where", FILTERS[:6])
def test_dense_search_equals_brute_force(large, where):
    passages = [p for p in large.passages if matches(p, where)]
    similarity = embed(QUERIES) @ embed([embedding_text(p) for p in passages]).T
    for hits, row in zip(large.dense(QUERIES, 10, where=where), similarity, strict=True):
        assert [hit.score for hit in hits] == pytest.approx(
            sorted(row, reverse=True)[:10], abs=1e-5
        )
        scores = dict(zip((p.id for p in passages), row, strict=True))
        assert all(scores[hit.passage.id] == pytest.approx(hit.score, abs=1e-5) for hit in hits)
        assert [hit.rank for hit in hits] == list(range(1, 11))


@pytest.mark.parametrize("where", FILTERS)
def test_filters_mean_the_same_to_both_searches(large, where):
    everything = len(large.passages)
    dense = {hit.passage.id for hit in large.dense(["w1"], everything, where=where)[0]}
    words = " ".join(f"w{i}" for i in range(60))
    lexical = {hit.passage.id for hit in large.bm25([words], everything, where=where)[0]}
    assert dense == lexical == {p.id for p in large.passages if matches(p, where)}


def found_by(index, method, where):
    """The ids that a search with a filter finds, or the words in which it refuses the filter."""
    words = " ".join(f"w{i}" for i in range(60))
    try:
        return {
            hit.passage.id
            for hit in index.search(
                [words], max(1, len(index.passages)), method=method, where=where
            )[0]
        }
    except CourseError as error:
        return str(error)


FIELD = st.sampled_from(["branch", "shelf", "title", "date", "document_id"])
VALUE = st.sampled_from(
    [
        "heron",
        "all",
        "central",
        "help",
        "events",
        "2025-01-01",
        "d004",
        "",
        "nowhere",
        "Heron",
        "'; --",
    ]
)
TEST = st.one_of(
    VALUE,
    st.builds(lambda operator, value: {operator: value}, st.sampled_from(["$eq", "$ne"]), VALUE),
    st.builds(
        lambda operator, values: {operator: values},
        st.sampled_from(["$in", "$nin"]),
        st.lists(VALUE, min_size=1, max_size=4),
    ),
    st.builds(
        lambda operator, value: {operator: value},
        st.sampled_from(["$gt", "$gte", "$lt", "$lte"]),
        st.integers(-9, 9999),
    ),
)
FILTER = st.recursive(
    st.builds(lambda field, test: {field: test}, FIELD, TEST),
    lambda inner: st.builds(
        lambda operator, parts: {operator: parts},
        st.sampled_from(["$and", "$or"]),
        st.lists(inner, min_size=2, max_size=3),
    ),
    max_leaves=6,
)


@pytest.mark.slow
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(where=FILTER)
def test_any_filter_means_the_same_to_both_searches(large, where):
    wanted = {p.id for p in large.passages if matches(p, where)}
    assert (
        found_by(large, "dense", where)
        == found_by(large, "bm25", where)
        == found_by(large, "hybrid", where)
        == wanted
    )


@pytest.mark.parametrize(
    "where, told",
    [
        ({"branch": {"$foo": "heron"}}, "$foo"),
        ({"date": {"$gte": "2025-01-01"}}, "$gte"),
        ({"date": {"$before": "2025"}}, "$before"),
        ({"branch": {"$in": ["all"], "$ne": "heron"}}, "exactly one operator"),
        ({"branch": "heron", "shelf": "help"}, "exactly one operator"),
        ({"branch": {}}, "exactly one operator"),
        ({"branch": {"$in": []}}, "non-empty list"),
        ({"branch": {"$in": "heron"}}, "$in"),
        ({"branch": ["heron"]}, "heron"),
        ({"branch": None}, "None"),
        ({"$and": [{"branch": "heron"}]}, "$and"),
        ({"$or": []}, "$or"),
        ({"$not": {"branch": "heron"}}, "$not"),
        ({"$and": [{"branch": "all"}, {"$xor": [{"shelf": "help"}, {"shelf": "news"}]}]}, "$xor"),
        ({"branhc": "heron"}, "'branhc', which no passage has"),
        ({"text": "w1"}, "'text', which no passage has"),
        (
            {"$or": [{"branch": "all"}, {"colour": {"$ne": "red"}}]},
            "'colour', which no passage has",
        ),
        ([{"branch": "heron"}], "to be a dict"),
        ("heron", "to be a dict"),
        ([], "to be a dict"),
        ({"branch": float("nan")}, "nan"),
        (0, "to be a dict"),
    ],
)
def test_a_filter_that_is_not_understood_is_one_error_to_both_searches(large, where, told):
    dense, lexical = (found_by(large, method, where) for method in ("dense", "bm25"))
    assert dense == lexical and dense.startswith(f"The filter {where!r} ") and told in dense
    assert len(large.passages) == 240 and large.dense(["w1"], 3), "the index goes on"
    assert found_by(new_index(), "dense", where) == dense, "an empty index too"


@pytest.mark.parametrize("where", [None, {}])
def test_no_filter_lets_everything_through(large, where):
    assert len(found_by(large, "dense", where)) == len(found_by(large, "bm25", where)) == 240


def test_the_text_itself_may_be_filtered(large):
    wanted = {p.id for p in large.passages if "w17" in p.text}
    assert (
        found_by(large, "dense", {"#document": {"$contains": "w17"}})
        == found_by(large, "bm25", {"#document": {"$contains": "w17"}})
        == wanted
    )


def test_equal_scores_are_ordered_by_id_whatever_the_order_of_adding():
    same = [replace(doc(f"z{n}", "Same words here."), title="T") for n in (5, 3, 9, 1, 7)]
    index = new_index([*same, doc("other", "Nothing alike.")])
    for method in ("dense", "bm25", "hybrid"):
        assert ids(index.search(["same words"], 5, method=method)) == [
            ["z1#1", "z3#1", "z5#1", "z7#1", "z9#1"]
        ]


def test_equal_scores_at_the_cut_are_chosen_by_id():
    index = new_index(
        [replace(doc(f"z{n}", "Same words here."), title="T") for n in (5, 3, 9, 1, 7)]
    )
    assert ids(index.dense(["same words"], 2)) == [["z1#1", "z3#1"]]


@pytest.mark.parametrize("method", ["dense", "bm25", "hybrid"])
def test_empty_index_and_no_queries(method):
    assert new_index().search(["maps", "tea"], 3, method=method) == [[], []]
    assert new_index(LIBRARY).search([], 3, method=method) == []
    emptied = new_index(LIBRARY)
    emptied.remove([d.id for d in LIBRARY])
    assert emptied.search(["maps"], 3, method=method) == [[]]


@pytest.mark.parametrize("method", ["dense", "bm25", "hybrid"])
@pytest.mark.parametrize(
    "query",
    [
        "",
        " \n",
        "?!",
        "the of and",
        "図書館 Библиотека مكتبة",
        "🫖",
        "x",
        "\x00",
        "<script>alert('maps')</script> {{ maps }} <|im_end|>",
        "maps " * 10_000,
    ],
)
def test_odd_queries_give_an_answer_in_every_batch(method, query):
    index = new_index(LIBRARY)
    alone, beside = (
        index.search([query], 3, method=method)[0],
        index.search(["tea", query], 3, method=method)[1],
    )
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
        assert [hit.score for hit in found] == pytest.approx(
            sorted(sums.values(), reverse=True)[:10], abs=1e-5
        )


def test_the_fingerprint_tells_contents_apart():
    assert passage_index.fingerprint(LIBRARY) == passage_index.fingerprint(list(LIBRARY))
    assert (
        len({passage_index.fingerprint(d) for d in (LIBRARY, LIBRARY[1:], LIBRARY[::-1], [])}) == 4
    )


@pytest.mark.parametrize("field", ["id", "title", "shelf", "branch", "date", "text"])
def test_the_fingerprint_covers_every_field_of_a_passage(field):
    changed = [replace(LIBRARY[0], **{field: "other"}), *LIBRARY[1:]]
    assert passage_index.fingerprint(changed) != passage_index.fingerprint(LIBRARY)


# --- a server for a class


@pytest.fixture
def server(tmp_path):
    """A Chroma server of this test's own; yields its address."""
    port = free_port()
    # What the command `chroma` does, without importing all of chromadb first.
    run = (
        "import sys, chromadb_rust_bindings; chromadb_rust_bindings.cli(['chroma', *sys.argv[1:]])"
    )
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            run,
            "run",
            "--path",
            str(tmp_path / "server"),
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
    )
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
            here, there = (
                i.search(["tea in the map room"], 4, method=method, where=where)[0]
                for i in (embedded, kept)
            )
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
    with pytest.raises(CourseError, match="No Chroma server answers at .*refused.*chroma run"):
        Index(embed, tmp_path)


PROXIES = {
    "a dead proxy": {"http_proxy": "http://127.0.0.1:9"},
    "in capitals": {"HTTP_PROXY": "http://127.0.0.1:9"},
    "for all": {"ALL_PROXY": "http://127.0.0.1:9"},
    "for https": {"https_proxy": "http://127.0.0.1:9", "http_proxy": "127.0.0.1:9"},
    "socks": {"all_proxy": "socks5://127.0.0.1:9"},
    "misspelled": {"HTTP_PROXY": "htp:/127.0.0.1"},
    "not for others": {
        "http_proxy": "http://127.0.0.1:9",
        "no_proxy": "example.org",
        "NO_PROXY": "[::",
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_proxy_does_not_stand_between_us_and_a_server_on_this_machine(
    server, monkeypatch, tmp_path, host
):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("FTRAG_CHROMA_URL", server.replace("127.0.0.1", host))
    for name, variables in PROXIES.items():
        with monkeypatch.context() as patch:
            for variable, value in variables.items():
                patch.setenv(variable, value)
            before = dict(os.environ)
            index = new_index(LIBRARY, tmp_path / name)
            assert (
                ids(index.dense(["tea in the kitchen"], 1)) == [["kettle#1"]]
                and dict(os.environ) == before
            )


@pytest.mark.slow
def test_what_is_no_chroma_server_is_told(monkeypatch, tmp_path):
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(404)
            self.end_headers()
            self.wfile.write(b"<html>Another program</html>")

        def log_message(self, *_args):
            pass

    monkeypatch.setattr("ftrag_helpers.retrieval.chroma_server._ANSWER_SECONDS", 0.5)
    with (
        http.server.HTTPServer(("127.0.0.1", 0), Other) as other,
        socket.create_server(("127.0.0.1", 0)) as silent,
    ):
        threading.Thread(target=other.serve_forever, daemon=True).start()
        for port, told in (
            (other.server_port, "no Chroma server of today .HTTP 404."),
            (silent.getsockname()[1], "timed out"),
        ):
            monkeypatch.setenv("FTRAG_CHROMA_URL", f"http://127.0.0.1:{port}")
            with pytest.raises(
                CourseError,
                match=(
                    f"No Chroma server answers at http://127.0.0.1:{port} .FTRAG_CHROMA_URL.:"
                    f" .*{told}"
                ),
            ):
                Index(embed, tmp_path)
        other.shutdown()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:no",
        "http://127.0.0.1:99999",
        "ftp://127.0.0.1",
        "http://",
        "http:/127.0.0.1:8000",
        "127.0.0.1:8000:1",
        "http://[::1",
        "http://a b",
        "http://127.0.0.1:8000/x?y",
    ],
)
def test_an_address_that_is_none_is_told_with_its_variable(monkeypatch, tmp_path, url):
    monkeypatch.setenv("FTRAG_CHROMA_URL", url)
    with pytest.raises(CourseError, match="FTRAG_CHROMA_URL"):
        Index(embed, tmp_path)


def test_a_server_that_forgot_is_filled_again_and_one_that_went_is_told(
    server, monkeypatch, tmp_path
):
    import chromadb

    monkeypatch.setenv("FTRAG_CHROMA_URL", server)
    index = new_index(LIBRARY, tmp_path / "mine")
    client = chromadb.HttpClient("127.0.0.1", int(server.rsplit(":")[-1]))
    for collection in client.list_collections():
        client.delete_collection(collection.name)
    assert (
        ids(index.dense(["tea in the kitchen"], 1)) == [["kettle#1"]]
        and len(index.dense(["tea"], 9)[0]) == 5
    )
    monkeypatch.setattr(index._store._store, "_server", ("127.0.0.1", free_port(), False))
    index._store._store._client = index._store._store._collection = None
    with pytest.raises(CourseError, match="No Chroma server answers"):
        index.dense(["tea"])


@pytest.mark.parametrize("damage", ["cut short", "empty", "scrambled", "of another kind"])
def test_a_damaged_name_on_the_server_is_made_anew(monkeypatch, tmp_path, damage):
    monkeypatch.setenv("FTRAG_CHROMA_URL", "http://127.0.0.1:9")
    first = chroma_store.collection_name(tmp_path, "library")
    assert chroma_store.collection_name(tmp_path, "library") == first
    DAMAGES[damage](tmp_path / "on_server")
    with pytest.warns(UserWarning, match="on_server was damaged"):
        second = chroma_store.collection_name(tmp_path, "library")
    assert (
        second != first
        and len(second) == len(first)
        and chroma_store.collection_name(tmp_path, "library") == second
    )
