"""When to use which: the choice with the highest utility, from measured figures and a need's
weights.

Each choice is one system of lesson 05. Not here: gathering the figures (`scorecard.evidence`), the
utilities and the draws (`decision.utility`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ftrag_helpers.evaluation.measurement import Measurement
from ftrag_helpers.evaluation.systems import System
from ftrag_helpers.journal.decision import utility
from ftrag_helpers.journal.decision.utility import CRITERIA as CRITERIA
from ftrag_helpers.journal.decision.utility import MEASURES, MOST, Evidence, Figure
from ftrag_helpers.journal.decision.utility import utilities as utilities
from ftrag_helpers.journal.decision.utility import wins as wins
from ftrag_helpers.notebook.drawing.stacked import stacked

PROMPTING = "prompting"  # rules and examples in the prompt, nothing retrieved
SEARCH = "search without a model"  # the best sentence, read out
RETRIEVAL = "retrieval + base model"
LONG_CONTEXT = "long context"  # every page pasted into the prompt
TUNING = "fine-tuning alone"
BOTH = "fine-tuning + retrieval"
CHOICES = (PROMPTING, SEARCH, RETRIEVAL, LONG_CONTEXT, TUNING, BOTH)
#: The system that stands for each choice. Nothing in the comparison stands for the others yet.
SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        SEARCH: System.NO_MODEL,
        RETRIEVAL: System.ONE_SENTENCE,
        TUNING: System.TUNED_CLOSED_BOOK,
        BOTH: System.TUNED_READER,
    }
)
#: The choices that index the documents, and those that train.
INDEXED, TUNED = (SEARCH, RETRIEVAL, BOTH), (TUNING, BOTH)
#: Where a figure was measured.
HERE, OWN, SHIPPED = "this lesson", "kept on this machine", "shipped with the course"
_ABSENT = "not measured"
_PRIVACY = (
    "privacy: decided by no figure. All choices run on this machine, so no question and no page"
    " leaves it. They differ in one way that is not measured: a page can be taken out of an index"
    " at once, but not out of weights that were trained on it."
)
#: A choice that wins this share of the draws is called clear.
_CLEAR = 0.95


@dataclass(frozen=True)
class Scenario:
    """A need as weights of the criteria (0 to 5), and why they are set so."""

    weights: Mapping[str, float]
    because: str


def _scenario(because: str, **weights: float) -> Scenario:
    return Scenario(MappingProxyType(dict.fromkeys(CRITERIA, 0) | weights), because)


#: The needs that the course set out from. The weights are our reading of each need.
SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        "sentiment of social posts": _scenario(
            "A label from a fixed set is a form, and there are many posts. How well labels are"
            " learned is measured in lesson 02, not here.",
            quality=2,
            form=5,
            cost=4,
        ),
        "summaries in legal style": _scenario(
            "The style is the point, and the facts stand in the text that is summed up.",
            quality=3,
            form=5,
            effort=1,
        ),
        "medical texts for lay readers": _scenario(
            "A wrong fact does harm, plain words are asked for, and patients' data are private.",
            quality=5,
            freshness=2,
            form=4,
            privacy=4,
        ),
        "marketing copy": _scenario(
            "The brand's voice comes first; few examples exist, and a person reads every line.",
            quality=1,
            form=5,
            effort=3,
        ),
        "customer support with live information": _scenario(
            "Prices and stock change daily, and somebody waits for the answer.",
            quality=5,
            freshness=5,
            form=2,
            cost=3,
        ),
        "news updates": _scenario(
            "What was right yesterday is wrong today.",
            quality=4,
            freshness=5,
            cost=2,
            effort=1,
        ),
        "reports in the field's terms": _scenario(
            "Terms and layout are fixed, the facts must hold, and they change slowly.",
            quality=4,
            freshness=1,
            form=4,
        ),
        "personal recommendations": _scenario(
            "What a person likes changes with every visit and is private.",
            quality=3,
            freshness=4,
            cost=2,
            privacy=5,
        ),
        "articles built on outside sources": _scenario(
            "Each statement must hold, in the house's style, and sources are added now and then.",
            quality=5,
            freshness=2,
            form=3,
        ),
    }
)


def table(found: Evidence):
    """The figures as texts: a DataFrame with a row a choice and a column a measure, "not measured"
    where there is none, and the source of those that are not this lesson's.
    """
    import pandas as pd

    def text(figures: Mapping[str, Figure], name: str) -> str:
        if name not in figures:
            return _ABSENT
        figure = figures[name]
        shown = Measurement(
            "05", name, figure.value, figure.low, figure.high, figure.n, MEASURES[name].unit
        )
        where = "" if figure.source == HERE else f" ({figure.source})"
        counted = MEASURES[name].unit == "examples"
        return (f"{figure.value:.0f}" if counted else str(shown)) + where

    return pd.DataFrame(
        [[text(found[choice], name) for name in MEASURES] for choice in found],
        index=list(found),
        columns=list(MEASURES),
    )


def sliders(scenario: str = "customer support with live information") -> dict[str, tuple]:
    """A slider for each criterion, from 0 to 5, for `widgets.explore`; it starts at the weight of
    the scenario.
    """
    weights = SCENARIOS[scenario].weights
    return {name: (0, MOST, 1, weights[name]) for name in CRITERIA}


def decision(found: Evidence, weights: Mapping[str, float]):
    """The choice under the weights.

    Args:
        found: the figures.
        weights: 0 to 5 by criterion.

    Returns:
        (figure, text): bars stacked by criterion, the likeliest choice first, and in words the
        share of draws that each choice wins, and what the figures cannot decide.

    Raises:
        ValueError: as in `utility.contributions`.
    """
    ranking = wins(found, weights)
    parts = utility.contributions(found, weights).loc[list(ranking.choice)]
    notes = [f"{_ABSENT}: {missing}" if missing else "" for missing in ranking["not measured"]]
    figure = stacked(
        list(parts.index),
        _columns(parts),
        unit="utility (0 to 1), by criterion",
        notes=notes,
    )
    return figure, "\n".join(_said(found, weights, ranking))


def _columns(parts) -> dict[str, list[float]]:
    """The parts of every criterion that can be measured, 0 without a weight: so each keeps its
    colour.
    """
    names = dict.fromkeys(measure.criterion for measure in MEASURES.values())
    return {name: list(parts[name]) if name in parts else [0.0] * len(parts) for name in names}


def _said(found: Evidence, weights: Mapping[str, float], ranking) -> list[str]:
    ranked = ranking[ranking["not measured"] == ""]
    lines = []
    if ranked.empty:
        lines.append("No choice was measured by everything that has a weight.")
    else:
        best = ranked.iloc[0]
        clear = best["share of draws won"] >= _CLEAR
        lines.append(f"→ {best.choice}" if clear else f"→ not settled; {best.choice} leads")
    lines += [
        f"  {row.choice}: utility {row['mean utility']:.2f} [{row.low:.2f}, {row.high:.2f}],"
        f" highest in {row['share of draws won']:.2f} of the draws"
        for _, row in ranked.iterrows()
    ]
    lines += [
        f"  {row.choice}: not ranked ({row['not measured']}: {_ABSENT})"
        for _, row in ranking[ranking["not measured"] != ""].iterrows()
    ]
    open_ones = utility.undecided(found, weights)
    lines += [_PRIVACY if n == "privacy" else f"{n}: {_ABSENT} for any choice" for n in open_ones]
    sources = {f.source for figures in found.values() for f in figures.values()} - {HERE, ""}
    return lines + [f"Some figures are not this lesson's: {', '.join(sorted(sources))}."] * bool(
        sources
    )


def scenarios(found: Evidence):
    """A DataFrame with a row for each of `SCENARIOS`: the scenario, the choice that wins most
    draws, the share of draws that it wins, the next one with its share, and why the weights are set
    so.
    """
    import pandas as pd

    rows = []
    for name, scenario in SCENARIOS.items():
        ranked = wins(found, scenario.weights).dropna(subset="mean utility")
        places = [f"{r.choice} ({r['share of draws won']:.2f})" for _, r in ranked.iterrows()]
        first, second, *_ = [*places, _ABSENT, _ABSENT]
        rows.append([name, first, second, scenario.because])
    columns = ["scenario", "wins most draws (share)", "next", "why these weights"]
    return pd.DataFrame(rows, columns=columns)
