"""`nself service functions …`: the project's functions. A file here is a sub-command."""

from __future__ import annotations

from nself.cli.folder import folder_group


@folder_group(__file__, __name__, short_help="Make, list and call functions.")
def command() -> None:
    """Functions in Python and TypeScript: a file in functions/ is a route.

    \b
    Examples:
      nself service functions create greet
      nself service functions invoke greet '{"name": "Ada"}'
      nself service functions logs -f
    """
