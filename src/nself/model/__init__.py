"""Project text -> Project, and the neutral service specs. Every check of the user's files; no output format."""
