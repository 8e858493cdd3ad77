"""The checks of exercise 1: temperature, top-p, perplexity, the price of a language, a sampler.

Level 3. Task 1.4 runs the tokenizer of SmolLM2, whose counts stand here, so that its judge needs no model; with
another tokenizer (`FTRAG_LLM`) that one task does not apply.
"""

import math
import random
from collections.abc import Callable
from functools import partial

from ftrag_helpers.checks import core
from ftrag_helpers.checks.core import PASSED, ByHand, Task, Verdict, answer, by_case, calls, hint
from ftrag_helpers.checks.statements import STATEMENTS
from ftrag_helpers.checks.values import is_number, number_problem, numbers_problem, shown

__all__ = ["MANUAL", "TASKS", "answer", "hint", "points", "task_1_1", "task_1_2", "task_1_3", "task_1_4", "task_1_5"]

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


def _near(got: list[float], want: list[float]) -> bool:
    return all(math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-6) for a, b in zip(got, want, strict=True))


# Task 1.1: temperature

_TOO_LARGE = ("exp() of such a logit is too large for a computer; what may be taken from every logit without changing the "
              "result?")


def _logits(chance: random.Random, length: int) -> list[float]:
    """Logits two of which never lie closer than 0.3."""
    steps = [0.3 + chance.randint(0, 12) / 10 for _ in range(length)]
    logits = [round(sum(steps[:i]) - 2, 2) for i in range(length)]
    chance.shuffle(logits)
    return logits


def _soften_cases(seed: int) -> list:
    chance = _chance("1.1", seed)
    cases = [[_logits(chance, length), temperature] for length, temperature in ((4, 1.0), (5, 2.0), (3, 0.5), (6, 1.5))]
    return [*cases, [[logit + 1000 for logit in _logits(chance, 4)], 0.8]]


def _soften_calls(soften: object, inputs: list) -> list:
    try:
        return calls(soften, inputs)
    except OverflowError:  # math.exp() stops where NumPy's gives inf; the learner needs the same question either way
        raise core.CheckFailed(f"for logits near 1000 your code stopped with OverflowError. {_TOO_LARGE}") from None


def _soften_problem(logits: list[float], temperature: float, got: object) -> str:
    problem = numbers_problem(got, len(logits))
    if problem:
        big = max(logits) > 500 and isinstance(got, list)
        return problem + (f". {_TOO_LARGE}" if big else "")
    if min(got) < 0 or max(got) > 1 + 1e-6:
        return f"expected probabilities between 0 and 1, got {shown(got)}"
    if abs(sum(got) - 1) > 1e-4:
        return f"the probabilities must add up to 1, yours add up to {sum(got):.3f}"
    want = _softened(logits, temperature)
    if _near(got, want):
        return ""
    plain, top = max(_softened(logits, 1.0)), max(got)
    if _near(got, _softened(logits, 1.0)):
        return "the result is that of temperature 1: the temperature changes nothing yet"
    if _near(got, _softened(logits, temperature**2)):
        return f"the result is that of temperature {temperature**2:g}: is the temperature used twice?"
    if (temperature - 1) * (top - plain) > 0:
        moves = "closer together" if temperature > 1 else "further apart"
        return (f"a temperature of {temperature} must bring the probabilities {moves}, yours went the other way: the "
                f"largest went from {plain:.3f} to {top:.3f}")
    return f"the largest probability should be {max(want):.3f}, in the place of the largest logit; got {shown(got)}"


# Task 1.2: top-p

def _probabilities(chance: random.Random, length: int) -> list[float]:
    """Probabilities in steps of 1/1024, so that their sums are exact; no two alike, in no order."""
    cuts = sorted(chance.sample(range(1, 1024), length - 1))
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, 1024], strict=True)]
    return [part / 1024 for part in parts] if len(set(parts)) == length else _probabilities(chance, length)


def _nucleus_cases(seed: int) -> list:
    chance, cases = _chance("1.2", seed), []
    for length in (4, 5, 6, 7):
        probabilities = _probabilities(chance, length)
        ranked, count = sorted(probabilities, reverse=True), chance.randint(2, length - 1)
        # Between two sums, so that no rounding decides.
        cases.append([probabilities, round(sum(ranked[:count]) - ranked[count - 1] * 0.4, 4)])
    exact = [0.125, 0.5, 0.0625, 0.25, 0.0625]
    chance.shuffle(exact)
    return [*cases, [exact, 0.75], [exact, 0.05]]


