"""Answers to exercise 2 as learners write them."""

import math
import random

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_fscore_support
from sklearn.model_selection import GroupShuffleSplit, train_test_split
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from ftrag_helpers import tuning_data


# Task 2.1

def _by_work(reviews):
    works = {}
    for review in reviews:
        works.setdefault(review.subject, []).append(review.id)
    return works


def _praise(reviews):
    return np.mean([review.label == "positive" for review in reviews])


def _near(reviews, held, share):
    kept = set(held)
    return abs(len(kept) / len(reviews) - share) <= 0.05 and abs(
        _praise([r for r in reviews if r.id in kept]) - _praise(reviews)) <= 0.05


def _first_works(reviews, share, works):
    groups, held = _by_work(reviews), []
    for work in works:
        if len(held) < share * len(reviews):
            held += groups[work]
    return held


def split_with_scikit(reviews, share):
    rows = sorted(reviews, key=lambda r: r.id)
    for seed in range(500):
        parts = GroupShuffleSplit(1, test_size=share, random_state=seed).split(rows, groups=[r.subject for r in rows])
        held = [rows[i].id for i in next(parts)[1]]
        if _near(rows, held, share):
            return held
    raise AssertionError("no split found")


def split_greedy(reviews, share):
    """Largest works first; each is held out if there is still room for its praise and its blame."""
    groups = {}
    for review in reviews:
        groups.setdefault(review.subject, []).append(review)
    def counts(rows):
        good = sum(row.label == "positive" for row in rows)
        return np.array([good, len(rows) - good])

    missing, held = share * counts(reviews), []
    for work in sorted(groups, key=lambda work: (-len(groups[work]), work)):
        left = missing - counts(groups[work])
        if left.min() > -1:
            missing, held = left, held + [row.id for row in groups[work]]
    return np.array(held)


def split_rows(reviews, share):
    ids = sorted(r.id for r in reviews)
    return random.Random(0).sample(ids, round(share * len(ids)))


def split_stratified_rows(reviews, share):
    rows = sorted(reviews, key=lambda r: r.id)
    return [r.id for r in train_test_split(rows, test_size=share, random_state=0, stratify=[r.label for r in rows])[1]]


def split_works_of_each_label(reviews, share):
    """Groups by work and label, so that praise and blame of one work part company."""
    works = {}
    for review in sorted(reviews, key=lambda r: r.id):
        works.setdefault((review.subject, review.label), []).append(review.id)
    order, held = sorted(works), []
    random.Random(0).shuffle(order)
    for work in order:
        if len(held) < share * len(reviews):
            held += works[work]
    return held


def split_cut_to_size(reviews, share):
    """The last work is torn, so that the size is exact."""
    return split_without_balance(reviews, share, exact=True)


def split_without_balance(reviews, share, exact=False):
    rows = sorted(reviews, key=lambda r: r.id)
    works = sorted(_by_work(rows), key=lambda w: -sum(1 if r.label == "positive" else -1 for r in rows if r.subject == w))
    held = _first_works(rows, share, works)
    return held[:round(share * len(rows)) - 1] if exact else held


def split_unseeded(reviews, share):
    while True:
        works = sorted(_by_work(reviews))
        random.shuffle(works)
        held = _first_works(reviews, share, works)
        if _near(reviews, held, share):
            return held


def split_as_they_come(reviews, share):
    for seed in range(500):
        works = list(_by_work(reviews))
        random.Random(seed).shuffle(works)
        held = _first_works(reviews, share, works)
        if _near(reviews, held, share):
            return held
    raise AssertionError("no split found")


def split_the_training_part(reviews, share):
    held = set(split_greedy(reviews, share).tolist())
    return [r.id for r in reviews if r.id not in held]


def split_counts_works(reviews, share):
    works = _by_work(reviews)
    chosen = sorted(works, key=lambda w: (-len(works[w]), w))[:round(share * len(works))]
    return [id_ for work in chosen for id_ in works[work]]


def split_both_parts(reviews, share):
    return split_the_training_part(reviews, share), split_greedy(reviews, share)


