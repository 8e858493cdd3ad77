"""Answers to exercise 1 as learners write them. Task 1.4 gets its tokenizer from `lm`, which a test puts here."""

import math

import numpy as np

lm = None


# Task 1.1

def soften_numpy(logits, temperature):
    scaled = np.array(logits) / temperature
    odds = np.exp(scaled - scaled.max())
    return odds / odds.sum()


def soften_in_logs(logits, temperature):
    scaled = [x / temperature for x in logits]
    top = max(scaled)
    log_total = top + math.log(sum(math.exp(x - top) for x in scaled))
    return tuple(math.exp(x - log_total) for x in scaled)


def soften_multiplies(logits, temperature):
    return soften_numpy(logits, 1 / temperature)


def soften_twice(logits, temperature):
    return soften_numpy(np.array(logits) / temperature, temperature)


def soften_forgets_temperature(logits, temperature):
    return soften_numpy(logits, 1.0)


def soften_not_normalised(logits, temperature):
    top = max(logits)
    return [math.exp((x - top) / temperature) for x in logits]


def soften_overflows(logits, temperature):
    odds = [math.exp(x / temperature) for x in logits]
    return [o / sum(odds) for o in odds]


def soften_overflows_in_numpy(logits, temperature):
    odds = np.exp(np.array(logits) / temperature)
    return odds / odds.sum()


def soften_divides_by_the_sum(logits, temperature):
    return [x / temperature / sum(logits) for x in logits]


def soften_wrong_axis(logits, temperature):
    odds = np.exp(np.array([logits]) / temperature)
    return odds / odds.sum(axis=0)


def soften_after(logits, temperature):
    p = soften_numpy(logits, 1.0) / temperature
    return p / p.sum()


def soften_sorted(logits, temperature):
    return sorted(soften_numpy(logits, temperature), reverse=True)


def soften_without_return(logits, temperature):
    soften_numpy(logits, temperature)


# Task 1.2

def nucleus_numpy(probabilities, share):
    order = np.argsort(-np.array(probabilities))
    last = np.searchsorted(np.cumsum(np.array(probabilities)[order]), share)
    return order[:last + 1]


def nucleus_from_a_heap(probabilities, share):
    import heapq

    heap = [(-p, token) for token, p in enumerate(probabilities)]
    heapq.heapify(heap)
    kept, left = [], share
    while heap and left > 0:
        p, token = heapq.heappop(heap)
        kept.append(token)
        left += p
    return kept


def nucleus_cut_before(probabilities, share):
    kept, together = [], 0
    for token in sorted(range(len(probabilities)), key=lambda t: -probabilities[t]):
        together += probabilities[token]
        if together >= share:
            break
        kept.append(token)
    return kept


def nucleus_unsorted(probabilities, share):
    kept, together = [], 0
    for token, p in enumerate(probabilities):
        kept.append(token)
        together += p
        if together >= share:
            break
    return kept


def nucleus_one_too_many(probabilities, share):
    kept, together = [], 0
    for token in sorted(range(len(probabilities)), key=lambda t: -probabilities[t]):
        kept.append(token)
        if together > share:
            break
        together += probabilities[token]
    return kept


def nucleus_wants_more_than_the_share(probabilities, share):
    kept, together = [], 0
    for token in sorted(range(len(probabilities)), key=lambda t: -probabilities[t]):
        kept.append(token)
        together += probabilities[token]
        if together > share:
            break
    return kept


def nucleus_least_likely_first(probabilities, share):
    return sorted(nucleus_numpy(probabilities, share).tolist(), key=lambda t: probabilities[t])


def nucleus_by_number(probabilities, share):
    return sorted(nucleus_numpy(probabilities, share).tolist())


def nucleus_gives_probabilities(probabilities, share):
    return [probabilities[t] for t in nucleus_numpy(probabilities, share)]


def nucleus_each_above_the_share(probabilities, share):
    return [t for t, p in enumerate(probabilities) if p >= share]


# Task 1.3

def perplexity_numpy(texts):
    return np.exp(-np.concatenate([np.array(text) for text in texts]).mean())


