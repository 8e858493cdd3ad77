"""Metadata filters as Chroma reads them, in the part of its language that the course uses: for task
4.3.

Level 3. A filter is plain data, so a judge can read one without a store; a test compares both with
Chroma itself. What it leaves out: which filter a task wants.
"""

from ftrag_helpers.checks.values import shown

_FIELDS = ("branch", "shelf", "date", "title", "document_id")


def filter_problem(where: object, depth: int = 5) -> str:
    """Why Chroma would not take a metadata filter, or "" if it does (in the part of its language
    that the course uses).
    """
    if not isinstance(where, dict):
        return f"expected a filter, which is a dictionary, got {shown(where)}"
    if not depth:
        return "the conditions are nested deeper than needed"
    if len(where) != 1:
        return (
            f"Chroma takes one condition at a time, and {shown(where)} holds {len(where)}. Several"
            ' go into a list under "$and" or "$or"'
        )
    ((key, value),) = where.items()
    if key in ("$and", "$or"):
        if not isinstance(value, list) or len(value) < 2:
            return f"{key} wants a list of two conditions or more, got {shown(value)}"
        return next(filter(None, (filter_problem(part, depth - 1) for part in value)), "")
    if key not in _FIELDS:
        return f"a passage has no field {key!r}; it has {', '.join(_FIELDS)}"
    return _operator_problem(key, value)


def _operator_problem(field: str, value: object) -> str:
    if isinstance(value, str):
        return ""
    if isinstance(value, list):
        return (
            f'a list stands for nothing by itself: {{"{field}": {{"$in": [...]}}}} lets several'
            " values through"
        )
    if not isinstance(value, dict) or len(value) != 1:
        return f"{field!r} wants a text or one operator, got {shown(value)}"
    ((operator, operand),) = value.items()
    if operator in ("$eq", "$ne"):
        return "" if isinstance(operand, str) else f"{operator} wants a text, got {shown(operand)}"
    if operator not in ("$in", "$nin"):
        return f"the operators for texts are $eq, $ne, $in and $nin, not {operator!r}"
    texts = isinstance(operand, list) and operand and all(isinstance(item, str) for item in operand)
    return (
        "" if texts else f"{operator} wants a list of texts that is not empty, got {shown(operand)}"
    )


def lets_through(where: dict, page: dict) -> bool:
    """Whether a filter without `filter_problem` lets a page through, a dictionary from fields to
    texts.
    """
    ((key, value),) = where.items()
    if key in ("$and", "$or"):
        return (all if key == "$and" else any)(lets_through(part, page) for part in value)
    ((operator, operand),) = value.items() if isinstance(value, dict) else (("$eq", value),)
    held = page.get(key, "")
    found = held == operand if operator in ("$eq", "$ne") else held in operand
    return found == (operator in ("$eq", "$in"))


def operands(where: dict, field: str) -> list[str]:
    """The texts that a filter without `filter_problem` lets a field be; what it shuts out is not
    among them.
    """
    ((key, value),) = where.items()
    if key in ("$and", "$or"):
        return [text for part in value for text in operands(part, field)]
    if key != field:
        return []
    operator, operand = next(iter(value.items())) if isinstance(value, dict) else ("$eq", value)
    return {"$eq": [operand], "$in": operand}.get(operator, [])
