"""What runs beside the learner's code in the small exercise."""


def look(value: object, inputs: list) -> object:
    """The answer itself."""
    return value
