"""The language model and the embedder: files, decoding, scores, and results kept on disk."""
