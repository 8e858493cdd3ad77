"""Exercise 4: recall and rank, a choice on validation, a filter, a threshold, blame, the news."""
