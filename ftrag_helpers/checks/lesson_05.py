"""The checks of exercise 5: fair plans, a paired interval, what it supports, break-even, support by the sources.

Level 3. No model, no training: plans, scores, costs and texts are given. Task 5.6, the decision, is marked by a person.
"""

import math
import random
import re
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ftrag_helpers.checks import core
from ftrag_helpers.checks.core import PASSED, ByHand, Task, Verdict, answer, by_case, calls, hint
from ftrag_helpers.checks.slips import by_slips, same, telling
from ftrag_helpers.checks.values import is_number, number_problem, numbers_problem, shown

__all__ = ["MANUAL", "TASKS", "answer", "hint", "points", "task_5_1", "task_5_2", "task_5_3", "task_5_4", "task_5_5"]


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


#: What the usual slips report, by rule.
_PLAN_SLIPS = {
    "leak": {
        "a leak hides behind other words: two questions with different ids can ask for the same fact. Compare facts, not ids":
            lambda plan: any(set(one["asked"]) & set(other["trained on"]) for one in plan["systems"].values()
                             for other in plan["systems"].values())},
    "other questions": {
        "the same questions in another order are the same questions":
            lambda plan: len({tuple(system["asked"]) for system in plan["systems"].values()}) > 1,
        "as many questions are not yet the same questions":
            lambda plan: len({len(system["asked"]) for system in plan["systems"].values()}) > 1},
    "chosen on test": {
        "one system whose settings were chosen on the test questions is enough to spoil the plan":
            lambda plan: all(system["chosen on"] == "test" for system in plan["systems"].values())},
    "too few seeds": {
        "a system that was not trained has no chance in it: it needs no seeds":
            lambda plan: any(system["seeds"] < SEEDS for system in plan["systems"].values()),
        f"{SEEDS} seeds are enough": lambda plan: any(system["trained on"] and system["seeds"] <= SEEDS
                                                      for system in plan["systems"].values())},
    "other reading": {
        "a closed-book system reads 0 sentences, and that is no other reading":
            lambda plan: len({system["sentences"] for system in plan["systems"].values()}) > 1}}
_RULE_WORDS = {
    "leak": "a fact that is asked for in the test also stands in some system's training questions",
    "other questions": "not every system is asked the same questions",
    "chosen on test": "a system's settings were chosen on the test questions",
    "too few seeds": f"a system with training questions has fewer than {SEEDS} seeds",
    "other reading": "the systems that read do not all read the same number of sentences"}
#: Where in a system's description one sees whether a rule is broken.
_RULE_FIELDS = dict(zip(RULES, ("trained on", "asked", "chosen on", "seeds", "sentences"), strict=True))


def _plan_cases(seed: int) -> list:
    """Ten plans: a fair one, one for each rule that it alone breaks, and four that break several or none."""
    chance = _chance("5.1", seed)
    while True:
        broken = [(), *((rule,) for rule in RULES), *(chance.sample(RULES, chance.choice([0, 2, 3, 4])) for _ in range(4))]
        cases = [[_plan(chance, rules)] for rules in broken]
        chance.shuffle(cases)
        if all(telling(cases, partial(_broken, rule=rule), slips, times=1) for rule, slips in _PLAN_SLIPS.items()):
            return cases


def _plan(chance: random.Random, rules: Sequence[str]) -> dict:
    """A plan that breaks exactly these rules, with something in it that looks like a break of others."""
    numbers = chance.sample(range(100, 1000), 12)
    facts = {f"q{number}": f"fact-{i}" for i, number in enumerate(numbers)}
    ids = list(facts)
    asked, trained, spare = ids[:4], ids[4:9], ids[9:]
    if "leak" in rules:
        if chance.random() < 0.7:
            facts[trained[2]] = facts[asked[1]]  # in other words
        else:
            trained[2] = asked[1]
    seeds, sentences, split = chance.choice([3, 4, 5]), chance.choice([1, 3, 5]), chance.choice(["validation", "train"])
    systems = {
        "closed book": {"trained on": [], "seeds": 1, "sentences": 0, "chosen on": "validation"},
        "fine-tuned reader": {"trained on": trained, "seeds": seeds, "sentences": sentences, "chosen on": split},
        "retrieval": {"trained on": [], "seeds": 1, "sentences": sentences, "chosen on": "validation"}}
    for system in systems.values():
        system["asked"] = chance.sample(asked, 4)
    names = chance.sample(sorted(systems), 3)
    if "other questions" in rules:
        changed = systems[names[0]]["asked"]
        changed[2:3] = chance.choice([[], [spare[0]], [spare[0]]])
    if "chosen on test" in rules:
        systems[names[1]]["chosen on"] = "test"
    if "too few seeds" in rules:
        systems["fine-tuned reader"]["seeds"] = chance.choice([1, 2])
    if "other reading" in rules:
        systems[chance.choice(["retrieval", "fine-tuned reader"])]["sentences"] += 2
    return {"facts": facts, "systems": {name: dict(sorted(systems[name].items())) for name in names}}


