"""Plain values, which pass from the learner's code to the judge, and what a message says of them.

Whatever an answer returns is turned into JSON's types (`to_json`); a judge then looks at
those alone. What this module leaves out: which values are right.
"""

from collections import deque
from collections.abc import Iterator, KeysView, ValuesView
from decimal import Decimal
from fractions import Fraction
from itertools import islice

#: The key that marks a value without a plain form: {NOT_PLAIN: "set"}.
NOT_PLAIN = "not a plain value"
_DEPTH = 12
#: What hands its items out one by one and in an order: as good as a list of them. (A set has no
#: order.)
_ONE_BY_ONE = (Iterator, range, deque, KeysView, ValuesView)
_ENDLESS = 100_000


def to_json(value: object, depth: int = _DEPTH) -> object:
    """The value in JSON's types: arrays, tensors, tuples and generators as lists, fractions and
    decimals as floats, keys as texts; the rest is marked.

    >>> to_json({1: (2, 3.5)}), to_json(iter("ab")), to_json({3})
    ({'1': [2, 3.5]}, ['a', 'b'], {'not a plain value': 'set'})
    """
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, (Fraction, Decimal)):
        return float(value)
    if hasattr(value, "tolist") and not isinstance(value, type):
        value = value.tolist()  # numpy, torch, pandas
        return to_json(value, depth - 1) if depth else {NOT_PLAIN: "too deep"}
    if isinstance(value, _ONE_BY_ONE):
        value = list(islice(value, _ENDLESS))
    if isinstance(value, (list, tuple, dict)) and not depth:
        return {NOT_PLAIN: "too deep"}
    if isinstance(value, (list, tuple)):
        return [to_json(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json(item, depth - 1) for key, item in value.items()}
    return {NOT_PLAIN: type(value).__name__}


def is_number(value: object) -> bool:
    """True for a finite int or float; False for True, NaN and "3"."""
    return (
        type(value) in (int, float) and abs(value) < 1e300
    )  # a NaN is not smaller; a huge int is no float


def float_remark(value: object) -> str:
    """What to say of a whole number that is a float where a place in a list is wanted; else "".

    >>> float_remark(2), float_remark(2.5), float_remark(2.0)
    ('', '', '. 2.0 is a float and cannot be a place in a list: int() makes a whole number of it')
    """
    if type(value) is not float or not value.is_integer():
        return ""
    return f". {value} is a float and cannot be a place in a list: int() makes a whole number of it"


def number_problem(value: object) -> str:
    """Why a value is no finite number, or "" if it is one."""
    return (
        ""
        if is_number(value)
        else f"expected a number, got {format_value(value)}{_without_return(value)}"
    )


def numbers_problem(value: object, length: int) -> str:
    """Why a value is no list of `length` finite numbers, or "" if it is one."""
    if not isinstance(value, list):
        return (
            f"expected a list of {length} numbers, got"
            f" {format_value(value)}{_without_return(value)}"
        )
    if len(value) != length:
        return f"expected a list of {length} numbers, got {len(value)}: {format_value(value)}"
    bad = next((i for i, item in enumerate(value) if not is_number(item)), None)
    return (
        ""
        if bad is None
        else f"expected numbers only, but item {bad} of the list is {format_value(value[bad])}"
    )


def format_value(value: object, width: int = 80) -> str:
    """An observed value as a message shows it: floats to 4 digits, long ones cut.

    >>> format_value([1/3, "a"]), format_value({NOT_PLAIN: "set"})
    ("[0.3333, 'a']", 'a set object')
    """
    if isinstance(value, dict) and set(value) == {NOT_PLAIN}:
        return f"a {value[NOT_PLAIN]} object"
    text = repr(_rounded(value))
    return text if len(text) <= width else text[: width - 2] + " …"


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return (
        {key: _rounded(item) for key, item in value.items()} if isinstance(value, dict) else value
    )


def _without_return(value: object) -> str:
    return ". Does the function end with return?" if value is None else ""
