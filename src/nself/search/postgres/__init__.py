"""The engine that needs no process: indexes are tables that PostgreSQL keeps up to date by itself."""
