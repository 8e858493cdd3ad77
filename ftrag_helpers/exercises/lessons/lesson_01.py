"""The checks of exercise 1: temperature, top-p, perplexity, the price of a language, a sampler.

Task 1.4 runs the tokenizer of SmolLM2, whose counts stand here, so that its judge needs no
model; with another tokenizer (`FTRAG_LLM`) that one task does not apply.
"""

import math
import random
import statistics
from collections.abc import Callable
from functools import partial

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
from ftrag_helpers.exercises.fixtures.statements import STATEMENTS
from ftrag_helpers.exercises.mistakes import by_mistakes, distinguished, distinguishes
from ftrag_helpers.exercises.values import format_value, number_problem, numbers_problem

__all__ = [
    "MANUAL",
    "TASKS",
    "answer",
    "hint",
    "points",
    "task_1_1",
    "task_1_2",
    "task_1_3",
    "task_1_4",
    "task_1_5",
]

_TOKENS = {text: count for statement in STATEMENTS for text, count in statement.values()}


def _chance(task_id: str, seed: int) -> random.Random:
    return random.Random(f"{task_id}/{seed}")


def _softened(logits: list[float], temperature: float) -> list[float]:
    largest = max(logits)
    odds = [math.exp((logit - largest) / temperature) for logit in logits]
    total = sum(odds)
    return [value / total for value in odds]


def _nucleus(probabilities: list[float], share: float) -> list[int]:
    kept, mass = [], 0.0
    for token in sorted(range(len(probabilities)), key=lambda i: -probabilities[i]):
        kept.append(token)
        mass += probabilities[token]
        if mass >= share - 1e-12:
            break
    return kept


# Task 1.1: temperature

_TOO_LARGE = (
    "exp() of such a logit is too large for a computer; what may be taken from every logit without"
    " changing the result?"
)
_TOO_SMALL = (
    "exp() of each such logit is 0 for a computer; what may be taken from every logit without"
    " changing the result?"
)
#: Logits beyond this cannot go into exp() as they are.
_FAR = 500


def _logits(rng: random.Random, length: int) -> list[float]:
    """Logits two of which never lie closer than 0.3."""
    steps = [0.3 + rng.randint(0, 12) / 10 for _ in range(length)]
    logits = [round(sum(steps[:i]) - 2, 2) for i in range(length)]
    rng.shuffle(logits)
    return logits


def _soften_cases(seed: int) -> list:
    """Several temperatures, equal logits, a lone one; the last two are far from 0."""
    rng = _chance("1.1", seed)
    cases = [
        [_logits(rng, length), temperature]
        for length, temperature in (
            (4, 1.0),
            (5, 2.0),
            (3, 0.5),
            (6, 1.5),
            (7, round(rng.uniform(0.3, 0.9), 2)),
        )
    ]
    equal = rng.choice([0.5, 1.5, 2.0])
    return [
        *cases,
        [[equal] * 3, 0.7],
        [[-0.5], 1.3],
        *([[logit + far for logit in _logits(rng, 4)], 0.8] for far in (1000, -1000)),
    ]


def _soften_calls(soften: object, inputs: list) -> list:
    """As `calls`; an exp() that stops the code where NumPy's gives inf or 0 leads to the same
    question.
    """
    near = calls(soften, [case for case in inputs if abs(case[0][0]) < _FAR])
    return near + [_far_call(soften, case) for case in inputs if abs(case[0][0]) >= _FAR]


def _far_call(soften: object, case: list) -> object:
    try:
        return calls(soften, [case])[0]
    except OverflowError:
        raise checking.CheckFailed(
            f"for logits near 1000 your code stopped with OverflowError. {_TOO_LARGE}"
        ) from None
    except ZeroDivisionError:
        raise checking.CheckFailed(
            f"for logits near -1000 your code stopped with ZeroDivisionError. {_TOO_SMALL}"
        ) from None


def _soften_form(logits: list[float], _temperature: float, got: object) -> str:
    problem = numbers_problem(got, len(logits))
    far = isinstance(got, list) and len(got) == len(logits) and abs(logits[0]) >= _FAR
    return problem + (f". {_TOO_LARGE if logits[0] > 0 else _TOO_SMALL}" if problem and far else "")


