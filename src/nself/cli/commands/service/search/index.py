"""`nself service search index`: the other name of `setup`."""

from nself.cli.commands.service.search.setup import command

__all__ = ["command"]
