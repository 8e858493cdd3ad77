"""The comparison that `ftrag compare` makes on other documents, and what lesson 05 takes from it.

Not here: the systems of lesson 05 (`study.desk`), training the fine-tuned reader (`fine_tuned`),
running and scoring (`harness`), and reading a user's own questions (`user_questions`).
"""

from collections.abc import Sequence
from dataclasses import replace

from ftrag_helpers.data.records import (
    Answerer,
    Document,
    Hit,
    Passage,
    Question,
)
from ftrag_helpers.errors import CourseError
from ftrag_helpers.evaluation import harness
from ftrag_helpers.evaluation.fine_tuned import with_support
from ftrag_helpers.evaluation.systems import System
from ftrag_helpers.lm import models
from ftrag_helpers.rag import pipeline, prompts
from ftrag_helpers.rag.retrievers import SENTENCES as BEST_SENTENCES
from ftrag_helpers.rag.retrievers import Retriever, Searches, SearchTrace, sentence_of
from ftrag_helpers.retrieval.passage_index import Index
from ftrag_helpers.retrieval.reranking import MaxSimReranker

#: Retrieved sentences in the prompt of the fine-tuned reader. Share of right answers on 91
#: validation questions: 0.60 with two, 0.54 with three, 0.59 with one, where there is nothing to
#: select. The base model is best with one (`BEST_SENTENCES`).
SENTENCES = 2
#: The most tokens of an answer; the longest supporting sentences of the training documents have
#: about sixty.
MAX_NEW_TOKENS = 48
#: The most tokens of a reply in the house style, which ends with the title of a page.
MAX_REPLY_TOKENS = 64


def closed_book(lm: models.LanguageModel | pipeline.Generate, *, progress: bool = True) -> Answerer:
    """An answerer without retrieval, with the token limit of this comparison.

    Args:
        lm: the language model, fine-tuned or not, or a function that generates in its place.
        progress: whether to show a progress bar.

    Returns:
        A callable from questions to answers.
    """
    return pipeline.closed_book(lm, max_new_tokens=MAX_NEW_TOKENS, progress=progress)


def reader(
    lm: models.LanguageModel | pipeline.Generate, retriever: Searches, *, progress: bool = True
) -> Answerer:
    """An answerer with retrieved sentences in the prompt, with the token limit of this comparison.

    Args:
        lm: the language model, fine-tuned or not, or a function that generates in its place.
        retriever: finds the sentences.
        progress: whether to show a progress bar.

    Returns:
        A callable from questions to answers.
    """
    return pipeline.rag_pipeline(lm, retriever, max_new_tokens=MAX_NEW_TOKENS, progress=progress)


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
