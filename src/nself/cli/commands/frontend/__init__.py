"""`nself frontend …`: your web apps behind the project's proxy. A file here is a sub-command."""

from __future__ import annotations

from nself.cli.folder import folder_group


@folder_group(__file__, __name__, short_help="Web apps behind the project's proxy.", section="Services")
def command() -> None:
    """Web apps of yours, each at a host of its own behind the proxy: the development server you run, or what it built.

    \b
    Examples:
      nself frontend add shop --port 5173 --path web
      nself frontend env shop > web/.env.local
      nself frontend status
    """
