"""Notes to the learner about two things that a notebook does not show: cells run out of order, and
a kernel that is older than the course's code.

`watch` hooks into IPython. After each cell it looks at the notebook on disk, whose path JupyterLab
tells, and prints a note where cells above were left out. It changes nothing, and says nothing where
no notebook or no cell is known, as under nbval.
"""

import json
import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
UPDATED = (
    "Note: the course's code has changed since this kernel started, and the kernel still holds the"
    " old one.\nChoose Kernel → Restart Kernel and Run All Cells."
)


class Watcher:
    """What was run in this kernel so far, and what there is to say about it."""

    def __init__(self, notebook: Path):
        self.notebook, self.run, self.told = notebook, set(), set()
        self.started = newest_change()

    def after(self, cell_id: str) -> str:
        """The note after the cell of this id was run; empty where there is none, or it was said."""
        notes = []
        order = code_cells(self.notebook)
        if cell_id in order:
            self.run.add(cell_id)
            place = order.index(cell_id)
            missing = [n for n, other in enumerate(order[:place], 1) if other not in self.run]
            new = [n for n in missing if order[n - 1] not in self.told]
            if new:
                self.told.update(order[n - 1] for n in missing)
                notes.append(out_of_order(missing))
        if newest_change() > self.started and UPDATED not in self.told:
            self.told.add(UPDATED)
            notes.append(UPDATED)
        return "\n".join(notes)


def out_of_order(missing: list[int]) -> str:
    """The note on code cells above, counted from 1, that were not run in this kernel."""
    if len(missing) == 1:
        which = f"code cell {missing[0]} of this page was"
    else:
        which = f"{len(missing)} code cells above (the first is number {missing[0]}) were"
    return (
        f"Note: {which} not run since the kernel started.\nIf something is missing or looks odd:"
        " Run → Run All Above Selected Cell, then this cell again."
    )


def code_cells(notebook: Path) -> list[str]:
    """The ids of the notebook's code cells, in order; empty where it cannot be read."""
    try:
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
        return [cell["id"] for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def newest_change() -> float:
    """When a module of the package was changed last, in seconds since 1970."""
    return max(path.stat().st_mtime for path in _PACKAGE.rglob("*.py"))


def watch() -> None:
    """Print the notes after each cell of the notebook that runs here; may be called again."""
    from IPython import get_ipython

    shell, path = get_ipython(), os.environ.get("JPY_SESSION_NAME", "")
    if shell is None or not path.endswith(".ipynb") or hasattr(shell, "ftrag_watcher"):
        return
    shell.ftrag_watcher = Watcher(Path(path))
    first = _cell_id(shell)  # the cell that called: its own end comes after this
    if first:
        shell.ftrag_watcher.run.add(first)

    def after_cell(_result) -> None:
        note = shell.ftrag_watcher.after(_cell_id(shell))
        if note:
            print(note)

    shell.events.register("post_run_cell", after_cell)


def _cell_id(shell) -> str:
    parent = getattr(shell, "get_parent", dict)() or {}
    return parent.get("metadata", {}).get("cellId", "")
