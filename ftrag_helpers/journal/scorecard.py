"""What lesson 05 puts beside the properties of an answer: refusals, forgetting, cost, and all of it
as the evidence of a decision.

Works on the rows of `harness.evaluate`. It knows no system by name, save in `evidence`, which looks
up the system that stands for each choice of `recommendation`.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from ftrag_helpers.data.records import Question
from ftrag_helpers.evaluation import metrics, sendable
from ftrag_helpers.finetuning.sft import FineTuneResult
from ftrag_helpers.journal import measurements, recommendation
from ftrag_helpers.journal.decision.utility import MEASURES, Evidence, Figure
from ftrag_helpers.lm import models
from ftrag_helpers.rag import prompts


def refusals(questions: Sequence[Question], answers: Sequence[str], abstained: Sequence[bool]):
    """A DataFrame with the rows "model", "classifier" and "both": the share declined of the
    unanswerable questions and of the answerable ones, and how many there are of each.

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
                "declined, unanswerable": right,
                "declined, answerable": false,
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
    tokens, MB of the adapter's files, MB of text and passage vectors.
    """
    import pandas as pd

    adapter, held = "MB on disk (adapter)", "MB (text and passage vectors)"
    rows = {
        name: {"seconds": t.seconds, "tokens": t.tokens, adapter: _bytes(t.folder) / 1e6}
        for name, t in tuned.items()
    }
    rows["index"] = {"seconds": index_seconds, held: index_bytes / 1e6}
    return pd.DataFrame.from_dict(
        rows, orient="index", columns=["seconds", "tokens", adapter, held]
    )


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


def evidence(
    rows=None,
    news=None,
    brief=None,
    *,
    systems: Mapping[str, str] = recommendation.SYSTEMS,
    indexing: float | None = None,
    training: Mapping[str, float] = MappingProxyType({}),
    examples: Mapping[str, int] = MappingProxyType({}),
) -> Evidence:
    """The figures of every choice.

    Args:
        rows: a DataFrame of `sendable.evaluate` on the questions that measure quality, form, trust
            and cost, or one of `harness.evaluate`, which says nothing of trust; None for kept
            figures only.
        news: a DataFrame of `desk.after_the_news`. The wordings of a fact count as one.
        brief: a DataFrame of `harness.evaluate` of short answers, whose systems are
            `recommendation.BRIEF_SYSTEMS`.
        systems: the system that stands for each choice. A choice without one has no figure of
            answers.
        indexing: seconds to index the documents. Long context prepares nothing.
        training: seconds of training, by choice.
        examples: labelled examples that the choice uses, by choice; 0 for retrieval, search and
            long context where not given.

    Returns:
        Figures by choice (all of `CHOICES`), then by measure (`utility.MEASURES`). What the tables
        lack is taken from the figure "SYSTEM: MEASURE" of lesson 05, kept on this machine or
        else shipped; what is in none of them is left out.

    Raises:
        ValueError: an unknown choice, or systems that were not asked the same questions.
    """
    for given in (systems, training, examples):
        if unknown := given.keys() - set(recommendation.CHOICES):
            raise ValueError(
                f"no choice {min(unknown)!r}: there are {', '.join(recommendation.CHOICES)}"
            )
    found = {
        choice: _prepared(choice, indexing, training, examples) for choice in recommendation.CHOICES
    }
    if news is not None:
        news = news.groupby(["system", "fact"], as_index=False)[["new"]].mean()
        news = news.rename(columns={"fact": "id"})
    for table, names, columns in (
        (rows, systems, _answer_scores),
        (news, systems, lambda part: {"after the news": part.new}),
        (brief, recommendation.BRIEF_SYSTEMS, lambda part: {"exact match": part.exact}),
    ):
        if table is not None:
            for choice, figures in _measured(table, names, columns).items():
                found[choice] |= figures
    own, shipped = measurements.load()["figures"], measurements.reference()["figures"]
    for choice, system in systems.items():
        for name in MEASURES.keys() - found[choice].keys():
            kept = _kept(own, system, name, recommendation.OWN) or _kept(
                shipped, system, name, recommendation.SHIPPED
            )
            if kept:
                found[choice][name] = kept
    return {
        choice: {n: found[choice][n] for n in MEASURES if n in found[choice]} for choice in found
    }


def _prepared(choice: str, indexing, training, examples) -> dict[str, Figure]:
    """Seconds and examples before the first answer, as far as they are known."""
    figures, seconds = {}, 0.0
    parts = [indexing] * (choice in recommendation.INDEXED) + [training.get(choice)] * (
        choice in recommendation.TUNED
    )
    if None not in parts:
        figures["seconds to prepare"] = Figure(sum(parts, seconds), source=recommendation.HERE)
    if choice in examples or choice in (
        recommendation.SEARCH,
        recommendation.RETRIEVAL,
        recommendation.LONG_CONTEXT,
    ):
        figures["labelled examples"] = Figure(examples.get(choice, 0), source=recommendation.HERE)
    return figures


def _answer_scores(part) -> dict:
    style = part.text.map(sendable.in_style)
    trust = {name: part[name] for name in ("grounded", "rightly cited") if name in part}
    return {"right": part.correct, "style": style, **trust, "seconds an answer": part.seconds}


def _measured(table, systems: Mapping[str, str], columns) -> dict[str, dict[str, Figure]]:
    """The figures of the choices whose system is in the table, with a score a question."""
    ids, found = None, {}
    for choice, system in systems.items():
        part = table[table["system"] == str(system)].sort_values("id")
        if part.empty:
            continue
        ids = ids or tuple(part["id"])
        if tuple(part["id"]) != ids:
            raise ValueError(f"{system} was not asked the questions that the others were asked")
        found[choice] = {name: _figure(values, ids) for name, values in columns(part).items()}
    return found


def _figure(values, ids: tuple[str, ...]) -> Figure:
    scores = values.astype(float)
    low, high = metrics.bootstrap_interval(scores)
    return Figure(
        float(scores.mean()), low, high, len(ids), tuple(scores), ids, recommendation.HERE
    )


def _kept(figures: Mapping, system: str, measure: str, source: str) -> Figure | None:
    """A figure of lesson 05 that was kept under the system's name and the measure's."""
    kept = figures.get(("05", f"{system}: {measure}"))
    return kept and Figure(kept.value, kept.low, kept.high, kept.n, source=source)
