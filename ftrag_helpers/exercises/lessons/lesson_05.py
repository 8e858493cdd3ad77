"""The checks of exercise 5: fair plans, a paired interval, what it supports, break-even, support by
the sources.

No model, no training: plans, scores, costs and texts are given. Task 5.6, the decision, is
marked by a person.
"""

import math
import random
import re
from collections.abc import Callable, Sequence
from functools import partial

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
from ftrag_helpers.exercises.mistakes import by_mistakes, distinguished, distinguishes
from ftrag_helpers.exercises.values import format_value, is_number, number_problem, numbers_problem

__all__ = [
    "MANUAL",
    "TASKS",
    "answer",
    "hint",
    "points",
    "task_5_1",
    "task_5_2",
    "task_5_3",
    "task_5_4",
    "task_5_5",
]


def _chance(task_id: str, seed: int) -> random.Random:
    return random.Random(f"{task_id}/{seed}")


# Task 5.1: a fair comparison

RULES = ("leak", "other questions", "chosen on test", "too few seeds", "other reading")
SEEDS = 3


def _asked_facts(plan: dict, system: dict, part: str) -> set[str]:
    return {plan["facts"][question] for question in system[part]}


def _broken(plan: dict, rule: str) -> bool:
    systems = list(plan["systems"].values())
    if rule == "leak":
        asked = set().union(*(_asked_facts(plan, system, "asked") for system in systems))
        return any(asked & _asked_facts(plan, system, "trained on") for system in systems)
    if rule == "other questions":
        return len({frozenset(system["asked"]) for system in systems}) > 1
    if rule == "chosen on test":
        return any(system["chosen on"] == "test" for system in systems)
    if rule == "too few seeds":
        return any(system["trained on"] and system["seeds"] < SEEDS for system in systems)
    return len({system["sentences"] for system in systems} - {0}) > 1


def _leaks(plan: dict, pairs: Callable[[int, int], bool], by_id: bool = False) -> bool:
    """A leak that is looked for in some pairs only: of a system that is asked and one that was
    trained, by their places.
    """

    def key(id_: str) -> str:
        return id_ if by_id else plan["facts"][id_]

    systems = list(plan["systems"].values())
    return any(
        {key(id_) for id_ in one["asked"]} & {key(id_) for id_ in other["trained on"]}
        for i, one in enumerate(systems)
        for k, other in enumerate(systems)
        if pairs(i, k)
    )


def _seeds(plan: dict) -> list[int]:
    return [system["seeds"] for system in plan["systems"].values() if system["trained on"]]


def _read(plan: dict, trained: bool | None = None) -> set[int]:
    return {
        system["sentences"]
        for system in plan["systems"].values()
        if trained is None or bool(system["trained on"]) == trained
    } - {0}


#: What the usual mistakes report, by rule.
_PLAN_MISTAKES = {
    "leak": {
        "a leak hides behind other words: two questions with different ids can ask for the same fact. Compare facts, not ids": lambda plan: (
            _leaks(plan, lambda i, k: True, by_id=True)
        ),
        "you look within each system alone. A fact that one system is asked for and another one was trained on is a leak too": lambda plan: (
            _leaks(plan, lambda i, k: i == k)
        ),
        "you look between different systems alone. A system that is asked for a fact that it was trained on itself is a leak too": lambda plan: (
            _leaks(plan, lambda i, k: i != k)
        ),
        "you look at what the first system is asked alone; any system counts": lambda plan: _leaks(
            plan, lambda i, k: i == 0
        ),
        "one leaked fact is enough; not all that was trained on has to be asked for": (
            lambda plan: any(
                system["trained on"]
                and {plan["facts"][id_] for id_ in system["trained on"]}
                <= set().union(
                    *(_asked_facts(plan, other, "asked") for other in plan["systems"].values())
                )
                for system in plan["systems"].values()
            )
        ),
    },
    "other questions": {
        "the same questions in another order are the same questions": (
            lambda plan: len({tuple(system["asked"]) for system in plan["systems"].values()}) > 1
        ),
        "as many questions are not yet the same questions": (
            lambda plan: len({len(system["asked"]) for system in plan["systems"].values()}) > 1
        ),
        "you compare the first two systems alone; all of them must be asked the same": (
            lambda plan: (
                len({frozenset(system["asked"]) for system in list(plan["systems"].values())[:2]})
                > 1
            )
        ),
        "the systems may share some questions, and still be asked others": (
            lambda plan: (
                not frozenset.intersection(
                    *(frozenset(system["asked"]) for system in plan["systems"].values())
                )
            )
        ),
    },
    "chosen on test": {
        "one system whose settings were chosen on the test questions is enough to spoil the plan": (
            lambda plan: all(system["chosen on"] == "test" for system in plan["systems"].values())
        ),
        "settings that were chosen on training questions break no rule; only the test may not choose": lambda plan: (
            any(system["chosen on"] != "validation" for system in plan["systems"].values())
        ),
        "you look at the first system alone; any system counts": (
            lambda plan: next(iter(plan["systems"].values()))["chosen on"] == "test"
        ),
    },
    "too few seeds": {
        "a system that was not trained has no chance in it: it needs no seeds": lambda plan: any(
            system["seeds"] < SEEDS for system in plan["systems"].values()
        ),
        f"{SEEDS} seeds are enough": lambda plan: any(seeds <= SEEDS for seeds in _seeds(plan)),
        "two seeds are too few as well": lambda plan: any(seeds < 2 for seeds in _seeds(plan)),
        "the seeds of different systems do not add up: each trained system needs its own": (
            lambda plan: 0 < sum(_seeds(plan)) < SEEDS
        ),
        "one trained system with too few seeds is enough": (
            lambda plan: bool(_seeds(plan)) and max(_seeds(plan)) < SEEDS
        ),
    },
    "other reading": {
        "a closed-book system reads 0 sentences, and that is no other reading": (
            lambda plan: len({system["sentences"] for system in plan["systems"].values()}) > 1
        ),
        "you compare the trained systems alone; all that read count": (
            lambda plan: len(_read(plan, trained=True)) > 1
        ),
        "you compare the systems alone that were not trained; all that read count": (
            lambda plan: len(_read(plan, trained=False)) > 1
        ),
    },
}
_RULE_WORDS = {
    "leak": "a fact that is asked for in the test also stands in some system's training questions",
    "other questions": "not every system is asked the same questions",
    "chosen on test": "a system's settings were chosen on the test questions",
    "too few seeds": f"a system with training questions has fewer than {SEEDS} seeds",
    "other reading": "the systems that read do not all read the same number of sentences",
}
#: Where in a system's description one sees whether a rule is broken.
_RULE_FIELDS = dict(
    zip(RULES, ("trained on", "asked", "chosen on", "seeds", "sentences"), strict=True)
)


