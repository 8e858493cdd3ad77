"""The checks of exercise 3: mask, loss, the size of LoRA, a training set for a new desk.

The tasks are arithmetic and text, so that no check loads a model; training on the
learner's pairs is shown in the notebook, where a person can read what comes of it.
"""

import math
import random
from collections.abc import Callable, Sequence
from functools import partial

from ftrag_helpers.exercises import checking
from ftrag_helpers.exercises.checking import ManualTask, Task, answer, by_case, calls, hint
from ftrag_helpers.exercises.fixtures import lost_property
from ftrag_helpers.exercises.mistakes import by_mistakes, distinguished, distinguishes
from ftrag_helpers.exercises.values import format_value, number_problem, numbers_problem

__all__ = [
    "MANUAL",
    "TASKS",
    "answer",
    "hint",
    "points",
    "task_3_1",
    "task_3_2",
    "task_3_3",
    "task_3_4",
]

#: The label that the loss leaves out, in PyTorch and in transformers.
IGNORED = -100


def _chance(task_id: str, seed: int) -> random.Random:
    return random.Random(f"{task_id}/{seed}")


# Task 3.1: what is learned


def _example_cases(seed: int) -> list:
    """Prompt, answer, end, width.

    Most prompts hold the end token, some hold tokens of the answer; some leave no room.
    """
    rng = _chance("3.1", seed)

    def tokens(low: int, high: int) -> list[int]:
        return [rng.randint(10, 99) for _ in range(rng.randint(low, high))]

    cases = []
    for room in (3, 0, 5, 1):
        end, prompt, said = rng.randint(1, 3), tokens(4, 7), tokens(2, 5)
        prompt.insert(2, end)
        cases.append([prompt, said, end, room])
    said, lone = tokens(3, 3), tokens(2, 4)
    cases += [
        [[said[0], *tokens(2, 3), said[-1], 2, 9], said, 2, 2],
        [tokens(3, 5), said, 3, 4],
        [[5, 7, 1], lone, 1, 0],
        [[8], lone[:1], 1, 2],
        [[4, 4, 4], [4, 4], 2, 3],
    ]
    rng.shuffle(cases)
    return [
        [prompt, said, end, len(prompt) + len(said) + 1 + room] for prompt, said, end, room in cases
    ]


def _labelled(
    prompt: list, answer_ids: list, end: int, width: int, *, first: int = 0, last: int = 0
) -> list:
    """Ids and labels; `first` and `last` shift where learning begins and ends."""
    ids = [*prompt, *answer_ids, end]
    ids += [end] * (width - len(ids))
    learned = range(len(prompt) + first, len(prompt) + len(answer_ids) + 1 + last)
    return [ids, [token if place in learned else IGNORED for place, token in enumerate(ids)]]


def _all_learned(prompt: list, answer_ids: list, end: int, width: int) -> list:
    ids, _ = _labelled(prompt, answer_ids, end, width)
    return [ids, list(ids)]


def _padding_only_masked(prompt: list, answer_ids: list, end: int, width: int) -> list:
    return _labelled(prompt, answer_ids, end, width, first=-len(prompt))


def _every_end_learned(prompt: list, answer_ids: list, end: int, width: int) -> list:
    ids, labels = _labelled(prompt, answer_ids, end, width)
    return [
        ids,
        [token if token == end else label for token, label in zip(ids, labels, strict=True)],
    ]


def _padding_learned(prompt: list, answer_ids: list, end: int, width: int) -> list:
    return _labelled(prompt, answer_ids, end, width, last=width)


def _without_end(prompt: list, answer_ids: list, end: int, width: int) -> list:
    return _labelled(prompt, answer_ids, end, width, last=-1)


def _moved(prompt: list, answer_ids: list, end: int, width: int, *, by: int) -> list:
    return _labelled(prompt, answer_ids, end, width, first=by, last=by)


