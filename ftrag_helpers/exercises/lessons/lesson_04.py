"""The checks of exercise 4: recall and rank, a choice on validation, a filter, a threshold, whom to
blame, the news.

No model is loaded: task 4.6 runs on a real index with an embedder that counts words, and
task 4.3 looks at the filter itself, which is plain data, in the part of Chroma's language that the
course uses.
"""

import math
import random
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from ftrag_helpers.exercises import checking
from ftrag_helpers.exercises.checking import ManualTask, Task, answer, by_case, calls, hint
from ftrag_helpers.exercises.fixtures import society
from ftrag_helpers.exercises.fixtures.filters import filter_problem, lets_through, operands
from ftrag_helpers.exercises.fixtures.society import see_publish
from ftrag_helpers.exercises.mistakes import by_mistakes, distinguished, distinguishes, equal
from ftrag_helpers.exercises.values import (
    NOT_PLAIN,
    format_value,
    is_number,
    number_problem,
    numbers_problem,
)

__all__ = [
    "MANUAL",
    "TASKS",
    "answer",
    "hint",
    "points",
    "task_4_1",
    "task_4_2",
    "task_4_3",
    "task_4_4",
    "task_4_5",
    "task_4_6",
]


def _chance(task_id: str, seed: int) -> random.Random:
    return random.Random(f"{task_id}/{seed}")


# Task 4.1: recall and rank

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


def _once(found: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(found))


def _measured(found: list[str], needed: list[str], k: int) -> list[float]:
    return [_share(_once(found)[:k], needed), _rank(_once(found), needed)]


def _share(first: Sequence[str], needed: Sequence[str]) -> float:
    return len(set(first) & set(needed)) / len(needed)


def _rank(found: Sequence[str], needed: Sequence[str], start: int = 1) -> float:
    return next((1 / rank for rank, page in enumerate(found, start) if page in needed), 0.0)


#: What the usual mistakes make of the first number, then of the second one.
_RECALL_MISTAKES = {
    "the recall is that of the first k passages, but several of them are of one document. Count documents, each once": lambda found, needed, k: (
        _share(found[:k], needed)
    ),
    "the recall is divided by k. That is precision; recall asks what share of the needed documents was found": (
        lambda found, needed, k: len(set(_once(found)[:k]) & set(needed)) / k
    ),
    "the recall is 1 as soon as one needed document is found; where two are needed, one of them is only half": lambda found, needed, k: (
        float(bool(set(_once(found)[:k]) & set(needed)))
    ),
    "the recall looks at one document too few: the first k are those with the ranks 1 to k": (
        lambda found, needed, k: _share(_once(found)[: k - 1], needed)
    ),
    "the recall looks at one document too many: the first k are those with the ranks 1 to k": (
        lambda found, needed, k: _share(_once(found)[: k + 1], needed)
    ),
    "the recall is 1 only where all needed documents are found; where one of two is found, it is one half": lambda found, needed, k: (
        float(set(needed) <= set(_once(found)[:k]))
    ),
    "the recall is divided by the needed documents that were found; all needed ones count": (
        lambda found, needed, k: _share(
            _once(found)[:k], [page for page in needed if page in found] or needed
        )
    ),
    "the recall is divided by k where k is smaller; it is the share of all needed documents": (
        lambda found, needed, k: len(set(_once(found)[:k]) & set(needed)) / min(k, len(needed))
    ),
    "the recall takes in everything that was found, not only the first k documents": (
        lambda found, needed, k: _share(found, needed)
    ),
    "a needed document counts as often as it has passages; it should count once": (
        lambda found, needed, k: sum(page in needed for page in found[:k]) / len(needed)
    ),
}
_RANK_MISTAKES = {
    "the reciprocal rank counts passages; several of them may be of one document, which has one rank": lambda found, needed, k: (
        _rank(found, needed)
    ),
    "the reciprocal rank is one rank off: the first document has the rank 1": (
        lambda found, needed, k: _rank(_once(found), needed, start=2)
    ),
    "the second number is the rank itself; the reciprocal is 1 divided by it": (
        lambda found, needed, k: (
            1 / _rank(_once(found), needed) if _rank(_once(found), needed) else 0.0
        )
    ),
    "the reciprocal rank stops at k; it asks for the first needed document, however late it comes": lambda found, needed, k: (
        _rank(_once(found)[:k], needed)
    ),
    "the reciprocal rank is that of the document that `needed` names first. The first in the list of what was found counts, whichever of the needed ones it is": lambda found, needed, k: (
        _rank(_once(found), needed[:1])
    ),
    "the reciprocal rank goes through `needed`, and takes the first that was found at all. Go through what was found": lambda found, needed, k: (
        next((_rank(_once(found), [page]) for page in needed if page in found), 0.0)
    ),
    "the reciprocal rank is a mean over the needed documents; the first one that was found counts alone": (
        lambda found, needed, k: sum(_rank(_once(found), [page]) for page in needed) / len(needed)
    ),
    "the reciprocal rank looks at the first document alone; it asks for the first needed one, however late it comes": lambda found, needed, k: (
        _rank(_once(found)[:1], needed)
    ),
    "the reciprocal rank is that of the last needed document; the first one counts": (
        lambda found, needed, k: min(
            (_rank(_once(found), [page]) for page in needed if page in found), default=0.0
        )
    ),
}
_MEASURE_MISTAKES = {
    "the two numbers are the wrong way round: the recall comes first": lambda *case: _measured(
        *case
    )[::-1],
    "a document that comes again later is counted again; only repetitions side by side are dropped": lambda found, needed, k: [
        _share(_beside(found)[:k], needed),
        _rank(_beside(found), needed),
    ],
    **{
        words: lambda *case, mistake=mistake: [mistake(*case), _measured(*case)[1]]
        for words, mistake in _RECALL_MISTAKES.items()
    },
    **{
        words: lambda *case, mistake=mistake: [_measured(*case)[0], mistake(*case)]
        for words, mistake in _RANK_MISTAKES.items()
    },
    "both numbers count passages, several of which may be of one document. First make a list that holds each document once": lambda found, needed, k: [
        _share(found[:k], needed),
        _rank(found, needed),
    ],
    "both numbers count passages, and the recall counts a document again with each of them. First make a list that holds each document once": lambda found, needed, k: [
        sum(page in needed for page in found[:k]) / len(needed),
        _rank(found, needed),
    ],
}


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


