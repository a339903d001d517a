"""`nself service search list`: the other name of `status`."""

from nself.cli.commands.service.search.status import command

__all__ = ["command"]
