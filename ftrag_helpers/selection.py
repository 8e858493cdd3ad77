"""The few sentences that a question needs, chosen inside the passages that a search found.

Level 1. What it leaves out: the search (`retrieval`), and what is made of the sentences (`rag`, `gate`).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ftrag_helpers.bm25 import query_words, word_scores
from ftrag_helpers.chunking import embedding_text, split_sentences
from ftrag_helpers.ranking import LEXICAL_WEIGHT, ranked
from ftrag_helpers.records import Hit, Passage
from ftrag_helpers.retrieval import Embed, Index, remembering


class SentenceSelector:
    """Picks, inside retrieved passages, the sentences nearest to a question.

    Short contexts read better and cost less. A sentence's score is the cosine similarity of the question and the
    sentence under its passage's title, plus 0.02 × the BM25 score of the sentence among all the index's sentences.
    Each sentence is embedded at most once.
    """

    def __init__(self, index: Index, embed: Embed):
        self._index, self._embed = index, remembering(embed)
        self._read_index()

    def _read_index(self) -> None:
        self._seen = self._index.changes
        self._rows = {text: row for row, text in enumerate(dict.fromkeys(
            embedding_text(s) for p in self._index.passages for s in _sentences_of(p)))}
        self._bm25 = word_scores(list(self._rows))

    def __call__(self, texts: Sequence[str], hits: Sequence[Sequence[Hit]], n: int = 1) -> list[list[Hit]]:
        """For each text the n best sentences of its hits, each as a hit whose passage is that one sentence."""
        pools = [list({embedding_text(s): s for hit in found for s in _sentences_of(hit.passage)}.values())
                 for found in hits]
        if self._seen != self._index.changes:
            self._read_index()
        # All at once: batches of one size embed faster than a few sentences at a time.
        self._embed([embedding_text(s) for pool in pools for s in pool] + list(texts))
        return [self._best(text, pool)[:n] for text, pool in zip(texts, pools, strict=True)]

    def _best(self, text: str, pool: Sequence[Passage]) -> list[Hit]:
        if not pool:
            return []
        similarity = self._embed([embedding_text(s) for s in pool]) @ self._embed([text])[0]
        lexical = self._bm25(query_words(text))
        # Hits may come from another index than this selector's: what it does not know counts with 0.
        rows = [self._rows.get(embedding_text(s)) for s in pool]
        bonus = [0.0 if row is None else float(lexical[row]) for row in rows]
        return ranked(zip(pool, similarity + LEXICAL_WEIGHT * np.array(bonus), strict=True))


def _sentences_of(passage: Passage) -> list[Passage]:
    return [replace(passage, id=f"{passage.document_id}: {text}", text=text)
            for text in split_sentences(passage.text)]
