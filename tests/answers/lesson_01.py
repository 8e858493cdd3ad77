"""Answers to exercise 1 as learners write them. Task 1.4 gets its tokenizer from `lm`, which a test puts here."""

import math
from fractions import Fraction

import numpy as np

from answers import tables

RIGHT, WRONG, right, wrong = tables()

lm = None

# Task 1.1

@right("1.1")
def soften_numpy(logits, temperature):
    scaled = np.array(logits) / temperature
    odds = np.exp(scaled - scaled.max())
    return odds / odds.sum()

@right("1.1")
def soften_in_logs(logits, temperature):
    scaled = [x / temperature for x in logits]
    top = max(scaled)
    log_total = top + math.log(sum(math.exp(x - top) for x in scaled))
    return tuple(math.exp(x - log_total) for x in scaled)

@wrong("1.1", "must bring the probabilities closer together")
def soften_multiplies(logits, temperature):
    return soften_numpy(logits, 1 / temperature)

@wrong("1.1", "is the temperature used twice")
def soften_twice(logits, temperature):
    return soften_numpy(np.array(logits) / temperature, temperature)

@wrong("1.1", "the temperature changes nothing yet")
def soften_forgets_temperature(logits, temperature):
    return soften_numpy(logits, 1.0)

@wrong("1.1", "must add up to 1")
def soften_not_normalised(logits, temperature):
    top = max(logits)
    return [math.exp((x - top) / temperature) for x in logits]

@wrong("1.1", "taken from every logit")
def soften_overflows(logits, temperature):
    odds = [math.exp(x / temperature) for x in logits]
    return [o / sum(odds) for o in odds]

@wrong("1.1", "exp() of such a logit is too large")
def soften_overflows_in_numpy(logits, temperature):
    odds = np.exp(np.array(logits) / temperature)
    return odds / odds.sum()

@wrong("1.1", "between 0 and 1")
def soften_divides_by_the_sum(logits, temperature):
    return [x / temperature / sum(logits) for x in logits]

@wrong("1.1", "expected a list of 4 numbers, got 1")
def soften_wrong_axis(logits, temperature):
    odds = np.exp(np.array([logits]) / temperature)
    return odds / odds.sum(axis=0)

@wrong("1.1", "the temperature changes nothing yet")
def soften_after(logits, temperature):
    p = soften_numpy(logits, 1.0) / temperature
    return p / p.sum()

@wrong("1.1", "in the place of the largest logit")
def soften_sorted(logits, temperature):
    return sorted(soften_numpy(logits, temperature), reverse=True)

@wrong("1.1", "end with return")
def soften_without_return(logits, temperature):
    soften_numpy(logits, temperature)

# Task 1.2

@right("1.2")
def nucleus_numpy(probabilities, share):
    order = np.argsort(-np.array(probabilities))
    last = np.searchsorted(np.cumsum(np.array(probabilities)[order]), share)
    return order[:last + 1]

@right("1.2")
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

@wrong("1.2", "do not reach")
def nucleus_cut_before(probabilities, share):
    kept, together = [], 0
    for token in sorted(range(len(probabilities)), key=lambda t: -probabilities[t]):
        together += probabilities[token]
        if together >= share:
            break
        kept.append(token)
    return kept

@wrong("1.2", "begin with the likeliest")
def nucleus_unsorted(probabilities, share):
    kept, together = [], 0
    for token, p in enumerate(probabilities):
        kept.append(token)
        together += p
        if together >= share:
            break
    return kept

@wrong("1.2", "stop as soon as the share is reached")
def nucleus_one_too_many(probabilities, share):
    kept, together = [], 0
    for token in sorted(range(len(probabilities)), key=lambda t: -probabilities[t]):
        kept.append(token)
        if together > share:
            break
        together += probabilities[token]
    return kept

