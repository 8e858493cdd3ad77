"""Which search finds the page: dense, BM25 or hybrid with which weight; how long passages should
be; what reading candidates again adds.

    python benchmarks/retrieval.py            choices on the training and validation questions, then
                                              the test
    python benchmarks/retrieval.py --test     the test questions alone

Prints recall@5, MRR and nDCG@5 with 95 % bootstrap intervals, per kind of question, and the times
of indexing, of one query and of adding one document. The test questions choose nothing.
"""

import os
import sys

import numpy as np

from ftrag_helpers.data import course_data
from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation import metrics
from ftrag_helpers.lm import models
from ftrag_helpers.retrieval import chunking, fusion, passage_index, reranking

#: Factors of the BM25 scores, of which `fusion.LEXICAL_WEIGHT` was chosen.
WEIGHTS = (0.005, 0.01, 0.02, 0.04, 0.08)


def rankings(
    index, questions, method, reranker=None, candidates=reranking.CANDIDATES, *, weight=None
):
    """The ranked documents for each question; with `reranker`, that many candidates are read again
    word by word; with `weight`, the BM25 scores of hybrid search have this factor.
    """
    texts = [q.text for q in questions]
    if method == "ranks fused" or weight:
        both = zip(index.dense(texts, 50), index.bm25(texts, 50), strict=True)
        hits = [
            (fusion.weighted_fusion(*pair, weight) if weight else fusion.fuse(pair))[:20]
            for pair in both
        ]
    else:
        hits = index.search(texts, candidates if reranker else 20, method=method)
    return [
        fusion.document_ranking(found)
        for found in (reranker.passages(texts, hits, 20) if reranker else hits)
    ]


def report(title, ranked, questions):
    """One line a kind, and one for all."""
    print(f"\n{title}")
    for kind in ["all", *dict.fromkeys(q.kind for q in questions)]:
        chosen = [
            (r, q.reference.documents)
            for r, q in zip(ranked, questions, strict=True)
            if kind in ("all", q.kind)
        ]
        recall = [metrics.recall_at_k(r, d, 5) for r, d in chosen]
        print(
            f"  {kind:9} recall@5 {metrics.with_interval(recall)}"
            f"  MRR {np.mean([metrics.reciprocal_rank(r, d) for r, d in chosen]):.2f}"
            f"  nDCG@5 {np.mean([metrics.ndcg_at_k(r, d, 5) for r, d in chosen]):.2f}"
        )
    return [
        metrics.recall_at_k(r, q.reference.documents, 5)
        for r, q in zip(ranked, questions, strict=True)
    ]


def choose(embed, documents):
    """The choices behind the defaults, on questions that the test never sees."""
    questions = [q for q in course_data.load_questions() if q.split != "test" and q.answerable]
    for words in (30, 60, 90, 150, 250):
        index = passage_index.Index(embed, words=words)
        index.synchronise(documents)
        report(
            f"train + validation, passages of {words} words ({len(index.passages)}), hybrid",
            rankings(index, questions, "hybrid"),
            questions,
        )
        if words == chunking.CHUNK_WORDS:
            for method in ("dense", "bm25", "ranks fused"):
                report(
                    f"train + validation, {method}", rankings(index, questions, method), questions
                )
            for weight in WEIGHTS:
                report(
                    f"train + validation, hybrid with BM25 × {weight}",
                    rankings(index, questions, "hybrid", weight=weight),
                    questions,
                )
            reranker = reranking.MaxSimReranker(index, models.embed_tokens)
            for candidates in (20, 50, 100, 200):
                report(
                    f"train + validation, the best {candidates} of hybrid read again word by word",
                    rankings(index, questions, "hybrid", reranker, candidates),
                    questions,
                )
            report_sentences(index, questions, reranker)


def report_sentences(index, questions, reranker):
    """How often the one sentence that is chosen is one that answers; questions that need two
    documents left out.
    """
    single = [q for q in questions if len(q.reference.documents) == 1]
    texts = [q.text for q in single]
    chosen = reranker(texts, index.search(texts, reranking.CANDIDATES))
    print(
        "  the sentence chosen answers:",
        metrics.with_interval(
            [
                hits[0].passage.text in q.reference.support
                for q, hits in zip(single, chosen, strict=True)
            ]
        ),
    )


def test(embed, documents):
    """The figures of record."""
    questions = [q for q in course_data.load_questions("test") if q.answerable]
    index = passage_index.Index(models.embed)
    models.embed(["warm up"])
    with runtime.stopwatch() as clock:
        index.synchronise(documents)
    print(
        f"\nindexing {len(documents)} documents, {len(index.passages)} passages:"
        f" {clock.seconds:.1f} s"
    )
    scores = {
        m: report(f"test, {m}", rankings(index, questions, m), questions)
        for m in ("dense", "bm25", "hybrid")
    }
    for part in ("dense", "bm25"):
        gap, low, high = metrics.paired_difference(scores[part], scores["hybrid"])
        print(f"hybrid − {part}: {gap:+.3f} [{low:+.3f}, {high:+.3f}]")
    reranker = reranking.MaxSimReranker(index, models.embed_tokens)
    again = report(
        "test, hybrid, 100 candidates read again word by word",
        rankings(index, questions, "hybrid", reranker),
        questions,
    )
    gap, low, high = metrics.paired_difference(scores["hybrid"], again)
    print(f"word by word − hybrid: {gap:+.3f} [{low:+.3f}, {high:+.3f}]")
    report_sentences(index, questions, reranker)
    searching, reading = [], []
    for question in questions[:60]:
        with runtime.stopwatch() as search:
            hits = index.search([question.text], reranking.CANDIDATES)
        with runtime.stopwatch() as read:
            reranker([question.text], hits)
        searching.append(1000 * search.seconds)
        reading.append(1000 * read.seconds)
    update = course_data.load_updates()[0]
    with runtime.stopwatch() as clock:
        index.add(course_data.apply_update(documents, update)[-1:])
    print(
        f"one query with its embedding: median {np.median(searching):.1f} ms, read again"
        f" {np.median(reading):.1f} ms more; one document added: {clock.seconds:.2f} s"
    )


def main(arguments):
    """Run the choices and the test."""
    runtime.prepare_notebook()
    os.environ["FTRAG_COMPUTE_CACHE"] = "off"  # the seconds printed are today's
    embed, documents = passage_index.memoize(models.embed), course_data.load_documents()
    if "--test" not in arguments:
        choose(embed, documents)
    test(embed, documents)


if __name__ == "__main__":
    main(sys.argv[1:])
