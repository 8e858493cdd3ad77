"""What a model computed before is not computed again, and never taken for what another one would
have said.
"""

import sqlite3
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
from doubles import tiny_language_model

from ftrag_helpers.data.records import TokenEmbeddings
from ftrag_helpers.environment import runtime
from ftrag_helpers.finetuning import adapters, frozen_layers
from ftrag_helpers.finetuning.frozen_layers import FrozenLayers
from ftrag_helpers.lm import generation, language_model, models, result_cache
from ftrag_helpers.lm.language_model import encode_prompt
from ftrag_helpers.lm.result_cache import (
    AnswerCache,
    TokenEmbeddingsCache,
    cached_call,
    weights_digest,
)

PROMPTS = ["Tea", "The library at the old quay opens at nine.", "Where is the kettle kept?"]
CHAT = [[{"role": "user", "content": text}] for text in PROMPTS]


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    monkeypatch.setenv("FTRAG_COMPUTE_CACHE", "on")


@pytest.fixture
def lm():
    return tiny_language_model()


@pytest.fixture
def computed(monkeypatch):
    """How many rows each decoding had to continue."""
    counts, decode = [], generation.decode
    monkeypatch.setattr(
        generation,
        "decode",
        lambda model, rows, *a, **k: counts.append(len(rows)) or decode(model, rows, *a, **k),
    )
    return counts


def test_the_second_time_nothing_is_computed_and_all_is_equal(lm, computed):
    first = models.generate(lm, PROMPTS, max_new_tokens=8, progress=False)
    assert models.generate(lm, PROMPTS[::-1], max_new_tokens=8, progress=False) == first[::-1]
    assert computed == [3]


def test_only_what_is_new_is_computed(lm, computed):
    models.generate(lm, PROMPTS[:2], max_new_tokens=8, progress=False)
    both = models.generate(lm, PROMPTS, max_new_tokens=8, progress=False)
    assert computed == [2, 1] and [g.tokens for g in both] == [8, 8, 8]


def test_switched_off_everything_is_computed(lm, computed, monkeypatch):
    monkeypatch.setenv("FTRAG_COMPUTE_CACHE", "off")
    for _ in range(2):
        models.generate(lm, PROMPTS, max_new_tokens=4, progress=False)
    assert computed == [3, 3] and not (runtime.cache_dir() / AnswerCache.file).exists()


def test_an_answer_that_was_cut_off_serves_its_own_limit_alone(lm, computed):
    for limit in (4, 8, 4, 8, 6):
        assert (
            models.generate(lm, PROMPTS[:1], max_new_tokens=limit, progress=False)[0].tokens
            == limit
        )
    assert computed == [1, 1, 1]


def test_an_answer_that_ended_serves_every_limit_with_room_for_it(lm, computed):
    whole = models.generate(lm, PROMPTS[:1], max_new_tokens=12, progress=False)[0]
    ids = encode_prompt(lm, PROMPTS[0], 12)
    third = generation.decode(lm.model, [ids], 12, shared=0, pad=0, ends=set())[0][0][3]
    lm.model.generation_config.eos_token_id = (
        third  # so that it ends by itself, at that token at the latest
    )
    computed.clear()
    ended = models.generate(lm, PROMPTS[:1], max_new_tokens=12, progress=False)[0]
    assert 1 <= ended.tokens <= 3 and ended.tokens < whole.tokens
    assert models.generate(lm, PROMPTS[:1], max_new_tokens=ended.tokens + 1, progress=False) == [
        ended
    ]
    assert computed == [1]
    assert (
        models.generate(lm, PROMPTS[:1], max_new_tokens=ended.tokens, progress=False)[0].tokens
        == ended.tokens
    )
    assert computed == [1, 1]


@pytest.mark.parametrize("change", ["one weight", "an adapter", "end token", "threads"])
def test_what_depends_on_something_else_is_something_else(lm, computed, change, monkeypatch):
    import torch

    models.generate(lm, PROMPTS, max_new_tokens=3, progress=False)
    if change == "one weight":
        with torch.no_grad():
            lm.model.model.layers[1].mlp.down_proj.weight[3, 5] += 1e-6
    if change == "an adapter":
        lm = adapters.add_lora(lm, adapters.Lora(rank=2, layers=1))
    if change == "end token":
        lm.model.generation_config.eos_token_id = 77
    if change == "threads":
        monkeypatch.setattr(torch, "get_num_threads", lambda: 99)
    models.generate(lm, PROMPTS, max_new_tokens=3, progress=False)
    assert computed == [3, 3]


