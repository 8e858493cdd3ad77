"""Rankings by hand: sums, fused ranks, ties, documents."""

from dataclasses import replace

import pytest
from shelf import hits_of, ids

from ftrag_helpers.data.records import Hit
from ftrag_helpers.retrieval.fusion import document_ranking, fuse, weighted_fusion


def test_added_scores_by_hand():
    fused = weighted_fusion(hits_of(a=0.9, b=0.5, c=0.45), hits_of(c=20.0, d=30.0), weight=0.02)
    assert [(hit.passage.id, hit.rank) for hit in fused] == [("a", 1), ("c", 2), ("d", 3), ("b", 4)]
    assert [hit.score for hit in fused] == pytest.approx([0.9, 0.85, 0.6, 0.5])
    assert weighted_fusion([], []) == [] and ids([weighted_fusion(hits_of(b=1, a=1), [])]) == [
        ["a", "b"]
    ], "ties go by id"


def test_reciprocal_rank_fusion_by_hand():
    fused = fuse([hits_of(a=9, b=8), hits_of(b=0.2, c=0.1)])
    assert ids([fused]) == [["b", "a", "c"]]
    assert [hit.score for hit in fused] == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62])


def test_document_ranking_names_each_document_once():
    hits = [
        Hit(replace(h.passage, document_id=d), h.score, h.rank)
        for h, d in zip(hits_of(a=3, b=2, c=1), "xyx", strict=False)
    ]
    assert document_ranking(hits) == ["x", "y"] and document_ranking([]) == []
