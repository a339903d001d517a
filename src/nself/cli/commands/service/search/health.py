"""`nself service search health`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.search._place import place
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.search.indexes import Health


@verb(short_help="Whether every index answers and is up to date.", result="nself.actions.search.indexes:Health")
@click.pass_context
@pass_app
def command(app: App, context: click.Context) -> None:
    """Ask every index and say what is wrong with it. Exits 1 when something is.

    \b
    Example:
      nself service search health
    """
    from nself.actions.search import indexes as search

    found = search.health(place(app))

    def human(found: Health) -> Iterator[Line]:
        yield from (Styled(f"✗ {problem}", "red") for problem in found.problems)
        if found.healthy:
            yield Styled(f"✓ {found.engine} answers, {len(found.indexes)} indexes are up to date", "green")

    app.output.result(found, human)
    if not found.healthy:
        context.exit(1)
