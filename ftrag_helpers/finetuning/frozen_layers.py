"""The outputs of the frozen lower layers, computed once for each text and used again.

Where LoRA changes the top layers only, the output of the layers below for a text is the same in
every epoch, for every adapter and at evaluation. A prefix that all texts share (system message,
instruction) is computed once for all of them. The loss of a training and the log-odds of two words
are computed from these outputs. Not here: LoRA itself (`adapters`), the training loop
(`training_loop`).

Rows are padded on the right: with causal attention no token of a text attends to the padding.
"""

from collections.abc import Callable, Iterable, Sequence

from ftrag_helpers.finetuning.decoder_layers import PrefixCache, run_layers
from ftrag_helpers.finetuning.training_data import TokenizedExample, batches
from ftrag_helpers.lm.models import LanguageModel, Messages
from ftrag_helpers.lm.result_cache import AnswerCache, weights_digest


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
        self.max_bytes, self.bytes, self._kept, self._state = max_bytes, 0, {}, PrefixCache()
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
        self, rows: Iterable[TokenizedExample], on_progress: Callable[[float], object] | None = None
    ) -> None:
        """Compute and keep the outputs of rows that are not kept yet, up to `max_bytes`.

        Args:
            rows: encoded texts that begin with the prefix.
            on_progress: called after each batch of 16 with the share (0 to 1) of the missing rows
                that is done.
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
            if on_progress:
                on_progress((start + len(batch)) / len(missing))

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
            state = PrefixCache()
            # Anew at each call, as the top layers' weights may have changed: (1, prefix, hidden)
            run_layers(core, layers, self._prefix_hidden, 0, state)
        # (rows, longest, hidden)
        return run_layers(core, layers, self.hidden(rows), skip, state)


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


def answer_loss(model, frozen: FrozenLayers, rows: Sequence[TokenizedExample]):
    """The cross-entropy of the answer tokens; prompt tokens are masked.

    Args:
        model: the causal model without the wrapper of peft (`LanguageModel.base_model`).
        frozen: frozen layers of the same base model.
        rows: encoded examples that begin with the frozen layers' prefix, with at least one further
            prompt token.

    Returns:
        The sum over all answer tokens of all rows in nats, a scalar tensor with gradients.
    """
    import torch
    from torch.nn.functional import cross_entropy

    # (rows, longest, hidden)
    hidden, skip = frozen.forward_top(model, rows), len(frozen.prefix)
    # Row and position of the token before each answer token, whose output predicts it
    places = [
        (row, token - skip)
        for row, example in enumerate(rows)
        for token in range(example.prompt - 1, len(example.ids) - 1)
    ]
    # (answer tokens,)
    targets = torch.tensor(
        [token for row in rows for token in row.ids[row.prompt :]], device=hidden.device
    )
    # (rows, longest, hidden) to (answer tokens, hidden)
    at_answers = hidden[[row for row, _ in places], [token for _, token in places]]
    # Logits (answer tokens, vocabulary) to a scalar
    return cross_entropy(
        model.lm_head(model.model.norm(at_answers)).float(), targets, reduction="sum"
    )
