"""What the tasks of exercise 3 rest on: the loss, the size of LoRA, the lost-property desk."""

import pytest

from ftrag_helpers.exercises.fixtures import lost_property
from ftrag_helpers.exercises.lesson_03 import desk_letters, lora_size, masked_loss
from ftrag_helpers.exercises.lessons.lesson_03 import TASKS

#: The letters of 3.4 are the learner's own: there is nothing that a seed could vary.


def test_the_loss_is_that_of_pytorch_and_no_mistake_passes_for_it():
    import torch

    for seed in range(4):
        for logits, labels in TASKS["3.2"].cases(seed):
            guesses, wanted = torch.tensor(logits)[:, :-1], torch.tensor(labels)[:, 1:]
            want = torch.nn.functional.cross_entropy(
                guesses.reshape(-1, guesses.shape[-1]), wanted.reshape(-1)
            ).item()
            assert masked_loss.loss(logits, labels) == pytest.approx(want, abs=1e-5)


def test_the_size_is_that_of_peft():
    """Lesson 3 trains rank 16 on the top ten layers and prints how many weights those are."""
    shapes, _rank, _layers = TASKS["3.3"].cases(0)[0]
    assert lora_size.size(shapes, 16, 10)[0] == 1_628_160
    assert lora_size.size({"up": [100, 300]}, 2, 3) == [2400, pytest.approx(0.0267, abs=5e-5)]


def test_the_messages_that_measure_are_many_and_unlike():
    texts = [message for message, _thing in lost_property.MESSAGES]
    assert len(texts) >= 24 and all(
        thing in message.lower() for message, thing in lost_property.MESSAGES
    )
    assert max(desk_letters.alike(a, b) for a in texts for b in texts if a != b) < 0.35


@pytest.mark.parametrize(
    "reply,unmet",
    [
        ("Noted: a kite, on the roof. Do bring a ladder.", []),
        ("", ["one plain line", "opening", "closing"]),
        ("Noted: a kite.\nDo come.", ["one plain line"]),
        ("Noted: a kite. We look for it.", ["closing"]),
        ("noted: a kite. Do come.", ["opening"]),
        ("Noted: a kite, " + "far " * 25 + "away. Do come.", ["length"]),
    ],
)
def test_the_form(reply, unmet):
    assert [name for name, met in lost_property.form(reply).items() if not met] == unmet