def _measure_cases(seed: int) -> list:
    rng = _chance("4.1", seed)
    while True:
        cases = [_measure_case(rng, *shape) for shape in _SHAPES]
        for count in (1, 2, 2, 3):
            cases.append(
                _measure_case(
                    rng,
                    "".join(rng.choices("abcdef", k=10)),
                    "".join(rng.sample("abcdef", count)),
                    rng.randint(2, 4),
                )
            )
        rng.shuffle(cases)
        if distinguishes(cases, _measured, _MEASURE_MISTAKES) and distinguished(
            cases, _measured, _MEASURE_MISTAKES
        ):
            return cases


def _measure_case(rng: random.Random, found: str, needed: str, k: int) -> list:
    pages = dict(zip("abcdefz", rng.sample(_PAGES, 7), strict=False))
    return [[pages[letter] for letter in found], [pages[letter] for letter in needed], k]


def _measure_problem(_found: list[str], _needed: list[str], _k: int, got: object) -> str:
    return numbers_problem(got, 2)


def _measure_otherwise(found: list[str], needed: list[str], k: int, got: list) -> str:
    recall, rank = _measured(found, needed, k)
    if not equal(got[0], recall):
        return (
            f"a recall of {format_value(got[0])} is not right. Write down the documents in their order,"
            f" each once: how many of the needed ones are among the first {k}, and how many are"
            " needed?"
        )
    seen = (
        "no needed document is there, and then it is 0"
        if rank == 0
        else (
            "which rank has the first needed document, if each document is counted once, in the"
            " order of the list?"
        )
    )
    return f"a reciprocal rank of {format_value(got[1])} is not right: {seen}"


# Task 4.2: a choice on validation

_SIZES = (20, 40, 60, 90, 120, 160, 200, 250)


def _means(table: list[dict], splits: Sequence[str] = ("validation",)) -> dict[int, float]:
    sizes = _once([row["words"] for row in table])
    chosen = {
        size: [row["recall"] for row in table if row["words"] == size and row["split"] in splits]
        for size in sizes
    }
    return {size: sum(values) / len(values) for size, values in chosen.items()}


def _smallest_best(means: dict[int, float]) -> int:
    return min(size for size, mean in means.items() if mean >= max(means.values()) - 1e-9)


def _chosen_by(score: Callable[[list[float]], float]) -> Callable[[list[dict]], int]:
    """A choice on validation by another score of a length's recalls; of equals the smaller
    length.
    """

    def mistake(table: list[dict]) -> int:
        rows = {
            size: [
                row["recall"]
                for row in table
                if row["words"] == size and row["split"] == "validation"
            ]
            for size in _means(table)
        }
        return min(rows, key=lambda size: (-score(rows[size]), size))

    return mistake


def _last_best(table: list[dict]) -> int:
    return [
        size for size, mean in _means(table).items() if mean >= max(_means(table).values()) - 1e-9
    ][-1]


