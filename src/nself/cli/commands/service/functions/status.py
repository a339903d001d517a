"""`nself service functions status`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.functions.call import State


@verb(short_help="Whether functions answer, and which cannot be loaded.", result="nself.actions.functions.call:State")
@click.pass_context
@pass_app
def command(app: App, context: click.Context) -> None:
    """Ask the functions service how it is. The exit code is 4 when it does not run, 1 when a function is broken.

    \b
    Example:
      nself service functions status
    """
    from nself.actions.functions.call import state

    found = state(app.project, app.host, app.environ)
    app.output.result(found, human)
    context.exit(4 if not found.running else 1 if found.problems else 0)


def human(found: State) -> Iterator[Line]:
    if not found.enabled:
        yield "functions are not enabled"
        yield "next: nself service enable functions"
        return
    if not found.running:
        yield Styled("✗ functions do not answer", "red")
        yield "next: nself start"
        return
    yield Styled(f"✓ functions answer at {found.url}", "green")
    count = "1 function" if found.functions == 1 else f"{found.functions} functions"
    yield f"{count}, {len(found.problems)} that cannot be loaded"
    yield from (f"✗ {each.function}: {each.error or 'see nself service functions logs'}" for each in found.problems)
