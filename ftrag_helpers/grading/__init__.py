"""Grading of submitted exercises: submissions in, sandboxed runs, marks, and reports out."""
