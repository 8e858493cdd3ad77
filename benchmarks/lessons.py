"""How long each lesson computes, and how much memory it needs: writes notebooks/timings.json.

    python benchmarks/lessons.py [NAME …]      (default: all lessons; a minute or two each)

Runs copies of the notebooks; the notebooks themselves stay as they are. Their second cell prints the figures
written here, so run it on an otherwise idle machine, and re-run the lessons after it.
"""

import json
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
TIMINGS = ROOT / "notebooks" / "timings.json"


def measure(path: Path) -> dict:
    """Wall seconds of all code cells and the kernel's peak memory in GB."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(
        "from ftrag_helpers import runtime as _runtime\nprint(_runtime.peak_memory_gb())"))
    client = NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": str(path.parent)}})
    with client.setup_kernel():
        started = time.perf_counter()
        for number, cell in enumerate(notebook.cells):
            client.execute_cell(cell, number)
        seconds = time.perf_counter() - started
    return {"cores": os.cpu_count(), "seconds": round(seconds), "peak_gb": round(float(notebook.cells[-1].outputs[0].text), 1)}


def main(names: list[str]) -> None:
    """Measure the named lessons, or all, and keep the figures of the others."""
    timings = json.loads(TIMINGS.read_text("utf-8")) if TIMINGS.exists() else {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if not names or path.stem in names:
            timings[path.stem] = measure(path)
            print(path.stem, timings[path.stem], "load", os.getloadavg()[0] if hasattr(os, "getloadavg") else "", flush=True)
            TIMINGS.write_text(json.dumps(timings, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
