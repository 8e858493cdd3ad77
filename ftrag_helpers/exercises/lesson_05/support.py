"""Task 5.5: the share of an answer's content words that the passages hold."""

import random
import re
from collections.abc import Callable, Sequence
from functools import partial

from ftrag_helpers.exercises.checking import Task, calls
from ftrag_helpers.exercises.lesson_05 import claims
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, distinguishing, rng_for, shuffled
from ftrag_helpers.exercises.values import format_value, is_number, number_problem

_STOP_WORDS = "a an and are as at be by can do for from has have in is it its of on or our that the there to us was we were will with you your".split()


def _words(text: str) -> list[str]:
    return re.findall("[a-z0-9]+", text.lower())


def _content(text: str, stop_words: Sequence[str], words: Callable = _words) -> list[str]:
    return list(dict.fromkeys(word for word in words(text) if word not in stop_words))


def _words_of(passages: list[str], words: Callable = _words) -> set[str]:
    return set(words(" ".join(passages)))


def _of(words: Sequence[str], held: Callable[[str], bool]) -> float:
    return sum(held(word) for word in words) / len(words) if words else 1.0


def supported(
    claim: str, passages: list[str], stop_words: list[str], words: Callable = _words
) -> float:
    """The share (0 to 1) of content words that the passages hold, 1 where there are none; `words`
    cuts a text into words.
    """
    return _of(_content(claim, stop_words, words), _words_of(passages, words).__contains__)


def _each(
    claim: str, passages: list[str], stop: list[str], join: Callable[[list[float]], float]
) -> float:
    return join(
        [supported(claim, [passage], stop) for passage in passages] or [supported(claim, [], stop)]
    )


def _singular(claim: str, passages: list[str], stop: list[str]) -> float:
    return _of(
        _content(claim, stop),
        lambda word: word.rstrip("s") in {held.rstrip("s") for held in _words_of(passages)},
    )


