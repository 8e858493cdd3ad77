"""The systems that lesson 05 compares, and how its tuned ones are trained.

The one place where fine-tuning and retrieval meet. Every choice here (sentences to read,
recipe, what to learn) was made on the validation questions, as `benchmarks/reference.py --choose`
prints. What it leaves out: running and scoring (`evaluation`), and the questions of one's own
documents (`own_data`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ftrag_helpers.data import course_data, tuning_data
from ftrag_helpers.data.records import (
    Answerer,
    Document,
    Hit,
    InstructionExample,
    Passage,
    Question,
)
from ftrag_helpers.errors import CourseError
from ftrag_helpers.evaluation import harness
from ftrag_helpers.finetuning import sft
from ftrag_helpers.finetuning.adapters import Lora
from ftrag_helpers.finetuning.sft import Example, FineTuneResult, TrainingConfig
from ftrag_helpers.lm import models
from ftrag_helpers.rag import pipeline, prompts
from ftrag_helpers.rag.retrievers import SENTENCES as BEST_SENTENCES
from ftrag_helpers.rag.retrievers import Distractors, Retriever, Searches, SearchTrace, sentence_of
from ftrag_helpers.retrieval.passage_index import Index
from ftrag_helpers.retrieval.reranking import MaxSimReranker

#: Sentences that the tuned reader gets to choose from: right on validation with two 0.62, with
#: three 0.58. With one (0.68) nothing is left to choose, and it is right exactly as often as the
#: best sentence without a model. The base model reads best with one (`BEST_SENTENCES`).
SENTENCES = 2
#: Tokens an answer may have: the longest supporting sentences of the training documents have about
#: sixty.
MAX_NEW_TOKENS = 48
#: Training questions in the lesson. More of them buy more: the reference results have the curve.
TRAINING_QUESTIONS = 240
#: Words that a pair of the house-style training may have at most.
HOUSE_WORDS = 80
#: All systems, in the order in which tables show them.
NAMES = (
    "closed book",
    "fine-tuned closed book",
    "retrieval",
    "retrieval, one sentence",
    "fine-tuned reader + retrieval",
    "house style + retrieval",
    "best sentence, no model",
    "oracle",
    "distractors",
)
#: The systems of which a learner guesses the share of right answers before running them.
PREDICTED = (
    "closed book",
    "fine-tuned closed book",
    "retrieval",
    "fine-tuned reader + retrieval",
    "house style + retrieval",
)
CONFIG = TrainingConfig(epochs=1, learning_rate=2e-3, batch_size=4, lora=Lora(layers=10))


def training_questions(count: int = TRAINING_QUESTIONS) -> list[Question]:
    """`count` answerable training questions, spread evenly over the file, so that every shelf has
    its share.
    """
    pool = [q for q in course_data.load_questions("train") if q.answerable]
    return [pool[int(i * len(pool) / min(count, len(pool)))] for i in range(min(count, len(pool)))]


def reworded_facts(training: Sequence[Question]) -> list[Question]:
    """Training questions that were left out, but ask for a fact that `training` asks for, in other
    words; one a fact.
    """
    asked, facts = {q.id for q in training}, {q.fact for q in training}
    others = [
        q
        for q in course_data.load_questions("train")
        if q.answerable and q.id not in asked and q.fact in facts
    ]
    return list({q.fact: q for q in others}.values())


def closed_book_examples(questions: Sequence[Question]) -> list[Example]:
    """Question and answer only: the facts must go into the weights."""
    return [Example(prompts.closed_book(q.text), _told(q)) for q in questions]


def reading_examples(questions: Sequence[Question], retriever: Searches) -> list[Example]:
    """Question, retrieved sentences, answer: the right sentence among distractors.

    Where the search missed a supporting sentence it takes the place of the worst one found: the
    model is to learn that the answer is there to be read.

    Source: Zhang et al. 2024, "RAFT: Adapting Language Model to Domain Specific RAG", with one
    right passage in every example.
    """
    return [
        Example(prompts.from_text(q.text, with_support(q, trace.hits)), _told(q))
        for q, trace in zip(questions, retriever.search(questions), strict=True)
    ]


def with_support(question: Question, hits: Sequence[Hit]) -> list[str]:
    """The texts of the hits, best first; supporting sentences that are missing stand in for the
    last ones.
    """
    texts = [hit.passage.text for hit in hits]
    missing = [s for s in question.reference.support if s not in texts]
    kept = [t for t in texts if t in question.reference.support]
    others = [t for t in texts if t not in question.reference.support]
    room = max(0, len(texts) - len(kept) - len(missing))
    chosen = {*kept, *others[:room]}
    return [*missing, *(t for t in texts if t in chosen)]


def _told(question: Question) -> str:
    return " ".join(question.reference.support)


def train_closed_book(
    lm: models.LanguageModel,
    questions: Sequence[Question],
    *,
    config: TrainingConfig = CONFIG,
    progress: bool = True,
) -> FineTuneResult:
    """The base model after training on questions and answers alone."""
    return sft.train(lm, closed_book_examples(questions), config=config, progress=progress)


def train_reader(
    lm: models.LanguageModel,
    questions: Sequence[Question],
    retriever: Searches,
    *,
    config: TrainingConfig = CONFIG,
    progress: bool = True,
) -> FineTuneResult:
    """The base model after training to find the answer among retrieved sentences."""
    return sft.train(lm, reading_examples(questions, retriever), config=config, progress=progress)


def house_examples(pairs: Sequence[InstructionExample]) -> list[Example]:
    """Instructions and the responses that the library's staff would give, as lesson 03 trains on
    them.
    """
    return [Example(prompts.staff_task(p.instruction, p.input), p.response) for p in pairs]


def train_house_style(
    lm: models.LanguageModel, *, seed: int = 0, progress: bool = True
) -> FineTuneResult:
    """Lesson 03's adapter: the same pairs and recipe, so that it is there already once that lesson
    ran.
    """
    train, validation = (tuning_data.load_instructions(split) for split in ("train", "validation"))
    examples, held_out = (
        house_examples(tuning_data.at_most(train, HOUSE_WORDS)),
        house_examples(harness.stratified_sample(validation, 4)),
    )
    return sft.train(
        lm,
        examples,
        held_out,
        config=replace(CONFIG, evals_per_epoch=3, seed=seed),
        progress=progress,
    )


def closed_book(lm: models.LanguageModel, *, progress: bool = True) -> Answerer:
    """An answerer without passages that may say as much as the tuned ones."""
    return pipeline.closed_book(lm, max_new_tokens=MAX_NEW_TOKENS, progress=progress)


def reader(lm: models.LanguageModel, retriever: Searches, *, progress: bool = True) -> Answerer:
    """An answerer that reads what the retriever brings."""
    return pipeline.rag_pipeline(lm, retriever, max_new_tokens=MAX_NEW_TOKENS, progress=progress)


def house_reader(
    lm: models.LanguageModel, retriever: Searches, *, progress: bool = True
) -> Answerer:
    """An answerer that gives what the retriever brings to the house-style adapter as the facts of a
    reply.
    """
    return pipeline.rag_pipeline(
        lm, retriever, prompt=prompts.house_reply, max_new_tokens=MAX_NEW_TOKENS, progress=progress
    )


def systems(
    lm: models.LanguageModel,
    tuned: Mapping[str, models.LanguageModel],
    documents: Sequence[Document],
    index: Index,
    reranker: MaxSimReranker,
) -> dict[str, Answerer]:
    """Every system by name. `tuned` holds the models "closed book", "reader" and "house style"."""
    one, several = (Retriever(index, reranker, sentences=n) for n in (BEST_SENTENCES, SENTENCES))
    among = OracleAmong(documents, several)
    return {
        "closed book": closed_book(lm),
        "fine-tuned closed book": closed_book(tuned["closed book"]),
        "retrieval": reader(lm, several),
        "retrieval, one sentence": reader(lm, one),
        "fine-tuned reader + retrieval": reader(tuned["reader"], several),
        "house style + retrieval": house_reader(tuned["house style"], one),
        "best sentence, no model": pipeline.extractive_baseline(one),
        "oracle": reader(tuned["reader"], among),
        "distractors": reader(tuned["reader"], Distractors(index, reranker, sentences=SENTENCES)),
    }


class OracleAmong:
    """A search that cheats: what another one brings, with every missing supporting sentence put in.

    A bound for the search, with as much to read as the reader is used to.
    """

    def __init__(self, documents: Sequence[Document], retriever: Searches):
        self._documents, self._retriever = {d.id: d for d in documents}, retriever

    def search(self, questions: Sequence[Question]) -> list[SearchTrace]:
        """A trace for each question, as the other search left it but for what is read."""
        return [
            replace(trace, hits=tuple(self._hits(question, trace.hits)))
            for question, trace in zip(questions, self._retriever.search(questions), strict=True)
        ]

    def _hits(self, question: Question, found: Sequence[Hit]) -> list[Hit]:
        known = {hit.passage.text: hit.passage for hit in found}
        return [
            Hit(known.get(text) or self._passage(question, text), 1.0, rank)
            for rank, text in enumerate(with_support(question, found), start=1)
        ]

    def _passage(self, question: Question, text: str) -> Passage:
        documents = (self._documents[i] for i in question.reference.documents)
        return sentence_of(next(d for d in documents if text in d.text), text)


def questions_to_ask(questions: Sequence[Question]) -> list[Question]:
    """The answerable questions of the split "test".

    Raises:
        CourseError: there are none.
    """
    asked = [q for q in questions if q.answerable and q.split == "test"]
    if not asked:
        raise CourseError(
            'There is no answerable question of the split "test" to compare on. Give at least one'
            " row an answer, and leave its split empty or set it to test."
        )
    return asked


def compare(
    lm: models.LanguageModel,
    reader_lm: models.LanguageModel,
    documents: Sequence[Document],
    questions: Sequence[Question],
    *,
    progress: bool = True,
):
    """The rows of `harness.evaluate` for other documents than the library's, on their answerable
    test questions.

    Closed book, best sentence, retrieval with one sentence, and the reader as the library's
    questions trained it: what it learned there was how to read.

    Raises:
        CourseError: none of the questions is an answerable test question.
    """
    asked = questions_to_ask(questions)
    # A name of its own: on a server that a class shares, "library" is everybody's.
    index = Index(models.embed)
    index.synchronise(documents, progress=progress)
    reranker = MaxSimReranker(index, models.embed_tokens)
    one, several = (Retriever(index, reranker, sentences=n) for n in (BEST_SENTENCES, SENTENCES))
    return harness.evaluate(
        {
            "closed book": pipeline.closed_book(
                lm, prompt=prompts.short_answer, max_new_tokens=MAX_NEW_TOKENS, progress=progress
            ),
            "best sentence, no model": pipeline.extractive_baseline(one),
            "retrieval, one sentence": reader(lm, one, progress=progress),
            "fine-tuned reader + retrieval": reader(reader_lm, several, progress=progress),
        },
        asked,
    )
