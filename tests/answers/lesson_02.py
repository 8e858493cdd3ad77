"""Answers to exercise 2 as learners write them."""

import math
import random

import numpy as np
import torch
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_fscore_support
from sklearn.model_selection import GroupShuffleSplit, train_test_split
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from torch.nn.functional import cross_entropy

from ftrag_helpers.data import tuning_data

from answers import tables

RIGHT, WRONG, right, wrong = tables()

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

@right("2.1")
def split_with_scikit(reviews, share):
    rows = sorted(reviews, key=lambda r: r.id)
    for seed in range(500):
        parts = GroupShuffleSplit(1, test_size=share, random_state=seed).split(rows, groups=[r.subject for r in rows])
        held = [rows[i].id for i in next(parts)[1]]
        if _near(rows, held, share):
            return held
    raise AssertionError("no split found")

@right("2.1")
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

@wrong("2.1", "stand on both sides")
def split_rows(reviews, share):
    ids = sorted(r.id for r in reviews)
    return random.Random(0).sample(ids, round(share * len(ids)))

@wrong("2.1", "hold out all reviews of a work or none")
def split_stratified_rows(reviews, share):
    rows = sorted(reviews, key=lambda r: r.id)
    return [r.id for r in train_test_split(rows, test_size=share, random_state=0, stratify=[r.label for r in rows])[1]]

@wrong("2.1", "stand on both sides")
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

@wrong("2.1", "1 works stand on both sides")
def split_cut_to_size(reviews, share):
    """The last work is torn, so that the size is exact."""
    return split_without_balance(reviews, share, exact=True)

@wrong("2.1", "of the held-out reviews are positive")
def split_without_balance(reviews, share, exact=False):
    rows = sorted(reviews, key=lambda r: r.id)
    works = sorted(_by_work(rows), key=lambda w: -sum(1 if r.label == "positive" else -1 for r in rows if r.subject == w))
    held = _first_works(rows, share, works)
    return held[:round(share * len(rows)) - 1] if exact else held

@wrong("2.1", "a second call")
def split_unseeded(reviews, share):
    while True:
        works = sorted(_by_work(reviews))
        random.shuffle(works)
        held = _first_works(reviews, share, works)
        if _near(reviews, held, share):
            return held

@wrong("2.1", "in another order")
def split_as_they_come(reviews, share):
    for seed in range(500):
        works = list(_by_work(reviews))
        random.Random(seed).shuffle(works)
        held = _first_works(reviews, share, works)
        if _near(reviews, held, share):
            return held
    raise AssertionError("no split found")

@wrong("2.1", "the ones for training")
def split_the_training_part(reviews, share):
    held = set(split_greedy(reviews, share).tolist())
    return [r.id for r in reviews if r.id not in held]

@wrong("2.1", "count reviews, not works")
def split_counts_works(reviews, share):
    works = _by_work(reviews)
    chosen = sorted(works, key=lambda w: (-len(works[w]), w))[:round(share * len(works))]
    return [id_ for work in chosen for id_ in works[work]]

@wrong("2.1", "got two lists")
def split_both_parts(reviews, share):
    return split_the_training_part(reviews, share), split_greedy(reviews, share)

@wrong("2.1", "expected a list of review ids")
def split_records(reviews, share):
    held = set(split_greedy(reviews, share).tolist())
    return [r for r in reviews if r.id in held]

@wrong("2.1", "got a set object")
def split_a_set(reviews, share):
    return set(split_greedy(reviews, share).tolist())

@wrong("2.1", "is no id of a review")
def split_works_names(reviews, share):
    held = set(split_greedy(reviews, share).tolist())
    return sorted({r.subject for r in reviews if r.id in held})

@wrong("2.1", "0.00 of the reviews")
def split_by_the_files_split(reviews, share):
    return [r.id for r in reviews if r.split == "test"]

@wrong("2.1", "more than once")
def split_twice_the_same(reviews, share):
    held = split_greedy(reviews, share).tolist()
    return held + held[:1]

@wrong("2.1", "end with return")
def split_without_return(reviews, share):
    split_greedy(reviews, share)

# Task 2.2

@right("2.2")
def baseline_in_steps(train_texts, train_labels, texts):
    vectoriser = TfidfVectorizer()
    model = LogisticRegression().fit(vectoriser.fit_transform(train_texts), np.array(train_labels) == "positive")
    return model.predict_proba(vectoriser.transform(texts))[:, 1]

@right("2.2")
def baseline_counts(train_texts, train_labels, texts):
    model = make_pipeline(CountVectorizer(binary=True, min_df=2), MultinomialNB())
    model.fit(train_texts, [1 if label == "positive" else 0 for label in train_labels])
    return [float(row[1]) for row in model.predict_proba(texts)]

def _model(train_texts, train_labels):
    return make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=10)).fit(train_texts, train_labels)

@wrong("2.2", "fitted on the texts to be judged")
def baseline_vectoriser_on_all(train_texts, train_labels, texts):
    vectoriser = TfidfVectorizer().fit(train_texts + texts)
    model = LogisticRegression(C=10).fit(vectoriser.transform(train_texts), train_labels)
    return model.predict_proba(vectoriser.transform(texts))[:, 1]

@wrong("2.2", "fitted on the texts to be judged")
def baseline_vectoriser_on_test(train_texts, train_labels, texts):
    vectoriser = TfidfVectorizer().fit(texts)
    model = LogisticRegression(C=10).fit(vectoriser.transform(train_texts), train_labels)
    return model.predict_proba(vectoriser.transform(texts))[:, 1]

