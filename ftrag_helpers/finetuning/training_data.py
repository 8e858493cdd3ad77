"""From chat messages and responses to the tokens that a training sees, prompts masked.

What it leaves out: reading the data sets (`tuning_data`), and learning from them (`sft`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm import decoding
from ftrag_helpers.lm.models import LanguageModel, Messages


@dataclass(frozen=True)
class Example:
    """Chat messages, and the response that the model should learn to give to them."""

    prompt: Messages
    response: str


@dataclass(frozen=True)
class TokenizedExample:
    """An encoded example: all its tokens, and how many of them are the prompt (never learned)."""

    ids: tuple[int, ...]
    prompt: int


def encode(lm: LanguageModel, example: Example) -> TokenizedExample:
    """The example in the model's chat template: prompt, response, end mark.

    Only what follows the prompt is learned.

    Raises:
        CourseError: the response is empty, or both together do not fit into the model's window.
    """
    if not example.response.strip():
        raise CourseError(
            f"An example has an empty response, to: {example.prompt[-1]['content']!r:.80}. Remove"
            " it or fill it in."
        )
    prompt = lm.encode(example.prompt)
    answer = lm.encode_text(example.response) + [lm.tokenizer.eos_token_id]
    if len(prompt) + len(answer) > lm.context_length:
        raise CourseError(
            f"An example of {len(prompt)} prompt and {len(answer)} response tokens does not fit"
            f" into the {lm.context_length} tokens of {lm.name}:"
            f" {example.prompt[-1]['content']!r:.80}. Shorten it."
        )
    return TokenizedExample(tuple(prompt + answer), len(prompt))


def batches(rows: Sequence[TokenizedExample], size: int) -> list[list[int]]:
    """The rows' numbers in batches of like length, so that little is padding."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    return [order[start : start + size] for start in range(0, len(order), size)]


def shared_prefix(rows: Sequence[TokenizedExample]) -> tuple[int, ...]:
    """The tokens with which all rows' prompts begin; at least one token of each prompt is left
    over.
    """
    return rows[0].ids[: decoding.shared_prefix([row.ids[: row.prompt] for row in rows])]