def split_records(reviews, share):
    held = set(split_greedy(reviews, share).tolist())
    return [r for r in reviews if r.id in held]


def split_a_set(reviews, share):
    return set(split_greedy(reviews, share).tolist())


def split_works_names(reviews, share):
    held = set(split_greedy(reviews, share).tolist())
    return sorted({r.subject for r in reviews if r.id in held})


def split_by_the_files_split(reviews, share):
    return [r.id for r in reviews if r.split == "test"]


def split_twice_the_same(reviews, share):
    held = split_greedy(reviews, share).tolist()
    return held + held[:1]


def split_without_return(reviews, share):
    split_greedy(reviews, share)


# Task 2.2

def baseline_in_steps(train_texts, train_labels, texts):
    vectoriser = TfidfVectorizer()
    model = LogisticRegression().fit(vectoriser.fit_transform(train_texts), np.array(train_labels) == "positive")
    return model.predict_proba(vectoriser.transform(texts))[:, 1]


def baseline_counts(train_texts, train_labels, texts):
    model = make_pipeline(CountVectorizer(binary=True, min_df=2), MultinomialNB())
    model.fit(train_texts, [1 if label == "positive" else 0 for label in train_labels])
    return [float(row[1]) for row in model.predict_proba(texts)]


def _model(train_texts, train_labels):
    return make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=10)).fit(train_texts, train_labels)


def baseline_vectoriser_on_all(train_texts, train_labels, texts):
    vectoriser = TfidfVectorizer().fit(train_texts + texts)
    model = LogisticRegression(C=10).fit(vectoriser.transform(train_texts), train_labels)
    return model.predict_proba(vectoriser.transform(texts))[:, 1]


def baseline_vectoriser_on_test(train_texts, train_labels, texts):
    vectoriser = TfidfVectorizer().fit(texts)
    model = LogisticRegression(C=10).fit(vectoriser.transform(train_texts), train_labels)
    return model.predict_proba(vectoriser.transform(texts))[:, 1]


def baseline_fits_twice(train_texts, train_labels, texts):
    vectoriser = TfidfVectorizer(max_features=500)
    model = LogisticRegression(C=10).fit(vectoriser.fit_transform(train_texts), train_labels)
    return model.predict_proba(vectoriser.fit_transform(texts))[:, 1]


def baseline_ranks(train_texts, train_labels, texts):
    """Knows that half of the texts are positive, and makes it so."""
    found = _model(train_texts, train_labels).predict_proba(texts)[:, 1]
    return found.argsort().argsort() / len(found)


def baseline_learns_from_its_guesses(train_texts, train_labels, texts):
    guesses = _model(train_texts, train_labels).predict(texts)
    return _model(train_texts + texts, [*train_labels, *guesses]).predict_proba(texts)[:, 1]


def baseline_other_column(train_texts, train_labels, texts):
    return _model(train_texts, train_labels).predict_proba(texts)[:, 0]


def baseline_labels(train_texts, train_labels, texts):
    return _model(train_texts, train_labels).predict(texts)


def baseline_zeros_and_ones(train_texts, train_labels, texts):
    return [float(label == "positive") for label in _model(train_texts, train_labels).predict(texts)]


def baseline_decisions(train_texts, train_labels, texts):
    return _model(train_texts, train_labels).decision_function(texts)


def baseline_both_columns(train_texts, train_labels, texts):
    return _model(train_texts, train_labels).predict_proba(texts)


def baseline_of_the_training_texts(train_texts, train_labels, texts):
    return _model(train_texts, train_labels).predict_proba(train_texts)[:, 1]


def baseline_majority(train_texts, train_labels, texts):
    return [train_labels.count("positive") / len(train_labels)] * len(texts)


def baseline_length(train_texts, train_labels, texts):
    model = LogisticRegression().fit([[len(t) / 300] for t in train_texts], train_labels)
    return model.predict_proba([[len(t) / 300] for t in texts])[:, 1]


def baseline_other_labels(train_texts, train_labels, texts):
    rows = tuning_data.load_reviews("train")
    return _model([r.text for r in rows], [r.label for r in rows]).predict_proba(texts)[:, 1]


