"""`nself db …`: the project's database."""

from __future__ import annotations

from nself.cli.app import group
from nself.cli.commands.db import migrate


@group(short_help="Migrations of the project's database.", section="Data")
def command() -> None:
    """The project's database.

    \b
    Examples:
      nself db migrate create add_notes
      nself db migrate up
    """


command.add_command(migrate.command, "migrate")
