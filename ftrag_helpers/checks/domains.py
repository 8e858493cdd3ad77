"""Two toy domains, and the classifiers that task 2.5 wants: reviews, and posts in which some words
change their sense.

Level 3. Cases and judge use it; it never lies beside a learner's code, since it knows what is
right. What it leaves out: the words and the embedder that counts them (`patrons`), and what a
learner is told (`lesson_02`).
"""

import random
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import numpy as np

from ftrag_helpers.checks import patrons

_PRAISE, _BLAME, _SLANG = patrons.WORDS[:4], patrons.WORDS[4:8], patrons.WORDS[8:12]
_NEW_PRAISE, _NEW_BLAME, _REST = patrons.WORDS[12:14], patrons.WORDS[14:16], patrons.WORDS[16:]
PARTS = ("reviews", "few", "validation", "test")


def _toy_text(chance: random.Random, label: str, post: bool) -> str:
    """Words of a mood: slang like "wicked" is blame in reviews and praise in posts, and a word may
    be out of place.
    """
    good, bad = (
        ((*_PRAISE[:2], *_SLANG, *_NEW_PRAISE), (*_BLAME[:2], *_NEW_BLAME))
        if post
        else (_PRAISE, (*_BLAME, *_SLANG))
    )
    mine, other = (good, bad) if label == "positive" else (bad, good)
    count = chance.choice([1, 2, 2, 3])
    words = [
        chance.choice(mine if chance.random() < 0.85 else other) for _ in range(count)
    ] + chance.choices(_REST, k=2)
    return " ".join(chance.sample(words, len(words)))