def _plan_problem(_plan: dict, got: object) -> str:
    if not isinstance(got, list) or not all(isinstance(name, str) for name in got):
        return f"expected a list of rule names to be returned, got {shown(got)}"
    unknown = [name for name in got if name not in RULES]
    return f"{unknown[0]!r} is no rule; the rules are {', '.join(RULES)}" if unknown else ""


def _judge_plans(inputs: list, observed: object) -> Verdict:
    formed = by_case(_plan_problem, "unfair(plan)")(inputs, observed)
    if not formed.passed:
        return formed
    for rule in RULES:
        said = [rule in got for got in observed]
        right = [_broken(plan, rule) for plan, in inputs]
        if said == right:
            continue
        for words, slip in _PLAN_SLIPS[rule].items():
            if said == [bool(slip(plan)) for plan, in inputs]:
                return Verdict(False, f'"{rule}": {words}')
        if not any(said):
            return Verdict(False, f'"{rule}" is never among your results. It is broken where {_RULE_WORDS[rule]}')
        i = next(i for i, (a, b) in enumerate(zip(said, right, strict=True)) if a != b)
        told = f'you name "{rule}", and it is not' if said[i] else f'you do not name "{rule}", and it is'
        return Verdict(False, f"for plan {i + 1} of {len(inputs)} {told} broken there. It is broken where {_RULE_WORDS[rule]}. "
                              f"There, {_RULE_FIELDS[rule]}: {_shown_field(inputs[i][0], rule)}")
    return PASSED


def _shown_field(plan: dict, rule: str) -> str:
    return shown({name: system[_RULE_FIELDS[rule]] for name, system in plan["systems"].items()}, 160)


# Task 5.2: a paired interval

_DRAWS = 4000
#: How far an end may lie from ours, in standard errors of the mean difference; two honest intervals of 4,000 draws each
#: differ by less than half of this.
_TOLERANCE = 0.22


def _paired_cases(seed: int) -> list:
    """Pairs of scores that rise and fall together, as two systems do on easy and hard questions."""
    chance = _chance("5.2", seed)
    cases = []
    for count, gap, spread in ((40, 0.12, 0.10), (60, -0.08, 0.12), (25, 0.02, 0.15)):
        hardness = [chance.uniform(0.05, 0.85) for _ in range(count)]
        first = [round(min(1, max(0, h + chance.gauss(0, 0.03))), 3) for h in hardness]
        second = [round(min(1, max(0, h + gap + chance.gauss(0, spread))), 3) for h in hardness]
        cases.append([first, second, _DRAWS])
    return cases


def _quantiles(means: np.ndarray, level: float = 0.95) -> list[float]:
    return np.quantile(means, [(1 - level) / 2, (1 + level) / 2]).tolist()


def _resampled(values: np.ndarray, chance: np.random.Generator, draws: int = _DRAWS) -> np.ndarray:
    return values[chance.integers(0, values.size, size=(draws, values.size))].mean(axis=1)


def _paired_slips(a: np.ndarray, b: np.ndarray, gaps: np.ndarray) -> dict[str, list[float]]:
    """The intervals of the usual slips under the words that help; `gaps` are means of draws of b − a."""
    chance = np.random.default_rng(1)
    return {
        "the two systems are resampled apart. Draw question numbers, and take both scores of the same questions":
            _quantiles(_resampled(b, chance) - _resampled(a, chance)),
        "it is the interval of first − second; second − first is wanted": _quantiles(-gaps),
        "it is the interval of the first system alone; the difference is wanted": _quantiles(_resampled(a, chance)),
        "it is the interval of the second system alone; the difference is wanted": _quantiles(_resampled(b, chance)),
        "it says how much single questions differ. Take the mean of each draw, then the quantiles of the means":
            _quantiles(b - a),
        "its ends are not 2.5 % and 97.5 %: this is a 90 % interval": _quantiles(gaps, 0.90),
        "its ends are not 2.5 % and 97.5 %: this is a 99 % interval": _quantiles(gaps, 0.99),
        "its ends are not 2.5 % and 97.5 %: one of them is far too near the middle":
            [float(np.quantile(gaps, 0.25)), float(np.quantile(gaps, 0.975))]}


