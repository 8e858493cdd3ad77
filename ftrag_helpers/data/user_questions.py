"""A learner's own questions, read into the course's records; all mistakes of a file are named at
once.

Questions are one CSV or JSONL file, documents the files of a folder (`user_documents`);
`datasets/allotment/` is an example of both. What it leaves out: news that changes an answer, and
running the comparison.
"""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from ftrag_helpers.data.question_tables import QuestionCells, read_table
from ftrag_helpers.data.records import QUESTION_KINDS, SPLITS, Document, Question, Reference
from ftrag_helpers.data.user_documents import first_three, nfc, report
from ftrag_helpers.text.answer_match import INCOMPARABLE, answer_match, comparable
from ftrag_helpers.text.plain_text import READERS, words_of
from ftrag_helpers.text.sentences import count_words, language_of, split_sentences
from ftrag_helpers.text.word_overlap import token_f1

Say = Callable[[str], None]
#: Own data knows no news, so no question whose answer a news item changes.
KINDS = tuple(kind for kind in QUESTION_KINDS if kind != "updated")


def read_questions(path: Path | str, documents: Sequence[Document]) -> list[Question]:
    """The questions of a `.csv`, `.tsv` or `.jsonl` file, in its order.

    Columns: `question` and `answer`; optional `id`, `accepted` (other right answers), `document`
    (paths or ids), `support` (the sentence that says so, copied from a document), `split` (default
    test), `kind` (default direct). `|` separates several; a JSONL list does too. An unanswerable
    question has that kind and no answer. Where `support` is missing it is the sentence of the named
    documents that holds the answer; where none does, it is empty. Support is returned as the
    document's own sentences. Row 1 of a CSV file is its heading.

    Raises:
        CourseError: the file cannot be read, or rows that cannot be used, each with its mistake
        (ten at most).
    """
    path = Path(path).expanduser()
    mistakes: list[str] = []
    rows = read_table(path, lambda row, text: mistakes.append(f"{path.name}, row {row}: {text}"))
    sentences = {
        d.id: [(s, f" {words_of(s)} ") for s in split_sentences(d.text)] for d in documents
    }
    questions, seen = [], {}
    for number, row in rows:
        wrong: list[str] = []
        question = _question(row, f"q-{number:03d}", sentences, wrong.append)
        if question.id in seen:
            wrong.append(
                f"id {question.id!r} stands in row {seen[question.id]} already. Give each question"
                " its own."
            )
        seen.setdefault(question.id, number)
        mistakes += [f"{path.name}, row {number}: {text}" for text in wrong]
        questions.append(question)
    if not rows and not mistakes:
        mistakes.append(f"{path.name}, row 2: no question below the heading. Write one a row.")
    report(str(path), mistakes)
    return questions


def _question(row: QuestionCells, name: str, sentences: Mapping[str, list], say: Say) -> Question:
    """The row as a Question; what is wrong with it goes to `say`."""
    text, answer = row.question, row.answer
    accepted, named, quoted = row.accepted, row.document, row.support
    split, kind = row.split.lower() or "test", row.kind.lower() or "direct"
    if not text:
        say("the question is empty. Write one, or delete the row.")
    if split not in SPLITS:
        say(f"split {split!r} is none of {', '.join(SPLITS)}.")
    if kind not in KINDS:
        say(f"kind {kind!r} is none of {', '.join(KINDS)}.")
    forms = tuple(dict.fromkeys([answer, *accepted])) if answer else ()
    if kind == "unanswerable":
        if answer or accepted or named or quoted:
            say(
                "an unanswerable question has no answer, accepted, document or support. Empty them,"
                " or change the kind."
            )
        named = quoted = ()
    elif not answer:
        say(
            "no answer. If the documents hold none on purpose, write unanswerable into the column"
            " kind."
        )
    else:
        for form in (form for form in forms if not comparable(form)):
            say(f"answer {form!r} {INCOMPARABLE}")
    for half in {*text, *answer, *"".join(accepted)} & set(map(chr, range(0xD800, 0xE000))):
        say(f"{half!r} is half a character. Type it anew.")
    ids = _resolved(named, sentences, say)
    support, sources = _support(quoted, ids if named else list(sentences), sentences, say)
    if ids and not quoted:
        support = _holding(text, forms, ids, sentences)
    reference = Reference(
        answer=answer,
        accepted=forms,
        reply=answer,
        documents=tuple(ids or sources),
        support=tuple(support),
    )
    return Question(
        id=row.id or name,
        text=text,
        kind=kind,
        split=split,
        fact=name,
        reference=reference,
    )


