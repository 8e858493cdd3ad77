"""The table of claims that lesson 05 was saved with is the one that the shipped figures give."""

import html
import json
import re

from ftrag_helpers.environment import runtime
from ftrag_helpers.journal import claims, measurements

LESSON = runtime.course_root() / "notebooks" / "05_fine_tuning_vs_rag.ipynb"
COMPARED = ("id", "claim", "lesson", "verdict", "because")


def saved_rows():
    """The rows of the table in the saved lesson, as texts; whose the figures were is left out."""
    cells = json.loads(LESSON.read_text("utf-8"))["cells"]
    [cell] = [cell for cell in cells if "claims.as_html" in "".join(cell["source"])]
    [page] = ["".join(o["data"]["text/html"]) for o in cell["outputs"] if "data" in o]
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.S)[1:]
    texts = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in rows)
    return [tuple(map(html.unescape, row[: len(COMPARED)])) for row in texts]


def test_the_saved_table_of_claims_is_that_of_the_shipped_figures():
    shipped = claims.table({"figures": {}}, measurements.reference())
    assert saved_rows() == [tuple(getattr(row, name) for name in COMPARED) for row in shipped]
