import pytest
from html_page import Page

from ftrag_helpers.notebook import plots, widgets


@pytest.fixture
def screen(monkeypatch):
    """What a notebook would show: outputs in order, and a record of updates, without a front
    end.
    """
    shown = []

    class Handle:
        def __init__(self, place):
            self.place = place

        def update(self, data, metadata, raw):
            shown[self.place] = data

    def display(data, *, metadata, raw, display_id=False):
        shown.append(data)
        return Handle(len(shown) - 1) if display_id else None

    monkeypatch.setattr("IPython.display.display", display)
    return shown


@pytest.fixture
def boxes(monkeypatch):
    made, original = {}, widgets._box
    monkeypatch.setattr(
        widgets, "_box", lambda name, control: made.setdefault(name, original(name, control))
    )
    return made


def repeat(text, times):
    return text * times


def test_the_starting_values_are_an_ordinary_output(screen):
    widgets.explore(repeat, text="ab", times=(1, 5, 1, 2))
    controls, result = screen
    assert controls["text/plain"] == "[Run this cell in JupyterLab to change: text, times]"
    assert "application/vnd.jupyter.widget-view+json" in controls
    assert result == {"text/plain": "abab"}


def test_a_change_replaces_the_output(screen, boxes):
    widgets.explore(repeat, text="ab", times=(1, 5, 1, 2))
    boxes["times"].value = 3
    boxes["text"].value = "x"
    assert len(screen) == 2 and screen[1] == {"text/plain": "xxx"}


def test_an_error_is_shown_and_the_next_value_recovers(screen, boxes):
    widgets.explore(lambda n: str(10 // n), n=(0, 5, 1, 1))
    boxes["n"].value = 0
    assert screen[1]["text/plain"].startswith("ZeroDivisionError")
    boxes["n"].value = 5
    assert screen[1]["text/plain"] == "2"


def test_an_error_leaves_the_figure_and_speaks_in_the_text(screen, boxes):
    widgets.explore(
        lambda n: (plots.bars(["a"], [1 / n], unit="share"), f"n is {n}"), n=(0, 5, 1, 1)
    )
    boxes["n"].value = 0
    assert "image/png" in screen[1] and screen[2]["text/plain"].startswith("ZeroDivisionError")
    boxes["n"].value = 2
    assert "n is 2" in screen[1]["text/html"] and screen[2]["text/plain"] == "n is 2"


def test_every_kind_of_control_starts_where_told():
    assert widgets._box("a", (0.1, 2.0, 0.1, 1.0)).value == 1.0
    assert widgets._box("top_k", (1, 9, 1, 4)).description == "top k"
    assert widgets._box("a", ["x", "y"]).value == "x"
    assert widgets._box("a", True).value is True
    assert widgets._box("a", "text").value == "text"


@pytest.mark.parametrize("control", [3, None, (1, 2), []])
def test_an_unknown_control_is_named(control):
    with pytest.raises(ValueError, match="control depth="):
        widgets._box("depth", control)


def test_a_result_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="not int"):
        widgets.bundles(3)


def test_only_moved_sliders_are_guesses(screen, boxes):
    kept = []
    widgets.guess(["closed book", "retrieval"], lambda name, value: kept.append((name, value)))
    boxes["retrieval"].value = 0.8
    assert kept == [("retrieval", 0.8)]
    assert (
        screen[0]["text/plain"] == "[Run this cell in JupyterLab to change: closed book, retrieval]"
    )


def test_a_chat_shows_the_latest_exchange_on_top_as_text_and_an_error_in_its_place(
    screen, capsys, monkeypatch
):
    shown = []
    monkeypatch.setattr(widgets, "show_widget", lambda widget, *_: shown.append(widget))

    def answer(question):
        if question == "why?":
            raise KeyError("<i>")
        return f"<script>{question}</script>"

    widgets.chat(answer, first="when?")
    assert capsys.readouterr().out == "when?\n\n<script>when?</script>\n"
    [(row, log)] = [window.children for window in shown]
    box, button = row.children
    for question in ("<b>who</b>", "why?", "  "):
        box.value = question
        button.click()
    pre = "<pre style='white-space:pre-wrap'>"
    assert log.value == (
        f"<b>why?</b>{pre}KeyError: &#39;&lt;i&gt;&#39;</pre>"
        f"<b>&lt;b&gt;who&lt;/b&gt;</b>{pre}&lt;script&gt;&lt;b&gt;who&lt;/b&gt;&lt;/script&gt;</pre>"
    )
    assert button.description == "Ask" and not button.disabled


def test_a_choice_is_kept_with_its_reason_and_nothing_before_it_is_made(monkeypatch):
    kept, shown = [], []
    monkeypatch.setattr(widgets, "show_widget", lambda widget, *_: shown.append(widget))
    widgets.decide(["help desk"], ["retrieval", "fine-tuning"], lambda *of: kept.append(of))
    [row] = shown[0].children
    menu, reason = row.children
    reason.value = "the rules change"
    assert kept == []
    menu.value = "retrieval"
    reason.value = "they change weekly"
    assert kept == [
        ("help desk", "retrieval", "the rules change"),
        ("help desk", "retrieval", "they change weekly"),
    ]


def test_where_no_widget_can_live_a_text_says_what_it_would_be(screen):
    import ipywidgets

    widgets.show_widget(ipywidgets.Text(), "[a box]")
    [shown] = screen
    assert shown["text/plain"] == "[a box]" and len(shown) == 2


def test_a_saved_page_shows_the_controls_as_they_stand():
    import ipywidgets

    boxes = [
        widgets._box("rank", (0, 64, 1, 16)),
        widgets._box("temperature", (0.0, 2.0, 0.5, 1.0)),
        widgets._box("own_text", "<b>"),
        widgets._box("question", ["first", "second"]),
        widgets._box("cut_off", True),
        ipywidgets.Text(placeholder="Ask"),
        ipywidgets.Button(description="Send"),
    ]
    text = widgets.picture(boxes)
    page = Page(text)
    [drawn] = [found for found in page.all("div") if found.get("role") == "img"]
    said = drawn["aria-label"]
    for part in ("rank 16;", "temperature 1.00;", "own text <b>;", "cut off True;", "Ask;"):
        assert part in said
    assert said.endswith("Send ") and page.balanced
    assert "currentColor 25%" in text and "&lt;b&gt;" in text and "<b>" not in text
    assert "first ▾" in text and "☑" in text
