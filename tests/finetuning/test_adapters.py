"""LoRA adapters: the base stays as it is, and what is saved, merged or combined says the same as
before.
"""

import copy
import json

import pytest
from doubles import tiny_language_model

from ftrag_helpers.data import data_files
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.finetuning import adapters
from ftrag_helpers.finetuning.adapters import ALL_LINEAR, ATTENTION, Lora

LORA = Lora(rank=3, alpha=12, layers=1)
#: The fixture's layer: hidden 48, 6 heads and 2 key-value heads of width 8, intermediate 96.
SHAPES = {
    "q_proj": (48, 48),
    "k_proj": (48, 16),
    "v_proj": (48, 16),
    "o_proj": (48, 48),
    "gate_proj": (48, 96),
    "up_proj": (48, 96),
    "down_proj": (96, 48),
}


def logits(lm):
    import torch

    with torch.no_grad():
        return lm.model(torch.arange(3, 43).reshape(2, 20)).logits.numpy()


def weight_bytes(lm):
    return {name: weight.numpy().tobytes() for name, weight in lm.model.state_dict().items()}


def tuned_on(lm, lora=LORA, seed=3):
    """The model with an adapter whose matrices are all random, ready to be asked."""
    import torch

    tuned = adapters.add_lora(lm, lora)
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in adapters.trained_weights(tuned).values():
            weight.copy_(torch.randn(weight.shape, generator=draw) * 0.1)
    tuned.model.eval()
    return tuned


def updates(lm, base):
    """What a plain model's weights have more than the base's, by name, where they differ."""
    before, after = base.model.state_dict(), lm.model.state_dict()
    assert before.keys() == after.keys()
    return {
        name: (after[name] - before[name]).numpy()
        for name in before
        if not after[name].equal(before[name])
    }


@pytest.fixture
def saved(tiny, tmp_path):
    """Two saved adapters of one base: the models, and their folders."""
    lms = [
        tuned_on(tiny, seed=1),
        tuned_on(tiny, Lora(rank=2, alpha=2, layers=1, modules=ALL_LINEAR), seed=2),
    ]
    folders = [tmp_path / "first", tmp_path / "second"]
    for lm, folder in zip(lms, folders, strict=True):
        adapters.save(lm, folder)
    return lms, folders


def test_a_fresh_adapter_says_what_the_base_says(tiny):
    lm = adapters.add_lora(tiny, LORA)
    assert (logits(lm) == logits(tiny)).all()
    assert (lm.name, lm.context_length, lm.tokenizer) == (
        tiny.name,
        tiny.context_length,
        tiny.tokenizer,
    )
    assert lm.base_model is not tiny.model, "the base is not wrapped in place"
    assert not (logits(tuned_on(tiny)) == logits(tiny)).all(), "this comparison can fail"


def test_only_the_matrices_of_the_top_layers_are_trained(tiny):
    lm = adapters.add_lora(tiny, LORA)
    wanted = {
        (
            f"base_model.model.model.layers.1.{'mlp' if module in ALL_LINEAR[4:] else 'self_attn'}."
            f"{module}.lora_{side}.default.weight",
            (3, SHAPES[module][0]) if side == "A" else (SHAPES[module][1], 3),
        )
        for module in SHAPES
        for side in "AB"
    }
    found = adapters.trained_weights(lm)
    assert {(name, tuple(weight.shape)) for name, weight in found.items()} == wanted
    assert set(found) == {
        name for name, weight in lm.model.named_parameters() if weight.requires_grad
    }
    assert all((weight == 0).all() == ("lora_B" in name) for name, weight in found.items())
    attention = adapters.trained_weights(
        adapters.add_lora(tiny, Lora(rank=2, layers=2, modules=ATTENTION))
    )
    assert len(attention) == 2 * 4 * 2 and all("self_attn" in name for name in attention)


def test_the_seed_alone_sets_the_fresh_matrices(tiny):
    import torch

    found = []
    for noise, seed in ((1, 0), (2, 0), (2, 5)):
        torch.manual_seed(noise)
        expected = torch.random.get_rng_state()
        found.append(
            [
                w.detach().numpy().tobytes()
                for w in adapters.trained_weights(adapters.add_lora(tiny, LORA, seed)).values()
            ]
        )
        assert torch.equal(torch.random.get_rng_state(), expected), (
            "the caller's random numbers go on as they were"
        )
    assert found[0] == found[1] != found[2]


