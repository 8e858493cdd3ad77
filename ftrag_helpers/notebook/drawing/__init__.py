"""How figures are drawn: what they share, labels that keep apart, ladders, stacked bars."""
