"""The pages: whole, self-contained, escaped, one learner's alone; the overview's figures are
right.
"""

import re
from dataclasses import replace
from statistics import median

import pytest
from graded_class import (
    ARABIC,
    FAILED,
    GERMAN,
    HEBREW,
    MOST,
    RIGHT,
    SCRIPT,
    SLUG,
    TURNED,
    class_of_300,
    result,
    task,
    waiting,
)
from html_page import Page

from ftrag_helpers.exercises import registry
from ftrag_helpers.grading.reports import outputs, overview, pages

NASTY = f'</code></pre></bdi>{SCRIPT}<img src=x onerror=alert(1)>" onmouseover="x" \x00\x1b'
RUBRIC = {"3.6": "Names a set of documents and says why: 2.\nTells form from facts: 2."}
HINTS = {"3.1": "What is the label of a token that should teach nothing?"}


def feedback(*results):
    return pages.page(results, hints=HINTS, rubrics=RUBRIC)


def hostile():
    tasks = (
        task("3.1", "failed", message=NASTY),
        replace(task("3.6", "needs marking"), title=NASTY),
    )
    return result(
        NASTY,
        "7",
        file=f"{NASTY}.ipynb",
        detail=NASTY,
        tasks=tasks,
        status="needs marking",
        answers=(("3.1", NASTY), ("3.6", f"{TURNED}\ud800")),
    )


@pytest.fixture(scope="module")
def class_():
    return class_of_300()


@pytest.mark.parametrize(
    "make",
    [
        lambda: feedback(result()),
        lambda: feedback(hostile()),
        lambda: feedback(*FAILED),
        lambda: overview.page([hostile(), *FAILED]),
        lambda: overview.page([]),
        lambda: overview.page(class_of_300()),
        lambda: overview.page([hostile(), hostile()]),
    ],
)
def test_a_page_is_whole_and_loads_nothing(make):
    text = make()
    page = Page(text)
    assert page.balanced and text.encode("utf-8")
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img", "iframe", "link", "object", "form", "base", "embed"}
    policy = {
        "http-equiv": "Content-Security-Policy",
        "content": "default-src 'none'; style-src 'unsafe-inline'",
    }
    assert policy in page.all("meta")
    for _, attrs in page.elements:
        assert not [name for name in attrs if name.startswith("on") or name in ("src", "style")]
        assert re.fullmatch(r"feedback/[a-z0-9-]+\.html", attrs.get("href", "feedback/x.html"))
    assert "url(" not in text and "@import" not in text and not re.search(r"https?://", text)


def test_every_drawing_says_its_numbers(class_):
    drawings = Page(overview.page(class_)).all("svg") + Page(feedback(result())).all("svg")
    assert drawings and all(
        attrs["role"] == "img" and re.search(r"\d", attrs["aria-label"]) for attrs in drawings
    )


def test_what_learners_wrote_stays_text():
    for text in (feedback(hostile()), overview.page([hostile()])):
        assert SCRIPT not in text and "&lt;script&gt;" in text
        assert not re.search("[\x00\x1b\u202e\ud800]", text)
    assert SCRIPT in Page(feedback(hostile())).text


def test_hidden_characters_are_visible_in_code_and_gone_from_names():
    text = feedback(result(TURNED, answers=(("3.1", f"x = 1 {TURNED}"),)))
    assert "x = 1 moc.elpmaxe�ada" in text and "<bdi>moc.elpmaxeada</bdi>" in text


@pytest.mark.parametrize("name", [GERMAN, ARABIC, HEBREW])
def test_names_are_written_as_their_owners_write_them(name):
    assert f"<h1><bdi>{name}</bdi></h1>" in feedback(result(name))
    assert f"<bdi>{name}</bdi>" in overview.page([waiting(name)])


