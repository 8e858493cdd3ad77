"""Which global names a piece of code binds and uses, read without running it.

What it leaves out: names that code makes up while it runs (`globals()["x"] = 1`, `exec`).
"""

import ast
import re
import symtable
from collections.abc import Iterable

#: Words of code that can reach any name, so that nothing can be passed over.
# A method eval() is a network's own, and reaches no names.
_DYNAMIC = re.compile(
    r"\b(get_ipython|globals|locals|vars|(?<!\.)eval|exec|user_ns|__main__|__dict__|import \*)"
)
_WORD = re.compile(r"[^\W\d]\w*")
_NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)


def global_names(source: str, filename: str = "<cell>") -> tuple[set[str], set[str]]:
    """(names bound, names used) at the top of a source and, as globals, in the functions, classes
    and comprehensions in it.

    Raises:
        SyntaxError, ValueError: the source is no Python.
    """
    return _globals(symtable.symtable(source, filename, "exec"), top=True)


def _globals(table: symtable.SymbolTable, top: bool) -> tuple[set[str], set[str]]:
    bound, used = set(), set()
    for symbol in table.get_symbols():
        if top or symbol.is_global():
            if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
                bound.add(symbol.get_name())
            if symbol.is_referenced():
                used.add(symbol.get_name())
    for inner in table.get_children():
        more_bound, more_used = _globals(inner, top=False)
        bound, used = bound | more_bound, used | more_used
    return bound, used


def is_python(source: str) -> bool:
    """Whether a text is plain Python with a statement in it."""
    try:
        return bool(ast.parse(source).body)
    except _NO_PYTHON:
        return False


def independent(sources: list[str], others: list[str]) -> bool:
    """True if no source uses a name that one of the others binds, and none can reach names in other
    ways.
    """
    if any(map(_DYNAMIC.search, sources)):
        return False
    bound = set().union(*(global_names(source)[0] for source in others))
    used = set().union(*map(_used, sources))
    both = set(_imports(others)) & set(_imports(sources))  # the same import twice is no dependence
    return (used & bound) <= {name for name, _what in both}


def _used(source: str) -> set[str]:
    """Global names that a cell may use: every word of a line of IPython's own, and of a cell that
    is no plain Python.
    """
    special = [line for line in source.splitlines() if line.lstrip().startswith(("%", "!"))]
    plain = "\n".join(line for line in source.splitlines() if line not in special)
    try:
        changed = {
            node.id
            for place in ast.walk(ast.parse(plain))
            if isinstance(place, (ast.AugAssign, ast.Delete))
            for node in ast.walk(place)
            if isinstance(node, ast.Name)
        }
        bound, used = global_names(plain)
        return used | (changed & bound) | set(_WORD.findall(" ".join(special)))
    except _NO_PYTHON:
        return set(_WORD.findall(source))


def _imports(sources: Iterable[str]) -> list[tuple[str, str]]:
    """(name, what it stands for) of every import in the sources that are plain Python."""
    return [
        (alias.asname or alias.name.split(".")[0], f"{getattr(node, 'module', '')}:{alias.name}")
        for source in filter(is_python, sources)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    ]
