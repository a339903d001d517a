"""`nself update …`: newer versions of what a project runs. A file here is a sub-command."""

from __future__ import annotations

from nself.cli.folder import folder_group


@folder_group(__file__, __name__, short_help="Newer versions of what a project runs.", section="Utility")
def command() -> None:
    """What there is in newer versions, and moving to them.

    \b
    Examples:
      nself update images --plan
      nself update images
    """
