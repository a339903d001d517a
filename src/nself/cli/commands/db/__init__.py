"""`nself db …`: the project's database and the GraphQL API over it."""

from __future__ import annotations

from nself.cli.app import group
from nself.cli.commands.db import metadata, migrate, permissions


@group(short_help="Migrations, the GraphQL API's metadata and permissions.", section="Data")
def command() -> None:
    """The project's database.

    \b
    Examples:
      nself db migrate create add_notes
      nself db migrate up
      nself db metadata diff
      nself db permissions test
    """


command.add_command(migrate.command, "migrate")
command.add_command(metadata.command, "metadata")
command.add_command(permissions.command, "permissions")
