"""Results as tables: marks for a spreadsheet, and the files that Canvas and Moodle read.

Every function returns the text of a file and writes nothing. What this module leaves out: points
given by hand (`manual`), pages (`pages`, `overview`), files on disk (`outputs`).

A mark that is not known is never a number: in `marks` its cell is empty, `not_graded` lists it with
the reason, and the import files leave its row out, because both platforms take an empty cell as
"delete the grade that is there", and that may be one which somebody gave by hand.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ftrag_helpers.grading.intake import platforms
from ftrag_helpers.grading.records import SCORED, Result

#: What a spreadsheet needs at the start of a file to read it as UTF-8; the platforms' importers do
#: without, and Canvas may stumble over it.
BOM = "\ufeff"
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_BREAK = re.compile(r"\s*[\r\n\v\f\x85\u2028\u2029]\s*")
_FORMULA = re.compile(r"(?:^|(?<=;))(?=[\s\"]*[=+\-@＝＋－＠])")
_POINTS_ROW = "    Points Possible"
_WHO = ("Learner", "ID", "File", "Exercise")
_CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_MOODLE = (
    "Identifier,Full name,ID number,Email address,Grade,Maximum grade,Last modified (grade),"
    "Feedback comments"
).split(",")


def csv_safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula, on one line, without marks that turn or hide
    writing.

    A cell that would begin with = + - @ gets an apostrophe before it; so does what follows a
    semicolon, where half of Europe's spreadsheets begin a new cell. Line breaks become ¶.

    Source: OWASP, "CSV Injection", owasp.org/www-community/attacks/CSV_Injection.

    >>> csv_safe("=cmd()"), csv_safe("Zoë"), csv_safe("a;@b"), csv_safe("two\\nlines")
    ("'=cmd()", 'Zoë', "a;'@b", 'two ¶ lines')
    """
    text = _BREAK.sub(" ¶ ", _HIDDEN.sub("", text.strip())).replace("\t", " ")
    return _FORMULA.sub("'", text)


def number(value: float | None) -> str:
    """Points for a cell: at most two decimals, no trailing zeros; "" for None.

    >>> number(4.0), number(2.25), number(None)
    ('4', '2.25', '')
    """
    return "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def text(rows: Iterable[Sequence[str]], *, bom: bool = False) -> str:
    """Rows as CSV (RFC 4180)."""
    target = io.StringIO()
    csv.writer(target, lineterminator="\r\n").writerows(rows)
    return (BOM if bom else "") + target.getvalue()


def marks(results: Sequence[Result]) -> str:
    """A row per submission, a column per task; cells that nobody knows the points of are empty."""
    ids = sorted({task.id for result in results for task in result.tasks}, key=in_course_order)
    heads = [*_WHO, "Status", "Score", "Of", *(f"Task {csv_safe(task)}" for task in ids)]
    return text([heads, *(_marks_row(result, ids) for result in results)], bom=True)


def _marks_row(result: Result, ids: Sequence[str]) -> list[str]:
    tasks = [task for task in result.tasks if scored(result) and task.state != "needs marking"]
    known = {task.id: task.points for task in tasks}
    score = result.score if result.status == "graded" else None
    points = (score, result.max_score or None, *map(known.get, ids))
    return [*_who(result), result.status, *map(number, points)]


def not_graded(results: Sequence[Result]) -> str:
    """A row per submission that has no mark because it could not be graded, with the reason."""
    left = [result for result in results if not scored(result)]
    rows = ([*_who(result), result.status, csv_safe(result.detail)] for result in left)
    return text([[*_WHO, "Status", "Reason"], *rows], bom=True)


def handed_in_twice(results: Sequence[Result]) -> str:
    """A row per submission of somebody who handed in the same exercise more than once; "" if nobody
    did.

    Which of them counts is for a person to say, so none of them is in an import file.
    """
    double = several(results)
    rows = ([*_who(result), result.status, number(result.score), why] for result, why in double)
    return text([[*_WHO, "Status", "Score", "Remark"], *rows], bom=True) if double else ""


def several(results: Sequence[Result]) -> list[tuple[Result, str]]:
    """Each submission of somebody who handed in the same exercise more than once, and whether these
    may be two people.
    """
    double = {who: [] for who in twice(results)}
    repeated = [result for result in results if person(result) in double]
    for result in repeated:
        double[person(result)].append(result)
    return [(result, _why(double[person(result)])) for result in repeated]


def _why(group: Sequence[Result]) -> str:
    if len({result.learner for result in group}) > 1:
        return "one number or name written differently: perhaps two learners"
    if not group[0].learner_id and len(set(map(place, group))) > 1:
        return "one name in several places: perhaps two learners"
    return "several files of one learner"


