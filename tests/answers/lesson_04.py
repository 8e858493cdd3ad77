"""Answers to exercise 4 as learners write them."""

import math
from collections import defaultdict

import numpy as np

from ftrag_helpers.data import course_data
from ftrag_helpers.evaluation import metrics


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
    return max([t for t in scores if sum(s < t for s in known) / len(known) < at_most], default=min(scores))


def threshold_never_reaches_the_limit(scores, answerable, at_most):
    """As before; where nothing may be lost it finds no threshold at all."""
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


# Answers found later: what else learners write, right and wrong.

def measure_numpy(found, needed, k):
    documents = np.array(list(dict.fromkeys(found)))
    hit = np.isin(documents, needed) if len(documents) else np.zeros(0, bool)
    return np.array([hit[:k].sum() / len(needed), 1 / (hit.argmax() + 1) if hit.any() else 0], np.float32)


def measure_lazily(found, needed, k):
    documents = sorted(set(found), key=found.index)
    yield len(set(needed).intersection(documents[:k])) / len(needed)
    yield max((1 / (documents.index(d) + 1) for d in needed if d in documents), default=0)


def measure_first_named(found, needed, k):
    documents = list(dict.fromkeys(found))
    rank = documents.index(needed[0]) + 1 if needed[0] in documents else 0
    return [metrics.recall_at_k(found, needed, k), 1 / rank if rank else 0.0]


def measure_first_named_found(found, needed, k):
    """The first of the needed ones that was found, in the order in which they are needed."""
    documents = list(dict.fromkeys(found))
    for d in needed:
        if d in documents:
            return [metrics.recall_at_k(found, needed, k), 1 / (documents.index(d) + 1)]
    return [metrics.recall_at_k(found, needed, k), 0.0]


def measure_mean_of_ranks(found, needed, k):
    documents = list(dict.fromkeys(found))
    ranks = [1 / (documents.index(d) + 1) if d in documents else 0 for d in needed]
    return [metrics.recall_at_k(found, needed, k), sum(ranks) / len(ranks)]


def measure_last_needed(found, needed, k):
    documents = list(dict.fromkeys(found))
    ranks = [1 / (documents.index(d) + 1) for d in needed if d in documents]
    return [metrics.recall_at_k(found, needed, k), min(ranks, default=0)]


def measure_smaller_of_two(found, needed, k):
    documents = list(dict.fromkeys(found))
    return [len(set(documents[:k]) & set(needed)) / min(k, len(needed)), metrics.reciprocal_rank(found, needed)]


def measure_of_the_found(found, needed, k):
    """Divides by the needed documents that were found at all."""
    documents = list(dict.fromkeys(found))
    there = set(documents) & set(needed)
    return [len(set(documents[:k]) & there) / len(there) if there else 0, metrics.reciprocal_rank(found, needed)]


def measure_all_or_nothing(found, needed, k):
    documents = list(dict.fromkeys(found))
    return [float(set(needed) <= set(documents[:k])), metrics.reciprocal_rank(found, needed)]


def measure_swapped(found, needed, k):
    return [metrics.reciprocal_rank(found, needed), metrics.recall_at_k(found, needed, k)]


def measure_only_the_first(found, needed, k):
    return [metrics.recall_at_k(found, needed, k), float(found[:1] == needed[:1])]


def measure_neighbours_only(found, needed, k):
    """Drops a repetition only where it stands right beside the first one."""
    documents = [d for i, d in enumerate(found) if i == 0 or found[i - 1] != d]
    rank = next((1 / (i + 1) for i, d in enumerate(documents) if d in needed), 0)
    return [len(set(documents[:k]) & set(needed)) / len(needed), rank]


def measure_rounded(found, needed, k):
    return [round(metrics.recall_at_k(found, needed, k), 2), round(metrics.reciprocal_rank(found, needed), 2)]


def choose_numpy(table):
    rows = [row for row in table if row["split"] == "validation"]
    sizes = np.unique([row["words"] for row in rows])
    return sizes[np.argmax([np.mean([row["recall"] for row in rows if row["words"] == size]) for size in sizes])]


def choose_sorted(table):
    from itertools import groupby

    rows = sorted((row for row in table if row["split"] == "validation"), key=lambda row: row["words"])
    sums = {words: sum(row["recall"] for row in group) for words, group in groupby(rows, lambda row: row["words"])}
    return sorted(sums, key=lambda words: (-sums[words], words))[0]


def choose_train(table):
    return choose_loops([{**row, "split": "validation"} for row in table if row["split"] == "train"])


def choose_not_train(table):
    return choose_loops([{**row, "split": "validation"} for row in table if row["split"] != "train"])


