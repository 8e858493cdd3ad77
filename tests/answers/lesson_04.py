"""Answers to exercise 4 as learners write them."""

import math
from collections import defaultdict

import numpy as np

from ftrag_helpers import course_data, metrics


# Task 4.1

def measure_by_hand(found, needed, k):
    documents = list(dict.fromkeys(found))
    hits = [d for d in documents[:k] if d in needed]
    for rank, document in enumerate(documents, start=1):
        if document in needed:
            return len(hits) / len(needed), 1 / rank
    return len(hits) / len(needed), 0


def measure_with_metrics(found, needed, k):
    return np.array([metrics.recall_at_k(found, needed, k), metrics.reciprocal_rank(found, needed)])


def measure_passages(found, needed, k):
    return [len(set(found[:k]) & set(needed)) / len(needed), metrics.reciprocal_rank(found, needed)]


def measure_precision(found, needed, k):
    documents = list(dict.fromkeys(found))
    return [len(set(documents[:k]) & set(needed)) / k, metrics.reciprocal_rank(found, needed)]


def measure_any(found, needed, k):
    documents = list(dict.fromkeys(found))
    return [float(any(d in needed for d in documents[:k])), metrics.reciprocal_rank(found, needed)]


def measure_one_short(found, needed, k):
    documents = list(dict.fromkeys(found))
    return [sum(d in needed for d in documents[:k - 1]) / len(needed), metrics.reciprocal_rank(found, needed)]


def measure_counts_repeats(found, needed, k):
    return [sum(d in needed for d in found[:k]) / len(needed), metrics.reciprocal_rank(found, needed)]


def measure_passages_in_both(found, needed, k):
    rank = next((1 / (i + 1) for i, d in enumerate(found) if d in needed), 0)
    return [len(set(found[:k]) & set(needed)) / len(needed), rank]


def measure_repeats_in_both(found, needed, k):
    rank = next((1 / (i + 1) for i, d in enumerate(found) if d in needed), 0)
    return [len([d for d in found[:k] if d in needed]) / len(needed), rank]


def measure_rank_of_passages(found, needed, k):
    rank = next((1 / (i + 1) for i, d in enumerate(found) if d in needed), 0)
    return [metrics.recall_at_k(found, needed, k), rank]


def measure_rank_from_two(found, needed, k):
    documents = list(dict.fromkeys(found))
    rank = next((1 / (i + 2) for i, d in enumerate(documents) if d in needed), 0)
    return [metrics.recall_at_k(found, needed, k), rank]


def measure_rank_from_zero(found, needed, k):
    documents = list(dict.fromkeys(found))
    rank = next((1 / i for i, d in enumerate(documents) if d in needed), 0)
    return [metrics.recall_at_k(found, needed, k), rank]


def measure_rank_itself(found, needed, k):
    rank = metrics.reciprocal_rank(found, needed)
    return [metrics.recall_at_k(found, needed, k), 1 / rank if rank else 0]


def measure_rank_cut(found, needed, k):
    return [metrics.recall_at_k(found, needed, k), metrics.reciprocal_rank(list(dict.fromkeys(found))[:k], needed)]


def measure_recall_alone(found, needed, k):
    return metrics.recall_at_k(found, needed, k)


def measure_unordered(found, needed, k):
    documents = sorted(set(found))
    return [metrics.recall_at_k(documents, needed, k), metrics.reciprocal_rank(documents, needed)]


def measure_percent(found, needed, k):
    return [100 * metrics.recall_at_k(found, needed, k), metrics.reciprocal_rank(found, needed)]


# Task 4.2

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


def choose_pandas(table):
    import pandas as pd

    rows = pd.DataFrame(table).query("split == 'validation'")
    return rows.groupby("words").recall.mean().sort_index().idxmax()


def choose_test(table):
    return choose_loops([{**row, "split": "validation"} for row in table if row["split"] == "test"])


def choose_everything(table):
    return choose_loops([{**row, "split": "validation"} for row in table])


def choose_train_too(table):
    return choose_loops([{**row, "split": "validation"} for row in table if row["split"] != "test"])


def choose_larger(table):
    rows = [row for row in table if row["split"] == "validation"]
    return max({row["words"] for row in rows}, key=lambda w: (sum(r["recall"] for r in rows if r["words"] == w), w))


