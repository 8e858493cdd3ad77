"""Run answerers over questions, tabulate their scores, and compute means and differences.

An answerer is a callable from questions to answers. Not here: the scores themselves (`metrics`,
`groundedness`), and the systems that are compared (`comparison`).
"""

from collections.abc import Mapping, Sequence

from ftrag_helpers.data.records import Answer, Answerer, Hit, Question, Reference
from ftrag_helpers.data.style_rules import without_citations
from ftrag_helpers.evaluation import groundedness, metrics
from ftrag_helpers.retrieval.fusion import document_ranking

#: What can become of an answer; the shares of the five sum to 1 for every system.
OUTCOMES = ("right", "wrong", "invented", "declined rightly", "declined wrongly")


def evaluate(
    answerers: Mapping[str, Answerer], questions: Sequence[Question], *, after_updates: bool = False
):
    """Run each answerer over the questions and score its answers.

    Args:
        answerers: the systems by name.
        questions: the questions, each with a reference.
        after_updates: whether questions that a news item changed are scored against their new
            reference.

    Returns:
        A pandas DataFrame with a row for each system and question, system by system, and the
        columns "system" and those of `score`.
    """
    import pandas as pd

    rows = []
    for name, answer in answerers.items():
        for question, said in zip(questions, answer(questions), strict=True):
            rows.append({"system": str(name), **score(question, said, after_updates=after_updates)})
    return pd.DataFrame(rows)


def score(question: Question, said: Answer, *, after_updates: bool = False) -> dict:
    """Score one answer.

    Args:
        question: the question, with a reference.
        said: the system's answer.
        after_updates: whether a question that a news item changed is scored against its new
            reference.

    Returns:
        A row of `evaluate` without the system's name:

        - id, kind, split, question: of the question, the last as its text.
        - reference, text: the reference answer and the system's.
        - correct: 1 if an accepted answer is in the text (citations at its end left out) and the
          system did not refuse, or for an unanswerable question if it refused; else 0.
        - exact: 1 if the whole text is an accepted answer (`metrics.exact_match`), else 0; for an
          unanswerable question 1 if the system refused, else 0.
        - f1: the highest token F1 (0 to 1) with an accepted answer; for an unanswerable question 1
          if the system refused, else 0.
        - outcome: one of `OUTCOMES`.
        - refused: whether the system refused.
        - cited: ids of the cited documents.
        - citation_precision, citation_recall: shares (0 to 1), as in `metrics.citation_scores`.
        - faithful: 1 or 0, as in `groundedness.faithful`; NaN without hits or after a refusal.
        - read: the texts of the hits, best first.
        - seconds, tokens: duration of the answer and number of generated tokens.
    """
    reference = reference_of(question, after_updates=after_updates)
    precision, recall = metrics.citation_scores(said.cited, reference.documents)
    body = without_citations(said.text)
    matches = not said.refused and metrics.answer_match(body, reference.accepted, question.text)
    return {
        "id": question.id,
        "kind": question.kind,
        "split": question.split,
        "question": question.text,
        "reference": reference.answer,
        "text": said.text,
        "correct": float(matches if question.answerable else said.refused),
        "exact": float(
            not said.refused and metrics.exact_match(body, reference.accepted)
            if question.answerable
            else said.refused
        ),
        "f1": (
            metrics.token_f1(body, reference.accepted)
            if question.answerable
            else float(said.refused)
        ),
        "outcome": outcome(question, said, matches),
        "refused": said.refused,
        "cited": said.cited,
        "citation_precision": precision,
        "citation_recall": recall,
        "faithful": _faithful(question, said),
        "read": read_by(said),
        "seconds": said.seconds,
        "tokens": said.tokens,
    }


def outcome(question: Question, said: Answer, matches: bool) -> str:
    """What became of an answer: one of `OUTCOMES`.

    Args:
        question: the question.
        said: the system's answer.
        matches: whether an accepted answer stands in it; ignored for an unanswerable question.

    Returns:
        "declined rightly" or "declined wrongly" for a refusal; "right" for a match; else "wrong"
        where the answer is faithful to what was read, and "invented" where it is not or where
        nothing was read. An answer that holds an accepted one is right whatever it adds.
    """
    if said.refused:
        return "declined wrongly" if question.answerable else "declined rightly"
    if matches and question.answerable:
        return "right"
    return "wrong" if _faithful(question, said) == 1 else "invented"


