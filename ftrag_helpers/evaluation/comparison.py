"""The systems that lesson 05 compares, and the training of its fine-tuned models.

The number of sentences, the hyperparameters and the training targets were chosen on the validation
questions, as `benchmarks/reference.py --choose` prints. Not here: running and scoring (`harness`),
and the questions on a user's own documents (`own_data`).
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
from ftrag_helpers.evaluation.systems import System
from ftrag_helpers.finetuning import sft
from ftrag_helpers.finetuning.adapters import Lora
from ftrag_helpers.finetuning.sft import Example, FineTuneResult, TrainingConfig
from ftrag_helpers.lm import models
from ftrag_helpers.rag import pipeline, prompts
from ftrag_helpers.rag.retrievers import SENTENCES as BEST_SENTENCES
from ftrag_helpers.rag.retrievers import Distractors, Retriever, Searches, SearchTrace, sentence_of
from ftrag_helpers.retrieval.passage_index import Index
from ftrag_helpers.retrieval.reranking import MaxSimReranker

#: Retrieved sentences in the prompt of the fine-tuned reader. Share of right answers on validation:
#: 0.62 with two, 0.58 with three. With one (0.68) there is nothing to select, and the share equals
#: that of the best sentence without a model. The base model is best with one (`BEST_SENTENCES`).
SENTENCES = 2
#: The most tokens of an answer; the longest supporting sentences of the training documents have
#: about sixty.
MAX_NEW_TOKENS = 48
#: The most tokens of a reply in the house style, which ends with the title of a page.
MAX_REPLY_TOKENS = 64
#: Training questions in the lesson; the reference results show the scores with more of them.
TRAINING_QUESTIONS = 240
#: The most words of a training pair of the house style.
HOUSE_WORDS = 80
#: The systems whose share of right answers a learner predicts before running them.
PREDICTED = (
    System.CLOSED_BOOK,
    System.TUNED_CLOSED_BOOK,
    System.RETRIEVAL,
    System.TUNED_READER,
    System.HOUSE_STYLE,
)
#: Hyperparameters of all trainings of the lesson.
CONFIG = TrainingConfig(epochs=1, learning_rate=2e-3, batch_size=4, lora=Lora(layers=10))


def training_questions(count: int = TRAINING_QUESTIONS) -> list[Question]:
    """Answerable training questions at even distances in the file.

    Args:
        count: how many; all of them where there are fewer.

    Returns:
        The questions, in the order of the file.
    """
    pool = [q for q in course_data.load_questions("train") if q.answerable]
    return [pool[int(i * len(pool) / min(count, len(pool)))] for i in range(min(count, len(pool)))]


def reworded_facts(training: Sequence[Question]) -> list[Question]:
    """Questions of the training split that ask in other words for the facts of given questions.

    Args:
        training: the questions that a model is trained on.

    Returns:
        Answerable questions that are not in `training`, one for each fact that has one: the last
        in the file.
    """
    asked, facts = {q.id for q in training}, {q.fact for q in training}
    others = [
        q
        for q in course_data.load_questions("train")
        if q.answerable and q.id not in asked and q.fact in facts
    ]
    return list({q.fact: q for q in others}.values())


def closed_book_examples(questions: Sequence[Question]) -> list[Example]:
    """Training examples of questions with answers, without texts.

    Args:
        questions: answerable questions with a reference.

    Returns:
        One example for each question; the response is the supporting sentences.
    """
    return [Example(prompts.closed_book(q.text), _told(q)) for q in questions]


def reading_examples(questions: Sequence[Question], retriever: Searches) -> list[Example]:
    """Training examples of questions with retrieved sentences and answers.

    A supporting sentence that the search did not find replaces the worst one found
    (`with_support`), so that every prompt holds the answer among distractors.

    Args:
        questions: answerable questions with a reference.
        retriever: finds the sentences.

    Returns:
        One example for each question; the response is the supporting sentences.

    Source: Zhang et al. 2024, "RAFT: Adapting Language Model to Domain Specific RAG", with one
    right passage in every example.
    """
    return [
        Example(prompts.from_text(q.text, with_support(q, trace.hits)), _told(q))
        for q, trace in zip(questions, retriever.search(questions), strict=True)
    ]


def with_support(question: Question, hits: Sequence[Hit]) -> list[str]:
    """The texts of hits, with missing supporting sentences in the place of the last others.

    Args:
        question: the question, with a reference.
        hits: the retrieved sentences, best first.

    Returns:
        The missing supporting sentences, then the kept texts, best first: all supporting sentences
        that were found, and as many others as keep the number of the hits. Longer than the hits
        only where there are more supporting sentences.
    """
    texts = [hit.passage.text for hit in hits]
    missing = [s for s in question.reference.support if s not in texts]
    kept = [t for t in texts if t in question.reference.support]
    others = [t for t in texts if t not in question.reference.support]
    room = max(0, len(texts) - len(kept) - len(missing))
    chosen = {*kept, *others[:room]}
    return [*missing, *(t for t in texts if t in chosen)]


def _told(question: Question) -> str:
    """The response to learn: the supporting sentences of the reference."""
    return " ".join(question.reference.support)


def train_closed_book(
    lm: models.LanguageModel,
    questions: Sequence[Question],
    *,
    config: TrainingConfig = CONFIG,
    progress: bool = True,
) -> FineTuneResult:
    """Fine-tune the base model on questions and answers without texts.

    Args:
        lm: the base model.
        questions: answerable questions with a reference.
        config: the hyperparameters.
        progress: whether to show a progress bar.

    Returns:
        The trained model, as `sft.train` returns it.
    """
    return sft.train(lm, closed_book_examples(questions), config=config, progress=progress)


def train_reader(
    lm: models.LanguageModel,
    questions: Sequence[Question],
    retriever: Searches,
    *,
    config: TrainingConfig = CONFIG,
    progress: bool = True,
) -> FineTuneResult:
    """Fine-tune the base model to select the answer from retrieved sentences.

    Args:
        lm: the base model.
        questions: answerable questions with a reference.
        retriever: finds the sentences.
        config: the hyperparameters.
        progress: whether to show a progress bar.

    Returns:
        The trained model, as `sft.train` returns it.
    """
    return sft.train(lm, reading_examples(questions, retriever), config=config, progress=progress)


def house_examples(pairs: Sequence[InstructionExample]) -> list[Example]:
    """Training examples of instructions with responses in the house style, as in lesson 03.

    Args:
        pairs: the instructions with their inputs and responses.

    Returns:
        One example for each pair.
    """
    return [Example(prompts.staff_task(p.instruction, p.input), p.response) for p in pairs]


def train_house_style(
    lm: models.LanguageModel, *, seed: int = 0, progress: bool = True
) -> FineTuneResult:
    """Fine-tune the base model on the house style, with the examples and config of lesson 03.

    If that lesson was run before, the result is read from the cache.

    Args:
        lm: the base model.
        seed: seed of the training.
        progress: whether to show a progress bar.

    Returns:
        The trained model, as `sft.train` returns it.
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
    """An answerer without retrieval, with the token limit of this comparison.

    Args:
        lm: the language model, fine-tuned or not.
        progress: whether to show a progress bar.

    Returns:
        A callable from questions to answers.
    """
    return pipeline.closed_book(lm, max_new_tokens=MAX_NEW_TOKENS, progress=progress)


