"""Answers to exercise 5 as learners write them."""

import math
import re

import numpy as np

from ftrag_helpers.evaluation import metrics
from ftrag_helpers.journal import scorecard

from answers import tables

RIGHT, WRONG, right, wrong = tables()

# Task 5.1

@right("5.1")
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

@right("5.1")
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

@wrong("5.1", "Compare facts, not ids")
def unfair_leak_by_id(plan):
    systems = plan["systems"].values()
    return _without(plan, "leak", {q for s in systems for q in s["asked"]} & {q for s in systems for q in s["trained on"]})

@wrong("5.1", "in another order")
def unfair_order_counts(plan):
    return _without(plan, "other questions", len({tuple(s["asked"]) for s in plan["systems"].values()}) > 1)

@wrong("5.1", "not yet the same questions")
def unfair_counts_questions(plan):
    return _without(plan, "other questions", len({len(s["asked"]) for s in plan["systems"].values()}) > 1)

@wrong("5.1", "is enough to spoil")
def unfair_all_on_test(plan):
    return _without(plan, "chosen on test", all(s["chosen on"] == "test" for s in plan["systems"].values()))

@wrong("5.1", "it needs no seeds")
def unfair_seeds_for_all(plan):
    return _without(plan, "too few seeds", any(s["seeds"] < 3 for s in plan["systems"].values()))

@wrong("5.1", "3 seeds are enough")
def unfair_four_seeds(plan):
    return _without(plan, "too few seeds", any(s["trained on"] and s["seeds"] <= 3 for s in plan["systems"].values()))

@wrong("5.1", "no other reading")
def unfair_closed_book_reads(plan):
    return _without(plan, "other reading", len({s["sentences"] for s in plan["systems"].values()}) > 1)

@wrong("5.1", "never among your results")
def unfair_never_a_leak(plan):
    return _without(plan, "leak", False)

@wrong("5.1", "training questions break no rule")
def unfair_not_on_train(plan):
    return _without(plan, "chosen on test", any(s["chosen on"] != "validation" for s in plan["systems"].values()))

@wrong("5.1", "expected a list of rule names")
def unfair_true_or_false(plan):
    return bool(unfair_sets(plan))

@wrong("5.1", "is no rule")
def unfair_own_words(plan):
    return [name.upper() for name in unfair_sets(plan)]

@wrong("5.1", "and it is broken there")
def unfair_first_only(plan):
    return unfair_sets(plan)[:1]

# Task 5.2