def outcomes(rows):
    """The share of each outcome for each system, with 95 % bootstrap intervals.

    Args:
        rows: a DataFrame of `evaluate`.

    Returns:
        A pandas DataFrame with a row for each system, in order of first appearance, and a column
        for each of `OUTCOMES` with texts such as "0.43 [0.36, 0.50]"; the means of a row sum to 1.
    """
    import pandas as pd

    table = {}
    for system, group in rows.groupby("system", sort=False):
        table[system] = {}
        for name in OUTCOMES:
            values = (group["outcome"] == name).astype(float)
            low, high = metrics.bootstrap_interval(values)
            table[system][name] = f"{values.mean():.2f} [{low:.2f}, {high:.2f}]"
    return pd.DataFrame(table).T


def read_by(said: Answer) -> tuple[str, ...]:
    """The retrieved texts of an answer.

    Args:
        said: the answer.

    Returns:
        The texts of its hits, best first; empty where nothing was retrieved.
    """
    return tuple(hit.passage.text for hit in said.hits)


def _faithful(question: Question, said: Answer) -> float:
    """1 for a faithful answer, 0 for another, NaN without hits or after a refusal."""
    if said.refused or not said.hits:
        return float("nan")
    return float(groundedness.faithful(said.text, read_by(said), question.text))


def reference_of(question: Question, *, after_updates: bool = False) -> Reference:
    """The reference that applies to a question.

    Args:
        question: the question.
        after_updates: whether the news items are in force.

    Returns:
        With `after_updates` the new reference of a question that a news item changed, else the
        original one.
    """
    return question.after if after_updates and question.after else question.reference


def summary(rows, by: Sequence[str] = ("system",), column: str = "correct"):
    """Mean of a column for each group of rows, with a 95 % bootstrap interval.

    Args:
        rows: a DataFrame of `evaluate`.
        by: the columns that define the groups.
        column: the column of numbers to average.

    Returns:
        A pandas DataFrame with a row for each group, in order of first appearance, and the columns
        of `by`, the mean (named like `column`), "low", "high" and "n" (number of rows), rounded to
        3 decimal places.
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
    """Compare two systems on the same questions by the paired bootstrap.

    Args:
        rows: a DataFrame of `evaluate` with both systems.
        first: name of the first system.
        second: name of the second system.
        column: the column of numbers to compare.

    Returns:
        A text "second − first: mean [low, high], verdict" with the 95 % interval of the mean
        difference. The verdict is "no difference seen" where the interval includes 0, else "higher"
        or "lower".
    """
    pair = [rows[rows["system"] == name].set_index("id")[column] for name in (first, second)]
    gap, low, high = metrics.paired_difference(pair[0], pair[1].loc[pair[0].index])
    verdict = "no difference seen" if low <= 0 <= high else ("higher" if gap > 0 else "lower")
    return f"{second} − {first}: {gap:+.2f} [{low:+.2f}, {high:+.2f}], {verdict}"


def search_scores(questions: Sequence[Question], found: Sequence[Sequence[Hit]]):
    """Score the rankings of a search, question by question.

    Args:
        questions: the questions, each with a reference.
        found: for each question its hits, best first; a document counts where it first comes.

    Returns:
        A pandas DataFrame with a row for each question, in order, and the columns id, kind,
        recall@5, MRR (the reciprocal rank) and nDCG@5, the last three from 0 to 1.

    Raises:
        ValueError: there are not as many rankings as questions.
    """
    import pandas as pd

    rows = []
    for question, hits in zip(questions, found, strict=True):
        ranked, needed = document_ranking(hits), question.reference.documents
        rows.append(
            {
                "id": question.id,
                "kind": question.kind,
                "recall@5": metrics.recall_at_k(ranked, needed, 5),
                "MRR": metrics.reciprocal_rank(ranked, needed),
                "nDCG@5": metrics.ndcg_at_k(ranked, needed, 5),
            }
        )
    return pd.DataFrame(rows)


def stratified_sample(questions: Sequence[Question], per_kind: int) -> list[Question]:
    """Choose questions of each kind at even distances, by nothing but kind and position.

    Args:
        questions: the questions, or other records with `id` and `kind`.
        per_kind: the most questions of each kind, at least 1.

    Returns:
        The chosen questions, in the given order.

    Raises:
        ValueError: per_kind is below 1.
    """
    if per_kind < 1:
        raise ValueError(f"per_kind must be at least 1, not {per_kind}")
    chosen = set()
    for kind in dict.fromkeys(q.kind for q in questions):
        group = [q.id for q in questions if q.kind == kind]
        step = max(1.0, len(group) / per_kind)
        chosen |= {group[int(n * step)] for n in range(min(per_kind, len(group)))}
    return [q for q in questions if q.id in chosen]
