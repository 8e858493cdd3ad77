"""Task 4.1: recall and reciprocal rank of what a search found."""

import random
from collections.abc import Sequence
from functools import partial

from ftrag_helpers.exercises.checking import Task, calls
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, distinguishing, equal, rng_for
from ftrag_helpers.exercises.values import format_value, numbers_problem

_PAGES = (
    "branch-04",
    "branch-11",
    "policy-03",
    "policy-17",
    "event-08",
    "event-29",
    "help-02",
    "book-13",
    "history-05",
    "lending-03",
    "health-07",
    "news-07",
)


def once(found: Sequence[str]) -> list[str]:
    """Each document once, in the order in which they come first."""
    return list(dict.fromkeys(found))


def measured(found: list[str], needed: list[str], k: int) -> list[float]:
    """Recall@k and reciprocal rank, each document counted once."""
    return [_share(once(found)[:k], needed), _rank(once(found), needed)]


def _share(first: Sequence[str], needed: Sequence[str]) -> float:
    return len(set(first) & set(needed)) / len(needed)


def _rank(found: Sequence[str], needed: Sequence[str], start: int = 1) -> float:
    return next((1 / rank for rank, page in enumerate(found, start) if page in needed), 0.0)


#: What the usual mistakes make of the first number, then of the second one.
_RECALL_MISTAKES = [
    Mistake(
        "the recall is that of the first k passages, but several of them are of one document. Count documents, each once",
        lambda found, needed, k: _share(found[:k], needed),
    ),
    Mistake(
        "the recall is divided by k. That is precision; recall asks what share of the needed documents was found",
        lambda found, needed, k: len(set(once(found)[:k]) & set(needed)) / k,
    ),
    Mistake(
        "the recall is 1 as soon as one needed document is found; where two are needed, one of them is only half",
        lambda found, needed, k: float(bool(set(once(found)[:k]) & set(needed))),
    ),
    Mistake(
        "the recall looks at one document too few: the first k are those with the ranks 1 to k",
        lambda found, needed, k: _share(once(found)[: k - 1], needed),
    ),
    Mistake(
        "the recall looks at one document too many: the first k are those with the ranks 1 to k",
        lambda found, needed, k: _share(once(found)[: k + 1], needed),
    ),
    Mistake(
        "the recall is 1 only where all needed documents are found; where one of two is found, it is one half",
        lambda found, needed, k: float(set(needed) <= set(once(found)[:k])),
    ),
    Mistake(
        "the recall is divided by the needed documents that were found; all needed ones count",
        lambda found, needed, k: _share(
            once(found)[:k], [page for page in needed if page in found] or needed
        ),
    ),
    Mistake(
        "the recall is divided by k where k is smaller; it is the share of all needed documents",
        lambda found, needed, k: len(set(once(found)[:k]) & set(needed)) / min(k, len(needed)),
    ),
    Mistake(
        "the recall takes in everything that was found, not only the first k documents",
        lambda found, needed, k: _share(found, needed),
    ),
    Mistake(
        "a needed document counts as often as it has passages; it should count once",
        lambda found, needed, k: sum(page in needed for page in found[:k]) / len(needed),
    ),
]
_RANK_MISTAKES = [
    Mistake(
        "the reciprocal rank counts passages; several of them may be of one document, which has one rank",
        lambda found, needed, k: _rank(found, needed),
    ),
    Mistake(
        "the reciprocal rank is one rank off: the first document has the rank 1",
        lambda found, needed, k: _rank(once(found), needed, start=2),
    ),
    Mistake(
        "the second number is the rank itself; the reciprocal is 1 divided by it",
        lambda found, needed, k: (
            1 / _rank(once(found), needed) if _rank(once(found), needed) else 0.0
        ),
    ),
    Mistake(
        "the reciprocal rank stops at k; it asks for the first needed document, however late it comes",
        lambda found, needed, k: _rank(once(found)[:k], needed),
    ),
    Mistake(
        "the reciprocal rank is that of the document that `needed` names first. The first in the list of what was found counts, whichever of the needed ones it is",
        lambda found, needed, k: _rank(once(found), needed[:1]),
    ),
    Mistake(
        "the reciprocal rank goes through `needed`, and takes the first that was found at all. Go through what was found",
        lambda found, needed, k: next(
            (_rank(once(found), [page]) for page in needed if page in found), 0.0
        ),
    ),
    Mistake(
        "the reciprocal rank is a mean over the needed documents; the first one that was found counts alone",
        lambda found, needed, k: sum(_rank(once(found), [page]) for page in needed) / len(needed),
    ),
    Mistake(
        "the reciprocal rank looks at the first document alone; it asks for the first needed one, however late it comes",
        lambda found, needed, k: _rank(once(found)[:1], needed),
    ),
    Mistake(
        "the reciprocal rank is that of the last needed document; the first one counts",
        lambda found, needed, k: min(
            (_rank(once(found), [page]) for page in needed if page in found), default=0.0
        ),
    ),
]
MISTAKES = [
    Mistake(
        "the two numbers are the wrong way round: the recall comes first",
        lambda *case: measured(*case)[::-1],
    ),
    Mistake(
        "a document that comes again later is counted again; only repetitions side by side are dropped",
        lambda found, needed, k: [
            _share(_beside(found)[:k], needed),
            _rank(_beside(found), needed),
        ],
    ),
    *(
        Mistake(
            mistake.message,
            lambda *case, recall=mistake.variants[0]: [recall(*case), measured(*case)[1]],
        )
        for mistake in _RECALL_MISTAKES
    ),
    *(
        Mistake(
            mistake.message,
            lambda *case, rank=mistake.variants[0]: [measured(*case)[0], rank(*case)],
        )
        for mistake in _RANK_MISTAKES
    ),
    Mistake(
        "both numbers count passages, several of which may be of one document. First make a list that holds each document once",
        lambda found, needed, k: [_share(found[:k], needed), _rank(found, needed)],
    ),
    Mistake(
        "both numbers count passages, and the recall counts a document again with each of them. First make a list that holds each document once",
        lambda found, needed, k: [
            sum(page in needed for page in found[:k]) / len(needed),
            _rank(found, needed),
        ],
    ),
]


