"""Honest stand-ins for the two models: small, exact, behind the real interfaces."""

import re
import socket
import zlib
from collections.abc import Sequence

import numpy as np

from ftrag_helpers.data.records import TokenEmbeddings

DIMENSIONS = 384
WINDOW = 256
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content']"
    " }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def embed(texts: Sequence[str]) -> np.ndarray:
    """Word counts over a hashed vocabulary: float32, shape (texts, 384), unit length; no words,
    first axis.
    """
    vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
    for row, text in enumerate(texts):
        for word in re.findall(r"\w+", text.lower()):
            vectors[row, 1 + zlib.crc32(word.encode()) % (DIMENSIONS - 1)] += 1
        if not vectors[row].any():
            vectors[row, 0] = 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def embed_tokens(texts: Sequence[str]) -> list[TokenEmbeddings]:
    """Each word and mark a piece, its vector that of `embed`: equal words match with 1, others
    hardly at all.
    """
    found = [list(re.finditer(r"\w+|[^\w\s]", text)) for text in texts]
    return [
        TokenEmbeddings(
            np.array([m.span() for m in matches], int).reshape(-1, 2),
            embed([m.group() for m in matches]),
        )
        for matches in found
    ]


class Counting:
    """One of the embedders above, remembering every text that it was asked for."""

    def __init__(self, embedder):
        self.seen: list[str] = []
        self._embedder = embedder

    def __call__(self, texts: Sequence[str]):
        self.seen.extend(texts)
        return self._embedder(texts)


def tiny_tokenizer():
    """Bytes as tokens (so that any text comes back as it was) and SmolLM2's chat marks; pads on the
    left.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(
        models.BPE(vocab={t: i for i, t in enumerate(marks + alphabet)}, merges=[])
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(marks)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        unk_token="<|endoftext|>",
        padding_side="left",
        chat_template=CHAT_TEMPLATE,
    )


def tiny_language_model(seed: int = 0):
    """A random Llama of two layers with grouped heads, as SmolLM2 has them.

    Its weights are wide, so that the best token leads by far more than rounding can move.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from ftrag_helpers.lm.models import LanguageModel

    tokenizer = tiny_tokenizer()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(tokenizer),
                hidden_size=48,
                intermediate_size=96,
                num_hidden_layers=2,
                num_attention_heads=6,
                num_key_value_heads=2,
                max_position_embeddings=WINDOW,
                initializer_range=0.4,
                bos_token_id=1,
                eos_token_id=2,
                pad_token_id=2,
                tie_word_embeddings=True,
            )
        )
    return LanguageModel(model.eval(), tokenizer, "tiny")


def scripted_language_model(answer: str):
    """A model that says `answer` byte by byte and then ends, whatever it is asked."""
    from transformers import LlamaConfig, LlamaForCausalLM

    from ftrag_helpers.lm.models import LanguageModel

    tokenizer = tiny_tokenizer()
    script = [*tokenizer(answer, add_special_tokens=False).input_ids, tokenizer.eos_token_id]

    class Scripted(LlamaForCausalLM):
        said = 0

        def forward(self, *args, **kwargs):
            out = super().forward(*args, **kwargs)
            out.logits[:] = -10.0
            out.logits[..., script[min(self.said, len(script) - 1)]] = 10.0
            self.said += 1
            return out

    model = Scripted(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=8,
            intermediate_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            max_position_embeddings=WINDOW,
            eos_token_id=2,
            pad_token_id=2,
        )
    )
    return LanguageModel(model.eval(), tokenizer, "scripted")


def free_port() -> int:
    """A TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
