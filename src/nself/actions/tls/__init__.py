"""The project's certificate, and who trusts it."""
