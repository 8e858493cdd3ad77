"""What learners handed in: files, names, cells and answers."""
