"""Models on a server that the learner named: nothing here is called by itself."""
