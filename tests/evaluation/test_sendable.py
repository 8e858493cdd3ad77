import pytest

from ftrag_helpers.data import course_data, style_rules
from ftrag_helpers.data.records import Answer, Document, Hit, Passage, Question, Reference
from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation import metrics, sendable

PRINTER = Document("help-01", "3D printer", "help", "all", "", "The printer costs 8p a gram.")
CHOIR = Document("event-01", "Choir", "events", "all", "", "The choir sings on the bus.")
NEWS = Document("news-01", "Dearer plastic", "news", "all", "", "The printer costs 9p a gram now.")
PAGES = sendable.Pages([PRINTER, CHOIR, NEWS])
OLD = Reference("8p", ("8p",), "We charge 8p.", ("help-01",), ("The printer costs 8p a gram.",))
NEW = Reference("9p", ("9p",), "We charge 9p.", ("news-01",), ("The printer costs 9p a gram now.",))
PRICE = Question("q", "How much is a gram at the printer?", reference=OLD, after=NEW, update="n")
GOOD = "Our printer costs 8p a gram. [3D printer]"


def said(text, *read, refused=False):
    hits = tuple(
        Hit(Passage(d.id, d.id, d.title, "", "", "", d.text), 1.0, n)
        for n, d in enumerate(read, start=1)
    )
    return Answer("q", text, hits=hits, refused=refused)


def lacking(text, *read, question=PRICE, **options):
    """The properties that an answer lacks, or what it is where it lacks none."""
    found = sendable.check(question, said(text, *read), PAGES, **options)
    assert tuple(found) == (*sendable.PROPERTIES, "sendable")
    missing = [name for name in sendable.PROPERTIES if not found[name]]
    assert found["sendable"] == (not missing)
    return missing or ["none"]


@pytest.mark.parametrize(
    "text, missing",
    [
        ("Our printer costs 8p a gram. [3D printer]", "none"),
        ("The printer costs 8p a gram. [3D printer]", "in style"),
        ("The printer costs 8p a gram at our printer! [3D printer]", "in style"),
        ("Our printer: " + "8p a gram at the printer, " * 8 + "too. [3D printer]", "in style"),
        ("Our printer costs 8p a gram. [Choir]", "rightly cited"),
        ("Our printer costs 8p a gram. [3D printer] [Choir]", "rightly cited"),
        ("Our printer costs a gram. [3D printer]", "right"),
        ("Our printer costs 8p a gram with Wilhelmina. [3D printer]", "grounded"),
    ],
)
def test_one_fault_costs_one_property(text, missing):
    assert lacking(text, PRINTER, CHOIR) == [missing]


def test_a_reply_without_a_title_lacks_form_and_citation():
    assert lacking("Our printer costs 8p a gram.", PRINTER) == ["in style", "rightly cited"]


def test_the_title_alone_gives_no_right_answer():
    page = Document("h", "8p", "", "all", "", "The printer costs 8p a gram.")
    found = sendable.check(PRICE, said("Our printer costs. [8p]", page), sendable.Pages([page]))
    assert not found["right"] and found["rightly cited"]


def test_an_answer_that_read_nothing_is_held_to_the_page_that_it_names():
    assert lacking("Our printer costs 8p a gram. [3D printer]") == ["none"]
    assert lacking("Our printer costs 8p a gram. [Choir]") == ["grounded", "rightly cited"]
    assert lacking("Our printer costs 8p a gram. [Nowhere]") == ["grounded", "rightly cited"]


def test_what_was_read_counts_and_not_what_the_page_says():
    assert lacking("Our printer costs 8p a gram. [3D printer]", CHOIR) == ["grounded"]


def test_after_the_news_the_new_answer_counts_and_every_page_that_says_it():
    text = "Our printer costs 9p a gram. [{}]"
    assert lacking(text.format("Dearer plastic"), NEWS, after_updates=True) == ["none"]
    assert lacking(text.format("Dearer plastic"), NEWS) == ["right", "rightly cited"]
    corrected = Document("help-01", "3D printer", "", "all", "", NEWS.text)
    found = sendable.check(
        PRICE,
        said(text.format("3D printer"), corrected),
        sendable.Pages([corrected, NEWS]),
        after_updates=True,
    )
    assert found["sendable"]


def test_a_refusal_is_never_sendable():
    found = sendable.check(PRICE, said(GOOD, PRINTER, refused=True), PAGES)
    assert not (found["right"] or found["grounded"] or found["sendable"])


def test_the_table_has_the_scores_and_the_properties():
    def answer(questions):
        return [said(GOOD, PRINTER) for _ in questions]

    rows = sendable.evaluate({"a": answer}, [PRICE], PAGES.documents)
    assert rows.loc[0, ["system", "correct", "right", "sendable"]].to_list() == ["a", 1, 1, 1]
    later = sendable.evaluate({"a": answer}, [PRICE], PAGES.documents, after_updates=True)
    assert later.loc[0, ["correct", "right", "sendable"]].to_list() == [0, 0, 0]
    with pytest.raises(ValueError, match="unanswerable"):
        sendable.evaluate({"a": answer}, [Question("q", "?", "unanswerable")], [])


@pytest.mark.parametrize(
    "text, says",
    [
        ("It is 9p.", "new"),
        ("It is 8p.", "old"),
        ("It was 8p and is 9p.", "other"),
        ("It is 7p. [8p]", "other"),
    ],
)
def test_after_the_news_an_answer_is_new_old_or_neither(text, says):
    assert sendable.after_the_news(PRICE, said(text)) == says
    assert sendable.after_the_news(PRICE, said(text, refused=True)) == "other"


def test_old_or_new_needs_news():
    with pytest.raises(ValueError, match="q: no news"):
        sendable.after_the_news(Question("q", "?", reference=OLD), said("8p"))


def test_the_references_of_taught_facts_tell_old_from_new():
    for fact in course_data.load_taught_facts():
        if fact.after:
            question = fact.questions("test", 1)[0]
            for reference, says in ((fact.reference, "old"), (fact.after, "new")):
                assert sendable.after_the_news(question, said(reference.reply)) == says, fact.id


def test_the_judged_replies_are_those_of_five_systems_to_the_lesson_s_questions():
    judged = sendable.judged_replies()
    assert (judged.groupby("system").size() == 60).all() and judged.system.nunique() == 5
    asked = {q.id: q for q in course_data.load_questions("test") if q.answerable}
    for row in judged[judged["by code"] == 1].itertuples():
        assert sendable.in_style(row.reply) and row.question == asked[row.id].text
        body = style_rules.without_citations(row.reply)
        assert metrics.answer_match(body, asked[row.id].reference.accepted, row.question)
    assert judged.loc[judged["by a reader"] == 0, "why"].all()


def test_two_readers_agree_as_the_card_states():
    twice = sendable.judged_replies().dropna(subset="second reader")
    same = (twice["by a reader"] == twice["second reader"]).sum()
    card = (runtime.data_dir() / "faithfulness" / "README.md").read_text("utf-8")
    assert f"agree on {same} of {len(twice)}" in card
