"""Lesson 05's comparison of training and passages: who is asked what, and what each brings."""
