"""`nself trust`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.tls.trust import Trusted


@verb(
    short_help="Make browsers and programs trust your local certificates.",
    section="Configuration",
    result="nself.actions.tls.trust:Trusted",
)
@click.argument("what", type=click.Choice(["install", "uninstall", "status"]), default="install")
@pass_app
def command(app: App, what: str) -> None:
    """Put this machine's own certificate authority into the system's store and those of browsers, or take it out.

    sudo is never called: what needs root and is not run as root is printed as a command for you to run.

    \b
    Examples:
      nself trust
      nself trust status --json
      nself trust uninstall
    """
    from nself.actions.tls import trust

    actions = {"install": trust.install, "uninstall": trust.uninstall, "status": trust.status}
    app.output.result(actions[what](app.host, app.environ), _human)


def _human(found: Trusted) -> Iterator[Line]:
    if not found.stores:
        yield "no store of certificates was found on this machine"
    for store in found.stores:
        yield f"{'✓ trusted' if store.trusted else '✗ not trusted'}  {store.name}"
    commands = [store.command for store in found.stores if store.command]
    if commands:
        yield "\nto go on, run:"
        yield from (f"  {command}" for command in commands)
    yield f"\nprograms with a store of their own can be given {found.certificate}"
    yield f"  export NODE_EXTRA_CA_CERTS='{found.certificate}'    (Node.js)"
