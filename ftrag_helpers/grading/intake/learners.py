"""Whose a submission is: the learner's name and number, as the names in a folder or a zip tell
them.

A learning platform puts its words in front and outside; what stands below is the learner's
to choose. So only the first part of a path tells who it is, behind folders that hold the whole
class. What this module leaves out: reading files (`submissions`).
"""

import os
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePosixPath

CANVAS, MOODLE, BRIGHTSPACE, BLACKBOARD = "canvas", "moodle", "brightspace", "blackboard"

# Source: canvas-lms, lib/content_zipper.rb. A group's files bear the number of one member; an
# anonymous learner has none. What looks like a date is no number.
_CANVAS_END = r"_(?:[1-9][0-9]*_.+|(?:text|link)\.html)"
_ANONYMOUS = re.compile(
    r"(?:LATE_)?anon(?:ymous)?_(?:LATE_)?(?P<name>[^\W_]+)" + _CANVAS_END, re.DOTALL
)
_CANVAS = re.compile(
    r"(?!(?:LATE_)?anon(?:ymous)?_)(?P<name>(?:(?!_[0-9]+_).)+?)(?:_LATE)?"
    r"_(?!(?:19|20)[0-9]{2}_[0-9]{1,2}_[0-9]{1,2}\D)(?P<id>[1-9][0-9]*)" + _CANVAS_END,
    re.DOTALL,
)
# Source: Moodle, mod/assign/classes/downloader.php (folders), older versions' locallib.php (files,
# with a last underscore).
_MOODLE = re.compile(
    r"(?P<name>.+?)(?:_(?P<id>[0-9]+))?_assignsubmission_[a-z0-9]+(?:_.*)?", re.DOTALL
)
_BLIND = re.compile(r"Participant(?: (?P<id>[0-9]+))?")
# "123456-7890 - Ada King - Oct 4, 2026 1203 PM"; some schools have a student number or a login in
# front of the name.
_MONTH = r"[^\W\d_]+\.?"
_DAY = (
    rf"(?:{_MONTH} [0-9]{{1,2}},? [0-9]{{4}}|[0-9]{{1,2}}\.? (?:de )?{_MONTH},? (?:de"
    r" )?[0-9]{4}|[0-9]{4}(?:-[0-9]{2}){2})"
)
_TIME = r"[0-9]{1,2}[.:h ]*[0-9]{2}(?: ?[APap]\.?[Mm]\.?)?"
_BRIGHTSPACE = re.compile(
    rf"(?P<id>[0-9]+)-[0-9]+ - (?P<name>.+?) ?- {_DAY},? {_TIME}(?: - .*)?", re.DOTALL
)
# "Exercise 1_kinga_attempt_2026-10-04-12-03-11_02.ipynb", the word in the platform's language.
_BLACKBOARD = re.compile(
    r"(?P<name>.+?)_[^\W\d_]+_[0-9]{4}(?:-[0-9]{2}){5}(?:_.*|\.txt)?", re.DOTALL
)
_PATTERNS = (
    (MOODLE, _MOODLE),
    (BRIGHTSPACE, _BRIGHTSPACE),
    (BLACKBOARD, _BLACKBOARD),
    (CANVAS, _ANONYMOUS),
    (CANVAS, _CANVAS),
)
_LONGEST = 300  # characters of a name with a platform's pattern; more than any file system has

#: Words of names that tell nobody's name, but an exercise, a version or a collection.
_WORDS = frozenset(
    """
    abgabe abgaben abgegeben answer answers archiv archive assignment assignments attempt aufgabe aufgaben basics
    blackboard blatt brightspace canvas ch chapter class colab collected compiti compito consegna consegne copy corso
    cours course courses curso cursus data day desktop devoir devoirs documents download downloaded downloads draft
    einreichungen ejercicio ejercicios entrega entregas esercizi esercizio ex exam exercice exercices exercise
    exercises export extracted file files final fine folder ftrag generation grade graded grading handed handin hands
    homework homeworks hw in inbox inleveren instruction jupyter kernel kurs lab labs lektion lesson lessons librarian
    llm llms lösung lösungen mail mails model module modules moodle my nb new notebook notebooks oefening of old on
    opdracht opdrachten out part practical problem problems project projects ps pset quiz rag received release rendu
    rendus results retrieval review reviewed reviews section sections semaine semana semester session sheet solution
    solutions source students submission submissions submit submitted tarea tareas task tasks temp term test the tmp to
    tuning tutorial uebung uebungen unit untitled upload uploaded uploads v version virtual vs week weeks woche work
    working worksheet ws zip übung übungen""".split()
)
_HOLDS_WORDS = re.compile(r"[^\W\d_]+|\d+")
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")


