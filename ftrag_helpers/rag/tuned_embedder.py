"""Fine-tuning the embedder on questions and the sentences that answer them: pairs, and keeping the
result.

The training itself stands in lesson 04, with `sentence-transformers`' own trainer. Here are what it
learns from and a folder in the cache, so that the same training is done once. Not here: searching
with the embedder (`retrieval`), language models (`finetuning`).
"""

import hashlib
import inspect
import json
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ftrag_helpers.data.records import Document, Question
from ftrag_helpers.lm import models, result_store
from ftrag_helpers.lm.model_files import sha256_of
from ftrag_helpers.lm.result_cache import weights_digest

#: How many tuned embedders are kept, of 91 MB each; the oldest are deleted.
_KEPT = 3
_WEIGHTS, _ABOUT = "model.safetensors", "about.json"

Pair = tuple[str, str]


@dataclass(frozen=True)
class TunedEmbedder:
    """A fine-tuned embedder.

    Attributes:
        model: the `SentenceTransformer`.
        seconds: the time that its training took, also where it was read from the cache.
        from_cache: whether it was read from the cache.
    """

    model: object
    seconds: float
    from_cache: bool


def training_pairs(questions: Sequence[Question], documents: Sequence[Document]) -> list[Pair]:
    """Each question with each of the sentences that answer it.

    Args:
        questions: questions with a reference; one without supporting sentences gives no pair.
        documents: all documents that references name.

    Returns:
        Pairs of a question's text and "<title>. <sentence>", the form in which passages are
        embedded, in the order of the questions.
    """
    by_id = {document.id: document for document in documents}
    return list(_pairs([q for q in questions if q.reference], by_id))


def _pairs(questions: Sequence[Question], by_id: dict[str, Document]) -> Iterator[Pair]:
    for question in questions:
        for sentence in question.reference.support:
            for page in (by_id[i] for i in question.reference.documents):
                if sentence in page.text:
                    yield question.text, f"{page.title}. {sentence}"


def train_once(
    train: Callable[[object, Sequence[Pair]], object], pairs: Sequence[Pair]
) -> TunedEmbedder:
    """The embedder that `train` makes of the pairs: read from the cache, or trained and kept there.

    The key holds the function's source, the pairs, the weights of the embedder before the training,
    the number of threads, and the versions of the libraries. `FTRAG_COMPUTE_CACHE=off` turns the
    cache off. Where the result cannot be kept, a warning says so.

    Args:
        train: takes a fresh `SentenceTransformer` and the pairs, and returns it trained. It must
            seed its random numbers itself, and use nothing that changes from run to run.
        pairs: questions and texts that answer them.

    Returns:
        The tuned embedder, in evaluation mode.

    Raises:
        CourseError: the embedder's files are not there or cannot be read.
    """
    model, cache = models.fresh_embedder(), result_store.folder()
    model.model_card_data.generate_widget_examples = False  # a card that nobody reads, with a bar
    folder = cache / "embedders" / _key(train, model, pairs) if cache else None
    seconds = _read(model, folder) if folder else None
    if seconds is not None:
        return TunedEmbedder(model.eval(), seconds, True)
    started = time.perf_counter()
    model = train(model, list(pairs)).eval()
    seconds = time.perf_counter() - started
    if folder:
        _keep(model, folder, seconds)
    return TunedEmbedder(model, seconds, False)


def _key(train: Callable, model, pairs: Sequence[Pair]) -> str:
    """The first 24 hexadecimal digits of a SHA-256 hash of all that the result depends on."""
    import sentence_transformers
    import torch
    import transformers

    libraries = [module.__version__ for module in (sentence_transformers, torch, transformers)]
    content = [inspect.getsource(train), list(pairs), weights_digest(model), libraries]
    content += [torch.get_num_threads(), torch.backends.cpu.get_cpu_capability()]
    return hashlib.sha256(json.dumps([*content, str(model.device)]).encode()).hexdigest()[:24]


def _read(model, folder: Path) -> float | None:
    """Load kept weights into the model; the seconds of their training, None where none are whole.

    The safetensors format has no checksum, so a changed bit would be read as another number.
    """
    from safetensors.torch import load_file

    try:
        about = json.loads((folder / _ABOUT).read_text("utf-8"))
        if sha256_of(folder / _WEIGHTS) != about["sha256"]:
            return None
        model.load_state_dict(load_file(folder / _WEIGHTS, device=str(model.device)))
        return float(about["seconds"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return None


def _keep(model, folder: Path, seconds: float) -> None:
    """Write the weights, then the file that says that they are whole; delete the oldest others."""
    from safetensors.torch import save_file

    try:
        folder.mkdir(parents=True, exist_ok=True)
        weights = {name: values.contiguous() for name, values in model.state_dict().items()}
        save_file(weights, folder / _WEIGHTS)
        about = {"sha256": sha256_of(folder / _WEIGHTS), "seconds": seconds}
        (folder / _ABOUT).write_text(json.dumps(about), "utf-8")
        others = sorted(folder.parent.iterdir(), key=lambda path: path.stat().st_mtime)
        for old in others[:-_KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    except Exception as error:  # safetensors has an error of its own for a full disk
        warnings.warn(
            f"The tuned embedder could not be kept ({error}): the next run trains it again.",
            stacklevel=3,
        )
