"""Chunking: documents are split into passages at sentence ends, with overlapping sentences.

Not here: embedding and search (`passage_index`), the choice of sentences for a question
(`reranking`).
"""

from collections.abc import Callable, Sequence

from ftrag_helpers.data.records import Document, Passage
from ftrag_helpers.text.sentences import count_words, shortened, split_sentences

#: The most words of a passage, and how many sentences it repeats of the one before. Chosen on the
#: training and validation questions, as `benchmarks/retrieval.py` prints.
CHUNK_WORDS = 90
OVERLAP_SENTENCES = 1


def chunk(
    document: Document,
    *,
    words: int = CHUNK_WORDS,
    overlap: int = OVERLAP_SENTENCES,
    fits: Callable[[str], bool] | None = None,
) -> list[Passage]:
    """Split a document at sentence ends into passages of at most `words` words.

    A longer sentence is a passage by itself. A passage begins with the last `overlap` sentences of
    the one before, so that a fact and what it refers to stay together. They are not repeated where
    the one before has no more sentences than that, or where the next sentence would not fit.

    If a passage with its title does not fit the embedder, the document is split again: a sentence
    that does not fit by itself is split between clauses, else words, else characters, and passages
    are given fewer sentences. This is not done where the title alone does not fit.

    Args:
        document: the document.
        words: the most words of a passage, at least 1; in scripts without spaces two characters
            count as one word.
        overlap: how many sentences a passage repeats of the one before, at least 0.
        fits: whether an embedder reads a text without truncation; None where there is no limit.

    Returns:
        The passages in the order of the document, with ids "<document id>#1", "#2" and so on.

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
        )  # a title that does not fit by itself: splitting the text would not help

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
    """Group consecutive sentences, each group as long as `too_long` allows.

    Args:
        sentences: the sentences in order.
        overlap: how many sentences a group repeats of the one before, where they fit.
        too_long: whether sentences are too long for one group; a single one is never rejected.

    Returns:
        The groups in order.
    """
    groups: list[list[str]] = []
    group: list[str] = []
    for sentence in sentences:
        if group and too_long([*group, sentence]):
            groups.append(group)
            group = group[len(group) - overlap :] if overlap and len(group) > overlap else []
            if group and too_long([*group, sentence]):
                group = []
        group = [*group, sentence]
    return groups + ([group] if group else [])


def embedding_text(passage: Passage) -> str:
    """The text that is embedded for a passage: its title, then its text.

    The title names what the pronouns in the text may refer to.

    Args:
        passage: the passage.

    Returns:
        "<title>. <text>".
    """
    return f"{passage.title}. {passage.text}"
