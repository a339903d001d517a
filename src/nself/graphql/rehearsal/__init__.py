"""Permissions tried out: everything a role must not reach is reached for, on a database that keeps nothing of it."""
