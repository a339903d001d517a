"""`nself service functions test`: the same as `invoke`."""

from nself.cli.commands.service.functions.invoke import command as command
