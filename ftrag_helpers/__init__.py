"""Helpers of the course "Fine-Tuning vs RAG": the plumbing, so that the notebooks show the
subject.
"""
