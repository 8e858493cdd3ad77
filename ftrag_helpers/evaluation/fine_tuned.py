"""Training examples of the library's questions and tasks, and the reader of `ftrag compare`.

Hyperparameters and training targets were chosen on the validation questions. Not here: the systems
with the reader (`comparison`), and the mixture of lesson 05 (`study.mixture`).
"""

from collections.abc import Sequence

from ftrag_helpers.data import course_data
from ftrag_helpers.data.records import (
    Hit,
    InstructionExample,
    Question,
)
from ftrag_helpers.finetuning import sft
from ftrag_helpers.finetuning.adapters import Lora
from ftrag_helpers.finetuning.sft import Example, FineTuneResult, TrainingConfig
from ftrag_helpers.lm import models
from ftrag_helpers.rag import prompts
from ftrag_helpers.rag.retrievers import Searches

#: Training questions of the reader.
TRAINING_QUESTIONS = 240
#: The most tokens of an answer to a rehearsal question; an answer that is cut off is left out.
REHEARSAL_TOKENS = 48
#: Hyperparameters of the reader, and of the mixture in lesson 05.
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
        Example(prompts.from_text(q.text, with_support(q, trace.hits)), _response(q))
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


def _response(question: Question) -> str:
    """The response to learn: the supporting sentences of the reference."""
    return " ".join(question.reference.support)


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


def rehearsal_examples(lm: models.LanguageModel, *, progress: bool = True) -> list[Example]:
    """Everyday questions with the untrained model's own answers, to mix into a training.

    Args:
        lm: the base model, before the training.
        progress: whether to show a progress bar.

    Returns:
        One example for each question of `course_data.load_rehearsal` that the model answers within
        `REHEARSAL_TOKENS` tokens.

    Source: Huang et al. 2024, "Mitigating Catastrophic Forgetting in Large Language Models with
    Self-Synthesized Rehearsal", arXiv:2403.01244, with questions written by hand.
    """
    asked = [prompts.short_answer(question) for question in course_data.load_rehearsal()]
    made = models.generate(lm, asked, max_new_tokens=REHEARSAL_TOKENS, progress=progress)
    return [
        Example(prompt, said.text)
        for prompt, said in zip(asked, made, strict=True)
        if said.text and said.tokens < REHEARSAL_TOKENS
    ]
