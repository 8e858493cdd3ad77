"""Results as the grading engine returns them: a few written with care, hostile ones among them, and
a class of 300.
"""

import random
from dataclasses import replace

from ftrag_helpers.grading.records import Result, TaskResult

SLUG = "03_instruction_fine_tuning"
MOST = 20.0
TITLES = {
    "3.1": "Mask the question",
    "3.2": "Count the tokens that teach",
    "3.3": "Tune and look again",
    "3.4": "Form or facts?",
    "3.6": "Which documents would you tune on?",
}
POINTS = {"3.1": 4.0, "3.2": 4.0, "3.3": 5.0, "3.4": 3.0, "3.6": 4.0}
MANUAL = "3.6"

FORMULAS = (
    "=cmd()",
    "+SUM(A1:A9)",
    "-2+3",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    " =1+1",
    '"=1+1"',
    "＝1+1",
    "\t=1+1",
    "\r=1+1",
    "Ada;=cmd()",
    'Ada; "=cmd()"',
    "Ada\n=cmd()",
)
SCRIPT = '<script>alert("marks")</script>'
TURNED = "moc.elpmaxe\u202eada"  # shows its end first where the mark is obeyed
ARABIC, HEBREW, GERMAN = "ليلى حداد", "נועה לוי", "Jörg Müßig-Özdemir"

RIGHT = {
    "3.1": "def mask(ids, start):\n    return [-100] * start + ids[start:]",
    "3.2": "def teaching(labels):\n    return sum(label != -100 for label in labels)",
    "3.3": "scores = evaluate(tuned, held_out)",
    "3.4": 'choice = "form"',
    "3.6": "The help-desk letters: their tone is what we want, and their facts do not change.",
}
WRONG = {
    "3.1": (
        "def mask(ids, start):\n    return ids",
        "expected -100 for the first {} labels, got {}: the question teaches too",
    ),
    "3.2": (
        "def teaching(labels):\n    return len(labels)",
        "with other inputs: teaching(labels) should be {}, got {}; masked labels teach nothing",
    ),
    "3.3": (
        "scores = evaluate(tuned, train)",
        "these are the {} training questions; score the {} that were held out",
    ),
    "3.4": (
        'choice = "facts"',
        "after tuning the answers have the right form, and {} of {} facts are still wrong",
    ),
}


def task(task_id, state="passed", points=None, message=""):
    worth = POINTS[task_id]
    earned = (worth if state == "passed" else 0.0) if points is None else points
    return TaskResult(task_id, TITLES[task_id], earned, worth, message, state)


def result(learner="Ada King", learner_id="4711", **more):
    """A graded result with every task passed, task 3.6 by hand, but for what is named; its file is
    one of Canvas's or, by its name, of Moodle's.
    """
    tasks = more.pop("tasks", tuple(task(name) for name in TITLES))
    status = more.pop("status", "graded")
    scored = status in ("graded", "needs marking")
    plain = Result(
        learner,
        learner_id,
        f"{learner}_{learner_id}_991_{SLUG}.ipynb",
        SLUG,
        status,
        tasks,
        sum(t.points for t in tasks) if scored else None,
        MOST,
        "",
        "ab" * 32,
        1.5,
        tuple(RIGHT.items()),
    )
    platform = (
        "moodle" if "_assignsubmission_" in more.get("file", "") else "canvas" if learner_id else ""
    )
    return replace(plain, **{"platform": platform} | more)


def waiting(learner="Noor Haddad", learner_id="52", **more):
    """A result whose task 3.6 a person still marks."""
    tasks = (*(task(name) for name in TITLES if name != MANUAL), task(MANUAL, "needs marking"))
    return result(learner, learner_id, status="needs marking", tasks=tasks, **more)