#: Ways to break a rule; some of them break another one too, since only a question that not all are
#: asked can leak so.
_WAYS = {
    "leak": ("reworded", "same id"),
    "other questions": ("fewer", "another"),
    "chosen on test": ("one",),
    "too few seeds": ("1", "2"),
    "other reading": ("trained", "untrained"),
}
#: Plans to judge: fair ones, two of which have nothing that looks like a break, and each way to
#: break each rule.
_BREAKS = (
    (),
    (),
    ("plain",),
    ("plain",),
    ("leak:reworded",),
    ("leak:same id",),
    ("leak:reworded",),
    ("leak:all",),
    ("other questions", "leak:across"),
    ("other questions", "leak:across"),
    ("other questions", "leak:within"),
    ("other questions", "leak:within"),
    ("other questions:fewer",),
    ("other questions:another",),
    ("other questions:another",),
    ("other questions:nothing shared",),
    ("chosen on test",),
    ("chosen on test",),
    ("chosen on test:all",),
    ("too few seeds:1",),
    ("too few seeds:2",),
    ("too few seeds:both 1",),
    ("too few seeds:both 2",),
    ("other reading:trained",),
    ("other reading:untrained",),
    ("other reading:both trained",),
)


def _plan_cases(seed: int) -> list:
    """Fair plans, plans that break each rule alone in each of its ways, and some that break
    several.
    """
    rng = _chance("5.1", seed)
    while True:
        broken = [
            *_BREAKS,
            *(tuple(rng.sample(RULES, rng.choice([2, 3, 4]))) for _ in range(4)),
        ]
        cases = [[_plan(rng, _by_rule(rng, breaks))] for breaks in broken]
        rng.shuffle(cases)
        if all(_exposed(cases, rule) for rule in RULES):
            return cases


def _by_rule(rng: random.Random, breaks: Sequence[str]) -> dict[str, str]:
    """The way in which each broken rule is broken."""
    return {
        rule: way or rng.choice(_WAYS.get(rule, ("",)))
        for rule, _, way in (item.partition(":") for item in breaks)
    }


def _exposed(cases: list, rule: str) -> bool:
    """Whether each mistake, and saying always the same, gives other results than the right answer
    and than the others.
    """
    mistakes = {**_PLAN_MISTAKES[rule], "never": lambda plan: False, "always": lambda plan: True}
    right = partial(_broken, rule=rule)
    found = [[bool(function(*case)) for case in cases] for function in (right, *mistakes.values())]
    return len(set(map(str, found))) == len(found)


def _plan(rng: random.Random, breaks: dict[str, str]) -> dict:
    """A plan that breaks exactly these rules, with something in it that looks like a break of
    others.
    """
    numbers = rng.sample(range(100, 1000), 16)
    facts = {f"q{number}": f"fact-{i}" for i, number in enumerate(numbers)}
    ids = list(facts)
    asked, trained, spare = ids[:4], ids[4:9], ids[9:]
    seeds, sentences, split = (
        rng.choice([3, 4, 5]),
        rng.choice([1, 3, 5]),
        rng.choice(["validation", "train"]),
    )
    plain = "plain" in breaks
    one = 3 if plain else 1
    systems = {
        "closed book": {"trained on": [], "seeds": one, "sentences": 0, "chosen on": "validation"},
        "fine-tuned closed book": {
            "trained on": trained[:4],
            "seeds": 3,
            "sentences": 0,
            "chosen on": "validation",
        },
        "fine-tuned reader": {
            "trained on": trained,
            "seeds": seeds,
            "sentences": sentences,
            "chosen on": split,
        },
        "fine-tuned reader, longer": {
            "trained on": trained[1:],
            "seeds": seeds,
            "sentences": sentences,
            "chosen on": split,
        },
        "retrieval": {
            "trained on": [],
            "seeds": one,
            "sentences": sentences,
            "chosen on": "validation",
        },
        "retrieval, hybrid": {
            "trained on": [],
            "seeds": max(one, rng.choice([1, 2])),
            "sentences": sentences,
            "chosen on": split,
        },
    }
    for system in systems.values():
        system["asked"] = list(asked) if plain else rng.sample(asked, 4)
    both = any(way.startswith("both") for way in breaks.values())
    closed, longer = ["closed book", "fine-tuned closed book"], ["fine-tuned reader, longer"]
    dropped = (
        closed
        if plain
        else closed[1:]
        if both
        else rng.choice([longer, longer + closed[:1], closed[1:]])
    )
    names = [name for name in rng.sample(sorted(systems), len(systems)) if name not in dropped]
    _break_asked(rng, systems, names, spare, breaks.get("other questions", ""))
    _break_leak(rng, facts, systems, names, breaks.get("leak", ""))
    for name in (
        names
        if breaks.get("chosen on test") == "all"
        else [rng.choice(names)] * ("chosen on test" in breaks)
    ):
        systems[name]["chosen on"] = "test"
    few = breaks.get("too few seeds", "")
    for name in ("fine-tuned reader", "fine-tuned reader, longer")[
        : 0 if not few else 2 if few.startswith("both") else 1
    ]:
        systems[name]["seeds"] = int(few[-1])
    reading = {
        "trained": ("fine-tuned reader",),
        "both trained": ("fine-tuned reader, longer",),
        "untrained": ("retrieval", "retrieval, hybrid"),
        "": (),
    }[breaks.get("other reading", "")]
    if reading:
        systems[rng.choice(reading)]["sentences"] += 2
    return {
        "facts": facts,
        "systems": {name: dict(sorted(systems[name].items())) for name in names},
    }


def _break_asked(
    rng: random.Random, systems: dict, names: list[str], spare: list[str], way: str
) -> None:
    changed = systems[rng.choice(names)]["asked"]
    if way == "nothing shared":
        changed[:] = spare[:4]
    elif way:
        changed[2:3] = [] if way == "fewer" else [spare[0]]


def _break_leak(rng: random.Random, facts: dict, systems: dict, names: list[str], way: str) -> None:
    """Let a fact be asked for and trained on: by all systems ("reworded", "same id"), by one of
    them alone, or between two.
    """
    tuned = systems["fine-tuned reader"]
    at = tuned["trained on"][0]
    shared = [
        id_
        for id_ in systems[names[0]]["asked"]
        if all(id_ in systems[name]["asked"] for name in names)
    ]
    if way == "all":
        tuned["trained on"] = tuned["trained on"][:2]
        facts.update(
            {id_: facts[other] for id_, other in zip(tuned["trained on"], shared, strict=False)}
        )
    elif way == "reworded":
        facts[at] = facts[shared[0]]  # in other words
    elif way == "same id":
        tuned["trained on"] = [shared[0], *tuned["trained on"][1:]]
    elif way:
        own = [name for name in names if systems[name]["trained on"]]
        who = (
            "fine-tuned reader"
            if way == "within"
            else rng.choice([name for name in names if name not in own])
        )
        asked = systems[who]["asked"]
        if way == "within":  # no other system was trained on it
            for name in own:
                if name != who:
                    systems[name]["trained on"] = [
                        id_ for id_ in systems[name]["trained on"] if id_ != at
                    ]
        asked[0] = at


