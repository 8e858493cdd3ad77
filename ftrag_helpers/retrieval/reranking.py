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

import numpy as np

from ftrag_helpers.data.records import Hit, Passage, TokenEmbeddings
from ftrag_helpers.retrieval.bm25 import idf
from ftrag_helpers.retrieval.chunking import embedding_text
from ftrag_helpers.retrieval.maxsim import Match, PassageTokens, QuestionTokens, match
from ftrag_helpers.retrieval.passage_index import Index

EmbedTokens = Callable[[Sequence[str]], list[TokenEmbeddings]]

#: How many candidate passages of a search are reranked; chosen on the training and validation
#: questions, as `benchmarks/retrieval.py` prints.
CANDIDATES = 100
_BATCH = 64
_WORDS = re.compile(r"\w+|[^\w\s]")


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
        self._index, self._embed_tokens, self._progress = index, embed_tokens, progress
        self._tokens: dict[tuple[str, str], PassageTokens] = {}
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
        if self._counted != self._index.changes:
            self._count_words()
        self._embed_passages([hit.passage for candidates in hits for hit in candidates])
        questions = [
            QuestionTokens(tokens, self._idf_shares(text, tokens.spans))
            for text, tokens in zip(texts, self._embed_tokens(texts), strict=True)
        ]
        return [
            match(question, [self._tokens[_key(hit.passage)] for hit in candidates])
            for question, candidates in zip(questions, hits, strict=True)
        ]

    def _embed_passages(self, passages: Sequence[Passage]) -> None:
        """Embed the tokens of the passages that were not candidates before."""
        from tqdm.auto import tqdm

        new = sorted({_key(p): p for p in passages if _key(p) not in self._tokens}.items())
        for start in tqdm(
            range(0, len(new), _BATCH),
            desc="reading passages",
            unit="batch",
            disable=not self._progress or len(new) <= _BATCH,
            leave=False,
        ):
            batch = new[start : start + _BATCH]
            embeddings = self._embed_tokens([embedding_text(passage) for _, passage in batch])
            self._tokens.update(
                (key, PassageTokens(passage, tokens))
                for (key, passage), tokens in zip(batch, embeddings, strict=True)
            )

    def _count_words(self) -> None:
        """Compute the inverse document frequency of every word of the index, as a share of that of
        a word in no passage.
        """
        self._counted, passages = self._index.changes, self._index.passages
        counts = Counter(
            word
            for p in passages
            for word in {m.group() for m in _WORDS.finditer(embedding_text(p).lower())}
        )
        self._idf = {
            word: idf(n, len(passages)) / idf(0, len(passages)) for word, n in counts.items()
        }

    def _idf_shares(self, text: str, spans: np.ndarray) -> np.ndarray:
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
            shares[own] = self._idf.get(word.group().lower(), 1.0) / max(1, own.sum())
        return shares


def _key(passage: Passage) -> tuple[str, str]:
    """By document and content, so that the embeddings of a changed passage are not used again."""
    return passage.document_id, embedding_text(passage)
