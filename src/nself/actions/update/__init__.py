"""Newer versions of nself itself."""
