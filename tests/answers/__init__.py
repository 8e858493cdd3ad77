"""Stored answers to the graded tasks, right and wrong ones: the proof that the checks tell them apart."""
