"""More or less of a service, and of what stands before the database."""