def _paired_problem(first: list[float], second: list[float], _draws: int, got: object) -> str:
    problem = numbers_problem(got, 2)
    if problem:
        return problem
    a, b = np.array(first), np.array(second)
    error, mean = float((b - a).std() / np.sqrt(a.size)), float((b - a).mean())

    def near(want: list[float], unit: float = error) -> bool:
        return all(abs(x - y) < _TOLERANCE * unit for x, y in zip(got, want, strict=True))

    gaps = _resampled(b - a, np.random.default_rng(0), 20_000)
    if near(_quantiles(gaps)):
        return ""
    told = f"your interval [{got[0]:+.3f}, {got[1]:+.3f}]"
    if got[0] > got[1]:
        return f"{told} has its lower end above its upper one"
    if got[1] - got[0] < error * 0.02:
        return (f"{told} has no width. A draw takes as many questions as there are, with replacement: some twice, some "
                "not at all")
    words = next((words for words, want in _paired_slips(a, b, gaps).items() if near(want, (want[1] - want[0]) / 4)), "")
    if words:
        return f"{told} is not right: {words}"
    if not got[0] <= mean <= got[1]:
        return f"{told} does not hold the mean difference of {mean:+.3f}"
    width = "wide" if got[1] - got[0] > 4 * error else "narrow"
    return (f"{told} is too {width} for these scores. How many questions does a draw take, and does it take both scores of the "
            "same ones?")


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


_SAID_SLIPS = {
    "you look at one comparison as if it were the only one. The more are looked at together, the more often one of them leads "
    "by luck: divide the 5 % by their number": lambda means, comparisons: _said(_ends(means, 1)),
    "you put the whole 5 % at each end; half of it belongs at either one":
        lambda means, comparisons: _said(_ends(means, comparisons, tails=1)),
    "an interval whose end is 0 holds 0": lambda means, comparisons: _said(_ends(means, comparisons), touching=True),
    "you look at the middle alone. The ends say whether a difference was seen":
        lambda means, comparisons: _said((float(np.mean(means)),) * 2),
    "higher and lower are the wrong way round": lambda means, comparisons: {"higher": "lower", "lower": "higher"}.get(
        _right_words(means, comparisons), "no difference seen"),
    "you never say lower": lambda means, comparisons: {"lower": "no difference seen"}.get(
        _right_words(means, comparisons), _right_words(means, comparisons)),
    "you divide the 95 % by the number of comparisons. It is the 5 % that is divided, and the interval grows":
        lambda means, comparisons: _said(tuple(np.quantile(means, [0.5 - 0.475 / comparisons, 0.5 + 0.475 / comparisons]))),
}


def _said_cases(seed: int) -> list:
    """Means of draws with a known share on the wrong side of 0, or at 0: no rounding and no rule for quantiles decides."""
    chance = _chance("5.3", seed)
    shapes = [(0.004, 0, 1), (0.004, 0, 4), (0.012, 0, 1), (0.013, 0, 4), (0.038, 0, 1), (0.2, 0, 2),
              (0.008, 0.06, 1), (0.03, 0, 3), (0.0, 0, 5), (0.009, 0, 2), (0.019, 0, 2), (0.01, 0.05, 1)]
    cases = []
    for number, (beyond, at, comparisons) in enumerate(shapes):
        sign = 1 if number % 2 else -1
        for turn in (sign, -sign) if number < 3 else (chance.choice([1, -1]),):
            cases.append([_draws(chance, beyond, at, turn), comparisons])
    chance.shuffle(cases)
    return cases


def _draws(chance: random.Random, beyond: float, at: float, sign: int) -> list[float]:
    """1,000 means of draws on one side of 0, but for these shares of them beyond it and exactly at it."""
    count, wrong, zero = 1000, round(1000 * beyond), round(1000 * at)
    steps = [chance.randint(1, 30) / 200 for _ in range(count - wrong - zero)]
    values = [sign * step for step in steps] + [-sign * chance.randint(1, 4) / 200 for _ in range(wrong)] + [0.0] * zero
    chance.shuffle(values)
    return values


