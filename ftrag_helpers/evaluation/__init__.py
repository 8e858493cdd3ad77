"""How good answers are: metrics, groundedness, and the systems that the course compares."""
