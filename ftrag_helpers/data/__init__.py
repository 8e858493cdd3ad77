"""The data sets of the course and a learner's own documents and questions, read into records."""
