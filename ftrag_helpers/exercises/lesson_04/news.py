"""Task 4.6: an index brought in step with the news that are in force."""

import random
from collections import Counter
from collections.abc import Sequence

from ftrag_helpers.exercises.checking import Task, by_case
from ftrag_helpers.exercises.lesson_04 import run
from ftrag_helpers.exercises.mistakes import rng_for
from ftrag_helpers.exercises.values import format_value, is_number, number_problem


def _cases(seed: int) -> list:
    """Three societies with news, then one of them before all of its news and one after all of
    it.
    """
    cases = [_case(rng_for(f"4.6/{number}", seed), number) for number in range(3)]
    return [*cases, [*cases[0][:2], "2025-12-31"], [*cases[1][:2], "2026-12-31"]]


def _case(rng: random.Random, number: int) -> list:
    """Pages, news in an order that is not that of their dates, and a day: all but one item are in
    force by then.
    """
    a, b, c = (
        sorted(rng.sample(range(11, 60), 3)),
        rng.sample(range(2, 10), 2),
        rng.sample(range(1, 10), 2),
    )
    facts = dict(zip(("a", "a2", "a3", "b", "b2", "c", "c2"), (*a, *b, *c), strict=True))
    pages = [
        {
            "id": name,
            "title": title,
            "shelf": "policies",
            "branch": "all",
            "date": "2025-09-01",
            "text": text.format(**facts),
        }
        for name, title, text in run.PAGES
    ]
    days = sorted(rng.sample(range(1, 29), 4))
    # One item is not in force yet; the other one comes before, after or inside the chain.
    late, early = rng.sample([2, 3], 2)
    order = [*rng.choice([(early, 0, 1), (0, early, 1), (0, 1, early)]), late]
    dates = {item: f"2026-0{number + 3}-{day:02}" for item, day in zip(order, days, strict=True)}
    names = sorted(
        rng.sample(range(10, 90), 4)
    )  # the second item of the chain has a lower number than the first
    listed = [1, *rng.sample([0, 2, 3], 3)]
    news = []
    for name, item in zip(names, listed, strict=True):
        page, old, new, text = run.NEWS[item]
        about = {
            "id": f"news-{name}",
            "title": f"Notice {name}",
            "shelf": "news",
            "branch": "all",
            "date": dates[item],
        }
        news.append(
            {
                "document": page,
                "edits": [[old.format(**facts), new.format(**facts)]],
                "news": {**about, "text": text.format(**facts)},
            }
        )
    return [pages, news, dates[order[2]]]


def _held(documents: Sequence) -> dict:
    """The passages by id that an index of these documents holds."""
    from ftrag_helpers.retrieval.chunking import chunk

    return {
        passage.id: passage for document in documents for passage in chunk(document, **run.CHUNKS)
    }


def _in_force(documents: list, updates: list, day: str) -> list:
    from ftrag_helpers.data.course_data import apply_update

    for update in sorted(updates, key=lambda update: update.news.date):
        if update.news.date <= day:
            documents = apply_update(documents, update)
    return documents


def _problem(pages: list[dict], news: list[dict], day: str, got: object) -> str:
    if (
        not isinstance(got, dict)
        or set(got) != {"returned", "embedded", "passages"}
        or not is_number(got["embedded"])
    ):
        return f"the index could not be looked at; got {format_value(got)}"
    documents, updates = run.records(pages, news)
    before, after = _held(documents), _held(_in_force(documents, updates, day))
    pairs = got["passages"]
    if not isinstance(pairs, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)
        for pair in pairs
    ):
        return f"expected passages in the index, got {format_value(pairs)}"
    texts = Counter(map(tuple, pairs))
    if texts != _texts(after):
        return _index_problem(texts, documents, updates, day)
    new = [id_ for id_, passage in after.items() if before.get(id_) != passage]
    fewest = sum((after[id_].document_id, after[id_].text) not in _texts(before) for id_ in new)
    if got["embedded"] > len(new):
        return f"the index is right, but {got['embedded']} texts were embedded where {len(new)} are enough. Work out today's documents first, then synchronise once: passages that are there already are kept"
    if got["embedded"] < fewest:
        return f"only {got['embedded']} texts were embedded, and {fewest} passages are new"
    if not is_number(got["returned"]):
        return number_problem(got["returned"])
    if got["returned"] != got["embedded"]:
        return f"the index is right, but {got['embedded']} passages were embedded, and you return {format_value(got['returned'])}"
    return ""


def _texts(held: dict) -> Counter:
    return Counter((passage.document_id, passage.text) for passage in held.values())


def _index_problem(texts: Counter, documents: list, updates: list, day: str) -> str:
    """What is wrong with the passages of an index, by the news that should be in them or should
    not.
    """
    held, whole = {document for document, _ in texts}, "\n".join(text for _, text in texts)
    if texts == _texts(_held(documents)):
        return "the index holds what it held before. Does your function bring it in step with the changed documents?"
    lost = [document.id for document in documents if document.id not in held]
    if lost:
        return f"the page {lost[0]!r} is gone from the index; pages without news stay as they are"
    for update in updates:
        date, name, sentence = update.news.date, update.news.id, update.edits[0][1]
        if date > day and (name in held or sentence in whole):
            return f"{name} of {date} is in the index already, and the day is {day}: it is not in force yet"
        if date <= day and name not in held:
            exact = ". The day itself counts" if date == day else ""
            return f"{name} of {date} is not on its shelf: a news item is a document too{exact}"
    stale = [
        update for update in updates if update.news.date <= day and update.edits[0][0] in whole
    ]
    if stale:
        return f"the page {stale[0].changes!r} still says {stale[0].edits[0][0]!r}, which {stale[0].news.id} has changed"
    return "the index holds other passages than today's documents have"


TASK = Task(
    "4.6",
    "News, in its order",
    4,
    hints=(
        'Dates as texts compare like dates: "2026-05-04" < "2026-05-18". sorted() with a key puts the news in order.',
        "course_data.apply_update gives you new documents; give those to the next update. Only when all are applied, call index.synchronise, and return what it returns.",
    ),
    cases=_cases,
    run_answer=run.publish,
    judge=by_case(_problem, "publish(index, documents, updates, {2})"),
    timeout=60,
    answer="`publish(index, documents, updates, day)`, which returns how many passages were embedded",
)