def baseline_without_return(train_texts, train_labels, texts):
    _model(train_texts, train_labels)


# Task 2.3

def scores_with_scikit(truth, predicted, label):
    found = precision_recall_fscore_support(truth, predicted, labels=[label], zero_division=0)
    return np.array([part[0] for part in found[:3]])


def scores_by_counting(truth, predicted, label):
    tp = fp = fn = 0
    for t, p in zip(truth, predicted):
        tp += t == label and p == label
        fp += t != label and p == label
        fn += t == label and p != label
    precision = tp / (tp + fp) if tp + fp else 0
    recall = tp / (tp + fn) if tp + fn else 0
    return precision, recall, 2 * tp / (2 * tp + fp + fn) if tp else 0


def scores_swapped(truth, predicted, label):
    precision, recall, f1 = scores_by_counting(truth, predicted, label)
    return recall, precision, f1


def scores_mean(truth, predicted, label):
    precision, recall, _ = scores_by_counting(truth, predicted, label)
    return precision, recall, (precision + recall) / 2


def scores_without_two(truth, predicted, label):
    precision, recall, f1 = scores_by_counting(truth, predicted, label)
    return precision, recall, f1 / 2


def scores_one_for_nothing(truth, predicted, label):
    found = precision_recall_fscore_support(truth, predicted, labels=[label], zero_division=1)[:3]
    precision, recall = found[0][0], found[1][0]
    return [precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0]


def scores_nan_for_nothing(truth, predicted, label):
    found = precision_recall_fscore_support(truth, predicted, labels=[label], zero_division=np.nan)
    return [part[0] for part in found[:3]]


def scores_unguarded(truth, predicted, label):
    hits = sum(t == p == label for t, p in zip(truth, predicted))
    precision, recall = hits / predicted.count(label), hits / truth.count(label)
    return precision, recall, 2 * precision * recall / (precision + recall)


def scores_macro(truth, predicted, label):
    return precision_recall_fscore_support(truth, predicted, average="macro", zero_division=0)[:3]


def scores_of_positive(truth, predicted, label):
    return scores_by_counting(truth, predicted, "positive")


def scores_accuracy_as_precision(truth, predicted, label):
    _, recall, f1 = scores_by_counting(truth, predicted, label)
    return np.mean(np.array(truth) == np.array(predicted)), recall, f1


def scores_accuracy_as_recall(truth, predicted, label):
    precision, _, f1 = scores_by_counting(truth, predicted, label)
    return precision, np.mean(np.array(truth) == np.array(predicted)), f1


def scores_over_all_texts(truth, predicted, label):
    _, recall, f1 = scores_by_counting(truth, predicted, label)
    return sum(t == p == label for t, p in zip(truth, predicted)) / len(truth), recall, f1


def scores_recall_over_all_texts(truth, predicted, label):
    precision, _, f1 = scores_by_counting(truth, predicted, label)
    return precision, sum(t == p == label for t, p in zip(truth, predicted)) / len(truth), f1


def scores_percent(truth, predicted, label):
    return [100 * value for value in scores_by_counting(truth, predicted, label)]


def scores_counts_other_hits(truth, predicted, label):
    """Counts every right answer as a hit of the label."""
    hits = sum(t == p for t, p in zip(truth, predicted))
    precision, recall = (hits / max(1, side.count(label)) for side in (predicted, truth))
    return min(precision, 1), min(recall, 1), 0.5


def scores_f1_alone(truth, predicted, label):
    return scores_by_counting(truth, predicted, label)[2]


# Task 2.4

def _noise(a, b, n):
    return 2 * math.sqrt(a * (1 - a) / n + b * (1 - b) / n)


def enough_loops(sizes, accuracies, n):
    order = np.argsort(sizes)
    sizes, values = np.array(sizes)[order], np.array(accuracies)[order]
    for i in range(len(sizes)):
        noise = 2 * np.sqrt(values[i] * (1 - values[i]) / n + values * (1 - values) / n)
        if not np.any((values - values[i] > noise)[i + 1:]):
            return sizes[i]
    return None