@wrong("1.2", "reaching it exactly is enough")
def nucleus_wants_more_than_the_share(probabilities, share):
    kept, together = [], 0
    for token in sorted(range(len(probabilities)), key=lambda t: -probabilities[t]):
        kept.append(token)
        together += probabilities[token]
        if together > share:
            break
    return kept

@wrong("1.2", "the likeliest must come first")
def nucleus_least_likely_first(probabilities, share):
    return sorted(nucleus_numpy(probabilities, share).tolist(), key=lambda t: probabilities[t])

@wrong("1.2", "the likeliest must come first")
def nucleus_by_number(probabilities, share):
    return sorted(nucleus_numpy(probabilities, share).tolist())

@wrong("1.2", "token numbers")
def nucleus_gives_probabilities(probabilities, share):
    return [probabilities[t] for t in nucleus_numpy(probabilities, share)]

@wrong("1.2", "the list is empty")
def nucleus_each_above_the_share(probabilities, share):
    return [t for t, p in enumerate(probabilities) if p >= share]

# Task 1.3

@right("1.3")
def perplexity_numpy(texts):
    return np.exp(-np.concatenate([np.array(text) for text in texts]).mean())

@right("1.3")
def perplexity_running(texts):
    total = count = 0
    for text in texts:
        for logprob in text:
            total, count = total + logprob, count + 1
    return math.e ** (-total / count)

@wrong("1.3", "the sign of a log-probability")
def perplexity_no_minus(texts):
    return 1 / perplexity_numpy(texts)

@wrong("1.3", "a short text count as much as a long one")
def perplexity_mean_of_means(texts):
    return math.exp(-np.mean([np.mean(text) for text in texts]))

@wrong("1.3", "a short text count as much as a long one")
def perplexity_mean_of_perplexities(texts):
    return np.mean([math.exp(-np.mean(text)) for text in texts])

@wrong("1.3", "One number is wanted")
def perplexity_one_for_each_text(texts):
    return [math.exp(-np.mean(text)) for text in texts]

@wrong("1.3", "Is it a sum?")
def perplexity_exp_of_the_sum(texts):
    return np.exp(-sum(sum(text) for text in texts))

@wrong("1.3", "Is it a sum?")
def perplexity_over_the_texts(texts):
    return math.exp(-sum(sum(text) for text in texts) / len(texts))

@wrong("1.3", "natural logarithms")
def perplexity_in_bits(texts):
    return 2 ** -np.mean(sum(texts, []))

@wrong("1.3", "one step is missing")
def perplexity_still_a_logarithm(texts):
    return -np.mean(sum(texts, []))

@wrong("1.3", "averages after exp()")
def perplexity_mean_after_exp(texts):
    return np.mean(np.exp(-np.array(sum(texts, []))))

# Task 1.4

def count(text):
    return len(lm.tokenizer(text, add_special_tokens=False).input_ids)

@right("1.4")
def dearest_pairs(statements):
    return [name for _, name in sorted(((count(text), name) for name, text in statements.items()), reverse=True)]

@right("1.4")
def dearest_numpy(statements):
    names = np.array(list(statements))
    return names[np.argsort([-len(lm.tokenizer.encode(text)) for text in statements.values()])]

@wrong("1.4", "turned round")
def dearest_cheapest_first(statements):
    return sorted(statements, key=lambda name: count(statements[name]))

@wrong("1.4", "the order by characters")
def dearest_by_letters(statements):
    return sorted(statements, key=lambda name: len(statements[name]), reverse=True)

@wrong("1.4", "the order by bytes")
def dearest_by_bytes(statements):
    return sorted(statements, key=lambda name: len(statements[name].encode()), reverse=True)

@wrong("1.4", "the order by tokens for each character")
def dearest_by_rate(statements):
    return sorted(statements, key=lambda name: count(statements[name]) / len(statements[name]), reverse=True)

@wrong("1.4", "needs fewer tokens")
def dearest_by_the_name(statements):
    return sorted(statements, key=count, reverse=True)

