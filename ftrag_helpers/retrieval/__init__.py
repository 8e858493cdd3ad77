"""Search: passages, BM25, vectors in Chroma, fusion, and re-ranking by late interaction."""
