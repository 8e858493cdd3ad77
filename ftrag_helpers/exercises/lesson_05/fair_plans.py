"""Task 5.1: which rules of a fair comparison a plan breaks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from ftrag_helpers.exercises.checking import PASSED, Task, Verdict, by_case, calls
from ftrag_helpers.exercises.lesson_05.plans import some_plans
from ftrag_helpers.exercises.mistakes import Mistake, distinguished, rng_for, shuffled
from ftrag_helpers.exercises.values import format_value

SEEDS = 3


@dataclass(frozen=True)
class Rule:
    """A rule: the `field` of a system in which one sees whether it is broken, when it is `broken`
    in words and as a function of a plan, and what the usual mistakes report.
    """

    name: str
    field: str
    words: str
    broken: Callable[[dict], bool]
    mistakes: list[Mistake]


def _systems(plan: dict) -> list[dict]:
    return list(plan["systems"].values())


def _facts(plan: dict, ids: Iterable[str]) -> set[str]:
    return {plan["facts"][id_] for id_ in ids}


def _leaks(plan: dict, pairs: Callable[[int, int], bool], by_id: bool = False) -> bool:
    """A leak that is looked for in some pairs only: of a system that is asked and one that was
    trained, by their places.
    """
    known = set if by_id else partial(_facts, plan)
    return any(
        known(one["asked"]) & known(other["trained on"])
        for i, one in enumerate(_systems(plan))
        for k, other in enumerate(_systems(plan))
        if pairs(i, k)
    )


def _seeds(plan: dict) -> list[int]:
    return [system["seeds"] for system in _systems(plan) if system["trained on"]]


def _read(plan: dict, trained: bool | None = None) -> set[int]:
    """How many sentences the systems read, or those alone that were trained or were not."""
    return {
        system["sentences"]
        for system in _systems(plan)
        if trained is None or bool(system["trained on"]) == trained
    } - {0}


RULES = (
    Rule(
        "leak",
        "trained on",
        "a fact that is asked for in the test also stands in some system's training questions",
        lambda plan: _leaks(plan, lambda i, k: True),
        [
            Mistake(
                "a leak hides behind other words: two questions with different ids can ask for the same fact. Compare facts, not ids",
                lambda plan: _leaks(plan, lambda i, k: True, by_id=True),
            ),
            Mistake(
                "you look within each system alone. A fact that one system is asked for and another one was trained on is a leak too",
                lambda plan: _leaks(plan, lambda i, k: i == k),
            ),
            Mistake(
                "you look between different systems alone. A system that is asked for a fact that it was trained on itself is a leak too",
                lambda plan: _leaks(plan, lambda i, k: i != k),
            ),
            Mistake(
                "you look at what the first system is asked alone; any system counts",
                lambda plan: _leaks(plan, lambda i, k: i == 0),
            ),
            Mistake(
                "one leaked fact is enough; not all that was trained on has to be asked for",
                lambda plan: any(
                    system["trained on"]
                    and _facts(plan, system["trained on"])
                    <= set().union(*(_facts(plan, other["asked"]) for other in _systems(plan)))
                    for system in _systems(plan)
                ),
            ),
        ],
    ),
    Rule(
        "other questions",
        "asked",
        "not every system is asked the same questions",
        lambda plan: len({frozenset(system["asked"]) for system in _systems(plan)}) > 1,
        [
            Mistake(
                "the same questions in another order are the same questions",
                lambda plan: len({tuple(system["asked"]) for system in _systems(plan)}) > 1,
            ),
            Mistake(
                "as many questions are not yet the same questions",
                lambda plan: len({len(system["asked"]) for system in _systems(plan)}) > 1,
            ),
            Mistake(
                "you compare the first two systems alone; all of them must be asked the same",
                lambda plan: len({frozenset(system["asked"]) for system in _systems(plan)[:2]}) > 1,
            ),
            Mistake(
                "the systems may share some questions, and still be asked others",
                lambda plan: (
                    not frozenset.intersection(
                        *(frozenset(system["asked"]) for system in _systems(plan))
                    )
                ),
            ),
        ],
    ),
    Rule(
        "chosen on test",
        "chosen on",
        "a system's settings were chosen on the test questions",
        lambda plan: any(system["chosen on"] == "test" for system in _systems(plan)),
        [
            Mistake(
                "one system whose settings were chosen on the test questions is enough to spoil the plan",
                lambda plan: all(system["chosen on"] == "test" for system in _systems(plan)),
            ),
            Mistake(
                "settings that were chosen on training questions break no rule; only the test may not choose",
                lambda plan: any(system["chosen on"] != "validation" for system in _systems(plan)),
            ),
            Mistake(
                "you look at the first system alone; any system counts",
                lambda plan: _systems(plan)[0]["chosen on"] == "test",
            ),
        ],
    ),
    Rule(
        "too few seeds",
        "seeds",
        f"a system with training questions has fewer than {SEEDS} seeds",
        lambda plan: any(seeds < SEEDS for seeds in _seeds(plan)),
        [
            Mistake(
                "a system that was not trained has no chance in it: it needs no seeds",
                lambda plan: any(system["seeds"] < SEEDS for system in _systems(plan)),
            ),
            Mistake(
                f"{SEEDS} seeds are enough",
                lambda plan: any(seeds <= SEEDS for seeds in _seeds(plan)),
            ),
            Mistake(
                "two seeds are too few as well",
                lambda plan: any(seeds < 2 for seeds in _seeds(plan)),
            ),
            Mistake(
                "the seeds of different systems do not add up: each trained system needs its own",
                lambda plan: 0 < sum(_seeds(plan)) < SEEDS,
            ),
            Mistake(
                "one trained system with too few seeds is enough",
                lambda plan: bool(_seeds(plan)) and max(_seeds(plan)) < SEEDS,
            ),
        ],
    ),
    Rule(
        "other reading",
        "sentences",
        "the systems that read do not all read the same number of sentences",
        lambda plan: len(_read(plan)) > 1,
        [
            Mistake(
                "a closed-book system reads 0 sentences, and that is no other reading",
                lambda plan: len({system["sentences"] for system in _systems(plan)}) > 1,
            ),
            Mistake(
                "you compare the trained systems alone; all that read count",
                lambda plan: len(_read(plan, trained=True)) > 1,
            ),
            Mistake(
                "you compare the systems alone that were not trained; all that read count",
                lambda plan: len(_read(plan, trained=False)) > 1,
            ),
        ],
    ),
)
_NAMES = [rule.name for rule in RULES]
_ALWAYS_THE_SAME = [Mistake("", lambda plan: False), Mistake("", lambda plan: True)]


def _cases(seed: int) -> list:
    """Plans on which no mistake, and no rule that is named always or never, passes for another."""
    rng = rng_for("5.1", seed)
    while True:
        cases = shuffled(rng, [[plan] for plan in some_plans(rng)])
        if all(
            distinguished(cases, rule.broken, [*rule.mistakes, *_ALWAYS_THE_SAME]) for rule in RULES
        ):
            return cases


def _problem(_plan: dict, got: object) -> str:
    if not isinstance(got, list) or not all(isinstance(name, str) for name in got):
        return f"expected a list of rule names to be returned, got {format_value(got)}"
    unknown = [name for name in got if name not in _NAMES]
    return f"{unknown[0]!r} is no rule; the rules are {', '.join(_NAMES)}" if unknown else ""


def _judge(inputs: list, observed: object) -> Verdict:
    verdict = by_case(_problem, "unfair(plan)")(inputs, observed)
    if not verdict.passed:
        return verdict
    plans = [plan for (plan,) in inputs]
    problems = (
        _rule_problem(rule, plans, [rule.name in got for got in observed]) for rule in RULES
    )
    return next((Verdict(False, problem) for problem in problems if problem), PASSED)


def _rule_problem(rule: Rule, plans: list[dict], named: list[bool]) -> str:
    """What is wrong with the plans for which a rule was named, or ""."""
    right = [rule.broken(plan) for plan in plans]
    if named == right:
        return ""
    for mistake in rule.mistakes:
        if any(named == [variant(plan) for plan in plans] for variant in mistake.variants):
            return f'"{rule.name}": {mistake.message}'
    if all(named):
        return f'"{rule.name}" is among your results for every plan. It is broken only where {rule.words}'
    if not any(named):
        return f'"{rule.name}" is never among your results. It is broken where {rule.words}'
    i = next(i for i, (a, b) in enumerate(zip(named, right, strict=True)) if a != b)
    message = (
        f'you name "{rule.name}", and it is not'
        if named[i]
        else f'you do not name "{rule.name}", and it is'
    )
    seen = {name: system[rule.field] for name, system in plans[i]["systems"].items()}
    return f"for plan {i + 1} of {len(plans)} {message} broken there. It is broken where {rule.words}. There, {rule.field}: {format_value(seen, 160)}"


TASK = Task(
    "5.1",
    "Is the comparison fair?",
    3,
    hints=(
        "Go through the rules one by one, each with its own if, and append the rule's name to a list.",
        'plan["facts"][question] is what a question asks for. Put the facts of all asked questions into a set, and those of all training questions into another: a leak is where they meet. Sets also forget the order of questions.',
    ),
    cases=_cases,
    run_answer=calls,
    judge=_judge,
    timeout=10,
    answer="`unfair(plan)`, which returns a list of names of rules",
)
