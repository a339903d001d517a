"""Hasura v2's API over PostgreSQL: each operation compiles to one SQL statement. Does not know the project model."""
