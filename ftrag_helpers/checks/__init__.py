"""Instant checks for the graded exercises: one module for each notebook (`lesson_01` to
`lesson_05`) over `core`.
"""
