"""When to use which: a few questions about a need, answered with figures that were measured.

Rules, not a model: each rule states what it looks at, what it speaks for, and the figure
behind it, so that one can disagree with it. The figures come from the caller (`Evidence`); nothing
here knows a file or a lesson.
"""

from dataclasses import dataclass
from types import MappingProxyType

TASKS = (
    "sort into classes",
    "write in a fixed form",
    "answer from documents",
    "answer from documents in a fixed form",
)
CHANGES = ("never", "every few months", "daily")
EXAMPLES = ("none", "dozens", "hundreds")
CHOICES = ("fine-tuning", "retrieval", "both", "neither yet: collect examples")


@dataclass(frozen=True)
class UseCase:
    """What is wanted. `sources` says that an answer must name its source, `erasure` that a document
    must be removable at once (a contract ended, a person asked).
    """

    task: str
    changes: str = "never"
    examples: str = "hundreds"
    sources: bool = False
    erasure: bool = False

    def __post_init__(self):
        for name, allowed in (("task", TASKS), ("changes", CHANGES), ("examples", EXAMPLES)):
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; choose one of: {'; '.join(allowed)}"
                )


@dataclass(frozen=True)
class Evidence:
    """What was measured: each figure as the text to be quoted, under the name that the rules use.

    What is missing is left out of the reasons, never made up.
    """

    form: str = ""  # share of properties before and after instruction fine-tuning
    classes: str = ""  # accuracy before and after task-specific fine-tuning
    facts: str = ""  # closed book after fine-tuning, on facts it was not trained on
    reading: str = ""  # the tuned reader against the base model on the same passages
    retrieval: str = ""  # retrieval against closed book
    news: str = ""  # right after a change, retrieval and fine-tuned
    updating: str = ""  # seconds from a changed fact to a right answer, both ways
    citing: str = ""  # citation precision


@dataclass(frozen=True)
class Advice:
    """A choice, the reasons for it, and what would change it."""

    choice: str
    reasons: tuple[str, ...]
    unless: str

    def __str__(self) -> str:
        return "\n".join(
            [
                f"→ {self.choice}",
                *(f"  · {reason}" for reason in self.reasons),
                f"  It would change if {self.unless}.",
            ]
        )


#: The use cases that the course set out from, as needs.
SCENARIOS = MappingProxyType(
    {
        "sentiment of social posts": UseCase("sort into classes"),
        "summaries in legal style": UseCase("write in a fixed form"),
        "medical texts for lay readers": UseCase(
            "answer from documents in a fixed form", "every few months", sources=True
        ),
        "marketing copy": UseCase("write in a fixed form", examples="dozens"),
        "customer support with live information": UseCase(
            "answer from documents", "daily", "none", sources=True
        ),
        "news updates": UseCase("answer from documents", "daily", "none", sources=True),
        "reports in the field's terms": UseCase("write in a fixed form", "every few months"),
        "personal recommendations": UseCase(
            "answer from documents", "daily", "dozens", erasure=True
        ),
        "articles built on outside sources": UseCase(
            "answer from documents in a fixed form", "every few months", sources=True
        ),
    }
)


def recommend(need: UseCase, evidence: Evidence = Evidence()) -> Advice:
    """What the figures speak for.

    Facts that are in documents ask for retrieval; a form, a voice or a set of classes asks for
    fine-tuning; a need for both gets both, if there are examples to learn from.
    """
    wants_facts = (
        need.task.startswith("answer from documents")
        or need.changes == "daily"
        or need.sources
        or need.erasure
    )
    wants_form = need.task != "answer from documents"
    if not wants_facts:
        return _form_alone(need, evidence)
    reasons = _fact_reasons(need, evidence)
    if wants_form and need.examples != "none":
        reasons += _told(
            "a fixed form is learned from examples",
            evidence.form if "form" in need.task else evidence.classes,
        )
        return Advice(
            "both",
            tuple(reasons),
            "the form could be had by a prompt alone, or the facts never changed and fitted into a"
            " prompt",
        )
    if not wants_form and need.examples == "hundreds":
        reasons += _told("hundreds of examples can also teach the reader to read", evidence.reading)
        return Advice(
            "both",
            tuple(reasons),
            "the tuned reader were no better than the base model on your own questions: measure it",
        )
    unless = (
        "you had examples of the form you want: then tune as well"
        if wants_form
        else "answers had to follow a form that no prompt achieves: then tune as well"
    )
    return Advice("retrieval", tuple(reasons), unless)


def _form_alone(need: UseCase, evidence: Evidence) -> Advice:
    figure = evidence.classes if need.task == "sort into classes" else evidence.form
    if need.examples == "none":
        return Advice(
            "neither yet: collect examples",
            tuple(_told("fine-tuning is supervised: it learns from labelled examples", figure)),
            "a prompt turned out to be good enough: try that first, on fifty examples that you"
            " label for measuring",
        )
    reasons = _told("the task is a form, not a fact, and examples of it exist", figure)
    if need.examples == "dozens":
        reasons.append(
            "dozens of examples are few: watch the validation loss, and compare with a simple"
            " baseline"
        )
    return Advice(
        "fine-tuning",
        tuple(reasons),
        "answers had to hold facts that are not in the request: then retrieve them as well",
    )


def _fact_reasons(need: UseCase, evidence: Evidence) -> list[str]:
    reasons = _told(
        "facts come from documents, and training did not put them into the weights", evidence.facts
    )
    reasons += _told("retrieval brings them", evidence.retrieval)
    if need.changes != "never":
        reasons += _told(
            "a changed fact is right as soon as the index has it",
            "; ".join(t for t in (evidence.news, evidence.updating) if t),
        )
    if need.sources:
        reasons += _told(
            "an answer must name its source, and only what was retrieved can be cited",
            evidence.citing,
        )
    if need.erasure:
        reasons.append(
            "a document leaves an index in a moment; what was trained into weights cannot be taken"
            " out again"
        )
    return reasons


def _told(reason: str, figure: str) -> list[str]:
    return [f"{reason} ({figure})" if figure else reason]
