"""One measured number with its interval, and the checks that it must pass."""

import math
from dataclasses import dataclass, replace

#: The unit of what `record_difference` keeps: the second mean less the first. No unit at all is a
#: share from 0 to 1.
DIFFERENCE = "difference"


@dataclass(frozen=True)
class Measurement:
    """One measured number. `low` and `high` bound its 95 % interval; both are None where it has
    none.
    """

    lesson: str
    name: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    unit: str = ""
    note: str = ""
    date: str = ""
    cores: str = ""

    def __str__(self) -> str:
        """The figure as the course prints it:

        "0.43 [0.36, 0.50] n=200", "+0.10 [+0.04, +0.17]", "146 s".
        """
        sign = "+" if self.unit == DIFFERENCE else ""
        if self.unit not in ("", DIFFERENCE) and abs(self.value) >= 10:
            text = f"{self.value:,.0f}"
        else:
            text = f"{self.value:{sign}.2f}"
        if self.low is not None:
            text += f" [{self.low:{sign}.2f}, {self.high:{sign}.2f}]"
        if self.unit not in ("", DIFFERENCE):
            text += f" {self.unit}"
        return text + (f" n={self.n}" if self.n is not None and not sign else "")


def checked(figure: Measurement) -> Measurement:
    """The figure with plain Python numbers.

    Raises:
        ValueError: no lesson or name; a number that is not finite; half an interval, or one upside
            down.
    """
    where = f"{figure.name!r} of lesson {figure.lesson}"
    require_text(figure.lesson, "a figure needs a lesson")
    require_text(figure.name, "a figure needs a name")
    if (figure.low is None) != (figure.high is None):
        raise ValueError(f"{where}: give both ends of the interval, or neither")
    low, high = (
        None if end is None else finite_number(end, f"an end of the interval of {where}")
        for end in (figure.low, figure.high)
    )
    if low is not None and low > high:
        raise ValueError(f"{where}: the interval [{low}, {high}] is upside down")
    count = None if figure.n is None else int(figure.n)
    return replace(figure, value=finite_number(figure.value, where), low=low, high=high, n=count)


def finite_number(value: object, what: str) -> float:
    """The value as a finite number.

    Raises:
        ValueError: it is none; `what` says what it stands for.
    """
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{what}: a finite number is needed, not {value!r}")
    return number


def require_text(text: object, complaint: str) -> None:
    """Check that there is a text and that it is not blank.

    Raises:
        ValueError: there is none, with the complaint.
    """
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{complaint}, not {text!r}")
