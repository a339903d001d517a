"""`nself frontend logs`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands import logs


@verb(short_help="Requests to a frontend.", result="nself.actions.logs:Line")
@click.argument("name")
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines as they come, until Ctrl-C.")
@click.option(
    "-n", "--limit", type=click.IntRange(min=0), default=20, show_default=True, metavar="LINES", help="How many."
)
@click.pass_context
@pass_app
def command(app: App, context: click.Context, name: str, follow: bool, limit: int) -> None:
    """Show the last requests to a frontend, as the proxy logged them. What its development server says is in the
    terminal you run that in.

    \b
    Example:
      nself frontend logs shop -f
    """
    from nself.actions.frontends.listing import find

    host = find(app.project, name).host
    context.invoke(logs.command, services=("nginx",), search=f'"host":"{host}"', tail=limit, follow=follow)
