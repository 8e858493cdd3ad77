"""The language model: load it, encode prompts, and score texts with it.

Not here: fetching its files (`model_files`), generating answers (`generation`), building prompts
from questions (`rag`), training (`finetuning`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm import model_files
from ftrag_helpers.lm.result_cache import AnswerCache

Messages = list[dict[str, str]]


@dataclass(frozen=True)
class LanguageModel:
    """A causal language model with its tokenizer, on its device.

    Attributes:
        model: the `transformers` model in evaluation mode, also one that peft wraps with an
            adapter.
        tokenizer: its tokenizer, with a padding token.
        name: the last part of the model's path, for messages.
    """

    model: object
    tokenizer: object
    name: str

    def render(self, messages: Messages) -> str:
        """The chat messages as the one text that the model continues (its chat template).

        Args:
            messages: dictionaries with "role" and "content", in order.

        Returns:
            The text with the template's control tokens, up to the start of the model's turn.
        """
        return self.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=False
        )

    def encode(self, prompt: str | Messages) -> list[int]:
        """The token ids of chat messages in their template, or of a text as it stands.

        In messages only the template's own control tokens are encoded as such. One that is spelled
        out in a content ("<|im_end|>") is encoded as text, so that a document or a question cannot
        end its turn and start one of another role. In a text, control tokens are encoded as such.

        Args:
            prompt: chat messages, or a text (a rendered template, say).

        Returns:
            The token ids. For messages they end at the start of the model's turn.
        """
        if isinstance(prompt, str):
            return self.tokenizer(prompt, add_special_tokens=False).input_ids
        return self.tokenizer.apply_chat_template(
            prompt, add_generation_prompt=True, sanitize_control_tokens=True
        ).input_ids

    def encode_text(self, text: str) -> list[int]:
        """The token ids of a response or another text without control tokens.

        Args:
            text: the text; a control token that is spelled out in it is encoded as text.

        Returns:
            The token ids; no special token is added.
        """
        return self.tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids

    @property
    def base_model(self):
        """The causal model with its `model` and `lm_head`, without the wrapper of peft, if any."""
        return self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model

    @property
    def context_length(self) -> int:
        """The most tokens that prompt and answer may have together (the context window)."""
        return self.model.config.max_position_embeddings


@lru_cache(maxsize=2)
def _load_language_model(location: str, device: str) -> LanguageModel:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(location, padding_side="left")
        model = AutoModelForCausalLM.from_pretrained(location, dtype=torch.float32)
    except (
        Exception
    ) as error:  # whatever transformers and safetensors raise over files that they cannot use
        raise model_files.unloadable(model_files.LANGUAGE_MODEL, error) from error
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return LanguageModel(
        model.to(device).eval(), tokenizer, location.rstrip("/").replace("\\", "/").split("/")[-1]
    )


def load_language_model() -> LanguageModel:
    """SmolLM2-135M-Instruct in fp32 (or what `FTRAG_LLM` names), loaded once a process.

    Returns:
        The model in evaluation mode on the device of `runtime.device`, with its tokenizer.

    Raises:
        CourseError: the files are not there or cannot be read.
    """
    return _load_language_model(
        model_files.location(model_files.LANGUAGE_MODEL), str(runtime.device())
    )


def encode_prompt(lm: LanguageModel, prompt: str | Messages, room: int) -> list[int]:
    """The token ids of a prompt to continue, checked against the context window.

    Args:
        lm: the language model.
        prompt: chat messages, or a text as it stands; an empty text is read as the end token.
        room: how many more tokens must fit.

    Returns:
        The token ids, at least one.

    Raises:
        CourseError: the prompt leaves too little room.
    """
    ids = lm.encode(prompt) or [lm.tokenizer.eos_token_id]
    if len(ids) + room > lm.context_length:
        raise CourseError(
            f"A prompt of {len(ids)} tokens with {room} for the answer does not fit into the"
            f" {lm.context_length} tokens that {lm.name} can attend to. Shorten it, or retrieve"
            " fewer passages."
        )
    return ids


def next_token_logprobs(lm: LanguageModel, text: str) -> np.ndarray:
    """The log-probability of every token of the vocabulary to come next after the text.

    Args:
        lm: the language model.
        text: the text as it stands; an empty one is read as the end token.

    Returns:
        Log-probabilities in nats, float32, shape (vocabulary,); their exponentials sum to 1.

    Raises:
        CourseError: the text leaves no room for a token in the context window.
    """
    import torch

    # (1, tokens)
    ids = torch.tensor([encode_prompt(lm, text, 1)], device=lm.model.device)
    with torch.inference_mode():
        # (1, 1, vocabulary) to (vocabulary,)
        logits = lm.model(input_ids=ids, logits_to_keep=1).logits[0, -1].float()
    return torch.log_softmax(logits, dim=-1).cpu().numpy()


def continuation_logprobs(
    lm: LanguageModel,
    prompts: Sequence[str | Messages],
    continuations: Sequence[str],
    *,
    batch_size: int = 16,
) -> list[np.ndarray]:
    """For each pair, the log-probabilities (nats) of the continuation's tokens, given the prompt.

    The language-model head is applied at the continuation's positions only. Results are kept in the
    `result_cache`.

    Args:
        lm: the language model.
        prompts: lists of chat messages, or texts as they stand.
        continuations: one text for each prompt; it is encoded without control tokens.
        batch_size: how many pairs are computed at once.

    Returns:
        For each pair an array of float32, shape (tokens of the continuation,), in nats (at most 0).

    Raises:
        CourseError: a prompt and its continuation do not fit into the context window.
        ValueError: as many continuations as prompts are needed, and none may be empty.
    """
    answers = [lm.encode_text(text) for text in continuations]
    if not all(answers):
        raise ValueError("an empty continuation has no probability")
    pairs = [
        (encode_prompt(lm, prompt, len(answer)), answer)
        for prompt, answer in zip(prompts, answers, strict=True)
    ]
    scores = AnswerCache(lm.model, "continuation").get_or_compute(
        pairs,
        lambda batch: [values.tolist() for values in _score_batch(lm, [pairs[i] for i in batch])],
        batch_size=batch_size,
        length=lambda pair: sum(map(len, pair)),
    )
    return [np.array(values, np.float32) for values in scores]


def _score_batch(lm: LanguageModel, pairs: list[tuple[list[int], list[int]]]) -> list[np.ndarray]:
    """For each pair of token ids (prompt, answer), the answer tokens' log-probabilities (nats)."""
    import torch

    ids, hidden = _hidden_states(lm, [prompt + answer for prompt, answer in pairs])
    with torch.inference_mode():
        results = []
        for row, (prompt, answer) in enumerate(pairs):
            # The output at a position predicts the next token: the span starts one token early.
            span = slice(len(prompt) - 1, len(prompt) + len(answer) - 1)
            # (answer tokens, hidden) to (answer tokens, vocabulary)
            logprobs = torch.log_softmax(lm.base_model.lm_head(hidden[row, span]).float(), dim=-1)
            # The log-probability of each answer token: (answer tokens, 1) to (answer tokens,)
            results.append(
                logprobs.gather(1, ids[row, len(prompt) : len(prompt) + len(answer), None])[:, 0]
                .cpu()
                .numpy()
            )
    return results


