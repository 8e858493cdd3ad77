"""The gate: whether the librarian should answer at all, decided outside the language model.

Level 2. A small logistic regression over signals that retrieval and the model give anyway. It is fitted
on validation questions, its threshold set for a rate of false refusals that one is ready to
accept. Why not let the model decide: a model of this size refuses all or nothing (lesson 04 measures it).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ftrag_helpers import models, prompts
from ftrag_helpers.records import Answer, Hit, Question
from ftrag_helpers.retrieval import Index, SentenceSelector

SIGNALS = ("meaning", "lead in meaning", "words", "lead in words", "best sentence", "lead of sentence",
           "words found in sentence", "words found in passages", "names found", "both searches agree",
           "model's yes", "model's sureness")
_NAME = re.compile(r"(?<![.?!] )(?<!^)\b(?:[A-Z][a-z]+|\d[\d:.]*)")


@dataclass(frozen=True)
class Gate:
    """A fitted gate. `keep(signals)` is the probability (0 to 1) that the library holds an answer."""

    pipeline: object
    threshold: float

    def keep(self, signals: np.ndarray) -> np.ndarray:
        """Probabilities, shape (questions,), from signals of shape (questions, len(SIGNALS))."""
        return self.pipeline.predict_proba(signals)[:, 1]

    def refuse(self, signals: np.ndarray) -> np.ndarray:
        """Which questions to decline: those whose probability lies below the threshold."""
        return self.keep(signals) < self.threshold


def fit_gate(signals: np.ndarray, answerable: Sequence[bool], *, false_refusals: float = 0.08) -> Gate:
    """Fit the gate, and set its threshold so that about that share of the answerable would be refused.

    The threshold is read off cross-validated probabilities: those of a model for the very questions it was
    fitted on are too good.

    Raises:
        ValueError: not both kinds of question are there, at least ten each.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    answerable = np.asarray(answerable, bool)
    if min(answerable.sum(), (~answerable).sum()) < 10:
        raise ValueError(f"the gate needs ten questions of each kind, not {answerable.sum()} and {(~answerable).sum()}")
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, class_weight="balanced"))
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    honest = cross_val_predict(pipeline, signals, answerable, cv=folds, method="predict_proba")[:, 1]
    return Gate(pipeline.fit(signals, answerable), float(np.quantile(honest[answerable], false_refusals)))


def trade_off(keep: Sequence[float], answerable: Sequence[bool]) -> list[tuple[float, float, float]]:
    """(threshold, right refusals, false refusals) at every threshold that makes a difference, rising."""
    keep, answerable = np.asarray(keep, float), np.asarray(answerable, bool)
    return [(float(t), float((keep[~answerable] < t).mean()), float((keep[answerable] < t).mean()))
            for t in [*np.unique(keep), np.inf]]


def signals(lm: models.LanguageModel, index: Index, select: SentenceSelector, questions: Sequence[Question],
            answers: Sequence[Answer]) -> np.ndarray:
    """What the gate looks at, shape (questions, len(SIGNALS)). `answers` are the librarian's own, ungated."""
    texts = [prompts.clip(q.text) for q in questions]
    dense, lexical = index.dense(texts, 10), index.bm25(texts, 10)
    sentences = select(texts, index.search(texts, 5), 3)
    yes = model_says_yes(lm, questions, sentences)
    rows = [[*_level_and_lead(d), *_level_and_lead(b), *_level_and_lead(s), *_coverage(text, s, d, b),
             float(bool(d and b) and d[0].passage.document_id == b[0].passage.document_id), y, a.logprob]
            for text, d, b, s, y, a in zip(texts, dense, lexical, sentences, yes, answers, strict=True)]
    return np.array(rows, float).reshape(len(questions), len(SIGNALS))


def model_says_yes(lm: models.LanguageModel, questions: Sequence[Question], sentences: Sequence[Sequence[Hit]]) -> list[float]:
    """Log-odds (nats) of "Yes" against "No" when the model is asked whether the sentences answer the question."""
    asked = [[{"role": "user", "content": "Text:\n" + "\n".join(h.passage.text for h in reversed(found)) +
               f"\n\nQuestion: {prompts.clip(q.text)}\n\nDoes the text answer the question? Answer Yes or No."}]
             for q, found in zip(questions, sentences, strict=True)]
    return models.log_odds(lm, asked, "Yes", "No")


def _level_and_lead(hits: Sequence[Hit]) -> tuple[float, float]:
    """The best score, and by how much it leads the best of another document."""
    if not hits:
        return 0.0, 0.0
    first = hits[0]
    second = next((h.score for h in hits if h.passage.document_id != first.passage.document_id), 0.0)
    return first.score, first.score - second


def _coverage(text: str, sentences: Sequence[Hit], dense: Sequence[Hit], lexical: Sequence[Hit]) -> tuple[float, float, float]:
    """Shares of the question's content words in the best sentence and the best passages, and of its names."""
    wanted = content_words(text)
    read = content_words(" ".join(f"{h.passage.title} {h.passage.text}" for h in sentences[:1]))
    passages = content_words(" ".join(f"{h.passage.title} {h.passage.text}" for h in [*dense[:3], *lexical[:3]]))
    names = content_words(" ".join(_NAME.findall(text)))
    share = lambda words, among: len(words & among) / len(words) if words else 0.0
    return share(wanted, read), share(wanted, passages), share(names, passages) if names else 1.0


def content_words(text: str) -> set[str]:
    """The stems of the text's words, without function and question words."""
    import Stemmer
    from bm25s.stopwords import STOPWORDS_EN

    words = re.findall(r"[a-z0-9£]+", text.lower().replace("'s", "").replace("’s", ""))
    return set(Stemmer.Stemmer("english").stemWords([w for w in words if w not in STOPWORDS_EN and w not in _ASKING]))


_ASKING = set("what when where which who whom whose why how do does did is are was were can could would should i we you "
              "my me your our us any there have has had been about from it its please tell".split())