_CHOICE_MISTAKES = {
    "this is the choice on the training questions": lambda table: _smallest_best(
        _means(table, ("train",))
    ),
    "this is the choice on validation and test questions together. The test questions have a say in it, and they may only measure": lambda table: (
        _smallest_best(_means(table, ("validation", "test")))
    ),
    "where two lengths are equal you ask the test questions, and they may only measure; the smaller length is wanted": lambda table: (
        min(
            _means(table),
            key=lambda size: (-_means(table)[size], -_means(table, ("test",))[size], size),
        )
    ),
    "where two lengths are equal you take the one that comes last in the table; the smaller one is wanted": (
        _last_best
    ),
    "you count the questions with a recall of 1; a half counts as a half. Take the mean": (
        _chosen_by(lambda values: values.count(1.0))
    ),
    "you count the questions for which anything was found. Take the mean": _chosen_by(
        lambda values: sum(v > 0 for v in values)
    ),
    "you take the length whose worst question is best. Take the mean": _chosen_by(min),
    "you take the median; the mean is wanted": _chosen_by(statistics.median),
    "you divide the recall by the number of words. The highest mean recall wins, and the length decides between equals only": lambda table: (
        min(_means(table), key=lambda size: (-_means(table)[size] / size, size))
    ),
    "this is the largest length, whatever its recall is": lambda table: max(_means(table)),
    "this is the choice on the test questions. They may only measure what was chosen without them; a choice on them makes the figure in your report too good": lambda table: (
        _smallest_best(_means(table, ("test",)))
    ),
    "this is the choice on all questions together. The test questions have a say in it, and they may only measure": lambda table: (
        _smallest_best(_means(table, ("train", "validation", "test")))
    ),
    "this is the choice on training and validation questions; the task wants the validation questions alone": lambda table: (
        _smallest_best(_means(table, ("train", "validation")))
    ),
    "where two lengths are equal you take the larger; the smaller one is wanted, since it costs less to read": lambda table: (
        max(
            size
            for size, mean in _means(table).items()
            if mean >= max(_means(table).values()) - 1e-9
        )
    ),
    "where two lengths are equal you take the one that comes first in the table; the smaller one is wanted": lambda table: (
        max(_means(table), key=_means(table).get)
    ),
    "you take the length of the single best row. Take the mean over all questions of a length first": lambda table: (
        max((row for row in table if row["split"] == "validation"), key=lambda row: row["recall"])[
            "words"
        ]
    ),
    "this is the length with the lowest recall": lambda table: min(
        _means(table), key=lambda size: (_means(table)[size], size)
    ),
    "you take the smallest length whatever its recall is": lambda table: min(_means(table)),
}


def _choice_cases(seed: int) -> list:
    """Twelve tables, in five of which the best sizes are equal on validation; each mistake chooses
    another size in two at least.
    """
    rng = _chance("4.2", seed)
    while True:
        cases = [[_table(rng, tie=number < 5)] for number in range(12)]
        rng.shuffle(cases)
        if distinguishes(cases, _right_choice, _CHOICE_MISTAKES) and distinguished(
            cases, _right_choice, _CHOICE_MISTAKES
        ):
            return cases


def _right_choice(table: list[dict]) -> int:
    return _smallest_best(_means(table))


def _table(rng: random.Random, tie: bool) -> list[dict]:
    """A row a question, size and split; every size gets every question.

    Recalls are halves, so that means tie exactly.
    """
    while True:
        sizes = rng.sample(_SIZES, 3)
        rows = [
            {
                "words": size,
                "split": split,
                "question": f"{split}-{i}",
                "recall": rng.choice([0.0, 0.5, 1.0, 1.0]),
            }
            for split, count in (("train", 2), ("validation", 4), ("test", 4))
            for size in sizes
            for i in range(count)
        ]
        best = sorted(_means(rows).values())[-2:]
        if tie == (best[0] == best[1]):
            return rows


def _choice_problem(table: list[dict], got: object) -> str:
    sizes = sorted({row["words"] for row in table})
    if got not in sizes or isinstance(got, bool):
        score = (
            ". That looks like a recall, and the number of words is wanted"
            if is_number(got) and 0 <= got <= 1
            else ""
        )
        return f"expected one of the lengths {sizes} to be returned, got {format_value(got)}{score}"
    return ""


def _choice_otherwise(table: list[dict], got: int) -> str:
    means = _means(table)
    better = (
        "another length has a higher mean recall"
        if max(means.values()) > means[got]
        else "a smaller length is as good"
    )
    return f"{got} words are not the choice: {better} on the validation questions"


# Task 4.3: a filter

_BRANCHES = ("central", "old-quay", "fennel-hill", "weir-street", "heron")
_SHELVES = (
    "branches",
    "catalogue",
    "events",
    "health information",
    "help desk",
    "news",
    "policies",
)
#: A page of each branch, and of all, on each shelf.
_LIBRARY = [
    {"branch": branch, "shelf": shelf} for branch in (*_BRANCHES, "all") for shelf in _SHELVES
]


def _filter_cases(seed: int) -> list:
    rng = _chance("4.3", seed)
    branches = rng.sample(_BRANCHES, 5)
    return [
        [branch, rng.sample(_SHELVES, count)]
        for branch, count in zip(branches, (0, 1, 2, 3, 0), strict=True)
    ]


def _filters(allowed: object, inputs: list) -> list:
    """As `calls`, but a tuple stays one: Chroma wants lists."""
    return (
        calls(lambda *case: _with_tuples(allowed(*case)), inputs)
        if callable(allowed)
        else calls(allowed, inputs)
    )


