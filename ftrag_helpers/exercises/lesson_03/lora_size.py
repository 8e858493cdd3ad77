"""Task 3.3: the number of weights that LoRA trains, and their share."""

import random
from collections.abc import Callable
from functools import partial

from ftrag_helpers.exercises.checking import Task, calls
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, distinguishing, rng_for
from ftrag_helpers.exercises.values import numbers_problem

_SMOLLM = {
    "q_proj": [576, 576],
    "k_proj": [192, 576],
    "v_proj": [192, 576],
    "o_proj": [576, 576],
    "gate_proj": [1536, 576],
    "up_proj": [1536, 576],
    "down_proj": [576, 1536],
}


#: The matrices of the cases beside SmolLM2's.
_NAMES = (["query", "value"], ["query", "key", "value", "output"], ["up"], ["down", "up", "gate"])


def _cases(seed: int) -> list:
    return distinguishing(partial(_some_cases, rng_for("3.3", seed)), size, MISTAKES)


def _some_cases(rng: random.Random) -> list:
    cases = [[_SMOLLM, rng.choice((4, 8, 16)), rng.choice((6, 10, 30))]]
    for names in _NAMES:
        shapes = {name: rng.sample((64, 96, 128, 160, 192, 256, 320), 2) for name in names}
        cases.append([shapes, rng.choice((2, 3, 5)), rng.randint(2, 12)])
    return [*cases, [{"only": rng.sample((100, 200, 300), 2)}, 1, 1]]


def _counted(weights: Callable[[int, int, int], float]) -> Callable[..., list]:
    """Count and share, where a matrix has `weights(out, into, rank)` trained ones."""

    def counted(shapes: dict, rank: int, layers: int) -> list:
        count = layers * sum(weights(out, into, rank) for out, into in shapes.values())
        return [count, count / (layers * sum(out * into for out, into in shapes.values()))]

    return counted


size = _counted(lambda out, into, rank: rank * (out + into))


def _other_share(share: Callable[..., float]) -> Callable[..., list]:
    """The right count with another share: `share(the right one, shapes, rank, layers)`."""

    def mistake(*case: object) -> list:
        count, right = size(*case)
        return [count, share(right, *case)]

    return mistake


def _mean_share(_right: float, shapes: dict, rank: int, _layers: int) -> float:
    shares = [rank * (out + into) / (out * into) for out, into in shapes.values()]
    return sum(shares) / len(shares)


MISTAKES = [
    Mistake("the count comes first, then the share", lambda *case: size(*case)[::-1]),
    Mistake(
        "only the first of the named matrices is counted",
        lambda shapes, rank, layers: size(dict(list(shapes.items())[:1]), rank, layers),
    ),
    Mistake(
        "the share is a mean of shares: divide all trained weights by all full ones",
        _other_share(_mean_share),
    ),
    Mistake(
        "the share is one of trained and frozen weights together; wanted is trained by frozen",
        _other_share(lambda share, *_: share / (1 + share)),
    ),
    Mistake(
        "both matrices are counted with the width of the output; A reads the input (rank × in)",
        _counted(lambda out, into, rank: 2 * rank * out),
    ),
    Mistake(
        "both matrices are counted with the width of the input; B writes the output (out × rank)",
        _counted(lambda out, into, rank: 2 * rank * into),
    ),
    Mistake(
        "the rank is not counted: A has rank rows, and B has rank columns",
        _counted(lambda out, into, rank: out + into),
    ),
    Mistake(
        "there is no matrix of rank × rank between A and B",
        _counted(lambda out, into, rank: rank * (out + into) + rank * rank),
    ),
    Mistake(
        "the layers are not counted: each of them has its own pair of matrices",
        lambda shapes, rank, _layers: size(shapes, rank, 1),
    ),
    Mistake(
        "one of the two matrices is missing: A reads the input (rank × in), B writes the output (out × rank)",
        _counted(lambda out, into, rank: rank * into),
    ),
    Mistake(
        "one of the two matrices is missing: B writes the output (out × rank), A reads the input (rank × in)",
        _counted(lambda out, into, rank: rank * out),
    ),
    Mistake(
        "you count the frozen matrix itself: LoRA trains the two thin ones beside it",
        _counted(lambda out, into, rank: out * into),
    ),
    Mistake(
        "you count the frozen matrix too: LoRA trains the two thin ones beside it only",
        _counted(lambda out, into, rank: rank * (out + into) + out * into),
    ),
    Mistake(
        "the two matrices are multiplied: they have rank × in and out × rank weights, which add up",
        _counted(lambda out, into, rank: rank * out * into),
    ),
    Mistake(
        "the share is turned round: it is small, since LoRA trains less",
        _other_share(lambda share, *_: 1 / share),
    ),
    Mistake(
        "the share compares all layers with one: divide by the weights of the same matrices in all those layers",
        _other_share(lambda share, shapes, rank, layers: share * layers),
    ),
    Mistake(
        "the share is in percent: a share lies between 0 and 1",
        _other_share(lambda share, *_: 100 * share),
    ),
]


def _otherwise(shapes: dict, rank: int, layers: int, got: list) -> str:
    count, share = size(shapes, rank, layers)
    wrong = f"{got[0]:.12g} weights" if abs(got[0] - count) > 0.5 else f"a share of {got[1]:.4g}"
    return f"got {wrong}. A matrix of out × in gets A of rank × in and B of out × rank, in every one of the {layers} layers"


TASK = Task(
    "3.3",
    "How large is the adapter?",
    3,
    hints=(
        "For a matrix with `out` rows and `in` columns, A has rank × in weights and B has out × rank.",
        "trained = layers × the sum of rank × (out + in) over the shapes; full = layers × the sum of out × in; return both as [trained, trained / full].",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_mistakes(
        size,
        MISTAKES,
        call="lora_size({}, {}, {})",
        problem=lambda _shapes, _rank, _layers, got: numbers_problem(got, 2),
        otherwise=_otherwise,
    ),
    answer="`lora_size(shapes, rank, layers)`",
)