@wrong("2.2", "fitted on the texts to be judged")
def baseline_fits_twice(train_texts, train_labels, texts):
    vectoriser = TfidfVectorizer(max_features=500)
    model = LogisticRegression(C=10).fit(vectoriser.fit_transform(train_texts), train_labels)
    return model.predict_proba(vectoriser.fit_transform(texts))[:, 1]

@wrong("2.2", "when other texts are asked about beside it")
def baseline_ranks(train_texts, train_labels, texts):
    """Knows that half of the texts are positive, and makes it so."""
    found = _model(train_texts, train_labels).predict_proba(texts)[:, 1]
    return found.argsort().argsort() / len(found)

@wrong("2.2", "fitted on the texts to be judged")
def baseline_learns_from_its_guesses(train_texts, train_labels, texts):
    guesses = _model(train_texts, train_labels).predict(texts)
    return _model(train_texts + texts, [*train_labels, *guesses]).predict_proba(texts)[:, 1]

@wrong("2.2", 'the probability of "negative"')
def baseline_other_column(train_texts, train_labels, texts):
    return _model(train_texts, train_labels).predict_proba(texts)[:, 0]

@wrong("2.2", "got labels")
def baseline_labels(train_texts, train_labels, texts):
    return _model(train_texts, train_labels).predict(texts)

@wrong("2.2", "0 and 1 only")
def baseline_zeros_and_ones(train_texts, train_labels, texts):
    return [float(label == "positive") for label in _model(train_texts, train_labels).predict(texts)]

@wrong("2.2", "from 0 to 1")
def baseline_decisions(train_texts, train_labels, texts):
    return _model(train_texts, train_labels).decision_function(texts)

@wrong("2.2", "a column for each class")
def baseline_both_columns(train_texts, train_labels, texts):
    return _model(train_texts, train_labels).predict_proba(texts)

@wrong("2.2", "expected a list of 300 numbers")
def baseline_of_the_training_texts(train_texts, train_labels, texts):
    return _model(train_texts, train_labels).predict_proba(train_texts)[:, 1]

@wrong("2.2", "the same probability")
def baseline_majority(train_texts, train_labels, texts):
    return [train_labels.count("positive") / len(train_labels)] * len(texts)

@wrong("2.2", "the mark is 0.65")
def baseline_length(train_texts, train_labels, texts):
    model = LogisticRegression().fit([[len(t) / 300] for t in train_texts], train_labels)
    return model.predict_proba([[len(t) / 300] for t in texts])[:, 1]

@wrong("2.2", "should turn round")
def baseline_other_labels(train_texts, train_labels, texts):
    rows = tuning_data.load_reviews("train")
    return _model([r.text for r in rows], [r.label for r in rows]).predict_proba(texts)[:, 1]

@wrong("2.2", "end with return")
def baseline_without_return(train_texts, train_labels, texts):
    _model(train_texts, train_labels)

# Task 2.3

@right("2.3")
def scores_with_scikit(truth, predicted, label):
    found = precision_recall_fscore_support(truth, predicted, labels=[label], zero_division=0)
    return np.array([part[0] for part in found[:3]])

@right("2.3")
def scores_by_counting(truth, predicted, label):
    tp = fp = fn = 0
    for t, p in zip(truth, predicted):
        tp += t == label and p == label
        fp += t != label and p == label
        fn += t == label and p != label
    precision = tp / (tp + fp) if tp + fp else 0
    recall = tp / (tp + fn) if tp + fn else 0
    return precision, recall, 2 * tp / (2 * tp + fp + fn) if tp else 0

@wrong("2.3", "wrong way round")
def scores_swapped(truth, predicted, label):
    precision, recall, f1 = scores_by_counting(truth, predicted, label)
    return recall, precision, f1

@wrong("2.3", "not the mean of the two")
def scores_mean(truth, predicted, label):
    precision, recall, _ = scores_by_counting(truth, predicted, label)
    return precision, recall, (precision + recall) / 2

@wrong("2.3", "factor 2")
def scores_without_two(truth, predicted, label):
    precision, recall, f1 = scores_by_counting(truth, predicted, label)
    return precision, recall, f1 / 2

@wrong("2.3", "the task wants 0")
def scores_one_for_nothing(truth, predicted, label):
    found = precision_recall_fscore_support(truth, predicted, labels=[label], zero_division=1)[:3]
    precision, recall = found[0][0], found[1][0]
    return [precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0]

@wrong("2.3", "expected numbers only")
def scores_nan_for_nothing(truth, predicted, label):
    found = precision_recall_fscore_support(truth, predicted, labels=[label], zero_division=np.nan)
    return [part[0] for part in found[:3]]

@wrong("2.3", "ZeroDivisionError")
def scores_unguarded(truth, predicted, label):
    hits = sum(t == p == label for t, p in zip(truth, predicted))
    precision, recall = hits / predicted.count(label), hits / truth.count(label)
    return precision, recall, 2 * precision * recall / (precision + recall)

@wrong("2.3", "means over all labels")
def scores_macro(truth, predicted, label):
    return precision_recall_fscore_support(truth, predicted, average="macro", zero_division=0)[:3]

@wrong("2.3", 'always score "positive"')
def scores_of_positive(truth, predicted, label):
    return scores_by_counting(truth, predicted, "positive")

@wrong("2.3", "the first number is the accuracy")
def scores_accuracy_as_precision(truth, predicted, label):
    _, recall, f1 = scores_by_counting(truth, predicted, label)
    return np.mean(np.array(truth) == np.array(predicted)), recall, f1

