"""Answers to exercise 3 as learners write them."""

import math

import numpy as np

from answers import tables

RIGHT, WRONG, right, wrong = tables()

# Task 3.1

@right("3.1")
def example_by_place(prompt, answer, end, width):
    ids, labels = [end] * width, [-100] * width
    for place, token in enumerate([*prompt, *answer]):
        ids[place] = token
        if place >= len(prompt):
            labels[place] = token
    labels[len(prompt) + len(answer)] = end
    return ids, labels

@right("3.1")
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

@wrong("3.1", "every token is learned")
def example_everything(prompt, answer, end, width):
    ids = _ids(prompt, answer, end, width)
    return [ids, ids]

@wrong("3.1", "the prompt is learned as well")
def example_prompt_too(prompt, answer, end, width):
    return [_ids(prompt, answer, end, width), _padded([*prompt, *answer, end], width)]

@wrong("3.1", "never stops")
def example_masks_every_end(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [-100 if token == end else label for token, label in zip(ids, labels)]]

@wrong("3.1", "every end token is learned")
def example_learns_every_end(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [token if token == end else label for token, label in zip(ids, labels)]]

@wrong("3.1", "never stops")
def example_forgets_the_end(prompt, answer, end, width):
    return [_ids(prompt, answer, end, width), _padded([-100] * len(prompt) + answer, width)]

@wrong("3.1", "the padding is learned")
def example_learns_the_padding(prompt, answer, end, width):
    ids = _ids(prompt, answer, end, width)
    return [ids, [-100] * len(prompt) + ids[len(prompt):]]

@wrong("3.1", "at place")
def example_shifts_by_hand(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [*labels[1:], -100]]

@wrong("3.1", "one token too late")
def example_shifted_right(prompt, answer, end, width):
    ids = _ids(prompt, answer, end, width) + [end]
    labels = [-100] * (len(prompt) + 1) + ids[len(prompt) + 1:len(prompt) + len(answer) + 2]
    return [ids[:width], _padded(labels, width)[:width]]