@dataclass(frozen=True)
class Owner:
    """Whose a file is. `learner_id` is the number that `platform` put into the name; both may be
    "".
    """

    learner: str
    learner_id: str = ""
    platform: str = ""


def whose(name: PurePosixPath) -> tuple[str, str]:
    """The learner's name and platform id that a path tells; the id is empty where the path has
    none.

    Moodle names a folder or a file `Full Name_12345_assignsubmission_file…`, Canvas a file
    `lastnamefirstname_12345_67890_…`, Brightspace a folder `12345-678 - Full Name - Oct 4, 2026
    1203 PM`, Blackboard a file `Exercise_login_attempt_<time>_…`. Otherwise the first folder is the
    learner (nbgrader's layout), else the file's name.

    >>> whose(PurePosixPath("Ada King_4711_assignsubmission_file/02.ipynb"))
    ('Ada King', '4711')
    >>> whose(PurePosixPath("kingada_LATE_12_345_02_task-1.ipynb")), whose(PurePosixPath("Ada King/king_12_345_02.ipynb"))
    (('kingada', '12'), ('Ada King', ''))
    """
    parts = parts_of(str(name))
    owner = _told(parts[0], _nobody(())) or _plain(parts)
    return owner.learner, owner.learner_id


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of a path as they are read here: none that leads up or to a drive, whichever system
    wrote it.

    >>> parts_of("C:\\\\class\\\\..\\\\Ada King.ipynb")
    ('class', 'Ada King.ipynb')
    """
    parts = unicodedata.normalize("NFC", name).replace("\\", "/").split("/")
    parts = [part for part in parts if part.strip() not in ("", ".", "..")]
    drive = len(parts) > 1 and re.fullmatch("[A-Za-z]:", parts[0])
    return tuple(parts[1:] if drive else parts) or ("unnamed",)


def printable(text: str, most: int = 200) -> str:
    """One line of at most so many characters that can be shown; a control character or a mark that
    turns writing is "?".
    """
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
    shown = (
        " " if unicodedata.category(c) == "Zs" else c if c.isprintable() else "?"
        for c in text
        if c not in _INVISIBLE
    )
    return "".join(shown)[:most].strip()


# --- one part of a path


@lru_cache(maxsize=65_536)
def _from_platform(part: str) -> Owner | None:
    """The owner whom the name of a platform's file or folder tells, None for any other name.

    Where it has the form of two platforms, the one whose words come first wrote it; the learner
    chose the rest.
    """
    matches = [
        (platform, found)
        for platform, pattern in _PATTERNS
        if (found := pattern.fullmatch(part[:_LONGEST]))
    ]
    if not matches or len(part) > _LONGEST:
        return None
    platform, found = min(matches, key=lambda match: match[1].end("name"))
    name, number = found["name"], found.groupdict().get("id") or ""
    if platform == MOODLE and (blind := _BLIND.fullmatch(name)):
        number = number or blind["id"] or ""
        name = f"Participant {number}".strip()
    elif platform == BLACKBOARD:
        name = name.rpartition("_")[2]
    elif platform == CANVAS and not number:
        name = f"anonymous {name}"
    return Owner(_named(name), number, platform)


def _told(part: str, nobody: Callable[[str], bool]) -> Owner | None:
    """As `_from_platform`, but for names like "exercise_1_2_final": the form is Canvas's, and there
    is no learner's name.
    """
    owner = _from_platform(part)
    no_name = owner and owner.platform == CANVAS and owner.learner_id and nobody(owner.learner)
    return None if no_name and any(c.isalpha() for c in owner.learner) else owner


def _plain(parts: Sequence[str]) -> Owner:
    return Owner(_named(parts[0] if len(parts) > 1 else PurePosixPath(parts[0]).stem))


def _named(text: str) -> str:
    return printable(text) or "unnamed"


def _nobody(exercises: Iterable[str]) -> Callable[[str], bool]:
    """Whether a name tells no person: words of exercises and versions, small numbers and years
    alone.
    """
    slugs = [_words(slug) for slug in exercises]

    def tells_nobody(name: str) -> bool:
        words = _words(name)
        slug = max(
            (slug for slug in slugs if slug and words[: len(slug)] == slug), key=len, default=[]
        )
        return all(word in _WORDS or _small(word) for word in words[len(slug) :])

    return tells_nobody


def _words(name: str) -> list[str]:
    return _HOLDS_WORDS.findall(name.casefold())


def _small(word: str) -> bool:
    return word.isdecimal() and (len(word) < 3 or re.fullmatch(r"20\d\d", word) is not None)


def _like_a_person(name: str) -> bool:
    """Two words or more and no digit, as full names are."""
    words = re.split(r"[\s,_]+", name.strip())
    return (
        len(words) > 1
        and all(any(c.isalpha() for c in word) for word in words)
        and not any(c.isdigit() for c in name)
    )


def _like_a_login(name: str) -> bool:
    """One word in lower case, or a number, as the folders of nbgrader are named."""
    return name == name.casefold() and re.fullmatch(r"[^\W_]+(?:[.@-][^\W_]+)*", name) is not None


# --- a whole class


def owners(
    paths: Sequence[Sequence[str]], *, given: str = "", exercises: Collection[str] = ()
) -> list[Owner]:
    """The owner of each path (as `parts_of` gives it) among all that were handed in together.

    A folder around everything is looked through, unless it is a single learner's; so are folders
    named after an exercise or a week that hold several learners. A platform's pattern in the names
    of files counts where most of the notebooks beside it have one: in a folder of files that
    learners named themselves, nobody takes a number by a name. `given` is the name of the folder or
    zip itself, which is the learner's where nothing in it tells a name. `exercises` are names of
    exercises.
    """
    nobody = _nobody(exercises)
    notebooks = [path for path in paths if is_notebook(path)] or list(paths)
    layout = _Layout(notebooks, nobody)
    found = [layout.owner(path) for path in paths]
    told = any(
        owner.platform or not nobody(owner.learner) for owner in map(layout.owner, notebooks)
    )
    if not told and not nobody(given) and (_like_a_person(given) or _like_a_login(given)):
        return [owner if owner.platform else Owner(_named(given)) for owner in found]
    return _with_logins(paths, found, layout.start, nobody)


def is_notebook(path: Sequence[str]) -> bool:
    """Whether a file's name is that of a notebook."""
    return path[-1].lower().endswith(".ipynb")


