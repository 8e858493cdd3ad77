"""Task 2.3: precision, recall and F1 of a label."""

import math
import random
from collections.abc import Callable, Sequence
from functools import partial

from ftrag_helpers.exercises.checking import Task, calls
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, distinguishing, equal, rng_for
from ftrag_helpers.exercises.values import format_value, numbers_problem

_LABELS = ("positive", "negative", "mixed")


def _divided(part: float, whole: float, empty: float = 0.0) -> float:
    return part / whole if whole else empty


def _harmonic(a: float, b: float) -> float:
    return _divided(2 * a * b, a + b)


def scored(truth: list[str], predicted: list[str], label: str, empty: float = 0.0) -> list[float]:
    """Precision, recall and F1; `empty` where nothing is to be divided by."""
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
    rows = [scored(truth, predicted, label) for label in labels or sorted({*truth, *predicted})]
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def _with(case: tuple, place: int, value: Callable[[list[float]], float]) -> list[float]:
    found = scored(*case)
    return [*found[:place], value(found), *found[place + 1 :]]


MISTAKES = [
    Mistake(
        "precision and recall are the wrong way round. Precision divides by how often the label was predicted, recall by how often it is true",
        lambda *case: [scored(*case)[1], scored(*case)[0], scored(*case)[2]],
    ),
    Mistake(
        "F1 is not the mean of the two; it is 2 · precision · recall / (precision + recall)",
        lambda *case: _with(case, 2, lambda found: (found[0] + found[1]) / 2),
    ),
    Mistake(
        "F1 lacks its factor 2: with precision 1 and recall 1 it is 1",
        lambda *case: _with(case, 2, lambda found: found[2] / 2),
    ),
    Mistake(
        "where nothing is to be divided by, the task wants 0, and you return 1",
        partial(scored, empty=1.0),
    ),
    Mistake(
        "F1 is the harmonic mean, 2 · precision · recall / (precision + recall); yours is the root of their product",
        lambda *case: _with(case, 2, lambda found: math.sqrt(found[0] * found[1])),
    ),
    Mistake(
        "the order is another one: precision comes first, then recall, then F1",
        lambda *case: [scored(*case)[2], *scored(*case)[:2]],
    ),
    Mistake(
        "these are means over all labels; the scores of the one given label are wanted",
        _means_of_labels,
    ),
    Mistake(
        "these are means over all labels, each as often as it is true; the scores of the one given label are wanted",
        lambda truth, predicted, _label: _means_of_labels(truth, predicted, _label, truth),
    ),
    Mistake(
        "these are the scores of all other labels together; the given label is the one to score",
        lambda truth, predicted, label: scored(
            *([str(item != label) for item in side] for side in (truth, predicted)), "True"
        ),
    ),
    Mistake(
        "all three are the accuracy; precision and recall look at one label",
        lambda *case: [_right_share(*case[:2])] * 3,
    ),
    Mistake(
        "recall is wrong: yours is the share of the other texts for which the label was not predicted",
        lambda *case: _with(case, 1, lambda _found: _refused(*case)),
    ),
    Mistake(
        "hits are counted wherever the label stands in both lists; a hit is the label at the same place in both",
        lambda *case: _of_counts(min(case[0].count(case[2]), case[1].count(case[2])), *case),
    ),
    Mistake(
        'you always score "positive"; the label is given',
        lambda truth, predicted, _label: scored(truth, predicted, "positive"),
    ),
    Mistake(
        "the first number is the accuracy: it counts the hits of all labels, over all texts",
        lambda *case: _with(case, 0, lambda _found: _right_share(case[0], case[1])),
    ),
    Mistake(
        "recall is the share of the label's own texts that were found, not the share of right answers over all texts",
        lambda *case: _with(case, 1, lambda _found: _right_share(case[0], case[1])),
    ),
    Mistake(
        "precision divides by the number of all texts; how often was the label predicted?",
        lambda *case: _with(case, 0, lambda _found: _hits(*case) / len(case[0])),
    ),
    Mistake(
        "recall divides by the number of all texts; how often is the label true?",
        lambda *case: _with(case, 1, lambda _found: _hits(*case) / len(case[0])),
    ),
]


def _hits(truth: list[str], predicted: list[str], label: str) -> int:
    return sum(t == p == label for t, p in zip(truth, predicted, strict=True))


def _cases(seed: int) -> list:
    """Answers with two labels and with three; a label that is never predicted, never true, and
    neither.
    """
    return distinguishing(partial(_some_cases, rng_for("2.3", seed)), scored, MISTAKES)


def _some_cases(rng: random.Random) -> list:
    a, b = rng.sample(_LABELS, 2)
    # Precision two thirds, recall two sevenths; one text alone, right and wrong.
    fixed = [[[a] * 7 + [b] * 3, [a, a, b, b, b, b, b, a, b, b], a], [[a], [a], a], [[a], [b], a]]
    cases = [*(_case(rng, *shape) for shape in _SHAPES), *fixed]
    rng.shuffle(cases)
    return cases


#: How many texts, how many labels, and what is odd.
_SHAPES = (
    (12, 2, ""),
    (15, 3, ""),
    (20, 3, ""),
    (18, 3, ""),
    (14, 3, "unpredicted"),
    (13, 3, "untrue"),
    (11, 3, "neither"),
)


def _case(rng: random.Random, size: int, labels: int, odd: str) -> list:
    label, *others = rng.sample(_LABELS[:labels], labels)
    truth = rng.choices([label, *others], k=size)
    predicted = [t if rng.random() < 0.5 else rng.choice([label, *others]) for t in truth]
    other = others[0]
    if odd in ("unpredicted", "neither"):
        predicted = [other if p == label else p for p in predicted]
    if odd in ("untrue", "neither"):
        truth = [other if t == label else t for t in truth]
    return [truth, predicted, label]


def _problem(_truth: list[str], _predicted: list[str], _label: str, got: object) -> str:
    problem = numbers_problem(got, 3)
    if problem:
        return f"{problem}; wanted are precision, recall and F1, in this order"
    odd = [value for value in got if not 0 <= value <= 1]
    return f"expected numbers from 0 to 1, got {format_value(odd[0])}" if odd else ""


def _otherwise(truth: list[str], predicted: list[str], label: str, got: list[float]) -> str:
    want = scored(truth, predicted, label)
    place = next(i for i in range(3) if not equal(got[i], want[i]))
    counts = f"{label!r} was predicted {predicted.count(label)} times, is true {truth.count(label)} times, and both for {_hits(truth, predicted, label)} texts"
    name = ("a precision", "a recall", "an F1")[place]
    return f"{name} of {format_value(got[place])} is not right: {counts}"


TASK = Task(
    "2.3",
    "Hits, false alarms, misses",
    3,
    hints=(
        "Count three things: how often the label was predicted and true, predicted and not true, true and not predicted.",
        "Precision = hits / (hits + false alarms), recall = hits / (hits + misses). Ask for a zero before each of the three divisions, that of F1 too.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_mistakes(
        scored, MISTAKES, call="scores({}, {}, {})", problem=_problem, otherwise=_otherwise
    ),
    timeout=10,
    answer="`scores(truth, predicted, label)`, which returns precision, recall and F1 of a label",
)