@wrong("3.1", "one token too late")
def example_one_short(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    labels[len(prompt)] = -100
    return [ids, labels]

@wrong("3.1", "as wide as the batch")
def example_no_padding(prompt, answer, end, width):
    return [[*prompt, *answer, end], [-100] * len(prompt) + [*answer, end]]

@wrong("3.1", "the ids are")
def example_padded_left(prompt, answer, end, width):
    ids = [*prompt, *answer, end]
    missing = width - len(ids)
    return [[end] * missing + ids, [-100] * (missing + len(prompt)) + [*answer, end]]

@wrong("3.1", "expected two lists")
def example_only_labels(prompt, answer, end, width):
    return example_by_place(prompt, answer, end, width)[1]

@wrong("3.1", "in the prompt, is 0")
def example_zeros(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [0 if label == -100 else label for label in labels]]

# Task 3.2

@right("3.2")
def loss_loops(logits, labels):
    total, count = 0.0, 0
    for row, wanted in zip(logits, labels):
        for place in range(len(wanted) - 1):
            label = wanted[place + 1]
            if label != -100:
                total += math.log(sum(math.exp(value) for value in row[place])) - row[place][label]
                count += 1
    return total / count

@right("3.2")
def loss_torch(logits, labels):
    import torch

    guesses, wanted = torch.tensor(logits)[:, :-1], torch.tensor(labels)[:, 1:]
    return torch.nn.functional.cross_entropy(guesses.reshape(-1, guesses.shape[-1]), wanted.reshape(-1))

def _surprise(row, label):
    return math.log(sum(map(math.exp, row))) - row[label]

@wrong("3.2", "nothing is shifted")
def loss_not_shifted(logits, labels):
    found = [_surprise(row[t], wanted[t]) for row, wanted in zip(logits, labels) for t in range(len(wanted)) if wanted[t] != -100]
    return sum(found) / len(found)

@wrong("3.2", "the wrong way")
def loss_shifted_back(logits, labels):
    found = [_surprise(row[t + 1], wanted[t]) for row, wanted in zip(logits, labels)
             for t in range(len(wanted) - 1) if wanted[t] != -100]
    return sum(found) / len(found)

@wrong("3.2", "each row counts alike")
def loss_mean_of_rows(logits, labels):
    return sum(loss_loops([row], [wanted]) for row, wanted in zip(logits, labels)) / len(labels)

def _sum(logits, labels):
    return loss_loops(logits, labels) * sum(label != -100 for row in labels for label in row)

@wrong("3.2", "you divide by all places")
def loss_over_all_places(logits, labels):
    return _sum(logits, labels) / sum(len(row) - 1 for row in labels)

@wrong("3.2", "you divide by all the places")
def loss_over_every_place(logits, labels):
    return _sum(logits, labels) / np.size(labels)

@wrong("3.2", "it is a sum")
def loss_summed(logits, labels):
    return _sum(logits, labels)

@wrong("3.2", "it is negative")
def loss_negative(logits, labels):
    return -loss_loops(logits, labels)

@wrong("3.2", "it is in bits")
def loss_in_bits(logits, labels):
    return loss_loops(logits, labels) / math.log(2)

@wrong("3.2", "the perplexity")
def loss_perplexity(logits, labels):
    return math.exp(loss_loops(logits, labels))

@wrong("3.2", "the mean surprise of the")
def loss_of_raw_logits(logits, labels):
    found = [-row[t][wanted[t + 1]] for row, wanted in zip(logits, labels) for t in range(len(wanted) - 1) if wanted[t + 1] != -100]
    return sum(found) / len(found)

@wrong("3.2", "-100 is no token")
def loss_masks_nothing(logits, labels):
    return float(np.mean([_surprise(row[t], wanted[t + 1]) for row, wanted in zip(logits, labels) for t in range(len(wanted) - 1)]))

@wrong("3.2", "after the last one")
def loss_beyond_the_end(logits, labels):
    found = [_surprise(row[t], wanted[t + 1]) for row, wanted in zip(logits, labels) for t in range(len(wanted)) if wanted[t + 1] != -100]
    return sum(found) / len(found)

@wrong("3.2", "It also stops at a label of -100")
def loss_masks_nothing_beyond_the_end(logits, labels):
    return float(np.mean([_surprise(row[t], wanted[t + 1]) for row, wanted in zip(logits, labels) for t in range(len(wanted))]))

@wrong("3.2", "expected a number")
def loss_list(logits, labels):
    return [loss_loops([row], [wanted]) for row, wanted in zip(logits, labels)]

# Task 3.3

@right("3.3")
def size_loop(shapes, rank, layers):
    trained = full = 0
    for _ in range(layers):
        for out, width in shapes.values():
            trained += rank * width + out * rank
            full += out * width
    return [trained, trained / full]

@right("3.3")
def size_numpy(shapes, rank, layers):
    table = np.array(list(shapes.values()))
    return np.array([rank * layers * table.sum(), rank * table.sum() / table.prod(axis=1).sum()])

@wrong("3.3", "the layers are not counted")
def size_one_layer(shapes, rank, layers):
    return size_loop(shapes, rank, 1)

def _counted(count, shapes, layers):
    return [count, count / (layers * sum(out * width for out, width in shapes.values()))]

@wrong("3.3", "one of the two matrices is missing")
def size_only_a(shapes, rank, layers):
    return _counted(layers * sum(rank * width for _, width in shapes.values()), shapes, layers)

@wrong("3.3", "one of the two matrices is missing")
def size_only_b(shapes, rank, layers):
    return _counted(layers * sum(rank * out for out, _ in shapes.values()), shapes, layers)

@wrong("3.3", "you count the frozen matrix itself")
def size_of_the_matrix(shapes, rank, layers):
    return _counted(layers * sum(out * width for out, width in shapes.values()), shapes, layers)

@wrong("3.3", "you count the frozen matrix too")
def size_with_the_matrix(shapes, rank, layers):
    return _counted(layers * sum(out * width + rank * (out + width) for out, width in shapes.values()), shapes, layers)

@wrong("3.3", "the two matrices are multiplied")
def size_multiplied(shapes, rank, layers):
    return _counted(layers * sum(rank * out * width for out, width in shapes.values()), shapes, layers)

@wrong("3.3", "the share is turned round")
def size_share_turned(shapes, rank, layers):
    trained, share = size_loop(shapes, rank, layers)
    return [trained, 1 / share]

@wrong("3.3", "all layers with one")
def size_share_of_one_layer(shapes, rank, layers):
    trained, share = size_loop(shapes, rank, layers)
    return [trained, share * layers]

@wrong("3.3", "the share is in percent")
def size_in_percent(shapes, rank, layers):
    trained, share = size_loop(shapes, rank, layers)
    return [trained, share * 100]

@wrong("3.3", "A of rank × in")
def size_rank_squared(shapes, rank, layers):
    return _counted(layers * sum(rank * rank * (out + width) for out, width in shapes.values()), shapes, layers)

@wrong("3.3", "expected a list of 2 numbers")
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

@right("3.4")
def pairs_polite():
    return POLITE

@right("3.4")
def pairs_brief():
    return [list(pair) for pair in BRIEF]

@wrong("3.4", "12 pairs are wanted")
def pairs_too_few():
    return POLITE[:11]

@wrong("3.4", "say nearly the same")
def pairs_copied():
    return POLITE[:6] * 2

@wrong("3.4", "say nearly the same")
def pairs_reworded_little():
    return [*POLITE[:11], ("I left a tape measure in the Vat Room, it is a yellow one of five metres.",
                           "Noted: a tape measure, yellow, left on a shelf. Do come on Sunday.")]

@wrong("3.4", "replies close with")
def pairs_one_closing():
    return [(message, reply[:reply.index(" Do ")] + " Do ask at the desk.") for message, reply in POLITE]

@wrong("3.4", "opening")
def pairs_without_opening():
    return [(message, reply.removeprefix("Noted: ").capitalize()) for message, reply in POLITE]

@wrong("3.4", "one plain line")
def pairs_cheerful():
    return [(message, reply[:-1] + "!") for message, reply in POLITE]

@wrong("3.4", "one plain line")
def pairs_two_lines():
    return [(message, reply.replace(". Do ", ".\nDo ")) for message, reply in POLITE]

@wrong("3.4", "length")
def pairs_chatty():
    return [(message, reply.replace(". Do ", ", and we are all most terribly sorry to hear of it, as you may well imagine, since we "
                                             "lose things ourselves now and then. Do ")) for message, reply in POLITE]

@wrong("3.4", "lacks the form")
def pairs_turned_round():
    return [(reply, message) for message, reply in POLITE]

@wrong("3.4", "messages that measure")
def pairs_that_measure():
    from ftrag_helpers.exercises.fixtures import lost_property

    return [(message, f"Noted: the {thing}, wherever it was. Do ask on day {day}.")
            for day, (message, thing) in enumerate(lost_property.MESSAGES[:12])]

@wrong("3.4", "takes no word from its message")
def pairs_about_nothing():
    return [(message, f"Noted: an object, somewhere. Do call number {number}.") for number, (message, _) in enumerate(POLITE)]

@wrong("3.4", "4 to 60 words")
def pairs_keywords():
    return [(" ".join(message.split()[-2:]), reply) for message, reply in POLITE]

@wrong("3.4", "expected a list of pairs")
def pairs_dictionary():
    return dict(POLITE)

@wrong("3.4", "expected a list of pairs")
def pairs_forgotten():
    list(POLITE)

# Answers found later: what else learners write, right and wrong.

@right("3.1")
def example_torch(prompt, answer, end, width):
    import torch

    ids = torch.full((width,), end)
    text = torch.tensor([*prompt, *answer, end])
    ids[:len(text)] = text
    labels = torch.full((width,), -100)
    labels[len(prompt):len(text)] = text[len(prompt):]
    return torch.stack([ids, labels])

@right("3.1")
def example_lazily(prompt, answer, end, width):
    ids = prompt + answer + [end] * (width - len(prompt) - len(answer))
    stop = len(prompt) + len(answer)
    return ids, (token if len(prompt) <= place <= stop else -100 for place, token in enumerate(ids))

@wrong("3.1", "meet one in the prompt")
def example_up_to_the_first_end(prompt, answer, end, width):
    """Finds the end by looking for it, and meets the prompt's."""
    ids = _ids(prompt, answer, end, width)
    last = ids.index(end)
    return [ids, [token if len(prompt) <= place <= last else -100 for place, token in enumerate(ids)]]

@wrong("3.1", "first token")
def example_where_the_answer_begins(prompt, answer, end, width):
    """Looks for the answer's first token, and may meet it in the prompt."""
    ids = _ids(prompt, answer, end, width)
    start = ids.index(answer[0])
    stop = len(prompt) + len(answer)
    return [ids, [token if start <= place <= stop else -100 for place, token in enumerate(ids)]]

@wrong("3.1", "the place that decides")
def example_by_membership(prompt, answer, end, width):
    """Learns each token that is one of the answer's, wherever it stands."""
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [label if label != -100 else token if token in answer else -100 for token, label in zip(ids, labels)]]

