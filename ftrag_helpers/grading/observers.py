"""A lesson's checks without their judges: the part of a check module that may lie beside a
learner's code.

The modules of `checks` hold cases, judges and the helpers with which a judge works out
what is right. In the sandbox only `observe` is needed, so everything that no `observe` reaches is
cut away: otherwise an answer could call the judge's own helper. What this module leaves out:
running anything.
"""

import ast

from ftrag_helpers.errors import CourseError
from ftrag_helpers.grading.names import global_names

_PLACES = ("id", "title", "points", "hints", "cases", "observe", "judge", "timeout")
#: Modules of `checks` that hold no expectation, and so are whole in the sandbox.
OPEN = ("ftrag_helpers.exercises.checking", "ftrag_helpers.exercises.values")
_PACKAGES = tuple(f"ftrag_helpers.exercises{name}" for name in ("", ".lessons", ".fixtures"))
# A learner's cell may still call `check.hint("1.1")` or a check: there is nothing to say in the
# sandbox.
_REST = """

def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *_args, **_more: None
"""


def cut(source: str, name: str) -> str:
    """The module's source with `OBSERVE = {task id: observe}` and only what these functions reach.

    Raises:
        CourseError: a `Task(...)` is not written so that its parts can be told apart.
    """
    tree = ast.parse(source)
    observe = dict(_parts(call, name) for call in ast.walk(tree) if _is_task(call))
    if not observe:
        raise CourseError(f"{name} defines no Task(...), so nothing can be graded with it.")
    kept = _reached(tree.body, {name for node in observe.values() for name in _names(node)[1]})
    table = ast.Assign(
        [ast.Name("OBSERVE", ast.Store())],
        ast.Dict([ast.Constant(key) for key in observe], list(observe.values())),
    )
    return ast.unparse(ast.fix_missing_locations(ast.Module([*kept, table], []))) + _REST


def beside(source: str) -> set[str]:
    """The modules of `checks`, other than the open ones, that a source imports from."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module
            and node.module.startswith(_PACKAGES[0])
        ):
            if node.module in _PACKAGES:
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
            else:
                names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {
                alias.name for alias in node.names if alias.name.startswith(f"{_PACKAGES[0]}.")
            }
    return names - set(OPEN)


def _is_task(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and (
        getattr(node.func, "id", "") == "Task" or getattr(node.func, "attr", "") == "Task"
    )


def _parts(call: ast.Call, name: str) -> tuple[str, ast.expr]:
    given = dict(zip(_PLACES, call.args, strict=False)) | {
        word.arg: word.value for word in call.keywords
    }
    task_id = getattr(given.get("id"), "value", None)
    if (
        not isinstance(task_id, str)
        or "observe" not in given
        or any(isinstance(a, ast.Starred) for a in call.args)
    ):
        raise CourseError(
            f"Line {call.lineno} of {name}: write the Task's id as a text and name its observe"
            " function, so that the grader can take observe alone into the sandbox."
        )
    return task_id, given["observe"]


def _reached(body: list[ast.stmt], wanted: set[str]) -> list[ast.stmt]:
    """The module's statements that bind a wanted name, and those that these need, in their
    order.
    """
    kept: set[int] = set()
    names = [_names(node) for node in body]
    while True:
        new = [i for i in range(len(body)) if i not in kept and names[i][0] & wanted]
        if not new:
            return [
                _only(node, wanted) for i, node in enumerate(body) if i in kept or _is_future(node)
            ]
        kept.update(new)
        wanted = wanted.union(*(names[i][1] for i in new))


def _only(node: ast.stmt, wanted: set[str]) -> ast.stmt:
    if not isinstance(node, (ast.Import, ast.ImportFrom)) or _is_future(node):
        return node
    kept = [alias for alias in node.names if (alias.asname or alias.name.split(".")[0]) in wanted]
    return (
        ast.ImportFrom(node.module, kept, node.level)
        if isinstance(node, ast.ImportFrom)
        else ast.Import(kept)
    )


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _names(node: ast.stmt | ast.expr) -> tuple[set[str], set[str]]:
    # A variable of a comprehension or of a function's inside is not the module's, though it may be
    # called the same.
    return global_names(ast.unparse(node))
