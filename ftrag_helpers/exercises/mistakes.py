"""Judges that know the usual mistakes: an answer that is wrong in a known way gets the words that
help.

It compares, and knows no task: what is right, and which mistakes there are, each task's module
says. What it leaves out: the form of an answer, which a task's `problem` looks at first.
"""

import math
import random
from collections.abc import Callable, Iterable, Sequence

from ftrag_helpers.exercises.checking import PASSED, Verdict, by_case
from ftrag_helpers.exercises.values import format_value, is_number

Judge = Callable[[list, object], Verdict]


def equal(got: object, want: object, rel: float = 1e-6) -> bool:
    """True for equal plain values; numbers in them may differ by rounding.

    >>> equal([1 / 3, "a"], [0.33333333, "a"]), equal([1], [True])
    (True, False)
    """
    if isinstance(want, list):
        return (
            isinstance(got, list)
            and len(got) == len(want)
            and all(equal(*pair, rel) for pair in zip(got, want, strict=True))
        )
    if is_number(want):
        return is_number(got) and math.isclose(got, want, rel_tol=rel, abs_tol=rel / 1000)
    return type(got) is type(want) and got == want


class Mistake:
    """A usual mistake: the `message` that helps, and `variants`, functions from a case to the
    result that the mistake gives there.
    """

    def __init__(self, message: str, *variants: Callable):
        self.message, self.variants = message, variants


def rng_for(task_id: str, seed: int) -> random.Random:
    """The random numbers from which a task makes the cases of a seed."""
    return random.Random(f"{task_id}/{seed}")


def shuffled(rng: random.Random, cases: list) -> list:
    """The same list, brought into another order."""
    rng.shuffle(cases)
    return cases


def variants(mistakes: Iterable[Mistake]) -> list[Callable]:
    """The functions of all mistakes."""
    return [variant for mistake in mistakes for variant in mistake.variants]


def distinguishing(
    make: Callable[[], list], right: Callable, mistakes: Sequence[Mistake], times: int = 2
) -> list:
    """The first cases that `make` gives on which no mistake passes by luck, and on which each
    learner hears of the mistake that was made (`distinguishes`, `distinguished`).
    """
    while True:
        cases = make()
        if distinguishes(cases, right, mistakes, times) and distinguished(cases, right, mistakes):
            return cases


def distinguishes(
    cases: list, right: Callable, mistakes: Iterable[Mistake], times: int = 2
) -> bool:
    """True where each mistake gives another result than `right` in at least `times` cases."""
    wants = [right(*case) for case in cases]
    return all(
        sum(not equal(variant(*case), want) for case, want in zip(cases, wants, strict=True))
        >= times
        for variant in variants(mistakes)
    )


def distinguished(cases: list, right: Callable, mistakes: Iterable[Mistake]) -> bool:
    """True where no mistake gives the right results, nor those of another mistake."""
    functions = [right, *variants(mistakes)]
    results = {str([function(*case) for case in cases]) for function in functions}
    return len(results) == len(functions)


def only_rounded(got: object, want: object) -> bool:
    """True where each wrong number would be right with fewer digits, all of them with as many
    digits.

    >>> only_rounded([0.33, 1], [1 / 3, 1.0]), only_rounded([0.34, 1], [1 / 3, 1.0])
    (True, False)
    """
    # To whole numbers only where that is not nothing: a share that became 0 was not rounded but cut
    # off.
    return not equal(got, want) and any(
        equal(got, _shorter(want, digits)) for digits in range(not _large(want), 7)
    )


def _large(value: object) -> bool:
    return (
        all(map(_large, value)) if isinstance(value, list) else not is_number(value) or value >= 1
    )


def _shorter(value: object, digits: int) -> object:
    if isinstance(value, list):
        return [_shorter(item, digits) for item in value]
    return round(value, digits) if is_number(value) else value


ROUNDED = (
    "your numbers are rounded. Return them with all their digits: whoever shows them can round them"
)


def by_mistakes(
    right: Callable,
    mistakes: Iterable[Mistake],
    *,
    call: str,
    problem: Callable[..., str],
    otherwise: Callable[..., str],
    rel: float = 1e-6,
) -> Judge:
    """A judge for the results of `checking.calls`, of which each has one right value,
    `right(*case)`, to a relative `rel`.

    `problem(*case, got)` complains about a result's form, or returns "". If every result is that of
    one mistake, its words are the message; else `otherwise(*case, got)` speaks of the first wrong
    result, and says no more than what it sees there. `call` is as in `checking.by_case`.
    """
    formed = by_case(problem, call)

    def judge(inputs: list, observed: object) -> Verdict:
        verdict = formed(inputs, observed)
        if not verdict.passed:
            return verdict
        wants = [right(*case) for case in inputs]
        if equal(observed, wants, rel):
            return PASSED
        for mistake in mistakes:
            if any(
                equal(observed, [variant(*case) for case in inputs], rel)
                for variant in mistake.variants
            ):
                return Verdict(False, mistake.message)
        if only_rounded(observed, wants):
            return Verdict(False, ROUNDED)
        i = next(i for i, want in enumerate(wants) if not equal(observed[i], want, rel))
        return Verdict(
            False,
            f"for {call.format(*map(format_value, inputs[i]))}"
            f" {otherwise(*inputs[i], observed[i])}",
        )

    return judge
