"""Answers to exercise 4 as learners write them."""

import math
from collections import defaultdict

import numpy as np

from ftrag_helpers.data import course_data
from ftrag_helpers.evaluation import metrics

from answers import tables

RIGHT, WRONG, right, wrong = tables()

# Task 4.1

@right("4.1")
def measure_by_hand(found, needed, k):
    documents = list(dict.fromkeys(found))
    hits = [d for d in documents[:k] if d in needed]
    for rank, document in enumerate(documents, start=1):
        if document in needed:
            return len(hits) / len(needed), 1 / rank
    return len(hits) / len(needed), 0

@right("4.1")
def measure_with_metrics(found, needed, k):
    return np.array([metrics.recall_at_k(found, needed, k), metrics.reciprocal_rank(found, needed)])

@wrong("4.1", "Count documents, each once")
def measure_passages(found, needed, k):
    return [len(set(found[:k]) & set(needed)) / len(needed), metrics.reciprocal_rank(found, needed)]

@wrong("4.1", "That is precision")
def measure_precision(found, needed, k):
    documents = list(dict.fromkeys(found))
    return [len(set(documents[:k]) & set(needed)) / k, metrics.reciprocal_rank(found, needed)]

@wrong("4.1", "one of them is only half")
def measure_any(found, needed, k):
    documents = list(dict.fromkeys(found))
    return [float(any(d in needed for d in documents[:k])), metrics.reciprocal_rank(found, needed)]

@wrong("4.1", "one document too few")
def measure_one_short(found, needed, k):
    documents = list(dict.fromkeys(found))
    return [sum(d in needed for d in documents[:k - 1]) / len(needed), metrics.reciprocal_rank(found, needed)]

@wrong("4.1", "as often as it has passages")
def measure_counts_repeats(found, needed, k):
    return [sum(d in needed for d in found[:k]) / len(needed), metrics.reciprocal_rank(found, needed)]

@wrong("4.1", "both numbers count passages")
def measure_passages_in_both(found, needed, k):
    rank = next((1 / (i + 1) for i, d in enumerate(found) if d in needed), 0)
    return [len(set(found[:k]) & set(needed)) / len(needed), rank]

@wrong("4.1", "both numbers count passages")
def measure_repeats_in_both(found, needed, k):
    rank = next((1 / (i + 1) for i, d in enumerate(found) if d in needed), 0)
    return [len([d for d in found[:k] if d in needed]) / len(needed), rank]

@wrong("4.1", "the reciprocal rank counts passages")
def measure_rank_of_passages(found, needed, k):
    rank = next((1 / (i + 1) for i, d in enumerate(found) if d in needed), 0)
    return [metrics.recall_at_k(found, needed, k), rank]

@wrong("4.1", "one rank off")
def measure_rank_from_two(found, needed, k):
    documents = list(dict.fromkeys(found))
    rank = next((1 / (i + 2) for i, d in enumerate(documents) if d in needed), 0)
    return [metrics.recall_at_k(found, needed, k), rank]

@wrong("4.1", "ZeroDivisionError")
def measure_rank_from_zero(found, needed, k):
    documents = list(dict.fromkeys(found))
    rank = next((1 / i for i, d in enumerate(documents) if d in needed), 0)
    return [metrics.recall_at_k(found, needed, k), rank]

@wrong("4.1", "the rank itself")
def measure_rank_itself(found, needed, k):
    rank = metrics.reciprocal_rank(found, needed)
    return [metrics.recall_at_k(found, needed, k), 1 / rank if rank else 0]

@wrong("4.1", "stops at k")
def measure_rank_cut(found, needed, k):
    return [metrics.recall_at_k(found, needed, k), metrics.reciprocal_rank(list(dict.fromkeys(found))[:k], needed)]

@wrong("4.1", "expected a list of 2 numbers")
def measure_recall_alone(found, needed, k):
    return metrics.recall_at_k(found, needed, k)

@wrong("4.1", "is not right")
def measure_unordered(found, needed, k):
    documents = sorted(set(found))
    return [metrics.recall_at_k(documents, needed, k), metrics.reciprocal_rank(documents, needed)]

@wrong("4.1", "is not right")
def measure_percent(found, needed, k):
    return [100 * metrics.recall_at_k(found, needed, k), metrics.reciprocal_rank(found, needed)]

# Task 4.2

@right("4.2")
def choose_loops(table):
    scores = defaultdict(list)
    for row in table:
        if row["split"] == "validation":
            scores[row["words"]].append(row["recall"])
    best, best_mean = None, -1
    for words in sorted(scores):
        mean = sum(scores[words]) / len(scores[words])
        if mean > best_mean:
            best, best_mean = words, mean
    return best

