import pytest

from ftrag_helpers.journal import recommendation
from ftrag_helpers.journal.decision.utility import MEASURES, Figure
from ftrag_helpers.journal.recommendation import (
    BOTH,
    CHOICES,
    CRITERIA,
    LONG_CONTEXT,
    OWN,
    PROMPTING,
    RETRIEVAL,
    SCENARIOS,
    SEARCH,
    TUNING,
)


def figures(right, news, style, seconds, preparing, examples, trust=0.5):
    values = (right, news, style, style / 2, trust, trust, seconds, preparing, examples)
    return {name: Figure(value) for name, value in zip(MEASURES, values, strict=True)}


#: Made up: searching is quick and fresh, tuning has the form alone, both have all but the effort.
FOUND = {
    PROMPTING: {},
    SEARCH: figures(0.55, 0.8, 0.0, 0.05, 10, 0),
    RETRIEVAL: figures(0.45, 0.75, 0.0, 0.5, 10, 0),
    LONG_CONTEXT: {"labelled examples": Figure(0)},
    TUNING: figures(0.05, 0.0, 1.0, 0.4, 60, 240),
    BOTH: figures(0.6, 0.85, 0.9, 0.6, 70, 240),
}


@pytest.mark.parametrize(
    "weights, choice",
    [
        ({"quality": 5}, BOTH),
        ({"freshness": 5, "effort": 4}, SEARCH),
        ({"form": 5}, TUNING),
        ({"form": 5, "quality": 5}, BOTH),
        ({"brevity": 5}, TUNING),
        ({"cost": 5}, SEARCH),
        ({"effort": 5, "quality": 1}, SEARCH),
    ],
)
def test_the_choice_follows_the_weights(weights, choice):
    figure, text = recommendation.decision(FOUND, weights)
    assert text.splitlines()[0] == f"→ {choice}"
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()][0] == choice


def test_a_criterion_keeps_its_colour_under_all_weights():
    def colours(**weights):
        axes = recommendation.decision(FOUND, weights)[0].axes[0]
        return {bars.get_label(): bars[0].get_facecolor() for bars in axes.containers}

    assert colours(form=5) == colours(quality=1, cost=2)
    assert len(set(colours(form=5).values())) == 7


def test_the_choice_follows_the_figures():
    worse = FOUND | {BOTH: FOUND[BOTH] | {"right": Figure(0.3)}}
    assert recommendation.decision(worse, {"quality": 5})[1].startswith(f"→ {SEARCH}")


def test_what_the_figures_cannot_tell_apart_is_not_called_settled():
    near = FOUND | {
        SEARCH: {"right": Figure(0.58, 0.45, 0.7)},
        BOTH: {"right": Figure(0.6, 0.45, 0.75)},
    }
    text = recommendation.decision(near, {"quality": 5})[1]
    assert text.startswith(f"→ not settled; {BOTH} leads")


def test_what_was_not_measured_and_what_cannot_be_is_said():
    figure, text = recommendation.decision(FOUND, {"quality": 5, "privacy": 3})
    assert f"{PROMPTING}: not ranked (quality: not measured)" in text
    assert "privacy: decided by no figure" in text
    assert "not measured: quality" in {t.get_text() for t in figure.axes[0].texts}
    assert "privacy" not in recommendation.decision(FOUND, {"quality": 5})[1]
    text = recommendation.decision({BOTH: {"right": Figure(0.6)}}, {"quality": 1, "form": 1})[1]
    assert "form: not measured for any choice" in text
    text = recommendation.decision(FOUND, {"quality": 5})[1]
    assert f"{LONG_CONTEXT}: not ranked (quality: not measured here; lesson 04" in text
    split = {BOTH: {"right": Figure(0.6)}, TUNING: {"style": Figure(0.6)}}
    text = recommendation.decision(split, {"quality": 1, "form": 1})[1]
    assert text.startswith("No choice was measured by everything that has a weight.")


def test_figures_from_elsewhere_are_said_to_be():
    kept = FOUND | {BOTH: FOUND[BOTH] | {"right": Figure(0.6, 0.5, 0.7, 48, source=OWN)}}
    assert f"not this lesson's: {OWN}." in recommendation.decision(kept, {"quality": 5})[1]
    table = recommendation.table(kept)
    assert table.loc[BOTH, "right"] == f"0.60 [0.50, 0.70] n=48 ({OWN})"
    assert (table.loc[PROMPTING] == "not measured").all()
    assert table.loc[TUNING, "labelled examples"].startswith("240")


def test_the_nine_needs_of_the_course_have_weights_and_a_reason():
    assert len(SCENARIOS) == 9
    for name, scenario in SCENARIOS.items():
        assert list(scenario.weights) == list(CRITERIA) and scenario.because.endswith(".")
        assert all(0 <= weight <= 5 for weight in scenario.weights.values())
        assert recommendation.sliders(name) == {
            c: (0, 5, 1, w) for c, w in scenario.weights.items()
        }


def test_a_scenario_names_the_choice_that_wins_and_the_next():
    table = recommendation.scenarios(FOUND).set_index("scenario")
    assert list(table.index) == list(SCENARIOS)
    live = table.loc["customer support with live information"]
    assert live["wins most draws (share)"] == f"{BOTH} (1.00)"
    only = recommendation.scenarios({c: {} for c in CHOICES} | {BOTH: FOUND[BOTH]})["next"].tolist()
    assert sorted(only) == [""] * 6 + ["not measured"] * 3


def test_a_need_that_the_lesson_does_not_measure_is_not_decided():
    table = recommendation.scenarios(FOUND).set_index("scenario")
    for name, scenario in SCENARIOS.items():
        undecided = table.loc[name, "wins most draws (share)"] == recommendation.UNDECIDED
        assert undecided != scenario.measured_here
    assert "lesson 02, not here" in table.loc["sentiment of social posts", "why these weights"]


def test_the_sliders_drive_the_decision(capsys):
    from ftrag_helpers.notebook import widgets

    widgets.explore(
        lambda **weights: recommendation.decision(FOUND, weights), **recommendation.sliders()
    )
    assert BOTH in capsys.readouterr().out
