"""Right answers of closed book, librarian and bounds on all questions; sentences to read; the gate
with and without the model.

    python benchmarks/rag.py [--validation] [--test]      (default: both; some ten minutes on two
    cores)

The validation part holds the choices (how many sentences, which prompt, which signals), the test
part the figures.
"""

import os
import sys

import numpy as np
import pandas as pd

from ftrag_helpers.data import course_data
from ftrag_helpers.environment import runtime
from ftrag_helpers.evaluation import harness, metrics
from ftrag_helpers.lm import models
from ftrag_helpers.rag import answerability, pipeline, prompts, retrievers
from ftrag_helpers.retrieval import passage_index, reranking

OTHER_PROMPTS = {
    "sentence copied (chosen)": prompts.FROM_TEXT,
    "only the text, short": "Using only the text, answer the question in one short sentence.",
    "plain": "Answer the question.",
}


def library():
    """The model, the documents, their index and the sentence selector."""
    documents = course_data.load_documents()
    index = passage_index.Index(models.embed)
    index.synchronise(documents)
    return (
        models.load_language_model(),
        documents,
        index,
        reranking.MaxSimReranker(index, models.embed_tokens),
    )


def choose(lm, documents, index, reranker):
    """Prompt and number of sentences, then the gate's signals, on the validation questions."""
    questions = course_data.load_questions("validation")
    answerable = [q for q in questions if q.answerable]
    chosen = prompts.FROM_TEXT
    for name, prompt in OTHER_PROMPTS.items():
        prompts.FROM_TEXT = prompt
        for sentences in (1, 2, 3) if prompt == chosen else (1,):
            rows = harness.evaluate(
                {
                    name: pipeline.rag_pipeline(
                        lm, retrievers.Retriever(index, reranker, sentences=sentences)
                    )
                },
                answerable,
            )
            print(
                f"{name}, {sentences} sentence(s): {metrics.with_interval(rows.correct)}",
                flush=True,
            )
    prompts.FROM_TEXT = chosen
    fitting = answerability.calibration_questions()
    known, wide = (np.array([q.answerable for q in some]) for some in (questions, fitting))
    make = answerability.Features(index, models.embed)
    retriever = retrievers.Retriever(index, reranker, sentences=3)
    answers = pipeline.rag_pipeline(lm, retriever)(questions)
    features, seen = make([a.trace for a in answers]), make(retriever.search(fitting))
    lengths = np.log([[1 + len(q.text.split())] for q in fitting])
    for name, values, answerable in (
        ("validation questions, retrieval alone", features, known),
        (
            "validation questions, retrieval and model",
            np.hstack([features, answerability.model_features(lm, questions, answers)]),
            known,
        ),
        ("validation and training questions, retrieval alone (chosen)", seen, wide),
        ("the same and the number of words, a shortcut", np.hstack([seen, lengths]), wide),
    ):
        weights = answerability.length_weights(
            questions if len(values) == len(questions) else fitting, answerable
        )
        keep = answerability.cross_validated(values, answerable, weights)
        cut = np.quantile(keep[answerable], 0.10)
        print(
            f"gate, {name}: right refusals at 0.10 false ones"
            f" {metrics.with_interval(keep[~answerable] < cut)} (cross-validated)"
        )


def test(lm, documents, index, reranker):
    """Every system on every test question, then the gate."""
    questions = course_data.load_questions("test")
    librarian = pipeline.rag_pipeline(lm, retrievers.Retriever(index, reranker))
    systems = {
        "closed book": pipeline.closed_book(lm),
        "best sentence, no model": pipeline.extractive_baseline(
            retrievers.Retriever(index, reranker)
        ),
        "librarian": librarian,
        "oracle": pipeline.rag_pipeline(lm, retrievers.Oracle(documents)),
        "distractors": pipeline.rag_pipeline(lm, retrievers.Distractors(index, reranker)),
    }
    rows = harness.evaluate(systems, [q for q in questions if q.answerable])
    print(harness.summary(rows).to_string(index=False))
    print(harness.summary(rows[rows.system == "librarian"], ["kind"]).to_string(index=False))
    print("seconds an answer", rows.groupby("system", sort=False).seconds.mean().round(2).to_dict())
    print(
        "citation precision",
        metrics.with_interval(rows[rows.system == "librarian"].citation_precision),
    )
    features, calibration = (
        answerability.Features(index, models.embed),
        answerability.calibration_questions(),
    )
    search = retrievers.Retriever(index, reranker).search
    wanted = [q.answerable for q in calibration]
    fitted = answerability.fit_classifier(
        features(search(calibration)),
        wanted,
        weights=answerability.length_weights(calibration, wanted),
    )
    known = np.array([q.answerable for q in questions])
    refused = fitted.abstain(features(search(questions)))
    print(
        "gate on test: right refusals",
        metrics.with_interval(refused[~known]),
        "false",
        metrics.with_interval(refused[known]),
    )
    updated = [q for q in questions if q.kind == "updated"]
    for update in course_data.load_updates():
        documents = course_data.apply_update(documents, update)
    index.synchronise(documents)
    rows = pd.concat([harness.evaluate({"after all news": librarian}, updated, after_updates=True)])
    print("changed facts, after the news:", metrics.with_interval(rows.correct))


def main(arguments):
    """Run the parts asked for."""
    runtime.prepare_notebook()
    os.environ["FTRAG_COMPUTE_CACHE"] = "off"  # the seconds printed are today's
    parts = library()
    if "--validation" in arguments or not arguments:
        choose(*parts)
    if "--test" in arguments or not arguments:
        test(*parts)
    print(f"peak memory {runtime.peak_memory_gb():.1f} GB")


if __name__ == "__main__":
    main(sys.argv[1:])
