"""The names of the systems that lesson 05 and `ftrag compare` set side by side."""

from enum import StrEnum


class System(StrEnum):
    """A system by its name in tables, figures and files, in the order in which tables show them."""

    CLOSED_BOOK = "closed book"
    TUNED_CLOSED_BOOK = "fine-tuned closed book"
    RETRIEVAL = "retrieval"
    ONE_SENTENCE = "retrieval, one sentence"
    #: Trained to copy the sentence that answers: `ftrag compare`.
    TUNED_READER = "fine-tuned reader + retrieval"
    NO_MODEL = "best sentence, no model"
    #: The same sentence in a fixed frame, with the title of its page.
    FRAMED = "best sentence in a frame, no model"
    #: What the base model makes of that sentence, in the same frame.
    FRAMED_BASE = "base model's answer in a frame"
    #: One model fine-tuned on a mixture, asked with passages.
    BOTH = "fine-tuned + retrieval"
    #: The same trained on more questions, as it is shipped.
    LONGER = "fine-tuned longer + retrieval"
    #: Trained on the same questions without their sentences, asked with sentences.
    TUNED_UNREAD = "fine-tuned without passages + retrieval"
    #: The base model with the house's rules, and with rules and examples, in its prompt.
    RULES = "rules + retrieval"
    PROMPTED_READER = "rules and examples + retrieval"
    #: With the supporting sentences among those that are read.
    ORACLE_BASE = "oracle, base model"
    ORACLE_TUNED = "oracle, fine-tuned"
    ORACLE_NO_MODEL = "oracle, no model"