def choose_last(table):
    rows = [row for row in table if row["split"] == "validation"]
    best = {}
    for row in rows:
        best[row["words"]] = best.get(row["words"], 0) + row["recall"]
    return max(reversed(list(best)), key=best.get)


def choose_largest(table):
    return max(row["words"] for row in table)


def choose_most_full_marks(table):
    scores = defaultdict(int)
    for row in table:
        if row["split"] == "validation":
            scores[row["words"]] += row["recall"] == 1
    return min(scores, key=lambda words: (-scores[words], words))


def choose_worst_question(table):
    scores = defaultdict(list)
    for row in table:
        if row["split"] == "validation":
            scores[row["words"]].append(row["recall"])
    return min(scores, key=lambda words: (-min(scores[words]), words))


def choose_median(table):
    scores = defaultdict(list)
    for row in table:
        if row["split"] == "validation":
            scores[row["words"]].append(row["recall"])
    return min(scores, key=lambda words: (-np.median(scores[words]), words))


def choose_test_breaks_ties(table):
    scores = defaultdict(float)
    for row in table:
        if row["split"] != "train":
            scores[row["words"]] += row["recall"] * (1 if row["split"] == "validation" else 0.001)
    return min(scores, key=lambda words: (-scores[words], words))


def choose_per_word(table):
    scores = defaultdict(float)
    for row in table:
        if row["split"] == "validation":
            scores[row["words"]] += row["recall"] / row["words"]
    return min(scores, key=lambda words: (-scores[words], words))


def choose_any_hit(table):
    scores = defaultdict(int)
    for row in table:
        if row["split"] == "validation":
            scores[row["words"]] += row["recall"] > 0
    return min(scores, key=lambda words: (-scores[words], words))


def choose_as_text(table):
    return f"{choose_loops(table)} words"


def allowed_not_in(branch, shelves):
    """Says which branches and shelves are not meant."""
    others = [name for name in ("central", "old-quay", "fennel-hill", "weir-street", "heron") if name != branch]
    here = {"branch": {"$nin": others}}
    if not shelves:
        return here
    return {"$and": [here, {"$or": [{"shelf": shelf} for shelf in [*shelves, shelves[0]]]}]}


def allowed_built_up(branch, shelves):
    parts = [dict(branch={"$in": sorted({branch, "all"})})] + [dict(shelf={"$in": list(shelves)})] * bool(shelves)
    return {"$and": parts} if len(parts) > 1 else parts[0]


def allowed_tuples(branch, shelves):
    """Chroma refuses tuples."""
    parts = ({"branch": {"$in": (branch, "all")}}, {"shelf": {"$in": tuple(shelves)}})
    return {"$and": parts} if shelves else parts[0]


def allowed_flat_or(branch, shelves):
    """Spells out every pair."""
    if not shelves:
        return {"$or": [{"branch": branch}, {"branch": "all"}]}
    return {"$or": [{"$and": [{"branch": b}, {"shelf": {"$eq": s}}]} for b in (branch, "all") for s in shelves]}


def allowed_all_only(branch, shelves):
    return {"branch": "all"}


def allowed_shelves_only(branch, shelves):
    return {"shelf": {"$in": shelves}} if shelves else {"branch": {"$in": [branch, "all"]}}


def allowed_shelves_joined_by_and(branch, shelves):
    here = {"branch": {"$in": [branch, "all"]}}
    return {"$and": [here, *({"shelf": shelf} for shelf in shelves)]} if shelves else here


def allowed_everything_without_shelves(branch, shelves):
    return {"$and": [{"branch": {"$in": [branch, "all"]}}, {"shelf": {"$in": shelves}}]} if shelves else {"branch": {"$ne": ""}}


def allowed_other_branches(branch, shelves):
    here = {"branch": {"$ne": branch}}
    return {"$and": [here, {"shelf": {"$in": shelves}}]} if shelves else here


def allowed_words_without_dollar(branch, shelves):
    return {"branch": {"in": [branch, "all"]}}


def allowed_a_list(branch, shelves):
    return [{"branch": branch}, {"branch": "all"}]


def allowed_capital(branch, shelves):
    here = {"branch": {"$in": [branch.title(), "All"]}}
    return {"$and": [here, {"shelf": {"$in": shelves}}]} if shelves else here


def allowed_shelf_in_branch(branch, shelves):
    return {"branch": {"$in": [branch, "all", *shelves]}}


def allowed_an_empty_filter(branch, shelves):
    return {"$and": [{"branch": {"$in": [branch, "all"]}}, {"shelf": {"$in": shelves}}]} if shelves else {}


