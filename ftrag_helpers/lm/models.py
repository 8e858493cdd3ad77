"""The language model and the embedder: load them, generate in batches, score, embed.

Every lesson uses these two models through this module. Not here: fetching the files
(`model_files`), the decoding loop (`decoding`), building prompts from questions (`rag`), training
(`finetuning`).
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ftrag_helpers.data.records import TokenEmbeddings
from ftrag_helpers.environment import runtime
from ftrag_helpers.errors import CourseError
from ftrag_helpers.lm import model_files
from ftrag_helpers.lm.decoding import decode, preallocated_cache, shared_prefix
from ftrag_helpers.lm.result_cache import AnswerCache, TokenEmbeddingsCache

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
        batch_size: how many prompts are decoded at once.
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
    ids, cache = (
        [_encode(lm, prompt, max_new_tokens) for prompt in prompts],
        AnswerCache(lm.model, "generate", sorted(_end_tokens(lm))),
    )
    # An answer with an end token is kept by its prompt and valid for every larger limit. One that
    # was cut off is kept by prompt and limit, and valid for that limit only.
    made = [
        ended if ended and len(ended[0]) < max_new_tokens else cut
        for ended, cut in zip(
            cache.find(ids), cache.find([[row, max_new_tokens] for row in ids]), strict=True
        )
    ]
    waiting = sorted((i for i, each in enumerate(made) if each is None), key=lambda i: len(ids[i]))
    shared = shared_prefix([ids[i] for i in waiting])
    with tqdm(
        total=len(ids),
        initial=len(ids) - len(waiting),
        desc="answers",
        unit="answer",
        disable=not progress or len(ids) < 2,
        leave=False,
    ) as bar:
        for start in range(0, len(waiting), batch_size):
            batch = waiting[start : start + batch_size]
            for i, each in zip(
                batch,
                _generate_batch(lm, [ids[i] for i in batch], shared, max_new_tokens),
                strict=True,
            ):
                made[i] = each
            cache.keep(
                [
                    ids[i] if len(made[i][0]) < max_new_tokens else [ids[i], max_new_tokens]
                    for i in batch
                ],
                [made[i] for i in batch],
            )
            bar.update(len(batch))
    return [
        Generation(_text(lm, tokens), len(tokens), logprob, seconds)
        for tokens, logprob, seconds in made
    ]


def _encode(lm: LanguageModel, prompt: str | Messages, room: int) -> list[int]:
    """The prompt's token ids (the end token for an empty text), if `room` more tokens fit."""
    ids = lm.encode(prompt) or [lm.tokenizer.eos_token_id]
    if len(ids) + room > lm.context_length:
        raise CourseError(
            f"A prompt of {len(ids)} tokens with {room} for the answer does not fit into the"
            f" {lm.context_length} tokens that {lm.name} can attend to. Shorten it, or retrieve"
            " fewer passages."
        )
    return ids


def _generate_batch(
    lm: LanguageModel, rows: list[list[int]], shared: int, limit: int
) -> list[tuple[list[int], float, float]]:
    """For each row its generated tokens, their mean log-probability (nats), and its equal share of
    the batch's seconds.
    """
    started = time.perf_counter()
    made = decode(
        lm.model, rows, limit, shared=shared, pad=lm.tokenizer.pad_token_id, ends=_end_tokens(lm)
    )
    share = (time.perf_counter() - started) / len(rows)
    return [(tokens, logprob, share) for tokens, logprob in made]


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
    ids = torch.tensor([_encode(lm, prompt, max_new_tokens)], device=lm.model.device)
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
    ids = torch.tensor([_encode(lm, text, 1)], device=lm.model.device)
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
        (_encode(lm, prompt, len(answer)), answer)
        for prompt, answer in zip(prompts, answers, strict=True)
    ]
    found = AnswerCache(lm.model, "continuation").complete(
        pairs,
        lambda batch: [values.tolist() for values in _score_batch(lm, [pairs[i] for i in batch])],
        batch_size=batch_size,
        length=lambda pair: sum(map(len, pair)),
    )
    return [np.array(values, np.float32) for values in found]


def _score_batch(lm: LanguageModel, pairs: list[tuple[list[int], list[int]]]) -> list[np.ndarray]:
    """For each pair of token ids (prompt, answer), the answer tokens' log-probabilities (nats)."""
    import torch

    width = max(len(prompt) + len(answer) for prompt, answer in pairs)
    # ids, mask: (pairs, width), padded on the right
    ids = torch.full((len(pairs), width), lm.tokenizer.pad_token_id)
    mask = torch.zeros_like(ids)
    for row, (prompt, answer) in enumerate(pairs):
        length = len(prompt) + len(answer)
        ids[row, :length] = torch.tensor(prompt + answer)
        mask[row, :length] = 1
    ids, mask = ids.to(lm.model.device), mask.to(lm.model.device)
    with torch.inference_mode():
        # (pairs, width, hidden)
        hidden = lm.base_model.model(
            input_ids=ids, attention_mask=mask, use_cache=False
        ).last_hidden_state
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
    ids = [_encode(lm, prompt, 1) for prompt in prompts]

    def odds(batch: list[int]) -> list[float]:
        with torch.inference_mode():
            # (batch, hidden) @ (hidden, 2) = (batch, 2)
            both = (
                _last_hidden(lm, [ids[i] for i in batch]).float()
                @ lm.base_model.lm_head.weight[[first, second]].float().T
            )
        return (both[:, 0] - both[:, 1]).tolist()

    return AnswerCache(lm.model, "log odds", first, second).complete(
        ids, odds, batch_size=batch_size
    )


