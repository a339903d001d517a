"""`nself frontend remove`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.frontends.change import Removed


@verb(short_help="Take a web app's host away.", result="nself.actions.frontends.change:Removed")
@click.argument("name")
@pass_app
def command(app: App, name: str) -> None:
    """Take a frontend out of nself.yml and of every env file. Its own files stay where they are.

    \b
    Example:
      nself frontend remove shop
    """
    from nself.actions.frontends import change

    app.output.result(change.remove(target(app, {}), name), human)


def human(done: Removed) -> Iterator[Line]:
    yield f"✓ {done.name} is removed from {', '.join(done.files)}"
    if done.path:
        yield f"  its files in {done.path} stay"
    yield "next: nself start"
