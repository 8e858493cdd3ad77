import pytest

from ftrag_helpers.journal.recommendation import (
    CHANGES,
    CHOICES,
    EXAMPLES,
    SCENARIOS,
    TASKS,
    Evidence,
    UseCase,
    recommend,
)

EVIDENCE = Evidence(
    form="FORM",
    classes="CLASSES",
    facts="FACTS",
    reading="READING",
    retrieval="RETRIEVAL",
    news="NEWS",
    updating="UPDATING",
    citing="CITING",
)
EVERY_NEED = [
    UseCase(task, changes, examples, sources, erasure)
    for task in TASKS
    for changes in CHANGES
    for examples in EXAMPLES
    for sources in (False, True)
    for erasure in (False, True)
]


@pytest.mark.parametrize(
    "scenario, choice",
    [
        ("sentiment of social posts", "fine-tuning"),
        ("summaries in legal style", "fine-tuning"),
        ("marketing copy", "fine-tuning"),
        ("customer support with live information", "retrieval"),
        ("news updates", "retrieval"),
        ("medical texts for lay readers", "both"),
        ("articles built on outside sources", "both"),
    ],
)
def test_the_use_cases_of_the_course(scenario, choice):
    assert recommend(SCENARIOS[scenario], EVIDENCE).choice == choice


def test_every_need_gets_a_choice_with_a_reason_and_a_condition():
    for need in EVERY_NEED:
        advice = recommend(need, EVIDENCE)
        assert advice.choice in CHOICES and advice.reasons and advice.unless
        assert advice.choice in str(advice) and all(
            reason in str(advice) for reason in advice.reasons
        )


def test_what_changes_daily_or_must_be_erasable_or_cited_is_never_left_to_the_weights_alone():
    for need in EVERY_NEED:
        if need.changes == "daily" or need.sources or need.erasure:
            assert recommend(need).choice in ("retrieval", "both")


def test_nothing_is_trained_without_examples():
    for need in EVERY_NEED:
        if need.examples == "none":
            assert recommend(need).choice not in ("fine-tuning", "both")


def test_reasons_quote_the_figures_that_speak_to_them_and_invent_none():
    assert "NEWS; UPDATING" in str(recommend(UseCase("answer from documents", "daily"), EVIDENCE))
    assert "CITING" in str(recommend(UseCase("answer from documents", sources=True), EVIDENCE))
    assert "CLASSES" in str(recommend(UseCase("sort into classes"), EVIDENCE))
    assert "FORM" in str(recommend(UseCase("write in a fixed form"), EVIDENCE))
    assert "(" not in str(recommend(UseCase("write in a fixed form")))


@pytest.mark.parametrize(
    "fields, word",
    [
        (("paint",), "task"),
        ((TASKS[0], "hourly"), "changes"),
        ((TASKS[0], "never", "many"), "examples"),
    ],
)
def test_an_unknown_value_is_named_with_the_choices(fields, word):
    with pytest.raises(ValueError, match=f"{word} is .*choose one of"):
        UseCase(*fields)
