"""Retrieval-augmented generation: prompts, the pipeline, and when not to answer."""
