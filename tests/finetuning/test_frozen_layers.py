"""The frozen layers: whatever it remembers or leaves out, loss and gradients are those of
transformers.

The double is a random Llama of two layers over bytes. The last layer carries LoRA matrices that are
not zero.
"""

from dataclasses import replace

import pytest
from doubles import tiny_language_model

from ftrag_helpers.environment import runtime
from ftrag_helpers.finetuning import adapters
from ftrag_helpers.finetuning.adapters import Lora
from ftrag_helpers.finetuning.frozen_layers import FrozenLayers, _OddsCache, log_odds
from ftrag_helpers.finetuning.sft import Example, answer_loss, encode
from ftrag_helpers.finetuning.training_data import TokenizedExample, shared_prefix
from ftrag_helpers.lm import language_model, models

TEXTS = [
    ("Where is the kettle?", "In the kitchen."),
    ("When?", "Nine."),
    ("Which bus stops at the weir, and when?", "No. 4, at six"),
    ("Tea or £2.50 – café?", "x"),
    ("Who has the key?", "The warden of the old quay"),
]


def messages(question):
    return [
        {"role": "system", "content": "Answer in a few words."},
        {"role": "user", "content": question},
    ]


def rows_of(lm, texts=TEXTS):
    return [encode(lm, Example(messages(question), answer)) for question, answer in texts]


def tuned_on(lm, layers=1, seed=3):
    """The model with an adapter that changes what it says: both of its matrices are random."""
    import torch

    tuned = adapters.add_lora(lm, Lora(rank=3, alpha=6, layers=layers))
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in adapters.trained_weights(tuned).values():
            weight.copy_(torch.randn(weight.shape, generator=draw) * 0.1)
    return tuned


def gradients(lm):
    return {name: weight.grad.clone() for name, weight in adapters.trained_weights(lm).items()}


def by_transformers(lm, rows):
    """Sum of the losses that transformers itself computes, row by row, from labels with -100 at the
    prompt.
    """
    import torch

    lm.model.zero_grad()
    total = 0.0
    for row in rows:
        labels = torch.tensor([[-100] * row.prompt + list(row.ids[row.prompt :])])
        total = total + lm.base_model(torch.tensor([row.ids]), labels=labels).loss * (
            len(row.ids) - row.prompt
        )
    total.backward()
    return total.item(), gradients(lm)


def by_trunk(lm, frozen, batches):
    lm.model.zero_grad()
    total = sum(answer_loss(lm.base_model, frozen, batch) for batch in batches)
    total.backward()
    return total.item(), gradients(lm)


def assert_same(found, wanted):
    assert found[0] == pytest.approx(wanted[0], rel=1e-5)
    assert found[1].keys() == wanted[1].keys() and any(
        gradient.abs().max() > 0.1 for gradient in wanted[1].values()
    )
    for name, gradient in wanted[1].items():
        assert found[1][name].numpy() == pytest.approx(
            gradient.numpy(), rel=1e-3, abs=1e-3 * float(gradient.abs().max())
        ), name


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("prefixed", [True, False], ids=["prefix", "no prefix"])
@pytest.mark.parametrize(
    "max_bytes", [1_000_000, 8_000, 0], ids=["cached", "partly cached", "uncached"]
)
def test_loss_and_gradients_are_those_of_transformers(tiny, layers, prefixed, max_bytes):
    lm, rows = tuned_on(tiny, layers), rows_of(tiny)
    prefix = shared_prefix(rows) if prefixed else ()
    assert len(prefix) > 30 or not prefixed, "the rows do share a beginning"
    frozen = FrozenLayers(tiny, layers, prefix, max_bytes)
    frozen.precompute(rows)
    assert_same(by_trunk(lm, frozen, [rows]), by_transformers(lm, rows))


@pytest.mark.parametrize("max_bytes", [1_000_000, 0], ids=["cached", "uncached"])
def test_a_batch_of_mixed_lengths_equals_one_by_one(tiny, max_bytes):
    lm, rows = tuned_on(tiny), rows_of(tiny)
    frozen = FrozenLayers(tiny, 1, shared_prefix(rows), max_bytes)
    frozen.precompute(rows)
    alone = by_trunk(lm, frozen, [[row] for row in rows])
    assert len({len(row.ids) for row in rows}) == len(rows)
    assert_same(by_trunk(lm, frozen, [rows]), alone)
    assert_same(by_trunk(lm, frozen, [rows[::-2], rows[1::2]]), alone)


def test_what_enters_the_top_layers_does_not_depend_on_cache_or_prefix(tiny):
    rows = rows_of(tiny)
    prefix = shared_prefix(rows)
    plain = FrozenLayers(tiny, 1, (), 0).hidden(rows)
    for frozen in (
        FrozenLayers(tiny, 1, prefix),
        FrozenLayers(tiny, 1, prefix, 0),
        FrozenLayers(tiny, 1),
    ):
        frozen.precompute(rows)
        skip, hidden = len(frozen.prefix), frozen.hidden(rows)
        assert hidden.shape == (len(rows), max(len(row.ids) for row in rows) - skip, 48)
        for i, row in enumerate(rows):
            assert hidden[i, : len(row.ids) - skip].numpy() == pytest.approx(
                plain[i, skip : len(row.ids)].numpy(), abs=1e-4
            )


