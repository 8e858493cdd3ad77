"""The one kind of error that a person can put right.

`runtime` passes it on: the rest of the package imports it from there.
"""


class CourseError(Exception):
    """Something a person can put right. Its text says what was wrong and what to do next."""
