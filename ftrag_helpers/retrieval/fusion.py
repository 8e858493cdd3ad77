"""Rankings of passages: sorting by score, fusion of two or more, and the documents behind them.

Not here: computing scores (`passage_index`, `bm25`) and evaluating rankings (`metrics`).
"""

from collections.abc import Iterable, Sequence

from ftrag_helpers.data.records import Hit, Passage

#: The factor of a BM25 score beside a cosine similarity. Chosen on the training and validation
#: questions, as `benchmarks/retrieval.py` prints.
LEXICAL_WEIGHT = 0.02
#: Reciprocal rank fusion's constant, as in Cormack, Clarke and Büttcher 2009.
_RRF = 60


def ranked(scored: Iterable[tuple[Passage, float]]) -> list[Hit]:
    """Sort passages by falling score.

    Scores that are equal when rounded to 6 decimal places are sorted by passage id, so that a
    ranking does not depend on the order in the vector store.

    Args:
        scored: pairs of a passage and its score, in any order.

    Returns:
        Hits with the scores as given, best first, with ranks from 1.
    """
    ordered = sorted(scored, key=lambda pair: (-round(pair[1], 6), pair[0].id))
    return [
        Hit(passage, float(score), rank) for rank, (passage, score) in enumerate(ordered, start=1)
    ]


def weighted_fusion(
    dense: Sequence[Hit], lexical: Sequence[Hit], weight: float = LEXICAL_WEIGHT
) -> list[Hit]:
    """The union of two rankings, ranked by dense score + weight × lexical score.

    Args:
        dense: hits with cosine similarities (-1 to 1).
        lexical: hits with BM25 scores (0 or more).
        weight: the factor of the lexical scores, default 0.02.

    Returns:
        All passages of both rankings, best first, with the sums as scores. A passage that is
        missing from a ranking counts with 0 there.

    Source: Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval",
    without their normalisation, which needs the lowest score of each search.
    """
    sums: dict[str, float] = {}
    passages = {}
    for ranking, factor in ((dense, 1.0), (lexical, weight)):
        for hit in ranking:
            sums[hit.passage.id] = sums.get(hit.passage.id, 0.0) + factor * hit.score
            passages[hit.passage.id] = hit.passage
    return ranked([(passages[i], score) for i, score in sums.items()])


def fuse(rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Reciprocal rank fusion: each ranking gives a passage 1 / (60 + rank); the sums are ranked.

    Args:
        rankings: any number of rankings, with ranks from 1; scores are not used.

    Returns:
        All passages of all rankings, best first, with the sums as scores (at most 1/61 for each
        ranking).

    Source: Cormack, Clarke and Büttcher 2009, "Reciprocal Rank Fusion".
    """
    sums: dict[str, float] = {}
    passages = {}
    for ranking in rankings:
        for hit in ranking:
            sums[hit.passage.id] = sums.get(hit.passage.id, 0.0) + 1 / (_RRF + hit.rank)
            passages[hit.passage.id] = hit.passage
    return ranked([(passages[i], score) for i, score in sums.items()])


def document_ranking(hits: Sequence[Hit]) -> list[str]:
    """The ids of the documents behind the hits.

    Args:
        hits: a ranking of passages, best first.

    Returns:
        Each document's id once, in the order of its best passage.
    """
    return list(dict.fromkeys(hit.passage.document_id for hit in hits))
