"""The whole path of a prompt through the model in one picture: text, tokens, embeddings, layers
with one head's attention, logits, probabilities, next token.

`show` displays the picture, which nbval compares and a printed page keeps, and below it a widget
that stands in for it on the screen while it works. `html` is the same widget for a page without a
kernel. What it leaves out: computing answers of more than one token.
"""

from pathlib import Path

from ftrag_helpers.notebook import plots, rendering, widgets
from ftrag_helpers.notebook.stations import picture, wording
from ftrag_helpers.notebook.stations.tracing import NextToken, Trace, trace  # noqa: F401

#: The key of the widget's data in the metadata of the picture's output.
PATH = "ftrag_prompt_path"
_STATIC = Path(__file__).with_name("stations") / "static"
_TEMPLATE = "notebook/stations/templates/prompt_path.html.j2"


def show(lm, text: str, *, layer: int | None = None, head: int | None = None) -> None:
    """Display the path of a text: the picture, and in JupyterLab the widget in its place.

    Args:
        lm: the language model, with `model` and `tokenizer`.
        text: the text to continue, at most 24 tokens.
        layer: the layer (from 0) whose attention is drawn first.
        head: its head (from 0). Without both it is the head that looks most at the previous token.

    Raises:
        ValueError: the text is empty or too long, or the model has no such layer or head.
    """
    from IPython.display import display

    from ftrag_helpers.notebook.stations import live

    path = trace(lm, text)
    layer, head = chosen(path, layer, head)
    alt = wording.alt(path, layer, head)
    data, metadata = plots.bundle(picture.draw(path, layer, head), alt, **picture.SMALL)
    view = live.PromptPath(lm, path, layer, head)
    data["text/html"] = rendering.fragment(
        _TEMPLATE, "hidden_by", data["image/png"], metadata["image/png"]["width"], alt, view.picture
    )
    del data["image/png"]  # once is enough for the largest picture of the course
    # A page without a kernel draws the widget from it (`html`); tests do not compare metadata.
    metadata[PATH] = wording.payload(path, layer, head)
    display(data, metadata=metadata, raw=True)
    widgets.show_widget(
        view, "[Run this cell in JupyterLab to try other texts, layers, heads and temperatures]"
    )


def html(trace: Trace, *, layer: int | None = None, head: int | None = None) -> str:
    """A fragment of HTML with its own style, script and data, for a page without a kernel.

    Layer, head, temperature and the next token can be chosen; another text needs JupyterLab. It
    fetches nothing. Where scripts do not run, the path stands there in words.

    Args:
        trace: the path to show.
        layer: the layer (from 0) to begin with.
        head: its head. Without both it is the head that looks most at the previous token.

    Raises:
        ValueError: the trace has no such layer or head.
    """
    layer, head = chosen(trace, layer, head)
    return fixed(wording.payload(trace, layer, head), wording.alt(trace, layer, head))


def fixed(data: dict, words: str) -> str:
    """The fragment of `html` from a stored output: its `PATH` metadata and alternative text."""
    return rendering.render(
        _TEMPLATE,
        style=(_STATIC / "prompt_path.css").read_text("utf-8"),
        script=(_STATIC / "prompt_path.js").read_text("utf-8"),
        data=data,
        words=words,
    )


def chosen(trace: Trace, layer: int | None, head: int | None) -> tuple[int, int]:
    """The layer and the head to begin with: those named, or the head that looks most at the
    previous token.

    Raises:
        ValueError: only one of them is named, or the trace has no such layer or head.
    """
    if (layer is None) != (head is None):
        raise ValueError("name both layer and head, or neither")
    if layer is None:
        return trace.one_back()
    trace.weights(layer, head)  # is there one?
    return layer, head
