"""What a learner measured, predicted and decided, and the claims and report made of it."""