def test_the_frozen_weights_are_shared(tiny):
    base = {weight.data_ptr() for weight in tiny.model.parameters()}
    lm = tuned_on(tiny)
    own = {name for name, weight in lm.model.named_parameters() if weight.data_ptr() not in base}
    assert own == set(adapters.trained_weights(lm))
    copied = {
        name
        for name, weight in adapters.merge(lm).model.named_parameters()
        if weight.data_ptr() not in base
    }
    assert copied == {
        f"model.layers.1.{'mlp' if m in ALL_LINEAR[4:] else 'self_attn'}.{m}.weight"
        for m in ALL_LINEAR
    }


def test_the_base_stays_as_it_is(fresh_tiny, tmp_path):
    import torch

    weights, said = weight_bytes(fresh_tiny), logits(fresh_tiny)
    modules = [(name, type(module)) for name, module in fresh_tiny.model.named_modules()]

    def assert_unchanged():
        assert weight_bytes(fresh_tiny) == weights and (logits(fresh_tiny) == said).all()
        assert [
            (name, type(module)) for name, module in fresh_tiny.model.named_modules()
        ] == modules
        assert not any(module.training for module in fresh_tiny.model.modules())

    lm = adapters.add_lora(fresh_tiny, LORA)
    assert_unchanged()
    lm.model.train()
    optimizer = torch.optim.AdamW(list(adapters.trained_weights(lm).values()), lr=0.1)
    for _ in range(3):
        ids = torch.arange(3, 43).reshape(2, 20)
        lm.model(ids, labels=ids).loss.backward()
        optimizer.step()
    assert_unchanged()
    adapters.save(lm, tmp_path / "a")
    for made in (
        adapters.merge(lm),
        adapters.load(fresh_tiny, tmp_path / "a"),
        adapters.merge_weighted(fresh_tiny, [tmp_path / "a"] * 2, [0.5, 2]),
    ):
        assert not (logits(made) == said).all()
        assert_unchanged()


def test_several_adapters_on_one_base_do_not_disturb_each_other(tiny):
    first = tuned_on(tiny, seed=1)
    said = logits(first)
    second = tuned_on(tiny, seed=2)
    adapters.merge(second)
    assert (logits(first) == said).all() and not (logits(second) == said).all()


@pytest.mark.parametrize(
    "lora, message",
    [
        (Lora(layers=3), "from 1 to 2, not 3"),
        (Lora(layers=0), "from 1 to 2, not 0"),
        (Lora(layers=1, modules=("c_attn",)), "c_attn"),
        (Lora(layers=1, modules=("q_proj", "c_attn")), "c_attn"),
    ],
)
def test_what_the_model_does_not_have_is_an_error(tiny, lora, message):
    with pytest.raises(ValueError, match=message):
        adapters.add_lora(tiny, lora)


def test_a_second_adapter_on_top_is_an_error(tiny, saved):
    (lm, _), (folder, _) = saved
    for call in (
        lambda: adapters.add_lora(lm, LORA),
        lambda: adapters.load(lm, folder),
        lambda: adapters.merge_weighted(lm, [folder], [1]),
    ):
        with pytest.raises(ValueError, match="already"):
            call()


def test_a_saved_adapter_says_the_same_when_loaded(tiny, saved):
    for lm, folder in zip(*saved, strict=True):
        loaded = adapters.load(tiny, folder)
        assert logits(loaded) == pytest.approx(logits(lm), abs=1e-5)
        assert not loaded.model.training
        for found, wanted in zip(
            adapters.trained_weights(loaded).values(),
            adapters.trained_weights(lm).values(),
            strict=True,
        ):
            assert found.equal(wanted)