def _resolved(named: Sequence[str], sentences: Mapping[str, list], say: Say) -> list[str]:
    """The ids of the documents that a row names, by id or by path."""
    ids = []
    for name in named:
        wanted = nfc(name.replace("\\", "/").removeprefix("./"))
        wanted = (
            wanted.removesuffix(Path(wanted).suffix)
            if Path(wanted).suffix.lower() in READERS
            else wanted
        )
        match = next(
            (i for i in (wanted, wanted.removeprefix("documents/")) if i in sentences), None
        )
        if match is None:
            near = get_close_matches(wanted, sentences, 1) or list(sentences)[:1]
            say(
                f"document {name!r} is not there. "
                + (f"Did you mean {near[0]!r}?" if near else "There are none.")
            )
        elif match not in ids:
            ids.append(match)
    return ids


def _support(
    quoted: Sequence[str], ids: Sequence[str], sentences: Mapping[str, list], say: Say
) -> tuple[list[str], list[str]]:
    """The documents' own sentences that are quoted, and the documents they stand in."""
    found, sources = [], []
    if not quoted:
        return found, sources
    pool = [(i, sentence, words) for i in ids for sentence, words in sentences[i]]
    for quote in quoted:
        pieces = (
            [quote]
            if any(_stands_in(quote, words) for _, _, words in pool)
            else split_sentences(quote)
        )
        for piece in pieces if ids else ():
            hits = [(i, s) for i, s, words in pool if _stands_in(piece, words)]
            # A sentence that is the quotation before one that merely contains it.
            hits.sort(key=lambda hit: len(hit[1]))
            if not hits:
                nearest = max(
                    (s for _, s, _ in pool), key=lambda s: token_f1(s, [piece]), default=""
                )
                say(
                    f"support {piece[:60]!r} does not stand in {', '.join(ids[:3])}. The nearest"
                    f" sentence there is {nearest[:120]!r}. Copy it, or correct it."
                )
            elif hits[0][1] not in found:
                found.append(hits[0][1])
                sources += [hits[0][0]] if hits[0][0] not in sources else []
    return found, sources


def _stands_in(quote: str, words: str) -> bool:
    """Whether the quotation's words stand in these; where no spaces part words, a part of a "word"
    will do.
    """
    wanted = words_of(quote)
    return (
        bool(wanted)
        and (wanted if count_words(wanted) > len(wanted.split()) else f" {wanted} ") in words
    )


def _holding(
    question: str, forms: Sequence[str], ids: Sequence[str], sentences: Mapping[str, list]
) -> list[str]:
    """From each document the sentence that holds an accepted answer; of several the one most like
    the question.
    """
    holding = [[s for s, _ in sentences[i] if answer_match(s, forms)] for i in ids]
    return [max(found, key=lambda s: token_f1(s, [question])) for found in holding if found]


def cautions(questions: Sequence[Question], documents: Sequence[Document] = ()) -> list[str]:
    """What is no mistake, but makes a comparison weaker than it looks: one sentence each.

    With the documents, also which answers stand in none of them, and which are in another language
    than English.
    """
    told = []
    train, test = ([q for q in questions if q.split == split] for split in ("train", "test"))
    bare = [q.id for q in questions if q.answerable and not q.reference.support]
    shared = {i for q in train for i in q.reference.documents} & {
        i for q in test for i in q.reference.documents
    }
    if bare:
        told.append(
            f"{len(bare)} questions have no supporting sentence ({first_three(bare)}): nothing can"
            " be trained on them, and citations cannot be marked."
        )
    absent = _absent([q for q in questions if q.answerable], documents)
    if absent:
        told.append(
            f"{len(absent)} answers stand in no document ({first_three(absent)}): no retrieval can"
            " find them. Copy the words of the document into answer or accepted."
        )
    foreign = [d.id for d in documents if language_of(d.text) not in ("en", "")]
    if foreign:
        told.append(
            f"{len(foreign)} of {len(documents)} documents are not in English"
            f" ({first_three(foreign)}): the course's models know hardly anything else, and find"
            " and read less there."
        )
    asked = [words_of(q.text) for q in questions]
    again = [q.id for n, q in enumerate(questions) if asked[n] in asked[:n]]
    if again:
        told.append(
            f"{len(again)} questions are asked twice ({first_three(again)}): they count twice."
        )
    if shared:
        told.append(
            f"{len(shared)} documents answer training and test questions"
            f" ({', '.join(sorted(shared)[:3])}): a tuned model has seen part of the test."
        )
    if len(test) < 25:
        told.append(
            f"{len(test)} test questions give a wide interval. Twenty-five is a modest number, a"
            " hundred a good one."
        )
    if all(q.answerable for q in test):
        told.append(
            "No test question is unanswerable: whether a system declines when it should stays"
            " unseen."
        )
    return told


def _absent(questions: Sequence[Question], documents: Sequence[Document]) -> list[str]:
    """The ids of questions whose answer stands in none of their documents, or in none at all where
    they name none.
    """
    texts = {d.id: f"{d.title}. {d.text}" for d in documents}
    if not texts:
        return []
    pools = [
        [texts[i] for i in q.reference.documents if i in texts] or list(texts.values())
        for q in questions
    ]
    return [
        q.id
        for q, pool in zip(questions, pools, strict=True)
        if not any(answer_match(text, q.reference.accepted) for text in pool)
    ]