def _beside(found: Sequence[str]) -> list[str]:
    return [page for i, page in enumerate(found) if i == 0 or found[i - 1] != page]


#: Documents by letter as they are found, the needed ones, and k: each mistake goes wrong on one of
#: them at least. Nothing found, needed ones in another order than found, one that never comes named
#: first.
_SHAPES = (
    ("abbcbd", "b", 3),
    ("aaabc", "b", 2),
    ("abcd", "c", 2),
    ("ccabd", "cd", 2),
    ("abacad", "dz", 4),
    ("abbac", "abc", 2),
    ("badce", "z", 3),
    ("abacde", "d", 3),
    ("", "b", 2),
    ("dcab", "cd", 1),
    ("abcab", "zcb", 2),
    ("aabab", "b", 9),
    ("bacde", "eb", 2),
    ("abcbab", "c", 4),
    ("abab", "ab", 1),
)


def _cases(seed: int) -> list:
    return distinguishing(partial(_some_cases, rng_for("4.1", seed)), measured, MISTAKES)


def _some_cases(rng: random.Random) -> list:
    cases = [_case(rng, *shape) for shape in _SHAPES]
    for count in (1, 2, 2, 3):
        found, needed = rng.choices("abcdef", k=10), rng.sample("abcdef", count)
        cases.append(_case(rng, found, needed, rng.randint(2, 4)))
    rng.shuffle(cases)
    return cases


def _case(rng: random.Random, found: Sequence[str], needed: Sequence[str], k: int) -> list:
    pages = dict(zip("abcdefz", rng.sample(_PAGES, 7), strict=False))
    return [[pages[letter] for letter in found], [pages[letter] for letter in needed], k]


def _otherwise(found: list[str], needed: list[str], k: int, got: list) -> str:
    recall, rank = measured(found, needed, k)
    if not equal(got[0], recall):
        return f"a recall of {format_value(got[0])} is not right. Write down the documents in their order, each once: how many of the needed ones are among the first {k}, and how many are needed?"
    seen = (
        "no needed document is there, and then it is 0"
        if rank == 0
        else "which rank has the first needed document, if each document is counted once, in the order of the list?"
    )
    return f"a reciprocal rank of {format_value(got[1])} is not right: {seen}"


TASK = Task(
    "4.1",
    "Was the page there at all?",
    3,
    hints=(
        "list(dict.fromkeys(found)) keeps the order and each document once. Do that before you cut.",
        "Recall divides by the number of needed documents. For the rank, enumerate(documents, start=1) and stop at the first needed one; where none comes, the result is 0.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_mistakes(
        measured,
        MISTAKES,
        call="measure({}, {}, {})",
        problem=lambda _found, _needed, _k, got: numbers_problem(got, 2),
        otherwise=_otherwise,
    ),
    timeout=10,
    answer="`measure(found, needed, k)`, which returns the recall@k and the reciprocal rank",
)
