"""Controls over pure functions, for trying things out in a lesson.

`explore` shows what a function returns for its starting values, as an ordinary output that
nbval compares and a printed page keeps, and above it the controls. Moving a control replaces that
same output, so that nothing stands there twice. What it leaves out: anything that a function
computes or draws.
"""

from collections.abc import Callable

from ftrag_helpers.notebook import plots, rendering
from ftrag_helpers.notebook.wrapping import wrapped

#: (low, high, step, start) makes a slider, a list a menu, a text a text box, True or False a tick
#: box.
Control = tuple | list | str | bool


def explore(function: Callable, /, **controls: Control) -> None:
    """Display the controls and `function(**values)`, which follows them.

    The function returns a text, or (figure, text); the text then is also the figure's alternative
    text. An error that a value causes is shown in the text's place and goes with the next value.

    Raises:
        ValueError: a control is none of the four kinds.
    """
    from IPython.display import display

    boxes = {name: _box(name, control) for name, control in controls.items()}
    start = {name: box.value for name, box in boxes.items()}
    first = bundles(function(**start))
    _show_controls(boxes)
    shown = [
        display(data, metadata=metadata, raw=True, display_id=True) for data, metadata in first
    ]

    def follow(_change) -> None:
        try:
            now = bundles(function(**{name: box.value for name, box in boxes.items()}))
        except Exception as error:  # noqa: BLE001 (whatever goes wrong, the learner must see it)
            now = [({"text/plain": f"{type(error).__name__}: {error}"}, {})]
        # An error has no picture: then the picture stays, and the text, which comes last, tells.
        for handle, (data, metadata) in zip(shown[-len(now) :], now, strict=False):
            if handle is not None:
                handle.update(data, metadata=metadata, raw=True)

    for box in boxes.values():
        box.observe(follow, names="value")


def bundles(result: object) -> list[tuple[dict, dict]]:
    """The outputs, as (data, metadata), that show a result: a text, or (figure, text).

    Raises:
        ValueError: the result is neither.
    """
    if isinstance(result, str):
        return [({"text/plain": wrapped(result)}, {})]
    if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], str):
        return [plots.bundle(*result), ({"text/plain": wrapped(result[1])}, {})]
    raise ValueError(
        f"a function to explore returns a text, or (figure, text), not {type(result).__name__}"
    )


def _box(name: str, control: Control):
    """The control's widget, labelled with the parameter's name."""
    import ipywidgets

    # Without the style, JupyterLab cuts a label off after some twelve letters.
    look = {"description": name.replace("_", " "), "style": {"description_width": "initial"}}
    if isinstance(control, bool):
        return ipywidgets.Checkbox(value=control, indent=False, **look)
    if isinstance(control, str):
        return ipywidgets.Text(value=control, layout={"width": "95%"}, **look)
    if isinstance(control, list) and control:
        return ipywidgets.Dropdown(options=control, value=control[0], **look)
    if isinstance(control, tuple) and len(control) == 4:
        low, high, step, start = control
        whole = all(isinstance(number, int) for number in control)
        kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
        # Only where the slider comes to rest: a drag would queue a computation for each pixel.
        return kind(
            value=start,
            min=low,
            max=high,
            step=step,
            continuous_update=False,
            layout={"width": "26em"},
            **look,
        )
    raise ValueError(
        f"control {name}={control!r}: give (low, high, step, start), a list, a text, True or False"
    )


def guess(names: list[str], keep: Callable[[str, float], object], *, start: float = 0.5) -> None:
    """Display a slider from 0 to 1 for each name; a guess is handed to `keep(name, value)` when its
    slider is moved.

    What was never moved is no guess and is not kept.
    """
    boxes = {name: _box(name, (0.0, 1.0, 0.05, start)) for name in names}
    for name, box in boxes.items():
        box.style.description_width, box.layout.width = "16em", "34em"
        box.observe(lambda change, name=name: keep(name, change["new"]), names="value")
    _show_controls(boxes)


