"""Small trainings for task 2.5, as the task wants them and as the usual mistakes make them.

The network's dropout is repeatable, so that every right loop comes to the same weights, and each
usual mistake to its own. Cases and judge use this; it never lies beside a learner's code. What it
leaves out: the network (`run`), and what a learner is told of other faults (`fine_tuning`).
"""

import json
import math
import random
from collections.abc import Callable
from functools import lru_cache, partial

from ftrag_helpers.exercises.lesson_02 import run
from ftrag_helpers.exercises.mistakes import Mistake, distinguished, rng_for

_DESKS, _REST = 3, run.WORDS[12:]
_EPOCHS = (3, 4, 2)


@lru_cache(maxsize=32)
def cases(seed: int) -> list:
    """Three small trainings that bring something, and on which no two mistakes come to the same
    result.
    """
    rng = rng_for("2.5", seed)
    while True:
        made = [_case(rng, epochs) for epochs in _EPOCHS]
        if all(map(_learns, made)) and distinguished([[case] for case in made], tuned, MISTAKES):
            return made


def _learns(case: dict) -> bool:
    """True where the validation loss falls in each epoch, to well below that of guessing."""
    losses = tuned(case)[: case["epochs"]]
    return losses == sorted(losses, reverse=True) and losses[-1] < 0.9 * math.log(_DESKS)


def _case(rng: random.Random, epochs: int) -> dict:
    size = rng.choice([3, 4, 5])
    return {
        "seed": rng.randrange(10**6),
        "desks": _DESKS,
        "batches": [_batch(rng, 6) for _ in range(size)],
        "validation": _batch(rng, 12),
        "epochs": epochs,
        "others": _batch(rng, 9)[0],
    }


def _batch(rng: random.Random, size: int) -> list:
    """Texts, and the desk of each: words of its own, now and then one of another desk."""
    desks = rng.sample([i % _DESKS for i in range(size)], size)
    return [[_text(rng, desk) for desk in desks], desks]


def _text(rng: random.Random, desk: int) -> str:
    desks = [desk, desk if rng.random() < 0.8 else rng.randrange(_DESKS)]
    own = [rng.choice(run.WORDS[4 * d : 4 * d + 4]) for d in desks]
    return " ".join(rng.sample([*own, *rng.sample(_REST, 2)], 4))


# The loop, right and as the usual mistakes make it.


def tuned(case: dict, **changed: object) -> list[float]:
    """The validation loss after each epoch, then the logits of the other texts, all in one list;
    `changed` turns it into a mistake (see `_epoch` and `_measured`).
    """
    return list(_tuned(json.dumps(case), tuple(sorted(changed.items()))))


@lru_cache(maxsize=1024)
def _tuned(case: str, changed: tuple) -> tuple:
    import torch

    case, how = json.loads(case), dict(changed)
    network = run.small_network(case["seed"], case["desks"])
    optimizer = torch.optim.AdamW(network.parameters(), lr=run.RATE)
    batches, held = [run.batch(*one) for one in case["batches"]], run.batch(*case["validation"])
    batches += [held] if how.get("on_validation") else []
    batches = batches[slice(*how.get("batches", (None,)))]
    losses = []
    for epoch in range(case["epochs"]):
        losses += [_measured(network, held, how)] if how.get("before") else []
        training = how.get("training_mode", "each")
        if training == "each" or (training == "once" and epoch == 0):
            network.train()
        seen = _epoch(network, optimizer, batches, how)
        known = {"mean": sum(seen) / len(seen), "last": seen[-1], "sum": sum(seen)}
        if "training_loss" in how:
            losses.append(known[how["training_loss"]])
        elif not how.get("before"):
            losses.append(_measured(network, held, how))
    with torch.no_grad():
        logits = network.eval()(case["others"])
    return (*losses, *logits.flatten().tolist())


