"""`nself config …`: the project's settings."""

from __future__ import annotations

from nself.cli.app import group
from nself.cli.commands.config import change, read, secrets


@group(short_help="Look at, check and change the project's settings.", section="Configuration")
def command() -> None:
    """The project's settings: what they are, where each comes from, whether they are right.

    \b
    Examples:
      nself config explain BASE_DOMAIN     who sets it, who won, what it means
      nself config set LOG_LEVEL debug
      nself config validate
    """


for each in (*read.COMMANDS, *change.COMMANDS, secrets.command):
    command.add_command(each)
