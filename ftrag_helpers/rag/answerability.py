"""The answerability classifier, which decides whether a question is answered or declined.

A logistic regression on features of the search (`answerability_features`). It is fitted on training
and validation questions, with a threshold set for an accepted rate of false refusals. The language
model does not decide: a model of this size refuses all questions or none (lesson 04 measures it).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ftrag_helpers.data import course_data
from ftrag_helpers.data.records import Question
from ftrag_helpers.rag.answerability_features import (  # noqa: F401, lessons take them from here
    FEATURES,
    Features,
    model_features,
)

#: Answerable training questions among the calibration questions.
_SPREAD = 150


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
            f"the classifier needs ten questions of each kind, not {answerable.sum()} and"
            f" {(~answerable).sum()}"
        )
    probabilities = cross_validated(features, answerable)
    return AnswerabilityClassifier(
        _pipeline(len(answerable)).fit(features, answerable),
        float(np.quantile(probabilities[answerable], false_refusals)),
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
    probabilities: Sequence[float], answerable: Sequence[bool]
) -> list[tuple[float, float, float]]:
    """The rates of right and of false refusals at every threshold that changes them.

    Args:
        probabilities: the probability (0 to 1) that each question is answerable.
        answerable: whether each question is answerable; both kinds must be there.

    Returns:
        Rows (threshold, right refusals, false refusals) by rising threshold, the last of which is
        infinite. The rates are shares (0 to 1) of the unanswerable and of the answerable questions
        with a probability below the threshold.
    """
    probabilities, answerable = np.asarray(probabilities, float), np.asarray(answerable, bool)
    unanswerable, kept = probabilities[~answerable], probabilities[answerable]
    return [
        (float(t), float((unanswerable < t).mean()), float((kept < t).mean()))
        for t in [*np.unique(probabilities), np.inf]
    ]