def _not_normalised(logits: list[float], temperature: float) -> list[float]:
    largest = max(logits)
    return [math.exp((logit - largest) / temperature) for logit in logits]


_SOFTEN_MISTAKES = {
    "the temperature changes nothing yet: all results are those of temperature 1": (
        lambda logits, _temperature: _softened(logits, 1.0)
    ),
    "is the temperature used twice? The results are those of its square": (
        lambda logits, t: _softened(logits, t**2)
    ),
    "a high temperature must bring the probabilities closer together, and yours draws them apart: the logits are divided by the temperature": lambda logits, t: (
        _softened(logits, 1 / t)
    ),
    "the powers are those of 2, and e is wanted: math.exp()": lambda logits, t: _softened(
        logits, t / math.log(2)
    ),
    "the probabilities must add up to 1: what is each power divided by?": _not_normalised,
    "these are percentages; probabilities lie between 0 and 1": lambda logits, t: [
        100 * p for p in _softened(logits, t)
    ],
    "these are the logarithms of the probabilities": lambda logits, t: [
        math.log(p) for p in _softened(logits, t)
    ],
}


def _soften_otherwise(logits: list[float], temperature: float, got: list[float]) -> str:
    if min(got) < 0 or max(got) > 1 + 1e-6:
        return f"expected probabilities between 0 and 1, got {format_value(got)}"
    if abs(sum(got) - 1) > 1e-3:
        return f"the probabilities must add up to 1, yours add up to {sum(got):.3f}"
    plain, top = max(_softened(logits, 1.0)), max(got)
    if (temperature - 1) * (top - plain) > 1e-6:
        moves = "closer together" if temperature > 1 else "further apart"
        return (
            f"a temperature of {temperature} must bring the probabilities {moves}, yours went the"
            f" other way: the largest went from {plain:.3f} to {top:.3f}"
        )
    want = _softened(logits, temperature)
    return (
        f"the probability in the place of the largest logit should be {max(want):.3f}, and all of"
        f" them follow it; got {format_value(got)}"
    )


# Task 1.2: top-p


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


def _nucleus_cases(seed: int) -> list:
    rng, cases = _chance("1.2", seed), []
    for length in (4, 5, 6, 7, 9):
        probabilities = _probabilities(rng, length)
        ranked, count = sorted(probabilities, reverse=True), rng.randint(2, length - 1)
        # Between two sums, so that no rounding decides.
        cases.append([probabilities, round(sum(ranked[:count]) - ranked[count - 1] * 0.4, 4)])
    return [*cases, *([rng.sample(exact, len(exact)), share] for exact, share in _EXACT)]


def _nucleus_problem(probabilities: list[float], share: float, got: object) -> str:
    fewest = _nucleus(probabilities, share)
    if not isinstance(got, list):
        return numbers_problem(got, len(fewest))
    if not got:
        return "the list is empty: the likeliest token always belongs to the nucleus"
    if not all(type(token) is int and 0 <= token < len(probabilities) for token in got):
        return (
            f"expected token numbers (places in the list, counted from 0); got {format_value(got)}"
        )
    if len(set(got)) < len(got):
        twice = next(token for token in got if got.count(token) > 1)
        why = (
            ". Two tokens may be equally likely: go through the token numbers, not through the"
            " probabilities"
            if probabilities.count(probabilities[twice]) > 1
            else ""
        )
        return f"expected each token number once; {twice} is there more than once: {format_value(got)}{why}"
    mass = sum(probabilities[token] for token in got)
    if mass < share - 1e-9:
        return (
            f"you keep tokens {got}, which hold {mass:.3f} together and do not reach {share}: the"
            " token that reaches the share belongs to the nucleus"
        )
    if len(got) > len(fewest):
        return (
            f"you keep {len(got)} tokens, and {len(fewest)} are enough to reach {share}. Do you"
            " begin with the likeliest, and stop as soon as the share is reached (reaching it"
            " exactly is enough)?"
        )
    if sorted(probabilities[token] for token in got) != sorted(
        probabilities[token] for token in fewest
    ):
        return f"as many tokens as needed, but there are likelier ones than some of {got}"
    falling = all(probabilities[a] >= probabilities[b] for a, b in zip(got, got[1:], strict=False))
    return "" if falling else f"the right tokens, {got}, but the likeliest must come first"


