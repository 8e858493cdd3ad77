"""From documents to passages: cut at sentence ends, with a little overlap.

Level 1. What it leaves out: embedding and search (`retrieval`), the choice of sentences for a question (`selection`).
"""

import re

from ftrag_helpers.records import Document, Passage

#: Chosen on the training and validation questions, as `benchmarks/retrieval.py` prints.
CHUNK_WORDS = 90
OVERLAP_SENTENCES = 1
_SENTENCE_END = re.compile(r"""(?:(?<=[.!?])|(?<=[.!?]["'”’)])|(?<=[.!?]["'”’)]["'”’)]))\s+(?=[A-Z0-9£"'“‘(])""")
_ABBREVIATIONS = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|No|Nos|vol|ed|e\.g|i\.e|p|pp|approx|c|cl)\.$|(?-i:(?:^|\s)[A-Z]\.)$",
                            re.IGNORECASE)


def split_sentences(text: str) -> list[str]:
    """The text's sentences in order, white space trimmed; a paragraph break always ends one."""
    sentences: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        pieces = _SENTENCE_END.split(paragraph.strip())
        for number, piece in enumerate(pieces):
            if number and _ABBREVIATIONS.search(sentences[-1]):
                sentences[-1] += " " + piece
            elif piece:
                sentences.append(piece)
    return sentences


def chunk(document: Document, *, words: int = CHUNK_WORDS, overlap: int = OVERLAP_SENTENCES) -> list[Passage]:
    """The document cut at sentence ends into passages of at most `words` words.

    A sentence longer than that stands alone. Each passage after the first repeats the last `overlap`
    sentences of the one before, so that a fact and what it refers to stay together.

    Raises:
        ValueError: words below 1 or overlap below 0.
    """
    if words < 1 or overlap < 0:
        raise ValueError(f"words must be at least 1 and overlap at least 0, not {words} and {overlap}")
    sentences = split_sentences(document.text)
    groups: list[list[str]] = []
    held: list[str] = []
    for sentence in sentences:
        if held and len(" ".join([*held, sentence]).split()) > words:
            groups.append(held)
            held = held[len(held) - overlap:] if overlap and len(held) > overlap else []
            if held and len(" ".join([*held, sentence]).split()) > words:
                held = []
        held = [*held, sentence]
    groups += [held] if held else []
    return [Passage(id=f"{document.id}#{n}", document_id=document.id, title=document.title, shelf=document.shelf,
                    branch=document.branch, date=document.date, text=" ".join(group))
            for n, group in enumerate(groups, start=1)]


def embedding_text(passage: Passage) -> str:
    """What is embedded for a passage: its title before its text, so that "it" has a name."""
    return f"{passage.title}. {passage.text}"