@right("5.2")
def paired_gaps(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    means = gaps[rng.integers(0, len(gaps), size=(draws, len(gaps)))].mean(axis=1)
    return np.quantile(means, [0.025, 0.975])

@right("5.2")
def paired_loop(first, second, draws):
    import random

    chance, n = random.Random(3), len(first)
    means = []
    for _ in range(draws):
        picks = chance.choices(range(n), k=n)
        means.append(sum(second[i] - first[i] for i in picks) / n)
    means.sort()
    return means[int(0.025 * draws)], means[int(0.975 * draws) - 1]

@right("5.2")
def paired_with_metrics(first, second, draws):
    return metrics.paired_difference(first, second, draws=draws)[1:]

@wrong("5.2", "resampled apart")
def paired_apart(first, second, draws, rng=None):
    rng, n = rng or np.random.default_rng(7), len(first)
    one, other = (np.array(s)[rng.integers(0, n, size=(draws, n))].mean(axis=1) for s in (first, second))
    return np.quantile(other - one, [0.025, 0.975])

@wrong("5.2", "first − second")
def paired_turned(first, second, draws):
    return paired_gaps(second, first, draws)

@wrong("5.2", "second system alone")
def paired_one_system(first, second, draws):
    return paired_gaps(np.zeros(len(second)), second, draws)

@wrong("5.2", "first system alone")
def paired_other_system(first, second, draws):
    return paired_gaps(np.zeros(len(first)), first, draws)

@wrong("5.2", "Take the mean of each draw")
def paired_single_questions(first, second, draws):
    return np.quantile(np.array(second) - np.array(first), [0.025, 0.975])

@wrong("5.2", "a 90 % interval")
def paired_ninety(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    return np.quantile(gaps[rng.integers(0, len(gaps), size=(draws, len(gaps)))].mean(axis=1), [0.05, 0.95])

@wrong("5.2", "lower end above")
def paired_mixed_ends(first, second, draws):
    return paired_gaps(first, second, draws)[::-1]

@wrong("5.2", "near the middle")
def paired_percent(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    return np.quantile(gaps[rng.integers(0, len(gaps), size=(draws, len(gaps)))].mean(axis=1), [0.25, 0.975])

@wrong("5.2", "no width")
def paired_without_replacement(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    return np.quantile([rng.permutation(gaps).mean() for _ in range(200)], [0.025, 0.975])

@wrong("5.2", "How many questions does a draw take")
def paired_large_draws(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    return np.quantile([rng.choice(gaps, draws).mean() for _ in range(400)], [0.025, 0.975])

@wrong("5.2", "expected a list of 2 numbers, got 3")
def paired_the_mean_too(first, second, draws):
    return metrics.paired_difference(first, second, draws=draws)

@wrong("5.2", "ValueError")
def paired_percentiles_in_quantile(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    return np.quantile(gaps[rng.integers(0, len(gaps), size=(draws, len(gaps)))].mean(axis=1), [2.5, 97.5])

# Task 5.3

@right("5.3")
def conclusion_quantile(means, comparisons):
    low, high = np.quantile(means, [0.025 / comparisons, 1 - 0.025 / comparisons])
    return "higher" if low > 0 else "lower" if high < 0 else "no difference seen"

@right("5.3")
def conclusion_by_counting(means, comparisons):
    allowed = 0.025 / comparisons * len(means)
    if sum(m <= 0 for m in means) < allowed:
        return "higher"
    return "lower" if sum(m >= 0 for m in means) < allowed else "no difference seen"

@wrong("5.3", "divide the 5 %")
def conclusion_ignores_the_others(means, comparisons):
    return conclusion_quantile(means, 1)

@wrong("5.3", "half of it belongs")
def conclusion_one_tail(means, comparisons):
    low, high = np.quantile(means, [0.05 / comparisons, 1 - 0.05 / comparisons])
    return "higher" if low > 0 else "lower" if high < 0 else "no difference seen"

@wrong("5.3", "holds 0")
def conclusion_touching(means, comparisons):
    low, high = np.quantile(means, [0.025 / comparisons, 1 - 0.025 / comparisons])
    return "higher" if low >= 0 else "lower" if high <= 0 else "no difference seen"

@wrong("5.3", "the middle alone")
def conclusion_mean(means, comparisons):
    return "higher" if np.mean(means) > 0 else "lower"

@wrong("5.3", "wrong way round")
def conclusion_turned(means, comparisons):
    said = conclusion_quantile(means, comparisons)
    return {"higher": "lower", "lower": "higher"}.get(said, said)

@wrong("5.3", "never say lower")
def conclusion_never_lower(means, comparisons):
    return "higher" if np.quantile(means, 0.025 / comparisons) > 0 else "no difference seen"

@wrong("5.3", "the interval grows")
def conclusion_shrinks(means, comparisons):
    low, high = np.quantile(means, [0.5 - 0.475 / comparisons, 0.5 + 0.475 / comparisons])
    return "higher" if low > 0 else "lower" if high < 0 else "no difference seen"

@wrong("5.3", "expected one of")
def conclusion_equal(means, comparisons):
    said = conclusion_quantile(means, comparisons)
    return "equal" if said == "no difference seen" else said

@wrong("5.3", "does not fit")
def conclusion_multiplies(means, comparisons):
    return conclusion_quantile(means, 1 / comparisons)

@wrong("5.3", "expected one of")
def conclusion_a_pair(means, comparisons):
    return np.quantile(means, [0.025, 0.975])

# Task 5.4

@right("5.4")
def cheaper_steps(tuned, retrieval, questions):
    if tuned["update"] <= retrieval["update"] and (
            retrieval["once"] + retrieval["question"] * questions >= tuned["once"] + tuned["question"] * questions):
        return None
    n = 0
    while retrieval["once"] + n * retrieval["update"] + questions * retrieval["question"] >= (
            tuned["once"] + n * tuned["update"] + questions * tuned["question"]):
        n += 1
    return n

@right("5.4")
def cheaper_scorecard(tuned, retrieval, questions):
    first, second = ((c["once"] + c["question"] * questions, c["update"]) for c in (tuned, retrieval))
    if second[0] < first[0]:
        return 0
    even = scorecard.break_even(first, second) if second[0] > first[0] else 0 if first[1] > second[1] else math.inf
    return None if math.isinf(even) else math.floor(even) + 1

@wrong("5.4", "both cost the same")
def cheaper_rounds_up(tuned, retrieval, questions):
    found = cheaper_steps(tuned, retrieval, questions)
    if not found:
        return found
    gap = retrieval["once"] - tuned["once"] + (retrieval["question"] - tuned["question"]) * questions
    return math.ceil(gap / (tuned["update"] - retrieval["update"]))

@wrong("5.4", "round up")
def cheaper_rounds_down(tuned, retrieval, questions):
    found = cheaper_steps(tuned, retrieval, questions)
    if not found:
        return found
    gap = retrieval["once"] - tuned["once"] + (retrieval["question"] - tuned["question"]) * questions
    return int(gap / (tuned["update"] - retrieval["update"]))

@wrong("5.4", "whole numbers")
def cheaper_a_fraction(tuned, retrieval, questions):
    gap = retrieval["once"] - tuned["once"] + (retrieval["question"] - tuned["question"]) * questions
    saved = tuned["update"] - retrieval["update"]
    return max(0, gap / saved) if saved > 0 else None

@wrong("5.4", "questions cost something too")
def cheaper_without_questions(tuned, retrieval, questions):
    return cheaper_steps(tuned, retrieval, 0)

@wrong("5.4", "set up once too")
def cheaper_free_index(tuned, retrieval, questions):
    return cheaper_steps(tuned, {**retrieval, "once": 0}, questions)

@wrong("5.4", "an update costs something")
def cheaper_free_updates(tuned, retrieval, questions):
    return cheaper_steps(tuned, {**retrieval, "update": 0}, questions)

@wrong("5.4", "then the number is 0")
def cheaper_from_one(tuned, retrieval, questions):
    found = cheaper_steps(tuned, retrieval, questions)
    return found if found is None else max(1, found)

@wrong("5.4", "wrong way round")
def cheaper_turned(tuned, retrieval, questions):
    return cheaper_steps(retrieval, tuned, questions)

@wrong("5.4", "from 0")
def cheaper_negative(tuned, retrieval, questions):
    gap = retrieval["once"] - tuned["once"] + (retrieval["question"] - tuned["question"]) * questions
    saved = tuned["update"] - retrieval["update"]
    return math.floor(gap / saved) + 1 if saved > 0 else None

@wrong("5.4", "None where retrieval is never cheaper")
def cheaper_infinite(tuned, retrieval, questions):
    found = cheaper_steps(tuned, retrieval, questions)
    return math.inf if found is None else found

@wrong("5.4", "ZeroDivisionError")
def cheaper_divides_always(tuned, retrieval, questions):
    gap = retrieval["once"] - tuned["once"] + (retrieval["question"] - tuned["question"]) * questions
    return max(0, math.floor(gap / (tuned["update"] - retrieval["update"])) + 1)

@wrong("5.4", "Then return None")
def cheaper_zero_for_never(tuned, retrieval, questions):
    return cheaper_steps(tuned, retrieval, questions) or 0

# Task 5.5

@right("5.5")
def supported_sets(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    held = {word for passage in passages for word in re.findall("[a-z0-9]+", passage.lower())}
    return len(said & held) / len(said) if said else 1

@right("5.5")
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

@wrong("5.5", "compare whole words")
def supported_inside(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    return sum(word in " ".join(passages).lower() for word in said) / len(said) if said else 1

@wrong("5.5", "stop words count")
def supported_with_stop_words(answer, passages, stop_words):
    return supported_sets(answer, passages, [])

@wrong("5.5", "it should count once")
def supported_repeats(answer, passages, stop_words):
    said = [w for w in re.findall("[a-z0-9]+", answer.lower()) if w not in stop_words]
    held = re.findall("[a-z0-9]+", " ".join(passages).lower())
    return sum(w in held for w in said) / len(said) if said else 1

@wrong("5.5", "only the first passage")
def supported_first(answer, passages, stop_words):
    return supported_sets(answer, passages[:1], stop_words)

@wrong("5.5", "capital letters")
def supported_capitals(answer, passages, stop_words):
    said = set(re.findall("[A-Za-z0-9]+", answer)) - set(stop_words)
    held = re.findall("[A-Za-z0-9]+", " ".join(passages))
    return sum(w in held for w in said) / len(said) if said else 1

@wrong("5.5", "claims nothing")
def supported_empty_is_nothing(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    return supported_sets(answer, passages, stop_words) if said else 0

@wrong("5.5", "ZeroDivisionError")
def supported_divides_by_zero(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    return len(said & set(re.findall("[a-z0-9]+", " ".join(passages).lower()))) / len(said)

@wrong("5.5", "divide by the passages' words")
def supported_other_way(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    held = set(re.findall("[a-z0-9]+", " ".join(passages).lower())) - set(stop_words)
    return len(said & held) / max(1, len(held)) if said else 1

@wrong("5.5", "not supported")
def supported_missing(answer, passages, stop_words):
    return 1 - supported_sets(answer, passages, stop_words)

@wrong("5.5", "numbers are left out")
def supported_letters_only(answer, passages, stop_words):
    said = set(re.findall("[a-z]+", answer.lower())) - set(stop_words)
    held = set(re.findall("[a-z]+", " ".join(passages).lower()))
    return len(said & held) / len(said) if said else 1

@wrong("5.5", "between 0 and 1")
def supported_counts(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    return len(said & set(re.findall("[a-z0-9]+", " ".join(passages).lower())))

@wrong("5.5", "a full stop or comma")
def supported_split(answer, passages, stop_words):
    said = set(answer.lower().split()) - set(stop_words)
    held = set(" ".join(passages).lower().split())
    return len(said & held) / len(said) if said else 1

@wrong("5.5", "expected a number")
def supported_true(answer, passages, stop_words):
    return supported_sets(answer, passages, stop_words) == 1

# Answers found later: what else learners write, right and wrong.

@right("5.1")
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

@right("5.1")
def unfair_numpy(plan):
    found = unfair_sets(plan)
    return np.array(found[::-1])

@wrong("5.1", "within each system alone")
def unfair_leak_within_a_system(plan):
    facts = plan["facts"]
    return _without(plan, "leak", any({facts[q] for q in s["asked"]} & {facts[q] for q in s["trained on"]}
                                      for s in plan["systems"].values()))

@wrong("5.1", "between different systems alone")
def unfair_leak_across_systems_only(plan):
    facts, systems = plan["facts"], list(plan["systems"].values())
    return _without(plan, "leak", any({facts[q] for q in a["asked"]} & {facts[q] for q in b["trained on"]}
                                      for a in systems for b in systems if a is not b))

@wrong("5.1", "first system is asked")
def unfair_leak_of_the_first(plan):
    facts, systems = plan["facts"], list(plan["systems"].values())
    asked = {facts[q] for q in systems[0]["asked"]}
    return _without(plan, "leak", any(facts[q] in asked for s in systems for q in s["trained on"]))

@wrong("5.1", "one leaked fact")
def unfair_leak_everything_shared(plan):
    facts, systems = plan["facts"], plan["systems"].values()
    asked = {facts[q] for s in systems for q in s["asked"]}
    return _without(plan, "leak", any(s["trained on"] and {facts[q] for q in s["trained on"]} <= asked for s in systems))

@wrong("5.1", "first two systems")
def unfair_first_two_asked(plan):
    systems = list(plan["systems"].values())
    return _without(plan, "other questions", sorted(systems[0]["asked"]) != sorted(systems[1]["asked"]))

@right("5.1")
def unfair_other_facts(plan):
    facts = plan["facts"]
    return _without(plan, "other questions", len({frozenset(facts[q] for q in s["asked"]) for s in plan["systems"].values()}) > 1)

@wrong("5.1", "share some questions")
def unfair_no_common_question(plan):
    return _without(plan, "other questions", not set.intersection(*(set(s["asked"]) for s in plan["systems"].values())))

@wrong("5.1", "do not add up")
def unfair_seeds_summed(plan):
    return _without(plan, "too few seeds", 0 < sum(s["seeds"] for s in plan["systems"].values() if s["trained on"]) < 3)

@wrong("5.1", "one trained system")
def unfair_seeds_of_all_trained(plan):
    trained = [s["seeds"] for s in plan["systems"].values() if s["trained on"]]
    return _without(plan, "too few seeds", trained and all(seeds < 3 for seeds in trained))

@wrong("5.1", "two seeds")
def unfair_one_seed(plan):
    return _without(plan, "too few seeds", any(s["trained on"] and s["seeds"] == 1 for s in plan["systems"].values()))

@wrong("5.1", "trained systems alone")
def unfair_trained_reads_otherwise(plan):
    systems = plan["systems"].values()
    return _without(plan, "other reading", len({s["sentences"] for s in systems if s["trained on"]} - {0}) > 1)

@wrong("5.1", "for every plan")
def unfair_everything(plan):
    return ["leak", "other questions", "chosen on test", "too few seeds", "other reading"]

@wrong("5.1", "is never among")
def unfair_nothing(plan):
    return []

@wrong("5.1", "expected a list")
def unfair_dictionary(plan):
    found = unfair_sets(plan)
    return {name: name in found for name in ("leak", "other questions", "chosen on test", "too few seeds", "other reading")}

@right("5.2")
def paired_scipy(first, second, draws):
    from scipy import stats

    found = stats.bootstrap((np.array(second) - np.array(first),), np.mean, n_resamples=draws, method="percentile").confidence_interval
    return found.low, found.high

@right("5.2")
def paired_torch(first, second, draws):
    import torch

    gaps = torch.tensor(second) - torch.tensor(first)
    means = gaps[torch.randint(len(gaps), (draws, len(gaps)))].mean(1)
    return torch.quantile(means, torch.tensor([0.025, 0.975]))

def _drawn(first, second, draws, low=0, less=0, size=None, ends=(0.025, 0.975)):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    n = len(gaps)
    return np.quantile(gaps[rng.integers(low, n - less, size=(draws, size or n))].mean(axis=1), ends)

@wrong("5.2", "the last question is never drawn")
def paired_last_never(first, second, draws):
    return _drawn(first, second, draws, less=1)

@wrong("5.2", "the first question is never drawn")
def paired_first_never(first, second, draws):
    return _drawn(first, second, draws, low=1)

@wrong("5.2", "the last question is never drawn")
def paired_randint(first, second, draws):
    import random

    chance, n = random.Random(3), len(first)
    means = []
    for _ in range(draws):
        picks = [chance.randint(0, n - 2) for _ in range(n)]
        means.append(sum(second[i] - first[i] for i in picks) / n)
    return np.quantile(means, [0.025, 0.975])

@wrong("5.2", "half as many")
def paired_half_the_questions(first, second, draws):
    return _drawn(first, second, draws, size=len(first) // 2)

@wrong("5.2", "How many questions")
def paired_ten_questions(first, second, draws):
    return _drawn(first, second, draws, size=10)

@wrong("5.2", "twice as many")
def paired_twice_the_questions(first, second, draws):
    return _drawn(first, second, draws, size=2 * len(first))

@wrong("5.2", "a 99 % interval")
def paired_ninety_nine(first, second, draws):
    return _drawn(first, second, draws, ends=(0.005, 0.995))

@wrong("5.2", "a single draw")
def paired_own_number_of_draws(first, second, draws):
    return paired_gaps(first, second, 1000)

@wrong("5.2", "how many draws")
def paired_a_few_draws(first, second, draws):
    return paired_gaps(first, second, 100)

@wrong("5.2", "interval")
def paired_medians(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    return np.quantile(np.median(gaps[rng.integers(0, len(gaps), size=(draws, len(gaps)))], axis=1), [0.025, 0.975])

@wrong("5.2", "the sums")
def paired_sums(first, second, draws):
    return _drawn(first, second, draws) * len(first)

@wrong("5.2", "without their sign")
def paired_absolute(first, second, draws):
    return paired_gaps(np.zeros(len(first)), np.abs(np.array(second) - np.array(first)), draws)

@wrong("5.2", "sorted")
def paired_sorted_pairs(first, second, draws):
    return paired_gaps(sorted(first), sorted(second), draws)

@wrong("5.2", "of the same questions")
def paired_shuffled_pairs(first, second, draws):
    return paired_gaps(np.random.default_rng(0).permutation(first), second, draws)

@wrong("5.2", "too wide")
def paired_normal(first, second, draws):
    """No draws at all: two standard errors on either side, with the wrong n."""
    gaps = np.array(second) - np.array(first)
    return [gaps.mean() - 1.96 * gaps.std(), gaps.mean() + 1.96 * gaps.std()]

@wrong("5.2", "standard deviations")
def paired_mean_and_deviation(first, second, draws):
    gaps, rng = np.array(second) - np.array(first), np.random.default_rng(7)
    means = gaps[rng.integers(0, len(gaps), size=(draws, len(gaps)))].mean(axis=1)
    return means.mean() - 2 * means.std(), means.mean() + 2 * means.std()

@wrong("5.2", "standard deviations")
def paired_standard_error(first, second, draws):
    """A formula, and no draws at all."""
    gaps = np.array(second) - np.array(first)
    error = gaps.std(ddof=1) / math.sqrt(len(gaps))
    return gaps.mean() - 1.96 * error, gaps.mean() + 1.96 * error

@wrong("5.2", "turned round at the mean")
def paired_turned_at_the_mean(first, second, draws):
    low, high = paired_gaps(first, second, draws)
    mean = np.mean(second) - np.mean(first)
    return 2 * mean - high, 2 * mean - low

@wrong("5.2", "too wide")
def paired_minimum_and_maximum(first, second, draws):
    return _drawn(first, second, draws, ends=(0, 1))

@wrong("5.2", "50 %")
def paired_middle_half(first, second, draws):
    return _drawn(first, second, draws, ends=(0.25, 0.75))

@wrong("5.2", "at 5 %")
def paired_one_sided(first, second, draws):
    return _drawn(first, second, draws, ends=(0.05, 0.975))

@wrong("5.2", "interval")
def paired_ratio(first, second, draws):
    return _drawn([0.0] * len(first), [b / a if a else 1.0 for a, b in zip(first, second)], draws)

@right("5.3")
def conclusion_sorted(means, comparisons):
    ordered, tail = np.sort(means), 0.025 / comparisons
    low, high = (ordered[round(share * (len(ordered) - 1))] for share in (tail, 1 - tail))
    return np.str_("higher" if low > 0 else "lower" if high < 0 else "no difference seen")

@right("5.3")
def conclusion_of_a_set_of_ends(means, comparisons):
    import pandas as pd

    ends = pd.Series(means).quantile([0.025 / comparisons, 1 - 0.025 / comparisons])
    return {(True, True): "higher", (False, False): "lower"}.get(tuple(ends > 0), "no difference seen") if (ends != 0).all() \
        else "higher" if (ends > 0).all() else "lower" if (ends < 0).all() else "no difference seen"

@wrong("5.3", "root of the number")
def conclusion_root(means, comparisons):
    return conclusion_quantile(means, math.sqrt(comparisons))

@wrong("5.3", "twice")
def conclusion_ninety(means, comparisons):
    return conclusion_quantile(means, 2 * comparisons)

@wrong("5.3", "never say higher")
def conclusion_never_higher(means, comparisons):
    said = conclusion_quantile(means, comparisons)
    return "no difference seen" if said == "higher" else said

@wrong("5.3", "standard deviations")
def conclusion_standard_error(means, comparisons):
    mean, error = np.mean(means), np.std(means)
    return "higher" if mean > 2 * error else "lower" if mean < -2 * error else "no difference seen"

@wrong("5.3", "all draws")
def conclusion_all_draws(means, comparisons):
    return "higher" if min(means) > 0 else "lower" if max(means) < 0 else "no difference seen"

@wrong("5.3", "the middle alone")
def conclusion_most_draws(means, comparisons):
    share = np.mean(np.array(means) > 0)
    return "higher" if share > 0.5 else "lower" if share < 0.5 else "no difference seen"

@wrong("5.3", "95 %")
def conclusion_positive_share(means, comparisons):
    share = np.mean(np.array(means) > 0)
    return "higher" if share >= 0.95 else "lower" if share <= 0.05 else "no difference seen"

@wrong("5.3", "never see")
def conclusion_never_sure(means, comparisons):
    return "no difference seen"

@wrong("5.3", "divide the 5 %")
def conclusion_divides_the_ends(means, comparisons):
    low, high = np.quantile(means, [0.025, 0.975]) / comparisons
    return "higher" if low > 0 else "lower" if high < 0 else "no difference seen"

@wrong("5.3", "lower end alone")
def conclusion_low_end_alone(means, comparisons):
    low = np.quantile(means, 0.025 / comparisons)
    return "higher" if low > 0 else "lower" if low < 0 else "no difference seen"

@wrong("5.3", "a thousand draws")
def conclusion_hundred(means, comparisons):
    """Always the 25th of the sorted means, as if there were a thousand."""
    ordered, place = sorted(means), int(25 / comparisons)
    return "higher" if ordered[place] > 0 else "lower" if ordered[-1 - place] < 0 else "no difference seen"

@wrong("5.3", "expected one of")
def conclusion_capital(means, comparisons):
    return conclusion_quantile(means, comparisons).capitalize()

@right("5.4")
def cheaper_formula(tuned, retrieval, questions):
    gap = retrieval["once"] - tuned["once"] + (retrieval["question"] - tuned["question"]) * questions
    saved = tuned["update"] - retrieval["update"]
    if gap < 0:
        return np.int64(0)
    return np.int64(gap // saved + 1) if saved > 0 else None

@right("5.4")
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

@wrong("5.4", "a hundred updates")
def cheaper_up_to_a_hundred(tuned, retrieval, questions):
    for n in range(101):
        if retrieval["once"] + n * retrieval["update"] + questions * retrieval["question"] < (
                tuned["once"] + n * tuned["update"] + questions * tuned["question"]):
            return n
    return None

@wrong("5.4", "stops too early")
def cheaper_up_to_a_year(tuned, retrieval, questions):
    for n in range(366):
        if retrieval["once"] + n * retrieval["update"] + questions * retrieval["question"] < (
                tuned["once"] + n * tuned["update"] + questions * tuned["question"]):
            return n
    return None

@wrong("5.4", "both cost the same")
def cheaper_or_equal(tuned, retrieval, questions):
    if cheaper_steps(tuned, retrieval, questions) is None:
        return None
    n = 0
    while retrieval["once"] + n * retrieval["update"] + questions * retrieval["question"] > (
            tuned["once"] + n * tuned["update"] + questions * tuned["question"]):
        n += 1
    return n

@wrong("5.4", "does not mean never")
def cheaper_equal_updates_never(tuned, retrieval, questions):
    """Never where an update is no cheaper, even if retrieval is cheaper from the start."""
    return cheaper_steps(tuned, retrieval, questions) if retrieval["update"] < tuned["update"] else None

@wrong("5.4", "retraining has to be done")
def cheaper_free_training(tuned, retrieval, questions):
    return cheaper_steps({**tuned, "once": 0}, retrieval, questions)

@wrong("5.4", "questions cost something too")
def cheaper_one_question(tuned, retrieval, questions):
    return cheaper_steps(tuned, retrieval, 1)

@wrong("5.4", "once a year")
def cheaper_questions_each_update(tuned, retrieval, questions):
    """Asks the questions after each update, not once a year."""
    def each(costs):
        return {"once": costs["once"], "update": costs["update"] + costs["question"] * questions, "question": 0}

    return cheaper_steps(each(tuned), each(retrieval), 0)

@wrong("5.4", "updates")
def cheaper_the_seconds(tuned, retrieval, questions):
    found = cheaper_steps(tuned, retrieval, questions)
    return found if found is None else retrieval["once"] + found * retrieval["update"] + questions * retrieval["question"]

@wrong("5.4", "one more than needed")
def cheaper_one_more(tuned, retrieval, questions):
    found = cheaper_steps(tuned, retrieval, questions)
    return found if found is None else found + 1

@wrong("5.4", "from 0")
def cheaper_minus_one_for_never(tuned, retrieval, questions):
    found = cheaper_steps(tuned, retrieval, questions)
    return -1 if found is None else found

@wrong("5.4", "expected a number")
def cheaper_text(tuned, retrieval, questions):
    return str(cheaper_steps(tuned, retrieval, questions))

@wrong("5.4", "updates")
def cheaper_update_cost_alone(tuned, retrieval, questions):
    return 0 if retrieval["update"] < tuned["update"] else None

@right("5.5")
def supported_counter(answer, passages, stop_words):
    from collections import Counter

    said = Counter(re.findall(r"[a-z0-9]+", answer.lower()))
    for word in stop_words:
        said.pop(word, None)
    held = Counter(re.findall(r"[a-z0-9]+", "\n".join(passages).lower()))
    return np.mean([word in held for word in said]) if said else np.float32(1)

@right("5.5")
def supported_replaced(answer, passages, stop_words):
    def words(text):
        return {word for word in re.sub("[^a-z0-9]", " ", text.lower()).split()}

    said = words(answer).difference(stop_words)
    return len(said.intersection(*[set.union(set(), *map(words, passages))])) / max(len(said), 1) + (not said)

@wrong("5.5", "the underscore")
def supported_word_characters(answer, passages, stop_words):
    said = set(re.findall(r"\w+", answer.lower())) - set(stop_words)
    held = set(re.findall(r"\w+", " ".join(passages).lower()))
    return len(said & held) / len(said) if said else 1

@wrong("5.5", "a point is no part")
def supported_with_points(answer, passages, stop_words):
    said = set(re.findall(r"[a-z0-9.]+", answer.lower())) - set(stop_words)
    held = set(re.findall(r"[a-z0-9.]+", " ".join(passages).lower()))
    return len(said & held) / len(said) if said else 1

@wrong("5.5", "marks from the ends")
def supported_stripped(answer, passages, stop_words):
    def words(text):
        return {word.strip(".,;:!?£'\"") for word in text.lower().split()}

    said = words(answer) - set(stop_words)
    return len(said & set().union(*map(words, passages))) / len(said) if said else 1

@wrong("5.5", "without a space")
def supported_joined_passages(answer, passages, stop_words):
    """Joins the passages without a space, so that two words become one."""
    return supported_sets(answer, ["".join(passages)], stop_words)

@wrong("5.5", "only the last passage")
def supported_last_passage(answer, passages, stop_words):
    return supported_sets(answer, passages[-1:], stop_words)

@wrong("5.5", "supports most")
def supported_best_passage(answer, passages, stop_words):
    return max([supported_sets(answer, [passage], stop_words) for passage in passages], default=supported_sets(answer, [], stop_words))

@wrong("5.5", "mean over the passages")
def supported_mean_of_passages(answer, passages, stop_words):
    return float(np.mean([supported_sets(answer, [passage], stop_words) for passage in passages or [""]]))

@wrong("5.5", "whether all do")
def supported_every_passage(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    held = [set(re.findall("[a-z0-9]+", passage.lower())) for passage in passages]
    return sum(all(word in words for words in held) for word in said) / len(said) if said else 1

@wrong("5.5", "answer and passages together")
def supported_union(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    held = set(re.findall("[a-z0-9]+", " ".join(passages).lower())) - set(stop_words)
    return len(said & held) / len(said | held) if said else 1

@wrong("5.5", "all words of the answer")
def supported_over_all_words(answer, passages, stop_words):
    """Divides by all words of the answer, stop words too."""
    said = set(re.findall("[a-z0-9]+", answer.lower()))
    held = set(re.findall("[a-z0-9]+", " ".join(passages).lower()))
    return len((said - set(stop_words)) & held) / len(said) if said - set(stop_words) else 1

@wrong("5.5", "short words")
def supported_long_words(answer, passages, stop_words):
    said = {word for word in re.findall("[a-z0-9]+", answer.lower()) if len(word) > 2} - set(stop_words)
    held = set(re.findall("[a-z0-9]+", " ".join(passages).lower()))
    return len(said & held) / len(said) if said else 1

@wrong("5.5", "plural")
def supported_plural(answer, passages, stop_words):
    said = set(re.findall("[a-z0-9]+", answer.lower())) - set(stop_words)
    held = {word.rstrip("s") for word in re.findall("[a-z0-9]+", " ".join(passages).lower())}
    return sum(word.rstrip("s") in held for word in said) / len(said) if said else 1

@wrong("5.5", "are rounded")
def supported_rounded(answer, passages, stop_words):
    return round(supported_sets(answer, passages, stop_words), 2)
