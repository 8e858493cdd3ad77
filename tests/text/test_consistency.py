"""Tests of ftrag_helpers.text.consistency that its doctests do not hold."""

import pytest

from ftrag_helpers.text import consistency


@pytest.mark.parametrize(
    "said, same",
    [
        ("In 2025, attendance fell from 90 to 72.", True),
        ("In 2025, attendance at Orchard Rise rose from 72 to 90.", False),
    ],
)
def test_the_name_of_a_branch_is_no_change(said, same):
    reference = "In 2025, attendance at Orchard Rise fell from 90 to 72."
    assert consistency.same_change(reference, said) is same


def test_an_age_is_not_the_earlier_number():
    reference = "In 2025, active borrowers over 75 rose from 388 to 402."
    assert consistency.same_change(
        reference, "In 2025, older active borrowers rose from 388 to 402."
    )
    assert not consistency.same_change(reference, "In 2025, active borrowers rose from 402 to 388.")
