"""From documents to passages: cut at sentence ends, with a little overlap.

What it leaves out: embedding and search (`retrieval`), the choice of sentences for a
question (`reranking`).
"""

from collections.abc import Callable, Sequence

from ftrag_helpers.data.records import Document, Passage
from ftrag_helpers.text.sentences import count_words, shortened, split_sentences

#: Chosen on the training and validation questions, as `benchmarks/retrieval.py` prints.
CHUNK_WORDS = 90
OVERLAP_SENTENCES = 1


def chunk(
    document: Document,
    *,
    words: int = CHUNK_WORDS,
    overlap: int = OVERLAP_SENTENCES,
    fits: Callable[[str], bool] | None = None,
) -> list[Passage]:
    """The document cut at sentence ends into passages of at most `words` words.

    A sentence longer than that stands alone. Each passage after the first repeats the last
    `overlap` sentences of the one before, so that a fact and what it refers to stay together.

    `fits` says whether an embedder reads a text to its end. A passage that does not fit, its title
    before it, is made of fewer sentences; a sentence that does not fit alone is cut between clauses
    or words.

    Raises:
        ValueError: words below 1 or overlap below 0.
    """
    if words < 1 or overlap < 0:
        raise ValueError(
            f"words must be at least 1 and overlap at least 0, not {words} and {overlap}"
        )

    def readable(text: str) -> bool:
        return (
            fits is None or fits(f"{document.title}. {text}") or not fits(f"{document.title}. ")
        )  # no cut would help then

    def too_long(group: list[str]) -> bool:
        return count_words(" ".join(group)) > words

    sentences = split_sentences(document.text)
    groups = _groups(sentences, overlap, too_long)
    if not all(readable(" ".join(group)) for group in groups):
        parts = [part for sentence in sentences for part in shortened(sentence, readable)]
        groups = _groups(
            parts, overlap, lambda group: too_long(group) or not readable(" ".join(group))
        )
    return [
        Passage(
            id=f"{document.id}#{n}",
            document_id=document.id,
            title=document.title,
            shelf=document.shelf,
            branch=document.branch,
            date=document.date,
            text=" ".join(group),
        )
        for n, group in enumerate(groups, start=1)
    ]


def _groups(
    sentences: Sequence[str], overlap: int, too_long: Callable[[list[str]], bool]
) -> list[list[str]]:
    """As many sentences together as are not too long, each group beginning with the last `overlap`
    of the one before.
    """
    groups: list[list[str]] = []
    held: list[str] = []
    for sentence in sentences:
        if held and too_long([*held, sentence]):
            groups.append(held)
            held = held[len(held) - overlap :] if overlap and len(held) > overlap else []
            if held and too_long([*held, sentence]):
                held = []
        held = [*held, sentence]
    return groups + ([held] if held else [])


def embedding_text(passage: Passage) -> str:
    """What is embedded for a passage: its title before its text, so that "it" has a name."""
    return f"{passage.title}. {passage.text}"
