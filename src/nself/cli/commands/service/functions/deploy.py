"""`nself service functions deploy`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Styled, Table
from nself.errors import UsageError

if TYPE_CHECKING:
    from nself.actions.functions.deploy import Deployed

WHERE = ("validate", "local", "production")


@verb(short_help="Take up changed functions, and see that they load.", result="nself.actions.functions.deploy:Deployed")
@click.argument("where", type=click.Choice(WHERE), metavar=f"[{'|'.join(WHERE)}]")
@click.pass_context
@pass_app
def command(app: App, context: click.Context, where: str) -> None:
    """validate has the running service load every function, without calling any. local also makes it take up changed
    files first: in dev the next call sees them by itself, elsewhere the service is restarted. production is for another
    machine, which comes with `nself deploy`.

    The exit code is 1 when a function does not load, 6 when nothing answers.

    \b
    Examples:
      nself service functions deploy validate
      nself service functions deploy local
    """
    from nself.actions.functions import deploy as action

    if where == "production":
        raise UsageError(
            "functions go to another machine together with the project, by `nself deploy`, which is not there yet",
            fixes=["on the server itself: nself service functions deploy local"],
        )
    act = action.local if where == "local" else action.validate
    found = act(app.project, app.host, app.environ, app.emit)
    app.output.result(found, human)
    context.exit(action.exit_code(found))


def human(found: Deployed) -> Iterator[Line]:
    for name in found.failed:
        yield Styled(f"✗ {name} did not come back", "red")
        yield f"next: nself logs {name}"
        return
    if found.restarted:
        yield f"✓ restarted {', '.join(found.restarted)}"
    rows = [
        (each.name, each.language, "✗ broken" if each.error else "✓ loads", each.error or "")
        for each in found.functions
    ]
    yield Table(("FUNCTION", "LANGUAGE", "STATE", ""), rows)
    broken = [each.name for each in found.functions if each.error]
    if broken:
        yield f"{len(broken)} of {len(rows)} cannot be loaded"
    elif rows:
        yield "next: nself service functions invoke NAME"
    else:
        yield "no functions yet: nself service functions create NAME"
