"""How a decision among the systems is computed from their figures and a need's weights."""