def perplexity_running(texts):
    total = count = 0
    for text in texts:
        for logprob in text:
            total, count = total + logprob, count + 1
    return math.e ** (-total / count)


def perplexity_no_minus(texts):
    return 1 / perplexity_numpy(texts)


def perplexity_mean_of_means(texts):
    return math.exp(-np.mean([np.mean(text) for text in texts]))


def perplexity_mean_of_perplexities(texts):
    return np.mean([math.exp(-np.mean(text)) for text in texts])


def perplexity_one_for_each_text(texts):
    return [math.exp(-np.mean(text)) for text in texts]


def perplexity_exp_of_the_sum(texts):
    return np.exp(-sum(sum(text) for text in texts))


def perplexity_over_the_texts(texts):
    return math.exp(-sum(sum(text) for text in texts) / len(texts))


def perplexity_in_bits(texts):
    return 2 ** -np.mean(sum(texts, []))


def perplexity_still_a_logarithm(texts):
    return -np.mean(sum(texts, []))


def perplexity_mean_after_exp(texts):
    return np.mean(np.exp(-np.array(sum(texts, []))))


# Task 1.4

def count(text):
    return len(lm.tokenizer(text, add_special_tokens=False).input_ids)


def dearest_pairs(statements):
    return [name for _, name in sorted(((count(text), name) for name, text in statements.items()), reverse=True)]


def dearest_numpy(statements):
    names = np.array(list(statements))
    return names[np.argsort([-len(lm.tokenizer.encode(text)) for text in statements.values()])]


def dearest_cheapest_first(statements):
    return sorted(statements, key=lambda name: count(statements[name]))


def dearest_by_letters(statements):
    return sorted(statements, key=lambda name: len(statements[name]), reverse=True)


def dearest_by_bytes(statements):
    return sorted(statements, key=lambda name: len(statements[name].encode()), reverse=True)


def dearest_by_rate(statements):
    return sorted(statements, key=lambda name: count(statements[name]) / len(statements[name]), reverse=True)


def dearest_by_the_name(statements):
    return sorted(statements, key=count, reverse=True)


def dearest_counts(statements):
    return sorted((count(text) for text in statements.values()), reverse=True)


def dearest_dictionary(statements):
    return {name: count(statements[name]) for name in dearest_pairs(statements)}


def dearest_only_one(statements):
    return [max(statements, key=lambda name: count(statements[name]))]


# Task 1.5

def draw_numpy(logits, temperature, share, number):
    p = np.array(soften_numpy(logits, temperature))
    kept = np.array(nucleus_numpy(p, share))
    edges = np.cumsum(p[kept] / p[kept].sum())
    return kept[np.searchsorted(edges, number, side="right")]


def draw_backwards(logits, temperature, share, number):
    p = soften_in_logs(logits, temperature)
    kept = nucleus_from_a_heap(p, share)
    left = number * sum(p[t] for t in kept)
    for token in kept:
        left -= p[token]
        if left < 0:
            return int(token)


def draw_not_rescaled(logits, temperature, share, number):
    p, together = soften_numpy(logits, temperature), 0
    for token in nucleus_numpy(p, share):
        together += p[token]
        if number < together:
            return token


def draw_not_rescaled_to_the_end(logits, temperature, share, number):
    p, together = soften_numpy(logits, temperature), 0
    kept = nucleus_numpy(p, share)
    for token in kept:
        together += p[token]
        if number < together:
            break
    return token


def draw_without_cut(logits, temperature, share, number):
    return draw_numpy(logits, temperature, 1.0, number)


def draw_cut_before_temperature(logits, temperature, share, number):
    kept = nucleus_numpy(soften_numpy(logits, 1.0), share)
    p = soften_numpy(np.array(logits)[kept], temperature)
    return kept[np.searchsorted(np.cumsum(p), number, side="right")]


def draw_row_by_number(logits, temperature, share, number):
    p = soften_numpy(logits, temperature)
    kept = np.sort(nucleus_numpy(p, share))
    return kept[np.searchsorted(np.cumsum(p[kept] / p[kept].sum()), number, side="right")]


