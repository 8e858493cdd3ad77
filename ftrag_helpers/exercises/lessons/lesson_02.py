"""The checks of exercise 2: a split by works, a baseline, precision and recall, a learning curve,
another domain.

No model is loaded. Tasks 2.1 and 2.2 run on the patrons' reviews, of which the cases hold
the ids; task 2.5 runs on toy texts with an embedder that counts words, so that its judge can fit
the same classifiers in a blink.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import count

import numpy as np

from ftrag_helpers.exercises import checking
from ftrag_helpers.exercises.checking import (
    PASSED,
    ManualTask,
    Task,
    Verdict,
    answer,
    by_case,
    calls,
    hint,
)
from ftrag_helpers.exercises.fixtures import domains, patrons
from ftrag_helpers.exercises.fixtures.patrons import see_adapt, see_baseline, see_split
from ftrag_helpers.exercises.mistakes import by_mistakes, distinguished, distinguishes, equal
from ftrag_helpers.exercises.values import format_value, is_number, number_problem, numbers_problem

__all__ = [
    "MANUAL",
    "TASKS",
    "answer",
    "hint",
    "points",
    "task_2_1",
    "task_2_2",
    "task_2_3",
    "task_2_4",
    "task_2_5",
]


def _chance(task_id: str, seed: int) -> random.Random:
    return random.Random(f"{task_id}/{seed}")


# Task 2.1: a split by works

#: How far the held-out share of reviews, and the share of positive ones among them, may be from
#: what is wanted.
NEAR = 0.05


def _works() -> dict[str, list[str]]:
    """The ids of the reviews of each work."""
    works: dict[str, list[str]] = {}
    for id_, row in patrons.reviews().items():
        works.setdefault(row.subject, []).append(id_)
    return works


def _split_cases(seed: int) -> list:
    """Reviews of a hundred works and more: as they come, with more praise than blame, and with
    works of which only one label is there, so that a shuffle which ignores the labels is soon out
    of balance. Every share is asked for.
    """
    rng = _chance("2.1", seed)
    while True:
        cases = [_reviews_of(rng, 0.2, 110, 1.0), _reviews_of(rng, 0.3, 150, 0.4)]
        cases += [_lopsided(rng, share) for share in (0.2, 0.25, 0.35, 0.5)]
        cases += [
            _one_sided(rng, share, mood)
            for share, mood in (
                (0.2, 0.4),
                (0.2, 0.5),
                (0.2, 0.5),
                (0.2, 0.6),
                (0.2, 0.7),
                (0.25, 0.5),
                (0.25, 0.7),
                (0.3, 0.5),
                (0.35, 0.3),
                (0.4, 0.6),
            )
        ]
        if all(
            sum(bool(_size_problem(*case, shuffled(*case))) for case in cases) >= 2
            for shuffled in _SHUFFLES
        ):
            return cases


def _reviews_of(rng: random.Random, share: float, size: int, praise: float) -> list:
    """A case of so many works, with this share of their praise."""
    works = _works()
    ids = [
        id_
        for name in rng.sample(sorted(works), size)
        for id_ in works[name]
        if not _positive(id_) or rng.random() < praise
    ]
    return [rng.sample(ids, len(ids)), share]


def _lopsided(rng: random.Random, share: float) -> list:
    """The twelve largest works, and ninety of which there is one review: a share of the works is no
    share of the reviews.
    """
    works = _works()
    names = sorted(works, key=lambda name: -len(works[name]))
    ids = [id_ for name in names[:12] for id_ in works[name]]
    ids += [rng.choice(works[name]) for name in rng.sample(names[12:], 90)]
    return [rng.sample(ids, len(ids)), share]


def _one_sided(rng: random.Random, share: float, mood: float) -> list:
    """A case in which each work has praise only or blame only; about this share of the works has
    praise.
    """
    works, ids = _works(), []
    for name in rng.sample(sorted(works), len(works)):
        good = rng.random() < mood
        kept = [id_ for id_ in works[name] if _positive(id_) == good]
        ids.append(kept[:20])
    ids = [id_ for kept in sorted(filter(None, ids), key=len)[-115:] for id_ in kept]
    return [rng.sample(ids, len(ids)), share]


def _held_out(ids: list[str], share: float, order: Callable[[list[str]], list[str]]) -> list[str]:
    """Whole works in a given order until there are enough reviews, whatever their labels are."""
    groups: dict[str, list[str]] = {}
    for id_ in ids:
        groups.setdefault(patrons.reviews()[id_].subject, []).append(id_)
    held: list[str] = []
    for name in order(sorted(groups)):
        if len(held) < share * len(ids):
            held += groups[name]
    return held


#: One look and no second: orders of the works that an answer may take without asking whether the
#: labels are in balance.
_SHUFFLES = [
    partial(_held_out, order=order)
    for order in (
        list,
        lambda names: names[::-1],
        *(
            lambda names, seed=seed: random.Random(seed).sample(names, len(names))
            for seed in (0, 1, 42)
        ),
        *(
            lambda names, seed=seed: np.random.default_rng(seed).permutation(names).tolist()
            for seed in (0, 1, 42)
        ),
        *(
            lambda names, seed=seed: _list_shuffled(names, seed)
            for seed in (0, 1, 2, 3, 7, 13, 42, 123, 1234, 2024)
        ),
    )
]


def _list_shuffled(names: list[str], seed: int) -> list[str]:
    random.Random(seed).shuffle(names)
    return names


def _positive(id_: str) -> bool:
    return patrons.reviews()[id_].label == "positive"


def _praise(ids: Sequence[str]) -> float:
    return sum(map(_positive, ids)) / len(ids)


def _split_problem(ids: list[str], share: float, got: object) -> str:
    if not isinstance(got, list) or len(got) != 3:
        return f"the split could not be looked at; got {format_value(got)}"
    problem = next(filter(None, (_ids_problem(ids, part) for part in got)), "") or _leak(
        ids, got[0]
    )
    if problem:
        return problem
    first, again, turned = map(sorted, got)
    if first != again:
        return (
            "a second call with the same reviews holds out others. Give your shuffle a seed of its"
            " own, inside the function: random.Random(0), or random_state=0"
        )
    if first != turned:
        return (
            "the same reviews in another order give another split. Bring works (or reviews) into an"
            " order of your own before chance comes in: sorted(...)"
        )
    return _size_problem(ids, share, first)


def _ids_problem(ids: list[str], got: object) -> str:
    if isinstance(got, list) and len(got) == 2 and all(isinstance(part, list) for part in got):
        return (
            "expected one list, the ids of the held-out reviews, got two lists. The rest is"
            " training without saying so"
        )
    if not isinstance(got, list) or not all(isinstance(id_, str) for id_ in got):
        why = ". Does the function end with return?" if got is None else ""
        return f"expected a list of review ids, got {format_value(got)}{why}"
    unknown = set(got) - set(ids)
    if unknown:
        return f"{min(unknown)!r} is no id of a review that was given; an id looks like {ids[0]!r}"
    twice = [id_ for id_, count in Counter(got).items() if count > 1]
    return f"{twice[0]!r} is held out more than once" if twice else ""


def _leak(ids: list[str], held: list[str]) -> str:
    all_, out = (Counter(patrons.reviews()[id_].subject for id_ in part) for part in (ids, held))
    torn = [name for name in all_ if 0 < out[name] < all_[name]]
    if not torn:
        return ""
    name = max(torn, key=lambda name: (all_[name], name))
    return (
        f"{len(torn)} works stand on both sides. Of {name!r}, {out[name]} of {all_[name]} reviews"
        " are held out; hold out all reviews of a work or none"
    )


def _size_problem(ids: list[str], share: float, held: list[str]) -> str:
    size = len(held) / len(ids)
    if abs(size - share) > NEAR + 1e-9:
        if abs(1 - size - share) <= NEAR:
            return (
                f"{size:.2f} of the reviews are returned where {share:g} was wanted. Are these the"
                " ones for training?"
            )
        of_works = len(_subjects(held)) / len(_subjects(ids))
        told = f"{size:.2f} of the reviews are held out where {share:g} was wanted, within {NEAR:g}"
        by_works = abs(of_works - share) < 0.02
        return (
            f"{told}. It is that share of the works, but works differ in size: count reviews, not"
            " works"
            if by_works
            else told
        )
    if abs(_praise(held) - _praise(ids)) > NEAR + 1e-9:
        return (
            f"{_praise(held):.2f} of the held-out reviews are positive, and {_praise(ids):.2f} of"
            f" all; they may differ by {NEAR:g}. Try another shuffle until this holds"
        )
    return ""


def _subjects(ids: Sequence[str]) -> set[str]:
    return {patrons.reviews()[id_].subject for id_ in ids}


# Task 2.2: the honest baseline

#: Accuracy to beat: guessing has 0.50, TF-IDF with logistic regression about 0.75 on such reviews.
MARK = 0.65
#: The same on other reviews than the learner's own check has: luck has a say in 300 reviews, so
#: that whoever passed there with nothing to spare passes here too.
_OTHERS_MARK = 0.58
#: Accuracy to beat on made-up texts, where whoever learns from the training texts is right nearly
#: always.
_MADE_UP_MARK = 0.85
_TRAIN, _ASKED = 700, 300


def _baseline_cases(seed: int) -> list:
    """Real reviews, 700 to learn from and 300 of other works to ask about; and made-up ones, whose
    labels nobody can look up.
    """
    rng, works = _chance("2.2", seed), _works()
    ids: list[str] = []
    for name in rng.sample(sorted(works), len(works)):
        if len(ids) < _ASKED <= len(ids) + len(works[name]):
            cut = ids + works[name]
            ids = cut[:_ASKED]  # the rest of that work is left out
        else:
            ids += works[name]
    asked, train = ids[:_ASKED], rng.sample(ids[_ASKED:], _TRAIN)
    train.sort(key=lambda id_: not _positive(id_))
    train[1:] = rng.sample(
        train[1:], _TRAIN - 1
    )  # praise first: the first label that comes is not the first of classes_
    return [
        [
            train,
            rng.sample(asked, _ASKED),
            domains.made_up(rng),
            _OTHERS_MARK if seed else MARK,
        ]
    ]


def _accuracy(asked: list[str], probabilities: list[float], swapped: bool = False) -> float:
    return _right([_positive(id_) != swapped for id_ in asked], probabilities)


def _right(positive: list[bool], probabilities: list[float]) -> float:
    return sum((p > 0.5) == good for good, p in zip(positive, probabilities, strict=True)) / len(
        positive
    )


def _probabilities_problem(got: object, length: int) -> str:
    problem = numbers_problem(got, length)
    if problem:
        named = (
            isinstance(got, list) and got and all(item in ("positive", "negative") for item in got)
        )
        pairs = (
            isinstance(got, list)
            and len(got) == length
            and all(isinstance(item, list) and len(item) == 2 for item in got)
        )
        if named:
            return (
                "expected a probability for each text, got labels. predict_proba gives"
                " probabilities"
            )
        return (
            f"expected one number for each text, got two: {format_value(got[0])}. predict_proba has a"
            ' column for each class, and one of them is that of "positive"'
            if pairs
            else problem
        )
    odd = [p for p in got if not -1e-9 <= p <= 1 + 1e-9]
    if odd:
        percent = min(got) >= 0 and 50 < max(got) <= 100
        why = (
            "Are these percentages?"
            if percent
            else "predict_proba gives probabilities; decision_function and predict_log_proba do not"
        )
        return f"expected probabilities from 0 to 1, got {format_value(odd[0])}. {why}"
    return (
        "expected probabilities, got 0 and 1 only. predict_proba gives probabilities"
        if set(got) <= {0, 1}
        else ""
    )


def _baseline_problem(
    _train: list[str], asked: list[str], made: dict, mark: float, got: object
) -> str:
    sizes = {
        "all": len(asked),
        "again": len(asked),
        "apart": patrons.APART,
        "swapped": len(asked),
        "made": len(made["asked"]),
    }
    if not isinstance(got, dict) or set(got) != set(sizes):
        return f"the answers could not be looked at; got {format_value(got)}"
    for part, size in sizes.items():
        if _probabilities_problem(got[part], size):
            return _probabilities_problem(got[part], size)
    return _steady_problem(got) or _mark_problem(asked, mark, got) or _learned_problem(made, got)


def _gap(some: list[float], others: list[float]) -> float:
    return max(abs(p - q) for p, q in zip(some, others, strict=False))


def _steady_problem(got: dict) -> str:
    if _gap(got["all"], got["again"]) > 1e-4:
        return (
            "the same call gives other probabilities the second time. Chance has a say in it: give"
            " it a seed of its own, such as random_state=0"
        )
    gap = _gap(got["all"], got["apart"])
    if gap > 1e-4 and any(got["all"] == sorted(got["all"], reverse=turn) for turn in (False, True)):
        return "the probabilities are sorted; they should come in the order of the texts"
    if gap > 1e-4:
        return (
            f"the probability of the same text changes by up to {gap:.3f} when other texts are"
            " asked about beside it. Something is fitted on the texts to be judged, or depends on"
            " them: fit the vectoriser and the regression on the training texts alone"
        )
    return ""


def _mark_problem(asked: list[str], mark: float, got: dict) -> str:
    right, swapped = _accuracy(asked, got["all"]), _accuracy(asked, got["swapped"], swapped=True)
    if max(got["all"]) - min(got["all"]) < 1e-9:
        return (
            f"every text gets the same probability, {format_value(got['all'][0])}. Does it depend on the"
            " text?"
        )
    if right < 1 - mark:
        return (
            f"{right:.2f} of the texts are judged right, far fewer than by a coin. Is this the"
            ' probability of "negative"? The columns of predict_proba are in the order of classes_'
        )
    if min(got["all"]) >= 0.5 or max(got["all"]) <= 0.5:
        return (
            "all probabilities lie on one side of 0.5, though half of the texts are positive. Is"
            ' this the column of "positive", or the larger of two columns?'
        )
    if right < mark:
        return (
            f"{right:.2f} of the texts are judged right (above 0.5 means positive), and the mark is"
            f" {mark:g}; guessing has 0.50"
        )
    if swapped < _OTHERS_MARK:
        return (
            "with training labels that are swapped on purpose, the answers should turn round, and"
            " they do not: the given training labels are not what is learned from"
        )
    return ""


def _learned_problem(made: dict, got: dict) -> str:
    right = _right(domains.made_up_truth(made), got["made"])
    return (
        ""
        if right >= _MADE_UP_MARK
        else (
            f"of made-up texts, whose words mean something else each time, {right:.2f} are judged"
            " right. Their labels can be learned from the training texts that are handed over, and"
            " from nothing else"
        )
    )


# Task 2.3: precision, recall, F1

_LABELS = ("positive", "negative", "mixed")


def _divided(part: float, whole: float, empty: float = 0.0) -> float:
    return part / whole if whole else empty


def _harmonic(a: float, b: float) -> float:
    return _divided(2 * a * b, a + b)


def _scored(truth: list[str], predicted: list[str], label: str, empty: float = 0.0) -> list[float]:
    return _of_counts(_hits(truth, predicted, label), truth, predicted, label, empty)


def _of_counts(
    hits: int, truth: list[str], predicted: list[str], label: str, empty: float = 0.0
) -> list[float]:
    precision, recall = (_divided(hits, side.count(label), empty) for side in (predicted, truth))
    return [precision, recall, _harmonic(precision, recall)]


def _refused(truth: list[str], predicted: list[str], label: str) -> float:
    others = [p != label for t, p in zip(truth, predicted, strict=True) if t != label]
    return _divided(sum(others), len(others))


def _right_share(truth: list[str], predicted: list[str]) -> float:
    return sum(t == p for t, p in zip(truth, predicted, strict=True)) / len(truth)


def _means_of_labels(
    truth: list[str], predicted: list[str], _label: str, labels: Sequence[str] = ()
) -> list[float]:
    rows = [_scored(truth, predicted, label) for label in labels or sorted({*truth, *predicted})]
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def _with(case: tuple, place: int, value: Callable[[list[float]], float]) -> list[float]:
    found = _scored(*case)
    return [*found[:place], value(found), *found[place + 1 :]]


_SCORE_MISTAKES = {
    "precision and recall are the wrong way round. Precision divides by how often the label was predicted, recall by how often it is true": lambda *case: [
        _scored(*case)[1],
        _scored(*case)[0],
        _scored(*case)[2],
    ],
    "F1 is not the mean of the two; it is 2 · precision · recall / (precision + recall)": (
        lambda *case: _with(case, 2, lambda found: (found[0] + found[1]) / 2)
    ),
    "F1 lacks its factor 2: with precision 1 and recall 1 it is 1": lambda *case: _with(
        case, 2, lambda found: found[2] / 2
    ),
    "where nothing is to be divided by, the task wants 0, and you return 1": lambda *case: _scored(
        *case, empty=1.0
    ),
    "F1 is the harmonic mean, 2 · precision · recall / (precision + recall); yours is the root of their product": lambda *case: (
        _with(case, 2, lambda found: math.sqrt(found[0] * found[1]))
    ),
    "the order is another one: precision comes first, then recall, then F1": lambda *case: [
        _scored(*case)[2],
        *_scored(*case)[:2],
    ],
    "these are means over all labels; the scores of the one given label are wanted": (
        _means_of_labels
    ),
    "these are means over all labels, each as often as it is true; the scores of the one given label are wanted": lambda truth, predicted, _label: (
        _means_of_labels(truth, predicted, _label, truth)
    ),
    "these are the scores of all other labels together; the given label is the one to score": (
        lambda truth, predicted, label: _scored(
            *([str(item != label) for item in side] for side in (truth, predicted)), "True"
        )
    ),
    "all three are the accuracy; precision and recall look at one label": (
        lambda *case: [_right_share(*case[:2])] * 3
    ),
    "recall is wrong: yours is the share of the other texts for which the label was not predicted": lambda *case: (
        _with(case, 1, lambda _found: _refused(*case))
    ),
    "hits are counted wherever the label stands in both lists; a hit is the label at the same place in both": lambda *case: (
        _of_counts(min(case[0].count(case[2]), case[1].count(case[2])), *case)
    ),
    'you always score "positive"; the label is given': lambda truth, predicted, _label: _scored(
        truth, predicted, "positive"
    ),
    "the first number is the accuracy: it counts the hits of all labels, over all texts": (
        lambda *case: _with(case, 0, lambda _found: _right_share(case[0], case[1]))
    ),
    "recall is the share of the label's own texts that were found, not the share of right answers over all texts": lambda *case: (
        _with(case, 1, lambda _found: _right_share(case[0], case[1]))
    ),
    "precision divides by the number of all texts; how often was the label predicted?": (
        lambda *case: _with(case, 0, lambda _found: _hits(*case) / len(case[0]))
    ),
    "recall divides by the number of all texts; how often is the label true?": lambda *case: _with(
        case, 1, lambda _found: _hits(*case) / len(case[0])
    ),
}


def _hits(truth: list[str], predicted: list[str], label: str) -> int:
    return sum(t == p == label for t, p in zip(truth, predicted, strict=True))


def _score_cases(seed: int) -> list:
    """Answers with two labels and with three; a label that is never predicted, never true, and
    neither.
    """
    rng = _chance("2.3", seed)
    shapes = (
        (12, 2, ""),
        (15, 3, ""),
        (20, 3, ""),
        (18, 3, ""),
        (14, 3, "unpredicted"),
        (13, 3, "untrue"),
        (11, 3, "neither"),
    )
    while True:
        a, b = rng.sample(_LABELS, 2)
        # Precision two thirds, recall two sevenths; one text alone, right and wrong.
        fixed = [
            [[a] * 7 + [b] * 3, [a, a, b, b, b, b, b, a, b, b], a],
            [[a], [a], a],
            [[a], [b], a],
        ]
        cases = [*(_score_case(rng, *shape) for shape in shapes), *fixed]
        rng.shuffle(cases)
        if distinguishes(cases, _scored, _SCORE_MISTAKES) and distinguished(
            cases, _scored, _SCORE_MISTAKES
        ):
            return cases


def _score_case(rng: random.Random, size: int, labels: int, odd: str) -> list:
    label, *others = rng.sample(_LABELS[:labels], labels)
    truth = rng.choices([label, *others], k=size)
    predicted = [t if rng.random() < 0.5 else rng.choice([label, *others]) for t in truth]
    other = others[0]
    if odd in ("unpredicted", "neither"):
        predicted = [other if p == label else p for p in predicted]
    if odd in ("untrue", "neither"):
        truth = [other if t == label else t for t in truth]
    return [truth, predicted, label]


def _score_problem(_truth: list[str], _predicted: list[str], _label: str, got: object) -> str:
    problem = numbers_problem(got, 3)
    if problem:
        return f"{problem}; wanted are precision, recall and F1, in this order"
    odd = [value for value in got if not 0 <= value <= 1]
    return f"expected numbers from 0 to 1, got {format_value(odd[0])}" if odd else ""


def _score_otherwise(truth: list[str], predicted: list[str], label: str, got: list[float]) -> str:
    want = _scored(truth, predicted, label)
    place = next(i for i in range(3) if not equal(got[i], want[i]))
    counts = (
        f"{label!r} was predicted {predicted.count(label)} times, is true {truth.count(label)}"
        f" times, and both for {_hits(truth, predicted, label)} texts"
    )
    name = ("a precision", "a recall", "an F1")[place]
    return f"{name} of {format_value(got[place])} is not right: {counts}"


# Task 2.4: how many examples


def _noise(a: float, b: float, n: int, errors: float = 2.0) -> float:
    return errors * math.sqrt((a * (1 - a) + b * (1 - b)) / n)


def _first_enough(
    sizes: list[int],
    accuracies: list[float],
    n: int,
    noise: Callable = _noise,
    rivals: Callable = lambda later: later,
) -> int:
    """The smallest size that no rival among the larger sizes beats by more than the noise."""
    curve = sorted(zip(sizes, accuracies, strict=True))
    return next(
        size
        for i, (size, a) in enumerate(curve)
        if all(b - a <= noise(a, b, n) for _, b in rivals(curve[i + 1 :]))
    )


def _in_given_order(sizes: list[int], accuracies: list[float], n: int) -> int:
    return sizes[_first_enough(list(range(len(sizes))), accuracies, n)]


def _larger(sizes: list[int], size: int) -> int:
    return min((other for other in sizes if other > size), default=size)


def _either_way(sizes: list[int], accuracies: list[float], n: int) -> int:
    curve = sorted(zip(sizes, accuracies, strict=True))
    return next(
        size
        for i, (size, a) in enumerate(curve)
        if all(abs(b - a) <= _noise(a, b, n) for _, b in curve[i + 1 :])
    )


def _walked(sizes: list[int], accuracies: list[float], n: int) -> int:
    """The first size that the next one does not beat by more than the noise."""
    return _first_enough(sizes, accuracies, n, rivals=lambda later: later[:1])


def _by_accuracy(sizes: list[int], accuracies: list[float], n: int) -> int:
    curve = sorted(zip(accuracies, sizes, strict=True))
    return next(
        size
        for i, (a, size) in enumerate(curve)
        if all(b - a <= _noise(a, b, n) for b, _ in curve[i + 1 :])
    )


def _counts_as_n(sizes: list[int], accuracies: list[float], _n: int) -> int:
    curve = sorted(zip(sizes, accuracies, strict=True))
    return next(
        size
        for i, (size, a) in enumerate(curve)
        if all(b - a <= _noise(a, b, other) for other, b in curve[i + 1 :])
    )


_CURVE_MISTAKES = {
    "you look one step ahead. Several steps inside the noise may add up to a gain that is not: compare with every larger size": (
        _walked
    ),
    "you look two steps ahead. Compare with every larger size": lambda *case: _first_enough(
        *case, rivals=lambda later: later[:2]
    ),
    "you compare with the largest size alone; a size between may be better than both": (
        lambda *case: _first_enough(*case, rivals=lambda later: later[-1:])
    ),
    "a larger size that is worse by more than the noise counts against a smaller one; only a gain does": (
        _either_way
    ),
    "your noise is one standard error of the difference; the task wants two": (
        lambda *case: _first_enough(*case, noise=partial(_noise, errors=1.0))
    ),
    "your noise is that of one accuracy. Both are measured on n texts, so their squared errors add up": lambda *case: (
        _first_enough(*case, noise=lambda a, _b, n: 2 * math.sqrt(a * (1 - a) / n))
    ),
    "your noise is that of one accuracy, the larger size's. Both are measured on n texts, so their squared errors add up": lambda *case: (
        _first_enough(*case, noise=lambda _a, b, n: 2 * math.sqrt(b * (1 - b) / n))
    ),
    "your noise is the same whatever the accuracies are; a(1 − a) is smaller the nearer a comes to 1": lambda *case: (
        _first_enough(*case, noise=lambda _a, _b, n: 2 * math.sqrt(0.5 / n))
    ),
    "your noise uses the number of training examples; n is the number of test texts": _counts_as_n,
    "you add the two standard errors. Add their squares, and take the root of the sum": (
        lambda *case: _first_enough(
            *case,
            noise=lambda a, b, n: 2 * (math.sqrt(a * (1 - a) / n) + math.sqrt(b * (1 - b) / n)),
        )
    ),
    "this is the size with the highest accuracy. A smaller one that is inside the noise of it costs less. (Has your noise its root?)": lambda sizes, accuracies, _n: (
        max(zip(accuracies, sizes, strict=True))[1]
    ),
    "this is the size with the highest accuracy, of equals the first that comes. A smaller one that is inside the noise of it costs less. (Has your noise its root?)": lambda sizes, accuracies, _n: (
        sizes[accuracies.index(max(accuracies))]
    ),
    "this is the smallest size with the highest accuracy. One that is inside the noise of it costs less. (Has your noise its root?)": lambda sizes, accuracies, _n: (
        min(size for size, a in zip(sizes, accuracies, strict=True) if a == max(accuracies))
    ),
    "the sizes are not in order; sort them together with their accuracies first": _in_given_order,
    "you sort by accuracy; it is the sizes that have to be in order": _by_accuracy,
    "this is one size too far: the last one before it has all larger sizes inside the noise": (
        lambda sizes, accuracies, n: _larger(sizes, _first_enough(sizes, accuracies, n))
    ),
    "this is the largest size, whatever the smaller ones do": lambda sizes, _accuracies, _n: max(
        sizes
    ),
    "this is the smallest size, whatever the larger ones gain": lambda sizes, _accuracies, _n: min(
        sizes
    ),
}
#: Without the root the noise nearly vanishes, so this is mostly the mistake of the highest accuracy
#: too; that one is tried first.
_ROOT_MISTAKE = {
    "the root is missing: a(1 − a)/n is the square of a standard error": (
        lambda *case: _first_enough(
            *case, noise=lambda a, b, n: 2 * (a * (1 - a) + b * (1 - b)) / n
        )
    )
}
#: No gain lies nearer than this to its noise, as a ratio, so that rounding decides nothing.
_CLEAR = 0.12


@lru_cache(maxsize=32)
def _curve_cases(seed: int) -> list:
    rng = _chance("2.4", seed)
    while True:
        cases = [
            _curve(rng, n)
            for n in (150, 200, 300, 300, 300, 600, 600, 1200, 1200, 2400, 2400, 2400)
        ]
        cases += [
            [rng.sample(sizes, len(sizes)), [0.6] * len(sizes), 300]
            for sizes in ([100], [100, 200, 400])
        ]
        cases += [
            _mixed(rng, [100, 200, 400, 800], accuracies, n) for accuracies, n in _FIXED_CURVES
        ]
        rng.shuffle(cases)
        if distinguishes(cases, _first_enough, _CURVE_MISTAKES) and distinguished(
            cases, _first_enough, _CURVE_MISTAKES
        ):
            return cases


#: Two steps in the noise and not together; a fall; a rise and a fall; all right from some size on.
_FIXED_CURVES = (
    ([0.60, 0.67, 0.74, 0.74], 200),
    ([0.80, 0.60, 0.61, 0.62], 300),
    ([0.55, 0.80, 0.60, 0.62], 300),
    ([0.90, 1.0, 1.0, 1.0], 600),
)


def _mixed(rng: random.Random, sizes: list[int], accuracies: list[float], n: int) -> list:
    order = rng.sample(range(len(sizes)), len(sizes))
    return [[sizes[i] for i in order], [accuracies[i] for i in order], n]


def _curve(rng: random.Random, n: int) -> list:
    """A learning curve over doubling sizes, in no order, whose steps are about as large as the
    noise.
    """
    while True:
        steps = rng.choice([4, 5, 6])
        sizes = [rng.choice([25, 50, 60, 100])]
        accuracies = [round(rng.uniform(0.52, 0.68), 3)]
        for _ in range(steps - 1):
            sizes.append(sizes[-1] * 2)
            step = rng.choice([0.0, 0.6, 0.6, 1.4]) + rng.uniform(-0.4, 0.4)
            accuracies.append(
                min(
                    0.99,
                    round(accuracies[-1] + step * _noise(accuracies[-1], accuracies[-1], n), 3),
                )
            )
        gains = [
            (b - a) / _noise(a, b, n) for i, a in enumerate(accuracies) for b in accuracies[i + 1 :]
        ]
        if max(accuracies) < 0.97 and all(abs(gain - 1) > _CLEAR for gain in gains):
            return _mixed(rng, sizes, accuracies, n)


def _curve_problem(sizes: list[int], _accuracies: list[float], _n: int, got: object) -> str:
    if number_problem(got):
        return number_problem(got)
    if got in sizes:
        return ""
    hint_ = (
        ". That looks like an accuracy"
        if 0 < got < 1
        else ". That looks like a place in the list"
        if got < 10
        else ""
    )
    return f"expected one of the sizes {sorted(sizes)}, got {format_value(got)}{hint_}"


def _curve_otherwise(sizes: list[int], accuracies: list[float], n: int, got: float) -> str:
    at = dict(zip(sizes, accuracies, strict=True))
    better = [
        size for size in at if size > got and at[size] - at[got] > _noise(at[got], at[size], n)
    ]
    if not better:
        return f"{got} is more than needed: a smaller size has every larger one inside the noise"
    return (
        f"{got} is not enough: {max(better)} examples are better by"
        f" {at[max(better)] - at[got]:.3f}, and the noise of that difference is"
        f" {_noise(at[got], at[max(better)], n):.3f}"
    )


# Task 2.5: another domain

WEIGHTS = (0, 1, 3, 10, 30)


@lru_cache(maxsize=32)
def _adapt_cases(seed: int) -> list:
    """Six to nine sets of toy texts that tell all mistakes apart; on two of them at least the
    target texts help much, and on a third of them there is no other domain at all, so that weight 0
    may be the best.
    """
    rng = _chance("2.5", seed)
    cases: list = []
    found: list = []
    for number in count():
        case = [
            domains.toy_data(rng, shift=number % 3 < 2),
            rng.sample(WEIGHTS, len(WEIGHTS)),
        ]
        if not domains.clear(*case):
            continue
        cases = [*cases[-8:], case]
        found = [
            *found[-8:],
            [function(*case) for function in (domains.adapted, *domains.MISTAKES.values())],
        ]
        gains = [right[2] - right[0] for right, *_ in found]
        if (
            len(cases) > 5
            and sum(gain > 0.15 for gain in gains) > 1
            and len(set(map(str, zip(*found, strict=False)))) == len(found[0])
        ):
            return cases


def _adapt_problem(data: dict, weights: list, got: object) -> str:
    if numbers_problem(got, 3):
        return f"{numbers_problem(got, 3)}; wanted are accuracy before, weight, accuracy after"
    if got[1] not in weights:
        return (
            f"expected one of the weights {sorted(weights)} as the second number, got"
            f" {format_value(got[1])}"
        )
    odd = [value for value in (got[0], got[2]) if not 0 <= value <= 1]
    return f"expected accuracies from 0 to 1, got {format_value(odd[0])}" if odd else ""


def _adapt_otherwise(data: dict, weights: list, got: list[float]) -> str:
    want = domains.adapted(data, weights)
    if not equal(got[0], want[0]):
        return (
            f"an accuracy of {format_value(got[0])} before is not that of the reviews alone (weight 0) on"
            " the test texts"
        )
    if not equal(got[1], want[1]):
        value = domains.accuracy(domains.head_of(data, got[1]), data["validation"])
        return (
            f"the weight {format_value(got[1])} has an accuracy of {value:.2f} on the validation texts,"
            " and another weight does better, or a smaller one as well"
        )
    return f"an accuracy of {format_value(got[2])} after is not that of the chosen weight on the test texts"


_judge_returned = by_mistakes(
    domains.adapted,
    domains.MISTAKES,
    call="adapt(embed, data, {1})",
    problem=_adapt_problem,
    otherwise=_adapt_otherwise,
)


def _judge_adapt(inputs: list, observed: object) -> Verdict:
    if not isinstance(observed, list) or not all(
        isinstance(seen, dict)
        and set(seen) == {"returned", "embedded"}
        and is_number(seen["embedded"])
        for seen in observed
    ):
        return Verdict(False, f"the answers could not be looked at; got {format_value(observed)}")
    verdict = _judge_returned(inputs, [seen["returned"] for seen in observed])
    if not verdict.passed:
        return verdict
    for (data, _), seen in zip(inputs, observed, strict=True):
        texts = [text for part in domains.PARTS for text in domains.texts_of(data[part])]
        if seen["embedded"] < len(set(texts)):
            return Verdict(
                False,
                f"the numbers are right, but only {seen['embedded']} texts were embedded, of"
                f" {len(texts)}",
            )
        if seen["embedded"] > len(texts):
            return Verdict(
                False,
                f"the numbers are right, but {seen['embedded']} texts were embedded where"
                f" {len(texts)} are enough. Embedding is what takes time: do it once for each part,"
                " before you try weights",
            )
    return PASSED


TASKS = {
    task.id: task
    for task in (
        Task(
            "2.1",
            "No work on both sides",
            4,
            (
                (
                    "Collect the reviews of each work in a dictionary. Shuffle the works, not the"
                    " reviews, and take whole works until there are enough reviews."
                ),
                (
                    "Shuffle sorted(works) with random.Random(seed), for seed = 0, 1, 2, …, and"
                    " return the first result of which size and balance are near enough."
                ),
            ),
            _split_cases,
            see_split,
            by_case(_split_problem, "split(reviews, {1})"),
            30,
        ),
        Task(
            "2.2",
            "The honest baseline",
            4,
            (
                (
                    "make_pipeline(TfidfVectorizer(...), LogisticRegression(...)) has one fit for"
                    " both, and what is fitted then stays."
                ),
                (
                    "Call fit once, with training texts and labels; predict_proba(texts) has a"
                    " column for each entry of classes_, in that order."
                ),
            ),
            _baseline_cases,
            see_baseline,
            by_case(_baseline_problem, "baseline(…)"),
            60,
        ),
        Task(
            "2.3",
            "Hits, false alarms, misses",
            3,
            (
                (
                    "Count three things: how often the label was predicted and true, predicted and"
                    " not true, true and not predicted."
                ),
                (
                    "Precision = hits / (hits + false alarms), recall = hits / (hits + misses). Ask"
                    " for a zero before each of the three divisions, that of F1 too."
                ),
            ),
            _score_cases,
            calls,
            by_mistakes(
                _scored,
                _SCORE_MISTAKES,
                call="scores({}, {}, {})",
                problem=_score_problem,
                otherwise=_score_otherwise,
            ),
            10,
        ),
        Task(
            "2.4",
            "How many examples are enough?",
            4,
            (
                (
                    "sorted(zip(sizes, accuracies)) brings both into order. Then go from the"
                    " smallest size up."
                ),
                (
                    "For each size ask about all larger ones: all(b - a <= noise(a, b) for ...)."
                    " The largest size has none, and is always enough."
                ),
            ),
            _curve_cases,
            calls,
            by_mistakes(
                _first_enough,
                _CURVE_MISTAKES | _ROOT_MISTAKE,
                call="enough({}, {}, {})",
                problem=_curve_problem,
                otherwise=_curve_otherwise,
            ),
            10,
        ),
        Task(
            "2.5",
            "Another domain",
            5,
            (
                (
                    "Embed the four parts once. np.vstack puts two tables of features on top of"
                    " each other; sample_weight is a list with one number for each row."
                ),
                (
                    "Keep the fitted classifier of each weight in a dictionary. Choose the weight"
                    " with max() over sorted(weights) by the score on validation: of equals, max"
                    " takes the first. Score on test only twice, at the end."
                ),
            ),
            _adapt_cases,
            see_adapt,
            _judge_adapt,
            60,
        ),
    )
}

#: Tasks that a person marks: none in this lesson.
MANUAL: dict[str, ManualTask] = {}

points = partial(checking.points, 2)


def task_2_1(split, seed: int = 0) -> None:
    """Check `split(reviews, share)`, which returns the ids of the reviews to hold out."""
    checking.run(TASKS["2.1"], split, seed)


def task_2_2(baseline, seed: int = 0) -> None:
    """Check `baseline(train_texts, train_labels, texts)`, which returns the probability of
    "positive" for each text.
    """
    checking.run(TASKS["2.2"], baseline, seed)


def task_2_3(scores, seed: int = 0) -> None:
    """Check `scores(truth, predicted, label)`, which returns precision, recall and F1 of a
    label.
    """
    checking.run(TASKS["2.3"], scores, seed)


def task_2_4(enough, seed: int = 0) -> None:
    """Check `enough(sizes, accuracies, n)`, which returns one of the sizes."""
    checking.run(TASKS["2.4"], enough, seed)


def task_2_5(adapt, seed: int = 0) -> None:
    """Check `adapt(embed, data, weights)`, which returns accuracy before, the weight chosen,
    accuracy after.
    """
    checking.run(TASKS["2.5"], adapt, seed)