@right("4.2")
def choose_pandas(table):
    import pandas as pd

    rows = pd.DataFrame(table).query("split == 'validation'")
    return rows.groupby("words").recall.mean().sort_index().idxmax()

@wrong("4.2", "They may only measure")
def choose_test(table):
    return choose_loops([{**row, "split": "validation"} for row in table if row["split"] == "test"])

@wrong("4.2", "have a say in it")
def choose_everything(table):
    return choose_loops([{**row, "split": "validation"} for row in table])

@wrong("4.2", "validation questions alone")
def choose_train_too(table):
    return choose_loops([{**row, "split": "validation"} for row in table if row["split"] != "test"])

@wrong("4.2", "costs less to read")
def choose_larger(table):
    rows = [row for row in table if row["split"] == "validation"]
    return max({row["words"] for row in rows}, key=lambda w: (sum(r["recall"] for r in rows if r["words"] == w), w))

@wrong("4.2", "first in the table")
def choose_first(table):
    rows = [row for row in table if row["split"] == "validation"]
    return max(dict.fromkeys(row["words"] for row in rows), key=lambda w: sum(r["recall"] for r in rows if r["words"] == w))

@wrong("4.2", "Take the mean")
def choose_best_row(table):
    return max((row for row in table if row["split"] == "validation"), key=lambda row: row["recall"])["words"]

@wrong("4.2", "lowest recall")
def choose_lowest(table):
    rows = [row for row in table if row["split"] == "validation"]
    return min({row["words"] for row in rows}, key=lambda w: (sum(r["recall"] for r in rows if r["words"] == w), w))

@wrong("4.2", "whatever its recall")
def choose_smallest(table):
    return min(row["words"] for row in table)

@wrong("4.2", "looks like a recall")
def choose_the_mean(table):
    import pandas as pd

    return pd.DataFrame(table).query("split == 'validation'").groupby("words").recall.mean().max()

@wrong("4.2", "expected one of the lengths")
def choose_the_row(table):
    return max((row for row in table if row["split"] == "validation"), key=lambda row: row["recall"])

# Task 4.3

@right("4.3")
def allowed_in(branch, shelves):
    here = {"branch": {"$in": [branch, "all"]}}
    return {"$and": [here, {"shelf": {"$in": shelves}}]} if shelves else here

@right("4.3")
def allowed_or(branch, shelves):
    here = {"$or": [{"branch": branch}, {"branch": {"$eq": "all"}}]}
    if not shelves:
        return here
    there = [{"shelf": shelf} for shelf in shelves]
    return {"$and": [{"$or": there} if len(there) > 1 else there[0], here]}

@wrong("4.3", 'has the branch "all"')
def allowed_this_branch_only(branch, shelves):
    return {"$and": [{"branch": branch}, {"shelf": {"$in": shelves}}]} if shelves else {"branch": branch}

@wrong("4.3", "two branches at once")
def allowed_both_branches_at_once(branch, shelves):
    return {"$and": [{"branch": branch}, {"branch": "all"}]}

@wrong("4.3", "one condition at a time")
def allowed_two_keys(branch, shelves):
    return {"branch": {"$in": [branch, "all"]}, "shelf": {"$in": shelves}}

@wrong("4.3", "not empty")
def allowed_empty_list(branch, shelves):
    return {"$and": [{"branch": {"$in": [branch, "all"]}}, {"shelf": {"$in": shelves}}]}

@wrong("4.3", "the shelf is none of")
def allowed_forgets_the_shelves(branch, shelves):
    return {"branch": {"$in": [branch, "all"]}}

@wrong("4.3", "another branch than")
def allowed_or_in_place_of_and(branch, shelves):
    here = {"branch": {"$in": [branch, "all"]}}
    return {"$or": [here, {"shelf": {"$in": shelves}}]} if shelves else here

@wrong("4.3", "the shelf is none of")
def allowed_flat(branch, shelves):
    if not shelves:
        return {"branch": {"$in": [branch, "all"]}}
    return {"$or": [{"branch": "all"}, {"$and": [{"branch": branch}, {"shelf": {"$in": shelves}}]}]}

@wrong("4.3", "a list stands for nothing")
def allowed_a_bare_list(branch, shelves):
    return {"branch": [branch, "all"]}

@wrong("4.3", "has no field 'place'")
def allowed_wrong_field(branch, shelves):
    return {"place": {"$in": [branch, "all"]}}

@wrong("4.3", "Every shelf that is named")
def allowed_first_shelf_only(branch, shelves):
    here = {"branch": {"$in": [branch, "all"]}}
    return {"$and": [here, {"shelf": shelves[0]}]} if shelves else here

