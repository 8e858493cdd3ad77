"""Exercise 5: fair plans, a paired interval, what it supports, break-even, support by sources."""
