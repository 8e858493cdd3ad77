"""Task 4.5: whom to blame for a wrong answer, the search or the reader."""

import random

from ftrag_helpers.exercises.checking import Task, calls
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, distinguishing, rng_for, shuffled
from ftrag_helpers.exercises.values import format_value

_SENTENCES = (
    "The Chart Room holds twelve people.",
    "Its key is kept at the harbour desk.",
    "A visitor card costs £12 a year.",
    "The Heron calls at Marlpit on Thursdays.",
    "Dogs may wait in the porch.",
    "The otters were first seen in 2011.",
    "The seed drawer opens in March.",
    "Storytime ends at ten to eleven.",
    "The lift is out of use until Friday.",
    "Posters are printed in the basement.",
)
_BLAMES = ("nobody", "search", "reader", "both")


def blamed(support: list[str], read: list[str], right: bool, oracle: bool) -> str:
    """Whose fault it is, from the needed sentences and those read."""
    if right:
        return "nobody"
    if set(support) <= set(read):
        return "reader"
    return "search" if oracle else "both"


MISTAKES = [
    Mistake(
        "only the first needed sentence is looked for; every one of them is needed",
        lambda support, read, right, oracle: blamed(support[:1], read, right, oracle),
    ),
    Mistake(
        "only the last needed sentence is looked for; every one of them is needed",
        lambda support, read, right, oracle: blamed(support[-1:], read, right, oracle),
    ),
    Mistake(
        "you ask whether all that was read is needed; ask whether all that is needed was read",
        lambda support, read, right, oracle: blamed(read, support, right, oracle),
    ),
    Mistake(
        "you ask whether exactly the needed sentences were read; more may be read than are needed",
        lambda support, read, right, oracle: blamed(
            ["none"] if set(support) != set(read) else support, read, right, oracle
        ),
    ),
    Mistake(
        "you compare how many sentences there are; ask whether the needed ones are among those that were read",
        lambda support, read, right, oracle: blamed(
            ["none"] if len(read) < len(support) else [], read, right, oracle
        ),
    ),
    Mistake(
        "the oracle is the wrong way round: if it answers right, the search alone is to blame",
        lambda support, read, right, oracle: blamed(support, read, right, not oracle),
    ),
    Mistake(
        "where the answer is right nobody is to blame, even if a needed sentence was not read",
        lambda support, read, right, oracle: blamed(
            support, read, right and set(support) <= set(read), oracle
        ),
    ),
    Mistake(
        "a right answer of the oracle excuses nobody: ask first whether the answer itself is right",
        lambda support, read, right, oracle: blamed(support, read, right or oracle, oracle),
    ),
    Mistake(
        "you always blame the reader; the search may not have brought what is needed",
        lambda support, read, right, oracle: blamed([], read, right, oracle),
    ),
    Mistake(
        "reader and both are the wrong way round",
        lambda *case: {"both": "reader", "reader": "both"}.get(blamed(*case), blamed(*case)),
    ),
    Mistake(
        "where two sentences are needed, the search has failed even if it brought one of them",
        lambda support, read, right, oracle: blamed(
            support, support if set(support) & set(read) else read, right, oracle
        ),
    ),
    Mistake(
        "you look at what was read alone; where the answer is right nobody is to blame",
        lambda support, read, right, oracle: blamed(support, read, False, oracle),
    ),
    Mistake(
        "you never blame both. What was read lacks a needed sentence, and even with every needed sentence the answer is wrong",
        lambda support, read, right, oracle: blamed(support, read, right, True),
    ),
    Mistake(
        "you blame both as soon as the oracle's answer is wrong; where everything needed was read, the search did its work",
        lambda support, read, right, oracle: (
            "both" if not right and not oracle else blamed(support, read, right, oracle)
        ),
    ),
    Mistake(
        "what was read held every needed sentence, and you blame the search since the oracle's answer is right; the search did its work there",
        lambda support, read, right, oracle: (
            "search" if not right and oracle else blamed(support, read, right, oracle)
        ),
    ),
    Mistake(
        "you compare the two lists as they are. More sentences may be read than are needed, in any order",
        lambda support, read, right, oracle: blamed(
            ["none"] if support != read else support, read, right, oracle
        ),
    ),
    Mistake(
        "search and reader are the wrong way round",
        lambda *case: {"search": "reader", "reader": "search"}.get(blamed(*case), blamed(*case)),
    ),
]


#: Which of the needed sentences were read (1) and which were not, and how many others were.
_READ = (
    ("1", 2),
    ("1", 0),
    ("11", 0),
    ("11", 2),
    ("10", 1),
    ("01", 2),
    ("10", 0),
    ("0", 2),
    ("0", 0),
    ("00", 3),
    ("101", 2),
    ("111", 1),
)


def _cases(seed: int) -> list:
    """Every combination of needed sentences read (all, some, none), right or wrong, and the
    oracle's answer.
    """
    rng = rng_for("4.5", seed)
    return distinguishing(
        lambda: shuffled(
            rng,
            [
                _case(rng, *shape, right, oracle)
                for shape in _READ
                for right in (True, False)
                for oracle in (True, False)
            ],
        ),
        blamed,
        MISTAKES,
    )


def _case(rng: random.Random, needed: str, others: int, right: bool, oracle: bool) -> list:
    sentences = rng.sample(_SENTENCES, len(needed) + others)
    support = sentences[: len(needed)]
    read = [
        sentence for sentence, mark in zip(support, needed, strict=True) if mark == "1"
    ] + sentences[len(needed) :]
    return [support, rng.sample(read, len(read)), right, oracle]


def _problem(
    _support: list[str], _read: list[str], _right: bool, _oracle: bool, got: object
) -> str:
    named = ", ".join(f'"{name}"' for name in _BLAMES)
    known = isinstance(got, str) and got in _BLAMES
    return "" if known else f"expected one of {named} to be returned, got {format_value(got)}"


def _otherwise(support: list[str], read: list[str], right: bool, oracle: bool, got: str) -> str:
    held = sum(sentence in read for sentence in support)
    return (
        f'"{got}" is not right: {held} of {len(support)} needed sentences were read, the answer is'
        f" {_word(right)}, and "
        f"the oracle's answer is {_word(oracle)}"
    )


def _word(right: bool) -> str:
    return "right" if right else "wrong"


TASK = Task(
    "4.5",
    "Search or reader?",
    3,
    hints=(
        "Ask in this order: is the answer right? Was every needed sentence read? Is the oracle's answer right?",
        "set(support) <= set(read) says whether every needed sentence was read.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_mistakes(
        blamed, MISTAKES, call="blame({}, {}, {}, {})", problem=_problem, otherwise=_otherwise
    ),
    timeout=10,
    answer='`blame(support, read, right, right_with_oracle)`, which returns "nobody", "search", "reader" or "both"',
)
