"""Task 1.2: the tokens that top-p keeps."""

import random

from ftrag_helpers.exercises.checking import Task, by_case, calls
from ftrag_helpers.exercises.mistakes import rng_for
from ftrag_helpers.exercises.values import float_remark, format_value, numbers_problem


def nucleus(probabilities: list[float], share: float) -> list[int]:
    """The fewest tokens that hold a share together, likeliest first."""
    kept, mass = [], 0.0
    for token in sorted(range(len(probabilities)), key=lambda i: -probabilities[i]):
        kept.append(token)
        mass += probabilities[token]
        if mass >= share - 1e-12:
            break
    return kept


def _probabilities(rng: random.Random, length: int) -> list[float]:
    """Probabilities in steps of 1/1024, so that their sums are exact; no two alike, in no order."""
    cuts = sorted(rng.sample(range(1, 1024), length - 1))
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, 1024], strict=True)]
    return (
        [part / 1024 for part in parts]
        if len(set(parts)) == length
        else _probabilities(rng, length)
    )


#: Probabilities and shares that are right to the bit: a share reached exactly, equal tokens,
#: impossible ones, all, one alone.
_EXACT = (
    ((1 / 8, 1 / 2, 1 / 16, 1 / 4, 1 / 16), 0.75),
    ((1 / 8, 1 / 2, 1 / 16, 1 / 4, 1 / 16), 0.05),
    ((1 / 4,) * 4, 0.6),
    ((1 / 8, 1 / 8, 1 / 2, 1 / 8, 1 / 8), 0.7),
    ((3 / 8, 3 / 8, 1 / 8, 1 / 8), 0.5),
    ((0.0, 1 / 2, 0.0, 1 / 4, 1 / 4), 1.0),
    ((1.0,), 0.9),
)


def _cases(seed: int) -> list:
    rng, cases = rng_for("1.2", seed), []
    for length in (4, 5, 6, 7, 9):
        probabilities = _probabilities(rng, length)
        ranked, count = sorted(probabilities, reverse=True), rng.randint(2, length - 1)
        # Between two sums, so that no rounding decides.
        cases.append([probabilities, round(sum(ranked[:count]) - ranked[count - 1] * 0.4, 4)])
    return [*cases, *([rng.sample(exact, len(exact)), share] for exact, share in _EXACT)]


def _problem(probabilities: list[float], share: float, got: object) -> str:
    fewest = nucleus(probabilities, share)
    if not isinstance(got, list):
        return numbers_problem(got, len(fewest))
    if not got:
        return "the list is empty: the likeliest token always belongs to the nucleus"
    if not all(type(token) is int and 0 <= token < len(probabilities) for token in got):
        return f"expected token numbers (places in the list, counted from 0); got {format_value(got)}{float_remark(got[0])}"
    if len(set(got)) < len(got):
        twice = next(token for token in got if got.count(token) > 1)
        why = (
            ". Two tokens may be equally likely: go through the token numbers, not through the probabilities"
            if probabilities.count(probabilities[twice]) > 1
            else ""
        )
        return f"expected each token number once; {twice} is there more than once: {format_value(got)}{why}"
    mass = sum(probabilities[token] for token in got)
    if mass < share - 1e-9:
        return f"you keep tokens {got}, which hold {mass:.3f} together and do not reach {share}: the token that reaches the share belongs to the nucleus"
    if len(got) > len(fewest):
        return f"you keep {len(got)} tokens, and {len(fewest)} are enough to reach {share}. Do you begin with the likeliest, and stop as soon as the share is reached (reaching it exactly is enough)?"
    if sorted(probabilities[token] for token in got) != sorted(
        probabilities[token] for token in fewest
    ):
        return f"as many tokens as needed, but there are likelier ones than some of {got}"
    falling = all(probabilities[a] >= probabilities[b] for a, b in zip(got, got[1:], strict=False))
    return "" if falling else f"the right tokens, {got}, but the likeliest must come first"


TASK = Task(
    "1.2",
    "The nucleus",
    4,
    hints=(
        "Begin with an empty list and a sum of 0, and go through the sorted token numbers in a loop.",
        "Walk through the sorted tokens, append each, add its probability to a sum, and only then ask whether the sum has reached the share.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_case(_problem, "nucleus({}, {})"),
    timeout=10,
    answer="`nucleus(probabilities, share)`, which returns a list of token numbers, likeliest first",
)
