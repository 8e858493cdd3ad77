"""Decoder layers run by themselves, with a key-value cache for a prefix that all rows share.

Not here: which layers are frozen, and what is kept of them (`frozen_layers`).
"""


class PrefixCache:
    """A key-value cache for the shared prefix, with the `update` method that the layers call.

    The first call for a layer stores the prefix's keys and values; each later call returns them
    followed by those of the new tokens, and stores nothing.

    Attributes:
        stored: for each layer index keys and values, each of shape (1, key heads, prefix tokens,
            head dimensions).
    """

    def __init__(self):
        self.stored = {}

    def update(self, keys, values, layer, *_args, **_kwargs):
        """Store a layer's keys and values, or put the stored ones before them.

        Args:
            keys: shape (rows, key heads, tokens, head dimensions).
            values: same shape.
            layer: index of the layer in the whole model.

        Returns:
            Keys and values to attend to, each of shape (rows, key heads, prefix + tokens, head
            dimensions); at the first call, those given.
        """
        import torch

        if layer not in self.stored:
            self.stored[layer] = (keys, values)
            return keys, values
        # (1, heads, prefix, dim) to (rows, heads, prefix, dim), then (rows, heads, prefix + tokens,
        # dim)
        return tuple(
            torch.cat([prefix.expand(new.shape[0], -1, -1, -1), new], dim=2)
            for prefix, new in zip(self.stored[layer], (keys, values), strict=True)
        )


def run_layers(core, layers, hidden, start: int, state: PrefixCache | None):
    """Run decoder layers over hidden states.

    Args:
        core: the decoder (`model` of the causal model), which holds the rotary embedding.
        layers: the decoder layers to run, in order.
        hidden: hidden states, shape (rows, tokens, hidden).
        start: position of the first token, which is the length of the prefix in `state`; 0 for
            none.
        state: the key-value cache of the prefix. With `start` 0 it is filled; None for no prefix.

    Returns:
        The last layer's output, shape (rows, tokens, hidden), before the final norm.
    """
    import torch

    tokens = hidden.shape[1]
    # (1, tokens)
    positions = torch.arange(start, start + tokens, device=hidden.device)[None]
    # Cosines and sines, each (1, tokens, head dimensions). Without a mask attention is causal.
    embeddings, mask = core.rotary_emb(hidden, positions), None
    if start:
        # Token i attends to the prefix and to the tokens up to itself: (tokens, start + tokens)
        seen = torch.ones(tokens, start + tokens, dtype=torch.bool, device=hidden.device).tril(
            start
        )
        # Added to the attention scores: (1, 1, tokens, start + tokens)
        mask = torch.zeros_like(seen, dtype=hidden.dtype).masked_fill(
            ~seen, torch.finfo(hidden.dtype).min
        )[None, None]
    for layer in layers:
        # (rows, tokens, hidden)
        hidden = layer(
            hidden,
            attention_mask=mask,
            position_ids=positions,
            position_embeddings=embeddings,
            past_key_values=state,
            use_cache=state is not None,
        )
    return hidden
