"""Exercise 1: temperature, top-p, perplexity, the price of a language, a sampler."""
