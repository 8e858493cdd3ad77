"""A small exercise of four tasks, and notebooks that attack its grading; used by the tests of
grading.
"""
