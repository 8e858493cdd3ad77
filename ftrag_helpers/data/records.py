"""The values that every module hands to the next: documents, passages, questions, hits, answers.

Frozen, so that a cell run twice cannot spoil what another
cell holds. Reading them from files is `course_data`'s job, scoring them is `metrics`' and
`evaluation`'s.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

QuestionKind = Literal["direct", "reworded", "branch", "two", "updated", "unanswerable", "style"]
Split = Literal["train", "validation", "test"]
Label = Literal["negative", "positive"]
#: What an unanswerable question is about: a thing on a page, whose asked detail stands nowhere; the
#: town beyond the pages; neither.
UnanswerableGroup = Literal["near miss", "of the town", "far away"]
Difficulty = Literal["negation", "irony", "mixed", "comparison", "plot", "understated"]
Branch = Literal["central", "old-quay", "fennel-hill", "weir-street", "heron", "all"]
QUESTION_KINDS, SPLITS, BRANCHES = map(get_args, (QuestionKind, Split, Branch))


@dataclass(frozen=True)
class Document:
    """One page, note or clause of the library, as a shelf holds it."""

    id: str
    title: str
    shelf: str
    branch: str
    date: str
    text: str
    split: str = "train"


@dataclass(frozen=True)
class Update:
    """A dated news item, and the sentences of one document that it makes out of date."""

    news: Document
    changes: str
    edits: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Passage:
    """A stretch of one document, short enough to be embedded and to be read by the model."""

    id: str
    document_id: str
    title: str
    shelf: str
    branch: str
    date: str
    text: str


@dataclass(frozen=True, eq=False)
class TokenEmbeddings:
    """A text's word pieces as the embedder reads them, each in the light of the words around it.

    `spans` holds where each piece stands in the text, shape (pieces, 2), in characters; `vectors`
    what the embedder makes of it, shape (pieces, dimensions), float32, each of length 1.
    """

    spans: np.ndarray
    vectors: np.ndarray


@dataclass(frozen=True)
class Hit:
    """A passage that a search returned.

    `rank` counts from 1; a higher `score` is a better match.
    """

    passage: Passage
    score: float
    rank: int


@dataclass(frozen=True)
class Reference:
    """What a right answer to a question is, and which sentences of which documents say so."""

    answer: str
    accepted: tuple[str, ...]
    reply: str
    documents: tuple[str, ...]
    support: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """A patron's question.

    `after` is the reference once the news item `update` is in force; `group` says what an
    unanswerable question is about (`UnanswerableGroup`).
    """

    id: str
    text: str
    kind: str = "direct"
    split: str = "test"
    fact: str = ""
    reference: Reference | None = None
    update: str | None = None
    after: Reference | None = None
    group: str | None = None

    @property
    def answerable(self) -> bool:
        """True where the library's documents hold an answer."""
        return self.kind != "unanswerable"


@dataclass(frozen=True)
class TaughtFact:
    """A fact of the library in many wordings, for teaching it to a model's weights.

    Each question of `train` and of `test` asks for this fact and no other; those of `test` are for
    measuring alone. `after` is the reference once the news item `update` is in force.
    """

    id: str
    reference: Reference
    train: tuple[str, ...]
    test: tuple[str, ...]
    update: str | None = None
    after: Reference | None = None

    def questions(self, split: str, wordings: int | None = None) -> list[Question]:
        """The fact's questions as records.

        Args:
            split: "train" or "test".
            wordings: how many, from the first; all if None.
        """
        texts = (self.train if split == "train" else self.test)[:wordings]
        return [
            Question(
                f"{self.id}-{split}-{number}",
                text,
                "taught",
                split,
                self.id,
                self.reference,
                self.update,
                self.after,
            )
            for number, text in enumerate(texts, start=1)
        ]


@dataclass(frozen=True)
class Answer:
    """What a system said to one question.

    `cited` holds the ids of the documents that the answer rests on (empty for a closed-book
    answer), `hits` what was retrieved, `refused` whether the system declined to answer, `seconds`
    the question's share of its batch's time, `tokens` the number of generated tokens, `logprob` the
    mean log-probability of those tokens in nats (0 where no model spoke), `trace` the search behind
    it (a `rag.retrievers.SearchTrace`; None where nothing was searched).
    """

    question_id: str
    text: str
    cited: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()
    refused: bool = False
    seconds: float = 0.0
    tokens: int = 0
    logprob: float = 0.0
    trace: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Review:
    """What a patron wrote of a book, an event or the service; `difficulty` names what misleads a
    quick reader.
    """

    id: str
    text: str
    label: str
    subject: str = ""
    about: str = "book"
    voice: str = ""
    difficulty: str | None = None
    split: str = "test"


@dataclass(frozen=True)
class InstructionExample:
    """An instruction with its input, and the response that the library's staff would give.

    Of each inner list of `facts` one spelling must stand in a good response, and none of
    `forbidden`.
    """

    id: str
    kind: str
    instruction: str
    input: str
    response: str
    split: str = "test"
    source: str = ""
    facts: tuple[tuple[str, ...], ...] = ()
    forbidden: tuple[str, ...] = ()


Answerer = Callable[[Sequence[Question]], list[Answer]]