def test_the_files_are_those_of_peft(tiny, saved):
    from peft import PeftModel
    from safetensors.numpy import load_file

    (lm, _), (folder, _) = saved
    assert sorted(path.name for path in folder.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    tensors = load_file(folder / "adapter_model.safetensors")
    assert {name: tensor.shape for name, tensor in tensors.items()} == {
        name.replace(".default", ""): tuple(weight.shape)
        for name, weight in adapters.trained_weights(lm).items()
    }
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    assert (config["peft_type"], config["task_type"], config["r"], config["lora_alpha"]) == (
        "LORA",
        "CAUSAL_LM",
        3,
        12,
    )
    assert set(config["target_modules"]) == set(ALL_LINEAR) and config["layers_to_transform"] == [1]
    by_peft = PeftModel.from_pretrained(copy.deepcopy(tiny.model), str(folder)).eval()
    assert logits(type(lm)(by_peft, tiny.tokenizer, "peft")) == pytest.approx(logits(lm), abs=1e-5)


def test_merged_equals_unmerged(tiny, saved):
    for lm in saved[0]:
        said, merged = logits(lm), adapters.merge(lm)
        assert type(merged.model) is type(tiny.model) and not merged.model.training
        assert (
            logits(merged) == pytest.approx(said, abs=1e-3) and abs(said - logits(tiny)).max() > 0.1
        )
        assert logits(lm) == pytest.approx(said, abs=0), (
            "the model with its adapter stays as it was"
        )


def test_merging_adds_the_scaled_product_of_the_matrices(tiny):
    lm = tuned_on(tiny, Lora(rank=3, alpha=12, layers=1, modules=("v_proj",)))
    matrices = {
        name.split(".")[-3]: weight.detach().numpy()
        for name, weight in adapters.trained_weights(lm).items()
    }
    ((name, update),) = updates(adapters.merge(lm), tiny).items()
    assert name == "model.layers.1.self_attn.v_proj.weight"
    assert update == pytest.approx(12 / 3 * matrices["lora_B"] @ matrices["lora_A"], abs=1e-5)


def test_combining_is_the_weighted_sum_of_the_updates(tiny, saved):
    lms, folders = saved
    first, second = (updates(adapters.merge(lm), tiny) for lm in lms)
    assert first.keys() == second.keys() and len(first) == 7
    for weights in ([1, 0], [0, 1], [0.5, 0.5], [0.25, 2.0], [1.0, -1.0]):
        found = updates(adapters.merge_weighted(tiny, folders, weights), tiny)
        assert found.keys() == first.keys()
        for name in first:
            assert found[name] == pytest.approx(
                weights[0] * first[name] + weights[1] * second[name], abs=1e-5
            ), (weights, name)


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_adapters_on_different_layers_are_combined_in_full(tiny, tmp_path, order):
    lms = [tuned_on(tiny, Lora(rank=2, alpha=4, layers=2), seed=1), tuned_on(tiny, LORA, seed=2)]
    for i, lm in enumerate(lms):
        adapters.save(lm, tmp_path / str(i))
    wide, narrow = (updates(adapters.merge(lm), tiny) for lm in lms)
    assert len(wide) == 14 and len(narrow) == 7
    found = updates(
        adapters.merge_weighted(tiny, [tmp_path / str(i) for i in order], [0.5, 0.5]), tiny
    )
    for name in wide:
        wanted = 0.5 * wide[name] + 0.5 * narrow.get(name, 0)
        assert found.get(name, 0 * wanted) == pytest.approx(wanted, abs=1e-5), name


def test_the_whole_of_one_adapter_is_that_adapter(tiny, saved):
    lms, folders = saved
    assert logits(adapters.merge_weighted(tiny, folders, [1, 0])) == pytest.approx(
        logits(lms[0]), abs=1e-3
    )
    assert logits(adapters.merge_weighted(tiny, folders[1:], [1])) == pytest.approx(
        logits(lms[1]), abs=1e-3
    )
    combined = adapters.merge_weighted(tiny, folders, [0.5, 0.5])
    assert type(combined.model) is type(tiny.model) and not combined.model.training


@pytest.mark.parametrize("count, weights", [(2, [1]), (1, [0.5, 0.5]), (0, []), (2, [])])
def test_one_weight_for_each_adapter(tiny, saved, count, weights):
    with pytest.raises(ValueError, match=f"{count} adapters and {len(weights)} weights"):
        adapters.merge_weighted(tiny, saved[1][:count], weights)


def missing(folder):
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def no_weights(folder):
    (folder / "adapter_model.safetensors").unlink()


def no_config(folder):
    (folder / "adapter_config.json").unlink()


def garbage_config(folder):
    (folder / "adapter_config.json").write_text("not JSON")


def empty_config(folder):
    (folder / "adapter_config.json").write_text("{}")


def garbage_weights(folder):
    (folder / "adapter_model.safetensors").write_bytes(b"garbage" * 40)


def cut_weights(folder):
    path = folder / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def half_of_the_weights(folder):
    from safetensors.numpy import load_file, save_file

    path = folder / "adapter_model.safetensors"
    save_file({name: tensor for name, tensor in load_file(path).items() if "mlp" in name}, path)


def config_of_another_rank(folder):
    path = folder / "adapter_config.json"
    path.write_text(path.read_text("utf-8").replace('"r": 3', '"r": 5'), "utf-8")


@pytest.mark.parametrize(
    "damage",
    [
        missing,
        no_weights,
        no_config,
        garbage_config,
        config_of_another_rank,
        empty_config,
        garbage_weights,
        cut_weights,
        half_of_the_weights,
    ],
)
def test_a_folder_that_holds_no_adapter_is_a_clear_error(tiny, saved, damage):
    folder = saved[1][0]
    damage(folder)
    with pytest.raises(
        CourseError, match=f"{folder.name} holds no adapter for tiny(.|\n)*train again"
    ):
        adapters.load(tiny, folder)


def test_an_adapter_of_another_model_is_a_clear_error(tiny, tmp_path):
    from dataclasses import replace

    from transformers import LlamaConfig, LlamaForCausalLM

    wider = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=40,
            hidden_size=64,
            intermediate_size=96,
            num_hidden_layers=2,
            num_attention_heads=4,
        )
    )
    deeper = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=40,
            hidden_size=48,
            intermediate_size=96,
            num_hidden_layers=4,
            num_attention_heads=6,
            num_key_value_heads=2,
        )
    )
    for name, model in (("wider", wider), ("deeper", deeper)):
        adapters.save(tuned_on(replace(tiny, model=model)), tmp_path / name)
        with pytest.raises(CourseError, match=f"{name} holds no adapter for tiny"):
            adapters.load(tiny, tmp_path / name)


