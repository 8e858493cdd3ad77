"""The names of the systems that lesson 05 compares; what each of them is, `comparison` says."""

from enum import StrEnum


class System(StrEnum):
    """A system by its name in tables, figures and files, in the order in which tables show them."""

    CLOSED_BOOK = "closed book"
    TUNED_CLOSED_BOOK = "fine-tuned closed book"
    RETRIEVAL = "retrieval"
    ONE_SENTENCE = "retrieval, one sentence"
    TUNED_READER = "fine-tuned reader + retrieval"
    HOUSE_STYLE = "house style + retrieval"
    NO_MODEL = "best sentence, no model"
    ORACLE = "oracle"
    DISTRACTORS = "distractors"
    #: One model fine-tuned on a mixture, asked with passages.
    BOTH = "fine-tuned + retrieval"
    #: The base model with the house's rules, and with rules and two examples, in its prompt.
    PROMPTED = "rules and examples, closed book"
    RULES = "rules + retrieval"
    PROMPTED_READER = "rules and examples + retrieval"
    #: With the supporting sentences among those that are read.
    ORACLE_BASE = "oracle, base model"
    ORACLE_TUNED = "oracle, fine-tuned"
