"""Answers to exercise 3 as learners write them."""

import math

import numpy as np

# Task 3.1


def example_by_place(prompt, answer, end, width):
    ids, labels = [end] * width, [-100] * width
    for place, token in enumerate([*prompt, *answer]):
        ids[place] = token
        if place >= len(prompt):
            labels[place] = token
    labels[len(prompt) + len(answer)] = end
    return ids, labels


def example_numpy(prompt, answer, end, width):
    ids = np.full(width, end)
    text = np.array([*prompt, *answer])
    ids[:len(text)] = text
    places = np.arange(width)
    return [ids, np.where((places >= len(prompt)) & (places <= len(text)), ids, -100)]


def _padded(labels, width):
    return [*labels, *[-100] * (width - len(labels))]


def _ids(prompt, answer, end, width):
    return [*prompt, *answer, *[end] * (width - len(prompt) - len(answer))]


def example_everything(prompt, answer, end, width):
    ids = _ids(prompt, answer, end, width)
    return [ids, ids]


def example_prompt_too(prompt, answer, end, width):
    return [_ids(prompt, answer, end, width), _padded([*prompt, *answer, end], width)]


def example_masks_every_end(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [-100 if token == end else label for token, label in zip(ids, labels)]]


def example_learns_every_end(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [token if token == end else label for token, label in zip(ids, labels)]]


def example_forgets_the_end(prompt, answer, end, width):
    return [_ids(prompt, answer, end, width), _padded([-100] * len(prompt) + answer, width)]


def example_learns_the_padding(prompt, answer, end, width):
    ids = _ids(prompt, answer, end, width)
    return [ids, [-100] * len(prompt) + ids[len(prompt):]]


def example_shifts_by_hand(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [*labels[1:], -100]]


def example_shifted_right(prompt, answer, end, width):
    ids = _ids(prompt, answer, end, width) + [end]
    labels = [-100] * (len(prompt) + 1) + ids[len(prompt) + 1:len(prompt) + len(answer) + 2]
    return [ids[:width], _padded(labels, width)[:width]]


