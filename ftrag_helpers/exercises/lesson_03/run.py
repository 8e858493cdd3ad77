"""What runs beside the learner's code in exercise 3, where `calls` is not enough."""

from collections.abc import Callable

from ftrag_helpers.exercises.checking import CheckFailed, calls

_MASKED = (
    "-100 is no token: it marks the places that are not learned, so leave them out before you look"
    " for the logit of a label"
)
_LAST = (
    "the logits at the last place of a row have no label after them, so stop one place before the"
    " end"
)


def masked_loss(answer: object, inputs: list) -> list:
    """As `calls`; where -100 was taken for a token's number, or a label was looked for after the
    last one, the message says so.
    """
    try:
        return calls(answer, inputs)
    except (IndexError, RuntimeError, KeyError, ValueError):
        said = next((text for change, text in _CHANGES if _runs(answer, inputs, change)), "")
        if not said:
            raise
    raise CheckFailed(said)


def _unmasked(row: list) -> list:
    return [max(label, 0) for label in row]


class _Longer(list):
    """A row whose place after the last one holds a label; its length is as it was."""

    label = -100

    def __getitem__(self, place):
        return self.label if place == len(self) else super().__getitem__(place)


class _LongerUnmasked(_Longer):
    label = 0


#: How the labels of a row are changed for a try, and what is said where the code runs then.
_CHANGES: tuple[tuple[Callable[[list], list], str], ...] = (
    (_unmasked, f"your code stops at a label of -100, and runs where there is none. {_MASKED}"),
    (_Longer, f"your code looks for a label after the last one: {_LAST}"),
    (
        lambda row: _LongerUnmasked(_unmasked(row)),
        f"your code looks for a label after the last one: {_LAST}. It also stops at a label of"
        f" -100: {_MASKED}",
    ),
)


def _runs(answer: object, inputs: list, change: Callable[[list], list]) -> bool:
    """Whether the code runs where every row of labels is changed."""
    try:
        calls(answer, [[logits, [change(row) for row in labels]] for logits, labels in inputs])
    except Exception:  # noqa: BLE001 (then it is not this alone)
        return False
    return True
