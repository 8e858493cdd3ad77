"""Task 4.2: a length of passages, chosen on the validation questions alone."""

import random
import statistics
from collections.abc import Callable, Sequence

from ftrag_helpers.exercises.checking import Task, calls
from ftrag_helpers.exercises.lesson_04.recall_and_rank import once
from ftrag_helpers.exercises.mistakes import Mistake, by_mistakes, distinguishing, rng_for, shuffled
from ftrag_helpers.exercises.values import format_value, is_number

_SIZES = (20, 40, 60, 90, 120, 160, 200, 250)


def means_of(table: list[dict], splits: Sequence[str] = ("validation",)) -> dict[int, float]:
    """The mean recall of each length on these splits."""
    sizes = once([row["words"] for row in table])
    chosen = {
        size: [row["recall"] for row in table if row["words"] == size and row["split"] in splits]
        for size in sizes
    }
    return {size: sum(values) / len(values) for size, values in chosen.items()}


def smallest_best(means: dict[int, float]) -> int:
    """The length with the highest mean recall, of equals the smallest."""
    return min(size for size, mean in means.items() if mean >= max(means.values()) - 1e-9)


def _chosen_by(score: Callable[[list[float]], float]) -> Callable[[list[dict]], int]:
    """A choice on validation by another score of a length's recalls; of equals the smaller
    length.
    """

    def mistake(table: list[dict]) -> int:
        rows = {
            size: [
                row["recall"]
                for row in table
                if row["words"] == size and row["split"] == "validation"
            ]
            for size in means_of(table)
        }
        return min(rows, key=lambda size: (-score(rows[size]), size))

    return mistake


def _last_best(table: list[dict]) -> int:
    return [
        size
        for size, mean in means_of(table).items()
        if mean >= max(means_of(table).values()) - 1e-9
    ][-1]


MISTAKES = [
    Mistake(
        "this is the choice on the training questions",
        lambda table: smallest_best(means_of(table, ("train",))),
    ),
    Mistake(
        "this is the choice on validation and test questions together. The test questions have a say in it, and they may only measure",
        lambda table: smallest_best(means_of(table, ("validation", "test"))),
    ),
    Mistake(
        "where two lengths are equal you ask the test questions, and they may only measure; the smaller length is wanted",
        lambda table: min(
            means_of(table),
            key=lambda size: (-means_of(table)[size], -means_of(table, ("test",))[size], size),
        ),
    ),
    Mistake(
        "where two lengths are equal you take the one that comes last in the table; the smaller one is wanted",
        _last_best,
    ),
    Mistake(
        "you count the questions with a recall of 1; a half counts as a half. Take the mean",
        _chosen_by(lambda values: values.count(1.0)),
    ),
    Mistake(
        "you count the questions for which anything was found. Take the mean",
        _chosen_by(lambda values: sum(v > 0 for v in values)),
    ),
    Mistake("you take the length whose worst question is best. Take the mean", _chosen_by(min)),
    Mistake("you take the median; the mean is wanted", _chosen_by(statistics.median)),
    Mistake(
        "you divide the recall by the number of words. The highest mean recall wins, and the length decides between equals only",
        lambda table: min(means_of(table), key=lambda size: (-means_of(table)[size] / size, size)),
    ),
    Mistake(
        "this is the largest length, whatever its recall is", lambda table: max(means_of(table))
    ),
    Mistake(
        "this is the choice on the test questions. They may only measure what was chosen without them; a choice on them makes the figure in your report too good",
        lambda table: smallest_best(means_of(table, ("test",))),
    ),
    Mistake(
        "this is the choice on all questions together. The test questions have a say in it, and they may only measure",
        lambda table: smallest_best(means_of(table, ("train", "validation", "test"))),
    ),
    Mistake(
        "this is the choice on training and validation questions; the task wants the validation questions alone",
        lambda table: smallest_best(means_of(table, ("train", "validation"))),
    ),
    Mistake(
        "where two lengths are equal you take the larger; the smaller one is wanted, since it costs less to read",
        lambda table: max(
            size
            for size, mean in means_of(table).items()
            if mean >= max(means_of(table).values()) - 1e-9
        ),
    ),
    Mistake(
        "where two lengths are equal you take the one that comes first in the table; the smaller one is wanted",
        lambda table: max(means_of(table), key=means_of(table).get),
    ),
    Mistake(
        "you take the length of the single best row. Take the mean over all questions of a length first",
        lambda table: max(
            (row for row in table if row["split"] == "validation"), key=lambda row: row["recall"]
        )["words"],
    ),
    Mistake(
        "this is the length with the lowest recall",
        lambda table: min(means_of(table), key=lambda size: (means_of(table)[size], size)),
    ),
    Mistake(
        "you take the smallest length whatever its recall is", lambda table: min(means_of(table))
    ),
]


def _cases(seed: int) -> list:
    """Twelve tables, in five of which the best sizes are equal on validation; each mistake chooses
    another size in two at least.
    """
    rng = rng_for("4.2", seed)
    return distinguishing(
        lambda: shuffled(rng, [[_table(rng, tie=number < 5)] for number in range(12)]),
        _right_choice,
        MISTAKES,
    )


def _right_choice(table: list[dict]) -> int:
    return smallest_best(means_of(table))


def _table(rng: random.Random, tie: bool) -> list[dict]:
    """A row a question, size and split; every size gets every question.

    Recalls are halves, so that means tie exactly.
    """
    while True:
        sizes = rng.sample(_SIZES, 3)
        rows = [
            {
                "words": size,
                "split": split,
                "question": f"{split}-{i}",
                "recall": rng.choice([0.0, 0.5, 1.0, 1.0]),
            }
            for split, count in (("train", 2), ("validation", 4), ("test", 4))
            for size in sizes
            for i in range(count)
        ]
        best = sorted(means_of(rows).values())[-2:]
        if tie == (best[0] == best[1]):
            return rows


def _problem(table: list[dict], got: object) -> str:
    sizes = sorted({row["words"] for row in table})
    if got not in sizes or isinstance(got, bool):
        score = (
            ". That looks like a recall, and the number of words is wanted"
            if is_number(got) and 0 <= got <= 1
            else ""
        )
        return f"expected one of the lengths {sizes} to be returned, got {format_value(got)}{score}"
    return ""


def _otherwise(table: list[dict], got: int) -> str:
    means = means_of(table)
    better = (
        "another length has a higher mean recall"
        if max(means.values()) > means[got]
        else "a smaller length is as good"
    )
    return f"{got} words are not the choice: {better} on the validation questions"


TASK = Task(
    "4.2",
    "Chosen without the test",
    3,
    hints=(
        'Keep the rows whose split is "validation" and look at no other row.',
        "Take the mean recall of each length. max() with the key (mean, -words) takes the smaller where means are equal.",
    ),
    cases=_cases,
    run_answer=calls,
    judge=by_mistakes(
        _right_choice, MISTAKES, call="choose(table)", problem=_problem, otherwise=_otherwise
    ),
    timeout=10,
    answer="`choose(table)`, which returns a number of words",
)
