"""The outputs of the frozen lower layers, computed once for each text and used again.

Where LoRA changes the top layers only, the output of the layers below for a text is the same in
every epoch, for every adapter and at evaluation. A prefix that all texts share (system message,
instruction) is computed once for all of them. Not here: LoRA itself (`adapters`), the training
loop (`sft`).

Rows are padded on the right: with causal attention no token of a text attends to the padding.
"""

from collections.abc import Callable, Iterable, Sequence

from ftrag_helpers.finetuning.training_data import TokenizedExample, batches
from ftrag_helpers.lm.models import LanguageModel, Messages
from ftrag_helpers.lm.result_cache import AnswerCache, weights_digest


class _Prefix:
    """A key-value cache for the shared prefix, with the `update` method that the layers call.

    The first call for a layer stores the prefix's keys and values; each later call returns them
    followed by those of the new tokens, and stores nothing.

    Attributes:
        held: for each layer index keys and values, each of shape (1, key heads, prefix tokens,
            head dimensions).
    """

    def __init__(self):
        self.held = {}

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

        if layer not in self.held:
            self.held[layer] = (keys, values)
            return keys, values
        # (1, heads, prefix, dim) to (rows, heads, prefix, dim), then (rows, heads, prefix + tokens,
        # dim)
        return tuple(
            torch.cat([held.expand(new.shape[0], -1, -1, -1), new], dim=2)
            for held, new in zip(self.held[layer], (keys, values), strict=True)
        )


class FrozenLayers:
    """Computes and keeps the outputs of the layers below the top `layers` of a language model.

    Args:
        lm: the language model.
        layers: the number of top layers that are not frozen, from 1 to the model's number of
            layers.
        prefix: the token ids with which every row begins; empty for none. Outputs are kept and
            returned without it.
        max_bytes: the most memory for kept outputs, in bytes (default 1 GB), at 4 bytes a number:
            2.3 KB a token for SmolLM2-135M. Outputs of further rows are computed at every use.

    Attributes:
        lm: the language model.
        first: index of the lowest layer that is not frozen.
        prefix: the token ids with which every row begins.
        max_bytes: the most memory for kept outputs.
        bytes: memory of the outputs kept now, in bytes.

    Raises:
        ValueError: the model has no such number of layers.
    """

    def __init__(
        self,
        lm: LanguageModel,
        layers: int,
        prefix: Sequence[int] = (),
        max_bytes: int = 1_000_000_000,
    ):
        import torch

        core = lm.base_model.model
        if not 1 <= layers <= len(core.layers):
            raise ValueError(f"layers must be from 1 to {len(core.layers)}, not {layers}")
        self.lm, self.first, self.prefix = lm, len(core.layers) - layers, tuple(prefix)
        self.max_bytes, self.bytes, self._kept, self._state = max_bytes, 0, {}, _Prefix()
        self._prefix_hidden, self._digest = None, self._frozen_digest(lm.base_model)
        if self.prefix:
            with torch.no_grad():
                # (1, prefix tokens)
                ids = torch.tensor([self.prefix], device=lm.model.device)
                # (1, prefix tokens, hidden)
                self._prefix_hidden = run_layers(
                    core, core.layers[: self.first], core.embed_tokens(ids), 0, self._state
                )

    def fits(self, model) -> bool:
        """Whether a model's embedding and frozen layers have the same weights as this one's.

        Args:
            model: a causal model without the wrapper of peft (`LanguageModel.base_model`).

        Returns:
            True where names, shapes, types and values of the weights are equal.
        """
        return self._frozen_digest(model) == self._digest

    def _frozen_digest(self, model) -> str:
        """A hash of the weights of the embedding and of the layers below `first`."""
        import torch

        return weights_digest(
            torch.nn.ModuleList([model.model.embed_tokens, *model.model.layers[: self.first]])
        )

    def precompute(
        self, rows: Iterable[TokenizedExample], tell: Callable[[float], object] | None = None
    ) -> None:
        """Compute and keep the outputs of rows that are not kept yet, up to `max_bytes`.

        Args:
            rows: encoded texts that begin with the prefix.
            tell: called after each batch of 16 with the share (0 to 1) of the missing rows that
                is done.
        """
        width = 4 * self.lm.base_model.config.hidden_size
        missing, room = [], self.max_bytes - self.bytes
        for ids in dict.fromkeys(row.ids for row in rows):
            if ids not in self._kept and room >= (size := width * self._own(ids)):
                missing.append(ids)
                room -= size
        missing.sort(key=len)
        for start in range(0, len(missing), 16):
            batch = missing[start : start + 16]
            for ids, hidden in zip(batch, self._compute(batch), strict=True):
                # (longest, hidden) to (own tokens, hidden)
                self._kept[ids] = hidden[: self._own(ids)].clone()
                self.bytes += width * self._own(ids)
            if tell:
                tell((start + len(batch)) / len(missing))

    def _own(self, ids: tuple[int, ...]) -> int:
        """The number of a row's tokens after the prefix."""
        return len(ids) - len(self.prefix)

    def _compute(self, batch: Sequence[tuple[int, ...]]):
        """The frozen layers' outputs for a batch, without the prefix, shape (rows, longest,
        hidden).
        """
        import torch

        # `padded`: (rows, longest), token ids without the prefix, padded with 0 on the right
        core, skip = self.lm.base_model.model, len(self.prefix)
        padded = torch.zeros(len(batch), max(map(self._own, batch)), dtype=torch.long)
        for row, ids in enumerate(batch):
            padded[row, : self._own(ids)] = torch.tensor(ids[skip:])
        with torch.no_grad():
            # (rows, longest, hidden)
            embedded = core.embed_tokens(padded.to(self.lm.model.device))
            return run_layers(
                core, core.layers[: self.first], embedded, skip, self._state if skip else None
            )

    def hidden(self, rows: Sequence[TokenizedExample]):
        """The input of the top layers for these rows, without the prefix.

        Kept outputs are used where all of the rows have them; else all are computed.

        Args:
            rows: encoded texts that begin with the prefix; at least one.

        Returns:
            A tensor of shape (rows, longest, hidden), padded on the right to the longest row after
            the prefix. Values at padding positions are not to be used.
        """
        from torch.nn.utils.rnn import pad_sequence

        if all(row.ids in self._kept for row in rows):
            # each (own tokens, hidden), padded to (rows, longest, hidden)
            return pad_sequence([self._kept[row.ids] for row in rows], batch_first=True)
        return self._compute([row.ids for row in rows])

    def forward_top(self, model, rows: Sequence[TokenizedExample]):
        """Run the top layers of a model over the frozen layers' outputs.

        Args:
            model: the causal model of the frozen layers, or the same with LoRA in its top layers,
                without the wrapper of peft (`LanguageModel.base_model`).
            rows: encoded texts that begin with the prefix; at least one.

        Returns:
            The last layer's output before the final norm, without the prefix: a tensor of shape
            (rows, longest, hidden). Values at padding positions are not to be used.
        """
        core, skip = model.model, len(self.prefix)
        layers, state = core.layers[self.first :], None
        if skip:
            state = _Prefix()
            # Anew at each call, as the top layers' weights may have changed: (1, prefix, hidden)
            run_layers(core, layers, self._prefix_hidden, 0, state)
        # (rows, longest, hidden)
        return run_layers(core, layers, self.hidden(rows), skip, state)