def reader(lm: models.LanguageModel, retriever: Searches, *, progress: bool = True) -> Answerer:
    """An answerer with retrieved sentences in the prompt, with the token limit of this comparison.

    Args:
        lm: the language model, fine-tuned or not.
        retriever: finds the sentences.
        progress: whether to show a progress bar.

    Returns:
        A callable from questions to answers.
    """
    return pipeline.rag_pipeline(lm, retriever, max_new_tokens=MAX_NEW_TOKENS, progress=progress)


def house_reader(
    lm: models.LanguageModel, retriever: Searches, *, progress: bool = True
) -> Answerer:
    """An answerer with retrieved sentences as the facts of a reply in the house style.

    Args:
        lm: the language model fine-tuned on the house style.
        retriever: finds the sentences.
        progress: whether to show a progress bar.

    Returns:
        A callable from questions to answers.
    """
    return pipeline.rag_pipeline(
        lm,
        retriever,
        prompt=prompts.house_reply,
        titled=True,
        max_new_tokens=MAX_REPLY_TOKENS,
        progress=progress,
    )


def systems(
    lm: models.LanguageModel,
    tuned: Mapping[str, models.LanguageModel],
    documents: Sequence[Document],
    index: Index,
    reranker: MaxSimReranker,
) -> dict[System, Answerer]:
    """The systems that lesson 05 compares.

    Args:
        lm: the base model.
        tuned: the fine-tuned models, named "closed book", "reader" and "house style".
        documents: the documents of the index, for the oracle.
        index: the passages.
        reranker: the reranker, made for the same index.

    Returns:
        Answerers by name, in the order of `System`.
    """
    one, several = (Retriever(index, reranker, sentences=n) for n in (BEST_SENTENCES, SENTENCES))
    among = OracleAmong(documents, several)
    return {
        System.CLOSED_BOOK: closed_book(lm),
        System.TUNED_CLOSED_BOOK: closed_book(tuned["closed book"]),
        System.RETRIEVAL: reader(lm, several),
        System.ONE_SENTENCE: reader(lm, one),
        System.TUNED_READER: reader(tuned["reader"], several),
        System.HOUSE_STYLE: house_reader(tuned["house style"], one),
        System.NO_MODEL: pipeline.extractive_baseline(one),
        System.ORACLE: reader(tuned["reader"], among),
        System.DISTRACTORS: reader(
            tuned["reader"], Distractors(index, reranker, sentences=SENTENCES)
        ),
    }


