import pytest

from ftrag_helpers.notebook.wrapping import wrapped


@pytest.mark.parametrize(
    "text", ["", "short", "two\n\nlines  with   spaces", "    indented", "a" * 200]
)
def test_what_fits_or_cannot_be_broken_stays_as_it_is(text):
    assert wrapped(text) == text


def test_no_line_is_too_long_and_no_word_is_lost():
    text = "Opening hours: " + "nine to five and half past one " * 20 + "\n  right: 8:30"
    lines = wrapped(text, 40).split("\n")
    assert max(map(len, lines)) <= 40 and " ".join(wrapped(text, 40).split()) == " ".join(
        text.split()
    )
    assert (
        lines[1].startswith("  ")
        and not lines[1].startswith("   ")
        and lines[-1] == "  right: 8:30"
    )


def test_what_goes_on_is_set_in_further_than_its_own_line():
    assert wrapped("    one two three", 12).split("\n") == ["    one two", "      three"]