# Task 1.3: perplexity


def _perplexity(texts: list[list[float]]) -> float:
    return math.exp(-_mean(sum(texts, [])))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _of_means(texts: list[list[float]]) -> float:
    return math.exp(-_mean([_mean(text) for text in texts]))


_PERPLEXITY_MISTAKES = {
    "yours is one over the perplexity. What is the sign of a log-probability?": (
        lambda texts: 1 / _perplexity(texts)
    ),
    "it lets a short text count as much as a long one. Each token must count the same, whichever text it is in": (
        _of_means
    ),
    "it is a mean of perplexities, and lets a short text count as much as a long one. Put all tokens together first": lambda texts: (
        _mean([math.exp(-_mean(text)) for text in texts])
    ),
    "it takes the logarithms for bits (base 2), but they are natural logarithms (base e)": (
        lambda texts: 2 ** -_mean(sum(texts, []))
    ),
    "it takes the logarithms for those of base 10, but they are natural logarithms (base e)": (
        lambda texts: 10 ** -_mean(sum(texts, []))
    ),
    "it is the mean surprise in nats; one step is missing from there to the perplexity": (
        lambda texts: -_mean(sum(texts, []))
    ),
    "it averages after exp(), where the mean of the log-probabilities comes first": (
        lambda texts: _mean([math.exp(-value) for value in sum(texts, [])])
    ),
    "it averages the probabilities, where the mean of the log-probabilities comes first": (
        lambda texts: 1 / _mean([math.exp(value) for value in sum(texts, [])])
    ),
    "it is the mean probability of a token, not a perplexity": lambda texts: _mean(
        [math.exp(value) for value in sum(texts, [])]
    ),
    "it looks at the first text alone": lambda texts: _perplexity(texts[:1]),
    "it looks at the last text alone. Does the function return too early?": (
        lambda texts: _perplexity(texts[-1:])
    ),
    "it takes the median of the surprises; a perplexity is made of their mean": (
        lambda texts: math.exp(-statistics.median(sum(texts, [])))
    ),
    "Is it a sum? Divide by the number of tokens before exp()": lambda texts: math.exp(
        -sum(sum(texts, []))
    ),
    "Is it a sum? You divide by the number of texts, and the number of tokens is wanted": (
        lambda texts: math.exp(-sum(sum(texts, [])) / len(texts))
    ),
}


def _perplexity_cases(seed: int) -> list:
    rng = _chance("1.3", seed)

    def text(tokens: int, mean: float) -> list[float]:
        return [-round(mean * (0.2 + 1.6 * rng.random()), 3) for _ in range(tokens)]

    return [
        [[text(6, 2.0)]],
        [[text(2, 5.0), text(9, 1.2)]],
        [[text(4, 0.6), text(12, 3.1), text(1, 6.5)]],
        [[text(1, 4.0)] * 2],
        [[[-0.0], [0.0, -0.0]]],
        [[text(40, 2.5), text(3, 4.0), text(1, 0.1)]],
    ]


def _perplexity_form(_texts: list[list[float]], got: object) -> str:
    inside = ". One number is wanted for all texts together" if isinstance(got, list) else ""
    return number_problem(got) and number_problem(got) + inside


def _perplexity_otherwise(texts: list[list[float]], got: float) -> str:
    tokens = sum(texts, [])
    told, want = f"your perplexity of {format_value(got)}", format_value(_perplexity(texts))
    if got < 1:
        return (
            f"{told} is below 1, and no model can hesitate between fewer than one token. It should"
            f" be {want}"
        )
    if got > math.exp(-min(tokens)) * 1.001:
        return (
            f"{told} is larger than one over the smallest probability in the list, which no mean"
            f" can be. It should be {want}"
        )
    return f"{told} should be {want}: the mean over {len(tokens)} tokens, each counted once"


# Task 1.4: what a language costs

