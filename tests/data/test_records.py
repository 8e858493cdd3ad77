"""The records are frozen, and a question knows whether it can be answered."""

from dataclasses import FrozenInstanceError, fields

import pytest

from ftrag_helpers.data import records
from ftrag_helpers.data.records import QUESTION_KINDS, Question


def test_records_cannot_be_changed_after_they_are_made():
    for name in ("Document", "Update", "Passage", "Hit", "Reference", "Question", "Answer"):
        kind = getattr(records, name)
        value = kind(*["x"] * len([f for f in fields(kind) if f.name]))
        with pytest.raises(FrozenInstanceError):
            setattr(value, fields(kind)[0].name, "y")


def test_only_the_unanswerable_kind_has_no_answer():
    assert [kind for kind in QUESTION_KINDS if not Question("q", "?", kind=kind).answerable] == [
        "unanswerable"
    ]