def _with_tuples(value: object) -> object:
    if isinstance(value, tuple):
        return {NOT_PLAIN: "tuple"}
    if isinstance(value, list):
        return [_with_tuples(item) for item in value]
    return (
        {key: _with_tuples(item) for key, item in value.items()}
        if isinstance(value, dict)
        else value
    )


def _filtered_problem(branch: str, shelves: list[str], got: object) -> str:
    problem = filter_problem(got)
    if problem:
        return problem
    wanted = [
        page
        for page in _LIBRARY
        if page["branch"] in (branch, "all") and (not shelves or page["shelf"] in shelves)
    ]
    passed = [page for page in _LIBRARY if lets_through(got, page)]
    if passed == wanted:
        return ""
    unknown = next(
        (
            value
            for field, names in (("branch", (*_BRANCHES, "all")), ("shelf", _SHELVES))
            for value in operands(got, field)
            if value not in names
        ),
        None,
    )
    if unknown is not None:
        return (
            f"no page has {unknown!r} there; the branch is {branch!r} here, and the shelves are"
            f" {shelves}"
        )
    if not passed:
        return "no page at all comes through. Can a page have two branches at once, or two shelves?"
    missing, extra = (
        [page for page in pages if page not in others]
        for pages, others in ((wanted, passed), (passed, wanted))
    )
    if extra:
        elsewhere = [page for page in extra if page["branch"] not in (branch, "all")]
        why = (
            f"that is another branch than {branch}"
            if elsewhere
            else f"the shelf is none of {', '.join(shelves)}"
        )
        page = (elsewhere or extra)[0]
        return (
            f"a page of the branch {page['branch']!r} on the shelf {page['shelf']!r} comes through,"
            f" and {why}"
        )
    lost = missing[0]
    places = {page["branch"] for page in passed}
    why = (
        'What holds for every branch has the branch "all"'
        if "all" not in places
        else (
            "The branch itself counts too"
            if branch not in places
            else (
                "No shelves named means every shelf"
                if not shelves
                else "Every shelf that is named counts"
            )
        )
    )
    return (
        f"a page of the branch {lost['branch']!r} on the shelf {lost['shelf']!r} is kept out. {why}"
    )


# Task 4.4: a threshold


def _allowed(rate: float, count: int) -> int:
    return int(rate * count + 1e-9)


def _split_scores(scores: list[float], answerable: list[bool]) -> tuple[list[float], list[float]]:
    pairs = sorted(zip(scores, answerable, strict=True))
    return [score for score, known in pairs if known], [
        score for score, known in pairs if not known
    ]


def _at(ordered: list[float], place: int) -> float:
    return ordered[max(0, min(place, len(ordered) - 1))]


def _right_threshold(scores: list[float], answerable: list[bool], rate: float) -> float:
    known, _ = _split_scores(scores, answerable)
    return known[_allowed(rate, len(known))]


def _known_at(
    place: Callable[[float], int], known: Callable[[list[float]], list[float]] = list
) -> Callable[..., float]:
    """The mistake that takes the answerable question at another place, or in another order."""

    def mistake(scores: list[float], answerable: list[bool], rate: float) -> float:
        ordered = known(_split_scores(scores, answerable)[0])
        return _at(ordered, place(rate * len(ordered)))

    return mistake


_THRESHOLD_MISTAKES = {
    "you round the number of questions that may be lost up; a part of a question is not allowed": (
        _known_at(lambda allowed: math.ceil(allowed - 1e-9))
    ),
    "you round the number of questions that may be lost; a part of a question is not allowed, so round down": _known_at(
        lambda allowed: math.floor(allowed + 0.5)
    ),
    "two questions with the same score count as two; you count them once": _known_at(
        lambda allowed: math.floor(allowed + 1e-9), known=lambda ordered: sorted(set(ordered))
    ),
    "this is the lowest score of an answerable question: none is lost, though some may be": (
        _known_at(lambda _allowed: 0)
    ),
    "this is the highest score of an unanswerable question, whatever it refuses beside": (
        lambda scores, answerable, rate: _split_scores(scores, answerable)[1][-1]
    ),
    "refused is what lies below the threshold; you refuse what lies above it": (
        lambda scores, answerable, rate: min(
            limit
            for limit in scores
            if sum(s > limit for s in _split_scores(scores, answerable)[0])
            <= rate * sum(answerable) + 1e-9
        )
    ),
    "this threshold gets the most questions right of both kinds; the limit on false refusals comes first": lambda scores, answerable, rate: (
        max(
            scores,
            key=lambda limit: sum(
                (s >= limit) == a for s, a in zip(scores, answerable, strict=False)
            ),
        )
    ),
    "you count refusals among all questions; false refusals are a share of the answerable ones only": lambda scores, answerable, rate: (
        _at(sorted(scores), _allowed(rate, len(scores)))
    ),
    "you keep the refusals of the unanswerable questions low. Those are the right ones; the false ones, of answerable questions, are to stay low": lambda scores, answerable, rate: (
        _at(
            _split_scores(scores, answerable)[1],
            _allowed(rate, sum(not known for known in answerable)),
        )
    ),
    "a share that reaches the limit exactly is still allowed": lambda scores, answerable, rate: _at(
        _split_scores(scores, answerable)[0], math.ceil(rate * sum(answerable) - 1e-9) - 1
    ),
    "a score that equals the threshold is not refused: refused is what lies below it": (
        lambda scores, answerable, rate: max(
            [score for score in scores if score < _right_threshold(scores, answerable, rate)],
            default=min(scores),
        )
    ),
    "this is the first threshold that refuses too many; one step before it is the last that does not": lambda scores, answerable, rate: (
        min(
            [score for score in scores if score > _right_threshold(scores, answerable, rate)],
            default=max(scores),
        )
    ),
    "this is the lowest score, which refuses nothing at all": lambda scores, answerable, rate: min(
        scores
    ),
    "this is the highest score, whatever it refuses": lambda scores, answerable, rate: max(scores),
}


