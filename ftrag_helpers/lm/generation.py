"""Greedy generation in batches, and as a stream for a chat window.

Not here: the decoding loop (`decoding`) and building prompts from questions (`rag`).
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ftrag_helpers.lm.decoding import decode, preallocated_cache, shared_prefix
from ftrag_helpers.lm.language_model import LanguageModel, Messages, encode_prompt
from ftrag_helpers.lm.result_cache import AnswerCache

#: Tokens, with padding, whose keys and values are held at once: 46 KB a token for SmolLM2-135M, in
#: all 0.55 GB.
CACHE_TOKENS = 12_000


@dataclass(frozen=True)
class Generation:
    """A generated text and how it was generated.

    Attributes:
        text: the text without special tokens, white space trimmed at both ends.
        tokens: the number of generated tokens, without the end token.
        logprob: the mean log-probability of the generated tokens in nats (at most 0), the end
            token's included.
        seconds: the text's equal share of its batch's time when it was computed.
    """

    text: str
    tokens: int
    logprob: float
    seconds: float


def generate(
    lm: LanguageModel,
    prompts: Sequence[str | Messages],
    *,
    max_new_tokens: int = 64,
    batch_size: int = 64,
    progress: bool = True,
) -> list[Generation]:
    """Continue each prompt greedily until the end token or `max_new_tokens`, in the prompts' order.

    Prompts are sorted by length and padded to the longest of their batch; the answer to a prompt
    does not depend on its batch. Answers that this model gave before are read from the
    `result_cache`, with the seconds that they took then.

    Args:
        lm: the language model.
        prompts: lists of chat messages, or texts that are continued as they stand.
        max_new_tokens: the most tokens of an answer, at least 1.
        batch_size: the most prompts that are decoded at once; long ones are fewer
            (`CACHE_TOKENS`).
        progress: whether two or more prompts show a progress bar.

    Returns:
        One generation for each prompt, in the order of the prompts.

    Raises:
        CourseError: a prompt leaves no room for the answer in the model's context window.
        ValueError: no token may be generated.
    """
    from tqdm.auto import tqdm

    if max_new_tokens < 1:
        raise ValueError(f"max_new_tokens must be at least 1, not {max_new_tokens}")
    ids = [encode_prompt(lm, prompt, max_new_tokens) for prompt in prompts]
    cache = AnswerCache(lm.model, "generate", sorted(_end_tokens(lm)))
    # An answer with an end token is kept by its prompt and valid for every larger limit. One that
    # was cut off is kept by prompt and limit, and valid for that limit only.
    results = [
        ended if ended and len(ended[0]) < max_new_tokens else cut
        for ended, cut in zip(
            cache.get(ids), cache.get([[row, max_new_tokens] for row in ids]), strict=True
        )
    ]
    missing = sorted(
        (i for i, result in enumerate(results) if result is None), key=lambda i: len(ids[i])
    )
    shared = shared_prefix([ids[i] for i in missing])
    with tqdm(
        total=len(ids),
        initial=len(ids) - len(missing),
        desc="answers",
        unit="answer",
        disable=not progress or len(ids) < 2,
        leave=False,
    ) as bar:
        for batch in _batches(missing, [len(row) + max_new_tokens for row in ids], batch_size):
            new = _generate_batch(lm, [ids[i] for i in batch], shared, max_new_tokens)
            for i, result in zip(batch, new, strict=True):
                results[i] = result
            keys = [
                ids[i] if len(tokens) < max_new_tokens else [ids[i], max_new_tokens]
                for i, (tokens, _, _) in zip(batch, new, strict=True)
            ]
            cache.put(keys, new)
            bar.update(len(batch))
    return [
        Generation(_text(lm, tokens), len(tokens), logprob, seconds)
        for tokens, logprob, seconds in results
    ]


def _batches(order: Sequence[int], lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Split rows into batches of at most `most` rows and `CACHE_TOKENS` padded tokens, or one row.

    Args:
        order: the rows, shortest first.
        lengths: tokens of prompt and answer, by row.
        most: the most rows of a batch.
    """
    batch: list[int] = []
    for row in order:
        if batch and (len(batch) == most or (len(batch) + 1) * lengths[row] > CACHE_TOKENS):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _generate_batch(
    lm: LanguageModel, rows: list[list[int]], shared: int, limit: int
) -> list[tuple[list[int], float, float]]:
    """For each row its generated tokens, their mean log-probability (nats), and its equal share of
    the batch's seconds.
    """
    started = time.perf_counter()
    generated = decode(
        lm.model, rows, limit, shared=shared, pad=lm.tokenizer.pad_token_id, ends=_end_tokens(lm)
    )
    share = (time.perf_counter() - started) / len(rows)
    return [(tokens, logprob, share) for tokens, logprob in generated]


def _end_tokens(lm: LanguageModel) -> set[int]:
    """The ids of the tokens that end an answer, by the generation config and the tokenizer."""
    ends = lm.model.generation_config.eos_token_id
    ends = ends if isinstance(ends, list) else [ends]
    return {lm.tokenizer.eos_token_id, *ends} - {None}


def stream(
    lm: LanguageModel, prompt: str | Messages, *, max_new_tokens: int = 120
) -> Iterator[str]:
    """Generate an answer greedily and yield its text in parts, for a chat window.

    Joined, the parts are the text of `generate`. Nothing is read from the cache or kept.

    Args:
        lm: the language model.
        prompt: chat messages, or a text that is continued as it stands.
        max_new_tokens: the most tokens of the answer.

    Yields:
        The text that the tokens since the last part added; never empty.

    Raises:
        CourseError: the prompt leaves no room for the answer in the context window.
    """
    import torch

    # (1, prompt tokens) at the first step, (1, 1) at each later one
    ids = torch.tensor([encode_prompt(lm, prompt, max_new_tokens)], device=lm.model.device)
    ends, tokens, shown = _end_tokens(lm), [], ""
    cache = preallocated_cache(lm.model.config.num_hidden_layers, ids.shape[1] + max_new_tokens)
    for _ in range(max_new_tokens):
        with torch.inference_mode():
            # (1, 1, vocabulary)
            logits = lm.model(
                input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1
            ).logits
        token = int(logits[0, -1].argmax())
        if token in ends:
            break
        tokens.append(token)
        text = _text(lm, tokens)
        # A character of several bytes decodes to U+FFFD until the token with its last byte.
        if len(text) > len(shown) and not text.endswith("\ufffd"):
            yield text[len(shown) :]
            shown = text
        ids = torch.tensor([[token]], device=lm.model.device)
    if len(_text(lm, tokens)) > len(shown):
        yield _text(lm, tokens)[len(shown) :]


def _text(lm: LanguageModel, tokens: list[int]) -> str:
    return lm.tokenizer.decode(tokens, skip_special_tokens=True).strip()
