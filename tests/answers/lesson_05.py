"""Answers to exercise 5 as learners write them."""

import math
import re

import numpy as np

from ftrag_helpers.evaluation import metrics
from ftrag_helpers.journal import scorecard


# Task 5.1

def unfair_sets(plan):
    systems, facts, broken = plan["systems"].values(), plan["facts"], []
    asked = {facts[q] for s in systems for q in s["asked"]}
    trained = {facts[q] for s in systems for q in s["trained on"]}
    if asked & trained:
        broken.append("leak")
    if len({frozenset(s["asked"]) for s in systems}) > 1:
        broken.append("other questions")
    if any(s["chosen on"] == "test" for s in systems):
        broken.append("chosen on test")
    if any(s["trained on"] and s["seeds"] < 3 for s in systems):
        broken.append("too few seeds")
    if len({s["sentences"] for s in systems if s["sentences"]}) > 1:
        broken.append("other reading")
    return broken


def unfair_loops(plan):
    broken, first, read = set(), None, None
    trained = [plan["facts"][q] for s in plan["systems"].values() for q in s["trained on"]]
    for system in plan["systems"].values():
        first = first or sorted(system["asked"])
        if sorted(system["asked"]) != first:
            broken.add("other questions")
        for question in system["asked"]:
            if plan["facts"][question] in trained:
                broken.add("leak")
        if system["chosen on"] not in ("train", "validation"):
            broken.add("chosen on test")
        if len(system["trained on"]) > 0 and system["seeds"] <= 2:
            broken.add("too few seeds")
        if system["sentences"] > 0:
            read = read or system["sentences"]
            if read != system["sentences"]:
                broken.add("other reading")
    return sorted(broken)


def _without(plan, rule, say):
    return [name for name in unfair_sets(plan) if name != rule] + [rule] * bool(say)


def unfair_leak_by_id(plan):
    systems = plan["systems"].values()
    return _without(plan, "leak", {q for s in systems for q in s["asked"]} & {q for s in systems for q in s["trained on"]})


def unfair_order_counts(plan):
    return _without(plan, "other questions", len({tuple(s["asked"]) for s in plan["systems"].values()}) > 1)


def unfair_counts_questions(plan):
    return _without(plan, "other questions", len({len(s["asked"]) for s in plan["systems"].values()}) > 1)


def unfair_all_on_test(plan):
    return _without(plan, "chosen on test", all(s["chosen on"] == "test" for s in plan["systems"].values()))


def unfair_seeds_for_all(plan):
    return _without(plan, "too few seeds", any(s["seeds"] < 3 for s in plan["systems"].values()))


def unfair_four_seeds(plan):
    return _without(plan, "too few seeds", any(s["trained on"] and s["seeds"] <= 3 for s in plan["systems"].values()))


def unfair_closed_book_reads(plan):
    return _without(plan, "other reading", len({s["sentences"] for s in plan["systems"].values()}) > 1)


def unfair_never_a_leak(plan):
    return _without(plan, "leak", False)


def unfair_not_on_train(plan):
    return _without(plan, "chosen on test", any(s["chosen on"] != "validation" for s in plan["systems"].values()))


def unfair_true_or_false(plan):
    return bool(unfair_sets(plan))


def unfair_own_words(plan):
    return [name.upper() for name in unfair_sets(plan)]


def unfair_first_only(plan):
    return unfair_sets(plan)[:1]


# Task 5.2