def log_odds(
    lm: LanguageModel, prompts: Sequence[str | Messages], yes: str, no: str, *, batch_size: int = 16
) -> list[float]:
    """For each prompt, log P(yes) − log P(no) of the first tokens of two words as the first token
    of the answer.

    The difference of two logits, as the normaliser of the softmax cancels. Results are kept in the
    `result_cache`.

    Args:
        lm: the language model.
        prompts: lists of chat messages, or texts as they stand.
        yes: the word whose log-probability counts positive; only its first token is used.
        no: the word whose log-probability is subtracted; only its first token is used.
        batch_size: how many prompts are computed at once.

    Returns:
        The log-odds in nats, one for each prompt; above 0 where `yes` is more probable.

    Raises:
        CourseError: a prompt leaves no room for a token in the context window.
    """
    import torch

    first, second = (lm.encode_text(word)[0] for word in (yes, no))
    ids = [encode_prompt(lm, prompt, 1) for prompt in prompts]

    def odds(batch: list[int]) -> list[float]:
        rows = [ids[i] for i in batch]
        with torch.inference_mode():
            hidden = _hidden_states(lm, rows)[1]
            # The output at each row's last token: (batch, hidden)
            last = hidden[torch.arange(len(rows)), [len(tokens) - 1 for tokens in rows]]
            # (batch, hidden) @ (hidden, 2) = (batch, 2)
            both = last.float() @ lm.base_model.lm_head.weight[[first, second]].float().T
        return (both[:, 0] - both[:, 1]).tolist()

    return AnswerCache(lm.model, "log odds", first, second).get_or_compute(
        ids, odds, batch_size=batch_size
    )


def _hidden_states(lm: LanguageModel, rows: Sequence[list[int]]):
    """The token ids, padded on the right, shape (rows, width), and the last layer's output for them
    after the final norm, shape (rows, width, hidden).
    """
    import torch

    width = max(map(len, rows))
    # ids, mask: (rows, width)
    ids = torch.full((len(rows), width), lm.tokenizer.pad_token_id)
    mask = torch.zeros_like(ids)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    ids, mask = ids.to(lm.model.device), mask.to(lm.model.device)
    with torch.inference_mode():
        output = lm.base_model.model(input_ids=ids, attention_mask=mask, use_cache=False)
    return ids, output.last_hidden_state
