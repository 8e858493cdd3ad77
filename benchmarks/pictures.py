"""The pictures of the README: figures from the stored outputs, written to docs/pictures/.

    python benchmarks/pictures.py

Run it after the lessons were saved: a test compares the pictures with the outputs.
"""

import base64
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "pictures"
#: File name, notebook and cell of each picture.
PICTURES = {
    "chart.png": ("05_fine_tuning_vs_rag", "chart"),
    "lesson_05.png": ("05_fine_tuning_vs_rag", "two-by-two-figure"),
}


def picture(notebook: str, cell: str) -> bytes:
    """The PNG of a cell's stored output.

    Raises:
        SystemExit: the notebook has no such cell, or the cell no picture.
    """
    path = ROOT / "notebooks" / f"{notebook}.ipynb"
    for one in json.loads(path.read_text("utf-8"))["cells"]:
        for output in one.get("outputs", []) if one["id"] == cell else []:
            if "image/png" in output.get("data", {}):
                return base64.b64decode("".join(output["data"]["image/png"]))
    raise SystemExit(f"{path.name} has no picture in the output of cell {cell!r}.")


def main() -> None:
    """Write every picture."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name, source in PICTURES.items():
        (OUT / name).write_bytes(picture(*source))


if __name__ == "__main__":
    main()
