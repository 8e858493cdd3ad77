"""The path of a prompt: the numbers are the model's own, and picture, widget and page tell the
same.
"""

import base64
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from doubles import tiny_language_model

from ftrag_helpers.notebook import plots, prompt_path
from ftrag_helpers.notebook.stations import live, picture, tracing, wording

STATIC = Path(prompt_path.__file__).with_name("stations") / "static"


@pytest.fixture(scope="module")
def lm():
    return tiny_language_model()


@pytest.fixture(scope="module")
def path(lm):
    return prompt_path.trace(lm, "Tea at <b>4")


def outputs(lm, ids):
    import torch

    with torch.inference_mode():
        return lm.model(torch.tensor([ids]), output_hidden_states=True)


def test_the_numbers_are_the_models_own(lm, path):
    out = outputs(lm, path.ids)
    logits = out.logits[0, -1].double()
    chances = logits.softmax(dim=-1)
    order = logits.argsort(descending=True)[:10].tolist()
    assert [t.id for t in path.top] == order
    assert [t.logit for t in path.top] == pytest.approx(logits[order].tolist(), abs=1e-3)
    assert [t.probability for t in path.top] == pytest.approx(chances[order].tolist(), abs=1e-4)
    assert path.strip == pytest.approx(out.hidden_states[0][0].numpy(), abs=1e-2)
    assert (path.text, "".join(path.pieces)) == ("Tea at <b>4", "Tea at <b>4")
    assert (path.dimensions, path.vocabulary, path.all_layers) == (48, len(lm.tokenizer), 2)


def test_the_last_layer_says_what_the_model_says(path):
    assert path.after_layers[-1] == path.top[0]
    assert path.answer_after_layers[-1] == path.top[0].probability
    assert len(path.after_layers) == len(path.answer_after_layers) == path.all_layers


def test_after_a_layer_the_model_is_the_one_that_ends_there(lm, path):
    """The logit lens of the first layer equals the logits of a model of that layer alone."""
    import copy

    short = copy.deepcopy(lm.model)
    del short.model.layers[1:]
    short.config.num_hidden_layers = 1
    logits = outputs(replace(lm, model=short), path.ids).logits[0, -1]
    assert path.after_layers[0].id == int(logits.argmax())
    assert path.after_layers[0].logit == pytest.approx(float(logits.max()), abs=1e-3)


def test_weights_add_up_to_one_and_none_looks_ahead(path):
    assert path.attention.shape == (2, 6, 11, 11) and path.attention.dtype == np.uint8
    for layer in range(2):
        for head in range(6):
            weights = path.weights(layer, head)
            assert weights.sum(axis=1) == pytest.approx(1, abs=11 * 0.5 / 255)
            assert not np.triu(weights, 1).any()


def test_the_model_computes_attention_afterwards_as_before(lm):
    before = lm.model.config._attn_implementation
    prompt_path.trace(lm, "Tea")
    assert lm.model.config._attn_implementation == before != "eager"


def test_some_layers_are_the_same_as_in_all(lm, path):
    one = prompt_path.trace(lm, "Tea at <b>4", layers=[1])
    assert one.attention.shape[0] == 1 and np.array_equal(one.weights(1, 3), path.weights(1, 3))
    with pytest.raises(ValueError, match="layer 0: there are the layers 1"):
        one.weights(0, 0)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda lm: prompt_path.trace(lm, ""), "0 tokens.*Type a word"),
        (lambda lm: prompt_path.trace(lm, "x" * 25), "25 tokens.*room for 1 to 24. Shorten it"),
        (lambda lm: prompt_path.trace(lm, "x", layers=[2]), "name some of 0 to 1"),
        (lambda lm: prompt_path.trace(lm, "x", layers=[]), "name some of 0 to 1"),
        (lambda lm: prompt_path.show(lm, "x", layer=1), "both layer and head"),
        (lambda lm: prompt_path.show(lm, "x", layer=2, head=0), "the layers 0 to 1"),
        (lambda lm: prompt_path.show(lm, "x", layer=0, head=6), "the heads 0 to 5"),
        (lambda lm: prompt_path.show(lm, "x", layer=0, head=-1), "the heads 0 to 5"),
    ],
)
def test_what_cannot_be_shown_is_said(lm, call, words):
    with pytest.raises(ValueError, match=words):
        call(lm)


def test_it_opens_with_the_head_that_looks_one_back(path):
    attention = np.zeros_like(path.attention)
    attention[1, 4] = 255 * np.eye(11, k=-1, dtype=np.uint8)
    assert replace(path, attention=attention).one_back() == (1, 4)


def test_the_normalisers_give_the_probabilities_at_every_temperature(lm, path):
    logits = outputs(lm, path.ids).logits[0, -1].double()
    for place, temperature in enumerate(tracing.TEMPERATURES):
        wanted = (logits / temperature).softmax(dim=-1)[path.top[0].id]
        found = np.exp(path.top[0].logit / temperature - path.normalisers[place])
        assert found == pytest.approx(float(wanted), rel=1e-2)


