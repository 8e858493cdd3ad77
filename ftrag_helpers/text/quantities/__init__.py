"""What the numbers of a text amount to; `reading` applies the rules of the other modules."""
