"""What the answers of exercise 2 are called with: real reviews by their ids, and toy texts with
words to count.

Level 3. All of this runs beside the learner's code, so what it leaves out is which answers are
right.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from ftrag_helpers.checks.core import CheckFailed
from ftrag_helpers.checks.values import plain

#: The words of the toy texts; each of them is one column of their features.
WORDS = (
    "superb",
    "gripping",
    "charming",
    "tender",
    "dull",
    "muddled",
    "tedious",
    "clumsy",
    "wicked",
    "sick",
    "insane",
    "unreal",
    "slaps",
    "banger",
    "mid",
    "yikes",
    "book",
    "page",
    "library",
    "tuesday",
)
#: How many of the texts a baseline is asked about a second time, without the others beside them.
APART = 100


@lru_cache(maxsize=1)
def reviews() -> dict:
    """The training and validation reviews by id; their own split is hidden, since an answer is to
    make one.
    """
    from ftrag_helpers import tuning_data

    rows = [*tuning_data.load_reviews("train"), *tuning_data.load_reviews("validation")]
    return {row.id: replace(row, split="") for row in rows}


class CountedWords:
    """An embedder that counts words, and remembers how many texts it was given."""

    def __init__(self):
        self.texts = 0

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Texts to vectors, shape (texts, dimensions); a text in place of a list is told."""
        if isinstance(texts, str):
            raise CheckFailed(
                "embed was given one text; it wants a list of texts, and returns a row for each"
            )
        texts = list(texts)
        self.texts += len(texts)
        return np.array(
            [[text.split().count(word) for word in WORDS] for text in texts], float
        ).reshape(-1, len(WORDS))


def _function(answer: object) -> Callable:
    if not callable(answer):
        raise CheckFailed(f"expected a function, got {type(answer).__name__}")
    return answer


def see_split(split: object, inputs: list) -> list:
    """For each case what `split` returns: at first, called again, and with the same reviews from
    last to first.
    """
    held = reviews()
    seen = []
    for ids, share in inputs:
        rows = [held[id_] for id_ in ids]
        seen.append(
            [plain(_function(split)(list(given), share)) for given in (rows, rows, rows[::-1])]
        )
    return seen


def see_baseline(baseline: object, inputs: list) -> list:
    """For each case the probabilities of all texts, twice; of the first ones asked apart; after
    labels that are swapped; and of made-up texts. No label of a text that is asked about is in
    these frames.
    """
    return [_asked(_function(baseline), *case) for case in inputs]


def _asked(
    baseline: Callable, train: list[str], asked: list[str], made: dict, _mark: float
) -> dict:
    texts, labels, questions = _texts(train), _labels(train), _texts(asked)
    swapped = [{"positive": "negative", "negative": "positive"}[label] for label in labels]

    def call(labels, questions):
        return plain(baseline(list(texts), list(labels), list(questions)))

    return {
        "all": call(labels, questions),
        "again": call(labels, questions),
        "apart": call(labels, questions[:APART]),
        "swapped": call(swapped, questions),
        "made": plain(baseline(list(made["texts"]), list(made["labels"]), list(made["asked"]))),
    }


def _texts(ids: Sequence[str]) -> list[str]:
    return [reviews()[id_].text for id_ in ids]


def _labels(ids: Sequence[str]) -> list[str]:
    return [reviews()[id_].label for id_ in ids]


def see_adapt(adapt: object, inputs: list) -> list:
    """For each case what `adapt` returned, and how many texts it had embedded."""
    seen = []
    for data, weights in inputs:
        embed = CountedWords()
        returned = _function(adapt)(embed, data, weights)
        seen.append({"returned": plain(returned), "embedded": embed.texts})
    return seen
