"""The commands of `ftrag`."""
