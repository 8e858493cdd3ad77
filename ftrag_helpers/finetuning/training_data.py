"""From chat messages and responses to token ids, with the length of the prompt that is masked.

Examples pass through a `datasets.Dataset` in memory, as in the trainers of Hugging Face. Not here:
reading the data sets (`tuning_data`) and training (`sft`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm import decoding
from ftrag_helpers.lm.models import LanguageModel, Messages


@dataclass(frozen=True)
class Example:
    """A prompt and the response that the model is trained to give.

    Attributes:
        prompt: chat messages, dictionaries with "role" and "content", in order; at least one.
        response: the text of the model's turn; `encode` rejects an empty one.
    """

    prompt: Messages
    response: str


@dataclass(frozen=True)
class TokenizedExample:
    """An example as token ids.

    Attributes:
        ids: the token ids of the prompt, then those of the response with its end token.
        prompt: the number of prompt tokens at the start of `ids`; the loss leaves them out.
    """

    ids: tuple[int, ...]
    prompt: int


def encode(lm: LanguageModel, example: Example) -> TokenizedExample:
    """Encode an example in the model's chat template: prompt, response, end token.

    Args:
        lm: the model whose tokenizer and chat template are used.
        example: the prompt and the response.

    Returns:
        The token ids and the number of prompt tokens.

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


def tokenize(lm: LanguageModel, examples: Sequence[Example]) -> list[TokenizedExample]:
    """Encode all examples of a data set (`encode`).

    Takes about 0.1 s more for 1,000 examples than the encoding alone; nothing is written to disk.

    Args:
        lm: the model whose tokenizer and chat template are used.
        examples: the prompts and responses; may be empty.

    Returns:
        The encoded examples, in order.

    Raises:
        CourseError: as `encode`, for the first example at fault.
    """
    from datasets import Dataset

    def encoded(row: dict) -> dict:
        tokenized = encode(lm, Example(row["prompt"], row["response"]))
        return {"ids": tokenized.ids, "prompt tokens": tokenized.prompt}

    if not examples:
        return []
    columns = {
        "prompt": [example.prompt for example in examples],
        "response": [example.response for example in examples],
    }
    rows = Dataset.from_dict(columns).map(
        encoded,
        remove_columns=list(columns),
        keep_in_memory=True,
        # Without a given name, one is made by hashing the function, all weights included.
        new_fingerprint="tokenized",
    )
    return [TokenizedExample(tuple(row["ids"]), row["prompt tokens"]) for row in rows]


def batches(rows: Sequence[TokenizedExample], size: int) -> list[list[int]]:
    """Group rows of similar length into batches, so that little padding is needed.

    Args:
        rows: the encoded examples.
        size: rows in a batch, at least 1; the last batch may be smaller.

    Returns:
        The batches, from the shortest rows to the longest; each holds indices into `rows`.
    """
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    return [order[start : start + size] for start in range(0, len(order), size)]


def shared_prefix(rows: Sequence[TokenizedExample]) -> tuple[int, ...]:
    """The tokens with which the prompts of all rows begin.

    Args:
        rows: the encoded examples, at least one.

    Returns:
        Token ids; shorter than every prompt by at least one token. Empty for a single row.
    """
    return rows[0].ids[: decoding.shared_prefix([row.ids[: row.prompt] for row in rows])]