def _nucleus_problem(probabilities: list[float], share: float, got: object) -> str:
    if not isinstance(got, list):
        return numbers_problem(got, len(_nucleus(probabilities, share)))
    if not got:
        return "the list is empty: the likeliest token always belongs to the nucleus"
    if not all(type(token) is int and 0 <= token < len(probabilities) for token in got) or len(set(got)) < len(got):
        return f"expected token numbers (places in the list, counted from 0), each once; got {shown(got)}"
    mass, fewest = sum(probabilities[token] for token in got), _nucleus(probabilities, share)
    if mass < share - 1e-9:
        return (f"you keep tokens {got}, which hold {mass:.3f} together and do not reach {share}: the token that "
                "reaches the share belongs to the nucleus")
    if len(got) > len(fewest):
        return (f"you keep {len(got)} tokens, and {len(fewest)} are enough to reach {share}. Do you begin with the "
                "likeliest, and stop as soon as the share is reached (reaching it exactly is enough)?")
    if sorted(got) != sorted(fewest):
        return f"as many tokens as needed, but there are likelier ones than some of {got}"
    return "" if got == fewest else f"the right tokens, {got}, but the likeliest must come first"


# Task 1.3: perplexity

def _perplexity_cases(seed: int) -> list:
    chance = _chance("1.3", seed)

    def text(tokens: int, mean: float) -> list[float]:
        return [-round(mean * (0.2 + 1.6 * chance.random()), 3) for _ in range(tokens)]

    return [[[text(6, 2.0)]], [[text(2, 5.0), text(9, 1.2)]], [[text(4, 0.6), text(12, 3.1), text(1, 6.5)]],
            [[text(400, 2.5), text(3, 4.0)]]]


def _perplexity_problem(texts: list[list[float]], got: object) -> str:
    if not is_number(got):
        inside = ". One number is wanted for all texts together" if isinstance(got, list) else ""
        return number_problem(got) + inside
    tokens = [value for text in texts for value in text]
    mean = sum(tokens) / len(tokens)
    means = [sum(text) / len(text) for text in texts]
    if math.isclose(got, math.exp(-mean), rel_tol=1e-4):
        return ""
    slips = [
        (got < 1, "is below 1, and no model can hesitate between fewer than one token. What is the sign of a "
                  "log-probability?"),
        (_is(got, math.exp(-sum(means) / len(means))) or _is(got, sum(math.exp(-m) for m in means) / len(means)),
         "lets a short text count as much as a long one. Each token must count the same, whichever text it is in"),
        (_is(got, 2**-mean), "takes the logarithms for bits (base 2), but they are natural logarithms (base e)"),
        (_is(got, -mean), "is the mean surprise in nats; one step is missing from there to the perplexity"),
        (_is(got, sum(math.exp(-t) for t in tokens) / len(tokens)),
         "averages after exp(), where the mean of the log-probabilities comes first"),
        (got > math.exp(-min(tokens)) * 1.001,
         "is larger than one over the smallest probability in the list, which no mean can be. Is it a sum?")]
    reason = next((words for holds, words in slips if holds), f"should be {shown(math.exp(-mean))}")
    return f"your perplexity of {shown(got)} {reason}"


def _is(got: float, slip: float) -> bool:
    return math.isclose(got, slip, rel_tol=1e-4)


# Task 1.4: what a language costs

#: What one may count in place of the tokens.
_SLIPS = {"characters": len, "bytes": lambda text: len(text.encode()), "words": lambda text: len(text.split()),
          "tokens for each character": lambda text: _TOKENS[text] / len(text)}


def _ranked(statements: dict[str, str], measure: Callable[[str], float]) -> list[str]:
    return sorted(statements, key=lambda language: -measure(statements[language]))


def _price_cases(seed: int) -> list:
    """For each statement, five languages with English among them, in which no slip gives the right order."""
    chance = _chance("1.4", seed)
    return [[_five_languages(statement, chance)] for statement in STATEMENTS]


