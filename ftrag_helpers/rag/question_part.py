"""Features of the part of a text that asks: the last sentence with a question mark.

A patron may tell a story before the question. The words of the story are found in no passage, which
says nothing about whether the question can be answered; so the classifier looks at the asking part
by itself too. Not here: the features of the whole text (`answerability_features`).
"""

import re

import numpy as np

from ftrag_helpers.retrieval.reranking import Match

_SHARES = (0.10, 0.25, 0.50)
_BELOW = (0.35, 0.50, 0.65)
_WHERE = ("sentence", "passage", "anywhere")
_SENTENCE = re.compile(r"[^.!?]+[.!?]*\s*")

#: Names of the features, in the order of `features`.
NAMES = tuple(
    f"question, {where}: {what}"
    for where in _WHERE
    for what in (
        *(f"{share:.2f} quantile" for share in _SHARES),
        *(f"below {limit}" for limit in _BELOW),
        "mean",
    )
)


def span(text: str) -> tuple[int, int]:
    """The start and end, in characters, of the part of a text that asks.

    >>> text = "I am cross. When do you open? Thank you."
    >>> text[slice(*span(text))]
    'When do you open? '
    """
    sentences = list(_SENTENCE.finditer(text))
    asking = [match for match in sentences if "?" in match.group()] or sentences
    return asking[-1].span() if asking else (0, len(text))


def features(text: str, match: Match) -> list[float]:
    """How well the tokens of the asking part are matched.

    Args:
        text: the question, as it was searched for.
        match: its reranked sentences; its arrays have shape (tokens,).

    Returns:
        len(NAMES) numbers: for each token's best match in the best sentence, in its passage and in
        any candidate three quantiles, weighted by the tokens' idf; the idf of the tokens below
        three similarities; and the weighted mean. All 0 where no token lies in the part.
    """
    start, end = span(text)
    # (tokens,), truth values
    own = (match.spans[:, 0] >= start) & (match.spans[:, 0] < end) if len(match.spans) else []
    if not np.any(own) or not match.idf[own].sum():
        return [0.0] * len(NAMES)
    weights, found = match.idf[own], []
    for where in _WHERE:
        similar = getattr(match, where)[own]
        found += [_quantile(similar, weights, share) for share in _SHARES]
        found += [float(weights[similar < limit].sum()) for limit in _BELOW]
        found.append(float(weights @ similar / weights.sum()))
    return found


def _quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The smallest value at which the weights of the values up to it reach a share of all."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(np.searchsorted(reached, share), len(values) - 1)])
