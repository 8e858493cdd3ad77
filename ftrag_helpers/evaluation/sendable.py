"""Whether an answer could be sent to a patron as it stands: right, in style, grounded, cited.

Each of the four is a property that code can check, and each has its own limits, which the modules
that check it name. What readers say of the same replies is shipped (`judged_replies`). Not here:
answers to questions that have none (`harness.outcome`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ftrag_helpers.data import data_files, style_rules
from ftrag_helpers.data.records import Answer, Answerer, Document, Question, Reference
from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation import groundedness, harness, metrics

#: The four properties of a sendable answer, in the order in which tables show them.
PROPERTIES = ("right", "in style", "grounded", "rightly cited")


class _Judged(data_files.Row):
    question_id: data_files.Filled
    system: data_files.Filled
    question: data_files.Filled
    reply: data_files.Filled
    sendable: bool
    correct: bool
    send: bool
    why: str
    second: bool | None


@dataclass(frozen=True)
class Pages:
    """The library's pages, looked up by title and by what they say.

    Attributes:
        documents: the documents as they stand when the question is asked.
    """

    documents: Sequence[Document]

    def titled(self, titles: Sequence[str]) -> list[Document]:
        """The documents with one of the titles, in the order of `documents`."""
        return [d for d in self.documents if d.title in titles]

    def supporting(self, reference: Reference) -> set[str]:
        """The titles of the reference's documents and of all that hold a supporting sentence."""
        return {
            d.title
            for d in self.documents
            if d.id in reference.documents or any(s in d.text for s in reference.support)
        }


def check(
    question: Question, said: Answer, pages: Pages, *, after_updates: bool = False
) -> dict[str, bool]:
    """Check an answer to an answerable question, property by property.

    Args:
        question: an answerable question with a reference.
        said: the system's answer.
        pages: the library's pages.
        after_updates: whether a question that a news item changed is checked against its new
            reference.

    Returns:
        Truth values by name, those of `PROPERTIES` first:

        - right: an accepted answer is in the text, and the system did not refuse.
        - in style: the house form of a reply (`style_rules`), at most its number of words, on one
          line and without an exclamation mark.
        - grounded: faithful (`groundedness`) to the texts that the system read, with their titles;
          where it read nothing, to the pages that it names.
        - rightly cited: it ends with the title of a page, and each title is that of a page that
          supports the reference.
        - sendable: all four.
    """
    reference = harness.reference_of(question, after_updates=after_updates)
    titles, body = style_rules.citations(said.text), style_rules.without_citations(said.text)
    found = {
        "right": (
            not said.refused and metrics.answer_match(body, reference.accepted, question.text)
        ),
        "in style": in_style(said.text),
        "grounded": _grounded(question, said, pages.titled(titles)),
        "rightly cited": bool(titles) and set(titles) <= pages.supporting(reference),
    }
    return {**found, "sendable": all(found.values())}


def in_style(text: str) -> bool:
    """Whether a text is a reply as the house gives it: form, length, one line, no exclamation mark.

    >>> in_style("We open at nine. [Summer hours]"), in_style("We open at nine! [Summer hours]")
    (True, False)
    """
    words = style_rules.without_citations(text).split()
    return (
        style_rules.has_form("reply", text)
        and len(words) <= style_rules.WORD_LIMITS["reply"]
        and not set("!\n") & set(text.strip())
    )


def _grounded(question: Question, said: Answer, named: Sequence[Document]) -> bool:
    """Whether the answer says only what was read, or what the named pages say if nothing was."""
    if said.refused or not (said.hits or named):
        return False
    sources = [
        text
        for page in ([hit.passage for hit in said.hits] or named)
        for text in (page.title, page.text)
    ]
    return groundedness.faithful(said.text, sources, question.text)


def evaluate(
    answerers: Mapping[str, Answerer],
    questions: Sequence[Question],
    documents: Sequence[Document],
    *,
    after_updates: bool = False,
):
    """Run each answerer over answerable questions, score its answers and check them.

    Args:
        answerers: the systems by name.
        questions: answerable questions, each with a reference.
        documents: the library's documents as they stand when the questions are asked.
        after_updates: whether questions that a news item changed are scored against their new
            reference.

    Returns:
        The pandas DataFrame of `harness.evaluate` with a further column, of 0 and 1, for each
        property of `check`.

    Raises:
        ValueError: a question has no answer.
    """
    import pandas as pd

    if any(not q.answerable for q in questions):
        raise ValueError("an unanswerable question has no sendable answer: leave it out")
    pages, rows = Pages(documents), []
    for name, answer in answerers.items():
        for question, said in zip(questions, answer(questions), strict=True):
            checked = check(question, said, pages, after_updates=after_updates)
            rows.append(
                {
                    "system": str(name),
                    **harness.score(question, said, after_updates=after_updates),
                    **{key: float(value) for key, value in checked.items()},
                }
            )
    return pd.DataFrame(rows)


def after_the_news(question: Question, said: Answer) -> str:
    """What an answer to a question that a news item changed says: "new", "old" or "other".

    Args:
        question: a question with the references before and after the news.
        said: the system's answer.

    Returns:
        "new" where an accepted new answer stands in it and no old one, "old" the other way round;
        "other" for both, neither and refusals.

    Raises:
        ValueError: no news item changed the question.
    """
    if question.after is None:
        raise ValueError(f"{question.id}: no news item changed the answer to this question")
    body = style_rules.without_citations(said.text)
    new, old = (
        not said.refused and metrics.answer_match(body, reference.accepted, question.text)
        for reference in (question.after, question.reference)
    )
    return "other" if new == old else "new" if new else "old"


def judged_replies():
    """Replies of five systems to the unseen questions of lesson 05, judged by code and by a reader.

    Returns:
        A DataFrame with a row for each reply and the columns "id" (of the question), "system",
        "question", "reply", "by code" (1 if sendable by `check`, else 0), "by a reader" (1 if a
        reader, who did not know the system, would send it, else 0), "why" (what the reader found
        wrong; may be empty) and "second reader" (1 or 0; NaN where there was none).

    Raises:
        CourseError: the file is missing, differs from its manifest, or holds a faulty row.
    """
    import pandas as pd

    rows = data_files.read_rows(runtime.data_dir() / "faithfulness" / "replies.jsonl", _Judged)
    return pd.DataFrame(
        {
            "id": row.question_id,
            "system": row.system,
            "question": row.question,
            "reply": row.reply,
            "by code": float(row.sendable),
            "by a reader": float(row.send),
            "why": row.why,
            "second reader": float("nan") if row.second is None else float(row.second),
        }
        for row in rows
    )