def _learned_where(chosen: Callable[..., bool]) -> Callable[..., list]:
    """The labels of a mistake that learns the places for which `chosen(place, ids, prompt, answer)`
    holds.
    """

    def mistake(prompt: list, answer_ids: list, end: int, width: int) -> list:
        ids, _ = _labelled(prompt, answer_ids, end, width)
        return [
            ids,
            [
                token if chosen(place, ids, prompt, answer_ids, end) else IGNORED
                for place, token in enumerate(ids)
            ],
        ]

    return mistake


_EXAMPLE_MISTAKES = {
    "nothing is learned: all labels are -100": _learned_where(lambda *_: False),
    "the prompt is learned, and the answer is not; it is the other way round": _learned_where(
        lambda place, ids, prompt, said, end: place < len(prompt)
    ),
    "you look for the end token and meet one in the prompt. Count: it stands right after the answer": _learned_where(
        lambda place, ids, prompt, said, end: len(prompt) <= place <= ids.index(end)
    ),
    "you look for the answer's first token, and it may stand in the prompt too. Count: the answer begins at len(prompt)": _learned_where(
        lambda place, ids, prompt, said, end: ids.index(said[0]) <= place <= len(prompt) + len(said)
    ),
    "a token of the answer is learned in the prompt too. It is the place that decides, not the token": _learned_where(
        lambda place, ids, prompt, said, end: (
            len(prompt) <= place <= len(prompt) + len(said) or ids[place] in said
        )
    ),
    "two end tokens are learned; the second one is padding": _learned_where(
        lambda place, ids, prompt, said, end: len(prompt) <= place <= len(prompt) + len(said) + 1
    ),
    "every token is learned, the patron's words and the padding too: mask what the model only reads": (
        _all_learned
    ),
    "the prompt is learned as well: its labels are -100, since the model only reads it": (
        _padding_only_masked
    ),
    "the padding is learned: the model would learn to repeat the end token. Only the first end after the answer counts": (
        _padding_learned
    ),
    "every end token is learned, the patron's and the padding too: only the one right after the answer counts": (
        _every_end_learned
    ),
    "the end token after the answer is not learned, and a model that is trained so never stops. That it is padding in other places is no reason to mask it here": (
        _without_end
    ),
    "the mask begins one token too early: the last token of the prompt is learned, the end token is not. Labels stand at the tokens' own places; the loss does the shifting": partial(
        _moved, by=-1
    ),
    "the mask begins one token too late: the first token of the answer is not learned": partial(
        _moved, by=1
    ),
    "the mask begins one token too late: the first token of the answer is never learned": partial(
        _labelled, first=1
    ),
    "the mask begins one token too early: the last token of the prompt is learned": partial(
        _labelled, first=-1
    ),
}


def _example_form(prompt: list, answer_ids: list, end: int, width: int, got: object) -> str:
    if not isinstance(got, list) or len(got) != 2:
        return f"expected two lists, ids and labels; got {format_value(got)}"
    for name, part in zip(("ids", "labels"), got, strict=True):
        if not isinstance(part, list) or not all(type(item) is int for item in part):
            return f"expected {name} to be a list of whole numbers, got {format_value(part)}"
        if len(part) != width:
            return f"expected {width} {name}, as wide as the batch, got {len(part)}"
    want = _labelled(prompt, answer_ids, end, width)[0]
    return (
        ""
        if got[0] == want
        else (
            f"the ids are {format_value(got[0])}. Wanted is the prompt, then the answer, then one end"
            f" token, then padding (the end token again) up to the width {width}"
        )
    )


def _example_otherwise(prompt: list, answer_ids: list, end: int, width: int, got: list) -> str:
    want = _labelled(prompt, answer_ids, end, width)[1]
    place = next(i for i, (a, b) in enumerate(zip(got[1], want, strict=True)) if a != b)
    part = (
        "prompt"
        if place < len(prompt)
        else "answer and its end"
        if want[place] != IGNORED
        else "padding"
    )
    return (
        f"the label at place {place}, in the {part}, is {got[1][place]}; got the labels"
        f" {format_value(got[1])}"
    )


# Task 3.2: the loss


