"""Answers to exercise 5 as learners write them."""

import math
import re

import numpy as np

from ftrag_helpers import metrics, scorecard


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
    return len(said & held) / len(held) if said else 1


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


RIGHT = {
    "5.1": [unfair_sets, unfair_loops],
    "5.2": [paired_gaps, paired_loop, paired_with_metrics],
    "5.3": [conclusion_quantile, conclusion_by_counting],
    "5.4": [cheaper_steps, cheaper_scorecard],
    "5.5": [supported_sets, supported_loop],
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
            (unfair_not_on_train, "and it is not broken there"),
            (unfair_true_or_false, "expected a list of rule names"),
            (unfair_own_words, "is no rule"),
            (unfair_first_only, "and it is broken there")],
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
            (paired_percentiles_in_quantile, "ValueError")],
    "5.3": [(conclusion_ignores_the_others, "divide the 5 %"),
            (conclusion_one_tail, "half of it belongs"),
            (conclusion_touching, "holds 0"),
            (conclusion_mean, "the middle alone"),
            (conclusion_turned, "wrong way round"),
            (conclusion_never_lower, "never say lower"),
            (conclusion_shrinks, "the interval grows"),
            (conclusion_equal, "expected one of"),
            (conclusion_multiplies, "does not fit"),
            (conclusion_a_pair, "expected one of")],
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
            (cheaper_zero_for_never, "Then return None")],
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
            (supported_split, "content words are"),
            (supported_true, "expected a number")],
}