def test_a_task_shows_points_message_where_to_look_and_the_answer():
    wrong = task("3.1", "failed", message="expected -100 for the first 3 labels, got 17")
    text = Page(feedback(result(tasks=(wrong, task("3.2"))))).text
    shown = ["3.1 · Mask the question", "0 of 4 points", wrong.message]
    shown += [HINTS["3.1"], 'check.hint("3.1")', RIGHT["3.1"]]
    assert [words for words in shown if words not in text] == []
    assert text.count("Where to look") == 1 and "4 of 20 points" in text


def test_a_task_by_hand_shows_its_rubric_and_no_points_until_it_is_marked():
    text = Page(feedback(waiting())).text
    assert "still to be marked" in text and "16 of 20 points so far" in text
    assert RUBRIC["3.6"] in text and "0 of 4" not in text
    marked = task("3.6", "marked", 3.0, "You leave out the facts.")
    text = Page(feedback(result(tasks=(marked,)))).text
    assert "3 of 4 points" in text and "What your marker says" in text and marked.message in text


@pytest.mark.parametrize("failed", FAILED, ids=lambda failed: failed.status)
def test_without_a_score_the_page_says_so_and_why_and_shows_no_zero(failed):
    text = Page(feedback(failed)).text
    assert "No score yet" in text and "This is not a zero" in text and failed.detail in text
    assert "0 of 20" not in text and "0 of 0" not in text


def test_an_endless_answer_does_not_make_an_endless_page():
    text = feedback(result(answers=(("3.1", "x = 1\n" * 30_000),)))
    assert len(text) < 40_000 and "168,000 more characters are in the notebook" in text


def test_a_learner_s_page_holds_nobody_else(tmp_path, class_):
    outputs.write_all(class_, tmp_path, solutions=tmp_path)
    one = class_[10]
    text = (tmp_path / "feedback" / pages.file_name(one.learner, one.learner_id)).read_text("utf-8")
    assert one.learner in text
    assert not [other for other in class_ if other is not one and other.learner in text]


def test_two_people_of_one_name_see_nothing_of_each_other(tmp_path):
    """Nobody can tell from the name whether they are one; a page must not show one's work to
    another.
    """
    two = [
        result("Ada King", "", file=f"{name}/Ada King.ipynb", answers=(("3.1", f"x = '{name}'"),))
        for name in ("Heron", "Otter")
    ]
    both = [result("Ben Ek", "", file=f"Ben Ek/{i}.ipynb", assignment=f"{i}_x") for i in (3, 4)]
    outputs.write_all([*two, *both], tmp_path, solutions=tmp_path)
    texts = [path.read_text("utf-8") for path in (tmp_path / "feedback").glob("*.html")]
    assert len(texts) == 3 and not [text for text in texts if "Heron" in text and "Otter" in text]


def test_pages_have_names_of_their_own_on_every_system():
    people = [("Ada King", "1"), ("Ada King", "2"), ("ADA KING", "1")]
    alone = ("../../etc/passwd", "=cmd()", ARABIC, "CON", "a" * 300, f"{SCRIPT}\ud800")
    people += [(name, "") for name in alone]
    names = [pages.file_name(*who) for who in people]
    assert len({name.lower() for name in names}) == len(people)
    assert all(re.fullmatch(r"[a-z0-9-]{1,60}\.html", name) for name in names)


def test_every_link_of_the_overview_leads_to_a_page(tmp_path, class_):
    outputs.write_all([*class_, hostile()], tmp_path, solutions=tmp_path)
    links = [
        attrs["href"] for attrs in Page((tmp_path / "overview.html").read_text("utf-8")).all("a")
    ]
    assert len(links) > 50 and all((tmp_path / link).is_file() for link in links)


def test_the_mark_scheme_comes_from_the_solutions(tmp_path):
    from adversarial import exercise

    assert outputs.mark_schemes(exercise.write_solution(tmp_path)) == {"9.4": "For a reason: 2."}