MISTAKES = [
    Mistake(
        "a word is an unbroken run of the letters a to z and the digits; \\w takes in the underscore and other letters too",
        partial(supported, words=lambda text: re.findall(r"\w+", text.lower())),
    ),
    Mistake(
        'a point is no part of a word: "£12.50" gives 12 and 50',
        partial(supported, words=lambda text: re.findall(r"[a-z0-9.]+", text.lower())),
    ),
    Mistake(
        'cutting at spaces and taking marks from the ends of words is not enough: "£12.50" gives 12 and 50',
        partial(
            supported,
            words=lambda text: [word.strip(".,;:!?£'\"") for word in text.lower().split()],
        ),
    ),
    Mistake(
        "cutting at spaces is not enough: a full stop or comma is no part of a word",
        partial(supported, words=lambda text: re.findall(r"\S+", text.lower())),
    ),
    Mistake(
        "the passages are joined without a space, so that two words become one",
        lambda claim, passages, stop: supported(claim, ["".join(passages)], stop),
    ),
    Mistake(
        "only the last passage is looked at",
        lambda claim, passages, stop: supported(claim, passages[-1:], stop),
    ),
    Mistake(
        "you take the passage that supports most; a word counts if any of the passages holds it",
        partial(_each, join=max),
    ),
    Mistake(
        "you take the mean over the passages; a word counts if any of the passages holds it",
        partial(_each, join=lambda shares: sum(shares) / len(shares)),
    ),
    Mistake(
        "a word counts if any of the passages holds it; you ask whether all do",
        lambda claim, passages, stop: _of(
            _content(claim, stop),
            lambda word: all(word in _words_of([passage]) for passage in passages),
        ),
    ),
    Mistake(
        "you divide by the words of answer and passages together; divide by the answer's content words",
        lambda claim, passages, stop: (
            _of(
                list(dict.fromkeys(_content(f"{claim} {' '.join(passages)}", stop))),
                lambda word: word in _content(claim, stop) and word in _words_of(passages),
            )
            if _content(claim, stop)
            else 1.0
        ),
    ),
    Mistake(
        "you divide by all words of the answer; the stop words do not count",
        lambda claim, passages, stop: (
            supported(claim, passages, stop) * len(_content(claim, stop)) / len(_content(claim, []))
            if _content(claim, stop)
            else 1.0
        ),
    ),
    Mistake(
        "short words are left out; only the stop words are",
        lambda claim, passages, stop: _of(
            [word for word in _content(claim, stop) if len(word) > 2],
            _words_of(passages).__contains__,
        ),
    ),
    Mistake("a word and its plural are two words here", _singular),
    Mistake(
        "a word is found inside a longer one, or a number inside a longer number. Cut the passages into words, and compare whole words",
        lambda claim, passages, stop: _of(
            _content(claim, stop), lambda word: word in " ".join(passages).lower()
        ),
    ),
    Mistake(
        "the stop words count. They stand in every text, and support nothing",
        lambda claim, passages, stop: supported(claim, passages, []),
    ),
    Mistake(
        "a word counts as often as it is said; it should count once",
        lambda claim, passages, stop: _of(
            [word for word in _words(claim) if word not in stop], _words_of(passages).__contains__
        ),
    ),
    Mistake(
        "only the first passage is looked at",
        lambda claim, passages, stop: supported(claim, passages[:1], stop),
    ),
    Mistake(
        "capital letters make a difference; they should make none",
        partial(supported, words=lambda text: re.findall("[A-Za-z0-9]+", text)),
    ),
    Mistake(
        "an answer without content words claims nothing, so all of it is supported: the share is 1",
        lambda claim, passages, stop: (
            supported(claim, passages, stop) if _content(claim, stop) else 0.0
        ),
    ),
    Mistake(
        "you divide by the passages' words. The share is one of the answer's words",
        lambda claim, passages, stop: (
            _of(_content(" ".join(passages), stop) or [""], lambda word: word in _words(claim))
            if _content(claim, stop)
            else 1.0
        ),
    ),
    Mistake(
        "this is the share that is not supported",
        lambda claim, passages, stop: 1 - supported(claim, passages, stop),
    ),
    Mistake(
        "numbers are left out; a wrong number is the worst invention of all",
        lambda claim, passages, stop: _of(
            [word for word in _content(claim, stop) if word.isalpha()],
            _words_of(passages).__contains__,
        ),
    ),
]


def _cases(seed: int) -> list:
    return distinguishing(partial(_some_cases, rng_for("5.5", seed)), supported, MISTAKES, times=1)


def _some_cases(rng: random.Random) -> list:
    cases = []
    for claim, passages in [*rng.sample(claims.SOME, 10), *claims.ALWAYS]:
        numbers = {"a": rng.randint(11, 49), "b": rng.randint(2, 9)}
        claim = claim.format(**numbers)
        if rng.random() < 0.3:
            numbers["a"] += 1  # the answer's number is another one than the passage's
        cases.append([claim, [text.format(**numbers) for text in passages], _STOP_WORDS])
    return shuffled(rng, cases)


def _problem(_said: str, _passages: list[str], _stop: list[str], got: object) -> str:
    if not is_number(got):
        return number_problem(got)
    return "" if 0 <= got <= 1 + 1e-9 else f"a share lies between 0 and 1, got {format_value(got)}"


def _otherwise(claim: str, passages: list[str], stop: list[str], got: float) -> str:
    words = ", ".join(_content(claim, stop)) or "none at all"
    return f"a share of {format_value(got)} is not right. The answer's content words are {words}: how many of them stand in {format_value(passages, 160)}?"


TASK = Task(
    "5.5",
    "Said and supported",
    3,
    hints=(
        're.findall("[a-z0-9]+", text.lower()) gives a text\'s words and numbers.',
        "Make a set of the answer's words, take the stop words out, and count how many are in the set of all passages' words. An empty set has the share 1.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_mistakes(
        supported,
        MISTAKES,
        call="supported({0}, {1}, stop_words)",
        problem=_problem,
        otherwise=_otherwise,
    ),
    timeout=10,
    answer="`supported(answer, passages, stop_words)`, which returns a share from 0 to 1",
)