class OracleAmong:
    """A retriever that adds missing supporting sentences to the hits of another (`with_support`).

    An upper bound for retrieval with as many sentences as in the reader's training.

    Args:
        documents: all documents that references name.
        retriever: the other retriever.
    """

    def __init__(self, documents: Sequence[Document], retriever: Searches):
        self._documents, self._retriever = {d.id: d for d in documents}, retriever

    def search(self, questions: Sequence[Question]) -> list[SearchTrace]:
        """Retrieve for each question.

        Args:
            questions: questions with a reference.

        Returns:
            One trace for each question, in order: that of the other retriever, with new `hits`,
            whose scores are all 1.
        """
        return [
            replace(trace, hits=tuple(self._hits(question, trace.hits)))
            for question, trace in zip(questions, self._retriever.search(questions), strict=True)
        ]

    def _hits(self, question: Question, found: Sequence[Hit]) -> list[Hit]:
        """The texts of `with_support` as hits with score 1 and ranks from 1."""
        known = {hit.passage.text: hit.passage for hit in found}
        return [
            Hit(known.get(text) or self._passage(question, text), 1.0, rank)
            for rank, text in enumerate(with_support(question, found), start=1)
        ]

    def _passage(self, question: Question, text: str) -> Passage:
        """A supporting sentence as a passage of the first reference document that contains it."""
        documents = (self._documents[i] for i in question.reference.documents)
        return sentence_of(next(d for d in documents if text in d.text), text)


def questions_to_ask(questions: Sequence[Question]) -> list[Question]:
    """The answerable questions of the split "test".

    Args:
        questions: questions of all splits.

    Returns:
        The chosen questions, in the given order; at least one.

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
    """Compare four systems on other documents than the library's.

    The systems are closed book, the best sentence without a model, retrieval with one sentence, and
    the reader fine-tuned on the library's questions with retrieval.

    Args:
        lm: the base model.
        reader_lm: the fine-tuned reader.
        documents: the documents, which are embedded and indexed.
        questions: questions on them; only answerable ones of the split "test" are asked.
        progress: whether to show progress bars.

    Returns:
        The DataFrame of `harness.evaluate`.

    Raises:
        CourseError: none of the questions is an answerable test question.
    """
    asked = questions_to_ask(questions)
    # Without a folder the collection gets a unique name, so no other index is changed.
    index = Index(models.embed)
    index.synchronise(documents, progress=progress)
    reranker = MaxSimReranker(index, models.embed_tokens)
    one, several = (Retriever(index, reranker, sentences=n) for n in (BEST_SENTENCES, SENTENCES))
    return harness.evaluate(
        {
            System.CLOSED_BOOK: pipeline.closed_book(
                lm, prompt=prompts.short_answer, max_new_tokens=MAX_NEW_TOKENS, progress=progress
            ),
            System.NO_MODEL: pipeline.extractive_baseline(one),
            System.ONE_SENTENCE: reader(lm, one, progress=progress),
            System.TUNED_READER: reader(reader_lm, several, progress=progress),
        },
        asked,
    )