@wrong("4.3", "got None")
def allowed_nothing(branch, shelves):
    return None

@wrong("4.3", "two conditions or more")
def allowed_lonely_and(branch, shelves):
    return {"$and": [{"branch": {"$in": [branch, "all"]}}]}

# Task 4.4

@right("4.4")
def threshold_tries_all(scores, answerable, at_most):
    known = [s for s, a in zip(scores, answerable) if a]
    return max(t for t in scores if sum(s < t for s in known) / len(known) <= at_most)

@right("4.4")
def threshold_numpy(scores, answerable, at_most):
    scores, answerable = np.array(scores), np.array(answerable)
    best = None
    for t in np.unique(scores):
        if (scores[answerable] < t).mean() <= at_most:
            best = t
    return best

@right("4.4")
def threshold_by_place(scores, answerable, at_most):
    known = sorted(s for s, a in zip(scores, answerable) if a)
    return known[math.floor(at_most * len(known))]

@wrong("4.4", "more than")
def threshold_among_all(scores, answerable, at_most):
    return max(t for t in scores if sum(s < t and a for s, a in zip(scores, answerable)) / len(scores) <= at_most)

@wrong("4.4", "a share of the answerable ones only")
def threshold_all_refused(scores, answerable, at_most):
    return max(t for t in scores if sum(s < t for s in scores) / len(scores) <= at_most)

@wrong("4.4", "Those are the right ones")
def threshold_wrong_group(scores, answerable, at_most):
    other = [s for s, a in zip(scores, answerable) if not a]
    return sorted(other)[math.floor(at_most * len(other))]

@wrong("4.4", "exactly is still allowed")
def threshold_below_the_limit(scores, answerable, at_most):
    known = [s for s, a in zip(scores, answerable) if a]
    return max([t for t in scores if sum(s < t for s in known) / len(known) < at_most], default=min(scores))

@wrong("4.4", "ValueError")
def threshold_never_reaches_the_limit(scores, answerable, at_most):
    """As before; where nothing may be lost it finds no threshold at all."""
    known = [s for s, a in zip(scores, answerable) if a]
    return max(t for t in scores if sum(s < t for s in known) / len(known) < at_most)

@wrong("4.4", "what lies below it")
def threshold_equal_is_refused(scores, answerable, at_most):
    known = [s for s, a in zip(scores, answerable) if a]
    return max([t for t in scores if sum(s <= t for s in known) / len(known) <= at_most], default=min(scores))

@wrong("4.4", "one step before")
def threshold_one_too_far(scores, answerable, at_most):
    known = [s for s, a in zip(scores, answerable) if a]
    return min(t for t in scores if sum(s < t for s in known) / len(known) > at_most)

@wrong("4.4", "refuses nothing")
def threshold_lowest(scores, answerable, at_most):
    return min(scores)

@wrong("4.4", "highest score")
def threshold_highest(scores, answerable, at_most):
    return max(scores)

@wrong("4.4", "none of them")
def threshold_quantile(scores, answerable, at_most):
    return np.quantile(np.array(scores)[np.array(answerable)], at_most)

@wrong("4.4", "expected one of the given scores")
def threshold_the_share(scores, answerable, at_most):
    return at_most

# Task 4.5

