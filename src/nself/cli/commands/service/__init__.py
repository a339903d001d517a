"""`nself service …`: the services of the catalogue, and what can be done with each. A file here is a sub-command."""

from __future__ import annotations

from nself.cli.folder import folder_group


@folder_group(__file__, __name__, short_help="Switch services on and off, and use them.", section="Services")
def command() -> None:
    """The services of the stack: which there are, which run, and what each of them can do for you.

    \b
    Examples:
      nself service list
      nself service logs functions -f
    """