def test_masked_tokens_do_not_change_the_loss(tiny, monkeypatch):
    lm, rows = tuned_on(tiny), rows_of(tiny)
    frozen = FrozenLayers(tiny, 1, shared_prefix(rows))
    frozen.precompute(rows)
    right, top, skip = (
        answer_loss(lm.base_model, frozen, rows).item(),
        frozen.forward_top,
        len(frozen.prefix),
    )

    def loss_with(disturbed):
        def top_disturbed(model, rows):
            hidden = top(model, rows).clone()
            for i, row in enumerate(rows):
                for token in disturbed(row):
                    hidden[i, token - skip] = 7.0 * (-1) ** token
            return hidden

        monkeypatch.setattr(frozen, "forward_top", top_disturbed)
        return answer_loss(lm.base_model, frozen, rows).item()

    # The token at prompt - 1 speaks the first answer token; the last one of a row speaks to nobody.
    def masked(row):
        return [
            *range(skip, row.prompt - 1),
            *range(len(row.ids) - 1, max(len(r.ids) for r in rows)),
        ]  # noqa: E731

    assert loss_with(masked) == right
    for token in (lambda row: [row.prompt - 1], lambda row: [len(row.ids) - 2]):
        assert abs(loss_with(token) - right) > 0.1


def test_the_loss_is_that_of_the_answer_and_its_end_mark(tiny):
    rows = rows_of(tiny)
    answers = [tiny.tokenizer.decode(row.ids[row.prompt :]) for row in rows]
    assert answers == [answer + "<|im_end|>" for _, answer in TEXTS]
    wanted = language_model._score_batch(
        tiny, [(list(row.ids[: row.prompt]), list(row.ids[row.prompt :])) for row in rows]
    )
    for row, values in zip(rows, wanted, strict=True):
        assert answer_loss(tiny.base_model, FrozenLayers(tiny, 1), [row]).item() == pytest.approx(
            -values.sum(), rel=1e-4
        )


def test_the_vocabulary_is_projected_at_answer_tokens_only(fresh_tiny):
    rows, seen = rows_of(fresh_tiny), []
    fresh_tiny.model.lm_head.register_forward_hook(
        lambda _, given, out: seen.append(tuple(given[0].shape))
    )
    answer_loss(fresh_tiny.base_model, FrozenLayers(fresh_tiny, 1), rows)
    assert seen == [(sum(len(row.ids) - row.prompt for row in rows), 48)]


def test_each_text_passes_the_frozen_layers_once(fresh_tiny):
    rows, passed = rows_of(fresh_tiny), []
    prefix = shared_prefix(rows)
    fresh_tiny.model.model.layers[0].register_forward_hook(
        lambda _, given, out: passed.append(tuple(given[0].shape[:2]))
    )
    frozen = FrozenLayers(fresh_tiny, 1, prefix)
    assert passed == [(1, len(prefix))], "the shared beginning is read for all at once"
    frozen.precompute(rows * 2)
    assert sum(texts for texts, _ in passed[1:]) == len(rows)
    passed.clear()
    frozen.precompute(rows[::-1])
    for batch in (rows, rows[:2], rows[::-1]):
        frozen.forward_top(fresh_tiny.base_model, batch)
    assert passed == []
    frozen.precompute([*rows, *rows_of(fresh_tiny, [("New?", "Yes.")])])
    assert [texts for texts, _ in passed] == [1], "only what is not known yet"


@pytest.mark.parametrize("tokens", [0, 1, 20, 45, 60, 10_000])
def test_the_memory_bound_is_kept(tiny, tokens):
    rows = rows_of(tiny)
    prefix, width = shared_prefix(rows), 4 * 48
    frozen = FrozenLayers(tiny, 1, prefix, tokens * width)
    for part in (rows[:2], rows, rows):
        frozen.precompute(part)
        held = sum(hidden.untyped_storage().nbytes() for hidden in frozen._kept.values())
        assert held == frozen.bytes <= tokens * width
    everything = sum(len(row.ids) - len(prefix) for row in rows) * width
    assert (frozen.bytes == everything) == (tokens == 10_000)
    assert frozen.bytes > 0 or tokens < 45


@pytest.mark.parametrize("layers", [0, -1, 3])
def test_layers_that_the_model_does_not_have_are_an_error(tiny, layers):
    with pytest.raises(ValueError, match=f"from 1 to 2, not {layers}"):
        FrozenLayers(tiny, layers)


