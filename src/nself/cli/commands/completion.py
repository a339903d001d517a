"""`nself completion bash|zsh|fish`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from nself.cli.app import App, pass_app, verb


@verb(short_help="Print a completion script for your shell.", section="Utility")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
@pass_app
def command(app: App, context: click.Context, shell: str) -> None:
    """Print a script that completes nself's commands, options and services.

    \b
    Examples:
      nself completion bash >> ~/.bashrc
      nself completion zsh > "${fpath[1]}/_nself"
      nself completion fish > ~/.config/fish/completions/nself.fish
    """
    made = get_completion_class(shell)
    assert made is not None
    complete = made(context.find_root().command, {}, "nself", "_NSELF_COMPLETE")
    app.output.text(complete.source())