def test_the_scale_of_an_adapter_counts(lm):
    low, high = (
        AnswerCache(adapters.add_lora(lm, adapters.Lora(rank=2, alpha=a, layers=1)).model, "x")
        for a in (2, 4)
    )
    low.put([1], ["low"])
    assert (low.get([1]), high.get([1])) == (["low"], [None])


def test_scores_are_kept_too_each_kind_for_itself(lm, monkeypatch):
    prefix = tuple(encode_prompt(lm, CHAT[0], 1)[:4])
    frozen = FrozenLayers(lm, 1, prefix)

    def scores():
        return (
            models.log_odds(lm, CHAT, "Yes", "No"),
            models.log_odds(lm, CHAT, "No", "Yes"),
            frozen_layers.log_odds(lm, frozen, CHAT, "Yes", "No", progress=False),
            [
                x.tolist()
                for x in models.continuation_logprobs(lm, PROMPTS, ["tea", "books", "a cup"])
            ],
        )

    first = scores()
    assert np.allclose(first[0], -np.array(first[1])) and np.allclose(first[0], first[2], atol=1e-4)
    for owner, name in ((language_model, "_hidden_states"), (FrozenLayers, "forward_top")):
        monkeypatch.setattr(owner, name, lambda *_: pytest.fail("it was computed again"))
    assert scores() == first


def test_the_digest_sees_every_weight_and_only_the_weights():
    one, same, other = tiny_language_model(0), tiny_language_model(0), tiny_language_model(1)
    assert weights_digest(one.model) == weights_digest(same.model) != weights_digest(other.model)
    assert weights_digest(one.model.bfloat16()) != weights_digest(same.model)


def test_the_digest_sees_stored_buffers_and_is_that_of_the_parameters_without_any():
    import torch
    import xxhash

    one, other = torch.nn.BatchNorm1d(2), torch.nn.BatchNorm1d(2)
    assert weights_digest(one) == weights_digest(other)
    other.running_mean += 1
    assert weights_digest(one) != weights_digest(other)
    one, other = tiny_language_model(0).model, tiny_language_model(0).model
    assert dict(other.named_buffers()), "buffers that are computed from the configuration"
    for _, buffer in other.named_buffers():
        buffer += 1
    parameters = xxhash.xxh3_128()
    for name, weight in one.named_parameters():
        parameters.update(f"{name}{tuple(weight.shape)}{weight.dtype}".encode())
        parameters.update(weight.detach().view(torch.uint8).numpy())
    assert weights_digest(one) == weights_digest(other) == parameters.hexdigest()


@pytest.mark.parametrize(
    "damage", ["no database", "a folder", "read-only", "cut short", "another table"]
)
def test_a_cache_that_cannot_be_used_costs_time_only(lm, damage):
    said = models.generate(lm, PROMPTS, max_new_tokens=3, progress=False)
    path = runtime.cache_dir() / AnswerCache.file
    if damage == "no database":
        path.write_text("not a database, but long enough to be taken for one" * 100)
    if damage == "cut short":
        path.write_bytes(path.read_bytes()[:2000])
    if damage in ("a folder", "another table"):
        path.unlink()
    if damage == "a folder":
        path.mkdir()
    if damage == "another table":
        with sqlite3.connect(path) as base:
            base.execute("CREATE TABLE results (something INTEGER)")
        base.close()
    if damage == "read-only":
        path.chmod(0o400)
    for turn in range(2):
        with (
            nullcontext()
            if turn or damage == "read-only"
            else pytest.warns(UserWarning, match="was damaged.*begun anew")
        ):
            again = models.generate(lm, PROMPTS, max_new_tokens=3, progress=False)
        assert [replace(g, seconds=0) for g in again] == [replace(g, seconds=0) for g in said]


def test_the_versions_of_the_algorithms_are_part_of_the_name(lm, monkeypatch):
    def scopes():
        return (
            AnswerCache(lm.model, "x")._scope,
            frozen_layers._OddsCache(lm.model, "x")._scope,
            TokenEmbeddingsCache(lm.model, 3)._scope,
        )

    before = scopes()
    assert scopes() == before
    for name, changed in {
        "language model": (True, True, False),
        "frozen layers": (False, True, False),
        "token embeddings": (False, False, True),
        "training": (False, False, False),
    }.items():
        with monkeypatch.context() as raised:
            raised.setitem(result_cache.ALGORITHMS, name, result_cache.ALGORITHMS[name] + 1)
            assert (
                tuple(new != old for new, old in zip(scopes(), before, strict=True)) == changed
            ), name