def test_the_first_hint_of_a_course_s_task_is_shown():
    first = registry.all_tasks()[0]
    assert outputs.first_hints({first.id, "99.9"}) == {first.id: first.hints[0]}


# --- the overview


def test_the_hardest_task_comes_first_and_unmarked_ones_do_not_count():
    wrong = task("3.2", "failed", message="x")
    easy = result(tasks=(task("3.1"), wrong, task("3.6", "marked", 1.0)))
    tasks = (task("3.1", "not attempted"), wrong, task("3.6", "needs marking"))
    hard = result(tasks=tasks, status="needs marking")
    found = overview.hardest([easy, hard, *FAILED])
    assert [(d.id, d.share) for d in found] == [("3.2", 0.0), ("3.6", 0.25), ("3.1", 0.5)]
    assert found[0].states == {"failed": 2}


def test_wrong_answers_are_grouped_whatever_their_numbers():
    messages = [
        "f(3) should be 9, got -27.5",
        "with other inputs: f(12) should be 144, got 1e3",
        "f(3) should be 9, got 'nine'",
    ]
    named = [("3.1", message) for message in messages] + [("3.2", messages[0])]
    wrong = [task(name, "failed", message=message) for name, message in named]
    class_ = [result(str(i), tasks=(one,)) for i, one in enumerate([*wrong, task("3.1")])]
    found = overview.wrong_answers(class_)
    assert [(w.task, w.count, w.message) for w in found] == [
        ("3.1", 2, messages[0]),
        ("3.1", 1, messages[2]),
        ("3.2", 1, messages[0]),
    ]
    assert found[0].example == class_[0]


@pytest.mark.parametrize(
    ("message", "same"),
    [
        ("3 of 4", "# of #"),
        ("x1 is not x2", "x1 is not x2"),
        ("1,190.5", "#"),
        ("[1, -2]", "[#, #]"),
        ("v2.0a", "v2.0a"),
        ("", ""),
    ],
)
def test_numbers_are_numbers_and_names_are_names(message, same):
    assert overview.same_but_for_numbers(message) == same


def test_every_score_is_in_one_bin_and_the_full_score_in_the_last():
    scores = [0.0, 1.99, 2.0, 10.0, 19.99, 20.0]
    found = overview.bins(
        [result(str(i), score=score) for i, score in enumerate(scores)]
        + [waiting(score=16.0), *FAILED]
    )
    assert [final for _, _, final, _ in found] == [2, 1, 0, 0, 0, 1, 0, 0, 0, 2]
    assert [rest for *_, rest in found] == [0, 0, 0, 0, 0, 0, 0, 0, 1, 0]
    assert found[0][:2] == (0.0, 2.0) and found[-1][:2] == (18.0, MOST)
    assert overview.bins(FAILED) == overview.bins([]) == []


def test_the_overview_counts_the_whole_class(class_):
    page = Page(overview.page(class_))
    final = [found.score for found in class_ if found.status == "graded"]
    assert "300submissions" in page.text and f"{median(final):g}median of 20" in page.text
    labels = [attrs["aria-label"] for attrs in page.all("svg")]
    (label,) = [label for label in labels if "by points" in label][:1]
    counted = sum(int(count) for count in re.findall(r": (\d+)", label))
    assert counted == sum(result.score is not None for result in class_)
    for failed in FAILED:
        assert failed.learner in page.text and failed.detail in page.text
    waiting_ = sum(result.status == "needs marking" for result in class_)
    assert f"Which documents would you tune on?: {waiting_} answers" in page.text


def test_who_handed_in_twice_is_named():
    page = Page(overview.page([result(file="first.ipynb"), result(file="second.ipynb")]))
    for words in ("handed in more than once", "first.ipynb", "second.ipynb"):
        assert words in page.text


def test_an_exercise_is_named_as_people_do():
    assert pages.exercise(SLUG) == "03 · Instruction fine tuning" and pages.exercise("x") == "x"
