"""A small reading society: its pages, its news, and a real index that a learner's `publish`
changes, for task 4.6.

Level 3. The embedder counts words, so no model is loaded. What it leaves out: which passages the
index should hold in the end, because all of this runs beside the learner's code.
"""

import re
import zlib
from collections.abc import Sequence

import numpy as np

from ftrag_helpers.checks.core import CheckFailed

#: Pages of the society: (id, title, text), with places for numbers.
PAGES = (
    (
        "rooms",
        "The Lantern Room",
        (
            "The Lantern Room on the ground floor is hired at £{a} an hour. It holds thirty people,"
            " and its piano was tuned in spring by a man who asked for tea instead of money."
            " Whoever hires it puts the chairs back in rows before leaving."
        ),
    ),
    (
        "boat",
        "The reading boat",
        (
            "The reading boat ties up at Mill Steps every Thursday from two until five. Books from"
            " the boat may be handed back at any desk, wet or dry. In fog it stays at its mooring,"
            " and a bell is rung from the quay so that nobody waits."
        ),
    ),
    (
        "seeds",
        "The seed drawer",
        (
            "The seed drawer stands beside the returns desk and opens whenever the building does. A"
            " reader may take {b} packets of seed in one season. Whoever can, brings seed back in"
            " autumn, dried and labelled in a hand that others can read."
        ),
    ),
    (
        "posters",
        "Posters",
        (
            "Posters are printed on the large machine in the basement. A poster costs £{c} on plain"
            " paper. Bring the file on a stick, since the machine is older than most of its users"
            " and has no other way in."
        ),
    ),
)
#: News: (page, old, new, text); of the first page's two items the second changes what the first
#: wrote.
NEWS = (
    (
        "rooms",
        "at £{a} an hour",
        "at £{a2} an hour",
        (
            "The hourly price of the Lantern Room rises to £{a2}, since its windows "
            "were mended at last."
        ),
    ),
    (
        "rooms",
        "at £{a2} an hour",
        "at £{a3} an hour",
        (
            "A second rise this year: the Lantern Room costs £{a3} an hour. The "
            "treasurer is sorry, and the boiler is new."
        ),
    ),
    (
        "seeds",
        "take {b} packets",
        "take {b2} packets",
        "A good autumn filled the drawer, and {b2} packets a season are free to every reader.",
    ),
    (
        "posters",
        "costs £{c} on",
        "costs £{c2} on",
        "Paper has become dearer, and a poster comes to £{c2}.",
    ),
)
#: How the society's index cuts pages: short, so that a page has passages which its news leave
#: alone.
CHUNKS = {"words": 30, "overlap": 0}
_SOME_WORD = re.compile(r"\w+")


class _CountedWords:
    """An embedder that counts words, and remembers how many texts it was given."""

    def __init__(self):
        self.texts = 0

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.texts += len(texts)
        vectors = np.zeros((len(texts), 64), np.float32)
        for row, text in enumerate(texts):
            for word in _SOME_WORD.findall(text.lower()):
                vectors[row, zlib.crc32(word.encode()) % 64] += 1
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def records(pages: list[dict], news: list[dict]) -> tuple[list, list]:
    """The documents and updates that plain pages and news describe."""
    from ftrag_helpers.records import Document, Update

    return [Document(**page) for page in pages], [
        Update(Document(**item["news"]), item["document"], tuple(map(tuple, item["edits"])))
        for item in news
    ]


def _published(publish: object, *case: object) -> object:
    try:
        return publish(*case)
    except ValueError as error:
        if "does not hold once" not in str(error):
            raise
        raise CheckFailed(
            f"an update does not find the sentence that it changes ({error}). It builds on an"
            " earlier one: all updates that are in force are applied, in the order of their dates,"
            " each to the documents that the one before it gave"
        ) from None


def see_publish(publish: object, inputs: list) -> list:
    """For each case: what `publish` returned, how many texts were embedded, and the passages that
    the index then holds.
    """
    from ftrag_helpers.retrieval import Index

    if not callable(publish):
        raise CheckFailed(f"expected a function, got {type(publish).__name__}")
    seen = []
    for pages, news, day in inputs:
        documents, updates = records(pages, news)
        embed = _CountedWords()
        index = Index(embed, **CHUNKS)
        index.synchronise(documents)
        embed.texts = 0
        returned = _published(publish, index, documents, updates, day)
        seen.append(
            {
                "returned": returned,
                "embedded": embed.texts,
                "passages": [[passage.document_id, passage.text] for passage in index.passages],
            }
        )
    return seen