def paired_gaps(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    means = gaps[rng.integers(0, len(gaps), size=(draws, len(gaps)))].mean(axis=1)
    return np.quantile(means, [0.025, 0.975])


def paired_loop(first, second, draws):
    import random

    chance, n = random.Random(3), len(first)
    means = []
    for _ in range(draws):
        picks = chance.choices(range(n), k=n)
        means.append(sum(second[i] - first[i] for i in picks) / n)
    means.sort()
    return means[int(0.025 * draws)], means[int(0.975 * draws) - 1]


def paired_with_metrics(first, second, draws):
    return metrics.paired_difference(first, second, draws=draws)[1:]


def paired_apart(first, second, draws, rng=None):
    rng, n = rng or np.random.default_rng(7), len(first)
    one, other = (np.array(s)[rng.integers(0, n, size=(draws, n))].mean(axis=1) for s in (first, second))
    return np.quantile(other - one, [0.025, 0.975])


def paired_turned(first, second, draws):
    return paired_gaps(second, first, draws)


def paired_one_system(first, second, draws):
    return paired_gaps(np.zeros(len(second)), second, draws)


def paired_other_system(first, second, draws):
    return paired_gaps(np.zeros(len(first)), first, draws)


def paired_single_questions(first, second, draws):
    return np.quantile(np.array(second) - np.array(first), [0.025, 0.975])


def paired_ninety(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    return np.quantile(gaps[rng.integers(0, len(gaps), size=(draws, len(gaps)))].mean(axis=1), [0.05, 0.95])


def paired_mixed_ends(first, second, draws):
    return paired_gaps(first, second, draws)[::-1]


def paired_percent(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    return np.quantile(gaps[rng.integers(0, len(gaps), size=(draws, len(gaps)))].mean(axis=1), [0.25, 0.975])


def paired_without_replacement(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    return np.quantile([rng.permutation(gaps).mean() for _ in range(200)], [0.025, 0.975])


def paired_large_draws(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    return np.quantile([rng.choice(gaps, draws).mean() for _ in range(400)], [0.025, 0.975])


def paired_the_mean_too(first, second, draws):
    return metrics.paired_difference(first, second, draws=draws)


def paired_percentiles_in_quantile(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    return np.quantile(gaps[rng.integers(0, len(gaps), size=(draws, len(gaps)))].mean(axis=1), [2.5, 97.5])


# Task 5.3

def conclusion_quantile(means, comparisons):
    low, high = np.quantile(means, [0.025 / comparisons, 1 - 0.025 / comparisons])
    return "higher" if low > 0 else "lower" if high < 0 else "no difference seen"


def conclusion_by_counting(means, comparisons):
    allowed = 0.025 / comparisons * len(means)
    if sum(m <= 0 for m in means) < allowed:
        return "higher"
    return "lower" if sum(m >= 0 for m in means) < allowed else "no difference seen"


def conclusion_ignores_the_others(means, comparisons):
    return conclusion_quantile(means, 1)


def conclusion_one_tail(means, comparisons):
    low, high = np.quantile(means, [0.05 / comparisons, 1 - 0.05 / comparisons])
    return "higher" if low > 0 else "lower" if high < 0 else "no difference seen"


def conclusion_touching(means, comparisons):
    low, high = np.quantile(means, [0.025 / comparisons, 1 - 0.025 / comparisons])
    return "higher" if low >= 0 else "lower" if high <= 0 else "no difference seen"


def conclusion_mean(means, comparisons):
    return "higher" if np.mean(means) > 0 else "lower"


def conclusion_turned(means, comparisons):
    said = conclusion_quantile(means, comparisons)
    return {"higher": "lower", "lower": "higher"}.get(said, said)


def conclusion_never_lower(means, comparisons):
    return "higher" if np.quantile(means, 0.025 / comparisons) > 0 else "no difference seen"


def conclusion_shrinks(means, comparisons):
    low, high = np.quantile(means, [0.5 - 0.475 / comparisons, 0.5 + 0.475 / comparisons])
    return "higher" if low > 0 else "lower" if high < 0 else "no difference seen"


def conclusion_equal(means, comparisons):
    said = conclusion_quantile(means, comparisons)
    return "equal" if said == "no difference seen" else said


def conclusion_multiplies(means, comparisons):
    return conclusion_quantile(means, 1 / comparisons)


def conclusion_a_pair(means, comparisons):
    return np.quantile(means, [0.025, 0.975])


# Task 5.4

def cheaper_steps(tuned, retrieval, questions):
    if tuned["update"] <= retrieval["update"] and (
            retrieval["once"] + retrieval["question"] * questions >= tuned["once"] + tuned["question"] * questions):
        return None
    n = 0
    while retrieval["once"] + n * retrieval["update"] + questions * retrieval["question"] >= (
            tuned["once"] + n * tuned["update"] + questions * tuned["question"]):
        n += 1
    return n


def cheaper_scorecard(tuned, retrieval, questions):
    first, second = ((c["once"] + c["question"] * questions, c["update"]) for c in (tuned, retrieval))
    if second[0] < first[0]:
        return 0
    even = scorecard.break_even(first, second) if second[0] > first[0] else 0 if first[1] > second[1] else math.inf
    return None if math.isinf(even) else math.floor(even) + 1


def cheaper_rounds_up(tuned, retrieval, questions):
    found = cheaper_steps(tuned, retrieval, questions)
    if not found:
        return found
    gap = retrieval["once"] - tuned["once"] + (retrieval["question"] - tuned["question"]) * questions
    return math.ceil(gap / (tuned["update"] - retrieval["update"]))


def cheaper_rounds_down(tuned, retrieval, questions):
    found = cheaper_steps(tuned, retrieval, questions)
    if not found:
        return found
    gap = retrieval["once"] - tuned["once"] + (retrieval["question"] - tuned["question"]) * questions
    return int(gap / (tuned["update"] - retrieval["update"]))


def cheaper_a_fraction(tuned, retrieval, questions):
    gap = retrieval["once"] - tuned["once"] + (retrieval["question"] - tuned["question"]) * questions
    saved = tuned["update"] - retrieval["update"]
    return max(0, gap / saved) if saved > 0 else None


def cheaper_without_questions(tuned, retrieval, questions):
    return cheaper_steps(tuned, retrieval, 0)


def cheaper_free_index(tuned, retrieval, questions):
    return cheaper_steps(tuned, {**retrieval, "once": 0}, questions)


def cheaper_free_updates(tuned, retrieval, questions):
    return cheaper_steps(tuned, {**retrieval, "update": 0}, questions)


def cheaper_from_one(tuned, retrieval, questions):
    found = cheaper_steps(tuned, retrieval, questions)
    return found if found is None else max(1, found)


def cheaper_turned(tuned, retrieval, questions):
    return cheaper_steps(retrieval, tuned, questions)


def cheaper_negative(tuned, retrieval, questions):
    gap = retrieval["once"] - tuned["once"] + (retrieval["question"] - tuned["question"]) * questions
    saved = tuned["update"] - retrieval["update"]
    return math.floor(gap / saved) + 1 if saved > 0 else None


def cheaper_infinite(tuned, retrieval, questions):
    found = cheaper_steps(tuned, retrieval, questions)
    return math.inf if found is None else found


def cheaper_divides_always(tuned, retrieval, questions):
    gap = retrieval["once"] - tuned["once"] + (retrieval["question"] - tuned["question"]) * questions
    return max(0, math.floor(gap / (tuned["update"] - retrieval["update"])) + 1)


def cheaper_zero_for_never(tuned, retrieval, questions):
    return cheaper_steps(tuned, retrieval, questions) or 0


# Task 5.5

def supported_sets(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    held = {word for passage in passages for word in re.findall("[a-z0-9]+", passage.lower())}
    return len(said & held) / len(said) if said else 1


def supported_loop(answer, passages, stop_words):
    def words(text):
        return "".join(c if c.isascii() and c.isalnum() else " " for c in text.lower()).split()

    seen, right = [], 0
    for word in words(answer):
        if word in stop_words or word in seen:
            continue
        seen.append(word)
        right += any(word in words(passage) for passage in passages)
    return right / len(seen) if seen else 1.0


def supported_inside(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    return sum(word in " ".join(passages).lower() for word in said) / len(said) if said else 1


def supported_with_stop_words(answer, passages, stop_words):
    return supported_sets(answer, passages, [])


def supported_repeats(answer, passages, stop_words):
    said = [w for w in re.findall("[a-z0-9]+", answer.lower()) if w not in stop_words]
    held = re.findall("[a-z0-9]+", " ".join(passages).lower())
    return sum(w in held for w in said) / len(said) if said else 1


def supported_first(answer, passages, stop_words):
    return supported_sets(answer, passages[:1], stop_words)


def supported_capitals(answer, passages, stop_words):
    said = set(re.findall("[A-Za-z0-9]+", answer)) - set(stop_words)
    held = re.findall("[A-Za-z0-9]+", " ".join(passages))
    return sum(w in held for w in said) / len(said) if said else 1


def supported_empty_is_nothing(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    return supported_sets(answer, passages, stop_words) if said else 0


def supported_divides_by_zero(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    return len(said & set(re.findall("[a-z0-9]+", " ".join(passages).lower()))) / len(said)


def supported_other_way(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    held = set(re.findall("[a-z0-9]+", " ".join(passages).lower())) - set(stop_words)
    return len(said & held) / max(1, len(held)) if said else 1


def supported_missing(answer, passages, stop_words):
    return 1 - supported_sets(answer, passages, stop_words)


def supported_letters_only(answer, passages, stop_words):
    said = set(re.findall("[a-z]+", answer.lower())) - set(stop_words)
    held = set(re.findall("[a-z]+", " ".join(passages).lower()))
    return len(said & held) / len(said) if said else 1


def supported_counts(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    return len(said & set(re.findall("[a-z0-9]+", " ".join(passages).lower())))


def supported_split(answer, passages, stop_words):
    said = set(answer.lower().split()) - set(stop_words)
    held = set(" ".join(passages).lower().split())
    return len(said & held) / len(said) if said else 1


def supported_true(answer, passages, stop_words):
    return supported_sets(answer, passages, stop_words) == 1


# Answers found later: what else learners write, right and wrong.

def unfair_generator(plan):
    """Hands the names out one by one."""
    systems = list(plan["systems"].values())
    fact = plan["facts"].__getitem__
    trained = {fact(q) for s in systems for q in s["trained on"]}
    if any(not trained.isdisjoint(map(fact, s["asked"])) for s in systems):
        yield "leak"
    if any(set(s["asked"]) != set(systems[0]["asked"]) for s in systems[1:]):
        yield "other questions"
    if "test" in [s["chosen on"] for s in systems]:
        yield "chosen on test"
    if min((s["seeds"] for s in systems if s["trained on"]), default=3) < 3:
        yield "too few seeds"
    read = [s["sentences"] for s in systems if s["sentences"] != 0]
    if read and max(read) != min(read):
        yield "other reading"


def unfair_numpy(plan):
    found = unfair_sets(plan)
    return np.array(found[::-1])


def unfair_leak_within_a_system(plan):
    facts = plan["facts"]
    return _without(plan, "leak", any({facts[q] for q in s["asked"]} & {facts[q] for q in s["trained on"]}
                                      for s in plan["systems"].values()))


def unfair_leak_across_systems_only(plan):
    facts, systems = plan["facts"], list(plan["systems"].values())
    return _without(plan, "leak", any({facts[q] for q in a["asked"]} & {facts[q] for q in b["trained on"]}
                                      for a in systems for b in systems if a is not b))


def unfair_leak_of_the_first(plan):
    facts, systems = plan["facts"], list(plan["systems"].values())
    asked = {facts[q] for q in systems[0]["asked"]}
    return _without(plan, "leak", any(facts[q] in asked for s in systems for q in s["trained on"]))


def unfair_leak_everything_shared(plan):
    facts, systems = plan["facts"], plan["systems"].values()
    asked = {facts[q] for s in systems for q in s["asked"]}
    return _without(plan, "leak", any(s["trained on"] and {facts[q] for q in s["trained on"]} <= asked for s in systems))


def unfair_first_two_asked(plan):
    systems = list(plan["systems"].values())
    return _without(plan, "other questions", sorted(systems[0]["asked"]) != sorted(systems[1]["asked"]))


def unfair_other_facts(plan):
    facts = plan["facts"]
    return _without(plan, "other questions", len({frozenset(facts[q] for q in s["asked"]) for s in plan["systems"].values()}) > 1)


def unfair_no_common_question(plan):
    return _without(plan, "other questions", not set.intersection(*(set(s["asked"]) for s in plan["systems"].values())))


def unfair_seeds_summed(plan):
    return _without(plan, "too few seeds", 0 < sum(s["seeds"] for s in plan["systems"].values() if s["trained on"]) < 3)


def unfair_seeds_of_all_trained(plan):
    trained = [s["seeds"] for s in plan["systems"].values() if s["trained on"]]
    return _without(plan, "too few seeds", trained and all(seeds < 3 for seeds in trained))


def unfair_one_seed(plan):
    return _without(plan, "too few seeds", any(s["trained on"] and s["seeds"] == 1 for s in plan["systems"].values()))


def unfair_trained_reads_otherwise(plan):
    systems = plan["systems"].values()
    return _without(plan, "other reading", len({s["sentences"] for s in systems if s["trained on"]} - {0}) > 1)


def unfair_everything(plan):
    return ["leak", "other questions", "chosen on test", "too few seeds", "other reading"]


def unfair_nothing(plan):
    return []


def unfair_dictionary(plan):
    found = unfair_sets(plan)
    return {name: name in found for name in ("leak", "other questions", "chosen on test", "too few seeds", "other reading")}


def paired_scipy(first, second, draws):
    from scipy import stats

    found = stats.bootstrap((np.array(second) - np.array(first),), np.mean, n_resamples=draws, method="percentile").confidence_interval
    return found.low, found.high


def paired_torch(first, second, draws):
    import torch

    gaps = torch.tensor(second) - torch.tensor(first)
    means = gaps[torch.randint(len(gaps), (draws, len(gaps)))].mean(1)
    return torch.quantile(means, torch.tensor([0.025, 0.975]))


def _drawn(first, second, draws, low=0, less=0, size=None, ends=(0.025, 0.975)):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    n = len(gaps)
    return np.quantile(gaps[rng.integers(low, n - less, size=(draws, size or n))].mean(axis=1), ends)


def paired_last_never(first, second, draws):
    return _drawn(first, second, draws, less=1)


def paired_first_never(first, second, draws):
    return _drawn(first, second, draws, low=1)


def paired_randint(first, second, draws):
    import random

    chance, n = random.Random(3), len(first)
    means = []
    for _ in range(draws):
        picks = [chance.randint(0, n - 2) for _ in range(n)]
        means.append(sum(second[i] - first[i] for i in picks) / n)
    return np.quantile(means, [0.025, 0.975])


def paired_half_the_questions(first, second, draws):
    return _drawn(first, second, draws, size=len(first) // 2)


def paired_ten_questions(first, second, draws):
    return _drawn(first, second, draws, size=10)


def paired_twice_the_questions(first, second, draws):
    return _drawn(first, second, draws, size=2 * len(first))


def paired_ninety_nine(first, second, draws):
    return _drawn(first, second, draws, ends=(0.005, 0.995))


def paired_own_number_of_draws(first, second, draws):
    return paired_gaps(first, second, 1000)


def paired_a_few_draws(first, second, draws):
    return paired_gaps(first, second, 100)


def paired_medians(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    return np.quantile(np.median(gaps[rng.integers(0, len(gaps), size=(draws, len(gaps)))], axis=1), [0.025, 0.975])


def paired_sums(first, second, draws):
    return _drawn(first, second, draws) * len(first)


def paired_absolute(first, second, draws):
    return paired_gaps(np.zeros(len(first)), np.abs(np.array(second) - np.array(first)), draws)


def paired_sorted_pairs(first, second, draws):
    return paired_gaps(sorted(first), sorted(second), draws)


def paired_shuffled_pairs(first, second, draws):
    return paired_gaps(np.random.default_rng(0).permutation(first), second, draws)


def paired_normal(first, second, draws):
    """No draws at all: two standard errors on either side, with the wrong n."""
    gaps = np.array(second) - np.array(first)
    return [gaps.mean() - 1.96 * gaps.std(), gaps.mean() + 1.96 * gaps.std()]


def paired_mean_and_deviation(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    means = gaps[rng.integers(0, len(gaps), size=(draws, len(gaps)))].mean(axis=1)
    return means.mean() - 2 * means.std(), means.mean() + 2 * means.std()


def paired_standard_error(first, second, draws):
    """A formula, and no draws at all."""
    gaps = np.array(second) - np.array(first)
    error = gaps.std(ddof=1) / math.sqrt(len(gaps))
    return gaps.mean() - 1.96 * error, gaps.mean() + 1.96 * error


def paired_turned_at_the_mean(first, second, draws):
    low, high = paired_gaps(first, second, draws)
    mean = np.mean(second) - np.mean(first)
    return 2 * mean - high, 2 * mean - low


def paired_minimum_and_maximum(first, second, draws):
    return _drawn(first, second, draws, ends=(0, 1))


def paired_middle_half(first, second, draws):
    return _drawn(first, second, draws, ends=(0.25, 0.75))


def paired_one_sided(first, second, draws):
    return _drawn(first, second, draws, ends=(0.05, 0.975))


def paired_ratio(first, second, draws):
    return _drawn([0.0] * len(first), [b / a if a else 1.0 for a, b in zip(first, second)], draws)


def conclusion_sorted(means, comparisons):
    ordered, tail = np.sort(means), 0.025 / comparisons
    low, high = (ordered[round(share * (len(ordered) - 1))] for share in (tail, 1 - tail))
    return np.str_("higher" if low > 0 else "lower" if high < 0 else "no difference seen")


def conclusion_of_a_set_of_ends(means, comparisons):
    import pandas as pd

    ends = pd.Series(means).quantile([0.025 / comparisons, 1 - 0.025 / comparisons])
    return {(True, True): "higher", (False, False): "lower"}.get(tuple(ends > 0), "no difference seen") if (ends != 0).all() \
        else "higher" if (ends > 0).all() else "lower" if (ends < 0).all() else "no difference seen"


def conclusion_root(means, comparisons):
    return conclusion_quantile(means, math.sqrt(comparisons))


def conclusion_ninety(means, comparisons):
    return conclusion_quantile(means, 2 * comparisons)


def conclusion_never_higher(means, comparisons):
    said = conclusion_quantile(means, comparisons)
    return "no difference seen" if said == "higher" else said


def conclusion_standard_error(means, comparisons):
    mean, error = np.mean(means), np.std(means)
    return "higher" if mean > 2 * error else "lower" if mean < -2 * error else "no difference seen"


def conclusion_all_draws(means, comparisons):
    return "higher" if min(means) > 0 else "lower" if max(means) < 0 else "no difference seen"


def conclusion_most_draws(means, comparisons):
    share = np.mean(np.array(means) > 0)
    return "higher" if share > 0.5 else "lower" if share < 0.5 else "no difference seen"


def conclusion_positive_share(means, comparisons):
    share = np.mean(np.array(means) > 0)
    return "higher" if share >= 0.95 else "lower" if share <= 0.05 else "no difference seen"


def conclusion_never_sure(means, comparisons):
    return "no difference seen"


def conclusion_divides_the_ends(means, comparisons):
    low, high = np.quantile(means, [0.025, 0.975]) / comparisons
    return "higher" if low > 0 else "lower" if high < 0 else "no difference seen"


def conclusion_low_end_alone(means, comparisons):
    low = np.quantile(means, 0.025 / comparisons)
    return "higher" if low > 0 else "lower" if low < 0 else "no difference seen"


def conclusion_hundred(means, comparisons):
    """Always the 25th of the sorted means, as if there were a thousand."""
    ordered, place = sorted(means), int(25 / comparisons)
    return "higher" if ordered[place] > 0 else "lower" if ordered[-1 - place] < 0 else "no difference seen"


def conclusion_capital(means, comparisons):
    return conclusion_quantile(means, comparisons).capitalize()


def cheaper_formula(tuned, retrieval, questions):
    gap = retrieval["once"] - tuned["once"] + (retrieval["question"] - tuned["question"]) * questions
    saved = tuned["update"] - retrieval["update"]
    if gap < 0:
        return np.int64(0)
    return np.int64(gap // saved + 1) if saved > 0 else None


def cheaper_doubling(tuned, retrieval, questions):
    """Looks in ever larger steps, then halves them."""
    def ahead(n):
        return sum(times * (retrieval[k] - tuned[k]) for k, times in (("once", 1), ("update", n), ("question", questions)))

    if ahead(0) < 0:
        return 0
    if retrieval["update"] >= tuned["update"]:
        return None
    high = 1
    while ahead(high) >= 0:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if ahead(middle) < 0 else (middle, high)
    return float(high)


def cheaper_up_to_a_hundred(tuned, retrieval, questions):
    for n in range(101):
        if retrieval["once"] + n * retrieval["update"] + questions * retrieval["question"] < (
                tuned["once"] + n * tuned["update"] + questions * tuned["question"]):
            return n
    return None


def cheaper_up_to_a_year(tuned, retrieval, questions):
    for n in range(366):
        if retrieval["once"] + n * retrieval["update"] + questions * retrieval["question"] < (
                tuned["once"] + n * tuned["update"] + questions * tuned["question"]):
            return n
    return None


def cheaper_or_equal(tuned, retrieval, questions):
    if cheaper_steps(tuned, retrieval, questions) is None:
        return None
    n = 0
    while retrieval["once"] + n * retrieval["update"] + questions * retrieval["question"] > (
            tuned["once"] + n * tuned["update"] + questions * tuned["question"]):
        n += 1
    return n


def cheaper_equal_updates_never(tuned, retrieval, questions):
    """Never where an update is no cheaper, even if retrieval is cheaper from the start."""
    return cheaper_steps(tuned, retrieval, questions) if retrieval["update"] < tuned["update"] else None


def cheaper_free_training(tuned, retrieval, questions):
    return cheaper_steps({**tuned, "once": 0}, retrieval, questions)


def cheaper_one_question(tuned, retrieval, questions):
    return cheaper_steps(tuned, retrieval, 1)


def cheaper_questions_each_update(tuned, retrieval, questions):
    """Asks the questions after each update, not once a year."""
    def each(costs):
        return {"once": costs["once"], "update": costs["update"] + costs["question"] * questions, "question": 0}

    return cheaper_steps(each(tuned), each(retrieval), 0)


def cheaper_the_seconds(tuned, retrieval, questions):
    found = cheaper_steps(tuned, retrieval, questions)
    return found if found is None else retrieval["once"] + found * retrieval["update"] + questions * retrieval["question"]


def cheaper_one_more(tuned, retrieval, questions):
    found = cheaper_steps(tuned, retrieval, questions)
    return found if found is None else found + 1


def cheaper_minus_one_for_never(tuned, retrieval, questions):
    found = cheaper_steps(tuned, retrieval, questions)
    return -1 if found is None else found


def cheaper_text(tuned, retrieval, questions):
    return str(cheaper_steps(tuned, retrieval, questions))


def cheaper_update_cost_alone(tuned, retrieval, questions):
    return 0 if retrieval["update"] < tuned["update"] else None


def supported_counter(answer, passages, stop_words):
    from collections import Counter

    said = Counter(re.findall(r"[a-z0-9]+", answer.lower()))
    for word in stop_words:
        said.pop(word, None)
    held = Counter(re.findall(r"[a-z0-9]+", "\n".join(passages).lower()))
    return np.mean([word in held for word in said]) if said else np.float32(1)


def supported_replaced(answer, passages, stop_words):
    def words(text):
        return {word for word in re.sub("[^a-z0-9]", " ", text.lower()).split()}

    said = words(answer).difference(stop_words)
    return len(said.intersection(*[set.union(set(), *map(words, passages))])) / max(len(said), 1) + (not said)


def supported_word_characters(answer, passages, stop_words):
    said = set(re.findall(r"\w+", answer.lower())) - set(stop_words)
    held = set(re.findall(r"\w+", " ".join(passages).lower()))
    return len(said & held) / len(said) if said else 1


def supported_with_points(answer, passages, stop_words):
    said = set(re.findall(r"[a-z0-9.]+", answer.lower())) - set(stop_words)
    held = set(re.findall(r"[a-z0-9.]+", " ".join(passages).lower()))
    return len(said & held) / len(said) if said else 1


def supported_stripped(answer, passages, stop_words):
    def words(text):
        return {word.strip(".,;:!?£'\"") for word in text.lower().split()}

    said = words(answer) - set(stop_words)
    return len(said & set().union(*map(words, passages))) / len(said) if said else 1


def supported_joined_passages(answer, passages, stop_words):
    """Joins the passages without a space, so that two words become one."""
    return supported_sets(answer, ["".join(passages)], stop_words)


def supported_last_passage(answer, passages, stop_words):
    return supported_sets(answer, passages[-1:], stop_words)


def supported_best_passage(answer, passages, stop_words):
    return max([supported_sets(answer, [passage], stop_words) for passage in passages], default=supported_sets(answer, [], stop_words))


def supported_mean_of_passages(answer, passages, stop_words):
    return float(np.mean([supported_sets(answer, [passage], stop_words) for passage in passages or [""]]))


def supported_every_passage(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    held = [set(re.findall("[a-z0-9]+", passage.lower())) for passage in passages]
    return sum(all(word in words for words in held) for word in said) / len(said) if said else 1


def supported_union(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    held = set(re.findall("[a-z0-9]+", " ".join(passages).lower())) - set(stop_words)
    return len(said & held) / len(said | held) if said else 1


def supported_over_all_words(answer, passages, stop_words):
    """Divides by all words of the answer, stop words too."""
    said = set(re.findall("[a-z0-9]+", answer.lower()))
    held = set(re.findall("[a-z0-9]+", " ".join(passages).lower()))
    return len((said - set(stop_words)) & held) / len(said) if said - set(stop_words) else 1


def supported_long_words(answer, passages, stop_words):
    said = {word for word in re.findall("[a-z0-9]+", answer.lower()) if len(word) > 2} - set(stop_words)
    held = set(re.findall("[a-z0-9]+", " ".join(passages).lower()))
    return len(said & held) / len(said) if said else 1


def supported_plural(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    held = {word.rstrip("s") for word in re.findall("[a-z0-9]+", " ".join(passages).lower())}
    return sum(word.rstrip("s") in held for word in said) / len(said) if said else 1


def supported_rounded(answer, passages, stop_words):
    return round(supported_sets(answer, passages, stop_words), 2)


RIGHT = {
    "5.1": [unfair_sets, unfair_loops, unfair_generator, unfair_numpy, unfair_other_facts],
    "5.2": [paired_gaps, paired_loop, paired_with_metrics, paired_scipy, paired_torch],
    "5.3": [conclusion_quantile, conclusion_by_counting, conclusion_sorted, conclusion_of_a_set_of_ends],
    "5.4": [cheaper_steps, cheaper_scorecard, cheaper_formula, cheaper_doubling],
    "5.5": [supported_sets, supported_loop, supported_counter, supported_replaced],
}

#: Each with words that its message must hold at seed 0.
WRONG = {
    "5.1": [(unfair_leak_by_id, "Compare facts, not ids"),
            (unfair_order_counts, "in another order"),
            (unfair_counts_questions, "not yet the same questions"),
            (unfair_all_on_test, "is enough to spoil"),
            (unfair_seeds_for_all, "it needs no seeds"),
            (unfair_four_seeds, "3 seeds are enough"),
            (unfair_closed_book_reads, "no other reading"),
            (unfair_never_a_leak, "never among your results"),
            (unfair_not_on_train, "training questions break no rule"),
            (unfair_true_or_false, "expected a list of rule names"),
            (unfair_own_words, "is no rule"),
            (unfair_first_only, "and it is broken there"),
            (unfair_leak_within_a_system, "within each system alone"),
            (unfair_leak_across_systems_only, "between different systems alone"),
            (unfair_leak_of_the_first, "first system is asked"),
            (unfair_leak_everything_shared, "one leaked fact"),
            (unfair_first_two_asked, "first two systems"),
            (unfair_no_common_question, "share some questions"),
            (unfair_seeds_summed, "do not add up"),
            (unfair_seeds_of_all_trained, "one trained system"),
            (unfair_one_seed, "two seeds"),
            (unfair_trained_reads_otherwise, "trained systems alone"),
            (unfair_everything, "for every plan"),
            (unfair_nothing, "is never among"),
            (unfair_dictionary, "expected a list")],
    "5.2": [(paired_apart, "resampled apart"),
            (paired_turned, "first − second"),
            (paired_one_system, "second system alone"),
            (paired_other_system, "first system alone"),
            (paired_single_questions, "Take the mean of each draw"),
            (paired_ninety, "a 90 % interval"),
            (paired_mixed_ends, "lower end above"),
            (paired_percent, "near the middle"),
            (paired_without_replacement, "no width"),
            (paired_large_draws, "How many questions does a draw take"),
            (paired_the_mean_too, "expected a list of 2 numbers, got 3"),
            (paired_percentiles_in_quantile, "ValueError"),
            (paired_last_never, "the last question is never drawn"),
            (paired_first_never, "the first question is never drawn"),
            (paired_randint, "the last question is never drawn"),
            (paired_half_the_questions, "half as many"),
            (paired_ten_questions, "How many questions"),
            (paired_twice_the_questions, "twice as many"),
            (paired_ninety_nine, "a 99 % interval"),
            (paired_own_number_of_draws, "a single draw"),
            (paired_a_few_draws, "how many draws"),
            (paired_medians, "interval"),
            (paired_sums, "the sums"),
            (paired_absolute, "without their sign"),
            (paired_sorted_pairs, "sorted"),
            (paired_shuffled_pairs, "of the same questions"),
            (paired_normal, "too wide"),
            (paired_mean_and_deviation, "standard deviations"),
            (paired_standard_error, "standard deviations"),
            (paired_turned_at_the_mean, "turned round at the mean"),
            (paired_minimum_and_maximum, "too wide"),
            (paired_middle_half, "50 %"),
            (paired_one_sided, "at 5 %"),
            (paired_ratio, "interval")],
    "5.3": [(conclusion_ignores_the_others, "divide the 5 %"),
            (conclusion_one_tail, "half of it belongs"),
            (conclusion_touching, "holds 0"),
            (conclusion_mean, "the middle alone"),
            (conclusion_turned, "wrong way round"),
            (conclusion_never_lower, "never say lower"),
            (conclusion_shrinks, "the interval grows"),
            (conclusion_equal, "expected one of"),
            (conclusion_multiplies, "does not fit"),
            (conclusion_a_pair, "expected one of"),
            (conclusion_root, "root of the number"),
            (conclusion_ninety, "twice"),
            (conclusion_never_higher, "never say higher"),
            (conclusion_standard_error, "standard deviations"),
            (conclusion_all_draws, "all draws"),
            (conclusion_most_draws, "the middle alone"),
            (conclusion_positive_share, "95 %"),
            (conclusion_never_sure, "never see"),
            (conclusion_divides_the_ends, "divide the 5 %"),
            (conclusion_low_end_alone, "lower end alone"),
            (conclusion_hundred, "a thousand draws"),
            (conclusion_capital, "expected one of")],
    "5.4": [(cheaper_rounds_up, "both cost the same"),
            (cheaper_rounds_down, "round up"),
            (cheaper_a_fraction, "whole numbers"),
            (cheaper_without_questions, "questions cost something too"),
            (cheaper_free_index, "set up once too"),
            (cheaper_free_updates, "an update costs something"),
            (cheaper_from_one, "then the number is 0"),
            (cheaper_turned, "wrong way round"),
            (cheaper_negative, "from 0"),
            (cheaper_infinite, "None where retrieval is never cheaper"),
            (cheaper_divides_always, "ZeroDivisionError"),
            (cheaper_zero_for_never, "Then return None"),
            (cheaper_up_to_a_hundred, "a hundred updates"),
            (cheaper_up_to_a_year, "stops too early"),
            (cheaper_or_equal, "both cost the same"),
            (cheaper_equal_updates_never, "does not mean never"),
            (cheaper_free_training, "retraining has to be done"),
            (cheaper_one_question, "questions cost something too"),
            (cheaper_questions_each_update, "once a year"),
            (cheaper_the_seconds, "updates"),
            (cheaper_one_more, "one more than needed"),
            (cheaper_minus_one_for_never, "from 0"),
            (cheaper_text, "expected a number"),
            (cheaper_update_cost_alone, "updates")],
    "5.5": [(supported_inside, "compare whole words"),
            (supported_with_stop_words, "stop words count"),
            (supported_repeats, "it should count once"),
            (supported_first, "only the first passage"),
            (supported_capitals, "capital letters"),
            (supported_empty_is_nothing, "claims nothing"),
            (supported_divides_by_zero, "ZeroDivisionError"),
            (supported_other_way, "divide by the passages' words"),
            (supported_missing, "not supported"),
            (supported_letters_only, "numbers are left out"),
            (supported_counts, "between 0 and 1"),
            (supported_split, "a full stop or comma"),
            (supported_true, "expected a number"),
            (supported_word_characters, "the underscore"),
            (supported_with_points, "a point is no part"),
            (supported_stripped, "marks from the ends"),
            (supported_joined_passages, "without a space"),
            (supported_last_passage, "only the last passage"),
            (supported_best_passage, "supports most"),
            (supported_mean_of_passages, "mean over the passages"),
            (supported_every_passage, "whether all do"),
            (supported_union, "answer and passages together"),
            (supported_over_all_words, "all words of the answer"),
            (supported_long_words, "short words"),
            (supported_plural, "plural"),
            (supported_rounded, "are rounded")],
}
