"""The language model and the embedder, in one import for lessons.

Names only: each lies in the module that it is imported from here.
"""

from ftrag_helpers.lm.embeddings import embed, embed_tokens, fits_embedder, load_embedder
from ftrag_helpers.lm.generation import Generation, generate, stream
from ftrag_helpers.lm.language_model import (
    LanguageModel,
    Messages,
    continuation_logprobs,
    load_language_model,
    log_odds,
    next_token_logprobs,
)

__all__ = [
    "Generation",
    "LanguageModel",
    "Messages",
    "continuation_logprobs",
    "embed",
    "embed_tokens",
    "fits_embedder",
    "generate",
    "load_embedder",
    "load_language_model",
    "log_odds",
    "next_token_logprobs",
    "stream",
]