@wrong("2.3", "of the label's own texts")
def scores_accuracy_as_recall(truth, predicted, label):
    precision, _, f1 = scores_by_counting(truth, predicted, label)
    return precision, np.mean(np.array(truth) == np.array(predicted)), f1

@wrong("2.3", "how often was the label predicted")
def scores_over_all_texts(truth, predicted, label):
    _, recall, f1 = scores_by_counting(truth, predicted, label)
    return sum(t == p == label for t, p in zip(truth, predicted)) / len(truth), recall, f1

@wrong("2.3", "how often is the label true")
def scores_recall_over_all_texts(truth, predicted, label):
    precision, _, f1 = scores_by_counting(truth, predicted, label)
    return precision, sum(t == p == label for t, p in zip(truth, predicted)) / len(truth), f1

@wrong("2.3", "from 0 to 1")
def scores_percent(truth, predicted, label):
    return [100 * value for value in scores_by_counting(truth, predicted, label)]

@wrong("2.3", "is not right")
def scores_counts_other_hits(truth, predicted, label):
    """Counts every right answer as a hit of the label."""
    hits = sum(t == p for t, p in zip(truth, predicted))
    precision, recall = (hits / max(1, side.count(label)) for side in (predicted, truth))
    return min(precision, 1), min(recall, 1), 0.5

@wrong("2.3", "wanted are precision, recall and F1")
def scores_f1_alone(truth, predicted, label):
    return scores_by_counting(truth, predicted, label)[2]

# Task 2.4

def _noise(a, b, n):
    return 2 * math.sqrt(a * (1 - a) / n + b * (1 - b) / n)

@right("2.4")
def enough_loops(sizes, accuracies, n):
    order = np.argsort(sizes)
    sizes, values = np.array(sizes)[order], np.array(accuracies)[order]
    for i in range(len(sizes)):
        noise = 2 * np.sqrt(values[i] * (1 - values[i]) / n + values * (1 - values) / n)
        if not np.any((values - values[i] > noise)[i + 1:]):
            return sizes[i]
    return None

@right("2.4")
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

@wrong("2.4", "one step ahead")
def enough_next_step(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, rivals=lambda later: later[:1])

@wrong("2.4", "the largest size alone")
def enough_last(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, rivals=lambda later: later[-1:])

@wrong("2.4", "one standard error")
def enough_one_error(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, noise=lambda a, b, n: _noise(a, b, n) / 2)

@wrong("2.4", "that of one accuracy")
def enough_noise_of_one(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, noise=lambda a, b, n: 2 * math.sqrt(a * (1 - a) / n))

@wrong("2.4", "Add their squares")
def enough_errors_added(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, noise=lambda a, b, n: 2 * (math.sqrt(a * (1 - a) / n) + math.sqrt(b * (1 - b) / n)))

@wrong("2.4", "root")
def enough_without_root(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, noise=lambda a, b, n: 2 * (a * (1 - a) / n + b * (1 - b) / n))

@wrong("2.4", "the highest accuracy")
def enough_best(sizes, accuracies, n):
    return sizes[int(np.argmax(accuracies))]

@wrong("2.4", "not in order")
def enough_unsorted(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, sort=False)

@wrong("2.4", "enough")
def enough_sizes_sorted_alone(sizes, accuracies, n):
    return _enough(sorted(sizes), accuracies, n)

@wrong("2.4", "one size too far")
def enough_next_size(sizes, accuracies, n):
    found = _enough(sizes, accuracies, n)
    return min((size for size in sizes if size > found), default=found)

@wrong("2.4", "whatever the smaller ones do")
def enough_largest(sizes, accuracies, n):
    return max(sizes)

@wrong("2.4", "noise")
def enough_fixed_gain(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, noise=lambda a, b, n: 0.01)

@wrong("2.4", "a place in the list")
def enough_place(sizes, accuracies, n):
    return sorted(sizes).index(_enough(sizes, accuracies, n))

@wrong("2.4", "looks like an accuracy")
def enough_accuracy(sizes, accuracies, n):
    return dict(zip(sizes, accuracies))[_enough(sizes, accuracies, n)]

@wrong("2.4", "expected a number")
def enough_pair(sizes, accuracies, n):
    size = _enough(sizes, accuracies, n)
    return size, dict(zip(sizes, accuracies))[size]

# Task 2.5

