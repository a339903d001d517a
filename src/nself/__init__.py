"""nself: a complete self-hosted backend in one command."""

__version__ = "1.0.0.dev0"
