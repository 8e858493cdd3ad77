"""Grading of submitted exercises: intake (`submissions`), masters (`assignments`), sandbox, engine,
results (`records`).
"""