def test_word_vectors_come_back_as_they_were_kept(lm):
    cache = TokenEmbeddingsCache(lm.model, 3)
    kept = TokenEmbeddings(
        np.array([[0, 3], [4, 70_000]]),
        np.array([[0.6, 0.8, 0], [0, -1, 0]], np.float16).astype(np.float32),
    )
    cache.put(
        ["a", "b"], [kept, TokenEmbeddings(np.zeros((0, 2), int), np.zeros((0, 3), np.float32))]
    )
    one, none, missing = cache.get(["a", "b", "c"])
    assert (
        (one.spans == kept.spans).all()
        and (one.vectors == kept.vectors).all()
        and one.vectors.dtype == np.float32
    )
    assert one.spans.dtype == kept.spans.dtype and none.vectors.shape == (0, 3) and missing is None


@pytest.mark.model
def test_pieces_of_known_texts_are_not_computed_again(monkeypatch, tmp_path):
    monkeypatch.setattr(TokenEmbeddingsCache, "file", f"{tmp_path.name}.sqlite")
    try:
        first = models.embed_tokens(PROMPTS)
        monkeypatch.setattr(
            models.load_embedder(), "encode", lambda *_, **__: pytest.fail("it was computed again")
        )
        again = models.embed_tokens(PROMPTS[::-1])[::-1]
    finally:
        (runtime.cache_dir() / TokenEmbeddingsCache.file).unlink(missing_ok=True)
    assert all(
        (a.vectors == b.vectors).all() and (a.spans == b.spans).all()
        for a, b in zip(first, again, strict=True)
    )


def add_up(model, texts, times=1):
    """A function as lessons have them: modules, and what it is given."""
    return np.array([[len(text) * times, next(model.parameters()).sum().item()] for text in texts])


@pytest.fixture
def network():
    import torch

    torch.manual_seed(0)
    network = torch.nn.Linear(3, 2)
    network.device = torch.device("cpu")
    return network


def test_a_function_is_computed_once_for_the_same_content(network):
    first, second = (cached_call(add_up, network, PROMPTS, 3, version=1) for _ in range(2))
    assert (first.from_cache, second.from_cache) == (
        False,
        True,
    ) and second.seconds == first.seconds > 0
    assert (first.value == add_up(network, PROMPTS, 3)).all() and (
        second.value == first.value
    ).all()
    assert second.value.dtype == first.value.dtype and second.value.shape == (3, 2)


@pytest.mark.parametrize(
    "change", ["data", "an array", "a weight", "mode", "source", "version", "switched off"]
)
def test_other_content_is_computed_anew(network, change, monkeypatch):
    import inspect

    import torch

    data = [PROMPTS, np.array([1, 2])] if change == "an array" else [PROMPTS]
    counted = add_up if change != "an array" else np_times
    cached_call(counted, network, *data, version=1)
    if change == "data":
        data = [PROMPTS[:2]]
    if change == "an array":
        data = [PROMPTS, np.array([1, 3])]
    if change == "a weight":
        with torch.no_grad():
            network.weight[0, 0] += 1e-6
    if change == "mode":
        network.eval()
    if change == "source":
        monkeypatch.setattr(inspect, "getsource", lambda _: "another")
    if change == "switched off":
        monkeypatch.setenv("FTRAG_COMPUTE_CACHE", "off")
    version = 2 if change == "version" else 1
    assert not cached_call(counted, network, *data, version=version).from_cache


def np_times(model, texts, factors):
    return np.outer([len(text) for text in texts], factors)


def test_what_a_function_made_survives_no_damage_and_needs_none(network):
    cached_call(add_up, network, PROMPTS, version=1)
    path = runtime.cache_dir() / "once.sqlite"
    path.write_bytes(b"damaged" * 500)
    with pytest.warns(UserWarning, match="was damaged"):
        assert not cached_call(add_up, network, PROMPTS, version=1).from_cache
    assert cached_call(add_up, network, PROMPTS, version=1).from_cache