def allowed_or_of_shelves_lonely(branch, shelves):
    here = {"branch": {"$in": [branch, "all"]}}
    return {"$and": [here, {"$or": [{"shelf": shelf} for shelf in shelves]}]} if shelves else here


def threshold_torch(scores, answerable, at_most):
    import torch

    scores, known = torch.tensor(scores, dtype=torch.float64), torch.tensor(answerable)
    fits = [(scores[known] < limit).double().mean().item() <= at_most for limit in scores]
    return scores[torch.tensor(fits)].max()


def threshold_sorted_down(scores, answerable, at_most):
    known = [score for score, there in zip(scores, answerable) if there]
    for limit in sorted(scores, reverse=True):
        if len([score for score in known if score < limit]) <= at_most * len(known) + 1e-12:
            return np.float64(limit)


def threshold_known_scores_only_next(scores, answerable, at_most):
    """The highest score, of either kind, below the first answerable question that may not be refused any more."""
    known = sorted(s for s, a in zip(scores, answerable) if a)
    place = math.floor(at_most * len(known) + 1e-12)
    return max(s for s in scores if s < known[min(place + 1, len(known) - 1)])


def threshold_rounds_up(scores, answerable, at_most):
    known = sorted(s for s, a in zip(scores, answerable) if a)
    return known[math.ceil(at_most * len(known))]


def threshold_rounds(scores, answerable, at_most):
    known = sorted(s for s, a in zip(scores, answerable) if a)
    return known[round(at_most * len(known))]


def threshold_none_lost(scores, answerable, at_most):
    return min(s for s, a in zip(scores, answerable) if a)


def threshold_from_above(scores, answerable, at_most):
    """Counts the answerable questions above the threshold."""
    known = sorted((s for s, a in zip(scores, answerable) if a), reverse=True)
    return known[math.floor(at_most * len(known) + 1e-12)]


def threshold_best_accuracy(scores, answerable, at_most):
    return max(scores, key=lambda t: sum((s >= t) == a for s, a in zip(scores, answerable)))


def threshold_without_repeats(scores, answerable, at_most):
    """Equal scores of two answerable questions count as one."""
    known = sorted({s for s, a in zip(scores, answerable) if a})
    return known[math.floor(at_most * len(known) + 1e-12)]


def threshold_lowest_allowed(scores, answerable, at_most):
    known = [s for s, a in zip(scores, answerable) if a]
    return min(t for t in scores if sum(s < t for s in known) / len(known) <= at_most)


def threshold_highest_unknown(scores, answerable, at_most):
    return max(s for s, a in zip(scores, answerable) if not a)


def threshold_refuses_above(scores, answerable, at_most):
    known = [s for s, a in zip(scores, answerable) if a]
    return min(t for t in scores if sum(s > t for s in known) / len(known) <= at_most)


def threshold_the_place(scores, answerable, at_most):
    return scores.index(threshold_tries_all(scores, answerable, at_most))


def threshold_between(scores, answerable, at_most):
    known = sorted(s for s, a in zip(scores, answerable) if a)
    place = math.floor(at_most * len(known) + 1e-12)
    return (known[place] + known[place - 1]) / 2 if place else known[0] - 0.001


def blame_numpy(support, read, right, right_with_oracle):
    missed = not np.isin(support, read).all()
    return np.array(["reader", "both", "search", "nobody"])[3 if right else missed * (1 + int(right_with_oracle))]


def blame_match(support, read, right, right_with_oracle):
    match right, set(support).issubset(read), right_with_oracle:
        case True, _, _:
            return "nobody"
        case _, True, _:
            return "reader"
        case _, _, True:
            return "search"
    return "both"


def blame_first_sentence(support, read, right, right_with_oracle):
    return blame_in_order(support[:1], read, right, right_with_oracle)


def blame_last_sentence(support, read, right, right_with_oracle):
    return blame_in_order(support[-1:], read, right, right_with_oracle)


