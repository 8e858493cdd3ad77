"""Where the course runs: folders, variables, systems, libraries, and how packages come in."""