def decide(
    scenarios: list[str], choices: list[str], keep: Callable[[str, str, str], object]
) -> None:
    """Display, for each scenario, a menu of choices and a line for the reason; both are handed to
    `keep(scenario, choice, reason)` as soon as a choice is made, and again when the reason changes.
    """
    import ipywidgets

    boxes = {}
    for scenario in scenarios:
        menu = ipywidgets.Dropdown(
            options=[("choose …", ""), *((c, c) for c in choices)],
            description=scenario,
            style={"description_width": "19em"},
            layout={"width": "36em"},
        )
        reason = ipywidgets.Text(
            placeholder="because …", continuous_update=False, layout={"width": "24em"}
        )

        def note(_change, scenario=scenario, menu=menu, reason=reason) -> None:
            if menu.value:
                keep(scenario, menu.value, reason.value)

        menu.observe(note, names="value")
        reason.observe(note, names="value")
        boxes[scenario] = (menu, reason)
    rows = ipywidgets.VBox([ipywidgets.HBox(list(pair)) for pair in boxes.values()])
    pairs = [box for pair in boxes.values() for box in pair]
    show_widget(rows, "[Run this cell in JupyterLab to choose for each need]", picture(pairs))


def _show_controls(boxes: dict) -> None:
    import ipywidgets

    names = ", ".join(box.description for box in boxes.values())
    instead = wrapped(f"[Run this cell in JupyterLab to change: {names}]")
    show_widget(ipywidgets.VBox(list(boxes.values())), instead, picture(list(boxes.values())))


def show_widget(widget, instead: str, html: str = "") -> None:
    """Display a widget; where none can live, `html` is its picture, and the text `instead` says
    what it would be.
    """
    from IPython.display import display

    bundle = widget._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    still = {"text/html": html} if html else {}
    display({**data, **still, "text/plain": instead}, metadata={}, raw=True)


def picture(boxes: list) -> str:
    """HTML that shows the widgets as they stand: what a saved page holds in their place."""
    return rendering.fragment(
        "notebook/templates/widgets.html.j2", "controls", [_drawn(box) for box in boxes]
    )


def _drawn(box) -> dict:
    """What the template needs of a widget: its kind, label, value, and a slider's share."""
    import ipywidgets

    if isinstance(box, ipywidgets.Button):
        return {"kind": "button", "label": box.description, "value": "", "share": None}
    value, share = box.value, None
    if isinstance(box, ipywidgets.IntSlider | ipywidgets.FloatSlider):
        kind, share = "slider", round(100 * (value - box.min) / (box.max - box.min))
        value = format(value, box.readout_format)
    elif isinstance(box, ipywidgets.Checkbox):
        kind = "tick"
    elif isinstance(box, ipywidgets.Dropdown):
        kind, value = "menu", box.label
    else:
        kind, value = "text", value or box.placeholder
    return {"kind": kind, "label": box.description, "value": value, "share": share}


def chat(answer: Callable[[str], str], *, first: str) -> None:
    """Display a chat window: a box for the question, the answer below it, the latest exchange on
    top.

    `answer` takes what was typed and returns what to show, as plain text. The exchange for `first`
    is computed at once and shown as an ordinary output, which nbval compares and a printed page
    keeps.
    """
    import ipywidgets

    box = ipywidgets.Text(
        placeholder="Ask the librarian, then press Enter", layout={"width": "70%"}
    )
    button = ipywidgets.Button(description="Ask", button_style="primary")
    log = ipywidgets.HTML()
    past: list[str] = []

    def ask(_event=None) -> None:
        typed = box.value.strip()
        if not typed:
            return
        button.disabled, button.description = True, "Reading …"
        try:
            reply = answer(typed)
        except Exception as error:  # noqa: BLE001 (whatever goes wrong, the learner must see it)
            reply = f"{type(error).__name__}: {error}"
        finally:
            button.disabled, button.description = False, "Ask"
        template = "notebook/templates/widgets.html.j2"
        past.insert(0, rendering.fragment(template, "exchange", typed, reply))
        log.value, box.value = "".join(past), ""

    button.on_click(ask)
    box.continuous_update = False
    box.observe(ask, names="value")
    print(wrapped(f"{first}\n\n{answer(first)}"))
    window = ipywidgets.VBox([ipywidgets.HBox([box, button]), log])
    instead = "[Run this cell in JupyterLab to ask questions of your own]"
    show_widget(window, instead, picture([box, button]))