@wrong("1.4", "the names of 5 languages")
def dearest_counts(statements):
    return sorted((count(text) for text in statements.values()), reverse=True)

@wrong("1.4", "expected a list")
def dearest_dictionary(statements):
    return {name: count(statements[name]) for name in dearest_pairs(statements)}

@wrong("1.4", "each of")
def dearest_only_one(statements):
    return [max(statements, key=lambda name: count(statements[name]))]

# Task 1.5

@right("1.5")
def draw_numpy(logits, temperature, share, number):
    p = np.array(soften_numpy(logits, temperature))
    kept = np.array(nucleus_numpy(p, share))
    edges = np.cumsum(p[kept] / p[kept].sum())
    return kept[np.searchsorted(edges, number, side="right")]

@right("1.5")
def draw_backwards(logits, temperature, share, number):
    p = soften_in_logs(logits, temperature)
    kept = nucleus_from_a_heap(p, share)
    left = number * sum(p[t] for t in kept)
    for token in kept:
        left -= p[token]
        if left < 0:
            return int(token)

@wrong("1.5", "is divided by what all kept tokens hold")
def draw_not_rescaled(logits, temperature, share, number):
    p, together = soften_numpy(logits, temperature), 0
    for token in nucleus_numpy(p, share):
        together += p[token]
        if number < together:
            return token

@wrong("1.5", "Are the kept probabilities divided")
def draw_not_rescaled_to_the_end(logits, temperature, share, number):
    p, together = soften_numpy(logits, temperature), 0
    kept = nucleus_numpy(p, share)
    for token in kept:
        together += p[token]
        if number < together:
            break
    return token

@wrong("1.5", "nothing is cut off yet")
def draw_without_cut(logits, temperature, share, number):
    return draw_numpy(logits, temperature, 1.0, number)

@wrong("1.5", "the temperature comes first")
def draw_cut_before_temperature(logits, temperature, share, number):
    kept = nucleus_numpy(soften_numpy(logits, 1.0), share)
    p = soften_numpy(np.array(logits)[kept], temperature)
    return kept[np.searchsorted(np.cumsum(p), number, side="right")]

@wrong("1.5", "the likeliest must come first")
def draw_row_by_number(logits, temperature, share, number):
    p = soften_numpy(logits, temperature)
    kept = np.sort(nucleus_numpy(p, share))
    return kept[np.searchsorted(np.cumsum(p[kept] / p[kept].sum()), number, side="right")]

@wrong("1.5", "the number must decide")
def draw_greedy(logits, temperature, share, number):
    return max(range(len(logits)), key=lambda token: logits[token])

@wrong("1.5", "the number does not fall on token")
def draw_place_in_the_nucleus(logits, temperature, share, number):
    return nucleus_numpy(soften_numpy(logits, temperature), share).tolist().index(
        draw_numpy(logits, temperature, share, number))

@wrong("1.5", "the number does not fall on token")
def draw_own_chance(logits, temperature, share, number):
    return draw_numpy(logits, temperature, share, np.random.default_rng(0).random())

@wrong("1.5", "all kept tokens are drawn alike")
def draw_all_kept_alike(logits, temperature, share, number):
    kept = nucleus_numpy(soften_numpy(logits, temperature), share)
    return kept[int(number * len(kept))]

@wrong("1.5", "expected one token number")
def draw_a_probability(logits, temperature, share, number):
    return soften_numpy(logits, temperature)[draw_numpy(logits, temperature, share, number)]

# Answers found later: what else learners write, right and wrong.

@right("1.1")
def soften_torch(logits, temperature):
    import torch

    return torch.softmax(torch.tensor(logits) / temperature, dim=0)

@right("1.1")
def soften_lazily(logits, temperature):
    top = max(logits)
    total = sum(math.exp((x - top) / temperature) for x in logits)
    return (math.exp((x - top) / temperature) / total for x in logits)