def choose_first(table):
    rows = [row for row in table if row["split"] == "validation"]
    return max(dict.fromkeys(row["words"] for row in rows), key=lambda w: sum(r["recall"] for r in rows if r["words"] == w))


def choose_best_row(table):
    return max((row for row in table if row["split"] == "validation"), key=lambda row: row["recall"])["words"]


def choose_lowest(table):
    rows = [row for row in table if row["split"] == "validation"]
    return min({row["words"] for row in rows}, key=lambda w: (sum(r["recall"] for r in rows if r["words"] == w), w))


def choose_smallest(table):
    return min(row["words"] for row in table)


def choose_the_mean(table):
    import pandas as pd

    return pd.DataFrame(table).query("split == 'validation'").groupby("words").recall.mean().max()


def choose_the_row(table):
    return max((row for row in table if row["split"] == "validation"), key=lambda row: row["recall"])


# Task 4.3

def allowed_in(branch, shelves):
    here = {"branch": {"$in": [branch, "all"]}}
    return {"$and": [here, {"shelf": {"$in": shelves}}]} if shelves else here


def allowed_or(branch, shelves):
    here = {"$or": [{"branch": branch}, {"branch": {"$eq": "all"}}]}
    if not shelves:
        return here
    there = [{"shelf": shelf} for shelf in shelves]
    return {"$and": [{"$or": there} if len(there) > 1 else there[0], here]}


def allowed_this_branch_only(branch, shelves):
    return {"$and": [{"branch": branch}, {"shelf": {"$in": shelves}}]} if shelves else {"branch": branch}


def allowed_both_branches_at_once(branch, shelves):
    return {"$and": [{"branch": branch}, {"branch": "all"}]}


def allowed_two_keys(branch, shelves):
    return {"branch": {"$in": [branch, "all"]}, "shelf": {"$in": shelves}}


def allowed_empty_list(branch, shelves):
    return {"$and": [{"branch": {"$in": [branch, "all"]}}, {"shelf": {"$in": shelves}}]}


def allowed_forgets_the_shelves(branch, shelves):
    return {"branch": {"$in": [branch, "all"]}}


def allowed_or_in_place_of_and(branch, shelves):
    here = {"branch": {"$in": [branch, "all"]}}
    return {"$or": [here, {"shelf": {"$in": shelves}}]} if shelves else here


def allowed_flat(branch, shelves):
    if not shelves:
        return {"branch": {"$in": [branch, "all"]}}
    return {"$or": [{"branch": "all"}, {"$and": [{"branch": branch}, {"shelf": {"$in": shelves}}]}]}


def allowed_a_bare_list(branch, shelves):
    return {"branch": [branch, "all"]}


def allowed_wrong_field(branch, shelves):
    return {"place": {"$in": [branch, "all"]}}


def allowed_first_shelf_only(branch, shelves):
    here = {"branch": {"$in": [branch, "all"]}}
    return {"$and": [here, {"shelf": shelves[0]}]} if shelves else here


def allowed_nothing(branch, shelves):
    return None


def allowed_lonely_and(branch, shelves):
    return {"$and": [{"branch": {"$in": [branch, "all"]}}]}


# Task 4.4

def threshold_tries_all(scores, answerable, at_most):
    known = [s for s, a in zip(scores, answerable) if a]
    return max(t for t in scores if sum(s < t for s in known) / len(known) <= at_most)


def threshold_numpy(scores, answerable, at_most):
    scores, answerable = np.array(scores), np.array(answerable)
    best = None
    for t in np.unique(scores):
        if (scores[answerable] < t).mean() <= at_most:
            best = t
    return best


def threshold_by_place(scores, answerable, at_most):
    known = sorted(s for s, a in zip(scores, answerable) if a)
    return known[math.floor(at_most * len(known))]


def threshold_among_all(scores, answerable, at_most):
    return max(t for t in scores if sum(s < t and a for s, a in zip(scores, answerable)) / len(scores) <= at_most)


def threshold_all_refused(scores, answerable, at_most):
    return max(t for t in scores if sum(s < t for s in scores) / len(scores) <= at_most)


def threshold_wrong_group(scores, answerable, at_most):
    other = [s for s, a in zip(scores, answerable) if not a]
    return sorted(other)[math.floor(at_most * len(other))]