def toy_data(chance: random.Random, shift: bool = True) -> dict:
    """Rows with "text" and "label" for each of `PARTS`, half of them positive; all but the reviews
    are posts, or none is.
    """
    sizes = {"reviews": 60, "few": chance.choice([8, 10, 12]), "validation": 20, "test": 30}
    return {
        part: [
            {"text": _toy_text(chance, label, shift and part != "reviews"), "label": label}
            for label in chance.sample(["positive", "negative"] * (size // 2), size)
        ]
        for part, size in sizes.items()
    }


def made_up(chance: random.Random) -> dict:
    """Texts with labels to learn from and texts to ask about; which words are praise and which are
    blame, chance decides.

    Each word of a mood stands in texts of that mood alone, so that the labels of the asked texts
    follow from the others.
    """
    words = chance.sample(patrons.WORDS, len(patrons.WORDS))
    moods, rest = {"positive": words[:6], "negative": words[6:12]}, words[12:]
    labels = ["negative", *chance.sample(["positive", "negative"] * 200, 400)]

    def text(label: str) -> str:
        said = chance.choices(moods[label], k=chance.choice([1, 2, 2])) + chance.choices(
            rest, k=chance.choice([2, 3, 4])
        )
        return " ".join(chance.sample(said, len(said)))

    texts = [text(label) for label in labels]
    known = set(texts[:300])
    return {
        "texts": texts[:300],
        "labels": labels[:300],
        "asked": [text for text in texts[300:] if text not in known][:80],
    }


def made_up_truth(made: dict) -> list[bool]:
    """Whether each asked text is positive: it is if its words stand in positive texts alone, but
    for those of both moods.
    """
    seen: dict[str, set[str]] = {}
    for text, label in zip(made["texts"], made["labels"], strict=True):
        for word in text.split():
            seen.setdefault(word, set()).add(label)
    return [any(seen.get(word) == {"positive"} for word in text.split()) for text in made["asked"]]


@lru_cache(maxsize=2048)
def _fitted(texts: tuple, labels: tuple, weights: tuple):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=2000).fit(_features(texts), labels, sample_weight=weights)


@lru_cache(maxsize=512)
def _features(texts: tuple) -> np.ndarray:
    return patrons.CountedWords()(texts)


def texts_of(rows: list[dict]) -> tuple:
    """The texts of rows, as a key of the caches."""
    return tuple(row["text"] for row in rows)


def head_of(
    data: dict, weight: float, parts: Sequence[str] = ("few",), reviews_weight: float = 1.0
):
    """The head on the reviews and on other parts, each text of which weighs `weight`."""
    rows = [*data["reviews"], *(row for part in parts for row in data[part])]
    ones = len(data["reviews"])
    weights = (float(reviews_weight),) * ones + (float(weight),) * (len(rows) - ones)
    return _fitted(texts_of(rows), tuple(row["label"] for row in rows), weights)


def accuracy(head, rows: list[dict]) -> float:
    """The share (0 to 1) of rows that a fitted head labels rightly."""
    return float(np.mean(head.predict(_features(texts_of(rows))) == [row["label"] for row in rows]))


def adapted(
    data: dict,
    weights: list,
    judged: Sequence[str] = ("validation",),
    larger: bool = False,
    fit: Callable = head_of,
) -> list[float]:
    """[test accuracy at weight 0, the weight chosen, test accuracy at that weight]."""
    rows = [row for part in judged for row in data[part]]
    heads = {weight: fit(data, weight) for weight in sorted(weights)}
    found = {weight: accuracy(head, rows) for weight, head in heads.items()}
    best = [weight for weight, value in found.items() if value >= max(found.values()) - 1e-9]
    weight = max(best) if larger else min(best)
    return [accuracy(head_of(data, 0), data["test"]), weight, accuracy(heads[weight], data["test"])]


def _turned(data: dict, weight: float):
    return head_of(data, 1.0, reviews_weight=weight) if weight else head_of(data, 0)


def _alone(data: dict, weight: float):
    return head_of(data, 1.0, reviews_weight=0.0) if weight else head_of(data, 0)


def _few_alone(data: dict, weight: float):
    return head_of(data, weight, reviews_weight=0.0) if weight else head_of(data, 0)


def _moved(place: int, part: str) -> Callable[[dict, list], list[float]]:
    """The right result with the accuracy at that place measured on another part."""

    def slip(data: dict, weights: list) -> list[float]:
        found = adapted(data, weights)
        found[place] = accuracy(head_of(data, found[1] if place else 0), data[part])
        return found

    return slip


def _given(data: dict, weight: float) -> list[float]:
    return [
        accuracy(head_of(data, 0), data["test"]),
        weight,
        accuracy(head_of(data, weight), data["test"]),
    ]


def _without_zero(data: dict, weights: list) -> list[float]:
    return _given(data, adapted(data, [weight for weight in weights if weight])[1])


def _worst(data: dict, weights: list) -> list[float]:
    return _given(
        data,
        min(
            sorted(weights), key=lambda weight: accuracy(head_of(data, weight), data["validation"])
        ),
    )


def _refitted(data: dict, weights: list) -> list[float]:
    before, weight, _ = adapted(data, weights)
    return [
        before,
        weight,
        accuracy(head_of(data, weight, parts=("few", "validation")), data["test"]),
    ]


#: What the usual slips return, under the words that help.
SLIPS = {
    "the weight is the one that is best on the test texts. They may only measure what the validation texts have chosen": lambda data, weights: (
        adapted(data, weights, judged=("test",))
    ),
    "the weight is the one that is best on the few target texts. The classifier was fitted on them; the validation texts are to choose": lambda data, weights: (
        adapted(data, weights, judged=("few",))
    ),
    "the weight is chosen on validation and test texts together; the test texts may have no say in it": lambda data, weights: (
        adapted(data, weights, judged=("validation", "test"))
    ),
    "where several weights are equally good on validation, the task wants the smallest": (
        lambda data, weights: adapted(data, weights, larger=True)
    ),
    "the validation texts are trained on as well; then they cannot say which weight is best": (
        lambda data, weights: adapted(
            data, weights, fit=partial(head_of, parts=("few", "validation"))
        )
    ),
    "the test texts are trained on; what was learned by heart measures nothing": (
        lambda data, weights: adapted(data, weights, fit=partial(head_of, parts=("few", "test")))
    ),
    "the weights are the wrong way round: each review weighs 1, each of the few target texts weighs what is tried": lambda data, weights: (
        adapted(data, weights, fit=_turned)
    ),
    "the reviews are dropped as soon as there are target texts. Fit on both: each review has the weight 1, however heavy the few are": lambda data, weights: (
        adapted(data, weights, fit=_few_alone)
    ),
    "the reviews are dropped as soon as there are target texts. Fit on both, each review with the weight 1": lambda data, weights: (
        adapted(data, weights, fit=_alone)
    ),
    "every weight gives the same classifier. Is sample_weight handed to fit?": (
        lambda data, weights: adapted(data, weights, fit=lambda data, _weight: head_of(data, 1))
    ),
    "weight 0 is never chosen; where no other weight is better, the few texts do not help, and 0 is the answer": lambda data, weights: (
        _without_zero(data, weights)
    ),
    "this is the weight with the lowest accuracy on the validation texts": (
        lambda data, weights: _worst(data, weights)
    ),
    "this is the largest weight, whatever the validation texts say": lambda data, weights: _given(
        data, max(weights)
    ),
    "the two accuracies are the wrong way round: before comes first": lambda data, weights: adapted(
        data, weights
    )[::-1],
    "the last classifier is fitted anew with the validation texts; the task wants the one that was chosen": lambda data, weights: (
        _refitted(data, weights)
    ),
    "the first number is measured with the first weight of the list; before means weight 0": (
        lambda data, weights: [_given(data, weights[0])[2], *adapted(data, weights)[1:]]
    ),
    "the first number is measured on the reviews themselves. The shift shows on the test texts": (
        _moved(0, "reviews")
    ),
    "the first number is measured on the validation texts; the test texts measure": _moved(
        0, "validation"
    ),
    "the last number is measured on the validation texts, which chose the weight. The test texts measure": _moved(
        2, "validation"
    ),
}


def clear(data: dict, weights: list) -> bool:
    """No probability of a text that counts lies so near 0.5 that another solver might decide
    otherwise.
    """
    features = _features(texts_of([*data["validation"], *data["test"]]))
    return all(
        np.abs(head_of(data, weight).predict_proba(features)[:, 0] - 0.5).min() > 0.003
        for weight in weights
    )
