"""MaxSim scores: a question's sub-word tokens compared with those of passages and their sentences.

Not here: embedding tokens, and their weights (`reranking`).

Source: Khattab and Zaharia 2020, "ColBERT: Efficient and Effective Passage Search via
Contextualized Late Interaction over BERT".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ftrag_helpers.data.records import Hit, Passage, TokenEmbeddings
from ftrag_helpers.retrieval.chunking import embedding_text
from ftrag_helpers.retrieval.fusion import ranked
from ftrag_helpers.text.sentences import split_sentences


@dataclass(frozen=True, eq=False)
class Match:
    """The reranked sentences and passages for a question, and how each of its sub-word tokens
    matches the best sentence.

    Without any sentence, `sentence`, `passage` and `anywhere` are 0.

    Attributes:
        hits: all sentences of the candidates, best first.
        passages: the candidate passages, best first.
        spans: start and end of each token in the question, in characters, shape (tokens, 2).
        idf: inverse document frequency, shape (tokens,): from near 0 (a word in every passage) to 1
            (in none), divided by the number of the word's tokens.
        weights: `idf` scaled to sum to 1, shape (tokens,); all 0 where `idf` is.
        sentence: cosine similarity (-1 to 1) of each token's best match in the best sentence and
            its title, shape (tokens,).
        passage: the same in the whole passage around that sentence, shape (tokens,).
        anywhere: the same in all candidates that have a sentence, shape (tokens,).
    """

    hits: list[Hit]
    passages: list[Hit]
    spans: np.ndarray
    idf: np.ndarray
    weights: np.ndarray
    sentence: np.ndarray
    passage: np.ndarray
    anywhere: np.ndarray


class QuestionTokens:
    """A question's token embeddings and weights.

    `vectors` has shape (tokens, dimensions), `spans` (tokens, 2), `idf` and `weights` (tokens,).
    """

    def __init__(self, tokens: TokenEmbeddings, idf: np.ndarray):
        self.spans, self.vectors, self.idf = tokens.spans, tokens.vectors, idf
        self.weights = idf / idf.sum() if idf.any() else idf


class PassageTokens:
    """A passage's token embeddings, divided into segments: its title, then its sentences.

    `vectors` has shape (tokens, dimensions). `starts`, shape (1 + sentences,), holds the index of
    each segment's first token; the title's is 0. A sentence that begins beyond the embedder's
    window is left out.
    """

    def __init__(self, passage: Passage, tokens: TokenEmbeddings):
        text, at = embedding_text(passage), len(passage.title) + 1
        # The tokens' first characters: (tokens,)
        begins = tokens.spans[:, 0] if len(tokens.spans) else np.zeros(0, int)
        self.passage, self.vectors, self.sentences, starts = passage, tokens.vectors, [], [0]
        for sentence in split_sentences(passage.text):
            begin = text.index(sentence, at)
            at = begin + len(sentence)
            first = int(np.searchsorted(begins, begin))
            # A sentence beyond the embedder's window has no token embeddings.
            if starts[-1] < first < len(begins):
                self.sentences.append(
                    replace(passage, id=f"{passage.document_id}: {sentence}", text=sentence)
                )
                starts.append(first)
        self.starts = np.array(starts)


class _Similarities:
    """The similarities of a question's tokens to those of its candidates.

    For all sentences, in the order of the passages: `best`, the cosine similarity (-1 to 1) of each
    question token's best match in the sentence and its title, shape (sentences, question tokens);
    `inside`, the same anywhere in the passage around it, same shape; `scores`, shape (sentences,).
    """

    def __init__(self, question: QuestionTokens, candidates: Sequence[PassageTokens]):
        self.passages = [candidate.passage for candidate in candidates]
        self.sentences = [sentence for candidate in candidates for sentence in candidate.sentences]
        # Sentences of each candidate: (candidates,)
        self._counts = np.array([len(candidate.sentences) for candidate in candidates], int)
        tokens = len(question.weights)
        if not self.sentences or not tokens:
            self.best = self.inside = np.zeros((len(self.sentences), tokens))
        else:
            # Tokens of each candidate: (candidates,)
            sizes = np.array([len(candidate.vectors) for candidate in candidates])
            # (question tokens, tokens of all candidates)
            similar = _dot_products(
                question.vectors, np.concatenate([candidate.vectors for candidate in candidates])
            )
            # The first token of each segment (title or sentence), among the tokens of all
            # candidates: (segments,)
            starts = np.concatenate(
                [
                    candidate.starts + before
                    for candidate, before in zip(candidates, sizes.cumsum() - sizes, strict=True)
                ]
            )
            # The maximum over each segment's tokens: (segments, question tokens)
            segments = np.maximum.reduceat(similar, starts, axis=1).T
            # The row of each candidate's title, with which its segments begin: (candidates,)
            titles = self._counts.cumsum() - self._counts + np.arange(len(candidates))
            # The maximum over each passage's segments: (candidates, question tokens)
            passages = np.maximum.reduceat(segments, titles, axis=0)
            # Rows of sentences, each with the row of its title: (sentences, question tokens)
            self.best = np.maximum(
                np.delete(segments, titles, axis=0),
                np.repeat(segments[titles], self._counts, axis=0),
            )
            # (candidates, question tokens) to (sentences, question tokens)
            self.inside = np.repeat(passages, self._counts, axis=0)
        # (sentences, question tokens) @ (question tokens,) = (sentences,)
        self.scores = (self.best + self.inside) @ question.weights / 2

    def of_passages(self) -> list[float]:
        """Score each candidate by its best sentence.

        Returns:
            One score for each candidate, in order, from -1 to 1; -1 where it has no sentence.
        """
        ends = self._counts.cumsum()
        return [
            float(self.scores[end - count : end].max(initial=-1.0))
            for end, count in zip(ends, self._counts, strict=True)
        ]


def _dot_products(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Dot products of all pairs of vectors.

    Computed by PyTorch: its worker threads, still active after embedding, would slow those of
    NumPy.

    Args:
        first: the question's token embeddings, shape (question tokens, dimensions).
        second: the candidates' token embeddings, shape (tokens, dimensions).

    Returns:
        Cosine similarities (-1 to 1), as vectors have length 1, shape (question tokens, tokens).
    """
    import torch

    return (torch.from_numpy(first) @ torch.from_numpy(second).T).numpy()


def match(question: QuestionTokens, candidates: Sequence[PassageTokens]) -> Match:
    """Rank the sentences of all candidates, and the candidates.

    A sentence that overlapping passages of a document share is listed once, with its highest score.
    """
    compared = _Similarities(question, candidates)
    rows: dict[str, int] = {}
    for row, sentence in enumerate(compared.sentences):
        if sentence.id not in rows or compared.scores[rows[sentence.id]] < compared.scores[row]:
            rows[sentence.id] = row
    passages = ranked(zip(compared.passages, compared.of_passages(), strict=True))
    hits = ranked((compared.sentences[row], float(compared.scores[row])) for row in rows.values())
    if hits:
        # Rows of `best` and `inside`, and the maximum over all sentences' passages: (tokens,)
        row = rows[hits[0].passage.id]
        similar = compared.best[row], compared.inside[row], compared.inside.max(axis=0)
    else:
        similar = (np.zeros(len(question.weights)),) * 3
    return Match(hits, passages, question.spans, question.idf, question.weights, *similar)
