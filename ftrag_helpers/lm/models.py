"""The language model and the embedder, in one import for lessons.

Names only: each lies in the module that it is imported from here.
"""

from ftrag_helpers.lm.embeddings import (  # noqa: F401
    embed,
    embed_tokens,
    fits_embedder,
    fresh_embedder,
    functions_of,
    load_embedder,
)
from ftrag_helpers.lm.generation import Generation, generate, stream  # noqa: F401
from ftrag_helpers.lm.language_model import (  # noqa: F401
    LanguageModel,
    Messages,
    continuation_logprobs,
    load_language_model,
    log_odds,
    next_token_logprobs,
)
