"""The project's database: where it is, how its schema grows, who may reach which rows."""
