"""What runs beside the learner's code in exercise 3, where `calls` is not enough."""

from ftrag_helpers.exercises.checking import CheckFailed, calls


def masked_loss(answer: object, inputs: list) -> list:
    """As `calls`; where -100 was taken for a token's number, the message says so."""
    try:
        return calls(answer, inputs)
    except (IndexError, RuntimeError, KeyError, ValueError):
        unmasked = [
            [logits, [[max(label, 0) for label in row] for row in labels]]
            for logits, labels in inputs
        ]
        try:
            calls(answer, unmasked)
        except Exception:  # noqa: BLE001 (then it is not the -100 alone)
            unmasked = []
        if not unmasked:
            raise
    raise CheckFailed(
        "your code stops at a label of -100, and runs where there is none. -100 is no token: it marks the places that are not learned, so leave them out before you look for the logit of a label"
    )
