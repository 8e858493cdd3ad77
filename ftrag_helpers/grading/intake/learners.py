"""Whose a submission is: the learner's name and number, as the names in a folder or a zip tell
them.

A learning platform puts its words in front and outside; what stands below is the learner's
to choose. So only the first part of a path tells who it is, behind folders that hold the whole
class. What this module leaves out: reading files (`submissions`).
"""

import os
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from ftrag_helpers.grading.intake.platforms import (
    BLACKBOARD,
    BLACKBOARD_NAME,
    CANVAS,
    Owner,
    from_platform,
    named,
)

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


def _plain(parts: Sequence[str]) -> Owner:
    return Owner(named(parts[0] if len(parts) > 1 else PurePosixPath(parts[0]).stem))


def _nobody(exercises: Iterable[str]) -> Callable[[str], bool]:
    """Whether a name tells no person: words of exercises and versions, small numbers and years
    alone.
    """
    slugs = [_words(slug) for slug in exercises]

    def tells_nobody(name: str) -> bool:
        words = _words(name)
        begin = max((len(slug) for slug in slugs if words[: len(slug)] == slug), default=0)
        return all(word in _WORDS or _small(word) for word in words[begin:])

    return tells_nobody


def _words(name: str) -> list[str]:
    return _HOLDS_WORDS.findall(name.casefold())


def _small(word: str) -> bool:
    return word.isdecimal() and (len(word) < 3 or re.fullmatch(r"20\d\d", word) is not None)


def _like_a_person(name: str) -> bool:
    """Two words or more and no digit, as full names are."""
    words = re.split(r"[\s,_]+", name.strip())
    with_letters = all(any(c.isalpha() for c in word) for word in words)
    return len(words) > 1 and with_letters and not any(c.isdigit() for c in name)


def _like_a_login(name: str) -> bool:
    """One word in lower case, or a number, as the folders of nbgrader are named."""
    return name == name.casefold() and re.fullmatch(r"[^\W_]+(?:[.@-][^\W_]+)*", name) is not None


def _like_one(name: str) -> bool:
    return _like_a_person(name) or _like_a_login(name)


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
    result = [layout.owner(path) for path in paths]
    is_named = any(
        owner.platform or not nobody(owner.learner) for owner in map(layout.owner, notebooks)
    )
    if not is_named and not nobody(given) and _like_one(given):
        return [owner if owner.platform else Owner(named(given)) for owner in result]
    return _with_logins(paths, result, layout)


def is_notebook(path: Sequence[str]) -> bool:
    """Whether a file's name is that of a notebook."""
    return path[-1].lower().endswith(".ipynb")


class _Layout:
    """Which folders hold a class, and at which of these levels a file's name may be a
    platform's.
    """

    def __init__(self, notebooks: Sequence[Sequence[str]], nobody: Callable[[str], bool]):
        self.nobody = nobody
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
            return self._owner_by(path[at]) or _plain(path[at:])
        return self._by_platform[tuple(path[:at])] and from_platform(path[at]) or _plain(path[at:])

    def start(self, path: Sequence[str]) -> int:
        """How many folders around a file hold a class."""
        at = 0
        while at + 1 < len(path) and tuple(path[: at + 1]) in self.holders:
            at += 1
        return at

    def _owner_by(self, part: str) -> Owner | None:
        """As `from_platform`, but for names like "exercise_1_2_final": the form is Canvas's, and
        there is no learner's name.
        """
        owner = from_platform(part)
        canvas = owner and owner.platform == CANVAS and owner.learner_id
        no_name = canvas and self.nobody(owner.learner)
        return None if no_name and any(c.isalpha() for c in owner.learner) else owner

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
        if not self._is_class(around):
            for i, name in enumerate(around):
                if self._owner_by(name) or not self.nobody(name) and _like_one(name):
                    return i
            for i, name in enumerate(around):
                if name.strip().isdecimal() or not self.nobody(name):
                    return i
            return len(around)
        return next((i for i, name in enumerate(around) if self._owner_by(name)), len(around))

    def _is_class(self, around: tuple[str, ...]) -> bool:
        """Whether the folders around everything hold several learners, by the names in the last of
        them.
        """
        here = [name for name, _ in self._below.get(around, ())]
        by_platform = [self._owner_by(name) for name in here]
        if all(by_platform) and len(set(by_platform)) > 1:
            return True
        named_here = self._named(around)
        people = [
            name for name in named_here if self._owner_by(name) or _like_a_person(_stem(name))
        ]
        if len(people) > 1 and 2 * len(people) >= len(here):
            return True
        if any(_like_a_person(name) and not self.nobody(name) for name in around):
            return False
        inner = [
            around + (name,)
            for name, folder in self._below.get(around, ())
            if folder and self.nobody(name)
        ]
        return len(named_here) > 1 or any(len(self._named(place)) > 1 for place in inner)

    def _named(self, place: tuple[str, ...]) -> list[str]:
        """What tells a name among the notebooks and folders in a folder."""
        return [
            name
            for name, folder in self._below.get(place, ())
            if self._owner_by(name) or not self.nobody(name if folder else _stem(name))
        ]

    def _add_exercises(self, place: tuple[str, ...]) -> None:
        """Folders named after an exercise or a week, where they hold learners; a bare number may be
        a learner's seat.
        """
        for name, folder in list(self._below.get(place, ())):
            inner = place + (name,)
            if folder and self.nobody(name) and not self._owner_by(name):
                self._add_exercises(inner)
                deeper = any(inner == other[:-1] for other in self.holders)
                if deeper or len(self._named(inner)) > name.strip().isdecimal():
                    self.holders.add(inner)

    def _platform_files(self, place: tuple[str, ...]) -> bool:
        """Whether the files here come from a platform, by most of their names; where there are
        none, nobody posed.
        """
        files = [name for name, folder in self._below.get(place, ()) if not folder]
        plain = sum(from_platform(name) is None for name in files)
        return not files or sum(self._owner_by(name) is not None for name in files) > plain


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _with_logins(
    paths: Sequence[Sequence[str]], known: list[Owner], layout: _Layout
) -> list[Owner]:
    """Blackboard's names end in the login, which may hold underscores as the exercise's name may:
    all share the latter.
    """
    fronts = {
        i: BLACKBOARD_NAME.fullmatch(path[layout.start(path)])["name"]
        for i, path in enumerate(paths)
        if known[i].platform == BLACKBOARD
    }
    shared, underscore, _ = os.path.commonprefix(list(fronts.values())).rpartition("_")
    logins = {i: front[len(shared) + 1 :] for i, front in fronts.items()}
    is_word = any(layout.nobody(login.partition("_")[0]) for login in logins.values())
    if not underscore or is_word or len(set(logins.values())) < 2:
        return known
    return [
        replace(owner, learner=named(logins[i])) if i in logins else owner
        for i, owner in enumerate(known)
    ]
