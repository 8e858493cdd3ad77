"""Exercise 2: a split by works, a baseline, precision and recall, a learning curve, fine-tuning."""
