"""`nself service init`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.service.init import Added


@verb(short_help="Add a service of your own from a template.", result="nself.actions.service.init:Added")
@click.argument("name")
@click.option("--template", metavar="NAME", help="What it is made from: nself service templates.")
@click.option("--port", type=click.IntRange(1, 65535), metavar="PORT", help="Port it listens on; a free one from 8001.")
@click.option("--route", metavar="HOST", help="Public host: a label below the project's domain. None: internal only.")
@click.option("--command", "run", metavar="COMMAND", help="What runs it natively, instead of the template's own.")
@pass_app
def command(app: App, name: str, template: str | None, port: int | None, route: str | None, run: str | None) -> None:
    """Write the service into nself.yml and its files into services/NAME, which is yours from then on. Comments stay,
    and a folder with anything in it is left as it is.

    \b
    Examples:
      nself service init api --template fastapi --route my
      nself service init jobs --template express-ts --port 8100
      nself service init mine --template custom --command './server --port $PORT'
    """
    from nself.actions.service import init as action

    own = run is not None

    def human(done: Added) -> Iterator[Line]:
        what = "added to" if done.added else "is already in"
        yield Styled(f"✓ {done.service} ({done.template}) {what} {done.file}, on port {done.port}", "green")
        if done.files:
            yield f"✓ {len(done.files)} files in {done.folder}, yours from now on"
        elif own:
            yield f"= nothing was written into {done.folder}, where its command runs: put its program there"
        else:
            yield f"= {done.folder} was left as it is"
        if done.host is None:
            yield "  reachable inside the stack only: give it a host with `route:`"
        # The proxy has to learn of a host.
        yield f"next: nself start {done.service}" if done.host is None else "next: nself start"

    wish = action.Wish(name=name, template=template, port=port, route=route, command=run)
    app.output.result(action.init(target(app, {}), wish), human)