@pytest.mark.parametrize("text", ["x", "Tea at <b>4", "£" * 12, r"a $\b$ {_$ \n"])
def test_every_text_has_its_picture(lm, text):
    made = prompt_path.trace(lm, text)
    figure = picture.draw(made, 1, 2)
    titles = {label.get_text() for label in figure.texts}
    assert {station.title for station in wording.stations(made)} <= titles
    data, _ = plots.bundle(figure, wording.alt(made, 1, 2), **picture.SMALL)
    assert len(data["image/png"]) < 150_000


def test_the_alternative_text_names_what_is_seen(path):
    alt = wording.alt(path, 1, 2)
    best = tracing.visible(path.top[0].piece)
    assert f"“{best}” {path.top[0].probability:.2f}" in alt and f"“T” {path.ids[0]}" in alt
    assert re.findall(r" (\d) [A-Z]", alt) == list("1234567")


def test_the_picture_is_the_output_and_the_widget_hides_it(lm, monkeypatch):
    shown = []
    monkeypatch.setattr(
        "IPython.display.display", lambda data, metadata, raw: shown.append((data, metadata))
    )
    prompt_path.show(lm, "Tea <i>", layer=0, head=1)
    [(drawn, metadata), (widget, _)] = shown
    assert drawn["text/plain"].startswith("[Figure: The path of a prompt in seven stations.")
    assert metadata["alt"] in drawn["text/plain"] and "“Tea &lt;i&gt;”" in drawn["text/html"]
    assert re.match(r'<img class="ftrag-path-[0-9a-f]{8}" src=', drawn["text/html"])
    assert widget["text/plain"].startswith("[Run this cell in JupyterLab")
    assert "application/vnd.jupyter.widget-view+json" in widget


@pytest.fixture
def view(lm, path, monkeypatch):
    made, sent = live.PromptPath(lm, path, 1, 2), []
    monkeypatch.setattr(made, "send", sent.append)
    return made, sent


def test_one_step_appends_the_chosen_token(view, path):
    widget, sent = view
    widget.answer({"token": path.top[3].id})
    assert widget.data["ids"] == [*path.ids, path.top[3].id] and sent == [{"problem": ""}]
    widget.answer({"token": path.top[0].id})
    assert widget.data["ids"][-2:] == [path.top[3].id, path.top[0].id]


def test_another_text_is_followed_and_a_problem_leaves_the_old_one(view):
    widget, sent = view
    widget.answer({"text": "Books"})
    widget.answer({"text": ""})
    widget.answer({"nonsense": 1})
    assert widget.data["text"] == "Books"
    assert [bool(message["problem"]) for message in sent] == [False, True, True]
    assert "Type a word" in sent[1]["problem"] and "KeyError" in sent[2]["problem"]


def test_the_page_holds_the_data_and_fetches_nothing(path):
    page = prompt_path.html(path, layer=1, head=2)
    [text] = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    data = json.loads(text)
    assert data == wording.payload(path, 1, 2) and "<b>" not in page
    weights = np.frombuffer(base64.b64decode(data["attention"]), np.uint8)
    assert np.array_equal(weights.reshape(path.attention.shape), path.attention)
    addresses = set(re.findall(r"\w+://[^\s\"']+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}
    script = (STATIC / "prompt_path.js").read_text("utf-8")
    assert not re.search(r"\bimport\b|\bfetch\(|XMLHttpRequest|innerHTML|</script", script)
    assert not re.search(r"@import|url\(", (STATIC / "prompt_path.css").read_text("utf-8"))


@pytest.mark.skipif(not shutil.which("node"), reason="without Node.js no script runs here")
def test_the_script_computes_the_same_numbers(path):
    """Its weights and probabilities, run by Node.js, which many a developer has."""
    script = (STATIC / "prompt_path.js").read_text("utf-8")
    asked = (
        "\nconst data = JSON.parse(process.argv[1]);"
        "\nconst w = weightsOf(data, 1, 2), n = data.ids.length;"
        "\nconst place = data.temperatures.indexOf(1);"
        "\nconsole.log(JSON.stringify({weights: data.ids.map((_, r) => data.ids.map((_, c) =>"
        " w(r, c))), shares: probabilitiesOf(data, place), said: sayHead(data, 1, 2, w)}));"
    )
    data = json.dumps(wording.payload(path, 1, 2))
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script + asked, data],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    found = json.loads(done.stdout)
    assert np.array(found["weights"]) == pytest.approx(path.weights(1, 2))
    wanted = [token.probability for token in path.top]
    assert found["shares"] == pytest.approx(wanted, abs=1e-3)
    assert found["said"] == wording.head_sentence(path, 1, 2)


@pytest.mark.model
def test_the_capital_of_france():
    from ftrag_helpers.lm import models

    lm = models.load_language_model()
    path = prompt_path.trace(lm, "The capital of France is")
    assert path.attention.shape == (30, 9, 5, 5) and path.strip.shape == (5, 48)
    assert path.one_back() == (16, 0) and path.weights(16, 0)[4].argmax() == 3
    assert path.top[0].piece == " Paris" and path.top[0].probability > 0.5
    logprobs = models.next_token_logprobs(lm, path.text)
    for token in path.top:
        assert token.probability == pytest.approx(np.exp(logprobs[token.id]), abs=1e-3)
    data, _ = plots.bundle(picture.draw(path, 16, 0), wording.alt(path, 16, 0), **picture.SMALL)
    assert 2 * len(data["image/png"]) < 130_000  # the picture stands twice in a notebook