class _Layout:
    """Which folders hold a class, and at which of these levels a file's name may be a
    platform's.
    """

    def __init__(self, notebooks: Sequence[Sequence[str]], nobody: Callable[[str], bool]):
        self._nobody = nobody
        self._below: dict[tuple[str, ...], dict[tuple[str, bool], None]] = {}
        for path in notebooks:
            for i in range(len(path)):
                self._below.setdefault(tuple(path[:i]), {})[path[i], i < len(path) - 1] = None
        around = self._around()
        holds = self._first_learner(around)
        self.holders = {around[:i] for i in range(holds + 1)}
        if holds == len(around):
            self._add_exercises(around)
        self._by_platform = {place: self._platform_files(place) for place in self.holders}

    def owner(self, path: Sequence[str]) -> Owner:
        """Whose a file is."""
        at = self.start(path)
        if len(path) > at + 1:
            return self._told(path[at]) or _plain(path[at:])
        return self._by_platform[tuple(path[:at])] and _from_platform(path[at]) or _plain(path[at:])

    def start(self, path: Sequence[str]) -> int:
        """How many folders around a file hold a class."""
        at = 0
        while at + 1 < len(path) and tuple(path[: at + 1]) in self.holders:
            at += 1
        return at

    def _told(self, part: str) -> Owner | None:
        return _told(part, self._nobody)

    def _around(self) -> tuple[str, ...]:
        """The folders, one in the other, that each hold everything."""
        around: tuple[str, ...] = ()
        while len(self._below.get(around, ())) == 1 and next(iter(self._below[around]))[1]:
            around += (next(iter(self._below[around]))[0],)
        return around

    def _first_learner(self, around: tuple[str, ...]) -> int:
        """How many of the folders around everything hold a class; the next one, or what is in the
        last, is a learner's.
        """
        many = self._is_class(around)
        for i, name in enumerate(around):
            a_learner = (
                not many
                and not self._nobody(name)
                and (_like_a_person(name) or _like_a_login(name))
            )
            if a_learner or self._told(name):
                return i
        telling = [
            i for i, name in enumerate(around) if not self._nobody(name) or name.strip().isdecimal()
        ]
        return telling[0] if telling and not many else len(around)

    def _is_class(self, around: tuple[str, ...]) -> bool:
        """Whether the folders around everything hold several learners, by the names in the last of
        them.
        """
        here = [name for name, _ in self._below.get(around, ())]
        told = {owner for owner in map(self._told, here) if owner}
        named = self._named(around)
        people = [name for name in named if self._told(name) or _like_a_person(_stem(name))]
        if (
            all(map(self._told, here))
            and len(told) > 1
            or len(people) > 1
            and 2 * len(people) >= len(here)
        ):
            return True
        if any(_like_a_person(name) and not self._nobody(name) for name in around):
            return False
        inner = [
            around + (name,)
            for name, folder in self._below.get(around, ())
            if folder and self._nobody(name)
        ]
        return len(named) > 1 or any(len(self._named(place)) > 1 for place in inner)

    def _named(self, place: tuple[str, ...]) -> list[str]:
        """What tells a name among the notebooks and folders in a folder."""
        return [
            name
            for name, folder in self._below.get(place, ())
            if self._told(name) or not self._nobody(name if folder else _stem(name))
        ]

    def _add_exercises(self, place: tuple[str, ...]) -> None:
        """Folders named after an exercise or a week, where they hold learners; a bare number may be
        a learner's seat.
        """
        for name, folder in list(self._below.get(place, ())):
            inner = place + (name,)
            if folder and self._nobody(name) and not self._told(name):
                self._add_exercises(inner)
                deeper = any(inner == other[:-1] for other in self.holders)
                if deeper or len(self._named(inner)) > name.strip().isdecimal():
                    self.holders.add(inner)

    def _platform_files(self, place: tuple[str, ...]) -> bool:
        """Whether the files here come from a platform, by most of their names; where there are
        none, nobody posed.
        """
        files = [name for name, folder in self._below.get(place, ()) if not folder]
        plain = sum(_from_platform(name) is None for name in files)
        return not files or sum(self._told(name) is not None for name in files) > plain


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _with_logins(
    paths: Sequence[Sequence[str]],
    found: list[Owner],
    start: Callable[[Sequence[str]], int],
    nobody: Callable[[str], bool],
) -> list[Owner]:
    """Blackboard's names end in the login, which may hold underscores as the exercise's name may:
    all share the latter.
    """
    fronts = {
        i: _BLACKBOARD.fullmatch(path[start(path)])["name"]
        for i, path in enumerate(paths)
        if found[i].platform == BLACKBOARD
    }
    shared = os.path.commonprefix(list(fronts.values())).rpartition("_")
    logins = {i: front[len(shared[0]) + 1 :] for i, front in fronts.items()}
    if (
        len(set(logins.values())) < 2
        or not shared[1]
        or any(nobody(login.partition("_")[0]) for login in logins.values())
    ):
        return found
    return [
        replace(owner, learner=_named(logins[i])) if i in logins else owner
        for i, owner in enumerate(found)
    ]
