"""The shipped longer runs: each can be read, holds shares with their intervals, and faults are
told.
"""

import shutil

import pytest

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.journal import reference_runs

NAMES = sorted(path.stem for path in (runtime.data_dir() / "reference").glob("*.jsonl"))


@pytest.mark.parametrize("name", NAMES)
def test_shares_are_shares_and_stand_within_their_intervals(name):
    rows = reference_runs.load(name)
    assert len(rows) >= 2
    intervals = 0
    for row in rows:
        for key, low in row.items():
            if key == "low" or key.endswith(" low"):
                share = row["right" if key == "low" else key.removesuffix(" low")]
                lowest = -1 if "behind" in key else 0  # a difference of two shares
                assert lowest <= low <= share <= row[key.removesuffix("low") + "high"] <= 1
                intervals += 1
    assert intervals


def test_a_name_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(
        ValueError, match="no longer run 'mixtre': there are facts.*longer.*lora_ranks"
    ):
        reference_runs.load("mixtre")


def test_a_changed_file_is_not_believed(tmp_path, monkeypatch):
    shutil.copytree(runtime.data_dir() / "reference", tmp_path / "reference")
    monkeypatch.setattr(runtime, "data_dir", lambda: tmp_path)
    path = tmp_path / "reference" / "lora_ranks.jsonl"
    path.write_text(path.read_text("utf-8").replace("0.8", "0.9"), "utf-8")
    with pytest.raises(CourseError, match="lora_ranks.jsonl"):
        reference_runs.load("lora_ranks")