@wrong("3.1", "whole numbers")
def example_none(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [None if label == -100 else label for label in labels]]

@wrong("3.1", "is -1")
def example_minus_one(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [-1 if label == -100 else label for label in labels]]

@wrong("3.1", "the ids are")
def example_padding_zero(prompt, answer, end, width):
    ids = [*prompt, *answer, end]
    return [ids + [0] * (width - len(ids)), example_by_place(prompt, answer, end, width)[1]]

@wrong("3.1", "at place 0")
def example_mask_is_one(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    return [ids, [int(label != -100) for label in labels]]

@wrong("3.1", "the other way round")
def example_prompt_learned_alone(prompt, answer, end, width):
    ids = _ids(prompt, answer, end, width)
    return [ids, [token if place < len(prompt) else -100 for place, token in enumerate(ids)]]

@wrong("3.1", "nothing is learned")
def example_nothing_learned(prompt, answer, end, width):
    return [_ids(prompt, answer, end, width), [-100] * width]

@wrong("3.1", "the ids are")
def example_labels_first(prompt, answer, end, width):
    return example_by_place(prompt, answer, end, width)[::-1]

@wrong("3.1", "two end tokens")
def example_two_ends(prompt, answer, end, width):
    ids, labels = example_by_place(prompt, answer, end, width)
    stop = len(prompt) + len(answer)
    return [ids, [end if place == stop + 1 else label for place, label in enumerate(labels)]]

@right("3.2")
def loss_numpy_flat(logits, labels):
    table, wanted = np.array(logits, np.float32)[:, :-1].reshape(-1, len(logits[0][0])), np.array(labels)[:, 1:].ravel()
    table, wanted = table[wanted >= 0], wanted[wanted >= 0]
    odds = np.exp(table - table.max(1, keepdims=True))
    return -np.log(odds[range(len(wanted)), wanted] / odds.sum(1)).mean()

@right("3.2")
def loss_float(logits, labels):
    from torch import tensor
    from torch.nn import CrossEntropyLoss

    return CrossEntropyLoss()(tensor(logits).double()[:, :-1].transpose(1, 2), tensor(labels)[:, 1:]).item()

@wrong("3.2", "the label 0")
def loss_label_zero_left_out(logits, labels):
    found = [_surprise(row[t], wanted[t + 1]) for row, wanted in zip(logits, labels)
             for t in range(len(wanted) - 1) if wanted[t + 1] > 0]
    return sum(found) / len(found)

@wrong("3.2", "in the middle")
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

@wrong("3.2", "the last place")
def loss_last_place_forgotten(logits, labels):
    found = [_surprise(row[t], wanted[t + 1]) for row, wanted in zip(logits, labels)
             for t in range(len(wanted) - 2) if wanted[t + 1] != -100]
    return sum(found) / len(found)

@wrong("3.2", "the mean surprise of the")
def loss_of_probabilities(logits, labels):
    found = [1 - math.exp(-_surprise(row[t], wanted[t + 1])) for row, wanted in zip(logits, labels)
             for t in range(len(wanted) - 1) if wanted[t + 1] != -100]
    return sum(found) / len(found)

@wrong("3.2", "only the first row")
def loss_first_row(logits, labels):
    return loss_loops(logits[:1], labels[:1])

@wrong("3.2", "number of rows")
def loss_divided_by_rows(logits, labels):
    return _sum(logits, labels) / len(labels)

@wrong("3.2", "are rounded")
def loss_rounded(logits, labels):
    return round(loss_loops(logits, labels), 3)

@wrong("3.2", "as if token 0")
def loss_masked_as_zero(logits, labels):
    """Puts token 0 in place of -100, and learns it."""
    return loss_masks_nothing(logits, [[max(label, 0) for label in row] for row in labels])

@wrong("3.2", "-100 is no token")
def loss_masks_nothing_in_numpy(logits, labels):
    table, wanted = np.array(logits)[:, :-1], np.array(labels)[:, 1:]
    logs = table - np.log(np.exp(table).sum(-1, keepdims=True))
    return -np.mean([[logs[i, t, wanted[i, t]] for t in range(wanted.shape[1])] for i in range(len(wanted))])

@wrong("3.2", "-100 is no token")
def loss_masks_nothing_in_torch(logits, labels):
    import torch

    table, wanted = torch.tensor(logits)[:, :-1], torch.tensor(labels)[:, 1:]
    return -table.log_softmax(-1).gather(2, wanted[..., None]).mean()

@right("3.3")
def size_fraction(shapes, rank, layers):
    from fractions import Fraction

    trained = sum(layers * rank * sum(shape) for shape in shapes.values())
    return trained, float(Fraction(trained, layers * sum(out * width for out, width in shapes.values())))

@right("3.3")
def size_torch(shapes, rank, layers):
    import torch

    table = torch.tensor(list(shapes.values()), dtype=torch.float64)
    trained = rank * layers * table.sum()
    return torch.stack([trained, trained / (layers * table.prod(1).sum())])

@wrong("3.3", "are rounded")
def size_rounded(shapes, rank, layers):
    trained, share = size_loop(shapes, rank, layers)
    return [trained, round(share, 4)]

@wrong("3.3", "only the first of")
def size_first_matrix(shapes, rank, layers):
    return size_loop(dict(list(shapes.items())[:1]), rank, layers)

@wrong("3.3", "mean of shares")
def size_mean_of_shares(shapes, rank, layers):
    trained, _ = size_loop(shapes, rank, layers)
    return [trained, sum(rank * (out + width) / (out * width) for out, width in shapes.values()) / len(shapes)]

@wrong("3.3", "width of the output")
def size_out_twice(shapes, rank, layers):
    return _counted(layers * sum(2 * rank * out for out, _ in shapes.values()), shapes, layers)

@wrong("3.3", "width of the input")
def size_in_twice(shapes, rank, layers):
    return _counted(layers * sum(2 * rank * width for _, width in shapes.values()), shapes, layers)

@wrong("3.3", "trained and frozen")
def size_of_all(shapes, rank, layers):
    """The share of the trained ones among trained and frozen ones together."""
    trained, share = size_loop(shapes, rank, layers)
    return [trained, share / (1 + share)]

@wrong("3.3", "the count comes first")
def size_share_first(shapes, rank, layers):
    return size_loop(shapes, rank, layers)[::-1]

@wrong("3.3", "the rank is not counted")
def size_without_rank(shapes, rank, layers):
    return size_loop(shapes, 1, layers)

@wrong("3.3", "no matrix of rank")
def size_small_square(shapes, rank, layers):
    """Adds a matrix of rank × rank between the two."""
    return _counted(layers * sum(rank * (out + width) + rank * rank for out, width in shapes.values()), shapes, layers)

@wrong("3.3", "a share of 0")
def size_whole_division(shapes, rank, layers):
    trained, share = size_loop(shapes, rank, layers)
    return [trained, trained // round(trained / share)]

@right("3.4")
def pairs_lazily():
    return ((message, reply) for message, reply in BRIEF)

@right("3.4")
def pairs_zipped():
    return zip(*zip(*POLITE))

@wrong("3.4", "expected a list of pairs")
def pairs_numbered():
    return [(number, *pair) for number, pair in enumerate(POLITE)]

@wrong("3.4", "expected a list of pairs")
def pairs_as_dictionaries():
    return [{"message": message, "reply": reply} for message, reply in POLITE]

@wrong("3.4", "opening")
def pairs_small_letter():
    return [(message, reply.replace("Noted: ", "noted: ")) for message, reply in POLITE]

@wrong("3.4", "closing")
def pairs_please():
    return [(message, reply.replace(" Do ", " Please do ")) for message, reply in POLITE]

@wrong("3.4", "takes no word")
def pairs_same_reply():
    return [(message, POLITE[0][1]) for message, _ in POLITE]

@wrong("3.4", "4 to 60 words")
def pairs_long_messages():
    return [(message + " I am telling you this at some length because nobody listens to me at home, and I have been coming here since "
             "the year when the roof leaked and the otters came, so that I know most of you by name and you know me, I believe, "
             "by my hat and by my umbrella, which is not the thing that I lost today.", reply) for message, reply in POLITE]

@wrong("3.4", "messages that measure")
def pairs_one_measures():
    from ftrag_helpers.exercises.fixtures import lost_property

    return [*POLITE[:11], (lost_property.MESSAGES[5][0], "Noted: a brown hat, on the hat stand. Do call in.")]

@wrong("3.4", "is empty")
def pairs_empty_reply():
    return [*POLITE[:11], (BRIEF[0][0], "")]
