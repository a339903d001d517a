"""Nhost's auth API: accounts, sessions, tokens, on PostgreSQL."""
