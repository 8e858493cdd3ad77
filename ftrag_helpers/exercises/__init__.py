"""The graded exercises: how they are built, and the instant checks of their tasks."""
