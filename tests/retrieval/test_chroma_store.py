"""An index in a folder, whatever happens to the folder: it is made anew or kept in memory, says so,
and finds what it found.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from chromadb.api.shared_system_client import SharedSystemClient
from damage import DAMAGES, scrambled
from doubles import embed
from shelf import doc, ids, new_index

from ftrag_helpers.environment import runtime
from ftrag_helpers.retrieval.passage_index import Index

pytestmark = pytest.mark.slow

_RNG = np.random.default_rng(0)
DOCUMENTS = [
    doc(f"d{n:04}", f"Word{n} stands by {' '.join(f'w{k}' for k in _RNG.integers(0, 300, 14))}.")
    for n in range(300)
]
QUERIES = [f"word77 {DOCUMENTS[12].text}", DOCUMENTS[70].text[20:], DOCUMENTS[211].text[:40]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder that holds an index; to be copied."""
    folder = tmp_path_factory.mktemp("whole") / "index"
    new_index(DOCUMENTS, folder)
    SharedSystemClient.clear_system_cache()
    return folder


@pytest.fixture(scope="module")
def wanted():
    return answers(new_index(DOCUMENTS))


@pytest.fixture
def folder(whole, tmp_path):
    return Path(shutil.copytree(whole, tmp_path / "index"))


def answers(index):
    return [
        [(hit.passage, round(hit.score, 4)) for hit in hits] for hits in index.hybrid(QUERIES, 5)
    ]


def told(work):
    """What `work` returns, and the warnings that it gives a person."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = work()
    return found, [str(each.message) for each in caught if issubclass(each.category, UserWarning)]


def opened(folder, documents=DOCUMENTS):
    index = Index(embed, folder)
    index.add(documents)
    return index


def test_a_sound_index_is_found_again_without_a_word(folder, wanted):
    index, said = told(lambda: opened(folder))
    assert said == [] and answers(index) == wanted


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_database_is_made_anew(folder, wanted, damage):
    DAMAGES[damage](folder / "chroma.sqlite3")
    index, said = told(lambda: opened(folder))
    assert answers(index) == wanted
    assert len(said) == (damage not in ("empty", "gone")) and all(
        f"The index in {folder} was damaged" in line for line in said
    )
    SharedSystemClient.clear_system_cache()
    index, said = told(lambda: Index(embed, folder))
    assert said == [] and answers(index) == wanted, "what was made anew is kept"


def test_files_beside_the_database_do_not_matter(tmp_path):
    many = [
        doc(f"d{n:04}", f"Word{n} stands here.") for n in range(1050)
    ]  # from 1,000 on Chroma would write its graph
    new_index(many, tmp_path / "whole").dense(["word77"])
    for damage in DAMAGES.values():
        SharedSystemClient.clear_system_cache()
        folder = Path(shutil.copytree(tmp_path / "whole", tmp_path / damage.__name__))
        [segment] = [path for path in folder.iterdir() if path.is_dir()]
        for path in list(segment.iterdir()):
            damage(path)
        index, said = told(lambda folder=folder: Index(embed, folder))
        assert (
            said == []
            and len(index.passages) == 1050
            and ids(index.dense(["word77 stands"], 1)) == [["d0077#1"]]
        )


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE migrations SET hash = 'x'",
        "DROP TABLE embedding_metadata",
        "DROP TABLE collections",
        "DELETE FROM segments",
        "DELETE FROM collections",
        "DELETE FROM tenants",
        "DROP TABLE embeddings_queue",
    ],
)
def test_a_database_of_another_form_is_made_anew(folder, wanted, change):
    import sqlite3

    with closing(sqlite3.connect(folder / "chroma.sqlite3")) as base, base:
        base.execute(change)
    index, said = told(lambda: opened(folder))
    assert answers(index) == wanted and len(said) <= 1


def test_a_text_or_a_vector_that_changed_is_not_used(folder, wanted):
    path = folder / "chroma.sqlite3"
    content = path.read_bytes()
    assert content.count(b"Word5 stands") >= 1
    path.write_bytes(content.replace(b"Word5 stands", b"Word5 hides!"))
    index, said = told(lambda: opened(folder))
    assert answers(index) == wanted and [
        p.text for p in index.passages if p.document_id == "d0005"
    ] == [DOCUMENTS[5].text]
    assert len(said) == 1 and ("1 of 300 passages" in said[0] or "was damaged" in said[0])


def test_vectors_are_watched_too(tmp_path):
    index = new_index(DOCUMENTS[:20], tmp_path)
    wrong = -embed([DOCUMENTS[3].text])
    index._store.collection.update(ids=["d0003#1"], embeddings=wrong)
    SharedSystemClient.clear_system_cache()
    again, said = told(lambda: Index(embed, tmp_path))
    assert said == [f"1 of 20 passages in {tmp_path} were damaged: add their documents again."]
    assert len(again.passages) == 19 and again.add(DOCUMENTS[:20]) == 1
    assert again.dense([f"D0003. {DOCUMENTS[3].text}"], 1)[0][0].score == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("damage", ["gone", "scrambled", "a folder"])
def test_damage_while_it_is_used(folder, wanted, damage):
    index = opened(folder)
    DAMAGES[damage](folder / "chroma.sqlite3")
    found, said = told(
        lambda: (
            index.add([doc("new", "The attic has a telescope.")]),
            ids(index.dense(["telescope in the attic"], 1)),
            index.remove(["new"]),
            answers(index),
        )[1:]
    )
    assert found == ([["new#1"]], 1, wanted) and len(said) <= 1


def test_a_store_of_an_older_course_is_made_anew_without_reading_its_files(tmp_path, wanted):
    import chromadb

    client = chromadb.PersistentClient(str(tmp_path))
    old = client.create_collection(
        "library", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )
    rng = np.random.default_rng(0)
    old.add(
        ids=[str(n) for n in range(1100)],
        embeddings=rng.normal(size=(1100, 8)),
        documents=["x"] * 1100,
    )
    assert len(old.get()["ids"]) == 1100
    SharedSystemClient.clear_system_cache()
    for path in tmp_path.glob("*/*.bin"):
        scrambled(path)
    index, said = told(lambda: opened(tmp_path))
    assert answers(index) == wanted and said == []


def test_only_what_is_chromas_is_deleted(folder):
    for name in ("notes.txt", "on_server"):
        (folder / name).write_text("mine")
    scrambled(folder / "chroma.sqlite3")
    _, said = told(lambda: opened(folder, DOCUMENTS[:3]))
    assert len(said) == 1 and {"notes.txt", "on_server"} < {path.name for path in folder.iterdir()}


def test_two_indexes_of_one_folder_outlive_its_damage(folder, wanted):
    first, second = opened(folder), opened(folder)
    scrambled(folder / "chroma.sqlite3")
    first.add([doc("new", "The attic has a telescope.")])
    first.remove(["new"])
    assert answers(first) == answers(second) == wanted
    assert second.add([doc("other", "The cellar has a boat.")]) == 1 and ids(
        second.dense(["boat in the cellar"], 1)
    ) == [["other#1"]]


def test_passages_that_another_notebook_added_are_left_out(folder, wanted):
    first, second = opened(folder), opened(folder)
    second.add([doc("new", QUERIES[0])])
    assert answers(first) == wanted and answers(second) != wanted


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path, wanted):
    (tmp_path / "index").write_text("mine")
    index, said = told(lambda: opened(tmp_path / "index"))
    assert answers(index) == wanted and (tmp_path / "index").read_text() == "mine"
    assert (
        len(said) == 1
        and f"The index in {tmp_path / 'index'} cannot be used now" in said[0]
        and "in memory" in said[0]
    )


def test_a_full_disk_is_no_end(folder, wanted, monkeypatch):
    monkeypatch.setattr("ftrag_helpers.retrieval.chroma_store._LEAST_BYTES", 10**18)
    scrambled(folder / "chroma.sqlite3")
    index, said = told(lambda: opened(folder))
    assert (
        answers(index) == wanted
        and len(said) == 1
        and "no space left on its disk" in said[0]
        and "in memory" in said[0]
    )


CHILD = """
import os, sys
sys.path[:0] = {paths!r}
from test_chroma_store import answers, opened, told
import chromadb
if os.getuid() == 0:
    os.setuid(65534)
