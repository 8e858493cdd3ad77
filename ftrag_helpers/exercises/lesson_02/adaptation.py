"""Task 2.5: another domain, with a few of its texts.

It runs on toy texts with an embedder that counts words, so that the judge can fit the same
classifiers in a blink (`domains`).
"""

from functools import lru_cache
from itertools import count

from ftrag_helpers.exercises.checking import PASSED, Task, Verdict
from ftrag_helpers.exercises.lesson_02 import domains, run
from ftrag_helpers.exercises.mistakes import by_mistakes, equal, rng_for, variants
from ftrag_helpers.exercises.values import format_value, is_number, numbers_problem

WEIGHTS = (0, 1, 3, 10, 30)


@lru_cache(maxsize=32)
def _cases(seed: int) -> list:
    """Six to nine sets of toy texts that tell all mistakes apart; on two of them at least the
    target texts help much, and on a third of them there is no other domain at all, so that weight 0
    may be the best.
    """
    rng = rng_for("2.5", seed)
    cases: list = []
    found: list = []
    for number in count():
        case = [domains.toy_data(rng, shift=number % 3 < 2), rng.sample(WEIGHTS, len(WEIGHTS))]
        if not domains.clear(*case):
            continue
        cases = [*cases[-8:], case]
        found = [
            *found[-8:],
            [function(*case) for function in (domains.adapted, *variants(domains.MISTAKES))],
        ]
        gains = [right[2] - right[0] for right, *_ in found]
        if (
            len(cases) > 5
            and sum(gain > 0.15 for gain in gains) > 1
            and len(set(map(str, zip(*found, strict=False)))) == len(found[0])
        ):
            return cases


def _problem(data: dict, weights: list, got: object) -> str:
    if numbers_problem(got, 3):
        return f"{numbers_problem(got, 3)}; wanted are accuracy before, weight, accuracy after"
    if got[1] not in weights:
        return f"expected one of the weights {sorted(weights)} as the second number, got {format_value(got[1])}"
    odd = [value for value in (got[0], got[2]) if not 0 <= value <= 1]
    return f"expected accuracies from 0 to 1, got {format_value(odd[0])}" if odd else ""


def _otherwise(data: dict, weights: list, got: list[float]) -> str:
    want = domains.adapted(data, weights)
    if not equal(got[0], want[0]):
        return f"an accuracy of {format_value(got[0])} before is not that of the reviews alone (weight 0) on the test texts"
    if not equal(got[1], want[1]):
        value = domains.accuracy(domains.head_of(data, got[1]), data["validation"])
        return f"the weight {format_value(got[1])} has an accuracy of {value:.2f} on the validation texts, and another weight does better, or a smaller one as well"
    return f"an accuracy of {format_value(got[2])} after is not that of the chosen weight on the test texts"


_judge_returned = by_mistakes(
    domains.adapted,
    domains.MISTAKES,
    call="adapt(embed, data, {1})",
    problem=_problem,
    otherwise=_otherwise,
)


def _judge(inputs: list, observed: object) -> Verdict:
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
                f"the numbers are right, but only {seen['embedded']} texts were embedded, of {len(texts)}",
            )
        if seen["embedded"] > len(texts):
            return Verdict(
                False,
                f"the numbers are right, but {seen['embedded']} texts were embedded where {len(texts)} are enough. Embedding is what takes time: do it once for each part, before you try weights",
            )
    return PASSED


TASK = Task(
    "2.5",
    "Another domain",
    5,
    hints=(
        "Embed the four parts once. np.vstack puts two tables of features on top of each other; sample_weight is a list with one number for each row.",
        "Keep the fitted classifier of each weight in a dictionary. Choose the weight with max() over sorted(weights) by the score on validation: of equals, max takes the first. Score on test only twice, at the end.",
    ),
    cases=_cases,
    run_answer=run.adapt,
    judge=_judge,
    timeout=60,
    answer="`adapt(embed, data, weights)`, which returns accuracy before, the weight chosen, accuracy after",
)
