"""Search: indexes declared in the project, kept by an engine. PostgreSQL's own full text, or a program beside it."""