def draw_greedy(logits, temperature, share, number):
    return max(range(len(logits)), key=lambda token: logits[token])


def draw_place_in_the_nucleus(logits, temperature, share, number):
    return nucleus_numpy(soften_numpy(logits, temperature), share).tolist().index(
        draw_numpy(logits, temperature, share, number))


def draw_own_chance(logits, temperature, share, number):
    return draw_numpy(logits, temperature, share, np.random.default_rng(0).random())


def draw_all_kept_alike(logits, temperature, share, number):
    kept = nucleus_numpy(soften_numpy(logits, temperature), share)
    return kept[int(number * len(kept))]


def draw_a_probability(logits, temperature, share, number):
    return soften_numpy(logits, temperature)[draw_numpy(logits, temperature, share, number)]


RIGHT = {
    "1.1": [soften_numpy, soften_in_logs],
    "1.2": [nucleus_numpy, nucleus_from_a_heap],
    "1.3": [perplexity_numpy, perplexity_running],
    "1.4": [dearest_pairs, dearest_numpy],
    "1.5": [draw_numpy, draw_backwards],
}

#: Each with words that its message must hold at seed 0.
WRONG = {
    "1.1": [(soften_multiplies, "must bring the probabilities closer together"),
            (soften_twice, "is the temperature used twice"),
            (soften_forgets_temperature, "the temperature changes nothing yet"),
            (soften_after, "the temperature changes nothing yet"),
            (soften_not_normalised, "must add up to 1"),
            (soften_overflows, "taken from every logit"),
            (soften_overflows_in_numpy, "exp() of such a logit is too large"),
            (soften_divides_by_the_sum, "between 0 and 1"),
            (soften_wrong_axis, "expected a list of 4 numbers, got 1"),
            (soften_sorted, "in the place of the largest logit"),
            (soften_without_return, "end with return")],
    "1.2": [(nucleus_cut_before, "do not reach"),
            (nucleus_unsorted, "begin with the likeliest"),
            (nucleus_one_too_many, "stop as soon as the share is reached"),
            (nucleus_wants_more_than_the_share, "reaching it exactly is enough"),
            (nucleus_least_likely_first, "the likeliest must come first"),
            (nucleus_by_number, "the likeliest must come first"),
            (nucleus_gives_probabilities, "token numbers"),
            (nucleus_each_above_the_share, "the list is empty")],
    "1.3": [(perplexity_no_minus, "the sign of a log-probability"),
            (perplexity_mean_of_means, "a short text count as much as a long one"),
            (perplexity_mean_of_perplexities, "a short text count as much as a long one"),
            (perplexity_one_for_each_text, "One number is wanted"),
            (perplexity_exp_of_the_sum, "Is it a sum?"),
            (perplexity_over_the_texts, "Is it a sum?"),
            (perplexity_in_bits, "natural logarithms"),
            (perplexity_still_a_logarithm, "one step is missing"),
            (perplexity_mean_after_exp, "averages after exp()")],
    "1.4": [(dearest_cheapest_first, "turned round"),
            (dearest_by_letters, "the order by characters"),
            (dearest_by_bytes, "the order by bytes"),
            (dearest_by_rate, "the order by tokens for each character"),
            (dearest_by_the_name, "needs fewer tokens"),
            (dearest_counts, "the names of 5 languages"),
            (dearest_dictionary, "expected a list"),
            (dearest_only_one, "each of")],
    "1.5": [(draw_not_rescaled, "is divided by what all kept tokens hold"),
            (draw_not_rescaled_to_the_end, "Are the kept probabilities divided"),
            (draw_without_cut, "nothing is cut off yet"),
            (draw_cut_before_temperature, "the temperature comes first"),
            (draw_row_by_number, "the likeliest must come first"),
            (draw_greedy, "the number must decide"),
            (draw_place_in_the_nucleus, "the number does not fall on token"),
            (draw_own_chance, "the number does not fall on token"),
            (draw_all_kept_alike, "all kept tokens are drawn alike"),
            (draw_a_probability, "expected one token number")],
}
