"""The path of a prompt as a widget: the model in the kernel answers what its JavaScript asks for.

What it leaves out: drawing, which the JavaScript does alone, from the data of `wording.payload`.
"""

import hashlib
from pathlib import Path

import anywidget
import traitlets

from ftrag_helpers.notebook.stations import tracing, wording
from ftrag_helpers.notebook.stations.tracing import Trace

_STATIC = Path(__file__).with_name("static")


class PromptPath(anywidget.AnyWidget):
    """The widget; `picture` is the class of the picture that it stands in for.

    It understands two messages: {"text": "…"} follows another text, {"token": id} appends a token.
    """

    # Read as text: a path would be watched for changes while the course is developed.
    _esm = (_STATIC / "prompt_path.js").read_text("utf-8")
    _css = (_STATIC / "prompt_path.css").read_text("utf-8")
    data = traitlets.Dict().tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)

    def __init__(self, lm, trace: Trace, layer: int, head: int):
        self._lm, self._trace, self._start = lm, trace, (layer, head)
        # The same text and head give the same name, so that a notebook is saved twice alike.
        key = repr((trace.ids, layer, head)).encode()
        name = f"ftrag-path-{hashlib.sha256(key).hexdigest()[:8]}"
        super().__init__(data=wording.payload(trace, layer, head), picture=name)
        self.on_msg(lambda _widget, content, _buffers: self.answer(content))

    def answer(self, message: dict) -> None:
        """Follow another text, or append a token, and send {"problem": "…"}: empty, or what went
        wrong.
        """
        try:
            if "token" in message:
                trace = tracing.trace_ids(self._lm, [*self._trace.ids, int(message["token"])])
            else:
                trace = tracing.trace(self._lm, str(message["text"]))
        except Exception as error:  # noqa: BLE001 (whatever goes wrong, the learner must see it)
            known = isinstance(error, ValueError)
            self.send({"problem": str(error) if known else f"{type(error).__name__}: {error}"})
            return
        self._trace, self.data = trace, wording.payload(trace, *self._start)
        self.send({"problem": ""})
