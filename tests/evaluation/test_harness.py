"""Rows and means from answerers that are known."""

import pytest

from ftrag_helpers.data.records import Answer, Hit, Passage, Question, Reference
from ftrag_helpers.evaluation import harness

NINE = Reference(
    "nine books",
    ("nine books", "9 books"),
    "We lend nine books. Do ask.",
    ("policy-01",),
    ("Nine books.",),
)
TEN = Reference(
    "ten books", ("ten books",), "We lend ten books. Do ask.", ("news-01",), ("Ten books.",)
)
NONE = Reference("", (), "We have nothing on our shelves. Do ask.", (), ())
QUESTIONS = [
    Question("q1", "How many?", "direct", reference=NINE),
    Question("q2", "How many?", "updated", reference=NINE, update="news-01", after=TEN),
    Question("q3", "How tall is the moon?", "unanswerable", reference=NONE),
]


def says(text, cited=("policy-01",), refused=False):
    return lambda questions: [Answer(q.id, text, cited, refused=refused) for q in questions]


def test_a_right_answer_counts_only_where_there_is_one():
    rows = harness.evaluate({"nine": says("You may take 9 books.")}, QUESTIONS)
    assert rows.correct.tolist() == [1, 1, 0]
    assert rows.citation_precision.tolist() == [1, 1, 0] and rows.citation_recall.tolist() == [
        1,
        1,
        1,
    ]


def test_a_number_alone_is_right_where_the_question_says_what_is_counted():
    asked = [
        Question(f"q{n}", text, reference=NINE)
        for n, text in enumerate(("How many books?", "What may I take?"))
    ]
    assert harness.evaluate({"nine": says("Nine.")}, asked).correct.tolist() == [1, 0]


def test_a_refusal_is_right_for_the_unanswerable_alone():
    rows = harness.evaluate({"no": says("9 books? No.", (), refused=True)}, QUESTIONS)
    assert rows.correct.tolist() == [0, 0, 1]


def test_after_the_news_the_old_answer_is_wrong():
    rows = harness.evaluate({"nine": says("9 books")}, QUESTIONS, after_updates=True)
    assert rows.correct.tolist() == [1, 0, 0]


READ = Hit(
    Passage("p1", "policy-01", "Loans", "policies", "all", "", "We lend nine books."), 1.0, 1
)


@pytest.mark.parametrize(
    "text, refused, read, answerable, other",
    [
        ("You may take nine books.", False, "right", "right", "invented"),
        ("We lend books.", False, "wrong", "wrong", "wrong"),
        ("We lend twelve videos.", False, "invented", "invented", "invented"),
        ("Nine? No.", True, "declined", "declined wrongly", "declined rightly"),
    ],
)
def test_every_answer_has_one_outcome(text, refused, read, answerable, other):
    def system(questions):
        return [Answer(q.id, text, hits=(READ,), refused=refused) for q in questions]

    rows = harness.evaluate({"system": system}, [QUESTIONS[0], QUESTIONS[2]])
    assert rows.outcome.tolist() == [answerable, other]


def test_an_answer_from_nowhere_that_is_not_right_is_invented():
    rows = harness.evaluate({"closed book": says("twelve")}, QUESTIONS)
    assert rows.outcome.tolist() == ["invented"] * 3


def test_the_outcomes_of_a_system_sum_to_one():
    systems = {"nine": says("9 books"), "no": says("No.", refused=True)}
    table = harness.outcomes(harness.evaluate(systems, QUESTIONS))
    assert list(table.columns) == list(harness.OUTCOMES) and list(table.index) == ["nine", "no"]
    for _, row in table.iterrows():
        assert abs(sum(float(cell.split()[0]) for cell in row) - 1) < 0.02


def test_exact_match_asks_for_the_whole_text():
    rows = harness.evaluate({"nine": says("9 books"), "long": says("We lend 9 books.")}, QUESTIONS)
    assert rows.exact.tolist() == [1, 1, 0, 0, 0, 0]
    assert harness.evaluate({"no": says("", refused=True)}, QUESTIONS).exact.tolist() == [0, 0, 1]


def test_summary_keeps_the_order_of_systems_and_counts_rows():
    rows = harness.evaluate({"z": says("9 books"), "a": says("no idea")}, QUESTIONS[:1] * 8)
    table = harness.summary(rows)
    assert table.system.tolist() == ["z", "a"] and table.n.tolist() == [8, 8]
    assert table.correct.tolist() == [1.0, 0.0]
    assert table.low[0] < 1 and table.high[1] > 0  # eight out of eight is not certainty


def test_compare_claims_no_more_than_was_seen():
    questions = [Question(f"q{n}", "?", reference=NINE) for n in range(40)]
    rows = harness.evaluate(
        {"bad": says("no"), "good": says("9 books"), "same": says("nine books")}, questions
    )
    assert "higher" in harness.compare(rows, "bad", "good")
    assert "lower" in harness.compare(rows, "good", "bad")
    assert "no difference seen" in harness.compare(rows, "good", "same")


def test_balanced_takes_as_many_of_each_kind_spread_over_the_file():
    questions = [
        Question(f"{kind}{n}", "?", kind) for kind in ("direct", "two") for n in range(30)
    ] + [Question("s", "?", "style")]
    chosen = harness.stratified_sample(questions, 3)
    assert [q.id for q in chosen] == [
        "direct0",
        "direct10",
        "direct20",
        "two0",
        "two10",
        "two20",
        "s",
    ]


@pytest.mark.parametrize("per_kind", [0, -1])
def test_a_sample_of_nothing_is_a_clear_error(per_kind):
    with pytest.raises(ValueError, match=f"per_kind must be at least 1, not {per_kind}"):
        harness.stratified_sample(QUESTIONS, per_kind)


def test_every_system_answers_every_question():
    with pytest.raises(ValueError):
        harness.evaluate({"short": lambda questions: []}, QUESTIONS)


def test_search_is_scored_question_by_question():
    asked = [
        Question("a", "?", "two", reference=Reference("x", ("x",), "", ("p", "q"), ())),
        Question("b", "?", reference=Reference("x", ("x",), "", ("q",), ())),
    ]
    hits = [
        Hit(Passage(f"{page}#{n}", page, "", "", "", "", ""), 1.0, n)
        for n, page in enumerate(["z", "z", "p"], start=1)
    ]
    scores = harness.search_scores(asked, [hits, []])
    assert list(scores["recall@5"]) == [0.5, 0.0] and list(scores.MRR) == [0.5, 0.0]
    assert list(scores.kind) == ["two", "direct"]
    with pytest.raises(ValueError):
        harness.search_scores(asked, [hits])