def _five_languages(statement: dict[str, tuple[str, int]], chance: random.Random) -> dict[str, str]:
    """Languages whose counts differ by at least two tokens, in any order."""
    chosen: list[str] = []
    for language in ["English", *chance.sample(sorted(statement), len(statement))]:
        if len(chosen) < 5 and all(abs(statement[language][1] - statement[other][1]) >= 2 for other in chosen):
            chosen.append(language)
    chance.shuffle(chosen)
    texts = {language: statement[language][0] for language in chosen}
    right = _ranked(texts, _TOKENS.get)
    misled = right != chosen and all(_ranked(texts, slip) != right for slip in _SLIPS.values())
    return texts if misled else _five_languages(statement, chance)


def _price_problem(statements: dict[str, str], got: object) -> str:
    if not isinstance(got, list) or not all(isinstance(language, str) for language in got):
        return f"expected a list with the names of {len(statements)} languages to be returned, got {shown(got)}"
    if sorted(got) != sorted(statements):
        return f"expected each of {', '.join(statements)} once, got {shown(got)}"

    right = _ranked(statements, _TOKENS.get)
    if got == right:
        return ""
    if got[::-1] == right:
        return "the order is turned round: the language that costs the most tokens comes first"
    for unit, slip in _SLIPS.items():
        if got == _ranked(statements, slip):
            return f"this is the order by {unit}; the price of the whole statement is its number of tokens"
    costs = [_TOKENS[statements[language]] for language in got]
    i = next(i for i in range(len(costs) - 1) if costs[i] < costs[i + 1])
    return f"{got[i]} comes before {got[i + 1]}, yet it needs fewer tokens. Print the counts, and compare"


# Task 1.5: a sampler

def _draw_cases(seed: int) -> list:
    """Twenty cases in which rounding decides nothing, and each slip gives a wrong token at least three times."""
    chance = _chance("1.5", seed)
    while True:
        cases = [_draw_case(chance, (place + chance.random()) / 20) for place in range(20)]
        chance.shuffle(cases)
        wrong = [[slip != _drawn(*_row(*case)) for slip in _draw_slips(*case).values()] for case in cases]
        if all(sum(slip) >= 3 for slip in zip(*wrong, strict=True)):
            return cases


def _draw_case(chance: random.Random, about: float) -> list:
    while True:
        logits, temperature = [x / 2 for x in _logits(chance, chance.randint(4, 7))], chance.choice([0.5, 0.8, 1.0, 1.4, 2.0])
        share, number = round(chance.uniform(0.5, 0.95), 2), round(min(max(about + chance.uniform(-0.02, 0.02), 0), 0.999), 3)
        kept, softened, _ = _row(logits, temperature, share, number)
        sums = [sum(sorted(softened, reverse=True)[:n]) for n in range(1, len(logits) + 1)]
        if min(abs(held - share) for held in sums) > 0.005 and \
                min(abs(held / sums[len(kept) - 1] - number) for held in sums[:len(kept) - 1] or [9]) > 0.005:
            return [logits, temperature, share, number]


def _row(logits: list[float], temperature: float, share: float, number: float) -> tuple[list[int], list[float], float]:
    """The kept tokens, the probabilities of all tokens, the number: what `_drawn` takes."""
    softened = _softened(logits, temperature)
    return _nucleus(softened, share), softened, number


def _drawn(tokens: list[int], weights: list[float], number: float) -> int:
    """The token that the number falls on, where the tokens lie in a row, each as long as its share of the weights."""
    place = number * sum(weights[token] for token in tokens)
    for token in tokens:
        place -= weights[token]
        if place < 0:
            return token
    return tokens[-1]


def _draw_slips(logits: list[float], temperature: float, share: float, number: float) -> dict[str, int]:
    """What the usual slips draw, by the sentence that helps."""
    kept, p, _ = _row(logits, temperature, share, number)
    return {
        "you return the likeliest token whatever the number is; the number must decide": kept[0],
        "your tokens lie in the row by number; the likeliest must come first": _drawn(sorted(kept), p, number),
        "tokens outside the nucleus are drawn: nothing is cut off yet": _drawn(_nucleus(p, 1.0), p, number),
        "the nucleus is cut before the temperature is applied; the temperature comes first":
            _drawn(_nucleus(_softened(logits, 1.0), share), p, number),
        "the last token comes up too often. Are the kept probabilities divided by what they hold together?":
            _drawn(kept, p, min(number / sum(p[token] for token in kept), 1.0)),
        "all kept tokens are drawn alike; each has a piece of the row as long as its probability":
            kept[int(number * len(kept))]}