def threshold_below_the_limit(scores, answerable, at_most):
    known = [s for s, a in zip(scores, answerable) if a]
    return max(t for t in scores if sum(s < t for s in known) / len(known) < at_most)


def threshold_equal_is_refused(scores, answerable, at_most):
    known = [s for s, a in zip(scores, answerable) if a]
    return max([t for t in scores if sum(s <= t for s in known) / len(known) <= at_most], default=min(scores))


def threshold_one_too_far(scores, answerable, at_most):
    known = [s for s, a in zip(scores, answerable) if a]
    return min(t for t in scores if sum(s < t for s in known) / len(known) > at_most)


def threshold_lowest(scores, answerable, at_most):
    return min(scores)


def threshold_highest(scores, answerable, at_most):
    return max(scores)


def threshold_quantile(scores, answerable, at_most):
    return np.quantile(np.array(scores)[np.array(answerable)], at_most)


def threshold_the_share(scores, answerable, at_most):
    return at_most


# Task 4.5

def blame_in_order(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    if all(sentence in read for sentence in support):
        return "reader"
    return "search" if right_with_oracle else "both"


def blame_by_table(support, read, right, right_with_oracle):
    missed = bool(set(support) - set(read))
    return "nobody" if right else {(False, True): "reader", (False, False): "reader", (True, True): "search",
                                   (True, False): "both"}[missed, right_with_oracle]


def blame_any_sentence(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    if any(sentence in read for sentence in support):
        return "reader"
    return "search" if right_with_oracle else "both"


def blame_forgets_right(support, read, right, right_with_oracle):
    return blame_in_order(support, read, False, right_with_oracle)


def blame_never_both(support, read, right, right_with_oracle):
    return blame_in_order(support, read, right, True)


def blame_by_the_oracle(support, read, right, right_with_oracle):
    return "nobody" if right else "search" if right_with_oracle else "reader"


def blame_both_too_soon(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    if not right_with_oracle:
        return "both"
    return "reader" if set(support) <= set(read) else "search"


def blame_search_too_soon(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    if right_with_oracle:
        return "search"
    return "reader" if set(support) <= set(read) else "both"


def blame_same_lists(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    return "reader" if support == read else "search" if right_with_oracle else "both"


def blame_turned_round(support, read, right, right_with_oracle):
    said = blame_in_order(support, read, right, right_with_oracle)
    return {"search": "reader", "reader": "search"}.get(said, said)


def blame_none(support, read, right, right_with_oracle):
    return None if right else blame_in_order(support, read, right, right_with_oracle)


# Task 4.6

def publish_sorted(index, documents, updates, day):
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
    return index.synchronise(documents)


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


def publish_as_listed(index, documents, updates, day):
    for update in updates:
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
    return index.synchronise(documents)


def publish_by_id(index, documents, updates, day):
    return publish_as_listed(index, documents, sorted(updates, key=lambda u: u.news.id), day)


def publish_newest_first(index, documents, updates, day):
    return publish_as_listed(index, documents, sorted(updates, key=lambda u: u.news.date, reverse=True), day)


def publish_everything(index, documents, updates, day):
    return publish_sorted(index, documents, updates, "9999-12-31")


def publish_before_the_day(index, documents, updates, day):
    return publish_sorted(index, documents, [u for u in updates if u.news.date < day], day)


def publish_news_alone(index, documents, updates, day):
    return index.synchronise([*documents, *(u.news for u in updates if u.news.date <= day)])


def publish_changes_alone(index, documents, updates, day):
    ids = {d.id for d in documents}
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
    return index.synchronise([d for d in documents if d.id in ids])


def publish_forgets_the_index(index, documents, updates, day):
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
    return len(documents)


def publish_forgets_the_result(index, documents, updates, day):
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            course_data.apply_update(documents, update)
    return index.synchronise(documents)


def publish_from_scratch(index, documents, updates, day):
    index.remove([d.id for d in documents])
    return publish_sorted(index, documents, updates, day)


def publish_one_by_one(index, documents, updates, day):
    count = 0
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
            count += index.synchronise(documents)
    return count


def publish_only_what_changed_stays(index, documents, updates, day):
    before = {d.id: d for d in documents}
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
    return index.synchronise([d for d in documents if before.get(d.id) != d])


def publish_without_return(index, documents, updates, day):
    publish_sorted(index, documents, updates, day)


def publish_counts_documents(index, documents, updates, day):
    publish_sorted(index, documents, updates, day)
    return sum(u.news.date <= day for u in updates)


RIGHT = {
    "4.1": [measure_by_hand, measure_with_metrics],
    "4.2": [choose_loops, choose_pandas],
    "4.3": [allowed_in, allowed_or],
    "4.4": [threshold_tries_all, threshold_numpy, threshold_by_place],
    "4.5": [blame_in_order, blame_by_table],
    "4.6": [publish_sorted, publish_by_hand],
}

#: Each with words that its message must hold at seed 0.
WRONG = {
    "4.1": [(measure_passages, "Count documents, each once"),
            (measure_precision, "That is precision"),
            (measure_any, "one of them is only half"),
            (measure_one_short, "one document too few"),
            (measure_counts_repeats, "as often as it has passages"),
            (measure_passages_in_both, "both numbers count passages"),
            (measure_repeats_in_both, "both numbers count passages"),
            (measure_rank_of_passages, "the reciprocal rank counts passages"),
            (measure_rank_from_two, "one rank off"),
            (measure_rank_from_zero, "ZeroDivisionError"),
            (measure_rank_itself, "the rank itself"),
            (measure_rank_cut, "stops at k"),
            (measure_recall_alone, "expected a list of 2 numbers"),
            (measure_unordered, "is not right"),
            (measure_percent, "is not right")],
    "4.2": [(choose_test, "They may only measure"),
            (choose_everything, "have a say in it"),
            (choose_train_too, "validation questions alone"),
            (choose_larger, "costs less to read"),
            (choose_first, "first in the table"),
            (choose_best_row, "Take the mean"),
            (choose_lowest, "lowest recall"),
            (choose_smallest, "whatever its recall"),
            (choose_the_mean, "looks like a recall"),
            (choose_the_row, "expected one of the lengths")],
    "4.3": [(allowed_this_branch_only, 'has the branch "all"'),
            (allowed_both_branches_at_once, "two branches at once"),
            (allowed_two_keys, "one condition at a time"),
            (allowed_empty_list, "not empty"),
            (allowed_forgets_the_shelves, "the shelf is none of"),
            (allowed_or_in_place_of_and, "another branch than"),
            (allowed_flat, "the shelf is none of"),
            (allowed_a_bare_list, "a list stands for nothing"),
            (allowed_wrong_field, "has no field 'place'"),
            (allowed_first_shelf_only, "Every shelf that is named"),
            (allowed_nothing, "got None"),
            (allowed_lonely_and, "two conditions or more")],
    "4.4": [(threshold_among_all, "more than"),
            (threshold_all_refused, "a share of the answerable ones only"),
            (threshold_wrong_group, "Those are the right ones"),
            (threshold_below_the_limit, "exactly is still allowed"),
            (threshold_equal_is_refused, "what lies below it"),
            (threshold_one_too_far, "one step before"),
            (threshold_lowest, "refuses nothing"),
            (threshold_highest, "highest score"),
            (threshold_quantile, "none of them"),
            (threshold_the_share, "expected one of the given scores")],
    "4.5": [(blame_any_sentence, "even if it brought one"),
            (blame_forgets_right, "nobody is to blame"),
            (blame_never_both, "never blame both"),
            (blame_by_the_oracle, "is not right"),
            (blame_both_too_soon, "as soon as the oracle"),
            (blame_search_too_soon, "did its work there"),
            (blame_same_lists, "More sentences may be read"),
            (blame_turned_round, "wrong way round"),
            (blame_none, 'expected one of "nobody"')],
    "4.6": [(publish_as_listed, "in the order of their dates"),
            (publish_by_id, "in the order of their dates"),
            (publish_newest_first, "in the order of their dates"),
            (publish_everything, "not in force yet"),
            (publish_before_the_day, "The day itself counts"),
            (publish_news_alone, "still says"),
            (publish_changes_alone, "a document too"),
            (publish_forgets_the_index, "in step with the changed documents"),
            (publish_forgets_the_result, "in the order of their dates"),
            (publish_from_scratch, "are enough"),
            (publish_one_by_one, "synchronise once"),
            (publish_only_what_changed_stays, "gone from the index"),
            (publish_without_return, "end with return"),
            (publish_counts_documents, "you return")],
}
