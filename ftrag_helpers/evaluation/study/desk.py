"""Who is asked what in lesson 05: three sets of questions, one fine-tuned model, its rivals.

The base model and the fine-tuned one get the same prompts and the same sentences. Not here: the
training of the mixture (`evaluation.study.mixture`), the properties of an answer (`sendable`), the
differences (`effects`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ftrag_helpers.data import course_data
from ftrag_helpers.data.records import Answerer, Document, Question, TaughtFact
from ftrag_helpers.evaluation import comparison, harness, metrics, sendable
from ftrag_helpers.evaluation.study import mixture, taught_facts
from ftrag_helpers.evaluation.systems import System
from ftrag_helpers.lm import models
from ftrag_helpers.rag import pipeline, prompts
from ftrag_helpers.rag.retrievers import Oracle, Retriever, Searches
from ftrag_helpers.retrieval.passage_index import Index
from ftrag_helpers.retrieval.reranking import MaxSimReranker

#: Facts that are asked for, of the forty that are taught, each in its three test wordings.
FACTS = 30
#: Questions of each kind on unseen documents, and questions without an answer.
PER_KIND, UNANSWERABLE = 10, 60
#: Systems of the two-by-two, in the order of `effects.CELLS`.
FOUR = (System.CLOSED_BOOK, System.TUNED_CLOSED_BOOK, System.RETRIEVAL, System.BOTH)
#: The systems whose share of sendable answers a learner predicts.
PREDICTED = (
    System.TUNED_CLOSED_BOOK,
    System.RETRIEVAL,
    System.PROMPTED_READER,
    System.FRAMED,
    System.BOTH,
)
#: Examples in the prompt of a base model that is shown what a reply looks like, and in that of one
#: that is shown what a short answer looks like. The first was chosen on validation questions, as
#: `benchmarks/mixtures.py --choose` prints.
SHOWN, SHORT_SHOWN = 4, 8


@dataclass(frozen=True)
class Asked:
    """The three sets of test questions.

    Attributes:
        taught: facts that the model was trained on, in wordings that it was not trained on; three
            in a row ask for one fact.
        unseen: answerable questions whose documents hold no taught fact and no training question.
        unanswerable: questions that no document answers.
    """

    taught: Sequence[Question]
    unseen: Sequence[Question]
    unanswerable: Sequence[Question]

    @property
    def changed(self) -> list[Question]:
        """The taught questions whose answer a news item changes."""
        return [q for q in self.taught if q.after]


def questions(facts: Sequence[TaughtFact]) -> Asked:
    """The questions of the lesson, chosen by nothing but kind and place in the file.

    Args:
        facts: the taught facts.

    Returns:
        The three sets, all of the split "test".
    """
    taken = {i for fact in facts for i in fact.reference.documents}
    test = course_data.load_questions("test")
    unseen = [q for q in test if q.answerable and not taken & set(q.reference.documents)]
    return Asked(
        [q for fact in mixture.spread(facts, FACTS) for q in fact.questions("test")],
        harness.stratified_sample(unseen, per_kind=PER_KIND),
        mixture.spread([q for q in test if not q.answerable], UNANSWERABLE),
    )


def shown(documents: Sequence[Document], retriever: Searches, count: int = SHOWN) -> list:
    """Training examples to show in a prompt.

    Args:
        documents: the documents that the questions' references name.
        retriever: finds the sentences of each example.
        count: how many.

    Returns:
        Pairs of a prompt and its reply.
    """
    asked = mixture.plain_questions(documents, count)
    return [
        (example.prompt, example.response)
        for example in mixture.cited_examples(asked, documents, retriever)
    ]


def instructed(examples: Sequence[tuple] = ()) -> pipeline.Prompt:
    """A prompt for a reply with the house's rules, after examples with the same rules if there are
    any. On 91 validation questions 0.09 of the replies are sendable with the rules in each example,
    0.05 with the rules in the last prompt alone.

    Args:
        examples: pairs of a prompt and its reply, as `shown` returns them.

    Returns:
        A callable from a question and texts to chat messages.
    """
    ruled = [(prompts.with_rules(prompt), reply) for prompt, reply in examples]
    return lambda text, texts=(): prompts.with_examples(
        prompts.with_rules(prompts.cited_reply(text, texts)), ruled
    )


def short(lm: models.LanguageModel) -> Answerer:
    """Short answers from the weights alone: the form in which the facts were taught."""
    return taught_facts.closed_book(lm)


def shown_short(
    documents: Sequence[Document], retriever: Searches, count: int = SHORT_SHOWN
) -> pipeline.Prompt:
    """A prompt for a short answer after training examples of short answers.

    Args:
        documents: the documents that the questions' references name.
        retriever: finds the sentences of each example.
        count: how many examples.

    Returns:
        A callable from a question and texts to chat messages.
    """
    examples = [
        (example.prompt, example.response)
        for example in mixture.short_examples(mixture.plain_questions(documents, count), retriever)
    ]
    return lambda text, texts=(): prompts.with_examples(
        prompts.shortest_answer(text, texts), examples
    )


def reader(
    lm: models.LanguageModel, retriever: Searches, prompt: pipeline.Prompt = prompts.cited_reply
) -> Answerer:
    """A model that was not trained on the mixture, with titled sentences in its prompt.

    Args:
        lm: the model.
        retriever: finds the sentences.
        prompt: makes the chat messages.

    Returns:
        A callable from questions to answers, whose text is all that the model generates.
    """
    return pipeline.rag_pipeline(
        lm,
        retriever,
        prompt=prompt,
        titled=True,
        max_new_tokens=comparison.MAX_REPLY_TOKENS,
    )


def systems(
    lm: models.LanguageModel,
    tuned: models.LanguageModel,
    documents: Sequence[Document],
    index: Index,
    reranker: MaxSimReranker,
) -> dict[System, Answerer]:
    """The systems that reply to a patron.

    Args:
        lm: the base model.
        tuned: the one fine-tuned model, trained on a mixture.
        documents: the documents of the index, for the oracle and the examples in the prompt.
        index: the passages.
        reranker: the reranker, made for the same index.

    Returns:
        Answerers by name: first the four cells of the two-by-two; then the base model at its best,
        with the prompt and the one sentence of lesson 04, and the other rivals; last what has the
        supporting sentences among those it reads (oracle).
    """
    found = Retriever(index, reranker, sentences=mixture.SENTENCES)
    best = Retriever(index, reranker, sentences=comparison.BEST_SENTENCES)
    oracle = comparison.OracleAmong(documents, found)
    closed = partial(pipeline.closed_book, max_new_tokens=comparison.MAX_REPLY_TOKENS)
    sentence, one = pipeline.extractive_baseline(best), pipeline.rag_pipeline(lm, best)
    return {
        System.CLOSED_BOOK: closed(lm, prompt=prompts.cited_reply),
        System.TUNED_CLOSED_BOOK: mixture.that_declines(closed(tuned, prompt=prompts.cited_reply)),
        System.RETRIEVAL: reader(lm, found),
        System.BOTH: mixture.cited_reader(tuned, found),
        System.ONE_SENTENCE: one,
        System.RULES: reader(lm, found, instructed()),
        System.PROMPTED_READER: reader(lm, found, instructed(shown(documents, found))),
        System.NO_MODEL: sentence,
        System.FRAMED: pipeline.framed(sentence),
        System.FRAMED_BASE: pipeline.framed(one),
        System.ORACLE_NO_MODEL: pipeline.framed(pipeline.extractive_baseline(Oracle(documents))),
        System.ORACLE_BASE: reader(lm, oracle),
        System.ORACLE_TUNED: mixture.cited_reader(tuned, oracle),
    }


def after_the_news(answerers: Mapping[str, Answerer], questions: Sequence[Question]):
    """Run answerers over questions that a news item changed, as it stands after the news.

    Args:
        answerers: the systems by name; their index holds the news.
        questions: questions with the references before and after the news.

    Returns:
        The DataFrame of `harness.evaluate` with the columns "says" ("new", "old" or "other", as
        `sendable.after_the_news`), "new" (1 or 0), "read the news" (whether a sentence with the
        new answer was read, of the news or of the corrected page) and "fact" (whose wordings are
        right or wrong together).
    """
    import pandas as pd

    rows = []
    for name, answer in answerers.items():
        for question, said in zip(questions, answer(questions), strict=True):
            says = sendable.after_the_news(question, said)
            scored = harness.score(question, said, after_updates=True)
            fresh = [metrics.answer_match(t, question.after.accepted) for t in scored["read"]]
            rows.append(
                {
                    "system": str(name),
                    **scored,
                    "fact": question.fact,
                    "says": says,
                    "new": float(says == "new"),
                    "read the news": any(fresh),
                }
            )
    return pd.DataFrame(rows)