def example_one_short(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    labels[len(prompt)] = -100
    return [ids, labels]


def example_no_padding(prompt, answer, end, width):
    return [[*prompt, *answer, end], [-100] * len(prompt) + [*answer, end]]


def example_padded_left(prompt, answer, end, width):
    ids = [*prompt, *answer, end]
    missing = width - len(ids)
    return [[end] * missing + ids, [-100] * (missing + len(prompt)) + [*answer, end]]


def example_only_labels(prompt, answer, end, width):
    return example_by_place(prompt, answer, end, width)[1]


def example_zeros(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [0 if label == -100 else label for label in labels]]


# Task 3.2


def loss_loops(logits, labels):
    total, count = 0.0, 0
    for row, wanted in zip(logits, labels):
        for place in range(len(wanted) - 1):
            label = wanted[place + 1]
            if label != -100:
                total += math.log(sum(math.exp(value) for value in row[place])) - row[place][label]
                count += 1
    return total / count


def loss_torch(logits, labels):
    import torch

    guesses, wanted = torch.tensor(logits)[:, :-1], torch.tensor(labels)[:, 1:]
    return torch.nn.functional.cross_entropy(guesses.reshape(-1, guesses.shape[-1]), wanted.reshape(-1))


def _surprise(row, label):
    return math.log(sum(map(math.exp, row))) - row[label]


def loss_not_shifted(logits, labels):
    found = [_surprise(row[t], wanted[t]) for row, wanted in zip(logits, labels) for t in range(len(wanted)) if wanted[t] != -100]
    return sum(found) / len(found)


def loss_shifted_back(logits, labels):
    found = [_surprise(row[t + 1], wanted[t]) for row, wanted in zip(logits, labels)
             for t in range(len(wanted) - 1) if wanted[t] != -100]
    return sum(found) / len(found)


def loss_mean_of_rows(logits, labels):
    return sum(loss_loops([row], [wanted]) for row, wanted in zip(logits, labels)) / len(labels)


def _sum(logits, labels):
    return loss_loops(logits, labels) * sum(label != -100 for row in labels for label in row)


def loss_over_all_places(logits, labels):
    return _sum(logits, labels) / sum(len(row) - 1 for row in labels)


def loss_over_every_place(logits, labels):
    return _sum(logits, labels) / np.size(labels)


def loss_summed(logits, labels):
    return _sum(logits, labels)


def loss_negative(logits, labels):
    return -loss_loops(logits, labels)


def loss_in_bits(logits, labels):
    return loss_loops(logits, labels) / math.log(2)


def loss_perplexity(logits, labels):
    return math.exp(loss_loops(logits, labels))


def loss_of_raw_logits(logits, labels):
    found = [-row[t][wanted[t + 1]] for row, wanted in zip(logits, labels) for t in range(len(wanted) - 1) if wanted[t + 1] != -100]
    return sum(found) / len(found)


def loss_masks_nothing(logits, labels):
    return float(np.mean([_surprise(row[t], wanted[t + 1]) for row, wanted in zip(logits, labels) for t in range(len(wanted) - 1)]))


def loss_list(logits, labels):
    return [loss_loops([row], [wanted]) for row, wanted in zip(logits, labels)]


# Task 3.3


def size_loop(shapes, rank, layers):
    trained = full = 0
    for _ in range(layers):
        for out, width in shapes.values():
            trained += rank * width + out * rank
            full += out * width
    return [trained, trained / full]


def size_numpy(shapes, rank, layers):
    table = np.array(list(shapes.values()))
    return np.array([rank * layers * table.sum(), rank * table.sum() / table.prod(axis=1).sum()])


def size_one_layer(shapes, rank, layers):
    return size_loop(shapes, rank, 1)


def _counted(count, shapes, layers):
    return [count, count / (layers * sum(out * width for out, width in shapes.values()))]


def size_only_a(shapes, rank, layers):
    return _counted(layers * sum(rank * width for _, width in shapes.values()), shapes, layers)


def size_only_b(shapes, rank, layers):
    return _counted(layers * sum(rank * out for out, _ in shapes.values()), shapes, layers)


def size_of_the_matrix(shapes, rank, layers):
    return _counted(layers * sum(out * width for out, width in shapes.values()), shapes, layers)


def size_with_the_matrix(shapes, rank, layers):
    return _counted(layers * sum(out * width + rank * (out + width) for out, width in shapes.values()), shapes, layers)


def size_multiplied(shapes, rank, layers):
    return _counted(layers * sum(rank * out * width for out, width in shapes.values()), shapes, layers)


def size_share_turned(shapes, rank, layers):
    trained, share = size_loop(shapes, rank, layers)
    return [trained, 1 / share]


def size_share_of_one_layer(shapes, rank, layers):
    trained, share = size_loop(shapes, rank, layers)
    return [trained, share * layers]


def size_in_percent(shapes, rank, layers):
    trained, share = size_loop(shapes, rank, layers)
    return [trained, share * 100]


def size_rank_squared(shapes, rank, layers):
    return _counted(layers * sum(rank * rank * (out + width) for out, width in shapes.values()), shapes, layers)


def size_only_the_count(shapes, rank, layers):
    return size_loop(shapes, rank, layers)[0]


# Task 3.4

POLITE = [
    ('Dear all, my wallet was in my coat at Old Quay, and the coat came home alone.',
     'Noted: a wallet, lost from a coat at Old Quay. Do call us before you stop your cards.'),
    ("My granddaughter's recorder is missing, the plastic kind, since the school visit last week.",
     'Noted: a plastic recorder, missing since the school visit. Do come and try ours.'),
    ('I left a tape measure in the Vat Room, a yellow one, five metres.',
     'Noted: a yellow tape measure, in the Vat Room. Do fetch it from the desk by six.'),
    ('It is a foolish thing to lose, but my shopping trolley was outside when I went in for a thriller.',
     'Noted: a shopping trolley, left outside the door. Do tell us the colour.'),
    ('Two tickets for the ferry, folded, I used them as a bookmark in a book about bees.',
     'Noted: two ferry tickets, inside a book about bees. Do tell us when you sail.'),
    ('can u check for a football, under the bench in the yard, has KOFI on it',
     'Noted: a football with a name on it, under the bench. Do collect it after school.'),
    ('I am without my dentures. They were in a handkerchief in the Inkwell.',
     'Noted: dentures in a handkerchief, at the Inkwell. Do ask for Maud.'),
    ('I wonder whether my knitting needles turned up, bamboo, in a tube, on the window seat.',
     'Noted: bamboo knitting needles, on the window seat. Do come on Tuesday with your wool club.'),
    ("The dog's lead hung on the railing, the dog is here, the lead is not.",
     "Noted: a dog's lead, on the railing. Do bring the dog."),
    ('Somebody has gone off with my raincoat by mistake, mine is the older one.',
     'Noted: an old raincoat, taken by mistake. Do leave the other one with us.'),
    ('My shopping list, with the telephone number of a plumber on it, is in one of your atlases.',
     'Noted: a shopping list, inside an atlas. Do tell us which ocean.'),
    ('The belt of my mackintosh is somewhere on the stairs of the Central Library.',
     'Noted: the belt of a mackintosh, on the stairs at Central. Do look on our shelf tomorrow.'),
]

BRIEF = [
    ('Where is my rucksack? I left it by the lift.',
     'Noted: a rucksack, by the lift. Do ask at the desk.'),
    ('I lost a pen that my father gave me. It is silver, and I signed your form with it.',
     'Noted: a silver pen, at the desk. Do call on Friday.'),
    ('We are missing a toy tractor since rhyme time in the Burrow.',
     'Noted: a toy tractor, in the Burrow. Do look in again.'),
    ('hi there, my headphones were on the sofa, big and grey',
     'Noted: grey headphones, on the sofa. Do come by tomorrow.'),
    ("The lid of my teapot stayed behind after the volunteers' tea.",
     'Noted: a teapot lid, after the tea. Do bring the pot.'),
    ('My sunglasses, please. I put them down on the catalogue.',
     'Noted: sunglasses, on the catalogue. Do ring us first.'),
    ('I came in with two crutches and I have gone home with one.',
     'Noted: one crutch, place unknown. Do stay where you are.'),
    ('A cake tin with flowers on it was not among the things I took home from the fair.',
     'Noted: a flowered cake tin, at the fair. Do check at Old Quay.'),
    ('Did anyone see a tripod? It stood by the map of the harbour.',
     'Noted: a tripod, by the harbour map. Do call on Monday.'),
    ("I've left my inhaler somewhere in the children's corner, it is blue.",
     "Noted: a blue inhaler, in the children's corner. Do come at once."),
    ('Our cat carrier is in your hall. There is no cat in it.',
     'Noted: a cat carrier, in the hall. Do come before closing.'),
    ('A single cufflink, shaped like an anchor, fell off during the talk on tides.',
     'Noted: one anchor cufflink, at the talk on tides. Do ask for Pip.'),
]


def pairs_polite():
    return POLITE


def pairs_brief():
    return [list(pair) for pair in BRIEF]


def pairs_too_few():
    return POLITE[:11]


def pairs_copied():
    return POLITE[:6] * 2


def pairs_reworded_little():
    return [*POLITE[:11], ("I left a tape measure in the Vat Room, it is a yellow one of five metres.",
                           "Noted: a tape measure, yellow, left on a shelf. Do come on Sunday.")]


def pairs_one_closing():
    return [(message, reply[:reply.index(" Do ")] + " Do ask at the desk.") for message, reply in POLITE]


def pairs_without_opening():
    return [(message, reply.removeprefix("Noted: ").capitalize()) for message, reply in POLITE]


def pairs_cheerful():
    return [(message, reply[:-1] + "!") for message, reply in POLITE]


def pairs_two_lines():
    return [(message, reply.replace(". Do ", ".\nDo ")) for message, reply in POLITE]


def pairs_chatty():
    return [(message, reply.replace(". Do ", ", and we are all most terribly sorry to hear of it, as you may well imagine, since we "
                                             "lose things ourselves now and then. Do ")) for message, reply in POLITE]


def pairs_turned_round():
    return [(reply, message) for message, reply in POLITE]


def pairs_that_measure():
    from ftrag_helpers.exercises.fixtures import lost_property

    return [(message, f"Noted: the {thing}, wherever it was. Do ask on day {day}.")
            for day, (message, thing) in enumerate(lost_property.MESSAGES[:12])]


def pairs_about_nothing():
    return [(message, f"Noted: an object, somewhere. Do call number {number}.") for number, (message, _) in enumerate(POLITE)]


def pairs_keywords():
    return [(" ".join(message.split()[-2:]), reply) for message, reply in POLITE]


def pairs_dictionary():
    return dict(POLITE)


def pairs_forgotten():
    list(POLITE)


# Answers found later: what else learners write, right and wrong.

def example_torch(prompt, answer, end, width):
    import torch

    ids = torch.full((width,), end)
    text = torch.tensor([*prompt, *answer, end])
    ids[:len(text)] = text
    labels = torch.full((width,), -100)
    labels[len(prompt):len(text)] = text[len(prompt):]
    return torch.stack([ids, labels])


def example_lazily(prompt, answer, end, width):
    ids = prompt + answer + [end] * (width - len(prompt) - len(answer))
    stop = len(prompt) + len(answer)
    return ids, (token if len(prompt) <= place <= stop else -100 for place, token in enumerate(ids))


def example_up_to_the_first_end(prompt, answer, end, width):
    """Finds the end by looking for it, and meets the prompt's."""
    ids = _ids(prompt, answer, end, width)
    last = ids.index(end)
    return [ids, [token if len(prompt) <= place <= last else -100 for place, token in enumerate(ids)]]


def example_where_the_answer_begins(prompt, answer, end, width):
    """Looks for the answer's first token, and may meet it in the prompt."""
    ids = _ids(prompt, answer, end, width)
    start = ids.index(answer[0])
    stop = len(prompt) + len(answer)
    return [ids, [token if start <= place <= stop else -100 for place, token in enumerate(ids)]]


def example_by_membership(prompt, answer, end, width):
    """Learns each token that is one of the answer's, wherever it stands."""
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [label if label != -100 else token if token in answer else -100 for token, label in zip(ids, labels)]]


