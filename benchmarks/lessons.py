"""How long each lesson computes, and how much memory it needs: writes notebooks/timings.json.

    python benchmarks/lessons.py [NAME …]             measure (default: all lessons; a minute or
    more each) python benchmarks/lessons.py --save [NAME …]      run the lessons, and the solutions
    of that name, and keep their outputs

Measuring leaves the notebooks as they are. Their first cell prints the figures written here, so
measure on an otherwise idle machine, then save. What is saved holds no times of execution and no
live widgets, whose kernel is gone: a reader's JupyterLab would say "model not found" in their
place.
"""

import json
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from ftrag_helpers.environment import runtime

ROOT = Path(__file__).resolve().parent.parent
TIMINGS = ROOT / "notebooks" / "timings.json"


def measure(path: Path) -> dict:
    """Wall seconds of all code cells and the kernel's peak memory in GB."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(
        nbformat.v4.new_code_cell(
            "from ftrag_helpers.environment import runtime as"
            " _runtime\nprint(_runtime.peak_memory_gb())"
        )
    )
    client = NotebookClient(
        notebook, timeout=1800, resources={"metadata": {"path": str(path.parent)}}
    )
    with client.setup_kernel():
        started = time.perf_counter()
        for number, cell in enumerate(notebook.cells):
            client.execute_cell(cell, number)
        seconds = time.perf_counter() - started
    return {
        "cores": os.cpu_count(),
        "seconds": round(seconds),
        "peak_gb": round(float(notebook.cells[-1].outputs[0].text), 1),
    }


def save(path: Path) -> None:
    """Run a lesson in place and keep its outputs, less what no other run could repeat."""
    notebook = nbformat.read(path, as_version=4)
    # Which prints fall into one message hangs on the moment; joined, a second run writes the same
    # file.
    NotebookClient(
        notebook,
        timeout=1800,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    notebook.metadata = {
        "kernelspec": notebook.metadata["kernelspec"],
        "language_info": {"name": "python"},
    }
    nbformat.write(notebook, path)


def main(arguments: list[str]) -> None:
    """Measure, or save, the named lessons, or all; the figures of the others stay."""
    runtime.prepare_notebook()
    names = [name for name in arguments if name != "--save"]
    os.environ["FTRAG_COMPUTE_CACHE"] = "off"  # both are a learner's first run
    if "--save" in arguments:
        # What is run here is nobody's progress.
        os.environ |= {
            "FTRAG_PROGRESS": "off",
            "FTRAG_RESULTS": str(runtime.cache_dir() / "reference-run"),
        }
        for path in sorted(
            [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "solutions").glob("*.ipynb")]
        ):
            if not names or path.stem in names:
                save(path)
        return
    timings = json.loads(TIMINGS.read_text("utf-8")) if TIMINGS.exists() else {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if not names or path.stem in names:
            timings[path.stem] = measure(path)
            print(
                path.stem,
                timings[path.stem],
                "load",
                os.getloadavg()[0] if hasattr(os, "getloadavg") else "",
                flush=True,
            )
            TIMINGS.write_text(json.dumps(timings, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
