"""Facts into the weights: training examples in several wordings, at equal steps, and the answers.

A model is taught the forty facts of `course_data.load_taught_facts` closed book and asked for them
in wordings that it never saw; its rival with the same material searches the taught questions. Not
here: the same facts in the mixture of lesson 05 (`mixture`).
"""

import time
from collections.abc import Sequence
from dataclasses import replace

from ftrag_helpers.data.records import Answer, Answerer, Question, TaughtFact
from ftrag_helpers.evaluation import metrics
from ftrag_helpers.finetuning import sft
from ftrag_helpers.finetuning.adapters import Lora
from ftrag_helpers.finetuning.sft import Example, FineTuneResult, TrainingConfig
from ftrag_helpers.lm import models
from ftrag_helpers.rag import pipeline, prompts
from ftrag_helpers.retrieval.passage_index import Embed

#: How many wordings of each fact the points of the curve are trained on.
WORDINGS = (1, 2, 4, 8)
#: The hyperparameters of the training on eight wordings; with fewer there are more epochs.
CONFIG = TrainingConfig(epochs=4, learning_rate=2e-3, batch_size=8, lora=Lora(layers=10))
#: The most tokens of a short answer.
MAX_NEW_TOKENS = 16


def examples(facts: Sequence[TaughtFact], wordings: int) -> list[Example]:
    """Closed-book examples of facts, whose response is the short answer.

    Args:
        facts: the facts.
        wordings: how many training wordings of each fact, from the first.

    Returns:
        One example for each fact and wording.
    """
    return [
        Example(prompts.shortest_answer(q.text), q.reference.answer)
        for fact in facts
        for q in fact.questions("train", wordings)
    ]


def at_equal_steps(wordings: int, config: TrainingConfig = CONFIG) -> TrainingConfig:
    """The config for fewer wordings: so many epochs that the number of steps stays the same.

    Args:
        wordings: how many wordings of each fact, a divisor of the last of `WORDINGS`.
        config: the config for the last of `WORDINGS`.

    Returns:
        The config with more epochs, and one evaluation all in all as before.

    Raises:
        ValueError: the wordings are no divisor.
    """
    if wordings < 1 or WORDINGS[-1] % wordings:
        raise ValueError(f"wordings must divide {WORDINGS[-1]}, which {wordings} does not")
    return replace(config, epochs=config.epochs * WORDINGS[-1] // wordings)


def train(
    lm: models.LanguageModel,
    facts: Sequence[TaughtFact],
    wordings: int,
    *,
    config: TrainingConfig = CONFIG,
    progress: bool = True,
) -> FineTuneResult:
    """Teach facts in so many wordings, with as many steps as the last of `WORDINGS` takes.

    Args:
        lm: the base model.
        facts: the facts.
        wordings: how many wordings of each.
        config: the hyperparameters for the last of `WORDINGS`.
        progress: whether to show a progress bar.

    Returns:
        The trained model, as `sft.train` returns it.
    """
    return sft.train(
        lm,
        examples(facts, wordings),
        config=at_equal_steps(wordings, config),
        progress=progress,
    )


def closed_book(lm: models.LanguageModel, *, progress: bool = True) -> Answerer:
    """An answerer without passages that gives short answers.

    Args:
        lm: the model, taught or not.
        progress: whether to show a progress bar.

    Returns:
        A callable from questions to answers.
    """
    return pipeline.closed_book(
        lm, prompt=prompts.shortest_answer, max_new_tokens=MAX_NEW_TOKENS, progress=progress
    )


def nearest(facts: Sequence[TaughtFact], embed: Embed) -> Answerer:
    """An answerer without a language model: the short answer of the most similar taught question.

    It has what a model taught on all the training wordings has read: their questions and answers.

    Args:
        facts: the facts, at least one.
        embed: turns texts into vectors of length 1.

    Returns:
        A callable from questions to one answer each, in order, without citations and hits; of
        equally similar questions the first one answers. An empty question gets a refusal.
    """
    taught = [q for fact in facts for q in fact.questions("train")]
    vectors = embed([q.text for q in taught])

    def answer(questions: Sequence[Question]) -> list[Answer]:
        started = time.perf_counter()
        asked = [q for q in questions if q.text.strip()]
        best = (embed([q.text for q in asked]) @ vectors.T).argmax(axis=1) if asked else []
        share = (time.perf_counter() - started) / max(1, len(asked))
        answers = {
            q.id: Answer(q.id, taught[i].reference.answer, seconds=share)
            for q, i in zip(asked, best, strict=True)
        }
        return [
            answers.get(q.id) or Answer(q.id, prompts.EMPTY_QUESTION, refused=True)
            for q in questions
        ]

    return answer


def recalled(
    lm: models.LanguageModel, questions: Sequence[Question], *, progress: bool = True
) -> list[bool]:
    """Which questions a model answers right from its weights.

    Args:
        lm: the model, taught or not.
        questions: questions with a reference, as `TaughtFact.questions` gives them.
        progress: whether to show a progress bar.

    Returns:
        For each question whether an accepted answer stands in the model's short answer.
    """
    return [
        metrics.answer_match(said.text, q.reference.accepted, q.text)
        for said, q in zip(closed_book(lm, progress=progress)(questions), questions, strict=True)
    ]
