"""The questions of the quizzes, and a learner's way through them."""