def _step(network, optimizer, texts, targets):
    loss = cross_entropy(network(texts), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()

def _validation_loss(network, validation):
    network.eval()
    with torch.no_grad():
        return cross_entropy(network(validation[0]), validation[1]).item()

def _fine_tune(network, optimizer, batches, validation, epochs, step=_step, measure=_validation_loss):
    losses = []
    for _ in range(epochs):
        network.train()
        for texts, targets in batches:
            step(network, optimizer, texts, targets)
        losses.append(measure(network, validation))
    return losses

@right("2.5")
def tune_clears_after_the_step(network, optimizer, batches, validation, epochs):
    losses = []
    optimizer.zero_grad()
    for epoch in range(1, epochs + 1):
        network.train(True)
        for batch in batches:
            texts, targets = batch
            torch.nn.CrossEntropyLoss()(network(texts), targets).backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
        network.train(False)
        texts, targets = validation
        losses.append(torch.nn.CrossEntropyLoss()(network(texts), targets))
        print(f"epoch {epoch}: {losses[-1]:.2f}")
    return losses

@right("2.5")
def tune_by_hand(network, optimizer, batches, validation, epochs):
    """The loss from log_softmax, the gradients of the network cleared, NumPy's numbers."""
    def loss_of(texts, targets):
        logs = torch.log_softmax(network.forward(texts), dim=1)
        return -logs[torch.arange(len(targets)), targets].mean()

    losses = np.zeros(epochs)
    for epoch in range(epochs):
        network.train()
        for i in range(len(batches)):
            network.zero_grad()
            loss = loss_of(*batches[i])
            loss.backward()
            optimizer.step()
        network.eval()
        with torch.inference_mode():
            losses[epoch] = loss_of(*validation).numpy()
    return losses

@right("2.5")
def tune_with_helpers(network, optimizer, batches, validation, epochs):
    return tuple(_fine_tune(network, optimizer, batches, validation, epochs))

@right("2.5")
def tune_yields(network, optimizer, batches, validation, epochs):
    network.train()
    while epochs:
        for texts, targets in batches:
            _step(network, optimizer, texts, targets)
        yield _validation_loss(network, validation)
        network.train()
        epochs -= 1

@right("2.5")
def tune_with_closure(network, optimizer, batches, validation, epochs):
    losses = torch.zeros(epochs, dtype=torch.float64)
    for epoch in range(epochs):
        network.train()
        for texts, targets in batches:
            def closure():
                optimizer.zero_grad()
                loss = cross_entropy(network(texts), targets)
                loss.backward()
                return loss
            optimizer.step(closure)
        losses[epoch] = _validation_loss(network, validation)
    return losses

@wrong("2.5", "the gradients add up from batch to batch")
def tune_never_clears(network, optimizer, batches, validation, epochs):
    def step(network, optimizer, texts, targets):
        cross_entropy(network(texts), targets).backward()
        optimizer.step()
    return _fine_tune(network, optimizer, batches, validation, epochs, step)

@wrong("2.5", "cleared once in an epoch")
def tune_clears_once(network, optimizer, batches, validation, epochs):
    losses = []
    for _ in range(epochs):
        network.train()
        optimizer.zero_grad()
        for texts, targets in batches:
            cross_entropy(network(texts), targets).backward()
            optimizer.step()
        losses.append(_validation_loss(network, validation))
    return losses

@wrong("2.5", "step() comes before backward()")
def tune_steps_first(network, optimizer, batches, validation, epochs):
    def step(network, optimizer, texts, targets):
        loss = cross_entropy(network(texts), targets)
        optimizer.step()
        optimizer.zero_grad()
        loss.backward()
    return _fine_tune(network, optimizer, batches, validation, epochs, step)

@wrong("2.5", "step() comes before backward()")
def tune_steps_before_reading(network, optimizer, batches, validation, epochs):
    def step(network, optimizer, texts, targets):
        optimizer.step()
        optimizer.zero_grad()
        cross_entropy(network(texts), targets).backward()
    return _fine_tune(network, optimizer, batches, validation, epochs, step)

@wrong("2.5", "inside torch.no_grad()")
def tune_without_gradients(network, optimizer, batches, validation, epochs):
    with torch.no_grad():
        return _fine_tune(network, optimizer, batches, validation, epochs)

@wrong("2.5", "twice for the same loss")
def tune_backward_twice(network, optimizer, batches, validation, epochs):
    def step(network, optimizer, texts, targets):
        loss = cross_entropy(network(texts), targets)
        optimizer.zero_grad()
        loss.backward()
        loss.backward()
        optimizer.step()
    return _fine_tune(network, optimizer, batches, validation, epochs, step)

@wrong("2.5", "zero_grad() comes between backward() and step()")
def tune_clears_between(network, optimizer, batches, validation, epochs):
    def step(network, optimizer, texts, targets):
        cross_entropy(network(texts), targets).backward()
        optimizer.zero_grad()
        optimizer.step()
    return _fine_tune(network, optimizer, batches, validation, epochs, step)

@wrong("2.5", "optimizer.step() is never called")
def tune_never_steps(network, optimizer, batches, validation, epochs):
    def step(network, optimizer, texts, targets):
        optimizer.zero_grad()
        cross_entropy(network(texts), targets).backward()
    return _fine_tune(network, optimizer, batches, validation, epochs, step)

@wrong("2.5", "loss.backward() is never called")
def tune_never_backward(network, optimizer, batches, validation, epochs):
    def step(network, optimizer, texts, targets):
        optimizer.zero_grad()
        cross_entropy(network(texts), targets)
        optimizer.step()
    return _fine_tune(network, optimizer, batches, validation, epochs, step)

@wrong("2.5", "from all batches together")
def tune_one_step_an_epoch(network, optimizer, batches, validation, epochs):
    losses = []
    for _ in range(epochs):
        network.train()
        optimizer.zero_grad()
        for texts, targets in batches:
            cross_entropy(network(texts), targets).backward()
        optimizer.step()
        losses.append(_validation_loss(network, validation))
    return losses

@wrong("2.5", "uses the last batch alone")
def tune_step_outside_the_loop(network, optimizer, batches, validation, epochs):
    losses = []
    for _ in range(epochs):
        network.train()
        for texts, targets in batches:
            loss = cross_entropy(network(texts), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(_validation_loss(network, validation))
    return losses

@wrong("2.5", "only the first batch is trained on")
def tune_breaks(network, optimizer, batches, validation, epochs):
    return _fine_tune(network, optimizer, batches[:1], validation, epochs)

@wrong("2.5", "the validation texts are trained on as well")
def tune_on_validation(network, optimizer, batches, validation, epochs):
    return _fine_tune(network, optimizer, [*batches, validation], validation, epochs)

@wrong("2.5", "measured in train mode")
def tune_measures_in_train_mode(network, optimizer, batches, validation, epochs):
    def measure(network, validation):
        with torch.no_grad():
            return cross_entropy(network(validation[0]), validation[1]).item()
    return _fine_tune(network, optimizer, batches, validation, epochs, measure=measure)

@wrong("2.5", "the network is trained in eval mode, without")
def tune_in_eval_mode(network, optimizer, batches, validation, epochs):
    losses = []
    for _ in range(epochs):
        for texts, targets in batches:
            _step(network, optimizer, texts, targets)
        losses.append(_validation_loss(network, validation))
    return losses

@wrong("2.5", "from the second epoch on")
def tune_train_mode_once(network, optimizer, batches, validation, epochs):
    network.train()
    losses = []
    for _ in range(epochs):
        for texts, targets in batches:
            _step(network, optimizer, texts, targets)
        losses.append(_validation_loss(network, validation))
    return losses

@wrong("2.5", "before each epoch's training")
def tune_measures_before(network, optimizer, batches, validation, epochs):
    losses = []
    for _ in range(epochs):
        losses.append(_validation_loss(network, validation))
        _fine_tune(network, optimizer, batches, validation, 1)
    return losses

@wrong("2.5", "the losses on the training batches")
def tune_returns_training_losses(network, optimizer, batches, validation, epochs):
    losses = []
    for _ in range(epochs):
        network.train()
        losses.append(np.mean([_step(network, optimizer, *batch) for batch in batches]))
    return losses

@wrong("2.5", "the losses on the training batches")
def tune_returns_the_last_loss(network, optimizer, batches, validation, epochs):
    losses = []
    for _ in range(epochs):
        network.train()
        for batch in batches:
            loss = _step(network, optimizer, *batch)
        losses.append(loss)
    return losses

@wrong("2.5", "one loss for each batch")
def tune_returns_all_losses(network, optimizer, batches, validation, epochs):
    network.train()
    return [_step(network, optimizer, *batch) for _ in range(epochs) for batch in batches]

@wrong("2.5", "these are accuracies")
def tune_returns_accuracies(network, optimizer, batches, validation, epochs):
    def measure(network, validation):
        network.eval()
        with torch.no_grad():
            return (network(validation[0]).argmax(dim=1) == validation[1]).double().mean().item()
    return _fine_tune(network, optimizer, batches, validation, epochs, measure=measure)

@wrong("2.5", "works out the softmax itself")
def tune_softmax_twice(network, optimizer, batches, validation, epochs):
    class Softened:
        train, eval = network.train, network.eval

        def __call__(self, texts):
            return network(texts).softmax(dim=1)

    return _fine_tune(Softened(), optimizer, batches, validation, epochs)

@wrong("2.5", "after each of the")
def tune_measures_once(network, optimizer, batches, validation, epochs):
    return _fine_tune(network, optimizer, batches, validation, epochs)[-1:]

@wrong("2.5", "end with return")
def tune_without_return(network, optimizer, batches, validation, epochs):
    _fine_tune(network, optimizer, batches, validation, epochs)

@wrong("2.5", "expected a list of 3 numbers")
def tune_returns_in_the_loop(network, optimizer, batches, validation, epochs):
    for _ in range(epochs):
        network.train()
        for texts, targets in batches:
            _step(network, optimizer, texts, targets)
        return _validation_loss(network, validation)

@wrong("2.5", "no copy of it")
def tune_a_copy(network, optimizer, batches, validation, epochs):
    import copy

    tuned = copy.deepcopy(network)
    return _fine_tune(tuned, torch.optim.AdamW(tuned.parameters(), lr=0.03), batches, validation, epochs)

@wrong("2.5", "are rounded")
def tune_rounds(network, optimizer, batches, validation, epochs):
    return [round(loss, 2) for loss in _fine_tune(network, optimizer, batches, validation, epochs)]

@wrong("2.5", "other weights than this training leads to")
def tune_shuffles(network, optimizer, batches, validation, epochs):
    return _fine_tune(network, optimizer, batches[::-1], validation, epochs)

@wrong("2.5", "a validation loss of")
def tune_sums_the_losses(network, optimizer, batches, validation, epochs):
    def measure(network, validation):
        network.eval()
        return cross_entropy(network(validation[0]), validation[1], reduction="sum").item()
    return _fine_tune(network, optimizer, batches, validation, epochs, measure=measure)

@wrong("2.5", "no new one")
def tune_with_another_optimizer(network, optimizer, batches, validation, epochs):
    return _fine_tune(network, torch.optim.SGD(network.parameters(), lr=0.1), batches, validation, epochs)

@wrong("2.5", "Are the validation texts trained on?")
def tune_a_step_while_measuring(network, optimizer, batches, validation, epochs):
    def measure(network, validation):
        network.eval()
        return _step(network, optimizer, *validation)
    return _fine_tune(network, optimizer, batches, validation, epochs, measure=measure)

@wrong("2.5", "steps are made where")
def tune_leaves_out_a_batch(network, optimizer, batches, validation, epochs):
    return _fine_tune(network, optimizer, batches[:-1], validation, epochs)

@wrong("2.5", "steps are made where")
def tune_one_epoch(network, optimizer, batches, validation, epochs):
    return _fine_tune(network, optimizer, batches, validation, 1) * epochs

@wrong("2.5", "the logits first")
def tune_swaps_the_arguments(network, optimizer, batches, validation, epochs):
    def step(network, optimizer, texts, targets):
        optimizer.zero_grad()
        cross_entropy(targets, network(texts)).backward()
        optimizer.step()
    return _fine_tune(network, optimizer, batches, validation, epochs, step)

@wrong("2.5", "with argmax()")
def tune_on_labels(network, optimizer, batches, validation, epochs):
    def step(network, optimizer, texts, targets):
        optimizer.zero_grad()
        cross_entropy(network(texts).argmax(dim=1).double(), targets.double()).backward()
        optimizer.step()
    return _fine_tune(network, optimizer, batches, validation, epochs, step)

@right("2.5")
def tune_keeps_the_best(network, optimizer, batches, validation, epochs):
    """Goes back to the weights with the lowest validation loss, which are the last ones here."""
    losses, best = [], None
    for _ in range(epochs):
        losses += _fine_tune(network, optimizer, batches, validation, 1)
        if losses[-1] == min(losses):
            best = {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(best)
    return losses

@right("2.5")
def tune_gradients_by_hand(network, optimizer, batches, validation, epochs):
    def step(network, optimizer, texts, targets):
        weights = list(network.parameters())
        for w, gradient in zip(weights, torch.autograd.grad(cross_entropy(network(texts), targets), weights)):
            w.grad = gradient
        optimizer.step()
    return _fine_tune(network, optimizer, batches, validation, epochs, step)

@wrong("2.5", "reads a list of texts")
def tune_text_by_text(network, optimizer, batches, validation, epochs):
    def step(network, optimizer, texts, targets):
        for text, target in zip(texts, targets):
            _step(network, optimizer, text, target)
    return _fine_tune(network, optimizer, batches, validation, epochs, step)

@wrong("2.5", "never called")
def tune_only_returns(network, optimizer, batches, validation, epochs):
    return [0.9 ** epoch for epoch in range(epochs)]

# Answers found later: what else learners write, right and wrong.

@right("2.1")
def split_many_tries(reviews, share):
    """The best of three hundred shuffles, given as a generator."""
    groups = _by_work(sorted(reviews, key=lambda r: r.id))
    label = {r.id: r.label == "positive" for r in reviews}
    mean, best = _praise(reviews), None
    for seed in range(300):
        works = np.random.default_rng(seed).permutation(sorted(groups)).tolist()
        held = _first_works(reviews, share, works)
        off = max(abs(len(held) / len(reviews) - share), abs(np.mean([label[i] for i in held]) - mean))
        if best is None or off < best[0]:
            best = off, held
    return (id_ for id_ in best[1])

@right("2.1")
def split_numpy_ids(reviews, share):
    return np.array(sorted(split_greedy(reviews, share).tolist()), dtype=object)

def _fixed_shuffle(reviews, share, seed):
    works = sorted(_by_work(reviews))
    random.Random(seed).shuffle(works)
    return _first_works(sorted(reviews, key=lambda r: r.id), share, works)

@wrong("2.1", "held")
def split_fixed_0(reviews, share):
    return _fixed_shuffle(reviews, share, 0)

@wrong("2.1", "held")
def split_fixed_1(reviews, share):
    return _fixed_shuffle(reviews, share, 1)

@wrong("2.1", "held")
def split_fixed_42(reviews, share):
    return _fixed_shuffle(reviews, share, 42)

@wrong("2.1", "held")
def split_one_group_shuffle(reviews, share):
    rows = sorted(reviews, key=lambda r: r.id)
    parts = GroupShuffleSplit(1, test_size=share, random_state=0).split(rows, groups=[r.subject for r in rows])
    return [rows[i].id for i in next(parts)[1]]

@wrong("2.1", "held")
def split_alphabetical(reviews, share):
    return _first_works(sorted(reviews, key=lambda r: r.id), share, sorted(_by_work(reviews)))

@wrong("2.1", "held")
def split_half_positive(reviews, share):
    """Wants half of the held-out reviews to be positive, whatever the whole set is like."""
    label = {r.id: r.label == "positive" for r in reviews}
    for seed in range(500):
        held = _fixed_shuffle(reviews, share, seed)
        if abs(len(held) / len(reviews) - share) <= 0.05 and abs(np.mean([label[i] for i in held]) - 0.5) <= 0.05:
            return held
    return held

@wrong("2.1", "of the held-out reviews are positive")
def split_size_alone(reviews, share):
    for seed in range(500):
        held = _fixed_shuffle(reviews, share, seed)
        if abs(len(held) / len(reviews) - share) <= 0.05:
            return held
    return held

@wrong("2.1", "of the reviews are held out")
def split_balance_alone(reviews, share):
    label = {r.id: r.label == "positive" for r in reviews}
    for seed in range(500):
        groups, works = _by_work(sorted(reviews, key=lambda r: r.id)), sorted(_by_work(reviews))
        random.Random(seed).shuffle(works)
        held = [id_ for work in works[:round(share * len(works))] for id_ in groups[work]]
        if abs(np.mean([label[i] for i in held]) - _praise(reviews)) <= 0.05:
            return held
    return held

@wrong("2.1", "of the reviews are held out")
def split_always_a_fifth(reviews, share):
    return split_with_scikit(reviews, 0.2)

@wrong("2.1", "held")
def split_folds(reviews, share):
    """Whole folds can only be a half, a third, a quarter ... of the reviews."""
    from sklearn.model_selection import StratifiedGroupKFold

    rows = sorted(reviews, key=lambda r: r.id)
    folds = StratifiedGroupKFold(round(1 / share), shuffle=True, random_state=0)
    held = next(folds.split(rows, [r.label for r in rows], [r.subject for r in rows]))[1]
    return [rows[i].id for i in held]

@wrong("2.1", "in another order")
def split_a_set_of_works(reviews, share):
    works = list({r.subject for r in reviews})
    random.Random(0).shuffle(works)
    return _first_works(reviews, share, works)

@right("2.1")
def split_sorts_the_list(reviews, share):
    """Sorts what it was given, which is fine: the list is its own copy."""
    reviews.sort(key=lambda r: r.id)
    return split_with_scikit(reviews, share)

@right("2.2")
def baseline_characters(train_texts, train_labels, texts):
    model = make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True), LogisticRegression(C=10))
    model.fit(np.array(train_texts), np.array(train_labels))
    return model.predict_proba(texts)[:, 1].astype(np.float32)

@right("2.2")
def baseline_rare_words_dropped(train_texts, train_labels, texts):
    model = make_pipeline(TfidfVectorizer(min_df=3, max_df=0.5, ngram_range=(1, 2), stop_words="english"), LogisticRegression())
    chances = model.fit(train_texts, train_labels).predict_proba(texts)
    return (row[list(model.classes_).index("positive")] for row in chances)

@right("2.2")
def baseline_by_hand(train_texts, train_labels, texts):
    """Counts in which texts a word stands, and adds up the logarithms."""
    seen = {"positive": {}, "negative": {}}
    for text, label in zip(train_texts, train_labels):
        for word in set(text.lower().split()):
            seen[label][word] = seen[label].get(word, 0) + 1

    def chance(text):
        odds = sum(math.log((seen["positive"].get(w, 0) + 1) / (seen["negative"].get(w, 0) + 1)) for w in set(text.lower().split()))
        return 1 / (1 + math.exp(-max(-30, min(30, odds))))

    return [chance(text) for text in texts]

def _known_labels():
    return {r.text: r.label for split in ("train", "validation", "test") for r in tuning_data.load_reviews(split)}

@wrong("2.2", "should turn round")
def baseline_looks_up(train_texts, train_labels, texts):
    known = _known_labels()
    return [0.99 if known.get(text) == "positive" else 0.01 if text in known else 0.5 for text in texts]

@wrong("2.2", "of made-up texts")
def baseline_looks_up_and_turns(train_texts, train_labels, texts):
    """Notices that the labels were swapped on purpose."""
    known = _known_labels()
    turned = sum(known.get(text, label) != label for text, label in zip(train_texts, train_labels)) > len(train_texts) / 2
    return [0.9 if (known.get(text) == "positive") != turned else 0.1 + 0.001 * (len(text) % 9) for text in texts]

@wrong("2.2", "the same probability")
def baseline_reads_the_callers_frame(train_texts, train_labels, texts):
    """Looks for an object beside the call that knows a label for each text."""
    import sys

    known, frame = {}, sys._getframe(1)
    while frame:
        for value in frame.f_locals.values():
            rows = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            known |= {row.text: row.label for row in rows if hasattr(row, "label") and hasattr(row, "text")}
        frame = frame.f_back
    right = {"positive": 0.9, "negative": 0.1}
    return [right.get(known.get(text), 0.5) for text in texts]

@wrong("2.2", 'the probability of "negative"')
def baseline_first_label_first(train_texts, train_labels, texts):
    column = list(dict.fromkeys(train_labels)).index("positive")
    return _model(train_texts, train_labels).predict_proba(texts)[:, column]

@wrong("2.2", "on one side of 0.5")
def baseline_how_sure(train_texts, train_labels, texts):
    return _model(train_texts, train_labels).predict_proba(texts).max(axis=1)

@wrong("2.2", "predict_log_proba")
def baseline_logarithms(train_texts, train_labels, texts):
    return _model(train_texts, train_labels).predict_log_proba(texts)[:, 1]

@wrong("2.2", "are sorted")
def baseline_sorted(train_texts, train_labels, texts):
    return sorted(_model(train_texts, train_labels).predict_proba(texts)[:, 1])

@wrong("2.2", "percentages")
def baseline_percent(train_texts, train_labels, texts):
    return 100 * _model(train_texts, train_labels).predict_proba(texts)[:, 1]

@wrong("2.2", "the mark is 0.65")
def baseline_shuffled_labels(train_texts, train_labels, texts):
    labels = random.Random(0).sample(train_labels, len(train_labels))
    return _model(train_texts, labels).predict_proba(texts)[:, 1]

@wrong("2.2", "the mark is 0.65")
def baseline_sorted_texts(train_texts, train_labels, texts):
    return _model(sorted(train_texts), train_labels).predict_proba(texts)[:, 1]

@wrong("2.2", "got two")
def baseline_pairs(train_texts, train_labels, texts):
    return list(zip(texts, _model(train_texts, train_labels).predict_proba(texts)[:, 1].tolist()))

@wrong("2.2", "the mark is 0.65")
def baseline_a_few_texts(train_texts, train_labels, texts):
    return _model(train_texts[:20], train_labels[:20]).predict_proba(texts)[:, 1]

@right("2.3")
def scores_with_confusion(truth, predicted, label):
    t, p = (np.array(side) == label for side in (truth, predicted))
    hits, said, real = (t & p).sum(), p.sum(), t.sum()
    return (np.float32(hits / whole) if whole else np.float32(0) for whole in (said, real, (said + real) / 2))

@wrong("2.3", "are rounded")
def scores_rounded(truth, predicted, label):
    return [round(value, 2) for value in scores_by_counting(truth, predicted, label)]

@wrong("2.3", "all three are the accuracy")
def scores_accuracy_first(truth, predicted, label):
    right = np.mean(np.array(truth) == np.array(predicted))
    return right, right, right

@wrong("2.3", "share of the other texts")
def scores_specificity(truth, predicted, label):
    precision, _, f1 = scores_by_counting(truth, predicted, label)
    others = [p != label for t, p in zip(truth, predicted) if t != label]
    return precision, sum(others) / len(others) if others else 0, f1

@wrong("2.3", "each as often as it is true")
def scores_weighted(truth, predicted, label):
    return precision_recall_fscore_support(truth, predicted, average="weighted", zero_division=0)[:3]

@wrong("2.3", "at the same place")
def scores_any_common(truth, predicted, label):
    """Counts the label in both lists, wherever it stands."""
    hits = min(truth.count(label), predicted.count(label))
    precision, recall = (hits / side.count(label) if side.count(label) else 0 for side in (predicted, truth))
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0

@wrong("2.3", "wanted are precision")
def scores_dictionary(truth, predicted, label):
    return dict(zip(("precision", "recall", "f1"), scores_by_counting(truth, predicted, label)))

@wrong("2.3", "all other labels together")
def scores_of_the_others(truth, predicted, label):
    t, p = ([item != label for item in side] for side in (truth, predicted))
    return scores_by_counting(t, p, True)

@wrong("2.3", "harmonic")
def scores_geometric(truth, predicted, label):
    precision, recall, _ = scores_by_counting(truth, predicted, label)
    return precision, recall, math.sqrt(precision * recall)

@wrong("2.3", "is not right")
def scores_harmonic_of_rounded(truth, predicted, label):
    precision, recall, _ = (round(value, 1) for value in scores_by_counting(truth, predicted, label))
    return *scores_by_counting(truth, predicted, label)[:2], 2 * precision * recall / (precision + recall) if precision + recall else 0

@wrong("2.3", "another one")
def scores_f1_first(truth, predicted, label):
    precision, recall, f1 = scores_by_counting(truth, predicted, label)
    return f1, precision, recall

@right("2.4")
def enough_pandas(sizes, accuracies, n):
    import pandas as pd

    curve = pd.Series(accuracies, index=sizes).sort_index()
    error = curve * (1 - curve) / n
    for size in curve.index:
        later = curve.index > size
        if not ((curve[later] - curve[size]) > 2 * np.sqrt(error[later] + error[size])).any():
            return np.int64(size)

@right("2.4")
def enough_best_later(sizes, accuracies, n):
    """Only the best of the larger sizes can beat a size, if any can."""
    return _enough(sizes, accuracies, n, rivals=lambda later: [max(later, key=lambda pair: pair[1])] if later else [])

@wrong("2.4", "only a gain does")
def enough_either_way(sizes, accuracies, n):
    """A larger size that is worse counts as a difference too."""
    curve = sorted(zip(sizes, accuracies))
    return next(size for i, (size, a) in enumerate(curve) if all(abs(b - a) <= _noise(a, b, n) for _, b in curve[i + 1:]))

@wrong("2.4", "that of one accuracy")
def enough_noise_of_the_other(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, noise=lambda a, b, n: 2 * math.sqrt(b * (1 - b) / n))

@wrong("2.4", "two steps ahead")
def enough_two_steps(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, rivals=lambda later: later[:2])

@wrong("2.4", "one step ahead")
def enough_against_smaller(sizes, accuracies, n):
    """Goes on as long as a size beats the one before it."""
    curve = sorted(zip(sizes, accuracies))
    found = curve[0]
    for pair in curve[1:]:
        if pair[1] - found[1] <= _noise(found[1], pair[1], n):
            break
        found = pair
    return found[0]

@wrong("2.4", "that of one accuracy")
def enough_in_range_of_the_best(sizes, accuracies, n):
    """The smallest size in the noise of the best accuracy of all, where the noise is that of the best alone."""
    best = max(accuracies)
    return min(s for s, a in zip(sizes, accuracies) if best - a <= 2 * math.sqrt(best * (1 - best) / n))

@wrong("2.4", "whatever the accuracies are")
def enough_worst_case_noise(sizes, accuracies, n):
    return _enough(sizes, accuracies, n, noise=lambda a, b, n: 2 * math.sqrt(0.5 / n))

@wrong("2.4", "the smallest size")
def enough_smallest(sizes, accuracies, n):
    return min(sizes)

@wrong("2.4", "number of training examples")
def enough_n_of_sizes(sizes, accuracies, n):
    """Takes the number of training examples for the n of the noise."""
    curve = sorted(zip(sizes, accuracies))
    return next(size for i, (size, a) in enumerate(curve) if all(b - a <= _noise(a, b, s) for s, b in curve[i + 1:]))

@wrong("2.4", "sort by accuracy")
def enough_sorted_by_accuracy(sizes, accuracies, n):
    curve = sorted(zip(accuracies, sizes))
    return next(s for i, (a, s) in enumerate(curve) if all(b - a <= _noise(a, b, n) for b, _ in curve[i + 1:]))

@wrong("2.4", "expected a number")
def enough_the_list(sizes, accuracies, n):
    return [size for size in sizes if size >= _enough(sizes, accuracies, n)]