def _plan_problem(_plan: dict, got: object) -> str:
    if not isinstance(got, list) or not all(isinstance(name, str) for name in got):
        return f"expected a list of rule names to be returned, got {format_value(got)}"
    unknown = [name for name in got if name not in RULES]
    return f"{unknown[0]!r} is no rule; the rules are {', '.join(RULES)}" if unknown else ""


def _judge_plans(inputs: list, observed: object) -> Verdict:
    formed = by_case(_plan_problem, "unfair(plan)")(inputs, observed)
    if not formed.passed:
        return formed
    for rule in RULES:
        said = [rule in got for got in observed]
        right = [_broken(plan, rule) for (plan,) in inputs]
        if said == right:
            continue
        for words, mistake in _PLAN_MISTAKES[rule].items():
            if said == [bool(mistake(plan)) for (plan,) in inputs]:
                return Verdict(False, f'"{rule}": {words}')
        if all(said):
            return Verdict(
                False,
                f'"{rule}" is among your results for every plan. It is broken only where'
                f" {_RULE_WORDS[rule]}",
            )
        if not any(said):
            return Verdict(
                False,
                f'"{rule}" is never among your results. It is broken where {_RULE_WORDS[rule]}',
            )
        i = next(i for i, (a, b) in enumerate(zip(said, right, strict=True)) if a != b)
        told = (
            f'you name "{rule}", and it is not'
            if said[i]
            else f'you do not name "{rule}", and it is'
        )
        return Verdict(
            False,
            f"for plan {i + 1} of {len(inputs)} {told} broken there. It is broken where"
            f" {_RULE_WORDS[rule]}. There, {_RULE_FIELDS[rule]}:"
            f" {_shown_field(inputs[i][0], rule)}",
        )
    return PASSED


def _shown_field(plan: dict, rule: str) -> str:
    return format_value(
        {name: system[_RULE_FIELDS[rule]] for name, system in plan["systems"].items()}, 160
    )


# Task 5.2: a paired interval

_DRAWS = 4000
#: How far an end may lie from ours, in standard errors of the mean difference; two honest intervals
#: of 4,000 draws each differ by less than a quarter of this.
_TOLERANCE = 0.3


def _paired_cases(seed: int) -> list:
    """Pairs of scores that rise and fall together, as two systems do on easy and hard questions; in
    four of them one question is unlike the others; once all differ by as much; and once there is a
    single draw.
    """
    rng = _chance("5.2", seed)
    cases = []
    for size, gap, spread, odd in (
        (40, 0.12, 0.10, None),
        (60, -0.08, 0.12, None),
        (25, 0.02, 0.15, None),
        (30, 0.05, 0.08, -1),
        (32, -0.04, 0.08, 0),
        (24, 0.03, 0.07, -1),
        (20, 0.01, 0.02, 7),
    ):
        hardness = [rng.uniform(0.05, 0.85) for _ in range(size)]
        first = [round(min(1, max(0, h + rng.gauss(0, 0.03))), 3) for h in hardness]
        second = [round(min(1, max(0, h + gap + rng.gauss(0, spread))), 3) for h in hardness]
        if odd is not None:
            first[odd], second[odd] = (
                (0.05, 0.95) if odd > 0 else (0.1, 0.75) if gap > 0 else (0.8, 0.15)
            )
        cases.append([first, second, _DRAWS])
    even = [round(rng.uniform(0.05, 0.8), 3) for _ in range(20)]
    return [*cases, [even, [round(score + 0.1, 3) for score in even], _DRAWS], [*cases[0][:2], 1]]


def _quantiles(means: np.ndarray, low: float = 0.025, high: float = 0.975) -> list[float]:
    return np.quantile(means, [low, high]).tolist()


def _resampled(values: np.ndarray, size: int = 0, draws: int = 8_000) -> np.ndarray:
    rng = np.random.default_rng(len(values) + size)
    return values[rng.integers(0, values.size, size=(draws, size or values.size))].mean(axis=1)


def _apart(a: np.ndarray, b: np.ndarray) -> list[float]:
    one, other = (
        values[
            np.random.default_rng(seed).integers(0, values.size, size=(8_000, values.size))
        ].mean(axis=1)
        for seed, values in ((1, a), (2, b))
    )
    return _quantiles(other - one)


def _around(gaps: np.ndarray) -> list[float]:
    return [float(gaps.mean()) + side * 1.96 * _error(gaps) for side in (-1, 1)]


