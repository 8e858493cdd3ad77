"""What `ftrag check` computes: libraries imported, a sum on the device, both models, an index.

Not here: the machine around them (`check_machine`).
"""

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from ftrag_helpers.cli.check_machine import Finding
from ftrag_helpers.environment import libraries, runtime, variables
from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm import model_files
from ftrag_helpers.lm.servers import endpoint


def check_libraries() -> Iterator[Finding]:
    """Whether every library can be imported."""
    libraries.load()
    yield Finding("libraries", f"{len(libraries.LIBRARIES)} loaded")


def check_accelerator() -> Iterator[Finding]:
    """The device that the lessons compute on, after one sum on it, and the threads that they
    use.
    """
    import torch

    device, threads = runtime.device(), variables.threads()
    if threads:
        torch.set_num_threads(threads)
    kind = (
        "none; the course is made for the CPU"
        if device.type == "cpu"
        else f"{device.type}, used by the lessons"
    )
    yield Finding(
        "accelerator", f"{kind} (PyTorch {torch.__version__}, {torch.get_num_threads()} threads)"
    )


def check_models() -> Iterator[Finding]:
    """Each model's files, and where they are whole, one computation with it."""
    computations = (_ask_language_model, _ask_embedder)
    for model, source, compute in zip(
        model_files.status(), model_files.SOURCES, computations, strict=True
    ):
        shown = f"{model.detail} ({model.path})"
        if not model.ok:
            advice = (
                f"Correct {source.environment}, or unset it."
                if model.named
                else "Run: python course.py fetch"
            )
            yield Finding(model.name, shown, advice)
            continue
        try:
            yield Finding(model.name, f"{shown}; {compute()}")
        except CourseError as error:
            yield Finding(model.name, f"{shown}; does not compute", str(error))
        except Exception as error:
            yield Finding(
                model.name, f"{shown}; does not compute", str(model_files.unloadable(source, error))
            )


def _ask_language_model() -> str:
    """What one forward pass over a chat message gave, in words."""
    import numpy as np

    from ftrag_helpers.lm import models

    lm = models.load_language_model()
    prompt = lm.render([{"role": "user", "content": "Good morning"}])
    probabilities = np.exp(models.next_token_logprobs(lm, prompt))
    total = probabilities.sum()
    if not np.isclose(total, 1, atol=1e-2):
        raise CourseError(
            f"The chances of the next token add up to {total:.2f}, not 1: the weights are damaged,"
            " or the device computes wrongly. Try FTRAG_DEVICE=cpu, then: python"
            " course.py fetch"
        )
    return f"computes ({len(probabilities)} tokens)"


def _ask_embedder() -> str:
    """What embedding one word gave, in words."""
    import numpy as np

    from ftrag_helpers.lm import models

    [vector] = models.embed(["morning"])
    if not np.isclose(np.linalg.norm(vector), 1, atol=1e-2):
        raise CourseError(
            f"A vector of length {np.linalg.norm(vector):.2f} came out where 1 is right: the"
            " weights are damaged, or the device computes wrongly. Try FTRAG_DEVICE=cpu, then:"
            " python course.py fetch"
        )
    return f"computes ({len(vector)} dimensions)"


def check_endpoint() -> Iterator[Finding]:
    """Whether the server with the learner's own model answers; no line where none is named."""
    if endpoint.is_set():
        away = "" if endpoint.is_here() else "; not this machine, and it is sent every prompt"
        yield Finding("own model", f"{endpoint.model_name()} at {variables.endpoint()}{away}")


def check_index() -> Iterator[Finding]:
    """Two documents put into an index of their own and one found again; on the Chroma server where
    one is named.
    """
    import numpy as np

    from ftrag_helpers.data.records import Document
    from ftrag_helpers.retrieval import passage_index

    def embed(texts) -> np.ndarray:
        return np.array([[1, 0] if "north" in text else [0, 1] for text in texts], np.float32)

    name, url = f"check-{uuid.uuid4().hex[:12]}", os.environ.get("FTRAG_CHROMA_URL")
    with tempfile.TemporaryDirectory(prefix="ftrag-check-", ignore_cleanup_errors=True) as folder:
        try:
            index = passage_index.Index(embed, Path(folder), name=name)
            index.add(
                [
                    Document(word, word, "", "", "", f"The {word} door.")
                    for word in ("north", "south")
                ]
            )
            documents = [hit.passage.document_id for hit in index.dense(["north"], 1)[0]]
        finally:
            _leave_nothing_on_the_server(name)
    if documents != ["north"]:
        raise CourseError(
            f"Chroma found {documents} where ['north'] is right. {libraries.anew()}, then start"
            " again."
        )
    where = f"on the server {url}" if url else f"in SQLite {_sqlite_version()}"
    yield Finding(
        "index", f"Chroma {metadata.version('chromadb')} keeps a passage and finds it, {where}"
    )


def _leave_nothing_on_the_server(name: str) -> None:
    import chromadb

    address = variables.chroma_address()
    if address:
        with contextlib.suppress(Exception):  # where it does not answer there is nothing to remove
            client = chromadb.HttpClient(host=address[0], port=address[1], ssl=address[2])
            for collection in client.list_collections():
                if collection.name.startswith(name):
                    client.delete_collection(collection.name)


def _sqlite_version() -> str:
    import sqlite3

    return sqlite3.sqlite_version
