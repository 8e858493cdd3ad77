"""Rankings of passages: put in order, added up, fused, read as documents.

What it leaves out: where the scores come from (`retrieval`, `bm25`) and how good a ranking
is (`metrics`).
"""

from collections.abc import Iterable, Sequence

from ftrag_helpers.data.records import Hit, Passage

#: Chosen on the training and validation questions, as `benchmarks/retrieval.py` prints.
LEXICAL_WEIGHT = 0.02
#: Reciprocal rank fusion's constant, as in Cormack, Clarke and Büttcher 2009.
_RRF = 60


def ranked(scored: Iterable[tuple[Passage, float]]) -> list[Hit]:
    """Hits by falling score; equal scores by id, so that a ranking never depends on the store's
    order.
    """
    ordered = sorted(scored, key=lambda pair: (-round(pair[1], 6), pair[0].id))
    return [
        Hit(passage, float(score), rank) for rank, (passage, score) in enumerate(ordered, start=1)
    ]


def weighted_fusion(
    dense: Sequence[Hit], lexical: Sequence[Hit], weight: float = LEXICAL_WEIGHT
) -> list[Hit]:
    """The union of two rankings by dense score + weight × lexical score.

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
    """The ids of the documents behind the hits, best first, each once."""
    return list(dict.fromkeys(hit.passage.document_id for hit in hits))
