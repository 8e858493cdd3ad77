"""Exercise 3: mask, loss, the size of LoRA, a training set for a new desk."""
