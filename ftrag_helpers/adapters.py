"""LoRA adapters on a language model, in peft's own format: attach, count, save, load, merge, combine.

Level 2. Every function returns a new `LanguageModel` that shares the frozen weights with the one it was given,
which stays as it was: three adapters on one base cost little more memory than one. Training them is
`finetuning`'s job.

Source: Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models, arXiv:2106.09685, section 4.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ftrag_helpers.models import LanguageModel
from ftrag_helpers.runtime import CourseError

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
ALL_LINEAR = (*ATTENTION, "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Lora:
    """What is trained: matrices of `rank` beside the `modules` of the top `layers`, scaled by alpha / rank."""

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
        raise ValueError("this model carries an adapter already: merge it first, or start from the base model")
    return lm.model


def attach(lm: LanguageModel, lora: Lora = Lora(), seed: int = 0) -> LanguageModel:
    """The model with fresh, untrained LoRA matrices (B is zero: it says exactly what the base says).

    Raises:
        ValueError: more layers than the model has, a module it lacks, or an adapter on it already.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    depth = lm.model.config.num_hidden_layers
    if not 1 <= lora.layers <= depth:
        raise ValueError(f"layers must be from 1 to {depth}, not {lora.layers}")
    config = LoraConfig(r=lora.rank, lora_alpha=lora.alpha, target_modules=list(lora.modules), lora_dropout=0.0,
                        layers_to_transform=list(range(depth - lora.layers, depth)), layers_pattern="layers",
                        task_type="CAUSAL_LM")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = get_peft_model(_sharing(_bare(lm)), config)
    return replace(lm, model=model)


def trained_weights(lm: LanguageModel) -> dict:
    """The adapter's own matrices by name, in a fixed order."""
    return {name: weight for name, weight in lm.model.named_parameters() if "lora_" in name}


def save(lm: LanguageModel, folder: Path) -> None:
    """Write the adapter as peft writes it: `adapter_model.safetensors` and `adapter_config.json`."""
    lm.model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)  # peft's empty model card


def load(lm: LanguageModel, folder: Path) -> LanguageModel:
    """The base model with a saved adapter on it.

    Raises:
        CourseError: the folder holds no adapter that fits this model.
    """
    from peft import PeftModel

    try:
        model = PeftModel.from_pretrained(_sharing(_bare(lm)), str(folder), local_files_only=True)
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, ValueError) and "already" in str(error):
            raise
        raise CourseError(f"{folder} holds no adapter for {lm.name}: {str(error).splitlines()[0]}\n"
                          "Delete that folder and train again.") from error
    return replace(lm, model=model.eval())


def merge(lm: LanguageModel) -> LanguageModel:
    """The adapter added into the weights, W + (alpha / rank) · B A: one plain model, as quick as the base.

    The weights that the adapter touches are copied first; the base keeps its own.
    """
    targets = {name.split(".base_layer")[0] for name, _ in lm.model.named_parameters() if ".base_layer." in name}
    shared = {id(weight): weight for name, weight in [*lm.model.named_parameters(), *lm.model.named_buffers()]
              if not any(name.startswith(target + ".") for target in targets)}
    return replace(lm, model=copy.deepcopy(lm.model, shared).merge_and_unload().eval())


def combine(lm: LanguageModel, folders: Sequence[Path], weights: Sequence[float]) -> LanguageModel:
    """Several saved adapters of one base as one: the weighted sum of their updates, merged.

    Raises:
        ValueError: not one weight for each adapter.
    """
    from peft import PeftModel

    if len(folders) != len(weights) or not folders:
        raise ValueError(f"{len(folders)} adapters and {len(weights)} weights: one weight for each adapter is needed")
    model = PeftModel.from_pretrained(_sharing(_bare(lm)), str(folders[0]), adapter_name="0", local_files_only=True)
    for number, folder in enumerate(folders[1:], start=1):
        model.load_adapter(str(folder), adapter_name=str(number), local_files_only=True)
    names = [str(number) for number in range(len(folders))]
    # "cat" joins the matrices, so that the result is the exact weighted sum; "linear" would mix A with another's B.
    model.add_weighted_adapter(names, list(weights), "combined", combination_type="cat")
    model.set_adapter("combined")
    for name in names:
        model.delete_adapter(name)
    return merge(replace(lm, model=model))
