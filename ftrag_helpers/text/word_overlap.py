"""Two texts compared by the words that they share, as SQuAD's evaluation does it.

Whether an answer holds an accepted one, by value and in every script, is `answer_match`'s job.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = {
    word: 10 * n
    for n, word in enumerate(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2
    )
}
_NUMBERS = {word: n for n, word in enumerate(_UNITS)} | _TENS
_TENS_AND_UNIT = re.compile(rf"\b({'|'.join(_TENS)})[- ]({'|'.join(_UNITS[1:10])})\b")
_NUMBER_WORD = re.compile(rf"\b({'|'.join(_NUMBERS)})\b")
_CLOCK = re.compile(
    r"\b(\d{1,2})[:.](\d\d)(?!\d)(?:\s*(a\.?m|p\.?m)\b\.?)?|\b(\d{1,2})\s*(a\.?m|p\.?m)\b\.?"
)
# A word with a letter beyond a to z is kept whole, with the marks that other scripts write behind
# their letters.
_WORD = re.compile(
    r"[a-z0-9]*[^\x00-\x7f\W](?:[^\W_]|[\u0591-\u05c7\u064b-\u065f\u0900-\u109f\u1780-\u17ff\u3099\u309a])*"
    r"|[a-z0-9]+(?:[.:][0-9]+)*|£"
)


def _clock(match: re.Match) -> str:
    """A time of day or a decimal number; only what is a possible time is rewritten."""
    hour, minute = int(match[1] or match[4]), int(match[2] or 0)
    half = (match[3] or match[5] or "").replace(".", "")
    if hour > 23 or minute > 59 or (half and not 1 <= hour <= 12) or match[0].startswith("£"):
        return match[0]
    if not half and ":" not in match[0]:
        return match[0]
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return f" {hour}:{minute:02d} "


def normalise(text: str) -> str:
    """The text reduced to the words by which an overlap is counted.

    Lower case, no accents, no punctuation, no articles; number words up to ninety-nine become
    digits; times of day become 24-hour clock ("5.30 pm" and "17:30" are the same). Signs and units
    but £ are lost: for judging an answer see `answer_match`.
    """
    text = unicodedata.normalize("NFKD", text.lower().replace("’", "'"))
    text = re.sub("[\u0300-\u036f]", "", text)
    # Number words before clock times: "five pm" and "half past five" are times too.
    text = _TENS_AND_UNIT.sub(lambda m: str(_TENS[m[1]] + _NUMBERS[m[2]]), text)
    text = _NUMBER_WORD.sub(lambda m: str(_NUMBERS[m[1]]), text)
    text = re.sub(r"\bhalf[- ]past (1[0-2]|[1-9])\b", r"\1:30", text)
    text = _CLOCK.sub(_clock, text)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"(\d+)(p|cm|mm|m|g|kg|km|mb|gb)\b", r"\1 \2", text)
    text = re.sub(r"'s\b", "", text)
    return " ".join(w for w in _WORD.findall(text) if w not in {"a", "an", "the"})


def holds(text: str, words: str) -> bool:
    """Whether the words stand in the text as whole words, in any case.

    >>> holds("Open until 9:00.", "9:00"), holds("Open until 19:00.", "9:00")
    (True, False)
    """
    return re.search(rf"(?<!\w){re.escape(words.lower())}(?!\w)", text.lower()) is not None


def exact_match(text: str, accepted: Iterable[str]) -> bool:
    """Whether the whole text is one of the accepted answers, over `normalise`d words.

    Source: Rajpurkar et al. 2016, "SQuAD", section 6.1; here numbers and times in one spelling.

    >>> exact_match("Nine days.", ["9 days"]), exact_match("It takes nine days.", ["9 days"])
    (True, False)
    """
    words = normalise(text)
    return any(words == normalise(form) for form in accepted)


def token_f1(text: str, accepted: Iterable[str]) -> float:
    """The best F1 overlap (0 to 1) between the words of the text and of an accepted answer.

    Two empty texts score 1, an empty one against words 0.

    Source: Rajpurkar et al. 2016, "SQuAD", section 6.1; here over `normalise`d words.
    """
    return max(
        (_f1(normalise(text).split(), normalise(form).split()) for form in accepted), default=0.0
    )


def _f1(found: list[str], wanted: list[str]) -> float:
    if not found or not wanted:
        return float(found == wanted)
    shared = sum((Counter(found) & Counter(wanted)).values())
    return 2 * shared / (len(found) + len(wanted))