def _loss_cases(seed: int) -> list:
    """Logits (rows × places × tokens) and labels.

    The rows' answers differ in length; one begins at once, one ends at the last place, and one has
    a masked token in its middle.
    """
    rng = _chance("3.2", seed)
    while True:
        cases = [
            _loss_case(rng, tokens, rows)
            for tokens, rows in (
                (5, (".x..", "xxx.")),
                (4, (".....x", "xxx..x", "xxxx..")),
                (7, ("xxx..", "..x..", "...xx")),
                (3, ("..", ".x")),
                (6, ("....xx..x", "xxx......", "........x")),
            )
        ]
        if distinguishes(cases, _loss, _LOSS_MISTAKES) and distinguished(
            cases, _loss, _LOSS_MISTAKES
        ):
            return cases


def _loss_case(rng: random.Random, tokens: int, rows: Sequence[str]) -> list:
    """A case whose labels are learned where the shape of a row has a dot; the first label of a row
    is always masked.
    """
    logits = [
        [[round(rng.uniform(-2, 2), 2) for _ in range(tokens)] for _ in f"x{row}"] for row in rows
    ]
    return [
        logits,
        [
            [IGNORED, *(rng.randrange(tokens) if mark == "." else IGNORED for mark in row)]
            for row in rows
        ],
    ]


def _loss_calls(masked_loss: object, inputs: list) -> list:
    """As `calls`; where -100 was taken for a token's number, the message says so."""
    try:
        return calls(masked_loss, inputs)
    except (IndexError, RuntimeError, KeyError, ValueError):
        unmasked = [
            [logits, [[max(label, 0) for label in row] for row in labels]]
            for logits, labels in inputs
        ]
        try:
            calls(masked_loss, unmasked)
        except Exception:  # noqa: BLE001 (then it is not the -100 alone)
            unmasked = []
        if not unmasked:
            raise
    raise checking.CheckFailed(
        "your code stops at a label of -100, and runs where there is none. -100 is no token: it"
        " marks the places that are not learned, so leave them out before you look for the logit of"
        " a label"
    )


def _surprises(logits: list, labels: list, *, look: int) -> list[list[float]]:
    """Row by row the surprise (nats) at each learned token, from the logits `look` places away from
    it.
    """
    rows = []
    for row, wanted in zip(logits, labels, strict=True):
        found = []
        for place, label in enumerate(wanted):
            if label != IGNORED and 0 <= place + look < len(row):
                found.append(
                    math.log(sum(map(math.exp, row[place + look]))) - row[place + look][label]
                )
        rows.append(found)
    return rows


def _begin(row: list) -> int:
    return next(place for place, label in enumerate(row) if label != IGNORED)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _loss(logits: list, labels: list, *, look: int = -1) -> float:
    return _mean(sum(_surprises(logits, labels, look=look), []))


def _mean_of_rows(logits: list, labels: list) -> float:
    return _mean([_mean(row) for row in _surprises(logits, labels, look=-1)])


def _over_all_places(logits: list, labels: list) -> float:
    return sum(sum(_surprises(logits, labels, look=-1), [])) / sum(len(row) - 1 for row in labels)


def _over_every_place(logits: list, labels: list) -> float:
    return sum(sum(_surprises(logits, labels, look=-1), [])) / sum(map(len, labels))


def _summed(logits: list, labels: list) -> float:
    return sum(sum(_surprises(logits, labels, look=-1), []))


def _kept(keep: Callable[[int, list], bool]) -> Callable[[list, list], float]:
    """The loss of a mistake that leaves out learned labels: it keeps a place where `keep(place,
    labels of the row)` holds.
    """

    def mistake(logits: list, labels: list) -> float:
        kept = [
            [
                label if label != IGNORED and keep(place, row) else IGNORED
                for place, label in enumerate(row)
            ]
            for row in labels
        ]
        found = sum(_surprises(logits, kept, look=-1), [])
        return _mean(found) if found else 0.0

    return mistake


def _masked_as_first(logits: list, labels: list) -> float:
    return _loss(logits, [[max(label, 0) for label in row] for row in labels])


