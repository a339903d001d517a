"""The project's settings: read and explained, changed."""
