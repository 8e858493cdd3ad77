"""The checks of exercise 2: a split by works, a baseline, precision and recall, a learning curve, another domain.

Level 3. No model is loaded. Tasks 2.1 and 2.2 run on the patrons' reviews, of which the cases hold the ids; task 2.5 runs
on toy texts with an embedder that counts words, so that its judge can fit the same classifiers in a blink.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

from ftrag_helpers.checks import core, domains, patrons
from ftrag_helpers.checks.core import PASSED, ByHand, Task, Verdict, answer, by_case, calls, hint
from ftrag_helpers.checks.patrons import see_adapt, see_baseline, see_split
from ftrag_helpers.checks.slips import by_slips, same, telling, told_apart
from ftrag_helpers.checks.values import is_number, number_problem, numbers_problem, shown

__all__ = ["MANUAL", "TASKS", "answer", "hint", "points", "task_2_1", "task_2_2", "task_2_3", "task_2_4", "task_2_5"]


def _chance(task_id: str, seed: int) -> random.Random:
    return random.Random(f"{task_id}/{seed}")


# Task 2.1: a split by works

#: How far the held-out share of reviews, and the share of positive ones among them, may be from what is wanted.
NEAR = 0.05


def _works() -> dict[str, list[str]]:
    """The ids of the reviews of each work."""
    works: dict[str, list[str]] = {}
    for id_, row in patrons.reviews().items():
        works.setdefault(row.subject, []).append(id_)
    return works


def _split_cases(seed: int) -> list:
    """Reviews of a hundred works and more: as they come, with more praise than blame, and with the largest works among them."""
    chance, works = _chance("2.1", seed), _works()
    names = sorted(works)
    large = sorted(names, key=lambda name: -len(works[name]))[:12]
    cases = []
    for chosen, share, praise in (
            (chance.sample(names, 110), chance.choice([0.2, 0.25]), 1.0),
            (chance.sample(names, 150), chance.choice([0.3, 0.4, 0.5]), 0.4),
            ([*large, *chance.sample(sorted(set(names) - set(large)), 90)], chance.choice([0.2, 0.3, 0.35]), 1.0)):
        ids = [id_ for name in chosen for id_ in works[name] if _positive(id_) or chance.random() < praise]
        chance.shuffle(ids)
        cases.append([ids, share])
    return cases


def _positive(id_: str) -> bool:
    return patrons.reviews()[id_].label == "positive"


def _praise(ids: Sequence[str]) -> float:
    return sum(map(_positive, ids)) / len(ids)


def _split_problem(ids: list[str], share: float, got: object) -> str:
    if not isinstance(got, list) or len(got) != 3:
        return f"the split could not be looked at; got {shown(got)}"
    problem = next(filter(None, (_ids_problem(ids, part) for part in got)), "") or _leak(ids, got[0])
    if problem:
        return problem
    first, again, turned = map(sorted, got)
    if first != again:
        return ("a second call with the same reviews holds out others. Give your shuffle a seed of its own, inside the "
                "function: random.Random(0), or random_state=0")
    if first != turned:
        return ("the same reviews in another order give another split. Bring works (or reviews) into an order of your own "
                "before chance comes in: sorted(...)")
    return _size_problem(ids, share, first)


def _ids_problem(ids: list[str], got: object) -> str:
    if isinstance(got, list) and len(got) == 2 and all(isinstance(part, list) for part in got):
        return "expected one list, the ids of the held-out reviews, got two lists. The rest is training without saying so"
    if not isinstance(got, list) or not all(isinstance(id_, str) for id_ in got):
        why = ". Does the function end with return?" if got is None else ""
        return f"expected a list of review ids, got {shown(got)}{why}"
    unknown = set(got) - set(ids)
    if unknown:
        return f"{min(unknown)!r} is no id of a review that was given; an id looks like {ids[0]!r}"
    twice = [id_ for id_, count in Counter(got).items() if count > 1]
    return f"{twice[0]!r} is held out more than once" if twice else ""


def _leak(ids: list[str], held: list[str]) -> str:
    all_, out = (Counter(patrons.reviews()[id_].subject for id_ in part) for part in (ids, held))
    torn = [name for name in all_ if 0 < out[name] < all_[name]]
    if not torn:
        return ""
    name = max(torn, key=lambda name: (all_[name], name))
    return (f"{len(torn)} works stand on both sides. Of {name!r}, {out[name]} of {all_[name]} reviews are held out; hold out "
            "all reviews of a work or none")


def _size_problem(ids: list[str], share: float, held: list[str]) -> str:
    size = len(held) / len(ids)
    if abs(size - share) > NEAR + 1e-9:
        if abs(1 - size - share) <= NEAR:
            return f"{size:.2f} of the reviews are returned where {share:g} was wanted. Are these the ones for training?"
        return (f"{size:.2f} of the reviews are held out where {share:g} was wanted, within {NEAR:g}. Works "
                "differ in size: count reviews, not works")
    if abs(_praise(held) - _praise(ids)) > NEAR + 1e-9:
        return (f"{_praise(held):.2f} of the held-out reviews are positive, and {_praise(ids):.2f} of all; they may differ by "
                f"{NEAR:g}. Try another shuffle until this holds")
    return ""


# Task 2.2: the honest baseline

#: Accuracy to beat: guessing has 0.50, TF-IDF with logistic regression about 0.75 on such reviews.
MARK = 0.65
_TRAIN, _ASKED = 700, 300


def _baseline_cases(seed: int) -> list:
    """Real reviews: 700 to learn from, and 300 of other works to ask about."""
    chance, works = _chance("2.2", seed), _works()
    ids: list[str] = []
    for name in chance.sample(sorted(works), len(works)):
        if len(ids) < _ASKED <= len(ids) + len(works[name]):
            cut = ids + works[name]
            ids = cut[:_ASKED]  # the rest of that work is left out
        else:
            ids += works[name]
    asked, train = ids[:_ASKED], ids[_ASKED:]
    return [[chance.sample(train, _TRAIN), chance.sample(asked, _ASKED)]]


def _accuracy(asked: list[str], probabilities: list[float], swapped: bool = False) -> float:
    return sum((p > 0.5) == (_positive(id_) != swapped) for id_, p in zip(asked, probabilities, strict=True)) / len(asked)


def _probabilities_problem(got: object, length: int) -> str:
    problem = numbers_problem(got, length)
    if problem:
        named = isinstance(got, list) and got and all(item in ("positive", "negative") for item in got)
        pairs = isinstance(got, list) and got and all(isinstance(item, list) and len(item) == 2 for item in got)
        if named:
            return "expected a probability for each text, got labels. predict_proba gives probabilities"
        return ("expected one number for each text, got two: predict_proba has a column for each class, and one of them is "
                'that of "positive"') if pairs else problem
    odd = [p for p in got if not -1e-9 <= p <= 1 + 1e-9]
    if odd:
        return f"expected probabilities from 0 to 1, got {shown(odd[0])}. predict_proba gives probabilities"
    return "expected probabilities, got 0 and 1 only. predict_proba gives probabilities" if set(got) <= {0, 1} else ""


def _baseline_problem(_train: list[str], asked: list[str], got: object) -> str:
    if not isinstance(got, dict) or set(got) != {"all", "apart", "swapped"}:
        return f"the answers could not be looked at; got {shown(got)}"
    for part, size in (("all", len(asked)), ("apart", patrons.APART), ("swapped", len(asked))):
        if _probabilities_problem(got[part], size):
            return _probabilities_problem(got[part], size)
    gap = max(abs(p - q) for p, q in zip(got["all"], got["apart"], strict=False))
    if gap > 1e-4:
        return (f"the probability of the same text changes by up to {gap:.3f} when other texts are asked about beside it. "
                "Something is fitted on the texts to be judged: fit the vectoriser and the regression on the training texts "
                "alone. (Or chance has a say in it: give it a seed.)")
    return _mark_problem(asked, got)


def _mark_problem(asked: list[str], got: dict) -> str:
    right, swapped = _accuracy(asked, got["all"]), _accuracy(asked, got["swapped"], swapped=True)
    if max(got["all"]) - min(got["all"]) < 1e-9:
        return f"every text gets the same probability, {shown(got['all'][0])}. Does it depend on the text?"
    if right < 1 - MARK:
        return (f"{right:.2f} of the texts are judged right, far fewer than by a coin. Is this the probability of "
                '"negative"? The columns of predict_proba are in the order of classes_')
    if right < MARK:
        return (f"{right:.2f} of the texts are judged right (above 0.5 means positive), and the mark is {MARK:g}; guessing has "
                "0.50")
    if swapped < MARK:
        return ("with training labels that are swapped on purpose, the answers should turn round, and they do not: the given "
                "training labels are not what is learned from")
    return ""


# Task 2.3: precision, recall, F1

_LABELS = ("positive", "negative", "mixed")


def _divided(part: float, whole: float, empty: float = 0.0) -> float:
    return part / whole if whole else empty


def _harmonic(a: float, b: float) -> float:
    return _divided(2 * a * b, a + b)


def _scored(truth: list[str], predicted: list[str], label: str, empty: float = 0.0) -> list[float]:
    hits = sum(t == p == label for t, p in zip(truth, predicted, strict=True))
    precision, recall = (_divided(hits, side.count(label), empty) for side in (predicted, truth))
    return [precision, recall, _harmonic(precision, recall)]


def _right_share(truth: list[str], predicted: list[str]) -> float:
    return sum(t == p for t, p in zip(truth, predicted, strict=True)) / len(truth)


def _means_of_labels(truth: list[str], predicted: list[str], _label: str) -> list[float]:
    rows = [_scored(truth, predicted, label) for label in sorted({*truth, *predicted})]
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def _with(case: tuple, place: int, value: Callable[[list[float]], float]) -> list[float]:
    found = _scored(*case)
    return [*found[:place], value(found), *found[place + 1:]]


_SCORE_SLIPS = {
    "precision and recall are the wrong way round. Precision divides by how often the label was predicted, recall by how often "
    "it is true": lambda *case: [_scored(*case)[1], _scored(*case)[0], _scored(*case)[2]],
    "F1 is not the mean of the two; it is 2 · precision · recall / (precision + recall)":
        lambda *case: _with(case, 2, lambda found: (found[0] + found[1]) / 2),
    "F1 lacks its factor 2: with precision 1 and recall 1 it is 1": lambda *case: _with(case, 2, lambda found: found[2] / 2),
    "where nothing is to be divided by, the task wants 0, and you return 1": lambda *case: _scored(*case, empty=1.0),
    "these are means over all labels; the scores of the one given label are wanted": _means_of_labels,
    "you always score \"positive\"; the label is given": lambda truth, predicted, _label: _scored(truth, predicted, "positive"),
    "the first number is the accuracy: it counts the hits of all labels, over all texts":
        lambda *case: _with(case, 0, lambda _found: _right_share(case[0], case[1])),
    "recall is the share of the label's own texts that were found, not the share of right answers over all texts":
        lambda *case: _with(case, 1, lambda _found: _right_share(case[0], case[1])),
    "precision divides by the number of all texts; how often was the label predicted?":
        lambda *case: _with(case, 0, lambda _found: _hits(*case) / len(case[0])),
    "recall divides by the number of all texts; how often is the label true?":
        lambda *case: _with(case, 1, lambda _found: _hits(*case) / len(case[0])),
}


def _hits(truth: list[str], predicted: list[str], label: str) -> int:
    return sum(t == p == label for t, p in zip(truth, predicted, strict=True))


def _score_cases(seed: int) -> list:
    """Answers with two labels and with three; a label that is never predicted, never true, and neither."""
    chance = _chance("2.3", seed)
    shapes = ((12, 2, ""), (15, 3, ""), (20, 3, ""), (18, 3, ""), (14, 3, "unpredicted"), (13, 3, "untrue"), (11, 3, "neither"))
    while True:
        cases = [_score_case(chance, *shape) for shape in shapes]
        chance.shuffle(cases)
        if telling(cases, _scored, _SCORE_SLIPS):
            return cases


def _score_case(chance: random.Random, count: int, labels: int, odd: str) -> list:
    label, *others = chance.sample(_LABELS[:labels], labels)
    truth = chance.choices([label, *others], k=count)
    predicted = [t if chance.random() < 0.5 else chance.choice([label, *others]) for t in truth]
    other = others[0]
    if odd in ("unpredicted", "neither"):
        predicted = [other if p == label else p for p in predicted]
    if odd in ("untrue", "neither"):
        truth = [other if t == label else t for t in truth]
    return [truth, predicted, label]


def _score_problem(_truth: list[str], _predicted: list[str], _label: str, got: object) -> str:
    problem = numbers_problem(got, 3)
    if problem:
        return f"{problem}; wanted are precision, recall and F1, in this order"
    odd = [value for value in got if not 0 <= value <= 1]
    return f"expected numbers from 0 to 1, got {shown(odd[0])}" if odd else ""


def _score_otherwise(truth: list[str], predicted: list[str], label: str, got: list[float]) -> str:
    want = _scored(truth, predicted, label)
    place = next(i for i in range(3) if not same(got[i], want[i]))
    counts = f"{label!r} was predicted {predicted.count(label)} times, is true {truth.count(label)} times, and both for " \
             f"{_hits(truth, predicted, label)} texts"
    name = ("a precision", "a recall", "an F1")[place]
    return f"{name} of {shown(got[place])} is not right: {counts}"


# Task 2.4: how many examples

def _noise(a: float, b: float, n: int, errors: float = 2.0) -> float:
    return errors * math.sqrt((a * (1 - a) + b * (1 - b)) / n)


def _first_enough(sizes: list[int], accuracies: list[float], n: int, noise: Callable = _noise,
                  rivals: Callable = lambda later: later) -> int:
    """The smallest size that no rival among the larger sizes beats by more than the noise."""
    curve = sorted(zip(sizes, accuracies, strict=True))
    return next(size for i, (size, a) in enumerate(curve)
                if all(b - a <= noise(a, b, n) for _, b in rivals(curve[i + 1:])))


def _in_given_order(sizes: list[int], accuracies: list[float], n: int) -> int:
    return sizes[_first_enough(list(range(len(sizes))), accuracies, n)]


def _larger(sizes: list[int], size: int) -> int:
    return min((other for other in sizes if other > size), default=size)


_CURVE_SLIPS = {
    "you look one step ahead. Several steps inside the noise may add up to a gain that is not: compare with every larger size":
        lambda *case: _first_enough(*case, rivals=lambda later: later[:1]),
    "you compare with the largest size alone; a size between may be better than both":
        lambda *case: _first_enough(*case, rivals=lambda later: later[-1:]),
    "your noise is one standard error of the difference; the task wants two":
        lambda *case: _first_enough(*case, noise=partial(_noise, errors=1.0)),
    "your noise is that of one accuracy. Both are measured on n texts, so their squared errors add up":
        lambda *case: _first_enough(*case, noise=lambda a, _b, n: 2 * math.sqrt(a * (1 - a) / n)),
    "you add the two standard errors. Add their squares, and take the root of the sum":
        lambda *case: _first_enough(*case, noise=lambda a, b, n: 2 * (math.sqrt(a * (1 - a) / n) + math.sqrt(b * (1 - b) / n))),
    "this is the size with the highest accuracy. A smaller one that is inside the noise of it costs less. (Has your noise "
    "its root?)": lambda sizes, accuracies, _n: max(zip(accuracies, sizes, strict=True))[1],
    "the sizes are not in order; sort them together with their accuracies first": _in_given_order,
    "this is one size too far: the last one before it has all larger sizes inside the noise":
        lambda sizes, accuracies, n: _larger(sizes, _first_enough(sizes, accuracies, n)),
    "this is the largest size, whatever the smaller ones do": lambda sizes, _accuracies, _n: max(sizes),
}
#: Without the root the noise nearly vanishes, so this is mostly the slip of the highest accuracy too; that one is tried first.
_ROOT_SLIP = {
    "the root is missing: a(1 − a)/n is the square of a standard error":
        lambda *case: _first_enough(*case, noise=lambda a, b, n: 2 * (a * (1 - a) + b * (1 - b)) / n)}
#: No gain lies nearer than this to its noise, as a ratio, so that rounding decides nothing.
_CLEAR = 0.12


@lru_cache(maxsize=32)
def _curve_cases(seed: int) -> list:
    chance = _chance("2.4", seed)
    cases: list = []
    while not (cases and told_apart(cases, _first_enough, _CURVE_SLIPS)):
        cases = [_curve(chance, n) for n in (150, 200, 300, 300, 600, 1200, 2400, 2400)]
    return cases


def _curve(chance: random.Random, n: int) -> list:
    """A learning curve over doubling sizes, in no order, whose steps are about as large as the noise."""
    while True:
        count = chance.choice([4, 5, 6])
        sizes = [chance.choice([25, 50, 60, 100])]
        accuracies = [round(chance.uniform(0.52, 0.68), 3)]
        for _ in range(count - 1):
            sizes.append(sizes[-1] * 2)
            step = chance.choice([0.0, 0.6, 0.6, 1.4]) + chance.uniform(-0.4, 0.4)
            accuracies.append(min(0.99, round(accuracies[-1] + step * _noise(accuracies[-1], accuracies[-1], n), 3)))
        gains = [(b - a) / _noise(a, b, n) for i, a in enumerate(accuracies) for b in accuracies[i + 1:]]
        if max(accuracies) < 0.97 and all(abs(gain - 1) > _CLEAR for gain in gains):
            order = chance.sample(range(count), count)
            return [[sizes[i] for i in order], [accuracies[i] for i in order], n]


def _curve_problem(sizes: list[int], _accuracies: list[float], _n: int, got: object) -> str:
    if number_problem(got):
        return number_problem(got)
    if got in sizes:
        return ""
    hint_ = ". That looks like an accuracy" if 0 < got < 1 else ". That looks like a place in the list" if got < 10 else ""
    return f"expected one of the sizes {sorted(sizes)}, got {shown(got)}{hint_}"


def _curve_otherwise(sizes: list[int], accuracies: list[float], n: int, got: float) -> str:
    at = dict(zip(sizes, accuracies, strict=True))
    better = [size for size in at if size > got and at[size] - at[got] > _noise(at[got], at[size], n)]
    if not better:
        return f"{got} is more than needed: a smaller size has every larger one inside the noise"
    return (f"{got} is not enough: {max(better)} examples are better by {at[max(better)] - at[got]:.3f}, and the noise of that "
            f"difference is {_noise(at[got], at[max(better)], n):.3f}")


# Task 2.5: another domain

WEIGHTS = (0, 1, 3, 10, 30)


@lru_cache(maxsize=8)
def _adapt_cases(seed: int) -> list:
    """Four to six sets of toy texts that expose every slip; on two of them at least, the target texts help much."""
    chance = _chance("2.5", seed)
    cases: list = []
    while True:
        case = [domains.toy_data(chance), chance.sample(WEIGHTS, len(WEIGHTS))]
        if domains.clear(*case):
            cases = [*cases[-5:], case]
            gains = [after - before for before, _, after in (domains.adapted(*case) for case in cases)]
            if len(cases) > 3 and sum(gain > 0.15 for gain in gains) > 1 and told_apart(cases, domains.adapted, domains.SLIPS):
                return cases


def _adapt_problem(data: dict, weights: list, got: object) -> str:
    if numbers_problem(got, 3):
        return f"{numbers_problem(got, 3)}; wanted are accuracy before, weight, accuracy after"
    if got[1] not in weights:
        return f"expected one of the weights {sorted(weights)} as the second number, got {shown(got[1])}"
    odd = [value for value in (got[0], got[2]) if not 0 <= value <= 1]
    return f"expected accuracies from 0 to 1, got {shown(odd[0])}" if odd else ""


def _adapt_otherwise(data: dict, weights: list, got: list[float]) -> str:
    want = domains.adapted(data, weights)
    if not same(got[0], want[0]):
        return f"an accuracy of {shown(got[0])} before is not that of the reviews alone (weight 0) on the test texts"
    if not same(got[1], want[1]):
        value = domains.accuracy(domains.head_of(data, got[1]), data["validation"])
        return (f"the weight {shown(got[1])} has an accuracy of {value:.2f} on the validation texts, and another weight does "
                "better, or a smaller one as well")
    return f"an accuracy of {shown(got[2])} after is not that of the chosen weight on the test texts"


_judge_returned = by_slips(domains.adapted, domains.SLIPS, call="adapt(embed, data, {1})", problem=_adapt_problem,
                           otherwise=_adapt_otherwise)


def _judge_adapt(inputs: list, observed: object) -> Verdict:
    if not isinstance(observed, list) or not all(isinstance(seen, dict) and set(seen) == {"returned", "embedded"}
                                                 and is_number(seen["embedded"]) for seen in observed):
        return Verdict(False, f"the answers could not be looked at; got {shown(observed)}")
    verdict = _judge_returned(inputs, [seen["returned"] for seen in observed])
    if not verdict.passed:
        return verdict
    for (data, _), seen in zip(inputs, observed, strict=True):
        texts = [text for part in domains.PARTS for text in domains.texts_of(data[part])]
        if seen["embedded"] < len(set(texts)):
            return Verdict(False, f"the numbers are right, but only {seen['embedded']} texts were embedded, of {len(texts)}")
        if seen["embedded"] > len(texts):
            return Verdict(False, f"the numbers are right, but {seen['embedded']} texts were embedded where {len(texts)} are "
                                  "enough. Embedding is what takes time: do it once for each part, before you try weights")
    return PASSED


TASKS = {task.id: task for task in (
    Task("2.1", "No work on both sides", 4,
         ("Collect the reviews of each work in a dictionary. Shuffle the works, not the reviews, and take whole works until "
          "there are enough reviews.",
          "Shuffle sorted(works) with random.Random(seed), for seed = 0, 1, 2, …, and return the first result of which "
          "size and balance are near enough."),
         _split_cases, see_split, by_case(_split_problem, "split(reviews, {1})"), 30),
    Task("2.2", "The honest baseline", 4,
         ("make_pipeline(TfidfVectorizer(...), LogisticRegression(...)) has one fit for both, and what is fitted then stays.",
          "Call fit once, with training texts and labels; predict_proba(texts) has a column for each entry of classes_, in "
          "that order."),
         _baseline_cases, see_baseline, by_case(_baseline_problem, "baseline(…)"), 60),
    Task("2.3", "Hits, false alarms, misses", 3,
         ("Count three things: how often the label was predicted and true, predicted and not true, true and not predicted.",
          "Precision = hits / (hits + false alarms), recall = hits / (hits + misses). Ask for a zero before each of the three "
          "divisions, that of F1 too."),
         _score_cases, calls,
         by_slips(_scored, _SCORE_SLIPS, call="scores({}, {}, {})", problem=_score_problem, otherwise=_score_otherwise), 10),
    Task("2.4", "How many examples are enough?", 4,
         ("sorted(zip(sizes, accuracies)) brings both into order. Then go from the smallest size up.",
          "For each size ask about all larger ones: all(b - a <= noise(a, b) for ...). The largest size has none, and is "
          "always enough."),
         _curve_cases, calls,
         by_slips(_first_enough, _CURVE_SLIPS | _ROOT_SLIP, call="enough({}, {}, {})", problem=_curve_problem,
                  otherwise=_curve_otherwise), 10),
    Task("2.5", "Another domain", 5,
         ("Embed the four parts once. np.vstack puts two tables of features on top of each other; sample_weight is a list with "
          "one number for each row.",
          "Keep the fitted classifier of each weight in a dictionary. Choose the weight with max() over sorted(weights) by the "
          "score on validation: of equals, max takes the first. Score on test only twice, at the end."),
         _adapt_cases, see_adapt, _judge_adapt, 60))}

#: Tasks that a person marks: none in this lesson.
MANUAL: dict[str, ByHand] = {}

points = partial(core.points, 2)


def task_2_1(split, seed: int = 0) -> None:
    """Check `split(reviews, share)`, which returns the ids of the reviews to hold out."""
    core.run(TASKS["2.1"], split, seed)


def task_2_2(baseline, seed: int = 0) -> None:
    """Check `baseline(train_texts, train_labels, texts)`, which returns the probability of "positive" for each text."""
    core.run(TASKS["2.2"], baseline, seed)


def task_2_3(scores, seed: int = 0) -> None:
    """Check `scores(truth, predicted, label)`, which returns precision, recall and F1 of a label."""
    core.run(TASKS["2.3"], scores, seed)


def task_2_4(enough, seed: int = 0) -> None:
    """Check `enough(sizes, accuracies, n)`, which returns one of the sizes."""
    core.run(TASKS["2.4"], enough, seed)


def task_2_5(adapt, seed: int = 0) -> None:
    """Check `adapt(embed, data, weights)`, which returns accuracy before, the weight chosen, accuracy after."""
    core.run(TASKS["2.5"], adapt, seed)
