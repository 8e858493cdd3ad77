"""What is said at each station of a prompt's path: the picture and the widget read the same words.

What it leaves out: the numbers (`tracing`).
"""

import base64
from dataclasses import dataclass

import numpy as np

from ftrag_helpers.notebook.stations.tracing import TEMPERATURES, Trace, visible


@dataclass(frozen=True)
class Station:
    """A station's heading, and the sentence that says what happens there."""

    title: str
    sentence: str


def stations(trace: Trace) -> tuple[Station, ...]:
    """The seven stations, from the text to the next token."""
    heads = trace.attention.shape[1]
    return (
        Station("Text", "The model is given a text to continue."),
        Station(
            "Tokens",
            f"The tokenizer cuts the text into {_count(len(trace.ids), 'piece')} from a vocabulary"
            f" of {trace.vocabulary:,} and hands over their numbers, the ids (a dot marks a"
            " space).",
        ),
        Station(
            "Embeddings",
            f"Each id is replaced by its embedding, {trace.dimensions} numbers learned in training;"
            f" a row shows the first {trace.strip.shape[1]} (blue: below zero, orange: above,"
            " faint: near zero).",
        ),
        Station(
            "Layers",
            f"{_count(trace.all_layers, 'layer')} of {_count(heads, 'attention head')} change these"
            " numbers in turn; a head's weights say how much each token takes over from itself and"
            " from the tokens before it, and each row adds up to 1.",
        ),
        Station(
            "Logits",
            "What the last layer made of the last token is turned into a score, its logit, for each"
            f" of the {trace.vocabulary:,} tokens; these {len(trace.top)} have the highest.",
        ),
        Station(
            "Probabilities",
            "Softmax turns all logits into probabilities that add up to 1; a temperature below"
            " 1 makes the most probable token more probable, one above 1 brings them closer"
            " together.",
        ),
        Station(
            "Next token",
            "One token is chosen and appended to the text, and the path begins again with the"
            " longer text.",
        ),
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def head_sentence(trace: Trace, layer: int, head: int) -> str:
    """Where the last token looks, by this head, in words."""
    row = trace.weights(layer, head)[-1]
    place = int(row.argmax())
    own = place == len(row) - 1
    seen = "itself" if own else f"“{visible(trace.pieces[place])}”"
    return (
        f"Layer {layer}, head {head}: the last token, “{visible(trace.pieces[-1])}”, looks most at"
        f" {seen} (weight {row[place]:.2f})."
    )


def layer_sentence(trace: Trace, layer: int) -> str:
    """What the model would say if it stopped after a layer (from 0), in words."""
    found, answer = trace.after_layers[layer], trace.top[0]
    share = trace.answer_after_layers[layer]
    said = (
        f"If the model stopped after layer {layer}, its likeliest next token would be"
        f" “{visible(found.piece)}” ({found.probability:.2f})"
    )
    if found.id == answer.id:
        return said + "."
    return said + f"; “{visible(answer.piece)}” would have {share:.2f}."


def alt(trace: Trace, layer: int, head: int) -> str:
    """The whole path in words, with its main numbers: the picture's alternative text."""
    pieces = ", ".join(
        f"“{visible(piece)}” {i}" for piece, i in zip(trace.pieces, trace.ids, strict=True)
    )
    leaders = ", ".join(f"“{visible(t.piece)}” {t.probability:.2f}" for t in trace.top[:5])
    return (
        f"The path of a prompt in seven stations. 1 Text: “{trace.text}”. 2 Tokens with their ids:"
        f" {pieces}. 3 Embeddings: {trace.dimensions} numbers for each token, the first"
        f" {trace.strip.shape[1]} as colours. 4 Layers: {trace.all_layers} of them."
        f" {head_sentence(trace, layer, head)} {layer_sentence(trace, layer)} 5 Logits:"
        f" “{visible(trace.top[0].piece)}” has the highest, {trace.top[0].logit:.2f}."
        f" 6 Probabilities: {leaders}. 7 Next token: the likeliest is appended,"
        f" “{trace.text}{trace.top[0].piece}”."
    )


def payload(trace: Trace, layer: int, head: int) -> dict:
    """Everything that the widget's JavaScript reads, as JSON can hold it.

    Attention weights travel as bytes in base64, the embeddings as whole numbers from -127 to 127.
    """
    widest = float(np.abs(trace.strip.astype(np.float32)).max()) or 1.0
    return {
        "text": trace.text,
        "pieces": [visible(piece) for piece in trace.pieces],
        "ids": list(trace.ids),
        "strip": (trace.strip.astype(np.float32) / widest * 127).round().astype(int).tolist(),
        "layers": list(trace.layers),
        "heads": trace.attention.shape[1],
        "attention": base64.b64encode(trace.attention.tobytes()).decode("ascii"),
        "said": [layer_sentence(trace, n) for n in range(trace.all_layers)],
        "top": [
            {"piece": visible(t.piece), "id": t.id, "logit": round(t.logit, 4)} for t in trace.top
        ],
        "temperatures": list(TEMPERATURES),
        "normalisers": [round(n, 4) for n in trace.normalisers],
        "stations": [[s.title, s.sentence] for s in stations(trace)],
        "layer": layer,
        "head": head,
    }