#: What one may count in place of the tokens.
_MISTAKES = {
    "characters": len,
    "bytes": lambda text: len(text.encode()),
    "words": lambda text: len(text.split()),
    "tokens for each character": lambda text: _TOKENS[text] / len(text),
    "tokens for each byte": lambda text: _TOKENS[text] / len(text.encode()),
    "tokens for each word": lambda text: _TOKENS[text] / len(text.split()),
}


def _ranked(statements: dict[str, str], measure: Callable[[str], float]) -> list[str]:
    return sorted(statements, key=lambda language: -measure(statements[language]))


def _price_cases(seed: int) -> list:
    """Each statement twice, in three to six languages with English among them; each mistake goes
    wrong on two at least.
    """
    rng = _chance("1.4", seed)
    while True:
        cases = [
            [_some_languages(statement, rng, count)]
            for statement, count in zip(STATEMENTS * 2, (5, 6, 4, 3, 5, 6), strict=True)
        ]
        if distinguishes(cases, _by_tokens, _PRICE_MISTAKES) and distinguished(
            cases, _by_tokens, _PRICE_MISTAKES
        ):
            return cases


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


def _price_form(statements: dict[str, str], got: object) -> str:
    if not isinstance(got, list) or not all(isinstance(language, str) for language in got):
        return (
            f"expected a list with the names of {len(statements)} languages to be returned, got"
            f" {format_value(got)}"
        )
    return (
        ""
        if sorted(got) == sorted(statements)
        else f"expected each of {', '.join(statements)} once, got {format_value(got)}"
    )


def _by_tokens(statements: dict[str, str]) -> list[str]:
    return _ranked(statements, _TOKENS.get)


_PRICE_MISTAKES = {
    "the order is turned round: the language that costs the most tokens comes first": (
        lambda statements: _by_tokens(statements)[::-1]
    ),
    "the languages stand in the order in which they were given": lambda statements: list(
        statements
    ),
    "the languages stand in the order of the alphabet": lambda statements: sorted(statements),
    **{
        f"this is the order by {unit}; the price of the whole statement is its number of tokens": (
            partial(_ranked, measure=mistake)
        )
        for unit, mistake in _MISTAKES.items()
    },
}


def _price_otherwise(statements: dict[str, str], got: list[str]) -> str:
    costs = [_TOKENS[statements[language]] for language in got]
    i = next(i for i in range(len(costs) - 1) if costs[i] < costs[i + 1])
    return (
        f"{got[i]} comes before {got[i + 1]}, yet it needs fewer tokens. Print the counts, and"
        " compare"
    )


# Task 1.5: a sampler


def _draw_cases(seed: int) -> list:
    """Thirty cases in which rounding decides nothing; each mistake gives a wrong token three times,
    and its own row of tokens.
    """
    rng = _chance("1.5", seed)
    while True:
        cases = [_draw_case(rng, (place + rng.random()) / 26) for place in range(26)]
        cases += [
            [_logits(rng, 4), 0.7, share, number]
            for share, number in ((0.8, 0.0), (0.8, 0.9995), (0.02, 0.6), (1.0, 0.9995))
        ]
        rng.shuffle(cases)
        rights, mistakes = (
            [_drawn(*_row(*case)) for case in cases],
            [_draw_mistakes(*case) for case in cases],
        )
        wrong = [
            sum(mistake[words] != right for mistake, right in zip(mistakes, rights, strict=True))
            for words in mistakes[0]
        ]
        if min(wrong) >= 3 and len(
            {str([mistake[words] for mistake in mistakes]) for words in mistakes[0]}
        ) == len(wrong):
            return cases


def _draw_case(rng: random.Random, about: float) -> list:
    while True:
        logits, temperature = (
            [x / 2 for x in _logits(rng, rng.randint(4, 7))],
            rng.choice([0.5, 0.8, 1.0, 1.4, 2.0]),
        )
        share, number = (
            round(rng.uniform(0.5, 0.95), 2),
            round(min(max(about + rng.uniform(-0.02, 0.02), 0), 0.999), 3),
        )
        kept, softened, _ = _row(logits, temperature, share, number)
        sums = [sum(sorted(softened, reverse=True)[:n]) for n in range(1, len(logits) + 1)]
        if (
            min(abs(held - share) for held in sums) > 0.005
            and min(
                abs(held / sums[len(kept) - 1] - number) for held in sums[: len(kept) - 1] or [9]
            )
            > 0.005
        ):
            return [logits, temperature, share, number]