@pytest.mark.parametrize(
    "rows, expected",
    [
        pytest.param([((1, 2, 3, 4), 3)], (), id="one row shares with nobody"),
        pytest.param([((1, 2, 3), 1)], (), id="a prompt of one token"),
        pytest.param([((1, 2, 3), 0)], (), id="no prompt"),
        pytest.param([((1, 2, 3, 9), 3)] * 2, (1, 2), id="equal rows"),
        pytest.param([((5, 1), 2), ((6, 1), 2)], (), id="nothing in common"),
        pytest.param(
            [((1, 2, 3, 4, 9), 4), ((1, 2, 8, 4, 9), 4)], (1, 2), id="they part within the prompt"
        ),
        pytest.param([((1, 2, 3, 4), 2), ((1, 2, 3, 5), 2)], (1,), id="equal beyond the prompt"),
        pytest.param([((1, 2, 3), 3), ((1, 2, 3, 4, 5), 5)], (1, 2), id="one row begins the other"),
        pytest.param(
            [((1, 2, 3, 4), 4), ((1, 2, 3, 5), 2), ((1, 2, 3, 6), 4)],
            (1,),
            id="the shortest prompt lies between",
        ),
        pytest.param(
            [((1, 2, 7), 3), ((1, 9, 7), 3), ((1, 2, 8), 3)],
            (1,),
            id="the odd one comes in the middle",
        ),
    ],
)
def test_shared_prefix(rows, expected):
    assert shared_prefix([TokenizedExample(*row) for row in rows]) == expected


@pytest.mark.parametrize("max_bytes", [1_000_000, 0], ids=["cached", "uncached"])
@pytest.mark.parametrize("prefixed", [True, False], ids=["prefix", "no prefix"])
def test_log_odds_equal_those_of_a_full_pass(tiny, prefixed, max_bytes):
    prompts = [messages(question) for question, _ in TEXTS] + [
        messages("Open? " * n) for n in range(1, 16)
    ]
    prefix = shared_prefix(rows_of(tiny)) if prefixed else ()
    tuned = tuned_on(tiny)
    found = []
    for lm in (tiny, tuned, adapters.merge(tuned)):
        frozen = FrozenLayers(tiny, 1, prefix, max_bytes)
        found.append(log_odds(lm, frozen, prompts, "Yes", "No", progress=False))
        assert found[-1] == pytest.approx(models.log_odds(lm, prompts, "Yes", "No"), abs=1e-3)
    assert found[1] == pytest.approx(found[2], abs=1e-3) and found[0] != pytest.approx(
        found[1], abs=1e-1
    )


def test_a_prompt_that_begins_otherwise_is_an_error(tiny):
    prompt = [
        {
            "role": "user",
            "content": "A prompt without the system message that all the other texts begin with.",
        }
    ]
    frozen = FrozenLayers(tiny, 1, shared_prefix(rows_of(tiny)))
    with pytest.raises(ValueError, match="does not begin with the tokens.*make FrozenLayers"):
        log_odds(tiny, frozen, [prompt], "Yes", "No", progress=False)
    assert len(log_odds(tiny, FrozenLayers(tiny, 1), [prompt], "Yes", "No", progress=False)) == 1
    whole = FrozenLayers(tiny, 1, tuple(tiny.encode(prompt)))
    with pytest.raises(ValueError, match="or ends with them"):
        log_odds(tiny, whole, [prompt], "Yes", "No", progress=False)


def changed(lm, layer, by=0.01):
    import torch

    with torch.no_grad():
        next(lm.base_model.model.layers[layer].parameters()).add_(by)
    return lm


MISFITS = {
    "another model": lambda lm: tiny_language_model(seed=1),
    "a frozen layer trained": lambda lm: tuned_on(lm, layers=2),
    "a frozen layer trained and merged": lambda lm: adapters.merge(tuned_on(lm, layers=2)),
    "a frozen layer changed in a copy": lambda lm: changed(tiny_language_model(), 0),
    "a frozen layer changed in place": lambda lm: changed(lm, 0),
    "other numbers": lambda lm: replace(
        tiny_language_model(), model=tiny_language_model().model.bfloat16()
    ),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_a_trunk_of_other_frozen_layers_is_an_error_and_nothing_is_kept(
    fresh_tiny, misfit, monkeypatch
):
    monkeypatch.setenv("FTRAG_COMPUTE_CACHE", "on")
    frozen, prompts = FrozenLayers(fresh_tiny, 1), [messages("When?")]
    other = MISFITS[misfit](fresh_tiny)
    with pytest.raises(ValueError, match="frozen layers.*make FrozenLayers"):
        log_odds(other, frozen, prompts, "Yes", "No", progress=False)
    assert not (runtime.cache_dir() / _OddsCache.file).exists()


@pytest.mark.parametrize(
    "fit",
    [
        lambda lm: lm,
        tuned_on,
        lambda lm: adapters.merge(tuned_on(lm)),
        lambda lm: tiny_language_model(),
        lambda lm: changed(tiny_language_model(), 1),
    ],
    ids=["itself", "tuned above", "merged above", "loaded again", "changed above"],
)
def test_a_trunk_serves_whatever_shares_its_frozen_layers(fresh_tiny, fit):
    other, prompts = fit(fresh_tiny), [messages("When?"), messages("Where is the kettle?")]
    found = log_odds(other, FrozenLayers(fresh_tiny, 1), prompts, "Yes", "No", progress=False)
    assert found == pytest.approx(models.log_odds(other, prompts, "Yes", "No"), abs=1e-3)
