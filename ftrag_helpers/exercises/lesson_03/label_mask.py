"""Task 3.1: ids and labels of an example, of which the answer alone is learned."""

from collections.abc import Callable
from functools import partial

from ftrag_helpers.exercises.checking import Task, calls
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, rng_for
from ftrag_helpers.exercises.values import format_value

#: The label that the loss leaves out, in PyTorch and in transformers.
IGNORED = -100


def _cases(seed: int) -> list:
    """Prompt, answer, end, width.

    Most prompts hold the end token, some hold tokens of the answer; some leave no room.
    """
    rng = rng_for("3.1", seed)

    def tokens(low: int, high: int) -> list[int]:
        return [rng.randint(10, 99) for _ in range(rng.randint(low, high))]

    cases = []
    for room in (3, 0, 5, 1):
        end, prompt, reply = rng.randint(1, 3), tokens(4, 7), tokens(2, 5)
        prompt.insert(2, end)
        cases.append([prompt, reply, end, room])
    reply, lone = tokens(3, 3), tokens(2, 4)
    cases += [
        [[reply[0], *tokens(2, 3), reply[-1], 2, 9], reply, 2, 2],
        [tokens(3, 5), reply, 3, 4],
        [[5, 7, 1], lone, 1, 0],
        [[8], lone[:1], 1, 2],
        [[4, 4, 4], [4, 4], 2, 3],
    ]
    rng.shuffle(cases)
    return [
        [prompt, reply, end, len(prompt) + len(reply) + 1 + room]
        for prompt, reply, end, room in cases
    ]


def labelled(
    prompt: list, answer_ids: list, end: int, width: int, *, first: int = 0, last: int = 0
) -> list:
    """Ids and labels; `first` and `last` shift where learning begins and ends."""
    ids = [*prompt, *answer_ids, end]
    ids += [end] * (width - len(ids))
    learned = range(len(prompt) + first, len(prompt) + len(answer_ids) + 1 + last)
    return [ids, [token if place in learned else IGNORED for place, token in enumerate(ids)]]


def _learned_where(chosen: Callable[..., bool]) -> Callable[..., list]:
    """The labels of a mistake that learns the places for which `chosen(place, ids, prompt, answer)`
    holds.
    """

    def mistake(prompt: list, answer_ids: list, end: int, width: int) -> list:
        ids, _ = labelled(prompt, answer_ids, end, width)
        return [
            ids,
            [
                token if chosen(place, ids, prompt, answer_ids, end) else IGNORED
                for place, token in enumerate(ids)
            ],
        ]

    return mistake


MISTAKES = [
    Mistake("nothing is learned: all labels are -100", _learned_where(lambda *_: False)),
    Mistake(
        "the prompt is learned, and the answer is not; it is the other way round",
        _learned_where(lambda place, ids, prompt, reply, end: place < len(prompt)),
    ),
    Mistake(
        "you look for the end token and meet one in the prompt. Count: it stands right after the answer",
        _learned_where(
            lambda place, ids, prompt, reply, end: len(prompt) <= place <= ids.index(end)
        ),
    ),
    Mistake(
        "you look for the answer's first token, and it may stand in the prompt too. Count: the answer begins at len(prompt)",
        _learned_where(
            lambda place, ids, prompt, reply, end: (
                ids.index(reply[0]) <= place <= len(prompt) + len(reply)
            )
        ),
    ),
    Mistake(
        "a token of the answer is learned in the prompt too. It is the place that decides, not the token",
        _learned_where(
            lambda place, ids, prompt, reply, end: (
                len(prompt) <= place <= len(prompt) + len(reply) or ids[place] in reply
            )
        ),
    ),
    Mistake(
        "two end tokens are learned; the second one is padding",
        _learned_where(
            lambda place, ids, prompt, reply, end: (
                len(prompt) <= place <= len(prompt) + len(reply) + 1
            )
        ),
    ),
    Mistake(
        "every token is learned, the patron's words and the padding too: mask what the model only reads",
        _learned_where(lambda *_: True),
    ),
    Mistake(
        "the prompt is learned as well: its labels are -100, since the model only reads it",
        _learned_where(lambda place, ids, prompt, reply, end: place <= len(prompt) + len(reply)),
    ),
    Mistake(
        "the padding is learned: the model would learn to repeat the end token. Only the first end after the answer counts",
        _learned_where(lambda place, ids, prompt, reply, end: place >= len(prompt)),
    ),
    Mistake(
        "every end token is learned, the patron's and the padding too: only the one right after the answer counts",
        _learned_where(
            lambda place, ids, prompt, reply, end: (
                len(prompt) <= place <= len(prompt) + len(reply) or ids[place] == end
            )
        ),
    ),
    Mistake(
        "the end token after the answer is not learned, and a model that is trained so never stops. That it is padding in other places is no reason to mask it here",
        partial(labelled, last=-1),
    ),
    Mistake(
        "the mask begins one token too early: the last token of the prompt is learned, the end token is not. Labels stand at the tokens' own places; the loss does the shifting",
        partial(labelled, first=-1, last=-1),
    ),
    Mistake(
        "the mask begins one token too late: the first token of the answer is not learned",
        partial(labelled, first=1, last=1),
    ),
    Mistake(
        "the mask begins one token too late: the first token of the answer is never learned",
        partial(labelled, first=1),
    ),
    Mistake(
        "the mask begins one token too early: the last token of the prompt is learned",
        partial(labelled, first=-1),
    ),
]


def _form(prompt: list, answer_ids: list, end: int, width: int, got: object) -> str:
    if not isinstance(got, list) or len(got) != 2:
        return f"expected two lists, ids and labels; got {format_value(got)}"
    for name, part in zip(("ids", "labels"), got, strict=True):
        if not isinstance(part, list) or not all(type(item) is int for item in part):
            return f"expected {name} to be a list of whole numbers, got {format_value(part)}"
        if len(part) != width:
            return f"expected {width} {name}, as wide as the batch, got {len(part)}"
    want = labelled(prompt, answer_ids, end, width)[0]
    return (
        ""
        if got[0] == want
        else f"the ids are {format_value(got[0])}. Wanted is the prompt, then the answer, then one end token, then padding (the end token again) up to the width {width}"
    )


def _otherwise(prompt: list, answer_ids: list, end: int, width: int, got: list) -> str:
    want = labelled(prompt, answer_ids, end, width)[1]
    place = next(i for i, (a, b) in enumerate(zip(got[1], want, strict=True)) if a != b)
    part = (
        "prompt"
        if place < len(prompt)
        else "answer and its end"
        if want[place] != IGNORED
        else "padding"
    )
    return f"the label at place {place}, in the {part}, is {got[1][place]}; got the labels {format_value(got[1])}"


TASK = Task(
    "3.1",
    "What is learned",
    4,
    hints=(
        "Make the ids first: prompt + answer + [end] + [end] * (what is missing to the width). Labels are as long.",
        "Count: len(prompt) labels are -100, then come the answer's own ids and one end, then -100 up to the width.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_mistakes(
        labelled, MISTAKES, call="example({}, {}, {}, {})", problem=_form, otherwise=_otherwise
    ),
    answer="`example(prompt, answer, end, width)`",
)
