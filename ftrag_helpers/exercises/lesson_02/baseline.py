"""Task 2.2: a baseline, on real reviews and on made-up ones."""

from ftrag_helpers.exercises.checking import Task, by_case
from ftrag_helpers.exercises.lesson_02 import made_up, run
from ftrag_helpers.exercises.lesson_02.split import positive, works
from ftrag_helpers.exercises.mistakes import rng_for
from ftrag_helpers.exercises.values import format_value, numbers_problem

#: Accuracy to beat: guessing has 0.50, TF-IDF with logistic regression about 0.75 on such reviews.
MARK = 0.65
#: The same on other reviews than the learner's own check has: luck has a say in 300 reviews, so
#: that whoever passed there with nothing to spare passes here too.
_OTHERS_MARK = 0.58
#: Accuracy to beat on made-up texts, where whoever learns from the training texts is right nearly
#: always.
_MADE_UP_MARK = 0.85
_TRAIN, _ASKED = 700, 300


def _cases(seed: int) -> list:
    """Real reviews, 700 to learn from and 300 of other works to ask about; and made-up ones, whose
    labels nobody can look up.
    """
    rng, ids_of = rng_for("2.2", seed), works()
    ids: list[str] = []
    for name in rng.sample(sorted(ids_of), len(ids_of)):
        if len(ids) < _ASKED <= len(ids) + len(ids_of[name]):
            cut = ids + ids_of[name]
            ids = cut[:_ASKED]  # the rest of that work is left out
        else:
            ids += ids_of[name]
    asked, train = ids[:_ASKED], rng.sample(ids[_ASKED:], _TRAIN)
    train.sort(key=lambda id_: not positive(id_))
    train[1:] = rng.sample(
        train[1:], _TRAIN - 1
    )  # praise first: the first label that comes is not the first of classes_
    return [
        [train, rng.sample(asked, _ASKED), made_up.made_up(rng), _OTHERS_MARK if seed else MARK]
    ]


def accuracy(asked: list[str], probabilities: list[float], swapped: bool = False) -> float:
    """The share (0 to 1) of reviews that probabilities of praise judge rightly."""
    return _right([positive(id_) != swapped for id_ in asked], probabilities)


def _right(positive: list[bool], probabilities: list[float]) -> float:
    return sum((p > 0.5) == good for good, p in zip(positive, probabilities, strict=True)) / len(
        positive
    )


def _probabilities_problem(got: object, length: int) -> str:
    problem = numbers_problem(got, length)
    if problem:
        named = (
            isinstance(got, list) and got and all(item in ("positive", "negative") for item in got)
        )
        pairs = (
            isinstance(got, list)
            and len(got) == length
            and all(isinstance(item, list) and len(item) == 2 for item in got)
        )
        if named:
            return "expected a probability for each text, got labels. predict_proba gives probabilities"
        return (
            f'expected one number for each text, got two: {format_value(got[0])}. predict_proba has a column for each class, and one of them is that of "positive"'
            if pairs
            else problem
        )
    odd = [p for p in got if not -1e-9 <= p <= 1 + 1e-9]
    if odd:
        percent = min(got) >= 0 and 50 < max(got) <= 100
        why = (
            "Are these percentages?"
            if percent
            else "predict_proba gives probabilities; decision_function and predict_log_proba do not"
        )
        return f"expected probabilities from 0 to 1, got {format_value(odd[0])}. {why}"
    return (
        "expected probabilities, got 0 and 1 only. predict_proba gives probabilities"
        if set(got) <= {0, 1}
        else ""
    )


def _problem(_train: list[str], asked: list[str], made: dict, mark: float, got: object) -> str:
    sizes = {
        "all": len(asked),
        "again": len(asked),
        "apart": run.APART,
        "swapped": len(asked),
        "made": len(made["asked"]),
    }
    if not isinstance(got, dict) or set(got) != set(sizes):
        return f"the answers could not be looked at; got {format_value(got)}"
    for part, size in sizes.items():
        if _probabilities_problem(got[part], size):
            return _probabilities_problem(got[part], size)
    return _steady_problem(got) or _mark_problem(asked, mark, got) or _learned_problem(made, got)


def _gap(some: list[float], others: list[float]) -> float:
    return max(abs(p - q) for p, q in zip(some, others, strict=False))


def _steady_problem(got: dict) -> str:
    if _gap(got["all"], got["again"]) > 1e-4:
        return "the same call gives other probabilities the second time. Chance has a say in it: give it a seed of its own, such as random_state=0"
    gap = _gap(got["all"], got["apart"])
    if gap > 1e-4 and any(got["all"] == sorted(got["all"], reverse=turn) for turn in (False, True)):
        return "the probabilities are sorted; they should come in the order of the texts"
    if gap > 1e-4:
        return f"the probability of the same text changes by up to {gap:.3f} when other texts are asked about beside it. Something is fitted on the texts to be judged, or depends on them: fit the vectoriser and the regression on the training texts alone"
    return ""


def _mark_problem(asked: list[str], mark: float, got: dict) -> str:
    right, swapped = accuracy(asked, got["all"]), accuracy(asked, got["swapped"], swapped=True)
    if max(got["all"]) - min(got["all"]) < 1e-9:
        return f"every text gets the same probability, {format_value(got['all'][0])}. Does it depend on the text?"
    if right < 1 - mark:
        return f'{right:.2f} of the texts are judged right, far fewer than by a coin. Is this the probability of "negative"? The columns of predict_proba are in the order of classes_'
    if min(got["all"]) >= 0.5 or max(got["all"]) <= 0.5:
        return 'all probabilities lie on one side of 0.5, though half of the texts are positive. Is this the column of "positive", or the larger of two columns?'
    if right < mark:
        return f"{right:.2f} of the texts are judged right (above 0.5 means positive), and the mark is {mark:g}; guessing has 0.50"
    if swapped < _OTHERS_MARK:
        return "with training labels that are swapped on purpose, the answers should turn round, and they do not: the given training labels are not what is learned from"
    return ""


def _learned_problem(made: dict, got: dict) -> str:
    right = _right(made_up.truth(made), got["made"])
    return (
        ""
        if right >= _MADE_UP_MARK
        else f"of made-up texts, whose words mean something else each time, {right:.2f} are judged right. Their labels can be learned from the training texts that are handed over, and from nothing else"
    )


TASK = Task(
    "2.2",
    "A baseline",
    4,
    hints=(
        "make_pipeline(TfidfVectorizer(...), LogisticRegression(...)) has one fit for both, and what is fitted then stays.",
        "Call fit once, with training texts and labels; predict_proba(texts) has a column for each entry of classes_, in that order.",
    ),
    cases=_cases,
    run_answer=run.baseline,
    judge=by_case(_problem, "baseline(…)"),
    timeout=60,
    answer='`baseline(train_texts, train_labels, texts)`, which returns the probability of "positive" for each text',
)