def small_result(learner="Ada", learner_id="", platform="", file="Ada.ipynb", **more):
    """A graded result of the tests' small exercise, but for what is named."""
    tasks = (TaskResult("9.1", "Twice", 4.0, 4.0, "", "passed"),)
    who = (learner, learner_id, file, "09_small", "graded", tasks)
    answers = (("9.1", "double = 1"),)
    return replace(Result(*who, 4.0, 14.0, "", "0" * 64, 0.1, answers, platform), **more)


FAILED = (
    result(
        "Ida Bergström",
        "60",
        status="timed out",
        tasks=(task("3.1"), task("3.2", "failed", message="your code took too long")),
        detail=(
            "The check of task 3.2 ran into its time limit of 60 seconds. What else could be run"
            " earned 4 points, which are not a score yet."
        ),
    ),
    result(
        "Tom O'Hara",
        "61",
        status="crashed",
        tasks=(task("3.1"),),
        detail="The answer of task 3.3 ended the process.",
    ),
    result(
        "Zoë Ek",
        "62",
        status="damaged",
        tasks=(),
        assignment="",
        max_score=0.0,
        answers=(),
        detail="The file is no JSON, so it is no notebook as Jupyter writes it.",
    ),
    result(
        "Mehmet Yılmaz",
        "63",
        status="not a submission",
        tasks=(),
        assignment="",
        max_score=0.0,
        answers=(),
        file="Mehmet Yılmaz_63_992_holiday.pdf",
        detail="The file is no notebook (its name does not end in .ipynb).",
    ),
)

_FIRST = (
    "Aiko",
    "Bruno",
    "Chiara",
    "Dmitri",
    "Elif",
    "Farah",
    "Göran",
    "Hanna",
    "Ines",
    "João",
    "Katja",
    "Liam",
    "Małgorzata",
    "Nia",
    "Øystein",
    "Priya",
    "Quentin",
    "Rosa",
    "Søren",
    "Thi",
)
_LAST = (
    "Abebe",
    "Bianchi",
    "Çelik",
    "Dubois",
    "Eze",
    "Fernández",
    "Grün",
    "Hughes",
    "Ito",
    "Janssen",
    "Kowalska",
    "Lindqvist",
    "Mbeki",
    "Nguyen",
    "O'Neill",
)


def class_of_300(seed=7):
    """300 learners whose tasks differ in difficulty: 20 first names by 15 last names, each once."""
    rng = random.Random(seed)
    found = [
        _learner(f"{first} {last}", 1000 + i * len(_LAST) + j, rng)
        for i, first in enumerate(_FIRST)
        for j, last in enumerate(_LAST)
    ]
    for place, failed in zip((3, 77, 150, 299), FAILED, strict=True):
        found[place] = failed
    return found


def _learner(name, number, rng):
    skill, tasks, answers = rng.betavariate(4, 2), [], []
    for task_id, ease in (("3.1", 1.25), ("3.2", 0.75), ("3.3", 1.0), ("3.4", 0.9)):
        draw = rng.random()
        if draw < skill * ease:
            tasks.append(task(task_id))
            answers.append((task_id, RIGHT[task_id]))
        elif draw > 0.97:
            tasks.append(task(task_id, "not attempted", message="this task is still as you got it"))
            answers.append(
                (
                    task_id,
                    (
                        f'raise NotImplementedError("Task {task_id}: replace this line with your'
                        ' code")'
                    ),
                )
            )
        else:
            text, message = WRONG[task_id]
            few = rng.randint(2, 9)
            tasks.append(
                task(task_id, "failed", message=message.format(few, few + rng.randint(1, 30)))
            )
            answers.append((task_id, text))
    by_hand = rng.random()
    state = "needs marking" if by_hand < 0.2 else "marked" if by_hand < 0.95 else "not attempted"
    tasks.append(task(MANUAL, state, points=float(rng.randint(1, 4)) if state == "marked" else 0.0))
    answers.append((MANUAL, RIGHT[MANUAL] if state != "not attempted" else ""))
    return result(
        name,
        str(number),
        tasks=tuple(tasks),
        answers=tuple(answers),
        status="needs marking" if state == "needs marking" else "graded",
    )
