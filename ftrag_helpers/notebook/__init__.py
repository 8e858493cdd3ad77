"""What a notebook shows: figures, controls, quizzes, wrapped text."""
