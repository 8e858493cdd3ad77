"""LoRA fine-tuning: adapters, frozen layers computed once, and the training loop."""
