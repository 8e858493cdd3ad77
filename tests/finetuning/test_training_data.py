"""Examples go through `datasets` in memory, and come out as `encode` makes them one by one."""

import pytest

from ftrag_helpers.errors import CourseError
from ftrag_helpers.finetuning.training_data import Example, encode, tokenize


def example(question, response):
    return Example([{"role": "user", "content": question}], response)


EXAMPLES = [example(f"Where is {n}?\u2028", "Here. " * n) for n in (3, 1, 4, 1, 5)]
EXAMPLES.append(Example([{"role": "system", "content": "Be brief."}, *EXAMPLES[0].prompt], "No."))


def test_every_example_is_encoded_as_it_is_by_itself(tiny):
    found = tokenize(tiny, EXAMPLES)
    assert found == [encode(tiny, each) for each in EXAMPLES] and tokenize(tiny, []) == []
    assert all(type(row.ids) is tuple and type(row.ids[0]) is int for row in found)


def test_the_first_example_at_fault_is_named(tiny):
    with pytest.raises(CourseError, match="empty response, to: 'Why\\?'. Remove it"):
        tokenize(tiny, [*EXAMPLES, example("Why?", " ")])


def test_nothing_is_shown_and_nothing_is_written(tiny, capfd, tmp_path, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(
        datasets.arrow_dataset, "update_fingerprint", lambda *_: pytest.fail("weights were hashed")
    )
    tokenize(tiny, EXAMPLES)
    assert capfd.readouterr() == ("", "") and list(tmp_path.iterdir()) == []
