"""Task 3.2: the loss of the answer."""

import math
import random
from collections.abc import Callable, Sequence
from functools import partial

from ftrag_helpers.exercises.checking import Task
from ftrag_helpers.exercises.lesson_03 import run
from ftrag_helpers.exercises.lesson_03.label_mask import IGNORED
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, distinguishing, rng_for
from ftrag_helpers.exercises.values import format_value, number_problem


def _cases(seed: int) -> list:
    """Logits (rows × places × tokens) and labels.

    The rows' answers differ in length; one begins at once, one ends at the last place, and one has
    a masked token in its middle.
    """
    rng = rng_for("3.2", seed)
    return distinguishing(lambda: [_case(rng, *shape) for shape in _SHAPES], loss, MISTAKES)


#: How many tokens there are, and where labels are learned: at the dots of each row.
_SHAPES = (
    (5, (".x..", "xxx.")),
    (4, (".....x", "xxx..x", "xxxx..")),
    (7, ("xxx..", "..x..", "...xx")),
    (3, ("..", ".x")),
    (6, ("....xx..x", "xxx......", "........x")),
)


def _case(rng: random.Random, tokens: int, rows: Sequence[str]) -> list:
    """A case whose labels are learned where the shape of a row has a dot; the first label of a row
    is always masked.
    """
    logits = [
        [[round(rng.uniform(-2, 2), 2) for _ in range(tokens)] for _ in f"x{row}"] for row in rows
    ]
    return [
        logits,
        [
            [IGNORED, *(rng.randrange(tokens) if mark == "." else IGNORED for mark in row)]
            for row in rows
        ],
    ]


def _surprises(logits: list, labels: list, *, look: int) -> list[list[float]]:
    """Row by row the surprise (nats) at each learned token, from the logits `look` places away from
    it.
    """
    rows = []
    for row, wanted in zip(logits, labels, strict=True):
        found = []
        for place, label in enumerate(wanted):
            if label != IGNORED and 0 <= place + look < len(row):
                found.append(
                    math.log(sum(map(math.exp, row[place + look]))) - row[place + look][label]
                )
        rows.append(found)
    return rows


def _begin(row: list) -> int:
    return next(place for place, label in enumerate(row) if label != IGNORED)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def loss(logits: list, labels: list, *, look: int = -1) -> float:
    """The mean surprise (nats) at the learned tokens of a batch."""
    return _mean(sum(_surprises(logits, labels, look=look), []))


def _sum(logits: list, labels: list) -> float:
    return sum(sum(_surprises(logits, labels, look=-1), []))


def _kept(keep: Callable[[int, list], bool]) -> Callable[[list, list], float]:
    """The loss of a mistake that leaves out learned labels: it keeps a place where `keep(place,
    labels of the row)` holds.
    """

    def mistake(logits: list, labels: list) -> float:
        kept = [
            [
                label if label != IGNORED and keep(place, row) else IGNORED
                for place, label in enumerate(row)
            ]
            for row in labels
        ]
        found = sum(_surprises(logits, kept, look=-1), [])
        return _mean(found) if found else 0.0

    return mistake


MISTAKES = [
    Mistake(
        "the label 0 is left out, and 0 is a token like others: only -100 is masked",
        _kept(lambda place, row: row[place] != 0),
    ),
    Mistake(
        "after a masked token in the middle of an answer nothing is counted: look at each label by itself",
        _kept(lambda place, row: all(label != IGNORED for label in row[_begin(row) : place])),
    ),
    Mistake("the last place of a row is left out", _kept(lambda place, row: place < len(row) - 1)),
    Mistake("only the first row is counted", lambda logits, labels: loss(logits[:1], labels[:1])),
    Mistake(
        "you divide by the number of rows; divide by the number of learned tokens",
        lambda logits, labels: _sum(logits, labels) / len(labels),
    ),
    Mistake(
        "the masked places are counted, as if token 0 were to be learned there; leave them out",
        lambda logits, labels: loss(logits, [[max(label, 0) for label in row] for row in labels]),
    ),
    Mistake(
        "nothing is shifted: the logits at a place speak of the token that comes after it",
        partial(loss, look=0),
    ),
    Mistake(
        "it is shifted the wrong way: the logits at a place speak of the token that comes after it",
        partial(loss, look=1),
    ),
    Mistake(
        "each row counts alike, so a token of a short answer weighs more: average over all learned tokens of the batch",
        lambda *case: _mean([_mean(row) for row in _surprises(*case, look=-1)]),
    ),
    Mistake(
        "you divide by all places: the masked ones add nothing, so they must not be counted either",
        lambda logits, labels: _sum(logits, labels) / sum(len(row) - 1 for row in labels),
    ),
    Mistake(
        "you divide by all the places: the masked ones add nothing, so they must not be counted either",
        lambda logits, labels: _sum(logits, labels) / sum(map(len, labels)),
    ),
    Mistake(
        "it is a sum: a mean is wanted, or a batch with long answers would make larger steps", _sum
    ),
    Mistake(
        "it is negative: surprise is minus the logarithm of the probability",
        lambda *case: -loss(*case),
    ),
    Mistake(
        "it is in bits: the natural logarithm gives nats, as PyTorch counts",
        lambda *case: loss(*case) / math.log(2),
    ),
    Mistake(
        "it is the surprise's exponential, the perplexity: leave out the last step",
        lambda *case: math.exp(loss(*case)),
    ),
]


def _otherwise(logits: list, labels: list, got: float) -> str:
    count = sum(label != IGNORED for row in labels for label in row)
    return f"the mean surprise of the {count} learned tokens is {loss(logits, labels):.3f} nats, got {format_value(got)}"


TASK = Task(
    "3.2",
    "The loss of the answer",
    4,
    hints=(
        "The logits at place t say what comes at place t + 1. So logits[row][t] belongs to labels[row][t + 1].",
        "Collect log(sum of exp(logits)) − logits[label] wherever labels[row][t + 1] is not -100, over all rows, then take one mean.",
    ),
    cases=_cases,
    run_answer=run.masked_loss,
    judge=by_mistakes(
        loss,
        MISTAKES,
        call="masked_loss({}, {})",
        problem=lambda _logits, _labels, got: number_problem(got),
        otherwise=_otherwise,
        rel=1e-5,
    ),
    answer="`masked_loss(logits, labels)`",
)
