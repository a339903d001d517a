"""`nself service functions init`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.commands.service.functions.create import told
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.functions.scaffold import Begun


@verb(short_help="Write a first function.", result="nself.actions.functions.scaffold:Begun")
@click.option("--ts", is_flag=True, help="In TypeScript; else in Python.")
@pass_app
def command(app: App, ts: bool) -> None:
    """Write functions/hello, unless there are functions already.

    \b
    Example:
      nself service functions init --ts
    """
    from nself.actions.functions import scaffold

    def human(begun: Begun) -> Iterator[Line]:
        if begun.created:
            yield from told(begun.created)
            yield f"next: nself service functions invoke {begun.created.name}"
        else:
            yield "✓ there are functions already: nself service functions list"

    app.output.result(scaffold.init(target(app, {}), typescript=ts), human)
