"""Task 1.5: a sampler, which draws a token of the nucleus."""

import math
import random
from collections.abc import Callable
from functools import partial

from ftrag_helpers.exercises.checking import Task, calls
from ftrag_helpers.exercises.lesson_01.nucleus import nucleus
from ftrag_helpers.exercises.lesson_01.temperature import softened, some_logits
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, distinguishing, rng_for
from ftrag_helpers.exercises.values import float_remark, format_value


def _cases(seed: int) -> list:
    """Thirty cases in which rounding decides nothing; each mistake gives a wrong token three times,
    and its own row of tokens.
    """
    rng = rng_for("1.5", seed)
    return distinguishing(partial(_some_cases, rng), _right, MISTAKES, times=3)


def _some_cases(rng: random.Random) -> list:
    cases = [_case(rng, (place + rng.random()) / 26) for place in range(26)]
    cases += [
        [some_logits(rng, 4), 0.7, share, number]
        for share, number in ((0.8, 0.0), (0.8, 0.9995), (0.02, 0.6), (1.0, 0.9995))
    ]
    rng.shuffle(cases)
    return cases


def _case(rng: random.Random, about: float) -> list:
    while True:
        logits = [x / 2 for x in some_logits(rng, rng.randint(4, 7))]
        temperature = rng.choice([0.5, 0.8, 1.0, 1.4, 2.0])
        share = round(rng.uniform(0.5, 0.95), 2)
        number = round(min(max(about + rng.uniform(-0.02, 0.02), 0), 0.999), 3)
        p = softened(logits, temperature)
        count = len(nucleus(p, share))
        sums = [sum(sorted(p, reverse=True)[:n]) for n in range(1, len(logits) + 1)]
        ends = [total / sums[count - 1] for total in sums[: count - 1]]
        if all(abs(total - share) > 0.005 for total in sums) and all(
            abs(end - number) > 0.005 for end in ends
        ):
            return [logits, temperature, share, number]


def drawn(tokens: list[int], weights: list[float], number: float) -> int:
    """The token that the number falls on, where the tokens lie in a row, each as long as its share
    of the weights.
    """
    place = number * sum(weights[token] for token in tokens)
    for token in tokens:
        place -= weights[token]
        if place < 0:
            return token
    return tokens[-1]


class _Row:
    """What a sampler comes to on its way: the `kept` tokens, the probabilities `p` and, without the
    temperature, `cold`, what the kept ones hold together, and where in the row the number falls.
    """

    def __init__(self, logits: list[float], temperature: float, share: float, number: float):
        self.share, self.number = share, number
        self.p, self.cold = softened(logits, temperature), softened(logits, 1.0)
        self.kept = nucleus(self.p, share)
        self.held = sum(self.p[token] for token in self.kept)
        self.token = drawn(self.kept, self.p, number)
        self.place = self.kept.index(self.token)


def _on(function: Callable[[_Row], int]) -> Callable[..., int]:
    return lambda *case: function(_Row(*case))


_right = _on(lambda r: r.token)
MISTAKES = [
    Mistake(
        "you return the likeliest token whatever the number is; the number must decide",
        _on(lambda r: r.kept[0]),
    ),
    Mistake(
        "you return the last token of the nucleus whatever the number is; the number must decide",
        _on(lambda r: r.kept[-1]),
    ),
    Mistake(
        "your tokens lie in the row by number; the likeliest must come first",
        _on(lambda r: drawn(sorted(r.kept), r.p, r.number)),
    ),
    Mistake(
        "your tokens lie in the row with the least likely one first; the likeliest must come first",
        _on(lambda r: drawn(r.kept[::-1], r.p, r.number)),
    ),
    Mistake(
        "tokens outside the nucleus are drawn: nothing is cut off yet",
        _on(lambda r: drawn(nucleus(r.p, 1.0), r.p, r.number)),
    ),
    Mistake(
        "the nucleus is cut before the temperature is applied; the temperature comes first",
        _on(lambda r: drawn(nucleus(r.cold, r.share), r.p, r.number)),
    ),
    Mistake(
        "the temperature changes nothing: neither what is kept nor how long a token's piece of the row is",
        _on(lambda r: drawn(nucleus(r.cold, r.share), r.cold, r.number)),
    ),
    Mistake(
        "the temperature decides what is kept, but the pieces of the row are as long as without it",
        _on(lambda r: drawn(r.kept, r.cold, r.number)),
    ),
    Mistake(
        "the probabilities of what is kept are softened a second time; divide them by what they hold together",
        _on(lambda r: drawn(r.kept, [math.exp(value) for value in r.p], r.number)),
    ),
    Mistake(
        "the last token comes up too often. Are the kept probabilities divided by what they hold together?",
        _on(lambda r: drawn(r.kept, r.p, min(r.number / r.held, 1.0))),
    ),
    Mistake(
        "you divide by the share that was asked for; divide by what the kept tokens hold together, which is a little more",
        _on(lambda r: drawn(r.kept, r.p, min(r.number * r.share / r.held, 1.0))),
    ),
    Mistake(
        "the last token of the nucleus never comes up; it is kept too",
        _on(lambda r: drawn(r.kept[:-1] or r.kept, r.p, r.number)),
    ),
    Mistake(
        "you return the token after the one that the number falls on",
        _on(lambda r: r.kept[min(r.place + 1, len(r.kept) - 1)]),
    ),
    Mistake(
        "all kept tokens are drawn alike; each has a piece of the row as long as its probability",
        _on(lambda r: r.kept[int(r.number * len(r.kept))]),
    ),
]


def _otherwise(
    logits: list[float], temperature: float, share: float, number: float, got: int
) -> str:
    kept = nucleus(softened(logits, temperature), share)
    outside = "" if got in kept else ", which is not even in the nucleus"
    return f"the number does not fall on token {got}{outside}. Lay the kept tokens in a row, likeliest first, each as long as its share of what is kept, and walk along it"


def _problem(
    logits: list[float], _temperature: float, _share: float, _number: float, got: object
) -> str:
    if type(got) is int and 0 <= got < len(logits):
        return ""
    wanted = f"expected one token number, from 0 to {len(logits) - 1}, got {format_value(got)}{float_remark(got)}"
    return wanted + (
        ". Does the function always come to a return? The row is 1 long only when each kept probability is divided by what all kept tokens hold together"
        if got is None
        else ""
    )


TASK = Task(
    "1.5",
    "A sampler",
    4,
    hints=(
        "Do the example on paper: at which number does each piece end? The first end that is larger than the number tells the token.",
        "Go through the kept tokens with a running sum of probability divided by what all kept tokens hold together, and return the first token whose sum is larger than the number.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_mistakes(
        _right, MISTAKES, call="draw({}, {}, {}, {})", problem=_problem, otherwise=_otherwise
    ),
    timeout=10,
    answer="`draw(logits, temperature, share, number)`, which returns one token number",
)
