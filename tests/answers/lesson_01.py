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


# Answers found later: what else learners write, right and wrong.

def soften_torch(logits, temperature):
    import torch

    return torch.softmax(torch.tensor(logits) / temperature, dim=0)


def soften_lazily(logits, temperature):
    top = max(logits)
    total = sum(math.exp((x - top) / temperature) for x in logits)
    return (math.exp((x - top) / temperature) / total for x in logits)


def soften_less_the_mean(logits, temperature):
    odds = np.exp((np.array(logits) - np.mean(logits)) / temperature)
    return odds / odds.sum()


def soften_rounded(logits, temperature):
    return [round(p, 3) for p in soften_in_logs(logits, temperature)]


def soften_base_two(logits, temperature):
    odds = [2 ** ((x - max(logits)) / temperature) for x in logits]
    return [o / sum(odds) for o in odds]


def soften_whole_division(logits, temperature):
    return soften_in_logs([(x - max(logits)) // temperature for x in logits], 1)


def soften_only_warmer(logits, temperature):
    return soften_in_logs(logits, max(temperature, 1.0))


def soften_clipped(logits, temperature):
    return soften_in_logs(np.clip(logits, -700, 700).tolist(), temperature)


def soften_adds_temperature(logits, temperature):
    return soften_in_logs([x - temperature for x in logits], 1)


def soften_one_percentages(logits, temperature):
    return [100 * p for p in soften_in_logs(logits, temperature)]


def soften_logs(logits, temperature):
    return [math.log(p) for p in soften_in_logs(logits, temperature)]


def soften_root(logits, temperature):
    return soften_in_logs(logits, temperature ** 0.5)


def nucleus_other_tie_order(probabilities, share):
    kept, together = [], 0
    for token in np.argsort(probabilities)[::-1]:
        kept.append(token)
        together += probabilities[token]
        if together >= share:
            return tuple(kept)


def nucleus_yields(probabilities, share):
    together = 0
    for token in sorted(range(len(probabilities)), key=probabilities.__getitem__, reverse=True):
        yield token
        together += probabilities[token]
        if together >= share:
            return


def nucleus_dictionary(probabilities, share):
    kept, together = {}, 0
    for p, token in sorted(zip(probabilities, range(len(probabilities))), reverse=True):
        if together < share:
            kept[token] = p
            together += p
    return kept.keys()


def nucleus_by_index(probabilities, share):
    kept, together = [], 0
    for p in sorted(probabilities, reverse=True):
        kept.append(probabilities.index(p))
        together += p
        if together >= share:
            return kept


def nucleus_by_index_once(probabilities, share):
    kept, together = [], 0
    for p in sorted(set(probabilities), reverse=True):
        kept.append(probabilities.index(p))
        together += p
        if together >= share:
            break
    return kept


def nucleus_pops(probabilities, share):
    rest, kept, together = list(probabilities), [], 0
    while together < share:
        top = max(rest)
        kept.append(rest.index(top))
        rest.remove(top)
        together += top
    return kept


def nucleus_above_the_last(probabilities, share):
    kept = nucleus_numpy(probabilities, share)
    least = min(probabilities[t] for t in kept)
    return sorted((t for t in range(len(probabilities)) if probabilities[t] >= least), key=lambda t: -probabilities[t])


def nucleus_not_alone(probabilities, share):
    order = sorted(range(len(probabilities)), key=lambda t: -probabilities[t])
    return order[:max(2, len(nucleus_numpy(probabilities, share)))]


def nucleus_share_of_tokens(probabilities, share):
    order = sorted(range(len(probabilities)), key=lambda t: -probabilities[t])
    return order[:max(1, round(share * len(order)))]


def nucleus_mask(probabilities, share):
    kept = nucleus_numpy(probabilities, share)
    return [t in kept for t in range(len(probabilities))]


def nucleus_from_one(probabilities, share):
    return [t + 1 for t in nucleus_numpy(probabilities, share)]


def nucleus_from_below(probabilities, share):
    """Drops from the unlikely end as long as what is left is above the share."""
    order, left = sorted(range(len(probabilities)), key=lambda t: -probabilities[t]), sum(probabilities)
    while len(order) > 1 and left - probabilities[order[-1]] > share:
        left -= probabilities[order.pop()]
    return order


def perplexity_scipy(texts):
    from scipy.stats import gmean

    return 1 / gmean(np.exp(np.concatenate([np.array(text) for text in texts])))


def perplexity_weighted(texts):
    means = [np.mean(text) for text in texts]
    return np.exp(-np.average(means, weights=[len(text) for text in texts]))


def perplexity_drops_the_first(texts):
    logprobs = [value for text in texts for value in (text[1:] or text)]
    return math.exp(-sum(logprobs) / len(logprobs))


def perplexity_of_the_first_text(texts):
    return math.exp(-np.mean(texts[0]))


def perplexity_of_the_last_text(texts):
    return math.exp(-np.mean(texts[-1]))


def perplexity_median(texts):
    return math.exp(-np.median(sum(texts, [])))


def perplexity_base_ten(texts):
    return 10 ** -np.mean(sum(texts, []))


def perplexity_mean_probability(texts):
    return np.mean(np.exp(sum(texts, [])))


def perplexity_over_mean_probability(texts):
    return 1 / np.mean(np.exp(sum(texts, [])))


def perplexity_whole(texts):
    return round(perplexity_numpy(texts))


def perplexity_padded(texts):
    width = max(map(len, texts))
    return math.exp(-np.mean([text + [0.0] * (width - len(text)) for text in texts]))


def perplexity_one_more(texts):
    logprobs = sum(texts, [])
    return math.exp(-sum(logprobs) / (len(logprobs) + len(texts)))


def dearest_lazily(statements):
    return reversed(sorted(statements, key=lambda name: count(statements[name])))


def dearest_pandas(statements):
    import pandas as pd

    return pd.Series({name: count(text) for name, text in statements.items()}).sort_values(ascending=False).index


def dearest_as_given(statements):
    return list(statements)


def dearest_alphabetical(statements):
    return sorted(statements)


def dearest_by_word(statements):
    return sorted(statements, key=lambda name: count(statements[name]) / len(statements[name].split()), reverse=True)


def dearest_by_byte(statements):
    return sorted(statements, key=lambda name: count(statements[name]) / len(statements[name].encode()), reverse=True)


def dearest_pairs_kept(statements):
    return sorted(((name, count(text)) for name, text in statements.items()), key=lambda pair: -pair[1])


def dearest_not_english(statements):
    return [name for name in dearest_pairs(statements) if name != "English"]


def dearest_texts(statements):
    return sorted(statements.values(), key=count, reverse=True)


def dearest_by_words(statements):
    return sorted(statements, key=lambda name: len(statements[name].split()), reverse=True)


def draw_sorted_once(logits, temperature, share, number):
    p = soften_torch(logits, temperature).double().numpy()
    order = np.argsort(-p, kind="stable")
    kept = order[:np.searchsorted(np.cumsum(p[order]), share) + 1]
    return np.int64(kept[np.argmax(np.cumsum(p[kept]) / p[kept].sum() > number)])


def draw_as_a_float(logits, temperature, share, number):
    return draw_numpy(logits, temperature, share, number).astype(float)


def draw_least_likely_first(logits, temperature, share, number):
    return draw_numpy(logits, temperature, share, 1 - number if number else 0.9999999)


def draw_without_temperature(logits, temperature, share, number):
    return draw_numpy(logits, 1.0, share, number)


def draw_nucleus_without_temperature_only(logits, temperature, share, number):
    p = soften_numpy(logits, 1.0)
    kept = nucleus_numpy(soften_numpy(logits, temperature), share)
    return kept[np.searchsorted(np.cumsum(p[kept] / p[kept].sum()), number, side="right")]


def draw_softens_twice(logits, temperature, share, number):
    p = soften_numpy(logits, temperature)
    kept = nucleus_numpy(p, share)
    return kept[np.searchsorted(np.cumsum(soften_numpy(p[kept], 1.0)), number, side="right")]


def draw_last_token_never(logits, temperature, share, number):
    p = soften_numpy(logits, temperature)
    kept = nucleus_numpy(p, share)
    kept = kept[:-1] if len(kept) > 1 else kept
    return kept[np.searchsorted(np.cumsum(p[kept] / p[kept].sum()), number, side="right")]


def draw_seeded(logits, temperature, share, number):
    p = soften_numpy(logits, temperature)
    kept = nucleus_numpy(p, share)
    return np.random.default_rng(int(number * 1000)).choice(kept, p=p[kept] / p[kept].sum())


def draw_over_the_share(logits, temperature, share, number):
    """Divides by the share that was asked for, where the kept tokens hold a little more."""
    p, together = soften_numpy(logits, temperature), 0
    kept = nucleus_numpy(p, share)
    for token in kept:
        together += p[token] / share
        if number < together:
            return token


def draw_off_by_one(logits, temperature, share, number):
    p = soften_numpy(logits, temperature)
    kept = nucleus_numpy(p, share)
    place = np.searchsorted(np.cumsum(p[kept] / p[kept].sum()), number, side="right")
    return kept[min(place + 1, len(kept) - 1)]


RIGHT = {
    "1.1": [soften_numpy, soften_in_logs, soften_torch, soften_lazily, soften_less_the_mean],
    "1.2": [nucleus_numpy, nucleus_from_a_heap, nucleus_other_tie_order, nucleus_yields, nucleus_dictionary],
    "1.3": [perplexity_numpy, perplexity_running, perplexity_scipy, perplexity_weighted],
    "1.4": [dearest_pairs, dearest_numpy, dearest_lazily, dearest_pandas],
    "1.5": [draw_numpy, draw_backwards, draw_sorted_once],
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
            (soften_without_return, "end with return"),
            (soften_rounded, "are rounded"),
            (soften_base_two, "e is wanted"),
            (soften_whole_division, "should be"),
            (soften_only_warmer, "should be"),
            (soften_clipped, "further apart"),
            (soften_adds_temperature, "changes nothing yet"),
            (soften_one_percentages, "percentages"),
            (soften_logs, "logarithms"),
            (soften_root, "should be")],
    "1.2": [(nucleus_cut_before, "do not reach"),
            (nucleus_unsorted, "begin with the likeliest"),
            (nucleus_one_too_many, "stop as soon as the share is reached"),
            (nucleus_wants_more_than_the_share, "reaching it exactly is enough"),
            (nucleus_least_likely_first, "the likeliest must come first"),
            (nucleus_by_number, "the likeliest must come first"),
            (nucleus_gives_probabilities, "token numbers"),
            (nucleus_each_above_the_share, "the list is empty"),
            (nucleus_by_index, "Two tokens may be equally likely"),
            (nucleus_by_index_once, "do not reach"),
            (nucleus_pops, "token"),
            (nucleus_above_the_last, "are enough"),
            (nucleus_not_alone, "are enough"),
            (nucleus_share_of_tokens, "tokens"),
            (nucleus_mask, "expected token numbers"),
            (nucleus_from_one, "token"),
            (nucleus_from_below, "reaching it exactly")],
    "1.3": [(perplexity_no_minus, "the sign of a log-probability"),
            (perplexity_mean_of_means, "a short text count as much as a long one"),
            (perplexity_mean_of_perplexities, "a short text count as much as a long one"),
            (perplexity_one_for_each_text, "One number is wanted"),
            (perplexity_exp_of_the_sum, "Is it a sum?"),
            (perplexity_over_the_texts, "Is it a sum?"),
            (perplexity_in_bits, "natural logarithms"),
            (perplexity_still_a_logarithm, "one step is missing"),
            (perplexity_mean_after_exp, "averages after exp()"),
            (perplexity_drops_the_first, "each counted once"),
            (perplexity_of_the_first_text, "first text alone"),
            (perplexity_of_the_last_text, "last text alone"),
            (perplexity_median, "median"),
            (perplexity_base_ten, "base 10"),
            (perplexity_mean_probability, "mean probability"),
            (perplexity_over_mean_probability, "averages the probabilities"),
            (perplexity_whole, "are rounded"),
            (perplexity_padded, "each counted once"),
            (perplexity_one_more, "each counted once")],
    "1.4": [(dearest_cheapest_first, "turned round"),
            (dearest_by_letters, "the order by characters"),
            (dearest_by_bytes, "the order by bytes"),
            (dearest_by_rate, "the order by tokens for each character"),
            (dearest_by_the_name, "needs fewer tokens"),
            (dearest_counts, "the names of 5 languages"),
            (dearest_dictionary, "expected a list"),
            (dearest_only_one, "each of"),
            (dearest_as_given, "were given"),
            (dearest_alphabetical, "alphabet"),
            (dearest_by_word, "tokens for each word"),
            (dearest_by_byte, "tokens for each byte"),
            (dearest_pairs_kept, "expected a list"),
            (dearest_not_english, "once"),
            (dearest_texts, "once"),
            (dearest_by_words, "order by words")],
    "1.5": [(draw_not_rescaled, "is divided by what all kept tokens hold"),
            (draw_not_rescaled_to_the_end, "Are the kept probabilities divided"),
            (draw_without_cut, "nothing is cut off yet"),
            (draw_cut_before_temperature, "the temperature comes first"),
            (draw_row_by_number, "the likeliest must come first"),
            (draw_greedy, "the number must decide"),
            (draw_place_in_the_nucleus, "the number does not fall on token"),
            (draw_own_chance, "the number does not fall on token"),
            (draw_all_kept_alike, "all kept tokens are drawn alike"),
            (draw_a_probability, "expected one token number"),
            (draw_as_a_float, "expected one token number"),
            (draw_least_likely_first, "least likely one first"),
            (draw_without_temperature, "temperature changes nothing"),
            (draw_nucleus_without_temperature_only, "as long as without it"),
            (draw_softens_twice, "a second time"),
            (draw_last_token_never, "never comes up"),
            (draw_seeded, "does not fall on"),
            (draw_over_the_share, "the share that was asked for"),
            (draw_off_by_one, "the token after")],
}