def _threshold_cases(seed: int) -> list:
    rng = _chance("4.4", seed)
    while True:
        cases = [
            _threshold_case(rng, *shape)
            for shape in (
                (10, 6, 0.2),
                (20, 9, 0.1),
                (8, 8, 0.25),
                (12, 5, 0.3),
                (20, 12, 0.07),
                (9, 4, 0.15),
                (11, 6, 0.0),
                (16, 7, 0.22),
                (13, 6, 0.35),
                (15, 8, 0.28),
            )
        ]
        rng.shuffle(cases)
        if distinguishes(cases, _right_threshold, _THRESHOLD_MISTAKES) and distinguished(
            cases, _right_threshold, _THRESHOLD_MISTAKES
        ):
            return cases


def _threshold_case(rng: random.Random, known: int, unknown: int, rate: float) -> list:
    """Scores of two overlapping groups.

    Two or more answerable questions have one score, and one of each kind have one.
    """
    scores = [s / 1000 for s in rng.sample(range(350, 990, 2), known - 2)]
    scores += [rng.choice(sorted(scores)[:3]), rng.choice(scores)]
    scores += [s / 1000 for s in rng.sample(range(201, 801, 2), unknown - 1)]
    scores.append(rng.choice(sorted(scores[:known])[:4]))
    answerable = [True] * known + [False] * unknown
    order = rng.sample(range(known + unknown), known + unknown)
    return [[scores[i] for i in order], [answerable[i] for i in order], rate]


def _threshold_problem(
    scores: list[float], _answerable: list[bool], _rate: float, got: object
) -> str:
    if number_problem(got):
        return number_problem(got)
    near = any(equal(got, score) for score in scores)
    return (
        ""
        if near
        else f"expected one of the given scores, got {format_value(got)}, which is none of them"
    )


def _threshold_otherwise(
    scores: list[float], answerable: list[bool], rate: float, got: float
) -> str:
    known, _ = _split_scores(scores, answerable)
    refused = sum(score < got - 1e-9 for score in known)
    told = (
        f"a threshold of {format_value(got)} refuses {refused} of {len(known)} answerable questions"
    )
    return (
        f"{told}, more than {rate:g} of them"
        if refused > rate * len(known) + 1e-9
        else f"{told}; a higher one stays within {rate:g} too, and refuses more of the unanswerable"
    )


# Task 4.5: whom to blame

_SENTENCES = (
    "The Chart Room holds twelve people.",
    "Its key is kept at the harbour desk.",
    "A visitor card costs £12 a year.",
    "The Heron calls at Marlpit on Thursdays.",
    "Dogs may wait in the porch.",
    "The otters were first seen in 2011.",
    "The seed drawer opens in March.",
    "Storytime ends at ten to eleven.",
    "The lift is out of use until Friday.",
    "Posters are printed in the basement.",
)
_BLAMES = ("nobody", "search", "reader", "both")


def _blamed(support: list[str], read: list[str], right: bool, oracle: bool) -> str:
    if right:
        return "nobody"
    if set(support) <= set(read):
        return "reader"
    return "search" if oracle else "both"


