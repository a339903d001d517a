"""`nself service email list`: the same as `providers`."""

from nself.cli.commands.service.email.providers import command as command