@right("1.1")
def soften_less_the_mean(logits, temperature):
    odds = np.exp((np.array(logits) - np.mean(logits)) / temperature)
    return odds / odds.sum()

@wrong("1.1", "are rounded")
def soften_rounded(logits, temperature):
    return [round(p, 3) for p in soften_in_logs(logits, temperature)]

@wrong("1.1", "e is wanted")
def soften_base_two(logits, temperature):
    odds = [2 ** ((x - max(logits)) / temperature) for x in logits]
    return [o / sum(odds) for o in odds]

@wrong("1.1", "should be")
def soften_whole_division(logits, temperature):
    return soften_in_logs([(x - max(logits)) // temperature for x in logits], 1)

@wrong("1.1", "should be")
def soften_only_warmer(logits, temperature):
    return soften_in_logs(logits, max(temperature, 1.0))

@wrong("1.1", "further apart")
def soften_clipped(logits, temperature):
    return soften_in_logs(np.clip(logits, -700, 700).tolist(), temperature)

@wrong("1.1", "changes nothing yet")
def soften_adds_temperature(logits, temperature):
    return soften_in_logs([x - temperature for x in logits], 1)

@wrong("1.1", "percentages")
def soften_one_percentages(logits, temperature):
    return [100 * p for p in soften_in_logs(logits, temperature)]

@wrong("1.1", "logarithms")
def soften_logs(logits, temperature):
    return [math.log(p) for p in soften_in_logs(logits, temperature)]

@wrong("1.1", "should be")
def soften_root(logits, temperature):
    return soften_in_logs(logits, temperature ** 0.5)

@right("1.2")
def nucleus_other_tie_order(probabilities, share):
    kept, together = [], 0
    for token in np.argsort(probabilities)[::-1]:
        kept.append(token)
        together += probabilities[token]
        if together >= share:
            return tuple(kept)

@right("1.2")
def nucleus_yields(probabilities, share):
    together = 0
    for token in sorted(range(len(probabilities)), key=probabilities.__getitem__, reverse=True):
        yield token
        together += probabilities[token]
        if together >= share:
            return

@right("1.2")
def nucleus_dictionary(probabilities, share):
    kept, together = {}, 0
    for p, token in sorted(zip(probabilities, range(len(probabilities))), reverse=True):
        if together < share:
            kept[token] = p
            together += p
    return kept.keys()

@wrong("1.2", "Two tokens may be equally likely")
def nucleus_by_index(probabilities, share):
    kept, together = [], 0
    for p in sorted(probabilities, reverse=True):
        kept.append(probabilities.index(p))
        together += p
        if together >= share:
            return kept

@wrong("1.2", "do not reach")
def nucleus_by_index_once(probabilities, share):
    kept, together = [], 0
    for p in sorted(set(probabilities), reverse=True):
        kept.append(probabilities.index(p))
        together += p
        if together >= share:
            break
    return kept

@wrong("1.2", "token")
def nucleus_pops(probabilities, share):
    rest, kept, together = list(probabilities), [], 0
    while together < share:
        top = max(rest)
        kept.append(rest.index(top))
        rest.remove(top)
        together += top
    return kept

@wrong("1.2", "are enough")
def nucleus_above_the_last(probabilities, share):
    kept = nucleus_numpy(probabilities, share)
    least = min(probabilities[t] for t in kept)
    return sorted((t for t in range(len(probabilities)) if probabilities[t] >= least), key=lambda t: -probabilities[t])

@wrong("1.2", "are enough")
def nucleus_not_alone(probabilities, share):
    order = sorted(range(len(probabilities)), key=lambda t: -probabilities[t])
    return order[:max(2, len(nucleus_numpy(probabilities, share)))]

@wrong("1.2", "tokens")
def nucleus_share_of_tokens(probabilities, share):
    order = sorted(range(len(probabilities)), key=lambda t: -probabilities[t])
    return order[:max(1, round(share * len(order)))]

@wrong("1.2", "expected token numbers")
def nucleus_mask(probabilities, share):
    kept = nucleus_numpy(probabilities, share)
    return [t in kept for t in range(len(probabilities))]

@wrong("1.2", "token")
def nucleus_from_one(probabilities, share):
    return [t + 1 for t in nucleus_numpy(probabilities, share)]

@wrong("1.2", "reaching it exactly")
def nucleus_from_below(probabilities, share):
    """Drops from the unlikely end as long as what is left is above the share."""
    order, left = sorted(range(len(probabilities)), key=lambda t: -probabilities[t]), sum(probabilities)
    while len(order) > 1 and left - probabilities[order[-1]] > share:
        left -= probabilities[order.pop()]
    return order

@right("1.3")
def perplexity_scipy(texts):
    from scipy.stats import gmean

    return 1 / gmean(np.exp(np.concatenate([np.array(text) for text in texts])))

@right("1.3")
def perplexity_weighted(texts):
    means = [np.mean(text) for text in texts]
    return np.exp(-np.average(means, weights=[len(text) for text in texts]))

@wrong("1.3", "each counted once")
def perplexity_drops_the_first(texts):
    logprobs = [value for text in texts for value in (text[1:] or text)]
    return math.exp(-sum(logprobs) / len(logprobs))

@wrong("1.3", "first text alone")
def perplexity_of_the_first_text(texts):
    return math.exp(-np.mean(texts[0]))

@wrong("1.3", "last text alone")
def perplexity_of_the_last_text(texts):
    return math.exp(-np.mean(texts[-1]))

@wrong("1.3", "median")
def perplexity_median(texts):
    return math.exp(-np.median(sum(texts, [])))

@wrong("1.3", "base 10")
def perplexity_base_ten(texts):
    return 10 ** -np.mean(sum(texts, []))

@wrong("1.3", "mean probability")
def perplexity_mean_probability(texts):
    return np.mean(np.exp(sum(texts, [])))

@wrong("1.3", "averages the probabilities")
def perplexity_over_mean_probability(texts):
    return 1 / np.mean(np.exp(sum(texts, [])))

@wrong("1.3", "are rounded")
def perplexity_whole(texts):
    return round(perplexity_numpy(texts))

@wrong("1.3", "each counted once")
def perplexity_padded(texts):
    width = max(map(len, texts))
    return math.exp(-np.mean([text + [0.0] * (width - len(text)) for text in texts]))

@wrong("1.3", "each counted once")
def perplexity_one_more(texts):
    logprobs = sum(texts, [])
    return math.exp(-sum(logprobs) / (len(logprobs) + len(texts)))

@right("1.4")
def dearest_lazily(statements):
    return reversed(sorted(statements, key=lambda name: count(statements[name])))

@right("1.4")
def dearest_pandas(statements):
    import pandas as pd

    return pd.Series({name: count(text) for name, text in statements.items()}).sort_values(ascending=False).index

@wrong("1.4", "were given")
def dearest_as_given(statements):
    return list(statements)

@wrong("1.4", "alphabet")
def dearest_alphabetical(statements):
    return sorted(statements)

@wrong("1.4", "tokens for each word")
def dearest_by_word(statements):
    return sorted(statements, key=lambda name: count(statements[name]) / len(statements[name].split()), reverse=True)

@wrong("1.4", "tokens for each byte")
def dearest_by_byte(statements):
    return sorted(statements, key=lambda name: count(statements[name]) / len(statements[name].encode()), reverse=True)

@wrong("1.4", "expected a list")
def dearest_pairs_kept(statements):
    return sorted(((name, count(text)) for name, text in statements.items()), key=lambda pair: -pair[1])

@wrong("1.4", "once")
def dearest_not_english(statements):
    return [name for name in dearest_pairs(statements) if name != "English"]

@wrong("1.4", "once")
def dearest_texts(statements):
    return sorted(statements.values(), key=count, reverse=True)

@wrong("1.4", "order by words")
def dearest_by_words(statements):
    return sorted(statements, key=lambda name: len(statements[name].split()), reverse=True)

@right("1.5")
def draw_sorted_once(logits, temperature, share, number):
    p = soften_torch(logits, temperature).double().numpy()
    order = np.argsort(-p, kind="stable")
    kept = order[:np.searchsorted(np.cumsum(p[order]), share) + 1]
    return np.int64(kept[np.argmax(np.cumsum(p[kept]) / p[kept].sum() > number)])

@wrong("1.5", "expected one token number")
def draw_as_a_float(logits, temperature, share, number):
    return draw_numpy(logits, temperature, share, number).astype(float)

@wrong("1.5", "least likely one first")
def draw_least_likely_first(logits, temperature, share, number):
    return draw_numpy(logits, temperature, share, 1 - number if number else 0.9999999)

@wrong("1.5", "temperature changes nothing")
def draw_without_temperature(logits, temperature, share, number):
    return draw_numpy(logits, 1.0, share, number)

@wrong("1.5", "as long as without it")
def draw_nucleus_without_temperature_only(logits, temperature, share, number):
    p = soften_numpy(logits, 1.0)
    kept = nucleus_numpy(soften_numpy(logits, temperature), share)
    return kept[np.searchsorted(np.cumsum(p[kept] / p[kept].sum()), number, side="right")]

@wrong("1.5", "a second time")
def draw_softens_twice(logits, temperature, share, number):
    p = soften_numpy(logits, temperature)
    kept = nucleus_numpy(p, share)
    return kept[np.searchsorted(np.cumsum(soften_numpy(p[kept], 1.0)), number, side="right")]

@wrong("1.5", "never comes up")
def draw_last_token_never(logits, temperature, share, number):
    p = soften_numpy(logits, temperature)
    kept = nucleus_numpy(p, share)
    kept = kept[:-1] if len(kept) > 1 else kept
    return kept[np.searchsorted(np.cumsum(p[kept] / p[kept].sum()), number, side="right")]

@wrong("1.5", "does not fall on")
def draw_seeded(logits, temperature, share, number):
    p = soften_numpy(logits, temperature)
    kept = nucleus_numpy(p, share)
    return np.random.default_rng(int(number * 1000)).choice(kept, p=p[kept] / p[kept].sum())

@wrong("1.5", "the share that was asked for")
def draw_over_the_share(logits, temperature, share, number):
    """Divides by the share that was asked for, where the kept tokens hold a little more."""
    p, together = soften_numpy(logits, temperature), 0
    kept = nucleus_numpy(p, share)
    for token in kept:
        together += p[token] / share
        if number < together:
            return token

@wrong("1.5", "the token after")
def draw_off_by_one(logits, temperature, share, number):
    p = soften_numpy(logits, temperature)
    kept = nucleus_numpy(p, share)
    place = np.searchsorted(np.cumsum(p[kept] / p[kept].sum()), number, side="right")
    return kept[min(place + 1, len(kept) - 1)]

@right("1.1")
def soften_fractions(logits, temperature):
    odds = [math.exp((x - max(logits)) / temperature) for x in logits]
    return [Fraction(o) / Fraction(sum(odds)) for o in odds]

@wrong("1.1", "taken from every logit")
def soften_takes_the_largest_after_dividing(logits, temperature):
    """Right on paper; a low temperature makes the powers too large all the same."""
    odds = [math.exp(x / temperature - max(logits)) for x in logits]
    return [o / sum(odds) for o in odds]

@wrong("1.2", "is a float")
def nucleus_appends_to_an_array(probabilities, share):
    """NumPy makes floats of what is appended to an empty array."""
    kept, together = np.array([]), 0
    for token in sorted(range(len(probabilities)), key=lambda place: probabilities[place], reverse=True):
        if together < share:
            kept, together = np.append(kept, token), together + probabilities[token]
    return kept