_LOSS_MISTAKES = {
    "the label 0 is left out, and 0 is a token like others: only -100 is masked": _kept(
        lambda place, row: row[place] != 0
    ),
    "after a masked token in the middle of an answer nothing is counted: look at each label by itself": _kept(
        lambda place, row: all(label != IGNORED for label in row[_begin(row) : place])
    ),
    "the last place of a row is left out": _kept(lambda place, row: place < len(row) - 1),
    "only the first row is counted": lambda logits, labels: _loss(logits[:1], labels[:1]),
    "you divide by the number of rows; divide by the number of learned tokens": (
        lambda logits, labels: sum(sum(_surprises(logits, labels, look=-1), [])) / len(labels)
    ),
    "the masked places are counted, as if token 0 were to be learned there; leave them out": (
        _masked_as_first
    ),
    "nothing is shifted: the logits at a place speak of the token that comes after it": partial(
        _loss, look=0
    ),
    "it is shifted the wrong way: the logits at a place speak of the token that comes after it": (
        partial(_loss, look=1)
    ),
    "each row counts alike, so a token of a short answer weighs more: average over all learned tokens of the batch": (
        _mean_of_rows
    ),
    "you divide by all places: the masked ones add nothing, so they must not be counted either": (
        _over_all_places
    ),
    "you divide by all the places: the masked ones add nothing, so they must not be counted either": (
        _over_every_place
    ),
    "it is a sum: a mean is wanted, or a batch with long answers would make larger steps": _summed,
    "it is negative: surprise is minus the logarithm of the probability": lambda *case: (
        -_loss(*case)
    ),
    "it is in bits: the natural logarithm gives nats, as PyTorch counts": (
        lambda *case: _loss(*case) / math.log(2)
    ),
    "it is the surprise's exponential, the perplexity: leave out the last step": (
        lambda *case: math.exp(_loss(*case))
    ),
}


def _loss_form(_logits: list, _labels: list, got: object) -> str:
    return number_problem(got)


def _loss_otherwise(logits: list, labels: list, got: float) -> str:
    count = sum(label != IGNORED for row in labels for label in row)
    return (
        f"the mean surprise of the {count} learned tokens is {_loss(logits, labels):.3f} nats, got"
        f" {format_value(got)}"
    )


# Task 3.3: the size of LoRA

_SMOLLM = {
    "q_proj": [576, 576],
    "k_proj": [192, 576],
    "v_proj": [192, 576],
    "o_proj": [576, 576],
    "gate_proj": [1536, 576],
    "up_proj": [1536, 576],
    "down_proj": [576, 1536],
}


def _size_cases(seed: int) -> list:
    rng = _chance("3.3", seed)
    while True:
        cases = [[_SMOLLM, rng.choice((4, 8, 16)), rng.choice((6, 10, 30))]]
        for names in (
            ["query", "value"],
            ["query", "key", "value", "output"],
            ["up"],
            ["down", "up", "gate"],
        ):
            shapes = {name: rng.sample((64, 96, 128, 160, 192, 256, 320), 2) for name in names}
            cases.append([shapes, rng.choice((2, 3, 5)), rng.randint(2, 12)])
        cases.append([{"only": rng.sample((100, 200, 300), 2)}, 1, 1])
        if distinguishes(cases, _size, _SIZE_MISTAKES) and distinguished(
            cases, _size, _SIZE_MISTAKES
        ):
            return cases


def _weights(shapes: dict, rank: int, layers: int) -> int:
    return layers * sum(rank * (out + into) for out, into in shapes.values())


def _full(shapes: dict, layers: int) -> int:
    return layers * sum(out * into for out, into in shapes.values())


def _size(shapes: dict, rank: int, layers: int) -> list:
    return [_weights(shapes, rank, layers), _weights(shapes, rank, layers) / _full(shapes, layers)]


def _one_layer(shapes: dict, rank: int, layers: int) -> list:
    return _size(shapes, rank, 1)


