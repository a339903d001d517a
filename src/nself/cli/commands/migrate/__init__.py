"""`nself migrate …`: take what a project holds somewhere else. A file here is a sub-command."""

from __future__ import annotations

from nself.cli.folder import folder_group


@folder_group(
    __file__,
    __name__,
    short_help="Move a project to another runtime, with its data.",
    section="Services",
)
def command() -> None:
    """Take what a project holds somewhere else, and see that all of it arrived.

    \b
    Examples:
      nself migrate runtime compose --dry-run
      nself migrate runtime compose
    """
