"""The plans that task 5.1 judges: fair ones, and ones that break rules in all ways."""

import random
from collections.abc import Sequence

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


def some_plans(rng: random.Random) -> list[dict]:
    """Fair plans, plans that break each rule alone in each of its ways, and some that break
    several.
    """
    several = [tuple(rng.sample(list(_WAYS), rng.choice([2, 3, 4]))) for _ in range(4)]
    return [_plan(rng, _by_rule(rng, breaks)) for breaks in (*_BREAKS, *several)]


def _by_rule(rng: random.Random, breaks: Sequence[str]) -> dict[str, str]:
    """The way in which each broken rule is broken."""
    return {
        rule: way or rng.choice(_WAYS.get(rule, ("",)))
        for rule, _, way in (item.partition(":") for item in breaks)
    }


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
