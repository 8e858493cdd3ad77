"""The answerability classifier, which decides whether a question is answered or declined.

A logistic regression on features of the search. It is fitted on training and validation questions,
with a threshold set for an accepted rate of false refusals. The language model does not decide: a
model of this size refuses all questions or none (lesson 04 measures it).

The number of words in a question is left out as a feature: in this data the questions without an
answer are shorter, which need not hold for the questions of real users (`benchmarks/rag.py` prints
its effect).
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ftrag_helpers.data import course_data
from ftrag_helpers.data.records import Answer, Hit, Question
from ftrag_helpers.lm import models
from ftrag_helpers.rag import prompts
from ftrag_helpers.rag.retrievers import SearchTrace
from ftrag_helpers.retrieval.bm25 import idf
from ftrag_helpers.retrieval.chunking import embedding_text
from ftrag_helpers.retrieval.passage_index import Embed, Index
from ftrag_helpers.retrieval.reranking import Match

#: Names of the features, in the order of the columns: six scores of the search (`Features`,
#: `_ranks`), seven similarities of the question's sub-word tokens ("piece", `_pieces`), four of the
#: question's content words, and two of the kind of answer (`Features._words`).
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
)
#: Names of the features from the language model (`model_features`).
MODEL_FEATURES = ("model's yes", "model's confidence")
#: Answerable training questions among the calibration questions.
_SPREAD = 150

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


@dataclass(frozen=True)
class AnswerabilityClassifier:
    """A fitted answerability classifier.

    Attributes:
        pipeline: the fitted scikit-learn pipeline.
        threshold: the probability of being answerable (0 to 1) below which a question is declined.
    """

    pipeline: object
    threshold: float

    def predict_proba(self, features: np.ndarray) -> np.ndarray:
        """The probability that each question is answerable.

        Args:
            features: shape (questions, features), with the columns of the fit.

        Returns:
            Probabilities (0 to 1), shape (questions,).
        """
        # (questions, 2), columns unanswerable and answerable, to (questions,)
        return self.pipeline.predict_proba(features)[:, 1]

    def abstain(self, features: np.ndarray) -> np.ndarray:
        """Which questions to decline: those with a probability below the threshold.

        Args:
            features: shape (questions, features), with the columns of the fit.

        Returns:
            Truth values, shape (questions,), True to decline.
        """
        return self.predict_proba(features) < self.threshold


def calibration_questions() -> list[Question]:
    """The questions on which the course fits its classifier.

    No retrieval model is trained on them.

    Returns:
        The validation questions, then, in the order of the file, all unanswerable training
        questions and 150 answerable ones at even distances.
    """
    train = course_data.load_questions("train")
    answerable = [q for q in train if q.answerable]
    spread = {answerable[i * len(answerable) // _SPREAD].id for i in range(_SPREAD)}
    return course_data.load_questions("validation") + [
        q for q in train if not q.answerable or q.id in spread
    ]


def fit_classifier(
    features: np.ndarray, answerable: Sequence[bool], *, false_refusals: float = 0.08
) -> AnswerabilityClassifier:
    """Fit the classifier, and set its threshold for a rate of false refusals.

    The threshold is a quantile of cross-validated probabilities, as the probabilities for the
    questions of the fit are too optimistic.

    Args:
        features: shape (questions, features).
        answerable: whether each question is answerable, shape (questions,).
        false_refusals: the share (0 to 1) of the answerable questions that may be declined.

    Returns:
        The classifier, fitted on all questions.

    Raises:
        ValueError: not both kinds of question are there, at least ten each.
    """
    answerable = np.asarray(answerable, bool)
    if min(answerable.sum(), (~answerable).sum()) < 10:
        raise ValueError(
            f"the gate needs ten questions of each kind, not {answerable.sum()} and"
            f" {(~answerable).sum()}"
        )
    honest = cross_validated(features, answerable)
    return AnswerabilityClassifier(
        _pipeline(len(answerable)).fit(features, answerable),
        float(np.quantile(honest[answerable], false_refusals)),
    )


def cross_validated(features: np.ndarray, answerable: Sequence[bool]) -> np.ndarray:
    """The probability that each question is answerable, by 10-fold cross-validation.

    Each probability is that of a classifier fitted on the nine folds without the question.

    Args:
        features: shape (questions, features).
        answerable: whether each question is answerable, shape (questions,).

    Returns:
        Probabilities (0 to 1), shape (questions,).
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    # (questions, 2), columns unanswerable and answerable, to (questions,)
    return cross_val_predict(
        _pipeline(len(answerable)), features, answerable, cv=folds, method="predict_proba"
    )[:, 1]


