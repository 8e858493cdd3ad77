"""Late-interaction reranking (MaxSim): each sub-word token of a question is matched with its most
similar token in a passage and in each of the passage's sentences.

A single vector for a passage averages over its tokens; here token embeddings are compared. That is
too slow for all passages of a large library, so a search (`passage_index`) selects candidates
first.

Not here: prompts with the sentences (`rag`), and the decision whether they answer the question
(`answerability`).

Source: Khattab and Zaharia 2020, "ColBERT: Efficient and Effective Passage Search via
Contextualized Late Interaction over BERT", with an embedder that was not trained for it, and words
weighted by their rarity.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ftrag_helpers.data.records import Hit, Passage, TokenEmbeddings
from ftrag_helpers.retrieval.bm25 import idf
from ftrag_helpers.retrieval.chunking import embedding_text
from ftrag_helpers.retrieval.fusion import ranked
from ftrag_helpers.retrieval.passage_index import Index
from ftrag_helpers.text.sentences import split_sentences

EmbedTokens = Callable[[Sequence[str]], list[TokenEmbeddings]]

#: How many candidate passages of a search are reranked; chosen on the training and validation
#: questions, as `benchmarks/retrieval.py` prints.
CANDIDATES = 100
_BATCH = 64
_WORDS = re.compile(r"\w+|[^\w\s]")


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


class MaxSimReranker:
    """Reranks candidate passages by token similarity and selects the sentences that match a
    question best.

    A sentence's score (-1 to 1) is the weighted mean, over the question's sub-word tokens, of two
    cosine similarities, averaged: that of the token's best match in the sentence and its title, and
    that of its best match anywhere in the passage. A passage's score is that of its best sentence.
    The weight of a token is the inverse document frequency of its word over the index's passages
    (Spärck Jones 1972), divided by the number of the word's tokens. Each passage is embedded at
    most once, when it is first a candidate.

    Args:
        index: the index of the passages, whose word statistics give the weights.
        embed_tokens: texts to token embeddings with unit-length vectors (`models.embed_tokens`).
        progress: whether to show a progress bar where more than 64 passages are embedded.
    """

    def __init__(self, index: Index, embed_tokens: EmbedTokens, *, progress: bool = False):
        self._index, self._embed_pieces, self._progress = index, embed_tokens, progress
        self._read: dict[tuple[str, str], _Read] = {}
        self._count_words()

    def __call__(
        self, texts: Sequence[str], hits: Sequence[Sequence[Hit]], n: int = 1
    ) -> list[list[Hit]]:
        """For each text the n best sentences of its hits.

        Args:
            texts: the questions.
            hits: the candidate passages of each question.
            n: the most sentences for each question.

        Returns:
            For each text the sentences, best first, each as a hit whose passage has that sentence
            as its text; scores from -1 to 1.

        Raises:
            ValueError: there are not as many lists of hits as texts.
        """
        return [match.hits[:n] for match in self.matches(texts, hits)]

    def passages(
        self, texts: Sequence[str], hits: Sequence[Sequence[Hit]], k: int = 5
    ) -> list[list[Hit]]:
        """Rerank the passages of a search.

        Args:
            texts: the questions.
            hits: the candidate passages of each question.
            k: the most passages for each question.

        Returns:
            For each text the k best of its hits, best first, with scores from -1 to 1.

        Raises:
            ValueError: there are not as many lists of hits as texts.
        """
        return [match.passages[:k] for match in self.matches(texts, hits)]

    def matches(self, texts: Sequence[str], hits: Sequence[Sequence[Hit]]) -> list[Match]:
        """For each text its reranked sentences and passages, and the similarities of its tokens.

        Args:
            texts: the questions.
            hits: the candidate passages of each question; there may be none.

        Returns:
            One match for each text, in order.

        Raises:
            ValueError: there are not as many lists of hits as texts.
        """
        if self._seen != self._index.changes:
            self._count_words()
        self._read_passages([hit.passage for found in hits for hit in found])
        asked = [
            _Asked(pieces, self._rarities(text, pieces.spans))
            for text, pieces in zip(texts, self._embed_pieces(texts), strict=True)
        ]
        return [
            _match(question, _Compared(question, [self._read[_key(hit.passage)] for hit in found]))
            for question, found in zip(asked, hits, strict=True)
        ]

    def _read_passages(self, passages: Sequence[Passage]) -> None:
        """Embed the tokens of the passages that were not candidates before."""
        from tqdm.auto import tqdm

        new = sorted({_key(p): p for p in passages if _key(p) not in self._read}.items())
        for start in tqdm(
            range(0, len(new), _BATCH),
            desc="reading passages",
            unit="batch",
            disable=not self._progress or len(new) <= _BATCH,
            leave=False,
        ):
            batch = new[start : start + _BATCH]
            made = self._embed_pieces([embedding_text(passage) for _, passage in batch])
            self._read.update(
                (key, _Read(passage, pieces))
                for (key, passage), pieces in zip(batch, made, strict=True)
            )

    def _count_words(self) -> None:
        """Compute the inverse document frequency of every word of the index, as a share of that of
        a word in no passage.
        """
        self._seen, passages = self._index.changes, self._index.passages
        counts = Counter(
            word
            for p in passages
            for word in {m.group() for m in _WORDS.finditer(embedding_text(p).lower())}
        )
        self._rarity = {
            word: idf(n, len(passages)) / idf(0, len(passages)) for word, n in counts.items()
        }

    def _rarities(self, text: str, spans: np.ndarray) -> np.ndarray:
        """The inverse document frequency of each token's word, divided by the word's tokens.

        Args:
            text: the question.
            spans: start and end of its tokens in characters, shape (tokens, 2).

        Returns:
            Shape (tokens,); the tokens of one word sum to a value from near 0 (in every passage) to
            1 (in none).
        """
        shares = np.zeros(len(spans))
        for word in _WORDS.finditer(text):
            # The tokens that begin within the word: (tokens,), truth values
            own = (spans[:, 0] >= word.start()) & (spans[:, 0] < word.end())
            shares[own] = self._rarity.get(word.group().lower(), 1.0) / max(1, own.sum())
        return shares


class _Asked:
    """A question's token embeddings and weights.

    `vectors` has shape (tokens, dimensions), `spans` (tokens, 2), `idf` and `weights` (tokens,).
    """

    def __init__(self, pieces: TokenEmbeddings, idf: np.ndarray):
        self.spans, self.vectors, self.idf = pieces.spans, pieces.vectors, idf
        self.weights = idf / idf.sum() if idf.any() else idf


class _Read:
    """A passage's token embeddings, divided into segments: its title, then its sentences.

    `vectors` has shape (tokens, dimensions). `starts`, shape (1 + sentences,), holds the index of
    each segment's first token; the title's is 0. A sentence that begins beyond the embedder's
    window is left out.
    """

    def __init__(self, passage: Passage, pieces: TokenEmbeddings):
        text, at = embedding_text(passage), len(passage.title) + 1
        # The tokens' first characters: (tokens,)
        begins = pieces.spans[:, 0] if len(pieces.spans) else np.zeros(0, int)
        self.passage, self.vectors, self.sentences, starts = passage, pieces.vectors, [], [0]
        for sentence in split_sentences(passage.text):
            begin = text.index(sentence, at)
            at = begin + len(sentence)
            first = int(np.searchsorted(begins, begin))
            if (
                starts[-1] < first < len(begins)
            ):  # a sentence beyond the embedder's window has no token embeddings
                self.sentences.append(
                    replace(passage, id=f"{passage.document_id}: {sentence}", text=sentence)
                )
                starts.append(first)
        self.starts = np.array(starts)


class _Compared:
    """The similarities of a question's tokens to those of its candidates.

    For all sentences, in the order of the passages: `best`, the cosine similarity (-1 to 1) of each
    question token's best match in the sentence and its title, shape (sentences, question tokens);
    `inside`, the same anywhere in the passage around it, same shape; `scores`, shape (sentences,).
    """

    def __init__(self, question: _Asked, candidates: Sequence[_Read]):
        self.passages = [read.passage for read in candidates]
        self.sentences = [sentence for read in candidates for sentence in read.sentences]
        # Sentences of each candidate: (candidates,)
        self._counts = np.array([len(read.sentences) for read in candidates], int)
        pieces = len(question.weights)
        if not self.sentences or not pieces:
            self.best = self.inside = np.zeros((len(self.sentences), pieces))
        else:
            # Tokens of each candidate: (candidates,)
            sizes = np.array([len(read.vectors) for read in candidates])
            # (question tokens, tokens of all candidates)
            similar = _similarities(
                question.vectors, np.concatenate([read.vectors for read in candidates])
            )
            # The first token of each segment (title or sentence), among the tokens of all
            # candidates: (segments,)
            starts = np.concatenate(
                [
                    read.starts + before
                    for read, before in zip(candidates, sizes.cumsum() - sizes, strict=True)
                ]
            )
            # The maximum over each segment's tokens: (segments, question tokens)
            stretches = np.maximum.reduceat(similar, starts, axis=1).T
            # The row of each candidate's title, with which its segments begin: (candidates,)
            titles = self._counts.cumsum() - self._counts + np.arange(len(candidates))
            # The maximum over each passage's segments: (candidates, question tokens)
            passages = np.maximum.reduceat(stretches, titles, axis=0)
            # Rows of sentences, each with the row of its title: (sentences, question tokens)
            self.best = np.maximum(
                np.delete(stretches, titles, axis=0),
                np.repeat(stretches[titles], self._counts, axis=0),
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


def _similarities(pieces: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Dot products of all pairs of vectors.

    Computed by PyTorch: its worker threads, still active after embedding, would slow those of
    NumPy.

    Args:
        pieces: the question's token embeddings, shape (question tokens, dimensions).
        others: the candidates' token embeddings, shape (tokens, dimensions).

    Returns:
        Cosine similarities (-1 to 1), as vectors have length 1, shape (question tokens, tokens).
    """
    import torch

    return (torch.from_numpy(pieces) @ torch.from_numpy(others).T).numpy()