def _said_problem(_means: list[float], _comparisons: int, got: object) -> str:
    named = ", ".join(f'"{words}"' for words in _SAID)
    return "" if isinstance(got, str) and got in _SAID else f"expected one of {named} to be returned, got {shown(got)}"


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


def _near_even(rounding: Callable[[float], int], *case: object) -> int | None:
    return _first_cheaper(*case) and rounding(_even(*case))


_EVEN_SLIPS = {
    "at that number both cost the same; retrieval is cheaper only after it": lambda *case: _near_even(math.ceil, *case),
    "at that number retrieval is not cheaper yet: a part of an update does not happen, so round up":
        lambda *case: _near_even(math.floor, *case),
    "the questions cost something too, and not the same with both":
        lambda tuned, retrieval, questions: _first_cheaper(tuned, retrieval, 0),
    "retrieval has to be set up once too: its index": lambda tuned, retrieval, questions: _first_cheaper(
        tuned, {**retrieval, "once": 0}, questions),
    "an update costs something with retrieval too": lambda tuned, retrieval, questions: _first_cheaper(
        tuned, {**retrieval, "update": 0}, questions),
    "retrieval may be cheaper from the start: then the number is 0":
        lambda *case: _first_cheaper(*case) if _first_cheaper(*case) != 0 else 1,
    "it is the number from which retraining is cheaper; the two are the wrong way round":
        lambda tuned, retrieval, questions: _first_cheaper(retrieval, tuned, questions),
}


def _even_cases(seed: int) -> list:
    """Costs in quarters of a second, so that sums are exact; both cost the same at a whole number, between two, or never."""
    chance = _chance("5.4", seed)
    while True:
        cases = [_even_case(chance, kind) for kind in ("whole", "between", "never", "at once") * 2]
        cases.append(_far_case(chance))
        chance.shuffle(cases)
        if telling(cases, _first_cheaper, _EVEN_SLIPS, times=1):
            return cases


def _even_case(chance: random.Random, kind: str) -> list:
    while True:
        tuned = {"once": chance.randint(20, 200), "update": chance.randint(15, 90), "question": chance.randint(1, 6) / 4}
        retrieval = {"once": chance.randint(5, 60), "update": chance.choice([0.25, 0.5, 1, 2, 5]),
                     "question": chance.randint(3, 12) / 4}
        if kind == "never":
            retrieval["update"] = tuned["update"] + chance.choice([0, 0, 7])
        case = [tuned, retrieval, chance.choice([40, 100, 250, 600])]
        if _kind(*case) == kind:
            return case


def _far_case(chance: random.Random) -> list:
    """So many questions that only hundreds of updates make up for them: a search that stops at 100 does not come so far."""
    while True:
        tuned, retrieval, questions = _even_case(chance, "between")
        retrieval["question"] = tuned["question"] + 0.5
        case = [tuned, retrieval, 100 * questions]
        if (_first_cheaper(*case) or 0) > 150:
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
        return f"{number_problem(got)}. A number of updates is wanted, or None where retrieval is never cheaper"
    if got != int(got) or got < 0:
        return f"updates are counted in whole numbers from 0; got {shown(got)}"
    return ""


def _even_otherwise(tuned: dict, retrieval: dict, questions: int, got: float | None) -> str:
    if got is None:
        return "you say never, yet there is a number of updates at which retrieval costs less"
    ours, theirs = (_total(costs, int(got), questions) for costs in (retrieval, tuned))
    told = f"with {int(got)} updates and {questions} questions retrieval costs {ours:g} and retraining {theirs:g}"
    if ours >= theirs:
        never = _first_cheaper(tuned, retrieval, questions) is None
        return f"{told}: retrieval is not cheaper there" + (", nor with any more of them. Then return None" if never else "")
    return f"{told}: that is cheaper, but so it is with fewer updates"


# Task 5.5: support

_STOP_WORDS = ("a an and are as at be by can do for from has have in is it its of on or our that the there to us was we were "
               "will with you your").split()
_TOKEN = re.compile(r"[a-z0-9]+")

