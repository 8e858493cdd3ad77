"""The gate: whether the librarian should answer at all, decided outside the language model.

A small logistic regression over signals that retrieval and the model give anyway. It is
fitted on questions that the test never sees, its threshold set for a rate of false refusals that
one is ready to accept. Why not let the model decide: a model of this size refuses all or nothing
(lesson 04 measures it).

The number of words in a question is no signal here, on purpose: in this data the questions without
an answer are shorter, a habit of those who wrote them that no library's readers share
(`benchmarks/rag.py` prints what it would buy).
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

#: Retrieval as a whole; how the question's pieces fare in the best sentence; which of its words
#: stand there; what kind of answer.
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
MODEL_FEATURES = ("model's yes", "model's confidence")
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
#: What a question asks for, by its words, and what a sentence that answers it must hold at the
#: least.
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
    """A fitted gate. `keep(signals)` is the probability (0 to 1) that the library holds an
    answer.
    """

    pipeline: object
    threshold: float

    def predict_proba(self, features: np.ndarray) -> np.ndarray:
        """Probabilities, shape (questions,), from signals of shape (questions, signals)."""
        return self.pipeline.predict_proba(features)[:, 1]

    def abstain(self, features: np.ndarray) -> np.ndarray:
        """Which questions to decline: those whose probability lies below the threshold."""
        return self.predict_proba(features) < self.threshold


def calibration_questions() -> list[Question]:
    """What the course fits its gate on: the validation questions, and of the training questions
    every unanswerable one and 150 answerable ones spread evenly, in the order of the file.
    Retrieval learns from none of them.
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
    """Fit the gate, and set its threshold so that about that share of the answerable would be
    refused.

    The threshold is read off cross-validated probabilities: those of a model for the very questions
    it was fitted on are too good.

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
    """The probability that each question is answerable, from a gate fitted on the other nine tenths
    of them.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    return cross_val_predict(
        _pipeline(len(answerable)), features, answerable, cv=folds, method="predict_proba"
    )[:, 1]


def _pipeline(questions: int):
    """Logistic regression on a smooth kernel, so that signals may count together: a gap weighs more
    where nothing fills it.
    """
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(
        StandardScaler(),
        Nystroem(gamma=0.03, n_components=min(200, questions // 2), random_state=0),
        LogisticRegression(C=1.0, class_weight="balanced", max_iter=1000),
    )


def trade_off_curve(
    keep: Sequence[float], answerable: Sequence[bool]
) -> list[tuple[float, float, float]]:
    """(threshold, right refusals, false refusals) at every threshold that makes a difference,
    rising.
    """
    keep, answerable = np.asarray(keep, float), np.asarray(answerable, bool)
    return [
        (float(t), float((keep[~answerable] < t).mean()), float((keep[answerable] < t).mean()))
        for t in [*np.unique(keep), np.inf]
    ]


class Features:
    """What the classifier looks at, from retrieval alone; made once for an index.

    Called with the traces of searches it returns their features, shape (questions, len(FEATURES)).
    The idf of a word is its inverse document frequency over the index's passages (Spärck Jones
    1972).
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
        """The features of each search, shape (questions, features).

        The searches are hybrid ones, without a filter, as those that the classifier was fitted on.
        """
        texts, matches = [t.text for t in traces], [t.reranked for t in traces]
        best = [embedding_text(m.hits[0].passage) if m.hits else "" for m in matches]
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
        return np.array(rows, float).reshape(len(texts), len(FEATURES))

    def _words(self, text: str, sentences: Sequence[Hit]) -> list[float]:
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
    return hits[0].score if hits else 0.0


def _ranks(sentences: Sequence[Hit], passages: Sequence[Hit]) -> list[float]:
    """The best sentence's score, its lead over the best one of another page, and the best passage's
    over the fifth.
    """
    page = sentences[0].passage.document_id if sentences else ""
    other = [hit for hit in sentences if hit.passage.document_id != page]
    return [_top(sentences), _top(sentences) - _top(other), _top(passages) - _top(passages[-1:])]


def _pieces(match: Match) -> list[float]:
    """How unevenly the question's pieces are matched: one that nothing matches is what an
    unanswerable question has.
    """
    if not len(match.idf):
        return [0.0] * 7
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
    """What the language model itself gives away, shape (questions, len(MODEL_SIGNALS)): dear, and
    of little help here.

    `answers` are the librarian's own, ungated, with what they were read from. `benchmarks/rag.py`
    compares a gate with these signals to one without.
    """
    yes = model_says_yes(lm, questions, [a.hits for a in answers])
    return np.array([[y, a.logprob] for y, a in zip(yes, answers, strict=True)], float)


def model_says_yes(
    lm: models.LanguageModel, questions: Sequence[Question], sentences: Sequence[Sequence[Hit]]
) -> list[float]:
    """Log-odds (nats) of "Yes" against "No" when the model is asked whether the sentences answer
    the question.
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
    """The stems of the text's words, without function and question words."""
    import Stemmer
    from bm25s.stopwords import STOPWORDS_EN

    words = re.findall(r"[a-z0-9£]+", text.lower().replace("'s", "").replace("’s", ""))
    return set(
        Stemmer.Stemmer("english").stemWords(
            [w for w in words if w not in STOPWORDS_EN and w not in _ASKING]
        )
    )


#: Words of asking and politeness beyond bm25s's own short list: they say nothing about the subject.
_ASKING = set(
    "what when where which who whom whose why how do does did done am were can could would should"
    " may might must i we you he she me my mine your our us him his her them any some many much"
    " more most than there here have has had having been being about from its itself just only"
    " please tell know let get got need want like so too very also up out off over under again each"
    " every one".split()
)
