"""What the frozen lower layers make of a text, computed once and used again.

When LoRA sits on the top layers only, the layers below never change, so their output for a
text is the same in every epoch, for every adapter and at evaluation. And what all texts begin with
(system message, instruction) is read once for all of them. What it leaves out: LoRA itself
(`adapters`), the training loop (`sft`).

Rows are padded on the right: with causal attention no real token sees the padding.
"""

from collections.abc import Callable, Iterable, Sequence

from ftrag_helpers.finetuning.training_data import TokenizedExample, batches
from ftrag_helpers.lm.models import LanguageModel, Messages
from ftrag_helpers.lm.result_cache import AnswerCache, weights_digest


class _Prefix:
    """Keys and values of the shared beginning: remembered when it is read, put in front of every
    row after.
    """

    def __init__(self):
        self.held = {}

    def update(self, keys, values, layer, *_args, **_kwargs):
        import torch

        if layer not in self.held:
            self.held[layer] = (keys, values)
            return keys, values
        return tuple(
            torch.cat([held.expand(new.shape[0], -1, -1, -1), new], dim=2)
            for held, new in zip(self.held[layer], (keys, values), strict=True)
        )


class FrozenLayers:
    """Reads texts through the layers below the top `layers` of a language model, each text once.

    `prefix` is the tokens with which every row begins. Outputs are kept as fp32 up to `max_bytes`
    (2.3 KB a token for SmolLM2-135M); beyond that they are computed anew each time, which is slower
    and equal.

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
                ids = torch.tensor([self.prefix], device=lm.model.device)
                self._prefix_hidden = run_layers(
                    core, core.layers[: self.first], core.embed_tokens(ids), 0, self._state
                )

    def fits(self, model) -> bool:
        """Whether the frozen layers of `model` are those that this was made from, weight for
        weight.
        """
        return self._frozen_digest(model) == self._digest

    def _frozen_digest(self, model) -> str:
        import torch

        return weights_digest(
            torch.nn.ModuleList([model.model.embed_tokens, *model.model.layers[: self.first]])
        )

    def precompute(
        self, rows: Iterable[TokenizedExample], tell: Callable[[float], object] | None = None
    ) -> None:
        """Compute what is not known yet, in batches of like length, as far as the memory bound
        allows.

        `tell` is told the share that is done, from 0 to 1, after each batch.
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
                self._kept[ids] = hidden[: self._own(ids)].clone()
                self.bytes += width * self._own(ids)
            if tell:
                tell((start + len(batch)) / len(missing))

    def _own(self, ids: tuple[int, ...]) -> int:
        return len(ids) - len(self.prefix)

    def _compute(self, batch: Sequence[tuple[int, ...]]):
        import torch

        core, skip = self.lm.base_model.model, len(self.prefix)
        padded = torch.zeros(len(batch), max(map(self._own, batch)), dtype=torch.long)
        for row, ids in enumerate(batch):
            padded[row, : self._own(ids)] = torch.tensor(ids[skip:])
        with torch.no_grad():
            embedded = core.embed_tokens(padded.to(self.lm.model.device))
            return run_layers(
                core, core.layers[: self.first], embedded, skip, self._state if skip else None
            )

    def hidden(self, rows: Sequence[TokenizedExample]):
        """What enters the top layers for these rows, without the prefix; shape (rows, longest,
        hidden); what stands in the padding means nothing.
        """
        from torch.nn.utils.rnn import pad_sequence

        if all(row.ids in self._kept for row in rows):
            return pad_sequence([self._kept[row.ids] for row in rows], batch_first=True)
        return self._compute([row.ids for row in rows])

    def forward_top(self, model, rows: Sequence[TokenizedExample]):
        """The top layers of `model` (the model of the frozen layers, or one with an adapter on it)
        over these rows.

        Returns the last layer's output before the final norm, without the prefix; shape (rows,
        longest, hidden).
        """
        core, skip = model.model, len(self.prefix)
        layers, state = core.layers[self.first :], None
        if skip:
            state = _Prefix()
            run_layers(core, layers, self._prefix_hidden, 0, state)
        return run_layers(core, layers, self.hidden(rows), skip, state)


def run_layers(core, layers, hidden, start: int, state: _Prefix | None):
    """Run decoder layers over `hidden` (rows, tokens, hidden), whose first token has the position
    `start`.
    """
    import torch

    tokens = hidden.shape[1]
    positions = torch.arange(start, start + tokens, device=hidden.device)[None]
    embeddings, mask = core.rotary_emb(hidden, positions), None
    if start:
        seen = torch.ones(tokens, start + tokens, dtype=torch.bool, device=hidden.device).tril(
            start
        )
        mask = torch.zeros_like(seen, dtype=hidden.dtype).masked_fill(
            ~seen, torch.finfo(hidden.dtype).min
        )[None, None]
    for layer in layers:
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
    algorithms = ("language model", "frozen layers")


def log_odds(
    lm: LanguageModel,
    frozen: FrozenLayers,
    prompts: Sequence[Messages],
    yes: str,
    no: str,
    progress: bool = True,
) -> list[float]:
    """`models.log_odds` by way of the frozen layers: texts they have read before pass through the
    top layers only.

    For each prompt, log P(yes) − log P(no) in nats, of the first tokens of the two words, as the
    answer's start.

    Raises:
        ValueError: a prompt does not begin with the frozen layers' prefix, or these are not
        those of the model.
    """
    import torch
    from tqdm.auto import tqdm

    if not prompts:
        return []

    first, second = (lm.encode_text(word)[0] for word in (yes, no))
    rows = [TokenizedExample(tuple(ids), len(ids)) for ids in map(lm.encode, prompts)]
    if any(row.ids[: len(frozen.prefix)] != frozen.prefix for row in rows):
        raise ValueError(
            "a prompt does not begin with the tokens that these frozen layers were made for: make"
            " FrozenLayers with their shared prefix"
        )
    if not frozen.fits(lm.base_model):
        raise ValueError(
            "these are other frozen layers than those of this model: make FrozenLayers of"
            " this model, or of its base, with at least as many layers on top as were trained"
        )
    cache, skip = (
        _OddsCache(lm.model, "log odds, frozen layers", frozen.first, first, second),
        len(frozen.prefix),
    )
    found = cache.find([row.ids for row in rows])
    waiting = [i for i, odds in enumerate(found) if odds is None]
    with (
        torch.no_grad(),
        tqdm(
            total=len(rows),
            initial=len(rows) - len(waiting),
            desc="texts",
            unit="text",
            leave=False,
            disable=not progress,
        ) as bar,
    ):
        frozen.precompute(
            [rows[i] for i in waiting],
            lambda share: bar.set_description(f"texts, frozen layers {share:.0%}"),
        )
        for numbers in batches([rows[i] for i in waiting], 16):
            batch = [waiting[n] for n in numbers]
            hidden = frozen.forward_top(lm.base_model, [rows[i] for i in batch])
            last = hidden[range(len(batch)), [len(rows[i].ids) - skip - 1 for i in batch]]
            both = lm.base_model.model.norm(last) @ lm.base_model.lm_head.weight[[first, second]].T
            for i, odds in zip(batch, (both[:, 0] - both[:, 1]).tolist(), strict=True):
                found[i] = odds
            cache.keep([rows[i].ids for i in batch], [found[i] for i in batch])
            bar.update(len(batch))
    return found
