"""Task 1.4: what a language costs.

It runs the tokenizer of SmolLM2, whose counts are stored with the statements, so that its judge
needs no model; with another tokenizer (`FTRAG_LLM`) this one task does not apply.
"""

import random
from collections.abc import Callable
from functools import partial

from ftrag_helpers.exercises.checking import Task, calls
from ftrag_helpers.exercises.lesson_01.statements import STATEMENTS
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, distinguishing, rng_for
from ftrag_helpers.exercises.values import format_value

_TOKENS = {text: count for statement in STATEMENTS for text, count in statement.values()}
#: What one may count in place of the tokens.
_OTHER_UNITS = {
    "characters": len,
    "bytes": lambda text: len(text.encode()),
    "words": lambda text: len(text.split()),
    "tokens for each character": lambda text: _TOKENS[text] / len(text),
    "tokens for each byte": lambda text: _TOKENS[text] / len(text.encode()),
    "tokens for each word": lambda text: _TOKENS[text] / len(text.split()),
}


def _ranked(statements: dict[str, str], measure: Callable[[str], float]) -> list[str]:
    return sorted(statements, key=lambda language: -measure(statements[language]))


def _cases(seed: int) -> list:
    """Each statement twice, in three to six languages with English among them; each mistake goes
    wrong on two at least.
    """
    rng = rng_for("1.4", seed)
    counts = (5, 6, 4, 3, 5, 6)
    return distinguishing(
        lambda: [
            [_some_languages(statement, rng, count)]
            for statement, count in zip(STATEMENTS * 2, counts, strict=True)
        ],
        _by_tokens,
        MISTAKES,
    )


def _some_languages(
    statement: dict[str, tuple[str, int]], rng: random.Random, count: int
) -> dict[str, str]:
    """Languages whose counts differ by at least two tokens, in any order."""
    chosen: list[str] = []
    for language in ["English", *rng.sample(sorted(statement), len(statement))]:
        if len(chosen) < count and all(
            abs(statement[language][1] - statement[other][1]) >= 2 for other in chosen
        ):
            chosen.append(language)
    return {language: statement[language][0] for language in rng.sample(chosen, len(chosen))}


def _form(statements: dict[str, str], got: object) -> str:
    if not isinstance(got, list) or not all(isinstance(language, str) for language in got):
        return f"expected a list with the names of {len(statements)} languages to be returned, got {format_value(got)}"
    return (
        ""
        if sorted(got) == sorted(statements)
        else f"expected each of {', '.join(statements)} once, got {format_value(got)}"
    )


def _by_tokens(statements: dict[str, str]) -> list[str]:
    return _ranked(statements, _TOKENS.get)


MISTAKES = [
    Mistake(
        "the order is turned round: the language that costs the most tokens comes first",
        lambda statements: _by_tokens(statements)[::-1],
    ),
    Mistake(
        "the languages stand in the order in which they were given",
        lambda statements: list(statements),
    ),
    Mistake(
        "the languages stand in the order of the alphabet", lambda statements: sorted(statements)
    ),
    *(
        Mistake(
            f"this is the order by {unit}; the price of the whole statement is its number of tokens",
            partial(_ranked, measure=measure),
        )
        for unit, measure in _OTHER_UNITS.items()
    ),
]


def _otherwise(statements: dict[str, str], got: list[str]) -> str:
    costs = [_TOKENS[statements[language]] for language in got]
    i = next(i for i in range(len(costs) - 1) if costs[i] < costs[i + 1])
    return f"{got[i]} comes before {got[i + 1]}, yet it needs fewer tokens. Print the counts, and compare"


TASK = Task(
    "1.4",
    "What a language costs",
    4,
    hints=(
        "For key, define inside your function a def count(name) that returns the number of tokens of statements[name].",
        "return sorted(statements, key=count, reverse=True): the largest count comes first.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_mistakes(
        _by_tokens, MISTAKES, call="most_tokens_first({})", problem=_form, otherwise=_otherwise
    ),
    timeout=60,
    answer="`most_tokens_first(statements)`, which returns names of languages, most tokens first",
)
