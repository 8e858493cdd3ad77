"""`ftrag report`, `ftrag compare`, `ftrag progress`: what a learner has measured, on whose
documents, and what is done.

Each command reads its options, calls the modules below, and prints what it did.
"""

import argparse
import tempfile
import webbrowser
from pathlib import Path

from ftrag_helpers.errors import CourseError
from ftrag_helpers.text.plain_text import READERS


def add_report(parser: argparse.ArgumentParser) -> None:
    """The options of `ftrag report`."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("report.html"),
        metavar="FILE",
        help="where to write the page (default: report.html)",
    )
    parser.add_argument("--open", action="store_true", help="show it in the browser")


def run_report(options: argparse.Namespace, rest: list[str]) -> int:
    """Write the page with the learner's figures; a page that stands there is replaced."""
    from ftrag_helpers.journal import measurements, report

    own = measurements.load()
    path = report.write(options.out, own, measurements.reference())
    print(
        f"{len(own['figures'])} of your own figures, and the course's reference beside them: {path}"
    )
    if not own["figures"]:
        print("Run the lessons to see your own figures here.")
    if options.open:
        webbrowser.open(path.resolve().as_uri())
    return 0


def add_compare(parser: argparse.ArgumentParser) -> None:
    """The options of `ftrag compare`."""
    parser.add_argument(
        "--documents",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="a folder of text, Markdown, reStructuredText or HTML files",
    )
    parser.add_argument(
        "--questions",
        type=Path,
        required=True,
        metavar="FILE",
        help="a .csv or .jsonl file with the columns question and answer",
    )
    parser.add_argument(
        "--limit", type=int, default=100, metavar="N", help="ask at most N questions (default: 100)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="also write every answer to this .csv file"
    )


def run_compare(options: argparse.Namespace, rest: list[str]) -> int:
    """Closed book, best sentence, retrieval and the fine-tuned reader, on one's own documents."""
    from ftrag_helpers.data import user_documents, user_questions
    from ftrag_helpers.environment import runtime
    from ftrag_helpers.evaluation import comparison, harness
    from ftrag_helpers.evaluation.systems import System
    from ftrag_helpers.lm import models

    if options.limit < 1:
        raise CourseError(f"--limit is {options.limit}: at least one question must be asked.")
    documents = user_documents.read_documents(options.documents, say=_note)
    questions = user_questions.read_questions(options.questions, documents)
    asked = comparison.questions_to_ask(questions)[: options.limit]
    if options.out:
        _check_out(options.out, options.questions, options.documents)
    for caution in user_questions.cautions(questions, documents):
        _note(caution)
    runtime.prepare_notebook()
    lm = models.load_language_model()
    print(
        "Training the reader on the library's questions (once; afterwards it comes from the"
        " cache) …",
        flush=True,
    )
    reader = _library_reader(lm)
    print(f"{len(documents)} documents, {len(asked)} test questions", flush=True)
    rows = comparison.compare(lm, reader.lm, documents, asked)
    print(harness.summary(rows).to_string(index=False))
    for first in (System.CLOSED_BOOK, System.NO_MODEL, System.ONE_SENTENCE):
        print(harness.compare(rows, first, System.TUNED_READER))
    if options.out:
        _write_rows(rows, options.out.expanduser())
    return 0


def _note(text: str) -> None:
    print("Note:", text)


def _check_out(path: Path, questions: Path, documents: Path) -> None:
    """Raise a CourseError where the answers could not be written, or would take the place of what
    they are made from.
    """
    path = path.expanduser()
    try:
        is_document = (
            path.suffix.lower() in READERS
            and documents.expanduser().resolve() in path.resolve().parents
        )
        if is_document or path.exists() and path.samefile(questions.expanduser()):
            raise CourseError(f"--out {path} would replace a file of your own. Name another one.")
        if path.is_dir():
            raise CourseError(
                f"--out {path} is a folder. Name a file in it, such as {path / 'answers.csv'}."
            )
        if not path.parent.is_dir():
            raise CourseError(
                f"--out {path}: the folder {path.parent} is not there. Make it, or name another"
                " file."
            )
        if path.exists():
            path.open("ab").close()
        else:
            tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise CourseError(
            f"--out {path} cannot be written ({error.strerror or error}). Name another file."
        ) from error


def _library_reader(lm):
    from ftrag_helpers.data import course_data
    from ftrag_helpers.evaluation import comparison, fine_tuned
    from ftrag_helpers.lm import models
    from ftrag_helpers.rag import retrievers
    from ftrag_helpers.retrieval import passage_index, reranking

    index = passage_index.Index(models.embed)
    index.synchronise(course_data.load_documents(), progress=True)
    retriever = retrievers.Retriever(
        index,
        reranking.MaxSimReranker(index, models.embed_tokens),
        sentences=comparison.SENTENCES,
    )
    return fine_tuned.train_reader(lm, fine_tuned.training_questions(), retriever)


def _write_rows(rows, path: Path) -> None:
    table = rows[
        ["system", "id", "kind", "question", "reference", "text", "correct", "f1", "faithful"]
    ].copy()
    for column in ("question", "reference", "text"):
        # A spreadsheet would run a cell that begins like a formula.
        table[column] = table[column].map(
            lambda text: f"'{text}" if str(text)[:1] in "=+-@\t\r" else text
        )
    try:
        table.to_csv(path, index=False, encoding="utf-8")
    except OSError as error:
        raise CourseError(
            f"{path} could not be written ({error.strerror or error}). Name another file with"
            " --out."
        ) from error
    print(f"Every answer: {path}")


def run_progress(options: argparse.Namespace, rest: list[str]) -> int:
    """Points by task, from the file on this machine."""
    from ftrag_helpers.exercises import progress

    print(progress.progress_text())
    return 0
