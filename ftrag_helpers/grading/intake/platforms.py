"""Names of files and folders as learning platforms write them into a download.

A platform puts its words in front; the learner chose the rest. What this module leaves out: names
that people chose, and what a whole class's names tell (`learners`).
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from ftrag_helpers.grading.intake.filenames import printable

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
BLACKBOARD_NAME = re.compile(
    r"(?P<name>.+?)_[^\W\d_]+_[0-9]{4}(?:-[0-9]{2}){5}(?:_.*|\.txt)?", re.DOTALL
)
_PATTERNS = (
    (MOODLE, _MOODLE),
    (BRIGHTSPACE, _BRIGHTSPACE),
    (BLACKBOARD, BLACKBOARD_NAME),
    (CANVAS, _ANONYMOUS),
    (CANVAS, _CANVAS),
)
_LONGEST = 300  # characters of a name with a platform's pattern; more than any file system has


@dataclass(frozen=True)
class Owner:
    """Whose a file is. `learner_id` is the number that `platform` put into the name; both may be
    "".
    """

    learner: str
    learner_id: str = ""
    platform: str = ""


@lru_cache(maxsize=65_536)
def from_platform(part: str) -> Owner | None:
    """The owner whom the name of a platform's file or folder tells, None for any other name.

    Where it has the form of two platforms, the one whose words come first wrote it; the learner
    chose the rest.
    """
    matches = [(platform, pattern.fullmatch(part[:_LONGEST])) for platform, pattern in _PATTERNS]
    matches = [(platform, match) for platform, match in matches if match]
    if not matches or len(part) > _LONGEST:
        return None
    platform, match = min(matches, key=lambda pair: pair[1].end("name"))
    name, number = match["name"], match.groupdict().get("id") or ""
    if platform == MOODLE and (blind := _BLIND.fullmatch(name)):
        number = number or blind["id"] or ""
        name = f"Participant {number}".strip()
    elif platform == BLACKBOARD:
        name = name.rpartition("_")[2]
    elif platform == CANVAS and not number:
        name = f"anonymous {name}"
    return Owner(named(name), number, platform)


def named(text: str) -> str:
    """A name as it is shown; "unnamed" where nothing of it can be."""
    return printable(text) or "unnamed"