#: (answer, passages) with numbers to fill in.
_ANSWERS = (
    ("The Chart Room is hired at £{a} an hour.", ["From May the Chart Room at Old Quay is hired at £{a} an hour.",
                                                  "It may be held for {b} days without payment."]),
    ("A visitor card costs £{a} and the price is refunded.", ["A visitor card costs £{a} a year."]),
    ("It is {b} o'clock, the otters are art.", ["A party of otters came at {b}0 in the morning, and smartly."]),
    ("Dogs, dogs and more dogs may wait in the porch.", ["DOGS may wait in the Porch until their readers come back."]),
    ("The lamp was given by the harbour master.", ["The lamp in the window burns all night.",
                                                   "Keeper and lamp came from the lighthouse."]),
    ("We are open until {b}, and {a} seats are free.", ["In winter the room is open until {b}, with {a}{b} seats in all."]),
    ("You can have it from us.", ["The boat leaves Mill Steps at {b}."]),
    ("Bring your own spoon, mug and poem.", ["Guests bring their own spoon to the Poetry Breakfast.",
                                             "Each reads one poem of {a} lines."]),
    ("The storytime is for children aged {b} to {a}.", ["Pulp and Giggles is for children aged {b} to {a}, all welcome."]),
    ("Thora Jessop leads the knitters on Tuesday evenings.", ["Harbour Needles meets on Tuesday.",
                                                               "Thora Jessop knits there."]),
    ("The flood of 18{a} drowned nobody.", ["In 18{a} the river rose by {b} feet, and the mill was lost."]),
    ("Ask at the desk for a key, and hand the key back at the desk.", ["The key of the seed drawer hangs behind the desk."]),
    ("Twelve issues of the quarterly are kept.", ["The branch keeps the latest {a} issues of The Slack Water Quarterly."]),
    ("The reading boat ties up on Thursday.", ["On Thursdays the boat is at its mooring, and reading is allowed on deck."]))


def _content(text: str, stop_words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(word for word in _TOKEN.findall(text.lower()) if word not in stop_words))


def _words_of(passages: list[str]) -> set[str]:
    return set(_TOKEN.findall(" ".join(passages).lower()))


def _of(words: Sequence[str], held: Callable[[str], bool]) -> float:
    return sum(held(word) for word in words) / len(words) if words else 1.0


def _supported(said: str, passages: list[str], stop_words: list[str]) -> float:
    return _of(_content(said, stop_words), _words_of(passages).__contains__)


_SUPPORT_SLIPS = {
    "a word is found inside a longer one, or a number inside a longer number. Cut the passages into words, and compare whole "
    "words": lambda said, passages, stop: _of(_content(said, stop), lambda word: word in " ".join(passages).lower()),
    "the stop words count. They stand in every text, and support nothing":
        lambda said, passages, stop: _supported(said, passages, []),
    "a word counts as often as it is said; it should count once": lambda said, passages, stop: _of(
        [word for word in _TOKEN.findall(said.lower()) if word not in stop], _words_of(passages).__contains__),
    "only the first passage is looked at": lambda said, passages, stop: _supported(said, passages[:1], stop),
    "capital letters make a difference; they should make none": lambda said, passages, stop: _of(
        list(dict.fromkeys(word for word in re.findall(r"[A-Za-z0-9]+", said) if word not in stop)),
        lambda word: word in re.findall(r"[A-Za-z0-9]+", " ".join(passages))),
    "an answer without content words claims nothing, so all of it is supported: the share is 1":
        lambda said, passages, stop: _supported(said, passages, stop) if _content(said, stop) else 0.0,
    "you divide by the passages' words. The share is one of the answer's words": lambda said, passages, stop: _of(
        _content(" ".join(passages), stop), lambda word: word in _TOKEN.findall(said.lower())) if _content(said, stop) else 1.0,
    "this is the share that is not supported": lambda said, passages, stop: 1 - _supported(said, passages, stop),
    "numbers are left out; a wrong number is the worst invention of all": lambda said, passages, stop: _of(
        [word for word in _content(said, stop) if word.isalpha()], _words_of(passages).__contains__),
}


def _support_cases(seed: int) -> list:
    chance = _chance("5.5", seed)
    while True:
        cases = []
        for said, passages in chance.sample(_ANSWERS, 9):
            numbers = {"a": chance.randint(11, 49), "b": chance.randint(2, 9)}
            said = said.format(**numbers)
            if chance.random() < 0.3:
                numbers["a"] += 1  # the answer's number is another one than the passage's
            cases.append([said, [text.format(**numbers) for text in passages], _STOP_WORDS])
        if telling(cases, _supported, _SUPPORT_SLIPS, times=1):
            return cases