_BLAME_MISTAKES = {
    "only the first needed sentence is looked for; every one of them is needed": (
        lambda support, read, right, oracle: _blamed(support[:1], read, right, oracle)
    ),
    "only the last needed sentence is looked for; every one of them is needed": (
        lambda support, read, right, oracle: _blamed(support[-1:], read, right, oracle)
    ),
    "you ask whether all that was read is needed; ask whether all that is needed was read": (
        lambda support, read, right, oracle: _blamed(read, support, right, oracle)
    ),
    "you ask whether exactly the needed sentences were read; more may be read than are needed": (
        lambda support, read, right, oracle: _blamed(
            ["none"] if set(support) != set(read) else support, read, right, oracle
        )
    ),
    "you compare how many sentences there are; ask whether the needed ones are among those that were read": lambda support, read, right, oracle: (
        _blamed(["none"] if len(read) < len(support) else [], read, right, oracle)
    ),
    "the oracle is the wrong way round: if it answers right, the search alone is to blame": (
        lambda support, read, right, oracle: _blamed(support, read, right, not oracle)
    ),
    "where the answer is right nobody is to blame, even if a needed sentence was not read": (
        lambda support, read, right, oracle: _blamed(
            support, read, right and set(support) <= set(read), oracle
        )
    ),
    "a right answer of the oracle excuses nobody: ask first whether the answer itself is right": (
        lambda support, read, right, oracle: _blamed(support, read, right or oracle, oracle)
    ),
    "you always blame the reader; the search may not have brought what is needed": (
        lambda support, read, right, oracle: _blamed([], read, right, oracle)
    ),
    "reader and both are the wrong way round": (
        lambda *case: {"both": "reader", "reader": "both"}.get(_blamed(*case), _blamed(*case))
    ),
    "where two sentences are needed, the search has failed even if it brought one of them": (
        lambda support, read, right, oracle: _blamed(
            support, support if set(support) & set(read) else read, right, oracle
        )
    ),
    "you look at what was read alone; where the answer is right nobody is to blame": (
        lambda support, read, right, oracle: _blamed(support, read, False, oracle)
    ),
    "you never blame both. What was read lacks a needed sentence, and even with every needed sentence the answer is wrong": lambda support, read, right, oracle: (
        _blamed(support, read, right, True)
    ),
    "you blame both as soon as the oracle's answer is wrong; where everything needed was read, the search did its work": lambda support, read, right, oracle: (
        "both" if not right and not oracle else _blamed(support, read, right, oracle)
    ),
    "what was read held every needed sentence, and you blame the search since the oracle's answer is right; the search did its work there": lambda support, read, right, oracle: (
        "search" if not right and oracle else _blamed(support, read, right, oracle)
    ),
    "you compare the two lists as they are. More sentences may be read than are needed, in any order": lambda support, read, right, oracle: (
        _blamed(["none"] if support != read else support, read, right, oracle)
    ),
    "search and reader are the wrong way round": (
        lambda *case: {"search": "reader", "reader": "search"}.get(_blamed(*case), _blamed(*case))
    ),
}


#: Which of the needed sentences were read (1) and which were not, and how many others were.
_READ = (
    ("1", 2),
    ("1", 0),
    ("11", 0),
    ("11", 2),
    ("10", 1),
    ("01", 2),
    ("10", 0),
    ("0", 2),
    ("0", 0),
    ("00", 3),
    ("101", 2),
    ("111", 1),
)


def _blame_cases(seed: int) -> list:
    """Every combination of needed sentences read (all, some, none), right or wrong, and the
    oracle's answer.
    """
    rng = _chance("4.5", seed)
    while True:
        cases = [
            _blame_case(rng, *shape, right, oracle)
            for shape in _READ
            for right in (True, False)
            for oracle in (True, False)
        ]
        rng.shuffle(cases)
        if distinguishes(cases, _blamed, _BLAME_MISTAKES) and distinguished(
            cases, _blamed, _BLAME_MISTAKES
        ):
            return cases


def _blame_case(rng: random.Random, needed: str, others: int, right: bool, oracle: bool) -> list:
    sentences = rng.sample(_SENTENCES, len(needed) + others)
    support = sentences[: len(needed)]
    read = [
        sentence for sentence, mark in zip(support, needed, strict=True) if mark == "1"
    ] + sentences[len(needed) :]
    return [support, rng.sample(read, len(read)), right, oracle]


def _blame_problem(
    _support: list[str], _read: list[str], _right: bool, _oracle: bool, got: object
) -> str:
    named = ", ".join(f'"{name}"' for name in _BLAMES)
    known = isinstance(got, str) and got in _BLAMES
    return "" if known else f"expected one of {named} to be returned, got {format_value(got)}"


def _blame_otherwise(
    support: list[str], read: list[str], right: bool, oracle: bool, got: str
) -> str:
    held = sum(sentence in read for sentence in support)
    return (
        f'"{got}" is not right: {held} of {len(support)} needed sentences were read, the answer is'
        f" {_word(right)}, and "
        f"the oracle's answer is {_word(oracle)}"
    )


def _word(right: bool) -> str:
    return "right" if right else "wrong"


# Task 4.6: the news


def _news_cases(seed: int) -> list:
    """Three societies with news, then one of them before all of its news and one after all of
    it.
    """
    cases = [_news_case(_chance(f"4.6/{number}", seed), number) for number in range(3)]
    return [*cases, [*cases[0][:2], "2025-12-31"], [*cases[1][:2], "2026-12-31"]]