def _only_a(shapes: dict, rank: int, layers: int) -> list:
    count = layers * sum(rank * into for _out, into in shapes.values())
    return [count, count / _full(shapes, layers)]


def _only_b(shapes: dict, rank: int, layers: int) -> list:
    count = layers * sum(rank * out for out, _into in shapes.values())
    return [count, count / _full(shapes, layers)]


def _whole(shapes: dict, rank: int, layers: int) -> list:
    return [_full(shapes, layers), 1.0]


def _with_whole(shapes: dict, rank: int, layers: int) -> list:
    count = _weights(shapes, rank, layers) + _full(shapes, layers)
    return [count, count / _full(shapes, layers)]


def _turned(shapes: dict, rank: int, layers: int) -> list:
    count, share = _size(shapes, rank, layers)
    return [count, 1 / share]


def _against_one_layer(shapes: dict, rank: int, layers: int) -> list:
    count, share = _size(shapes, rank, layers)
    return [count, share * layers]


def _in_percent(shapes: dict, rank: int, layers: int) -> list:
    count, share = _size(shapes, rank, layers)
    return [count, 100 * share]


def _squared(shapes: dict, rank: int, layers: int) -> list:
    count = layers * sum(rank * out * into for out, into in shapes.values())
    return [count, count / _full(shapes, layers)]


def _counted(each: Callable[[int, int, int], float]) -> Callable[..., list]:
    """A mistake that counts `each(out, into, rank)` weights for a matrix."""

    def mistake(shapes: dict, rank: int, layers: int) -> list:
        count = layers * sum(each(out, into, rank) for out, into in shapes.values())
        return [count, count / _full(shapes, layers)]

    return mistake


def _share_of_shares(shapes: dict, rank: int, layers: int) -> list:
    shares = [rank * (out + into) / (out * into) for out, into in shapes.values()]
    return [_weights(shapes, rank, layers), sum(shares) / len(shares)]


def _share_of_both(shapes: dict, rank: int, layers: int) -> list:
    count, share = _size(shapes, rank, layers)
    return [count, share / (1 + share)]


_SIZE_MISTAKES = {
    "the count comes first, then the share": lambda *case: _size(*case)[::-1],
    "only the first of the named matrices is counted": lambda shapes, rank, layers: _size(
        dict(list(shapes.items())[:1]), rank, layers
    ),
    "the share is a mean of shares: divide all trained weights by all full ones": _share_of_shares,
    "the share is one of trained and frozen weights together; wanted is trained by frozen": (
        _share_of_both
    ),
    "both matrices are counted with the width of the output; A reads the input (rank × in)": (
        _counted(lambda out, into, rank: 2 * rank * out)
    ),
    "both matrices are counted with the width of the input; B writes the output (out × rank)": (
        _counted(lambda out, into, rank: 2 * rank * into)
    ),
    "the rank is not counted: A has rank rows, and B has rank columns": _counted(
        lambda out, into, rank: out + into
    ),
    "there is no matrix of rank × rank between A and B": _counted(
        lambda out, into, rank: rank * (out + into) + rank * rank
    ),
    "the layers are not counted: each of them has its own pair of matrices": _one_layer,
    "one of the two matrices is missing: A reads the input (rank × in), B writes the output (out × rank)": (
        _only_a
    ),
    "one of the two matrices is missing: B writes the output (out × rank), A reads the input (rank × in)": (
        _only_b
    ),
    "you count the frozen matrix itself: LoRA trains the two thin ones beside it": _whole,
    "you count the frozen matrix too: LoRA trains the two thin ones beside it only": _with_whole,
    "the two matrices are multiplied: they have rank × in and out × rank weights, which add up": (
        _squared
    ),
    "the share is turned round: it is small, since LoRA trains less": _turned,
    "the share compares all layers with one: divide by the weights of the same matrices in all those layers": (
        _against_one_layer
    ),
    "the share is in percent: a share lies between 0 and 1": _in_percent,
}


def _size_form(_shapes: dict, _rank: int, _layers: int, got: object) -> str:
    return numbers_problem(got, 2)


