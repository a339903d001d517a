"""`nself service search test`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.search._place import place
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.search.asking import Proved


@verb(short_help="Whether rows are found by their own words.", result="nself.actions.search.asking:Proved")
@click.argument("indexes", nargs=-1, metavar="[INDEX]...")
@pass_app
def command(app: App, indexes: tuple[str, ...]) -> int:
    """Ask each index for the longest word of a row of its table, and see whether the row is found. Exits 1 if not.

    \b
    Example:
      nself service search test
    """
    from nself.actions.search import asking

    found = asking.prove(place(app), indexes)
    app.output.result(found, human)
    return 0 if found.ok else 1


def human(found: Proved) -> Iterator[Line]:
    for each in found.indexes:
        if each.word is None:
            yield f"- {each.index}: its table has no row with a word"
        elif each.ok:
            yield Styled(f"✓ {each.index}: {each.word} is found, {each.ms} ms by {found.engine}", "green")
        else:
            yield Styled(f"✗ {each.index}: a row that has {each.word} is not found by it", "red")
    if not found.ok:
        yield "next: nself service search health, nself service search reindex"
