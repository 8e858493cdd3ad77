"""The decoding loop in itself; `test_models` holds it equal to transformers' own through
`models.generate`.
"""

import pytest
import torch

from ftrag_helpers.lm.decoding import decode, preallocated_cache, shared_prefix


@pytest.mark.parametrize(
    "rows, expected",
    [
        ([], 0),
        ([[1, 2]], 0),
        ([[1, 2, 3], [1, 2, 4]], 2),
        ([[1, 2], [1, 2]], 1),
        ([[1], [1, 2, 3]], 0),
        ([[1, 2, 3], [1, 2]], 1),
        ([[5, 1], [6, 1]], 0),
        ([[1, 2, 9], [1, 2, 3], [1, 8, 3]], 1),
    ],
)
def test_shared_prefix_leaves_a_token_to_each_row(rows, expected):
    assert shared_prefix(rows) == expected


def test_the_roomy_cache_holds_what_was_written_and_can_drop_rows():
    cache, steps = preallocated_cache(1, 6), [torch.randn(3, 2, n, 4) for n in (3, 1, 2)]
    for step in steps:
        keys, values = cache.update(step, -step, 0)
    assert torch.equal(keys, torch.cat(steps, dim=2)) and torch.equal(values, -keys)
    cache.batch_select_indices(torch.tensor([2, 0]))
    assert torch.equal(cache.layers[0].keys, keys[[2, 0]]) and cache.get_seq_length() == 6


def test_an_end_token_counts_in_the_mean_and_is_left_out_of_the_tokens(fresh_tiny):
    rows = [[5, 6, 7], [5, 9]]
    free = decode(fresh_tiny.model, rows, 2, shared=1, pad=0, ends=())
    first, second = free[0][0]
    ended = decode(fresh_tiny.model, rows, 2, shared=1, pad=0, ends={second})
    assert ended[0] == ([first], pytest.approx(free[0][1]))
