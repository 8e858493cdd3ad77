"""Task 2.1: a split of reviews in which no work stands on both sides."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from ftrag_helpers.exercises.checking import Task, by_case
from ftrag_helpers.exercises.lesson_02 import run
from ftrag_helpers.exercises.mistakes import rng_for
from ftrag_helpers.exercises.values import format_value

#: How far the held-out share of reviews, and the share of positive ones among them, may be from
#: what is wanted.
NEAR = 0.05


def works() -> dict[str, list[str]]:
    """The ids of the reviews of each work."""
    ids: dict[str, list[str]] = {}
    for id_, row in run.reviews().items():
        ids.setdefault(row.subject, []).append(id_)
    return ids


def _cases(seed: int) -> list:
    """Reviews of a hundred works and more: as they come, with more praise than blame, and with
    works of which only one label is there, so that a shuffle which ignores the labels is soon out
    of balance. Every share is asked for.
    """
    rng = rng_for("2.1", seed)
    while True:
        cases = [_reviews_of(rng, 0.2, 110, 1.0), _reviews_of(rng, 0.3, 150, 0.4)]
        cases += [_lopsided(rng, share) for share in (0.2, 0.25, 0.35, 0.5)]
        cases += [
            _one_sided(rng, share, mood)
            for share, mood in (
                (0.2, 0.4),
                (0.2, 0.5),
                (0.2, 0.5),
                (0.2, 0.6),
                (0.2, 0.7),
                (0.25, 0.5),
                (0.25, 0.7),
                (0.3, 0.5),
                (0.35, 0.3),
                (0.4, 0.6),
            )
        ]
        if all(
            sum(bool(size_problem(*case, shuffled(*case))) for case in cases) >= 2
            for shuffled in _SHUFFLES
        ):
            return cases


def _reviews_of(rng: random.Random, share: float, size: int, praise: float) -> list:
    """A case of so many works, with this share of their praise."""
    ids_of = works()
    ids = [
        id_
        for name in rng.sample(sorted(ids_of), size)
        for id_ in ids_of[name]
        if not positive(id_) or rng.random() < praise
    ]
    return [rng.sample(ids, len(ids)), share]


def _lopsided(rng: random.Random, share: float) -> list:
    """The twelve largest works, and ninety of which there is one review: a share of the works is no
    share of the reviews.
    """
    ids_of = works()
    names = sorted(ids_of, key=lambda name: -len(ids_of[name]))
    ids = [id_ for name in names[:12] for id_ in ids_of[name]]
    ids += [rng.choice(ids_of[name]) for name in rng.sample(names[12:], 90)]
    return [rng.sample(ids, len(ids)), share]


def _one_sided(rng: random.Random, share: float, mood: float) -> list:
    """A case in which each work has praise only or blame only; about this share of the works has
    praise.
    """
    ids_of, ids = works(), []
    for name in rng.sample(sorted(ids_of), len(ids_of)):
        good = rng.random() < mood
        kept = [id_ for id_ in ids_of[name] if positive(id_) == good]
        ids.append(kept[:20])
    ids = [id_ for kept in sorted(filter(None, ids), key=len)[-115:] for id_ in kept]
    return [rng.sample(ids, len(ids)), share]


def held_out(ids: list[str], share: float, order: Callable[[list[str]], list[str]]) -> list[str]:
    """Whole works in a given order until there are enough reviews, whatever their labels are."""
    groups: dict[str, list[str]] = {}
    for id_ in ids:
        groups.setdefault(run.reviews()[id_].subject, []).append(id_)
    held: list[str] = []
    for name in order(sorted(groups)):
        if len(held) < share * len(ids):
            held += groups[name]
    return held


#: One look and no second: orders of the works that an answer may take without asking whether the
#: labels are in balance.
_SHUFFLES = [
    partial(held_out, order=order)
    for order in (
        list,
        lambda names: names[::-1],
        *(
            lambda names, seed=seed: random.Random(seed).sample(names, len(names))
            for seed in (0, 1, 42)
        ),
        *(
            lambda names, seed=seed: np.random.default_rng(seed).permutation(names).tolist()
            for seed in (0, 1, 42)
        ),
        *(
            lambda names, seed=seed: _list_shuffled(names, seed)
            for seed in (0, 1, 2, 3, 7, 13, 42, 123, 1234, 2024)
        ),
    )
]


def _list_shuffled(names: list[str], seed: int) -> list[str]:
    random.Random(seed).shuffle(names)
    return names


def positive(id_: str) -> bool:
    """Whether that review is praise."""
    return run.reviews()[id_].label == "positive"


def _praise(ids: Sequence[str]) -> float:
    return sum(map(positive, ids)) / len(ids)


def _problem(ids: list[str], share: float, got: object) -> str:
    if not isinstance(got, list) or len(got) != 3:
        return f"the split could not be looked at; got {format_value(got)}"
    problem = next(filter(None, (_ids_problem(ids, part) for part in got)), "") or _leak(
        ids, got[0]
    )
    if problem:
        return problem
    first, again, turned = map(sorted, got)
    if first != again:
        return "a second call with the same reviews holds out others. Give your shuffle a seed of its own, inside the function: random.Random(0), or random_state=0"
    if first != turned:
        return "the same reviews in another order give another split. Bring works (or reviews) into an order of your own before chance comes in: sorted(...)"
    return size_problem(ids, share, first)


def _ids_problem(ids: list[str], got: object) -> str:
    if isinstance(got, list) and len(got) == 2 and all(isinstance(part, list) for part in got):
        return "expected one list, the ids of the held-out reviews, got two lists. The rest is training without saying so"
    if not isinstance(got, list) or not all(isinstance(id_, str) for id_ in got):
        why = ". Does the function end with return?" if got is None else ""
        return f"expected a list of review ids, got {format_value(got)}{why}"
    unknown = set(got) - set(ids)
    if unknown:
        return f"{min(unknown)!r} is no id of a review that was given; an id looks like {ids[0]!r}"
    twice = [id_ for id_, count in Counter(got).items() if count > 1]
    return f"{twice[0]!r} is held out more than once" if twice else ""


def _leak(ids: list[str], held: list[str]) -> str:
    all_, out = (Counter(run.reviews()[id_].subject for id_ in part) for part in (ids, held))
    torn = [name for name in all_ if 0 < out[name] < all_[name]]
    if not torn:
        return ""
    name = max(torn, key=lambda name: (all_[name], name))
    return f"{len(torn)} works stand on both sides. Of {name!r}, {out[name]} of {all_[name]} reviews are held out; hold out all reviews of a work or none"


def size_problem(ids: list[str], share: float, held: list[str]) -> str:
    """Why held-out reviews are too many, too few or out of balance, or ""."""
    size = len(held) / len(ids)
    if abs(size - share) > NEAR + 1e-9:
        if abs(1 - size - share) <= NEAR:
            return f"{size:.2f} of the reviews are returned where {share:g} was wanted. Are these the ones for training?"
        of_works = len(_subjects(held)) / len(_subjects(ids))
        message = (
            f"{size:.2f} of the reviews are held out where {share:g} was wanted, within {NEAR:g}"
        )
        by_works = abs(of_works - share) < 0.02
        return (
            f"{message}. It is that share of the works, but works differ in size: count reviews, not works"
            if by_works
            else message
        )
    if abs(_praise(held) - _praise(ids)) > NEAR + 1e-9:
        return f"{_praise(held):.2f} of the held-out reviews are positive, and {_praise(ids):.2f} of all; they may differ by {NEAR:g}. Try another shuffle until this holds"
    return ""


def _subjects(ids: Sequence[str]) -> set[str]:
    return {run.reviews()[id_].subject for id_ in ids}


TASK = Task(
    "2.1",
    "No work on both sides",
    4,
    hints=(
        "Collect the reviews of each work in a dictionary. Shuffle the works, not the reviews, and take whole works until there are enough reviews.",
        "Shuffle sorted(works) with random.Random(seed), for seed = 0, 1, 2, …, and return the first result of which size and balance are near enough.",
    ),
    cases=_cases,
    run_answer=run.split,
    judge=by_case(_problem, "split(reviews, {1})"),
    timeout=60,
    answer="`split(reviews, share)`, which returns the ids of the reviews to hold out",
)