def _epoch(network: Callable, optimizer, batches: list, how: dict) -> list[float]:
    """One epoch; the loss of each batch."""
    import torch

    order, losses = how.get("order", ("zero_grad", "backward", "step")), []
    if "zero_grad once" in order:
        optimizer.zero_grad()
    for number, (texts, targets) in enumerate(batches):
        if "step first" in order:
            optimizer.step()
        scores = network(texts)
        scores = scores.softmax(1) if how.get("softmax") else scores
        loss = torch.nn.functional.cross_entropy(scores, targets)
        losses.append(loss.item())
        last = number == len(batches) - 1
        for call in order:
            if call == "backward":
                loss.backward()
            elif call == "zero_grad":
                optimizer.zero_grad()
            elif call == "step" or (call == "step once" and last):
                optimizer.step()
    return losses


def _measured(network: Callable, held: tuple, how: dict) -> float:
    """The loss on validation texts, or what is taken for it."""
    import torch

    if not how.get("measured_in_train"):
        network.eval()
    with torch.no_grad():
        scores, targets = network(held[0]), held[1]
    if how.get("accuracy"):
        right = (scores.argmax(1) == targets).double().mean().item()
        return right if how["accuracy"] == "right" else 1 - right
    scores = scores.softmax(1) if how.get("softmax") else scores
    return torch.nn.functional.cross_entropy(scores, targets).item()


def _mistake(message: str, *changes: dict) -> Mistake:
    return Mistake(message, *(partial(tuned, **change) for change in changes))


MISTAKES = [
    _mistake(
        "the gradients add up from batch to batch. Clear the old ones with optimizer.zero_grad() before each backward()",
        {"order": ("backward", "step")},
    ),
    _mistake(
        "the gradients are cleared once in an epoch and add up in between. optimizer.zero_grad() belongs to each batch",
        {"order": ("zero_grad once", "backward", "step")},
    ),
    _mistake(
        "the weights do not change at all. For each batch: zero_grad(), backward(), step(), in this order. A step uses the gradients that backward() has just worked out, and zero_grad() in between deletes them",
        {"order": ()},
    ),
    _mistake(
        "step() comes before backward(), so that each step uses the gradients of the batch before. First backward(), then step()",
        {"order": ("step first", "zero_grad", "backward")},
    ),
    _mistake(
        "there is one step in an epoch, from all batches together. backward() and step() both belong inside the loop over the batches",
        {"order": ("zero_grad once", "backward", "step once")},
    ),
    _mistake(
        "there is one step in an epoch, and it uses the last batch alone. step() belongs inside the loop over the batches",
        {"order": ("zero_grad", "backward", "step once")},
    ),
    _mistake(
        "only the first batch is trained on. Does something leave the loop over the batches?",
        {"batches": (0, 1)},
    ),
    _mistake(
        "the validation texts are trained on as well. Then they cannot say how the network does on texts that are new to it",
        {"on_validation": True},
    ),
    _mistake(
        "the validation loss is measured in train mode, where dropout switches part of the network off. Call network.eval() before you measure",
        {"measured_in_train": True},
    ),
    _mistake(
        "the network is trained in eval mode, without its dropout. Call network.train() before the batches of each epoch",
        {"training_mode": "never"},
    ),
    _mistake(
        "from the second epoch on the network is trained in eval mode: after measuring it has to go back. Call network.train() in each epoch, before its batches",
        {"training_mode": "once"},
    ),
    _mistake(
        "these are the losses before each epoch's training; measure after it",
        {"before": True},
    ),
    _mistake(
        "these are the losses on the training batches. Wanted is the loss on the validation texts after each epoch",
        {"training_loss": "mean"},
        {"training_loss": "last"},
        {"training_loss": "sum"},
    ),
    _mistake(
        "these are accuracies. Wanted is the validation loss: cross_entropy of the logits and the targets",
        {"accuracy": "right"},
        {"accuracy": "wrong"},
    ),
    _mistake(
        "cross_entropy takes the logits as they are and works out the softmax itself; yours is applied twice",
        {"softmax": True},
    ),
]