def _row(
    logits: list[float], temperature: float, share: float, number: float
) -> tuple[list[int], list[float], float]:
    """The kept tokens, the probabilities of all tokens, the number: what `_drawn` takes."""
    softened = _softened(logits, temperature)
    return _nucleus(softened, share), softened, number


def _drawn(tokens: list[int], weights: list[float], number: float) -> int:
    """The token that the number falls on, where the tokens lie in a row, each as long as its share
    of the weights.
    """
    place = number * sum(weights[token] for token in tokens)
    for token in tokens:
        place -= weights[token]
        if place < 0:
            return token
    return tokens[-1]


def _draw_mistakes(
    logits: list[float], temperature: float, share: float, number: float
) -> dict[str, int]:
    """What the usual mistakes draw, by the sentence that helps."""
    kept, p, _ = _row(logits, temperature, share, number)
    cold = _softened(logits, 1.0)
    held = sum(p[token] for token in kept)
    place = kept.index(_drawn(kept, p, number))
    return {
        "you return the likeliest token whatever the number is; the number must decide": kept[0],
        "you return the last token of the nucleus whatever the number is; the number must decide": (
            kept[-1]
        ),
        "your tokens lie in the row by number; the likeliest must come first": _drawn(
            sorted(kept), p, number
        ),
        "your tokens lie in the row with the least likely one first; the likeliest must come first": _drawn(
            kept[::-1], p, number
        ),
        "tokens outside the nucleus are drawn: nothing is cut off yet": _drawn(
            _nucleus(p, 1.0), p, number
        ),
        "the nucleus is cut before the temperature is applied; the temperature comes first": _drawn(
            _nucleus(cold, share), p, number
        ),
        "the temperature changes nothing: neither what is kept nor how long a token's piece of the row is": _drawn(
            _nucleus(cold, share), cold, number
        ),
        "the temperature decides what is kept, but the pieces of the row are as long as without it": _drawn(
            kept, cold, number
        ),
        "the probabilities of what is kept are softened a second time; divide them by what they hold together": _drawn(
            kept, [math.exp(value) for value in p], number
        ),
        "the last token comes up too often. Are the kept probabilities divided by what they hold together?": _drawn(
            kept, p, min(number / held, 1.0)
        ),
        "you divide by the share that was asked for; divide by what the kept tokens hold together, which is a little more": _drawn(
            kept, p, min(number * share / held, 1.0)
        ),
        "the last token of the nucleus never comes up; it is kept too": _drawn(
            kept[:-1] or kept, p, number
        ),
        "you return the token after the one that the number falls on": kept[
            min(place + 1, len(kept) - 1)
        ],
        "all kept tokens are drawn alike; each has a piece of the row as long as its probability": (
            kept[int(number * len(kept))]
        ),
    }


def _judge_draw(inputs: list, observed: object) -> Verdict:
    formed = by_case(_token_problem, "draw({}, {}, {}, {})")(inputs, observed)
    if not formed.passed:
        return formed
    wants = [_drawn(*_row(*case)) for case in inputs]
    if observed == wants:
        return PASSED
    mistakes = [_draw_mistakes(*case) for case in inputs]
    for words in mistakes[0]:
        if observed == [mistake[words] for mistake in mistakes]:
            return Verdict(False, words)
    i = next(i for i, (got, want) in enumerate(zip(observed, wants, strict=True)) if got != want)
    outside = "" if observed[i] in _row(*inputs[i])[0] else ", which is not even in the nucleus"
    return Verdict(
        False,
        f"for draw({', '.join(map(format_value, inputs[i]))}) the number does not fall on token"
        f" {observed[i]}{outside}. Lay the kept tokens in a row, likeliest first, each as long as"
        " its share of what is kept, and walk along it",
    )