def _size_otherwise(shapes: dict, rank: int, layers: int, got: list) -> str:
    count, share = _size(shapes, rank, layers)
    wrong = f"{got[0]:.12g} weights" if abs(got[0] - count) > 0.5 else f"a share of {got[1]:.4g}"
    return (
        f"got {wrong}. A matrix of out × in gets A of rank × in and B of out × rank, in every one"
        f" of the {layers} layers"
    )


# Task 3.4: a training set


def _pairs_cases(seed: int) -> list:
    return [[]]


def _pairs_problem(got: object) -> str:
    return lost_property.problem(got)


TASKS: dict[str, Task] = {
    task.id: task
    for task in (
        Task(
            "3.1",
            "What is learned",
            4,
            (
                (
                    "Make the ids first: prompt + answer + [end] + [end] * (what is missing to the"
                    " width). Labels are as long."
                ),
                (
                    "Count: len(prompt) labels are -100, then come the answer's own ids and one"
                    " end, then -100 up to the width."
                ),
            ),
            _example_cases,
            calls,
            by_mistakes(
                _labelled,
                _EXAMPLE_MISTAKES,
                call="example({}, {}, {}, {})",
                problem=_example_form,
                otherwise=_example_otherwise,
            ),
        ),
        Task(
            "3.2",
            "The loss of the answer",
            4,
            (
                (
                    "The logits at place t say what comes at place t + 1. So logits[row][t] belongs"
                    " to labels[row][t + 1]."
                ),
                (
                    "Collect log(sum of exp(logits)) − logits[label] wherever labels[row][t + 1] is"
                    " not -100, over all rows, then take one mean."
                ),
            ),
            _loss_cases,
            _loss_calls,
            by_mistakes(
                _loss,
                _LOSS_MISTAKES,
                call="masked_loss({}, {})",
                problem=_loss_form,
                otherwise=_loss_otherwise,
                rel=1e-5,
            ),
        ),
        Task(
            "3.3",
            "How large is the adapter?",
            3,
            (
                (
                    "For a matrix with `out` rows and `in` columns, A has rank × in weights and B"
                    " has out × rank."
                ),
                (
                    "trained = layers × the sum of rank × (out + in) over the shapes; full = layers"
                    " × the sum of out × in; return both as [trained, trained / full]."
                ),
            ),
            _size_cases,
            calls,
            by_mistakes(
                _size,
                _SIZE_MISTAKES,
                call="lora_size({}, {}, {})",
                problem=_size_form,
                otherwise=_size_otherwise,
            ),
        ),
        Task(
            "3.4",
            "Twelve letters to a new desk",
            5,
            (
                (
                    "Write twelve messages as twelve different people would, then answer each in"
                    " the desk's form. The check names the first pair that does not fit."
                ),
                (
                    'A reply such as "Noted: a red kite, on the roof of the Fennel Hill branch. Do'
                    ' bring a ladder." has it all: it begins with "Noted: ", names the thing, is'
                    ' short, and its last sentence begins with "Do ".'
                ),
            ),
            _pairs_cases,
            calls,
            by_case(_pairs_problem, "desk_pairs()"),
        ),
    )
}

#: Tasks that a person marks.
MANUAL = {"3.5": ManualTask("What it learned, and what not", 4)}

points = partial(checking.points, 3)


def task_3_1(answer: object, seed: int = 0) -> None:
    """Check `example(prompt, answer, end, width)`."""
    checking.run(TASKS["3.1"], answer, seed)


def task_3_2(answer: object, seed: int = 0) -> None:
    """Check `masked_loss(logits, labels)`."""
    checking.run(TASKS["3.2"], answer, seed)


def task_3_3(answer: object, seed: int = 0) -> None:
    """Check `lora_size(shapes, rank, layers)`."""
    checking.run(TASKS["3.3"], answer, seed)


def task_3_4(answer: object, seed: int = 0) -> None:
    """Check `desk_pairs()`."""
    checking.run(TASKS["3.4"], answer, seed)
