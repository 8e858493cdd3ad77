"""Run answerers over questions and tabulate what they did: a row per question and system, then
means.

Knows no system by name: an answerer is a callable. The scores themselves are `metrics`'
business.
"""

from collections.abc import Mapping, Sequence

from ftrag_helpers.data.records import Answer, Answerer, Question, Reference
from ftrag_helpers.evaluation import groundedness, metrics


def evaluate(
    answerers: Mapping[str, Answerer], questions: Sequence[Question], *, after_updates: bool = False
):
    """A pandas DataFrame with a row per system and question.

    Columns: system, id, kind, split, question, reference, text, correct (an accepted answer stands
    in the text and the system did not refuse; for an unanswerable question: it refused), f1 (best
    token overlap with an accepted answer), refused, cited, citation_precision, citation_recall,
    faithful (nothing in the text that neither what was read nor the question says; NaN where
    nothing was read or the system refused), read (the texts that the system was given), seconds,
    tokens. With `after_updates` the questions that news changed are scored against their new
    reference.
    """
    import pandas as pd

    rows = []
    for name, answer in answerers.items():
        for question, said in zip(questions, answer(questions), strict=True):
            rows.append({"system": name, **score(question, said, after_updates=after_updates)})
    return pd.DataFrame(rows)


def score(question: Question, said: Answer, *, after_updates: bool = False) -> dict:
    """One row of `evaluate`, without the system's name."""
    reference = reference_of(question, after_updates=after_updates)
    precision, recall = metrics.citation_scores(said.cited, reference.documents)
    matches = not said.refused and metrics.answer_match(
        said.text, reference.accepted, question.text
    )
    return {
        "id": question.id,
        "kind": question.kind,
        "split": question.split,
        "question": question.text,
        "reference": reference.answer,
        "text": said.text,
        "correct": float(matches if question.answerable else said.refused),
        "f1": (
            metrics.token_f1(said.text, reference.accepted)
            if question.answerable
            else float(said.refused)
        ),
        "refused": said.refused,
        "cited": said.cited,
        "citation_precision": precision,
        "citation_recall": recall,
        "faithful": _faithful(question, said),
        "read": read_by(said),
        "seconds": said.seconds,
        "tokens": said.tokens,
    }


def read_by(said: Answer) -> tuple[str, ...]:
    """The texts that an answer rests on, best first."""
    return tuple(hit.passage.text for hit in said.hits)


def _faithful(question: Question, said: Answer) -> float:
    if said.refused or not said.hits:
        return float("nan")
    return float(groundedness.faithful(said.text, read_by(said), question.text))


def reference_of(question: Question, *, after_updates: bool = False) -> Reference:
    """The reference in force: before the news, or after it for a question that the news changed."""
    return question.after if after_updates and question.after else question.reference


def summary(rows, by: Sequence[str] = ("system",), column: str = "correct"):
    """Mean of a column per group, with its 95 % bootstrap interval and number of rows, as a
    DataFrame.

    Groups keep the order in which they first appear.
    """
    import pandas as pd

    out = []
    for key, group in rows.groupby(list(by), sort=False):
        low, high = metrics.bootstrap_interval(group[column])
        out.append(
            {
                **dict(zip(by, key, strict=True)),
                column: group[column].mean(),
                "low": low,
                "high": high,
                "n": len(group),
            }
        )
    return pd.DataFrame(out).round(3)


def compare(rows, first: str, second: str, column: str = "correct") -> str:
    """Whether the second system beats the first on the same questions, in words that claim no more
    than was seen.
    """
    pair = [rows[rows["system"] == name].set_index("id")[column] for name in (first, second)]
    gap, low, high = metrics.paired_difference(pair[0], pair[1].loc[pair[0].index])
    verdict = "no difference seen" if low <= 0 <= high else ("higher" if gap > 0 else "lower")
    return f"{second} − {first}: {gap:+.2f} [{low:+.2f}, {high:+.2f}], {verdict}"


def stratified_sample(questions: Sequence[Question], per_kind: int) -> list[Question]:
    """The first `per_kind` questions of each kind, spread over the file, in the file's order.

    For a lesson that has no time for all of them. The choice looks at nothing but kind and place.
    """
    chosen = set()
    for kind in dict.fromkeys(q.kind for q in questions):
        group = [q.id for q in questions if q.kind == kind]
        step = max(1.0, len(group) / per_kind)
        chosen |= {group[int(n * step)] for n in range(min(per_kind, len(group)))}
    return [q for q in questions if q.id in chosen]
