"""`nself help [command [sub-command]]`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb


@verb(short_help="Show help for nself or one command.", section="Utility")
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
@pass_app
def command(app: App, context: click.Context, words: tuple[str, ...]) -> None:
    """Show help, offline. `nself help db migrate` is `nself db migrate --help`.

    \b
    Examples:
      nself help
      nself help start
    """
    found, here = context.find_root().command, context.find_root()
    rest = list(words)
    while rest:
        if not isinstance(found, click.Group):
            raise click.UsageError(f"`{here.info_name}` has no sub-command `{rest[0]}`", here)
        name, inner, rest = found.resolve_command(here, rest)
        assert inner is not None
        here = click.Context(inner, info_name=name, parent=here)
        found = inner
    app.output.text(found.get_help(here))
