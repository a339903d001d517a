"""`nself scale auto …`: replicas by load. A word that is no sub-command is a service."""

from __future__ import annotations

from nself.cli.commands.scale import Scale
from nself.cli.folder import folder_group


@folder_group(__file__, __name__, cls=Scale, short_help="Replicas by load.", options_metavar="[SERVICE]")
def command() -> None:
    """Have a service's replicas follow its load: `nself scale auto SERVICE` says between what, and
    `nself scale auto run` watches and acts.

    \b
    Examples:
      nself scale auto web --min 2 --max 6 --cpu-threshold 60
      nself scale auto web --disable
      nself scale auto run
    """
