"""What is kept between runs is named by the versions of the algorithms: numbers that change must
raise theirs.

python tests/lm/test_algorithm_versions.py     store the numbers of today, after raising
`compute_cache.ALGORITHMS`
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

STORED = Path(__file__).parent / "algorithms.json"
QUESTION = [{"role": "user", "content": "When does the library open on Monday?"}]


def language_model(lm):
    from ftrag_helpers.lm import models

    generated = models.generate(lm, [QUESTION, "Books are"], max_new_tokens=5)
    scored = models.continuation_logprobs(lm, [QUESTION, "Books"], ["At nine.", " are"])
    odds = models.log_odds(lm, [QUESTION, "Books are"], "yes", "no")
    return [*(answer.logprob for answer in generated), *np.concatenate(scored), *odds]


def examples():
    from ftrag_helpers.finetuning.sft import Example

    return [
        Example([{"role": "user", "content": f"Shelf {n}?"}], f"On floor {n % 3}.")
        for n in range(6)
    ]


def frozen_layers(lm):
    from ftrag_helpers.finetuning import frozen_layers, sft
    from ftrag_helpers.finetuning.frozen_layers import FrozenLayers
    from ftrag_helpers.finetuning.training_data import shared_prefix

    rows = [sft.encode(lm, example) for example in examples()]
    frozen = FrozenLayers(lm, 1, shared_prefix(rows))
    odds = frozen_layers.log_odds(
        lm, frozen, [example.prompt for example in examples()], "yes", "no", progress=False
    )
    return [*odds, sft.answer_loss(lm.model, frozen, rows).item()]


def training(lm):
    from ftrag_helpers.finetuning import sft
    from ftrag_helpers.finetuning.adapters import Lora

    config = sft.TrainingConfig(epochs=2, batch_size=2, lora=Lora(rank=2, alpha=4, layers=1))
    tuned = sft.train(lm, examples(), examples()[:2], config=config, progress=False)
    return [number for check in tuned.history[1:] for number in (check.loss, check.validation)]


def token_embeddings(_lm):
    from ftrag_helpers.lm import models

    [pieces] = models.embed_tokens(["The reading room opens at nine."])
    return [len(pieces.vectors), *pieces.vectors[:, :8].ravel()]


NUMBERS = {
    "language model": language_model,
    "frozen layers": frozen_layers,
    "training": training,
    "token embeddings": pytest.param(token_embeddings, marks=pytest.mark.model),
}


def _cases():
    return [
        pytest.param(
            name, *getattr(case, "values", [case]), id=name, marks=getattr(case, "marks", ())
        )
        for name, case in NUMBERS.items()
    ]


@pytest.mark.parametrize("name, numbers", _cases())
def test_other_numbers_have_another_version(name, numbers, tiny):
    from ftrag_helpers.lm.result_cache import ALGORITHMS

    stored = json.loads(STORED.read_text("utf-8"))[name]
    now = [float(number) for number in numbers(tiny)]
    same = len(now) == len(stored["numbers"]) and np.allclose(
        now, stored["numbers"], rtol=2e-3, atol=2e-4
    )
    if ALGORITHMS[name] == stored["version"]:
        assert same, (
            f"numbers changed: raise the version of {name!r} in compute_cache.ALGORITHMS, then run"
            " this file"
        )
    else:
        pytest.fail("the version was raised: run this file to store its numbers")


def test_every_algorithm_has_numbers():
    from ftrag_helpers.lm.result_cache import ALGORITHMS

    assert NUMBERS.keys() == ALGORITHMS.keys() == json.loads(STORED.read_text("utf-8")).keys()


if __name__ == "__main__":
    import os

    sys.path[:0] = [
        str(Path(__file__).resolve().parents[1]),
        str(Path(__file__).resolve().parents[2]),
    ]
    from doubles import tiny_language_model

    from ftrag_helpers.lm import result_cache

    os.environ["FTRAG_COMPUTE_CACHE"] = "off"
    found = {}
    for name, case in NUMBERS.items():
        [numbers] = getattr(case, "values", [case])
        with tempfile.TemporaryDirectory() as folder:
            if numbers is training:
                os.environ["FTRAG_CACHE"] = folder
            else:
                os.environ.pop("FTRAG_CACHE", None)
            found[name] = {
                "version": result_cache.ALGORITHMS[name],
                "numbers": [round(float(number), 4) for number in numbers(tiny_language_model())],
            }
    STORED.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