def _pipeline(questions: int):
    """An unfitted logistic regression on an approximated RBF kernel, which models interactions.

    Args:
        questions: the number of questions of the fit; it bounds the number of components.
    """
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # (questions, features), then (questions, components), then (questions, 2)
    return make_pipeline(
        StandardScaler(),
        Nystroem(gamma=0.03, n_components=min(200, questions // 2), random_state=0),
        LogisticRegression(C=1.0, class_weight="balanced", max_iter=1000),
    )


def trade_off_curve(
    keep: Sequence[float], answerable: Sequence[bool]
) -> list[tuple[float, float, float]]:
    """The rates of right and of false refusals at every threshold that changes them.

    Args:
        keep: the probability (0 to 1) that each question is answerable.
        answerable: whether each question is answerable; both kinds must be there.

    Returns:
        Rows (threshold, right refusals, false refusals) by rising threshold, the last of which is
        infinite. The rates are shares (0 to 1) of the unanswerable and of the answerable questions
        with a probability below the threshold.
    """
    keep, answerable = np.asarray(keep, float), np.asarray(answerable, bool)
    return [
        (float(t), float((keep[~answerable] < t).mean()), float((keep[answerable] < t).mean()))
        for t in [*np.unique(keep), np.inf]
    ]


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
                *_pieces(match),
                *self._words(trace.text, match.hits),
            ]
            for trace, near, match in zip(traces, meaning, matches, strict=True)
        ]
        # (questions, features), also without any question
        return np.array(rows, float).reshape(len(texts), len(FEATURES))

    def _words(self, text: str, sentences: Sequence[Hit]) -> list[float]:
        """The last six features: content words of the question in the best sentence or its title.

        Args:
            text: the question.
            sentences: the reranked sentences, best first; may be empty.

        Returns:
            The share of the words found (0 to 1); the same weighted by idf; the highest idf of a
            missing word; the idf-weighted share of words in no passage; 1 or 0 for whether the
            kind of answer asked for is in the sentence; 1 or 0 for whether it is missing.
        """
        best = sentences[0].passage if sentences else None
        wanted, read = (
            content_words(text),
            (content_words(f"{best.title} {best.text}") if best else set()),
        )
        weight = {word: self._idf.get(word, self._unknown) for word in wanted}
        total = sum(weight.values()) or 1.0
        needs = next(
            (needed for asks, needed in ANSWER_KINDS.values() if re.search(asks, text.lower())),
            None,
        )
        there = bool(needs and best and re.search(needs, best.text.lower()))
        return [
            len(wanted & read) / max(1, len(wanted)),
            sum(weight[w] for w in wanted & read) / total,
            max((weight[w] for w in wanted - read), default=0.0),
            sum(weight[w] for w in wanted - self._idf.keys()) / total,
            float(there),
            float(bool(needs) and not there),
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


def _pieces(match: Match) -> list[float]:
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
    asked = [
        [
            {
                "role": "user",
                "content": (
                    "Text:\n"
                    + "\n".join(h.passage.text for h in reversed(found))
                    + f"\n\nQuestion: {prompts.truncate(q.text)}\n\nDoes the text answer the"
                    " question? Answer Yes or No."
                ),
            }
        ]
        for q, found in zip(questions, sentences, strict=True)
    ]
    return models.log_odds(lm, asked, "Yes", "No")


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
