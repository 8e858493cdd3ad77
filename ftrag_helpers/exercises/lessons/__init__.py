"""The checks of each lesson's tasks."""