def _news_case(rng: random.Random, number: int) -> list:
    """Pages, news in an order that is not that of their dates, and a day: all but one item are in
    force by then.
    """
    a, b, c = (
        sorted(rng.sample(range(11, 60), 3)),
        rng.sample(range(2, 10), 2),
        rng.sample(range(1, 10), 2),
    )
    facts = dict(zip(("a", "a2", "a3", "b", "b2", "c", "c2"), (*a, *b, *c), strict=True))
    pages = [
        {
            "id": name,
            "title": title,
            "shelf": "policies",
            "branch": "all",
            "date": "2025-09-01",
            "text": text.format(**facts),
        }
        for name, title, text in society.PAGES
    ]
    days = sorted(rng.sample(range(1, 29), 4))
    # One item is not in force yet; the other one comes before, after or inside the chain.
    late, early = rng.sample([2, 3], 2)
    order = [*rng.choice([(early, 0, 1), (0, early, 1), (0, 1, early)]), late]
    dates = {item: f"2026-0{number + 3}-{day:02}" for item, day in zip(order, days, strict=True)}
    names = sorted(
        rng.sample(range(10, 90), 4)
    )  # the second item of the chain has a lower number than the first
    listed = [1, *rng.sample([0, 2, 3], 3)]
    news = []
    for name, item in zip(names, listed, strict=True):
        page, old, new, text = society.NEWS[item]
        about = {
            "id": f"news-{name}",
            "title": f"Notice {name}",
            "shelf": "news",
            "branch": "all",
            "date": dates[item],
        }
        news.append(
            {
                "document": page,
                "edits": [[old.format(**facts), new.format(**facts)]],
                "news": {**about, "text": text.format(**facts)},
            }
        )
    return [pages, news, dates[order[2]]]


def _held(documents: Sequence) -> dict:
    """The passages by id that an index of these documents holds."""
    from ftrag_helpers.retrieval.chunking import chunk

    return {
        passage.id: passage
        for document in documents
        for passage in chunk(document, **society.CHUNKS)
    }


def _in_force(documents: list, updates: list, day: str) -> list:
    from ftrag_helpers.data.course_data import apply_update

    for update in sorted(updates, key=lambda update: update.news.date):
        if update.news.date <= day:
            documents = apply_update(documents, update)
    return documents


def _publish_problem(pages: list[dict], news: list[dict], day: str, got: object) -> str:
    if (
        not isinstance(got, dict)
        or set(got) != {"returned", "embedded", "passages"}
        or not is_number(got["embedded"])
    ):
        return f"the index could not be looked at; got {format_value(got)}"
    documents, updates = society.records(pages, news)
    before, after = _held(documents), _held(_in_force(documents, updates, day))
    pairs = got["passages"]
    if not isinstance(pairs, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)
        for pair in pairs
    ):
        return f"expected passages in the index, got {format_value(pairs)}"
    texts = Counter(map(tuple, pairs))
    if texts != _texts(after):
        return _index_problem(texts, documents, updates, day)
    new = [id_ for id_, passage in after.items() if before.get(id_) != passage]
    fewest = sum((after[id_].document_id, after[id_].text) not in _texts(before) for id_ in new)
    if got["embedded"] > len(new):
        return (
            f"the index is right, but {got['embedded']} texts were embedded where {len(new)} are"
            " enough. Work out today's documents first, then synchronise once: passages that are"
            " there already are kept"
        )
    if got["embedded"] < fewest:
        return f"only {got['embedded']} texts were embedded, and {fewest} passages are new"
    if not is_number(got["returned"]):
        return number_problem(got["returned"])
    if got["returned"] != got["embedded"]:
        return (
            f"the index is right, but {got['embedded']} passages were embedded, and you return"
            f" {format_value(got['returned'])}"
        )
    return ""


def _texts(held: dict) -> Counter:
    return Counter((passage.document_id, passage.text) for passage in held.values())


def _index_problem(texts: Counter, documents: list, updates: list, day: str) -> str:
    """What is wrong with the passages of an index, by the news that should be in them or should
    not.
    """
    held, whole = {document for document, _ in texts}, "\n".join(text for _, text in texts)
    if texts == _texts(_held(documents)):
        return (
            "the index holds what it held before. Does your function bring it in step with the"
            " changed documents?"
        )
    lost = [document.id for document in documents if document.id not in held]
    if lost:
        return f"the page {lost[0]!r} is gone from the index; pages without news stay as they are"
    for update in updates:
        date, name, sentence = update.news.date, update.news.id, update.edits[0][1]
        if date > day and (name in held or sentence in whole):
            return (
                f"{name} of {date} is in the index already, and the day is {day}: it is not in"
                " force yet"
            )
        if date <= day and name not in held:
            exact = ". The day itself counts" if date == day else ""
            return f"{name} of {date} is not on its shelf: a news item is a document too{exact}"
    stale = [
        update for update in updates if update.news.date <= day and update.edits[0][0] in whole
    ]
    if stale:
        return (
            f"the page {stale[0].changes!r} still says {stale[0].edits[0][0]!r}, which"
            f" {stale[0].news.id} has changed"
        )
    return "the index holds other passages than today's documents have"


