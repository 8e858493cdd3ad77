"""Which global names a piece of code binds and uses, read without running it.

What it leaves out: names that code makes up while it runs (`globals()["x"] = 1`, `exec`).
"""

import symtable


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