_PAIRED_MISTAKES: dict[str, Callable[[np.ndarray, np.ndarray], list[float]]] = {
    "the two systems are resampled apart, or their scores are not of the same questions. Draw question numbers, and take both scores of the same questions": (
        _apart
    ),
    "it is the interval of first − second; second − first is wanted": lambda a, b: _quantiles(
        _resampled(a - b)
    ),
    "it is the interval of the first system alone; the difference is wanted": (
        lambda a, b: _quantiles(_resampled(a))
    ),
    "it is the interval of the second system alone; the difference is wanted": (
        lambda a, b: _quantiles(_resampled(b))
    ),
    "it says how much single questions differ. Take the mean of each draw, then the quantiles of the means": lambda a, b: (
        _quantiles(b - a)
    ),
    "the last question is never drawn. Where does your range of question numbers end? rng.integers(0, n) never gives n, random.randint(0, n - 1) may give n - 1": lambda a, b: (
        _quantiles(_resampled((b - a)[:-1], b.size))
    ),
    "the first question is never drawn. Question numbers begin at 0": lambda a, b: _quantiles(
        _resampled((b - a)[1:], b.size)
    ),
    "a draw takes half as many questions as there are; it takes as many": lambda a, b: _quantiles(
        _resampled(b - a, b.size // 2)
    ),
    "a draw takes twice as many questions as there are; it takes as many": lambda a, b: _quantiles(
        _resampled(b - a, b.size * 2)
    ),
    "it is the mean of the draws and two of their standard deviations on either side; take the quantiles of the draws, which need not lie alike on both sides": lambda a, b: (
        _around(b - a)
    ),
    "its ends are turned round at the mean difference; take the quantiles as they are": (
        lambda a, b: [
            2 * float((b - a).mean()) - end for end in _quantiles(_resampled(b - a))[::-1]
        ]
    ),
    "the sums of the draws are compared; take their means": lambda a, b: _quantiles(
        _resampled(b - a) * b.size
    ),
    "it is the interval of how far the scores lie apart, without their sign": (
        lambda a, b: _quantiles(_resampled(np.abs(b - a)))
    ),
    "the scores are sorted, each list by itself, so that they are no longer of the same questions": lambda a, b: (
        _quantiles(_resampled(np.sort(b) - np.sort(a)))
    ),
    "its ends are not 2.5 % and 97.5 %: this is a 90 % interval": lambda a, b: _quantiles(
        _resampled(b - a), 0.05, 0.95
    ),
    "its ends are not 2.5 % and 97.5 %: this is a 99 % interval": lambda a, b: _quantiles(
        _resampled(b - a), 0.005, 0.995
    ),
    "its ends are not 2.5 % and 97.5 %: this is a 50 % interval": lambda a, b: _quantiles(
        _resampled(b - a), 0.25, 0.75
    ),
    "its ends are not 2.5 % and 97.5 %: one of them is far too near the middle": (
        lambda a, b: _quantiles(_resampled(b - a), 0.25, 0.975)
    ),
    "its ends are not 2.5 % and 97.5 %: the lower one is at 5 %": lambda a, b: _quantiles(
        _resampled(b - a), 0.05, 0.975
    ),
    "its ends are not 2.5 % and 97.5 %: the upper one is at 95 %": lambda a, b: _quantiles(
        _resampled(b - a), 0.025, 0.95
    ),
}


_two_numbers = by_case(
    lambda _first, _second, _draws, got: numbers_problem(got, 2),
    "paired_interval(first, second, {2})",
)


def _judge_paired(inputs: list, observed: object) -> Verdict:
    formed = _two_numbers(inputs, observed)
    if not formed.passed:
        return formed
    cases = [
        (np.array(first), np.array(second), got)
        for (first, second, draws), got in zip(inputs, observed, strict=True)
        if draws > 1
    ]
    off = [
        _distance(got, _quantiles(_resampled(b - a, draws=20_000)), b - a) for a, b, got in cases
    ]
    if max(off) >= _TOLERANCE:
        return Verdict(False, _wrong_interval(cases, off))
    single = (_single_draw_problem(*case, got) for case, got in zip(inputs, observed, strict=True))
    return next((Verdict(False, problem) for problem in single if problem), PASSED)


def _distance(got: list[float], want: list[float], gaps: np.ndarray) -> float:
    """By how much the further of two ends is off, in standard errors of the mean difference."""
    return max(abs(x - y) for x, y in zip(got, want, strict=True)) / max(_error(gaps), 1e-6)


def _mistake_distance(got: list[float], want: list[float], gaps: np.ndarray) -> float:
    """As `_distance`; chance moves the ends of a wider interval further."""
    return _distance(got, want, gaps) / max(1.0, (want[1] - want[0]) / 4 / _error(gaps))


def _error(gaps: np.ndarray) -> float:
    return float(gaps.std() / np.sqrt(gaps.size))


def _wrong_interval(cases: list, distances: list[float]) -> str:
    """The mistake whose intervals are the nearest, if they are near in all cases but one; else what
    is seen in the first wrong one.
    """
    a, b, got = next(
        case for case, distance in zip(cases, distances, strict=True) if distance >= _TOLERANCE
    )
    told = f"your interval [{got[0]:+.3f}, {got[1]:+.3f}]"
    if all(got[0] > got[1] for a, b, got in cases if _error(b - a) > 1e-6):
        return f"{told} has its lower end above its upper one"
    varied = [
        (a, b, got) for a, b, got in cases if _error(b - a) > 1e-6
    ]  # a mistake of 90 % is right where nothing varies
    off = {
        words: [_mistake_distance(got, mistake(a, b), b - a) for a, b, got in varied]
        for words, mistake in _PAIRED_MISTAKES.items()
    }
    nearest = min(off, key=lambda words: sum(off[words]))
    # In one case chance may move the far ends of a wide interval further.
    return (
        f"{told} is not right: {nearest}"
        if sorted(off[nearest])[-2] < _TOLERANCE
        else f"{told} {_seen(b - a, got)}"
    )


def _seen(gaps: np.ndarray, got: list[float]) -> str:
    mean, error, width = float(gaps.mean()), _error(gaps), got[1] - got[0]
    if error < 1e-6:
        return (
            f"is one of two systems that differ by {mean:+.1f} on each question, so it should have"
            " no width, and lie there"
        )
    if width < error * 0.02:
        return (
            "has no width. A draw takes as many questions as there are, with replacement: some"
            " twice, some not at all"
        )
    if not got[0] <= mean <= got[1]:
        return f"does not hold the mean difference of {mean:+.3f}"
    size = "wide" if width > 4.3 * error else "narrow" if width < 3.5 * error else "far to one side"
    return (
        f"is too {size} for these scores. How many questions does a draw take, how many draws are"
        " there, and are both scores of the same questions?"
    )


def _single_draw_problem(
    first: list[float], second: list[float], draws: int, got: list[float]
) -> str:
    gaps = np.array(second) - np.array(first)
    if draws > 1 or got[0] == got[1] and gaps.min() <= got[0] <= gaps.max():
        return ""
    return (
        f"with a single draw both ends are that draw's mean, and yours are {got[0]:+.3f} and"
        f" {got[1]:+.3f}. Does the function use `draws`?"
    )


# Task 5.3: what an interval supports

_SAID = ("higher", "lower", "no difference seen")


def _ends(means: list[float], comparisons: int, tails: float = 2) -> tuple[float, float]:
    tail = 0.05 / comparisons / tails
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def _said(ends: tuple[float, float], touching: bool = False) -> str:
    low, high = ends
    if low > 0 or touching and low == 0 < high:
        return "higher"
    return "lower" if high < 0 or touching and high == 0 > low else "no difference seen"


def _right_words(means: list[float], comparisons: int) -> str:
    return _said(_ends(means, comparisons))


def _one_way(means: list[float], comparisons: int, kept: str) -> str:
    said = _right_words(means, comparisons)
    return said if said == kept else "no difference seen"


def _by_share(means: list[float], enough: float) -> str:
    above = sum(mean > 0 for mean in means) / len(means)
    return "higher" if above >= enough else "lower" if above <= 1 - enough else "no difference seen"


def _of_a_thousand(means: list[float], comparisons: int) -> str:
    ordered, place = sorted(means), int(25 / comparisons)
    return _said((ordered[place], ordered[-1 - place]))


_SAID_MISTAKES = {
    "you divide the 5 % by the root of the number of comparisons; Bonferroni divides by the number itself": lambda means, comparisons: (
        _said(_ends(means, math.sqrt(comparisons)))
    ),
    "you halve the 5 % twice: with one comparison 2.5 % lie beyond either end": (
        lambda means, comparisons: _said(_ends(means, 2 * comparisons))
    ),
    "you never say higher": lambda means, comparisons: _one_way(means, comparisons, "lower"),
    "you ask whether all draws lie on one side; the interval leaves some of them out": (
        lambda means, _comparisons: _said((min(means), max(means)))
    ),
    "you ask whether 95 % of the draws are positive, whatever the number of comparisons is; ask whether the interval holds 0": lambda means, _comparisons: (
        _by_share(means, 0.95)
    ),
    "you never see a difference": lambda _means, _comparisons: "no difference seen",
    "you look at the lower end alone, and call the rest lower; an interval with an end on either side holds 0": lambda means, comparisons: (
        _said((_ends(means, comparisons)[0],) * 2)
    ),
    "you count on a thousand draws; how many there are, len(means) says": _of_a_thousand,
    "you ask whether 0 lies two standard deviations off the mean; the quantiles of the draws are wanted": lambda means, _comparisons: (
        _said(
            (float(np.mean(means) - 2 * np.std(means)), float(np.mean(means) + 2 * np.std(means)))
        )
    ),
    "you look at one comparison as if it were the only one. The more are looked at together, the more often one of them leads by luck: divide the 5 % by their number": lambda means, comparisons: (
        _said(_ends(means, 1))
    ),
    "you put the whole 5 % at each end; half of it belongs at either one": (
        lambda means, comparisons: _said(_ends(means, comparisons, tails=1))
    ),
    "an interval whose end is 0 holds 0": lambda means, comparisons: _said(
        _ends(means, comparisons), touching=True
    ),
    "you look at the middle alone. The ends say whether a difference was seen": (
        lambda means, comparisons: _said((float(np.mean(means)),) * 2)
    ),
    "higher and lower are the wrong way round": (
        lambda means, comparisons: {"higher": "lower", "lower": "higher"}.get(
            _right_words(means, comparisons), "no difference seen"
        )
    ),
    "you never say lower": (
        lambda means, comparisons: {"lower": "no difference seen"}.get(
            _right_words(means, comparisons), _right_words(means, comparisons)
        )
    ),
    "you divide the 95 % by the number of comparisons. It is the 5 % that is divided, and the interval grows": lambda means, comparisons: (
        _said(tuple(np.quantile(means, [0.5 - 0.475 / comparisons, 0.5 + 0.475 / comparisons])))
    ),
}


def _said_cases(seed: int) -> list:
    """Cases that tell all mistakes apart."""
    rng = _chance("5.3", seed)
    while True:
        cases = _said_some(rng)
        if distinguishes(cases, _right_words, _SAID_MISTAKES, times=1) and distinguished(
            cases, _right_words, _SAID_MISTAKES
        ):
            return cases


def _said_some(rng: random.Random) -> list:
    """Means of draws with a known share on the wrong side of 0, or at 0: no rounding and no rule
    for quantiles decides.
    """
    shapes = [
        (0.004, 0, 1),
        (0.004, 0, 4),
        (0.012, 0, 1),
        (0.013, 0, 4),
        (0.038, 0, 1),
        (0.2, 0, 2),
        (0.008, 0.06, 1),
        (0.03, 0, 3),
        (0.0, 0, 5),
        (0.009, 0, 2),
        (0.019, 0, 2),
        (0.01, 0.05, 1),
        (0.009, 0, 4),
        (0.018, 0, 1),
    ]
    cases = []
    for number, (beyond, at, comparisons) in enumerate(shapes):
        sign = 1 if number % 2 else -1
        for turn in (sign, -sign) if number < 3 else (rng.choice([1, -1]),):
            cases.append([_draws(rng, beyond, at, turn), comparisons])
    # Other numbers of draws than a thousand, and draws that all lie far from 0.
    cases += [[_draws(rng, 0.012, 0, turn, 4000), 1] for turn in (1, -1)]
    cases.append([_draws(rng, 0.008, 0, rng.choice([1, -1]), 500), 2])
    cases += [[[turn * (2 + rng.random() / 10) for _ in range(400)], 3] for turn in (1, -1)]
    rng.shuffle(cases)
    return cases


def _draws(
    rng: random.Random, beyond: float, at: float, sign: int, size: int = 1000
) -> list[float]:
    """Means of draws on one side of 0, but for these shares of them beyond it and exactly at it."""
    wrong, zero = round(size * beyond), round(size * at)
    steps = [rng.randint(1, 30) / 200 for _ in range(size - wrong - zero)]
    values = (
        [sign * step for step in steps]
        + [-sign * rng.randint(1, 4) / 200 for _ in range(wrong)]
        + [0.0] * zero
    )
    rng.shuffle(values)
    return values


def _said_problem(_means: list[float], _comparisons: int, got: object) -> str:
    named = ", ".join(f'"{words}"' for words in _SAID)
    return (
        ""
        if isinstance(got, str) and got in _SAID
        else f"expected one of {named} to be returned, got {format_value(got)}"
    )


def _said_otherwise(means: list[float], comparisons: int, got: str) -> str:
    low, high = _ends(means, comparisons)
    many = f"{comparisons} comparisons" if comparisons > 1 else "one comparison"
    return f'"{got}" does not fit. With {many} the interval goes from {low:+.3f} to {high:+.3f}'


# Task 5.4: break-even

_COSTS = ("once", "update", "question")


def _total(costs: dict, updates: int, questions: int) -> float:
    return costs["once"] + costs["update"] * updates + costs["question"] * questions


def _first_cheaper(tuned: dict, retrieval: dict, questions: int) -> int | None:
    start = _total(retrieval, 0, questions) - _total(tuned, 0, questions)
    saved = tuned["update"] - retrieval["update"]
    if start < 0:
        return 0
    return int(start // saved) + 1 if saved > 0 else None


def _even(tuned: dict, retrieval: dict, questions: int) -> float | None:
    start = _total(retrieval, 0, questions) - _total(tuned, 0, questions)
    saved = tuned["update"] - retrieval["update"]
    return start / saved if saved else None


def _up_to(most: int, *case: object) -> int | None:
    first = _first_cheaper(*case)
    return first if first is None or first <= most else None


def _near_even(rounding: Callable[[float], int], *case: object) -> int | None:
    return _first_cheaper(*case) and rounding(_even(*case))


_EVEN_MISTAKES = {
    "an update that costs as much or more with retrieval does not mean never: it may be cheaper from the start": lambda tuned, retrieval, questions: (
        _first_cheaper(tuned, retrieval, questions)
        if retrieval["update"] < tuned["update"]
        else None
    ),
    "your search stops too early: hundreds of updates may be needed, or thousands": (
        lambda *case: _up_to(366, *case)
    ),
    "your search stops at a hundred updates or so; more may be needed": lambda *case: _up_to(
        100, *case
    ),
    "retraining has to be done once too, before the first update": (
        lambda tuned, retrieval, questions: _first_cheaper(
            {**tuned, "once": 0}, retrieval, questions
        )
    ),
    "the questions come once a year, not after each update": (
        lambda tuned, retrieval, questions: _first_cheaper(
            *(
                {**costs, "update": costs["update"] + costs["question"] * questions, "question": 0}
                for costs in (tuned, retrieval)
            ),
            0,
        )
    ),
    "this is one more than needed": lambda *case: (
        None if _first_cheaper(*case) is None else _first_cheaper(*case) + 1
    ),
    "at that number both cost the same; retrieval is cheaper only after it": (
        lambda *case: _near_even(math.ceil, *case)
    ),
    "at that number retrieval is not cheaper yet: a part of an update does not happen, so round up": lambda *case: (
        _near_even(math.floor, *case)
    ),
    "the questions cost something too, and not the same with both": (
        lambda tuned, retrieval, questions: _first_cheaper(tuned, retrieval, 0)
    ),
    "retrieval has to be set up once too: its index": (
        lambda tuned, retrieval, questions: _first_cheaper(
            tuned, {**retrieval, "once": 0}, questions
        )
    ),
    "an update costs something with retrieval too": (
        lambda tuned, retrieval, questions: _first_cheaper(
            tuned, {**retrieval, "update": 0}, questions
        )
    ),
    "retrieval may be cheaper from the start: then the number is 0": lambda *case: (
        _first_cheaper(*case) if _first_cheaper(*case) != 0 else 1
    ),
    "it is the number from which retraining is cheaper; the two are the wrong way round": (
        lambda tuned, retrieval, questions: _first_cheaper(retrieval, tuned, questions)
    ),
}


def _even_cases(seed: int) -> list:
    """Costs in quarters of a second, so that sums are exact; both cost the same at a whole number,
    between two, or never.
    """
    rng = _chance("5.4", seed)
    while True:
        cases = [_even_case(rng, kind) for kind in ("whole", "between", "never", "at once") * 3]
        cases += [_far_case(rng, 110, 300), _far_case(rng, 1500, 20_000)]
        for case in cases[3:8:4]:  # dearer updates, or the same, and cheaper all the same with none
            case[1]["update"] = case[0]["update"] + rng.choice([0, 3])
        same = rng.randint(20, 90)
        cases.append([{"once": same, "update": 20, "question": 0.5}] * 2 + [100])
        rng.shuffle(cases)
        if distinguishes(cases, _first_cheaper, _EVEN_MISTAKES, times=1) and distinguished(
            cases, _first_cheaper, _EVEN_MISTAKES
        ):
            return cases


def _even_case(rng: random.Random, kind: str) -> list:
    while True:
        tuned = {
            "once": rng.randint(20, 200),
            "update": rng.randint(15, 90),
            "question": rng.randint(1, 6) / 4,
        }
        retrieval = {
            "once": rng.randint(5, 60),
            "update": rng.choice([0.25, 0.5, 1, 2, 5]),
            "question": rng.randint(3, 12) / 4,
        }
        if kind == "never":
            retrieval["update"] = tuned["update"] + rng.choice([0, 0, 7])
        case = [tuned, retrieval, rng.choice([40, 100, 250, 600])]
        if _kind(*case) == kind:
            return case


def _far_case(rng: random.Random, low: int, high: int) -> list:
    """So many questions that only that many updates make up for them: a search that stops before
    does not come so far.
    """
    while True:
        tuned, retrieval, questions = _even_case(rng, "between")
        retrieval["question"] = tuned["question"] + 0.5
        case = [tuned, retrieval, questions * rng.choice([20, 50, 100, 400])]
        if low < (_first_cheaper(*case) or 0) < high:
            return case


def _kind(tuned: dict, retrieval: dict, questions: int) -> str:
    first, even = _first_cheaper(tuned, retrieval, questions), _even(tuned, retrieval, questions)
    if first is None:
        return "never"
    if first == 0:
        return "at once" if even is None or even < -1 else "only just at once"
    return "whole" if even == int(even) else "between"


def _even_problem(_tuned: dict, _retrieval: dict, _questions: int, got: object) -> str:
    if got is None:
        return ""
    if not is_number(got):
        return (
            f"{number_problem(got)}. A number of updates is wanted, or None where retrieval is"
            " never cheaper"
        )
    if got != int(got) or got < 0:
        return f"updates are counted in whole numbers from 0; got {format_value(got)}"
    return ""


def _even_otherwise(tuned: dict, retrieval: dict, questions: int, got: float | None) -> str:
    if got is None:
        return "you say never, yet there is a number of updates at which retrieval costs less"
    ours, theirs = (_total(costs, int(got), questions) for costs in (retrieval, tuned))
    told = (
        f"with {int(got)} updates and {questions} questions retrieval costs {ours:g} and retraining"
        f" {theirs:g}"
    )
    if ours >= theirs:
        never = _first_cheaper(tuned, retrieval, questions) is None
        return f"{told}: retrieval is not cheaper there" + (
            ", nor with any more of them. Then return None" if never else ""
        )
    return f"{told}: that is cheaper, but so it is with fewer updates"


# Task 5.5: support

_STOP_WORDS = (
    "a an and are as at be by can do for from has have in is it its of on or our that the there to"
    " us was we were will with you your"
).split()
_TOKEN = re.compile(r"[a-z0-9]+")

#: (answer, passages) with numbers to fill in.
_ANSWERS = (
    (
        "The Chart Room is hired at £{a} an hour.",
        [
            "From May the Chart Room at Old Quay is hired at £{a} an hour.",
            "It may be held for {b} days without payment.",
        ],
    ),
    ("A visitor card costs £{a} and the price is refunded.", ["A visitor card costs £{a} a year."]),
    (
        "It is {b} o'clock, the otters are art.",
        ["A party of otters came at {b}0 in the morning, and smartly."],
    ),
    (
        "Dogs, dogs and more dogs may wait in the porch.",
        ["DOGS may wait in the Porch until their readers come back."],
    ),
    (
        "The lamp was given by the harbour master.",
        ["The lamp in the window burns all night.", "Keeper and lamp came from the lighthouse."],
    ),
    (
        "We are open until {b}, and {a} seats are free.",
        ["In winter the room is open until {b}, with {a}{b} seats in all."],
    ),
    ("You can have it from us.", ["The boat leaves Mill Steps at {b}."]),
    (
        "Bring your own spoon, mug and poem.",
        [
            "Guests bring their own spoon to the Poetry Breakfast.",
            "Each reads one poem of {a} lines.",
        ],
    ),
    (
        "The storytime is for children aged {b} to {a}.",
        ["Pulp and Giggles is for children aged {b} to {a}, all welcome."],
    ),
    (
        "Thora Jessop leads the knitters on Tuesday evenings.",
        ["Harbour Needles meets on Tuesday.", "Thora Jessop knits there."],
    ),
    (
        "The flood of 18{a} drowned nobody.",
        ["In 18{a} the river rose by {b} feet, and the mill was lost."],
    ),
    (
        "Ask at the desk for a key, and hand the key back at the desk.",
        ["The key of the seed drawer hangs behind the desk."],
    ),
    (
        "Twelve issues of the quarterly are kept.",
        ["The branch keeps the latest {a} issues of The Slack Water Quarterly."],
    ),
    (
        "The reading boat ties up on Thursday.",
        ["On Thursdays the boat is at its mooring, and reading is allowed on deck."],
    ),
)


#: In every set of cases: a point inside a price, an underscore, passages without a full stop,
#: thirds, a plural, nothing read.
_ALWAYS = (
    ("The kayak shed opens at {b}.", ["kayak_shed, open from {b} until dusk", "Bring a towel"]),
    ("Tea and cake cost £{a}.50.", ["Cake is £{a}.50 a slice", "tea costs nothing"]),
    (
        "Bring a towel, a spoon and a mug at dusk.",
        ["We paddle until dusk", "Bring a towel, a spoon and a mug"],
    ),
    ("Storytime moves upstairs.", ["Storytime is at ten.", "The lift is out of use."]),
    ("The boats are moored on Thursdays.", ["On Thursday the boat is at its mooring."]),
    ("No dogs on deck.", []),
)


def _content(text: str, stop_words: Sequence[str]) -> list[str]:
    return list(
        dict.fromkeys(word for word in _TOKEN.findall(text.lower()) if word not in stop_words)
    )


def _words_of(passages: list[str]) -> set[str]:
    return set(_TOKEN.findall(" ".join(passages).lower()))


def _of(words: Sequence[str], held: Callable[[str], bool]) -> float:
    return sum(held(word) for word in words) / len(words) if words else 1.0


def _supported(said: str, passages: list[str], stop_words: list[str]) -> float:
    return _of(_content(said, stop_words), _words_of(passages).__contains__)


def _cut(pattern: str) -> Callable[[str, list[str], list[str]], float]:
    """The mistake that takes other characters for those of a word."""

    def mistake(said: str, passages: list[str], stop: list[str]) -> float:
        words = list(
            dict.fromkeys(word for word in re.findall(pattern, said.lower()) if word not in stop)
        )
        return _of(words, set(re.findall(pattern, " ".join(passages).lower())).__contains__)

    return mistake


def _cut_at_spaces(said: str, passages: list[str], stop: list[str]) -> float:
    def words(text: str) -> list[str]:
        return [word.strip(".,;:!?£'\"") for word in text.lower().split()]

    return _of(
        list(dict.fromkeys(word for word in words(said) if word not in stop)),
        set(words(" ".join(passages))).__contains__,
    )


def _each(
    said: str, passages: list[str], stop: list[str], join: Callable[[list[float]], float]
) -> float:
    return join(
        [_supported(said, [passage], stop) for passage in passages] or [_supported(said, [], stop)]
    )


def _singular(said: str, passages: list[str], stop: list[str]) -> float:
    return _of(
        _content(said, stop),
        lambda word: word.rstrip("s") in {held.rstrip("s") for held in _words_of(passages)},
    )


_SUPPORT_MISTAKES = {
    "a word is an unbroken run of the letters a to z and the digits; \\w takes in the underscore and other letters too": _cut(
        r"\w+"
    ),
    'a point is no part of a word: "£12.50" gives 12 and 50': _cut(r"[a-z0-9.]+"),
    'cutting at spaces and taking marks from the ends of words is not enough: "£12.50" gives 12 and 50': (
        _cut_at_spaces
    ),
    "cutting at spaces is not enough: a full stop or comma is no part of a word": _cut(r"\S+"),
    "the passages are joined without a space, so that two words become one": (
        lambda said, passages, stop: _supported(said, ["".join(passages)], stop)
    ),
    "only the last passage is looked at": lambda said, passages, stop: _supported(
        said, passages[-1:], stop
    ),
    "you take the passage that supports most; a word counts if any of the passages holds it": (
        lambda *case: _each(*case, join=max)
    ),
    "you take the mean over the passages; a word counts if any of the passages holds it": (
        lambda *case: _each(*case, join=lambda shares: sum(shares) / len(shares))
    ),
    "a word counts if any of the passages holds it; you ask whether all do": (
        lambda said, passages, stop: _of(
            _content(said, stop),
            lambda word: all(word in _words_of([passage]) for passage in passages),
        )
    ),
    "you divide by the words of answer and passages together; divide by the answer's content words": lambda said, passages, stop: (
        _of(
            list(dict.fromkeys(_content(f"{said} {' '.join(passages)}", stop))),
            lambda word: word in _content(said, stop) and word in _words_of(passages),
        )
        if _content(said, stop)
        else 1.0
    ),
    "you divide by all words of the answer; the stop words do not count": (
        lambda said, passages, stop: (
            _supported(said, passages, stop) * len(_content(said, stop)) / len(_content(said, []))
            if _content(said, stop)
            else 1.0
        )
    ),
    "short words are left out; only the stop words are": lambda said, passages, stop: _of(
        [word for word in _content(said, stop) if len(word) > 2], _words_of(passages).__contains__
    ),
    "a word and its plural are two words here": _singular,
    "a word is found inside a longer one, or a number inside a longer number. Cut the passages into words, and compare whole words": lambda said, passages, stop: (
        _of(_content(said, stop), lambda word: word in " ".join(passages).lower())
    ),
    "the stop words count. They stand in every text, and support nothing": (
        lambda said, passages, stop: _supported(said, passages, [])
    ),
    "a word counts as often as it is said; it should count once": lambda said, passages, stop: _of(
        [word for word in _TOKEN.findall(said.lower()) if word not in stop],
        _words_of(passages).__contains__,
    ),
    "only the first passage is looked at": lambda said, passages, stop: _supported(
        said, passages[:1], stop
    ),
    "capital letters make a difference; they should make none": lambda said, passages, stop: _of(
        list(dict.fromkeys(word for word in re.findall(r"[A-Za-z0-9]+", said) if word not in stop)),
        lambda word: word in re.findall(r"[A-Za-z0-9]+", " ".join(passages)),
    ),
    "an answer without content words claims nothing, so all of it is supported: the share is 1": (
        lambda said, passages, stop: (
            _supported(said, passages, stop) if _content(said, stop) else 0.0
        )
    ),
    "you divide by the passages' words. The share is one of the answer's words": (
        lambda said, passages, stop: (
            _of(
                _content(" ".join(passages), stop) or [""],
                lambda word: word in _TOKEN.findall(said.lower()),
            )
            if _content(said, stop)
            else 1.0
        )
    ),
    "this is the share that is not supported": (
        lambda said, passages, stop: 1 - _supported(said, passages, stop)
    ),
    "numbers are left out; a wrong number is the worst invention of all": (
        lambda said, passages, stop: _of(
            [word for word in _content(said, stop) if word.isalpha()],
            _words_of(passages).__contains__,
        )
    ),
}


def _support_cases(seed: int) -> list:
    rng = _chance("5.5", seed)
    while True:
        cases = []
        for said, passages in [*rng.sample(_ANSWERS, 10), *_ALWAYS]:
            numbers = {"a": rng.randint(11, 49), "b": rng.randint(2, 9)}
            said = said.format(**numbers)
            if rng.random() < 0.3:
                numbers["a"] += 1  # the answer's number is another one than the passage's
            cases.append([said, [text.format(**numbers) for text in passages], _STOP_WORDS])
        rng.shuffle(cases)
        if distinguishes(cases, _supported, _SUPPORT_MISTAKES, times=1) and distinguished(
            cases, _supported, _SUPPORT_MISTAKES
        ):
            return cases


def _support_problem(_said: str, _passages: list[str], _stop: list[str], got: object) -> str:
    if not is_number(got):
        return number_problem(got)
    return "" if 0 <= got <= 1 + 1e-9 else f"a share lies between 0 and 1, got {format_value(got)}"


def _support_otherwise(said: str, passages: list[str], stop: list[str], got: float) -> str:
    words = ", ".join(_content(said, stop)) or "none at all"
    return (
        f"a share of {format_value(got)} is not right. The answer's content words are {words}: how many "
        f"of them stand in {format_value(passages, 160)}?"
    )


TASKS = {
    task.id: task
    for task in (
        Task(
            "5.1",
            "Is the comparison fair?",
            3,
            (
                (
                    "Go through the rules one by one, each with its own if, and append the rule's"
                    " name to a list."
                ),
                (
                    'plan["facts"][question] is what a question asks for. Put the facts of all'
                    " asked questions into a set, and those of all training questions into another:"
                    " a leak is where they meet. Sets also forget the order of questions."
                ),
            ),
            _plan_cases,
            calls,
            _judge_plans,
            10,
        ),
        Task(
            "5.2",
            "A paired interval",
            4,
            (
                "Subtract first: pairs that are drawn together are differences that are drawn.",
                (
                    "With rng = np.random.default_rng(), rng.integers(0, n, size=n) draws n"
                    " question numbers with replacement. Keep the mean difference of each draw, and"
                    " take np.quantile of all of them at 0.025 and 0.975."
                ),
            ),
            _paired_cases,
            calls,
            _judge_paired,
            30,
        ),
        Task(
            "5.3",
            "What may be said?",
            3,
            (
                (
                    "With one comparison the interval runs from the quantile 0.025 to the quantile"
                    " 0.975 of the means."
                ),
                (
                    "With several the 5 % that the interval leaves out are divided by their number,"
                    " half at each end: 0.025 / comparisons. Then ask whether both ends lie on one"
                    " side of 0."
                ),
            ),
            _said_cases,
            calls,
            by_mistakes(
                _right_words,
                _SAID_MISTAKES,
                call="conclusion(means, {1})",
                problem=_said_problem,
                otherwise=_said_otherwise,
            ),
            20,
        ),
        Task(
            "5.4",
            "When does it pay?",
            3,
            (
                (
                    "Write a small function for the total cost of a system at a number of updates"
                    " first."
                ),
                (
                    "Retrieval gains the difference of the two costs of an update with each of"
                    " them. If it gains nothing and is not cheaper at the start, it never will be."
                    " Otherwise step up from 0 until it costs less."
                ),
            ),
            _even_cases,
            calls,
            by_mistakes(
                _first_cheaper,
                _EVEN_MISTAKES,
                call="cheaper_from({}, {}, {})",
                problem=_even_problem,
                otherwise=_even_otherwise,
            ),
            20,
        ),
        Task(
            "5.5",
            "Said and supported",
            3,
            (
                're.findall("[a-z0-9]+", text.lower()) gives a text\'s words and numbers.',
                (
                    "Make a set of the answer's words, take the stop words out, and count how many"
                    " are in the set of all passages' words. An empty set has the share 1."
                ),
            ),
            _support_cases,
            calls,
            by_mistakes(
                _supported,
                _SUPPORT_MISTAKES,
                call="supported({0}, {1}, stop_words)",
                problem=_support_problem,
                otherwise=_support_otherwise,
            ),
            10,
        ),
    )
}

#: Tasks that a person marks.
MANUAL = {"5.6": ManualTask("Your decision", 4)}

points = partial(checking.points, 5)


def task_5_1(unfair, seed: int = 0) -> None:
    """Check `unfair(plan)`, which returns a list of names of rules."""
    checking.run(TASKS["5.1"], unfair, seed)


def task_5_2(paired_interval, seed: int = 0) -> None:
    """Check `paired_interval(first, second, draws)`, which returns the two ends of a 95 %
    interval.
    """
    checking.run(TASKS["5.2"], paired_interval, seed)


def task_5_3(conclusion, seed: int = 0) -> None:
    """Check `conclusion(means, comparisons)`, which returns "higher", "lower" or "no difference
    seen".
    """
    checking.run(TASKS["5.3"], conclusion, seed)


def task_5_4(cheaper_from, seed: int = 0) -> None:
    """Check `cheaper_from(tuned, retrieval, questions)`, which returns a number of updates, or
    None.
    """
    checking.run(TASKS["5.4"], cheaper_from, seed)


def task_5_5(supported, seed: int = 0) -> None:
    """Check `supported(answer, passages, stop_words)`, which returns a share from 0 to 1."""
    checking.run(TASKS["5.5"], supported, seed)