def _token_problem(
    logits: list[float], _temperature: float, _share: float, _number: float, got: object
) -> str:
    if type(got) is int and 0 <= got < len(logits):
        return ""
    wanted = f"expected one token number, from 0 to {len(logits) - 1}, got {format_value(got)}"
    return wanted + (
        ". Does the function always come to a return? The row is 1 long only when each kept"
        " probability is divided by what all kept tokens hold together"
        if got is None
        else ""
    )


TASKS = {
    task.id: task
    for task in (
        Task(
            "1.1",
            "Temperature",
            4,
            (
                "Divide first, then take exp() of each value, then divide by their sum.",
                (
                    "Only differences between logits matter. Take the largest logit from all of"
                    " them first: then the largest exponent is 0, and nothing can overflow."
                ),
            ),
            _soften_cases,
            _soften_calls,
            by_mistakes(
                _softened,
                _SOFTEN_MISTAKES,
                call="soften({}, {})",
                problem=_soften_form,
                otherwise=_soften_otherwise,
                rel=1e-3,
            ),
            10,
        ),
        Task(
            "1.2",
            "The nucleus",
            4,
            (
                "sorted() can put the token numbers in order of their probability: give it a key.",
                (
                    "Walk through the sorted tokens, append each, add its probability to a sum, and"
                    " only then ask whether the sum has reached the share."
                ),
            ),
            _nucleus_cases,
            calls,
            by_case(_nucleus_problem, "nucleus({}, {})"),
            10,
        ),
        Task(
            "1.3",
            "Perplexity of several texts",
            4,
            (
                "First put the log-probabilities of all texts into one list.",
                (
                    "Perplexity is e to the power of the mean surprise, and surprise is minus a"
                    " log-probability."
                ),
            ),
            _perplexity_cases,
            calls,
            by_mistakes(
                _perplexity,
                _PERPLEXITY_MISTAKES,
                call="perplexity({})",
                problem=_perplexity_form,
                otherwise=_perplexity_otherwise,
                rel=1e-4,
            ),
            10,
        ),
        Task(
            "1.4",
            "What a language costs",
            4,
            (
                (
                    "lm.tokenizer(text, add_special_tokens=False).input_ids is the list of the"
                    " text's tokens."
                ),
                (
                    "Write a small function that counts a text's tokens, and sort the names of the"
                    " languages by it, with the largest count first (reverse=True)."
                ),
            ),
            _price_cases,
            calls,
            by_mistakes(
                _by_tokens,
                _PRICE_MISTAKES,
                call="dearest_first({})",
                problem=_price_form,
                otherwise=_price_otherwise,
            ),
            60,
        ),
        Task(
            "1.5",
            "A sampler",
            4,
            (
                (
                    "Three steps: soften() gives the probabilities, nucleus() the tokens that may"
                    " be chosen, and then the number chooses one of them."
                ),
                (
                    "Go through the kept tokens with a running sum of probability divided by what"
                    " all kept tokens hold together, and return the first token whose sum is larger"
                    " than the number."
                ),
            ),
            _draw_cases,
            calls,
            _judge_draw,
            10,
        ),
    )
}

#: Tasks that a person marks: none in this lesson.
MANUAL: dict[str, ManualTask] = {}

points = partial(checking.points, 1)


def task_1_1(soften, seed: int = 0) -> None:
    """Check `soften(logits, temperature)`, which returns a list of probabilities."""
    checking.run(TASKS["1.1"], soften, seed)


def task_1_2(nucleus, seed: int = 0) -> None:
    """Check `nucleus(probabilities, share)`, which returns a list of token numbers, likeliest
    first.
    """
    checking.run(TASKS["1.2"], nucleus, seed)


def task_1_3(perplexity, seed: int = 0) -> None:
    """Check `perplexity(texts)`, which returns one number for several lists of log-probabilities in
    nats.
    """
    checking.run(TASKS["1.3"], perplexity, seed)


def task_1_4(dearest_first, seed: int = 0) -> None:
    """Check `dearest_first(statements)`, which returns names of languages, most tokens first."""
    checking.run(TASKS["1.4"], dearest_first, seed)


def task_1_5(draw, seed: int = 0) -> None:
    """Check `draw(logits, temperature, share, number)`, which returns one token number."""
    checking.run(TASKS["1.5"], draw, seed)
