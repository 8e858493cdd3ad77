"""The features of the answerability classifier, read off the traces of searches.

The number of words in a question is left out as a feature: in this data the questions without an
answer are shorter, which need not hold for the questions of real users (`benchmarks/rag.py` prints
its effect). Not here: the classifier (`answerability`), the part that asks (`question_part`).
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from ftrag_helpers.data.records import Answer, Hit, Question
from ftrag_helpers.lm import models
from ftrag_helpers.rag import prompts, question_part
from ftrag_helpers.rag.retrievers import SearchTrace
from ftrag_helpers.retrieval.bm25 import idf
from ftrag_helpers.retrieval.chunking import embedding_text
from ftrag_helpers.retrieval.passage_index import Embed, Index
from ftrag_helpers.retrieval.reranking import Match

#: Names of the features, in the order of the columns: six scores of the search (`Features`,
#: `_ranks`), seven similarities of the question's sub-word tokens, called pieces in their names
#: (`_token_similarities`), four of the question's content words, two of the kind of answer
#: (`Features._words`), and those of the sentence that asks (`question_part`).
FEATURES = (
    "meaning",
    "words",
    "sentence's meaning",
    "best sentence",
    "lead over other pages",
    "lead over fifth passage",
    "worst piece",
    "worst rare piece",
    "largest gap",
    "gap filled elsewhere",
    "mean gap filled elsewhere",
    "worst piece anywhere",
    "unevenness",
    "words found",
    "rare words found",
    "rarest word missing",
    "words unknown here",
    "kind of answer there",
    "kind of answer missing",
    *question_part.NAMES,
)
#: Names of the features from the language model (`model_features`).
MODEL_FEATURES = ("model's yes", "model's confidence")

_NUMBER = (
    r"\b(?:\d[\d.,:]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|half|"
    r"once|twice|first|second|third)\b"
)
_TIME = (
    r"\d{1,2}:\d\d|\b1\d{3}\b|\b20\d\d\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)?days?\b|\b(?:january|february|"
    r"march|april|may|june|july|august|september|october|november|december|weeks?|months?|years?|noon|mornings?|"
    r"evenings?|afternoons?|minutes?|hours?)\b"
)
#: For each kind of answer two patterns: one that finds the questions asking for it, and one that
#: a sentence with such an answer must match. Both are applied to text in lower case.
ANSWER_KINDS = {
    "money": (
        r"how much|price|cost|\bfee\b|charge|\bfare\b|\bpay\b",
        r"£|\b\d+p\b|\bpence\b|\bfree\b",
    ),
    "time": (
        (
            r"\bwhen\b|(?:what|which) (?:time|day|date|year|month|evening|hours)|how"
            r" (?:soon|late|early)"
        ),
        _TIME,
    ),
    "number": (
        r"how (?:many|long|old|far|tall|high|wide|big|deep|heavy|hot|often|large|fast|loud)|"
        r"what (?:number|age|percentage|size|temperature)|up to what|telephone",
        _NUMBER,
    ),
}


class Features:
    """Computes the classifier's features from the traces of searches.

    A word's idf is its inverse document frequency over the passages that the index has when the
    object is made (Spärck Jones 1972).

    Args:
        index: the index that is searched.
        embed: texts to unit-length vectors, shape (texts, dimensions).
    """

    def __init__(self, index: Index, embed: Embed):
        self._embed = embed
        counts = Counter(
            word for p in index.passages for word in content_words(f"{p.title} {p.text}")
        )
        total = len(index.passages)
        self._idf = {word: idf(n, total) for word, n in counts.items()}
        self._unknown = idf(0, total)

    def __call__(self, traces: Sequence[SearchTrace]) -> np.ndarray:
        """The features of each search.

        Args:
            traces: traces of a `Retriever` with the method and the filter of the searches on which
                the classifier is fitted (the course: hybrid, no filter).

        Returns:
            Shape (questions, len(FEATURES)).
        """
        texts, matches = [t.text for t in traces], [t.reranked for t in traces]
        best = [embedding_text(m.hits[0].passage) if m.hits else "" for m in matches]
        # Cosine similarities of each question to its best sentence: (questions, dimensions) to
        # (questions,)
        meaning = np.sum(self._embed(texts) * self._embed(best), axis=1) if texts else []
        rows = [
            [
                _top(trace.dense),
                _top(trace.bm25),
                near,
                *_ranks(match.hits, match.passages[:5]),
                *_token_similarities(match),
                *self._words(trace.text, match.hits),
                *question_part.features(trace.text, match),
            ]
            for trace, near, match in zip(traces, meaning, matches, strict=True)
        ]
        # (questions, features), also without any question
        return np.array(rows, float).reshape(len(texts), len(FEATURES))

    def _words(self, text: str, sentences: Sequence[Hit]) -> list[float]:
        """Six features: content words of the question in the best sentence or its title.

        Args:
            text: the question.
            sentences: the reranked sentences, best first; may be empty.

        Returns:
            The share of the words found (0 to 1); the same weighted by idf; the highest idf of a
            missing word; the idf-weighted share of words in no passage; 1 or 0 for whether the
            kind of answer asked for is in the sentence; 1 or 0 for whether it is missing.
        """
        best = sentences[0].passage if sentences else None
        asked = content_words(text)
        given = content_words(f"{best.title} {best.text}") if best else set()
        weight = {word: self._idf.get(word, self._unknown) for word in asked}
        total = sum(weight.values()) or 1.0
        kind = next(
            (answer for asks, answer in ANSWER_KINDS.values() if re.search(asks, text.lower())),
            None,
        )
        there = bool(kind and best and re.search(kind, best.text.lower()))
        return [
            len(asked & given) / max(1, len(asked)),
            sum(weight[w] for w in asked & given) / total,
            max((weight[w] for w in asked - given), default=0.0),
            sum(weight[w] for w in asked - self._idf.keys()) / total,
            float(there),
            float(bool(kind) and not there),
        ]


def _top(hits: Sequence[Hit]) -> float:
    """The first hit's score, 0 without hits."""
    return hits[0].score if hits else 0.0


