"""A prompt's path through a causal language model as numbers: what `prompt_path` shows.

One forward pass gives them all. What it leaves out: the words (`wording`), the picture (`picture`)
and the widget (`live`). The model is whatever `lm.model` and `lm.tokenizer` are, so that nothing of
`lm` is imported here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: The longest text that the picture has room for.
MOST_TOKENS = 24
#: How many numbers of each embedding are kept, of all that it has.
STRIP = 48
TOP = 10
#: The slider's stops: the logarithm of the softmax's denominator is kept for each.
TEMPERATURES = tuple(round(0.1 * n, 1) for n in range(1, 21))
_VISIBLE = str.maketrans({" ": "·", "\n": "↵", "\t": "→"})


@dataclass(frozen=True)
class NextToken:
    """A token that may come next: the text it stands for, its id, its logit (no unit) and its
    probability (0 to 1).
    """

    piece: str
    id: int
    logit: float
    probability: float


@dataclass(frozen=True)
class Trace:
    """All numbers of a prompt's path.

    Attributes:
        text: the text of the tokens.
        pieces: what each token stands for; at most `MOST_TOKENS`.
        ids: the tokens' numbers.
        strip: the first numbers of each token's embedding, float16, shape (tokens, at most
            `STRIP`).
        dimensions: how many numbers an embedding has.
        vocabulary: how many tokens the model knows.
        all_layers: how many layers the model has.
        layers: which of them (from 0) are kept in `attention`.
        attention: weights, 0 to 255 for 0 to 1, uint8, shape (layers kept, heads, tokens, tokens):
            from the token that looks (row) to the token looked at (column).
        after_layers: the likeliest next token if the model stopped after a layer, one for each
            layer of the model.
        answer_after_layers: for each layer of the model, the probability that the model would give
            to `top[0]` if it stopped there.
        top: the `TOP` likeliest next tokens, likeliest first (fewer in a smaller vocabulary).
        normalisers: for each of `TEMPERATURES`, log Σ exp(logit / temperature) over the vocabulary.
    """

    text: str
    pieces: tuple[str, ...]
    ids: tuple[int, ...]
    strip: np.ndarray
    dimensions: int
    vocabulary: int
    all_layers: int
    layers: tuple[int, ...]
    attention: np.ndarray
    after_layers: tuple[NextToken, ...]
    answer_after_layers: tuple[float, ...]
    top: tuple[NextToken, ...]
    normalisers: tuple[float, ...]

    def weights(self, layer: int, head: int) -> np.ndarray:
        """The attention weights of one head (both from 0), 0 to 1, shape (tokens, tokens).

        Raises:
            ValueError: that layer is not kept, or the model has no such head.
        """
        heads = self.attention.shape[1]
        if layer not in self.layers:
            kept = (
                f"0 to {self.all_layers - 1}"
                if len(self.layers) == self.all_layers
                else ", ".join(map(str, self.layers))
            )
            raise ValueError(f"layer {layer}: there are the layers {kept}")
        if not 0 <= head < heads:
            raise ValueError(f"head {head}: each layer has the heads 0 to {heads - 1}")
        return self.attention[self.layers.index(layer), head] / 255

    def one_back(self) -> tuple[int, int]:
        """The layer and the head whose tokens look most at the token just before them."""
        steps = np.diagonal(self.attention, offset=-1, axis1=-2, axis2=-1)
        # The second token has only the first one to look back at; so has every head.
        steps = steps[..., 1:] if steps.shape[-1] > 1 else steps
        scores = steps.sum(axis=-1, dtype=int)
        layer, head = np.unravel_index(scores.argmax(), scores.shape)
        return self.layers[layer], int(head)


def visible(piece: str) -> str:
    """A token's text with its spaces as dots, as the lesson on tokens writes them; what cannot be
    printed is a box.

    >>> visible(" capital")
    '·capital'
    """
    return "".join(c if c.isprintable() else "□" for c in piece.translate(_VISIBLE))


def trace(lm, text: str, *, layers: Sequence[int] | None = None) -> Trace:
    """The path of a text through a language model.

    Args:
        lm: a language model with `model` (of `transformers`, one that computes attention "eager")
            and `tokenizer`.
        text: the text, at least one and at most `MOST_TOKENS` tokens.
        layers: the layers (from 0) whose attention is kept; all without it.

    Raises:
        ValueError: the text is empty or too long, or the model has no such layer.
    """
    return trace_ids(lm, lm.tokenizer(text, add_special_tokens=False).input_ids, layers=layers)


def trace_ids(lm, ids: Sequence[int], *, layers: Sequence[int] | None = None) -> Trace:
    """The path of a text that is given by its token ids; see `trace`."""
    import torch

    if not 1 <= len(ids) <= MOST_TOKENS:
        raise ValueError(
            f"The text has {len(ids)} tokens; the picture has room for 1 to {MOST_TOKENS}. "
            + ("Shorten it." if ids else "Type a word.")
        )
    base = lm.model.get_base_model() if hasattr(lm.model, "get_base_model") else lm.model
    count = base.config.num_hidden_layers
    kept = tuple(range(count)) if layers is None else tuple(dict.fromkeys(layers))
    if not kept or not all(0 <= layer < count for layer in kept):
        raise ValueError(f"layers={layers!r}: name some of 0 to {count - 1}")
    out = _forward(base, ids)
    states = torch.stack([state[0] for state in out.hidden_states])  # (layers + 1, tokens, hidden)
    with torch.inference_mode():
        logits = out.logits[0, -1].double()
        # The "logit lens": each layer's last vector through the final norm and the output weights.
        # The last state went through the norm already, and gives the logits themselves.
        early = base.lm_head(base.model.norm(states[1:-1, -1])).double()
        lens = torch.cat([early, logits[None]])
        chances = lens.softmax(dim=-1)
    best = logits.topk(min(TOP, len(logits))).indices.tolist()
    attention = torch.stack([out.attentions[layer][0] for layer in kept]).float()
    name = _namer(lm)
    # (layers): the likeliest token at each
    leaders = lens.argmax(dim=-1).tolist()
    return Trace(
        text=lm.tokenizer.decode(list(ids)),
        pieces=tuple(name(i) for i in ids),
        ids=tuple(map(int, ids)),
        strip=states[0, :, :STRIP].cpu().numpy().astype(np.float16),
        dimensions=states.shape[-1],
        vocabulary=len(logits),
        all_layers=count,
        layers=kept,
        attention=(attention * 255).round().to(torch.uint8).cpu().numpy(),
        after_layers=tuple(
            NextToken(name(i), i, float(row[i]), float(share[i]))
            for i, row, share in zip(leaders, lens, chances, strict=True)
        ),
        answer_after_layers=tuple(chances[:, best[0]].tolist()),
        top=tuple(NextToken(name(i), i, float(logits[i]), float(chances[-1, i])) for i in best),
        normalisers=tuple(float((logits / t).logsumexp(dim=-1)) for t in TEMPERATURES),
    )


def _forward(base, ids: Sequence[int]):
    """One pass with all states and weights; the model computes attention afterwards as before."""
    import torch

    before = base.config._attn_implementation
    try:
        # The faster ways to compute attention never hold the weights that are asked for.
        base.set_attn_implementation("eager")
        with torch.inference_mode():
            return base(
                input_ids=torch.tensor([list(ids)], device=base.device),
                output_attentions=True,
                output_hidden_states=True,
                use_cache=False,
            )
    finally:
        base.set_attn_implementation(before)


def _namer(lm):
    return lambda token: lm.tokenizer.decode([token])