for place in sys.argv[1:]:
    index, said = told(lambda: opened(place))
    print(len(said), said, [[hit[0].id for hit in hits] for hits in answers(index)])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files are POSIX's")
def test_what_a_person_may_not_write_is_kept_in_memory(whole, wanted):
    with tempfile.TemporaryDirectory() as open_to_all:
        os.chmod(open_to_all, 0o755)
        modes = {"a folder": (0o444, 0o555), "a file": (0o444, 0o777), "unreadable": (0, 0o777)}
        for name, (of_files, of_folder) in modes.items():
            folder = Path(shutil.copytree(whole, Path(open_to_all, name)))
            for path in folder.rglob("*"):
                path.chmod(0o555 if path.is_dir() else of_files)
            folder.chmod(of_folder)
        places = [
            str(Path(open_to_all, name)) for name in (*modes, "a folder/not there", "not there")
        ]
        code = CHILD.format(
            paths=[*map(str, Path(__file__).parents[:2]), str(runtime.course_root())]
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *places],
            capture_output=True,
            text=True,
            env={**os.environ, "HOME": open_to_all},
        )
        for path in [*Path(open_to_all).rglob("*")]:
            path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    for place, line in zip(places, done.stdout.splitlines(), strict=True):
        assert (
            line.startswith("1 ") and f"{place} cannot be used now" in line and "in memory" in line
        )
        assert line.endswith(f"{[[hit[0].id for hit in hits] for hits in wanted]}")


def test_a_database_that_another_program_holds_is_left_alone(folder, wanted, monkeypatch):
    monkeypatch.setattr("ftrag_helpers.retrieval.chroma_store._LOCK_SECONDS", 0.2)
    hold = (
        "import sqlite3, sys\nbase = sqlite3.connect(sys.argv[1])\nbase.execute('BEGIN"
        " EXCLUSIVE')\nprint(flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(folder / "chroma.sqlite3")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        other.stdout.readline()
        index, said = told(lambda: opened(folder))
        assert (
            answers(index) == wanted
            and len(said) == 1
            and "locked" in said[0]
            and "in memory" in said[0]
        )
        other.stdin.close()
    again, said = told(lambda: opened(folder))
    assert said == [] and answers(again) == wanted


def test_an_error_of_the_embedder_is_no_damage(folder):
    def broken(_texts):
        raise RuntimeError("out of memory")

    index = opened(folder)
    index._store._embed = broken
    with pytest.raises(RuntimeError, match="out of memory"):
        index.dense(["word77"])
    _, said = told(lambda: opened(folder))
    assert said == []