TASKS = {
    task.id: task
    for task in (
        Task(
            "4.1",
            "Was the page there at all?",
            3,
            (
                (
                    "list(dict.fromkeys(found)) keeps the order and each document once. Do that"
                    " before you cut."
                ),
                (
                    "Recall divides by the number of needed documents. For the rank,"
                    " enumerate(documents, start=1) and stop at the first needed one; where none"
                    " comes, the result is 0."
                ),
            ),
            _measure_cases,
            calls,
            by_mistakes(
                _measured,
                _MEASURE_MISTAKES,
                call="measure({}, {}, {})",
                problem=_measure_problem,
                otherwise=_measure_otherwise,
            ),
            10,
        ),
        Task(
            "4.2",
            "Chosen without the test",
            3,
            (
                'Keep the rows whose split is "validation" and look at no other row.',
                (
                    "Take the mean recall of each length. max() with the key (mean, -words) takes"
                    " the smaller where means are equal."
                ),
            ),
            _choice_cases,
            calls,
            by_mistakes(
                _right_choice,
                _CHOICE_MISTAKES,
                call="choose(table)",
                problem=_choice_problem,
                otherwise=_choice_otherwise,
            ),
            10,
        ),
        Task(
            "4.3",
            "Here, and everywhere",
            3,
            (
                '{"branch": {"$in": [...]}} lets several branches through. Which two?',
                (
                    "A filter is one condition. Where shelves are named as well, the two conditions"
                    ' go into a list under "$and"; where none is named, the condition on the branch'
                    " is the whole filter."
                ),
            ),
            _filter_cases,
            _filters,
            by_case(_filtered_problem, "allowed({}, {})"),
            10,
        ),
        Task(
            "4.4",
            "The price of a refusal",
            4,
            (
                (
                    "Try each given score as a threshold: which share of the answerable questions"
                    " lies below it?"
                ),
                (
                    "Collect the scores whose share is at most the limit, and take the highest of"
                    " them. Divide by the number of answerable questions, not of all."
                ),
            ),
            _threshold_cases,
            calls,
            by_mistakes(
                _right_threshold,
                _THRESHOLD_MISTAKES,
                call="threshold(scores, answerable, {2})",
                problem=_threshold_problem,
                otherwise=_threshold_otherwise,
            ),
            10,
        ),
        Task(
            "4.5",
            "Search or reader?",
            3,
            (
                (
                    "Ask in this order: is the answer right? Was every needed sentence read? Is the"
                    " oracle's answer right?"
                ),
                "set(support) <= set(read) says whether every needed sentence was read.",
            ),
            _blame_cases,
            calls,
            by_mistakes(
                _blamed,
                _BLAME_MISTAKES,
                call="blame({}, {}, {}, {})",
                problem=_blame_problem,
                otherwise=_blame_otherwise,
            ),
            10,
        ),
        Task(
            "4.6",
            "News, in its order",
            4,
            (
                (
                    'Dates as texts compare like dates: "2026-05-04" < "2026-05-18". sorted() with'
                    " a key puts the news in order."
                ),
                (
                    "course_data.apply_update gives you new documents; give those to the next"
                    " update. Only when all are applied, call index.synchronise, and return what it"
                    " returns."
                ),
            ),
            _news_cases,
            see_publish,
            by_case(_publish_problem, "publish(index, documents, updates, {2})"),
            60,
        ),
    )
}

#: Tasks that a person marks: none in this lesson.
MANUAL: dict[str, ManualTask] = {}

points = partial(checking.points, 4)


def task_4_1(measure, seed: int = 0) -> None:
    """Check `measure(found, needed, k)`, which returns the recall@k and the reciprocal rank."""
    checking.run(TASKS["4.1"], measure, seed)


def task_4_2(choose, seed: int = 0) -> None:
    """Check `choose(table)`, which returns a number of words."""
    checking.run(TASKS["4.2"], choose, seed)


def task_4_3(allowed, seed: int = 0) -> None:
    """Check `allowed(branch, shelves)`, which returns a Chroma metadata filter."""
    checking.run(TASKS["4.3"], allowed, seed)


def task_4_4(threshold, seed: int = 0) -> None:
    """Check `threshold(scores, answerable, at_most)`, which returns one of the scores."""
    checking.run(TASKS["4.4"], threshold, seed)


def task_4_5(blame, seed: int = 0) -> None:
    """Check `blame(support, read, right, right_with_oracle)`, which returns "nobody", "search",
    "reader" or "both".
    """
    checking.run(TASKS["4.5"], blame, seed)


def task_4_6(publish, seed: int = 0) -> None:
    """Check `publish(index, documents, updates, day)`, which returns how many passages were
    embedded.
    """
    checking.run(TASKS["4.6"], publish, seed)