def _judge_draw(inputs: list, observed: object) -> Verdict:
    formed = by_case(_token_problem, "draw({}, {}, {}, {})")(inputs, observed)
    if not formed.passed:
        return formed
    wants = [_drawn(*_row(*case)) for case in inputs]
    if observed == wants:
        return PASSED
    slips = [_draw_slips(*case) for case in inputs]
    for words in slips[0]:
        if observed == [slip[words] for slip in slips]:
            return Verdict(False, words)
    i = next(i for i, (got, want) in enumerate(zip(observed, wants, strict=True)) if got != want)
    outside = "" if observed[i] in _row(*inputs[i])[0] else ", which is not even in the nucleus"
    return Verdict(False, f"for draw({', '.join(map(shown, inputs[i]))}) the number does not fall on token {observed[i]}{outside}. "
                          "Lay the kept tokens in a row, likeliest first, each as long as its share of what is kept, and walk "
                          "along it")


def _token_problem(logits: list[float], _temperature: float, _share: float, _number: float, got: object) -> str:
    if type(got) is int and 0 <= got < len(logits):
        return ""
    wanted = f"expected one token number, from 0 to {len(logits) - 1}, got {shown(got)}"
    return wanted + (". Does the function always come to a return? The row is 1 long only when each kept probability is "
                     "divided by what all kept tokens hold together" if got is None else "")


TASKS = {task.id: task for task in (
    Task("1.1", "Temperature", 4,
         ("Divide first, then take exp() of each value, then divide by their sum.",
          "Only differences between logits matter. Take the largest logit from all of them first: then the largest "
          "exponent is 0, and nothing can overflow."),
         _soften_cases, _soften_calls, by_case(_soften_problem, "soften({}, {})"), 10),
    Task("1.2", "The nucleus", 4,
         ("sorted() can put the token numbers in order of their probability: give it a key.",
          "Walk through the sorted tokens, append each, add its probability to a sum, and only then ask whether the sum "
          "has reached the share."),
         _nucleus_cases, calls, by_case(_nucleus_problem, "nucleus({}, {})"), 10),
    Task("1.3", "Perplexity of several texts", 4,
         ("First put the log-probabilities of all texts into one list.",
          "Perplexity is e to the power of the mean surprise, and surprise is minus a log-probability."),
         _perplexity_cases, calls, by_case(_perplexity_problem, "perplexity({})"), 10),
    Task("1.4", "What a language costs", 4,
         ("lm.tokenizer(text, add_special_tokens=False).input_ids is the list of the text's tokens.",
          "Write a small function that counts a text's tokens, and sort the names of the languages by it, with the "
          "largest count first (reverse=True)."),
         _price_cases, calls, by_case(_price_problem, "dearest_first({})"), 60),
    Task("1.5", "A sampler", 4,
         ("Three steps: soften() gives the probabilities, nucleus() the tokens that may be chosen, and then the number "
          "chooses one of them.",
          "Go through the kept tokens with a running sum of probability divided by what all kept tokens hold together, "
          "and return the first token whose sum is larger than the number."),
         _draw_cases, calls, _judge_draw, 10))}

#: Tasks that a person marks: none in this lesson.
MANUAL: dict[str, ByHand] = {}

points = partial(core.points, 1)


def task_1_1(soften, seed: int = 0) -> None:
    """Check `soften(logits, temperature)`, which returns a list of probabilities."""
    core.run(TASKS["1.1"], soften, seed)


def task_1_2(nucleus, seed: int = 0) -> None:
    """Check `nucleus(probabilities, share)`, which returns a list of token numbers, likeliest first."""
    core.run(TASKS["1.2"], nucleus, seed)


def task_1_3(perplexity, seed: int = 0) -> None:
    """Check `perplexity(texts)`, which returns one number for several lists of log-probabilities in nats."""
    core.run(TASKS["1.3"], perplexity, seed)


def task_1_4(dearest_first, seed: int = 0) -> None:
    """Check `dearest_first(statements)`, which returns names of languages, most tokens first."""
    core.run(TASKS["1.4"], dearest_first, seed)


def task_1_5(draw, seed: int = 0) -> None:
    """Check `draw(logits, temperature, share, number)`, which returns one token number."""
    core.run(TASKS["1.5"], draw, seed)