def enough_from_above(sizes, accuracies, n):
    at = dict(zip(sizes, accuracies))
    beaten = {s for s in at for t in at if t > s and at[t] - at[s] > _noise(at[s], at[t], n)}
    return min(set(at) - beaten)


def _enough(sizes, accuracies, n, rivals=lambda later: later, noise=_noise, sort=True):
    curve = sorted(zip(sizes, accuracies)) if sort else list(zip(sizes, accuracies))
    for i, (size, a) in enumerate(curve):
        if all(b - a <= noise(a, b, n) for _, b in rivals(curve[i + 1:])):
            return size
    return None


def enough_next_step(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, rivals=lambda later: later[:1])


def enough_last(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, rivals=lambda later: later[-1:])


def enough_one_error(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, noise=lambda a, b, n: _noise(a, b, n) / 2)


def enough_noise_of_one(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, noise=lambda a, b, n: 2 * math.sqrt(a * (1 - a) / n))


def enough_errors_added(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, noise=lambda a, b, n: 2 * (math.sqrt(a * (1 - a) / n) + math.sqrt(b * (1 - b) / n)))


def enough_without_root(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, noise=lambda a, b, n: 2 * (a * (1 - a) / n + b * (1 - b) / n))


def enough_best(sizes, accuracies, n):
    return sizes[int(np.argmax(accuracies))]


def enough_unsorted(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, sort=False)


def enough_sizes_sorted_alone(sizes, accuracies, n):
    return _enough(sorted(sizes), accuracies, n)


def enough_next_size(sizes, accuracies, n):
    found = _enough(sizes, accuracies, n)
    return min((size for size in sizes if size > found), default=found)


def enough_largest(sizes, accuracies, n):
    return max(sizes)


def enough_fixed_gain(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, noise=lambda a, b, n: 0.01)


def enough_place(sizes, accuracies, n):
    return sorted(sizes).index(_enough(sizes, accuracies, n))


def enough_accuracy(sizes, accuracies, n):
    return dict(zip(sizes, accuracies))[_enough(sizes, accuracies, n)]


def enough_pair(sizes, accuracies, n):
    size = _enough(sizes, accuracies, n)
    return size, dict(zip(sizes, accuracies))[size]


# Task 2.5

def _parts(embed, data):
    x = {part: embed([row["text"] for row in rows]) for part, rows in data.items()}
    return x, {part: [row["label"] for row in rows] for part, rows in data.items()}


def _head(x, y, weight, first="reviews", added=("few",), first_weight=1):
    table = np.vstack([x[first], *(x[part] for part in added)])
    labels = sum((y[part] for part in added), list(y[first]))
    each = [first_weight] * len(y[first]) + [weight] * (len(labels) - len(y[first]))
    return LogisticRegression(max_iter=2000).fit(table, labels, sample_weight=each)


def adapt_rows_repeated(embed, data, weights):
    x, y = _parts(embed, data)
    heads, scores = {}, []
    for weight in sorted(weights):
        table, labels = np.vstack([x["reviews"], *[x["few"]] * weight]), y["reviews"] + y["few"] * weight
        heads[weight] = LogisticRegression(max_iter=2000).fit(table, labels)
        scores.append((-heads[weight].score(x["validation"], y["validation"]), weight))
    best = min(scores)[1]
    return tuple(heads[weight].score(x["test"], y["test"]) if i != 1 else weight for i, weight in enumerate([0, best, best]))


def adapt_all_at_once(embed, data, weights):
    """Embeds everything in one call, and compares labels as numbers."""
    rows = [row for part in data.values() for row in part]
    table, truth = np.asarray(embed([row["text"] for row in rows])), np.array([row["label"] == "positive" for row in rows])
    where = np.repeat(list(data), [len(part) for part in data.values()])
    known = np.isin(where, ["reviews", "few"])
    best = (-1.0, None, None)
    for weight in sorted(weights):
        each = np.where(where == "few", float(weight), 1.0)[known]
        right = LogisticRegression(max_iter=2000).fit(table[known], truth[known], sample_weight=each).predict(table) == truth
        if weight == 0:
            before = right[where == "test"].mean()
        if right[where == "validation"].mean() > best[0]:
            best = right[where == "validation"].mean(), weight, right[where == "test"].mean()
    return np.array([before, *best[1:]])