@right("4.5")
def blame_in_order(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    if all(sentence in read for sentence in support):
        return "reader"
    return "search" if right_with_oracle else "both"

@right("4.5")
def blame_by_table(support, read, right, right_with_oracle):
    missed = bool(set(support) - set(read))
    return "nobody" if right else {(False, True): "reader", (False, False): "reader", (True, True): "search",
                                   (True, False): "both"}[missed, right_with_oracle]

@wrong("4.5", "even if it brought one")
def blame_any_sentence(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    if any(sentence in read for sentence in support):
        return "reader"
    return "search" if right_with_oracle else "both"

@wrong("4.5", "nobody is to blame")
def blame_forgets_right(support, read, right, right_with_oracle):
    return blame_in_order(support, read, False, right_with_oracle)

@wrong("4.5", "never blame both")
def blame_never_both(support, read, right, right_with_oracle):
    return blame_in_order(support, read, right, True)

@wrong("4.5", "is not right")
def blame_by_the_oracle(support, read, right, right_with_oracle):
    return "nobody" if right else "search" if right_with_oracle else "reader"

@wrong("4.5", "as soon as the oracle")
def blame_both_too_soon(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    if not right_with_oracle:
        return "both"
    return "reader" if set(support) <= set(read) else "search"

@wrong("4.5", "did its work there")
def blame_search_too_soon(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    if right_with_oracle:
        return "search"
    return "reader" if set(support) <= set(read) else "both"

@wrong("4.5", "More sentences may be read")
def blame_same_lists(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    return "reader" if support == read else "search" if right_with_oracle else "both"

@wrong("4.5", "wrong way round")
def blame_turned_round(support, read, right, right_with_oracle):
    said = blame_in_order(support, read, right, right_with_oracle)
    return {"search": "reader", "reader": "search"}.get(said, said)

@wrong("4.5", 'expected one of "nobody"')
def blame_none(support, read, right, right_with_oracle):
    return None if right else blame_in_order(support, read, right, right_with_oracle)

# Task 4.6

@right("4.6")
def publish_sorted(index, documents, updates, day):
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
    return index.synchronise(documents)

@right("4.6")
def publish_by_hand(index, documents, updates, day):
    """Only the changed documents and the news are given to the index; the dates of pages stay."""
    from dataclasses import replace

    pages = {d.id: d for d in documents}
    touched = {}
    for update in sorted((u for u in updates if u.news.date <= day), key=lambda u: u.news.date):
        page = pages[update.changes]
        for old, new in update.edits:
            page = replace(page, text=page.text.replace(old, new))
        pages[page.id] = touched[page.id] = page
        touched[update.news.id] = update.news
    return index.add(list(touched.values()))

@wrong("4.6", "in the order of their dates")
def publish_as_listed(index, documents, updates, day):
    for update in updates:
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
    return index.synchronise(documents)

@wrong("4.6", "in the order of their dates")
def publish_by_id(index, documents, updates, day):
    return publish_as_listed(index, documents, sorted(updates, key=lambda u: u.news.id), day)

@wrong("4.6", "in the order of their dates")
def publish_newest_first(index, documents, updates, day):
    return publish_as_listed(index, documents, sorted(updates, key=lambda u: u.news.date, reverse=True), day)

@wrong("4.6", "not in force yet")
def publish_everything(index, documents, updates, day):
    return publish_sorted(index, documents, updates, "9999-12-31")

@wrong("4.6", "The day itself counts")
def publish_before_the_day(index, documents, updates, day):
    return publish_sorted(index, documents, [u for u in updates if u.news.date < day], day)

@wrong("4.6", "still says")
def publish_news_alone(index, documents, updates, day):
    return index.synchronise([*documents, *(u.news for u in updates if u.news.date <= day)])

@wrong("4.6", "a document too")
def publish_changes_alone(index, documents, updates, day):
    ids = {d.id for d in documents}
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
    return index.synchronise([d for d in documents if d.id in ids])

@wrong("4.6", "in step with the changed documents")
def publish_forgets_the_index(index, documents, updates, day):
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
    return len(documents)

@wrong("4.6", "in the order of their dates")
def publish_forgets_the_result(index, documents, updates, day):
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            course_data.apply_update(documents, update)
    return index.synchronise(documents)

@wrong("4.6", "are enough")
def publish_from_scratch(index, documents, updates, day):
    index.remove([d.id for d in documents])
    return publish_sorted(index, documents, updates, day)

@wrong("4.6", "synchronise once")
def publish_one_by_one(index, documents, updates, day):
    count = 0
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
            count += index.synchronise(documents)
    return count

@wrong("4.6", "gone from the index")
def publish_only_what_changed_stays(index, documents, updates, day):
    before = {d.id: d for d in documents}
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
    return index.synchronise([d for d in documents if before.get(d.id) != d])

@wrong("4.6", "end with return")
def publish_without_return(index, documents, updates, day):
    publish_sorted(index, documents, updates, day)

@wrong("4.6", "you return")
def publish_counts_documents(index, documents, updates, day):
    publish_sorted(index, documents, updates, day)
    return sum(u.news.date <= day for u in updates)

# Answers found later: what else learners write, right and wrong.

@right("4.1")
def measure_numpy(found, needed, k):
    documents = np.array(list(dict.fromkeys(found)))
    hit = np.isin(documents, needed) if len(documents) else np.zeros(0, bool)
    return np.array([hit[:k].sum() / len(needed), 1 / (hit.argmax() + 1) if hit.any() else 0], np.float32)

@right("4.1")
def measure_lazily(found, needed, k):
    documents = sorted(set(found), key=found.index)
    yield len(set(needed).intersection(documents[:k])) / len(needed)
    yield max((1 / (documents.index(d) + 1) for d in needed if d in documents), default=0)

@wrong("4.1", "names first")
def measure_first_named(found, needed, k):
    documents = list(dict.fromkeys(found))
    rank = documents.index(needed[0]) + 1 if needed[0] in documents else 0
    return [metrics.recall_at_k(found, needed, k), 1 / rank if rank else 0.0]

@wrong("4.1", "found at all")
def measure_first_named_found(found, needed, k):
    """The first of the needed ones that was found, in the order in which they are needed."""
    documents = list(dict.fromkeys(found))
    for d in needed:
        if d in documents:
            return [metrics.recall_at_k(found, needed, k), 1 / (documents.index(d) + 1)]
    return [metrics.recall_at_k(found, needed, k), 0.0]

@wrong("4.1", "a mean over the needed")
def measure_mean_of_ranks(found, needed, k):
    documents = list(dict.fromkeys(found))
    ranks = [1 / (documents.index(d) + 1) if d in documents else 0 for d in needed]
    return [metrics.recall_at_k(found, needed, k), sum(ranks) / len(ranks)]

@wrong("4.1", "last needed")
def measure_last_needed(found, needed, k):
    documents = list(dict.fromkeys(found))
    ranks = [1 / (documents.index(d) + 1) for d in needed if d in documents]
    return [metrics.recall_at_k(found, needed, k), min(ranks, default=0)]

@wrong("4.1", "where k is smaller")
def measure_smaller_of_two(found, needed, k):
    documents = list(dict.fromkeys(found))
    return [len(set(documents[:k]) & set(needed)) / min(k, len(needed)), metrics.reciprocal_rank(found, needed)]

@wrong("4.1", "that were found")
def measure_of_the_found(found, needed, k):
    """Divides by the needed documents that were found at all."""
    documents = list(dict.fromkeys(found))
    there = set(documents) & set(needed)
    return [len(set(documents[:k]) & there) / len(there) if there else 0, metrics.reciprocal_rank(found, needed)]

@wrong("4.1", "all needed documents")
def measure_all_or_nothing(found, needed, k):
    documents = list(dict.fromkeys(found))
    return [float(set(needed) <= set(documents[:k])), metrics.reciprocal_rank(found, needed)]

@wrong("4.1", "wrong way round")
def measure_swapped(found, needed, k):
    return [metrics.reciprocal_rank(found, needed), metrics.recall_at_k(found, needed, k)]

@wrong("4.1", "is not right")
def measure_only_the_first(found, needed, k):
    return [metrics.recall_at_k(found, needed, k), float(found[:1] == needed[:1])]

@wrong("4.1", "side by side")
def measure_neighbours_only(found, needed, k):
    """Drops a repetition only where it stands right beside the first one."""
    documents = [d for i, d in enumerate(found) if i == 0 or found[i - 1] != d]
    rank = next((1 / (i + 1) for i, d in enumerate(documents) if d in needed), 0)
    return [len(set(documents[:k]) & set(needed)) / len(needed), rank]

@wrong("4.1", "are rounded")
def measure_rounded(found, needed, k):
    return [round(metrics.recall_at_k(found, needed, k), 2), round(metrics.reciprocal_rank(found, needed), 2)]

@right("4.2")
def choose_numpy(table):
    rows = [row for row in table if row["split"] == "validation"]
    sizes = np.unique([row["words"] for row in rows])
    return sizes[np.argmax([np.mean([row["recall"] for row in rows if row["words"] == size]) for size in sizes])]

@right("4.2")
def choose_sorted(table):
    from itertools import groupby

    rows = sorted((row for row in table if row["split"] == "validation"), key=lambda row: row["words"])
    sums = {words: sum(row["recall"] for row in group) for words, group in groupby(rows, lambda row: row["words"])}
    return sorted(sums, key=lambda words: (-sums[words], words))[0]

@wrong("4.2", "training questions")
def choose_train(table):
    return choose_loops([{**row, "split": "validation"} for row in table if row["split"] == "train"])

@wrong("4.2", "validation and test")
def choose_not_train(table):
    return choose_loops([{**row, "split": "validation"} for row in table if row["split"] != "train"])

@wrong("4.2", "last in the table")
def choose_last(table):
    rows = [row for row in table if row["split"] == "validation"]
    best = {}
    for row in rows:
        best[row["words"]] = best.get(row["words"], 0) + row["recall"]
    return max(reversed(list(best)), key=best.get)

@wrong("4.2", "the largest length")
def choose_largest(table):
    return max(row["words"] for row in table)

@wrong("4.2", "a recall of 1")
def choose_most_full_marks(table):
    scores = defaultdict(int)
    for row in table:
        if row["split"] == "validation":
            scores[row["words"]] += row["recall"] == 1
    return min(scores, key=lambda words: (-scores[words], words))

@wrong("4.2", "worst question")
def choose_worst_question(table):
    scores = defaultdict(list)
    for row in table:
        if row["split"] == "validation":
            scores[row["words"]].append(row["recall"])
    return min(scores, key=lambda words: (-min(scores[words]), words))

@wrong("4.2", "the median")
def choose_median(table):
    scores = defaultdict(list)
    for row in table:
        if row["split"] == "validation":
            scores[row["words"]].append(row["recall"])
    return min(scores, key=lambda words: (-np.median(scores[words]), words))

@wrong("4.2", "ask the test questions")
def choose_test_breaks_ties(table):
    scores = defaultdict(float)
    for row in table:
        if row["split"] != "train":
            scores[row["words"]] += row["recall"] * (1 if row["split"] == "validation" else 0.001)
    return min(scores, key=lambda words: (-scores[words], words))

@wrong("4.2", "number of words")
def choose_per_word(table):
    scores = defaultdict(float)
    for row in table:
        if row["split"] == "validation":
            scores[row["words"]] += row["recall"] / row["words"]
    return min(scores, key=lambda words: (-scores[words], words))

@wrong("4.2", "anything was found")
def choose_any_hit(table):
    scores = defaultdict(int)
    for row in table:
        if row["split"] == "validation":
            scores[row["words"]] += row["recall"] > 0
    return min(scores, key=lambda words: (-scores[words], words))

@wrong("4.2", "expected one of the lengths")
def choose_as_text(table):
    return f"{choose_loops(table)} words"

@right("4.3")
def allowed_not_in(branch, shelves):
    """Says which branches and shelves are not meant."""
    others = [name for name in ("central", "old-quay", "fennel-hill", "weir-street", "heron") if name != branch]
    here = {"branch": {"$nin": others}}
    if not shelves:
        return here
    return {"$and": [here, {"$or": [{"shelf": shelf} for shelf in [*shelves, shelves[0]]]}]}

@right("4.3")
def allowed_built_up(branch, shelves):
    parts = [dict(branch={"$in": sorted({branch, "all"})})] + [dict(shelf={"$in": list(shelves)})] * bool(shelves)
    return {"$and": parts} if len(parts) > 1 else parts[0]

@wrong("4.3", "got a tuple object")
def allowed_tuples(branch, shelves):
    """Chroma refuses tuples."""
    parts = ({"branch": {"$in": (branch, "all")}}, {"shelf": {"$in": tuple(shelves)}})
    return {"$and": parts} if shelves else parts[0]

@right("4.3")
def allowed_flat_or(branch, shelves):
    """Spells out every pair."""
    if not shelves:
        return {"$or": [{"branch": branch}, {"branch": "all"}]}
    return {"$or": [{"$and": [{"branch": b}, {"shelf": {"$eq": s}}]} for b in (branch, "all") for s in shelves]}

@wrong("4.3", "The branch itself counts too")
def allowed_all_only(branch, shelves):
    return {"branch": "all"}

@wrong("4.3", "another branch")
def allowed_shelves_only(branch, shelves):
    return {"shelf": {"$in": shelves}} if shelves else {"branch": {"$in": [branch, "all"]}}

@wrong("4.3", "no page at all")
def allowed_shelves_joined_by_and(branch, shelves):
    here = {"branch": {"$in": [branch, "all"]}}
    return {"$and": [here, *({"shelf": shelf} for shelf in shelves)]} if shelves else here

@wrong("4.3", "another branch")
def allowed_everything_without_shelves(branch, shelves):
    return {"$and": [{"branch": {"$in": [branch, "all"]}}, {"shelf": {"$in": shelves}}]} if shelves else {"branch": {"$ne": ""}}

@wrong("4.3", "another branch")
def allowed_other_branches(branch, shelves):
    here = {"branch": {"$ne": branch}}
    return {"$and": [here, {"shelf": {"$in": shelves}}]} if shelves else here

@wrong("4.3", "not 'in'")
def allowed_words_without_dollar(branch, shelves):
    return {"branch": {"in": [branch, "all"]}}

@wrong("4.3", "which is a dictionary")
def allowed_a_list(branch, shelves):
    return [{"branch": branch}, {"branch": "all"}]

@wrong("4.3", "no page has")
def allowed_capital(branch, shelves):
    here = {"branch": {"$in": [branch.title(), "All"]}}
    return {"$and": [here, {"shelf": {"$in": shelves}}]} if shelves else here

@wrong("4.3", "no page has")
def allowed_shelf_in_branch(branch, shelves):
    return {"branch": {"$in": [branch, "all", *shelves]}}

@wrong("4.3", "one condition")
def allowed_an_empty_filter(branch, shelves):
    return {"$and": [{"branch": {"$in": [branch, "all"]}}, {"shelf": {"$in": shelves}}]} if shelves else {}

@wrong("4.3", "two conditions or more")
def allowed_or_of_shelves_lonely(branch, shelves):
    here = {"branch": {"$in": [branch, "all"]}}
    return {"$and": [here, {"$or": [{"shelf": shelf} for shelf in shelves]}]} if shelves else here

@right("4.4")
def threshold_torch(scores, answerable, at_most):
    import torch

    scores, known = torch.tensor(scores, dtype=torch.float64), torch.tensor(answerable)
    fits = [(scores[known] < limit).double().mean().item() <= at_most for limit in scores]
    return scores[torch.tensor(fits)].max()

@right("4.4")
def threshold_sorted_down(scores, answerable, at_most):
    known = [score for score, there in zip(scores, answerable) if there]
    for limit in sorted(scores, reverse=True):
        if len([score for score in known if score < limit]) <= at_most * len(known) + 1e-12:
            return np.float64(limit)

@wrong("4.4", "a threshold of")
def threshold_known_scores_only_next(scores, answerable, at_most):
    """The highest score, of either kind, below the first answerable question that may not be refused any more."""
    known = sorted(s for s, a in zip(scores, answerable) if a)
    place = math.floor(at_most * len(known) + 1e-12)
    return max(s for s in scores if s < known[min(place + 1, len(known) - 1)])

@wrong("4.4", "lost up")
def threshold_rounds_up(scores, answerable, at_most):
    known = sorted(s for s, a in zip(scores, answerable) if a)
    return known[math.ceil(at_most * len(known))]

@wrong("4.4", "round down")
def threshold_rounds(scores, answerable, at_most):
    known = sorted(s for s, a in zip(scores, answerable) if a)
    return known[round(at_most * len(known))]

@wrong("4.4", "none is lost")
def threshold_none_lost(scores, answerable, at_most):
    return min(s for s, a in zip(scores, answerable) if a)

@wrong("4.4", "what lies above")
def threshold_from_above(scores, answerable, at_most):
    """Counts the answerable questions above the threshold."""
    known = sorted((s for s, a in zip(scores, answerable) if a), reverse=True)
    return known[math.floor(at_most * len(known) + 1e-12)]

@wrong("4.4", "most questions right")
def threshold_best_accuracy(scores, answerable, at_most):
    return max(scores, key=lambda t: sum((s >= t) == a for s, a in zip(scores, answerable)))

@wrong("4.4", "count them once")
def threshold_without_repeats(scores, answerable, at_most):
    """Equal scores of two answerable questions count as one."""
    known = sorted({s for s, a in zip(scores, answerable) if a})
    return known[math.floor(at_most * len(known) + 1e-12)]

@wrong("4.4", "refuses nothing")
def threshold_lowest_allowed(scores, answerable, at_most):
    known = [s for s, a in zip(scores, answerable) if a]
    return min(t for t in scores if sum(s < t for s in known) / len(known) <= at_most)

@wrong("4.4", "unanswerable question")
def threshold_highest_unknown(scores, answerable, at_most):
    return max(s for s, a in zip(scores, answerable) if not a)

@wrong("4.4", "what lies above")
def threshold_refuses_above(scores, answerable, at_most):
    known = [s for s, a in zip(scores, answerable) if a]
    return min(t for t in scores if sum(s > t for s in known) / len(known) <= at_most)

@wrong("4.4", "none of them")
def threshold_the_place(scores, answerable, at_most):
    return scores.index(threshold_tries_all(scores, answerable, at_most))

@wrong("4.4", "none of them")
def threshold_between(scores, answerable, at_most):
    known = sorted(s for s, a in zip(scores, answerable) if a)
    place = math.floor(at_most * len(known) + 1e-12)
    return (known[place] + known[place - 1]) / 2 if place else known[0] - 0.001

@right("4.5")
def blame_numpy(support, read, right, right_with_oracle):
    missed = not np.isin(support, read).all()
    return np.array(["reader", "both", "search", "nobody"])[3 if right else missed * (1 + int(right_with_oracle))]

@right("4.5")
def blame_match(support, read, right, right_with_oracle):
    match right, set(support).issubset(read), right_with_oracle:
        case True, _, _:
            return "nobody"
        case _, True, _:
            return "reader"
        case _, _, True:
            return "search"
    return "both"

@wrong("4.5", "only the first")
def blame_first_sentence(support, read, right, right_with_oracle):
    return blame_in_order(support[:1], read, right, right_with_oracle)

@wrong("4.5", "only the last")
def blame_last_sentence(support, read, right, right_with_oracle):
    return blame_in_order(support[-1:], read, right, right_with_oracle)

@wrong("4.5", "all that was read")
def blame_read_in_support(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    if set(read) <= set(support):
        return "reader"
    return "search" if right_with_oracle else "both"

@wrong("4.5", "exactly the needed")
def blame_same_sets(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    if set(support) == set(read):
        return "reader"
    return "search" if right_with_oracle else "both"

@wrong("4.5", "how many sentences")
def blame_counts(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    if len(read) >= len(support):
        return "reader"
    return "search" if right_with_oracle else "both"

@wrong("4.5", "the oracle is the wrong")
def blame_oracle_turned(support, read, right, right_with_oracle):
    return blame_in_order(support, read, right, not right_with_oracle)

@wrong("4.5", "even if a needed sentence")
def blame_search_whatever_was_answered(support, read, right, right_with_oracle):
    """Where something was missing the search is blamed, even if the answer is right."""
    if not set(support) <= set(read):
        return "search" if right_with_oracle else "both"
    return "nobody" if right else "reader"

@wrong("4.5", "excuses nobody")
def blame_nobody_by_the_oracle(support, read, right, right_with_oracle):
    return "nobody" if right_with_oracle else blame_in_order(support, read, right, right_with_oracle)

@wrong("4.5", "always blame the reader")
def blame_the_reader(support, read, right, right_with_oracle):
    return "nobody" if right else "reader"

@wrong("4.5", "reader and both")
def blame_both_turned(support, read, right, right_with_oracle):
    said = blame_in_order(support, read, right, right_with_oracle)
    return {"both": "reader", "reader": "both"}.get(said, said)

@wrong("4.5", "expected one of")
def blame_capital(support, read, right, right_with_oracle):
    return blame_in_order(support, read, right, right_with_oracle).title()

@wrong("4.5", "expected one of")
def blame_a_list(support, read, right, right_with_oracle):
    said = blame_in_order(support, read, right, right_with_oracle)
    return ["search", "reader"] if said == "both" else [said]

@right("4.6")
def publish_reduces(index, documents, updates, day):
    from functools import reduce

    due = sorted((u for u in updates if not u.news.date > day), key=lambda u: (u.news.date, u.news.id))
    return np.int64(index.synchronise(reduce(course_data.apply_update, due, documents)))

@right("4.6")
def publish_shuffled_documents(index, documents, updates, day):
    """The order of the documents in the index is nobody's business."""
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
    return index.synchronise(sorted(documents, key=lambda d: d.title))

@wrong("4.6", "in the order of their dates")
def publish_same_day_only(index, documents, updates, day):
    return publish_sorted(index, documents, [u for u in updates if u.news.date == day], day)

@wrong("4.6", "in the order of their dates")
def publish_latest_only(index, documents, updates, day):
    due = sorted((u for u in updates if u.news.date <= day), key=lambda u: u.news.date)
    return publish_sorted(index, documents, due[-1:], day)

@wrong("4.6", "in the order of their dates")
def publish_one_a_page(index, documents, updates, day):
    """Keeps the last item of each page alone."""
    last = {u.changes: u for u in sorted(updates, key=lambda u: u.news.date) if u.news.date <= day}
    return publish_sorted(index, documents, list(last.values()), day)

@wrong("4.6", "is not on its shelf")
def publish_first_a_page(index, documents, updates, day):
    last = {u.changes: u for u in sorted(updates, key=lambda u: u.news.date, reverse=True) if u.news.date <= day}
    return publish_sorted(index, documents, list(last.values()), day)

@wrong("4.6", "in the order of their dates")
def publish_after_the_day(index, documents, updates, day):
    return publish_sorted(index, documents, [u for u in updates if u.news.date >= day], "9999-12-31")

@wrong("4.6", "are enough")
def publish_adds_everything(index, documents, updates, day):
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
    index.remove([d.id for d in documents])
    return index.add(documents)

@wrong("4.6", "you return")
def publish_returns_the_index_size(index, documents, updates, day):
    publish_sorted(index, documents, updates, day)
    return len(index.passages)

@wrong("4.6", "expected a number")
def publish_returns_documents(index, documents, updates, day):
    publish_sorted(index, documents, updates, day)
    return documents

@wrong("4.6", "you return")
def publish_returns_news(index, documents, updates, day):
    publish_sorted(index, documents, updates, day)
    return 2 * len([u for u in updates if u.news.date <= day])

@wrong("4.6", "in the order of their dates")
def publish_stops_at_the_first_late_one(index, documents, updates, day):
    """Leaves the loop over the unsorted list too early."""
    due = []
    for update in updates:
        if update.news.date > day:
            break
        due.append(update)
    return publish_sorted(index, documents, due, day)

@wrong("4.6", "in the order of their dates")
def publish_each_to_the_first(index, documents, updates, day):
    """Applies each update to the documents of the beginning, and adds what comes of it."""
    found = list(documents)
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            found = course_data.apply_update(documents, update)
    return index.synchronise(found)
