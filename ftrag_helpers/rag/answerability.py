"""The answerability classifier, which decides whether a question is answered or declined.

Extremely randomised trees (Geurts, Ernst and Wehenkel 2006) on features of the search
(`answerability_features`). They are fitted on training and validation questions, with a threshold
set for an accepted rate of false refusals. The language model does not decide: a model of this size
refuses all questions or none.
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
#: Ends of the groups of questions by their number of words, for `length_weights`, and the fewest
#: questions that a group's weight is shared by.
_LENGTHS, _FEWEST = (9, 12, 15, 19, 25), 6


@dataclass(frozen=True)
class AnswerabilityClassifier:
    """A fitted answerability classifier.

    Attributes:
        pipeline: the fitted scikit-learn classifier.
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


def length_weights(questions: Sequence[Question], answerable: Sequence[bool]) -> np.ndarray:
    """Weights by which long and short questions count alike among both kinds.

    In the course's data the questions without an answer are shorter, because of how they were
    written; a classifier could learn that instead of whether an answer is there.

    Args:
        questions: the questions.
        answerable: whether each is answerable, shape (questions,).

    Returns:
        Shape (questions,), with mean 1: the questions of one kind and length weigh as much as those
        of another, groups of fewer than six less.
    """
    words = [len(q.text.split()) for q in questions]
    groups = 2 * np.digitize(words, _LENGTHS) + np.asarray(answerable, bool)
    # Questions in each question's group: (questions,)
    sizes = np.bincount(groups)[groups]
    weights = 1 / np.maximum(sizes, _FEWEST)
    return weights / weights.mean()


def fit_classifier(
    features: np.ndarray,
    answerable: Sequence[bool],
    *,
    false_refusals: float = 0.08,
    weights: np.ndarray | None = None,
) -> AnswerabilityClassifier:
    """Fit the classifier, and set its threshold for a rate of false refusals.

    The threshold is a weighted quantile of cross-validated probabilities, as the probabilities for
    the questions of the fit are too optimistic.

    Args:
        features: shape (questions, features).
        answerable: whether each question is answerable, shape (questions,).
        false_refusals: the share (0 to 1) of the answerable questions that may be declined.
        weights: the weight of each question (`length_weights`), shape (questions,); None for equal
            ones.

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
    weights = np.ones(len(answerable)) if weights is None else np.asarray(weights, float)
    probabilities = cross_validated(features, answerable, weights)
    kept = weights[answerable]
    order = np.argsort(probabilities[answerable], kind="stable")
    reached = np.cumsum(kept[order]) / kept.sum()
    place = min(np.searchsorted(reached, false_refusals), len(order) - 1)
    return AnswerabilityClassifier(
        _unfitted().fit(features, answerable, sample_weight=weights),
        float(probabilities[answerable][order][place]),
    )


def cross_validated(
    features: np.ndarray, answerable: Sequence[bool], weights: np.ndarray | None = None
) -> np.ndarray:
    """The probability that each question is answerable, by 10-fold cross-validation.

    Each probability is that of a classifier fitted on the nine folds without the question.

    Args:
        features: shape (questions, features).
        answerable: whether each question is answerable, shape (questions,).
        weights: the weight of each question in the fits, shape (questions,); None for equal ones.

    Returns:
        Probabilities (0 to 1), shape (questions,).
    """
    from sklearn.model_selection import StratifiedKFold

    answerable = np.asarray(answerable, bool)
    weights = np.ones(len(answerable)) if weights is None else np.asarray(weights, float)
    probabilities = np.zeros(len(answerable))
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    for seen, held_out in folds.split(features, answerable):
        fitted = _unfitted().fit(features[seen], answerable[seen], sample_weight=weights[seen])
        # (held out, 2), columns unanswerable and answerable, to (held out,)
        probabilities[held_out] = fitted.predict_proba(features[held_out])[:, 1]
    return probabilities


def _unfitted():
    """An unfitted classifier.

    Its kind, the features and the weights were chosen by cross-validation on the calibration
    questions.
    """
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(400, min_samples_leaf=3, max_features="sqrt", random_state=0)


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
