"""LoRA adapters on a language model, in peft's own format: attach, count, save, load, merge,
combine.

Every function returns a new `LanguageModel` that shares the frozen weights with the one it
was given, which stays as it was: three adapters on one base cost little more memory than one.
Training them is `finetuning`'s job.

Source: Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models, arXiv:2106.09685,
section 4.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm.models import LanguageModel

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
ALL_LINEAR = (*ATTENTION, "gate_proj", "up_proj", "down_proj")
_UNFIT = "{folder} holds no adapter for {name}: {why}\nDelete that folder and train again."


@dataclass(frozen=True)
class Lora:
    """What is trained: matrices of `rank` beside the `modules` of the top `layers`, scaled by alpha
    / rank.
    """

    rank: int = 16
    alpha: int = 32
    layers: int = 10
    modules: tuple[str, ...] = ALL_LINEAR


def _sharing(model):
    """A copy of the model's modules around the same weights."""
    shared = {id(weight): weight for weight in [*model.parameters(), *model.buffers()]}
    return copy.deepcopy(model, shared)


def _bare(lm: LanguageModel):
    if hasattr(lm.model, "get_base_model"):
        raise ValueError(
            "this model carries an adapter already: merge it first, or start from the base model"
        )
    return lm.model


def add_lora(lm: LanguageModel, lora: Lora = Lora(), seed: int = 0) -> LanguageModel:
    """The model with fresh, untrained LoRA matrices (B is zero: it says exactly what the base
    says).

    Raises:
        ValueError: more layers than the model has, a module it lacks, or an adapter on it already.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    depth = lm.model.config.num_hidden_layers
    if not 1 <= lora.layers <= depth:
        raise ValueError(f"layers must be from 1 to {depth}, not {lora.layers}")
    there = {name.split(".")[-1] for name, _ in lm.model.named_modules()}
    if set(lora.modules) - there:
        raise ValueError(f"{lm.name} has no module {min(set(lora.modules) - there)!r}")
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        target_modules=list(lora.modules),
        lora_dropout=0.0,
        layers_to_transform=list(range(depth - lora.layers, depth)),
        layers_pattern="layers",
        task_type="CAUSAL_LM",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = get_peft_model(_sharing(_bare(lm)), config)
    return replace(lm, model=model)


def trained_weights(lm: LanguageModel) -> dict:
    """The adapter's own matrices by name, in a fixed order."""
    return {name: weight for name, weight in lm.model.named_parameters() if "lora_" in name}


def save(lm: LanguageModel, folder: Path) -> None:
    """Write the adapter as peft writes it:

    `adapter_model.safetensors` and `adapter_config.json`.
    """
    lm.model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)  # peft's empty model card


def load(lm: LanguageModel, folder: Path) -> LanguageModel:
    """The base model with a saved adapter on it.

    Raises:
        CourseError: the folder holds no adapter that fits this model.
    """
    from peft import PeftModel
    from safetensors import safe_open

    base = _sharing(_bare(lm))
    try:
        model = PeftModel.from_pretrained(base, str(folder), local_files_only=True)
        with safe_open(folder / "adapter_model.safetensors", "pt") as file:
            stored = set(file.keys())
    except Exception as error:  # peft and safetensors let errors of every sort through
        raise CourseError(
            _UNFIT.format(
                folder=folder,
                name=lm.name,
                why=str(error).splitlines()[0] if str(error) else "damaged",
            )
        ) from error
    lm = replace(lm, model=model.eval())
    if stored != {
        name.replace(".default", "") for name in trained_weights(lm)
    }:  # peft would fill up with fresh ones
        raise CourseError(
            _UNFIT.format(
                folder=folder,
                name=lm.name,
                why="its matrices are not those that its configuration names",
            )
        )
    return lm


def merge(lm: LanguageModel) -> LanguageModel:
    """The adapter added into the weights, W + (alpha / rank) · B A: one plain model, as quick as
    the base.

    The weights that the adapter touches are copied first; the base keeps its own.
    """
    targets = {
        name.split(".base_layer")[0]
        for name, _ in lm.model.named_parameters()
        if ".base_layer." in name
    }
    shared = {
        id(weight): weight
        for name, weight in [*lm.model.named_parameters(), *lm.model.named_buffers()]
        if not any(name.startswith(target + ".") for target in targets)
    }
    return replace(lm, model=copy.deepcopy(lm.model, shared).merge_and_unload().eval())


def merge_weighted(
    lm: LanguageModel, folders: Sequence[Path], weights: Sequence[float]
) -> LanguageModel:
    """Several saved adapters of one base as one plain model: W + the weighted sum of their updates.

    One adapter with a weight below 1 is that adapter turned down.

    Raises:
        ValueError: not one weight for each adapter.
        CourseError: a folder holds no adapter that fits this model.
    """
    import torch

    if len(folders) != len(weights) or not folders:
        raise ValueError(
            f"{len(folders)} adapters and {len(weights)} weights: one weight for each adapter is"
            " needed"
        )
    updates = {}
    for folder, share in zip(folders, weights, strict=True):
        for name, module in load(lm, folder).model.get_base_model().named_modules():
            if hasattr(module, "get_delta_weight"):
                name = f"{name}.weight"
                updates[name] = updates.get(name, 0) + share * module.get_delta_weight("default")
    shared = {
        id(weight): weight
        for name, weight in [*lm.model.named_parameters(), *lm.model.named_buffers()]
        if name not in updates
    }
    model = copy.deepcopy(_bare(lm), shared)
    with torch.no_grad():
        for name, update in updates.items():
            model.get_parameter(name).add_(update)
    return replace(lm, model=model.eval())
