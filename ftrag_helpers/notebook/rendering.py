"""HTML from Jinja2 templates, for pages and for what a notebook shows.

Templates lie in `templates/` beside the module that fills them, and are named by their path within
the package. Every value is escaped, a misspelt name is an error. What it leaves out: what the pages
say.
"""

import re
from functools import cache
from pathlib import Path

from ftrag_helpers.errors import CourseError

_PACKAGE = Path(__file__).resolve().parents[1]
#: Control characters, marks that turn or hide writing, and halves of characters.
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def render(template: str, **values: object) -> str:
    """The filled template, without `HIDDEN` characters."""
    return HIDDEN.sub("", _environment().get_template(template).render(values))


def fragment(template: str, macro: str, *values: object) -> str:
    """What a template's macro makes of the values, without `HIDDEN` characters.

    In another template it needs the filter `safe`.
    """
    made = getattr(_environment().get_template(template).module, macro)(*values)
    return HIDDEN.sub("", str(made))


def save(path: Path, text: str, what: str) -> None:
    """Write a page, and the folder it lies in where that is not there.

    `what` names the page in the error: "report".

    Raises:
        CourseError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise CourseError(
            f"The {what} cannot be written to {path} ({error.strerror}). Name another file."
        ) from error


@cache
def _environment():
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
