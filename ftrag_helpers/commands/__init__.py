"""The commands of `ftrag` beyond opening, testing and checking: for learners, and for instructors.

Level 4.
"""
