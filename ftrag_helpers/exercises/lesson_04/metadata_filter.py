"""Task 4.3: a metadata filter, which is plain data and is looked at as such (`filters`)."""

from ftrag_helpers.exercises.checking import Task, by_case
from ftrag_helpers.exercises.lesson_04 import run
from ftrag_helpers.exercises.lesson_04.filters import filter_problem, lets_through, operands
from ftrag_helpers.exercises.mistakes import rng_for

_BRANCHES = ("central", "old-quay", "fennel-hill", "weir-street", "heron")
_SHELVES = (
    "branches",
    "catalogue",
    "events",
    "health information",
    "help desk",
    "news",
    "policies",
)
#: A page of each branch, and of all, on each shelf.
LIBRARY = [
    {"branch": branch, "shelf": shelf} for branch in (*_BRANCHES, "all") for shelf in _SHELVES
]


def _cases(seed: int) -> list:
    rng = rng_for("4.3", seed)
    branches = rng.sample(_BRANCHES, 5)
    return [
        [branch, rng.sample(_SHELVES, count)]
        for branch, count in zip(branches, (0, 1, 2, 3, 0), strict=True)
    ]


def _problem(branch: str, shelves: list[str], got: object) -> str:
    problem = filter_problem(got)
    if problem:
        return problem
    wanted = [
        page
        for page in LIBRARY
        if page["branch"] in (branch, "all") and (not shelves or page["shelf"] in shelves)
    ]
    passed = [page for page in LIBRARY if lets_through(got, page)]
    if passed == wanted:
        return ""
    unknown = next(
        (
            value
            for field, names in (("branch", (*_BRANCHES, "all")), ("shelf", _SHELVES))
            for value in operands(got, field)
            if value not in names
        ),
        None,
    )
    if unknown is not None:
        return f"no page has {unknown!r} there; the branch is {branch!r} here, and the shelves are {shelves}"
    if not passed:
        return "no page at all comes through. Can a page have two branches at once, or two shelves?"
    missing, extra = (
        [page for page in pages if page not in others]
        for pages, others in ((wanted, passed), (passed, wanted))
    )
    if extra:
        elsewhere = [page for page in extra if page["branch"] not in (branch, "all")]
        why = (
            f"that is another branch than {branch}"
            if elsewhere
            else f"the shelf is none of {', '.join(shelves)}"
        )
        page = (elsewhere or extra)[0]
        return f"a page of the branch {page['branch']!r} on the shelf {page['shelf']!r} comes through, and {why}"
    lost = missing[0]
    places = {page["branch"] for page in passed}
    why = (
        'What holds for every branch has the branch "all"'
        if "all" not in places
        else (
            "The branch itself counts too"
            if branch not in places
            else (
                "No shelves named means every shelf"
                if not shelves
                else "Every shelf that is named counts"
            )
        )
    )
    return (
        f"a page of the branch {lost['branch']!r} on the shelf {lost['shelf']!r} is kept out. {why}"
    )


TASK = Task(
    "4.3",
    "Here, and everywhere",
    3,
    hints=(
        '{"branch": {"$in": [...]}} lets several branches through. Which two?',
        'A filter is one condition. Where shelves are named as well, the two conditions go into a list under "$and"; where none is named, the condition on the branch is the whole filter.',
    ),
    cases=_cases,
    run_answer=run.allowed,
    judge=by_case(_problem, "allowed({}, {})"),
    timeout=10,
    answer="`allowed(branch, shelves)`, which returns a Chroma metadata filter",
)