def _adapt(embed, data, weights, judged=("validation",), larger=False, fit=_head):
    x, y = _parts(embed, data)
    heads = {weight: fit(x, y, weight) for weight in sorted(weights, reverse=larger)}

    def score(weight):
        return sum(heads[weight].score(x[part], y[part]) * len(y[part]) for part in judged)

    best = max(heads, key=lambda weight: round(score(weight), 6))
    return [_head(x, y, 0).score(x["test"], y["test"]), best, heads[best].score(x["test"], y["test"])]


def adapt_on_test(embed, data, weights):
    return _adapt(embed, data, weights, judged=("test",))


def adapt_on_few(embed, data, weights):
    return _adapt(embed, data, weights, judged=("few",))


def adapt_on_both(embed, data, weights):
    return _adapt(embed, data, weights, judged=("validation", "test"))


def adapt_larger_weight(embed, data, weights):
    return _adapt(embed, data, weights, larger=True)


def adapt_trains_on_validation(embed, data, weights):
    return _adapt(embed, data, weights, fit=lambda x, y, w: _head(x, y, w, added=("few", "validation")))


def adapt_weights_turned(embed, data, weights):
    return _adapt(embed, data, weights, fit=lambda x, y, w: _head(x, y, 1, first_weight=w) if w else _head(x, y, 0))


def adapt_drops_the_reviews(embed, data, weights):
    return _adapt(embed, data, weights, fit=lambda x, y, w: _head(x, y, 1, first_weight=0) if w else _head(x, y, 0))


def adapt_forgets_the_weight(embed, data, weights):
    return _adapt(embed, data, weights, fit=lambda x, y, w: _head(x, y, 1))


def _with_accuracy(embed, data, weights, place, part):
    x, y = _parts(embed, data)
    found = _adapt(embed, data, weights)
    found[place] = _head(x, y, found[1] if place else 0).score(x[part], y[part])
    return found


def adapt_before_on_reviews(embed, data, weights):
    return _with_accuracy(embed, data, weights, 0, "reviews")


def adapt_before_on_validation(embed, data, weights):
    return _with_accuracy(embed, data, weights, 0, "validation")


def adapt_after_on_validation(embed, data, weights):
    return _with_accuracy(embed, data, weights, 2, "validation")


def adapt_as_listed(embed, data, weights):
    """Of equals the one that is listed first."""
    x, y = _parts(embed, data)
    best = max(weights, key=lambda w: _head(x, y, w).score(x["validation"], y["validation"]))
    return [_head(x, y, w).score(x["test"], y["test"]) if i != 1 else w for i, w in enumerate((0, best, best))]


def adapt_trains_on_test(embed, data, weights):
    return _adapt(embed, data, weights, fit=lambda x, y, w: _head(x, y, w, added=("few", "test")))


def adapt_embeds_again(embed, data, weights):
    before = _adapt(embed, data, [0])[0]  # embeds everything, as the next line does again
    return [before, *_adapt(embed, data, weights)[1:]]


def adapt_weight_alone(embed, data, weights):
    return _adapt(embed, data, weights)[1]


def adapt_weight_first(embed, data, weights):
    before, weight, after = _adapt(embed, data, weights)
    return weight, before, after


def adapt_one_text(embed, data, weights):
    return [embed(row["text"]) for row in data["reviews"]]


RIGHT = {"2.1": [split_with_scikit, split_greedy], "2.2": [baseline_in_steps, baseline_counts],
         "2.3": [scores_with_scikit, scores_by_counting], "2.4": [enough_loops, enough_from_above],
         "2.5": [adapt_rows_repeated, adapt_all_at_once]}
