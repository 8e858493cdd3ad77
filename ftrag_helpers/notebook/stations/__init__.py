"""The stations of a prompt's path through the model: traced, worded, drawn, and live."""
