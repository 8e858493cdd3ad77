"""LoRA adapters on a language model, in peft's own format: attach, save, load, merge, combine.

`load_shipped` reads those that the course ships, trained longer than a lesson takes.

A function that returns a `LanguageModel` leaves the given one unchanged; the new one shares all
weights with it that it does not change, so that several adapters on one base need little more
memory than one. Not here: training (`sft`).

Source: Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models, arXiv:2106.09685,
section 4.
"""

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ftrag_helpers.data import data_files
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm.models import LanguageModel

ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
_CONFIG, _WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
ALL_LINEAR = (*ATTENTION, "gate_proj", "up_proj", "down_proj")
_UNFIT = "{folder} holds no adapter for {name}: {why}\nDelete that folder and train again."


@dataclass(frozen=True)
class Lora:
    """Which low-rank matrices are trained.

    For a frozen weight matrix W of shape (out, in) LoRA trains A, shape (rank, in), and B, shape
    (out, rank). The module computes with W + (alpha / rank) · B A.

    Attributes:
        rank: rank of the update B A, at least 1.
        alpha: numerator of the factor alpha / rank by which the update is scaled.
        layers: number of top decoder layers that get matrices, from 1 to the model's number of
            layers.
        modules: names of the linear modules in each of these layers that get matrices.
    """

    rank: int = 16
    alpha: int = 32
    layers: int = 10
    modules: tuple[str, ...] = ALL_LINEAR


def _sharing(model):
    """A copy of the model's modules that shares all parameters and buffers with the model."""
    shared = {id(weight): weight for weight in [*model.parameters(), *model.buffers()]}
    return copy.deepcopy(model, shared)


def _bare(lm: LanguageModel):
    """The model, if it carries no adapter.

    Raises:
        ValueError: it carries one.
    """
    if hasattr(lm.model, "get_base_model"):
        raise ValueError(
            "this model carries an adapter already: merge it first, or start from the base model"
        )
    return lm.model


def add_lora(lm: LanguageModel, lora: Lora = Lora(), seed: int = 0) -> LanguageModel:
    """Attach new, untrained LoRA matrices to a model.

    A is random and B is zero, so the outputs equal those of the base model.

    Args:
        lm: the base model, without an adapter; it is left unchanged.
        lora: rank, scale, layers and modules of the matrices.
        seed: seed of the random values of A; the global random state is left unchanged.

    Returns:
        The base model wrapped by peft; only the LoRA matrices require gradients.

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
    """The adapter's own matrices.

    Args:
        lm: a model with an adapter.

    Returns:
        Parameters by name, in the order of the model's modules; A of shape (rank, in), B of shape
        (out, rank). Empty for a model without an adapter.
    """
    return {name: weight for name, weight in lm.model.named_parameters() if "lora_" in name}


def save(lm: LanguageModel, folder: Path) -> None:
    """Write the adapter in peft's format: `adapter_model.safetensors` and `adapter_config.json`.

    Args:
        lm: a model with an adapter; the base weights are not written.
        folder: where the files are written; peft creates it if needed.
    """
    lm.model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)  # peft's empty model card


def load(lm: LanguageModel, folder: Path) -> LanguageModel:
    """Attach a saved adapter to a base model.

    Args:
        lm: the base model, without an adapter; it is left unchanged.
        folder: a folder written by `save`.

    Returns:
        The base model wrapped by peft, in evaluation mode.

    Raises:
        ValueError: the model carries an adapter already.
        CourseError: the folder holds no adapter that fits this model.
    """
    from peft import PeftModel
    from safetensors import safe_open

    base = _sharing(_bare(lm))
    try:
        model = PeftModel.from_pretrained(base, str(folder), local_files_only=True)
        with safe_open(folder / _WEIGHTS, "pt") as file:
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


def ship(source: Path, folder: Path, base: str) -> None:
    """Copy a saved adapter with its matrices in 16 bits (float16), half the size.

    Args:
        source: a folder written by `save`.
        folder: where the copy is written; the manifest is written too.
        base: the base model's name, which the copy's configuration gives instead of a path.

    Raises:
        OSError: a file cannot be read or written.
    """
    from safetensors.torch import load_file, save_file

    folder.mkdir(parents=True, exist_ok=True)
    half = {key: value.half() for key, value in load_file(source / _WEIGHTS).items()}
    save_file(half, folder / _WEIGHTS, metadata={"format": "pt"})
    config = json.loads((source / _CONFIG).read_text("utf-8")) | {"base_model_name_or_path": base}
    # peft lists the modules in any order
    config["target_modules"] = sorted(config["target_modules"])
    (folder / _CONFIG).write_text(json.dumps(config, indent=1) + "\n", "utf-8", newline="\n")
    data_files.write_manifest(folder, patterns=(_CONFIG, _WEIGHTS))


def load_shipped(lm: LanguageModel, name: str) -> LanguageModel:
    """The base model with an adapter that the course ships, merged.

    Args:
        lm: the base model, without an adapter; it is left unchanged.
        name: the adapter's name: its folder in `datasets/adapters`, whose data card says what it
            was trained on.

    Returns:
        The tuned model, as `sft.train` returns it in `lm`.

    Raises:
        ValueError: no such adapter, or the model carries an adapter already.
        CourseError: the adapter's files are missing or damaged, or it was trained on another model.
    """
    folder = runtime.data_dir() / "adapters" / name
    names = sorted(path.parent.name for path in folder.parent.glob(f"*/{_CONFIG}"))
    if name not in names:
        raise ValueError(f"no shipped adapter {name!r}: there are {', '.join(names) or 'none'}")
    data_files.check_manifest(folder)
    base = json.loads((folder / _CONFIG).read_text("utf-8"))["base_model_name_or_path"]
    try:
        return merge(load(lm, folder))
    except CourseError as error:
        raise CourseError(
            f"The shipped adapter {name} was trained on {base} and does not fit {lm.name}. Train"
            " one on your model, as the lesson does, or leave this cell out."
        ) from error


def merge(lm: LanguageModel) -> LanguageModel:
    """Add an adapter's update to the weights: W + (alpha / rank) · B A.

    The weights that the adapter changes are copied first, so that the base model stays as it is.

    Args:
        lm: a model with an adapter.

    Returns:
        A model without the wrapper of peft, of the base model's structure, in evaluation mode.
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
    """Merge saved adapters of one base: W + the weighted sum of their updates (alpha / rank) · B A.

    With a single adapter the weight scales its update: 0 gives the base model, 1 the result of
    `merge`.

    Args:
        lm: the base model, without an adapter; it is left unchanged.
        folders: the adapters' folders, written by `save`; at least one.
        weights: the factor of each adapter's update, in the order of the folders.

    Returns:
        A model without the wrapper of peft, of the base model's structure, in evaluation mode.

    Raises:
        ValueError: not one weight for each adapter, no adapter, or an adapter on the model already.
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
                # (out, in), like the module's weight
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