def _support_problem(_said: str, _passages: list[str], _stop: list[str], got: object) -> str:
    if not is_number(got):
        return number_problem(got)
    return "" if 0 <= got <= 1 + 1e-9 else f"a share lies between 0 and 1, got {shown(got)}"


def _support_otherwise(said: str, passages: list[str], stop: list[str], got: float) -> str:
    words = ", ".join(_content(said, stop)) or "none at all"
    return (f"a share of {shown(got)} is not right. The answer's content words are {words}: how many "
            f"of them stand in {shown(passages, 160)}?")


TASKS = {task.id: task for task in (
    Task("5.1", "Is the comparison fair?", 3,
         ("Go through the rules one by one, each with its own if, and append the rule's name to a list.",
          "plan[\"facts\"][question] is what a question asks for. Put the facts of all asked questions into a set, and those "
          "of all training questions into another: a leak is where they meet. Sets also forget the order of questions."),
         _plan_cases, calls, _judge_plans, 10),
    Task("5.2", "A paired interval", 4,
         ("Subtract first: pairs that are drawn together are differences that are drawn.",
          "With rng = np.random.default_rng(), rng.integers(0, n, size=n) draws n question numbers with replacement. Keep the "
          "mean difference of each draw, and take np.quantile of all of them at 0.025 and 0.975."),
         _paired_cases, calls, by_case(_paired_problem, "paired_interval(first, second, {2})"), 30),
    Task("5.3", "What may be said?", 3,
         ("With one comparison the interval runs from the quantile 0.025 to the quantile 0.975 of the means.",
          "With several the 5 % that the interval leaves out are divided by their number, half at each end: 0.025 / "
          "comparisons. Then ask whether both ends lie on one side of 0."),
         _said_cases, calls, by_slips(_right_words, _SAID_SLIPS, call="conclusion(means, {1})", problem=_said_problem,
                                      otherwise=_said_otherwise), 20),
    Task("5.4", "When does it pay?", 3,
         ("Write a small function for the total cost of a system at a number of updates first.",
          "Retrieval gains the difference of the two costs of an update with each of them. If it gains nothing and is not "
          "cheaper at the start, it never will be. Otherwise step up from 0 until it costs less."),
         _even_cases, calls, by_slips(_first_cheaper, _EVEN_SLIPS, call="cheaper_from({}, {}, {})", problem=_even_problem,
                                      otherwise=_even_otherwise), 20),
    Task("5.5", "Said and supported", 3,
         ("re.findall(\"[a-z0-9]+\", text.lower()) gives a text's words and numbers.",
          "Make a set of the answer's words, take the stop words out, and count how many are in the set of all passages' "
          "words. An empty set has the share 1."),
         _support_cases, calls, by_slips(_supported, _SUPPORT_SLIPS, call="supported({0}, {1}, stop_words)",
                                         problem=_support_problem, otherwise=_support_otherwise), 10))}

#: Tasks that a person marks.
MANUAL = {"5.6": ByHand("Your decision", 4)}

points = partial(core.points, 5)


def task_5_1(unfair, seed: int = 0) -> None:
    """Check `unfair(plan)`, which returns a list of names of rules."""
    core.run(TASKS["5.1"], unfair, seed)


def task_5_2(paired_interval, seed: int = 0) -> None:
    """Check `paired_interval(first, second, draws)`, which returns the two ends of a 95 % interval."""
    core.run(TASKS["5.2"], paired_interval, seed)


def task_5_3(conclusion, seed: int = 0) -> None:
    """Check `conclusion(means, comparisons)`, which returns "higher", "lower" or "no difference seen"."""
    core.run(TASKS["5.3"], conclusion, seed)


def task_5_4(cheaper_from, seed: int = 0) -> None:
    """Check `cheaper_from(tuned, retrieval, questions)`, which returns a number of updates, or None."""
    core.run(TASKS["5.4"], cheaper_from, seed)


def task_5_5(supported, seed: int = 0) -> None:
    """Check `supported(answer, passages, stop_words)`, which returns a share from 0 to 1."""
    core.run(TASKS["5.5"], supported, seed)
