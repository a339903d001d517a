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
    for word in words:
        if not isinstance(found, click.Group):
            raise click.UsageError(f"`{here.info_name}` has no sub-command `{word}`", here)
        _, inner, _ = found.resolve_command(here, [word])
        assert inner is not None
        here = click.Context(inner, info_name=word, parent=here)
        found = inner
    app.output.text(found.get_help(here))