def test_adapters_move_to_a_base_of_the_same_shape(tiny, saved):
    other = tiny_language_model(seed=1)
    found = updates(adapters.merge(adapters.load(other, saved[1][0])), other)
    wanted = updates(adapters.merge(saved[0][0]), tiny)
    assert found.keys() == wanted.keys()
    assert all(found[name] == pytest.approx(wanted[name], abs=1e-5) for name in wanted)


# --- shipped adapters

SHIPPED = sorted(path.parent.name for path in (runtime.data_dir() / "adapters").glob("*/README.md"))


@pytest.fixture
def shelf_of_one(saved, tmp_path, monkeypatch):
    """A folder of shipped adapters that holds one; its data folder."""
    adapters.ship(saved[1][0], tmp_path / "data" / "adapters" / "cups", "tiny")
    monkeypatch.setattr(runtime, "data_dir", lambda: tmp_path / "data")
    return tmp_path / "data" / "adapters"


def test_a_shipped_adapter_says_the_same_but_for_the_rounding(tiny, saved, shelf_of_one):
    (lm, _), (folder, _) = saved
    shipped = adapters.load_shipped(tiny, "cups")
    assert logits(shipped) == pytest.approx(logits(lm), abs=0.05)
    assert abs(logits(shipped) - logits(tiny)).max() > 0.1
    assert type(shipped.model) is type(tiny.model) and not shipped.model.training
    sizes = [
        (f / "adapter_model.safetensors").stat().st_size for f in (folder, shelf_of_one / "cups")
    ]
    assert sizes[1] < 0.7 * sizes[0]
    config = json.loads((shelf_of_one / "cups" / "adapter_config.json").read_text("utf-8"))
    assert config["base_model_name_or_path"] == "tiny"


def test_an_adapter_that_is_not_shipped_is_named_with_those_that_are(tiny, shelf_of_one):
    with pytest.raises(ValueError, match="no shipped adapter 'cup': there are cups"):
        adapters.load_shipped(tiny, "cup")


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_damaged_shipped_adapter_is_refused(name, tiny, shelf_of_one):
    path = shelf_of_one / "cups" / name
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(CourseError, match=f"{name} is not the file"):
        adapters.load_shipped(tiny, "cups")
    path.unlink()
    with pytest.raises((CourseError, ValueError), match=f"{name} is missing|there are none"):
        adapters.load_shipped(tiny, "cups")


def test_line_ends_of_a_file_of_weights_are_bytes_like_others(tiny, shelf_of_one):
    path = shelf_of_one / "cups" / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes() + b"\r\n")
    data_files.write_manifest(path.parent, patterns=("*.json",))
    with_newlines = data_files._as_committed(path)
    assert with_newlines.endswith(b"\r\n")


def test_a_shipped_adapter_of_another_model_says_so(shelf_of_one):
    from doubles import scripted_language_model

    with pytest.raises(CourseError, match="cups was trained on tiny and does not fit scripted"):
        adapters.load_shipped(scripted_language_model("x"), "cups")


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shipped_is_small_whole_and_names_its_base(name):
    from safetensors.numpy import load_file

    folder = runtime.data_dir() / "adapters" / name
    data_files.check_manifest(folder)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 4_000_000
    assert {
        tensor.dtype.name for tensor in load_file(folder / "adapter_model.safetensors").values()
    } == {"float16"}
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    assert config["base_model_name_or_path"] == "SmolLM2-135M-Instruct"
    card = (folder / "README.md").read_text("utf-8")
    assert all(word in card for word in ("benchmarks/adapters.py", "seed", "validation", "CC BY"))


@pytest.mark.model
@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_adapter_loads_on_the_course_model_and_changes_it(name):
    from ftrag_helpers.lm import models

    lm = models.load_language_model()
    tuned = adapters.load_shipped(lm, name)
    changed = [
        key
        for (key, weight), other in zip(
            tuned.model.named_parameters(), lm.model.parameters(), strict=True
        )
        if not weight.equal(other)
    ]
    assert changed and all(".layers." in key for key in changed)
