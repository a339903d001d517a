"""`nself service search enable`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.search.switch import Switched


@verb(short_help="Switch search on, and choose its engine.", result="nself.actions.search.switch:Switched")
@click.argument("engine", required=False, type=click.Choice(["postgres", "meilisearch"]))
@pass_app
def command(app: App, engine: str | None) -> None:
    """Search in this project by ENGINE: postgres needs no process of its own, meilisearch runs beside it.

    \b
    Examples:
      nself service search enable
      nself service search enable meilisearch
    """
    from nself.actions.search import switch as search_switch

    app.output.result(search_switch.enable(target(app, {}), engine), human)


def human(done: Switched) -> Iterator[Line]:
    yield f"✓ search: {done.engine}" if done.engine else "✓ search is switched off"
    yield from (f"  {change}" for change in done.changes)
    yield "next: nself start, then nself service search setup" if done.engine else "next: nself start"
