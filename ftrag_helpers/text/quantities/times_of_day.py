"""Times of day: 17:30, 5.30 pm, half past five in the evening, quarter to six, noon."""

import re
from collections.abc import Sequence

from ftrag_helpers.text.quantities.digits import DAYPARTS, Replacement, minutes_of, whole_at
from ftrag_helpers.text.quantities.number_words import SIGNS
from ftrag_helpers.text.spelling import Piece, kind_at, word_at


def clock(pieces: Sequence[Piece], i: int) -> Replacement:
    """17:30, 5.30 pm, five o'clock, half past five in the evening, quarter to six, noon."""
    if word_at(pieces, i) in ("noon", "midday", "midnight"):
        return [Piece("clock", "pm", value=0 if pieces[i].text == "midnight" else 720)], i + 1
    minutes, j, sure = _face(pieces, i)
    if minutes is None:
        return None
    if (
        word_at(pieces, j) in ("o'clock", "oclock", "uhr")
        or sure
        and word_at(pieces, j) in ("hrs", "h", "hours")
    ):
        sure, j = True, j + 1
    half, j = _daypart(pieces, j)
    if not sure and not half:
        return None
    if minutes == 720 and half in ("noon", "midday"):
        return [Piece("clock", "pm", value=720)], j
    if half and (minutes >= 13 * 60 or minutes < 60) and half in ("am", "pm"):
        return ([Piece("clock", half, value=minutes)], j) if sure else None
    return [Piece("clock", half, value=_halved(minutes, half))], j


def _face(pieces: Sequence[Piece], i: int) -> tuple[int | None, int, bool]:
    """(minutes since midnight as the clock's face shows them, the next place, whether this is
    surely a time).
    """
    if kind_at(pieces, i) == "clock":
        return pieces[i].value, i + 1, True
    start = i + (word_at(pieces, i) in ("a", "an"))
    part = {"half": 30, "quarter": 15}.get(word_at(pieces, start))
    if part is None and whole_at(pieces, start, 1, 29):
        part = pieces[start].value
    j = start + 1 + (word_at(pieces, start + 1) in ("minutes", "minute"))
    word = word_at(pieces, j)
    if (
        part
        and whole_at(pieces, j + 1, 1, 24)
        and (
            word == "past"
            or word in ("to", "before", "after")
            and part == 15
            and kind_at(pieces, start) == "word"
            or word == "to"
            and (
                j > start + 1
                or part in (5, 10, 20, 25)
                and part > pieces[j + 1].value
                and not pieces[start].text
            )
        )
    ):
        hour = pieces[j + 1].value * 60
        return (hour + part if word in ("past", "after") else hour - part) % 1440, j + 2, True
    if kind_at(pieces, i) == "number":
        spelled = (
            whole_at(pieces, i, 1, 12)
            and whole_at(pieces, i + 1, 10, 59)
            and not pieces[i].text + pieces[i + 1].text
        )
        if spelled and _daypart(pieces, i + 2)[0]:  # five thirty pm
            return pieces[i].value * 60 + pieces[i + 1].value, i + 2, False
        shown = re.fullmatch(r"(\d\d?)\.(\d\d)", pieces[i].text)
        if shown:
            return minutes_of(int(shown[1]), int(shown[2])), i + 1, False
        if re.fullmatch(r"[012]\d[0-5]\d", pieces[i].text) and word_at(pieces, i + 1) in (
            "hours",
            "hrs",
            "h",
        ):
            return minutes_of(int(pieces[i].text[:2]), int(pieces[i].text[2:])), i + 2, True
        if whole_at(pieces, i, 0, 24) and pieces[i].text not in SIGNS and pieces[i].text != "+":
            return minutes_of(pieces[i].value, 0) if pieces[i].value < 24 else 0, i + 1, False
    return None, i, False


def _daypart(pieces: Sequence[Piece], i: int) -> tuple[str, int]:
    """("am", "pm", "night", "noon", "midnight" or "", the next place) for what stands behind a
    time.
    """
    j = i
    if word_at(pieces, i) in ("in", "at", "of"):
        j += 1 + (word_at(pieces, i + 1) == "the")
    word = word_at(pieces, j)
    # "In the evening", but not "in the pm"; "5 pm", but not "5 evening".
    if (word in ("morning", "afternoon", "evening", "night")) is (j == i):
        return "", i
    if word in DAYPARTS:
        return DAYPARTS[word], j + 1
    return (word, i + 1) if j == i and word in ("noon", "midday", "midnight") else ("", i)


def _halved(minutes: int, half: str) -> int:
    """The time of day that a face of twelve hours shows in that part of the day."""
    if half == "midnight" and minutes == 720:
        return 0
    if half == "night":
        half = "pm" if 6 * 60 <= minutes < 720 else "am"
    if half == "am":
        return minutes % 720
    return minutes % 720 + 720 if half == "pm" and minutes < 780 else minutes
