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

PROMPTING = "prompting + retrieval"  # the base model, rules and examples in its prompt
SEARCH = "search without a model"  # the best sentence in a fixed frame
RETRIEVAL = "retrieval + base model"  # its answer to lesson 04's prompt, in a fixed frame
LONG_CONTEXT = "long context"  # every page pasted into the prompt
TUNING = "fine-tuning alone"
BOTH = "fine-tuning + retrieval"
CHOICES = (PROMPTING, SEARCH, RETRIEVAL, LONG_CONTEXT, TUNING, BOTH)
#: The system that stands for each choice. No system of the comparison pastes every page in.
SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        PROMPTING: System.PROMPTED_READER,
        SEARCH: System.FRAMED,
        RETRIEVAL: System.FRAMED_BASE,
        TUNING: System.TUNED_CLOSED_BOOK,
        BOTH: System.BOTH,
    }
)
#: The same choices asked for a bare value, by their names in the table of short answers. A closed
#: book was asked no bare value on unseen documents.
BRIEF_SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        PROMPTING: "base, eight examples",
        SEARCH: "best sentence",
        RETRIEVAL: "base",
        BOTH: "fine-tuned",
    }
)
#: The choices that index the documents, and those that train.
INDEXED, TUNED = (PROMPTING, SEARCH, RETRIEVAL, BOTH), (TUNING, BOTH)
#: Where a figure was measured.
HERE, OWN, SHIPPED = "this lesson", "kept on this machine", "shipped with the course"
_ABSENT = "not measured"
#: Where the course measured a little of what this lesson does not.
_ELSEWHERE = MappingProxyType({LONG_CONTEXT: "here; lesson 04 asks it ten questions"})
#: What stands for a need that none of the lesson's figures speaks of.
UNDECIDED = "not decided here"
_PRIVACY = (
    "privacy: decided by no figure. All choices run on this machine, so no question and no page"
    " leaves it. They differ in one way that is not measured: a page can be taken out of an index"
    " at once, but not out of weights that were trained on it."
)
#: A choice that wins this share of the draws is called clear.
_CLEAR = 0.95


@dataclass(frozen=True)
class Scenario:
    """A need as weights of the criteria (0 to 5), and why they are set so.

    Attributes:
        weights: by criterion.
        because: why they are set so, and what is missing where the lesson does not decide.
        measured_here: whether the lesson's questions are of the kind that this need asks.
    """

    weights: Mapping[str, float]
    because: str
    measured_here: bool = True


def _scenario(because: str, *, measured_here: bool = True, **weights: float) -> Scenario:
    return Scenario(MappingProxyType(dict.fromkeys(CRITERIA, 0) | weights), because, measured_here)


#: The needs that the course set out from. The weights are our reading of each need.
SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        "sentiment of social posts": _scenario(
            "A label from a fixed set is a form, and there are many posts. How well labels are"
            " learned is measured in lesson 02, not here.",
            measured_here=False,
            quality=2,
            form=5,
            cost=4,
        ),
        "summaries in legal style": _scenario(
            "The style is the point, and the facts stand in the text that is summed up. No text is"
            " summed up in this lesson; lesson 03 measures a form that is learned from examples.",
            measured_here=False,
            quality=3,
            form=5,
            effort=1,
        ),
        "medical texts for lay readers": _scenario(
            "A wrong fact does harm, plain words are asked for, and patients' data are private."
            " Plain words are measured nowhere in this lesson.",
            measured_here=False,
            quality=5,
            freshness=2,
            form=4,
            trust=5,
            privacy=4,
        ),
        "marketing copy": _scenario(
            "The brand's voice comes first; few examples exist, and a person reads every line. No"
            " reader judged a voice here.",
            measured_here=False,
            quality=1,
            form=5,
            effort=3,
        ),
        "customer support with live information": _scenario(
            "Prices and stock change daily, and somebody waits for the answer.",
            quality=5,
            freshness=5,
            form=2,
            trust=3,
            cost=3,
        ),
        "news updates": _scenario(
            "What was right yesterday is wrong today.",
            quality=4,
            freshness=5,
            trust=2,
            cost=2,
            effort=1,
        ),
        "reports in the field's terms": _scenario(
            "Terms and layout are fixed, the facts must hold, and they change slowly. Lesson 03"
            " measures the house's terms in reports, not this one.",
            measured_here=False,
            quality=4,
            freshness=1,
            form=4,
            trust=3,
        ),
        "personal recommendations": _scenario(
            "What a person likes changes with every visit and is private. Nobody's taste was asked"
            " for in this lesson.",
            measured_here=False,
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
            trust=5,
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
        f"  {row.choice}: not ranked ({row['not measured']}: {_absent(row.choice)})"
        for _, row in ranking[ranking["not measured"] != ""].iterrows()
    ]
    open_ones = utility.undecided(found, weights)
    lines += [_PRIVACY if n == "privacy" else f"{n}: {_ABSENT} for any choice" for n in open_ones]
    sources = {f.source for figures in found.values() for f in figures.values()} - {HERE, ""}
    return lines + [f"Some figures are not this lesson's: {', '.join(sorted(sources))}."] * bool(
        sources
    )


def _absent(choice: str) -> str:
    """That a choice was not measured, and where else it was."""
    return " ".join(filter(None, [_ABSENT, _ELSEWHERE.get(choice)]))


def scenarios(found: Evidence):
    """A DataFrame with a row for each of `SCENARIOS`: the scenario, the choice that wins most
    draws, the share of draws that it wins, the next one with its share, and why the weights are set
    so. A need that the lesson's questions do not speak of is not decided.
    """
    import pandas as pd

    rows = []
    for name, scenario in SCENARIOS.items():
        ranked = wins(found, scenario.weights).dropna(subset="mean utility")
        places = [f"{r.choice} ({r['share of draws won']:.2f})" for _, r in ranked.iterrows()]
        first, second, *_ = [*places, _ABSENT, _ABSENT]
        if not scenario.measured_here:
            first, second = UNDECIDED, ""
        rows.append([name, first, second, scenario.because])
    columns = ["scenario", "wins most draws (share)", "next", "why these weights"]
    return pd.DataFrame(rows, columns=columns)
