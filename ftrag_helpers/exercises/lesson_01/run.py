"""What runs beside the learner's code in exercise 1, where `calls` is not enough."""

from ftrag_helpers.exercises.checking import CheckFailed, calls

TOO_LARGE = "exp() of such a logit is too large for a computer; what may be taken from every logit, before the division by the temperature, without changing the result?"
TOO_SMALL = "exp() of each such logit is 0 for a computer; what may be taken from every logit, before the division by the temperature, without changing the result?"
#: Logits beyond this cannot go into exp() as they are.
FAR = 500


def soften(answer: object, inputs: list) -> list:
    """As `calls`; an exp() that stops the code where NumPy's gives inf or 0 leads to the same
    question.
    """
    near = calls(answer, [case for case in inputs if abs(case[0][0]) < FAR])
    return near + [_far_call(answer, case) for case in inputs if abs(case[0][0]) >= FAR]


def _far_call(answer: object, case: list) -> object:
    try:
        return calls(answer, [case])[0]
    except OverflowError:
        raise CheckFailed(
            f"for logits near 1000 your code stopped with OverflowError. {TOO_LARGE}"
        ) from None
    except ZeroDivisionError:
        raise CheckFailed(
            f"for logits near -1000 your code stopped with ZeroDivisionError. {TOO_SMALL}"
        ) from None
