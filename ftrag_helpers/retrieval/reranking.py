"""Late interaction: every word of a question looks for its own best match, in a passage and in each
of its sentences.

One vector for a whole passage blurs what each of its words says; here words meet words.
That costs too much to do for every passage of a large library, so a search (`retrieval`) brings
candidates first. What it leaves out: what is made of the sentences (`rag`) and of how well they
match (`answerability`).

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

#: How many passages a search brings to be read again word by word; chosen on the training and
#: validation questions, as `benchmarks/retrieval.py` prints.
CANDIDATES = 100
_BATCH = 64
_WORDS = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, eq=False)
class Match:
    """What was found for a question, and how its word pieces fare against the best sentence of it.

    `hits` are sentences and `passages` the candidates, both ranked anew. `spans` says where each
    piece stands in the question, shape (pieces, 2). The others hold one value a piece: `idf`
    runs from 0 (in every passage) to 1 (in none), shared by the pieces of one word; `weights` is
    the same made to sum to 1; `sentence`, `passage` and `anywhere` are cosine similarities (-1 to
    1) of the piece's best match in the sentence and its title, in the passage around it, and in all
    candidates.
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
    """Reads candidate passages again, word by word: ranks them anew and picks the sentences nearest
    to a question.

    A sentence's score (-1 to 1) is the weighted mean over the question's word pieces of their best
    match: half of it in the sentence and its title, half anywhere in the passage around it. A
    passage's score is its best sentence's. A piece weighs what its word does: its inverse document
    frequency over the index's passages (Spärck Jones 1972). Each passage is embedded at most once,
    when it is first a candidate; `progress` shows a bar while many are.
    """

    def __init__(self, index: Index, embed_tokens: EmbedTokens, *, progress: bool = False):
        self._index, self._embed_pieces, self._progress = index, embed_tokens, progress
        self._read: dict[tuple[str, str], _Read] = {}
        self._count_words()

    def __call__(
        self, texts: Sequence[str], hits: Sequence[Sequence[Hit]], n: int = 1
    ) -> list[list[Hit]]:
        """For each text the n best sentences of its hits, each as a hit whose passage is that one
        sentence.
        """
        return [match.hits[:n] for match in self.matches(texts, hits)]

    def passages(
        self, texts: Sequence[str], hits: Sequence[Sequence[Hit]], k: int = 5
    ) -> list[list[Hit]]:
        """For each text the k best of its hits, ranked anew."""
        return [match.passages[:k] for match in self.matches(texts, hits)]

    def matches(self, texts: Sequence[str], hits: Sequence[Sequence[Hit]]) -> list[Match]:
        """For each text the sentences of its hits, best first, and how its words fare against the
        best of them.
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
        """Each piece's share of its word's inverse document frequency, from 0 (in every passage) to
        1 (in none).
        """
        shares = np.zeros(len(spans))
        for word in _WORDS.finditer(text):
            own = (spans[:, 0] >= word.start()) & (spans[:, 0] < word.end())
            shares[own] = self._rarity.get(word.group().lower(), 1.0) / max(1, own.sum())
        return shares


class _Asked:
    """A question as its pieces, and what each counts for."""

    def __init__(self, pieces: TokenEmbeddings, idf: np.ndarray):
        self.spans, self.vectors, self.idf = pieces.spans, pieces.vectors, idf
        self.weights = idf / idf.sum() if idf.any() else idf


class _Read:
    """A passage as its pieces, cut into its title and its sentences:

    `starts` says where each begins, the title at 0.
    """

    def __init__(self, passage: Passage, pieces: TokenEmbeddings):
        text, at = embedding_text(passage), len(passage.title) + 1
        begins = pieces.spans[:, 0] if len(pieces.spans) else np.zeros(0, int)
        self.passage, self.vectors, self.sentences, starts = passage, pieces.vectors, [], [0]
        for sentence in split_sentences(passage.text):
            begin = text.index(sentence, at)
            at = begin + len(sentence)
            first = int(np.searchsorted(begins, begin))
            if (
                starts[-1] < first < len(begins)
            ):  # beyond the embedder's window there is nothing to compare
                self.sentences.append(
                    replace(passage, id=f"{passage.document_id}: {sentence}", text=sentence)
                )
                starts.append(first)
        self.starts = np.array(starts)


class _Compared:
    """A question's pieces against those of its candidates.

    Of all sentences, passage after passage: `best`, each piece's best match in the sentence and its
    title, shape (sentences, pieces); `inside`, the same anywhere in the passage around it;
    `scores`, shape (sentences,).
    """

    def __init__(self, question: _Asked, candidates: Sequence[_Read]):
        self.passages = [read.passage for read in candidates]
        self.sentences = [sentence for read in candidates for sentence in read.sentences]
        self._counts = np.array([len(read.sentences) for read in candidates], int)
        pieces = len(question.weights)
        if not self.sentences or not pieces:
            self.best = self.inside = np.zeros((len(self.sentences), pieces))
        else:
            sizes = np.array([len(read.vectors) for read in candidates])
            similar = _similarities(
                question.vectors, np.concatenate([read.vectors for read in candidates])
            )
            starts = np.concatenate(
                [
                    read.starts + before
                    for read, before in zip(candidates, sizes.cumsum() - sizes, strict=True)
                ]
            )
            stretches = np.maximum.reduceat(similar, starts, axis=1).T
            titles = self._counts.cumsum() - self._counts + np.arange(len(candidates))
            passages = np.maximum.reduceat(stretches, titles, axis=0)
            self.best = np.maximum(
                np.delete(stretches, titles, axis=0),
                np.repeat(stretches[titles], self._counts, axis=0),
            )
            self.inside = np.repeat(passages, self._counts, axis=0)
        self.scores = (self.best + self.inside) @ question.weights / 2

    def of_passages(self) -> list[float]:
        """Each candidate's score: its best sentence's, or -1 where it has none."""
        ends = self._counts.cumsum()
        return [
            float(self.scores[end - count : end].max(initial=-1.0))
            for end, count in zip(ends, self._counts, strict=True)
        ]


def _similarities(pieces: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Dot products, shape (pieces, others), by PyTorch: the embedder's threads, still awake, would
    slow those of NumPy.
    """
    import torch

    return (torch.from_numpy(pieces) @ torch.from_numpy(others).T).numpy()


def _match(question: _Asked, compared: _Compared) -> Match:
    """The sentences of all candidates in one ranking; one that passages share counts where it
    scores best.
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
    return passage.document_id, embedding_text(passage)