def _match(question: _Asked, compared: _Compared) -> Match:
    """Rank the sentences of all candidates, and the candidates.

    A sentence that overlapping passages of a document share is listed once, with its highest score.
    """
    rows: dict[str, int] = {}
    for row, sentence in enumerate(compared.sentences):
        if sentence.id not in rows or compared.scores[rows[sentence.id]] < compared.scores[row]:
            rows[sentence.id] = row
    passages = ranked(zip(compared.passages, compared.of_passages(), strict=True))
    hits = ranked((compared.sentences[row], float(compared.scores[row])) for row in rows.values())
    if not hits:
        nothing = np.zeros(len(question.weights))
        return Match(
            [],
            passages,
            question.spans,
            question.idf,
            question.weights,
            nothing,
            nothing,
            nothing,
        )
    # Rows of `best` and `inside`, and the maximum over all sentences' passages: (question tokens,)
    row = rows[hits[0].passage.id]
    return Match(
        hits,
        passages,
        question.spans,
        question.idf,
        question.weights,
        compared.best[row],
        compared.inside[row],
        compared.inside.max(axis=0),
    )


def _key(passage: Passage) -> tuple[str, str]:
    """By document and content, so that the embeddings of a changed passage are not used again."""
    return passage.document_id, embedding_text(passage)