def _ranks(sentences: Sequence[Hit], passages: Sequence[Hit]) -> list[float]:
    """Differences of scores in the ranking.

    Args:
        sentences: the reranked sentences, best first; may be empty.
        passages: the first five reranked passages.

    Returns:
        The best sentence's score, its lead over the best one of another document, and the best
        passage's lead over the last one given.
    """
    page = sentences[0].passage.document_id if sentences else ""
    other = [hit for hit in sentences if hit.passage.document_id != page]
    return [_top(sentences), _top(sentences) - _top(other), _top(passages) - _top(passages[-1:])]


def _token_similarities(match: Match) -> list[float]:
    """Seven features of how well the question's sub-word tokens are matched in the best sentence.

    Args:
        match: the reranked sentences and passages; its arrays have shape (tokens,).

    Returns:
        With s the similarity of a token in the best sentence and a that in any candidate: the
        lowest s; the lowest s of tokens with an idf above 0.5 (1 without such
        tokens); the highest idf × (1 - s); the highest idf × (a - s); the weighted mean of a - s;
        the lowest a; the weighted standard deviation of s. All 0 for a question without tokens.
    """
    if not len(match.idf):
        return [0.0] * 7
    # Each (tokens,); `mean` is a scalar.
    gaps, elsewhere = match.idf * (1 - match.sentence), match.anywhere - match.sentence
    mean = match.weights @ match.sentence
    return [
        match.sentence.min(),
        match.sentence[match.idf > 0.5].min(initial=1.0),
        gaps.max(),
        (match.idf * elsewhere).max(),
        match.weights @ elsewhere,
        match.anywhere.min(),
        math.sqrt(match.weights @ (match.sentence - mean) ** 2),
    ]


def model_features(
    lm: models.LanguageModel, questions: Sequence[Question], answers: Sequence[Answer]
) -> np.ndarray:
    """Features from the language model; `benchmarks/rag.py` compares classifiers with and without.

    Args:
        lm: the language model.
        questions: the questions.
        answers: the system's answer to each question, without abstention, with its hits.

    Returns:
        Shape (questions, len(MODEL_FEATURES)): the log-odds of `model_says_yes`, and the mean
        log-probability of the answer's tokens, both in nats.
    """
    yes = model_says_yes(lm, questions, [a.hits for a in answers])
    return np.array([[y, a.logprob] for y, a in zip(yes, answers, strict=True)], float)


def model_says_yes(
    lm: models.LanguageModel, questions: Sequence[Question], sentences: Sequence[Sequence[Hit]]
) -> list[float]:
    """Ask the model whether the sentences answer the question.

    Args:
        lm: the language model.
        questions: the questions.
        sentences: for each question the hits whose texts are quoted, best first.

    Returns:
        For each question the log-odds of "Yes" against "No" in nats.
    """
    messages = [
        [
            {
                "role": "user",
                "content": (
                    "Text:\n"
                    + "\n".join(hit.passage.text for hit in reversed(hits))
                    + f"\n\nQuestion: {prompts.truncate(q.text)}\n\nDoes the text answer the"
                    " question? Answer Yes or No."
                ),
            }
        ]
        for q, hits in zip(questions, sentences, strict=True)
    ]
    return models.log_odds(lm, messages, "Yes", "No")


def content_words(text: str) -> set[str]:
    """The stems of a text's words, without function and question words.

    Args:
        text: the text; words are runs of the letters a to z, digits and "£", in lower case.

    Returns:
        The different stems (English Snowball stemmer).
    """
    import Stemmer
    from bm25s.stopwords import STOPWORDS_EN

    words = re.findall(r"[a-z0-9£]+", text.lower().replace("'s", "").replace("’s", ""))
    return set(
        Stemmer.Stemmer("english").stemWords(
            [w for w in words if w not in STOPWORDS_EN and w not in _ASKING]
        )
    )


#: Stop words beyond the list of bm25s: words of questions, requests and politeness.
_ASKING = set(
    "what when where which who whom whose why how do does did done am were can could would should"
    " may might must i we you he she me my mine your our us him his her them any some many much"
    " more most than there here have has had having been being about from its itself just only"
    " please tell know let get got need want like so too very also up out off over under again each"
    " every one".split()
)
