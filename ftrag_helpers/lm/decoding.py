"""Greedy decoding of a batch of token rows, written out for three reasons that a learner's laptop
feels: the part that all rows share is computed once, the key-value cache grows in place, and rows
that are finished leave the batch. A test holds the result equal to `transformers`' own `generate`.

What it leaves out: texts, chat templates and progress bars (`models`).
"""

from collections.abc import Collection, Sequence


def shared_prefix(rows: Sequence[Sequence[int]]) -> int:
    """How many leading tokens all rows share; at least one token of each row is left over."""
    if len(rows) < 2:
        return 0
    first, last = min(rows), max(rows)
    same = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b),
        min(len(first), len(last)),
    )
    return max(0, min(same, min(map(len, rows)) - 1))


def preallocated_cache(layers: int, room: int):
    """A key-value cache that writes into tensors allocated once, instead of copying them at each
    token.
    """
    from transformers.cache_utils import Cache, DynamicLayer

    class RoomyLayer(DynamicLayer):
        def update(self, key_states, value_states, *args, **kwargs):
            used, new = self.get_seq_length(), key_states.shape[-2]
            if not self.is_initialized:
                batch, heads, _, width = key_states.shape
                self.lazy_initialization(key_states, value_states)
                self.rooms = [key_states.new_empty(batch, heads, room, width) for _ in range(2)]
            for held, states in zip(self.rooms, (key_states, value_states), strict=True):
                held[..., used : used + new, :] = states
            self.keys, self.values = (held[..., : used + new, :] for held in self.rooms)
            return self.keys, self.values

        def batch_select_indices(self, indices):
            used = self.get_seq_length()
            self.rooms = [held[indices] for held in self.rooms]
            self.keys, self.values = (held[..., :used, :] for held in self.rooms)

    return Cache(layers=[RoomyLayer() for _ in range(layers)])


def decode(
    model, rows: Sequence[list[int]], limit: int, *, shared: int, pad: int, ends: Collection[int]
) -> list[tuple[list[int], float]]:
    """For each row of token ids the tokens that follow, without the end token, and the mean
    log-probability (nats).

    At most `limit` tokens; a token of `ends` ends a row, and its log-probability counts. `shared`
    leading tokens are the same in all rows. Rows are padded on the left with `pad`.
    """
    import torch

    width = max(map(len, rows))
    padding = torch.tensor([[width - len(row)] for row in rows])
    ids = torch.tensor([[pad] * (width - len(row)) + row[shared:] for row in rows])
    mask = torch.ones(len(rows), width, dtype=torch.long)
    mask[:, shared:] = (torch.arange(width - shared) >= padding).long()
    ids, mask, padding = (x.to(model.device) for x in (ids, mask, padding))
    positions = (torch.arange(shared, width, device=model.device) - padding).clamp(min=0)
    found: list[list[int]] = [[] for _ in rows]
    logprobs = [0.0] * len(rows)
    alive = list(range(len(rows)))
    with torch.inference_mode():
        cache = preallocated_cache(model.config.num_hidden_layers, width + limit)
        if shared:
            _fill_prefix(
                model, torch.tensor([rows[0][:shared]] * len(rows), device=model.device), cache
            )
        for _ in range(limit):
            logits = (
                model(
                    input_ids=ids,
                    attention_mask=mask,
                    position_ids=positions,
                    past_key_values=cache,
                    use_cache=True,
                    logits_to_keep=1,
                )
                .logits[:, -1]
                .float()
            )
            chosen = logits.argmax(-1)
            gained = (logits.gather(1, chosen[:, None])[:, 0] - logits.logsumexp(-1)).tolist()
            stay = []
            for row, (i, token) in enumerate(zip(alive, chosen.tolist(), strict=True)):
                logprobs[i] += gained[row]
                if token not in ends:
                    found[i].append(token)
                    stay.append(row)
            if not stay:
                break
            if len(stay) < len(alive):
                kept = torch.tensor(stay, device=model.device)
                cache.batch_select_indices(kept)
                alive = [alive[row] for row in stay]
                chosen, mask, positions = chosen[kept], mask[kept], positions[kept]
            ids = chosen[:, None]
            positions = positions[:, -1:] + 1
            mask = torch.cat([mask, mask.new_ones(len(alive), 1)], dim=1)
    return [
        (tokens, logprob / (len(tokens) + (len(tokens) < limit)))
        for tokens, logprob in zip(found, logprobs, strict=True)
    ]


def _fill_prefix(model, prefix, cache) -> None:
    """Compute the shared prefix for one row and let every row of the cache have it."""
    one = preallocated_cache(model.config.num_hidden_layers, prefix.shape[1])
    model(input_ids=prefix[:1], past_key_values=one, use_cache=True, logits_to_keep=1)
    for index, layer in enumerate(one.layers):
        rows = prefix.shape[0]
        cache.update(
            layer.keys.expand(rows, -1, -1, -1), layer.values.expand(rows, -1, -1, -1), index
        )
