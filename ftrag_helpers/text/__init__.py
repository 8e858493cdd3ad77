"""Text as the course reads it: words, numbers, units, sentences, markup, and matching answers."""