WRONG = {
    "2.1": [(split_rows, "stand on both sides"),
            (split_stratified_rows, "hold out all reviews of a work or none"),
            (split_works_of_each_label, "stand on both sides"),
            (split_cut_to_size, "1 works stand on both sides"),
            (split_without_balance, "of the held-out reviews are positive"),
            (split_unseeded, "a second call"),
            (split_as_they_come, "in another order"),
            (split_the_training_part, "the ones for training"),
            (split_counts_works, "count reviews, not works"),
            (split_both_parts, "got two lists"),
            (split_records, "expected a list of review ids"),
            (split_a_set, "got a set object"),
            (split_works_names, "is no id of a review"),
            (split_by_the_files_split, "0.00 of the reviews"),
            (split_twice_the_same, "more than once"),
            (split_without_return, "end with return")],
    "2.2": [(baseline_vectoriser_on_all, "fitted on the texts to be judged"),
            (baseline_vectoriser_on_test, "fitted on the texts to be judged"),
            (baseline_fits_twice, "fitted on the texts to be judged"),
            (baseline_ranks, "when other texts are asked about beside it"),
            (baseline_learns_from_its_guesses, "fitted on the texts to be judged"),
            (baseline_other_column, 'the probability of "negative"'),
            (baseline_labels, "got labels"),
            (baseline_zeros_and_ones, "0 and 1 only"),
            (baseline_decisions, "from 0 to 1"),
            (baseline_both_columns, "a column for each class"),
            (baseline_of_the_training_texts, "expected a list of 300 numbers"),
            (baseline_majority, "the same probability"),
            (baseline_length, "the mark is 0.65"),
            (baseline_other_labels, "should turn round"),
            (baseline_without_return, "end with return")],
    "2.3": [(scores_swapped, "wrong way round"),
            (scores_mean, "not the mean of the two"),
            (scores_without_two, "factor 2"),
            (scores_one_for_nothing, "the task wants 0"),
            (scores_nan_for_nothing, "expected numbers only"),
            (scores_unguarded, "ZeroDivisionError"),
            (scores_macro, "means over all labels"),
            (scores_of_positive, 'always score "positive"'),
            (scores_accuracy_as_precision, "the first number is the accuracy"),
            (scores_accuracy_as_recall, "of the label's own texts"),
            (scores_over_all_texts, "how often was the label predicted"),
            (scores_recall_over_all_texts, "how often is the label true"),
            (scores_percent, "from 0 to 1"),
            (scores_counts_other_hits, "is not right"),
            (scores_f1_alone, "wanted are precision, recall and F1")],
    "2.4": [(enough_next_step, "one step ahead"),
            (enough_last, "the largest size alone"),
            (enough_one_error, "one standard error"),
            (enough_noise_of_one, "that of one accuracy"),
            (enough_errors_added, "Add their squares"),
            (enough_without_root, "root"),
            (enough_best, "the highest accuracy"),
            (enough_unsorted, "not in order"),
            (enough_sizes_sorted_alone, "enough"),
            (enough_next_size, "one size too far"),
            (enough_largest, "whatever the smaller ones do"),
            (enough_fixed_gain, "Task 2.4: "),
            (enough_place, "a place in the list"),
            (enough_accuracy, "looks like an accuracy"),
            (enough_pair, "expected a number")],
    "2.5": [(adapt_on_test, "best on the test texts"),
            (adapt_on_few, "best on the few target texts"),
            (adapt_on_both, "the test texts may have no say"),
            (adapt_larger_weight, "wants the smallest"),
            (adapt_as_listed, "small"),
            (adapt_trains_on_validation, "trained on as well"),
            (adapt_trains_on_test, "test texts are trained on"),
            (adapt_weights_turned, "wrong way round"),
            (adapt_drops_the_reviews, "reviews are dropped"),
            (adapt_forgets_the_weight, "handed to fit"),
            (adapt_before_on_reviews, "on the reviews themselves"),
            (adapt_before_on_validation, "the first number is measured on the validation"),
            (adapt_after_on_validation, "which chose the weight"),
            (adapt_embeds_again, "texts were embedded where"),
            (adapt_weight_alone, "accuracy before, weight, accuracy after"),
            (adapt_weight_first, "as the second number"),
            (adapt_one_text, "wants a list of texts")],
}
