"""A real Docker engine for tests: the one that runs, or one of our own; base images made on this machine."""