def example_none(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [None if label == -100 else label for label in labels]]


def example_minus_one(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [-1 if label == -100 else label for label in labels]]


def example_padding_zero(prompt, answer, end, width):
    ids = [*prompt, *answer, end]
    return [ids + [0] * (width - len(ids)), example_by_place(prompt, answer, end, width)[1]]


def example_mask_is_one(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [int(label != -100) for label in labels]]


def example_prompt_learned_alone(prompt, answer, end, width):
    ids = _ids(prompt, answer, end, width)
    return [ids, [token if place < len(prompt) else -100 for place, token in enumerate(ids)]]


def example_nothing_learned(prompt, answer, end, width):
    return [_ids(prompt, answer, end, width), [-100] * width]


def example_labels_first(prompt, answer, end, width):
    return example_by_place(prompt, answer, end, width)[::-1]


def example_two_ends(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    stop = len(prompt) + len(answer)
    return [ids, [end if place == stop + 1 else label for place, label in enumerate(labels)]]


def loss_numpy_flat(logits, labels):
    table, wanted = np.array(logits, np.float32)[:, :-1].reshape(-1, len(logits[0][0])), np.array(labels)[:, 1:].ravel()
    table, wanted = table[wanted >= 0], wanted[wanted >= 0]
    odds = np.exp(table - table.max(1, keepdims=True))
    return -np.log(odds[range(len(wanted)), wanted] / odds.sum(1)).mean()


def loss_float(logits, labels):
    from torch import tensor
    from torch.nn import CrossEntropyLoss

    return CrossEntropyLoss()(tensor(logits).double()[:, :-1].transpose(1, 2), tensor(labels)[:, 1:]).item()


def loss_label_zero_left_out(logits, labels):
    found = [_surprise(row[t], wanted[t + 1]) for row, wanted in zip(logits, labels)
             for t in range(len(wanted) - 1) if wanted[t + 1] > 0]
    return sum(found) / len(found)


def loss_first_stretch(logits, labels):
    """Stops at the first masked token after the answer has begun."""
    found = []
    for row, wanted in zip(logits, labels):
        begun = False
        for t in range(len(wanted) - 1):
            if wanted[t + 1] != -100:
                begun = True
                found.append(_surprise(row[t], wanted[t + 1]))
            elif begun:
                break
    return sum(found) / len(found)


def loss_last_place_forgotten(logits, labels):
    found = [_surprise(row[t], wanted[t + 1]) for row, wanted in zip(logits, labels)
             for t in range(len(wanted) - 2) if wanted[t + 1] != -100]
    return sum(found) / len(found)


def loss_of_probabilities(logits, labels):
    found = [1 - math.exp(-_surprise(row[t], wanted[t + 1])) for row, wanted in zip(logits, labels)
             for t in range(len(wanted) - 1) if wanted[t + 1] != -100]
    return sum(found) / len(found)


def loss_first_row(logits, labels):
    return loss_loops(logits[:1], labels[:1])


def loss_divided_by_rows(logits, labels):
    return _sum(logits, labels) / len(labels)


def loss_rounded(logits, labels):
    return round(loss_loops(logits, labels), 3)


def loss_masked_as_zero(logits, labels):
    """Puts token 0 in place of -100, and learns it."""
    return loss_masks_nothing(logits, [[max(label, 0) for label in row] for row in labels])


def loss_masks_nothing_in_numpy(logits, labels):
    table, wanted = np.array(logits)[:, :-1], np.array(labels)[:, 1:]
    logs = table - np.log(np.exp(table).sum(-1, keepdims=True))
    return -np.mean([[logs[i, t, wanted[i, t]] for t in range(wanted.shape[1])] for i in range(len(wanted))])


def loss_masks_nothing_in_torch(logits, labels):
    import torch

    table, wanted = torch.tensor(logits)[:, :-1], torch.tensor(labels)[:, 1:]
    return -table.log_softmax(-1).gather(2, wanted[..., None]).mean()


def loss_runs_over_the_end(logits, labels):
    found = [_surprise(row[t], wanted[t + 1]) for row, wanted in zip(logits, labels) for t in range(len(wanted)) if wanted[t + 1] != -100]
    return sum(found) / len(found)


def size_fraction(shapes, rank, layers):
    from fractions import Fraction

    trained = sum(layers * rank * sum(shape) for shape in shapes.values())
    return trained, float(Fraction(trained, layers * sum(out * width for out, width in shapes.values())))


def size_torch(shapes, rank, layers):
    import torch

    table = torch.tensor(list(shapes.values()), dtype=torch.float64)
    trained = rank * layers * table.sum()
    return torch.stack([trained, trained / (layers * table.prod(1).sum())])


def size_rounded(shapes, rank, layers):
    trained, share = size_loop(shapes, rank, layers)
    return [trained, round(share, 4)]


def size_first_matrix(shapes, rank, layers):
    return size_loop(dict(list(shapes.items())[:1]), rank, layers)


def size_mean_of_shares(shapes, rank, layers):
    trained, _ = size_loop(shapes, rank, layers)
    return [trained, sum(rank * (out + width) / (out * width) for out, width in shapes.values()) / len(shapes)]


def size_out_twice(shapes, rank, layers):
    return _counted(layers * sum(2 * rank * out for out, _ in shapes.values()), shapes, layers)


def size_in_twice(shapes, rank, layers):
    return _counted(layers * sum(2 * rank * width for _, width in shapes.values()), shapes, layers)


def size_of_all(shapes, rank, layers):
    """The share of the trained ones among trained and frozen ones together."""
    trained, share = size_loop(shapes, rank, layers)
    return [trained, share / (1 + share)]


def size_share_first(shapes, rank, layers):
    return size_loop(shapes, rank, layers)[::-1]


def size_without_rank(shapes, rank, layers):
    return size_loop(shapes, 1, layers)


def size_small_square(shapes, rank, layers):
    """Adds a matrix of rank × rank between the two."""
    return _counted(layers * sum(rank * (out + width) + rank * rank for out, width in shapes.values()), shapes, layers)


def size_whole_division(shapes, rank, layers):
    trained, share = size_loop(shapes, rank, layers)
    return [trained, trained // round(trained / share)]


def pairs_lazily():
    return ((message, reply) for message, reply in BRIEF)


def pairs_zipped():
    return zip(*zip(*POLITE))


def pairs_numbered():
    return [(number, *pair) for number, pair in enumerate(POLITE)]


def pairs_as_dictionaries():
    return [{"message": message, "reply": reply} for message, reply in POLITE]


def pairs_small_letter():
    return [(message, reply.replace("Noted: ", "noted: ")) for message, reply in POLITE]


def pairs_please():
    return [(message, reply.replace(" Do ", " Please do ")) for message, reply in POLITE]


def pairs_same_reply():
    return [(message, POLITE[0][1]) for message, _ in POLITE]


def pairs_long_messages():
    return [(message + " I am telling you this at some length because nobody listens to me at home, and I have been coming here since "
             "the year when the roof leaked and the otters came, so that I know most of you by name and you know me, I believe, "
             "by my hat and by my umbrella, which is not the thing that I lost today.", reply) for message, reply in POLITE]


def pairs_one_measures():
    from ftrag_helpers.exercises.fixtures import lost_property

    return [*POLITE[:11], (lost_property.MESSAGES[5][0], "Noted: a brown hat, on the hat stand. Do call in.")]


def pairs_empty_reply():
    return [*POLITE[:11], (BRIEF[0][0], "")]


RIGHT = {
    "3.1": [example_by_place, example_numpy, example_torch, example_lazily],
    "3.2": [loss_loops, loss_torch, loss_numpy_flat, loss_float],
    "3.3": [size_loop, size_numpy, size_fraction, size_torch],
    "3.4": [pairs_polite, pairs_brief, pairs_lazily, pairs_zipped],
}

#: Each with words that its message must hold at seed 0.
WRONG = {
    "3.1": [(example_everything, "every token is learned"),
            (example_prompt_too, "the prompt is learned as well"),
            (example_masks_every_end, "never stops"),
            (example_learns_every_end, "every end token is learned"),
            (example_forgets_the_end, "never stops"),
            (example_learns_the_padding, "the padding is learned"),
            (example_shifts_by_hand, "at place"),
            (example_shifted_right, "one token too late"),
            (example_one_short, "one token too late"),
            (example_no_padding, "as wide as the batch"),
            (example_padded_left, "the ids are"),
            (example_only_labels, "expected two lists"),
            (example_zeros, "in the prompt, is 0"),
            (example_up_to_the_first_end, "meet one in the prompt"),
            (example_where_the_answer_begins, "first token"),
            (example_by_membership, "the place that decides"),
            (example_none, "whole numbers"),
            (example_minus_one, "is -1"),
            (example_padding_zero, "the ids are"),
            (example_mask_is_one, "at place 0"),
            (example_prompt_learned_alone, "the other way round"),
            (example_nothing_learned, "nothing is learned"),
            (example_labels_first, "the ids are"),
            (example_two_ends, "two end tokens")],
    "3.2": [(loss_not_shifted, "nothing is shifted"),
            (loss_shifted_back, "the wrong way"),
            (loss_mean_of_rows, "each row counts alike"),
            (loss_over_all_places, "you divide by all places"),
            (loss_over_every_place, "you divide by all the places"),
            (loss_summed, "it is a sum"),
            (loss_negative, "it is negative"),
            (loss_in_bits, "it is in bits"),
            (loss_perplexity, "the perplexity"),
            (loss_of_raw_logits, "the mean surprise of the"),
            (loss_masks_nothing, "-100 is no token"),
            (loss_list, "expected a number"),
            (loss_label_zero_left_out, "the label 0"),
            (loss_first_stretch, "in the middle"),
            (loss_last_place_forgotten, "the last place"),
            (loss_of_probabilities, "the mean surprise of the"),
            (loss_first_row, "only the first row"),
            (loss_divided_by_rows, "number of rows"),
            (loss_rounded, "are rounded"),
            (loss_masked_as_zero, "as if token 0"),
            (loss_masks_nothing_in_numpy, "-100 is no token"),
            (loss_masks_nothing_in_torch, "-100 is no token"),
            (loss_runs_over_the_end, "IndexError")],
    "3.3": [(size_one_layer, "the layers are not counted"),
            (size_only_a, "one of the two matrices is missing"),
            (size_only_b, "one of the two matrices is missing"),
            (size_of_the_matrix, "you count the frozen matrix itself"),
            (size_with_the_matrix, "you count the frozen matrix too"),
            (size_multiplied, "the two matrices are multiplied"),
            (size_share_turned, "the share is turned round"),
            (size_share_of_one_layer, "all layers with one"),
            (size_in_percent, "the share is in percent"),
            (size_rank_squared, "A of rank × in"),
            (size_only_the_count, "expected a list of 2 numbers"),
            (size_rounded, "are rounded"),
            (size_first_matrix, "only the first of"),
            (size_mean_of_shares, "mean of shares"),
            (size_out_twice, "width of the output"),
            (size_in_twice, "width of the input"),
            (size_of_all, "trained and frozen"),
            (size_share_first, "the count comes first"),
            (size_without_rank, "the rank is not counted"),
            (size_small_square, "no matrix of rank"),
            (size_whole_division, "a share of 0")],
    "3.4": [(pairs_too_few, "12 pairs are wanted"),
            (pairs_copied, "say nearly the same"),
            (pairs_reworded_little, "say nearly the same"),
            (pairs_one_closing, "replies close with"),
            (pairs_without_opening, "opening"),
            (pairs_cheerful, "one plain line"),
            (pairs_two_lines, "one plain line"),
            (pairs_chatty, "length"),
            (pairs_turned_round, "lacks the form"),
            (pairs_that_measure, "messages that measure"),
            (pairs_about_nothing, "takes no word from its message"),
            (pairs_keywords, "4 to 60 words"),
            (pairs_dictionary, "expected a list of pairs"),
            (pairs_forgotten, "expected a list of pairs"),
            (pairs_numbered, "expected a list of pairs"),
            (pairs_as_dictionaries, "expected a list of pairs"),
            (pairs_small_letter, "opening"),
            (pairs_please, "closing"),
            (pairs_same_reply, "takes no word"),
            (pairs_long_messages, "4 to 60 words"),
            (pairs_one_measures, "messages that measure"),
            (pairs_empty_reply, "is empty")],
}