def run_layers(core, layers, hidden, start: int, state: _Prefix | None):
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


class _OddsCache(AnswerCache):
    """The kept results of `log_odds`."""

    algorithms = ("language model", "frozen layers")


def log_odds(
    lm: LanguageModel,
    frozen: FrozenLayers,
    prompts: Sequence[Messages],
    yes: str,
    no: str,
    progress: bool = True,
) -> list[float]:
    """`models.log_odds` with kept outputs of the frozen layers: only the top layers run again.

    Compared are the first tokens of the two words, as the first token of the answer. Results are
    read from and kept in the `result_cache`.

    Args:
        lm: the model, with or without an adapter.
        frozen: frozen layers of the same base model.
        prompts: lists of chat messages; there may be none.
        yes: the word of the numerator.
        no: the word of the denominator.
        progress: whether to show a progress bar.

    Returns:
        For each prompt log P(yes) − log P(no) in nats, in the order of the prompts.

    Raises:
        ValueError: a prompt does not begin with the frozen layers' prefix, or has nothing after
            it, or these are not those of the model.
    """
    import torch
    from tqdm.auto import tqdm

    if not prompts:
        return []

    first, second = (lm.encode_text(word)[0] for word in (yes, no))
    rows = [TokenizedExample(tuple(ids), len(ids)) for ids in map(lm.encode, prompts)]
    skip = len(frozen.prefix)
    if any(row.ids[:skip] != frozen.prefix or len(row.ids) == skip for row in rows):
        raise ValueError(
            "a prompt does not begin with the tokens that these frozen layers were made for, or"
            " ends with them: make FrozenLayers with a prefix that all prompts share and go beyond"
        )
    if not frozen.fits(lm.base_model):
        raise ValueError(
            "these are other frozen layers than those of this model: make FrozenLayers of"
            " this model, or of its base, with at least as many layers on top as were trained"
        )
    cache = _OddsCache(lm.model, "log odds, frozen layers", frozen.first, first, second)
    odds = cache.get([row.ids for row in rows])
    missing = [i for i, value in enumerate(odds) if value is None]
    with (
        torch.no_grad(),
        tqdm(
            total=len(rows),
            initial=len(rows) - len(missing),
            desc="texts",
            unit="text",
            leave=False,
            disable=not progress,
        ) as bar,
    ):
        frozen.precompute(
            [rows[i] for i in missing],
            lambda share: bar.set_description(f"texts, frozen layers {share:.0%}"),
        )
        for numbers in batches([rows[i] for i in missing], 16):
            batch = [missing[n] for n in numbers]
            # (rows, longest, hidden)
            hidden = frozen.forward_top(lm.base_model, [rows[i] for i in batch])
            # The output at each prompt's last token: (rows, hidden)
            last = hidden[range(len(batch)), [len(rows[i].ids) - skip - 1 for i in batch]]
            # Logits of the two words: (rows, hidden) @ (hidden, 2) = (rows, 2)
            both = lm.base_model.model.norm(last) @ lm.base_model.lm_head.weight[[first, second]].T
            for i, value in zip(batch, (both[:, 0] - both[:, 1]).tolist(), strict=True):
                odds[i] = value
            cache.put([rows[i].ids for i in batch], [odds[i] for i in batch])
            bar.update(len(batch))
    return odds
