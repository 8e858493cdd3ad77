"""What lesson 05 puts beside the share of right answers: form, faith, refusals, forgetting, cost,
and all of it as evidence.

Works on the rows of `harness.evaluate` and knows no system by name, save in `evidence`,
which sorts the lesson's figures under the names that `recommendation` quotes.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ftrag_helpers.data import style_rules
from ftrag_helpers.data.records import Question
from ftrag_helpers.evaluation import metrics
from ftrag_helpers.evaluation.systems import System
from ftrag_helpers.finetuning.sft import FineTuneResult
from ftrag_helpers.journal import recommendation
from ftrag_helpers.lm import models
from ftrag_helpers.rag import prompts


def in_house_style(text: str) -> bool:
    """True where a text has the form that the house gives its replies (`style_rules`, kind
    "reply").
    """
    return style_rules.has_form("reply", text)


def quality(rows):
    """A pandas DataFrame with a row a system: shares of right answers and of exact matches, token
    F1, shares of the house style and of faithful answers, citation precision and recall, words an
    answer. "-" (NaN) where a system reads nothing and so cites nothing.
    """
    read = rows.read.map(len) > 0
    table = rows.assign(
        style=rows.text.map(in_house_style).astype(float),
        words=rows.text.str.split().map(len),
        precision=rows.citation_precision.where(read),
        recall=rows.citation_recall.where(read),
    )
    means = table.groupby("system", sort=False)[
        ["correct", "exact", "f1", "style", "faithful", "precision", "recall", "words"]
    ].mean()
    return means.rename(
        columns={
            "correct": "right",
            "exact": "exact match",
            "style": "house style",
            "precision": "cites right",
            "recall": "cites all",
        }
    )


def refusals(questions: Sequence[Question], answers: Sequence[str], abstained: Sequence[bool]):
    """A DataFrame with the rows "model", "classifier" and "both": rates of right and of false
    refusals, and the counts.

    The model refuses where its answer's text reads as a refusal; the answerability classifier, in
    the row "classifier", where `abstained` is true.
    """
    import pandas as pd

    answerable = np.array([q.answerable for q in questions])
    model = np.array([_sounds_like_refusal(text) for text in answers])
    classifier = np.asarray(abstained, bool)
    rows = []
    for who, refused in (
        ("model", model),
        ("classifier", classifier),
        ("both", model | classifier),
    ):
        right, false = metrics.refusal_rates(refused, answerable)
        rows.append(
            {
                "who": who,
                "right": right,
                "false": false,
                "unanswerable": int((~answerable).sum()),
                "answerable": int(answerable.sum()),
            }
        )
    return pd.DataFrame(rows)


def _sounds_like_refusal(text: str) -> bool:
    words = metrics.normalise(text)
    return any(
        metrics.normalise(phrase) in words
        for phrase in (
            "nothing on our shelves",
            "not in the text",
            "does not say",
            "not mentioned",
            "no information",
            "cannot answer",
            "do not know",
        )
    )


def common_knowledge(lm: models.LanguageModel, rows: Sequence[dict]) -> list[bool]:
    """Which of the common-knowledge questions (lesson 01) a model answers right: what a training
    may make it forget.
    """
    messages = [prompts.short_answer(row["question"]) for row in rows]
    generated = models.generate(lm, messages, max_new_tokens=24)
    return [
        metrics.answer_match(answer.text, row["accepted"])
        for answer, row in zip(generated, rows, strict=True)
    ]


def costs(tuned: Mapping[str, FineTuneResult], index_seconds: float, index_bytes: int):
    """A DataFrame of what was spent once: seconds to train (whenever that was) or to index, trained
    tokens, MB on disk.
    """
    import pandas as pd

    rows = {
        name: {"seconds": t.seconds, "tokens": t.tokens, "MB on disk": _bytes(t.folder) / 1e6}
        for name, t in tuned.items()
    }
    return pd.DataFrame(
        {
            **rows,
            "index": {"seconds": index_seconds, "tokens": np.nan, "MB on disk": index_bytes / 1e6},
        }
    ).T


def _bytes(folder) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def break_even(first: tuple[float, float], second: tuple[float, float]) -> float:
    """How often something must happen until the second choice is no dearer than the first.

    Each choice is (cost once, cost every time), in one unit. 0 where the second is no dearer from
    the start, infinity where it never catches up.
    """
    (once, each), (other_once, other_each) = first, second
    if other_once <= once:
        return 0.0
    return (other_once - once) / (each - other_each) if each > other_each else float("inf")


def evidence(rows, news, *, per_update: float, retraining: float) -> recommendation.Evidence:
    """The lesson's own figures, as the texts that `recommendation.recommend` quotes.

    `rows` and `news` are tables of `evaluate` with the lesson's systems; `per_update` and
    `retraining` are seconds.
    """
    right = {
        name: metrics.with_interval(part.correct)
        for name, part in rows.groupby("system", sort=False)
    }
    fresh = {
        name: metrics.with_interval(part.correct)
        for name, part in news.groupby("system", sort=False)
    }
    table, reader = quality(rows), System.TUNED_READER
    return recommendation.Evidence(
        form=(
            f"house style: {table.loc[System.RETRIEVAL, 'house style']:.2f} before,"
            f" {table.loc[System.HOUSE_STYLE, 'house style']:.2f} after"
        ),
        facts=(
            "right closed book, after training on other documents:"
            f" {right[System.TUNED_CLOSED_BOOK]}"
        ),
        retrieval=(
            f"right: {right[System.CLOSED_BOOK]} closed book, {right[System.ONE_SENTENCE]} with"
            " retrieval"
        ),
        reading=(
            f"right with the same passages: {right[System.RETRIEVAL]} base, {right[reader]} tuned"
        ),
        news=(
            f"right after the news: {fresh[System.ONE_SENTENCE]} with retrieval,"
            f" {fresh[System.TUNED_CLOSED_BOOK]} fine-tuned"
        ),
        updating=f"{per_update:.1f} s an update against {retraining:.0f} s of training",
        citing=f"the cited page holds the answer: {table.loc[reader, 'cites right']:.2f}",
    )