def place(result: Result) -> str:
    """Where a submission lay: its folder, or the file itself where it has none."""
    return result.file.rpartition("/")[0] or result.file


def canvas(results: Sequence[Result], assignment: str) -> str:
    """A file for Canvas (Grades, Import) with the final marks of one exercise; "" where there is
    none to import.

    The column is named after the exercise: rename it to Canvas's own "Title (number)", or choose
    the assignment when Canvas asks. Learners are found by Canvas's number, which its zip has in the
    files' names; an anonymous one has none, and no row. A class that no platform collected is found
    by login or name.

    Source: Canvas guide, "How do I import grades in the Gradebook?", and canvas-lms,
    lib/gradebook_importer.rb.
    """
    final = _collected(results, assignment, platforms.CANVAS)
    final = [result for result in final if result.learner_id or not result.platform]
    if not final:
        return ""
    rows = (
        [_canvas_name(r.learner), csv_safe(r.learner_id), "", _login(r), "", number(r.score)]
        for r in final
    )
    worth = [_POINTS_ROW, "", "", "", "", number(final[0].max_score)]
    return text([[*_CANVAS, assignment], worth, *rows])


def _canvas_name(name: str) -> str:
    """Canvas takes any row whose name holds "Points Possible" for the one that sets what the
    exercise is worth.
    """
    return re.sub("points possible", "points-possible", csv_safe(name), flags=re.IGNORECASE)


def moodle(results: Sequence[Result], assignment: str) -> str:
    """A file for Moodle with the final marks of one exercise and a line of feedback; "" where there
    is none to import.

    It is an assignment's offline grading worksheet ("Upload grading worksheet"), whose Identifier
    is the number in the names of Moodle's zip; a class that was not collected by Moodle imports it
    under Grades, Import, CSV, by ID number or e-mail address. The heads are those of Moodle in
    English. What this cannot know: in a group assignment the number is the group's.

    Source: Moodle docs, "Offline grading worksheet" and "Grade import";
    mod/assign/feedback/offline/importgradeslib.php.
    """
    final = _collected(results, assignment, platforms.MOODLE)
    if not final:
        return ""
    return text([_MOODLE, *map(_moodle_row, final)])


def _moodle_row(result: Result) -> list[str]:
    from_moodle = result.platform == platforms.MOODLE
    is_known = from_moodle and result.learner_id.isdecimal()
    login = "" if from_moodle else _login(result)
    return [
        f"Participant {result.learner_id}" if is_known else "",
        csv_safe(result.learner),
        "" if "@" in login else login,
        login if "@" in login else "",
        number(result.score),
        number(result.max_score),
        "-",
        feedback(result),
    ]


def feedback(result: Result) -> str:
    """A result's tasks in one line, as feedback for a platform that has room for no page."""
    return csv_safe(
        "; ".join(
            f"Task {task.id}: {number(task.points)} of {number(task.max_points)}"
            + (f" ({task.message})" if task.message else "")
            for task in result.tasks
        )
    )


# --- who, and what counts


def scored(result: Result) -> bool:
    """Whether the result has a score, if perhaps one to which a person still adds."""
    return result.status in SCORED


def person(result: Result) -> tuple[str, str, str]:
    """What makes two submissions one person's for one exercise: the platform's number, else the
    name.
    """
    known = f"{result.platform} {result.learner_id}" if result.learner_id else ""
    return known, "" if known else result.learner.casefold(), result.assignment


def in_course_order(task_id: str) -> tuple:
    """Sorts "2.10" behind "2.9"."""
    return [int(part) if part.isdecimal() else -1 for part in task_id.split(".")], task_id


def twice(results: Sequence[Result]) -> set[tuple[str, str, str]]:
    """Whoever handed in one exercise more than once; a file that is no notebook beside one is no
    second submission.
    """
    counts = Counter(
        person(result)
        for result in results
        if result.assignment and result.status != "not a submission"
    )
    return {who for who, count in counts.items() if count > 1}


def _collected(results: Sequence[Result], assignment: str, platform: str) -> list[Result]:
    """The marks of an exercise to which nothing is added any more, of everybody who handed it in
    once: those that a platform collected; all, where no platform collected anything.
    """
    platform = platform if any(result.platform for result in results) else ""
    double = twice(results)
    return [
        result
        for result in results
        if (result.assignment, result.status, result.platform) == (assignment, "graded", platform)
        and person(result) not in double
    ]


def _who(result: Result) -> list[str]:
    who = (result.learner, result.learner_id, result.file, result.assignment)
    return [*map(csv_safe, who)]


def _login(result: Result) -> str:
    """What may be a login where no platform gave a number: a name of one word, as folders of
    nbgrader have.
    """
    is_login = not result.learner_id.isdecimal() and " " not in result.learner
    return csv_safe(result.learner_id or result.learner) if is_login else ""
