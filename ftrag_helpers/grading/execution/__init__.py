"""Running a submission: the warmed process, the sandbox, its limits, and what it reports."""
