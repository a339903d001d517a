"""`nself service email …`: the mail a project sends. A file here is a sub-command."""

from __future__ import annotations

from nself.cli.folder import folder_group


@folder_group(__file__, __name__, short_help="Send mail, check the mail server, see the development inbox.")
def command() -> None:
    """The mail your project sends: in dev it goes to an inbox of its own, else through your provider.

    \b
    Examples:
      nself service email setup
      nself service email check
      nself service email test you@example.com
    """