def _last_hidden(lm: LanguageModel, rows: list[list[int]]):
    """The last layer's output, after the final norm, at each row's last token; shape (rows,
    hidden).
    """
    import torch

    width = max(map(len, rows))
    # ids, mask: (rows, width), padded on the right
    ids = torch.full((len(rows), width), lm.tokenizer.pad_token_id)
    mask = torch.zeros_like(ids)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    with torch.inference_mode():
        # (rows, width, hidden)
        hidden = lm.base_model.model(
            input_ids=ids.to(lm.model.device),
            attention_mask=mask.to(lm.model.device),
            use_cache=False,
        ).last_hidden_state
    return hidden[torch.arange(len(rows)), [len(tokens) - 1 for tokens in rows]]


@lru_cache(maxsize=2)
def _load_embedder(location: str, device: str):
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        model = SentenceTransformer(location, device=device, local_files_only=True)
        model.tokenizer.split_special_tokens = (
            True  # "[SEP]" in a document is encoded as text, not as the separator
        )
        return model
    except Exception as error:
        raise model_files.unloadable(model_files.EMBEDDER, error) from error


def load_embedder():
    """all-MiniLM-L6-v2 as a `SentenceTransformer` (or what `FTRAG_EMBEDDER` names), loaded once a
    process.

    Returns:
        The embedder on the device of `runtime.device`. Its tokenizer encodes a special token that
        is spelled out in a text ("[SEP]") as text.

    Raises:
        CourseError: the files are not there or cannot be read.
    """
    return _load_embedder(model_files.location(model_files.EMBEDDER), str(runtime.device()))


def embed(texts: Sequence[str], *, batch_size: int = 64, progress: bool = False) -> np.ndarray:
    """Embed texts as unit-length vectors, so that a dot product is a cosine similarity.

    A text longer than the embedder's window (256 tokens for MiniLM) is truncated; `embed.fits` says
    whether one fits.

    Args:
        texts: the texts; there may be none.
        batch_size: how many texts are embedded at once.
        progress: whether to show a progress bar.

    Returns:
        Embeddings, float32, shape (texts, dimensions), each of length 1; MiniLM has 384 dimensions.

    Raises:
        CourseError: the embedder's files are not there or cannot be read.
    """
    if not len(texts):
        return np.zeros((0, load_embedder().get_embedding_dimension()), np.float32)
    return load_embedder().encode(
        list(texts),
        batch_size=batch_size,
        normalize_embeddings=True,
        show_progress_bar=progress,
        convert_to_numpy=True,
    )


def fits_embedder(text: str) -> bool:
    """Whether the embedder reads the whole text, without truncation.

    Args:
        text: the text as it would be embedded.

    Returns:
        True where its sub-word tokens, the special tokens around them included, are not more than
        the embedder's window; always for an embedder without a limit.

    Raises:
        CourseError: the embedder's files are not there or cannot be read.
    """
    model = load_embedder()
    return len(model.tokenizer(text, verbose=False).input_ids) <= (model.max_seq_length or math.inf)


embed.fits = fits_embedder  # read by `Index`, which splits passages that do not fit


def embed_tokens(
    texts: Sequence[str], *, batch_size: int = 32, progress: bool = False
) -> list[TokenEmbeddings]:
    """The embedder's output for every sub-word token of every text, before pooling.

    Special tokens ("[CLS]", "[SEP]") and tokens beyond the embedder's window are left out. Results
    are kept in the `result_cache`.

    Args:
        texts: the texts.
        batch_size: how many texts are embedded at once.
        progress: whether to show a progress bar.

    Returns:
        For each text its spans in characters, shape (tokens, 2), and its vectors, float32 rounded
        to the precision of float16, shape (tokens, dimensions), of length 1 before the rounding.

    Raises:
        CourseError: the embedder's files are not there or cannot be read.
    """
    model, texts = load_embedder(), list(texts)

    def computed(batch: list[int]) -> list[TokenEmbeddings]:
        new = [texts[i] for i in batch]
        # One tensor a text: (tokens, dimensions), special tokens included
        vectors = model.encode(
            new, batch_size=batch_size, output_value="token_embeddings", show_progress_bar=progress
        )
        # One array a text: (tokens, 2), start and end in characters
        spans = [
            np.array(read.offsets)
            for read in model.tokenizer(
                new, truncation=True, max_length=model.max_seq_length
            ).encodings
        ]
        return [
            _pieces(each.float().cpu().numpy(), where)
            for each, where in zip(vectors, spans, strict=True)
        ]

    return TokenEmbeddingsCache(model, model.get_embedding_dimension()).complete(
        texts, computed, batch_size=max(1, len(texts))
    )


def _pieces(vectors: np.ndarray, spans: np.ndarray) -> TokenEmbeddings:
    """Unit-length vectors, shape (tokens, dimensions), with their spans, without special tokens."""
    inside = spans[:, 1] > spans[:, 0]  # (all tokens,); a special token has an empty span
    # (all tokens, dimensions) to (tokens, dimensions)
    vectors = vectors[inside]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    # Rounded as in the cache, so that cached and newly computed vectors give the same ranking.
    return TokenEmbeddings(spans[inside], vectors.astype(np.float16).astype(np.float32))
