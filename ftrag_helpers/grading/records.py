"""What grading one submission comes to: frozen records, and their form as JSON.

Everything that reads marks (reports, exports, a cluster) knows these records alone. What
this module leaves out: how marks are made (`engine`), and how they are shown.
"""

from dataclasses import asdict, dataclass

#: How a submission ends. Only the first two come with a score; none of the others is ever a zero.
STATUSES = ("graded", "needs marking", "timed out", "crashed", "damaged", "not a submission")
SCORED = STATUSES[:2]
#: How a task ends.
STATES = ("passed", "failed", "not attempted", "needs marking")


@dataclass(frozen=True)
class TaskResult:
    """One task of one submission.

    `points` are those earned so far: 0 for a task that a person still marks.
    """

    id: str
    title: str
    points: float
    max_points: float
    message: str
    state: str


@dataclass(frozen=True)
class Result:
    """One submission.

    `learner` and `learner_id` come from the file's name and are the learner's own text: quote them
    wherever they are written. `platform` ("canvas", "moodle", …, "" for none) is the one whose
    pattern the name has, and which gave the id. `file` is the path within the folder or zip and
    names the submission. `score` is None for every status but "graded" and "needs marking"; the
    tasks of a submission that timed out or crashed are what was seen without the guilty cell.
    `sha256` is the file's, and `answers` holds the learner's source or text for each task found.
    """

    learner: str
    learner_id: str
    file: str
    assignment: str
    status: str
    tasks: tuple[TaskResult, ...]
    score: float | None
    max_score: float
    detail: str
    sha256: str
    seconds: float
    answers: tuple[tuple[str, str], ...]
    platform: str = ""

    def __post_init__(self):
        if self.status not in STATUSES:
            raise ValueError(f"status {self.status!r} is none of {', '.join(STATUSES)}")
        if (self.score is None) == (self.status in SCORED):
            raise ValueError(
                f"a submission that is {self.status!r} cannot have the score {self.score}"
            )


def to_json(result: Result) -> dict:
    """The result in JSON's types."""
    return asdict(result)


def from_json(fields: dict) -> Result:
    """The result that `to_json` wrote.

    Raises:
        ValueError: these are not a result's fields.
    """
    try:
        tasks = tuple(TaskResult(**task) for task in fields["tasks"])
        answers = tuple((task, text) for task, text in fields["answers"])
        return Result(**{**fields, "tasks": tasks, "answers": answers})
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no stored result: {error}") from error