def blame_read_in_support(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    if set(read) <= set(support):
        return "reader"
    return "search" if right_with_oracle else "both"


def blame_same_sets(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    if set(support) == set(read):
        return "reader"
    return "search" if right_with_oracle else "both"


def blame_counts(support, read, right, right_with_oracle):
    if right:
        return "nobody"
    if len(read) >= len(support):
        return "reader"
    return "search" if right_with_oracle else "both"


def blame_oracle_turned(support, read, right, right_with_oracle):
    return blame_in_order(support, read, right, not right_with_oracle)


def blame_search_whatever_was_answered(support, read, right, right_with_oracle):
    """Where something was missing the search is blamed, even if the answer is right."""
    if not set(support) <= set(read):
        return "search" if right_with_oracle else "both"
    return "nobody" if right else "reader"


def blame_nobody_by_the_oracle(support, read, right, right_with_oracle):
    return "nobody" if right_with_oracle else blame_in_order(support, read, right, right_with_oracle)


def blame_the_reader(support, read, right, right_with_oracle):
    return "nobody" if right else "reader"


def blame_both_turned(support, read, right, right_with_oracle):
    said = blame_in_order(support, read, right, right_with_oracle)
    return {"both": "reader", "reader": "both"}.get(said, said)


def blame_capital(support, read, right, right_with_oracle):
    return blame_in_order(support, read, right, right_with_oracle).title()


def blame_a_list(support, read, right, right_with_oracle):
    said = blame_in_order(support, read, right, right_with_oracle)
    return ["search", "reader"] if said == "both" else [said]


def publish_reduces(index, documents, updates, day):
    from functools import reduce

    due = sorted((u for u in updates if not u.news.date > day), key=lambda u: (u.news.date, u.news.id))
    return np.int64(index.synchronise(reduce(course_data.apply_update, due, documents)))


def publish_shuffled_documents(index, documents, updates, day):
    """The order of the documents in the index is nobody's business."""
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
    return index.synchronise(sorted(documents, key=lambda d: d.title))


def publish_same_day_only(index, documents, updates, day):
    return publish_sorted(index, documents, [u for u in updates if u.news.date == day], day)


def publish_latest_only(index, documents, updates, day):
    due = sorted((u for u in updates if u.news.date <= day), key=lambda u: u.news.date)
    return publish_sorted(index, documents, due[-1:], day)


def publish_one_a_page(index, documents, updates, day):
    """Keeps the last item of each page alone."""
    last = {u.changes: u for u in sorted(updates, key=lambda u: u.news.date) if u.news.date <= day}
    return publish_sorted(index, documents, list(last.values()), day)


def publish_first_a_page(index, documents, updates, day):
    last = {u.changes: u for u in sorted(updates, key=lambda u: u.news.date, reverse=True) if u.news.date <= day}
    return publish_sorted(index, documents, list(last.values()), day)


def publish_after_the_day(index, documents, updates, day):
    return publish_sorted(index, documents, [u for u in updates if u.news.date >= day], "9999-12-31")


def publish_adds_everything(index, documents, updates, day):
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            documents = course_data.apply_update(documents, update)
    index.remove([d.id for d in documents])
    return index.add(documents)


def publish_returns_the_index_size(index, documents, updates, day):
    publish_sorted(index, documents, updates, day)
    return len(index.passages)


def publish_returns_documents(index, documents, updates, day):
    publish_sorted(index, documents, updates, day)
    return documents


def publish_returns_news(index, documents, updates, day):
    publish_sorted(index, documents, updates, day)
    return 2 * len([u for u in updates if u.news.date <= day])


def publish_stops_at_the_first_late_one(index, documents, updates, day):
    """Leaves the loop over the unsorted list too early."""
    due = []
    for update in updates:
        if update.news.date > day:
            break
        due.append(update)
    return publish_sorted(index, documents, due, day)


def publish_each_to_the_first(index, documents, updates, day):
    """Applies each update to the documents of the beginning, and adds what comes of it."""
    found = list(documents)
    for update in sorted(updates, key=lambda u: u.news.date):
        if update.news.date <= day:
            found = course_data.apply_update(documents, update)
    return index.synchronise(found)


RIGHT = {
    "4.1": [measure_by_hand, measure_with_metrics, measure_numpy, measure_lazily],
    "4.2": [choose_loops, choose_pandas, choose_numpy, choose_sorted],
    "4.3": [allowed_in, allowed_or, allowed_built_up, allowed_flat_or, allowed_not_in],
    "4.4": [threshold_tries_all, threshold_numpy, threshold_by_place, threshold_torch, threshold_sorted_down],
    "4.5": [blame_in_order, blame_by_table, blame_numpy, blame_match],
    "4.6": [publish_sorted, publish_by_hand, publish_reduces, publish_shuffled_documents],
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
            (measure_percent, "is not right"),
            (measure_first_named, "names first"),
            (measure_first_named_found, "found at all"),
            (measure_mean_of_ranks, "a mean over the needed"),
            (measure_last_needed, "last needed"),
            (measure_smaller_of_two, "where k is smaller"),
            (measure_of_the_found, "that were found"),
            (measure_all_or_nothing, "all needed documents"),
            (measure_swapped, "wrong way round"),
            (measure_only_the_first, "is not right"),
            (measure_neighbours_only, "side by side"),
            (measure_rounded, "are rounded")],
    "4.2": [(choose_test, "They may only measure"),
            (choose_everything, "have a say in it"),
            (choose_train_too, "validation questions alone"),
            (choose_larger, "costs less to read"),
            (choose_first, "first in the table"),
            (choose_best_row, "Take the mean"),
            (choose_lowest, "lowest recall"),
            (choose_smallest, "whatever its recall"),
            (choose_the_mean, "looks like a recall"),
            (choose_the_row, "expected one of the lengths"),
            (choose_train, "training questions"),
            (choose_not_train, "validation and test"),
            (choose_last, "last in the table"),
            (choose_largest, "the largest length"),
            (choose_most_full_marks, "a recall of 1"),
            (choose_worst_question, "worst question"),
            (choose_median, "the median"),
            (choose_test_breaks_ties, "ask the test questions"),
            (choose_per_word, "number of words"),
            (choose_any_hit, "anything was found"),
            (choose_as_text, "expected one of the lengths")],
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
            (allowed_lonely_and, "two conditions or more"),
            (allowed_all_only, "The branch itself counts too"),
            (allowed_shelves_only, "another branch"),
            (allowed_shelves_joined_by_and, "no page at all"),
            (allowed_everything_without_shelves, "another branch"),
            (allowed_other_branches, "another branch"),
            (allowed_words_without_dollar, "not 'in'"),
            (allowed_tuples, "got a tuple object"),
            (allowed_a_list, "which is a dictionary"),
            (allowed_capital, "no page has"),
            (allowed_shelf_in_branch, "no page has"),
            (allowed_an_empty_filter, "one condition"),
            (allowed_or_of_shelves_lonely, "two conditions or more")],
    "4.4": [(threshold_among_all, "more than"),
            (threshold_all_refused, "a share of the answerable ones only"),
            (threshold_wrong_group, "Those are the right ones"),
            (threshold_below_the_limit, "exactly is still allowed"),
            (threshold_equal_is_refused, "what lies below it"),
            (threshold_one_too_far, "one step before"),
            (threshold_lowest, "refuses nothing"),
            (threshold_highest, "highest score"),
            (threshold_quantile, "none of them"),
            (threshold_the_share, "expected one of the given scores"),
            (threshold_known_scores_only_next, "a threshold of"),
            (threshold_rounds_up, "lost up"),
            (threshold_rounds, "round down"),
            (threshold_none_lost, "none is lost"),
            (threshold_from_above, "what lies above"),
            (threshold_best_accuracy, "most questions right"),
            (threshold_without_repeats, "count them once"),
            (threshold_lowest_allowed, "refuses nothing"),
            (threshold_highest_unknown, "unanswerable question"),
            (threshold_refuses_above, "what lies above"),
            (threshold_the_place, "none of them"),
            (threshold_between, "none of them"),
            (threshold_never_reaches_the_limit, "ValueError")],
    "4.5": [(blame_any_sentence, "even if it brought one"),
            (blame_forgets_right, "nobody is to blame"),
            (blame_never_both, "never blame both"),
            (blame_by_the_oracle, "is not right"),
            (blame_both_too_soon, "as soon as the oracle"),
            (blame_search_too_soon, "did its work there"),
            (blame_same_lists, "More sentences may be read"),
            (blame_turned_round, "wrong way round"),
            (blame_none, 'expected one of "nobody"'),
            (blame_first_sentence, "only the first"),
            (blame_last_sentence, "only the last"),
            (blame_read_in_support, "all that was read"),
            (blame_same_sets, "exactly the needed"),
            (blame_counts, "how many sentences"),
            (blame_oracle_turned, "the oracle is the wrong"),
            (blame_search_whatever_was_answered, "even if a needed sentence"),
            (blame_nobody_by_the_oracle, "excuses nobody"),
            (blame_the_reader, "always blame the reader"),
            (blame_both_turned, "reader and both"),
            (blame_capital, "expected one of"),
            (blame_a_list, "expected one of")],
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
            (publish_counts_documents, "you return"),
            (publish_same_day_only, "in the order of their dates"),
            (publish_latest_only, "in the order of their dates"),
            (publish_one_a_page, "in the order of their dates"),
            (publish_first_a_page, "is not on its shelf"),
            (publish_after_the_day, "in the order of their dates"),
            (publish_adds_everything, "are enough"),
            (publish_returns_the_index_size, "you return"),
            (publish_returns_documents, "expected a number"),
            (publish_returns_news, "you return"),
            (publish_stops_at_the_first_late_one, "in the order of their dates"),
            (publish_each_to_the_first, "in the order of their dates")],
}
