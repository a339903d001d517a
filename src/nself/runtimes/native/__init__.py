"""The native runtime: real processes under supervisor, no Docker."""
