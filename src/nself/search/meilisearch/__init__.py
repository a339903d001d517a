"""The engine that runs beside PostgreSQL: its HTTP API, and how it is told what changed."""
